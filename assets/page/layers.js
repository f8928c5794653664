/* What can be laid behind the curve: measures of the task vectors, and which layer did it. The search's answer holds every word of
   every clip under every swap, so another parent or another word is painted without asking Python. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { say } = page;
  const SEARCH = "search";

  /** What a swap changes, in percent of likelihood: of all tokens on average, or of one word; positive is likelier. */
  page.swapShare = (found, row, word) => {
    if (!word) return page.likelihood(row.delta);
    const [clip, place] = word;
    return page.likelihood(row.words[clip][place][0] - found.clips[clip].words[place][1]);
  };

  const rowsTo = (found, to) => found.rows.filter((row) => row.to === to);

  /** The search as `SAMerge.behind` takes it. */
  page.searchSpec = (found, to, word) => {
    const lanes = {};
    for (const row of rowsTo(found, to)) (lanes[row.lane] = lanes[row.lane] || [])[row.layer] = page.swapShare(found, row, word);
    const all = Object.values(lanes).flat();
    const parent = to.toUpperCase();
    return { key: `${SEARCH} ${to}`, title: say(word ? "layers.title_word" : "layers.title", { parent, word: word && found.clips[word[0]].words[word[1]][0] }),
      says: say("layers.says", { parent }), lanes, low: Math.min(0, ...all), high: Math.max(0, ...all), unit: "%", signed: true };
  };

  const place = (row) => say("layers.place", { lane: say(`lane.${row.lane}`).toLowerCase(), layer: row.layer });
  const shown = (share) => (Math.abs(share) >= 9.95 ? Math.abs(share).toFixed(0) : Math.abs(share).toFixed(1));

  /** The clip of a search in which these words were said, or −1. */
  page.clipOf = (found, said) => found.clips.findIndex((clip) => clip.words.length === said.length && clip.words.every(([word], place) => word === said[place]));

  /** The swaps that make a word right or wrong which it was not. */
  const turning = (found, [clip, at]) => found.rows.filter((row) => row.words[clip][at][1] !== found.clips[clip].words[at][2]);

  /** The parent whose layers are painted first: for a word one that turns it, else the one whose layers change most. */
  page.largestParent = (found, word) => {
    const rows = (word && turning(found, word).length ? turning(found, word) : found.rows).map((row) => ({ to: row.to, size: Math.abs(page.swapShare(found, row, word)) }));
    return rows.reduce((best, row) => (row.size > best.size ? row : best)).to;
  };

  /** The search read out: what the largest swaps do, in likelihood and WER, or which layers make a word right. */
  page.searchSays = (found, word) => {
    const rows = found.rows.map((row) => ({ row, share: page.swapShare(found, row, word) })).sort((one, other) => Math.abs(other.share) - Math.abs(one.share));
    const sentence = ({ row, share }) => {
      const what = word ? say("layers.the_word", { word: found.clips[word[0]].words[word[1]][0] }) : say("layers.the_reference");
      const says = say(share < 0 ? "layers.less" : "layers.more", { place: place(row), parent: row.to.toUpperCase(), what, share: shown(share) });
      const heard = word || typeof row.wer !== "number" ? "" : say(row.wer === found.wer ? "layers.wer_same" : "layers.wer", { before: page.percent(found.wer), after: page.percent(row.wer) });
      return [says, heard].filter(Boolean).join(" ");
    };
    if (!rows.length || rows[0].share === 0) return [say("layers.nothing")];
    const says = rows.slice(0, word ? 3 : 5).filter(({ share }) => share !== 0).map(sentence);
    if (!word) return says;
    const [clip, at] = word, right = found.clips[clip].words[at][2];
    const layers = turning(found, word).map((row) => `${place(row)} → ${row.to.toUpperCase()}`).join(", ");
    return [layers ? say(right ? "layers.breaks" : "layers.fixes", { layers }) : say(right ? "layers.never_breaks" : "layers.never_fixes"), ...says];
  };

  let measures = null, found = null, choice = "", word = null, painting = false, redraw = () => {};

  const chosenSpec = () => {
    const [kind, to] = choice.split(" "), triple = page.recipe?.triple;
    if (kind === SEARCH) return found && found.recipe.triple === triple ? page.searchSpec(found, to, word) : null;
    return measures?.triple === triple ? measures.measures[choice] ?? null : null;
  };
  const paint = () => {
    painting = true;
    page.behind(chosenSpec());
    painting = false;
    redraw();
  };

  /** The menu has a component of its own, for Python answers it apart, and stands in the section of the search. */
  let menuBox = null;
  const menuPlace = () => (menuBox = menuBox || page.el("div"));

  page.mountMeasures = (element, props, trigger, watch) => {
    const { el } = page;
    const options = { "": "nothing", norm_1: "norm_1", norm_2: "norm_2", cosine: "cosine", conflicts: "conflicts", [`${SEARCH} m1`]: "search_m1", [`${SEARCH} m2`]: "search_m2" };
    const menu = el("select", { id: "sam-behind" }, ...Object.entries(options).map(([value, key]) => el("option", { value }, say(`behind.${key}`))));
    const says = el("p", { class: "sam-hint", role: "status" });
    menuPlace().replaceChildren(el("label", { class: "sam-choice" }, say("behind.menu"), menu), says);
    const want = () => {
      const measured = choice && !choice.startsWith(SEARCH);
      if (measured && measures?.triple !== page.recipe.triple) {
        props.value = { triple: page.recipe.triple, stamp: page.stamp() };
        trigger("submit");
      }
      paint();
    };
    menu.addEventListener("change", () => { choice = menu.value; want(); });
    page.chooseBehind = (value) => { choice = value; menu.value = value; paint(); };
    const told = () => {
      const value = props.value || {};
      says.classList.toggle("sam-problem", value.state === "error");
      if (choice.startsWith(SEARCH) && !found) says.textContent = say("behind.search_first");
      else says.textContent = value.state === "loading" || value.state === "error" ? value.notice : "";
    };
    redraw = told;
    watch("value", () => { if (props.value?.state === "done") measures = props.value; paint(); });
    let triple = page.recipe?.triple;
    page.onRecipe((recipe) => { if (recipe.triple !== triple) { triple = recipe.triple; want(); } });
    // The curve's own link takes the bars away; then the menu says so too.
    page.onBehind((spec) => { if (!spec && !painting) { choice = ""; menu.value = ""; } });
  };

  page.mountLayers = (element, props, watch) => {
    const { el } = page;
    const go = el("button", { type: "button", class: "sam-button", id: "sam-layers-go" }, say("layers.go"));
    const stop = el("button", { type: "button", class: "sam-button", hidden: true, onclick: () => page.ask("layers", { cancel: true }) }, say("layers.cancel"));
    const bar = el("progress", { max: 1, hidden: true, "aria-label": say("layers.progress") });
    const status = el("span", { role: "status" });
    const words = el("select", { id: "sam-layers-word" });
    const chooser = el("label", { class: "sam-choice", hidden: true }, say("layers.of"), words);
    const outdated = el("p", { class: "sam-hint", hidden: true }, say("layers.outdated"));
    const says = el("ul", { class: "sam-layers-says" });
    const box = el("details", { class: "sam-layers sam-fold", "data-state": "" }, el("summary", {}, el("b", {}, say("layers.why")), " ", el("small", {}, say("layers.why_hint"))),
      menuPlace(), el("p", { class: "sam-hint" }, say("layers.explained")),
      el("div", { class: "sam-layers-row sam-progress" }, go, stop, bar, status), chooser, outdated, says);
    element.replaceChildren(box);
    const search = () => page.ask("layers", { recipe: page.recipe, pins: page.pinnedClips });
    go.addEventListener("click", search);

    const read = () => { says.replaceChildren(...page.searchSays(found, word).map((sentence) => el("li", {}, sentence))); };
    words.addEventListener("change", () => {
      word = words.value ? words.value.split(" ").map(Number) : null;
      read();
      page.chooseBehind(`${SEARCH} ${page.largestParent(found, word)}`);
    });
    /** Show which layer does it for the word at `place` of a clip in which `said` are the words; a search there is not yet is begun. */
    let wish = null;
    page.whichLayerFor = (said, place) => {
      box.open = true;
      box.scrollIntoView({ block: "nearest" });
      const current = found && page.sameRecipe(found.recipe, page.recipe);
      if (!current && box.dataset.state !== "running") search();
      wish = { said, place };
      if (current) grant();
    };
    const grant = () => {
      const at = page.clipOf(found, wish.said);
      if (at < 0) status.textContent = say("layers.elsewhere");
      else {
        words.value = `${at} ${wish.place}`;
        words.dispatchEvent(new Event("change"));
      }
      wish = null;
    };
    const fill = () => {
      word = null;
      words.replaceChildren(el("option", { value: "" }, say("layers.all")), ...found.clips.map((clip, at) =>
        el("optgroup", { label: clip.title }, ...clip.words.map(([text, , right], place) => el("option", { value: `${at} ${place}` }, right ? text : `≠ ${text}`)))));
      read();
    };
    const mark = () => { outdated.hidden = !found || !page.recipe || page.sameRecipe(found.recipe, page.recipe); };
    const show = () => {
      const value = props.value || {}, running = value.state === "running";
      box.dataset.state = value.state || "";
      go.hidden = running;
      stop.hidden = bar.hidden = !running;
      status.classList.toggle("sam-problem", value.state === "error");
      status.textContent = running ? (value.remaining ? say("layers.remaining", { seconds: Math.ceil(value.remaining) }) : say("layers.starting")) : value.notice || "";
      if (running && value.total) bar.value = value.done / value.total;
      // An answer comes twice, as it streams and when it has ended; what was chosen in between stays.
      if (value.state === "done" && value.stamp !== found?.stamp) {
        found = value;
        fill();
        page.chooseBehind(`${SEARCH} ${page.largestParent(found)}`);
        if (wish) grant();
      }
      chooser.hidden = !found;
      mark();
    };
    page.follow(props, watch, show);
    page.onRecipe(mark);
    show();
  };
})();
