"""``--gilcheck-html``: the page of a run, and what is said where it cannot be made."""

from __future__ import annotations

import base64
import json
import re
import zlib

from acceptance.suite import SLEEP, Suite

RACE = """
class Counter:
    value = 0
    def add(self): self.value += 1

def test_counter(gilcheck):
    counter = Counter()
    gilcheck.run(counter.add, counter.add)
    assert counter.value == 2
"""


def test_the_page_of_a_run_has_what_the_terminal_and_the_json_file_have(suite: Suite) -> None:
    suite.write(RACE, f"@pytest.mark.gilcheck_scaling(processes=0)\ndef test_waits(): {SLEEP}", "def test_plain(): ...")
    ran = suite.run("--gilcheck-html=new/report.html")
    assert ran.status == 1
    page = (suite.folder / "new" / "report.html").read_text(encoding="utf-8")
    names = re.findall(r'<span class="name">([^<]*)</span>', page)
    assert names == ["test_counter", "test_waits"]
    packed = re.search(r'id="data">([^<]*)<', page)
    assert packed is not None
    race, scaling = json.loads(zlib.decompress(base64.b64decode(packed[1])))["tests"]
    assert race["race"]["story"] == ran.races["test_counter"]["story"]
    assert race["replay"].split() == ["pytest", *ran.replay_lines[0]]
    assert scaling["scaling"]["word"] == ran.verdict("test_waits") == "io-bound"
    assert scaling["scaling"]["reason"] == ran.reason("test_waits")
    assert scaling["scaling"]["bars"][1]["label"] == "2 threads"


def test_the_page_of_a_run_in_which_nothing_was_checked(suite: Suite) -> None:
    suite.write("def test_plain(): ...")
    ran = suite.run("--gilcheck-html=report.html")
    assert ran.status == 0
    assert "No check was finished." in (suite.folder / "report.html").read_text(encoding="utf-8")


def test_without_jinja2_it_is_a_usage_error_before_any_test_runs(suite: Suite) -> None:
    suite.write("def test_plain(): print('it ran')", without="import sys\nsys.modules['jinja2'] = None\n")
    ran = suite.run("-p", "without", "-s", "--gilcheck-html=report.html")
    assert ran.status == 4
    assert "--gilcheck-html: needs jinja2, which is not installed; pip install 'pytest-gilcheck[html]'" in ran.output
    ran.lacks("it ran", "Traceback")
    assert not (suite.folder / "report.html").exists()
    assert suite.run("-p", "without").status == 0
