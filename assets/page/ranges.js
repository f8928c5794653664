/* A transcript stripe as numbers: over which stops of λ each word said is right. No document in here. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});

  const errors = (words) => words.filter(([operation]) => operation !== "equal").length;

  /** Where a list of yes and no says yes without a break: [[first, last], …]. */
  page.runs = (list) => {
    const found = [];
    list.forEach((yes, index) => {
      if (!yes) return;
      if (index > 0 && list[index - 1]) found.at(-1)[1] = index;
      else found.push([index, index]);
    });
    return found;
  };

  /** `stops` ({value, words: encoded}) → the words said, each with the runs of stops at which it is right; and of every stop its
      errors and the words it adds. Null where nobody has said what was said. */
  page.stripeRows = (stops) => {
    if (!stops.length || stops.some((stop) => !stop.words)) return null;
    const heard = stops.map((stop) => page.decoded(stop.words));
    const right = heard.map((words) => words.filter(([operation]) => operation !== "insert").map(([operation]) => operation === "equal"));
    return {
      words: page.saidWords(heard[0]).map((word, index) => ({ word, runs: page.runs(right.map((each) => each[index])) })),
      errors: heard.map(errors),
      added: heard.map((words) => words.filter(([operation]) => operation === "insert").length),
    };
  };

  /** A run of stops in the words of a person: "everywhere", "nowhere", "from λ 0.2 to 0.6". */
  page.runsSay = (runs, stops) => {
    if (!runs.length) return page.say("ranges.nowhere");
    if (runs[0][0] === 0 && runs[0][1] === stops.length - 1) return page.say("ranges.everywhere");
    return runs.map(([first, last]) => (first === last ? page.say("ranges.at", { value: stops[first].value }) : page.say("ranges.from", { low: stops[first].value, high: stops[last].value }))).join(", ");
  };

  /** The stop nearest to a share of the stripe's width, 0 to 1. */
  page.stopAt = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));

  /** Where a value of λ stands on the stripe, as a share of its width. */
  page.placeOf = (value, count) => (value * (count - 1) + 0.5) / count;
})();
