/* Words as they were heard: marked one by one, and the words of several models in one grid under what was said. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;

  const MARKS = {
    equal: { glyph: "", spoken: "" },
    substitute: { glyph: "≠", spoken: "heard instead of" },
    delete: { glyph: "−", spoken: "missed" },
    insert: { glyph: "+", spoken: "not said" },
  };
  const SIGNS = { "=": "equal", "~": "substitute", "-": "delete", "+": "insert" };

  /** What became of a word in a merge, and the letter that rows of an evaluation write for it. */
  page.FATES = {
    kept: { letter: "k", meaning: "M1 and the merge have it right" },
    fixed: { letter: "f", meaning: "only the merge has it right" },
    borrowed: { letter: "b", meaning: "M1 has it wrong, M2 and the merge right" },
    broken: { letter: "x", meaning: "M1 has it right, the merge wrong" },
    "same error": { letter: "s", meaning: "M1 and the merge are wrong alike" },
    "new error": { letter: "n", meaning: "the merge is wrong in its own way, or adds a word" },
  };
  const GAINS = { f: page.FATES.fixed.meaning, b: page.FATES.borrowed.meaning };

  /** `=word`, `~said<tab>heard`, `-missed`, `+added` → [operation, said, heard]. */
  page.decoded = (words) => words.map((each) => {
    const [operation, text] = [SIGNS[each[0]], each.slice(1)];
    if (operation === "substitute") return [operation, ...text.split("\t")];
    return [operation, operation === "insert" ? "" : text, operation === "delete" ? "" : text];
  });

  const glyph = (sign) => el("span", { class: "sam-glyph", "aria-hidden": "true" }, sign);

  page.gainedWord = (text, why) => el("span", { class: "sam-word sam-gained", title: why }, glyph("✓"), text, el("span", { class: "sam-hidden" }, ` (${why})`));

  page.word = ([operation, reference, hypothesis]) => {
    if (operation === "equal") return el("span", { class: "sam-word" }, hypothesis);
    const { glyph: sign, spoken } = MARKS[operation];
    if (operation === "substitute") {
      return el("span", { class: "sam-word sam-substitute", title: `heard “${hypothesis}”, said “${reference}”` },
        glyph(sign), hypothesis, el("span", { class: "sam-hidden" }, ` ${spoken} `), el("small", {}, reference));
    }
    const text = operation === "delete" ? reference : hypothesis;
    return el("span", { class: `sam-word sam-${operation}`, title: spoken }, glyph(sign), text, el("span", { class: "sam-hidden" }, ` (${spoken})`));
  };

  /** A model's words by reference word: `added[i]` before word i (the last: after all), `heard[i]` of word i. */
  const slots = (model) => {
    const [added, heard] = [[[]], []];
    model.words.forEach((word, index) => {
      const entry = { word, fate: model.fates?.[index] };
      if (word[0] === "insert") added.at(-1).push(entry);
      else { heard.push(entry); added.push([]); }
    });
    return { added, heard };
  };

  const cell = ({ word, fate }) => {
    if (fate in GAINS) return page.gainedWord(word[2], GAINS[fate]);
    // In the grid the reference stands above: it need not be said again beside the word.
    if (word[0] === "substitute") return el("span", { class: "sam-word sam-substitute" }, glyph("≠"), word[2]);
    return page.word(word);
  };

  /** One column for each reference word, one row for each model ({title, words: decoded, fates}). */
  page.wordGrid = (models) => {
    const rows = models.map((model) => ({ ...model, ...slots(model) }));
    const said = models[0].words.filter(([operation]) => operation !== "insert").map(([, reference]) => reference);
    const columns = [];
    for (let index = 0; index <= said.length; index += 1) {
      if (rows.some((row) => row.added[index].length)) columns.push({ added: index });
      if (index < said.length) columns.push({ heard: index });
    }
    const filled = (row, column) => ("heard" in column ? [cell(row.heard[column.heard])] : row.added[column.added].map(cell));
    return el("div", { class: "sam-scroll" }, el("table", { class: "sam-grid-table", lang: "en" },
      el("thead", {}, el("tr", {}, el("th", { scope: "row" }, "said"),
        ...columns.map((column) => el("th", { scope: "col" }, "heard" in column ? said[column.heard] : "")))),
      el("tbody", {}, ...rows.map((row) => el("tr", { "data-model": row.name }, el("th", { scope: "row" }, row.title),
        ...columns.map((column) => el("td", {}, ...filled(row, column))))))));
  };
})();
