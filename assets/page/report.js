/* A saved report draws itself with the page's own tables, from the values that lie in it. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;

  const draw = (plot, figure, browser) => {
    if (plot.childElementCount) return;
    window.Plotly.newPlot(plot, figure.data, figure.layout, { responsive: true, displayModeBar: false, showTips: false });
    plot.on("plotly_click", ({ points }) => {
      const mark = points.map((point) => point.customdata?.[0]).find(Array.isArray);
      if (mark) browser.pick(mark, `from the chart: ${mark.length} ${mark.length === 1 ? "clip" : "clips"}`);
    });
  };

  const setting = (name, text) => [el("dt", {}, name), el("dd", {}, text)];

  /** What a colleague has to know to read the numbers, or to get them again. */
  const settings = (document_) => el("dl", { class: "sam-settings" },
    ...setting("Corpus", `${document_.corpus.name}: ${document_.utterances} utterances of ${document_.speakers} speakers`),
    ...setting("Chosen by", document_.corpus.steps.map(([rule, removed]) => `${rule} (${removed} fewer)`).join("; ") || "everything there is"),
    ...setting("Triple", document_.recipe.triple),
    ...[["merge", document_.recipe], ...Object.entries(document_.pins)].filter(([name]) => name in document_.models)
      .flatMap(([name, recipe]) => setting(name, JSON.stringify(recipe))),
    ...Object.entries(document_.fingerprints).flatMap(([name, print]) => setting(`weights of ${name}`, print)),
    ...setting("Text", `${document_.normalizer} normaliser, fillers ${document_.fillers}`),
    ...setting("Verdict", "better or worse: zero lies outside the 95 % interval of the difference, from 10,000 resamples of speakers; else undecided."));

  page.mountReport = (element) => {
    const value = JSON.parse(document.querySelector("#value").textContent);
    const plots = [];
    const parts = value.parts.flatMap((part, place) => {
      const browser = page.resultsBrowser(part.look);
      const figures = part.figures.map(({ heading, figure }, index) => {
        const plot = el("div", { class: "sam-figure" });
        // A chart that is folded away has no width yet: it is drawn when it is opened.
        const fold = el("details", { open: index === 0 }, el("summary", {}, heading), plot);
        fold.addEventListener("toggle", () => fold.open && draw(plot, figure, browser), { once: true });
        if (index === 0) plots.push({ plot, figure, browser });
        return fold;
      });
      return [el("h2", {}, part.corpus), settings(value.document[place]), page.evaluationPart(part, (model, fate) => browser.filter(fate, model)), ...figures, el("h3", {}, "Every clip"), browser.node];
    });
    element.replaceChildren(el("h1", {}, value.title), ...parts,
      el("details", {}, el("summary", {}, "Everything these numbers depend on"), el("pre", {}, JSON.stringify(value.document, null, 2))));
    for (const { plot, figure, browser } of plots) draw(plot, figure, browser);
  };
})();
