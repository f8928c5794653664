/* The grid of words: which columns there are, where lines break, and what stands in a cell. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const page = load(["text", "grid", "ranges"]);
const words = (text) => page.decoded(text.split(" ").map((each) => each.replace("/", "\t")));

test("the compact form says all that an alignment says", () => {
  assert.deepEqual(plain(words("=a ~b/x -c +d")), [["equal", "a", "a"], ["substitute", "b", "x"], ["delete", "c", ""], ["insert", "", "d"]]);
  assert.deepEqual(plain(page.saidWords(words("+z =a ~b/x -c +d"))), ["a", "b", "c"]);
});

test("every word said has a column, and what is added has one only where somebody adds", () => {
  const models = [{ words: words("=a =b") }, { words: words("=a +x +y ~b/c"), fates: "knnx" }, { words: null }];
  const columns = plain(page.gridColumns(models));
  assert.deepEqual(columns.map((column) => column.said), ["a", "", "b"]);
  assert.deepEqual(columns[1].cells.map((entries) => entries.map(({ word, fate }) => [word[2], fate])), [[], [["x", "n"], ["y", "n"]], []]);
  assert.deepEqual(columns[2].cells[1], [{ word: ["substitute", "b", "c"], fate: "x" }]);
  assert.deepEqual(columns[2].cells[2], []);
});

const gone = (first, merge) => plain(page.goneWords(words(first), words(merge)));

test("an added word of M1's is gone where the merge does not add it, as often as it is", () => {
  assert.deepEqual(gone("+z =a +x", "=a"), [{ added: 0, word: "z" }, { added: 1, word: "x" }]);
  assert.deepEqual(gone("=a +x +x", "=a +x"), [{ added: 1, word: "x" }]);
  assert.deepEqual(gone("+x =a", "=a +x"), []);
  assert.deepEqual(gone("+x =a +x", "=a +x"), [{ added: 0, word: "x" }]);
  assert.deepEqual(gone("=a", "=a +x"), []);
  assert.deepEqual(gone("=a -b", "=a ~b/x"), []);
});

test("the merge's place says what is gone from it, and no other model's does", () => {
  const [m1, merge, m2] = [{ name: "m1", words: words("=a +x =b") }, { name: "merge", words: words("=a =b"), fates: "kk" }, { name: "m2", words: words("=a =b") }];
  const added = (models) => plain(page.gridColumns(models)).find((column) => "added" in column).cells.slice(1);
  assert.deepEqual(added([m1, merge, m2]), [[{ gone: "x" }], []]);
  assert.deepEqual(added([m1, { ...merge, fates: undefined }, m2]), [[], []]); // not compared yet
  assert.deepEqual(added([m1, { ...merge, words: null }, m2]), [[], []]);
});

test("no words at all are no columns", () => {
  assert.deepEqual(plain(page.gridColumns([{ words: null }])), []);
  assert.deepEqual(plain(page.gridLines([], [], 100)), []);
});

const columnsOf = (text) => [...text].map((letter) => (letter === "+" ? { added: 0 } : { word: 0, said: letter }));
const broken = (text, widths, room) => page.gridLines(columnsOf(text), widths, room).map((line) => line.map((column) => column.said ?? "+").join(""));

test("lines are as full as there is room", () => {
  assert.deepEqual(plain(broken("abcde", [40, 40, 40, 40, 40], 100)), ["ab", "cd", "e"]);
  assert.deepEqual(plain(broken("abc", [30, 30, 40], 100)), ["abc"]);
});

test("a word wider than the room has a line of its own", () => {
  assert.deepEqual(plain(broken("abc", [10, 500, 10], 100)), ["a", "b", "c"]);
});

test("what is added stays on the line of the word before it", () => {
  assert.deepEqual(plain(broken("ab+c", [40, 40, 40, 40], 100)), ["a", "b+", "c"]);
  assert.deepEqual(plain(broken("+a", [40, 90], 100)), ["+", "a"]);
});

test("fates are counted by letter", () => {
  assert.deepEqual(plain(page.fateCounts("kkfbk")), { k: 3, f: 1, b: 1 });
  assert.deepEqual(plain(page.fateCounts("")), {});
});
