/* One word looked at closely: its sound, how likely each model finds it where it stands, and what each would rather have said. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;
  const ORDER = ["m0", "m1", "merge", "m2"];

  page.chance = (value) => (value > 0 && value < 0.001 ? "< 0.1 %" : value < 1 && value > 0.999 ? "> 99.9 %" : `${(100 * value).toFixed(1)} %`);

  /** A piece of a word as people read it: what goes on without a blank begins with a hyphen, what is only for the model in brackets. */
  page.pieceText = (piece) => {
    if (piece.startsWith("<|endoftext|>") || piece === "■") return page.say("word.end");
    if (piece.startsWith("<|")) return piece.slice(1, -1);
    return piece.startsWith(" ") ? piece.trim() || "␣" : `‑${piece}`;
  };

  /** The words as they are scored → the word of the text behind word `index`, or null. */
  page.lookedAt = (look, index) => look.words[look.scored[index]] || null;

  /** How likely a model finds all pieces of a word, one after the other. */
  page.wordChance = (model, word) => model.any.slice(word.first, word.after).reduce((product, each) => product * each, 1);

  const bar = (value) => el("span", { class: "sam-chance", "aria-hidden": "true" }, el("span", { style: `width:${(100 * value).toFixed(1)}%` }));

  const alternatives = (best, piece) => best.map(([text, chance]) => {
    const same = text.toLowerCase() === piece.toLowerCase();
    return el("span", { class: `sam-option ${same ? "sam-same" : ""}` }, same ? el("span", { class: "sam-glyph", "aria-hidden": "true" }, "✓") : null,
      el("span", { lang: "en" }, page.pieceText(text)), " ", el("small", {}, page.chance(chance)), same ? el("span", { class: "sam-hidden" }, ` ${page.say("word.same")}`) : null);
  });

  const pieceTable = (answer, names, token, alone) => {
    const piece = answer.look.pieces[token];
    return el("div", { class: "sam-piece" }, alone ? null : el("h4", {}, page.say("word.piece", { piece: page.pieceText(piece) })),
      el("table", { class: "sam-table sam-chances" },
        el("thead", {}, el("tr", {}, ...[page.say("word.model"), page.say("word.chance"), page.say("word.best")].map((name) => el("th", { scope: "col" }, name)))),
        el("tbody", {}, ...names.map((name) => {
          const model = answer.look.models[name];
          return el("tr", { "data-model": name }, el("th", { scope: "row" }, answer.titles[name]),
            el("td", {}, bar(model.any[token]), el("b", {}, page.chance(model.any[token]))),
            el("td", { class: "sam-options" }, ...alternatives(model.best[token], piece)));
        }))));
  };

  /** The panel of word `index` of an answer; `play(begin, end)` plays a stretch, `close()` puts the panel away. */
  page.wordPanel = (answer, index, { play, close }) => {
    const word = page.lookedAt(answer.look, index);
    if (!word) return el("p", { class: "sam-notice", role: "status" }, page.say("word.gone"));
    const names = ORDER.filter((name) => answer.look.models[name]);
    const tokens = Array.from({ length: word.after - word.first }, (_, place) => word.first + place);
    const whole = tokens.length > 1 ? el("p", { class: "sam-hint" }, page.say("word.whole"), " ",
      names.map((name) => `${answer.titles[name]} ${page.chance(page.wordChance(answer.look.models[name], word))}`).join(" · ")) : null;
    const from = (seconds) => `${seconds.toFixed(2)} s`;
    return el("section", { class: "sam-word-panel", "aria-label": page.say("word.label", { word: word.text }) },
      el("div", { class: "sam-row" }, el("h3", { lang: "en" }, `“${word.text}”`),
        el("button", { type: "button", class: "sam-button sam-play-word", onclick: () => play(word.start, word.end) }, page.say("word.play")),
        el("button", { type: "button", class: "sam-button", onclick: () => play(Math.max(0, word.start - 0.4), word.end + 0.4) }, page.say("word.around")),
        el("button", { type: "button", class: "sam-button sam-word-layer", onclick: () => page.whichLayerFor(answer.look.words.map((each) => each.text), answer.look.scored[index]) }, page.say("word.layer")),
        el("button", { type: "button", class: "sam-link sam-close", "aria-label": page.say("word.close"), onclick: close }, "✕")),
      el("p", { class: "sam-word-time" }, page.say("word.time", { begin: from(word.start), end: from(word.end) })),
      ...tokens.map((token) => pieceTable(answer, names, token, tokens.length === 1)), whole,
      el("p", { class: "sam-hint" }, page.say("word.how")));
  };
})();
