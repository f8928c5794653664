/* Presets and their pictures. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain, storage } from "./load.mjs";
import { recipe, tables } from "./tables.mjs";

const page = load(["text", "dom", "schedule", "edits", "check", "store", "pictures", "presets"], { localStorage: storage() });

test("every preset is a recipe that fits its triple, and no two are alike", () => {
  for (const triple of ["tiny", "deep"]) {
    const made = plain(page.presetRecipes(triple, tables.depths[triple]));
    assert.deepEqual(Object.keys(made), ["m1", "m2", "half", "paper", "groups", "ramp", "v", "encoder", "decoder"]);
    for (const each of Object.values(made)) assert.deepEqual(plain(page.checkRecipe(each, tables)), each);
    assert.equal(new Set(Object.values(made).map((each) => JSON.stringify(page.smallCurves(each, tables.depths[triple])))).size, 9);
  }
});

test("the named ends are M1 and M2, and a V is lowest in the middle", () => {
  const depths = tables.depths.deep;
  const made = page.presetRecipes("deep", depths);
  const curve = (name) => plain(page.laneRatios(made[name], depths)["encoder.self"]);
  assert.ok(curve("m1").every((ratio) => ratio === 1) && curve("m2").every((ratio) => ratio === 0));
  assert.deepEqual([curve("ramp")[0], curve("ramp")[31]], [1, 0]);
  assert.ok(curve("v")[0] === 1 && curve("v")[31] === 1 && curve("v")[15] < 0.05);
});

test("a picture is the curve itself, lane by lane", () => {
  const drawn = plain(page.smallCurves(recipe({ schedule: "constant", lambda: 0.5, scope: ["encoder.self"] }), tables.depths.tiny));
  assert.deepEqual(drawn.map(({ merged }) => merged), [true, false, false]);
  assert.equal(drawn[0].points, "0,10 5.7,10 11.3,10 17,10");
});

test("an own preset is stretched to another triple, without the task vectors that one lacks", () => {
  const own = recipe({ triple: "deep", schedule: "custom", ratios: { "encoder.self": Array(32).fill(0.5), "decoder.self": [...Array(31).fill(0), 1], "decoder.cross": Array(32).fill(1) },
    add: [{ vector: "speed", beta: 1 }, { vector: "m2", beta: 0.5 }] });
  const made = plain(page.presetFor(own, "tiny", tables));
  assert.deepEqual(plain(page.checkRecipe(made, tables)), made);
  assert.deepEqual(made.ratios["decoder.self"], [0, 0, 0, 1]);
  assert.deepEqual(made.add, [{ vector: "m2", beta: 0.5 }]);
});
