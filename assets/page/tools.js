/* The row of tools under the curve: what is chosen, a number for it, and what can be done to several layers at once. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;
  const WITH_NUMBER = ["set", "add", "multiply"];
  const WITHOUT = ["mirror", "flip", "smooth"];

  /** "2–5, 9" of [2, 3, 4, 5, 9]. */
  page.layersInWords = (layers) => {
    const runs = [];
    for (const layer of layers) {
      if (runs.length && runs.at(-1)[1] === layer - 1) runs.at(-1)[1] = layer;
      else runs.push([layer, layer]);
    }
    return runs.map(([first, last]) => (first === last ? String(first) : `${first}–${last}`)).join(", ");
  };

  page.Tools = class {
    constructor(curve) {
      this.curve = curve;
      this.says = el("span", { class: "sam-target", role: "status" });
      this.field = el("input", { type: "text", inputmode: "decimal", autocomplete: "off", class: "sam-amount", id: "sam-amount", "aria-label": say("tools.amount"), title: say("tools.amount") });
      this.field.addEventListener("keydown", (event) => {
        if (event.key === "Enter") this.act("set");
        else if (event.key === "Escape") this.back();
        else return;
        event.preventDefault();
      });
      const button = (name, act) => el("button", { type: "button", class: "sam-button sam-tool", "data-tool": name, title: say(`tools.${name}.hint`), onclick: act }, say(`tools.${name}`));
      this.buttons = [...WITH_NUMBER, ...WITHOUT].map((name) => button(name, () => this.act(name)));
      this.spread = button("spread", () => curve.spread());
      this.all = button("all", () => curve.release());
      this.snap = button("snap", () => curve.hand.snap());
      this.node = el("div", { class: "sam-tools", role: "group", "aria-label": say("tools.name") },
        this.says, this.field, ...this.buttons, this.spread, this.all, this.snap);
    }

    act(name) {
      const text = this.field.value.trim().replace(",", ".").replace("−", "-");
      const amount = text === "" ? NaN : Number(text);
      if (WITH_NUMBER.includes(name) && !Number.isFinite(amount)) { this.field.focus(); this.field.select(); return; }
      this.curve.change((ratios, layers) => page.edits[name](ratios, layers, amount));
      this.curve.rested();
    }

    /** Begin to type a number for what is chosen. */
    type(text) {
      this.field.focus();
      this.field.value = text === "." ? "0." : text;
      if (!text) { this.draw(...this.drawn); this.field.select(); }
    }

    /** The focus goes back to where the number was typed for. */
    back() {
      const at = this.curve.at || { lane: [...this.curve.target().keys()][0], layer: 0 };
      this.curve.lanes.find((lane) => lane.lane === at.lane)?.land(at.layer);
    }

    draw(recipe, ratios) {
      this.drawn = [recipe, ratios];
      const target = this.curve.target();
      const everything = !this.curve.anyChosen() && !this.curve.at;
      const words = [...target].map(([lane, layers]) => say(layers.length === 1 ? "tools.layer" : "tools.layers", {
        layers: page.layersInWords(layers), lane: say(`recipe.scope.${lane}`) }));
      const says = !target.size ? say("tools.nothing") : everything ? say("tools.everything") : words.join("; ");
      if (this.says.textContent !== says) this.says.textContent = this.says.title = says;
      const values = new Set([...target].flatMap(([lane, layers]) => layers.map((layer) => ratios[lane][layer])));
      if (document.activeElement !== this.field) this.field.value = values.size === 1 ? String(Math.round(1e4 * [...values][0]) / 1e4) : "";
      for (const each of [...this.buttons, this.field, this.spread]) each.disabled = !target.size;
      // They keep their place: nothing may move under a hand.
      for (const each of [this.all, this.spread]) { each.classList.toggle("sam-idle", everything); each.tabIndex = everything ? -1 : 0; }
      this.snap.disabled = recipe.schedule !== "custom";
    }
  };
})();
