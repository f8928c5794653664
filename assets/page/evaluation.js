/* Progress, ETA, the tables and verdicts of an evaluation; and the closer look below the charts, to which every mark leads. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say, duration } = page;

  const clips = (count) => say(count === 1 ? "evaluation.clip" : "evaluation.clips", { count });
  const speakers = (count) => say(count === 1 ? "evaluation.speaker" : "evaluation.speakers", { count });

  const progress = (part) => {
    const share = part.total ? part.done / part.total : 0;
    const left = part.remaining === null || !part.running ? "" : say("evaluation.left", { time: duration(part.remaining) });
    return el("div", { class: "sam-progress" },
      el("progress", { max: 1, value: share, "aria-label": say("evaluation.progress") }),
      el("span", {}, say("evaluation.heard", { done: part.done, clips: clips(part.total), time: duration(part.seconds) }), left));
  };

  const COLUMNS = ["model", "wer", "interval", "substitutions", "deletions", "insertions", "words"];

  const row = (each) => el("tr", { "data-model": each.model },
    el("th", { scope: "row" }, each.title),
    el("td", { class: "sam-wer" }, page.percent(each.wer)),
    el("td", {}, each.interval ? `${(100 * each.interval[0]).toFixed(1)} – ${(100 * each.interval[1]).toFixed(1)}` : "–"),
    ...[each.substitutions, each.deletions, each.insertions, each.words].map((count) => el("td", {}, String(count))));

  /** What the numbers below depend on, and what they mean. */
  const caption = (part) => [
    el("p", { class: "sam-caption" }, el("b", {}, part.corpus), ` · n = ${clips(part.done)}, ${speakers(part.speakers)} · ${part.settings}`,
      el("strong", { class: "sam-moved" }, " · ", say("evaluation.moved"))),
    part.note ? el("p", { class: "sam-caption" }, part.note) : null,
    el("p", { class: "sam-caption" }, say("evaluation.explained")),
  ];

  const table = (part) => el("table", { class: "sam-table sam-rates" },
    el("thead", {}, el("tr", {}, ...COLUMNS.map((name) => el("th", { scope: "col" }, say(`evaluation.column.${name}`))))),
    el("tbody", {}, ...part.rows.map(row)));

  /** What a merge did to every word, compared with its parents, and how many that M1 adds it leaves out; each leads to its clips. */
  const ledger = (title, counts, gone, chosen) => el("div", { class: "sam-ledger" },
    el("span", { class: "sam-ledger-title" }, say("evaluation.words_of", { title })),
    el("dl", { "aria-label": say("evaluation.fates", { title }) }, ...[...Object.entries(counts), ["gone", gone]].map(([fate, count]) => {
      const leads = chosen && count && fate !== "kept";
      const { name, meaning } = page.FATES[fate] || { name: say("words.name.gone"), meaning: say("words.fate.gone") };
      const label = leads ? el("button", { type: "button", class: "sam-link", onclick: () => chosen(fate) }, name) : name;
      return el("div", { title: meaning, "data-fate": fate }, el("dt", {}, label), el("dd", {}, String(count)));
    })));

  /** One corpus' part of an evaluation. `chosen(model, fate)` follows a fate to its clips. */
  page.evaluationPart = (part, chosen) => {
    const nodes = [progress(part)];
    if (part.done) nodes.push(...caption(part), el("div", { class: "sam-scroll" }, table(part)), ...part.verdicts.map((sentence) => el("p", { class: "sam-verdict" }, sentence)));
    const title = Object.fromEntries(part.rows.map((each) => [each.model, each.title]));
    for (const [model, counts] of Object.entries(part.ledgers)) nodes.push(ledger(title[model], counts, part.gone[model], chosen && ((fate) => chosen(model, fate))));
    if (part.problems?.length) {
      nodes.push(el("details", {}, el("summary", {}, say("evaluation.left_out", { count: part.problems.length })), el("ul", {}, ...part.problems.map((problem) => el("li", {}, problem)))));
    }
    return el("section", { class: "sam-part", "aria-label": part.corpus }, ...nodes);
  };

  page.mountEvaluation = (element, props, trigger, watch) => {
    let kept = {};
    // Somebody else's evaluation may have the turn: say so at once. The stamp tells runs apart.
    let begun = { stamp: 0 };
    let now = { state: "", told: "" }; // of the newest run
    const look = page.keepAlive({ cancel: () => page.canStop(now) }, "run");
    page.beginRun = (waiting) => {
      now.told = "";
      return (begun = props.value = { state: "running", notice: waiting, stamp: page.stamp() });
    };
    page.begunRun = () => begun;
    page.endRun = () => { now.told = "cancel"; look(); return begun; };
    const show = () => {
      if ((props.value?.stamp ?? begun.stamp) < begun.stamp) return; // a late table of a run that was overtaken
      now.state = props.value?.state || "";
      look();
      // A mistake in a field takes nothing away: the last table stays below the sentence.
      const value = props.value?.state === "error" ? { ...kept, ...props.value } : props.value || {};
      if (value.parts) kept = value;
      const parts = [];
      if (value.notice) parts.push(el("p", { class: `sam-notice sam-notice-${value.state}`, role: value.state === "error" ? "alert" : "status" }, value.notice));
      (value.parts || []).forEach((part, index) => parts.push(page.evaluationPart(part, (model, fate) => page.showClips?.({ part: index, fate, model }))));
      element.replaceChildren(el("div", { class: "sam-evaluation", "data-state": value.state || "" }, ...parts));
      // Until a run has ended, chart and clips below are those of the run before.
      for (const id of ["view", "closer"]) document.querySelector(`#${id}`)?.classList.toggle("sam-before", value.state === "running");
    };
    const mark = () => {
      const moved = kept.recipe && page.recipe && !page.sameRecipe(kept.recipe, page.recipe);
      element.querySelector(".sam-evaluation")?.classList.toggle("sam-outdated", Boolean(moved));
    };
    page.onRecipe(mark);
    page.follow(props, watch, () => { show(); mark(); });
    show();
  };
})();
