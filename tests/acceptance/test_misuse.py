"""Every way to misuse a marker, an option or an ini value ends in status 4 with a message, before any test runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest

#: Shown by a test that ran although it should not have.
RAN = "the-test-ran"

LONG = "n" * 300


class Bad(NamedTuple):
    """A misuse and the lines that must be shown for it, as patterns."""

    name: str
    given: str | Sequence[str]
    message: str | Sequence[str]


WORKERS = "is not a whole number from 2 to 256 or 'auto'"
PROCESSES = "is not a whole number from 0 to 256 or 'auto'"
SECONDS = "is not a number of seconds above 0, at most 3600"
SHARE = "is not a share above 0, at most 1, such as 0.25"
SPEEDUP = "is not a speed-up above 0, such as 1.6"
SCALING = "threads, processes, expect, min_speedup, seconds, max_regression, max_speedup_loss"
ONE = "test_*.py::test_one: @pytest.mark."

MARKS = [
    Bad("unknown", "gilcheck(thread=2)", "gilcheck: unknown argument 'thread' (did you mean 'threads'?); valid: threads, *"),
    Bad("unknown-far", "gilcheck(zzz=2)", f"gilcheck: unknown argument 'zzz'; valid: {SCALING}, strategy, *"),
    Bad("race-on-scaling", "gilcheck_scaling(seed=2)", f"gilcheck_scaling: unknown argument 'seed'*; valid: {SCALING}"),
    Bad(
        "scaling-on-race",
        "gilcheck_race(expect='scales')",
        "gilcheck_race: unknown argument 'expect'*; valid: threads, strategy*",
    ),
    Bad(
        "unknown-marker",
        "gilcheck_scalling",
        "gilcheck_scalling: unknown marker 'gilcheck_scalling' (did you mean 'gilcheck_scaling'?); valid: gilcheck, *",
    ),
    Bad(
        "unknown-keyword-marker",
        "gilcheck_races(threads=2)",
        "gilcheck_races: unknown marker 'gilcheck_races' (did you mean 'gilcheck_race'?)*",
    ),
    Bad("positional", "gilcheck(8)", f"gilcheck: takes keyword arguments only, not 8; valid: {SCALING}, *"),
    Bad(
        "positional-string",
        "gilcheck_scaling('gil-bound')",
        f"gilcheck_scaling: takes keyword arguments only, not 'gil-bound'; valid: {SCALING}",
    ),
    Bad("limit-zero", "gilcheck_scaling(max_regression=0)", f"gilcheck_scaling: max_regression=0 {SHARE}"),
    Bad("limit-text", "gilcheck(max_speedup_loss='20%')", f"gilcheck: max_speedup_loss='20%' {SHARE}"),
    Bad("limit-on-race", "gilcheck_race(max_regression=0.5)", "gilcheck_race: unknown argument 'max_regression'*"),
    Bad("positional-class", "gilcheck(int, 3)", "gilcheck: takes keyword arguments only, not <class 'int'>; valid: *"),
    Bad("threads-zero", "gilcheck_scaling(threads=0)", f"gilcheck_scaling: threads=0 {WORKERS}"),
    Bad("threads-one", "gilcheck_scaling(threads=1)", f"gilcheck_scaling: threads=1 {WORKERS}"),
    Bad("threads-negative", "gilcheck(threads=-4)", "gilcheck: threads=-4 is not a whole number from * to 256 or 'auto'"),
    Bad("threads-true", "gilcheck(threads=True)", "gilcheck: threads=True is not a whole number *"),
    Bad("threads-none", "gilcheck(threads=None)", "gilcheck: threads=None is not a whole number *"),
    Bad("threads-text", "gilcheck(threads='8')", "gilcheck: threads='8' is not a whole number *"),
    Bad("threads-float", "gilcheck(threads=2.0)", "gilcheck: threads=2.0 is not a whole number *"),
    Bad("threads-huge", "gilcheck_scaling(threads=10**9)", f"gilcheck_scaling: threads=1000000000 {WORKERS}"),
    Bad("threads-nan", "gilcheck(threads=float('nan'))", "gilcheck: threads=nan is not a whole number *"),
    Bad("threads-list", "gilcheck(threads=[2, 4])", "gilcheck: threads=[[]2, 4] is not a whole number *"),
    Bad(
        "race-threads-zero",
        "gilcheck_race(threads=0)",
        "gilcheck_race: threads=0 is not a whole number from 1 to 256 or 'auto'",
    ),
    Bad("processes-negative", "gilcheck(processes=-1)", f"gilcheck: processes=-1 {PROCESSES}"),
    Bad("processes-false", "gilcheck(processes=False)", f"gilcheck: processes=False {PROCESSES}"),
    Bad("processes-text", "gilcheck(processes='none')", f"gilcheck: processes='none' {PROCESSES}"),
    Bad("processes-many", "gilcheck(processes=257)", f"gilcheck: processes=257 {PROCESSES}"),
    Bad("expect-typo", "gilcheck(expect='scale')", "gilcheck: expect='scale' is not 'scales' or 'gil-bound' or 'io-bound'*"),
    Bad("expect-true", "gilcheck(expect=True)", "gilcheck: expect=True is not 'scales' or 'gil-bound' or 'io-bound'*"),
    Bad("speedup-zero", "gilcheck(min_speedup=0)", f"gilcheck: min_speedup=0 {SPEEDUP}"),
    Bad("speedup-negative", "gilcheck(min_speedup=-1.5)", f"gilcheck: min_speedup=-1.5 {SPEEDUP}"),
    Bad("speedup-nan", "gilcheck(min_speedup=float('nan'))", f"gilcheck: min_speedup=nan {SPEEDUP}"),
    Bad("speedup-inf", "gilcheck(min_speedup=float('inf'))", f"gilcheck: min_speedup=inf {SPEEDUP}"),
    Bad("speedup-text", "gilcheck(min_speedup='1.6')", f"gilcheck: min_speedup='1.6' {SPEEDUP}"),
    Bad("speedup-true", "gilcheck(min_speedup=True)", f"gilcheck: min_speedup=True {SPEEDUP}"),
    Bad("seconds-zero", "gilcheck(seconds=0)", f"gilcheck: seconds=0 {SECONDS}"),
    Bad("seconds-negative", "gilcheck(seconds=-2)", f"gilcheck: seconds=-2 {SECONDS}"),
    Bad("seconds-nan", "gilcheck(seconds=float('nan'))", f"gilcheck: seconds=nan {SECONDS}"),
    Bad("seconds-inf", "gilcheck(seconds=float('inf'))", f"gilcheck: seconds=inf {SECONDS}"),
    Bad("seconds-text", "gilcheck(seconds='2')", f"gilcheck: seconds='2' {SECONDS}"),
    Bad("speedup-huge", "gilcheck(min_speedup=10**400)", f"gilcheck: min_speedup=1000*000 {SPEEDUP}"),
    Bad("seconds-huge", "gilcheck(seconds=10**400)", f"gilcheck: seconds=1000*000 {SECONDS}"),
    Bad("strategy", "gilcheck_race(strategy='pctt')", "gilcheck_race: strategy='pctt' is not 'auto' or *'pct'*"),
    Bad("schedules", "gilcheck_race(schedules=0)", "gilcheck_race: schedules=0 is not a whole number of at least 1"),
    Bad("seed", "gilcheck_race(seed=-1)", "gilcheck_race: seed=-1 is not a whole number of at least 0"),
    Bad("bound", "gilcheck_race(bound='2')", "gilcheck_race: bound='2' is not a whole number of at least 0"),
    Bad("atomic", "gilcheck_race(atomic=1)", "gilcheck_race: atomic=1 is not True or False"),
    Bad(
        "too-fast",
        "gilcheck(threads=2, min_speedup=3)",
        "gilcheck: min_speedup=3 cannot be reached with threads=2; at most 2",
    ),
    Bad(
        "contradiction",
        "gilcheck(expect='gil-bound', min_speedup=1.5)",
        "gilcheck: min_speedup=1.5 contradicts expect='gil-bound'*",
    ),
    Bad("skip-bare", "gilcheck_skip", "gilcheck_skip: needs a reason: gilcheck_skip(reason='…')"),
    Bad("skip-empty-call", "gilcheck_skip()", "gilcheck_skip: needs a reason: gilcheck_skip(reason='…')"),
    Bad("skip-number", "gilcheck_skip(7)", "gilcheck_skip: reason=7 is not a string"),
    Bad("skip-none", "gilcheck_skip(reason=None)", "gilcheck_skip: reason=None is not a string"),
    Bad("skip-two", "gilcheck_skip('a', 'b')", "gilcheck_skip: takes one reason, not 2"),
    Bad("skip-twice", "gilcheck_skip('a', reason='b')", "gilcheck_skip: takes one reason, not 2"),
    Bad(
        "skip-typo",
        "gilcheck_skip(raeson='a')",
        "gilcheck_skip: unknown argument 'raeson' (did you mean 'reason'?); valid: reason",
    ),
    Bad(
        "several-in-one-mark",
        "gilcheck(threads=0, procs=2, seconds='x')",
        [
            "gilcheck: threads=0 is not a whole number*",
            f"{ONE}gilcheck: unknown argument 'procs'*",
            f"{ONE}gilcheck: seconds='x' {SECONDS}",
        ],
    ),
]

FAIL_ON = (
    "race, deadlock, hang, nondeterministic, uncontrolled, hazard, gil-bound, lock-bound, regression, expectation, "
    "inconclusive, none"
)

#: Name of the option (and, with underscores, of its ini twin), its value, and what is said about it.
VALUES = [
    Bad("threads", "0", f"'0' {WORKERS}"),
    Bad("threads", "1", f"'1' {WORKERS}"),
    Bad("threads", "-2", f"'-2' {WORKERS}"),
    Bad("threads", "abc", f"'abc' {WORKERS}"),
    Bad("threads", "1.5", f"'1.5' {WORKERS}"),
    Bad("threads", "257", f"'257' {WORKERS}"),
    Bad("threads", "Auto", f"'Auto' {WORKERS}"),
    Bad("threads", "²", f"'²' {WORKERS}"),
    Bad("threads", "+-2", f"'+-2' {WORKERS}"),
    Bad("threads", "9" * 5000, f"'999*999' {WORKERS}"),
    Bad("processes", "-1", f"'-1' {PROCESSES}"),
    Bad("processes", "abc", f"'abc' {PROCESSES}"),
    Bad("processes", "1e3", f"'1e3' {PROCESSES}"),
    Bad("processes", "--2", f"'--2' {PROCESSES}"),
    Bad("seconds", "0", f"'0' {SECONDS}"),
    Bad("seconds", "-1", f"'-1' {SECONDS}"),
    Bad("seconds", "nan", f"'nan' {SECONDS}"),
    Bad("seconds", "inf", f"'inf' {SECONDS}"),
    Bad("seconds", "abc", f"'abc' {SECONDS}"),
    Bad("seconds", "2s", f"'2s' {SECONDS}"),
    Bad("seconds", "3601", f"'3601' {SECONDS}"),
    Bad("timeout", "0", f"'0' {SECONDS}"),
    Bad("timeout", "none", f"'none' {SECONDS}"),
    Bad("timeout", "-0.0", f"'-0.0' {SECONDS}"),
    Bad("fail-on", "gil-bond", f"unknown word 'gil-bond' (did you mean 'gil-bound'?); valid: {FAIL_ON}"),
    Bad("fail-on", "expectation,,races", f"unknown word 'races'*; valid: {FAIL_ON}"),
    Bad("fail-on", "GIL-BOUND", f"unknown word 'GIL-BOUND'*; valid: {FAIL_ON}"),
    Bad("fail-on", ",", f"needs at least one word; valid: {FAIL_ON}"),
    Bad("source", "no_such_package", "*no_such_package*"),
    Bad("source", "missing/folder", "*missing/folder*"),
    Bad("replay", "x", "'x' is no schedule: one starts with 'gc1:' and is printed below a failure"),
    Bad("replay", "gc1:AAAAAAAAAAAAAAAA", "the schedule 'gc1:AAAAAAAAAAAAAAAA' is damaged: copy it whole from the report"),
    Bad("fail-on", "none,gil-bound", "'none' means that nothing fails the run; it cannot stand beside other words"),
    Bad("json", "taken", "'*taken' is a folder; give the path of a file"),
    Bad("baseline", "missing.json", "cannot read '*missing.json': No such file or directory; make one with *-save-baseline"),
    Bad("baseline", "test_one.py", "'*test_one.py', line 1, column 1: no JSON: *; restore the file, or make one with *"),
    Bad("save-baseline", "taken", "'*taken' is a folder; give the path of a file"),
    Bad(
        "save-baseline", "test_one.py", "'*test_one.py', line 1, column 1: no JSON: *; restore the file, or make one with *"
    ),
    Bad("history", "test_one.py/h.db", "cannot write '*h.db': *; give a path in a folder that can be written"),
    Bad("history", "test_one.py", "'*test_one.py' cannot be used as a history: file is not a database; give another path"),
    Bad("max-regression", "0", f"'0' {SHARE}"),
    Bad("max-regression", "25%", f"'25%' {SHARE}"),
    Bad("max-regression", "nan", f"'nan' {SHARE}"),
    Bad("max-speedup-loss", "1.01", f"'1.01' {SHARE}"),
    Bad(
        "json",
        "test_one.py/report.json",
        "cannot write '*test_one.py*report.json': *; give a path in a folder that can be written",
    ),
    Bad(
        "json",
        "test_one.py/below/report.json",
        "cannot write '*report.json': *; give a path in a folder that can be written",
    ),
    Bad(
        "json",
        f"{LONG}/report.json",
        "cannot write '*report.json': File name too long; give a path in a folder that can be written",
    ),
    Bad("json", f"{LONG}.json", "cannot write '*nnn.json': File name too long; give a path in a folder that can be written"),
]

#: Without a value of their own: argparse rejects some itself.
COMMAND_LINES = [
    Bad("empty-threads", ["--gilcheck-threads="], "*--gilcheck-threads: needs a value; *"),
    Bad("empty-seconds", ["--gilcheck-seconds", ""], "*--gilcheck-seconds: needs a value; *"),
    Bad("empty-json", ["--gilcheck-json="], "*--gilcheck-json: needs a value; *"),
    Bad("empty-fail-on", ["--gilcheck-fail-on="], "*--gilcheck-fail-on: needs a value; *"),
    Bad("no-value", ["--gilcheck-timeout"], "*argument --gilcheck-timeout: expected one argument"),
    Bad("value-for-flag", ["--gilcheck-report=x"], "*argument --gilcheck-report: ignored explicit argument 'x'"),
    Bad("value-for-all", ["--gilcheck=yes"], "*argument --gilcheck: ignored explicit argument 'yes'"),
    Bad("unknown-option", ["--gilcheck-thread=2"], "*unrecognized arguments: --gilcheck-thread=2"),
    Bad(
        "several-at-once",
        ["--gilcheck-threads=x", "--gilcheck-seconds=x", "--gilcheck-fail-on=x"],
        ["*--gilcheck-threads: 'x' *", "*--gilcheck-seconds: 'x' *", "*--gilcheck-fail-on: unknown word 'x'; *"],
    ),
]


def check(result: pytest.RunResult, *patterns: str) -> None:
    """The run ended as a usage error with these lines, and with nothing that looks like an accident."""
    shown = f"{result.stdout}\n{result.stderr}"
    pytest.LineMatcher(shown.splitlines()).fnmatch_lines([f"*{patterns[0]}", *patterns[1:]])
    assert result.ret == pytest.ExitCode.USAGE_ERROR, shown
    for accident in ("Traceback", "INTERNALERROR", RAN, "passed"):
        assert accident not in shown


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """In this process, since nothing may be started; without this session's warning filters and without slow plugins."""
    return pytester.runpytest_inprocess("-Wdefault", "-pno:hypothesispytest", "-pno:xdist", *arguments)


def patterns(bad: Bad) -> list[str]:
    return [bad.message] if isinstance(bad.message, str) else list(bad.message)


def ids(rows: Sequence[Bad]) -> list[str]:
    return [f"{bad.name}-{ascii(bad.given)[1:-1][:20]}" for bad in rows]


def write(pytester: pytest.Pytester, mark: str = "filterwarnings('error')", ini: Mapping[str, str] | None = None) -> None:
    (pytester.path / "taken").mkdir()
    lines = [f"{name} = {text}" for name, text in (ini or {}).items()]
    pytester.path.joinpath("pytest.ini").write_text("\n".join(["[pytest]", *lines, ""]), encoding="utf-8")
    pytester.makepyfile(test_one=f"import pytest\n@pytest.mark.{mark}\ndef test_one():\n    raise SystemError('{RAN}')\n")


@pytest.mark.parametrize("bad", MARKS, ids=[bad.name for bad in MARKS])
def test_a_marker(pytester: pytest.Pytester, bad: Bad) -> None:
    assert isinstance(bad.given, str)
    write(pytester, bad.given)
    first, *others = patterns(bad)
    check(run(pytester), f"{ONE}{first}", *others)


@pytest.mark.parametrize("bad", VALUES, ids=ids(VALUES))
def test_an_option(pytester: pytest.Pytester, bad: Bad) -> None:
    write(pytester)
    check(run(pytester, f"--gilcheck-{bad.name}={bad.given}"), f"--gilcheck-{bad.name}: {bad.message}")


@pytest.mark.parametrize("bad", VALUES, ids=ids(VALUES))
def test_its_ini_twin(pytester: pytest.Pytester, bad: Bad) -> None:
    name = f"gilcheck_{bad.name.replace('-', '_')}"
    write(pytester, ini={name: str(bad.given)})
    check(run(pytester), f"{name} in *pytest.ini: {bad.message}")


@pytest.mark.parametrize("bad", COMMAND_LINES, ids=[bad.name for bad in COMMAND_LINES])
def test_a_command_line(pytester: pytest.Pytester, bad: Bad) -> None:
    write(pytester)
    check(run(pytester, *bad.given), *patterns(bad))


@pytest.mark.parametrize("name", ["gilcheck", "gilcheck_report", "gilcheck_off"])
def test_an_ini_switch_that_is_neither_on_nor_off(pytester: pytest.Pytester, name: str) -> None:
    write(pytester, ini={name: "perhaps"})
    check(run(pytester), "invalid truth value 'perhaps'*")


def test_a_folder_that_cannot_be_written(pytester: pytest.Pytester) -> None:
    write(pytester)
    folder = pytester.mkdir("locked")
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write to every folder")
    message = "--gilcheck-json: cannot write '*report.json': Permission denied; give a path in a folder that can be written"
    check(run(pytester, "--gilcheck-json=locked/report.json"), message)


def test_a_mark_on_a_class_is_reported_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.gilcheck(thread=4)
        class TestMany:
            def test_first(self): ...
            def test_second(self): ...
            @pytest.mark.parametrize("n", [1, 2])
            def test_third(self, n): ...
        """
    )
    result = run(pytester)
    check(result, "py::TestMany::test_first (and 3 more): @pytest.mark.gilcheck: unknown argument 'thread' *")
    assert f"{result.stdout}{result.stderr}".count("unknown argument") == 1


def test_a_mark_on_a_module_is_reported_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        pytestmark = [pytest.mark.gilcheck_scaling(threads="four")]
        def test_first(): ...
        def test_second(): ...
        """
    )
    result = run(pytester)
    check(result, f"py::test_first (and 1 more): @pytest.mark.gilcheck_scaling: threads='four' {WORKERS}")


def test_a_mark_on_a_unittest_class(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest, unittest
        @pytest.mark.gilcheck(threads="four")
        class TestCase(unittest.TestCase):
            def test_first(self): ...
        """
    )
    check(run(pytester), "py::TestCase::test_first: @pytest.mark.gilcheck: threads='four' *")


def test_a_mark_on_one_parameter(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.gilcheck(threads=0))])
        def test_one(n): ...
        """
    )
    check(run(pytester), "py::test_one[[]2]: @pytest.mark.gilcheck: threads=0 *")


def test_a_mark_added_by_a_conftest(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest
        def pytest_collection_modifyitems(items):
            for item in items:
                item.add_marker(pytest.mark.gilcheck(threads=0))
        """
    )
    pytester.makepyfile("def test_one(): ...")
    check(run(pytester), "py::test_one: @pytest.mark.gilcheck: threads=0 *")


def test_mistakes_of_several_tests_are_all_listed(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.gilcheck(threads=0)
        def test_first(): ...
        @pytest.mark.gilcheck_skip
        def test_second(): ...
        @pytest.mark.gilcheck_race(seed="x")
        @pytest.mark.gilcheck_scaling(expect="x")
        def test_third(): ...
        """
    )
    result = run(pytester)
    check(result, "::test_first: @pytest.mark.gilcheck: threads=0 *", "*::test_second: @pytest.mark.gilcheck_skip: needs *")
    shown = f"{result.stdout}{result.stderr}"
    assert "::test_third: @pytest.mark.gilcheck_race: seed='x'" in shown
    assert "::test_third: @pytest.mark.gilcheck_scaling: expect='x'" in shown


def test_a_mistake_is_an_error_when_tests_are_only_collected(pytester: pytest.Pytester) -> None:
    write(pytester, "gilcheck(threads=0)")
    check(run(pytester, "--collect-only"), f"{ONE}gilcheck: threads=0 *")


@pytest.mark.parametrize("switch", ["--gilcheck-off", "-pno:gilcheck"])
def test_nothing_is_checked_when_the_plugin_is_off(pytester: pytest.Pytester, switch: str) -> None:
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.gilcheck(threads=0)
        def test_one(): ...
        """
    )
    run(pytester, switch).assert_outcomes(passed=1)


@pytest.mark.parametrize("name", ["gilcheck", "gilcheck_race"])
def test_strict_markers_know_the_markers(pytester: pytest.Pytester, name: str) -> None:
    pytester.makepyfile(f"import pytest\n@pytest.mark.{name}(threads='auto')\n@pytest.mark.skip\ndef test_one(): ...")
    run(pytester, "--strict-markers", "-Werror").assert_outcomes(skipped=1)


def test_an_unknown_marker_with_strict_markers(pytester: pytest.Pytester) -> None:
    write(pytester, "gilcheck_scalling")
    result = run(pytester, "--strict-markers")
    result.stdout.fnmatch_lines(["'gilcheck_scalling' not found in `markers` configuration option"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize("attribute", ["threads", "start"])
def test_an_unknown_attribute_of_the_fixture(pytester: pytest.Pytester, attribute: str) -> None:
    pytester.makepyfile(f"def test_one(gilcheck): gilcheck.{attribute}")
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AttributeError: 'Gilcheck' object has no attribute *"])


@pytest.mark.parametrize("attribute", ["mode", "thread_index", "thread_count"])
def test_the_fixture_cannot_be_written_to(pytester: pytest.Pytester, attribute: str) -> None:
    pytester.makepyfile(f"def test_one(gilcheck): gilcheck.{attribute} = 1")
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AttributeError: *"])


def test_a_marker_with_a_mistake_under_xdist(pytester: pytest.Pytester) -> None:
    write(pytester, "gilcheck(thread=4)")
    result = pytester.runpytest_subprocess("-n2")
    shown = f"{result.stdout}\n{result.stderr}"
    pytest.LineMatcher(shown.splitlines()).fnmatch_lines(["*test_one*: @pytest.mark.gilcheck: unknown argument 'thread' *"])
    assert result.ret != 0
    assert "Traceback" not in shown
    assert "INTERNALERROR" not in shown


def test_an_option_with_a_mistake_under_xdist(pytester: pytest.Pytester) -> None:
    write(pytester)
    check(pytester.runpytest_subprocess("-n2", "--gilcheck-threads=0"), f"--gilcheck-threads: '0' {WORKERS}")
