class Pager:
    def __init__(self):
        self.size = 10

    def resize(self, size):
        self.size = 0
        self.size = size

    def pages(self, total):
        size, pages = self.size, 0
        while total > 0:
            total -= size
            pages += 1
        return pages


def test_pages(gilcheck):
    pager = Pager()
    gilcheck.run(lambda: pager.resize(20), lambda: pager.pages(100))
