/* The words of the browser's half of the page, in one place: a flat table from keys to English. A key starts with the module that
   uses it; {name} stands for what the module puts in. To translate the page, put another table in the place of this one. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});

  page.TEXT = {
    "lane.encoder.self": "Encoder self-attention",
    "lane.decoder.self": "Decoder self-attention",
    "lane.decoder.cross": "Cross-attention",

    "curve.lane": "{lane}: share of the child model in each layer",
    "curve.child": "▲ child, M1",
    "curve.adult": "▼ adult, M2",
    "curve.layers": "layers 0–{top}",
    "curve.point": "{lane}, layer {layer}",
    "curve.value": "{share} percent child",
    "curve.told": "layer {layer}: {child} % child, {adult} % adult · {formula}",
    "curve.unmerged": "not merged: M1",
    "curve.drawn": "{name} = {ratio}, drawn",

    "behind.value": "{title} {value}",
    "behind.legend": "Bars behind the curve: {title}, {low} to {high}. {says}",
    "behind.signed": "Bars behind the curve: {title}, from {low} (▽ down) to {high} (▲ up). {says}",
    "behind.remove": "Take the bars away",

    "recipe.triple": "Triple",
    "recipe.method": "Method",
    "recipe.schedule": "Schedule",
    "recipe.merged": "Merged",
    "recipe.of_them": "of them",
    "recipe.scope.encoder.self": "encoder self",
    "recipe.scope.decoder.self": "decoder self",
    "recipe.scope.decoder.cross": "cross",
    "recipe.third.0": "bottom third",
    "recipe.third.1": "middle third",
    "recipe.third.2": "top third",
    "recipe.typed": "{label}, typed",
    "recipe.add": "Add task vectors ",
    "recipe.added_to": "added to",
    "recipe.paper": "Paper",
    "recipe.start": "Back to the start",
    "recipe.flat": "{method} treats all tensors in scope alike: there is no curve over the layers.",
    "recipe.rest_of_curve": "Only q, k and v of attention are mixed. Everything else is M1’s, so even “100 % adult” is not M2.",
    "recipe.rest": "What is out of scope is M1’s. Tensors that training left as they were are M0’s in any case.",

    "real.title": "Real speech",
    "real.corpus": "Corpus",
    "real.folder": "a folder of this machine",
    "real.kind": "Kind of folder",
    "real.path": "Its place on this machine",
    "real.filter": "Which clips",
    "real.fetch": "Fetch it and draw clips",
    "real.open": "Draw clips",
    "real.others": "Draw others",
    "real.asked": "The corpus is being opened…",

    "compare.method": "Method",
    "compare.wer": "WER, {corpus}",
    "compare.against_sa": "against SA Merge",
    "compare.against_m1": "against M1",
    "compare.merge": "merge, s",
    "compare.megabytes": "MB written",
    "compare.decode": "decode, s",
    "compare.remembered": "remembered",
    "compare.flattering": "WER where it was chosen",
    "compare.chosen": "chosen by either half",
    "compare.judged": "Chosen on one half of the speakers, judged on the other",
    "compare.every": "Every merge",
    "compare.open": "open this merge on Explore",
    "compare.verdict.better": "better",
    "compare.verdict.worse": "worse",
    "compare.verdict.undecided": "undecided",
    "compare.verdict.the same": "the same",
    "compare.seconds": "{seconds} s",
    "compare.minutes": "{minutes} min {seconds} s",
    "compare.making": "{made} merges made,",
    "compare.heard": "{done} of {total} clips of {corpus} heard by {models} models,",
    "compare.took": "in {time}",
    "compare.to_go": ", about {time} to go",
    "compare.progress": "progress of the comparison",
    "compare.n": "{corpus}: n = {clips} clips, {speakers} speakers",
    "compare.legend": "Differences are points of WER with their 95 % interval, from a bootstrap over speakers; below 0 is better. ✓ better, ✗ worse, ≈ undecided, = as many errors in every clip.",
    "compare.left_out": "{count} left out",

    "header.title": "SA Merge Explorer",
    "header.dark": "Dark",
    "header.dark_hint": "Light text on dark ground",
    "header.projector": "Projector",
    "header.projector_hint": "Large type for the back row",
    "header.new": "New here?",
  };

  /** The words of a key; `values` fill its {names}. A key that is not there shows itself, so that it is found. */
  page.say = (key, values = {}) =>
    (page.TEXT[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
})();
