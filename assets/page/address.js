/* The page's address carries its whole state: recipe, clip and tab. What it says is put on the page when it opens, and it follows the hand
   whenever that rests, so a reload, a bookmark and a copied link all give the same page.

     ?r=v1~tiny-en~sa~depth~lambda:0.2~alpha:0.8 & clip=ID & tab=evaluate & hide=evaluate,presets

   `hide` takes away what it names (HIDES); `lesson` is kept for lessons, and anything else is left as it is. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { say } = page;

  /** What can be taken away, and what it is on the page. */
  page.HIDES = {
    intro: ".sam-new, .sam-header p", switches: ".sam-switches", share: ".sam-share", keys: ".sam-keys-button",
    tabs: "[role=tablist]", ...Object.fromEntries(["evaluate", "methods", "sweep", "anatomy", "about"].map((id) => [id, `[role=tab][data-tab-id=${id}]`])),
    triple: ".sam-choice:has(#sam-triple), #hub", method: ".sam-choice:has(#sam-method)", schedule: ".sam-choice:has(#sam-schedule)", formula: ".sam-reading",
    dials: ".sam-curve-dials", presets: ".sam-presets", curve: ".sam-curves", tools: ".sam-tools", scope: ".sam-scope", vectors: ".sam-vectors",
    undo: ".sam-undo", memory: ".sam-memory", clips: "#clips", player: "#player", reference: "#reference", m0: "#with-base", transcripts: "#transcripts", save: "#save, #sign-in",
  };

  /** What an address asks for: {recipe, clip, tab, hide, problems}. `tables` are the panel's; nothing here throws. */
  page.readAddress = (search, tables) => {
    const query = new URLSearchParams(search);
    const asked = { recipe: null, clip: query.get("clip"), tab: query.get("tab"), hide: [], problems: [] };
    if (query.has("r")) {
      try {
        asked.recipe = page.readLink(query.get("r"), tables);
      } catch (error) { asked.problems.push(say("address.broken", { why: error.message.replace(/\.$/, "") })); }
    }
    for (const name of (query.get("hide") || "").split(",").map((each) => each.trim()).filter(Boolean)) {
      if (Object.hasOwn(page.HIDES, name)) asked.hide.push(name);
      else asked.problems.push(say("address.hide", { name: name.slice(0, 40), names: Object.keys(page.HIDES).join(", ") }));
    }
    return asked;
  };

  /** The query for a state; parameters that are not the page's own stay as they were. */
  page.writeAddress = (search, { recipe, clip, tab }, tables) => {
    const own = ["r", "clip", "tab"];
    const others = [...new URLSearchParams(search)].filter(([name]) => !own.includes(name));
    const parts = [["r", page.writeLink(recipe, tables)], ...(clip ? [["clip", clip]] : []), ...(tab ? [["tab", tab]] : []), ...others];
    return `?${parts.map(([name, value]) => `${encodeURIComponent(name)}=${page.queryValue(value)}`).join("&")}`;
  };

  const openTab = () => document.querySelector("[role=tab][aria-selected=true]")?.dataset.tabId;
  const state = () => {
    const tab = openTab();
    return { recipe: page.recipe, clip: page.clip?.own === false ? page.clip.id : null, tab: tab && tab !== "explore" ? tab : null };
  };

  /** The link to the page as it is now. */
  page.linkNow = () => new URL(page.writeAddress(location.search, state(), page.tables), document.baseURI).href;
  const follow = () => { if (page.recipe) history.replaceState(history.state, "", page.linkNow()); };

  const hide = (names) => {
    if (!names.length) return;
    const style = document.createElement("style");
    style.textContent = names.map((name) => `${page.HIDES[name]} { display: none !important; }`).join("\n");
    document.head.append(style);
  };

  /** Do something as soon as it can be done; Gradio puts the page together piece by piece. */
  const whenever = (done, frames = 900) => { if (!done() && frames) requestAnimationFrame(() => whenever(done, frames - 1)); };

  /** Put what an address asks for on the page; the panel shows the recipe and `settle` sends it. From then on the address follows. */
  page.openAddress = (asked, settle) => {
    let waited = 0;
    hide(asked.hide);
    asked.problems.forEach(page.notice);
    if (asked.tab) whenever(() => page.openTab(asked.tab));
    // Gradio forgets what a component says while it is being mounted, so the first word comes after all are there.
    whenever(() => {
      if (!page.chooseClip || document.readyState !== "complete" || (waited += 1) < 3) return false;
      settle();
      if (asked.clip && !page.chooseClip(asked.clip)) page.notice(say("address.clip", { clip: asked.clip.slice(0, 40) }));
      page.onRest(follow);
      page.onClip((clip, first) => { if (!first) follow(); });
      document.addEventListener("click", (event) => { if (event.target.closest?.("[role=tab]")) requestAnimationFrame(() => requestAnimationFrame(follow)); });
      return true;
    });
  };
})();
