import itertools


class Pager:
    def __init__(self):
        self.size = 10

    def resize(self, size):
        self.size = 0
        self.size = size

    def pages(self, total):
        size = self.size
        return next(page for page in itertools.count(1) if page * size >= total)


def test_pages(gilcheck):
    pager = Pager()
    gilcheck.run(lambda: pager.resize(20), lambda: pager.pages(100))
