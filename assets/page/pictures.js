/* A recipe's curve as a picture the size of a word: the three lanes side by side, computed as the curve itself is. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const WIDE = 17, GAP = 3, TALL = 20, EDGE = 2;

  /** The points of each lane's line, lanes out of scope left out. */
  page.smallCurves = (recipe, depths) => {
    const curves = page.laneRatios(recipe, depths);
    return Object.keys(depths).map((lane, index) => {
      const merged = recipe.scope.includes(lane) && recipe.projections.length > 0;
      const left = index * (WIDE + GAP);
      const ratios = curves[lane];
      const places = ratios.map((ratio, layer) => [
        left + (ratios.length === 1 ? WIDE / 2 : (layer * WIDE) / (ratios.length - 1)), EDGE + (1 - ratio) * (TALL - 2 * EDGE)]);
      return { lane, left, merged, points: places.map((place) => place.map((each) => Math.round(10 * each) / 10).join(",")).join(" ") };
    });
  };

  /** The picture; a method without a curve has its name's letters instead. */
  page.picture = (recipe, depths) => {
    const wide = 3 * WIDE + 2 * GAP;
    const frame = { class: "sam-picture", viewBox: `0 0 ${wide} ${TALL}`, width: wide, height: TALL, "aria-hidden": "true" };
    if (!recipe.schedule || !depths) return page.svg("svg", frame, page.svg("text", { x: wide / 2, y: 14, "text-anchor": "middle" }, recipe.method));
    const drawn = page.smallCurves(recipe, depths).flatMap(({ left, merged, points }) => [
      page.svg("rect", { x: left, y: 0.5, width: WIDE, height: TALL - 1, rx: 2, class: "sam-picture-ground" }),
      merged ? page.svg("polyline", { points }) : page.svg("line", { x1: left + 5, x2: left + WIDE - 5, y1: TALL / 2, y2: TALL / 2, class: "sam-picture-none" })]);
    return page.svg("svg", frame, ...drawn);
  };
})();
