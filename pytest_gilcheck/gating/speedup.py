"""Has the speed-up in threads fallen? Paired runs of two measurements, and a confidence interval of their ratio."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, variance

from pytest_gilcheck.gating.figures import Figures

#: Quantiles of Student's t distribution at 97.5 %, by degrees of freedom from 1 on: a two-sided interval of 95 %.
#: From any table, such as that of NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.6.7.2.
_T975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The speed-up now over that of the baseline, with its interval of 95 % confidence."""

    ratio: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"×{self.ratio:.2f} of what it was (95 % confidence: ×{self.low:.2f} to ×{self.high:.2f})"


def change(base: Figures, head: Figures) -> Change | None:
    """How the speed-up has changed; ``None`` with fewer than two pairs of runs on either side.

    In each block one run alone and one in threads follow one another; the ratio of such a pair is one reading of the
    speed-up, in which what slowed both down cancels. The interval is that of the difference of the means of their
    logarithms, with a pooled variance (Student's two-sample t).
    """
    before, after = _readings(base), _readings(head)
    if len(before) < 2 or len(after) < 2:
        return None
    freedom = len(before) + len(after) - 2
    pooled = ((len(before) - 1) * variance(before) + (len(after) - 1) * variance(after)) / freedom
    error = math.sqrt(pooled * (1 / len(before) + 1 / len(after)))
    difference = fmean(after) - fmean(before)
    half = _T975[min(freedom, len(_T975)) - 1] * error
    return Change(ratio=_ratio(difference), low=_ratio(difference - half), high=_ratio(difference + half))


# Beyond this a logarithm of a ratio is no measurement, and its power not a number that a float can hold.
_FURTHEST = 100.0


def _ratio(logarithm: float) -> float:
    return math.exp(max(-_FURTHEST, min(_FURTHEST, logarithm)))


def _readings(figures: Figures) -> list[float]:
    pairs = zip(figures.single_runs, figures.thread_runs, strict=False)
    return [math.log(single) - math.log(threads) for single, threads in pairs if single > 0 and threads > 0]
