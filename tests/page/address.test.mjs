/* The page's address: what it asks for, and what is written into it. That links are Python's too is tested from Python. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { load, plain } from "./load.mjs";
import { recipe, tables } from "./tables.mjs";

const page = load(["text", "check", "link", "address"], { URLSearchParams });
const read = (search) => plain(page.readAddress(search, tables));

test("an address gives back the state it was written from, and keeps what is not its own", () => {
  const drawn = recipe({ schedule: "custom", ratios: Object.fromEntries(Object.keys(tables.depths.tiny).map((lane) => [lane, [1, 0.5, 1 / 3, 0]])) });
  const written = page.writeAddress("?hide=tools,about&lesson=2&__theme=dark&r=old&tab=about", { recipe: drawn, clip: "s 1&2", tab: "evaluate" }, tables);
  assert.match(written, /^\?r=v1~tiny~sa~custom~lambda:0\.2~alpha:0\.8~encoder\.self:1,0\.5,0\.3333333333333333,0~/);
  assert.match(written, /&__theme=dark/);
  assert.deepEqual(read(written), { recipe: drawn, clip: "s 1&2", tab: "evaluate", hide: ["tools", "about"], problems: [] });
  assert.equal(page.writeAddress("?tab=x&clip=y", { recipe: recipe(), clip: null, tab: null }, tables), "?r=v1~tiny~sa~depth~lambda:0.2~alpha:0.8");
});

test("without a link there is nothing to take, and a lesson is no complaint", () => {
  assert.deepEqual(read("?lesson=3&x=y"), { recipe: null, clip: null, tab: null, hide: [], problems: [] });
});

for (const [link, said] of Object.entries({
  "": "it begins with “”", "v9~tiny": "this page reads v1", "v1~tiny~sa~depth~lambda:2": "lambda: expected a number from 0 to 1, but got 2",
  "v1~gone": "triple: expected one of tiny, deep, but got \"gone\"", "v1~tiny~sa~custom~encoder.self:1,1": "expected 4 numbers", "v1~tiny~sa~depth~add:speed:1": "expected one of m1, m2",
  "v1~tiny~dare~seed:1.5": "expected a whole number", "v1~tiny~dare~grams:../x": "expected a name of letters", "v1~tiny~sa~depth~<b>:1": "is no key",
})) test(`a broken link gets one sentence and the default: ${link}`, () => {
  const { recipe: taken, problems } = read(`?r=${encodeURIComponent(link)}`);
  assert.equal(taken, null);
  assert.equal(problems.length, 1);
  assert.ok(problems[0].includes(said), problems[0]);
  assert.match(problems[0], /^The link’s recipe cannot be read \(.+\), so this is the default one\.$/);
});

test("what cannot be hidden is named, and the rest hidden", () => {
  const { hide, problems } = read("?hide=tools,constructor,,evaluate");
  assert.deepEqual(hide, ["tools", "evaluate"]);
  assert.match(problems[0], /hide=constructor: nothing on this page is called so; there are .*presets/);
});

test("the README names all that can be hidden", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  for (const name of Object.keys(page.HIDES)) assert.ok(readme.includes(`\`${name}\``), name);
});
