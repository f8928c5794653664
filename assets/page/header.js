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

  page.mountHeader = (element, props) => {
    element.replaceChildren(el("div", { class: "sam-header" },
      el("h1", {}, say("header.title")),
      el("p", {}, props.tagline),
      el("div", { class: "sam-switches" },
        toggle(say("header.dark"), say("header.dark_hint"), "sam-dark", (on) => document.body.classList.toggle("dark", on)),
        toggle(say("header.projector"), say("header.projector_hint"), "sam-projector", (on) => document.body.classList.toggle("projector", on))),
      el("details", { class: "sam-new" }, el("summary", {}, say("header.new")), ...props.newcomer.map((line) => el("p", {}, line)))));
  };
})();
