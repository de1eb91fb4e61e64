class Door:
    def __init__(self):
        self.wanted = [False, False]

    def pass_through(self, me):
        self.wanted[me] = True
        while self.wanted[1 - me]:
            pass
        self.wanted[me] = False


def test_door(gilcheck):
    door = Door()
    gilcheck.run(lambda: door.pass_through(0), lambda: door.pass_through(1))
