/* Presets: recipes to begin with, each a button with a picture made by the function that draws the curve; and the visitor's own. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;
  const LANES = ["encoder.self", "decoder.self", "decoder.cross"];
  const MOST = 24, LONGEST = 40;

  const along = (depth, shape) => Array.from({ length: depth }, (_, layer) => page.tidyRatio(shape(depth === 1 ? 0 : layer / (depth - 1))));
  const drawn = (depths, shape) => ({ schedule: "custom", ratios: Object.fromEntries(LANES.map((lane) => [lane, along(depths[lane], shape)])) });

  /** The presets that come with the page, as recipes of SA Merge by name. */
  page.presetRecipes = (triple, depths) => {
    const made = {
      m1: { schedule: "constant", lambda: 1 },
      m2: { schedule: "constant", lambda: 0 },
      half: { schedule: "constant", lambda: 0.5 },
      paper: {},
      groups: { schedule: "groups", alpha: [0.7, 0.8, 0.9] },
      ramp: drawn(depths, (place) => 1 - place),
      v: drawn(depths, (place) => Math.abs(1 - 2 * place)),
      encoder: { scope: ["encoder.self"] },
      decoder: { scope: ["decoder.self", "decoder.cross"] },
    };
    const start = { version: 1, triple, method: "sa", schedule: "depth", lambda: 0.2, alpha: 0.8, scope: LANES, projections: ["q", "k", "v"] };
    return Object.fromEntries(Object.entries(made).map(([name, change]) => [name, JSON.parse(JSON.stringify({ ...start, ...change }))]));
  };

  /** An own preset for a triple: a drawn curve is stretched to its layers, task vectors that it lacks are left out. */
  page.presetFor = (recipe, triple, tables) => {
    const made = { ...structuredClone(recipe), triple };
    const depths = tables.depths[triple];
    if (made.ratios) made.ratios = Object.fromEntries(Object.entries(made.ratios).map(([lane, ratios]) => [lane, page.stretched(ratios, depths[lane])]));
    // What is finer than a lane belongs to one size of model.
    if (depths["encoder.self"] !== tables.depths[recipe.triple]?.["encoder.self"]) delete made.finer;
    const add = (made.add || []).filter((each) => each.vector in tables.vectors[triple] || /^(folder|hub):./.test(each.vector));
    if (add.length) made.add = add; else delete made.add;
    return made;
  };

  page.Presets = class {
    /** `take(recipe)` puts one on the panel. */
    constructor(tables, take) {
      Object.assign(this, { tables, take });
      const loose = { ...tables, depths: undefined, vectors: undefined };
      this.own = page.recall("presets", (list) => page.goodOf(list, ({ name, recipe }) => {
        if (typeof name !== "string" || !name.trim() || name.length > LONGEST) throw new Error();
        const read = page.checkRecipe(recipe, loose);
        if (Object.values(read.ratios || {}).some((each) => !each.length)) throw new Error();
        return { name, recipe: read };
      }, MOST), []);
      this.name = el("input", { type: "text", maxlength: LONGEST, "aria-label": say("presets.name"), placeholder: say("presets.name") });
      this.form = el("form", { class: "sam-keep", hidden: true, onsubmit: (event) => { event.preventDefault(); this.add(); } },
        this.name, el("button", { class: "sam-button" }, say("presets.save")));
      this.name.addEventListener("keydown", (event) => { if (event.key === "Escape") this.close(); });
      this.keep = el("button", { type: "button", class: "sam-preset sam-preset-new", "aria-expanded": "false", title: say("presets.keep_hint"), onclick: () => this.open() },
        el("span", { class: "sam-plus", "aria-hidden": "true" }, "+"), el("span", {}, say("presets.keep")));
      this.list = el("span", { class: "sam-preset-list" });
      this.node = el("div", { class: "sam-presets", role: "group", "aria-label": say("presets.title") }, this.list, this.form);
    }

    open() {
      this.form.hidden = !this.form.hidden;
      this.keep.setAttribute("aria-expanded", String(!this.form.hidden));
      if (!this.form.hidden) { this.name.value = ""; this.name.focus(); }
    }

    close() {
      this.form.hidden = true;
      this.keep.setAttribute("aria-expanded", "false");
      this.keep.focus();
    }

    add() {
      const name = this.name.value.trim();
      if (!name) return;
      this.store([...this.own.filter((each) => each.name !== name), { name, recipe: structuredClone(page.recipe) }].slice(-MOST));
      this.close();
    }

    store(own) {
      this.own = own;
      page.remember("presets", own);
      this.built = null;
      this.draw(page.recipe);
    }

    button(label, hint, recipe) {
      const node = el("button", { type: "button", class: "sam-preset", title: hint, onclick: () => this.take(recipe) },
        page.picture(recipe, this.tables.depths[recipe.triple]), el("span", {}, label));
      return { node, recipe };
    }

    build(triple) {
      this.built = triple;
      const given = Object.entries(page.presetRecipes(triple, this.tables.depths[triple]))
        .map(([name, recipe]) => this.button(say(`presets.${name}`), say(`presets.${name}.hint`), recipe));
      const own = this.own.map((each) => {
        const made = this.button(each.name, each.name, page.presetFor(each.recipe, triple, this.tables));
        made.box = el("span", { class: "sam-preset-own" }, made.node, el("button", { type: "button", class: "sam-link", "aria-label": say("presets.delete", { name: each.name }),
          title: say("presets.delete", { name: each.name }), onclick: () => this.store(this.own.filter((kept) => kept !== each)) }, "×"));
        return made;
      });
      this.shown = [...given, ...own];
      this.list.replaceChildren(...this.shown.map((each) => each.box || each.node), this.keep);
    }

    draw(recipe) {
      if (recipe.triple !== this.built) this.build(recipe.triple);
      for (const { node, recipe: preset } of this.shown) node.setAttribute("aria-pressed", String(page.sameRecipe(preset, recipe)));
    }
  };
})();
