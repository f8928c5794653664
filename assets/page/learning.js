/* "Let the curve learn": a form, the losses while it learns, and the curve that moves by itself. Its value is {state, notice, stamp,
   start, asked, action, recipe, looks, …}; `submit` starts, resumes or cancels. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;
  const isTable = (value) => typeof value === "object" && value !== null;
  /** The run that was begun last: where it started and what was asked, so that it can be resumed; else null. */
  const kept = () => page.recall("learning", ({ start, asked }) => (isTable(start) && isTable(asked) ? { start, asked } : null), null);

  const field = (label, input, hint) => el("label", { class: "sam-choice" }, label, input, hint ? el("span", { class: "sam-hint" }, hint) : null);
  const choice = (id, options) => el("select", { id }, ...options.map(([value, label]) => el("option", { value }, label)));

  page.mountLearning = (element, props, trigger, watch) => {
    let following = null; // the recipe that learning showed last: the curve follows while nobody else moves it
    let taken = 0; // stamp of the run whose result is on the panel
    const corpus = choice("learn-corpus", props.corpora.map((name) => [name, name]));
    const kind = choice("learn-kind", Object.entries(props.kinds).map(([name, holds]) => [name, `${name}: ${holds}`]));
    const folder = el("input", { type: "text", id: "learn-folder", placeholder: say("learning.folder_example") });
    const filter = el("input", { type: "text", id: "learn-filter", placeholder: say("learning.filter_example") });
    const limit = el("input", { type: "number", id: "learn-limit", min: 2, value: props.preset.limit });
    const steps = el("input", { type: "number", id: "learn-steps", min: 1, value: props.preset.steps });
    const objective = choice("learn-objective", Object.keys(props.objectives).map((name) => [name, say(`learning.objective.${name}`)]));
    const by = choice("learn-by", ["lane", "projection", "head"].map((name) => [name, say(`learning.by.${name}`)]));
    const forward = el("input", { type: "checkbox", id: "learn-forward" });
    const start = el("button", { type: "button", class: "sam-button", id: "learn-start" }, say("learning.start"));
    const cancel = el("button", { type: "button", class: "sam-button", id: "learn-cancel" }, say("learning.cancel"));
    const resume = el("button", { type: "button", class: "sam-button", id: "learn-resume" }, say("learning.resume"));
    const back = el("button", { type: "button", class: "sam-button", id: "learn-back" }, say("learning.back"));
    const take = el("button", { type: "button", class: "sam-button", id: "learn-take" }, say("learning.take"));
    const shown = el("div", { class: "sam-learning-shown" });

    const number = (input) => (input.value === "" ? null : Number(input.value));
    const asked = () => ({ corpus: corpus.value, kind: kind.value, folder: folder.value, filter: filter.value, limit: number(limit),
      steps: number(steps), objective: objective.value, by: by.value, feed_forward: forward.checked });
    const send = (value) => {
      props.value = { state: "running", notice: say("learning.waiting"), stamp: page.stamp(), ...value };
      show();
      trigger("submit");
    };
    const begin = (action, run) => {
      following = page.recipe;
      page.remember("learning", run);
      send({ action, ...run });
    };
    start.addEventListener("click", () => begin("start", { start: page.recipe, asked: asked() }));
    resume.addEventListener("click", () => begin("resume", kept()));
    cancel.addEventListener("click", () => send({ ...props.value, action: "cancel", notice: say("learning.cancelling"), stamp: props.value.stamp }));
    back.addEventListener("click", () => page.takeRecipe(props.value.start));
    take.addEventListener("click", () => page.takeRecipe(props.value.recipe));

    /** Move the panel's curve, unless a hand has moved it since: then it is the hand's. */
    const follow = ({ recipe, state, stamp }) => {
      const mine = following && page.recipe && page.sameRecipe(following, page.recipe);
      if (state === "running" && mine) {
        page.showRecipe(recipe);
        following = page.recipe;
      } else if (["done", "early", "stopped"].includes(state) && mine && taken !== stamp) {
        taken = stamp;
        page.takeRecipe(recipe);
      }
      if (state !== "running") following = null;
    };

    const show = () => {
      const value = props.value || {};
      const running = value.state === "running";
      const ended = ["done", "early", "stopped"].includes(value.state) && value.recipe;
      start.disabled = running;
      cancel.hidden = !running;
      cancel.disabled = value.action === "cancel";
      resume.hidden = running || !kept() || ["done", "early"].includes(value.state);
      back.hidden = !ended;
      take.hidden = !ended || Boolean(page.recipe && page.sameRecipe(value.recipe, page.recipe));
      const parts = [];
      if (value.notice) parts.push(el("p", { class: `sam-notice sam-notice-${value.state}`, role: value.state === "error" ? "alert" : "status" }, value.notice));
      if (value.looks?.length) {
        const left = running && value.remaining !== null ? say("learning.left", { time: page.duration(value.remaining) }) : "";
        parts.push(
          el("div", { class: "sam-progress" }, el("progress", { max: value.steps, value: value.step, "aria-label": say("learning.progress") }),
            el("span", {}, say("learning.step", { step: value.step, steps: value.steps }), left)),
          page.lossPicture(value.looks, value.steps),
          el("p", { class: "sam-caption" }, say("learning.legend")));
      }
      if (value.problems?.length) {
        parts.push(el("details", {}, el("summary", {}, say("learning.left_out", { count: value.problems.length })),
          el("ul", {}, ...value.problems.map((problem) => el("li", {}, problem)))));
      }
      shown.replaceChildren(...parts);
    };

    element.replaceChildren(el("details", { class: "sam-fold sam-learning" }, el("summary", {}, el("b", {}, say("learning.title"))),
      el("p", { class: "sam-caption" }, say("learning.intro")),
      el("div", { class: "sam-learning-form" },
        field(say("learning.corpus"), corpus), ...(Object.keys(props.kinds).length ? [field(say("learning.kind"), kind), field(say("learning.folder"), folder)] : []),
        field(say("learning.filter"), filter), field(say("learning.clips"), limit), field(say("learning.steps"), steps),
        field(say("learning.objective"), objective), field(say("learning.by"), by),
        el("label", { class: "sam-check" }, forward, say("learning.forward"))),
      el("div", { class: "sam-learning-buttons" }, start, cancel, resume, take, back), shown));
    page.onRecipe(() => { if (props.value?.recipe) show(); });
    page.follow(props, watch, () => {
      if (props.value?.recipe) follow(props.value);
      show();
    });
    show();
  };
})();
