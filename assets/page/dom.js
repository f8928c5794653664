/* Small helpers every part of the page uses: make elements without ever parsing text as HTML. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const SVG = "http://www.w3.org/2000/svg";

  const fill = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === false || value === null || value === undefined) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };

  page.el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  page.svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  /** Make these the children of a node, in this order, and leave alone those that stand there already: a button that is taken out and
      put back between press and release loses its click, and its focus. */
  page.arrange = (node, children) => {
    for (const each of [...node.children]) if (!children.includes(each)) each.remove();
    let at = node.firstElementChild;
    for (const each of children) {
      if (each === at) at = at.nextElementSibling;
      else node.insertBefore(each, at);
    }
  };

  /** A number that grows with every act of this visitor: the newest act is the one whose answer is wanted. */
  let last = 0;
  page.stamp = () => (last = Math.max(last + 1, Date.now()));

  /** What a part of the page asked last, by its name; Python's answer replaces the value of the component that asked. */
  page.asked = {};

  /** Answers carry the recipe they answer, so that old ones can be told. */
  const text = (recipe) => JSON.stringify(Object.keys(recipe).sort().map((name) => [name, recipe[name]]));
  page.sameRecipe = (one, other) => text(one) === text(other);

  /** Open a tab by its name or its id; false if it is not there (yet). */
  page.openTab = (name) => {
    const tab = [...document.querySelectorAll("[role=tab]")].find((each) => each.textContent.trim() === name || each.dataset.tabId === name);
    tab?.click();
    return Boolean(tab);
  };

  /** Plotly's own event carries the mark that was clicked: `taken(what it stands for, plot)`. Gradio draws a plot anew now and
      then, which drops its listeners, so ours is put back after every change; it is never there twice. */
  page.onMark = (id, taken) => {
    const listeners = new WeakMap();
    // A chart that was drawn behind another tab, or before the projector, has the wrong width until the window says so.
    let due = 0;
    const resized = new ResizeObserver(() => { clearTimeout(due); due = setTimeout(() => window.dispatchEvent(new Event("resize")), 120); });
    const hook = () => {
      for (const plot of document.querySelectorAll(`#${id} .js-plotly-plot`)) {
        if (!plot.on) continue;
        if (!listeners.has(plot)) resized.observe(plot.parentElement);
        if (!listeners.has(plot)) listeners.set(plot, ({ points }) => {
          const mark = points.map((point) => point.customdata).find((each) => each !== undefined && each !== null);
          if (mark !== undefined) taken(mark, plot);
        });
        plot.removeListener("plotly_click", listeners.get(plot));
        plot.on("plotly_click", listeners.get(plot));
      }
    };
    new MutationObserver(hook).observe(document.body, { childList: true, subtree: true });
    hook();
  };

  page.duration = (seconds) => (seconds < 60 ? page.say("time.seconds", { seconds: Math.ceil(seconds) })
    : page.say("time.minutes", { minutes: Math.floor(seconds / 60), seconds: Math.round(seconds % 60) }));

  page.percent = (fraction) => (fraction === null ? "–" : `${(100 * fraction).toFixed(1)} %`);

  /** The table of methods, put here by the recipe panel. */
  page.methods = {};

  page.describe = (recipe) => {
    const row = page.methods[recipe.method] || { curve: true, parameters: [], parts: [] };
    const parts = recipe.method === "sa" ? [] : [row.title || recipe.method];
    if (row.curve) {
      parts.push(recipe.schedule);
      if (recipe.schedule !== "custom") parts.push(`λ ${recipe.lambda}`);
      if (!["custom", "constant"].includes(recipe.schedule)) parts.push(`α ${Array.isArray(recipe.alpha) ? recipe.alpha.join(" / ") : recipe.alpha}`);
    }
    parts.push(...row.parameters.map((each) => `${each.symbol} ${recipe[each.name]}`));
    const all = page.say(row.curve ? "recipe.all_attention" : "recipe.everything");
    parts.push(recipe.scope.length === (row.curve ? 3 : row.parts.length) ? all : recipe.scope.join(", ") || page.say("recipe.nothing"));
    if (recipe.projections && recipe.projections.length < 3) parts.push(recipe.projections.join(", ") || page.say("recipe.no_projection"));
    const finer = Object.keys(recipe.finer || {});
    if (finer.some((part) => !part.endsWith("feed-forward"))) parts.push(page.say("recipe.finer"));
    if (finer.some((part) => part.endsWith("feed-forward"))) parts.push(page.say("recipe.forward"));
    parts.push(...(recipe.add || []).map((each) => `${each.beta < 0 ? "−" : "+"}${Math.abs(each.beta)}·τ(${each.vector})`));
    return parts.join(" · ");
  };
})();
