// The scaling picture: a bar for each way of running, its runs as dots, the ideal as an outline; one scale for all.
function scalingPicture(check) {
  const bars = check.bars;
  const most = Math.max(...bars.map((bar) => Math.max(bar.ideal, bar.speedup, ...bar.runs))) * 1.02;
  const at = (value) => `${(Math.max(0, value) / most) * 100}%`;
  const picture = (bar) => draw("svg", { class: "bars", "aria-hidden": "true" },
    draw("rect", { class: "ideal", x: 0.5, y: 2, width: at(bar.ideal), height: 20 }),
    draw("rect", { class: "speed", y: 6, width: at(bar.speedup), height: 12 }),
    check.cpus < bar.ideal ? draw("line", { class: "cpus", x1: at(check.cpus), x2: at(check.cpus), y1: 0, y2: 24 }) : null,
    bar.runs.length > 1
      ? draw("line", { class: "spread", x1: at(Math.min(...bar.runs)), x2: at(Math.max(...bar.runs)), y1: 12, y2: 12 })
      : null,
    bar.runs.map((run) => draw("circle", { class: "run", cx: at(run), cy: 12, r: 3 })));
  const rows = bars.map((bar) => [bar.label, picture(bar), bar.said, bar.spread, `×${bar.ideal}`, bar.call]);
  const cpus = bars.some((bar) => check.cpus < bar.ideal)
    ? ` Dashed line: ${check.cpus} CPUs, the most that work on the CPU can reach.` : "";
  return el("figure", { class: "scaling" },
    table("Speed-up alone, in threads and in processes", ["Run", "", "Speed-up", "Runs", "Ideal", "One call"], rows, "runs"),
    el("figcaption", { class: "muted" }, `Bar: speed-up. Dots: single runs. Outline: the ideal.${cpus}`));
}

function gilShare(check) {
  return el("div", { class: "share" }, el("span", {}, "GIL held"), meter(check.gil, "wide"),
    el("span", { class: "num" }, `${Math.round(check.gil * 100)}% of its time`));
}

function hotLines(lines) {
  const row = (line) => [
    el("span", { class: "num" }, line.said), meter(line.share),
    [el("span", { class: "at", title: line.path }, line.at), el("span", { class: "muted" }, ` in ${line.function}`),
      line.source ? el("pre", { class: "source" }, line.source) : "",
      line.inside ? el("div", { class: "muted" }, `inside ${line.inside}`) : ""],
    line.by,
  ];
  return [el("h4", {}, "Lines that held the GIL"),
    scrolled("Lines that held the GIL", table("Lines that held the GIL", ["Share", "", "Line", "By"], lines.map(row), "hot"))];
}

function scalingSection(check) {
  return el("section", { class: "part" },
    el("h3", {}, "Scaling ", badge(check.word, check.level)),
    el("p", { class: "reason" }, check.reason),
    check.expected ? el("p", { class: "expected" }, `Expectation: ${check.expected}`) : null,
    check.advice ? el("p", { class: "advice" }, `→ ${check.advice}`) : null,
    check.bars ? scalingPicture(check) : null,
    check.gil === undefined ? null : gilShare(check),
    check.hot ? hotLines(check.hot) : null,
    facts(check.facts),
    check.details ? el("details", {}, el("summary", {}, "Details"), el("pre", { class: "output" }, check.details)) : null);
}

// Earlier runs: a line of the speed-up in threads, and a table of all of them.
// They come as columns, with numbers for texts, hundredths for speed-ups and percent for shares.
function trendSection([at, race, scaling, speeds, shares], levels, said) {
  const runs = at.map((when, number) => [said[when] ?? "", said[race[number]], said[scaling[number]], speeds[number], shares[number]]);
  const known = speeds.map((speed, number) => [number, speed / 100]).filter(([number]) => speeds[number] !== null);
  const most = Math.max(1, ...known.map(([, value]) => value));
  const x = (number) => (runs.length > 1 ? (number / (runs.length - 1)) * 300 : 150);
  const y = (value) => 44 - (value / most) * 40;
  const line = known.length > 1
    ? el("figure", {}, draw("svg", { class: "line", viewBox: "-4 0 308 48", role: "img", "aria-label": "Speed-up in threads, run by run" },
      draw("line", { class: "one", x1: 0, x2: 300, y1: y(1), y2: y(1) }),
      draw("polyline", { class: "curve", points: known.map(([number, value]) => `${x(number)},${y(value)}`).join(" ") }),
      known.map(([number, value]) => draw("circle", { class: "run", cx: x(number), cy: y(value), r: 2.5 }))),
    el("figcaption", { class: "muted" }, `Speed-up in threads from run to run, 0 to ×${most.toFixed(2)}; dashed: ×1.`))
    : null;
  const rows = runs.map(([when, ofRace, ofScaling, speed, gil]) => [
    when, ...[ofRace, ofScaling].map((word) => (word ? badge(word, levels[word] ?? "none") : "")),
    speed === null ? "" : `×${(speed / 100).toFixed(2)}`, gil === null ? "" : `${gil}%`,
  ]).reverse();
  const headings = ["Run", "Race check", "Scaling", "Threads", "GIL held"];
  return el("section", { class: "part" }, el("h3", {}, "Trend"), line,
    el("details", {}, el("summary", {}, `${runs.length} run${runs.length === 1 ? "" : "s"}`),
      scrolled("Earlier runs", table("Earlier runs, the last first", headings, rows))));
}
