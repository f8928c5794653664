/* The ratio curve: three lanes, which of their layers are chosen, the tools that work on them, and what stands behind. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  page.Curve = class {
    /** `hand` is the panel: `ratios()` of all lanes as they are now, `set(ratios)`, `rested()`, `formula()`: the recipe whose curve the ghost
        is, `snap()` back to it. */
    constructor(hand) {
      this.hand = hand;
      this.choice = new Map();
      this.at = null; // the point that last had the focus
      this.lanes = Object.keys(page.LANES).map((lane) => new page.Lane(lane, this));
      this.tools = new page.Tools(this);
      this.legend = el("p", { class: "sam-behind-legend" });
      this.node = el("div", { class: "sam-curves" }, el("div", { class: "sam-curve" }, ...this.lanes.map((lane) => lane.node)), this.legend, this.tools.node);
      page.onBehind((spec) => this.putBehind(spec));
    }

    // What a lane asks and does.
    now() { return this.hand.ratios(); }
    ratio(lane, layer) { return this.now()[lane][layer]; }
    chosen(lane) { return this.choice.get(lane) || []; }
    anyChosen() { return this.choice.size > 0; }
    rested() { this.hand.rested(); }
    type(text) { this.tools.type(text); }

    focused(lane, layer) {
      this.at = { lane, layer };
      this.redraw();
    }

    /** `more`: beside what is chosen already; otherwise in its place. */
    choose(lane, layers, more = false) {
      const kept = more ? [...new Set([...this.chosen(lane), ...layers])] : [...layers];
      if (!more) this.choice.clear();
      if (kept.length) this.choice.set(lane, kept.sort((one, other) => one - other));
      this.redraw();
    }

    /** The same layers in every lane that is merged. */
    spread() {
      const layers = [...new Set([...this.target()].flatMap(([, each]) => each))].sort((one, other) => one - other);
      for (const { lane, depth, active } of this.lanes) if (active) this.choice.set(lane, layers.filter((layer) => layer < depth));
      this.redraw();
    }

    /** Put one point. */
    put(lane, layer, ratio) {
      const ratios = this.now();
      ratios[lane][layer] = ratio;
      this.hand.set(ratios);
    }

    /** Move all that are chosen, from where they were. */
    shift(by, start) {
      this.change((ratios, layers) => page.edits.add(ratios, layers, by), this.choice, start);
    }

    /** What the tools work on: what is chosen, else the point that had the focus, else everything that is merged. */
    target() {
      const merged = this.lanes.filter((lane) => lane.active);
      const active = (name) => merged.some((lane) => lane.lane === name);
      const chosen = [...this.choice].filter(([lane]) => active(lane));
      if (chosen.length) return new Map(chosen);
      if (this.at && active(this.at.lane)) return new Map([[this.at.lane, [this.at.layer]]]);
      return new Map(merged.map((lane) => [lane.lane, lane.points.map((_, layer) => layer)]));
    }

    change(edit, target = this.target(), start = this.now()) {
      const ratios = structuredClone(start);
      for (const [lane, layers] of target) ratios[lane] = edit(ratios[lane], layers);
      this.hand.set(ratios);
    }

    /** Everything again: no layer is chosen, none has the focus. */
    release() {
      this.choice.clear();
      this.at = null;
      this.redraw();
    }

    putBehind(spec) {
      this.behind = spec;
      this.legend.hidden = !spec;
      if (spec) this.legend.replaceChildren(page.behindLegend(spec), " ",
        el("button", { type: "button", class: "sam-link", onclick: () => page.behind(null) }, say("behind.remove")));
      this.redraw();
    }

    redraw() { if (this.drawn) this.draw(...this.drawn); }

    /** `others`: pinned recipes to draw too, [{letter, recipe}]. Takes a frame at most. */
    draw(recipe, depths, others) {
      this.drawn = [recipe, depths, others];
      const fits = Object.entries(depths).every(([lane, depth]) => this.chosen(lane).every((layer) => layer < depth));
      if (!fits) this.choice.clear();
      if (this.at && this.at.layer >= depths[this.at.lane]) this.at = null;
      const curves = page.laneRatios(recipe, depths);
      const ghost = recipe.schedule === "custom" ? page.laneRatios(this.hand.formula(), depths) : null;
      const pinned = others.map((each) => ({ letter: each.letter, curves: page.laneRatios(each.recipe, depths) }));
      for (const lane of this.lanes) lane.draw({ recipe, ratios: curves[lane.lane], behind: this.behind, chosen: this.chosen(lane.lane), ghost: ghost?.[lane.lane],
        others: pinned.map(({ letter, curves: theirs }) => ({ letter, ratios: theirs[lane.lane] })) });
      this.tools.draw(recipe, curves);
    }
  };
})();
