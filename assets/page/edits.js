/* What can be done to several layers of a curve at once. Each takes a lane's λ_i, the layers chosen and a number, and returns new λ_i. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});

  /** Inside 0 … 1, with four places: what a hand can mean, and short in a link. */
  const tidy = (ratio) => Math.round(1e4 * Math.min(1, Math.max(0, ratio))) / 1e4;
  const each = (change) => (ratios, layers, amount) =>
    ratios.map((ratio, layer) => (layers.includes(layer) ? tidy(change(ratio, amount, layer, ratios)) : ratio));

  page.edits = {
    set: each((ratio, amount) => amount),
    add: each((ratio, amount) => ratio + amount),
    multiply: each((ratio, amount) => ratio * amount),
    /** Child becomes adult and adult child. */
    flip: each((ratio) => 1 - ratio),
    /** A quarter of each neighbour; at the ends of the stack the layer stands in for the neighbour it lacks. */
    smooth: each((ratio, amount, layer, ratios) => ((ratios[layer - 1] ?? ratio) + 2 * ratio + (ratios[layer + 1] ?? ratio)) / 4),
    /** The lowest of the layers chosen gets the ratio of the highest, and so on. */
    mirror: (ratios, layers) => {
      const order = [...layers].sort((one, other) => one - other);
      const mirrored = [...ratios];
      order.forEach((layer, index) => { mirrored[layer] = ratios[order[order.length - 1 - index]]; });
      return mirrored;
    },
  };

  /** A curve for another number of layers: read off the line between its points. */
  page.stretched = (ratios, depth) => Array.from({ length: depth }, (_, layer) => {
    if (ratios.length === depth) return ratios[layer];
    const place = depth === 1 ? 0 : (layer * (ratios.length - 1)) / (depth - 1);
    const below = Math.floor(place);
    return tidy(ratios[below] + (place - below) * ((ratios[below + 1] ?? ratios[below]) - ratios[below]));
  });
  page.tidyRatio = tidy;
})();
