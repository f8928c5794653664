/* The clip's sound for the lens: fetched once from an address that ends with the visit, played whole or a stretch of it. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;

  /** `moved(seconds)` while it plays, and after every jump. */
  page.soundOf = (moved) => {
    const audio = el("audio", { controls: true, controlslist: "nodownload", preload: "auto", "aria-label": page.say("sound.player") });
    const failed = el("span", { class: "sam-note", role: "alert", hidden: true });
    let from = "";
    let end = Infinity;
    let frame = 0;
    const step = () => {
      frame = 0;
      if (audio.currentTime >= end) { audio.pause(); end = Infinity; }
      moved(audio.currentTime);
      if (!audio.paused) frame = requestAnimationFrame(step);
    };
    for (const event of ["play", "seeked", "pause"]) audio.addEventListener(event, () => { if (!frame) frame = requestAnimationFrame(step); });
    return {
      node: el("span", { class: "sam-player" }, audio, failed),
      /** The sound of a visit's clip; the same again is not fetched again. */
      take: async ({ visit, clip }) => {
        const address = page.ofVisit(visit, `clip/${clip}`);
        if (address === from) return;
        from = address;
        failed.hidden = true;
        try {
          const answer = await fetch(address);
          if (!answer.ok) throw new Error(await answer.text());
          const sound = await answer.blob();
          if (address !== from) return;
          if (audio.src) URL.revokeObjectURL(audio.src);
          audio.src = URL.createObjectURL(sound);
        } catch (error) {
          if (address === from) { failed.textContent = error.message; failed.hidden = false; from = ""; }
        }
      },
      seek: (seconds) => { end = Infinity; audio.currentTime = seconds; },
      /** Play from one second to another. */
      stretch: async (begin, until) => {
        end = Infinity;
        audio.currentTime = begin;
        end = until;
        try { await audio.play(); } catch { /* paused again before it began */ }
      },
    };
  };
})();
