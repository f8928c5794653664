/* Triples named by their repositories: what a name says, what this browser remembers, what a row of the section tells. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain, storage } from "./load.mjs";

const NAME = "hub:o/base@main~x+o/m1+o/m2@0123";
const LANES = { "encoder.self": 2, "decoder.self": 3, "decoder.cross": 3 };
const ROW = { name: NAME, title: "o/m1 + o/m2", depths: LANES, vectors: { m1: "one", m2: "two" } };
const own = (kept = {}) => {
  const localStorage = storage(kept);
  return { page: load(["text", "dom", "store", "own", "hub"], { localStorage, sessionStorage: storage(), URLSearchParams, decodeURIComponent }), localStorage };
};

test("a name says its three repositories, and other names are none", () => {
  const { page } = own();
  assert.deepEqual(plain(page.ownPlaces(NAME)), { base: { repo: "o/base", revision: "main~x" }, m1: { repo: "o/m1", revision: "" }, m2: { repo: "o/m2", revision: "0123" } });
  for (const name of ["tiny-en", "hub:", "hub:a/b+c/d", "hub:a/b++c/d", "hub:a+b+c+d", "folder:a+b+c", null, 3]) assert.equal(page.ownPlaces(name), null, String(name));
});

test("a link's triple is found behind its escapes", () => {
  const { page } = own();
  const link = (name) => `?r=${encodeURIComponent(`v1~${name.replace(/[%~:,]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)}~sa~depth`)}&tab=about`;
  assert.equal(page.linkedOwn(link(NAME)).name, NAME);
  assert.equal(page.linkedOwn(link("tiny-en")), null);
  for (const search of ["", "?r=", "?r=v1", "?tab=about"]) assert.equal(page.linkedOwn(search), null, search);
});

test("what this browser remembers is checked, newest first, and not without end", () => {
  const { page, localStorage } = own();
  for (let count = 0; count < 12; count += 1) page.rememberOwn({ ...ROW, name: `hub:o/b+o/m${count}+o/x` });
  page.rememberOwn({ ...ROW, name: "hub:o/b+o/m9+o/x" });
  const names = page.ownTriples().map(({ name }) => name);
  assert.equal(names.length, 8);
  assert.deepEqual(plain(names.slice(0, 3)), ["hub:o/b+o/m9+o/x", "hub:o/b+o/m11+o/x", "hub:o/b+o/m10+o/x"]);
  const wrong = [null, 3, {}, { ...ROW, name: "tiny-en" }, { ...ROW, title: "" }, { ...ROW, depths: { ...LANES, "decoder.self": 0 } }, { ...ROW, depths: null }, { ...ROW, vectors: null }];
  localStorage.setItem("sam-triples", JSON.stringify([...wrong, ROW]));
  assert.deepEqual(plain(page.ownTriples()), [ROW]);
  localStorage.setItem("sam-triples", "{");
  assert.deepEqual(plain(page.ownTriples()), []);
});

test("it takes its place in the panel's tables", () => {
  const { page } = own();
  const tables = { triples: { a: "A" }, depths: { a: LANES }, vectors: { a: {} } };
  page.addOwn(tables, page.checkOwn(ROW));
  assert.deepEqual(plain([tables.triples[NAME], tables.depths[NAME], tables.vectors[NAME]]), [ROW.title, LANES, ROW.vectors]);
});

test("a row says what is there, what is to be fetched and what is wrong", () => {
  const { page } = own();
  const base = { role: "base", repo: "o/b", name: "o/b", licence: "mit", size: 151e6, missing: 0, fault: "" };
  const m1 = { ...base, role: "m1", repo: "o/old", name: "o/new", missing: 100.2e6 };
  assert.deepEqual(plain(page.hubFacts(base, base)), { facts: ["151 MB", "on this machine", "licence: mit"], good: true, verdict: "a Whisper" });
  const { facts, good, verdict } = page.hubFacts(m1, base);
  assert.match(facts.join(" · "), /o\/old is called o\/new now · 151 MB · 101 MB to fetch · licence: mit/);
  assert.deepEqual([good, verdict], [true, "fits the base"]);
  assert.deepEqual(plain(page.hubFacts({ ...m1, size: 0, fault: "gone" }, base)), { facts: ["renamed: o/old is called o/new now"], good: false, verdict: "gone" });
  assert.equal(page.hubFacts(m1, { ...base, fault: "gone" }).good, null);
});

test("the room that a download takes is told with and without a budget", () => {
  const { page } = own();
  const room = { free: 20.04e9, budget: null, kept: 0 };
  assert.equal(page.hubRoom({ needed: 302e6, room, memory: 450e6 }), "To fetch: 302 MB. 20.0 GB are free on the disk. Open, the three take up to 450 MB of memory.");
  assert.equal(page.hubRoom({ needed: 0, room: { ...room, budget: 5e9, kept: 1e6 }, memory: 18.5e9 }), "Nothing has to be fetched. 20.0 GB are free on the disk. Of the budget of 5.0 GB, 1 MB are taken. Open, the three take up to 18.5 GB of memory.");
  assert.equal(page.hubRoom({ needed: 0, room: null, memory: 1 }), "Nothing has to be fetched. Open, the three take up to 1 MB of memory.");
});
