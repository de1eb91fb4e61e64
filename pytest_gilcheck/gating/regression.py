"""Is a test's scaling worse than its baseline? A pure comparison of two measurements, made to ignore noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from pytest_gilcheck.gating.figures import Figures
from pytest_gilcheck.gating.speedup import change
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import Scaling

#: What the GIL share may rise by, and the part that the runnable ratio may fall by: both at once are a regression.
MAX_REGRESSION = 0.25

#: How well threads do, in three classes: they help, they help less than they could, they run one after another. Of two
#: verdicts of one class neither is worse.
CLASSES: Final = {
    Scaling.RELEASES_GIL: 0,
    Scaling.IO_BOUND: 0,
    Scaling.PARALLEL_INSIDE: 0,
    Scaling.PARTLY_GIL_BOUND: 1,
    Scaling.SHARED_RESOURCE: 1,
    Scaling.GIL_BOUND: 2,
    Scaling.LOCK_BOUND: 2,
}

_HELD = frozenset({Scaling.GIL_BOUND, Scaling.PARTLY_GIL_BOUND})
_WAITS = frozenset({Scaling.IO_BOUND, Scaling.SHARED_RESOURCE})

# The verdicts about the GIL meet at thresholds of the GIL share, and a body that is near one is now this, now that. So a
# worse class needs a share that has risen by the limit, or figures that moved by this part of it together: by default, the
# share by 0.25, or by 0.15 while the ratio fell by 15 %.
_OF_THE_LIMIT = 0.6

# Above this share of denied CPU time a speed-up, or a shared resource, may be the machine's doing.
_BUSY = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is still no regression. ``regression``: see :data:`MAX_REGRESSION`. ``speedup_loss``: the part of the speed-up
    in threads that may be lost; ``None``: a loss is reported only."""

    regression: float = MAX_REGRESSION
    speedup_loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``outcome`` is ``same``, ``worse``, ``better``, ``new`` or ``not compared``; ``why`` says why of the second, third and
    last. ``slower`` is a lower speed-up that is reported only, with what kept it from counting."""

    outcome: str
    why: str | None = None
    slower: str | None = None

    @property
    def worse(self) -> bool:
        """Whether it is a regression."""
        return self.outcome == "worse"

    def on(self, record: ScalingRecord) -> ScalingRecord:
        """``record`` with what came of its comparison."""
        compared = f"not compared: {self.why}" if self.outcome == "not compared" else self.outcome
        return replace(record, compared=compared, regression=self.why if self.worse else None)


def compare(base: Figures | None, head: Figures, limits: Limits, reason: str = "") -> Comparison:
    """Compare ``head`` with its baseline (``None``: it has none). ``reason`` is what an undecided verdict is based on."""
    if not head.decided:
        return Comparison(outcome="not compared", why=f"{head.verdict}: {reason}" if reason else str(head.verdict))
    if base is None:
        return Comparison(outcome="new")
    if not base.decided:
        return Comparison(outcome="not compared", why=f"the baseline is {base.verdict}")
    if (base.machine.gil == "disabled") != (head.machine.gil == "disabled"):
        why = f"the baseline was measured with the GIL {base.machine.gil}, now it is {head.machine.gil}"
        return Comparison(outcome="not compared", why=why)
    if _worse(base, head, limits):
        return Comparison(outcome="worse", why=_sentence(base, head))
    lost, slower = _speedup(base, head, limits)
    if lost:
        return Comparison(outcome="worse", why=lost)
    if _worse(head, base, limits):
        return Comparison(outcome="better", why=_sentence(base, head))
    return Comparison(outcome="same", slower=slower)


def less_favourable(one: ScalingRecord, other: ScalingRecord) -> ScalingRecord:
    """Which of two measurements of one test to keep as its baseline: decided, of the worse class, with the larger share.

    A measurement that a busy machine made look too good would cause a false regression in every later run.
    """
    return max(one, other, key=_badness)


def _badness(record: ScalingRecord) -> tuple[int, float, float]:
    return (CLASSES.get(record.verdict, -1), record.gil_share or 0.0, -(record.runnable_ratio or 0.0))


def confirmed(first: Comparison, second: Comparison) -> Comparison:
    """What counts of two measurements of one test: a regression only if both show it."""
    if second.worse and not first.worse:
        return Comparison(outcome="not compared", why=f"one of two measurements was worse: {second.why}")
    return second


def _worse(base: Figures, head: Figures, limits: Limits) -> bool:
    rank = CLASSES[head.verdict] - CLASSES[base.verdict]
    return (rank >= 0 and _figures_worse(base, head, limits)) or (rank > 0 and _class_is_told(base, head, limits))


def _figures_worse(base: Figures, head: Figures, limits: Limits) -> bool:
    """More of the time under the GIL, and fewer threads that want to run; neither alone proves anything."""
    rise = _rise(base, head)
    return rise is not None and rise >= limits.regression and bool(_fewer_run(base, head, limits.regression))


def _class_is_told(base: Figures, head: Figures, limits: Limits) -> bool:
    """Whether more than a threshold lies between two verdicts of different classes."""
    if head.verdict in _HELD:
        rise = _rise(base, head)
        if rise is None or rise >= limits.regression:
            return True
        part = _OF_THE_LIMIT * limits.regression
        return base.verdict not in _HELD and rise >= part and _ratio_agrees(base, head, part)
    if head.verdict is Scaling.SHARED_RESOURCE:
        # What a disk or a memory bus gives is no property of the test: that of another machine, or a busy one, gives less.
        return base.machine == head.machine and not _was_busy(head)
    # A lock: nothing lies between it and threads that help but a gap without a verdict. Others share a threshold with it.
    return CLASSES[base.verdict] == 0 or bool(_fewer_run(base, head, limits.regression))


def _ratio_agrees(base: Figures, head: Figures, part: float) -> bool:
    """Whether the runnable ratio fell by ``part``, or tells nothing.

    N threads that each need the GIL for a share s of their time cannot have a ratio above 1 / (s N): only where that is a
    fall does its absence speak against the share. How often threads that wait want to run depends on much else.
    """
    queue = (head.gil_share or 0.0) * (head.threads or 0)
    if base.verdict in _WAITS or queue * (1.0 - part) < 1.0:
        return True
    return _fewer_run(base, head, part) is not False


def _rise(base: Figures, head: Figures) -> float | None:
    if base.gil_share is None or head.gil_share is None:
        return None
    # Rounded as the figures themselves are, so that 0.6 - 0.35 is 0.25.
    return round(head.gil_share - base.gil_share, 2)


def _fewer_run(base: Figures, head: Figures, part: float) -> bool | None:
    """Whether the runnable ratio fell by ``part``. ``None``: unknown; with another number of threads figures differ."""
    if not base.runnable_ratio or head.runnable_ratio is None or base.threads != head.threads:
        return None
    return head.runnable_ratio <= base.runnable_ratio * (1.0 - part)


def _speedup(base: Figures, head: Figures, limits: Limits) -> tuple[str | None, str | None]:
    """What is lost of the speed-up beyond the limit, as a regression, or as a remark where it cannot count as one."""
    before, after = base.speedup_threads, head.speedup_threads
    allowed = limits.regression if limits.speedup_loss is None else limits.speedup_loss
    if not before or after is None or after > before * (1.0 - allowed):
        return None, None
    what = f"speed-up in threads ×{before:.2f} → ×{after:.2f}"
    against = _against_speedup(base, head, limits)
    if against is not None:
        return None, f"{what} (reported only: {against})"
    changed = change(base, head)
    if changed is None:
        return None, f"{what} (reported only: too few runs for a confidence interval)"
    if changed.high > 1.0 - allowed:
        return None, f"{what} (reported only: the runs differ too much: {changed})"
    return f"{what}: {changed}", None


def _against_speedup(base: Figures, head: Figures, limits: Limits) -> str | None:
    """Why a lost speed-up cannot count; ``None`` if nothing speaks against it."""
    if limits.speedup_loss is None:
        return "--gilcheck-max-speedup-loss is not given"
    differences = head.machine.differences(base.machine)
    if base.threads != head.threads:
        differences.append(f"{head.threads} threads, not {base.threads}")
    if differences:
        return f"not the machine of the baseline: {'; '.join(differences)}"
    if _was_busy(base) or _was_busy(head):
        return "the machine was busy"
    return None


def _was_busy(figures: Figures) -> bool:
    return (figures.waiting_for_cpu or 0.0) > _BUSY


def _sentence(base: Figures, head: Figures) -> str:
    """``releases-gil → gil-bound: GIL share 0.02 → 0.98, runnable ratio 1.00 → 0.27``."""
    verdicts = f"{base.verdict} → {head.verdict}" if base.verdict is not head.verdict else str(head.verdict)
    pairs = [
        ("GIL share", base.gil_share, head.gil_share),
        ("runnable ratio", base.runnable_ratio, head.runnable_ratio),
        ("speed-up in threads", base.speedup_threads, head.speedup_threads),
    ]
    figures = [
        f"{name} {before:.2f} → {after:.2f}" for name, before, after in pairs if before is not None and after is not None
    ]
    return f"{verdicts}: {', '.join(figures)}" if figures else verdicts
