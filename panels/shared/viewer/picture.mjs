// From the packed bytes of viewer.py to the pixels that are drawn. Pure functions; node's tests import them.

// The header, an object, and the deflated planes of a packed picture.
export function unpack(packed) {
  const length = new DataView(packed.buffer, packed.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + length)));
  return { header, deflated: packed.subarray(4 + length) };
}

export async function inflate(deflated) {
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// The planes of inflated bytes: values (low bytes, then high bytes), a plane a layer, a colour table a colour map.
export function splitPlanes(header, bytes) {
  const size = header.width * header.height;
  let at = 0;
  const take = (length) => bytes.subarray(at, (at += length));
  let values = take(size);
  if (header.bytes === 2) {
    const low = values;
    const high = take(size);
    values = new Uint16Array(size);
    for (let i = 0; i < size; i++) values[i] = low[i] | (high[i] << 8);
  }
  const layers = header.layers.map(() => take(size));
  const tables = header.maps.map(() => take(768));
  return { values, layers, tables };
}

// Grey of every stored value as RGBA words: as core.inference.render.grey_image, which cuts decimals off.
export function greyTable(header, low, high) {
  const table = new Uint32Array(header.bytes === 2 ? 65536 : 256);
  const span = Math.max(high - low, 1.1754944e-38);
  for (let stored = 0; stored < table.length; stored++) {
    const value = header.offset + stored * header.scale;
    const grey = Math.trunc(Math.min(Math.max((value - low) / span, 0), 1) * 255);
    table[stored] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return table;
}

export function paintGrey(values, table, words) {
  for (let i = 0; i < words.length; i++) words[i] = table[values[i]];
}

// The line around a mask, outside it: as core.inference.render.outline.
export function outline(mask, width, height) {
  const wide = Math.max(1, roundHalfEven(Math.max(width, height) / 256));
  let grown = mask;
  for (let turn = 0; turn < wide; turn++) {
    const before = grown;
    grown = before.slice();
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        if (before[i]) continue;
        if ((x && before[i - 1]) || (x < width - 1 && before[i + 1]) || (y && before[i - width]) || (y < height - 1 && before[i + width])) grown[i] = 1;
      }
    }
  }
  return grown.map((inside, i) => (inside && !mask[i] ? 1 : 0));
}

// As Python's round and numpy's rint.
export function roundHalfEven(number) {
  const rounded = Math.round(number);
  return Math.abs(number % 1) === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

// Draw a heat map's colours into transparent RGBA bytes: opacity times the root of the heat, as overlay_heat_map.
export function paintHeat(heat, table, opacity, rgba) {
  for (let i = 0, at = 0; i < heat.length; i++, at += 4) {
    const value = heat[i];
    if (!value) continue;
    const entry = value * 3;
    rgba[at] = table[entry];
    rgba[at + 1] = table[entry + 1];
    rgba[at + 2] = table[entry + 2];
    rgba[at + 3] = Math.round(255 * opacity * Math.sqrt(value / 255));
  }
}

// Draw a colour of an opacity wherever an area is, over what the RGBA bytes hold.
export function paintArea(area, colour, opacity, rgba) {
  for (let i = 0, at = 0; i < area.length; i++, at += 4) {
    if (!area[i]) continue;
    const below = (rgba[at + 3] / 255) * (1 - opacity);
    const alpha = opacity + below;
    if (!alpha) continue;
    for (let c = 0; c < 3; c++) rgba[at + c] = Math.round((colour[c] * opacity + rgba[at + c] * below) / alpha);
    rgba[at + 3] = Math.round(255 * alpha);
  }
}

export const FILL_OPACITY = 0.4;
const AREA_OPACITY = 0.75;

// All layers that are on, into cleared RGBA bytes. Outlines are kept from call to call in `kept`, an array.
export function paintLayers(header, planes, look, rgba, kept) {
  rgba.fill(0);
  const on = (layer) => look.layers[layer.name] ?? layer.on;
  const paint = (kind, draw) => header.layers.forEach((layer, i) => layer.kind === kind && on(layer) && draw(layer, i));
  paint("heat", (layer, i) => paintHeat(planes.layers[i], planes.tables[look.colours], look.heatOpacity, rgba));
  paint("area", (layer, i) => paintArea(planes.layers[i], layer.colour, look.maskOpacity * AREA_OPACITY, rgba));
  paint("mask", (layer, i) => {
    if (look.fill) return paintArea(planes.layers[i], layer.colour, look.maskOpacity * FILL_OPACITY, rgba);
    kept[i] ??= outline(planes.layers[i], header.width, header.height);
    paintArea(kept[i], layer.colour, look.maskOpacity, rgba);
  });
}

// Window presets as [low, high], relative to the slice's own window, which is [0, 1]; null is the whole range.
export const PRESETS = { Default: [0, 1], "Full range": null, Bright: [0, 0.6], Dark: [0, 1.7], "High contrast": [0.3, 0.8] };

// The intensities drawn black and white of a look on a slice.
export function windowOf(header, look) {
  const [low, high] = header.window;
  if (look.preset === "Full range") return [header.offset, header.offset + header.scale * header.top];
  return [low + look.low * (high - low), low + look.high * (high - low)];
}

// A look's window after a drag: right widens it, up brightens; a step of 1 is the whole default window.
export function draggedWindow(header, look, right, up) {
  const [first, last] = header.window;
  const [low, high] = windowOf(header, look).map((value) => (value - first) / (last - first || 1));
  const width = Math.max(0.01, (high - low) * Math.exp(right));
  const level = (low + high) / 2 - up;
  return { preset: "Custom", low: level - width / 2, high: level + width / 2 };
}
