"""What a test finds around it in the executions of a race check: its fixtures, its output, its copies, the clock."""

from __future__ import annotations

import pytest

from acceptance.racing import COUNTERS, RACE
from acceptance.suite import Suite


def test_fixtures_of_the_function_are_fresh_and_wider_ones_are_shared(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        events = []
        @pytest.fixture(scope="module")
        def module():
            events.append("module")
            yield []
            events.append("module down")
        @pytest.fixture(autouse=True)
        def always(request):
            if request.node.name != "test_it":
                yield
                return
            events.append("up")
            yield
            events.append("down")
        @pytest.fixture
        def ended(counter, gilcheck):
            yield
            assert counter.value == gilcheck.thread_count
        @pytest.mark.gilcheck_race(threads=2)
        def test_it(module, counter, ended, tmp_path, gilcheck):
            assert not module
            assert list(tmp_path.iterdir()) == []
            (tmp_path / "mine").touch()
            counter.increment()
        def test_events():
            assert events.count("module") == 1
            assert "module down" not in events
            inner = [event for event in events if event in ("up", "down")]
            assert inner == ["up", "down"] * (len(inner) // 2)
            assert len(inner) > 4
        """,
    )
    ran = suite.run()
    assert ran.race("test_it") == "race"
    assert ran.outcomes == {"test_it": ["failed"], "test_events": ["passed"]}
    assert "counter.value == gilcheck.thread_count" in ran.failure("test_it")


def test_no_temporary_folders_pile_up(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        @pytest.mark.gilcheck_race(threads=2)
        def test_it(tmp_path, counter): counter.increment()
        def test_few(tmp_path): assert len(list(tmp_path.parent.iterdir())) < 8
        """,
    )
    ran = suite.run("--gilcheck-ignore=lost-update")
    assert ran.races["test_it"]["schedules"] > 8
    assert ran.outcomes == {"test_it": ["passed"], "test_few": ["passed"]}


def test_how_many_copies_there_are(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        import concurrent.futures
        @pytest.mark.gilcheck_race
        def test_two(gilcheck): assert gilcheck.thread_count == (1 if gilcheck.mode == "single" else 2)
        @pytest.mark.gilcheck_race
        def test_own(gilcheck):
            in_threads(lambda: None)
            assert gilcheck.thread_count == 1
        @pytest.mark.gilcheck_race
        def test_pool(gilcheck):
            with concurrent.futures.ThreadPoolExecutor(2) as pool: list(pool.map(abs, [1, 2]))
            assert gilcheck.thread_count == 1
        @pytest.mark.gilcheck_race
        def test_run(gilcheck):
            assert gilcheck.thread_count == 1
            assert sorted(gilcheck.run(lambda: gilcheck.thread_index, lambda: gilcheck.thread_count)) == [0, 2]
        counts = set()
        @pytest.mark.gilcheck_race(threads=8)
        def test_eight(gilcheck):
            counts.add(gilcheck.thread_count)
            assert gilcheck.thread_index < gilcheck.thread_count
        def test_grew(): assert {1, 2} < counts <= {1, 2, 4, 8}, counts
        def test_without_a_marker(gilcheck): assert gilcheck.run(lambda: 1, lambda: "b") == [1, "b"]
        def test_without_a_call(gilcheck): in_threads(lambda: None)
        @pytest.mark.gilcheck_scaling(processes=0)
        def test_scaling(gilcheck): gilcheck.run(int, int)
        """,
    )
    ran = suite.run()
    assert ran.status == 0, ran.output
    assert {test: record and record["threads"] for test, record in ran.races.items()} == {
        "test_two": 2,
        "test_own": 1,
        "test_pool": 1,
        "test_run": 1,
        "test_eight": ran.races["test_eight"]["threads"],
        "test_without_a_marker": 1,
        "test_scaling": None,
    }
    assert {record["verdict"] for record in ran.races.values() if record} == {"clean"}


def test_checks_run_after_everything_in_the_ordinary_run_too(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        def wrong(): raise LookupError("checked")
        def test_plain(gilcheck): gilcheck.after(wrong)
        @pytest.mark.gilcheck_race
        def test_marked(gilcheck): gilcheck.after(wrong)
        @pytest.mark.gilcheck_race
        def test_late():
            late = []
            threading.Thread(target=lambda: late.append(1)).start()
        @pytest.mark.gilcheck_scaling(processes=0)
        def test_measured(gilcheck):
            gilcheck.after(lambda: None if gilcheck.mode == "single" else wrong())
            time.sleep(0.005)
        """,
    )
    ran = suite.run()
    assert ran.outcomes["test_plain"] == ran.outcomes["test_marked"] == ["failed"]
    assert "LookupError: checked" in ran.failure("test_plain")
    assert ran.races["test_marked"]["reason"].startswith("its ordinary run did not pass")
    assert ran.race("test_late") == "clean"
    assert ran.outcomes["test_measured"] == ["passed"]
    off = suite.run("--gilcheck-off", "-k", "plain")
    assert off.outcomes["test_plain"][-1] == "error"


def test_threads_that_copies_leave_behind_have_ended_when_checks_run(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        @pytest.mark.gilcheck_race(threads=2)
        def test_last(counter, gilcheck):
            def work(): counter.value = 1
            threading.Thread(target=work).start()
            gilcheck.after(lambda: check(counter, gilcheck.mode))
        def check(counter, mode):
            if mode == "single": time.sleep(0.1)  # the ordinary run does not wait for it
            assert counter.value == 1
        """,
    )
    ran = suite.run()
    assert ran.race("test_last") == "clean", ran.races["test_last"]["reason"]


@pytest.mark.parametrize("capture", ["fd", "sys", "no"])
def test_what_a_search_prints_is_short_and_apart(suite: Suite, capture: str) -> None:
    suite.write(
        COUNTERS,
        """
        import logging, sys
        @pytest.mark.gilcheck_race
        def test_prints(gilcheck):
            for _ in range(20): print(gilcheck.mode, "x" * 60)
            print("error", gilcheck.mode, file=sys.stderr)
            logging.getLogger("it").warning("logged in %s", gilcheck.mode)
            counter = Counter()
            in_threads(counter.increment, counter.increment)
            assert counter.value == 2
        def test_restored(): print("after", type(sys.stdout).__name__)
        """,
    )
    ran = suite.run(f"--capture={capture}", "--log-cli-level=INFO" if capture == "no" else "--tb=short")
    assert ran.race("test_prints") == "race"
    assert ran.output.count("single x") == 20
    assert 5 < ran.output.count("race x") < 70
    failure = ran.failure("test_prints")
    assert "Captured stdout of the reruns call" in failure
    assert "(the last 4000" in failure
    assert "error race" in failure
    assert "logged in race" in failure.partition("Captured log of the reruns")[2]
    assert ran.output.count("logged in single") <= 2
    ran.result.assert_outcomes(passed=1, failed=1)


def test_patches_and_captures_of_one_copy(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        import unittest.mock, warnings
        @pytest.mark.gilcheck_race
        def test_one(monkeypatch, capsys, recwarn):
            monkeypatch.setenv("GILCHECK_X", "1")
            print("hello")
            assert capsys.readouterr().out == "hello\\n"
            with unittest.mock.patch("os.sep", "!"), pytest.warns(UserWarning): warnings.warn("x")
            in_threads(lambda: None)
        def test_clean(): assert "GILCHECK_X" not in os.environ
        """,
    )
    ran = suite.run()
    assert ran.race("test_one") == "clean", ran.races["test_one"]["reason"]
    assert ran.outcomes["test_clean"] == ["passed"]


def test_only_what_is_named_is_looked_into(suite: Suite) -> None:
    suite.write(
        """
        import threading, library
        @pytest.mark.gilcheck_race
        def test_library():
            counter = library.Counter()
            threads = [threading.Thread(target=counter.increment) for _ in range(2)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            assert counter.value == 2
        """,
        library="""
        class Counter:
            def __init__(self): self.value = 0
            def increment(self): self.value += 1
        """,
        other="",
    )
    assert suite.run().race("test_library") == "race"
    assert suite.run("--gilcheck-source=other").race("test_library") == "clean"
    ran = suite.run("--gilcheck-source=library", "-p", "no:cacheprovider")
    assert ran.race("test_library") == "race"
    (command,) = ran.replay_lines
    assert "--gilcheck-source=library" in command
    assert suite.run(*command).race("test_library") == "race"
    suite.ini(gilcheck_source="other")
    assert suite.run("-p", "no:cacheprovider").race("test_library") == "clean"
    wrong = suite.run("--gilcheck-source=libary")
    assert wrong.status == pytest.ExitCode.USAGE_ERROR
    wrong.result.stderr.fnmatch_lines(["ERROR: --gilcheck-source: *libary*"])


def test_a_budget_of_schedules_and_a_strategy(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        def work(counter):
            for _ in range(4): counter.increment()
        @pytest.mark.gilcheck_race(threads=1, schedules=12, strategy="random", seed=3)
        def test_random():
            counter = Counter()
            in_threads(lambda: work(counter), lambda: work(counter))
        @pytest.mark.gilcheck_race(threads=1, strategy="systematic", bound=0)
        def test_bound():
            counter = Counter()
            in_threads(lambda: work(counter), lambda: work(counter))
        """,
    )
    ran = suite.run("--gilcheck-ignore=lost-update,unserialisable")
    random = ran.races["test_random"]
    assert (random["verdict"], random["coverage"], random["strategy"], random["seed"]) == ("clean", "sampled", "random", 3)
    assert 8 <= random["schedules"] <= 16
    assert ran.races["test_bound"]["verdict"] == "clean"


def test_an_interrupt_ends_the_session(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        @pytest.mark.gilcheck_race(threads=1)
        def test_interrupted(gilcheck):
            in_threads(lambda: None)
            if gilcheck.mode == "race": raise KeyboardInterrupt
        def test_never(): ...
        """,
    )
    ran = suite.run()
    assert ran.status == pytest.ExitCode.INTERRUPTED
    assert "test_never" not in ran.outcomes
    assert not ran.leftovers


def test_records_reach_the_controller_of_xdist(suite: Suite) -> None:
    suite.write(COUNTERS, RACE, "@pytest.mark.gilcheck_race\ndef test_plain(): ...")
    ran = suite.run("--gilcheck-report", xdist=2)
    assert (ran.race("test_race"), ran.race("test_plain")) == ("race", "clean")
    assert "gilcheck race" in ran.failure("test_race")
    ran.shows("gilcheck: 1 race (test_suite.py::test_race)")
