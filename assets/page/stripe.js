/* The transcript stripe: what the merge hears along λ. Moving along it asks nobody; only hearing the stops takes a model. Its value is
   what was asked, {stamp, ask}, then Python's answer. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;

  const places = (value) => String(Number(value.toFixed(3)));

  /** Rows of strips; the cursor is a line over all of them. */
  const chart = (answer, rows, hooks) => {
    const { stops } = answer;
    const share = (count) => `${(100 * count) / answer.total}%`;
    const offset = answer.total - stops.length; // stops come from the right: what is not heard yet is empty at the left
    const strip = ([first, last]) => el("span", { class: `sam-strip ${last - first + 1 === stops.length ? "sam-always" : ""}`, style: `left:${share(first + offset)};width:${share(last - first + 1)}` });
    const track = (children, extra = "") => el("div", { class: `sam-track ${extra}` }, ...children);
    const figures = (list) => track(list.map((count, index) => el("span", { class: count ? "" : "sam-none", style: `left:${share(index + offset)};width:${share(1)}` }, String(count))), "sam-numbers");
    const name = (word, says, extra = "") => el("span", { class: `sam-strip-word ${extra}`, lang: says ? "en" : null }, word, says ? el("span", { class: "sam-hidden" }, ` ${says}`) : null);
    const names = rows.words.map(({ word, runs }) => name(word, page.runsSay(runs, stops)));
    const tracks = rows.words.map(({ runs }) => track(runs.length ? runs.map(strip) : [el("span", { class: "sam-nowhere", "aria-hidden": "true" }, page.say("ranges.nowhere"))]));
    const figured = [[page.say("stripe.errors"), rows.errors], ...(rows.added.some((count) => count) ? [[page.say("stripe.added"), rows.added]] : [])];
    for (const [label, list] of figured) {
      names.push(name(label, "", "sam-strip-note"));
      tracks.push(figures(list));
    }
    const cursor = el("div", { class: "sam-cursor", "aria-hidden": "true" });
    const present = el("div", { class: "sam-present", "aria-hidden": "true", title: page.say("stripe.present") });
    const over = el("div", { class: "sam-over" }, present, cursor);
    const at = (event) => {
      const box = over.getBoundingClientRect();
      return page.stopAt((event.clientX - box.left) / box.width, answer.total) - offset;
    };
    over.addEventListener("pointermove", (event) => hooks.scrub(at(event)));
    over.addEventListener("click", (event) => { hooks.scrub(at(event)); hooks.set(); });
    return {
      node: el("div", { class: "sam-stripe-chart" }, el("div", {}, ...names), el("div", { class: "sam-tracks" }, ...tracks, over)),
      show: (index, value) => {
        cursor.style.left = share(index + offset + 0.5);
        present.hidden = value === null;
        if (value !== null) present.style.left = `${100 * page.placeOf(value, answer.total)}%`;
      },
    };
  };

  page.mountStripe = (element, props, trigger, watch) => {
    let answer = { state: "closed", stops: [], total: 21 };
    let heard = null; // what the transcripts above are of
    let index = 0;
    let drawn = null;
    let asked = 0;
    let tried = false; // whether all stops were to be heard: if that breaks off, it may be tried again
    let wanted = false; // somebody was led here, and what there is to see has not come yet

    const title = el("summary", {}, el("b", {}, page.say("stripe.title")), " ", el("small", {}, page.say("stripe.subtitle")));
    const bar = el("div", { class: "sam-row" });
    const figure = el("div", {});
    const slider = el("input", { type: "range", min: 0, max: 20, step: 1, class: "sam-scrub", "aria-label": page.say("stripe.slider") });
    const text = el("p", { class: "sam-text sam-stripe-text", lang: "en" });
    const status = el("span", { class: "sam-count" });
    const use = el("button", { type: "button", class: "sam-button", onclick: () => set() });
    const body = el("div", { class: "sam-stripe-body", hidden: true }, el("p", { class: "sam-hint" }, page.say("stripe.how")), figure,
      el("div", { class: "sam-scrub-row" }, el("span", { class: "sam-scrub-end" }, page.say("stripe.adult")), slider, el("span", { class: "sam-scrub-end" }, page.say("stripe.child"))),
      el("div", { class: "sam-row" }, status, use), text);
    const fold = el("details", { class: "sam-fold", id: "sam-stripe" }, title, bar, body);
    element.replaceChildren(fold);

    const ask = (whole) => {
      asked = page.stamp();
      tried = whole;
      page.asked.stripe = props.value = { state: "asked", stamp: asked, whole };
      trigger("submit");
    };

    const come = () => { fold.scrollIntoView({ block: "start" }); title.focus({ preventScroll: true }); };
    page.openStripe = () => {
      wanted = !answer.stops.length;
      fold.open = true;
      come();
    };

    const others = (recipe) => Object.fromEntries(Object.entries(recipe).filter(([name]) => name !== answer.key));
    /** Whether the stripe is of the clip and, but for λ, of the recipe on the page. */
    const current = () => Boolean(answer.recipe && page.recipe && page.sameRecipe(others(answer.recipe), others(page.recipe))
      && heard && answer.reference === heard.reference && answer.clip === heard.clip);

    const value = () => (answer.key && current() && Number.isFinite(page.recipe[answer.key]) ? page.recipe[answer.key] : null);
    const set = () => {
      if (answer.stops[index] && current()) page.takeRecipe({ ...page.recipe, [answer.key]: answer.stops[index].value });
    };
    const scrub = (to) => {
      const next = Math.max(0, Math.min(answer.stops.length - 1, to));
      if (next === index && text.childElementCount) return;
      showStop(next);
    };

    const showStop = (to) => {
      const stop = answer.stops[to];
      if (!stop) return;
      const old = new Set([...text.children].map((node) => node.textContent));
      index = to;
      slider.value = index + answer.total - answer.stops.length;
      const words = stop.words ? page.decoded(stop.words).map(page.word) : [el("span", {}, stop.text)];
      for (const node of words) if (old.size && !old.has(node.textContent)) node.classList.add("sam-changed");
      text.replaceChildren(...words.flatMap((node) => [node, " "]));
      const errors = drawn?.rows?.errors[index];
      const name = page.say("stripe.at", { value: places(stop.value) });
      status.textContent = errors === undefined ? name : page.say(errors === 1 ? "stripe.one_error" : "stripe.many_errors", { at: name, errors });
      slider.setAttribute("aria-valuetext", status.textContent);
      use.textContent = page.say("stripe.set", { value: places(stop.value) });
      use.disabled = !current();
      drawn?.show(index, value());
    };

    const said = () => {
      const { state } = answer;
      const notes = [];
      if (state === "working") {
        const left = answer.remaining === null || answer.remaining === undefined ? "" : page.say("stripe.left", { time: page.duration(answer.remaining) });
        notes.push(el("progress", { max: answer.total, value: answer.stops.length, "aria-label": page.say("stripe.progress") }),
          el("span", {}, page.say("stripe.done", { done: answer.stops.length, total: answer.total }), left),
          el("button", { type: "button", class: "sam-button", onclick: () => document.querySelector("#stripe-stop")?.click() }, page.say("stripe.stop")));
      } else if (answer.notice) notes.push(el("p", { class: `sam-notice ${state === "error" ? "sam-notice-error" : ""}`, role: state === "error" ? "alert" : "status" }, answer.notice));
      if (answer.shipped && current()) notes.push(el("span", { class: "sam-hint" }, page.say("stripe.shipped")));
      const stale = answer.stops?.length > 0 && !current();
      if (stale) notes.push(el("span", { class: "sam-stale-mark sam-shown" }, page.say("stripe.stale")));
      if (["offer", "stopped"].includes(state) || (state === "error" && tried) || stale) notes.push(el("button", { type: "button", class: "sam-button", onclick: () => ask(true) }, page.say("stripe.hear", { total: answer.total })));
      return notes;
    };

    const draw = () => {
      body.hidden = !answer.stops?.length;
      const rows = answer.stops?.length ? page.stripeRows(answer.stops) : null;
      drawn = rows ? { rows, ...chart(answer, rows, { scrub, set }) } : null;
      figure.replaceChildren(...(drawn ? [drawn.node] : []));
      mark();
      if (answer.stops?.length) {
        const here = value();
        const near = here === null ? index : answer.stops.reduce((best, stop, at) => (Math.abs(stop.value - here) < Math.abs(answer.stops[best].value - here) ? at : best), 0);
        showStop(Math.min(near, answer.stops.length - 1));
      }
    };
    const mark = () => {
      bar.replaceChildren(...said());
      body.classList.toggle("sam-outdated-stripe", !current() && answer.state === "done");
      use.disabled = !current();
      drawn?.show(index, value());
    };

    slider.addEventListener("input", () => scrub(Number(slider.value) - (answer.total - answer.stops.length)));
    slider.addEventListener("keydown", (event) => { if (event.key === "Enter") set(); });
    fold.addEventListener("toggle", () => { if (fold.open && !current()) ask(false); });
    page.onRecipe(() => { if (fold.open) mark(); });
    page.onHeard((value) => {
      heard = value;
      if (!fold.open) return;
      if (!current() && answer.state !== "working") ask(false);
      else mark();
    });
    page.follow(props, watch, () => {
      const next = props.value || {};
      if (next.state === "asked" || next.state === "closed" || (next.stamp || 0) < asked) return;
      answer = { stops: [], total: 21, ...next };
      draw();
      if (wanted) come(); // it has grown, and there is room to scroll now
      wanted = false;
    });
  };
})();
