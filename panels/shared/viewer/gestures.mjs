// Pointer, wheel and keys on the canvas: each changes the look of a viewer.
import { cropBox, panned, toPicture, zoomed } from "./geometry.mjs";
import { draggedWindow } from "./picture.mjs";
import { nextPreset, withPreset } from "./look.mjs";

const WHEEL = 0.0015;
const KEYS = { m: "move", w: "window", r: "ruler", c: "crop", s: "swipe", f: "full", u: "undo", "?": "keys", "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", PageUp: "previous", PageDown: "next" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Gestures {
  constructor(viewer, canvas, signal) {
    Object.assign(this, { viewer, canvas, pointers: new Map(), drag: null });
    const on = (name, handle) => canvas.addEventListener(name, (event) => viewer.stage.header && handle(event), { signal, passive: false });
    on("pointerdown", (event) => this.down(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.up(event));
    on("pointercancel", (event) => this.up(event, true));
    on("pointerleave", () => this.drag || viewer.change({ probe: null }));
    on("wheel", (event) => this.wheel(event));
    on("dblclick", () => viewer.act("reset"));
    on("contextmenu", (event) => event.preventDefault());
    on("keydown", (event) => this.key(event));
  }

  get look() {
    return this.viewer.look;
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  under(point) {
    return toPicture(this.viewer.stage.place(this.look.view), point);
  }

  zoom(factor, point) {
    const { header, size } = this.viewer.stage;
    this.viewer.change({ view: zoomed(this.look.view, factor, point ?? { x: size.width / 2, y: size.height / 2 }, header, size) });
  }

  pan(right, down) {
    this.viewer.change({ view: panned(this.look.view, right, down, this.viewer.stage.header, this.viewer.stage.size) });
  }

  down(event) {
    const point = this.point(event);
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, point);
    if (this.pointers.size > 1) return void (this.drag = null);
    const tool = event.button === 2 || event.ctrlKey ? "window" : event.button === 1 ? "move" : this.look.tool;
    this.drag = { tool, point };
    if (tool === "ruler" || tool === "crop") this.viewer.change({ mark: { tool, from: this.under(point), to: this.under(point) } });
  }

  move(event) {
    const point = this.point(event);
    const before = this.pointers.get(event.pointerId);
    if (before) this.pointers.set(event.pointerId, point);
    if (this.pointers.size > 1) return before && this.pinch(event.pointerId, before, point);
    this.viewer.probe(this.under(point), true);
    if (!this.drag || !before) return;
    const [right, down] = [point.x - before.x, point.y - before.y];
    const { tool } = this.drag;
    if (tool === "move") this.pan(right, down);
    else if (tool === "window") this.viewer.change(draggedWindow(this.viewer.stage.header, this.look, right / 200, -down / 300));
    else this.viewer.change({ mark: { ...this.look.mark, to: this.under(point) } });
  }

  pinch(moved, before, after) {
    const [other] = [...this.pointers].filter(([id]) => id !== moved).map(([, point]) => point);
    const apart = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
    this.pan((after.x - before.x) / 2, (after.y - before.y) / 2);
    this.zoom(apart(after) / apart(before), { x: (after.x + other.x) / 2, y: (after.y + other.y) / 2 });
  }

  up(event, cancelled = false) {
    this.pointers.delete(event.pointerId);
    const drag = this.drag;
    this.drag = null;
    if (drag?.tool === "crop") this.crop(cancelled);
    else if (drag?.tool === "ruler") this.viewer.announce();
  }

  // Send the rectangle that was drawn; a smaller one than a slice may be is dropped.
  crop(cancelled = false) {
    const { mark } = this.look;
    const box = mark && cropBox(mark.from, mark.to, this.viewer.stage.header);
    this.viewer.change({ mark: null });
    if (box && !cancelled) this.viewer.send("adjust", { kind: "crop", box });
  }

  wheel(event) {
    const { header } = this.viewer.stage;
    const turned = event.deltaY || event.deltaX;
    if (event.shiftKey && header.count > 1) {
      event.preventDefault();
      return this.viewer.step(Math.sign(turned));
    }
    // The page scrolls where the picture cannot become smaller.
    if (turned > 0 && this.look.view.zoom === 1 && !event.ctrlKey) return;
    event.preventDefault();
    const pixels = turned * (event.deltaMode === 1 ? 30 : 1) * (event.ctrlKey ? 5 : 1);
    this.zoom(Math.exp(-Math.max(-240, Math.min(240, pixels)) * WHEEL), this.point(event));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { viewer, look } = this;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (ARROWS[key]) this.arrow(...ARROWS[key], event.shiftKey);
    else if (key === "Enter" && (look.tool === "ruler" || look.tool === "crop")) this.enter();
    else if (key === "Escape" && look.mark) viewer.change({ mark: null });
    else if (key === "0") viewer.act("reset");
    else if (key === "p") viewer.change(withPreset(nextPreset(look.preset)));
    else if (key === "o") viewer.change({ fill: !look.fill });
    else if (/^[1-9]$/.test(key)) viewer.toggle(Number(key) - 1);
    else if (KEYS[key]) viewer.act(KEYS[key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
    viewer.announce();
  }

  arrow(right, down, shift) {
    const { viewer, look } = this;
    if (look.tool === "ruler" || look.tool === "crop") {
      const { width, height } = viewer.stage.header;
      const from = look.probe ?? { x: Math.floor(width / 2), y: Math.floor(height / 2) };
      const pixels = shift ? 10 : 1;
      const within = (place, length) => Math.min(Math.max(place, 0), length - 1);
      viewer.probe({ x: within(from.x + right * pixels, width), y: within(from.y + down * pixels, height) }, false);
      if (look.mark?.open) viewer.change({ mark: { ...look.mark, to: look.probe } });
    } else if (shift || look.tool === "window") viewer.change(draggedWindow(viewer.stage.header, look, right * 0.1, -down * 0.05));
    else this.pan(-right * 40, -down * 40);
  }

  // Set the first end of a ruler or a rectangle at the cross, then the second.
  enter() {
    const { viewer, look } = this;
    const at = look.probe;
    if (!at) return;
    const opened = look.mark?.open;
    viewer.change({ mark: opened ? { ...look.mark, to: at, open: false } : { tool: look.tool, from: at, to: at, open: true } });
    if (opened && look.tool === "crop") this.crop();
  }
}

