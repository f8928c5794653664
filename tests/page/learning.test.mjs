/* A curve that learns: where its losses are drawn, when the panel follows, and what a hand's move does to finer ratios. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

test("losses lie between the ends of the axis, each at its step", () => {
  const { lossPoints } = load(["text", "losses"]);
  const looks = [[0, null, 2.0], [1, 1.5, null], [5, 1.0, 1.8], [10, 1.2, 1.9]];
  const { training, heldOut, low, high } = plain(lossPoints(looks, 20));
  assert.deepEqual([low, high], [1.0, 2.0]);
  assert.equal(training.length, 3);
  assert.equal(heldOut.length, 3);
  assert.ok(heldOut[0].y < heldOut[1].y, "a smaller loss lies lower");
  assert.ok(training[0].x < training[1].x);
  const flat = plain(lossPoints([[0, null, 1.0]], 20)); // one point, and no division by nothing
  assert.ok(Number.isFinite(flat.heldOut[0].y));
});

test("a lane's point takes everything in its layer along, and nothing else", () => {
  const { finerMoved } = load(["text", "schedule"]);
  const finer = { "encoder.self.q": [[0.1, 0.2], [0.3, 0.4]], "encoder.feed-forward": [0.5, 0.6], "decoder.self.k": [0.7, 0.8] };
  assert.deepEqual(plain(finerMoved(finer, "encoder.self", 1, 0.9)), { ...finer, "encoder.self.q": [[0.1, 0.2], 0.9] });
  assert.equal(finerMoved(undefined, "encoder.self", 1, 0.9), undefined);
});
