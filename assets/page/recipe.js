/* The recipe panel: triple, method, its parameters, scope and, where the method has one, the curve with its schedule, λ and α.
   Its value is {recipe, stamp}; `submit` when the hand rests. Methods and their sliders come from Python's table. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;
  const GROUP_NAMES = ["bottom third", "middle third", "top third"];

  /** A labelled slider with a number beside it. `moved(value)` while it moves, `rested()` when the hand lets go. */
  const dial = (id, label, hint, highest, moved, rested, lowest = 0, step = 0.01) => {
    const options = { min: lowest, max: highest, step };
    const places = step < 1 ? 2 : 0;
    const range = el("input", { type: "range", id, ...options, "aria-describedby": `${id}-hint` });
    const number = el("input", { type: "number", ...options, "aria-label": `${label}, typed` });
    const take = (text) => {
      const value = Math.min(highest, Math.max(lowest, Number.parseFloat(text)));
      if (Number.isNaN(value)) number.value = Number(range.value).toFixed(places);
      else moved(step < 1 ? value : Math.round(value));
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
    return { node, use, show: (value) => { range.value = value; if (document.activeElement !== number) number.value = value.toFixed(places); else number.value = value; } };
  };

  /** A labelled field for a name. */
  const field = (id, label, hint, changed, rested) => {
    const input = el("input", { type: "text", id, "aria-describedby": `${id}-hint`, maxlength: 60 });
    input.addEventListener("change", () => { changed(input.value.trim()); rested(); });
    const node = el("div", { class: "sam-dial" }, el("label", { for: id }, label), el("span", { class: "sam-hint", id: `${id}-hint` }, hint), input);
    return { node, show: (value) => { if (document.activeElement !== input) input.value = value; } };
  };

  const boxes = (legend, names, checked, toggled) => {
    const inputs = Object.entries(names).map(([name, label]) => {
      const input = el("input", { type: "checkbox", value: name });
      input.addEventListener("change", () => toggled(name, input.checked));
      return [input, el("label", { class: "sam-check" }, input, label)];
    });
    const node = el("fieldset", { class: "sam-boxes" }, el("legend", {}, legend), ...inputs.map(([, label]) => label));
    /** `offered`: those that can be chosen now; the others are not shown. */
    const show = (chosen, offered) => inputs.forEach(([input, label]) => {
      input.checked = chosen.includes(input.value);
      label.hidden = Boolean(offered) && !offered.includes(input.value);
    });
    return { node, show };
  };

  /** The sliders of a method's own parameters, from its row of the table. */
  class Parameters {
    constructor(changed, rested) {
      this.hand = [changed, rested];
      this.node = el("div", { class: "sam-dials", id: "sam-parameters" });
    }

    draw(method, row, recipe) {
      if (method !== this.method) {
        this.method = method;
        const [changed, rested] = this.hand;
        this.dials = row.parameters.map((each) => [each.name, each.kind === "name"
          ? field(`sam-set-${each.name}`, each.symbol, each.meaning, (value) => changed({ [each.name]: value }), rested)
          : dial(`sam-set-${each.name}`, each.symbol, each.meaning, each.highest,
          (value) => changed({ [each.name]: value }), rested, each.lowest, each.step)]);
        this.node.replaceChildren(...this.dials.map(([, each]) => each.node));
      }
      for (const [name, each] of this.dials) each.show(recipe[name]);
    }
  }

  /** Sliders for β of every task vector of the triple, and the parts of the model they are added to. */
  class Additions {
    constructor(props, changed, rested, both) {
      Object.assign(this, { props, changed, rested, both, betas: {}, scope: [...props.parts] });
      this.dials = el("div", { class: "sam-dials" });
      this.parts = boxes("added to", Object.fromEntries(props.parts.map((part) => [part, part])), [], (part, on) => {
        this.scope = props.parts.filter((each) => (each === part ? on : this.scope.includes(each)));
        this.both(this.change());
      });
      this.says = el("span", {});
      this.node = el("details", { class: "sam-add" }, el("summary", {}, "Add task vectors ", this.says), this.dials, this.parts.node);
    }

    change() {
      const scope = this.scope.length === this.props.parts.length ? {} : { scope: [...this.scope] };
      const add = Object.entries(this.betas).filter(([, beta]) => beta).map(([vector, beta]) => ({ vector, beta, ...scope }));
      return { add: add.length ? add : undefined };
    }

    draw(recipe) {
      const vectors = this.props.vectors[recipe.triple];
      this.betas = Object.fromEntries(Object.keys(vectors).map((name) => [name, (recipe.add || []).find((each) => each.vector === name)?.beta ?? 0]));
      if (recipe.add) this.scope = recipe.add[0].scope || [...this.props.parts];
      if (this.triple !== recipe.triple) {
        this.triple = recipe.triple;
        const made = Object.entries(vectors).map(([name, label]) => [name, dial(`sam-add-${name}`, `β ${name}`, label, this.props.max_beta, (value) => {
          this.betas[name] = value;
          this.changed(this.change());
        }, this.rested, -this.props.max_beta, 0.05)]);
        this.shown = Object.fromEntries(made);
        this.dials.replaceChildren(...made.map(([, each]) => each.node));
      }
      for (const [name, each] of Object.entries(this.shown)) each.show(this.betas[name]);
      this.parts.show(this.scope);
      this.says.textContent = recipe.add ? `(${recipe.add.length})` : "";
    }
  }

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
      flat.textContent = `${row().title} treats all tensors in scope alike: there is no curve over the layers.`;
      rest.textContent = row().curve
        ? "Only q, k and v of attention are mixed. Everything else is M1’s, so even “100 % adult” is not M2."
        : "What is out of scope is M1’s. Tensors that training left as they were are M0’s in any case.";
      about.hidden = recipe.method === "sa";
      about.replaceChildren(el("code", { class: "sam-equation" }, row().equation), `${row().meaning} `,
        el("a", { href: row().paper, target: "_blank", rel: "noreferrer" }, "Paper"));
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
        each.use(row.exponents > 0, index === 0 ? row.exponent_hint : GROUP_NAMES[index - 1]);
        each.show(index === 0 ? alpha[0] : alpha[index - 1] ?? alpha[0]);
      });
      projections.show(recipe.projections);
      schedule.value = recipe.schedule;
      curve.draw(recipe, depths());
    };
    let frame = 0;
    const changed = (change) => {
      // Through JSON: an entry that is taken away is gone, not undefined.
      recipe = JSON.parse(JSON.stringify({ ...recipe, ...change }));
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
      const add = (recipe.add || []).filter((each) => each.vector in props.vectors[name]);
      if (recipe.add) change.add = add.length ? add : undefined;
      if (recipe.schedule === "custom") Object.assign(change, { schedule: "depth", ratios: undefined });
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
    const method = choice(Object.fromEntries(Object.entries(props.methods).map(([name, each]) => [name, each.title])), setMethod, { id: "sam-method" });
    const parameters = new Parameters(changed, rested);
    const additions = new Additions(props, changed, rested, both);
    const flat = el("p", { class: "sam-flat" });
    const rest = el("p", { class: "sam-rest" });
    const about = el("p", { class: "sam-reading sam-about" });
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
    const names = { "encoder.self": "encoder self", "decoder.self": "decoder self", "decoder.cross": "cross" };
    const scope = boxes("Merged", Object.fromEntries(props.parts.map((part) => [part, names[part] || part])), [], toggle("scope", props.parts));
    const projections = boxes("of them", { q: "q", k: "k", v: "v" }, [], toggle("projections", ["q", "k", "v"]));
    const curve = new page.Curve(hand);
    const reset = el("button", { type: "button", class: "sam-button", onclick: () => {
      recipe = structuredClone(props.preset);
      left.clear();
      both({});
    } }, "Back to the start");

    const reading = el("div", { class: "sam-reading" }, formula, meaning);
    const curveDials = el("div", { class: "sam-dials" }, mixing.node, ...exponents.map((each) => each.node));
    element.replaceChildren(el("div", { class: "sam-panel" },
      el("div", { class: "sam-choices" },
        el("label", { class: "sam-choice" }, "Triple", triple),
        el("label", { class: "sam-choice" }, "Method", method),
        el("label", { class: "sam-choice" }, "Schedule", schedule),
        reading),
      about, curveDials, parameters.node, curve.node, flat,
      el("div", { class: "sam-row" }, scope.node, projections.node, reset),
      rest, additions.node));
    page.setRecipe(recipe);
    draw();
  };
})();
