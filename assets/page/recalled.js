/* What is remembered, under the recipe panel: two pinned recipes beside the curve's own, and the list of those that were heard. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;
  const link = (label, hint, act) => el("button", { type: "button", class: "sam-link", title: hint, "aria-label": hint, onclick: act }, label);

  page.Recalled = class {
    /** `take(recipe)` puts one on the panel. */
    constructor(memory, tables, take) {
      Object.assign(this, { memory, tables, take });
      this.says = el("span", {});
      this.compare = el("div", {});
      this.list = el("ol", { class: "sam-history" });
      this.rows = new WeakMap();
      this.clear = link(say("recalled.clear"), say("recalled.clear"), () => memory.clear());
      this.empty = el("p", { class: "sam-note" }, say("recalled.empty"));
      this.node = el("details", { class: "sam-add sam-memory" }, el("summary", {}, say("recalled.title"), " ", this.says),
        this.compare, el("p", { class: "sam-history-head" }, el("b", {}, say("recalled.heard")), " ", this.clear), this.empty, this.list);
      this.node.addEventListener("toggle", () => this.draw());
      memory.onChange(() => this.draw());
      page.onClip(() => this.draw());
      page.onRest(() => this.draw());
    }

    picture(recipe) { return page.picture(recipe, this.tables.depths[recipe.triple]); }

    draw() {
      const { history, pins } = this.memory;
      this.says.textContent = history.length + pins.length ? say("recalled.count", { count: history.length + pins.length }) : "";
      if (!this.node.open) return;
      this.drawPins();
      this.clear.hidden = !history.length;
      this.empty.hidden = history.length > 0;
      page.arrange(this.list, history.map((entry) => this.row(entry)));
    }

    /** The row of an entry, the same one as long as it says the same. */
    row(entry) {
      const name = this.memory.nameOf(entry);
      const heard = Object.values(entry.heard).map(({ title, wer }) => (wer === null ? title : `${title} ${page.percent(wer)}`)).join(" · ");
      const now = Boolean(page.recipe) && page.sameRecipe(page.recipe, entry.recipe);
      const says = JSON.stringify([name, heard, now]), before = this.rows.get(entry);
      if (before?.says !== says || !before.item.querySelector(".sam-recall")) this.rows.set(entry, { says, item: this.newRow(entry, name, heard, now) });
      return this.rows.get(entry).item;
    }

    newRow(entry, name, heard, now) {
      const title = el("button", { type: "button", class: "sam-recall", title: say("recalled.restore"), "aria-current": now ? "true" : null,
        onclick: () => this.take(entry.recipe) }, this.picture(entry.recipe), el("span", {}, name, el("small", {}, heard)));
      const item = el("li", {}, title, el("span", { class: "sam-history-acts" },
        link(say("recalled.rename"), say("recalled.rename_of", { name }), () => this.rename(item, entry)),
        link(say("recalled.pin"), say("recalled.pin_of", { name }), () => this.memory.pin(entry.recipe, entry.name)),
        link("×", say("recalled.delete_of", { name }), () => this.memory.forget(entry))));
      return item;
    }

    rename(item, entry) {
      const field = el("input", { type: "text", maxlength: 80, value: entry.name || "", "aria-label": say("recalled.name"), placeholder: say("recalled.name") });
      let ended = false;
      const end = (keep) => {
        if (ended) return;
        ended = true;
        if (keep) this.memory.rename(entry, field.value); else this.draw();
        this.list.children[this.memory.history.indexOf(entry)]?.querySelector(".sam-link")?.focus();
      };
      field.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault(); // the button that gets the focus must not take the key for its own
        end(event.key === "Enter");
      });
      field.addEventListener("blur", () => end(true));
      item.replaceChildren(field);
      field.focus();
    }

    drawPins() {
      const { memory } = this;
      const letters = new Map(memory.compared().map((each) => [each.name, each.letter]));
      const line = (letter, name, recipe, acts) => {
        const heard = page.clip && memory.heardBy(recipe, page.clip.id);
        return el("tr", {}, el("th", { scope: "row" }, letter ? el("b", { class: `sam-letter sam-other-${letter}` }, letter) : ""),
          el("td", {}, this.picture(recipe)), el("td", {}, name), el("td", { class: "sam-heard" }, heard ? heard.text || say("recalled.nothing") : say("recalled.unheard")),
          el("td", {}, heard && heard.wer !== null ? page.percent(heard.wer) : ""), el("td", { class: "sam-history-acts" }, ...acts));
      };
      const rows = memory.pins.map((pin) => line(letters.get(pin.name) || "", pin.name, pin.recipe, [
        link(pin.shown ? say("recalled.hide") : say("recalled.show"), say(pin.shown ? "recalled.hide_of" : "recalled.show_of", { name: pin.name }), () => memory.show(pin, !pin.shown)),
        link(say("recalled.take"), say("recalled.take_of", { name: pin.name }), () => this.take(pin.recipe)),
        link("×", say("recalled.unpin", { name: pin.name }), () => memory.unpin(pin))]));
      if (rows.length && page.recipe) rows.unshift(line("", say("recalled.now"), page.recipe, []));
      const head = el("tr", {}, ...["letter", "picture", "name", "words", "wer", "acts"].map((each) => el("th", { scope: "col" }, el("span", { class: each === "words" || each === "wer" || each === "name" ? "" : "sam-hidden" }, say(`recalled.column.${each}`)))));
      this.compare.replaceChildren(rows.length
        ? el("div", { class: "sam-scroll" }, el("table", { class: "sam-table sam-compare" }, el("caption", { class: "sam-caption" }, say("recalled.pinned")), el("thead", {}, head), el("tbody", {}, ...rows)))
        : el("p", { class: "sam-note" }, say("recalled.no_pins")));
    }
  };
})();
