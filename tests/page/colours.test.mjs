/* Colours of attention: honest scales, and Python's packed numbers read back. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const page = load(["text", "colours"], { atob });

test("a ramp begins and ends at its ends, and is held to them", () => {
  const ramp = [[0, 0, 0], [100, 100, 100], [200, 0, 0]];
  assert.deepEqual(plain([-1, 0, 0.25, 0.5, 1, 2].map((share) => page.ramp(ramp, share))),
    [[0, 0, 0], [0, 0, 0], [50, 50, 50], [100, 100, 100], [200, 0, 0], [200, 0, 0]]);
});

test("every ramp begins at its ground and grows steadily away from it", () => {
  for (const [mode, ramps] of Object.entries(page.RAMPS)) {
    const light = (colour) => 0.2126 * colour[0] + 0.7152 * colour[1] + 0.0722 * colour[2];
    for (const ramp of Object.values(ramps)) {
      const steps = Array.from({ length: 21 }, (_, index) => light(page.ramp(ramp, index / 20)));
      for (let index = 1; index < steps.length; index += 1) assert.ok(mode === "light" ? steps[index] < steps[index - 1] : steps[index] > steps[index - 1]);
    }
  }
});

test("packed numbers come back, little end first", () => {
  const packed = Buffer.from(Uint16Array.from([0, 65535, 32768]).buffer).toString("base64");
  const read = [...page.unpacked(packed, 2)];
  assert.deepEqual(read.map((value) => Math.round(value * 100) / 100), [0, 2, 1]);
});

test("the three models share a scale, and the difference reaches as far to both sides", () => {
  const maps = { m1: Float32Array.from([0.1, 0.4]), merge: Float32Array.from([0.3, 0.1]), m2: Float32Array.from([0.2, 0.8]) };
  const { difference, top, reach } = page.scales(maps);
  assert.deepEqual([...difference].map((value) => Math.round(value * 10) / 10), [0.2, -0.3]);
  assert.ok(Math.abs(top - 0.8) < 1e-6);
  assert.ok(Math.abs(reach - 0.3) < 1e-6);
});
