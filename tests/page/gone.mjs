/* Reads [[words of M1, words of the merge], …] in the compact form, and prints how many added words are gone from each merge. */
import { readFileSync } from "node:fs";
import { load } from "./load.mjs";

const page = load(["grid"]);
const given = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(given.map((pair) => page.goneWords(...pair.map(page.decoded)).length)));
