/* The lens: a closer look at the clip on the page. It tells every model the same words and shows what each thinks of them (the panel of a
   word) and where each looks in the sound (the attention). Its value is what was asked, then Python's answer. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;
  const CURVES = [["m1", "--sam-child", []], ["merge", "--body-text-color", []], ["m2", "--sam-adult", [5, 4]]];

  page.mountLens = (element, props, trigger, watch) => {
    let answer = null; // the last look, whole
    let heard = null; // what the transcripts above are of
    let open = null; // number of the word whose panel is open
    let due = null; // whether the word is to be played when it comes
    let asked = 0;
    let shown = "m1";
    let maps = null;
    const wanted = { text: "reference", layer: null, head: null };

    const sound = page.soundOf((seconds) => picture.playhead(seconds));
    const picture = page.spectrogram((seconds) => { sound.seek(seconds); picture.playhead(seconds); });
    const map = page.attentionMap((token, position) => point(token, position), (seconds) => sound.seek(seconds));

    const status = el("p", { class: "sam-lens-status", role: "status" });
    const pointed = el("p", { class: "sam-lens-pointed" }, page.say("lens.point"));
    const bar = el("p", { class: "sam-scale" });
    const which = el("fieldset", { class: "sam-boxes" }, el("legend", {}, page.say("lens.show")),
      ...["m1", "merge", "m2", "difference"].map((name) => el("label", { class: "sam-check" },
        el("input", { type: "radio", name: "sam-attention", value: name, checked: name === shown, onchange: () => { shown = name; drawMap(); } }), el("span", { "data-title": name }, name))));
    const choice = (label, changed) => {
      const select = el("select", { "aria-label": label, onchange: () => changed(select.value === "" ? null : Number(select.value)) });
      return { node: el("label", { class: "sam-check" }, label, select), select };
    };
    const layer = choice(page.say("lens.layer"), (value) => { wanted.layer = value; wanted.head = null; ask(); });
    const head = choice(page.say("lens.head"), (value) => { wanted.head = value; ask(); });
    const text = el("select", { "aria-label": page.say("lens.text"), onchange: () => { wanted.text = text.value; ask(); } },
      el("option", { value: "reference" }, page.say("lens.reference")), el("option", { value: "merge" }, page.say("lens.merge")));

    const panel = el("div", { class: "sam-word-place", hidden: true });
    const body = el("div", { class: "sam-lens-body", hidden: true },
      el("div", { class: "sam-row" }, sound.node, el("span", { class: "sam-hint" }, page.say("lens.seek"))),
      picture.node,
      el("div", { class: "sam-row sam-lens-choices" }, which, layer.node, head.node, el("label", { class: "sam-check" }, page.say("lens.text"), text)),
      el("p", { class: "sam-hint" }, page.say("lens.rows")), bar,
      map.node, pointed, el("p", { class: "sam-hint" }, page.say("lens.note")));
    const fold = el("details", { class: "sam-fold", id: "sam-lens" },
      el("summary", {}, el("b", {}, page.say("lens.title")), " ", el("small", {}, page.say("lens.subtitle"))), status, body);
    element.replaceChildren(panel, fold);

    const ask = () => {
      asked = page.stamp();
      status.textContent = page.say("lens.asked");
      page.asked.lens = props.value = { state: "asked", stamp: asked, ...wanted, have: answer?.key ?? null };
      trigger("submit");
    };

    /** Whether the look is of what is on the page. */
    const current = () => Boolean(answer && page.recipe && page.sameRecipe(answer.recipe, page.recipe) && heard
      && answer.reference === heard.reference && answer.clip === heard.clip);

    const point = (token, position) => {
      const value = (name) => maps[name][token * maps.positions + position].toFixed(3);
      const difference = maps.difference[token * maps.positions + position];
      pointed.textContent = page.say("lens.pointed", {
        token: page.pieceText(answer.look.pieces[token]), time: (position / 50).toFixed(2), m1: value("m1"), merge: value("merge"), m2: value("m2"),
        difference: `${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(3)}` });
      picture.lines(CURVES.map(([name, colour, dash]) => ({ values: maps[name].slice(token * maps.positions, (token + 1) * maps.positions), colour, dash })));
    };

    const drawMap = () => {
      if (!maps) return;
      const signed = shown === "difference";
      const drawn = { values: maps[shown], tokens: maps.tokens, positions: maps.positions, top: signed ? maps.reach : maps.top, signed };
      bar.replaceChildren(page.say("lens.scale"), " ", page.colourBar(drawn), signed ? ` ${page.say("lens.signed")}` : "");
      map.show(answer.look, drawn);
    };

    const options = (select, entries, chosen) => {
      select.replaceChildren(...entries.map(([value, label]) => el("option", { value: value ?? "" }, label)));
      select.value = chosen ?? "";
    };

    const drawChoices = () => {
      const { heads } = answer.look;
      const share = (value) => `${Math.round(100 * value)} %`;
      options(layer.select, [[null, page.say("lens.best", { count: answer.look.averaged })], ...heads.map((_, index) => [index, page.say("lens.layer_of", { layer: index })])], answer.layer);
      options(head.select, answer.layer === null ? [[null, page.say("lens.mean_of_best")]]
        : [[null, page.say("lens.mean")], ...heads[answer.layer].map((value, index) => [index, page.say("lens.head_of", { head: index, share: share(value) })])], answer.head);
      head.select.disabled = answer.layer === null;
      text.value = answer.text;
      text.options[0].disabled = !answer.reference;
      for (const each of which.querySelectorAll("[data-title]")) each.textContent = each.dataset.title === "difference" ? page.say("lens.difference") : answer.titles[each.dataset.title];
    };

    const close = () => {
      const word = open;
      open = null;
      panel.hidden = true;
      panel.replaceChildren();
      document.querySelector(`#transcripts [data-word="${word}"]`)?.focus();
    };
    const drawPanel = () => {
      if (open === null) return;
      panel.hidden = false;
      if (!answer || !current() || answer.text !== "reference") return;
      panel.replaceChildren(page.wordPanel(answer, open, { play: sound.stretch, close }));
    };

    /** Open the panel of a word that was said, by its number among the words as they are scored. */
    page.openWord = (index, word) => {
      open = index;
      wanted.text = "reference";
      panel.hidden = false;
      if (current() && answer.text === "reference") { drawPanel(); return; }
      panel.replaceChildren(el("p", { class: "sam-notice", role: "status" }, page.say("word.asked", { word })));
      ask();
    };

    const take = async (value) => {
      answer = { ...value, look: value.look || answer.look, sound: value.sound || answer.sound };
      const { attention } = value;
      const unpacked = Object.fromEntries(Object.entries(attention.maps).map(([name, packed]) => [name, page.unpacked(packed, attention.highest)]));
      maps = { ...unpacked, ...page.scales(unpacked), tokens: attention.tokens, positions: attention.positions };
      status.textContent = "";
      body.hidden = false;
      if (value.look) picture.show(answer.look);
      drawChoices();
      drawMap();
      drawPanel();
      if (answer.sound) await sound.take(answer.sound);
    };

    fold.addEventListener("toggle", () => { if (fold.open && !current()) ask(); });
    page.onHeard((value) => {
      const other = heard && (heard.clip !== value.clip || heard.reference !== value.reference);
      heard = value;
      if (other && open !== null) close();
      // A word's panel and the open lens follow the hand; asked is only what is looked at.
      if ((fold.open || open !== null) && value.state !== "shipped" && !current()) ask();
    });
    page.onRecipe(() => element.classList.toggle("sam-lens-stale", Boolean(answer) && !current()));
    page.follow(props, watch, () => {
      const next = props.value || {};
      if (next.state === "asked" || next.state === "closed" || (next.stamp || 0) < asked) return;
      if (next.state === "done") take(next);
      else {
        status.textContent = next.notice || "";
        if (next.state === "error" && open !== null && !current()) panel.replaceChildren(el("p", { class: "sam-notice sam-notice-error", role: "alert" }, next.notice));
      }
      element.classList.toggle("sam-lens-stale", Boolean(answer) && !current());
    });
  };
})();
