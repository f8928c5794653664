/* One lane of the curve: a point a layer, drawn and moved in the browser. Python is never asked while a hand moves.

   On a point, a hand drags it, and with it all that are chosen. Elsewhere a hand that goes sideways chooses layers, one that goes up
   or down drags the nearest point. Shift chooses as far as here. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, svg, say } = page;
  const WIDTH = 230, HEIGHT = 144, LEFT = 10, RIGHT = 10, TOP = 24, BOTTOM = 30;
  const NEAR = 16, UNDECIDED = 4; // pixels: around a point; before a direction is clear
  const STEPS = { ArrowUp: 0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1, Home: -1, End: 1 };
  page.LANES = Object.fromEntries(["encoder.self", "decoder.self", "decoder.cross"].map((lane) => [lane, say(`lane.${lane}`)]));

  const xOf = (layer, depth) =>
    depth === 1 ? WIDTH / 2 : LEFT + 8 + (layer * (WIDTH - LEFT - RIGHT - 16)) / (depth - 1);
  const yOf = (ratio) => TOP + (1 - ratio) * (HEIGHT - TOP - BOTTOM);
  const ratioAt = (y) => Math.min(1, Math.max(0, 1 - (y - TOP) / (HEIGHT - TOP - BOTTOM)));
  const hundredth = (number) => Math.round(100 * number) / 100;
  const span = (one, other) => Array.from({ length: Math.abs(other - one) + 1 }, (_, index) => Math.min(one, other) + index);

  page.Lane = class {
    /** `curve` has `ratio(lane, layer)` as it is now, `chosen(lane)`, `choose(lane, layers, more)`, `shift(lane, layer, by, from)`, `put`,
        `rested`, `focused(lane, layer)`, `type(text)`. What is drawn may be a frame older than what is set, so it is never read back. */
    constructor(lane, curve) {
      Object.assign(this, { lane, curve, depth: 0, points: [], anchor: 0 });
      this.readout = el("output", { class: "sam-readout" });
      this.line = svg("polyline", { class: "sam-line" });
      this.ghost = svg("polyline", { class: "sam-ghost" }, svg("title", {}, say("lane.ghost")));
      this.area = svg("polygon", { class: "sam-area" });
      this.ground = svg("g", { class: "sam-behind" });
      this.bands = svg("g", {});
      this.others = svg("g", {});
      this.plot = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "sam-plot", "data-lane": lane,
        role: "group", "aria-label": say("lane.share", { lane: page.LANES[lane] }) });
      this.plot.addEventListener("pointerdown", (event) => this.press(event));
      this.plot.addEventListener("pointermove", (event) => { if (!event.buttons) this.tell(this.nearest(event)); });
      this.plot.addEventListener("pointerleave", () => this.tell(this.resting ?? this.depth - 1));
      this.node = el("div", { class: "sam-lane" }, el("div", { class: "sam-lane-name" }, page.LANES[lane]), this.plot, this.readout);
    }

    build(depth) {
      Object.assign(this, { depth, anchor: 0, resting: undefined, told: undefined });
      const grid = [0, 0.5, 1].map((ratio) =>
        svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: yOf(ratio), y2: yOf(ratio), class: "sam-grid" }));
      const marks = [
        svg("text", { x: LEFT, y: 11, class: "sam-end sam-child" }, say("lane.child")),
        svg("text", { x: LEFT, y: HEIGHT - 7, class: "sam-end sam-adult" }, say("lane.adult")),
        svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 7, class: "sam-axis", "text-anchor": "end" }, say("lane.layers", { top: depth - 1 })),
      ];
      this.points = Array.from({ length: depth }, (_, layer) => this.point(layer));
      this.plot.replaceChildren(this.bands, this.ground, ...grid, ...marks, this.area, this.ghost, this.others, this.line, ...this.points);
    }

    point(layer) {
      const size = this.depth > 24 ? 3.2 : this.depth > 12 ? 4.2 : 6.5;
      const dot = svg("circle", { r: size, class: "sam-point", role: "slider", tabindex: layer === 0 ? 0 : -1,
        "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "vertical", "data-layer": layer,
        "aria-label": say(`lane.point.${this.lane}`, { layer }) });
      dot.addEventListener("keydown", (event) => this.key(event, layer));
      dot.addEventListener("keyup", (event) => { if (event.key in STEPS) this.curve.rested(); });
      dot.addEventListener("focus", () => { this.resting = layer; this.tell(layer); this.curve.focused(this.lane, layer); });
      return dot;
    }

    /** Where on the drawing a hand is. */
    place(event) {
      const box = this.plot.getBoundingClientRect();
      return { x: ((event.clientX - box.left) * WIDTH) / box.width, y: ((event.clientY - box.top) * HEIGHT) / box.height, scale: box.width / WIDTH };
    }

    nearest(event) {
      const { x } = this.place(event);
      const distances = this.points.map((_, layer) => Math.abs(xOf(layer, this.depth) - x));
      return distances.indexOf(Math.min(...distances));
    }

    press(event) {
      if (!this.active || event.button > 0) return;
      event.preventDefault();
      const layer = this.nearest(event), at = this.place(event);
      const ratio = this.curve.ratio(this.lane, layer);
      const onPoint = Math.hypot(xOf(layer, this.depth) - at.x, yOf(ratio) - at.y) * at.scale <= NEAR;
      this.plot.setPointerCapture(event.pointerId);
      if (event.shiftKey) { this.reach(layer, true); return; }
      if (event.ctrlKey || event.metaKey) { this.curve.choose(this.lane, [layer], true); return; }
      const hold = { layer, at, from: ratio, group: this.curve.chosen(this.lane).includes(layer), start: this.curve.now() };
      let act = onPoint ? this.drag : null;
      if (onPoint && !hold.group) this.curve.choose(this.lane, []);
      if (onPoint) this.land(layer);
      const move = (moved) => {
        const to = this.place(moved);
        const [across, down] = [Math.abs(to.x - at.x) * at.scale, Math.abs(to.y - at.y) * at.scale];
        if (!act && Math.max(across, down) < UNDECIDED) return;
        if (!act) {
          act = across > down ? this.brush : this.drag;
          hold.from = ratioAt(at.y);
          if (act === this.drag) { if (!hold.group) this.curve.choose(this.lane, []); this.land(layer); }
        }
        act.call(this, hold, to, this.nearest(moved));
      };
      const release = () => {
        this.plot.removeEventListener("pointermove", move);
        if (!act) { this.curve.choose(this.lane, []); this.land(layer); }
        this.curve.rested();
      };
      this.plot.addEventListener("pointermove", move);
      this.plot.addEventListener("lostpointercapture", release, { once: true });
    }

    drag(hold, to) {
      this.told = hold.layer;
      if (hold.group) this.curve.shift(hundredth(ratioAt(to.y) - hold.from), hold.start);
      else this.curve.put(this.lane, hold.layer, hundredth(ratioAt(to.y)));
    }

    brush(hold, to, layer) {
      this.anchor = hold.layer;
      this.curve.choose(this.lane, span(hold.layer, layer));
    }

    /** Choose from the anchor as far as a layer. */
    reach(layer, press) {
      if (press && this.resting !== undefined && !this.curve.chosen(this.lane).length) this.anchor = this.resting;
      const layers = span(this.anchor, layer);
      this.land(layer);
      this.curve.choose(this.lane, layers);
    }

    /** Put the focus on a point; one point of a lane is a stop of the Tab key. */
    land(layer) {
      this.points.forEach((dot, each) => dot.setAttribute("tabindex", each === layer ? 0 : -1));
      this.points[layer].focus();
    }

    key(event, layer) {
      const walk = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const chosen = this.curve.chosen(this.lane);
      if (event.altKey) return;
      if (walk) {
        const next = layer + walk;
        if (next >= 0 && next < this.depth) {
          if (event.shiftKey) { if (!chosen.length) this.anchor = layer; this.reach(next); } else { this.anchor = next; this.land(next); }
        }
      } else if (event.ctrlKey || event.metaKey) {
        if (event.key !== "a") return;
        this.curve.choose(this.lane, span(0, this.depth - 1));
      } else if (event.key === "Escape" && this.curve.anyChosen()) this.curve.choose(this.lane, []);
      else if (event.key === " ") this.curve.choose(this.lane, chosen.includes(layer) ? chosen.filter((each) => each !== layer) : [...chosen, layer]);
      else if (event.key === "Enter" || /^[\d.]$/.test(event.key)) this.curve.type(event.key === "Enter" ? "" : event.key);
      else if (event.key in STEPS && this.active) {
        if (chosen.includes(layer)) this.curve.shift(STEPS[event.key], this.curve.now());
        else this.curve.put(this.lane, layer, hundredth(Math.min(1, Math.max(0, this.curve.ratio(this.lane, layer) + STEPS[event.key]))));
      } else return;
      event.preventDefault();
    }

    tell(layer) {
      const ratio = this.ratios[layer];
      const [child, adult] = [ratio, 1 - ratio].map((share) => Math.round(100 * share));
      const told = this.active ? say("lane.told", { layer, child, adult, formula: page.explain(this.recipe, layer, this.depth, ratio) }) : say("lane.unmerged");
      const text = [told, page.behindSays(this.behind, this.lane, layer)].filter(Boolean).join(" · ");
      if (this.readout.textContent !== text) this.readout.textContent = text;
      this.told = layer;
    }

    spots(ratios) { return ratios.map((ratio, layer) => `${xOf(layer, this.depth)},${yOf(ratio)}`); }

    drawBehind() {
      const spec = this.behind;
      const wide = Math.min(16, (0.6 * (WIDTH - LEFT - RIGHT)) / this.depth);
      const bars = Array.from({ length: this.depth }, (_, layer) => {
        const bar = spec && page.behindBar(spec, spec.lanes[this.lane]?.[layer]);
        if (!bar) return null;
        const [top, foot] = [yOf(Math.max(bar.from, bar.to)), yOf(Math.min(bar.from, bar.to))];
        return svg("rect", { x: xOf(layer, this.depth) - wide / 2, width: wide, y: top, height: Math.max(1, foot - top),
          class: bar.down ? "sam-bar sam-bar-down" : "sam-bar" });
      });
      this.ground.replaceChildren(...bars.filter(Boolean));
    }

    /** Bands behind the layers that are chosen. */
    mark(layers) {
      const half = this.depth === 1 ? 20 : (xOf(1, this.depth) - xOf(0, this.depth)) / 2;
      this.bands.replaceChildren(...layers.map((layer) => svg("rect", { x: xOf(layer, this.depth) - half, width: 2 * half, y: TOP - 6,
        height: HEIGHT - TOP - BOTTOM + 12, class: "sam-band" })));
      this.points.forEach((dot, layer) => dot.classList.toggle("sam-chosen", layers.includes(layer)));
    }

    /** `ghost`: λ_i of the formula, or null; `others`: [{letter, ratios}] of pinned recipes. */
    draw({ recipe, ratios, behind, chosen, ghost, others }) {
      const built = ratios.length === this.depth;
      if (!built) this.build(ratios.length);
      if (!built || behind !== this.behind) { this.behind = behind; this.drawBehind(); }
      Object.assign(this, { recipe, ratios, active: recipe.scope.includes(this.lane) && recipe.projections.length > 0 });
      this.node.classList.toggle("sam-off", !this.active);
      const spots = this.spots(ratios);
      this.line.setAttribute("points", spots.join(" "));
      this.area.setAttribute("points", [`${xOf(0, this.depth)},${yOf(0)}`, ...spots, `${xOf(this.depth - 1, this.depth)},${yOf(0)}`].join(" "));
      this.ghost.setAttribute("points", ghost && this.active ? this.spots(ghost).join(" ") : "");
      this.others.replaceChildren(...others.flatMap(({ letter, ratios: theirs }) => [
        svg("polyline", { class: `sam-other-line sam-other-${letter}`, points: this.spots(theirs).join(" ") }),
        svg("text", { class: `sam-other-letter sam-other-${letter}`, x: WIDTH - 6, y: yOf(theirs.at(-1)) + 3 }, letter)]));
      this.points.forEach((dot, layer) => {
        const share = Math.round(100 * ratios[layer]);
        const said = [say("lane.value", { share }), page.behindSays(behind, this.lane, layer), chosen.includes(layer) && say("lane.chosen")];
        const attributes = { cx: xOf(layer, this.depth), cy: yOf(ratios[layer]), "aria-valuenow": share, "aria-valuetext": said.filter(Boolean).join(", ") };
        for (const [name, value] of Object.entries(attributes)) if (dot.getAttribute(name) !== String(value)) dot.setAttribute(name, value);
      });
      this.mark(chosen);
      this.tell(this.told < this.depth ? this.told : this.depth - 1);
    }
  };
})();
