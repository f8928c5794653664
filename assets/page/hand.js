/* The page's one shared fact, the recipe the hand has set, and who is told of it. While it moves, listeners are told once a frame
   at most; when the hand rests, at once. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const moving = new Set();
  const resting = new Set();
  let frame = 0;
  page.recipe = null;

  /** One listener's mistake must not keep the others from hearing. */
  const tellAll = (listeners) => {
    for (const listener of listeners) {
      try { listener(page.recipe); } catch (error) { reportError(error); }
    }
  };
  const moved = () => { frame = 0; tellAll(moving); };

  /** `listener(recipe)` now, if there is one already, and in each frame in which it has moved. Returns a function that ends it. */
  page.onRecipe = (listener) => {
    moving.add(listener);
    if (page.recipe) listener(page.recipe);
    return () => moving.delete(listener);
  };

  /** `listener(recipe)` whenever the hand rests: after `onRecipe` of the same recipe. Returns a function that ends it. */
  page.onRest = (listener) => {
    resting.add(listener);
    return () => resting.delete(listener);
  };

  page.setRecipe = (recipe) => {
    page.recipe = recipe;
    if (!frame) frame = requestAnimationFrame(moved);
  };

  page.restRecipe = () => {
    if (frame) { cancelAnimationFrame(frame); moved(); }
    tellAll(resting);
  };
})();
