class Sessions:
    def __init__(self, names):
        self.open = dict.fromkeys(names, "open")

    def close(self, name):
        if name in self.open:
            del self.open[name]


def test_close_twice(gilcheck):
    sessions = Sessions(["ann", "bob"])
    gilcheck.run(lambda: sessions.close("ann"), lambda: sessions.close("ann"))
    assert list(sessions.open) == ["bob"]
