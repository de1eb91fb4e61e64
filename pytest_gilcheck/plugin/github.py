"""On GitHub Actions: annotations among the output, and the report in the summary of the step."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_gilcheck.reporting import github, markdown
from pytest_gilcheck.reporting.report import Report


def annotate(report: Report) -> list[str]:
    """The lines that annotate what was found."""
    return github.commands(report, os.environ.get("GITHUB_WORKSPACE") or None)


def append_summary(report: Report) -> str | None:
    """Add the report to the summary of the step, where there is one; what went wrong, if something did.

    Other tools, and other runs of the same step, write to that file, too: nothing of theirs is touched.
    """
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name or not report.tests:
        return None
    try:
        path = Path(name)
        used = path.stat().st_size if path.exists() else 0
        text = markdown.text(report, github.MOST_OF_SUMMARY - used - 1)
        if len(text.encode("utf-8")) > github.MOST_OF_SUMMARY - used - 1:
            return "the summary of this step is full: no report was added"
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"\n{text}" if used else text)
    except (OSError, ValueError) as error:
        return f"cannot write $GITHUB_STEP_SUMMARY: {getattr(error, 'strerror', None) or error}"
    return None
