/* Words as they were heard: marked one by one, and the words of several models in one grid under what was said. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  const MARKS = {
    equal: { glyph: "", spoken: "" },
    substitute: { glyph: "≠", spoken: say("words.instead") },
    delete: { glyph: "−", spoken: say("words.missed") },
    insert: { glyph: "+", spoken: say("words.not_said") },
  };

  /** What became of a word in a merge: the letter that Python writes for it, and how it is marked in the merge's row. */
  page.FATES = {
    kept: { letter: "k", glyph: "", name: say("words.name.kept"), meaning: say("words.fate.kept") },
    fixed: { letter: "f", glyph: "✓", name: say("words.name.fixed"), meaning: say("words.fate.fixed") },
    borrowed: { letter: "b", glyph: "②", name: say("words.name.borrowed"), meaning: say("words.fate.borrowed") },
    broken: { letter: "x", glyph: "✗", name: say("words.name.broken"), meaning: say("words.fate.broken") },
    "same error": { letter: "s", glyph: "①", name: say("words.name.same error"), meaning: say("words.fate.same error") },
    "new error": { letter: "n", glyph: "!", name: say("words.name.new error"), meaning: say("words.fate.new error") },
  };
  const BY_LETTER = Object.fromEntries(Object.entries(page.FATES).map(([name, fate]) => [fate.letter, { ...fate, key: name }]));
  const styleOf = (fate) => `sam-fate-${fate.key.replace(" ", "-")}`;

  const glyph = (sign) => el("span", { class: "sam-glyph", "aria-hidden": "true" }, sign);
  const hidden = (text) => el("span", { class: "sam-hidden" }, text);

  /** A word beside nothing else: what was said in its place stands small beside it. */
  page.word = ([operation, reference, hypothesis]) => {
    if (operation === "equal") return el("span", { class: "sam-word" }, hypothesis);
    const { glyph: sign, spoken } = MARKS[operation];
    if (operation === "substitute") {
      return el("span", { class: "sam-word sam-substitute", title: say("words.swap", { hypothesis, reference }) },
        glyph(sign), hypothesis, hidden(` ${spoken} `), el("small", {}, reference));
    }
    const text = operation === "delete" ? reference : hypothesis;
    return el("span", { class: `sam-word sam-${operation}`, title: spoken }, glyph(sign), text, hidden(` (${spoken})`));
  };

  /** A word of the merge beside nothing else, marked where M1 has it wrong. */
  page.fatedWord = (word, letter) => {
    const fate = BY_LETTER[letter];
    if (!fate || word[0] !== "equal" || !fate.glyph) return page.word(word);
    return el("span", { class: `sam-word ${styleOf(fate)}`, title: fate.meaning }, glyph(fate.glyph), word[2], hidden(` (${fate.meaning})`));
  };

  /** What the merge leaves out though M1 adds it: an empty place that says so. */
  const gone = (word) => el("span", { class: "sam-gone", role: "img", title: say("words.fate.gone"), "aria-label": say("words.gone", { word }) });

  /** A word in the grid: what was said stands above it. */
  const cell = ({ word, fate: letter, gone: left }) => {
    if (left !== undefined) return gone(left);
    const [operation, , hypothesis] = word;
    const fate = BY_LETTER[letter];
    const { glyph: sign, spoken } = MARKS[operation];
    const marks = [sign && glyph(sign), operation === "delete" ? hidden(spoken) : hypothesis, operation === "insert" ? hidden(` (${spoken})`) : null];
    const known = fate?.glyph ? [el("span", { class: "sam-fate-glyph", "aria-hidden": "true" }, fate.glyph), hidden(` (${fate.name})`)] : [];
    return el("span", { class: `sam-word sam-${operation} ${fate ? styleOf(fate) : ""}`, title: fate?.meaning || spoken || null }, ...marks, ...known);
  };

  /** What the marks in the merge's row mean, and how many words have each; `counts` by letter, `left` how many added words are gone. */
  page.fateLegend = (counts, left) => el("dl", { class: "sam-fates", "aria-label": say("words.legend") },
    ...Object.entries(page.FATES).map(([name, fate]) => el("div", { title: fate.meaning, "data-fate": name },
      el("dt", {}, el("span", { class: `sam-word ${styleOf({ key: name })}` }, fate.glyph && el("span", { class: "sam-fate-glyph", "aria-hidden": "true" }, fate.glyph), fate.name)),
      el("dd", {}, String(counts[fate.letter] || 0)))),
    el("div", { title: say("words.fate.gone"), "data-fate": "gone" },
      el("dt", {}, el("span", { class: "sam-gone", "aria-hidden": "true" }), say("words.name.gone")), el("dd", {}, String(left))));

  /** The arrow keys walk from word to word; of all of them one is in the order of the tab key. */
  const walk = (box) => {
    const buttons = () => [...box.querySelectorAll("button.sam-said-word")];
    const at = (button) => buttons().forEach((each) => { each.tabIndex = each === button ? 0 : -1; });
    box.addEventListener("focusin", (event) => { if (event.target.matches("button.sam-said-word")) at(event.target); });
    box.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
      const here = buttons().indexOf(event.target);
      if (step === undefined || here < 0) return;
      event.preventDefault();
      const all = buttons();
      all[Math.max(0, Math.min(all.length - 1, here + step))].focus();
    });
    return () => at(buttons()[0]);
  };

  const headRow = (line, chosen) => el("tr", {}, el("th", { scope: "row" }, say("words.said")), ...line.map((column) => {
    if (!("word" in column)) return el("td", { class: "sam-added-head" }, hidden(say("words.added")));
    return el("th", { scope: "col" }, chosen
      ? el("button", { type: "button", class: "sam-said-word", "data-word": column.word, title: say("words.open"), onclick: () => chosen(column.word, column.said) }, column.said)
      : column.said);
  }));

  const table = (models, line, chosen) => el("table", { class: "sam-grid-table", lang: "en" },
    el("thead", {}, headRow(line, chosen)),
    el("tbody", {}, ...models.map((model, row) => el("tr", { "data-model": model.name, class: model.waiting ? "sam-waiting" : "" },
      el("th", { scope: "row", title: model.title }, model.short || model.title),
      ...line.map((column) => el("td", {}, ...column.cells[row].map(cell)))))));

  /** One column for each word said, one row for each model ({name, title, short, words: decoded, fates}); broken into lines as wide as
      there is room. `chosen(index, word)` is called when a word is pressed. */
  page.wordGrid = (models, chosen = null) => {
    const columns = page.gridColumns(models);
    const box = el("div", { class: "sam-word-grid" });
    const first = walk(box);
    const draw = () => {
      const line = (each) => el("div", { class: "sam-scroll" }, table(models, each, chosen));
      box.replaceChildren(line(columns)); // all in one line, to see how wide each is
      const [head, ...widths] = [...box.querySelectorAll("thead tr > *")].map((each) => each.offsetWidth);
      box.replaceChildren(...page.gridLines(columns, widths, box.clientWidth - head - 2).map(line));
      if (chosen) first();
    };
    let width = 0;
    // It has no width until it stands in the page, and another one when the page changes.
    new ResizeObserver(() => {
      if (!box.clientWidth || box.clientWidth === width) return;
      width = box.clientWidth;
      draw();
    }).observe(box);
    return box;
  };
})();
