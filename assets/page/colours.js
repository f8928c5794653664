/* Numbers as colours: scales that are shared by what is compared, and the same in the legend as in the picture. No document in here. */
(() => {
  "use strict";
  const page = (window.SAMerge = window.SAMerge || {});

  const mixed = (one, other, share) => one.map((value, index) => Math.round(value + (other[index] - value) * share));

  /** Between stops of a ramp ([[r, g, b], …]), `share` from 0 to 1 and held to that. */
  page.ramp = (stops, share) => {
    const place = Math.max(0, Math.min(1, share)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(place));
    return mixed(stops[low], stops[low + 1], place - low);
  };

  /** Ramps on light and on dark ground: `sound` for loudness, `much` for a share of attention, `less` and `more` for a difference. */
  page.RAMPS = {
    light: {
      sound: [[255, 255, 255], [214, 221, 230], [120, 136, 158], [40, 52, 72]],
      much: [[255, 255, 255], [196, 181, 253], [109, 40, 217], [46, 16, 101]],
      less: [[255, 255, 255], [253, 186, 116], [180, 83, 9]],
      more: [[255, 255, 255], [147, 197, 253], [29, 78, 216]],
    },
    dark: {
      sound: [[15, 23, 42], [45, 58, 82], [110, 128, 155], [226, 232, 240]],
      much: [[15, 23, 42], [76, 29, 149], [167, 139, 250], [245, 243, 255]],
      less: [[15, 23, 42], [146, 84, 20], [253, 186, 116]],
      more: [[15, 23, 42], [37, 80, 170], [147, 197, 253]],
    },
  };

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  /** Python's uint16 in base64 → numbers from 0 to `highest`. */
  page.unpacked = (text, highest) => {
    const view = new DataView(bytes(text).buffer);
    return Float32Array.from({ length: view.byteLength / 2 }, (_, index) => (view.getUint16(2 * index, true) / 65535) * highest);
  };

  /** Python's bytes in base64 → shades from 0 to 255. */
  page.shades = bytes;

  /** The value below which a share of all values lies: a single peak must not darken a whole picture. */
  page.quantile = (values, share) => {
    const sorted = Float32Array.from(values).sort();
    return sorted.length ? sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] : 0;
  };

  /** The scales of a look's maps: one for M1, the merge and M2, and one for the difference, which reaches as far to both sides. */
  page.scales = (maps) => {
    const difference = maps.merge.map((value, index) => value - maps.m1[index]);
    const top = Math.max(...["m1", "merge", "m2"].map((name) => page.quantile(maps[name], 0.99)));
    return { difference, top: top || 1e-6, reach: page.quantile(difference.map(Math.abs), 0.99) || 1e-6 };
  };
})();
