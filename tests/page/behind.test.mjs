/* What stands behind the curve: where its bars are, and how they are read out. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const spec = { key: "norm", title: "length of τ1", says: "How far.", lanes: { "encoder.self": [0, 5, null, 20] }, low: 0, high: 10, unit: "nats", signed: false };

test("unsigned bars grow from the foot and stay inside", () => {
  const page = load(["text", "behind"]);
  assert.deepEqual(plain(spec.lanes["encoder.self"].map((value) => page.behindBar(spec, value))), [
    { from: 0, to: 0, down: false }, { from: 0, to: 0.5, down: false }, null, { from: 0, to: 1, down: false }]);
});

test("signed bars grow from zero, up or down", () => {
  const page = load(["text", "behind"]);
  const signed = { ...spec, low: -10, high: 30, signed: true };
  assert.deepEqual(plain(page.behindBar(signed, -10)), { from: 0.25, to: 0, down: true });
  assert.deepEqual(plain(page.behindBar(signed, 10)), { from: 0.25, to: 0.5, down: false });
});

test("values are read out with title and unit, absent ones not at all", () => {
  const page = load(["text", "behind"]);
  assert.equal(page.behindSays(spec, "encoder.self", 1), "length of τ1 5 nats");
  assert.equal(page.behindSays(spec, "encoder.self", 2), "");
  assert.equal(page.behindSays(spec, "decoder.self", 1), "");
  assert.equal(page.behindSays(null, "encoder.self", 1), "");
  assert.equal(page.behindFigure(spec, 0.0123456), "0.0123 nats");
  assert.match(page.behindLegend(spec), /length of τ1, 0 nats to 10 nats\. How far\./);
});

test("whoever draws is told now and at every change; a range of nothing is widened", () => {
  const page = load(["text", "behind"]);
  const seen = [];
  page.onBehind((each) => seen.push(each));
  page.behind({ ...spec, high: 0 });
  page.behind(null);
  assert.deepEqual([seen[0], seen[1].high, seen[2]], [null, 1, null]);
});
