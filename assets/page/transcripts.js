/* What M1, the merge and M2 hear: a card for each with its WER and time, and the words, either in one grid under what was said or card
   by card. A card whose recipe is no longer the one on the panel, and words of another clip than the chosen one, are marked at once, without
   asking Python. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;
  const KEPT_AS = "sam-words";
  const ROWS = ["m0", "m1", "merge", "m2"];

  const listeners = new Set();
  /** `listener(value)` whenever what was heard in the clip on the page is there: {recipe, reference, clip, columns}. */
  page.onHeard = (listener) => listeners.add(listener);

  const figures = (column) => {
    const parts = [];
    if (column.counts) {
      const { substitutions, deletions, insertions, words, wer } = column.counts;
      const errors = substitutions + deletions + insertions;
      parts.push(el("strong", {}, page.say("transcripts.wer", { wer: page.percent(wer) })),
        el("span", {}, page.say(errors === 1 ? "transcripts.one_error" : "transcripts.errors", { errors, words })),
        el("span", { title: page.say("transcripts.counts") }, `≠ ${substitutions}\u2002− ${deletions}\u2002+ ${insertions}`));
    }
    return el("div", { class: "sam-figures" }, ...parts);
  };

  /** It stands where the state stood while the model was listening. */
  const time = ({ remembered, seconds }) => el("span", { class: "sam-time", title: page.say(remembered ? "transcripts.remembered_why" : "transcripts.time") },
    remembered ? page.say("transcripts.remembered") : `${seconds.toFixed(2)} s`);

  const body = (column) => {
    if (column.state === "empty") return ["–"];
    if (column.state === "waiting") return ["…"];
    const nothing = page.say("transcripts.nothing");
    if (!column.words) return [column.text || (column.state === "done" ? nothing : "…")];
    const nodes = page.decoded(column.words).flatMap((each, index) => [page.fatedWord(each, column.fates?.[index]), " "]);
    return nodes.length ? nodes : [nothing];
  };

  /** The stripe lies folded below everything: from the merge's card a press leads to it. */
  const along = () => el("button", { type: "button", class: "sam-link sam-along", value: "along", title: page.say("stripe.subtitle"), onclick: () => page.openStripe() }, page.say("transcripts.along"));

  const columnNode = (column, shipped) => {
    const state = shipped ? page.say("transcripts.shipped_mark") : { waiting: page.say("transcripts.waiting"), listening: page.say("transcripts.listening"), done: "", empty: page.say("transcripts.empty") }[column.state];
    return el("section", { class: `sam-column sam-${column.model}`, "data-model": column.model, "data-state": column.state, "aria-label": column.title },
      el("header", {}, el("h3", {}, column.title), state ? el("span", { class: "sam-state" }, state) : null, column.seconds !== null && column.state === "done" ? time(column) : null,
        el("span", { class: "sam-stale-mark" }, page.say("transcripts.stale")), el("span", { class: "sam-other-mark" }, page.say("transcripts.other")),
        column.model === "merge" ? along() : null),
      el("p", { class: "sam-text", lang: "en" }, ...body(column)),
      column.cut ? el("p", { class: "sam-note" }, page.say("transcripts.cut")) : null,
      figures(column));
  };

  /** Rows of the grid; a model that is still listening keeps the words it had, so that nothing jumps. */
  const gridRows = (columns, before) => ROWS.flatMap((name) => {
    const column = columns.find((each) => each.model === name);
    if (!column) return [];
    const from = column.words ? column : before[name] || column;
    return [{ name, title: column.title, short: column.title.split(" · ")[0], waiting: !column.words, words: from.words ? page.decoded(from.words) : null, fates: from.fates }];
  });

  const legend = (columns, gridded) => {
    const merge = columns.find((column) => column.fates !== undefined);
    const gone = () => page.goneWords(page.decoded(columns.find((column) => column.model === "m1").words), page.decoded(merge.words)).length;
    return el("div", { class: "sam-legend" }, merge ? page.fateLegend(page.fateCounts(merge.fates), gone()) : el("p", { class: "sam-hint" }, page.say("transcripts.reading")),
      el("p", { class: "sam-hint" }, page.say("transcripts.signs"), gridded ? ` ${page.say("transcripts.press")}` : null));
  };

  const stored = () => { try { return localStorage.getItem(KEPT_AS); } catch { return null; } };

  page.mountTranscripts = (element, props, trigger, watch) => {
    // A notice comes without columns: what was heard before stays.
    let kept = { columns: [], recipe: null, reference: "" };
    let before = {}; // by model, the last column that had words under this reference
    let view = stored() === "columns" ? "columns" : "grid";
    const choose = (name) => {
      view = name;
      try { localStorage.setItem(KEPT_AS, name); } catch { /* private window: not kept */ }
      show();
    };
    const switcher = () => el("fieldset", { class: "sam-boxes sam-view" }, el("legend", { class: "sam-hidden" }, page.say("transcripts.view")),
      ...[["grid", page.say("transcripts.grid")], ["columns", page.say("transcripts.columns")]].map(([name, label]) => el("label", { class: "sam-check" },
        el("input", { type: "radio", name: KEPT_AS, value: name, checked: view === name, onchange: () => choose(name) }), label)));

    const said = (value) => {
      const fillers = /\b(hmm|mm|mhm|mmm|uh|um)\b/i.test(value.reference);
      return el("p", { class: "sam-said" }, el("b", {}, page.say("transcripts.said")), el("b", { class: "sam-clip-mark" }, page.say("transcripts.clip")), " ", value.reference, fillers ? el("small", {}, ` ${page.say("transcripts.fillers")}`) : null);
    };

    const show = () => {
      const value = { ...props.value };
      if (value.columns) {
        if (value.reference !== kept.reference || value.clip !== kept.clip) before = {};
        kept = value;
      } else Object.assign(value, { columns: kept.columns, recipe: kept.recipe, reference: kept.reference, clip: kept.clip });
      for (const column of value.columns) if (column.words) before[column.model] = column;
      const rows = gridRows(value.columns, before);
      const gridded = view === "grid" && Boolean(value.reference) && rows.some((row) => row.words);
      const shipped = kept.state === "shipped"; // a notice of the loading does not make them live
      const says = [shipped ? page.say("transcripts.shipped") : "", value.notice].filter(Boolean).join(" ");
      const notice = says ? el("p", { class: `sam-notice sam-notice-${value.state}`, role: value.state === "error" ? "alert" : "status" }, says) : null;
      const told = value.reference && rows.some((row) => row.words) ? [legend(value.columns, gridded)] : [];
      const words = gridded ? [el("div", { class: "sam-by-word" }, page.wordGrid(rows, (index, word) => page.openWord?.(index, word)), ...told)] : told;
      const focused = element.contains(document.activeElement) ? document.activeElement.dataset.word ?? document.activeElement.value : undefined;
      element.replaceChildren(el("div", { class: `sam-transcripts ${gridded ? "sam-gridded" : ""}`, "data-state": value.state || "" },
        ...[notice, value.reference ? el("div", { class: "sam-row sam-said-row" }, said(value), switcher()) : null].filter(Boolean),
        el("div", { class: "sam-columns" }, ...value.columns.map((column) => columnNode(column, shipped))), ...words));
      if (focused !== undefined) refocus(focused);
      mark();
      if (["done", "shipped"].includes(value.state) && value.columns.length) for (const listener of listeners) listener(kept);
    };
    /** Whoever stands on a word still stands on it when the words are drawn anew. */
    const refocus = (what) => requestAnimationFrame(() => element.querySelector(`[data-word="${CSS.escape(what)}"], [value="${CSS.escape(what)}"]`)?.focus());
    const mark = () => {
      const stale = page.recipe && kept.recipe && !page.sameRecipe(kept.recipe, page.recipe);
      const box = element.querySelector(".sam-transcripts");
      box?.classList.toggle("sam-stale", Boolean(stale));
      // Another triple: even M1 and M2 are other models than those on the panel.
      box?.classList.toggle("sam-other", Boolean(stale && kept.recipe.triple !== page.recipe.triple));
      box?.classList.toggle("sam-other-clip", page.ofOtherClip(kept));
    };
    page.follow(props, watch, show);
    page.onRecipe(mark);
    page.onClip(mark);
    show();
    page.leadTo(element);
  };
})();
