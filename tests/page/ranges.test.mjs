/* The stripe as numbers. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const page = load(["text", "grid", "ranges"]);
const stop = (value, ...words) => ({ value, words });
const STOPS = [stop(0, "=a", "-b"), stop(0.5, "=a", "=b", "+x"), stop(1, "~a\tz", "=b")];

test("runs are where a list says yes without a break", () => {
  assert.deepEqual(plain(page.runs([true, true, false, true])), [[0, 1], [3, 3]]);
  assert.deepEqual(plain(page.runs([])), []);
  assert.deepEqual(plain(page.runs([false])), []);
});

test("each word is right over its runs of stops; errors and additions are counted", () => {
  assert.deepEqual(plain(page.stripeRows(STOPS)), {
    words: [{ word: "a", runs: [[0, 1]] }, { word: "b", runs: [[1, 2]] }], errors: [1, 1, 1], added: [0, 1, 0] });
});

test("without a reference, or without stops, there are no rows", () => {
  assert.equal(page.stripeRows([{ value: 0, words: null }]), null);
  assert.equal(page.stripeRows([]), null);
});

test("runs are read out", () => {
  assert.equal(page.runsSay([[0, 2]], STOPS), page.say("ranges.everywhere"));
  assert.equal(page.runsSay([], STOPS), page.say("ranges.nowhere"));
  assert.equal(page.runsSay([[0, 1]], STOPS), "right from λ 0 to 0.5");
  assert.equal(page.runsSay([[1, 1]], STOPS), "right at λ 0.5");
});

test("places and stops are each other's inverse, and stay on the stripe", () => {
  for (let index = 0; index < 21; index += 1) assert.equal(page.stopAt(page.placeOf(index / 20, 21), 21), index);
  assert.equal(page.stopAt(-1, 21), 0);
  assert.equal(page.stopAt(1, 21), 20);
});
