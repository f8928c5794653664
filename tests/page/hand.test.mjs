/* Who is told of the recipe, and when. */
import assert from "node:assert/strict";
import test from "node:test";
import { frames, load } from "./load.mjs";

test("a moving recipe is told once a frame, with its newest state", () => {
  const clock = frames();
  const page = load(["hand"], clock);
  const seen = [];
  const end = page.onRecipe((recipe) => seen.push(recipe));
  for (const each of [1, 2, 3]) page.setRecipe(each);
  assert.deepEqual(seen, []);
  assert.equal(page.recipe, 3);
  clock.pass();
  clock.pass();
  assert.deepEqual(seen, [3]);
  const late = [];
  page.onRecipe((recipe) => late.push(recipe));
  assert.deepEqual(late, [3]);
  end();
  page.setRecipe(4);
  clock.pass();
  assert.deepEqual([seen, late], [[3], [3, 4]]);
});

test("a hand that rests is told at once, after the last move", () => {
  const clock = frames();
  const page = load(["hand"], clock);
  const seen = [];
  page.onRecipe((recipe) => seen.push(["moves", recipe]));
  const end = page.onRest((recipe) => seen.push(["rests", recipe]));
  page.setRecipe("a");
  page.restRecipe();
  assert.deepEqual(seen, [["moves", "a"], ["rests", "a"]]);
  clock.pass();
  page.restRecipe();
  assert.deepEqual(seen.slice(2), [["rests", "a"]]);
  end();
  page.restRecipe();
  assert.equal(seen.length, 3);
});

test("one listener's mistake does not keep the others from hearing", () => {
  const troubles = [];
  const clock = frames();
  const page = load(["hand"], { ...clock, reportError: (error) => troubles.push(error.message) });
  const seen = [];
  page.onRecipe(() => { throw new Error("mine"); });
  page.onRecipe((recipe) => seen.push(recipe));
  page.setRecipe(1);
  clock.pass();
  assert.deepEqual([seen, troubles], [[1], ["mine"]]);
});
