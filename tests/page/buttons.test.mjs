/* Buttons beside a long work: which of them can do something, and that they are alive exactly then. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

test("there is something to cancel while a run is at work and has not been told", () => {
  const page = load(["buttons"]);
  assert.equal(page.canStop({ state: "running", told: "" }), true);
  assert.equal(page.canStop({ state: "running", told: "cancel" }), false);
  for (const state of ["", "done", "stopped", "error"]) assert.equal(page.canStop({ state, told: "" }), false);
});

test("a sweep is paused while it runs, gone on with while cells are left, and forgotten while there is one", () => {
  const page = load(["buttons"]);
  const can = (now) => Object.entries(plain(page.sweepCan({ told: "", left: false, judge: false, ...now }))).filter(([, yes]) => yes).map(([name]) => name);
  assert.deepEqual(can({ state: "" }), []);
  assert.deepEqual(can({ state: "running" }), ["pause", "cancel"]);
  assert.deepEqual(can({ state: "running", left: true }), ["pause", "cancel"]);
  assert.deepEqual(can({ state: "running", told: "pause", left: true }), ["cancel"]);
  assert.deepEqual(can({ state: "running", told: "cancel", left: true }), []);
  assert.deepEqual(can({ state: "stopped", told: "pause", left: true }), ["resume", "cancel"]);
  assert.deepEqual(can({ state: "stopped", told: "cancel" }), []);
  assert.deepEqual(can({ state: "error", left: true }), ["resume", "cancel"]);
  assert.deepEqual(can({ state: "done" }), []);
  assert.deepEqual(can({ state: "done", judge: true }), ["resume"]);
});

/** A document of a few buttons, and observers that fire when the test says so. */
const drawn = (names) => {
  const buttons = Object.fromEntries(names.map((name) => [name, { disabled: true, focus() { document.activeElement = this; } }]));
  const document = { activeElement: null, querySelector: (selector) => buttons[selector.slice(1)] ?? null };
  const observers = [];
  class MutationObserver {
    constructor(callback) { observers.push(callback); }
    observe() {}
  }
  return { buttons, document, MutationObserver, changed: () => observers.forEach((callback) => callback()), observers };
};

test("buttons follow their rules, and what Gradio writes over them does not stay", () => {
  const { buttons, changed, observers, ...globals } = drawn(["stop"]);
  const page = load(["buttons"], globals);
  let alive = false;
  const look = page.keepAlive({ stop: () => alive, "not-there-yet": () => true }, "run");
  look();
  assert.equal(buttons.stop.disabled, true);
  alive = true;
  look();
  assert.equal(buttons.stop.disabled, false);
  buttons.stop.disabled = true; // Gradio draws it again as it was born
  changed();
  assert.equal(buttons.stop.disabled, false);
  assert.equal(observers.length, 1);
});

test("whoever stands on a button that dies is led to the one that begins anew", () => {
  const { buttons, document, ...globals } = drawn(["stop", "run"]);
  const page = load(["buttons"], { document, ...globals });
  let alive = true;
  const look = page.keepAlive({ stop: () => alive }, "run");
  look();
  buttons.stop.focus();
  look();
  assert.equal(document.activeElement, buttons.stop);
  alive = false;
  look();
  assert.equal(document.activeElement, buttons.run);
});
