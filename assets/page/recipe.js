/* The recipe panel: triple, method, its parameters, scope and, where the method has one, the curve with its schedule, λ and α.
   Its value is {recipe, stamp}; `submit` when the hand rests. Methods and their sliders come from Python's table. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say, dial, boxes } = page;
  const THIRDS = [0, 1, 2].map((third) => say(`recipe.third.${third}`));

  page.mountRecipe = (element, props, trigger) => {
    page.tables = props;
    if (props.own_places) page.ownTriples().forEach((row) => page.addOwn(props, row));
    const asked = page.readAddress(location.search, props);
    let recipe = asked.recipe || structuredClone(props.value.recipe);
    /** The formula that the ghost shows and that one press goes back to: the last one that was on, or the default reading. */
    let formula = null;
    const depths = () => props.depths[recipe.triple];
    const memory = new page.Memory(props);
    const trail = new page.Trail(page.recall("trail", ({ past, future }) => {
      for (const each of [...past, ...future]) page.checkRecipe(JSON.parse(each), props);
      return { past, future };
    }, {}, "tab"));
    page.giveMemory(memory);

    const row = () => props.methods[recipe.method];
    page.methods = props.methods;

    const draw = () => {
      undo.disabled = !trail.canUndo;
      redo.disabled = !trail.canRedo;
      presets.draw(recipe);
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
      if (recipe.schedule !== "custom") formula = { schedule: recipe.schedule, lambda: recipe.lambda, alpha: recipe.alpha };
      reading.hidden = false;
      equation.textContent = row.formula;
      meaning.textContent = row.meaning;
      // A curve that was drawn keeps the dials of the formula it came from: nothing moves under the hand that draws it.
      const shape = recipe.schedule === "custom" && formula ? formula : recipe;
      const alpha = [shape.alpha].flat();
      const thirds = props.schedules[shape.schedule].exponents === 3;
      mixing.use(recipe.schedule !== "custom", row.mixing_hint);
      mixing.show(recipe.lambda);
      exponents.forEach((each, index) => {
        each.node.hidden = thirds === (index === 0);
        each.use(row.exponents > 0, index === 0 ? row.exponent_hint : THIRDS[index - 1]);
        each.show(index === 0 ? alpha[0] : alpha[index - 1] ?? alpha[0]);
      });
      projections.show(recipe.projections);
      schedule.value = recipe.schedule;
      curve.draw(recipe, depths(), compared());
    };
    /** Pinned recipes whose curves fit beside this one's. */
    const compared = () => memory.compared().filter((pin) => pin.recipe.schedule && !page.sameRecipe(pin.recipe, recipe)
      && (pin.recipe.schedule !== "custom" || Object.entries(depths()).every(([lane, depth]) => pin.recipe.ratios[lane]?.length === depth)));
    const changed = (change) => {
      // Through JSON: an entry that is taken away is gone, not undefined.
      recipe = JSON.parse(JSON.stringify({ ...recipe, ...change }));
      page.setRecipe(recipe);
    };
    const rested = () => {
      props.value = { recipe, stamp: page.stamp() };
      trigger("submit");
      trail.rest(recipe);
      keepTrail();
      page.restRecipe();
    };
    const keepTrail = () => page.remember("trail", trail.state, "tab");
    /** One step back or forth. */
    const step = (taken) => {
      if (!taken) return;
      page.takeRecipe(taken);
      keepTrail();
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
      : page.laneRatios({ ...recipe, scope: Object.keys(page.LANES), projections: ["q"] }, depths()));
    const known = () => ({ schedule: "depth", lambda: recipe.lambda, alpha: [recipe.alpha].flat()[0], ...formula });
    const hand = {
      ratios: ratiosNow,
      set: (ratios) => {
        let { finer } = recipe;
        const before = finer && ratiosNow();
        for (const [lane, now] of finer ? Object.entries(ratios) : [])
          now.forEach((ratio, layer) => { if (ratio !== before[lane]?.[layer]) finer = page.finerMoved(finer, lane, layer, ratio); });
        changed({ schedule: "custom", ratios, finer, alpha: Array.isArray(recipe.alpha) ? 0.8 : recipe.alpha });
      },
      rested: () => { if (!page.sameRecipe(recipe, props.value.recipe)) rested(); },
      formula: () => ({ ...recipe, ...known() }),
      snap: () => both({ ...known(), ratios: undefined, finer: undefined }),
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
    const hub = el("button", { type: "button", class: "sam-link", id: "hub-open", "aria-expanded": "false", "aria-controls": "hub-section", title: say("recipe.hub.hint"),
      onclick: (event) => page.openHub(event.currentTarget.getAttribute("aria-expanded") !== "true") }, say("recipe.hub"));
    /** A triple of one's own that has just been opened: into the menu, and onto the page. */
    page.offerTriple = (row) => {
      if (!(row.name in props.triples)) triple.append(el("option", { value: row.name }, row.title));
      page.addOwn(props, row);
      setTriple(row.name);
    };
    const schedule = choice(Object.fromEntries(Object.keys(props.schedules).map((name) => [name, name])), setSchedule, { id: "sam-schedule" });
    const equation = el("code", { class: "sam-formula" });
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
    const presets = new page.Presets(props, (taken) => page.takeRecipe(taken));
    const recalled = new page.Recalled(memory, props, (taken) => page.takeRecipe(taken));
    const button = (name, act, attributes = {}) => el("button", { type: "button", class: "sam-button", title: say(`recipe.${name}.hint`), onclick: act, ...attributes }, say(`recipe.${name}`));
    const acts = { undo: () => step(trail.undo()), redo: () => step(trail.redo()) };
    const undo = button("undo", acts.undo, { "aria-keyshortcuts": "Control+Z" });
    const redo = button("redo", acts.redo, { "aria-keyshortcuts": "Control+Shift+Z" });
    page.listenToKeys(acts);
    const reset = button("start", () => { left.clear(); page.takeRecipe(props.preset); });
    const pin = button("pin", () => { memory.pin(recipe); recalled.node.open = true; });

    // Room for the longest reading: nothing below may move when a drag turns the curve into a drawn one.
    const room = Object.values(props.schedules).map((each) => el("div", { class: "sam-room", "aria-hidden": "true" }, el("code", { class: "sam-equation" }, each.formula), each.meaning));
    const reading = el("div", { class: "sam-reading sam-stack" }, el("div", {}, equation, meaning), ...room);
    const curveDials = el("div", { class: "sam-dials sam-curve-dials" }, mixing.node, ...exponents.map((each) => each.node));
    element.replaceChildren(el("div", { class: "sam-panel" },
      el("div", { class: "sam-choices" },
        el("div", { class: "sam-choice" }, el("span", { class: "sam-choice-head" }, el("label", { for: "sam-triple" }, say("recipe.triple")), hub), triple),
        el("label", { class: "sam-choice" }, say("recipe.method"), method),
        el("label", { class: "sam-choice" }, say("recipe.schedule"), schedule),
        reading),
      about, presets.node, curveDials, parameters.node, curve.node, flat,
      el("div", { class: "sam-row sam-scope" }, scope.node, projections.node, rest),
      el("div", { class: "sam-drawers" }, el("div", { class: "sam-row sam-undo" }, undo, redo, pin, reset), additions.node, recalled.node)));
    page.setRecipe(recipe);
    page.onRecipe(draw);
    memory.onChange(draw);
    page.onHeard(({ recipe: heard, columns }) => {
      const merge = columns.find((column) => column.model === "merge" && column.state === "done");
      if (heard && merge && page.clip) memory.note(heard, page.clip, { wer: merge.counts?.wer ?? null, text: merge.text });
    });
    trail.rest(recipe);
    page.openAddress(asked, () => { if (asked.recipe) rested(); });
  };
})();
