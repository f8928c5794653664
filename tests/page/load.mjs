/* The page's scripts in Node: each is run as the browser runs it, in a fresh global object whose `window` is itself. */
import { readFileSync, readdirSync } from "node:fs";
import vm from "node:vm";

export const FOLDER = new URL("../../assets/page/", import.meta.url);

export const source = (name) => readFileSync(new URL(`${name}.js`, FOLDER), "utf8");

export const modules = () => readdirSync(FOLDER).filter((name) => name.endsWith(".js")).map((name) => name.slice(0, -3));

/** Run modules in the order of their names and return `SAMerge`; `globals` are what they find beside it. */
export const load = (names, globals = {}) => {
  const context = vm.createContext({ structuredClone, console, reportError: (error) => { throw error; }, ...globals });
  context.window = context;
  for (const name of names) vm.runInContext(source(name), context, { filename: `${name}.js` });
  return context.SAMerge;
};

/** A value made in a context, as one of ours: deepEqual compares prototypes too. */
export const plain = (value) => JSON.parse(JSON.stringify(value));

/** Frames that pass when the test says so. */
export const frames = () => {
  const due = new Map();
  let number = 0;
  return {
    requestAnimationFrame: (callback) => { due.set((number += 1), callback); return number; },
    cancelAnimationFrame: (id) => due.delete(id),
    pass: () => { const now = [...due.values()]; due.clear(); now.forEach((callback) => callback()); },
  };
};

/** A browser's storage that can be made to refuse. */
export const storage = (kept = {}) => ({
  kept,
  getItem: (name) => (name in kept ? kept[name] : null),
  setItem(name, value) { if (this.full) throw new Error("quota"); kept[name] = String(value); },
  removeItem: (name) => { delete kept[name]; },
});
