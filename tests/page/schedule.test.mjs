/* The curve's numbers and how they are told; that they are Python's is tested from Python. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const page = load(["text", "schedule"]);
const recipe = { schedule: "depth", lambda: 0.2, alpha: 0.8, scope: ["encoder.self", "decoder.cross"], projections: ["q"] };

test("lanes out of scope stay with the child, as does everything without a projection", () => {
  const depths = { "encoder.self": 2, "decoder.self": 3, "decoder.cross": 1 };
  const curves = page.laneRatios(recipe, depths);
  assert.deepEqual(plain(curves["decoder.self"]), [1, 1, 1]);
  assert.equal(curves["encoder.self"][1], 0.2 ** 0.8);
  assert.deepEqual(plain(page.laneRatios({ ...recipe, projections: [] }, depths)["encoder.self"]), [1, 1]);
});

test("a layer is told with the formula, its numbers and a subscript", () => {
  const told = (schedule, alpha, layer) => page.explain({ ...recipe, schedule, alpha }, layer, 12, 0.525);
  assert.equal(told("depth", 0.8, 5), "λ₅ = 0.2^(0.8·6/12) = 0.53");
  assert.equal(told("power", 0.8, 10), "λ₁₀ = 0.2^(0.8·10) = 0.53");
  assert.equal(told("decay", 0.8, 2), "λ₂ = 1 − 0.2^(0.8^2) = 0.53");
  assert.equal(told("groups", [0.7, 0.8, 0.9], 4), "λ₄ = 0.2^0.8 = 0.53");
  assert.equal(told("constant", 0.8, 0), "λ₀ = λ = 0.53");
  assert.equal(told("custom", 0.8, 31), "λ₃₁ = 0.53, drawn");
});
