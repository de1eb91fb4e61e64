from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import sys
import zlib
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.formats import renderer
from pytest_gilcheck.reporting.html.page import text
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.verdict import Race, Scaling
from unit.reporting.pages import CLEAN, COVERAGE, GIL_BOUND, HOSTILE, LOST, REPORT, TESTS, TREND, hostile

#: Elements that have no end.
VOID = {"meta", "link", "input", "col", "br"}


class Parsed(HTMLParser):
    """What is in a page: elements with their attributes, the texts of rows, and whether all that is opened is closed."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), (tag, attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in {"script", "style"}:
            self.texts.append(data)

    def tags(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]

    @property
    def shown(self) -> str:
        return " ".join(" ".join(self.texts).split())


FULL = replace(REPORT, coverage=COVERAGE, trend=TREND)


@cache
def page(kind: str) -> str:
    reports = {"plain": REPORT, "full": FULL, "hostile": hostile(), "empty": replace(REPORT, tests={}, failing=())}
    return text(reports[kind])


KINDS = pytest.mark.parametrize("kind", ["plain", "full", "hostile", "empty"])


def packed(written: str) -> dict[str, Any]:
    """What the page draws from."""
    found = re.search(r'<script type="text/plain" id="data">([A-Za-z0-9+/=]*)</script>', written)
    assert found is not None
    unpacked: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(found[1])))
    assert set(unpacked["levels"]) == {*map(str, Race), *map(str, Scaling)}
    return unpacked


def data(written: str) -> list[dict[str, Any]]:
    """What it shows of the tests."""
    tests: list[dict[str, Any]] = packed(written)["tests"]
    return tests


def order(written: str) -> list[str]:
    """The names of the tests as the table has them."""
    return re.findall(r'<span class="name">([^<]*)</span>', written)


def detail(name: str, report: Report = FULL) -> dict[str, Any]:
    written = text(report)
    return data(written)[order(written).index(name)]


@KINDS
def test_a_page_is_whole_and_asks_for_nothing(kind: str) -> None:
    written = page(kind)
    written.encode("utf-8")
    parsed = Parsed(written)
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in parsed.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"style", "srcset", "action", "poster"}, (tag, name)
            if name in {"href", "src", "xlink:href"}:
                assert value is not None
                assert value.startswith("#") or value == "data:,", (tag, value)
    assert {tag for tag, _ in parsed.elements} & {"img", "iframe", "object", "embed", "form", "base"} == set()
    # What the script itself mentions is a name, not an address that is asked for.
    assert set(re.findall(r"https?://[^\"'\s]+", written)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in written
    assert "url(" not in written


@KINDS
def test_what_is_referred_to_is_there(kind: str) -> None:
    parsed = Parsed(page(kind))
    ids = {attributes["id"] for _, attributes in parsed.elements if "id" in attributes}
    for _, attributes in parsed.elements:
        for name in ("aria-labelledby", "for", "aria-controls"):
            assert attributes.get(name, next(iter(ids))) in ids
        href = attributes.get("href") or ""
        assert not href.startswith("#") or href[1:] in ids


@KINDS
def test_the_policy_allows_the_scripts_and_the_style_of_the_page(kind: str) -> None:
    written = page(kind)
    policy = next(each["content"] for each in Parsed(written).tags("meta") if "http-equiv" in each)
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        contents = re.findall(rf"<{tag}>(.*?)</{tag}>", written, re.DOTALL)
        digests = [base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in contents]
        allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
        assert f"{directive} {allowed};" in policy
    assert len(Parsed(written).tags("script")) == 3


def test_every_test_is_in_the_table_with_its_verdicts_and_reasons() -> None:
    shown = Parsed(page("plain")).shown
    assert sorted(order(page("plain"))) == sorted(test.partition("::")[2] for test in TESTS)
    for test, checked in TESTS.items():
        assert test.partition("::")[2] in shown
        for record in (checked.scaling, checked.race):
            if record is not None:
                assert " ".join(record.reason.split()) in shown
                assert record.verdict.value in shown
    assert "×0.95 ×1.90 94% 30 ms" in shown
    assert "CPython 3.12.1, GIL enabled, 2 usable CPUs. Linux 6.1 x86_64, Some CPU. pytest-gilcheck 1.2.3." in shown


def test_the_worst_come_first_and_what_fails_before_all() -> None:
    assert order(page("plain")) == [
        "test_lost",
        "test_three",
        "test_dead",
        "test_self",
        "test_digests",
        "test_unexpected",
        "test_socket",
        "test_met[1]",
        "test_short",
        "test_nothing",
    ]


def test_what_fails_is_said_and_marked() -> None:
    parsed = Parsed(page("plain"))
    assert "10 tests checked, 6 failing ." in parsed.shown
    assert "gil-bound tests/test_a.py::test_digests" in parsed.shown
    assert sum(each.get("class") == "fails" for each in parsed.tags("tr")) == 6
    assert "fails the run: gil-bound" in parsed.shown
    assert "not as expected" in parsed.shown
    assert "1 hazard" in parsed.shown
    none = Parsed(text(replace(REPORT, failing=(), tests={"t": Checked(race=CLEAN)})))
    assert "1 test checked, none failing." in none.shown
    assert "What fails this run" not in none.shown


def test_a_test_that_fails_the_run_and_has_no_record_is_named() -> None:
    parsed = Parsed(text(replace(REPORT, failing=(("gone.py::test_gone", "regression"),))))
    assert "regression gone.py::test_gone" in parsed.shown


def test_filters_count_what_there_is() -> None:
    chips = {
        (each["data-kind"], each["data-word"]): each["aria-pressed"]
        for each in Parsed(page("plain")).tags("button")
        if each.get("class") == "chip"
    }
    assert set(chips) == {
        *(("race", word) for word in ("race", "deadlock", "uncontrolled", "clean")),
        *(("scaling", word) for word in ("gil-bound", "releases-gil", "too-short")),
    }
    assert set(chips.values()) == {"false"}
    assert re.search(r">releases-gil</b> <span class=\"count\">2</span>", page("plain"))


def test_every_verdict_has_a_colour_and_a_word() -> None:
    races = {f"r::{verdict}": Checked(race=RaceRecord(verdict=verdict, reason="x")) for verdict in Race}
    scalings = {f"s::{verdict}": Checked(scaling=ScalingRecord(verdict=verdict, reason="x")) for verdict in Scaling}
    written = text(replace(REPORT, tests={**races, **scalings}, failing=()))
    levels = {word: level for level, word in re.findall(r'<b class="v (\w+)">([\w-]+)</b>', written)}
    assert set(levels) == {*map(str, Race), *map(str, Scaling)}
    assert [word for word, level in levels.items() if level == "bad"] == ["race", "deadlock", "hang"]
    assert {levels[word] for word in ("gil-bound", "lock-bound", "uncontrolled")} == {"warn"}
    assert {levels[word] for word in ("clean", "releases-gil", "io-bound")} == {"good"}
    assert {levels[word] for word in ("skipped", "too-short", "inconclusive", "not-repeatable")} == {"none"}


def test_the_scaling_picture_is_made_from_the_runs() -> None:
    scaling = detail("test_digests")["scaling"]
    alone, threads, processes = scaling["bars"]
    assert (alone["ideal"], alone["speedup"], alone["runs"]) == (1, 1.0, [1.0, 1.0, 0.9677])
    assert (threads["label"], threads["ideal"], threads["speedup"], threads["said"]) == ("8 threads", 8, 0.95, "×0.95")
    assert threads["runs"] == [0.9375, 1.0, 0.8333]
    assert threads["spread"] == "×0.83 to ×1.00"
    assert (processes["label"], processes["spread"], processes["call"]) == ("8 processes", "×1.88 to ×2.00", "15.8 ms")
    assert (scaling["cpus"], scaling["gil"]) == (2.0, 0.94)
    assert scaling["hot"][0] == {
        "share": 0.78,
        "said": "78%",
        "at": "digests.py:14",
        "path": "/work/src/digests.py",
        "function": "digests",
        "source": "return [sha(record) for record in records]",
        "by": "one C call that never lets go of the GIL",
        "inside": "/usr/lib/json.py:3 load",
    }
    assert scaling["hot"][1]["at"] == "digests.py:20"
    assert scaling["details"] == "output of a process\nin two lines"


def test_without_processes_or_without_a_measurement_there_is_less_to_draw() -> None:
    assert [bar["label"] for bar in detail("test_met[1]")["scaling"]["bars"]] == ["alone", "8 threads"]
    assert detail("test_met[1]")["scaling"]["bars"][0]["spread"] == "one run"
    assert "bars" not in detail("test_short")["scaling"]
    assert "gil" not in detail("test_short")["scaling"]
    assert detail("test_nothing") == {}
    old = replace(GIL_BOUND, single_runs=(), thread_runs=(), process_runs=())
    bars = detail("t", replace(REPORT, tests={"t": Checked(scaling=old)}))["scaling"]["bars"]
    assert [(bar["said"], bar["runs"], bar["spread"]) for bar in bars[1:]] == [("×0.95", [], ""), ("×1.90", [], "")]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_figures_that_are_none_are_left_out(odd: float) -> None:
    record = replace(
        GIL_BOUND, speedup_threads=odd, gil_share=odd, single_seconds=odd, runnable_ratio=odd, single_runs=(odd,)
    )
    written = text(replace(REPORT, tests={"t": Checked(scaling=record)}))
    for word in ("nan", "inf", "NaN", "Infinity"):
        assert f"×{word}" not in written
    assert "bars" not in data(written)[0]["scaling"]
    assert "gil" not in data(written)[0]["scaling"]


def test_what_a_search_did_is_said_in_full() -> None:
    found = detail("test_lost")["race"]
    facts = dict(found["facts"])
    assert facts["kind of failure"] == "exception"
    assert facts["found"] == "on schedule 2, after 0.99 ms"
    assert facts["possible with the GIL"] == "no: on free-threaded builds only"
    assert facts["pairs of accesses that conflict"] == "3, in 5 of 6 orders"
    assert found["orders"] == [5, 6]
    assert found["story"] == LOST.story
    assert found["hazards"][0]["places"][0]["locks"] == ["shop.py:7"]
    clean = dict(detail("test_met[1]")["race"]["facts"])
    assert clean["covered"] == "all interleavings, at most 2 preemptions"
    assert (clean["schedules run"], clean["left out as equivalent"]) == ("214", "10")
    assert detail("test_socket")["race"]["uncontrolled"][1] == "thread 2 waits there, too"
    assert "exhausted" in Parsed(page("plain")).shown


def test_the_command_to_replay() -> None:
    command = "pytest tests/test_b.py::test_lost --gilcheck-replay=gc1:Aws8QufuMGYB"
    assert detail("test_lost")["replay"] == command
    assert command in Parsed(page("plain")).shown
    assert "replay" not in detail("test_met[1]")
    quoted = detail("test_a[x y]", replace(REPORT, tests={"t.py::test_a[x y]": Checked(race=LOST)}))
    assert quoted["replay"] == "pytest 't.py::test_a[x y]' --gilcheck-replay=gc1:Aws8QufuMGYB"
    odd = detail("test_a[\\x1b]", replace(REPORT, tests={"t.py::test_a[\x1b]": Checked(race=LOST)}))
    assert (odd.get("replay"), odd["token"]) == (None, "gc1:Aws8QufuMGYB")


def test_coverage_of_concurrency_is_shown_where_there_is_some() -> None:
    assert "Coverage of concurrency" not in Parsed(page("plain")).shown
    shown = Parsed(page("full")).shown
    assert "src/a.py 100% 10/10 0% 0/10 – 0/0" in shown
    assert "src/b.py 75% 30/40 25% 10/40 75% 3/4" in shown
    assert "all files 80% 40/50 20% 10/50 75% 3/4" in shown
    assert shown.index("src/a.py") < shown.index("src/b.py") < shown.index("all files")


def test_the_trend_is_shown_where_there_is_one() -> None:
    assert "Since the run before" not in Parsed(page("plain")).shown
    shown = Parsed(page("full")).shown
    assert "1 verdict changed" in shown
    assert "tests/test_a.py::test_digests scaling releases-gil gil-bound 2026-11-02T10:00:00Z" in shown
    assert "test_gone" not in shown
    columns = detail("test_digests")["trend"]
    assert [len(column) for column in columns] == [3] * 5
    texts = packed(page("full"))["said"]
    assert [texts[column[-1]] for column in columns[:3]] == ["2026-11-03T10:00:00Z", "clean", "gil-bound"]
    assert [column[-1] for column in columns[3:]] == [95, 90]
    assert "trend" not in detail("test_short")
    assert "No verdict has changed." in Parsed(text(replace(REPORT, trend={}))).shown


def test_an_empty_report_says_what_to_do() -> None:
    shown = Parsed(page("empty")).shown
    assert "0 tests checked." in shown
    assert "No check was finished. Mark tests with @pytest.mark.gilcheck" in shown


def test_texts_that_somebody_made_to_do_harm_are_texts() -> None:
    written = page("hostile")
    parsed = Parsed(written)
    assert not [character for character in written if not character.isprintable() and character != "\n"]
    assert {tag for tag, _ in parsed.elements} <= {tag for tag, _ in Parsed(page("full")).elements}
    for hostile_text in HOSTILE[:7]:
        assert hostile_text in parsed.shown
    assert "\\x1b[31mred\\x1b[0m" in parsed.shown
    assert "\\ud800 lone \\udfff" in parsed.shown
    assert "\\u202eright to left\\u202c" in parsed.shown
    assert "\\x00null\\x00" in parsed.shown
    assert "{{ 7 * 7 }}{% raw %}" in parsed.shown
    assert "x" * 10_000 in parsed.shown
    assert len(order(written)) == len(HOSTILE)


def test_what_the_page_draws_from_is_as_it_came() -> None:
    found = data(page("hostile"))
    assert {each["race"]["reason"] for each in found} == set(HOSTILE)
    assert {each["scaling"]["hot"][0]["source"] for each in found} == set(HOSTILE)


def test_five_thousand_tests_are_less_than_five_megabytes() -> None:
    sorts = [*TESTS.values()][:4]
    tests = {f"tests/unit/part/test_module_{n // 10}.py::TestIt::test_does[{n}]": sorts[n % 4] for n in range(5_000)}
    written = text(replace(REPORT, tests=tests, failing=()))
    assert len(written.encode()) < 5_000_000
    assert len(order(written)) == len(data(written)) == 5_000


def test_without_jinja2_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "pytest_gilcheck.reporting.html.page")
    with pytest.raises(Misuse, match=re.escape("needs jinja2, which is not installed; pip install 'pytest-gilcheck[html]'")):
        renderer("html")


def test_a_module_of_our_own_that_is_missing_is_no_mistake_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pytest_gilcheck.reporting.html.rows", None)
    monkeypatch.delitem(sys.modules, "pytest_gilcheck.reporting.html.page")
    with pytest.raises(ModuleNotFoundError):
        renderer("html")


@pytest.mark.parametrize(("coverage", "level"), [("cut", "none"), ("sampled", "good"), ("exhausted", "good")])
def test_a_search_that_was_cut_short_is_no_good_news(coverage: str, level: str) -> None:
    report = replace(REPORT, tests={"t": Checked(race=replace(CLEAN, coverage=coverage))}, failing=())
    assert f'<b class="v {level}">clean</b> <small>{coverage}</small>' in text(report)
