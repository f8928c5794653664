/* The needle's and the search's arithmetic and words; nothing is drawn. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const modules = ["text", "dom", "behind", "needle", "layers"];

test("fewer nats stand further right, and all three have room", () => {
  const page = load(modules);
  const places = page.needlePlaces({ merge: 0.5, m1: 1, m2: 0.75 });
  assert.ok(places.m1 < places.m2 && places.m2 < places.merge);
  assert.ok(places.m1 > 0 && places.merge < 1);
  assert.equal(places.m2, 0.5);
  assert.deepEqual(plain(page.needlePlaces({ merge: 1, m1: 1, m2: 1 })), { merge: 0.5, m1: 0.5, m2: 0.5 });
});

test("the sentence says where the merge stands", () => {
  const page = load(modules);
  const verdict = (merge, m1, m2) => page.needleVerdict({ merge, m1, m2 });
  assert.deepEqual([verdict(1, 2, 3), verdict(2.5, 2, 3), verdict(2.5, 3, 2), verdict(4, 2, 3), verdict(2, 2, 3), verdict(2, 2, 2)],
    ["best", "between", "between", "worst", "between", "same"]);
  for (const key of ["best", "between", "worst", "same"]) assert.notEqual(page.say(`needle.${key}`), `needle.${key}`);
});

test("nats become percent of likelihood", () => {
  const page = load(modules);
  assert.equal(page.likelihood(0), 0);
  assert.ok(Math.abs(page.likelihood(Math.log(2)) + 50) < 1e-9);
  assert.ok(Math.abs(page.likelihood(-Math.log(2)) - 100) < 1e-9);
});

test("on a CPU the question waits for a pause; where answers are fast a moving hand is answered as it goes", () => {
  const page = load(modules);
  const due = new Map();
  let number = 0, asked = 0;
  const timers = { setTimeout: (act, after) => { due.set((number += 1), { act, after }); return number; }, clearTimeout: (id) => due.delete(id) };
  const pass = () => { const now = [...due.values()]; due.clear(); now.forEach(({ act }) => act()); };
  const pause = new page.Pause(() => { asked += 1; }, timers);
  for (let move = 0; move < 5; move += 1) pause.moved();
  assert.equal(due.size, 1);
  assert.equal([...due.values()][0].after, 150);
  pass();
  assert.equal(asked, 1);
  pause.fast = true;
  pause.moved();
  const first = [...due.keys()];
  pause.moved();
  assert.deepEqual([...due.keys()], first);
  assert.ok([...due.values()][0].after < 150);
  pass();
  pause.moved();
  pass();
  assert.equal(asked, 3);
});

test("a question that comes before its component waits for it, and the newest is asked", () => {
  const page = load(modules);
  const element = { replaceChildren() {} };
  const sent = [];
  page.ask("needle", { recipe: 1 });
  page.ask("needle", { recipe: 2 });
  const props = {};
  page.mountAsk(element, props, () => sent.push(props.value.recipe), "needle");
  page.ask("needle", { recipe: 3 });
  assert.deepEqual(sent, [2, 3]);
});

const found = {
  recipe: {}, wer: 0.2,
  clips: [{ id: "a", title: "A", words: [["the", 0.5, true], ["moon", 2, false]] }],
  rows: [
    { lane: "decoder.cross", layer: 0, to: "m1", delta: 0.03, words: [[[0.5, true], [2.5, false]]], wer: 0.3 },
    { lane: "decoder.cross", layer: 1, to: "m1", delta: -0.01, words: [[[0.4, true], [0.5, true]]] },
    { lane: "decoder.cross", layer: 0, to: "m2", delta: 0, words: [[[0.5, true], [2, false]]], wer: 0.2 },
    { lane: "decoder.cross", layer: 1, to: "m2", delta: -0.2, words: [[[0.5, true], [1.5, false]]] },
  ],
};

test("a search is painted for one parent, in percent, up for likelier", () => {
  const page = load(modules);
  const spec = page.searchSpec(found, "m1", null);
  const [first, second] = spec.lanes["decoder.cross"];
  assert.ok(first < 0 && second > 0 && spec.low === first && spec.high === second && spec.signed);
  assert.match(spec.title, /M1’s/);
  const word = page.searchSpec(found, "m2", [0, 1]);
  assert.equal(word.lanes["decoder.cross"][0], 0);
  assert.ok(word.lanes["decoder.cross"][1] > 60);
  assert.match(word.title, /moon/);
  assert.equal(page.largestParent(found), "m2");
});

test("a search is read out, the largest first, with WER where clips were decoded", () => {
  const page = load(modules);
  const says = page.searchSays(found, null);
  assert.match(says[0], /^With M2’s cross-attention layer 1 instead, the reference is 22 % more likely\.$/);
  assert.match(says[1], /M1’s cross-attention layer 0 instead, the reference is 3\.0 % less likely\. WER on these clips: 20\.0 % → 30\.0 %\.$/);
  assert.equal(says.length, 3);
  assert.deepEqual(plain(page.searchSays({ ...found, rows: [{ ...found.rows[2] }] }, null)), [page.say("layers.nothing")]);
});

test("for one word it says which layers make it right", () => {
  const page = load(modules);
  assert.match(page.searchSays(found, [0, 1])[0], /would not choose it; with one of these it would: cross-attention layer 1 → M1\./);
  assert.equal(page.largestParent(found, [0, 1]), "m1"); // M2's layer 1 makes it likelier too, but not right
  assert.match(page.searchSays(found, [0, 0])[0], /would choose it, and no single layer changes that/);
});

test("a clip of a search is found by what was said in it", () => {
  const page = load(modules);
  assert.equal(page.clipOf(found, ["the", "moon"]), 0);
  assert.equal(page.clipOf(found, ["the"]), -1);
  assert.equal(page.clipOf(found, ["the", "sun"]), -1);
});
