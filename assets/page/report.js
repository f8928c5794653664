/* A saved report draws itself with the page's own tables, from the values that lie in it. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  const draw = (plot, figure, browser) => {
    if (plot.childElementCount) return;
    window.Plotly.newPlot(plot, figure.data, figure.layout, { responsive: true, displayModeBar: false, showTips: false });
    plot.on("plotly_click", ({ points }) => {
      const mark = points.map((point) => point.customdata?.[0]).find(Array.isArray);
      if (mark) browser.pick(mark, page.fromChart(mark));
    });
  };

  const setting = (name, text) => [el("dt", {}, name), el("dd", {}, text)];

  /** What a colleague has to know to read the numbers, or to get them again. */
  const settings = (document_) => el("dl", { class: "sam-settings" },
    ...setting(say("report.corpus"), say("report.corpus.is", { name: document_.corpus.name, utterances: document_.utterances, speakers: document_.speakers })),
    ...setting(say("report.chosen"), document_.corpus.steps.map(([rule, removed]) => say("report.chosen.step", { rule, removed })).join("; ") || say("report.chosen.all")),
    ...setting(say("report.triple"), document_.recipe.triple),
    ...[["merge", document_.recipe], ...Object.entries(document_.pins)].filter(([name]) => name in document_.models)
      .flatMap(([name, recipe]) => setting(name, JSON.stringify(recipe))),
    ...Object.entries(document_.fingerprints).flatMap(([name, print]) => setting(say("report.weights", { name }), print)),
    ...setting(say("report.text"), say("report.text.is", { normalizer: document_.normalizer, fillers: document_.fillers })),
    ...setting(say("report.verdict"), say("report.verdict.is")));

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
      return [el("h2", {}, part.corpus), settings(value.document[place]), page.evaluationPart(part, (model, fate) => browser.filter(fate, model)), ...figures, el("h3", {}, say("results.every")), browser.node];
    });
    element.replaceChildren(el("h1", {}, value.title), ...parts,
      el("details", {}, el("summary", {}, say("report.everything")), el("pre", {}, JSON.stringify(value.document, null, 2))));
    for (const { plot, figure, browser } of plots) draw(plot, figure, browser);
  };
})();
