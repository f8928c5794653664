/* The button of a phone: where there is somewhere to lead to. */
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const page = load(["text", "dom", "jump"]);
const at = (top, bottom) => ({ top, bottom });

test("to the words while they begin below the screen, and back when the sliders are above it", () => {
  assert.equal(page.wayOn(at(2400, 2900), at(300, 400), 740), "words");
  assert.equal(page.wayOn(at(700, 1200), at(-1400, -1300), 740), "words"); // no more than their head is in sight
  assert.equal(page.wayOn(at(100, 600), at(-2000, -1900), 740), "back");
  assert.equal(page.wayOn(at(-900, -400), at(-2900, -2800), 740), "back");
  assert.equal(page.wayOn(at(300, 700), at(20, 120), 740), null); // both in sight
});

test("nowhere while either is not shown: another tab, or taken away by a teacher", () => {
  assert.equal(page.wayOn(null, at(10, 20), 740), null);
  assert.equal(page.wayOn(at(100, 600), null, 740), null);
  assert.equal(page.wayOn(at(2000, 2600), null, 740), "words");
});
