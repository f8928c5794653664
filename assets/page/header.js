/* The page's head: its name, and the switches for dark and projector. Both are kept in this browser. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;
  const stored = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const store = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private window: not kept */ } };

  const toggle = (label, title, name, apply) => {
    const button = el("button", { type: "button", class: "sam-button", title }, label);
    const set = (on) => { apply(on); button.setAttribute("aria-pressed", String(on)); };
    const kept = stored(name);
    set(kept === null ? document.body.classList.contains(name.replace("sam-", "")) : kept === "yes");
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      set(on);
      store(name, on ? "yes" : "no");
    });
    return button;
  };

  /** Sentences that stand above everything until they are put away. */
  const notices = el("div", { class: "sam-notices" });
  page.notice = (sentence) => {
    const line = el("p", { class: "sam-notice", role: "alert" }, sentence, " ",
      el("button", { type: "button", class: "sam-link", onclick: () => line.remove() }, say("header.dismiss")));
    notices.append(line);
  };

  /** Copy text; over plain http, where browsers keep the clipboard shut, by way of a selection. */
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); } catch {
      const field = el("textarea", { readonly: true, class: "sam-hidden" });
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  };

  const shareButton = () => {
    const label = el("span", { role: "status" }, say("header.copy"));
    let due = 0;
    return el("button", { type: "button", class: "sam-button sam-share", title: say("header.copy_hint"), onclick: async (event) => {
      await copy(page.linkNow());
      event.target.closest("button")?.focus();
      label.textContent = say("header.copied");
      clearTimeout(due);
      due = setTimeout(() => { label.textContent = say("header.copy"); }, 2500);
    } }, label);
  };

  /** How much room there is, as classes: a rule in a media query cannot see those of the body, since Gradio puts its container first. */
  const tellRoom = () => {
    for (const [name, least] of [["sam-wide", 1000], ["sam-large", 1300]]) {
      const room = matchMedia(`(min-width: ${least}px)`);
      const tell = () => document.body.classList.toggle(name, room.matches);
      room.addEventListener("change", tell);
      tell();
    }
  };

  page.mountHeader = (element, props) => {
    tellRoom();
    element.replaceChildren(el("div", { class: "sam-header" },
      el("h1", {}, say("header.title")),
      el("p", {}, props.tagline),
      el("div", { class: "sam-switches" },
        shareButton(),
        el("button", { type: "button", class: "sam-button sam-keys-button", title: say("header.keys_hint"), "aria-label": say("header.keys_hint"), onclick: () => page.showKeys() }, "?"),
        toggle(say("header.dark"), say("header.dark_hint"), "sam-dark", (on) => document.body.classList.toggle("dark", on)),
        toggle(say("header.projector"), say("header.projector_hint"), "sam-projector", (on) => document.body.classList.toggle("projector", on))),
      el("details", { class: "sam-new" }, el("summary", {}, say("header.new")), ...props.newcomer.map((line) => el("p", {}, line)))), notices, page.jumpButton());
  };
})();
