// Elements are made here and only here: texts become text nodes, so nothing in them can be markup. Characters that cannot be
// seen, or that turn the direction of what follows, are shown as escapes.
const SVG = "http://www.w3.org/2000/svg";
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;
const ESCAPED = { "\n": "\n", "\t": "    " };
const escaped = (character) => {
  const code = character.codePointAt(0).toString(16);
  return ESCAPED[character] ?? (code.length <= 2 ? `\\x${code.padStart(2, "0")}` : code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`);
};
const shown = (text) => text.replace(UNSEEN, escaped);

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : shown(String(value)));
  }
  const given = children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== "");
  node.append(...given.map((child) => (child instanceof Node ? child : shown(String(child)))));
  return node;
}

const el = (name, attributes = {}, ...children) => filled(document.createElement(name), attributes, children);
const draw = (name, attributes = {}, ...children) => filled(document.createElementNS(SVG, name), attributes, children);

const hidden = (text) => el("span", { class: "hidden" }, text);
const badge = (word, level) => el("b", { class: `v ${level}` }, word);
const code = (text) => el("code", {}, text);

function facts(pairs) {
  return pairs && pairs.length
    ? el("dl", { class: "facts" }, pairs.map(([name, said]) => el("div", {}, el("dt", {}, name), el("dd", {}, said))))
    : null;
}

// A table with a heading for each column; `rows` are lists of cells, the first of each is its heading.
function table(caption, headings, rows, classes = "") {
  const head = headings.map((text) => el("th", { scope: "col" }, text));
  const body = rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), rest.map((cell) => el("td", {}, cell))));
  return el("table", { class: `small ${classes}` }, el("caption", { class: "hidden" }, caption),
    el("thead", {}, el("tr", {}, head)), el("tbody", {}, body));
}

const scrolled = (label, ...children) => el("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 }, children);

// Part of a whole as a bar; what it says stands beside it as text.
function meter(part, classes = "") {
  const width = `${Math.max(0, Math.min(1, part)) * 100}%`;
  return draw("svg", { class: `meter ${classes}`, "aria-hidden": "true" },
    draw("rect", { class: "track", width: "100%", height: "100%" }), draw("rect", { class: "fill", width, height: "100%" }));
}

function copied(text) {
  const button = el("button", { type: "button", class: "js" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return el("div", { class: "command" }, code(text), button);
}
