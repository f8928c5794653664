/* A saved report draws itself with the page's own tables, from the values that lie in it. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;

  page.mountReport = (element) => {
    const value = JSON.parse(document.querySelector("#value").textContent);
    const plots = [];
    const parts = value.parts.flatMap((part) => {
      const browser = page.resultsBrowser(part.look);
      const figures = part.figures.map(({ heading, figure }) => {
        const plot = el("div", { class: "sam-figure" });
        plots.push({ plot, figure, browser });
        return el("section", {}, el("h3", {}, heading), plot);
      });
      return [el("h2", {}, part.corpus), page.evaluationPart(part, (model, fate) => browser.filter(fate, model)), ...figures, el("h3", {}, "Every clip"), browser.node];
    });
    element.replaceChildren(el("h1", {}, value.title), ...parts,
      el("details", {}, el("summary", {}, "Everything these numbers depend on"), el("pre", {}, JSON.stringify(value.document, null, 2))));
    for (const { plot, figure, browser } of plots) {
      window.Plotly.newPlot(plot, figure.data, figure.layout, { responsive: true, displaylogo: false });
      plot.on("plotly_click", ({ points }) => {
        const mark = points.map((point) => point.customdata?.[0]).find(Array.isArray);
        if (mark) browser.pick(mark, `from the chart: ${mark.length} ${mark.length === 1 ? "clip" : "clips"}`);
      });
    }
  };
})();
