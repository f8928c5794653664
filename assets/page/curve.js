/* The ratio curve: three lanes, a point per layer, drawn and edited in the browser. Python is never asked while a hand moves. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, svg, say } = page;
  const WIDTH = 230, HEIGHT = 172, LEFT = 10, RIGHT = 10, TOP = 24, BOTTOM = 30;
  const LANES = Object.fromEntries(["encoder.self", "decoder.self", "decoder.cross"].map((lane) => [lane, say(`lane.${lane}`)]));
  page.LANES = LANES;

  const xOf = (layer, depth) =>
    depth === 1 ? WIDTH / 2 : LEFT + 8 + (layer * (WIDTH - LEFT - RIGHT - 16)) / (depth - 1);
  const yOf = (ratio) => TOP + (1 - ratio) * (HEIGHT - TOP - BOTTOM);
  const ratioAt = (y) => Math.min(1, Math.max(0, 1 - (y - TOP) / (HEIGHT - TOP - BOTTOM)));

  class Lane {
    /** `hand` is the panel: `ratio(lane, layer)` as it is now, `moved(lane, layer, ratio)`, `rested()`. What is drawn may be a
        frame older than what is set, so it is never read back. */
    constructor(lane, hand) {
      this.lane = lane;
      this.hand = hand;
      this.depth = 0;
      this.points = [];
      this.readout = el("output", { class: "sam-readout" });
      this.line = svg("polyline", { class: "sam-line" });
      this.area = svg("polygon", { class: "sam-area" });
      this.ground = svg("g", { class: "sam-behind" });
      this.plot = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "sam-plot", "data-lane": lane,
        role: "group", "aria-label": say("curve.lane", { lane: LANES[lane] }) });
      this.plot.addEventListener("pointerdown", (event) => this.drag(event, this.nearest(event.clientX)));
      this.plot.addEventListener("pointerleave", () => this.tell(this.depth - 1));
      this.node = el("div", { class: "sam-lane" }, el("div", { class: "sam-lane-name" }, LANES[lane]), this.plot, this.readout);
    }

    build(depth) {
      this.depth = depth;
      const grid = [0, 0.5, 1].map((ratio) =>
        svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: yOf(ratio), y2: yOf(ratio), class: "sam-grid" }));
      const marks = [
        svg("text", { x: LEFT, y: 11, class: "sam-end sam-child" }, say("curve.child")),
        svg("text", { x: LEFT, y: HEIGHT - 7, class: "sam-end sam-adult" }, say("curve.adult")),
        svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 7, class: "sam-axis", "text-anchor": "end" }, say("curve.layers", { top: depth - 1 })),
      ];
      this.points = Array.from({ length: depth }, (_, layer) => this.point(layer));
      this.plot.replaceChildren(this.ground, ...grid, ...marks, this.area, this.line, ...this.points);
    }

    point(layer) {
      const dot = svg("circle", { r: this.depth > 12 ? 4.5 : 6.5, class: "sam-point", role: "slider",
        tabindex: layer === 0 ? 0 : -1, "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "vertical",
        "data-layer": layer });
      dot.addEventListener("keydown", (event) => this.key(event, layer));
      dot.addEventListener("keyup", (event) => {
        if (["ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"].includes(event.key)) this.hand.rested();
      });
      dot.addEventListener("pointerenter", () => this.tell(layer));
      dot.addEventListener("focus", () => this.tell(layer));
      return dot;
    }

    /** The layer whose point is nearest to a place on the screen: a hand need not hit the dot. */
    nearest(clientX) {
      const box = this.plot.getBoundingClientRect();
      const x = ((clientX - box.left) * WIDTH) / box.width;
      const distances = this.points.map((_, layer) => Math.abs(xOf(layer, this.depth) - x));
      return distances.indexOf(Math.min(...distances));
    }

    drag(event, layer) {
      if (!this.active) return;
      event.preventDefault();
      const dot = this.points[layer];
      this.plot.setPointerCapture(event.pointerId);
      dot.focus();
      const move = (moved) => {
        const box = this.plot.getBoundingClientRect();
        const ratio = ratioAt(((moved.clientY - box.top) * HEIGHT) / box.height);
        this.hand.moved(this.lane, layer, Math.round(ratio * 100) / 100);
        this.told = layer;
      };
      const release = () => {
        this.plot.removeEventListener("pointermove", move);
        this.hand.rested();
      };
      move(event);
      this.plot.addEventListener("pointermove", move);
      this.plot.addEventListener("pointerup", release, { once: true });
    }

    key(event, layer) {
      const steps = { ArrowUp: 0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1 };
      const walk = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (walk) {
        const next = this.points[layer + walk];
        if (next) { this.points.forEach((dot) => dot.setAttribute("tabindex", -1)); next.setAttribute("tabindex", 0); next.focus(); }
      } else if (event.key in steps && this.active) {
        const ratio = Math.min(1, Math.max(0, this.hand.ratio(this.lane, layer) + steps[event.key]));
        this.hand.moved(this.lane, layer, Math.round(ratio * 100) / 100);
      } else return;
      event.preventDefault();
    }

    tell(layer) {
      const ratio = this.ratios[layer];
      const [child, adult] = [ratio, 1 - ratio].map((share) => Math.round(100 * share));
      const behind = page.behindSays(this.behind, this.lane, layer);
      const told = this.active ? say("curve.told", { layer, child, adult, formula: page.explain(this.recipe, layer, this.depth, ratio) }) : say("curve.unmerged");
      this.readout.textContent = [told, behind].filter(Boolean).join(" · ");
      this.told = layer;
    }

    /** Bars of what stands behind the curve, `null` for none. */
    drawBehind() {
      const spec = this.behind;
      const wide = Math.min(16, (0.6 * (WIDTH - LEFT - RIGHT)) / this.depth);
      const bars = Array.from({ length: this.depth }, (_, layer) => {
        const bar = spec && page.behindBar(spec, spec.lanes[this.lane]?.[layer]);
        if (!bar) return null;
        const [top, foot] = [yOf(Math.max(bar.from, bar.to)), yOf(Math.min(bar.from, bar.to))];
        return svg("rect", { x: xOf(layer, this.depth) - wide / 2, width: wide, y: top, height: Math.max(1, foot - top),
          class: bar.down ? "sam-bar sam-bar-down" : "sam-bar" }, svg("title", {}, page.behindSays(spec, this.lane, layer)));
      });
      this.ground.replaceChildren(...bars.filter(Boolean));
    }

    draw(recipe, ratios, behind) {
      const built = ratios.length === this.depth;
      if (!built) this.build(ratios.length);
      if (!built || behind !== this.behind) { this.behind = behind; this.drawBehind(); }
      this.recipe = recipe;
      this.ratios = ratios;
      this.active = recipe.scope.includes(this.lane) && recipe.projections.length > 0;
      this.node.classList.toggle("sam-off", !this.active);
      const spots = ratios.map((ratio, layer) => `${xOf(layer, this.depth)},${yOf(ratio)}`);
      this.line.setAttribute("points", spots.join(" "));
      this.area.setAttribute("points", [`${xOf(0, this.depth)},${yOf(0)}`, ...spots, `${xOf(this.depth - 1, this.depth)},${yOf(0)}`].join(" "));
      this.points.forEach((dot, layer) => {
        dot.setAttribute("cx", xOf(layer, this.depth));
        dot.setAttribute("cy", yOf(ratios[layer]));
        const share = Math.round(100 * ratios[layer]);
        dot.setAttribute("aria-valuenow", share);
        dot.setAttribute("aria-label", say("curve.point", { lane: LANES[this.lane], layer }));
        const behind = page.behindSays(this.behind, this.lane, layer);
        dot.setAttribute("aria-valuetext", [say("curve.value", { share }), behind].filter(Boolean).join(", "));
      });
      this.tell(this.told ?? this.depth - 1);
    }
  }

  /** All three lanes, and the legend of what stands behind them. `draw(recipe, depths)` takes a frame at most. */
  page.Curve = class {
    constructor(hand) {
      this.lanes = Object.keys(LANES).map((lane) => new Lane(lane, hand));
      this.legend = el("p", { class: "sam-behind-legend" });
      this.node = el("div", {}, el("div", { class: "sam-curve" }, ...this.lanes.map((lane) => lane.node)), this.legend);
      page.onBehind((spec) => this.put(spec));
    }

    put(spec) {
      this.behind = spec;
      this.legend.hidden = !spec;
      if (spec) this.legend.replaceChildren(page.behindLegend(spec), " ",
        el("button", { type: "button", class: "sam-link", onclick: () => page.behind(null) }, say("behind.remove")));
      if (this.drawn) this.draw(...this.drawn);
    }

    draw(recipe, depths) {
      this.drawn = [recipe, depths];
      const curves = page.laneRatios(recipe, depths);
      for (const lane of this.lanes) lane.draw(recipe, curves[lane.lane], this.behind);
    }
  };
})();
