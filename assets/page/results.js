/* A closer look at an evaluation: confusions, and every utterance in a table to sort, search and filter. Every mark elsewhere
   (a point, a bar, a fate, a confusion) leads here, and every row to its clip: sound, all models word by word, the Explore tab. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;
  const AT_ONCE = 20;

  const errors = (heard) => heard.counts[0] + heard.counts[1] + heard.counts[2];
  const rate = (heard) => (heard.counts[3] ? errors(heard) / heard.counts[3] : null);
  const text = (heard) => heard.words.filter((word) => word[0] !== "-").map((word) => word.slice(1).split("\t").at(-1)).join(" ");

  /** Which utterances a choice of the filter keeps, comparing `chosen` with `other`. */
  const FILTERS = {
    all: { label: say("results.all"), keeps: () => true },
    better: { label: say("results.better"), keeps: (row, chosen, other) => errors(row.models[chosen]) < errors(row.models[other]) },
    worse: { label: say("results.worse"), keeps: (row, chosen, other) => errors(row.models[chosen]) > errors(row.models[other]) },
    differ: { label: say("results.differ"), keeps: (row) => new Set(Object.values(row.models).map(text)).size === Object.keys(row.models).length },
    wrong: { label: say("results.wrong"), keeps: (row) => Object.values(row.models).every((heard) => errors(heard) > 0) },
    ...Object.fromEntries(Object.entries(page.FATES).filter(([fate]) => fate !== "kept").map(([fate, { letter, name }]) =>
      [fate, { label: say("results.with", { fate: name }), keeps: (row, chosen) => Boolean(row.models[chosen].fates?.includes(letter)) }])),
    gone: { label: say("results.gone"), keeps: (row, chosen) => row.models[chosen].fates !== undefined && page.goneWords(...[row.models.m1, row.models[chosen]].map(({ words }) => page.decoded(words))).length > 0 },
  };

  /** What a clip is called: by its title where it has one. */
  const named = (row) => String(row.extra.title || row.id);

  const facts = (row) => [
    row.speaker && say("results.speaker_is", { speaker: row.speaker }), row.age !== null && say("results.years", { age: row.age }), row.gender, row.split,
    ...Object.entries(row.extra).filter(([key, value]) => key !== "title" && typeof value !== "object").map(([key, value]) => `${key} ${value}`),
  ].filter(Boolean).join(" · ");

  /** Where clips that are picked come from, for the chip above the table. */
  page.fromChart = ({ length: count }) => say(count === 1 ? "results.one_from_chart" : "results.from_chart", { count });

  const confusionTable = (look, pick) => {
    if (!look.confusions.length) return el("p", {}, say("results.no_errors"));
    const words = (pair) => (!pair.reference ? `+ ${pair.hypothesis}` : !pair.hypothesis ? `− ${pair.reference}` : `${pair.reference} ≠ ${pair.hypothesis}`);
    return el("div", { class: "sam-scroll" }, el("table", { class: "sam-table sam-confusions" },
      el("thead", {}, el("tr", {}, ...[say("results.confusion"), ...look.models.map((model) => model.title)].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...look.confusions.map((pair) => el("tr", {},
        el("th", { scope: "row" }, el("button", { type: "button", class: "sam-link", onclick: () => pick(pair.utterances, `“${words(pair)}”`) }, words(pair))),
        ...look.models.map((model) => el("td", {}, String(pair.counts[model.name] || "–"))))))));
  };

  /** hooks.clip(row) → a node with the clip's sound and ways on, or null. Returns {node, pick(indices, what), filter(name, model)}. */
  page.resultsBrowser = (look, hooks = {}) => {
    const names = look.models.map((model) => model.name);
    const titles = Object.fromEntries(look.models.map((model) => [model.name, model.title]));
    const merges = names.filter((name) => !["m0", "m1", "m2"].includes(name));
    const rows = look.utterances.map((row, index) => ({ ...row, index, words: Object.values(row.models)[0].counts[3] }));
    const now = { chosen: merges[0] || names.at(-1), other: names.includes("m1") ? "m1" : names[0], filter: "all", search: "", picked: null, sort: "order", up: true, open: null, shown: AT_ONCE };

    const difference = (row) => errors(row.models[now.chosen]) - errors(row.models[now.other]);
    const SORTS = {
      id: named, speaker: (row) => row.speaker, age: (row) => row.age, seconds: (row) => row.duration, words: (row) => row.words,
      order: (row) => row.index, difference,
      ...Object.fromEntries(names.map((name) => [name, (row) => rate(row.models[name])])),
    };
    const compared = (one, other) => (one === null ? (other === null ? 0 : 1) : other === null ? -1
      : typeof one === "number" && typeof other === "number" ? one - other : String(one).localeCompare(String(other), "en", { numeric: true }));
    const matches = (row) => {
      if (now.picked && !now.picked.has(row.index)) return false;
      if (!FILTERS[now.filter].keeps(row, now.chosen, now.other)) return false;
      if (!now.search) return true;
      return [row.id, named(row), row.speaker, row.reference, ...Object.values(row.models).map((heard) => heard.text)].some((each) => String(each).toLowerCase().includes(now.search));
    };
    const kept = () => {
      const by = SORTS[now.sort];
      return rows.filter(matches).sort((one, other) => (now.up ? 1 : -1) * compared(by(one), by(other)) || one.index - other.index);
    };

    const detail = (row) => el("tr", { class: "sam-detail" }, el("td", { colspan: names.length + 7 },
      el("p", { class: "sam-clip-facts" }, facts(row)),
      page.wordGrid(look.models.map(({ name, title }) => ({ name, title, words: page.decoded(row.models[name].words), fates: row.models[name].fates }))),
      hooks.clip?.(row)));

    const line = (row) => {
      const open = now.open === row.index;
      const step = difference(row);
      const button = el("button", { type: "button", class: "sam-link", title: row.id, "aria-expanded": String(open), onclick: () => { now.open = open ? null : row.index; draw(); } }, `${open ? "▾" : "▸"} ${named(row)}`);
      return el("tr", { "data-row": row.index },
        el("th", { scope: "row" }, button), ...names.map((name) => el("td", {}, page.percent(rate(row.models[name])))),
        el("td", { class: step < 0 ? "sam-less" : step > 0 ? "sam-more" : "" }, step < 0 ? `▼ ${-step}` : step > 0 ? `▲ ${step}` : "="),
        el("td", {}, row.speaker), el("td", {}, row.age === null ? "–" : String(row.age)),
        el("td", {}, row.duration === null ? "–" : row.duration.toFixed(1)), el("td", {}, String(row.words)),
        el("td", { class: "sam-said-cell" }, row.reference));
    };

    const heading = (sort, label, title) => el("th", { scope: "col", "aria-sort": now.sort === sort ? (now.up ? "ascending" : "descending") : "none", title },
      el("button", { type: "button", class: "sam-link", onclick: () => { now.up = now.sort === sort ? !now.up : true; now.sort = sort; draw(); } },
        `${label}${now.sort === sort ? (now.up ? " ↑" : " ↓") : ""}`));

    const count = el("span", { class: "sam-count", role: "status" });
    const chip = el("span", { class: "sam-chip" });
    const body = el("div", {});
    const draw = () => {
      const chosen = kept();
      count.textContent = say("results.count", { count: chosen.length, all: rows.length });
      chip.replaceChildren(...(now.picked ? [now.what, el("button", { type: "button", class: "sam-link", "aria-label": say("results.again"), onclick: () => { now.picked = null; draw(); } }, "×")] : []));
      chip.hidden = !now.picked;
      filter.value = now.filter;
      model.value = now.chosen;
      body.replaceChildren(
        el("div", { class: "sam-scroll" }, el("table", { class: "sam-table sam-utterances" },
          el("thead", {}, el("tr", {}, heading("id", say("results.id")), ...names.map((name) => heading(name, titles[name])),
            heading("difference", "Δ", say("results.difference", { chosen: titles[now.chosen], other: titles[now.other] })),
            heading("speaker", say("results.speaker")), heading("age", say("results.age")), heading("seconds", say("results.s"), say("results.seconds")), heading("words", say("results.words")), el("th", { scope: "col" }, say("results.said")))),
          el("tbody", {}, ...chosen.slice(0, now.shown).flatMap((row) => (now.open === row.index ? [line(row), detail(row)] : [line(row)]))))),
        ...(chosen.length > now.shown ? [el("button", { type: "button", class: "sam-button", onclick: () => { now.shown += 4 * AT_ONCE; draw(); } }, say("results.more", { count: chosen.length - now.shown }))] : []));
    };
    const set = (change) => { Object.assign(now, { shown: AT_ONCE }, change); draw(); };

    const choice = (options, chosen, label, changed) => {
      const select = el("select", { "aria-label": label, onchange: (event) => changed(event.target.value) }, ...options.map(([value, name]) => el("option", { value }, name)));
      select.value = chosen;
      return select;
    };
    const filters = Object.entries(FILTERS).filter(([name]) => !(name in page.FATES || name === "gone") || rows.some((row) => merges.some((merge) => row.models[merge].fates)));
    const filter = choice(filters.map(([name, { label }]) => [name, label]), now.filter, say("results.which_clips"), (name) => set({ filter: name }));
    const model = choice(names.map((name) => [name, titles[name]]), now.chosen, say("results.which_model"), (name) => set({ chosen: name }));
    const other = choice(names.map((name) => [name, titles[name]]), now.other, say("results.compared"), (name) => set({ other: name }));
    const search = el("input", { type: "search", placeholder: say("results.search.hint"), "aria-label": say("results.search"), oninput: (event) => set({ search: event.target.value.trim().toLowerCase() }) });

    const node = el("section", { class: "sam-results", "aria-label": say("results.every") },
      el("details", {}, el("summary", {}, say("results.confusions")), confusionTable(look, (indices, what) => pick(indices, what))),
      el("div", { class: "sam-filters" }, say("results.show"), filter, say("results.of"), model, say("results.against"), other, search, count, chip),
      body);
    const pick = (indices, what) => {
      set({ picked: new Set(indices), what, filter: "all", search: "", open: indices.length === 1 ? indices[0] : null });
      search.value = "";
      node.querySelector(".sam-filters").scrollIntoView({ block: "nearest" });
    };
    draw();
    return { node, pick, filter: (name, chosen) => { set({ filter: name, chosen, picked: null }); node.querySelector(".sam-filters").scrollIntoView({ block: "nearest" }); } };
  };
})();
