class Ticket:
    def __init__(self):
        self.step = 0
        self.order = []

    def first(self):
        self.step = 1

    def second(self):
        if self.step == 1:
            self.step = 2

    def third(self):
        if self.step == 2:
            self.order.append("too early")


def test_ticket(gilcheck):
    ticket = Ticket()
    gilcheck.run(ticket.third, ticket.second, ticket.first)
    assert not ticket.order
