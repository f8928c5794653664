/* Progress, ETA and the table of an evaluation. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;

  const duration = (seconds) => (seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`);

  const progress = (value) => {
    const share = value.total ? value.done / value.total : 0;
    const left = value.remaining === null || value.state !== "running" ? "" : `, about ${duration(value.remaining)} to go`;
    return el("div", { class: "sam-progress" },
      el("progress", { max: 1, value: share, "aria-label": "progress of the evaluation" }),
      el("span", {}, `${value.done} of ${value.total} clips in ${duration(value.seconds)}${left}`));
  };

  const row = (each) => el("tr", { "data-model": each.model },
    el("th", { scope: "row" }, each.title),
    el("td", { class: "sam-wer" }, page.percent(each.wer)),
    el("td", {}, each.interval ? `${(100 * each.interval[0]).toFixed(1)} – ${(100 * each.interval[1]).toFixed(1)}` : "–"),
    ...[each.substitutions, each.deletions, each.insertions, each.words].map((count) => el("td", {}, String(count))));

  const table = (value) => el("table", { class: "sam-table" },
    el("caption", {}, `n = ${value.done} clips, ${value.speakers} speakers · ${value.settings}`, el("strong", { class: "sam-moved" }, " · the curve has moved since")),
    el("thead", {}, el("tr", {}, ...["Model", "WER", "95 % interval", "≠ substituted", "− deleted", "+ inserted", "words"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, ...value.rows.map(row)));

  const FATES = {
    kept: "M1 and the merge have it right",
    fixed: "only the merge has it right",
    borrowed: "M1 has it wrong, M2 and the merge right",
    broken: "M1 has it right, the merge wrong",
    "same error": "M1 and the merge are wrong alike",
    "new error": "the merge is wrong in its own way, or adds a word",
  };

  /** What the merge did to every word, compared with its parents. */
  const ledger = (counts) => el("dl", { class: "sam-ledger", "aria-label": "what the merge did to every word" },
    ...Object.entries(counts).map(([fate, count]) => el("div", { title: FATES[fate], "data-fate": fate }, el("dt", {}, fate), el("dd", {}, String(count)))));

  page.mountEvaluation = (element, props, trigger, watch) => {
    let kept = {};
    const show = () => {
      // A mistake in a field takes nothing away: the last table stays below the sentence.
      const value = props.value?.state === "error" ? { ...kept, ...props.value } : props.value || {};
      if (value.rows) kept = value;
      const parts = [];
      if (value.notice) parts.push(el("p", { class: `sam-notice sam-notice-${value.state}`, role: value.state === "error" ? "alert" : "status" }, value.notice));
      if (value.total) parts.push(progress(value));
      if (value.done) parts.push(el("div", { class: "sam-scroll" }, table(value)), ...value.verdicts.map((sentence) => el("p", { class: "sam-verdict" }, sentence)));
      if (value.ledger) parts.push(ledger(value.ledger));
      if (value.problems?.length) {
        parts.push(el("details", {}, el("summary", {}, `${value.problems.length} left out`), el("ul", {}, ...value.problems.map((problem) => el("li", {}, problem)))));
      }
      element.replaceChildren(el("div", { class: "sam-evaluation", "data-state": value.state || "" }, ...parts));
    };
    const mark = () => {
      const moved = kept.recipe && page.recipe && !page.sameRecipe(kept.recipe, page.recipe);
      element.querySelector(".sam-evaluation")?.classList.toggle("sam-outdated", Boolean(moved));
    };
    page.onRecipe(mark);
    watch("value", () => { show(); mark(); });
    show();
  };

  page.mountRecipeLine = (element) => {
    const line = el("p", { class: "sam-recipe-line" });
    element.replaceChildren(line);
    page.onRecipe((recipe) => { line.textContent = `The merge is the one on the Explore tab: ${recipe.triple} · ${page.describe(recipe)}`; });
  };
})();
