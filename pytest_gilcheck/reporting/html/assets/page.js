const root = document.documentElement;
const by = (id) => document.getElementById(id);

// Colours: as the system has them, until somebody chooses. A page that is a file may have no storage.
const KEY = "gilcheck-theme";
const remembered = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
const remember = (theme) => { try { localStorage.setItem(KEY, theme); } catch { /* only for this view, then */ } };
const system = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
function shade(theme) {
  if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  by("theme").setAttribute("aria-pressed", String(isDark()));
}
by("theme").addEventListener("click", () => { const theme = isDark() ? "light" : "dark"; remember(theme); shade(theme); });
system.addEventListener("change", () => shade(null));
shade(remembered());

// So many tests at most are opened at once, by the button or for printing: each has pictures.
const MOST_OPENED = 200;
const body = document.querySelector("#table > tbody");
const rows = body ? [...body.rows] : [];
const ready = unpacked(by("data").textContent);
let tests = null, levels = null, said = null;
ready.then(
  (found) => { ({ tests, levels, said } = found); root.dataset.ready = "true"; },
  () => { by("too-old").hidden = false; },
);

const number = (row) => Number(row.id.slice(1));
const button = (row) => row.querySelector("button.test");
const opened = (row) => button(row).getAttribute("aria-expanded") === "true";

for (const row of rows) {
  const label = row.querySelector(".test");
  const made = el("button", { type: "button", class: "test", "aria-expanded": "false" }, ...label.childNodes);
  label.replaceWith(made);
}

function open(row, wanted) {
  if (tests === null || opened(row) === wanted) return;
  let more = row.nextElementSibling;
  if (!more || !more.classList.contains("more")) {
    more = el("tr", { class: "more", id: `d${number(row)}` }, el("td", { colspan: row.cells.length }, details(tests[number(row)], levels, said)));
    row.after(more);
    roles(more);
    button(row).setAttribute("aria-controls", more.id);
  }
  more.hidden = !wanted;
  button(row).setAttribute("aria-expanded", String(wanted));
}

if (body) {
  body.addEventListener("click", (event) => {
    const made = event.target.closest("button.test");
    if (made) ready.then(() => open(made.closest("tr"), !opened(made.closest("tr"))));
  });
}

// Filters: within a group any of the pressed verdicts, between the groups all of them.
const chips = [...document.querySelectorAll(".chip")];
const pressed = (chip) => chip.getAttribute("aria-pressed") === "true";
const texts = rows.map((row) => row.cells[0].textContent.toLowerCase());
const word = (cell) => cell.firstElementChild?.textContent ?? "";
const verdicts = rows.map((row) => ({ race: word(row.cells[1]), scaling: word(row.cells[2]) }));

function filter() {
  const words = by("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const failing = by("failing").checked;
  const wanted = { race: new Set(), scaling: new Set() };
  for (const chip of chips.filter(pressed)) wanted[chip.dataset.kind].add(chip.dataset.word);
  let count = 0;
  for (const row of rows) {
    const at = number(row);
    const fits = (kind) => wanted[kind].size === 0 || wanted[kind].has(verdicts[at][kind]);
    const shown = (!failing || row.classList.contains("fails")) && fits("race") && fits("scaling")
      && words.every((word) => texts[at].includes(word));
    count += shown;
    row.hidden = !shown;
    const more = row.nextElementSibling;
    if (more && more.classList.contains("more")) more.hidden = !shown || !opened(row);
  }
  by("shown").textContent = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} tests shown`;
  by("nothing").hidden = count > 0;
}

if (body) {
  for (const chip of chips) {
    chip.addEventListener("click", () => { chip.setAttribute("aria-pressed", String(!pressed(chip))); filter(); });
  }
  by("search").addEventListener("input", filter);
  by("failing").addEventListener("change", filter);
  by("reset").addEventListener("click", () => {
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    by("search").value = "";
    by("failing").checked = false;
    filter();
  });
  by("open").addEventListener("click", async () => {
    await ready;
    const shown = rows.filter((row) => !row.hidden).slice(0, MOST_OPENED);
    const all = shown.every(opened);
    for (const row of shown) open(row, !all);
  });
  filter();
}

// The order: worst first as written, or by one column; a second press turns it round.
const figure = (row, column) => {
  const text = row.cells[column].textContent;
  const value = parseFloat(text.replace("×", ""));
  return Number.isNaN(value) ? null : text.endsWith(" s") ? value * 1000 : value;
};
const RANKED = { race: 1, scaling: 2 };
function ranks(kind) {
  const order = chips.filter((chip) => chip.dataset.kind === kind).map((chip) => chip.dataset.word);
  return (row) => { const place = order.indexOf(verdicts[number(row)][kind]); return place < 0 ? null : place; };
}
function sorted(heading, column) {
  const up = heading.getAttribute("aria-sort") !== "ascending";
  for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  const kind = heading.dataset.sort;
  const key = kind === "test" ? (row) => texts[number(row)] : RANKED[kind] ? ranks(kind) : (row) => figure(row, column);
  const keyed = rows.map((row) => [key(row), row]);
  // What has no figure comes last either way.
  keyed.sort(([a, one], [b, other]) => {
    if (a === null || b === null) return (a === null) - (b === null) || number(one) - number(other);
    return (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1) || number(one) - number(other);
  });
  const moved = keyed.flatMap(([, row]) => {
    const more = row.nextElementSibling;
    return more && more.classList.contains("more") ? [row, more] : [row];
  });
  body.append(...moved);
}
for (const [column, heading] of [...document.querySelectorAll("#table th[data-sort]")].entries()) {
  const made = el("button", { type: "button", class: "sort" }, heading.textContent);
  heading.replaceChildren(made);
  made.addEventListener("click", () => sorted(heading, column));
}

// Rows are laid out as blocks, so that those out of sight cost nothing; for those who do not see them they stay a table.
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
function roles(node) {
  for (const each of [node, ...node.querySelectorAll(":scope > thead, :scope > tbody, tr, td, th")]) {
    const role = each.tagName === "TH" ? `${each.scope === "col" ? "column" : "row"}header` : ROLES[each.tagName];
    if (role && each.closest("table").id === "table") each.setAttribute("role", role);
  }
}
if (body) roles(by("table"));

// A link to a test opens it.
async function follow() {
  const row = /^#t\d+$/.test(location.hash) ? by(location.hash.slice(1)) : null;
  if (!row) return;
  await ready;
  row.hidden = false;
  open(row, true);
  row.scrollIntoView();
  button(row).focus({ preventScroll: true });
}
addEventListener("hashchange", follow);
follow();

// On paper everything that is shown is open; what was closed is closed again.
let closing = [];
function unfold() {
  if (tests === null) return;
  const shown = rows.filter((row) => !row.hidden).slice(0, MOST_OPENED).filter((row) => !opened(row));
  for (const row of shown) open(row, true);
  const folded = [...document.querySelectorAll("details:not([open])")];
  for (const one of folded) one.open = true;
  closing = [() => shown.forEach((row) => open(row, false)), () => folded.forEach((one) => (one.open = false))];
}
addEventListener("beforeprint", unfold);
addEventListener("afterprint", () => { closing.forEach((close) => close()); closing = []; });
by("print").addEventListener("click", async () => { await ready; print(); });
