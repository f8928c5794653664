/* Undo and redo: the recipes the hand has rested on, as text, so that what comes back is the same to the byte. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const MOST = 200;

  page.Trail = class {
    /** `kept`: as `state` gave it. */
    constructor({ past = [], future = [] } = {}) {
      this.past = past;
      this.future = future;
    }

    get state() { return { past: this.past, future: this.future }; }
    get canUndo() { return this.past.length > 1; }
    get canRedo() { return this.future.length > 0; }

    /** The hand rests here. The same place again is no step. */
    rest(recipe) {
      const text = JSON.stringify(recipe);
      if (text === this.past.at(-1)) return;
      this.past = [...this.past, text].slice(-MOST);
      this.future = [];
    }

    undo() {
      if (!this.canUndo) return null;
      this.future = [...this.future, this.past.at(-1)];
      this.past = this.past.slice(0, -1);
      return JSON.parse(this.past.at(-1));
    }

    redo() {
      if (!this.canRedo) return null;
      this.past = [...this.past, this.future.at(-1)];
      this.future = this.future.slice(0, -1);
      return JSON.parse(this.past.at(-1));
    }
  };
})();
