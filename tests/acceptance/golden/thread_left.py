import queue
import threading


class Worker:
    def __init__(self):
        self.jobs = queue.Queue()
        self.stopped = False
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        while not self.stopped:
            self.jobs.get()

    def stop(self):
        self.jobs.put(None)
        self.stopped = True


def test_worker(gilcheck):
    worker = Worker()
    gilcheck.run(worker.stop)
