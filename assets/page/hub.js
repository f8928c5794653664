/* "Your own, from the Hub": three repositories are looked at, fetched and opened as a triple. Its value is {state, notice, stamp, action,
   asked, look, done, total, …}; `submit` looks, fetches or cancels. The button beside the menu of triples unfolds it. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;
  const size = (bytes) => (bytes >= 1e9 ? say("hub.gigabytes", { size: (bytes / 1e9).toFixed(1) }) : say("hub.megabytes", { size: Math.ceil(bytes / 1e6) }));
  page.sizeText = size;

  /** What one repository's row says: its facts, and whether it can be used. `base` is the base's row. */
  page.hubFacts = (sight, base) => {
    const facts = [];
    if (sight.name !== sight.repo) facts.push(say("hub.renamed", sight));
    if (sight.size) facts.push(say("hub.size", { size: size(sight.size) }));
    if (sight.size) facts.push(sight.missing ? say("hub.to_fetch", { size: size(sight.missing) }) : say("hub.here"));
    if (sight.size) facts.push(say("hub.licence", sight));
    if (sight.fault) return { facts, good: false, verdict: sight.fault };
    if (sight.role === "base") return { facts, good: true, verdict: say("hub.is_whisper") };
    return base.fault ? { facts, good: null, verdict: say("hub.not_compared") } : { facts, good: true, verdict: say("hub.fits") };
  };

  /** What the download would take of the disk and of its budget, and the three of the memory. */
  page.hubRoom = ({ needed, room, memory }) => {
    const parts = [needed ? say("hub.needed", { size: size(needed) }) : say("hub.nothing_needed")];
    if (room) parts.push(say("hub.free", { size: size(room.free) }));
    if (room && room.budget !== null) parts.push(say("hub.budget", { budget: size(room.budget), kept: size(room.kept) }));
    parts.push(say("hub.memory", { size: size(memory) }));
    return parts.join(" ");
  };

  page.mountHub = (element, props, trigger, watch) => {
    const { search } = location; // the address follows the hand, so it is read once
    const linked = props.allowed ? page.linkedOwn(search) : null;
    let handed = 0; // stamp of the answer whose triple is in the menu
    const fields = Object.fromEntries(page.ROLES.map((role) => [role, {
      repo: el("input", { type: "text", id: `hub-${role}`, placeholder: say(`hub.example.${role}`), maxlength: props.longest, autocomplete: "off", spellcheck: "false" }),
      revision: el("input", { type: "text", id: `hub-${role}-revision`, placeholder: say("hub.main"), maxlength: props.longest, autocomplete: "off", spellcheck: "false" }),
    }]));
    const look = el("button", { type: "button", class: "sam-button", id: "hub-look" }, say("hub.look"));
    const fetch = el("button", { type: "button", class: "sam-button", id: "hub-fetch" }, say("hub.fetch"));
    const cancel = el("button", { type: "button", class: "sam-button", id: "hub-cancel" }, say("hub.cancel"));
    const shown = el("div", { class: "sam-hub-shown" });
    const asked = () => Object.fromEntries(page.ROLES.map((role) => [role, { repo: fields[role].repo.value.trim(), revision: fields[role].revision.value.trim() }]));
    const fill = (places) => page.ROLES.forEach((role) => { for (const key of ["repo", "revision"]) fields[role][key].value = places[role]?.[key] || ""; });
    /** Whether what was seen is what the fields say now. */
    const current = (value) => Boolean(value.look) && JSON.stringify(value.asked) === JSON.stringify(asked());

    const send = (value) => {
      props.value = { state: "running", notice: say("hub.waiting"), stamp: page.stamp(), ...value };
      show();
      trigger("submit");
    };
    look.addEventListener("click", () => { page.remember("hub", asked()); send({ action: "look", asked: asked() }); });
    fetch.addEventListener("click", () => send({ action: "fetch", asked: asked(), look: props.value.look }));
    cancel.addEventListener("click", () => send({ ...props.value, action: "cancel", notice: say("hub.cancelling"), stamp: props.value.stamp }));
    for (const each of Object.values(fields).flatMap(Object.values)) {
      each.addEventListener("input", () => show());
      each.addEventListener("keydown", (event) => { if (event.key === "Enter" && !look.disabled) look.click(); });
    }

    const row = (sight, base) => {
      const { facts, good, verdict } = page.hubFacts(sight, base);
      const mark = { true: "✓ ", false: "✗ ", null: "… " }[good];
      return el("li", { class: "sam-hub-row", "data-role": sight.role, "data-good": String(good) }, el("b", {}, say(`hub.role.${sight.role}`)), ` ${sight.name}`,
        sight.commit ? el("code", { title: sight.commit }, ` @${sight.commit.slice(0, 10)}`) : null,
        el("span", { class: "sam-hub-facts" }, facts.join(" · ")), el("span", { class: good === false ? "sam-problem" : "sam-hub-verdict" }, `${mark}${verdict}`));
    };

    /** Once for each answer: the triple goes into the menu and onto the page; a link that asked for it is read again. */
    const hand = (value) => {
      if (value.state !== "opened" || handed === value.stamp) return;
      handed = value.stamp;
      page.rememberOwn(value.triple);
      page.offerTriple(value.triple);
      const { recipe } = linked?.name === value.triple.name ? page.readAddress(search, page.tables) : {};
      if (recipe) page.takeRecipe(recipe);
    };

    const show = () => {
      const value = props.value || {};
      const running = value.state === "running";
      look.disabled = running;
      fetch.disabled = running || !current(value) || !value.look.triple || value.state === "opened";
      cancel.hidden = !running;
      cancel.disabled = value.action === "cancel";
      const parts = [];
      if (value.notice) parts.push(el("p", { class: `sam-notice sam-notice-${value.state}`, role: value.state === "error" ? "alert" : "status" }, value.notice));
      if (running && value.total) {
        const left = value.remaining === null ? "" : say("hub.left", { time: page.duration(value.remaining) });
        parts.push(el("div", { class: "sam-progress" }, el("progress", { max: value.total, value: value.done, "aria-label": say("hub.progress") }),
          el("span", {}, say("hub.of", { done: size(value.done), total: size(value.total) }), left)));
      }
      if (value.look && current(value)) {
        const { sights, fault, triple } = value.look;
        parts.push(el("ul", { class: "sam-hub-rows" }, ...sights.map((sight) => row(sight, sights[0]))));
        if (fault) parts.push(el("p", { class: "sam-problem" }, `✗ ${fault}`));
        else if (triple) parts.push(el("p", { class: "sam-hint" }, page.hubRoom(value.look)));
      }
      shown.replaceChildren(...parts);
    };

    const form = props.allowed ? [el("p", { class: "sam-caption" }, say("hub.intro")),
      el("div", { class: "sam-hub-form" }, ...page.ROLES.flatMap((role) => [
        el("label", { class: "sam-choice" }, say(`hub.role.${role}`), fields[role].repo),
        el("label", { class: "sam-choice" }, say("hub.revision"), fields[role].revision)])),
      el("div", { class: "sam-learning-buttons" }, look, fetch, cancel), shown] : [el("p", { class: "sam-caption" }, say("hub.refused"))];
    const close = el("button", { type: "button", class: "sam-button sam-hub-close", onclick: () => page.openHub(false) }, say("hub.close"));
    const section = el("section", { class: "sam-fold sam-learning sam-hub", id: "hub-section", "aria-label": say("hub.title"), hidden: true },
      el("div", { class: "sam-hub-head" }, el("b", {}, say("hub.title")), close), ...form);
    element.replaceChildren(section);
    /** Unfold the section, or fold it; the button beside the menu says which it is. */
    page.openHub = (open) => {
      section.hidden = !open;
      const button = document.querySelector("#hub-open");
      button?.setAttribute("aria-expanded", String(open));
      if (open) (section.querySelector("input") || close).focus();
      else button?.focus();
    };
    fill(linked?.places || page.recall("hub", (places) => places, {}));
    page.follow(props, watch, () => {
      hand(props.value || {});
      show();
    });
    show();
    section.hidden = !linked || page.ownTriples().some(({ name }) => name === linked.name);
  };
})();
