/* What is remembered, and what is made of what a browser gives back. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain, storage } from "./load.mjs";
import { recipe, tables } from "./tables.mjs";

const clip = { id: "s1", title: "Plant", own: false };
const fresh = (localStorage = storage(), globals = {}) => {
  const page = load(["text", "dom", "schedule", "check", "store", "memory"], { localStorage, ...globals });
  page.methods = tables.methods;
  return page;
};

test("a recipe that was heard is kept with its WER on each clip, newest first, and once", () => {
  const kept = storage();
  const memory = new (fresh(kept).Memory)(tables);
  memory.note(recipe(), clip, { wer: 0.25, text: "a b" });
  memory.note(recipe({ lambda: 0.5 }), clip, { wer: null, text: "c" });
  memory.note(recipe(), { id: "s2", title: "Moon", own: false }, { wer: 0, text: "d" });
  assert.deepEqual(plain(memory.history.map((each) => each.recipe.lambda)), [0.2, 0.5]);
  assert.deepEqual(Object.values(plain(memory.history[0].heard)).map(({ title, wer }) => [title, wer]), [["Plant", 0.25], ["Moon", 0]]);
  memory.rename(memory.history[1], "  mine ");
  const again = new (fresh(kept).Memory)(tables);
  assert.equal(again.nameOf(again.history[1]), "mine");
  assert.equal(again.heardBy(recipe(), "s2").text, "d");
  assert.deepEqual(plain(again.history[0].recipe), recipe());
  again.forget(again.history[0]);
  assert.equal(again.history.length, 1);
  again.clear();
  assert.equal(new (fresh(kept).Memory)(tables).history.length, 0);
});

test("words of a clip that is no sample stay on the page", () => {
  const kept = storage();
  const memory = new (fresh(kept).Memory)(tables);
  memory.note(recipe(), { id: "own-3", title: "a child’s name", own: true }, { wer: 0.1, text: "secret words" });
  assert.equal(memory.heardBy(recipe(), "own-3").text, "secret words");
  assert.doesNotMatch(JSON.stringify(kept.kept), /secret|child’s name/);
});

test("the list does not grow without end, and what has a name stays", () => {
  const memory = new (fresh().Memory)(tables);
  memory.note(recipe({ lambda: 0 }), clip, { wer: 0, text: "" });
  memory.rename(memory.history[0], "first");
  for (let each = 1; each <= 100; each += 1) memory.note(recipe({ lambda: each / 100 }), clip, { wer: 0, text: "" });
  assert.equal(memory.history.length, 60);
  assert.equal(memory.history.at(-1).name, "first");
  assert.equal(memory.history[0].recipe.lambda, 1);
});

test("pins have names of their own, and two of them are compared", () => {
  const kept = storage();
  const memory = new (fresh(kept).Memory)(tables);
  const seen = [];
  memory.onChange(({ pins }) => seen.push(pins.length));
  for (const lambda of [0.1, 0.2, 0.3]) memory.pin(recipe({ lambda }), "same");
  memory.pin(recipe({ lambda: 0.1 }));
  assert.deepEqual(plain(memory.pins.map(({ name, shown }) => [name, shown])), [["same", true], ["same (2)", true], ["same (3)", false]]);
  memory.show(memory.pins[2], true);
  assert.deepEqual(plain(memory.compared().map(({ name, letter }) => [letter, name])), [["A", "same (2)"], ["B", "same (3)"]]);
  memory.unpin(memory.pins[1]);
  assert.deepEqual(seen, [0, 1, 2, 3, 3, 2]);
  assert.deepEqual(plain(new (fresh(kept).Memory)(tables).compared().map(({ name }) => name)), ["same (3)"]);
});

for (const [what, kept] of Object.entries({
  "no JSON": "{", "no list": "7", null: "null", "other things": JSON.stringify([1, null, "x", {}, { name: "a" }, { name: "", recipe: recipe() }]),
  "recipes out of range": JSON.stringify([{ name: "a", recipe: recipe({ lambda: 9 }), heard: {} }, { name: "b", recipe: recipe({ triple: "gone" }), heard: {} }, { name: "c", recipe: { ...recipe(), "<script>": 1 }, heard: {} }]),
  "what was heard is broken": JSON.stringify([{ name: "a", recipe: recipe(), heard: { s1: { title: 3 } } }, { name: "a", recipe: recipe(), heard: null }]),
})) test(`a store with ${what} is as good as an empty one`, () => {
  const memory = new (fresh(storage({ "sam-history": kept, "sam-pins": kept })).Memory)(tables);
  assert.deepEqual(plain(memory.history), []);
  assert.ok(memory.pins.every((pin) => pin.name === "a" && pin.recipe.lambda === 0.2));
});

test("a browser that keeps nothing costs the memory, not the page", () => {
  const full = Object.assign(storage(), { full: true });
  const memory = new (fresh(full).Memory)(tables);
  memory.pin(recipe());
  assert.equal(memory.pins.length, 1);
  const denied = () => { throw new Error("denied"); };
  const none = new (fresh({ getItem: denied, setItem: denied }).Memory)(tables);
  none.pin(recipe());
  assert.equal(none.pins.length, 1);
});
