/* Checkpoints that a recipe names by their place. */
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./load.mjs";

const page = load(["text", "dom", "dials"]);

test("a place is a folder or a repository, and has a short name", () => {
  for (const place of ["folder:/a/b", "folder:x", "hub:owner/name", "hub:owner/name@v1"]) assert.ok(page.isPlace(place), place);
  for (const other of ["m1", "speed", "folder:", "hub:", "/a/b", "owner/name", ""]) assert.ok(!page.isPlace(other), other);
  assert.equal(page.placeName("folder:/a/b c/"), "b c");
  assert.equal(page.placeName("hub:owner/name@v1"), "name@v1");
});
