/* The Methods tab: merges side by side in a table that fills while they are heard. A row opens its merge on Explore; the head of a
   column sorts. What was chosen on one half of the speakers and judged on the other stands above what every merge gave. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  /** Rows in the order of one of their numbers, smallest first; those without it come last, and M1 and M2 stay on top. */
  page.sortedRows = (rows, value) => {
    if (!value) return rows;
    const known = (row) => { const found = value(row); return found === null || found === undefined ? Infinity : found; };
    const merges = rows.filter((row) => row.recipe);
    return [...rows.filter((row) => !row.recipe), ...merges.map((row, index) => [known(row), index, row]).sort((one, two) => one[0] - two[0] || one[1] - two[1]).map(([, , row]) => row)];
  };

  /** What share of the work is done, 0 to 1, and about how many seconds are to go, or null. */
  page.comparisonProgress = (table) => {
    const heard = table.corpora.reduce((sum, corpus) => sum + corpus.heard, 0);
    const models = table.rows.length;
    return { share: table.ended && !table.stopped ? 1 : heard / Math.max(1, table.clips * models), remaining: table.ended ? null : table.remaining };
  };


  const signed = (fraction) => `${fraction < 0 ? "−" : "+"}${Math.abs(100 * fraction).toFixed(1)}`;
  const GLYPHS = { better: "✓", worse: "✗", undecided: "≈", "the same": "=" };

  /** A difference in points of WER with its interval, and in a word and a glyph what it says. */
  const verdict = (found) => (found
    ? el("td", { class: "sam-against", "data-verdict": found.word },
      el("b", {}, `${GLYPHS[found.word]} ${say(`compare.verdict.${found.word}`)}`), " ", el("span", {}, `${signed(found.difference)} [${found.interval.map(signed).join(", ")}]`))
    : el("td", {}, "–"));

  const rate = (found) => el("td", {}, el("span", { class: "sam-wer" }, page.percent(found ? found.wer : null)),
    found && found.interval ? el("small", {}, ` ${(100 * found.interval[0]).toFixed(1)} – ${(100 * found.interval[1]).toFixed(1)}`) : null);

  const number = (value, digits) => el("td", {}, value === null || value === undefined ? "–" : value.toFixed(digits));

  const open = (recipe) => { page.takeRecipe(recipe); page.openTab("explore"); };
  const name = (row, recipe) => (recipe
    ? el("button", { type: "button", class: "sam-link", title: say("compare.open"), onclick: (event) => { event.stopPropagation(); open(recipe); } }, row)
    : row);

  const line = (recipe, attributes, ...cells) => el("tr", recipe ? { ...attributes, class: "sam-opens", onclick: () => open(recipe) } : attributes, ...cells);

  const judged = (table) => el("table", { class: "sam-table", "aria-label": say("compare.judged") },
    el("thead", {}, el("tr", {}, ...[say("compare.method"), say("compare.wer", { corpus: table.corpora[0].title }), say("compare.against_sa"), say("compare.against_m1"),
      ...table.corpora.slice(1).map((corpus) => say("compare.wer", { corpus: corpus.title })), say("compare.flattering"), say("compare.chosen")].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, ...table.judged.map((row) => el("tr", { "data-method": row.method },
      el("th", { scope: "row" }, row.title), rate(row), verdict(row.against_sa), verdict(row.against_m1),
      ...table.corpora.slice(1).map(() => el("td", {}, page.percent(row.beside))), el("td", {}, page.percent(row.flattering)),
      el("td", { class: "sam-chosen" }, ...row.chosen.flatMap((each, index) => (index && each.name === row.chosen[0].name ? [] : [index ? " / " : "", name(each.settings, each.recipe)])))))));

  /** The columns: a heading, the number that sorts by it, the cell. */
  const columns = (table) => {
    const wer = (place) => [say("compare.wer", { corpus: table.corpora[place].title }), (row) => row.wers[place]?.wer, (row) => rate(row.wers[place])];
    return [
      ...(table.corpora.length ? [wer(0)] : []),
      [say("compare.against_sa"), null, (row) => verdict(row.against_sa)],
      [say("compare.against_m1"), null, (row) => verdict(row.against_m1)],
      ...table.corpora.slice(1).map((_, place) => wer(place + 1)),
      [say("compare.merge"), (row) => row.merge_seconds, (row) => number(row.merge_seconds, 3)],
      [say("compare.megabytes"), (row) => row.megabytes, (row) => number(row.megabytes, 1)],
      [say("compare.decode"), null, (row) => (row.decoded_clips ? number(row.decode_seconds, 1) : el("td", {}, row.wers.length ? say("compare.remembered") : "–"))],
    ];
  };

  const every = (table, sorted, sort) => {
    const made = columns(table);
    const value = made[sorted]?.[1];
    const head = ([title, by], place) => el("th", { scope: "col", "aria-sort": by ? (place === sorted ? "ascending" : "none") : false },
      by ? el("button", { type: "button", class: "sam-link", onclick: () => sort(place === sorted ? null : place) }, title, place === sorted ? " ▲" : "") : title);
    return el("table", { class: "sam-table", "aria-label": say("compare.every") },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, say("compare.method")), ...made.map(head))),
      el("tbody", {}, ...page.sortedRows(table.rows, value).map((row) => line(row.recipe, { "data-row": row.name },
        el("th", { scope: "row" }, name(row.title, row.recipe), row.settings ? el("small", { class: "sam-with" }, row.settings) : null),
        ...made.map(([, , cell]) => cell(row))))));
  };

  const progress = (table) => {
    const { share, remaining } = page.comparisonProgress(table);
    const heard = table.corpora.length ? table.corpora[table.corpora.length - 1] : null;
    const told = heard ? say("compare.heard", { done: heard.done, total: heard.total, corpus: heard.title, models: table.rows.length }) : say("compare.making", { made: table.rows.length });
    const left = remaining === null ? "" : say("compare.to_go", { time: page.duration(remaining) });
    return el("div", { class: "sam-progress" }, el("progress", { max: 1, value: share, "aria-label": say("compare.progress") }),
      el("span", {}, `${told} ${say("compare.took", { time: page.duration(table.seconds) })}${left}`));
  };

  const caption = (table) => table.corpora.map((corpus) => say("compare.n", { corpus: corpus.title, clips: corpus.done, speakers: corpus.speakers })).join(" · ");

  page.mountComparison = (element, props, trigger, watch) => {
    let kept = null;
    let sorted = null;
    let begun = { stamp: 0 };
    let now = { state: "", told: "" }; // of the newest run
    const look = page.keepAlive({ "compare-cancel": () => page.canStop(now) }, "compare");
    page.beginComparison = (waiting) => {
      now.told = "";
      return (begun = props.value = { state: "running", notice: waiting, stamp: page.stamp(), own: page.ownRecipes() });
    };
    page.begunComparison = () => begun;
    page.endComparison = () => { now.told = "cancel"; look(); return begun; };
    const show = () => {
      const value = props.value || {};
      if ((value.stamp ?? begun.stamp) < begun.stamp) return; // a late table of a run that was overtaken
      now.state = value.state || "";
      look();
      // A mistake in a field takes nothing away, nor does waiting: the last table stays below the sentence.
      if (value.table) kept = value.table;
      const nodes = [];
      if (value.notice) nodes.push(el("p", { class: `sam-notice sam-notice-${value.state}`, role: value.state === "error" ? "alert" : "status" }, value.notice));
      if (kept) {
        nodes.push(progress(kept));
        if (kept.corpora.length) nodes.push(el("p", { class: "sam-caption" }, `${kept.triple} · ${caption(kept)} · ${kept.settings}`));
        if (kept.judged.length) nodes.push(el("h3", {}, say("compare.judged")), el("p", { class: "sam-caption" }, props.flatters), el("div", { class: "sam-scroll" }, judged(kept)), el("h3", {}, say("compare.every")));
        nodes.push(el("div", { class: "sam-scroll" }, every(kept, sorted, (place) => { sorted = place; show(); })), el("p", { class: "sam-caption" }, say("compare.legend")), el("p", { class: "sam-caption" }, props.times));
        if (kept.left_out.length) nodes.push(el("details", { open: true }, el("summary", {}, say("compare.left_out", { count: kept.left_out.length })), el("ul", {}, ...kept.left_out.map((each) => el("li", {}, each)))));
      }
      element.replaceChildren(el("div", { class: "sam-evaluation sam-comparison", "data-state": value.state || "" }, ...nodes));
    };
    page.follow(props, watch, show);
    show();
  };
})();
