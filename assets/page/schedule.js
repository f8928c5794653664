/* The schedules in the browser: λ_i for every layer, the same as explorer/schedule.py. A test compares the two over a grid. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});

  const groupOf = (layer, depth) => Math.floor((3 * layer) / depth);

  const formulas = {
    depth: (mixing, alpha, layer, depth) => mixing ** ((alpha[0] * (layer + 1)) / depth),
    power: (mixing, alpha, layer) => mixing ** (alpha[0] * layer),
    decay: (mixing, alpha, layer) => 1 - mixing ** (alpha[0] ** layer),
    groups: (mixing, alpha, layer, depth) => mixing ** alpha[groupOf(layer, depth)],
    constant: (mixing) => mixing,
  };

  /** λ_i of one stack, lowest layer first. `alpha` is a list: three values for groups, otherwise one. */
  page.mixingRatios = (schedule, mixing, alpha, depth) =>
    Array.from({ length: depth }, (_, layer) => formulas[schedule](mixing, alpha, layer, depth));

  /** λ_i of every lane of a recipe; lanes out of scope stay with M1, all ones. */
  page.laneRatios = (recipe, depths) => {
    const alpha = Array.isArray(recipe.alpha) ? recipe.alpha : [recipe.alpha];
    const curves = {};
    for (const [lane, depth] of Object.entries(depths)) {
      if (!recipe.scope.includes(lane) || !recipe.projections.length) curves[lane] = Array(depth).fill(1);
      else if (recipe.schedule === "custom") curves[lane] = [...recipe.ratios[lane]];
      else curves[lane] = page.mixingRatios(recipe.schedule, recipe.lambda, alpha, depth);
    }
    return curves;
  };

  /** What is finer than a lane, once a hand has moved the lane's point: everything in that layer of it follows. */
  page.finerMoved = (finer, lane, layer, ratio) => finer && Object.fromEntries(Object.entries(finer).map(([part, ratios]) =>
    [part, part.startsWith(`${lane}.`) ? ratios.map((each, index) => (index === layer ? ratio : each)) : ratios]));

  page.subscript = (number) => [...String(number)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]).join("");

  /** The formula with its numbers, for one layer: "λ₅ = 0.2^(0.8·6/12) = 0.53". */
  page.explain = (recipe, layer, depth, ratio) => {
    const show = (number) => String(Math.round(number * 1000) / 1000);
    const alpha = Array.isArray(recipe.alpha) ? recipe.alpha : [recipe.alpha];
    const mixing = show(recipe.lambda);
    const written = {
      depth: `${mixing}^(${show(alpha[0])}·${layer + 1}/${depth})`,
      power: `${mixing}^(${show(alpha[0])}·${layer})`,
      decay: `1 − ${mixing}^(${show(alpha[0])}^${layer})`,
      groups: `${mixing}^${show(alpha[groupOf(layer, depth)] ?? alpha[0])}`,
      constant: "λ",
    }[recipe.schedule];
    const name = `λ${page.subscript(layer)}`;
    if (!written) return page.say("lane.drawn", { name, ratio: ratio.toFixed(2) });
    return `${name} = ${written} = ${ratio.toFixed(2)}`;
  };
})();
