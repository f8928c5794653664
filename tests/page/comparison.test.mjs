/* The table of merges: in which order its rows stand, and how far a comparison is. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const page = load(["text", "dom", "comparison"]);
const row = (name, wer, recipe = { method: name }) => ({ name, recipe, wers: wer === undefined ? [] : [{ wer }] });

test("rows are sorted by a number, those without it last, and the parents stay on top", () => {
  const rows = [row("m1", 0.9, null), row("m2", 0.1, null), row("sa", 0.5), row("lerp", null), row("ties", 0.2), row("dare", 0.5)];
  assert.deepEqual(plain(page.sortedRows(rows, (each) => each.wers[0]?.wer).map((each) => each.name)), ["m1", "m2", "ties", "sa", "dare", "lerp"]);
  assert.deepEqual(page.sortedRows(rows, null), rows);
  assert.deepEqual(rows.map((each) => each.name), ["m1", "m2", "sa", "lerp", "ties", "dare"]);
});

test("progress counts hypotheses over all corpora, those not begun too", () => {
  const table = { rows: [1, 2, 3, 4].map(() => ({})), clips: 30, corpora: [{ heard: 40 }, { heard: 20 }], ended: false, stopped: false, remaining: 12 };
  assert.deepEqual(plain(page.comparisonProgress(table)), { share: 0.5, remaining: 12 });
  assert.deepEqual(plain(page.comparisonProgress({ ...table, ended: true, stopped: true })), { share: 0.5, remaining: null });
  assert.deepEqual(plain(page.comparisonProgress({ ...table, ended: true })), { share: 1, remaining: null });
  assert.deepEqual(plain(page.comparisonProgress({ ...table, rows: [], clips: 0, corpora: [], remaining: null })), { share: 0, remaining: null });
});
