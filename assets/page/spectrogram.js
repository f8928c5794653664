/* Pictures over time: the clip's log-mel spectrogram with the playhead, and a map of attention with a row for each token. Both begin at
   the same place and have the same scale, so that what stands below a sound is of that sound. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});
  const { el } = page;
  const LEFT = 92;
  const SOUND = 96;
  const LABELS = 18;
  const ROW = 17;
  const PER_SECOND = 50; // positions of attention

  const dark = () => document.body.classList.contains("dark");
  const ramps = () => page.RAMPS[dark() ? "dark" : "light"];
  const ink = (node, name) => getComputedStyle(node).getPropertyValue(name).trim();

  /** A canvas as wide as its place, sharp on any screen; `draw(context, width, height)` whenever it has changed. */
  const surface = (label, heightOf, draw) => {
    const canvas = el("canvas", { class: "sam-canvas", role: "img", "aria-label": label, tabindex: 0 });
    const redraw = () => {
      const width = canvas.clientWidth;
      if (!width) return;
      const height = heightOf();
      const scale = window.devicePixelRatio || 1;
      canvas.style.height = `${height}px`;
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      const context = canvas.getContext("2d");
      context.scale(scale, scale);
      context.font = `12px ${getComputedStyle(canvas).fontFamily}`;
      draw(context, width, height, canvas);
    };
    new ResizeObserver(redraw).observe(canvas);
    new MutationObserver(redraw).observe(document.body, { attributeFilter: ["class"] }); // dark or light
    return { canvas, redraw };
  };

  /** A grid of numbers as an image, `colour(index)` of each. */
  const image = (columns, rows, colour) => {
    const picture = el("canvas", { width: columns, height: rows });
    const context = picture.getContext("2d");
    const pixels = context.createImageData(columns, rows);
    for (let index = 0; index < columns * rows; index += 1) pixels.data.set([...colour(index), 255], 4 * index);
    context.putImageData(pixels, 0, 0);
    return picture;
  };

  const place = (look, width) => ({
    x: (seconds) => LEFT + (seconds / look.seconds) * (width - LEFT),
    seconds: (x) => Math.max(0, Math.min(look.seconds, ((x - LEFT) / (width - LEFT)) * look.seconds)),
  });

  /** The sound: `jumped(seconds)` when somebody points into it, or moves with the arrow keys. */
  page.spectrogram = (jumped) => {
    let look = null;
    let head = 0;
    let lines = []; // attention of one token: [{values, colour, dash}]
    let picture = null;
    let drawnDark = null;
    const draw = (context, width, height, canvas) => {
      if (!look) return;
      const { x } = place(look, width);
      const { bins, frames, shades } = look.mel;
      if (!picture || drawnDark !== dark()) {
        drawnDark = dark();
        const values = page.shades(shades);
        const colours = Array.from({ length: 256 }, (_, shade) => page.ramp(ramps().sound, shade / 255));
        picture = image(frames, bins, (index) => colours[values[(bins - 1 - Math.floor(index / frames)) * frames + (index % frames)]]);
      }
      context.clearRect(0, 0, width, height);
      context.imageSmoothingEnabled = false;
      context.drawImage(picture, LEFT, LABELS, width - LEFT, SOUND);
      context.fillStyle = ink(canvas, "--body-text-color-subdued");
      context.fillText(page.say("spectrogram.high"), 4, LABELS + 11);
      context.fillText(page.say("spectrogram.low"), 4, LABELS + SOUND - 3);
      if (look.seconds - look.sounds > 0.8) context.fillText(page.say("spectrogram.silence"), x(look.sounds) + 6, LABELS + SOUND / 2, width - x(look.sounds) - 8);
      let free = 0;
      for (const word of look.words) {
        context.strokeStyle = ink(canvas, "--sam-grid");
        context.beginPath();
        for (const edge of [word.start, word.end]) { context.moveTo(x(edge), LABELS); context.lineTo(x(edge), LABELS + SOUND); }
        context.stroke();
        const from = Math.max(x(word.start), free);
        if (from - x(word.start) > 24) continue;
        context.fillStyle = ink(canvas, "--body-text-color");
        context.fillText(word.text, from, LABELS - 5);
        free = from + context.measureText(word.text).width + 5;
      }
      for (const { values, colour, dash } of lines) {
        const top = Math.max(...lines.map((line) => Math.max(...line.values))) || 1;
        context.strokeStyle = ink(canvas, colour);
        context.lineWidth = 2;
        context.setLineDash(dash);
        context.beginPath();
        values.forEach((value, index) => context.lineTo(x((index + 0.5) / PER_SECOND), LABELS + SOUND - 2 - (value / top) * (SOUND - 8)));
        context.stroke();
        context.setLineDash([]);
      }
      context.strokeStyle = ink(canvas, "--sam-wrong");
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x(head), LABELS - 3);
      context.lineTo(x(head), height);
      context.stroke();
      context.fillStyle = ink(canvas, "--body-text-color-subdued");
      for (let second = 0; second <= look.seconds; second += 1) context.fillText(`${second} s`, Math.min(x(second), width - 22), height - 4);
    };
    const { canvas, redraw } = surface(page.say("spectrogram.label"), () => LABELS + SOUND + 18, draw);
    canvas.addEventListener("click", (event) => { if (look) jumped(place(look, canvas.clientWidth).seconds(event.offsetX)); });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 0.1, ArrowLeft: -0.1 }[event.key];
      if (!step || !look) return;
      event.preventDefault();
      jumped(Math.max(0, Math.min(look.seconds, head + step)));
    });
    return {
      node: canvas,
      show: (next) => { look = next; picture = null; lines = []; redraw(); },
      playhead: (seconds) => { head = seconds; redraw(); },
      lines: (next) => { lines = next; redraw(); },
    };
  };

  const TWO_SIDED = 0.5; // the upper half of a row is for more, the lower for less

  /** Attention: a row for each token. `pointed(token, position)` while somebody points or walks with the arrow keys. */
  page.attentionMap = (pointed, jumped) => {
    let look = null;
    let map = null; // {values, tokens, positions, top, signed}
    let at = null;
    const rowOf = (y) => Math.max(0, Math.min(map.tokens - 1, Math.floor(y / ROW)));
    const draw = (context, width, height, canvas) => {
      if (!map) return;
      const { x } = place(look, width);
      const { values, tokens, positions, top, signed } = map;
      context.clearRect(0, 0, width, height);
      context.imageSmoothingEnabled = false;
      const rows = signed ? 2 * tokens : tokens;
      const colour = (index) => {
        const [row, column] = [Math.floor(index / positions), index % positions];
        if (!signed) return page.ramp(ramps().much, values[index] / top);
        const value = values[Math.floor(row * TWO_SIDED) * positions + column];
        const upper = row % 2 === 0;
        return page.ramp(upper ? ramps().more : ramps().less, upper ? Math.max(0, value) / top : Math.max(0, -value) / top);
      };
      context.drawImage(image(positions, rows, colour), LEFT, 0, x(positions / PER_SECOND) - LEFT, tokens * ROW);
      context.strokeStyle = ink(canvas, "--sam-grid");
      context.fillStyle = ink(canvas, "--body-text-color");
      look.pieces.forEach((piece, token) => {
        context.beginPath();
        context.moveTo(LEFT, (token + 1) * ROW);
        context.lineTo(width, (token + 1) * ROW);
        context.stroke();
        const label = piece === "■" ? page.say("spectrogram.end") : page.pieceText(piece);
        context.fillText(label, 4, token * ROW + 13, LEFT - 10);
      });
      if (!at) return;
      context.strokeStyle = ink(canvas, "--sam-wrong");
      context.lineWidth = 1.5;
      context.strokeRect(1, at.token * ROW + 0.5, width - 2, ROW);
      context.beginPath();
      context.moveTo(x((at.position + 0.5) / PER_SECOND), at.token * ROW);
      context.lineTo(x((at.position + 0.5) / PER_SECOND), (at.token + 1) * ROW);
      context.stroke();
    };
    const { canvas, redraw } = surface(page.say("spectrogram.map"), () => (map ? map.tokens * ROW + 1 : ROW), draw);
    const point = (token, position) => { at = { token, position }; redraw(); pointed(token, position); };
    const positionOf = (x) => Math.max(0, Math.min(map.positions - 1, Math.floor(place(look, canvas.clientWidth).seconds(x) * PER_SECOND)));
    canvas.addEventListener("pointermove", (event) => { if (map) point(rowOf(event.offsetY), positionOf(event.offsetX)); });
    canvas.addEventListener("click", (event) => { if (map) jumped(positionOf(event.offsetX) / PER_SECOND); });
    canvas.addEventListener("keydown", (event) => {
      const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 5], ArrowLeft: [0, -5] }[event.key] || [0, 0];
      if (!map || (!down && !right)) return;
      event.preventDefault();
      const from = at || { token: 0, position: 0 };
      point(Math.max(0, Math.min(map.tokens - 1, from.token + down)), Math.max(0, Math.min(map.positions - 1, from.position + right)));
    });
    return {
      node: canvas,
      show: (nextLook, nextMap) => { look = nextLook; map = nextMap; if (at && at.token >= map.tokens) at = null; redraw(); if (at) pointed(at.token, at.position); },
    };
  };

  /** The colours of a map and what they stand for. */
  page.colourBar = (map) => {
    const bar = el("canvas", { width: 160, height: 12, class: "sam-colour-bar", "aria-hidden": "true" });
    const context = bar.getContext("2d");
    for (let pixel = 0; pixel < 160; pixel += 1) {
      const share = pixel / 159;
      const colour = map.signed ? (share < 0.5 ? page.ramp(ramps().less, 1 - 2 * share) : page.ramp(ramps().more, 2 * share - 1)) : page.ramp(ramps().much, share);
      context.fillStyle = `rgb(${colour.join()})`;
      context.fillRect(pixel, 0, 1, 12);
    }
    const figure = map.top.toPrecision(2);
    return el("span", { class: "sam-colours" }, map.signed ? `▼ −${figure}` : "0", bar, map.signed ? `▲ +${figure}` : page.say("spectrogram.and_more", { value: figure }));
  };
})();
