/* What this browser remembers. Whatever is read back was perhaps written by another version, or by hand: each reader checks it, and
   what it refuses is as good as not there. A browser that keeps nothing (private window, full disk) costs the memory, not the page. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const places = { kept: () => window.localStorage, tab: () => window.sessionStorage };

  /** Read a name. `checked(value)` returns what is good of it, or throws; then it is `otherwise`. `place`: kept, or tab (until it closes). */
  page.recall = (name, checked, otherwise, place = "kept") => {
    try {
      const text = places[place]().getItem(`sam-${name}`);
      return text === null ? otherwise : checked(JSON.parse(text));
    } catch { return otherwise; }
  };

  /** Write a name; false where the browser keeps nothing. */
  page.remember = (name, value, place = "kept") => {
    try { places[place]().setItem(`sam-${name}`, JSON.stringify(value)); return true; } catch { return false; }
  };

  /** Those of a list that `checked` takes, as it returns them; at most `most`, the first ones. */
  page.goodOf = (list, checked, most) => (Array.isArray(list) ? list : []).flatMap((each) => {
    try { return [checked(each)]; } catch { return []; }
  }).slice(0, most);
})();
