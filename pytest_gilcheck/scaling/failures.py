"""What can go wrong in a worker, as data, and the exceptions that carry it out of a measurement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFailure:
    """One worker that did not finish its part.

    ``worker`` names it ("thread 3 of 8"); ``what`` says in one line what happened; ``error`` is the exception itself
    where there is one in this process; ``details`` is longer text (a traceback, output, stacks); ``hung`` means that the
    worker did not end in time.
    """

    worker: str
    what: str
    error: BaseException | None = None
    details: str = ""
    hung: bool = False


def raised(error: BaseException) -> str:
    """``raised ValueError: message``, for a failure's ``what``; one line, whatever ``str`` of the error does."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001 - the user's __str__ may raise anything; the type still names the error
        text = "(its message cannot be shown)"
    return f"raised {type(error).__name__}: {text[:500]}".rstrip(": ")


class WorkersFailed(Exception):
    """The body passed alone but failed in workers: ``failures`` has every one of them, ``copies`` says what ran."""

    def __init__(self, failures: tuple[WorkerFailure, ...], copies: str = "workers") -> None:
        super().__init__("; ".join(f"{f.worker}: {f.what}" for f in failures))
        self.failures = failures
        self.copies = copies

    @property
    def hung(self) -> bool:
        """Whether some worker did not end in time; nothing more should then be run in its process."""
        return any(f.hung for f in self.failures)


class NotRepeatable(Exception):
    """The body cannot be run a second time even alone, so that nothing can be said about threads."""


class ProcessesUnavailable(Exception):
    """The body cannot be run in processes here; the message is the reason."""


class Declined(Exception):
    """Raised by a body that does not want to be run this way (a test that skips itself); the message is its reason."""
