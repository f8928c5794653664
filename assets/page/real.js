/* Real speech: clips of a corpus from the Hub, or of a folder, under the sample clips. `submit` asks for some; a row opens one. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el, say } = page;

  page.mountRealSpeech = (element, props, trigger, watch) => {
    const names = Object.keys(props.corpora), kinds = Object.keys(props.kinds);
    const input = (id, hint) => el("input", { type: "text", id, placeholder: hint, autocomplete: "off", spellcheck: "false" });
    const choice = (id, options) => el("select", { id }, ...options.map(([value, label]) => el("option", { value }, label)));
    const labelled = (key, control) => el("label", { class: "sam-choice" }, say(`real.${key}`), control);

    const corpus = choice("sam-real-corpus", [...names.map((name) => [name, name]), ...(kinds.length ? [["", say("real.folder")]] : [])]);
    const kind = choice("sam-real-kind", kinds.map((name) => [name, `${name}: ${props.kinds[name]}`]));
    const folder = input("sam-real-folder", "/…");
    const filter = input("sam-real-filter", "age <= 8");
    const ofFolder = [labelled("kind", kind), labelled("path", folder)];
    const note = el("p", { class: "sam-hint" });
    const notice = el("p", { class: "sam-hint", role: "status" });
    const rows = el("ul", { class: "sam-real-rows" });
    const go = el("button", { type: "button", class: "sam-button", id: "sam-real-go" });

    const choose = () => {
      const spec = props.corpora[corpus.value];
      note.textContent = spec?.note ?? "";
      filter.value = spec?.filter ?? "";
      ofFolder.forEach((each) => { each.hidden = Boolean(spec); });
      label();
    };
    const label = () => { go.textContent = say(props.value.rows?.length ? "real.others" : props.corpora[corpus.value] ? "real.fetch" : "real.open"); };
    const ask = () => {
      const named = Boolean(props.corpora[corpus.value]);
      props.value = { state: "asked", corpus: corpus.value, filter: filter.value, ...(named ? {} : { kind: kind.value, folder: folder.value }), stamp: page.stamp() };
      notice.textContent = say("real.asked");
      trigger("submit");
    };
    const show = () => {
      const { state, notice: says, rows: found } = props.value;
      if (state === "asked") return;
      notice.textContent = says;
      notice.classList.toggle("sam-problem", state === "error");
      rows.replaceChildren(...(found || []).map((row) => el("li", {}, el("button", { type: "button", class: "sam-real-row",
        onclick: () => page.openClip({ ...row, id: `${row.visit}/${row.clip}` }) },
        el("span", { class: "sam-clip-text" }, `“${row.reference}”`), el("span", { class: "sam-clip-facts" }, row.facts)))));
      label();
    };

    corpus.addEventListener("change", choose);
    go.addEventListener("click", ask);
    for (const field of [folder, filter]) field.addEventListener("keydown", (event) => { if (event.key === "Enter") ask(); });
    element.replaceChildren(el("details", { class: "sam-real" }, el("summary", {}, say("real.title")),
      el("p", { class: "sam-hint" }, props.words), labelled("corpus", corpus), note, ...ofFolder, labelled("filter", filter), go, notice, rows));
    page.follow(props, watch, show);
    choose();
  };
})();
