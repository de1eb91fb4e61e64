import threading


class Mailbox:
    def __init__(self):
        self.changed = threading.Condition()
        self.mail = []

    def receive(self):
        if not self.mail:
            with self.changed:
                self.changed.wait()
        return self.mail.pop()

    def send(self, letter):
        self.mail.append(letter)
        with self.changed:
            self.changed.notify()


def test_mailbox(gilcheck):
    mailbox = Mailbox()
    gilcheck.run(lambda: mailbox.send("hello"), mailbox.receive)
