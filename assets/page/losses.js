/* The losses of a curve that learns, as a small picture: where its points lie, and the picture itself. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { svg, say } = page;
  const WIDTH = 420, HEIGHT = 120, LEFT = 40, RIGHT = 10, TOP = 10, BOTTOM = 20;

  /** Where `looks`, rows of [step, training, held-out], lie: {training, heldOut} as lists of {x, y}, and the ends of the axis. */
  page.lossPoints = (looks, steps) => {
    const losses = looks.flatMap(([, training, heldOut]) => [training, heldOut]).filter((loss) => loss !== null);
    const low = Math.min(...losses), high = Math.max(...losses);
    const span = high - low || 1;
    const x = (step) => LEFT + (step * (WIDTH - LEFT - RIGHT)) / Math.max(1, steps);
    const y = (loss) => TOP + ((high - loss) * (HEIGHT - TOP - BOTTOM)) / span;
    const points = (place) => looks.filter((look) => look[place] !== null).map((look) => ({ x: x(look[0]), y: y(look[place]) }));
    return { training: points(1), heldOut: points(2), low, high };
  };

  /** The picture; each line has a mark of its own beside its colour. */
  page.lossPicture = (looks, steps) => {
    const { training, heldOut, low, high } = page.lossPoints(looks, steps);
    const heard = looks.map((look) => look[2]).filter((loss) => loss !== null);
    const says = say("learning.picture", { first: heard[0]?.toFixed(3), best: Math.min(...heard).toFixed(3) });
    const line = (points, name) => svg("polyline", { class: name, points: points.map(({ x, y }) => `${x},${y}`).join(" ") });
    return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "sam-losses", role: "img", "aria-label": says },
      ...[[high, TOP], [low, HEIGHT - BOTTOM]].map(([loss, y]) =>
        svg("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end", class: "sam-axis" }, loss.toFixed(2))),
      svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM, class: "sam-grid" }),
      svg("text", { x: LEFT, y: HEIGHT - 5, class: "sam-axis" }, "0"),
      svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 5, "text-anchor": "end", class: "sam-axis" }, say("learning.step_axis", { steps })),
      ...training.map(({ x, y }) => svg("circle", { cx: x, cy: y, r: 2, class: "sam-loss-training" })),
      line(heldOut, "sam-loss-line"),
      ...heldOut.map(({ x, y }) => svg("rect", { x: x - 3.5, y: y - 3.5, width: 7, height: 7, class: "sam-loss-held" })));
  };
})();
