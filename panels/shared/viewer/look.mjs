// How pictures are looked at: kept by the viewer's key, or its group's, for as long as the page is open. Viewers of one
// group share a look, so that they move as one.
import { PRESETS } from "./picture.mjs";

const looks = new Map();

const PLAIN = { view: { zoom: 1, x: 0.5, y: 0.5 }, preset: "Default", low: 0, high: 1, layers: {}, swipe: false, divider: 0.5 };
const STYLE = { fill: false, maskOpacity: 1, heatOpacity: 0.5, colours: 0 };

// The shared look of a group with the viewers that show it.
export function lookOf(group) {
  if (!looks.has(group)) looks.set(group, { look: { ...structuredClone(PLAIN), ...STYLE, tool: "move", probe: null, mark: null }, viewers: new Set() });
  return looks.get(group);
}

export function plain() {
  return { ...structuredClone(PLAIN), mark: null };
}

export function withPreset(name) {
  const [low, high] = PRESETS[name] ?? [0, 1];
  return { preset: name, low, high };
}

export function nextPreset(name) {
  const names = Object.keys(PRESETS);
  return names[(names.indexOf(name) + 1) % names.length];
}
