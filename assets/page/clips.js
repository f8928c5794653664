/* The list of sample clips. Its value is {id, stamp}; id is null while a clip of the visitor's own is in the player. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;

  page.mountClips = (element, props, trigger, watch) => {
    const rows = props.clips.map((clip) => {
      const input = el("input", { type: "radio", name: "sam-clip", value: clip.id });
      input.addEventListener("change", () => {
        props.value = { id: clip.id, stamp: page.stamp() };
        show();
        trigger("submit");
      });
      const label = el("label", { class: "sam-clip" }, input,
        el("span", { class: "sam-clip-title" }, clip.title),
        el("span", { class: "sam-clip-text" }, `“${clip.reference}”`),
        el("span", { class: "sam-clip-facts" }, `${clip.facts} · ${clip.seconds.toFixed(1)} s`));
      return { input, label };
    });
    element.replaceChildren(el("fieldset", { class: "sam-clips" },
      el("legend", {}, props.legend), ...rows.map((row) => row.label)));
    /** A clip of an evaluation, above the samples, with a player of its own. */
    const guest = el("div", { class: "sam-guest", hidden: true });
    element.prepend(guest);
    page.openClip = (clip) => {
      guest.replaceChildren(el("p", {}, el("b", {}, clip.title), ` “${clip.reference}” `, el("small", {}, clip.facts)), page.clipPlayer(clip.visit, clip.clip));
      props.value = { id: clip.id, stamp: page.stamp() };
      show();
      trigger("submit");
      page.openTab("Explore");
    };
    const show = () => {
      const id = props.value?.id ?? null;
      guest.hidden = id === null || rows.some((row) => row.input.value === id);
      rows.forEach((row) => { row.input.checked = row.input.value === id; });
    };
    watch("value", show);
    show();
  };
})();
