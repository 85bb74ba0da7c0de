// The viewer's pure functions, by node's test runner: node --test tests/panels/shared/viewer
import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { clamped, cropBox, lengthText, MAX_ZOOM, panned, placement, probabilityText, probeText, toPicture, toStage, zoomed } from "../../../../panels/shared/viewer/geometry.mjs";
import { draggedWindow, greyTable, inflate, outline, paintArea, paintGrey, paintHeat, paintLayers, PRESETS, roundHalfEven, splitPlanes, unpack, windowOf } from "../../../../panels/shared/viewer/picture.mjs";
import { nextPreset, plain, withPreset } from "../../../../panels/shared/viewer/look.mjs";
import { crc32, withComment } from "../../../../panels/shared/viewer/png.mjs";

const header = { width: 4, height: 2, bytes: 1, offset: 0, scale: 1, top: 200, window: [20, 120], step: 1, spacing: 0.5, least: 1, layers: [], maps: ["Inferno"] };
const picture = { width: 512, height: 256 };
const stage = { width: 600, height: 600 };
const centre = { zoom: 1, x: 0.5, y: 0.5 };
const near = (one, other) => assert.ok(Math.abs(one - other) < 1e-6, `${one} is not ${other}`);

test("a packed picture is unpacked", async () => {
  const text = new TextEncoder().encode(JSON.stringify({ ...header, bytes: 2, layers: [{}] }));
  const planes = [...Array(8).keys(), ...Array(8).fill(1), ...Array(8).fill(7), ...Array(768).fill(9)];
  const packed = new Uint8Array([text.length, 0, 0, 0, ...text, ...deflateSync(new Uint8Array(planes))]);
  const found = unpack(packed);
  const { values, layers, tables } = splitPlanes(found.header, await inflate(found.deflated));
  assert.deepEqual([...values], [256, 257, 258, 259, 260, 261, 262, 263]);
  assert.deepEqual([...layers[0]], Array(8).fill(7));
  assert.equal(tables[0].length, 768);
});

test("a window cuts decimals off, as the page's own pictures", () => {
  const words = new Uint32Array(5);
  paintGrey(new Uint8Array([0, 20, 70, 120, 200]), greyTable(header, 20, 120), words);
  assert.deepEqual([...words].map((word) => word & 255), [0, 0, 127, 255, 255]);
  assert.ok([...words].every((word) => word >>> 24 === 255));
});

test("presets and drags are relative to the slice's own window", () => {
  for (const [name, relative] of Object.entries(PRESETS)) {
    const found = windowOf(header, withPreset(name));
    assert.deepEqual(found, relative ? relative.map((part) => 20 + part * 100) : [0, 200]);
  }
  const [low, high] = windowOf(header, draggedWindow(header, plain(), Math.LN2, 0.5));
  near(high - low, 200);
  near((low + high) / 2, 20);
  const full = draggedWindow(header, withPreset("Full range"), 0, 0);
  windowOf(header, full).forEach((value, i) => near(value, [0, 200][i]));
  assert.equal(nextPreset("Custom"), "Default");
});

test("an outline lies outside the mask and keeps to the picture", () => {
  const mask = new Uint8Array([0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  assert.deepEqual([...outline(mask, 4, 3)], [0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0]);
  assert.deepEqual([...outline(new Uint8Array([1, 0]), 2, 1)], [0, 1]);
  assert.deepEqual([0.5, 1.5, 2.5, 2.4].map(roundHalfEven), [0, 2, 2, 2]);
});

test("heat is as strong as its root, and a mask lies over it", () => {
  const table = Uint8Array.from({ length: 768 }, (_, i) => Math.floor(i / 3));
  const rgba = new Uint8ClampedArray(12);
  paintHeat(new Uint8Array([0, 64, 255]), table, 0.5, rgba);
  assert.deepEqual([...rgba], [0, 0, 0, 0, 64, 64, 64, 64, 255, 255, 255, 128]);
  paintArea(new Uint8Array([1, 0, 1]), [0, 229, 255], 1, rgba);
  assert.deepEqual([...rgba], [0, 229, 255, 255, 64, 64, 64, 64, 0, 229, 255, 255]);
});

test("layers are painted where they are on, as outline or filled", () => {
  const mask = { name: "Mask", kind: "mask", colour: [10, 20, 30], on: true };
  const small = { ...header, width: 3, height: 1, layers: [mask] };
  const planes = { layers: [new Uint8Array([0, 1, 0])], tables: [] };
  const painted = (look) => {
    const rgba = new Uint8ClampedArray(12);
    paintLayers(small, planes, { layers: {}, fill: false, maskOpacity: 1, ...look }, rgba, []);
    return [rgba[3], rgba[7], rgba[11]];
  };
  assert.deepEqual(painted({}), [255, 0, 255]);
  assert.deepEqual(painted({ fill: true }), [0, 102, 0]);
  assert.deepEqual(painted({ layers: { Mask: false } }), [0, 0, 0]);
  mask.kind = "area";
  assert.deepEqual(painted({}), [0, 191, 0]);
});

test("a picture fits the stage, and places go to it and back", () => {
  const place = placement(centre, picture, stage);
  near(place.scale, 600 / 512);
  near(place.top, (600 - 256 * place.scale) / 2);
  const back = toPicture(place, toStage(place, { x: 100, y: 30 }));
  near(back.x, 100);
  near(back.y, 30);
});

test("a zoom keeps what is below the pointer, within its bounds", () => {
  const point = { x: 200, y: 250 };
  const before = toPicture(placement({ zoom: 3, x: 0.5, y: 0.5 }, picture, stage), point);
  const view = zoomed({ zoom: 3, x: 0.5, y: 0.5 }, 2, point, picture, stage);
  const after = toPicture(placement(view, picture, stage), point);
  near(before.x, after.x);
  near(before.y, after.y);
  assert.equal(zoomed(centre, 1e9, point, picture, stage).zoom, MAX_ZOOM);
  assert.deepEqual(zoomed(centre, 0.1, point, picture, stage), centre);
});

test("a move stops at the picture's edge", () => {
  assert.deepEqual(panned(centre, 500, 0, picture, stage), centre);
  assert.deepEqual(clamped({ zoom: 2, x: 0, y: 9 }), { zoom: 2, x: 0.25, y: 0.75 });
});

test("lengths are millimetres where the spacing is known, else the file's pixels", () => {
  const line = [{ x: 0, y: 0 }, { x: 3, y: 4 }];
  assert.equal(lengthText(...line, header), "2.5 mm");
  assert.equal(lengthText(...line, { ...header, step: 2, spacing: null }), "10.0 px");
});

test("the place below the pointer is read, and nothing outside", () => {
  const full = { ...header, layers: [{ kind: "mask" }, { kind: "probability" }] };
  const planes = { values: Uint8Array.from([0, 1, 2, 3, 4, 5, 6, 7]), layers: [[], [0, 0, 0, 0, 0, 0, 255, 0]] };
  assert.equal(probeText({ x: 2.9, y: 1.1 }, full, planes), "x 2, y 1 · value 6 · tumour >\u00a099\u00a0% · 1.0, 0.5 mm");
  assert.equal(probeText({ x: 4, y: 0 }, full, planes), null);
  assert.equal(probeText({ x: -0.1, y: 0 }, full, planes), null);
  assert.deepEqual([0, 1, 128, 254, 255].map(probabilityText), ["<\u00a01\u00a0%", "1\u00a0%", "50\u00a0%", "99\u00a0%", ">\u00a099\u00a0%"]);
});

test("a crop keeps whole pixels of the file, and not too few of them", () => {
  const box = (least) => cropBox({ x: 3.5, y: -2 }, { x: 1.2, y: 1.5 }, { ...header, step: 3, least });
  assert.deepEqual(box(6), [0, 6, 3, 12]);
  assert.equal(box(7), null);
});

test("a PNG takes a comment, and none where there is nothing to say", () => {
  const png = new Uint8Array(40);
  assert.equal(withComment(png, ""), png);
  const file = withComment(png, "Simulated é");
  const chunk = Buffer.from(file.subarray(33, file.length - 7));
  assert.equal(chunk.readUInt32BE(0), chunk.length - 12);
  assert.equal(chunk.toString("latin1", 4, 8), "iTXt");
  assert.ok(chunk.toString("utf8").includes("Simulated é"));
  assert.equal(chunk.readUInt32BE(chunk.length - 4), crc32(chunk.subarray(4, -4)));
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});
