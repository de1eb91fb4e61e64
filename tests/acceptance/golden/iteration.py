class Prices:
    def __init__(self):
        self.by_name = {"apple": 3, "pear": 4}

    def total(self):
        total = 0
        for name in self.by_name:
            total += self.by_name[name]
        return total

    def add(self, name, price):
        self.by_name[name] = price


def test_prices(gilcheck):
    prices = Prices()
    gilcheck.run(prices.total, lambda: prices.add("plum", 5))
