/* Buttons that Gradio draws beside a long work, alive exactly while they can do something: while nothing runs there is nothing to cancel.
   Which those are, `can` says; it knows no document, so it can be tested without one. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});

  /** Whether the newest run can be told to stop. `state` is what it said last, `told` what it was told: "" until a button was pressed. */
  page.canStop = ({ state, told }) => state === "running" && !told;

  /** What can be done about a sweep: besides the above, whether a map with open cells is kept (`left`), or one that may still be judged. */
  page.sweepCan = ({ state, told, left, judge }) => {
    const running = state === "running";
    return {
      pause: running && !told,
      resume: !running && (left || judge),
      cancel: running ? told !== "cancel" : left,
    };
  };

  /** Keep buttons alive while their rules say so: {id: () => whether it can do something}. Returns what looks again. Gradio draws them
      dead, and may write over what stands there, so that is looked after too. Whoever stands on one that dies is led to `home`. */
  page.keepAlive = (rules, home) => {
    const watched = new WeakSet();
    const look = () => {
      for (const [id, alive] of Object.entries(rules)) {
        const button = document.querySelector(`#${id}`);
        if (!button) continue;
        if (!watched.has(button)) {
          watched.add(button);
          new MutationObserver(look).observe(button, { attributes: true, attributeFilter: ["disabled"] });
        }
        const dead = !alive();
        if (button.disabled === dead) continue;
        const here = document.activeElement === button;
        button.disabled = dead;
        if (dead && here) document.querySelector(`#${home}`)?.focus();
      }
    };
    return look;
  };
})();
