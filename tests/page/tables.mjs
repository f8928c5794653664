/* Tables as the recipe panel gets them from Python, made small: two triples, a method with a curve and one without. */
export const tables = {
  depths: { tiny: { "encoder.self": 4, "decoder.self": 4, "decoder.cross": 4 }, deep: { "encoder.self": 32, "decoder.self": 32, "decoder.cross": 32 } },
  vectors: { tiny: { m1: "τ1", m2: "τ2" }, deep: { m1: "τ1", m2: "τ2", speed: "τ" } },
  parts: ["encoder.self", "decoder.self", "decoder.cross", "feed-forward"],
  max_beta: 2,
  schedules: { depth: { exponents: 1 }, groups: { exponents: 3 }, constant: { exponents: 0 }, custom: { exponents: 0 } },
  methods: {
    sa: { curve: true, title: "SA Merge", parameters: [], parts: ["encoder.self", "decoder.self", "decoder.cross"] },
    dare: { curve: false, title: "DARE", parts: ["encoder.self", "decoder.self", "decoder.cross", "feed-forward"], parameters: [
      { name: "density", symbol: "d", kind: "number", lowest: 0.01, highest: 1, default: 0.5 },
      { name: "seed", symbol: "seed", kind: "whole", lowest: 0, highest: 9999, default: 0 },
      { name: "grams", symbol: "clips", kind: "name", lowest: 0, highest: 1, default: "default" }] },
  },
};
export const recipe = (change = {}) => ({ version: 1, triple: "tiny", method: "sa", schedule: "depth", lambda: 0.2, alpha: 0.8,
  scope: ["encoder.self", "decoder.self", "decoder.cross"], projections: ["q", "k", "v"], ...change });
