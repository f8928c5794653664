/* For the comparison with Python: recipes → link and back, and links → recipe or null. Reads {tables, recipes, links}. */
import { readFileSync } from "node:fs";
import { load } from "./load.mjs";

const { tables, recipes, links } = JSON.parse(readFileSync(0, "utf8"));
const page = load(["text", "check", "link"]);
const read = (link) => { try { return page.readLink(link, tables); } catch (error) { if (!error.message) throw error; return null; } };
const written = recipes.map((recipe) => page.writeLink(recipe, tables));
process.stdout.write(JSON.stringify({
  written,
  again: written.map(read),
  queried: written.map((text) => new URLSearchParams(`?tab=x&r=${page.queryValue(text)}`).get("r")),
  read: links.map(read),
}));
