"""The workers come from a second collection: what is different there costs the processes, not the verdict."""

from __future__ import annotations

import socket

import pytest

from acceptance.suite import SLEEP, Suite


def test_a_test_that_has_another_id_there(suite: Suite) -> None:
    suite.write(
        f"""
        pytestmark = pytest.mark.gilcheck
        def test_one(word): {SLEEP}
        def test_two(): {SLEEP}
        """,
        conftest="""
        import os
        def pytest_generate_tests(metafunc):
            if "word" in metafunc.fixturenames:
                metafunc.parametrize("word", ["there" if "PYTEST_GILCHECK_WORKER" in os.environ else "here"])
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {"test_one[here]": ["passed"], "test_two": ["passed"]}
    record = ran.records["test_one[here]"]
    assert record["verdict"] == "io-bound"
    assert record["processes"] == 0
    assert record["speedup_processes"] is None
    assert record["reason"].endswith(
        "without processes: process 1 of 2: its id is not among the 2 tests that a second collection found"
    )
    assert ran.records["test_two"]["processes"] == 2


def test_a_session_fixture_that_owns_a_port(suite: Suite) -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    suite.write(
        f"""
        import socket
        @pytest.fixture(scope="session")
        def server():
            with socket.create_server(("127.0.0.1", {port})) as listening:
                yield listening
        @pytest.mark.gilcheck
        def test_served(server): {SLEEP}
        @pytest.mark.gilcheck
        def test_other(): {SLEEP}
        """
    )
    ran = suite.run()
    assert ran.outcomes == {"test_served": ["passed"], "test_other": ["passed"]}
    assert ran.verdict("test_served") == "io-bound"
    assert "without processes: process 1 of 2: setting it up there raised OSError: [Errno" in ran.reason("test_served")
    assert ran.records["test_other"]["processes"] == 2
    assert not ran.leftovers


def test_a_conftest_that_starts_a_thread_is_not_forked(suite: Suite) -> None:
    suite.write(
        f"""
        @pytest.mark.gilcheck
        def test_one(): {SLEEP}
        @pytest.mark.gilcheck
        def test_dies(gilcheck):
            {SLEEP}
            if gilcheck.mode == "processes" and gilcheck.thread_index == 1: os._exit(3)
        @pytest.mark.gilcheck
        def test_last(): {SLEEP}
        """,
        conftest="""
        import threading, time
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {"test_one": ["passed"], "test_dies": ["failed"], "test_last": ["passed"]}
    assert ran.records["test_one"]["processes"] == 2
    assert ran.records["test_last"]["processes"] == 2
    assert "process 2 of 2 died: exit status 3" in ran.failure("test_dies")
    assert not ran.leftovers


def test_a_second_collection_that_fails_is_explained(suite: Suite) -> None:
    suite.write(
        f"""
        pytestmark = pytest.mark.gilcheck
        def test_one(): {SLEEP}
        def test_two(): {SLEEP}
        """,
        conftest="""
        import os
        if "PYTEST_GILCHECK_WORKER" in os.environ:
            raise RuntimeError("not in a worker")
        """,
    )
    ran = suite.run("--gilcheck-report")
    assert ran.outcomes == {"test_one": ["passed"], "test_two": ["passed"]}
    for test in ("test_one", "test_two"):
        assert ran.verdict(test) == "io-bound"
        why = "without processes: the pytest that was to collect the tests again ended (exit status 4)"
        assert why in ran.reason(test)
        assert "RuntimeError: not in a worker" in ran.explained(test)
    ran.shows("*RuntimeError: not in a worker*")
    assert not ran.leftovers


def test_an_error_in_another_file_of_the_second_collection_does_no_harm(suite: Suite) -> None:
    suite.write(
        f"""
        @pytest.mark.gilcheck
        def test_one(): {SLEEP}
        """,
        test_other="""
        import os
        assert "PYTEST_GILCHECK_WORKER" not in os.environ, "only once"
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {"test_one": ["passed"]}
    assert ran.records["test_one"]["processes"] == 2


def test_arguments_that_choose_tests_choose_the_same_again(suite: Suite) -> None:
    suite.write(
        f"""
        @pytest.mark.parametrize("n", range(30))
        @pytest.mark.gilcheck
        def test_many(n): {SLEEP}
        @pytest.mark.gilcheck
        def test_other(): {SLEEP}
        """
    )
    for chosen in (["-k", "many and 7]"], ["test_suite.py::test_many[7]"], ["--deselect=test_suite.py::test_other", "-k7]"]):
        ran = suite.run(*chosen)
        assert {test: record["processes"] for test, record in ran.records.items()} in (
            {"test_many[7]": 2},
            {f"test_many[{n}]": 2 for n in (7, 17, 27)},
        )


@pytest.mark.skipif(pytest.version_tuple < (8, 2), reason="this pytest takes no arguments from a file")
def test_arguments_of_a_file_and_of_the_configuration(suite: Suite) -> None:
    suite.write(
        f"""
        @pytest.mark.gilcheck
        def test_one(pytestconfig):
            assert pytestconfig.getoption("flavour") == "sweet"
            {SLEEP}
        """,
        conftest="def pytest_addoption(parser): parser.addoption('--flavour', default='none')",
    )
    suite.ini(addopts="--flavour=sour -ra")
    (suite.folder / "more.txt").write_text("--flavour=sweet\n-q\n", encoding="utf-8")
    ran = suite.run("@more.txt")
    assert ran.records["test_one"]["processes"] == 2


def test_last_failed_and_stepwise_do_not_lose_their_place(suite: Suite) -> None:
    suite.write(
        f"""
        import pathlib
        @pytest.mark.gilcheck
        def test_one(): {SLEEP}
        @pytest.mark.gilcheck
        def test_two():
            {SLEEP}
            assert pathlib.Path("repaired").exists()
        """
    )
    assert suite.run().outcomes == {"test_one": ["passed"], "test_two": ["failed"]}
    (suite.folder / "repaired").touch()
    ran = suite.run("--lf")
    assert ran.outcomes == {"test_two": ["passed"]}
    assert ran.records["test_two"]["processes"] == 2
    assert list(suite.run("--lf").outcomes) == ["test_one", "test_two"]
