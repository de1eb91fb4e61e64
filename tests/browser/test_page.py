"""The HTML report as a browser shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from unit.reporting.pages import COVERAGE, HOSTILE, REPORT, TESTS, TREND, hostile

from browser.chromium import Chromium
from pytest_gilcheck.reporting.html.page import text

TAB, ENTER, SPACE, ESCAPE = "\ue004", "\ue007", "\ue00d", "\ue00c"

#: Texts whose contrast with what is behind them is below what WCAG 2 asks for (AA, 4.5 to 1).
_FAINT = """
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = (colour) => {
  const linear = (part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const [r, g, b] = numbers(colour).map(linear);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (node) => {
  for (let each = node; each; each = each.parentElement) {
    const colour = getComputedStyle(each).backgroundColor, parts = numbers(colour);
    if (parts.length === 3 || parts[3] === 1) return colour;
    if (parts[3] !== 0) throw new Error(`see-through: ${colour}`);
  }
  throw new Error("nothing behind");
};
const faint = [];
let looked = 0;
for (const node of document.querySelectorAll("body *")) {
  const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  if (!own || node.closest("svg, script, noscript") || !node.checkVisibility()) continue;
  looked += 1;
  const [a, b] = [light(getComputedStyle(node).color), light(behind(node))];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) faint.push(`${node.outerHTML.slice(0, 80)}: ${contrast.toFixed(2)}`);
}
return [looked, faint];
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    sorts = [*TESTS.values()]
    many = {f"tests/test_{n // 10}.py::test_does[{n}]": sorts[n % len(sorts)] for n in range(5_000)}
    reports = {
        "full": replace(REPORT, coverage=COVERAGE, trend=TREND),
        "hostile": hostile(),
        "empty": replace(REPORT, tests={}, failing=()),
        "many": replace(REPORT, tests=many, failing=()),
    }
    for name, report in reports.items():
        (folder / f"{name}.html").write_text(text(report), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in reports}


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Chromium]:
    yield chromium
    chromium.reset()


def shown(browser: Chromium) -> list[str]:
    found: list[str] = browser.run(
        "return [...document.querySelectorAll('#table > tbody > tr:not(.more)')].filter((row) => !row.hidden)"
        ".map((row) => row.querySelector('.name').textContent)"
    )
    return found


def opened(browser: Chromium, name: str) -> str:
    """Open the test and give the selector of what it shows."""
    number = browser.run(
        "for (const row of document.querySelectorAll('#table > tbody > tr:not(.more)'))"
        " if (row.querySelector('.name').textContent === arguments[0])"
        " { row.querySelector('button').click(); return row.id; }",
        name,
    )
    selector = f"#d{number[1:]}"
    # What is out of sight is not laid out, and has no text then.
    browser.until(
        f"const one = document.querySelector('{selector}');"
        " if (one) one.scrollIntoView(); return one && one.innerText.trim() !== ''"
    )
    return selector


def content(browser: Chromium, selector: str) -> str:
    return " ".join(str(browser.run("return document.querySelector(arguments[0]).innerText", selector)).split())


@pytest.mark.parametrize("name", ["full", "hostile", "empty"])
def test_it_loads_without_a_complaint_and_asks_for_nothing_else(
    browser: Chromium, pages: dict[str, Path], name: str
) -> None:
    browser.open(pages[name])
    if name != "empty":
        browser.click("#open")
    assert browser.complaints() == []
    assert {url for url in browser.requests() if not url.startswith(("data:", "about:"))} == {pages[name].as_uri()}


def test_filters(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    every = shown(browser)
    assert len(every) == len(TESTS)
    browser.click(".chip[data-word=race]")
    assert shown(browser) == ["test_lost", "test_three"]
    assert browser.find(".chip[data-word=race]").get_attribute("aria-pressed") == "true"
    assert content(browser, "#shown") == "2 of 10 tests shown"
    browser.click(".chip[data-word=deadlock]")
    assert shown(browser) == ["test_lost", "test_three", "test_dead", "test_self"]
    browser.click(".chip[data-word=releases-gil]")
    assert shown(browser) == []
    assert browser.find("#nothing").is_displayed()
    browser.click("#reset")
    assert shown(browser) == every
    assert not browser.find("#nothing").is_displayed()
    browser.find("#search").send_keys("TEST_B  lost")
    assert shown(browser) == ["test_lost"]
    browser.click("#reset")
    browser.find("#search").send_keys("preemptions")
    assert set(shown(browser)) == {"test_digests", "test_met[1]"}
    browser.click("#reset")
    browser.click("#failing")
    assert shown(browser) == ["test_lost", "test_three", "test_dead", "test_self", "test_digests", "test_unexpected"]
    browser.click(".chip[data-word=clean]")
    assert shown(browser) == ["test_digests"]


def test_what_is_open_goes_and_comes_with_its_row(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    selector = opened(browser, "test_lost")
    browser.click(".chip[data-word=deadlock]")
    assert not browser.find(selector).is_displayed()
    browser.click("#reset")
    assert browser.find(selector).is_displayed()
    browser.click("#open")
    assert browser.run("return document.querySelectorAll('button.test[aria-expanded=true]').length") == len(TESTS)
    browser.click("#open")
    assert browser.run("return document.querySelectorAll('button.test[aria-expanded=true]').length") == 0


def test_everything_can_be_reached_and_used_with_the_keyboard(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    visited: list[str] = []
    for _ in range(60):
        browser.press(TAB)
        visited.append(browser.run("const a = document.activeElement; return a.id || a.className || a.tagName"))
        if visited[-1] == "test":
            break
    assert visited[0] == "skip"
    assert {"theme", "print", "search", "failing", "reset", "open", "chip", "sort"} <= set(visited)
    outline = browser.run("const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth]")
    assert outline == ["solid", "2px"]
    browser.press(ENTER)
    browser.until("return document.activeElement.getAttribute('aria-expanded') === 'true'")
    controlled = browser.run("return document.activeElement.getAttribute('aria-controls')")
    assert browser.find(f"#{controlled}").is_displayed()
    browser.press(SPACE)
    browser.until("return document.activeElement.getAttribute('aria-expanded') === 'false'")
    assert not browser.find(f"#{controlled}").is_displayed()


def test_what_scrolls_can_be_scrolled_with_the_keyboard(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    browser.click("#open")
    regions = browser.run("return [...document.querySelectorAll('.scroll')].map((one) => [one.tabIndex, one.role])")
    assert regions
    assert {tuple(region) for region in regions} == {(0, "region")}


def test_ids_stay_unique_when_all_is_open(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    browser.click("#open")
    ids = browser.run("return [...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) > 2 * len(TESTS)
    assert len(ids) == len(set(ids))


def test_the_switch_between_dark_and_light(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    back = "return getComputedStyle(document.body).backgroundColor"
    light = browser.run(back)
    assert browser.find("#theme").get_attribute("aria-pressed") == "false"
    browser.click("#theme")
    dark = browser.run(back)
    assert dark != light
    assert browser.find("#theme").get_attribute("aria-pressed") == "true"
    browser.driver.refresh()
    assert browser.run(back) == dark
    browser.click("#theme")
    assert browser.run(back) == light
    browser.open(pages["full"])
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert browser.run(back) == dark
    browser.until("return document.getElementById('theme').getAttribute('aria-pressed') === 'true'")
    browser.click("#theme")
    assert browser.run(back) == light


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_stand_out_from_what_is_behind_them(browser: Chromium, pages: dict[str, Path], theme: str) -> None:
    browser.open(pages["full"])
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
    browser.click("#open")
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    looked, faint = browser.run(_FAINT)
    assert looked > 200
    assert faint == []


def test_hostile_texts_do_nothing(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"])
    browser.run("window.alert = () => { window.hacked = 7; }")
    browser.click("#open")
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    browser.find("#search").send_keys("<script>")
    assert len(shown(browser)) == 2
    browser.click("#reset")
    assert browser.run("return typeof window.hacked") == "undefined"
    assert browser.run("return document.scripts.length") == 3
    assert browser.run("return document.querySelectorAll('img, iframe, object, embed, [onerror], [onload]').length") == 0
    everything = browser.run("return document.getElementById('table').textContent")
    for hostile_text in HOSTILE[:7]:
        assert hostile_text in everything
    for escaped in ("\\x1b[31mred", "\\x00null\\x00", "\\ud800 lone \\udfff", "\\u202eright", "line\\u2028and"):
        assert everything.count(escaped) > 10
    assert not [character for character in everything if not character.isprintable() and character != "\n"]
    assert browser.complaints() == []
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")


def test_the_scaling_picture(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    selector = opened(browser, "test_digests")
    said = content(browser, selector)
    assert "alone ×1.00 ×0.97 to ×1.00 ×1 30 ms" in said
    assert "8 threads ×0.95 ×0.83 to ×1.00 ×8 32 ms" in said
    assert "Dashed line: 2 CPUs" in said
    widths = browser.run(
        "const width = (one, part) => one.querySelector(part).getBoundingClientRect().width;"
        "const count = (one, part) => one.querySelectorAll(part).length;"
        "return [...document.querySelectorAll(`${arguments[0]} .bars`)].map((one) =>"
        " [width(one, '.speed'), width(one, '.ideal'), count(one, 'circle'), count(one, '.cpus')])",
        selector,
    )
    one = widths[0][0]
    assert [round(speed / one, 1) for speed, *_ in widths] == pytest.approx([1.0, 0.95, 1.9], abs=0.06)
    assert [round(ideal / one) for _, ideal, *_ in widths] == [1, 8, 8]
    assert [(runs, cpus) for *_, runs, cpus in widths] == [(3, 0), (3, 1), (3, 1)]
    assert "GIL held 94% of its time" in said
    assert "return [sha(record) for record in records]" in said
    assert "one C call that never lets go of the GIL" in said
    assert "Speed-up in threads from run to run" in said


def boxes(browser: Chromium, selector: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = browser.run(
        "return [...document.querySelectorAll(`${arguments[0]} .lanes .step`)].map((one) => {"
        "  const box = one.getBoundingClientRect();"
        "  return { left: box.left, right: box.right, top: box.top, who: one.querySelector('.who').textContent }; })",
        selector,
    )
    return found


def test_the_interleaving_has_a_lane_for_each_thread(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    selector = opened(browser, "test_lost")
    steps = boxes(browser, selector)
    assert [each["who"] for each in steps] == ["thread 1", "thread 2", "thread 1"]
    assert steps[0]["left"] == steps[2]["left"]
    assert steps[0]["right"] < steps[1]["left"]
    assert steps[0]["top"] < steps[1]["top"] < steps[2]["top"]
    said = content(browser, selector)
    assert "… 3 more steps" in said
    assert "switch to thread 2 →" in said
    assert "reads Counter.value → 0" in said
    assert "writes Counter.value: 1 → 1 ← thread 2's write of 1 is lost" in said
    assert "holds Counter.lock since shop.py:8" in said
    assert "Orders seen 5 of 6" in said
    assert "pytest tests/test_b.py::test_lost --gilcheck-replay=gc1:Aws8QufuMGYB" in said
    assert browser.run("return document.querySelectorAll(`${arguments[0]} .conflict .hidden`).length", selector) == 3


def test_the_thread_that_runs_the_test_is_told_across_the_lanes(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    third, second, main, first = boxes(browser, opened(browser, "test_three"))
    assert first["right"] < second["left"]
    assert second["right"] < third["left"]
    assert main["who"] == "main thread"
    assert main["left"] == first["left"]
    assert main["right"] > third["left"]


def test_the_lock_graph_of_a_deadlock(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    selector = opened(browser, "test_dead")
    edges = browser.run(
        "const of = (kind) => document.querySelectorAll(`${arguments[0]} .graph line.${kind}`).length;"
        "return [of('waits'), of('holds')]",
        selector,
    )
    # Threads 1, 2, 3 and 5 wait; 1 and 2 hold what the other wants, and thread 6, which has ended, holds c.
    assert edges == [4, 3]
    nodes = browser.run(
        "return [...document.querySelectorAll(`${arguments[0]} .node-text title`)].map((one) => one.textContent)", selector
    )
    assert nodes == [
        "thread 1",
        "thread 2",
        "thread 3",
        "thread 4",
        "thread 5",
        "thread 6",
        "a",
        "b",
        "an item of Queue.jobs",
        "c",
    ]
    said = content(browser, selector)
    assert "thread 1 waits for b at shop.py:31" in said
    assert "held by thread 2 since shop.py:12" in said
    assert "thread 4 runs in a loop at shop.py:34" in said
    assert "held by thread 6, which has ended" in said
    assert "held by itself since shop.py:10" in content(browser, opened(browser, "test_self"))


def test_hazards_and_what_was_not_controlled(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    selector = opened(browser, "test_lost")
    browser.click(f"{selector} details > summary")
    said = content(browser, selector)
    assert "thread 1 reads .value at shop.py:9 in Counter.add self.value += 1 with the lock taken at shop.py:7" in said
    assert "thread 2 writes it at shop.py:9 in Counter.add self.value += 1 without a lock" in said
    assert "thread 2 waits there, too" in content(browser, opened(browser, "test_socket"))


def test_the_runs_before_this_one(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    part = f"{opened(browser, 'test_digests')} .part:last-child"
    assert "0 to ×1.80; dashed: ×1." in content(browser, part)
    points = browser.run("return document.querySelector(arguments[0] + ' polyline').getAttribute('points')", part)
    heights = [float(point.partition(",")[2]) for point in str(points).split()]
    assert heights == sorted(heights)
    assert len(heights) == 3
    browser.click(f"{part} summary")
    said = content(browser, f"{part} table")
    last, first = "2026-11-03T10:00:00Z clean gil-bound ×0.95 90%", "2026-11-01T10:00:00Z clean releases-gil ×1.80 90%"
    assert last in said
    assert first in said
    assert said.index(last) < said.index(first)
    lonely = f"{opened(browser, 'test_lost')} .part:last-child"
    browser.click(f"{lonely} summary")
    assert content(browser, f"{lonely} table tbody") == "2026-11-03T10:00:00Z race"
    assert browser.run("return document.querySelector(arguments[0] + ' polyline')", lonely) is None


def test_the_order_can_be_changed(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    selector = opened(browser, "test_digests")
    browser.click("th[data-sort=threads] button")
    assert shown(browser)[:3] == ["test_digests", "test_unexpected", "test_met[1]"]
    assert browser.find("th[data-sort=threads]").get_attribute("aria-sort") == "ascending"
    assert browser.run(
        f"return document.querySelector('{selector}').previousElementSibling.querySelector('.name').textContent"
    ) == ("test_digests")
    browser.click("th[data-sort=threads] button")
    assert shown(browser)[2] == "test_digests"
    browser.click("th[data-sort=alone] button")
    assert shown(browser)[:2] == ["test_short", "test_digests"]
    assert browser.find("th[data-sort=threads]").get_attribute("aria-sort") is None
    browser.click("th[data-sort=test] button")
    assert shown(browser)[0] == "test_digests"
    browser.click("th[data-sort=race] button")
    assert shown(browser)[0] == "test_lost"


def test_a_link_opens_its_test(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    browser.click(".chip[data-word=race]")
    browser.click("ul.failing a")
    browser.until("return document.activeElement.getAttribute('aria-expanded') === 'true'")
    assert browser.run("return document.activeElement.querySelector('.name').textContent") == "test_digests"
    browser.open(pages["full"], "#t2")
    browser.until("return document.getElementById('d2') !== null")


@pytest.mark.parametrize("width", [400, 800])
def test_nothing_is_wider_than_a_narrow_screen(browser: Chromium, pages: dict[str, Path], width: int) -> None:
    browser.open(pages["full"])
    browser.resize(width)
    browser.click("#open")
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    assert browser.complaints() == []
    assert browser.run("return [innerWidth, document.documentElement.scrollWidth <= innerWidth]") == [width, True]
    roles = browser.run(
        "const table = document.getElementById('table'), [body] = table.tBodies, [row] = body.rows;"
        "return [table, body, row, ...row.cells].map((one) => one.role)"
    )
    assert roles == ["table", "rowgroup", "row", "rowheader", *["cell"] * 6]


def test_what_is_printed_is_open_and_closed_again(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    browser.run(
        "const count = (selector) => document.querySelectorAll(selector).length;"
        "addEventListener('beforeprint', () =>"
        " { window.before = [count('button.test[aria-expanded=true]'), count('details:not([open])')]; })"
    )
    assert browser.printed().startswith(b"%PDF")
    assert browser.run("return window.before") == [len(TESTS), 0]
    assert browser.run("return document.querySelectorAll('button.test[aria-expanded=true]').length") == 0
    assert browser.run("return document.querySelectorAll('details[open]').length") == 0


def test_on_paper_there_are_no_controls_and_the_colours_are_light(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["full"])
    browser.click("#theme")
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    assert not browser.find(".controls").is_displayed()
    assert not browser.find("#theme").is_displayed()
    assert browser.run("return getComputedStyle(document.documentElement).colorScheme") == "light"


def test_without_scripts_there_is_a_table_to_read(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    browser.driver.get(pages["full"].as_uri())
    table = browser.find("#table").text
    assert "Without JavaScript" in browser.find("noscript").text
    assert not browser.find(".controls").is_displayed()
    assert "AssertionError: assert 1 == 2" in table
    assert "pytest tests/test_b.py::test_lost --gilcheck-replay=gc1:Aws8QufuMGYB" in table


def test_a_browser_that_is_too_old_is_told_so(browser: Chromium, pages: dict[str, Path]) -> None:
    added = browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="delete globalThis.DecompressionStream")
    try:
        browser.open(pages["full"], ready=False)
        browser.until("return !document.getElementById('too-old').hidden")
        browser.click(".chip[data-word=race]")
        assert shown(browser) == ["test_lost", "test_three"]
    finally:
        browser.cdp("Page.removeScriptToEvaluateOnNewDocument", **added)


def test_five_thousand_tests(browser: Chromium, pages: dict[str, Path]) -> None:
    browser.open(pages["many"])
    assert len(shown(browser)) == 5_000
    browser.find("#search").send_keys("[499")
    assert len(shown(browser)) == 11
    browser.click("#reset")
    browser.click("#open")
    assert browser.run("return document.querySelectorAll('button.test[aria-expanded=true]').length") == 200
    assert browser.complaints() == []
