/* The Anatomy tab: what is being done, and what a cell of a heat map is. Plotly's cells answer to no keyboard, so two menus
   choose a cell as well. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  page.mountAnatomy = (element, props, trigger, watch) => {
    const show = () => {
      const { state = "", notice = "", triple = "", title = "" } = props.value || {};
      element.replaceChildren(el("div", { class: "sam-anatomy", "data-state": state, "data-triple": triple },
        notice ? el("p", { class: `sam-notice sam-notice-${state}`, role: state === "error" ? "alert" : "status" }, notice) : null,
        title ? el("p", { class: "sam-recipe-line" }, say("anatomy.triple", { triple, title })) : null));
    };
    page.follow(props, watch, show);
    show();
  };

  /** Show a layer's point of the curve, with the focus on it; the tab takes some frames to come up. */
  const seek = (lane, layer, frames = 60) => {
    const point = document.querySelector(`.sam-plot[data-lane="${lane}"] .sam-point[data-layer="${layer}"]`);
    if (point && !point.getClientRects().length && frames) {
      requestAnimationFrame(() => seek(lane, layer, frames - 1));
      return;
    }
    point?.scrollIntoView({ block: "center" });
    point?.focus();
  };

  const action = (label, act) => el("button", { type: "button", class: "sam-button", onclick: act }, label);

  /** What a cell leads to: its layer on the curve; a merge of its part alone, or of its projection, if the method can do that. */
  const actions = (cell) => {
    const recipe = page.recipe;
    const row = page.methods[recipe.method];
    const found = [];
    if (cell.lane && row.curve) found.push(action(say("anatomy.show", { layer: cell.layer }), () => { page.openTab("explore"); seek(cell.lane, cell.layer); }));
    if (row.parts.includes(cell.part)) {
      const take = (change) => () => { page.takeRecipe({ ...recipe, ...change }); page.openTab("explore"); };
      found.push(action(say("anatomy.part", { part: cell.part }), take({ scope: [cell.part] })));
      if (recipe.projections && cell.projection) found.push(action(say("anatomy.projection", { projection: cell.projection, part: cell.part }), take({ scope: [cell.part], projections: [cell.projection] })));
    } else found.push(el("span", { class: "sam-note" }, say("anatomy.left", { method: row.title, part: cell.part })));
    return found;
  };

  page.mountCell = (element, props, watch, figure) => {
    const place = el("select", { "aria-label": say("anatomy.place") });
    const layer = el("select", { "aria-label": say("anatomy.layer") });
    const says = el("p", { class: "sam-cell-says", role: "status" });
    const leads = el("div", { class: "sam-cell-leads" });
    let cells = [];
    const options = (select, values, chosen) => select.replaceChildren(...values.map((value) => el("option", { value, selected: String(value) === String(chosen) }, String(value))));
    const show = (cell) => {
      options(layer, cells.filter((each) => each.place === cell.place).map((each) => each.layer), cell.layer);
      place.value = cell.place;
      says.textContent = cell.says;
      element.querySelector(".sam-cell").dataset.cell = `${cell.place} ${cell.layer}`;
      leads.replaceChildren(...actions(cell));
    };
    const chosen = () => cells.find((each) => each.place === place.value && String(each.layer) === layer.value)
      || cells.find((each) => each.place === place.value);
    const moved = () => { const cell = chosen(); if (cell) show(cell); };
    place.addEventListener("change", moved);
    layer.addEventListener("change", moved);
    const fill = () => {
      cells = props.value?.cells || [];
      if (!cells.length) { element.replaceChildren(); return; }
      options(place, [...new Set(cells.map((each) => each.place))], cells[0].place);
      element.replaceChildren(el("div", { class: "sam-cell" },
        el("div", { class: "sam-filters" }, el("label", {}, say("anatomy.cell"), " ", place), el("label", {}, say("anatomy.layer"), " ", layer)), says, leads));
      show(cells[0]);
    };
    page.onMark(figure, (mark) => { if (cells[mark]) show(cells[mark]); });
    // What a cell leads to depends on the method, which may have been changed meanwhile.
    page.onRecipe(() => { const cell = chosen(); if (cell) leads.replaceChildren(...actions(cell)); });
    watch("value", fill);
    fill();
  };
})();
