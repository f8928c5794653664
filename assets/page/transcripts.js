/* M1 | merge | M2 side by side: words coloured and marked, WER, time. A column whose recipe is no longer the one on the panel is
   marked stale at once, without asking Python. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;

  const figures = (column) => {
    const parts = [];
    if (column.counts) {
      const { substitutions, deletions, insertions, words, wer } = column.counts;
      const errors = substitutions + deletions + insertions;
      parts.push(el("strong", {}, `WER ${page.percent(wer)}`),
        el("span", {}, `${errors} ${errors === 1 ? "error" : "errors"}, ${words} words`),
        el("span", { title: "substituted, deleted, inserted" }, `≠ ${substitutions}\u2002− ${deletions}\u2002+ ${insertions}`));
    }
    const time = column.remembered ? "heard before" : column.seconds === null ? "" : `${column.seconds.toFixed(2)} s`;
    return [el("div", { class: "sam-figures" }, ...parts), el("div", { class: "sam-time", title: "merge and decode, on this server" }, time)];
  };

  /** Which reference words a model has right, in order. */
  const right = (column) => (column?.words || []).filter(([operation]) => operation !== "insert").map(([operation]) => operation === "equal");

  /** The merge's words, those that it has right and M1 wrong marked with where they come from. */
  const gains = (column, columns) => {
    if (column.model !== "merge" || !column.words) return () => null;
    const [first, second] = ["m1", "m2"].map((model) => right(columns.find((each) => each.model === model)));
    let index = -1;
    return ([operation]) => {
      if (operation !== "insert") index += 1;
      if (operation !== "equal" || first[index] !== false) return null;
      return second[index] ? "M1 has it wrong, M2 right" : "M1 and M2 have it wrong";
    };
  };

  const body = (column, columns) => {
    if (column.state === "empty") return ["–"];
    if (column.state === "waiting") return ["…"];
    if (!column.words) return [column.text || (column.state === "done" ? "(nothing heard)" : "…")];
    const gained = gains(column, columns);
    const nodes = column.words.flatMap((each) => {
      const why = gained(each);
      return [why ? page.gainedWord(each[2], why) : page.word(each), " "];
    });
    return nodes.length ? nodes : ["(nothing heard)"];
  };

  const columnNode = (column, index, columns) => {
    const state = { waiting: "waiting", listening: "listening…", done: "", empty: "no clip" }[column.state];
    return el("section", { class: `sam-column sam-${column.model}`, "data-model": column.model, "data-state": column.state, "aria-label": column.title },
      el("header", {}, el("h3", {}, column.title), el("span", { class: "sam-state" }, state), el("span", { class: "sam-stale-mark" }, "⟳ of an earlier curve"), el("span", { class: "sam-other-mark" }, "⟳ of another triple")),
      el("p", { class: "sam-text", lang: "en" }, ...body(column, columns)),
      column.cut ? el("p", { class: "sam-note" }, "Cut off: the model went on repeating itself.") : null,
      ...figures(column));
  };

  page.mountTranscripts = (element, props, trigger, watch) => {
    // A notice comes without columns: what was heard before stays.
    let kept = { columns: [], recipe: null, reference: "" };
    const show = () => {
      const value = { ...props.value };
      if (value.columns) kept = value;
      else Object.assign(value, { columns: kept.columns, recipe: kept.recipe, reference: kept.reference });
      const columns = value.columns.map(columnNode);
      const notice = value.notice
        ? el("p", { class: `sam-notice sam-notice-${value.state}`, role: value.state === "error" ? "alert" : "status" }, value.notice) : null;
      const fillers = /\b(hmm|mm|mhm|mmm|uh|um)\b/i.test(value.reference || "");
      const said = value.reference
        ? el("p", { class: "sam-said" }, el("b", {}, "Said: "), value.reference,
          fillers ? el("small", {}, " (um, uh and the like are not scored)") : null) : null;
      element.replaceChildren(el("div", { class: "sam-transcripts", "data-state": value.state || "" }, ...[notice, said].filter(Boolean),
        el("div", { class: "sam-columns" }, ...columns)));
      mark();
    };
    const mark = () => {
      const stale = page.recipe && kept.recipe && !page.sameRecipe(kept.recipe, page.recipe);
      const box = element.querySelector(".sam-transcripts");
      box?.classList.toggle("sam-stale", Boolean(stale));
      // Another triple: even M1 and M2 are other models than those on the panel.
      box?.classList.toggle("sam-other", Boolean(stale && kept.recipe.triple !== page.recipe.triple));
    };
    watch("value", show);
    page.onRecipe(mark);
    show();
  };
})();
