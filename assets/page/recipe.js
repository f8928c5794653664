/* The recipe panel: triple, method, its parameters, scope and, where the method has one, the curve with its schedule, λ and α.
   Its value is {recipe, stamp}; `submit` when the hand rests. Methods and their sliders come from Python's table. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say, dial, boxes } = page;
  const THIRDS = [0, 1, 2].map((third) => say(`recipe.third.${third}`));

  page.mountRecipe = (element, props, trigger) => {
    let recipe = structuredClone(props.value.recipe);
    const depths = () => props.depths[recipe.triple];

    const row = () => props.methods[recipe.method];
    page.methods = props.methods;

    const draw = () => {
      triple.value = recipe.triple;
      method.value = recipe.method;
      parameters.draw(recipe.method, row(), recipe);
      scope.show(recipe.scope, row().parts);
      additions.draw(recipe);
      for (const each of [schedule.parentNode, curveDials, curve.node, projections.node]) each.hidden = !row().curve;
      flat.hidden = row().curve;
      flat.textContent = say("recipe.flat", { method: row().title });
      const ofCurve = recipe.finer ? say("recipe.rest_of_finer") : say("recipe.rest_of_curve");
      rest.textContent = row().curve ? ofCurve : say("recipe.rest");
      about.hidden = recipe.method === "sa";
      about.replaceChildren(el("code", { class: "sam-equation" }, row().equation), `${row().meaning} `,
        el("a", { href: row().paper, target: "_blank", rel: "noreferrer" }, say("recipe.paper")));
      if (row().curve) drawCurve();
      else reading.hidden = true;
    };
    const drawCurve = () => {
      const row = props.schedules[recipe.schedule];
      reading.hidden = false;
      formula.textContent = row.formula;
      meaning.textContent = row.meaning;
      const alpha = Array.isArray(recipe.alpha) ? recipe.alpha : [recipe.alpha];
      mixing.use(recipe.schedule !== "custom", row.mixing_hint);
      mixing.show(recipe.lambda);
      exponents.forEach((each, index) => {
        each.node.hidden = (row.exponents === 3) === (index === 0);
        each.use(row.exponents > 0, index === 0 ? row.exponent_hint : THIRDS[index - 1]);
        each.show(index === 0 ? alpha[0] : alpha[index - 1] ?? alpha[0]);
      });
      projections.show(recipe.projections);
      schedule.value = recipe.schedule;
      curve.draw(recipe, depths());
    };
    const changed = (change) => {
      // Through JSON: an entry that is taken away is gone, not undefined.
      recipe = JSON.parse(JSON.stringify({ ...recipe, ...change }));
      page.setRecipe(recipe);
    };
    const rested = () => {
      props.value = { recipe, stamp: page.stamp() };
      trigger("submit");
      page.restRecipe();
    };
    const both = (change) => { changed(change); rested(); };
    /** A whole recipe from elsewhere: a pin, a point of a chart. */
    page.takeRecipe = (taken) => {
      recipe = structuredClone(taken);
      both({});
    };

    /** A recipe that moves by itself: drawn like a hand's, and nobody is asked to hear it yet. */
    page.showRecipe = (moved) => {
      recipe = structuredClone(moved);
      changed({});
    };

    const setSchedule = (name) => {
      const change = { schedule: name, finer: name === "custom" ? recipe.finer : undefined };
      if (name === "custom") change.ratios = ratiosNow();
      const alpha = Array.isArray(recipe.alpha) ? recipe.alpha : [recipe.alpha];
      if (name === "groups") change.alpha = alpha.length === 3 ? alpha : [0.7, 0.8, 0.9];
      else change.alpha = alpha.length === 3 ? 0.8 : alpha[0];
      both(change);
    };
    const setTriple = (name) => {
      const change = { triple: name };
      const add = (recipe.add || []).filter((each) => each.vector in props.vectors[name]);
      if (recipe.add) change.add = add.length ? add : undefined;
      if (recipe.schedule === "custom") Object.assign(change, { schedule: "depth", ratios: undefined, finer: undefined });
      left.clear();
      both(change);
    };
    /** Each method is found again as it was left. */
    const left = new Map();
    const setMethod = (name) => {
      left.set(recipe.method, recipe);
      const { triple, add } = recipe;
      recipe = structuredClone(left.get(name) || props.methods[name].preset);
      both({ triple, add });
    };
    /** Every method that was on the panel as it was left, for the triple and the added vectors of now. */
    page.ownRecipes = () => JSON.parse(JSON.stringify(Object.fromEntries([...left, [recipe.method, recipe]].map(([name, each]) =>
      [name, { ...each, triple: recipe.triple, add: recipe.add }]))));
    /** λ_i of all lanes as they are now, those out of scope included. */
    const ratiosNow = () => (recipe.schedule === "custom" ? structuredClone(recipe.ratios)
      : page.laneRatios({ ...recipe, scope: Object.keys(page.LANES) }, depths()));
    const hand = {
      ratio: (lane, layer) => ratiosNow()[lane][layer],
      moved: (lane, layer, ratio) => {
        const ratios = ratiosNow();
        ratios[lane][layer] = ratio;
        const finer = page.finerMoved(recipe.finer, lane, layer, ratio);
        changed({ schedule: "custom", ratios, finer, alpha: Array.isArray(recipe.alpha) ? 0.8 : recipe.alpha });
      },
      rested: () => { if (!page.sameRecipe(recipe, props.value.recipe)) rested(); },
    };
    const toggle = (key, order) => (name, on) =>
      both({ [key]: order.filter((each) => (each === name ? on : recipe[key].includes(each))) });

    const choice = (names, chosen, attributes) => el("select", { ...attributes, onchange: (event) => chosen(event.target.value) },
      ...Object.entries(names).map(([value, label]) => el("option", { value }, label)));
    const method = choice(Object.fromEntries(Object.entries(props.methods).map(([name, each]) => [name, each.title])), setMethod, { id: "sam-method" });
    const parameters = new page.Parameters(changed, rested);
    const additions = new page.Additions(props, changed, rested, both);
    const flat = el("p", { class: "sam-flat" });
    const rest = el("p", { class: "sam-rest" });
    const about = el("p", { class: "sam-reading sam-about" });
    const triple = choice(props.triples, setTriple, { id: "sam-triple" });
    const schedule = choice(Object.fromEntries(Object.keys(props.schedules).map((name) => [name, name])), setSchedule, { id: "sam-schedule" });
    const formula = el("code", { class: "sam-formula" });
    const meaning = el("span", { class: "sam-meaning" });
    const mixing = dial("sam-lambda", "λ", "", 1, (value) => changed({ lambda: value }), rested);
    const single = dial("sam-alpha", "α", "", 2, (value) => changed({ alpha: value }), rested);
    const grouped = THIRDS.map((name, index) => dial(`sam-alpha-${index}`, `α${index + 1}`, name, 2, (value) => {
      const alpha = [...recipe.alpha];
      alpha[index] = value;
      changed({ alpha });
    }, rested));
    const exponents = [single, ...grouped];
    const scope = boxes(say("recipe.merged"), Object.fromEntries(props.parts.map((part) => [part, part in page.LANES ? say(`recipe.scope.${part}`) : part])), [], toggle("scope", props.parts));
    const projections = boxes(say("recipe.of_them"), { q: "q", k: "k", v: "v" }, [], toggle("projections", ["q", "k", "v"]));
    const curve = new page.Curve(hand);
    const reset = el("button", { type: "button", class: "sam-button", onclick: () => {
      recipe = structuredClone(props.preset);
      left.clear();
      both({});
    } }, say("recipe.start"));

    const reading = el("div", { class: "sam-reading" }, formula, meaning);
    const curveDials = el("div", { class: "sam-dials" }, mixing.node, ...exponents.map((each) => each.node));
    element.replaceChildren(el("div", { class: "sam-panel" },
      el("div", { class: "sam-choices" },
        el("label", { class: "sam-choice" }, say("recipe.triple"), triple),
        el("label", { class: "sam-choice" }, say("recipe.method"), method),
        el("label", { class: "sam-choice" }, say("recipe.schedule"), schedule),
        reading),
      about, curveDials, parameters.node, curve.node, flat,
      el("div", { class: "sam-row" }, scope.node, projections.node, reset),
      rest, additions.node));
    page.setRecipe(recipe);
    page.onRecipe(draw);
  };
})();
