/* The needle: how well the merge expects what was said, between M1 and M2. It follows the hand where the models are fast, and else
   at each pause, the hand still on the slider; what is shown carries its recipe, so that an older reading can be told. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { say } = page;
  const PAUSE = 150, FAST_PAUSE = 30, EDGE = 0.08;

  /** Components through which the browser asks Python; their answers arrive in others. */
  const asks = {}, early = {};
  page.mountAsk = (element, props, trigger, name) => {
    element.replaceChildren();
    asks[name] = (question) => { props.value = { ...question, stamp: page.stamp() }; trigger("submit"); };
    if (early[name]) asks[name](early[name]);
  };
  /** Ask; a question that comes before its component is there waits for it. */
  page.ask = (name, question) => { if (asks[name]) asks[name](question); else early[name] = question; };

  /** Where M1, M2 and the merge stand from 0, worse, to 1, better: fewer nats per token are better. */
  page.needlePlaces = ({ merge, m1, m2 }) => {
    const all = [merge, m1, m2];
    const [best, worst] = [Math.min(...all), Math.max(...all)];
    const place = (value) => (worst > best ? EDGE + (1 - 2 * EDGE) * ((worst - value) / (worst - best)) : 0.5);
    return { merge: place(merge), m1: place(m1), m2: place(m2) };
  };

  /** How two models compare, in a word: better than both, between, worse than both, or no different. */
  page.needleVerdict = ({ merge, m1, m2 }) => {
    const [best, worst] = [Math.min(m1, m2), Math.max(m1, m2)];
    if (merge === m1 && merge === m2) return "same";
    if (merge < best) return "best";
    if (merge > worst) return "worst";
    return "between";
  };

  /** How much likelier, in percent, each token is on average when it costs `delta` nats more. */
  page.likelihood = (delta) => 100 * Math.expm1(-delta) + 0; // no −0

  /** Asks when the hand pauses: `moved()` while it moves; `ask()` is called once it has not moved for a while. */
  page.Pause = class {
    constructor(ask, timers = window) { Object.assign(this, { ask, timers, fast: false, due: 0 }); }

    moved() {
      // Where answers take milliseconds, a moving hand is answered as it goes; else every move puts the question off.
      if (this.due && this.fast) return;
      this.timers.clearTimeout(this.due);
      this.due = this.timers.setTimeout(() => { this.due = 0; this.ask(); }, this.fast ? FAST_PAUSE : PAUSE);
    }
  };

  /** The pinned clips: null are the usual ones, the sample clips and the visitor's own. */
  page.pinnedClips = null;

  page.mountNeedle = (element, props, watch) => {
    const { el } = page;
    let shown = null, asked = "", failed = "";
    const marks = Object.fromEntries(["m1", "m2", "merge"].map((name) => [name, el("span", { class: `sam-spot sam-spot-${name}` })]));
    const scale = el("div", { class: "sam-gauge", role: "img", "aria-label": say("needle.title") }, marks.m1, marks.m2, marks.merge);
    const figures = el("p", { class: "sam-needle-figures" });
    const verdict = el("p", { class: "sam-needle-says", role: "status" });
    const trust = el("ul", {});
    const clips = el("ul", { class: "sam-needle-clips" });
    const button = (key, act) => el("button", { type: "button", class: "sam-button", onclick: act }, say(`needle.${key}`));
    const add = button("add", () => ask({ add: true }));
    const usual = button("usual", () => { page.pinnedClips = null; ask(); });
    const box = el("section", { class: "sam-needle", "aria-label": say("needle.title") },
      el("div", { class: "sam-needle-row" },
        el("div", { class: "sam-needle-line" }, el("span", {}, say("needle.worse")), scale, el("span", {}, say("needle.better"))),
        el("div", { class: "sam-needle-told" }, figures, verdict)),
      el("details", {}, el("summary", { title: say("needle.how") }, el("b", {}, say("needle.title"))), el("p", {}, say("needle.explained")), trust,
        el("p", {}, say("needle.measured")), clips, el("div", { class: "sam-row sam-needle-clip-row" }, add, usual)));
    element.replaceChildren(box);

    const ask = (more = {}) => {
      if (!page.recipe) return;
      asked = JSON.stringify([page.recipe, page.pinnedClips]);
      page.ask("needle", { recipe: page.recipe, pins: page.pinnedClips, ...more });
      mark();
    };
    const pause = new page.Pause(() => ask());
    page.clipChanged = () => { if (!page.pinnedClips) pause.moved(); };

    const mark = () => {
      const current = shown && page.recipe && page.sameRecipe(shown.recipe, page.recipe);
      const known = Boolean(shown) && (!page.recipe || shown.recipe.triple === page.recipe.triple);
      box.classList.toggle("sam-waiting", !current);
      box.dataset.state = failed ? "error" : current ? "done" : "working";
      for (const each of Object.values(marks)) each.hidden = !known;
      verdict.classList.toggle("sam-problem", Boolean(failed));
      if (failed) verdict.textContent = failed;
      else verdict.textContent = !known ? say("needle.loading") : current ? say(`needle.${page.needleVerdict(shown.values)}`) : say("needle.reading");
      if (!known) figures.textContent = "";
    };
    const draw = () => {
      const { values } = shown, places = page.needlePlaces(values);
      for (const [name, spot] of Object.entries(marks)) {
        spot.style.insetInlineStart = `${100 * places[name]}%`;
        spot.replaceChildren(say(`needle.spot.${name}`));
      }
      scale.classList.toggle("sam-near", Math.abs(places.m1 - places.m2) < 0.07);
      const figure = (name) => values[name].toFixed(3);
      const one = shown.clips.length === 1;
      const over = say(one ? "needle.over_one" : "needle.over", { count: shown.clips.length, title: shown.clips[0]?.title });
      const told = say("needle.figures", { over, merge: figure("merge"), m1: figure("m1"), m2: figure("m2") });
      figures.textContent = told;
      scale.setAttribute("aria-label", `${say("needle.title")}: ${told}`);
      trust.replaceChildren(...shown.trust.map((sentence) => el("li", {}, sentence)));
      clips.replaceChildren(...shown.clips.map((clip) => el("li", {}, `${clip.title}: “${clip.reference}” `,
        shown.clips.length > 1 ? el("button", { type: "button", class: "sam-link", "aria-label": say("needle.unpin", { title: clip.title }),
          onclick: () => { page.pinnedClips = shown.clips.map((each) => each.id).filter((id) => id !== clip.id); ask(); } }, "×") : null)),
      ...(shown.gone ? [el("li", { class: "sam-hint" }, say("needle.gone", { count: shown.gone }))] : []));
      usual.hidden = !shown.pinned;
    };
    const show = () => {
      const value = props.value || {};
      failed = value.state === "error" ? value.notice : "";
      if (value.state === "done") {
        shown = value;
        page.pinnedClips = value.pinned ? value.clips.map((clip) => clip.id) : null;
        pause.fast = value.live;
        draw();
      }
      mark();
    };
    page.follow(props, watch, show);
    page.onRecipe((recipe) => {
      failed = "";
      mark();
      if (JSON.stringify([recipe, page.pinnedClips]) !== asked) pause.moved();
    });
    show();
  };
})();
