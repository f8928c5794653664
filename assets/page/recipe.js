/* The recipe panel: triple, schedule, λ, α, scope and the curve. Its value is {recipe, stamp}; `submit` when the hand rests. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;
  const GROUP_NAMES = ["bottom third", "middle third", "top third"];

  /** A labelled slider with a number beside it. `moved(value)` while it moves, `rested()` when the hand lets go. */
  const dial = (id, label, hint, highest, moved, rested) => {
    const options = { min: 0, max: highest, step: 0.01 };
    const range = el("input", { type: "range", id, ...options, "aria-describedby": `${id}-hint` });
    const number = el("input", { type: "number", ...options, "aria-label": `${label}, typed` });
    const take = (text) => {
      const value = Math.min(highest, Math.max(0, Number.parseFloat(text)));
      if (Number.isNaN(value)) number.value = Number(range.value).toFixed(2);
      else moved(value);
    };
    range.addEventListener("input", () => take(range.value));
    range.addEventListener("change", rested);
    number.addEventListener("change", () => { take(number.value); rested(); });
    const said = el("span", { class: "sam-hint", id: `${id}-hint` }, hint);
    const node = el("div", { class: "sam-dial" },
      el("label", { for: id }, label), said, range, number);
    /** A dial that the schedule does not use keeps its place: nothing may move under a hand. */
    const use = (on, text) => {
      said.textContent = text;
      node.classList.toggle("sam-off", !on);
      range.disabled = number.disabled = !on;
    };
    return { node, use, show: (value) => { range.value = value; if (document.activeElement !== number) number.value = value.toFixed(2); else number.value = value; } };
  };

  const boxes = (legend, names, checked, toggled) => {
    const inputs = Object.entries(names).map(([name, label]) => {
      const input = el("input", { type: "checkbox", value: name });
      input.addEventListener("change", () => toggled(name, input.checked));
      return [input, el("label", { class: "sam-check" }, input, label)];
    });
    const node = el("fieldset", { class: "sam-boxes" }, el("legend", {}, legend), ...inputs.map(([, label]) => label));
    return { node, show: (chosen) => inputs.forEach(([input]) => { input.checked = chosen.includes(input.value); }) };
  };

  page.mountRecipe = (element, props, trigger) => {
    let recipe = structuredClone(props.value.recipe);
    const depths = () => props.depths[recipe.triple];

    const draw = () => {
      const row = props.schedules[recipe.schedule];
      formula.textContent = row.formula;
      meaning.textContent = row.meaning;
      const alpha = Array.isArray(recipe.alpha) ? recipe.alpha : [recipe.alpha];
      mixing.use(recipe.schedule !== "custom", row.mixing_hint);
      mixing.show(recipe.lambda);
      exponents.forEach((each, index) => {
        each.node.hidden = (row.exponents === 3) === (index === 0);
        each.use(row.exponents > 0, index === 0 ? row.exponent_hint : GROUP_NAMES[index - 1]);
        each.show(index === 0 ? alpha[0] : alpha[index - 1] ?? alpha[0]);
      });
      scope.show(recipe.scope);
      projections.show(recipe.projections);
      triple.value = recipe.triple;
      schedule.value = recipe.schedule;
      curve.draw(recipe, depths());
    };
    let frame = 0;
    const changed = (change) => {
      recipe = { ...recipe, ...change };
      page.setRecipe(recipe);
      if (!frame) frame = requestAnimationFrame(() => { frame = 0; draw(); });
    };
    const rested = () => {
      props.value = { recipe, stamp: page.stamp() };
      trigger("submit");
    };
    const both = (change) => { changed(change); rested(); };
    /** A whole recipe from elsewhere: a pin, a point of a chart. */
    page.takeRecipe = (taken) => {
      recipe = structuredClone(taken);
      both({});
    };

    const setSchedule = (name) => {
      const change = { schedule: name };
      if (name === "custom") change.ratios = ratiosNow();
      const alpha = Array.isArray(recipe.alpha) ? recipe.alpha : [recipe.alpha];
      if (name === "groups") change.alpha = alpha.length === 3 ? alpha : [0.7, 0.8, 0.9];
      else change.alpha = alpha.length === 3 ? 0.8 : alpha[0];
      both(change);
    };
    const setTriple = (name) => {
      const change = { triple: name };
      if (recipe.schedule === "custom") Object.assign(change, { schedule: "depth", ratios: undefined });
      recipe = JSON.parse(JSON.stringify({ ...recipe, ...change }));
      both({});
    };
    /** λ_i of all lanes as they are now, those out of scope included. */
    const ratiosNow = () => (recipe.schedule === "custom" ? structuredClone(recipe.ratios)
      : page.laneRatios({ ...recipe, scope: Object.keys(page.LANES) }, depths()));
    const hand = {
      ratio: (lane, layer) => ratiosNow()[lane][layer],
      moved: (lane, layer, ratio) => {
        const ratios = ratiosNow();
        ratios[lane][layer] = ratio;
        changed({ schedule: "custom", ratios, alpha: Array.isArray(recipe.alpha) ? 0.8 : recipe.alpha });
      },
      rested: () => { if (!page.sameRecipe(recipe, props.value.recipe)) rested(); },
    };
    const toggle = (key, order) => (name, on) =>
      both({ [key]: order.filter((each) => (each === name ? on : recipe[key].includes(each))) });

    const choice = (names, chosen, attributes) => el("select", { ...attributes, onchange: (event) => chosen(event.target.value) },
      ...Object.entries(names).map(([value, label]) => el("option", { value }, label)));
    const triple = choice(props.triples, setTriple, { id: "sam-triple" });
    const schedule = choice(Object.fromEntries(Object.keys(props.schedules).map((name) => [name, name])), setSchedule, { id: "sam-schedule" });
    const formula = el("code", { class: "sam-formula" });
    const meaning = el("span", { class: "sam-meaning" });
    const mixing = dial("sam-lambda", "λ", "", 1, (value) => changed({ lambda: value }), rested);
    const single = dial("sam-alpha", "α", "", 2, (value) => changed({ alpha: value }), rested);
    const grouped = GROUP_NAMES.map((name, index) => dial(`sam-alpha-${index}`, `α${index + 1}`, name, 2, (value) => {
      const alpha = [...recipe.alpha];
      alpha[index] = value;
      changed({ alpha });
    }, rested));
    const exponents = [single, ...grouped];
    const scope = boxes("Merged", { "encoder.self": "encoder self", "decoder.self": "decoder self", "decoder.cross": "cross" },
      [], toggle("scope", Object.keys(page.LANES)));
    const projections = boxes("of them", { q: "q", k: "k", v: "v" }, [], toggle("projections", ["q", "k", "v"]));
    const curve = new page.Curve(hand);
    const reset = el("button", { type: "button", class: "sam-button", onclick: () => {
      recipe = structuredClone(props.preset);
      both({});
    } }, "Back to the start");

    element.replaceChildren(el("div", { class: "sam-panel" },
      el("div", { class: "sam-choices" },
        el("label", { class: "sam-choice" }, "Triple", triple),
        el("label", { class: "sam-choice" }, "Schedule", schedule),
        el("div", { class: "sam-reading" }, formula, meaning)),
      el("div", { class: "sam-dials" }, mixing.node, ...exponents.map((each) => each.node)),
      curve.node,
      el("div", { class: "sam-row" }, scope.node, projections.node, reset),
      el("p", { class: "sam-rest" }, "Only q, k and v of attention are mixed. Everything else is M1’s, so even “100 % adult” is not M2.")));
    page.setRecipe(recipe);
    draw();
  };
})();
