/* Recipes from elsewhere (a link, this browser's memory) are read as explorer/recipe.py reads them: complete and in range, or refused
   with one sentence. `tables` are the recipe panel's: methods, schedules, parts, max_beta and, if known, depths and vectors. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { say } = page;
  const LANES = ["encoder.self", "decoder.self", "decoder.cross"];
  const PROJECTIONS = ["q", "k", "v"];
  const FEED_FORWARD = ["encoder.feed-forward", "decoder.feed-forward"];
  /** Parts that may have ratios of their own, as explorer/finer.py names them. */
  page.FINER_PARTS = [...LANES.flatMap((lane) => PROJECTIONS.map((projection) => `${lane}.${projection}`)), ...FEED_FORWARD];
  const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$/;

  const seen = (value) => { const text = JSON.stringify(value) ?? String(value); return text.length > 60 ? `${text.slice(0, 57)}…` : text; };
  const refuse = (key, values) => { throw new Error(say(`check.${key}`, { ...values, seen: seen(values.seen) })); };

  const number = (value, low, high, where) => {
    if (typeof value !== "number" || !(low <= value && value <= high)) refuse("number", { where, low, high, seen: value });
    return value + 0; // −0 becomes 0
  };
  const oneOf = (value, allowed, where) => {
    if (!allowed.includes(value)) refuse("one_of", { where, allowed: allowed.join(", "), seen: value });
    return value;
  };
  const someOf = (value, allowed, where) => {
    if (!Array.isArray(value)) refuse("list", { where, seen: value });
    value.forEach((each) => oneOf(each, allowed, where));
    return allowed.filter((each) => value.includes(each));
  };

  const parameter = (row, value) => {
    if (row.kind === "name") return typeof value === "string" && NAME.test(value) ? value : refuse("name", { where: row.name, seen: value });
    number(value, row.lowest, row.highest, row.name);
    return row.kind === "whole" && !Number.isInteger(value) ? refuse("whole", { where: row.name, seen: value }) : value + 0;
  };

  const exponents = (value, wanted) => {
    let list = Array.isArray(value) ? value : [value];
    if (wanted === 3 && list.length === 1) list = [list[0], list[0], list[0]];
    if (list.length !== Math.max(1, wanted)) refuse("alpha", { wanted: Math.max(1, wanted), seen: value });
    list = list.map((each) => number(each, 0, 2, "alpha"));
    return wanted === 3 ? list : list[0];
  };

  const ratios = (value, scope, depths) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) refuse("ratios", { seen: value });
    Object.keys(value).forEach((lane) => oneOf(lane, LANES, "ratios"));
    const read = Object.fromEntries(LANES.filter((lane) => lane in value).map((lane) => {
      if (!Array.isArray(value[lane])) refuse("list", { where: lane, seen: value[lane] });
      return [lane, value[lane].map((each) => number(each, 0, 1, lane))];
    }));
    if (depths) for (const [lane, depth] of Object.entries(depths)) {
      if (lane in read ? read[lane].length !== depth : scope.includes(lane)) refuse("depth", { lane, depth, seen: read[lane]?.length ?? 0 });
      // The panel shows lanes that are not merged too: they are the child's.
      read[lane] = read[lane] || Array(depth).fill(1);
    }
    return read;
  };

  const finer = (value, recipe, depths) => {
    if (recipe.schedule !== "custom" || recipe.method !== "sa" || typeof value !== "object" || Array.isArray(value)) refuse("finer", { seen: value });
    Object.keys(value).forEach((part) => oneOf(part, page.FINER_PARTS, "finer"));
    return Object.fromEntries(page.FINER_PARTS.filter((part) => part in value).map((part) => {
      const lane = FEED_FORWARD.includes(part) ? part.replace("feed-forward", "self") : part.slice(0, -2);
      if (!Array.isArray(value[part])) refuse("list", { where: part, seen: value[part] });
      if (depths && value[part].length !== depths[lane]) refuse("depth", { lane: part, depth: depths[lane], seen: value[part].length });
      const heads = (each) => Array.isArray(each) && each.length > 0 && !FEED_FORWARD.includes(part);
      return [part, value[part].map((each) => (heads(each) ? each.map((head) => number(head, 0, 1, part)) : number(each, 0, 1, part)))];
    }));
  };

  const addition = (each, vectors, tables) => {
    const keys = typeof each === "object" && each !== null ? Object.keys(each) : [];
    if (!keys.includes("vector") || !keys.includes("beta") || keys.some((key) => !["vector", "beta", "scope"].includes(key))) refuse("addition", { seen: each });
    if (typeof each.vector !== "string" || !each.vector) refuse("addition", { seen: each });
    // A checkpoint named by its place is the server's to allow.
    if (vectors && !/^(folder|hub):./.test(each.vector)) oneOf(each.vector, Object.keys(vectors), "add");
    const beta = number(each.beta, -tables.max_beta, tables.max_beta, "add");
    const scope = someOf(each.scope ?? tables.parts, tables.parts, "add");
    return { vector: each.vector, beta, ...(scope.length === tables.parts.length ? {} : { scope }) };
  };

  /** The recipe that `entries` describe, its entries in their order; throws an Error with a sentence. */
  page.checkRecipe = (entries, tables) => {
    if (typeof entries !== "object" || entries === null || Array.isArray(entries)) refuse("recipe", { seen: entries });
    if ((entries.version ?? 1) !== 1) refuse("version", { seen: entries.version });
    const { triple } = entries;
    if (typeof triple !== "string" || !triple) refuse("triple", { seen: triple });
    if (tables.depths && !(triple in tables.depths) && page.ownPlaces?.(triple)) refuse("own", { seen: triple });
    if (tables.depths) oneOf(triple, Object.keys(tables.depths), "triple");
    const method = oneOf(entries.method ?? "sa", Object.keys(tables.methods), "method");
    const row = tables.methods[method];
    const own = row.parameters.map((each) => each.name);
    const known = ["version", "triple", "method", "scope", "add", ...(row.curve ? ["schedule", "lambda", "alpha", "projections", "ratios", "finer"] : []), ...own];
    for (const key of Object.keys(entries)) if (!known.includes(key)) refuse("key", { method, seen: key });
    const recipe = { version: 1, triple, method };
    if (row.curve) {
      recipe.schedule = oneOf(entries.schedule ?? "depth", Object.keys(tables.schedules), "schedule");
      recipe.lambda = number(entries.lambda ?? 0.2, 0, 1, "lambda");
      recipe.alpha = exponents(entries.alpha ?? 0.8, tables.schedules[recipe.schedule].exponents);
    }
    for (const each of row.parameters) recipe[each.name] = parameter(each, entries[each.name] ?? each.default);
    recipe.scope = someOf(entries.scope ?? row.parts, row.parts, "scope");
    if (row.curve) {
      recipe.projections = someOf(entries.projections ?? PROJECTIONS, PROJECTIONS, "projections");
      if (recipe.schedule === "custom") recipe.ratios = ratios(entries.ratios, recipe.scope, tables.depths?.[triple]);
      if (Object.keys(entries.finer ?? {}).length) recipe.finer = finer(entries.finer, recipe, tables.depths?.[triple]);
    }
    const add = entries.add ?? [];
    if (!Array.isArray(add)) refuse("list", { where: "add", seen: add });
    if (add.length) recipe.add = add.map((each) => addition(each, tables.vectors?.[triple], tables));
    return recipe;
  };
})();
