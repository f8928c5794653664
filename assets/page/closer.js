/* The closer look on the page: tables of all parts of the newest evaluation, fed by clicks on the charts. A clip's sound comes
   from an address that only this visitor's answers name, and that ends with the visit; it never becomes a link. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  /** Addresses relative to the page hold behind any proxy. */
  page.ofVisit = (visit, rest) => new URL(`evaluation/${visit}/${rest}`, document.baseURI).href;

  /** A player that fetches its clip when it is made. */
  page.clipPlayer = (visit, clip) => {
    const player = el("audio", { controls: true, controlslist: "nodownload", "aria-label": say("results.clip") });
    const box = el("span", { class: "sam-player" }, player);
    fetch(page.ofVisit(visit, `clip/${clip}`)).then(async (answer) => {
      if (!answer.ok) throw new Error(await answer.text());
      player.src = URL.createObjectURL(await answer.blob());
    }).catch((error) => box.replaceChildren(el("span", { class: "sam-note", role: "alert" }, error.message)));
    return box;
  };

  page.mountCloser = (element, props, trigger, watch) => {
    let browsers = [];
    const show = () => {
      const value = props.value || {};
      browsers = [];
      if (!value.parts) { element.replaceChildren(); return; }
      const parts = value.parts.map((part) => {
        const clip = (row) => el("div", { class: "sam-row" }, page.clipPlayer(value.visit, part.clips[row.index]),
          el("button", { type: "button", class: "sam-button", onclick: () => page.openClip({
            id: `${value.visit}/${part.clips[row.index]}`, visit: value.visit, clip: part.clips[row.index], title: String(row.extra.title || row.id), reference: row.reference,
            facts: part.corpus, seconds: row.duration }) }, say("results.open")));
        const browser = page.resultsBrowser(part, { clip });
        browsers.push(browser);
        return el("section", { "data-part": part.corpus }, el("h3", {}, say("results.every_of", { corpus: part.corpus })), browser.node);
      });
      const links = ["html", "csv", "json"].map((kind) => el("a", { class: "sam-button", href: page.ofVisit(value.visit, `report.${kind}`), download: `evaluation.${kind}` }, say("results.save", { kind: kind.toUpperCase() })));
      element.replaceChildren(el("div", { class: "sam-row sam-exports" }, ...links), ...parts);
    };
    page.showClips = ({ part, fate, model, utterances, what }) => {
      if (utterances) browsers[part]?.pick(utterances, what);
      else browsers[part]?.filter(fate, model);
    };

    page.onMark("view", ([mark], plot) => {
      if (Array.isArray(mark)) page.showClips({ part: plot.layout.meta?.part ?? 0, utterances: mark, what: page.fromChart(mark) });
      else if (mark && mark.merge !== null) page.takeRecipe(props.value.merges[mark.merge]);
    });
    watch("value", show);
    show();
  };
})();
