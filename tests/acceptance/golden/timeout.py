class Job:
    def __init__(self):
        self.done = False
        self.checks = 0

    def finish(self):
        if self.checks == 0:
            self.done = True

    def wait(self):
        while not self.done:
            self.checks += 1


def test_job(gilcheck):
    job = Job()
    gilcheck.run(job.finish, job.wait)
