/* What can be done to several layers at once. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const { edits, stretched, layersInWords } = load(["text", "dom", "edits", "tools"]);
const curve = [0.1, 0.5, 0.9, 0.4];
const after = (name, layers, amount) => plain(edits[name](curve, layers, amount));

test("only the chosen layers change, and none leaves the range", () => {
  assert.deepEqual(after("set", [1, 2], 0.25), [0.1, 0.25, 0.25, 0.4]);
  assert.deepEqual(after("set", [0], 7), [1, 0.5, 0.9, 0.4]);
  assert.deepEqual(after("add", [0, 2], 0.2), [0.3, 0.5, 1, 0.4]);
  assert.deepEqual(after("add", [0], -0.2), [0, 0.5, 0.9, 0.4]);
  assert.deepEqual(after("multiply", [2, 3], 0.5), [0.1, 0.5, 0.45, 0.2]);
  assert.deepEqual(after("multiply", [], 0), curve);
  assert.deepEqual(curve, [0.1, 0.5, 0.9, 0.4]);
});

test("mirror turns the chosen layers round, flip swaps child and adult; both undo themselves", () => {
  assert.deepEqual(after("mirror", [0, 1, 3]), [0.4, 0.5, 0.9, 0.1]);
  assert.deepEqual(plain(edits.mirror(edits.mirror(curve, [0, 1, 2, 3]), [3, 2, 1, 0])), curve);
  assert.deepEqual(after("flip", [0, 2]), [0.9, 0.5, 0.1, 0.4]);
});

test("smooth draws to the neighbours, those not chosen included, and leaves a straight curve alone", () => {
  assert.deepEqual(after("smooth", [1, 3]), [0.1, 0.5, 0.9, 0.525]);
  assert.deepEqual(after("smooth", [0]), [0.2, 0.5, 0.9, 0.4]);
  assert.deepEqual(plain(edits.smooth([0.3, 0.3, 0.3], [0, 1, 2])), [0.3, 0.3, 0.3]);
});

test("a curve is stretched to another number of layers along its own line", () => {
  assert.deepEqual(plain(stretched([0, 1], 5)), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(plain(stretched([0, 0.5, 1], 2)), [0, 1]);
  assert.deepEqual(plain(stretched([0.7], 3)), [0.7, 0.7, 0.7]);
  assert.deepEqual(plain(stretched([0.123456, 1], 2)), [0.123456, 1]);
  assert.deepEqual(plain(stretched([0.2, 0.8], 1)), [0.2]);
});

test("layers are named in runs", () => {
  assert.equal(layersInWords([0]), "0");
  assert.equal(layersInWords([2, 3, 4, 9, 11, 12]), "2–4, 9, 11–12");
});
