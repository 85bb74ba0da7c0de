// Where the picture lies on the stage, and lengths on it. Pure functions; node's tests import them.
import { numberText, say } from "./words.mjs";

export const MAX_ZOOM = 32;

// The scale in stage pixels per picture pixel, and the place of the picture's corner, of a view on a stage.
export function placement(view, picture, stage) {
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height) * view.zoom;
  return { scale, left: stage.width / 2 - view.x * picture.width * scale, top: stage.height / 2 - view.y * picture.height * scale };
}

// The place on the picture, in its pixels, below a point of the stage.
export function toPicture(place, point) {
  return { x: (point.x - place.left) / place.scale, y: (point.y - place.top) / place.scale };
}

export function toStage(place, point) {
  return { x: place.left + point.x * place.scale, y: place.top + point.y * place.scale };
}

// A view kept within the picture and the zoom; unzoomed the picture stands in the middle.
export function clamped(view) {
  const zoom = Math.min(Math.max(view.zoom, 1), MAX_ZOOM);
  const limit = (part) => Math.min(Math.max(part, 0.5 / zoom), 1 - 0.5 / zoom);
  return { zoom, x: limit(view.x), y: limit(view.y) };
}

// The view after a zoom that leaves the picture below a point of the stage where it is.
export function zoomed(view, factor, point, picture, stage) {
  const fixed = toPicture(placement(view, picture, stage), point);
  const zoom = Math.min(Math.max(view.zoom * factor, 1), MAX_ZOOM);
  const { scale } = placement({ ...view, zoom }, picture, stage);
  return clamped({
    zoom,
    x: (fixed.x - (point.x - stage.width / 2) / scale) / picture.width,
    y: (fixed.y - (point.y - stage.height / 2) / scale) / picture.height,
  });
}

// The view after a move by stage pixels.
export function panned(view, right, down, picture, stage) {
  const { scale } = placement(view, picture, stage);
  return clamped({ ...view, x: view.x - right / scale / picture.width, y: view.y - down / scale / picture.height });
}

// The length of a line between places in picture pixels: millimetres where the spacing is known, else the file's pixels.
export function lengthText(from, to, header) {
  const pixels = Math.hypot(to.x - from.x, to.y - from.y) * header.step;
  const length = numberText(header, (pixels * (header.spacing || 1)).toFixed(1));
  return header.spacing ? `${length} mm` : `${length} px`;
}

// What lies below a place: pixel, value, probability, millimetres from the upper left corner; null outside.
export function probeText(place, header, planes) {
  const [x, y] = [Math.floor(place.x), Math.floor(place.y)];
  if (x < 0 || y < 0 || x >= header.width || y >= header.height) return null;
  const at = y * header.width + x;
  const value = header.offset + header.scale * planes.values[at];
  const parts = [`x ${x * header.step}, y ${y * header.step}`, say(header, "value {value}", { value: numberText(header, Number(value.toPrecision(5))) })];
  const probability = header.layers.findIndex((layer) => layer.kind === "probability");
  if (probability >= 0) parts.push(say(header, "tumour {probability}", { probability: probabilityText(planes.layers[probability][at]) }));
  const millimetres = (pixel) => numberText(header, (pixel * header.step * header.spacing).toFixed(1));
  if (header.spacing) parts.push(`${millimetres(x)}, ${millimetres(y)} mm`);
  return parts.join(" · ");
}

// A stored probability, never rounded to a certainty; no line breaks within it.
export function probabilityText(stored) {
  if (stored === 255) return ">\u00a099\u00a0%";
  return stored ? `${Math.max(1, Math.min(99, Math.round(stored / 2.55)))}\u00a0%` : "<\u00a01\u00a0%";
}

// The rectangle between two places, [top, bottom, left, right] in the file's pixels; null where it is too small.
export function cropBox(from, to, header) {
  const range = (a, b, length) => [Math.max(0, Math.floor(Math.min(a, b))), Math.min(length, Math.ceil(Math.max(a, b)))];
  const [left, right] = range(from.x, to.x, header.width);
  const [top, bottom] = range(from.y, to.y, header.height);
  if (Math.min(right - left, bottom - top) * header.step < header.least) return null;
  return [top, bottom, left, right].map((edge) => edge * header.step);
}
