/* Every word the modules ask for is in the table, and nothing stands there that nobody asks for. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, modules, source } from "./load.mjs";

const page = load(["text"]);
const CALL = /\bsay\(\s*(?:"([^"]+)"|`([^`]+)`|([^"`)]+\?\s*"[^"]+"\s*:\s*"[^"]+"))/g;

/** Patterns of the keys that a module asks for: a key, or a template whose `${…}` may be anything. */
const asked = modules().filter((name) => name !== "text").flatMap((name) =>
  [...source(name).matchAll(CALL)].flatMap(([, key, template, either]) => {
    if (key) return [{ name, key, pattern: new RegExp(`^${key.replaceAll(".", "\\.")}$`) }];
    if (either) return [...either.matchAll(/"([^"]+\.[^"]+)"/g)].map(([, each]) => ({ name, key: each, pattern: new RegExp(`^${each.replaceAll(".", "\\.")}$`) }));
    return [{ name, key: template, pattern: new RegExp(`^${template.replaceAll(".", "\\.").replace(/\$\{[^}]+\}/g, ".+")}$`) }];
  }));
const keys = Object.keys(page.TEXT);

test("every key a module asks for is in the table", () => {
  assert.ok(asked.length > 20);
  assert.deepEqual(asked.filter(({ pattern }) => !keys.some((key) => pattern.test(key))).map(({ name, key }) => `${name}: ${key}`), []);
});

test("every key of the table is asked for", () => {
  assert.deepEqual(keys.filter((key) => !asked.some(({ pattern }) => pattern.test(key))), []);
});

test("names are filled in, and what is not given stays visible", () => {
  page.TEXT["test.both"] = "{one} and {other}, {one}";
  assert.equal(page.say("test.both", { one: 1, other: "{one}" }), "1 and {one}, 1");
  assert.equal(page.say("test.both", { one: 0 }), "0 and {other}, 0");
  assert.equal(page.say("no.such.key"), "no.such.key");
});
