/* A recipe as the text of a link, and back, as explorer/formats/link.py does it:

     v1~tiny-en~sa~depth~lambda:0.2~alpha:0.8~scope:encoder.self,decoder.cross~add:m2:0.3

   version ~ triple ~ method ~ schedule (of a method with a curve) ~ key:value … Keys may stand in any order; what is left out
   takes its default. A drawn curve has a key for each lane, and for parts with ratios of their own (heads joined by `_`). `~`, `:`, `,` and `%` inside a name are written %7E, %3A, %2C and %25. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { say } = page;
  const LANES = ["encoder.self", "decoder.self", "decoder.cross"];
  const CODES = { "%": "%25", "~": "%7E", ":": "%3A", ",": "%2C" };
  const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

  const escaped = (text) => String(text).replace(/[%~:,]/g, (each) => CODES[each]);
  const plainly = (text) => text.replace(/%(25|7E|3A|2C)/gi, (code) => decodeURIComponent(code));
  const heads = (ratios) => (ratios.length === 1 ? `${ratios[0]}_` : ratios.join("_"));
  const listed = (values) => values.map(escaped).join(",");
  const refuse = (key, values) => { throw new Error(say(`link.${key}`, values)); };

  page.writeLink = (recipe, tables) => {
    const row = tables.methods[recipe.method];
    const fields = ["v1", escaped(recipe.triple), escaped(recipe.method)];
    const put = (key, value) => fields.push(`${key}:${value}`);
    if (row.curve) {
      fields.push(recipe.schedule);
      put("lambda", recipe.lambda);
      put("alpha", [recipe.alpha].flat().join(","));
    }
    for (const each of row.parameters) put(each.name, escaped(recipe[each.name]));
    if (recipe.scope.length !== row.parts.length) put("scope", listed(recipe.scope));
    if (row.curve && recipe.projections.length !== 3) put("projections", listed(recipe.projections));
    if (row.curve && recipe.schedule === "custom") for (const lane of LANES) if (lane in recipe.ratios) put(lane, recipe.ratios[lane].join(","));
    for (const [part, ratios] of Object.entries(recipe.finer || {})) put(part, ratios.map((each) => (Array.isArray(each) ? heads(each) : each)).join(","));
    for (const each of recipe.add || []) put("add", [escaped(each.vector), each.beta, ...(each.scope ? [listed(each.scope)] : [])].join(":"));
    return fields.join("~");
  };

  const number = (text, key) => (NUMBER.test(text) ? Number(text) : refuse("number", { key, seen: text.slice(0, 40) }));
  const list = (text) => text.split(",").filter((each) => each !== "").map(plainly);
  const numbers = (text, key) => (text === "" ? [] : text.split(",").map((each) => number(each, key)));

  const layers = (text, key) => (text === "" ? [] : text.split(",").map((each) =>
    (each.includes("_") ? each.split("_").filter((head) => head !== "").map((head) => number(head, key)) : number(each, key))));

  const addition = (text) => {
    const [vector, beta, scope, ...rest] = text.split(":");
    if (beta === undefined || rest.length) refuse("add", { seen: text.slice(0, 40) });
    return { vector: plainly(vector), beta: number(beta, "add"), ...(scope === undefined ? {} : { scope: list(scope) }) };
  };

  /** The entries of a link's recipe, not yet checked; throws an Error with a sentence. */
  const entriesOf = (text, tables) => {
    const [version, triple = "", named = "", ...rest] = text.split("~");
    if (version !== "v1") refuse("version", { seen: version.slice(0, 40) });
    const method = plainly(named) || "sa";
    const row = tables.methods[method];
    if (!row) refuse("method", { allowed: Object.keys(tables.methods).join(", "), seen: method.slice(0, 40) });
    const entries = { version: 1, triple: plainly(triple), method };
    if (row.curve) entries.schedule = rest.length && !rest[0].includes(":") ? rest.shift() || "depth" : "depth";
    const own = Object.fromEntries(row.parameters.map((each) => [each.name, each.kind]));
    const seen = new Set();
    for (const field of rest.filter((each) => each !== "")) {
      const at = field.indexOf(":");
      const [key, value] = at < 0 ? [field, ""] : [field.slice(0, at), field.slice(at + 1)];
      if (at < 0 || (seen.has(key) && key !== "add")) refuse(at < 0 ? "field" : "twice", { seen: field.slice(0, 40) });
      seen.add(key);
      if (key === "add") (entries.add = entries.add || []).push(addition(value));
      else if (key in own) entries[key] = own[key] === "name" ? plainly(value) : number(value, key);
      else if (key === "scope" || (row.curve && key === "projections")) entries[key] = list(value);
      else if (row.curve && key === "lambda") entries.lambda = number(value, key);
      else if (row.curve && key === "alpha") { const alpha = numbers(value, key); entries.alpha = alpha.length === 1 ? alpha[0] : alpha; }
      else if (row.curve && LANES.includes(key)) (entries.ratios = entries.ratios || {})[key] = numbers(value, key);
      else if (row.curve && page.FINER_PARTS.includes(key)) (entries.finer = entries.finer || {})[key] = layers(value, key);
      else refuse("key", { method, seen: key.slice(0, 40) });
    }
    if (row.curve && entries.schedule === "custom") entries.ratios = entries.ratios || {};
    if (row.curve && entries.schedule === "groups" && entries.alpha === undefined) entries.alpha = [0.7, 0.8, 0.9];
    return entries;
  };

  /** The recipe of a link; throws an Error with a sentence. */
  page.readLink = (text, tables) => page.checkRecipe(entriesOf(text, tables), tables);

  /** A query's value, with the signs that links are made of left readable. */
  page.queryValue = (text) => encodeURIComponent(text).replace(/%3A/g, ":").replace(/%2C/g, ",");
})();
