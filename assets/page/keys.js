/* The keyboard: undo and redo from anywhere, and the map of all keys behind `?`. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;
  const GROUPS = { anywhere: ["help", "undo", "redo", "tab", "escape"], point: ["walk", "value", "step", "ends", "choose", "all", "toggle", "number"], number: ["enter", "back"] };

  /** A key pressed where text is written belongs to the text. */
  const writes = (target) => target?.isContentEditable || target?.tagName === "TEXTAREA"
    || (target?.tagName === "INPUT" && !["range", "checkbox", "radio", "button", "submit"].includes(target.type));

  /** "undo", "redo", "help" or nothing: what a press of a key asks for, wherever it happens. */
  page.askedOf = (event) => {
    if (writes(event.target) || event.altKey) return null;
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
      if (key === "z") return event.shiftKey ? "redo" : "undo";
      return key === "y" && !event.shiftKey ? "redo" : null;
    }
    return event.key === "?" ? "help" : null;
  };

  let dialog;
  const build = () => {
    const group = (name, keys) => el("section", {}, el("h3", {}, say(`keys.${name}`)), el("dl", {}, ...keys.flatMap((key) => [
      el("dt", {}, ...say(`keys.${name}.${key}.keys`).split(" ").flatMap((each) => [each === "/" ? "" : el("kbd", {}, each), " "])), el("dd", {}, say(`keys.${name}.${key}`))])));
    const made = el("dialog", { class: "sam-keys", "aria-labelledby": "sam-keys-title" },
      el("header", {}, el("h2", { id: "sam-keys-title" }, say("keys.title")), el("button", { type: "button", class: "sam-button", onclick: () => made.close() }, say("keys.close"))),
      el("div", { class: "sam-keys-groups" }, ...Object.entries(GROUPS).map(([name, keys]) => group(name, keys))));
    made.addEventListener("click", (event) => { if (event.target === made) made.close(); });
    (document.querySelector(".gradio-container") || document.body).append(made);
    return made;
  };

  page.showKeys = () => {
    dialog = dialog?.isConnected ? dialog : build();
    if (!dialog.open) dialog.showModal();
  };

  page.listenToKeys = (acts) => document.addEventListener("keydown", (event) => {
    const asked = page.askedOf(event);
    if (!asked || (dialog?.open && asked !== "help")) return;
    event.preventDefault();
    if (asked === "help") page.showKeys(); else acts[asked]();
  });
})();
