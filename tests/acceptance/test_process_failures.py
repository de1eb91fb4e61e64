"""A worker process that fails, dies or hangs is named, its output is shown, and the next test gets a new one."""

from __future__ import annotations

from acceptance.suite import SLEEP, Suite

#: ``only(gilcheck, 1)`` is true in the second process, ``only(gilcheck)`` in every process.
ONLY = """
import ctypes, signal, sys

def only(gilcheck, *numbers):
    time.sleep(0.004)
    return gilcheck.mode == "processes" and (not numbers or gilcheck.thread_index in numbers)

pytestmark = pytest.mark.gilcheck_scaling(threads=2, processes=2)
"""

NEXT = """
def test_{0}(): time.sleep(0.004)
"""


def test_an_exception_is_shown_with_its_traceback_and_output(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        def test_one(gilcheck):
            print("printed by", gilcheck.mode, gilcheck.thread_index)
            print("and on stderr", file=sys.stderr)
            if only(gilcheck, 1): raise ValueError("only there")
        def test_all(gilcheck):
            assert not only(gilcheck)
        def test_what_would_end_a_process(gilcheck):
            if only(gilcheck, 0): raise SystemExit(5)
            if only(gilcheck, 1): raise KeyboardInterrupt
        def test_pytest_exit(gilcheck):
            if only(gilcheck, 1): pytest.exit("enough")
        """,
        NEXT.format("next"),
    )
    ran = suite.run()
    assert ran.status == 1
    assert ran.outcomes.pop("test_next") == ["passed"]
    assert set(map(tuple, ran.outcomes.values())) == {("failed",)}
    one = ran.failure("test_one")
    assert "gilcheck: process 2 of 2 raised ValueError: only there; the ordinary run passed" in one
    assert 'if only(gilcheck, 1): raise ValueError("only there")' in one
    assert "its output:" in one
    assert "printed by processes 1" in one
    assert "and on stderr" in one
    assert "printed by processes 0" not in one
    assert ran.reason("test_one") == "failed when rerun in 2 processes: process 2 of 2 raised ValueError: only there"
    every = ran.failure("test_all")
    assert "process 1 of 2 raised AssertionError" in every
    assert "process 2 of 2 raised AssertionError" in every
    ending = ran.failure("test_what_would_end_a_process")
    assert "process 1 of 2 raised SystemExit: 5" in ending
    assert "process 2 of 2 raised KeyboardInterrupt" in ending
    assert "process 2 of 2 raised Exit: enough" in ran.failure("test_pytest_exit")
    assert ran.records["test_next"]["processes"] == 2
    assert not ran.leftovers


def test_a_death_is_noticed_and_the_worker_replaced(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        def test_leaves(gilcheck):
            if only(gilcheck, 1):
                print("last words", flush=True)
                os._exit(3)
        """,
        NEXT.format("after_leaving"),
        """
        def test_is_killed(gilcheck):
            if only(gilcheck, 0): os.kill(os.getpid(), signal.SIGKILL)
        """,
        NEXT.format("after_killing"),
        """
        def test_crashes(gilcheck):
            if only(gilcheck, 1): ctypes.string_at(0)
        """,
        NEXT.format("after_crashing"),
        """
        def test_all_die(gilcheck):
            if only(gilcheck): os._exit(4)
        """,
        NEXT.format("after_all_died"),
    )
    ran = suite.run()
    leaves = ran.failure("test_leaves")
    assert "gilcheck: process 2 of 2 died: exit status 3; the ordinary run passed" in leaves
    assert "last words" in leaves
    assert "process 1 of 2" not in leaves
    killed = ran.failure("test_is_killed")
    assert "gilcheck: process 1 of 2 died: killed by signal 9 (SIGKILL, as the kernel does when memory runs out)" in killed
    crashed = ran.failure("test_crashes")
    assert "gilcheck: process 2 of 2 died: killed by signal 11 (SIGSEGV)" in crashed
    assert "Segmentation fault" in crashed
    assert "in test_crashes" in crashed
    both = ran.failure("test_all_die")
    assert "process 1 of 2 died: exit status 4" in both
    assert "process 2 of 2 died: exit status 4" in both
    for test in ("after_leaving", "after_killing", "after_crashing", "after_all_died"):
        assert ran.outcomes[f"test_{test}"] == ["passed"]
        assert ran.records[f"test_{test}"]["processes"] == 2, ran.reason(f"test_{test}")
        assert ran.records[f"test_{test}"]["speedup_processes"] is not None
    assert ran.status == 1
    assert not ran.leftovers


def test_a_worker_that_hangs_is_killed(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        def test_sleeps(gilcheck):
            print("about to sleep", flush=True)
            if only(gilcheck, 1): time.sleep(60)
        def test_is_stopped(gilcheck):
            if only(gilcheck, 0): os.kill(os.getpid(), signal.SIGSTOP)
        """,
        NEXT.format("next"),
    )
    ran = suite.run("--gilcheck-timeout=1")
    assert ran.outcomes == {"test_sleeps": ["failed"], "test_is_stopped": ["failed"], "test_next": ["passed"]}
    assert "gilcheck: process 2 of 2 did not finish within 1 s and was killed" in ran.failure("test_sleeps")
    assert "process 1 of 2 did not finish within 1 s and was killed" in ran.failure("test_is_stopped")
    assert ran.records["test_next"]["processes"] == 2
    assert not ran.leftovers


def test_what_a_worker_starts_and_leaves_behind_does_not_confuse_it(suite: Suite) -> None:
    suite.write(
        ONLY,
        f"""
        import threading
        def test_threads(gilcheck):
            if only(gilcheck): threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        def test_closes_output(gilcheck):
            if only(gilcheck):
                os.close(1)
                os.open(os.devnull, os.O_WRONLY)
        def test_changes_folder(gilcheck, tmp_path):
            if only(gilcheck): os.chdir(tmp_path)
        def test_after(): {SLEEP}
        """,
    )
    ran = suite.run()
    assert set(map(tuple, ran.outcomes.values())) == {("passed",)}, ran.output
    assert {record["processes"] for record in ran.records.values()} == {2}
    assert not ran.leftovers


def test_a_test_that_skips_itself_in_processes_is_measured_without(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        def test_skips(gilcheck):
            if only(gilcheck): pytest.skip("not in a child")
        @pytest.fixture
        def picky():
            if "PYTEST_GILCHECK_WORKER" in os.environ: pytest.skip("no device")
        def test_fixture_skips(picky): time.sleep(0.004)
        @pytest.fixture
        def broken():
            if "PYTEST_GILCHECK_WORKER" in os.environ: raise OSError("no device")
        def test_fixture_fails(broken): time.sleep(0.004)
        @pytest.fixture
        def leaving():
            if "PYTEST_GILCHECK_WORKER" in os.environ: raise SystemExit(4)
        def test_fixture_leaves(leaving): time.sleep(0.004)
        """,
    )
    ran = suite.run()
    assert set(map(tuple, ran.outcomes.values())) == {("passed",)}, ran.output
    assert {record["processes"] for record in ran.records.values()} == {0}
    assert ran.reason("test_skips").endswith("without processes: it skips itself there: not in a child")
    missing = "without processes: process 1 of 2: setting it up there raised"
    assert ran.reason("test_fixture_skips").endswith(f"{missing} Skipped: no device")
    assert ran.reason("test_fixture_fails").endswith(f"{missing} OSError: no device")
    assert ran.reason("test_fixture_leaves").endswith(f"{missing} SystemExit: 4")
    assert {record["verdict"] for record in ran.records.values()} == {"io-bound"}


def test_a_fixture_that_kills_the_worker_process(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        @pytest.fixture
        def deadly():
            if "PYTEST_GILCHECK_WORKER" in os.environ: os._exit(9)
        def test_deadly(deadly): time.sleep(0.004)
        """,
        NEXT.format("next"),
    )
    ran = suite.run()
    assert ran.outcomes == {"test_deadly": ["passed"], "test_next": ["passed"]}
    assert "without processes: process 1 of 2 died: exit status 9" in ran.reason("test_deadly")
    assert ran.records["test_next"]["processes"] == 2
    assert not ran.leftovers


def test_a_teardown_that_fails_in_a_process(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        @pytest.fixture
        def checked():
            yield
            assert "PYTEST_GILCHECK_WORKER" not in os.environ, "torn down in a worker"
        def test_function_scoped(checked): time.sleep(0.004)
        @pytest.fixture(scope="module")
        def wide():
            yield
            assert "PYTEST_GILCHECK_WORKER" not in os.environ, "module torn down in a worker"
        def test_module_scoped(wide): time.sleep(0.004)
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {"test_function_scoped": ["failed"], "test_module_scoped": ["passed"]}
    failure = ran.failure("test_function_scoped")
    assert "process 1 of 2 raised AssertionError: torn down in a worker" in failure
    assert "while its fixtures were torn down" in failure
    assert ran.records["test_module_scoped"]["processes"] == 2
    note = (
        "gilcheck: worker process worker* raised AssertionError: module torn down in a worker* after *::test_module_scoped"
    )
    ran.shows(note, note)
    assert not ran.leftovers
