/* What the page remembers of a visitor's recipes: which were heard, with what they made of each clip, and which are pinned. Kept in this
   browser and nowhere else. Words heard in clips other than the samples are not kept beyond the page. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const MOST = 60, LONGEST = 80, LETTERS = ["A", "B"];

  const named = (name) => { if (typeof name !== "string" || !name.trim()) throw new Error(); return name.trim().slice(0, LONGEST); };
  const share = (value) => (value === null || (typeof value === "number" && value >= 0) ? value : null);
  /** What a recipe made of one clip. */
  const heardOf = (value) => ({ title: named(value.title), wer: share(value.wer), text: typeof value.text === "string" ? value.text.slice(0, 2000) : "" });

  /** The page's memory, as soon as the panel has made it. */
  const waiting = [];
  page.memory = null;
  page.withMemory = (taken) => { if (page.memory) taken(page.memory); else waiting.push(taken); };
  page.giveMemory = (memory) => { page.memory = memory; waiting.splice(0).forEach((taken) => taken(memory)); };

  page.Memory = class {
    /** `tables` as `checkRecipe` takes them; stored entries that do not pass are dropped. */
    constructor(tables) {
      this.listeners = new Set();
      const recipe = (entries) => page.checkRecipe(entries, tables);
      this.history = page.recall("history", (list) => page.goodOf(list, (each) => ({
        name: each.name === null ? null : named(each.name), recipe: recipe(each.recipe),
        heard: Object.fromEntries(Object.entries(each.heard).slice(0, 30).map(([id, value]) => [id, heardOf(value)])) }), MOST), []);
      this.pins = page.recall("pins", (list) => page.goodOf(list, (each) => ({ name: named(each.name), recipe: recipe(each.recipe), shown: each.shown === true }), MOST), []);
      const names = new Set(), drawn = this.pins.filter((pin) => pin.shown).slice(0, 2);
      this.pins = this.pins.filter((pin) => !names.has(pin.name) && names.add(pin.name)).map((pin) => ({ ...pin, shown: drawn.includes(pin) }));
    }

    /** `listener(memory)` now and at every change. */
    onChange(listener) {
      this.listeners.add(listener);
      listener(this);
    }

    changed(what) {
      // Words of a visitor's own clips stay on the page: an evaluated corpus may be a licensed one.
      const kept = this.history.map((each) => ({ ...each, heard: Object.fromEntries(Object.entries(each.heard).filter(([, value]) => !value.own).map(([id, { title, wer, text }]) => [id, { title, wer, text }])) }));
      page.remember(what, what === "pins" ? this.pins : kept);
      for (const listener of this.listeners) listener(this);
    }

    /** A recipe was heard on a clip: it moves to the top, with what it heard. */
    note(recipe, clip, { wer, text }) {
      const before = this.history.find((each) => page.sameRecipe(each.recipe, recipe));
      const entry = before || { name: null, recipe: structuredClone(recipe), heard: {} };
      entry.heard = { ...entry.heard, [clip.id]: { title: clip.title, wer, text, own: clip.own } };
      this.history = [entry, ...this.history.filter((each) => each !== before)];
      // What someone has named is not pushed out by what nobody did.
      while (this.history.length > MOST) this.history.splice(this.spare(), 1);
      this.changed("history");
    }

    spare() {
      const unnamed = this.history.findLastIndex((each) => each.name === null);
      return unnamed > 0 ? unnamed : this.history.length - 1;
    }

    rename(entry, name) {
      entry.name = name.trim().slice(0, LONGEST) || null;
      this.changed("history");
    }

    forget(entry) {
      this.history = this.history.filter((each) => each !== entry);
      this.changed("history");
    }

    clear() {
      this.history = [];
      this.changed("history");
    }

    nameOf(entry) { return entry.name || page.describe(entry.recipe); }

    pin(recipe, name = null) {
      if (this.pinned(recipe)) return;
      const wanted = name || page.describe(recipe).replace(` · ${page.say("recipe.all_attention")}`, "");
      let free = wanted;
      for (let number = 2; this.pins.some((pin) => pin.name === free); number += 1) free = `${wanted} (${number})`;
      this.pins = [...this.pins, { name: free.slice(0, LONGEST), recipe: structuredClone(recipe), shown: this.pins.filter((pin) => pin.shown).length < 2 }];
      this.changed("pins");
    }

    pinned(recipe) { return this.pins.find((pin) => page.sameRecipe(pin.recipe, recipe)); }

    unpin(pin) {
      this.pins = this.pins.filter((each) => each !== pin);
      this.changed("pins");
    }

    /** Compare a pin or not; of three, the one shown first makes room. */
    show(pin, on) {
      const shown = this.pins.filter((each) => each.shown && each !== pin);
      this.pins = this.pins.map((each) => ({ ...each, shown: each === pin ? on : each.shown && !(on && shown.length === 2 && each === shown[0]) }));
      this.changed("pins");
    }

    /** The two that are compared, with the letters they go by. */
    compared() { return this.pins.filter((pin) => pin.shown).map((pin, index) => ({ ...pin, letter: LETTERS[index] })); }

    /** What a recipe made of a clip when it was last heard, or nothing. */
    heardBy(recipe, clip) { return this.history.find((each) => page.sameRecipe(each.recipe, recipe))?.heard[clip]; }
  };
})();
