const who = (thread) => (thread ? `thread ${thread}` : "main thread");
const MOST_COLOURS = 6;
const colour = (thread) => `lane-${thread ? ((thread - 1) % MOST_COLOURS) + 1 : 0}`;
const place = (at) => `${at.file}:${at.line}`;

// What was done, with the values: "writes Counter.value: 0 → 1".
function act(doing) {
  const value = (text) => el("code", { class: "value" }, text);
  const parts = [doing.verb, " ", code(doing.what)];
  const changed = ["writes", "changes", "deletes"].includes(doing.verb) && doing.after !== null;
  if (changed) parts.push(": ", value(doing.before === null ? "?" : doing.before), " → ", value(doing.after));
  else if (doing.before !== null) parts.push(doing.verb === "reads" ? " → " : ": ", value(doing.before));
  const mark = doing.conflict ? [el("span", { class: "mark", "aria-hidden": "true" }, "●"), hidden("conflict: ")] : [];
  return el("li", { class: doing.conflict ? "conflict" : null }, mark, parts,
    doing.note ? el("div", { class: "note-on" }, `← ${doing.note}`) : null);
}

function step(line) {
  return el("li", { class: `step ${colour(line.thread)}` },
    line.left_out ? el("p", { class: "muted" }, `… ${line.left_out} more step${line.left_out === 1 ? "" : "s"}`) : null,
    el("span", { class: "who" }, who(line.thread)), " ", el("span", { class: "at" }, place(line)),
    line.source ? el("pre", { class: "source" }, line.source) : null,
    line.acts.length ? el("ul", { class: "acts" }, line.acts.map(act)) : null,
    line.holds.map((hold) => el("p", { class: "muted" }, "holds ", code(hold.what), ` since ${place(hold)}`)));
}

// A lane for each thread, a row for each step, and the switches between them. The thread that runs the test is told across
// the lanes of those that it lets run.
function lanes(steps) {
  let threads = [...new Set(steps.map((line) => line.thread))].sort((a, b) => a - b);
  if (threads.length > 2) threads = threads.filter((thread) => thread);
  const list = el("ol", { role: "list" });
  let row = 1;
  const put = (item, first, last) => {
    item.style.gridRow = row++;
    item.style.gridColumn = `${first} / ${last + 1}`;
    list.append(item);
  };
  const lane = (thread) => threads.indexOf(thread) + 1;
  const heads = threads.map((thread) => el("div", { class: `lane-head ${colour(thread)}`, "aria-hidden": "true" }, who(thread)));
  heads.forEach((head, number) => { head.style.gridColumn = number + 1; head.style.gridRow = 1; });
  row = 2;
  let before = null;
  for (const line of steps) {
    const now = lane(line.thread);
    if (before !== null && before.thread !== line.thread) {
      const from = lane(before.thread), told = `switch to ${who(line.thread)}`;
      const across = !from || !now;
      const arrow = across ? told : now > from ? `${told} →` : `← ${told}`;
      const ends = across ? [1, threads.length] : [Math.min(from, now), Math.max(from, now)];
      put(el("li", { class: "switch" }, el("span", {}, arrow)), ...ends);
    }
    const item = step(line);
    item.classList.toggle("across", !now);
    put(item, now || 1, now || threads.length);
    before = line;
  }
  const rails = threads.map((thread, number) => {
    const rail = el("div", { class: `rail ${colour(thread)}`, "aria-hidden": "true" });
    rail.style.gridColumn = number + 1;
    rail.style.gridRow = `2 / ${row}`;
    return rail;
  });
  const grid = el("div", { class: "lanes" }, heads, rails, list);
  grid.style.gridTemplateColumns = `repeat(${threads.length}, minmax(15rem, 1fr))`;
  const marked = steps.some((line) => line.acts.some((doing) => doing.conflict));
  return [el("h4", {}, "Interleaving"), scrolled("The interleaving, step by step", grid),
    marked ? el("p", { class: "muted" }, el("span", { class: "mark", "aria-hidden": "true" }, "●"), " these accesses conflict") : null];
}

const WIDTH = 460, BOX = 120, LOCK = 170, GAP = 84, MOST_NODES = 8;
const shortened = (text, most) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

// Who waits for what held by whom: threads to the left, locks to the right.
function lockGraph(stuck) {
  const threads = [...new Set(stuck.flatMap((each) => (each.held_by === null ? [each.thread] : [each.thread, each.held_by])))];
  const waited = stuck.map((each) => each.waits_for).filter((what) => what !== null);
  const held = stuck.flatMap((each) => each.holds.map((hold) => hold.what));
  const locks = [...new Set([...held.filter((what) => waited.includes(what)), ...waited, ...held])];
  if (!locks.length || threads.length > MOST_NODES || locks.length > MOST_NODES) return null;
  threads.sort((a, b) => a - b);
  const middle = (list, item) => list.indexOf(item) * GAP + 24;
  const right = WIDTH - LOCK;
  const box = (x, width, y, text, classes) => [
    draw("rect", { class: `node ${classes}`, x: x + 1, y: y - 18, width: width - 2, height: 36, rx: classes === "lock" ? 2 : 18 }),
    draw("text", { class: "node-text", x: x + width / 2, y: y + 4.5, "text-anchor": "middle" }, draw("title", {}, text), shortened(text, width > BOX ? 22 : 15)),
  ];
  const edge = (thread, lock, kind) => {
    const shift = kind === "waits" ? 8 : -8;
    const y1 = middle(threads, thread) + shift, y2 = middle(locks, lock) + shift;
    const x1 = BOX, x2 = right - (kind === "waits" ? 8 : 5);
    // Where lines of two threads cross there is no room for what they mean: it stands near the thread.
    const near = kind === "waits" ? 0.2 : 0.5, below = kind === "waits" && y2 < y1 ? 15 : -4;
    const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
    const end = kind === "waits" ? draw("path", { class: "head", d: "M-4 -6 8 0 -4 6z", transform: `translate(${x2} ${y2}) rotate(${angle})` })
      : draw("circle", { class: "dot", cx: x2, cy: y2, r: 5 });
    return [draw("g", {}, draw("line", { class: kind, x1, y1, x2, y2 }), end),
      draw("text", { class: "edge-text", x: x1 + (x2 - x1) * near, y: y1 + (y2 - y1) * near + below, "text-anchor": "middle" },
        kind === "waits" ? "waits for" : "holds")];
  };
  const holders = stuck.flatMap((each) => [
    ...each.holds.map((hold) => [each.thread, hold.what]),
    ...(each.held_by === null || each.waits_for === null ? [] : [[each.held_by, each.waits_for]]),
  ]);
  const pairs = [...new Map(holders.map((pair) => [JSON.stringify(pair), pair])).values()];
  const waits = stuck.filter((each) => each.waits_for !== null).map((each) => edge(each.thread, each.waits_for, "waits"));
  const edges = [...pairs.map(([thread, lock]) => edge(thread, lock, "holds")), ...waits];
  const height = Math.max(threads.length, locks.length) * GAP - GAP + 48;
  return draw("svg", { class: "graph", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": "Who waits for what, and who holds it; the list below says the same" },
    edges.map(([line]) => line), edges.map(([, label]) => label),
    threads.map((thread) => box(0, BOX, middle(threads, thread), who(thread), colour(thread))),
    locks.map((lock) => box(right, LOCK, middle(locks, lock), lock, "lock")));
}

function stuckThreads(stuck) {
  const source = (at) => (at.source ? el("pre", { class: "source" }, at.source) : "");
  const holder = (each) => {
    if (each.held_by === null) return "";
    const other = stuck.find((one) => one.thread === each.held_by);
    const hold = other && other.holds.find((one) => one.what === each.waits_for);
    const name = each.held_by === each.thread ? "itself" : who(each.held_by);
    return el("div", {}, `held by ${name}`, other ? "" : ", which has ended", hold ? ` since ${place(hold)}` : "", hold ? source(hold) : "");
  };
  const one = (each) => el("li", { class: `step ${colour(each.thread)}` },
    el("strong", {}, who(each.thread)), each.waits_for === null ? " runs in a loop" : [" waits for ", code(each.waits_for)],
    " at ", el("span", { class: "at" }, place(each)), source(each), holder(each),
    each.holds.map((hold) => el("div", { class: "muted" }, "it holds ", code(hold.what), ` since ${place(hold)}`)));
  return [el("h4", {}, "Threads that did not come to their end"), lockGraph(stuck), el("ul", { class: "stuck" }, stuck.map(one))];
}

function hazards(list) {
  const at = (one) => el("li", {}, el("strong", {}, who(one.thread)), ` ${one.act} at `, el("span", { class: "at" }, one.at),
    el("span", { class: "muted" }, ` in ${one.function}`), one.source ? el("pre", { class: "source" }, one.source) : "",
    el("span", { class: "muted" }, one.locks.length ? `with the lock${one.locks.length === 1 ? "" : "s"} taken at ${one.locks.join(", ")}` : "without a lock"));
  return [el("h4", {}, "Hazards"), list.map((hazard) => el("details", {},
    el("summary", {}, el("b", { class: "v warn" }, hazard.kind), " ", hazard.text), el("ul", { class: "places" }, hazard.places.map(at))))];
}

function orders([seen, total]) {
  return el("div", { class: "share" }, el("span", {}, "Orders seen"), meter(seen / total, "wide"),
    el("span", { class: "num" }, `${seen} of ${total}`));
}

function raceSection(check) {
  const story = check.story || { steps: [], stuck: [] };
  return el("section", { class: "part" },
    el("h3", {}, "Race check ", badge(check.word, check.level), story.cause ? el("span", { class: "cause" }, ` ${story.cause}`) : ""),
    el("p", { class: "reason" }, check.reason),
    story.steps.length ? lanes(story.steps) : null,
    story.stuck.length ? stuckThreads(story.stuck) : null,
    check.hazards ? hazards(check.hazards) : null,
    check.uncontrolled ? [el("h4", {}, "Not controlled"), el("pre", { class: "output" }, check.uncontrolled.join("\n"))] : null,
    el("h4", {}, "Search"), check.orders ? orders(check.orders) : null, facts(check.facts));
}
