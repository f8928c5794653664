/* Which key asks for what, wherever it is pressed. */
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const { askedOf } = load(["text", "dom", "keys"]);
const press = (key, change = {}) => askedOf({ key, target: { tagName: "BODY" }, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...change });

test("undo, redo and the map of keys, on any keyboard", () => {
  assert.equal(press("z", { ctrlKey: true }), "undo");
  assert.equal(press("Z", { metaKey: true, shiftKey: true }), "redo");
  assert.equal(press("y", { ctrlKey: true }), "redo");
  assert.equal(press("?", { shiftKey: true }), "help");
  assert.equal(press("z"), null);
  assert.equal(press("z", { ctrlKey: true, altKey: true }), null);
});

test("keys pressed where text is written belong to the text; sliders and boxes hold none", () => {
  for (const target of [{ tagName: "TEXTAREA" }, { tagName: "INPUT", type: "number" }, { tagName: "INPUT", type: "text" }, { tagName: "DIV", isContentEditable: true }]) {
    assert.equal(press("z", { ctrlKey: true, target }), null);
    assert.equal(press("?", { target }), null);
  }
  for (const type of ["range", "checkbox", "radio"]) assert.equal(press("z", { ctrlKey: true, target: { tagName: "INPUT", type } }), "undo");
});
