"""Search in pure Python: all of it is byte code, so one thread at a time on a build with the GIL."""

from collections.abc import Iterable


def distance(left: str, right: str) -> int:
    """The Levenshtein distance: how many single-letter edits turn ``left`` into ``right``."""
    previous = list(range(len(right) + 1))
    for row, a in enumerate(left, start=1):
        current = [row]
        for column, b in enumerate(right, start=1):
            change = previous[column - 1] + (a != b)
            current.append(min(previous[column] + 1, current[-1] + 1, change))
        previous = current
    return previous[-1]


def closest(word: str, candidates: Iterable[str]) -> str:
    """The candidate with the smallest distance to ``word``; the first one of several."""
    return min(candidates, key=lambda candidate: distance(word, candidate))


def frequencies(text: str) -> dict[str, int]:
    """How often each letter occurs, counted one letter at a time."""
    counts: dict[str, int] = {}
    for letter in text:
        if letter.isalpha():
            folded = letter.casefold()
            counts[folded] = counts.get(folded, 0) + 1
    return counts
