/* The Sweep tab: what the map says in words, how far it is, and the way from a cell to its merge on Explore. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  /** What share of the cells is settled, 0 to 1. */
  page.sweepShare = (found) => (found.total ? found.settled / found.total : 0);

  const progress = (value) => el("div", { class: "sam-progress" },
    el("progress", { max: 1, value: page.sweepShare(value.document), "aria-label": say("sweep.progress") }),
    el("span", {}, say("sweep.cells", { settled: value.document.settled, total: value.document.total }),
      value.state === "running" && value.remaining !== null ? say("sweep.remaining", { time: page.duration(value.remaining) }) : ""));

  const download = (name, type, text) => el("button", { type: "button", class: "sam-link", onclick: () => {
    const link = el("a", { href: URL.createObjectURL(new Blob([text()], { type })), download: name });
    link.click();
    URL.revokeObjectURL(link.href);
  } }, name);

  const points = (fraction) => `${fraction < 0 ? "−" : "+"}${Math.abs(100 * fraction).toFixed(1)}`;

  page.mountSweep = (element, props, trigger, watch) => {
    let kept = {};
    let begun = { stamp: 0 };
    let now = { state: "", told: "", left: false, judge: false }; // of the newest run, and of the map that can be gone on with
    const judging = () => Boolean(document.querySelector("#sweep-judge input")?.checked);
    const can = () => page.sweepCan({ ...now, judge: now.judge && judging() });
    const look = page.keepAlive({ "sweep-pause": () => can().pause, "sweep-resume": () => can().resume, "sweep-cancel": () => can().cancel }, "sweep");
    document.addEventListener("change", (event) => { if (event.target.closest("#sweep-judge")) look(); });
    page.beginSweep = (waiting) => {
      now.told = "";
      return (begun = props.value = { state: "running", notice: waiting, stamp: page.stamp() });
    };
    page.begunSweep = () => begun;
    page.endSweep = (how) => { now.told = how; look(); return begun; };
    const show = () => {
      if ((props.value?.stamp ?? begun.stamp) < begun.stamp) return; // a late map of a run that was overtaken
      now.state = props.value?.state || "";
      if (props.value?.document) Object.assign(now, { left: !props.value.document.ended, judge: props.value.document.ended && !props.value.document.judged });
      if (props.value?.forgotten) Object.assign(now, { left: false, judge: false });
      look();
      const value = { ...(props.value?.document ? {} : kept), ...props.value };
      if (value.document) kept = value;
      const found = value.document;
      const parts = [];
      if (value.notice) parts.push(el("p", { class: `sam-notice sam-notice-${value.state}`, role: value.state === "error" ? "alert" : "status" }, value.notice));
      if (found) {
        parts.push(progress(value), el("p", { class: "sam-verdict", "aria-live": "polite" }, value.best), el("p", { class: "sam-caption" }, value.flatters));
        if (found.judged) parts.push(el("p", { class: "sam-verdict" }, say("sweep.judged", { wer: page.percent(found.judged.wer), difference: points(found.judged.difference), low: points(found.judged.low), high: points(found.judged.high) })));
        const front = found.cells.filter((cell) => cell.front);
        if (front.length) parts.push(el("p", {}, say("sweep.front"), " ", ...front.flatMap((cell, index) => [index ? " · " : "", el("button", { type: "button", class: "sam-link", onclick: () => open(cell.number) }, `${page.percent(cell.wer)} / ${page.percent(cell.adult_wer)}`)])));
        for (const cell of found.cells.filter((each) => each.says)) parts.push(el("p", { class: "sam-notice sam-notice-error" }, say("sweep.wrong", { number: cell.number, says: cell.says })));
        const best = found.best === null ? null : el("button", { type: "button", class: "sam-link", onclick: () => open(found.best) }, say("sweep.open_best"));
        parts.push(el("p", { class: "sam-row" }, best, download("sweep.csv", "text/csv", () => value.csv), download("sweep.json", "application/json", () => JSON.stringify(found, null, 2))),
          el("p", { class: "sam-caption" }, props.legend));
      }
      element.replaceChildren(el("div", { class: "sam-evaluation", "data-state": value.state || "" }, ...parts));
    };
    const open = (number) => {
      const cell = kept.document?.cells.find((each) => each.number === number);
      if (cell) { page.takeRecipe(cell.recipe); page.openTab("explore"); }
    };
    page.onMark("sweep-map", open);
    page.follow(props, watch, show);
    show();
  };
})();
