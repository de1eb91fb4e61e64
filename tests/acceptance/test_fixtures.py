"""Each rerun has fresh fixtures of its own; wider ones are set up once, and once more in each worker process."""

from __future__ import annotations

from acceptance.suite import SLEEP, Suite

#: ``note(word)`` adds a line to log.txt: the process (main or the name of the worker) and the word.
NOTE = """
import pathlib
log = pathlib.Path(__file__).with_name("log.txt")
def note(word):
    with log.open("a") as file:
        file.write(f"{os.environ.get('PYTEST_GILCHECK_WORKER', 'main')} {word}\\n")
"""


#: Long enough to be run once for each set-up; shorter bodies are repeated.
LONGER = "time.sleep(0.025)"


def _log(suite: Suite) -> list[str]:
    return (suite.folder / "log.txt").read_text(encoding="utf-8").splitlines()


def test_function_scoped_ones_anew_and_wider_ones_once(suite: Suite) -> None:
    suite.write(
        NOTE,
        f"""
        def fixture(scope):
            @pytest.fixture(scope=scope, name=scope)
            def made():
                note(f"{{scope}} up")
                yield []
                note(f"{{scope}} down")
            return made
        session, package, module, function = map(fixture, ("session", "package", "module", "function"))
        klass = pytest.fixture(scope="class", name="klass")(lambda: note("class up"))

        class TestMeasured:
            @pytest.mark.gilcheck(threads=2, processes=2)
            def test_one(self, session, package, module, klass, function, gilcheck):
                if gilcheck.thread_count == 1: assert not function, "not fresh"
                function.append(1)
                {LONGER}
            @pytest.mark.gilcheck(threads=2, processes=2)
            def test_two(self, session, klass, function): {SLEEP}
        def test_ordinary(session, module): note("ordinary")
        """,
    )
    ran = suite.run()
    assert set(map(tuple, ran.outcomes.values())) == {("passed",)}, ran.output
    log = _log(suite)
    main = [line.partition(" ")[2] for line in log if line.startswith("main ")]
    for wide in ("session up", "session down", "package up", "module up", "class up"):
        assert main.count(wide) == 1
    assert main.count("function up") == main.count("function down") > 4
    assert main[-4:-2] == ["ordinary", "module down"]
    assert set(main[-2:]) == {"package down", "session down"}  # in which order depends on pytest
    for worker in ("worker1", "worker2"):
        there = [line.partition(" ")[2] for line in log if line.startswith(f"{worker} ")]
        for wide in ("session", "package", "module"):
            assert there.count(f"{wide} up") == there.count(f"{wide} down") == 1
        assert there.count("class up") == 1
        assert there.count("function up") == there.count("function down") >= 2
        assert set(there[-2:]) == {"package down", "session down"}
    assert not ran.leftovers


def test_a_costly_set_up_is_not_repeated(suite: Suite) -> None:
    suite.write(
        NOTE,
        f"""
        @pytest.fixture
        def costly():
            time.sleep(0.15)
            note("up")
            yield
            note("down")
        @pytest.mark.gilcheck_scaling
        def test_costly(costly): {SLEEP}
        def test_next(): note("next")
        """,
    )
    ran = suite.run()
    log = _log(suite)
    assert log[: log.index("main next")].count("main up") == 2, "once for the ordinary run and once for all reruns"
    assert [line for line in log if line.startswith("main")][-2:] == ["main down", "main next"]
    assert log.count("worker1 up") == log.count("worker1 down") == 1
    assert ran.verdict("test_costly") == "io-bound"


def test_temporary_folders_are_private_to_each_copy(suite: Suite) -> None:
    suite.write(
        f"""
        pytestmark = pytest.mark.gilcheck(threads=3, processes=2)
        def test_path(tmp_path, gilcheck):
            assert tmp_path.is_dir()
            assert list(tmp_path.iterdir()) == []
            (tmp_path / "taken").mkdir()
            {SLEEP}
        def test_legacy(tmpdir):
            assert tmpdir.listdir() == []
            tmpdir.join("taken").write("x", mode="w")
            {SLEEP}
        def test_both(tmpdir, tmp_path):
            (tmp_path / "taken").write_text("x")
            tmpdir.mkdir("folder")
            {SLEEP}
        def test_factory(tmp_path_factory):
            folder = tmp_path_factory.mktemp("made")
            assert list(folder.iterdir()) == []
            (folder / "taken").mkdir()
            {SLEEP}
        @pytest.fixture
        def through(tmp_path): return tmp_path
        def test_one_through_a_fixture_is_shared(through, gilcheck):
            {SLEEP}
            (through / f"{{gilcheck.thread_index}}").touch()
        """
    )
    ran = suite.run()
    assert set(map(tuple, ran.outcomes.values())) == {("passed",)}, ran.output
    assert {record["processes"] for record in ran.records.values()} == {2}, ran.records
    assert {record["threads"] for record in ran.records.values()} == {3}


def test_finalizers_yield_fixtures_and_autouse_are_honoured(suite: Suite) -> None:
    suite.write(
        f"""
        open_now = []
        most = []
        @pytest.fixture(autouse=True)
        def everywhere(request):
            open_now.append(1)
            most.append(len(open_now))
            request.addfinalizer(open_now.pop)
        @pytest.fixture(params=["a", "b"])
        def letter(request):
            open_now.append(request.param)
            yield request.param
            assert open_now.pop() == request.param
        @pytest.mark.gilcheck(processes=0)
        def test_letter(letter, request):
            assert letter in "ab"
            assert request.getfixturevalue("letter") == letter
            {SLEEP}
        def test_last(): assert max(most) == 1 and len(open_now) == 1
        """
    )
    ran = suite.run()
    assert set(map(tuple, ran.outcomes.values())) == {("passed",)}, ran.output
    assert ran.verdict("test_letter[a]") == ran.verdict("test_letter[b]") == "io-bound"


def test_set_up_and_tear_down_functions_of_modules_and_classes(suite: Suite) -> None:
    suite.write(
        NOTE,
        f"""
        def setup_module(): note("module up")
        def teardown_module(): note("module down")
        def setup_function(function): note("function up")
        def teardown_function(function): note("function down")
        @pytest.mark.gilcheck(processes=0)
        def test_function(): {SLEEP}
        class TestClass:
            @classmethod
            def setup_class(cls): note("class up")
            def setup_method(self, method):
                self.fresh = []
                note("method up")
            def teardown_method(self, method): note("method down")
            @pytest.mark.gilcheck(processes=0)
            def test_method(self, gilcheck):
                if gilcheck.thread_count == 1: assert self.fresh == []
                self.fresh.append(1)
                {LONGER}
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {"test_function": ["passed"], "TestClass::test_method": ["passed"]}, ran.output
    log = _log(suite)
    for once in ("main module up", "main module down", "main class up"):
        assert log.count(once) == 1
    for often in ("function", "method"):
        assert log.count(f"main {often} up") == log.count(f"main {often} down") > 4
    assert ran.verdict("TestClass::test_method") == "io-bound"


def test_fixtures_that_ask_how_the_test_went(suite: Suite) -> None:
    suite.write(
        f"@pytest.mark.gilcheck(threads=2, processes=2)\ndef test_one(asks): {SLEEP}",
        conftest="""
        import pytest
        KEY = pytest.StashKey()

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(item, call):
            report = yield
            item.stash.setdefault(KEY, {})[report.when] = report
            setattr(item, "rep_" + report.when, report)
            return report

        @pytest.fixture
        def asks(request):
            yield
            assert not request.node.rep_call.failed
            assert request.node.stash[KEY]["setup"].passed and request.node.stash[KEY]["call"].passed
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {"test_one": ["passed"]}, ran.output
    assert ran.verdict("test_one") == "io-bound"
    assert ran.records["test_one"]["processes"] == 2
