/* The controls that the recipe panel is made of: sliders with a number beside them, fields, rows of boxes, a method's own parameters
   and the task vectors to add. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  /** A labelled slider with a number beside it. `moved(value)` while it moves, `rested()` when the hand lets go. */
  const dial = (id, label, hint, highest, moved, rested, lowest = 0, step = 0.01) => {
    const options = { min: lowest, max: highest, step };
    const places = step < 1 ? 2 : 0;
    const range = el("input", { type: "range", id, ...options, "aria-describedby": `${id}-hint` });
    const number = el("input", { type: "number", ...options, "aria-label": say("recipe.typed", { label }) });
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
      this.parts = boxes(say("recipe.added_to"), Object.fromEntries(props.parts.map((part) => [part, part])), [], (part, on) => {
        this.scope = props.parts.filter((each) => (each === part ? on : this.scope.includes(each)));
        this.both(this.change());
      });
      this.says = el("span", {});
      this.places = [];
      this.node = el("details", { class: "sam-add sam-vectors" }, el("summary", {}, say("recipe.add"), this.says), this.dials, props.own_places ? this.field() : null, this.parts.node);
    }

    /** A field for a checkpoint that no list names: it gets a slider of its own, and is loaded when that first moves. */
    field() {
      const input = el("input", { type: "text", id: "sam-add-place", placeholder: say("recipe.place_example"), maxlength: 300 });
      const told = el("span", { class: "sam-hint", role: "status" });
      const take = () => {
        const place = input.value.trim();
        told.textContent = page.isPlace(place) ? "" : say("recipe.place_wrong");
        if (!page.isPlace(place)) return;
        input.value = "";
        if (!this.places.includes(place)) this.places.push(place);
        this.draw(this.recipe);
      };
      input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); take(); } });
      return el("div", { class: "sam-row sam-place" }, el("label", { for: "sam-add-place" }, say("recipe.place")), input,
        el("button", { type: "button", class: "sam-button", onclick: take }, say("recipe.place_take")), told);
    }

    change() {
      const scope = this.scope.length === this.props.parts.length ? {} : { scope: [...this.scope] };
      const add = Object.entries(this.betas).filter(([, beta]) => beta).map(([vector, beta]) => ({ vector, beta, ...scope }));
      return { add: add.length ? add : undefined };
    }

    draw(recipe) {
      this.recipe = recipe;
      if (this.triple !== recipe.triple) this.places = [];
      const listed = this.props.vectors[recipe.triple];
      this.places = [...new Set([...this.places, ...(recipe.add || []).map((each) => each.vector).filter(page.isPlace)])];
      const vectors = { ...listed, ...Object.fromEntries(this.places.map((place) => [place, place])) };
      this.betas = Object.fromEntries(Object.keys(vectors).map((name) => [name, (recipe.add || []).find((each) => each.vector === name)?.beta ?? 0]));
      if (recipe.add) this.scope = recipe.add[0].scope || [...this.props.parts];
      const drawn = JSON.stringify([recipe.triple, Object.keys(vectors)]);
      if (this.drawn !== drawn) {
        this.drawn = drawn;
        this.triple = recipe.triple;
        const made = Object.entries(vectors).map(([name, label], number) => [name, dial(`sam-add-${name in listed ? name : number}`, `β ${name in listed ? name : page.placeName(name)}`, label, this.props.max_beta, (value) => {
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

  /** Whether a task vector is a checkpoint named by its place, and its last name. */
  page.isPlace = (text) => /^(folder|hub):./.test(text);
  page.placeName = (text) => text.replace(/^\w+:/, "").replace(/\/+$/, "").split("/").pop();

  Object.assign(page, { dial, boxes, Parameters, Additions });
})();
