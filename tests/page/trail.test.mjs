/* Undo and redo, to the byte. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const { Trail } = load(["trail"]);

test("undo and redo walk the places the hand rested on, to the byte", () => {
  const trail = new Trail();
  const texts = [0.1, 0.30000000000000004, 1e-7].map((lambda) => JSON.stringify({ lambda, add: [{ beta: -0 }] }));
  for (const text of texts) trail.rest(JSON.parse(text));
  trail.rest(JSON.parse(texts[2])); // the same again is no step
  assert.equal(JSON.stringify(trail.undo()), texts[1]);
  assert.equal(JSON.stringify(trail.undo()), texts[0]);
  assert.equal(trail.undo(), null);
  assert.equal(trail.canUndo, false);
  trail.rest(JSON.parse(texts[0])); // what undo put back is no new step either
  assert.equal(JSON.stringify(trail.redo()), texts[1]);
  assert.equal(JSON.stringify(trail.redo()), texts[2]);
  assert.equal(trail.redo(), null);
});

test("a new step ends what could be redone; a trail goes on from its state", () => {
  const trail = new Trail();
  for (const each of [1, 2, 3]) trail.rest(each);
  trail.undo();
  const again = new Trail(plain(trail.state));
  assert.equal(again.canRedo, true);
  again.rest(4);
  assert.equal(again.canRedo, false);
  assert.deepEqual(plain(again.undo()), 2);
});

test("it does not grow without end", () => {
  const trail = new Trail();
  for (let each = 0; each < 1000; each += 1) trail.rest(each);
  assert.equal(trail.state.past.length, 200);
  assert.equal(trail.undo(), 998);
});
