/* The list of sample clips. Its value is {id, stamp}; id is null while a clip of the visitor's own is in the player. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;
  const listeners = new Set();

  /** The clip in the player: {id, title, own}; `own` unless it is a sample. */
  page.clip = null;
  /** `listener(clip, first)` now, if there is one already (then `first`), and whenever another is chosen. */
  page.onClip = (listener) => {
    listeners.add(listener);
    if (page.clip) listener(page.clip, true);
  };

  const linked = () => new URLSearchParams(location.search).get("clip");
  /** Whether words are not of the sample that is chosen: {clip, reference} of what was heard. */
  page.ofOtherClip = ({ clip }) => Boolean(linked() && clip && clip !== linked());

  page.mountClips = (element, props, trigger, watch) => {
    // A link's clip, until it is in the player: Gradio puts the page together first.
    let coming = linked();
    if (coming === props.value?.id || !props.clips.some((clip) => clip.id === coming)) coming = null;
    page.ofOtherClip = ({ clip, reference }) => {
      const due = coming ?? (page.clip?.own === false ? page.clip.id : null);
      if (!due || !clip) return false;
      // A request on its way while the clip changed may carry what was said in the one before.
      const said = props.clips.filter((each) => each.reference === reference);
      return clip !== due || (said.length > 0 && said.every((each) => each.id !== due));
    };
    const rows = props.clips.map((clip) => {
      const input = el("input", { type: "radio", name: "sam-clip", value: clip.id });
      input.addEventListener("change", () => choose(clip.id));
      const label = el("label", { class: "sam-clip" }, input,
        el("span", { class: "sam-clip-title" }, clip.title),
        el("span", { class: "sam-clip-text" }, `“${clip.reference}”`),
        el("span", { class: "sam-clip-facts" }, `${clip.facts} · ${clip.seconds.toFixed(1)}\u00a0s`));
      return { input, label };
    });
    element.replaceChildren(el("fieldset", { class: "sam-clips" },
      el("legend", {}, props.legend), ...rows.map((row) => row.label)));
    /** A clip of an evaluation, above the samples, with a player of its own. */
    const guest = el("div", { class: "sam-guest", hidden: true });
    element.prepend(guest);
    page.openClip = (clip) => {
      guest.replaceChildren(el("p", {}, el("b", {}, clip.title), ` “${clip.reference}” `, el("small", {}, clip.facts)), page.clipPlayer(clip.visit, clip.clip));
      guest.dataset.title = clip.title;
      choose(clip.id);
      page.openTab("explore");
    };
    const choose = (id) => {
      coming = null;
      props.value = { id, stamp: page.stamp() };
      show();
      trigger("submit");
    };
    /** Put a sample into the player; false if there is none of this name. */
    page.chooseClip = (id) => {
      const sample = props.clips.some((clip) => clip.id === id);
      if (sample && id !== props.value?.id) choose(id);
      return sample;
    };
    const tell = (id) => {
      const sample = props.clips.find((clip) => clip.id === id);
      const title = sample ? sample.title : id === null ? say("clips.own") : guest.dataset.title || id;
      const clip = { id: id ?? `own-${props.value?.stamp}`, title, own: !sample };
      if (clip.id === page.clip?.id) return;
      page.clip = clip;
      for (const listener of listeners) listener(clip, false);
    };
    const show = () => {
      const id = props.value?.id ?? null;
      tell(id);
      guest.hidden = id === null || rows.some((row) => row.input.value === id);
      rows.forEach((row) => { row.input.checked = row.input.value === id; });
    };
    watch("value", show);
    show();
  };
})();
