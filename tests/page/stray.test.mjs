/* What a visitor reads stands in text.js: no module but that one has words of its own. */
import assert from "node:assert/strict";
import test from "node:test";
import { modules, source } from "./load.mjs";

/** All literals of a script, template pieces among them, each with what stands before it; comments and patterns are passed over. */
const literals = (script) => {
  const found = [];
  const before = (at) => script.slice(Math.max(0, at - 160), at);
  /** From `at` to the end of a string that ends with `quote`. */
  const string = (at, quote) => {
    let end = at + 1;
    while (script[end] !== quote) end += script[end] === "\\" ? 2 : 1;
    found.push({ text: script.slice(at + 1, end), before: before(at), quote });
    return end + 1;
  };
  const template = (at) => {
    let begin = at + 1, end = begin;
    const piece = () => found.push({ text: script.slice(begin, end), before: before(at), quote: "`" });
    while (script[end] !== "`") {
      if (script[end] === "\\") end += 2;
      else if (script.startsWith("${", end)) {
        piece();
        begin = end = code(end + 2, "}") + 1;
      } else end += 1;
    }
    piece();
    return end + 1;
  };
  const pattern = (at) => {
    let end = at + 1, inside = false;
    while (inside || script[end] !== "/") {
      if (script[end] === "[") inside = true;
      if (script[end] === "]") inside = false;
      end += script[end] === "\\" ? 2 : 1;
    }
    return end + 1;
  };
  /** From `at` to the brace that closes, or to the end; returns where that is. */
  const code = (at, closing) => {
    let depth = 0;
    while (at < script.length) {
      const sign = script[at];
      if (sign === closing && depth === 0) return at;
      if (sign === "{") depth += 1;
      if (sign === "}") depth -= 1;
      if (script.startsWith("//", at)) at = (script.indexOf("\n", at) + 1 || script.length + 1) - 1;
      else if (script.startsWith("/*", at)) at = script.indexOf("*/", at) + 2;
      else if (sign === '"' || sign === "'") at = string(at, sign);
      else if (sign === "`") at = template(at);
      else if (sign === "/" && /(^|[=(,:!&|?{};[]|return|=>)\s*$/.test(before(at))) at = pattern(at);
      else at += 1;
    }
    return at;
  };
  code(0, null);
  return found;
};

/** Names that Python gives, which look like words. */
const DATA = ["the same", "same error", "new error"];
const NAMES = /(?:class|viewBox|d|rel|points|transform|style|type|role|target|controlslist|className): $|(?:querySelector(?:All)?|closest|matches|say|getContext|font = |split|join)\(?$|"(?:stroke-dasharray|text-anchor)": $/;
const READ = /(?:title|placeholder|"aria-label"|label|alt|textContent|innerText)(?::| =) $/;

/** Whether a visitor would read a literal as words: two of them in a row, one with a capital, one where a name or a child is due. */
const isRead = ({ text, before, quote }) => {
  if (NAMES.test(before) || text === "use strict" || DATA.includes(text)) return false;
  if (/^[a-z]+\.[a-z_.]*$|^(?:Control|Shift)\+|\{ display: none/.test(text)) return false;
  const words = text.replace(/\.?\bsam-[\w-]*|[#.[][\w="-]+\]?/g, "");
  if (/[a-z’]{2,}[,:;]? [a-z’]{2,}/i.test(words)) return true;
  if (/^[A-Z][a-z]{2,}/.test(words) && !/case $|(?:key|code|tagName|name) [!=]== $/.test(before)) return true;
  if (quote === "`" && /(^| )[a-z]{3,}( |$)/i.test(words) && / /.test(words)) return true;
  return /[a-z]{2,}/i.test(words) && (READ.test(before) || /(?:el|svg)\("\w+", \{[^}]*\}, $/.test(before));
};

test("the look for stray words finds them", () => {
  const seen = (script) => literals(script).filter(isRead).map(({ text }) => text);
  assert.deepEqual(seen('el("p", { class: "sam-a sam-b" }, "No errors at all.")'), ["No errors at all."]);
  assert.deepEqual(seen('el("p", { title: "seconds", role: "status" }, say("a.key"))'), ["seconds"]);
  assert.deepEqual(seen("const a = `${many} of ${all} clips`; // not `this one here`"), [" clips"]);
  assert.deepEqual(seen('const names = ["Model", "WER"].map((each) => each / 2)'), ["Model"]);
  assert.deepEqual(seen("const a = /[\"'] two words/.test(b); page.querySelector('#view .js-plotly-plot')"), []);
});

test("no module but text.js has words that a visitor reads", () => {
  const stray = modules().filter((name) => name !== "text").flatMap((name) =>
    literals(source(name)).filter(isRead).map(({ text }) => `${name}.js: ${text}`));
  assert.deepEqual(stray, []);
});
