/* Triples of one's own, named by their repositories on the Hub:

     hub:BASE+M1+M2, each OWNER/NAME or OWNER/NAME@REVISION

   Such a name says all that a server needs to open it, so this browser remembers those that were opened, and a link may carry one. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const LANES = ["encoder.self", "decoder.self", "decoder.cross"];
  const MOST = 8, LONGEST = 300;

  page.ROLES = ["base", "m1", "m2"];

  /** The repositories of a name, {base: {repo, revision}, m1, m2}; null where it is no such name. */
  page.ownPlaces = (name) => {
    const places = typeof name === "string" && name.startsWith("hub:") ? name.slice(4).split("+") : [];
    const read = places.map((place) => { const [repo, ...rest] = place.split("@"); return { repo, revision: rest.join("@") }; });
    if (read.length !== 3 || read.some(({ repo }) => !repo)) return null;
    return Object.fromEntries(page.ROLES.map((role, index) => [role, read[index]]));
  };

  /** A triple as Python describes it, if it is one of one's own; else an Error. */
  page.checkOwn = (row) => {
    const { name, title, depths } = row;
    if (!page.ownPlaces(name) || name.length > LONGEST || typeof title !== "string" || !title.trim()) throw new Error();
    if (LANES.some((lane) => !Number.isInteger(depths[lane]) || depths[lane] < 1 || depths[lane] > 64)) throw new Error();
    const vectors = Object.fromEntries(["m1", "m2"].map((vector) => [vector, String(row.vectors[vector]).slice(0, LONGEST)]));
    return { name, title: title.slice(0, LONGEST), depths: Object.fromEntries(LANES.map((lane) => [lane, depths[lane]])), vectors };
  };

  /** Put a triple into the tables that the panel and everything that reads recipes look things up in. */
  page.addOwn = (tables, { name, title, depths, vectors }) => {
    tables.triples[name] = title;
    tables.depths[name] = depths;
    tables.vectors[name] = vectors;
  };

  /** Those this browser remembers, the newest first. */
  page.ownTriples = () => page.recall("triples", (list) => page.goodOf(list, page.checkOwn, MOST), []);
  page.rememberOwn = (row) => page.remember("triples", [row, ...page.ownTriples().filter(({ name }) => name !== row.name)].slice(0, MOST));

  /** The triple that a link's recipe asks for, {name, places}, if it is named by its repositories; else null. */
  page.linkedOwn = (search) => {
    const triple = (new URLSearchParams(search).get("r") || "").split("~")[1] || "";
    const name = triple.replace(/%(25|7E|3A|2C)/gi, (code) => decodeURIComponent(code));
    const places = page.ownPlaces(name);
    return places && { name, places };
  };
})();
