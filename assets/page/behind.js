/* What may stand behind the curve: one number a layer and lane, as bars. `SAMerge.behind(spec)` sets it, `behind(null)` takes it away:

     {key, title, says, lanes: {"encoder.self": [a number or null for each layer], …}, low, high, unit, signed}

   Signed bars grow up and down from zero, others up from `low`. The curve draws them, its points read them out. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const listeners = new Set();
  let shown = null;

  const figure = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));

  /** A value of the spec with its unit. */
  page.behindFigure = (spec, value) => `${figure(value)}${spec.unit ? ` ${spec.unit}` : ""}`;

  /** Where the bar of a value begins and ends, 0 at the foot of the plot and 1 at its top; null without a value. */
  page.behindBar = (spec, value) => {
    if (!Number.isFinite(value)) return null;
    const place = (each) => Math.min(1, Math.max(0, (each - spec.low) / (spec.high - spec.low)));
    return { from: place(spec.signed ? 0 : spec.low), to: place(value), down: Boolean(spec.signed) && value < 0 };
  };

  /** The value of a layer in words, or nothing. */
  page.behindSays = (spec, lane, layer) => {
    const value = spec?.lanes[lane]?.[layer];
    return Number.isFinite(value) ? page.say("behind.value", { title: spec.title, value: page.behindFigure(spec, value) }) : "";
  };

  page.behindLegend = (spec) => page.say(spec.signed ? "behind.signed" : "behind.legend", {
    title: spec.title, says: spec.says || "", low: page.behindFigure(spec, spec.low), high: page.behindFigure(spec, spec.high) });

  page.behind = (spec) => {
    if (spec && !(spec.high > spec.low)) spec = { ...spec, high: spec.low + 1 };
    shown = spec || null;
    for (const listener of listeners) listener(shown);
  };

  /** `listener(spec or null)` now and whenever it changes. */
  page.onBehind = (listener) => {
    listeners.add(listener);
    listener(shown);
  };
})();
