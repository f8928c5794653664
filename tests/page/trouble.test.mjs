/* No answer comes: whoever waits is told, whoever does not is left alone, and the page goes on asking as it did. */
import assert from "node:assert/strict";
import test from "node:test";
import { load, plain } from "./load.mjs";

const mounted = (state) => {
  const section = { props: { value: { state, stamp: 3 } }, drawn: 0 };
  section.show = () => { section.drawn += 1; };
  return section;
};

test("a press that reached no handler keeps what is known of it", () => {
  const page = load(["text", "trouble"]);
  const { notice, ...rest } = plain(page.refused({ state: "running", stamp: 3, parts: [1] }));
  assert.deepEqual(rest, { state: "error", stamp: 3, parts: [1] });
  assert.match(notice, /^The server has more to do .*\.$/);
});

test("when the server is gone, those who wait for it are told, and only those", async () => {
  const page = load(["text", "trouble"]);
  const asked = [];
  const host = { fetch: async (what, how) => { asked.push([what, how]); return "answer"; } };
  page.mindServer(host);
  const watched = [];
  const sections = ["asked", "loading", "running", "working", "", "done", "stopped", "error"].map(mounted);
  for (const section of sections) page.follow(section.props, (name, show) => watched.push([name, show]), section.show);
  assert.deepEqual(watched, sections.map((section) => ["value", section.show]));
  const waiting = sections.slice(0, 4), others = sections.slice(4);
  assert.equal(await host.fetch("http://127.0.0.1/gradio_api/queue/join", 1), "answer");
  assert.deepEqual(sections.map(({ drawn }) => drawn), sections.map(() => 0));
  assert.equal(await host.fetch(new URL("http://127.0.0.1/gradio_api/app_id"), 2), "answer");
  assert.deepEqual(asked.map(([what, how]) => [String(what).slice(-6), how]), [["e/join", 1], ["app_id", 2]]);
  for (const { props, drawn } of waiting) {
    assert.equal(props.value.state, "error");
    assert.equal(props.value.stamp, 3);
    assert.match(props.value.notice, /no longer answers/);
    assert.equal(drawn, 1);
  }
  for (const { drawn } of others) assert.equal(drawn, 0);
});
