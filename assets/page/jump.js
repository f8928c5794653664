/* On a phone what is heard lies far below the curve: a button that stays in sight leads to the words, and from there back to λ. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  /** Where there is somewhere to lead to: to the words while they begin below the screen (or in its lowest quarter), back while the
      sliders are above it. Places are {top, bottom} in the window, or null for what is not shown. */
  page.wayOn = (words, sliders, height) => {
    if (words && words.top > 0.75 * height) return "words";
    return words && sliders && sliders.bottom < 0 ? "back" : null;
  };

  let button = null;
  /** The button, for the page's head; it is told where to lead when the words are there. */
  page.jumpButton = () => (button = el("button", { type: "button", class: "sam-button sam-jump", hidden: true, onclick: () => lead() }));
  let lead = () => {};

  const place = (node) => (node?.getClientRects().length ? node.getBoundingClientRect() : null);

  /** Lead to `element`, the transcripts, and back. */
  page.leadTo = (element) => {
    const words = () => element.querySelector(".sam-by-word") || element;
    const sliders = () => [...document.querySelectorAll("#recipe .sam-dials")].find(place);
    let way = null;
    const look = () => {
      const next = page.wayOn(place(words()), place(sliders()), window.innerHeight);
      if (next === way || !button) return;
      way = next;
      button.hidden = !way;
      const on = way === "words";
      if (way) button.textContent = say(on ? "jump.words" : "jump.back");
    };
    lead = () => (way === "words" ? words() : sliders())?.scrollIntoView({ block: "start" });
    document.addEventListener("scroll", look, { passive: true });
    // Whatever grows, folds or goes behind another tab moves the words too.
    const seen = new ResizeObserver(look);
    for (const each of [element, document.body]) seen.observe(each);
    look();
  };
})();
