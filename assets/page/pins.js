/* Recipes that were pinned: further merges, evaluated in the same pass as the one on the panel. The value is {pins: [{name, recipe}]}. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;

  page.mountPins = (element, props) => {
    let pins = [];
    const line = el("span", {});
    const chips = el("span", { class: "sam-pins" });
    const keep = (changed) => {
      pins = changed;
      props.value = { pins };
      draw();
    };
    const pin = () => {
      const recipe = structuredClone(page.recipe);
      if (pins.some((each) => page.sameRecipe(each.recipe, recipe))) return;
      let name = page.describe(recipe).replace(" · all attention", "");
      for (let number = 2; pins.some((each) => each.name === name); number += 1) name = `${page.describe(recipe)} (${number})`;
      keep([...pins, { name, recipe }]);
    };
    const draw = () => {
      const other = (each) => page.recipe && each.recipe.triple !== page.recipe.triple;
      chips.replaceChildren(...pins.map((each) => el("span", { class: "sam-chip" },
        el("button", { type: "button", class: "sam-link", title: "put this recipe on the panel", onclick: () => page.takeRecipe(each.recipe) }, each.name),
        other(each) ? el("small", {}, " of another triple: not evaluated") : null,
        el("button", { type: "button", class: "sam-link", "aria-label": `unpin ${each.name}`, onclick: () => keep(pins.filter((kept) => kept !== each)) }, "×"))));
    };
    element.replaceChildren(el("div", { class: "sam-row sam-recipe-line" }, line,
      el("button", { type: "button", class: "sam-link sam-pin", title: "evaluate this recipe too, whatever the panel shows then", onclick: pin }, "Pin this recipe"), chips));
    page.onRecipe((recipe) => { line.textContent = `The merge is the one on the Explore tab: ${recipe.triple} · ${page.describe(recipe)}`; draw(); });
  };
})();
