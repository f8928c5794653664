/* The pinned recipes above an evaluation: further merges, evaluated in the same pass as the one on the panel. They are the ones pinned
   on the Explore tab. The value is {pins: [{name, recipe}]}. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  page.mountPins = (element, props) => {
    const line = el("span", {});
    const chips = el("span", { class: "sam-pins" });
    const draw = () => {
      const { memory } = page;
      const other = (each) => page.recipe && each.recipe.triple !== page.recipe.triple;
      chips.replaceChildren(...memory.pins.map((each) => el("span", { class: "sam-chip" },
        el("button", { type: "button", class: "sam-link", title: say("pins.take"), onclick: () => page.takeRecipe(each.recipe) }, each.name),
        other(each) ? el("small", {}, say("pins.other")) : null,
        el("button", { type: "button", class: "sam-link", "aria-label": say("pins.unpin", { name: each.name }), onclick: () => memory.unpin(each) }, "×"))));
    };
    const keep = ({ pins }) => {
      props.value = { pins: pins.map(({ name, recipe }) => ({ name, recipe })) };
      draw();
    };
    element.replaceChildren(el("div", { class: "sam-row sam-recipe-line" }, line,
      el("button", { type: "button", class: "sam-link sam-pin", title: say("pins.pin_hint"), onclick: () => page.memory.pin(page.recipe) }, say("pins.pin")), chips));
    page.withMemory((memory) => {
      // After Gradio has mounted this, or it would forget the pins of last time.
      requestAnimationFrame(() => requestAnimationFrame(() => memory.onChange(keep)));
      page.onRecipe((recipe) => { line.textContent = say("pins.merge", { triple: recipe.triple, recipe: page.describe(recipe) }); draw(); });
    });
  };
})();
