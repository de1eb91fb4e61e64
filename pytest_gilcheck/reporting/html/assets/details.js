// What a test shows when it is opened.
function details(test, levels, said) {
  const again = test.replay
    ? [el("h3", {}, "Replay"), copied(test.replay)]
    : test.token ? [el("h3", {}, "Replay"), el("p", {}, "Select this test and add"), copied(`--gilcheck-replay=${test.token}`)] : [];
  return el("div", { class: "details" },
    test.race ? raceSection(test.race) : null,
    again.length ? el("section", { class: "part" }, again, el("p", { class: "muted" }, "Run it in the root folder of the tests, with the same --gilcheck-source if there was one.")) : null,
    test.scaling ? scalingSection(test.scaling) : null,
    test.trend ? trendSection(test.trend, levels, said) : null);
}

async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(plain).text());
}
