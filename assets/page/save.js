/* "Save this merge, or open one": the panel's recipe as a model or a text, and a recipe out of a file. Its value is {state, notice, stamp,
   action, kind, …}; `submit` saves, opens or cancels. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  page.mountSave = (element, props, trigger, watch) => {
    let savedRecipe = null; // what was on the panel when the last save began
    let handed = 0; // stamp of the answer whose file was handed over, or whose recipe was taken
    let blob = null;
    const option = (name) => el("option", { value: name }, say(`save.kind.${name}`));
    const kind = el("select", { id: "save-kind" }, ...props.kinds.map(option));
    const dtype = el("select", { id: "save-dtype" }, ...props.dtypes.map((name) => el("option", { value: name }, name)));
    const verify = el("input", { type: "checkbox", id: "save-verify", checked: true });
    const go = el("button", { type: "button", class: "sam-button", id: "save-go" }, say("save.go"));
    const cancel = el("button", { type: "button", class: "sam-button", id: "save-cancel", hidden: true }, say("save.cancel"));
    const file = el("input", { type: "file", id: "save-file", class: "sam-hidden", tabindex: -1, "aria-hidden": "true", accept: ".yaml,.yml,.json,.py,.sh,.txt" });
    const open = el("button", { type: "button", class: "sam-button", id: "save-open", onclick: () => file.click() }, say("save.open"));
    const repo = el("input", { type: "text", id: "save-repo", placeholder: say("save.repo_example"), maxlength: 200, autocomplete: "off", spellcheck: "false" });
    const [everybody, replace] = ["save-public", "save-replace"].map((id) => el("input", { type: "checkbox", id }));
    const hub = [el("label", { class: "sam-choice" }, say("save.repo"), repo), el("label", { class: "sam-check" }, everybody, say("save.public")),
      el("label", { class: "sam-check" }, replace, say("save.replace"))];
    const whose = el("p", { class: "sam-hint sam-save-whose" }, say(props.visitor ? "save.visitor" : "save.machine"));
    const folder = [el("label", { class: "sam-choice" }, say("save.dtype"), dtype), el("label", { class: "sam-check" }, verify, say("save.verify"))];
    const isModel = () => ["folder", "hub"].includes(kind.value);
    const choose = () => {
      folder.forEach((each) => { each.hidden = !isModel(); });
      [...hub, whose].forEach((each) => { each.hidden = kind.value !== "hub"; });
      go.textContent = kind.value === "hub" ? say("save.push") : say("save.go");
    };
    const shown = el("div", { class: "sam-save-shown" });

    const send = (value) => {
      props.value = { state: "running", notice: say("save.waiting"), stamp: page.stamp(), ...value };
      show();
      trigger("submit");
    };
    const fail = (notice) => { props.value = { state: "error", notice, stamp: page.stamp() }; show(); };
    go.addEventListener("click", () => {
      savedRecipe = page.recipe;
      const where = kind.value === "hub" ? { repo: repo.value, public: everybody.checked, replace: replace.checked } : {};
      send({ action: "save", kind: kind.value, dtype: dtype.value, verify: verify.checked, ...where });
    });
    cancel.addEventListener("click", () => send({ ...props.value, action: "cancel", notice: say("save.cancelling"), stamp: props.value.stamp }));
    kind.addEventListener("change", choose);
    file.addEventListener("change", async () => {
      const [chosen] = file.files;
      if (!chosen) return;
      const { name, size } = chosen;
      try {
        if (size > props.longest) fail(say("save.too_long", { name, size: (size / 1e6).toFixed(1) }));
        else send({ action: "open", name, text: await chosen.text() });
      } catch { fail(say("save.unreadable", { name })); }
      file.value = ""; // the same file, mended, may be chosen again
    });

    const link = (value) => {
      if (value.pushed) return el("a", { href: value.pushed.address, target: "_blank", rel: "noreferrer" }, say("save.pushed", value.pushed));
      if (value.address) return el("a", { href: new URL(`saved/${value.address}/model.zip`, document.baseURI).href, download: value.file }, say("save.download", value));
      if (!blob) blob = URL.createObjectURL(new Blob([value.text], { type: "text/plain" }));
      return el("a", { href: blob, download: value.file }, say("save.download", value));
    };
    /** Once for each answer: what was asked for goes to the visitor's disk, or onto the panel. */
    const hand = (value) => {
      if (!["saved", "opened"].includes(value.state) || handed === value.stamp) return;
      handed = value.stamp;
      if (blob) URL.revokeObjectURL(blob);
      blob = null;
      if (value.state === "opened") page.takeRecipe(value.recipe);
      else if (!value.pushed) link(value).click();
    };

    const show = () => {
      const value = props.value || {};
      const running = value.state === "running", saved = value.state === "saved";
      go.disabled = open.disabled = running;
      cancel.hidden = !(running && ["folder", "hub"].includes(value.kind));
      cancel.disabled = value.action === "cancel";
      const parts = [];
      if (value.notice) parts.push(el("p", { class: `sam-notice sam-notice-${value.state}`, role: value.state === "error" ? "alert" : "status" }, value.notice));
      if (running && value.share !== undefined) {
        const left = (value.remaining ?? null) === null ? "" : say("save.left", { time: page.duration(value.remaining) });
        parts.push(el("div", { class: "sam-progress" }, el("progress", { max: 1, value: value.share, "aria-label": say("save.progress") }),
          el("span", {}, `${Math.round(100 * value.share)} %`, left)));
      }
      if (saved) {
        const moved = savedRecipe && page.recipe && !page.sameRecipe(savedRecipe, page.recipe);
        if (["folder", "hub"].includes(value.kind)) parts.push(el("p", { class: "sam-save-verified" }, value.verified ? `✓ ${value.verified}` : say("save.unverified")));
        parts.push(el("p", {}, link(value), moved ? ` ${say("save.older")}` : ""));
        if (value.text) parts.push(el("details", {}, el("summary", {}, say("save.show")), el("pre", { class: "sam-save-text", tabindex: 0 }, value.text)));
      }
      shown.replaceChildren(...parts);
    };

    element.replaceChildren(el("details", { class: "sam-fold sam-learning sam-save" }, el("summary", {}, el("b", {}, say("save.title"))),
      el("p", { class: "sam-caption" }, say("save.intro")),
      el("div", { class: "sam-learning-form" }, el("label", { class: "sam-choice" }, say("save.kind"), kind), ...hub, ...folder, whose),
      el("div", { class: "sam-learning-buttons" }, go, cancel, open, file), shown));
    choose();
    page.onRecipe(() => { if (props.value?.state === "saved") show(); });
    page.follow(props, watch, () => {
      hand(props.value || {});
      show();
    });
    show();
  };
})();
