/* The layout of words heard by several models under the words said: which columns there are, and where the lines break. No document
   in here: what it computes can be tested without one. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const SIGNS = { "=": "equal", "~": "substitute", "-": "delete", "+": "insert" };

  /** `=word`, `~said<tab>heard`, `-missed`, `+added` → [operation, said, heard]. */
  page.decoded = (words) => words.map((each) => {
    const [operation, text] = [SIGNS[each[0]], each.slice(1)];
    if (operation === "substitute") return [operation, ...text.split("\t")];
    return [operation, operation === "insert" ? "" : text, operation === "delete" ? "" : text];
  });

  /** The words that were said, of decoded words. */
  page.saidWords = (words) => words.filter(([operation]) => operation !== "insert").map(([, reference]) => reference);

  /** A model's words by word said: `added[i]` before word i (the last: after all), `heard[i]` of word i. */
  const slots = (model) => {
    const [added, heard] = [[[]], []];
    (model.words || []).forEach((word, index) => {
      const entry = { word, fate: model.fates?.[index] };
      if (word[0] === "insert") added.at(-1).push(entry);
      else { heard.push(entry); added.push([]); }
    });
    return { added, heard };
  };

  /** The words that M1 adds, though nobody said them, and the merge does not add as often, of decoded words: [{added: before which
      word said, word}]. No fate of a word of the merge, for it is not there. */
  page.goneWords = (first, merge) => {
    const [ours, theirs] = [first, merge].map((words) => slots({ words }).added.map((entries) => entries.map(({ word }) => word[2])));
    const more = new Map();
    for (const word of ours.flat()) more.set(word, (more.get(word) || 0) + 1);
    for (const word of theirs.flat()) more.set(word, (more.get(word) || 0) - 1);
    return ours.flatMap((words, added) => {
      const here = [...(theirs[added] || [])];
      return words.filter((word) => {
        if (here.includes(word)) return !here.splice(here.indexOf(word), 1); // the merge adds it there too
        more.set(word, more.get(word) - 1);
        return more.get(word) >= 0;
      }).map((word) => ({ added, word }));
    });
  };

  /** Columns of the grid, left to right: {word: i} for word i said, {added: i} for what any model heard before it though nobody said
      it. `cells[row]` are the entries of that model there; a model that has no words yet has none. Where a merge, which has fates,
      leaves out what M1 adds, its entry is {gone: that word}. */
  page.gridColumns = (models) => {
    const rows = models.map(slots);
    const first = models.find((model) => model.name === "m1")?.words;
    models.forEach(({ words, fates }, row) => {
      if (!first || !words || fates === undefined) return;
      for (const { added, word } of page.goneWords(first, words)) rows[row].added[added].push({ gone: word });
    });
    const said = page.saidWords(models.find((model) => model.words)?.words || []);
    const columns = [];
    for (let index = 0; index <= said.length; index += 1) {
      const added = rows.map((row) => row.added[index] || []);
      if (added.some((entries) => entries.length)) columns.push({ added: index, said: "", cells: added });
      if (index < said.length) columns.push({ word: index, said: said[index], cells: rows.map((row) => (row.heard[index] ? [row.heard[index]] : [])) });
    }
    return columns;
  };

  /** Break columns of these widths into lines no wider than `room`; what is added stays on the line of the word before it. */
  page.gridLines = (columns, widths, room) => {
    const lines = [];
    let used = Infinity;
    columns.forEach((column, index) => {
      const next = widths[index] + ("added" in columns[index + 1 < columns.length ? index + 1 : index] && index + 1 < columns.length ? widths[index + 1] : 0);
      const glued = "added" in column && lines.length > 0;
      if (!glued && used + next > room) { lines.push([]); used = 0; }
      if (!lines.length) { lines.push([]); used = 0; }
      lines.at(-1).push(column);
      used += widths[index];
    });
    return lines;
  };

  /** How many words have each fate, the letters of `fates` counted. */
  page.fateCounts = (fates) => [...fates].reduce((counts, letter) => ({ ...counts, [letter]: (counts[letter] || 0) + 1 }), {});
})();
