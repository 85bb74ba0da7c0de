// The component: what Streamlit calls with each picture. The buttons and the words around the canvas.
import { inflate, PRESETS, splitPlanes, unpack, windowOf } from "./picture.mjs";
import { lengthText, probeText } from "./geometry.mjs";
import { Gestures } from "./gestures.mjs";
import { lookOf, plain, withPreset } from "./look.mjs";
import { withComment } from "./png.mjs";
import { Stage } from "./stage.mjs";
import { numberText, ownTexts, say } from "./words.mjs";

const TOOLS = ["move", "window", "ruler", "crop"];
const ADJUSTMENTS = ["left", "right", "flip", "invert", "undo"];
const STEP_PAUSE = 80;

class Viewer {
  constructor(root) {
    this.find = (selector) => root.querySelector(selector);
    this.all = (selector) => [...root.querySelectorAll(selector)];
    this.frame = this.find(".viewer");
    this.texts = ownTexts(root);
    this.stop = new AbortController();
    const { signal } = this.stop;
    this.stage = new Stage(this.find("canvas"));
    this.gestures = new Gestures(this, this.stage.canvas, signal);
    this.frame.addEventListener("click", (event) => this.pressed(event.target.closest("[data-do]")), { signal });
    this.frame.addEventListener("input", (event) => this.set(event.target), { signal });
    this.frame.addEventListener("fullscreenchange", () => this.change({}), { signal });
    this.stage.canvas.addEventListener("contextrestored", () => this.repaint(), { signal });
    this.find(".bar").addEventListener("keydown", (event) => this.roam(event), { signal });
    this.dragDivider(signal);
    this.all(".bar button, .bar select").forEach((button, i) => (button.tabIndex = i ? -1 : 0));
    this.resized = new ResizeObserver(() => this.redraw());
    this.resized.observe(this.stage.canvas);
  }

  async receive(packed, send) {
    this.send = send;
    const { header, deflated } = unpack(packed);
    if (this.stage.header?.id === header.id) return;
    this.latest = header.id;
    const planes = splitPlanes(header, await inflate(deflated));
    if (this.latest !== header.id || this.stop.signal.aborted) return;
    const shared = lookOf(header.group);
    if (this.shared !== shared) this.shared?.viewers.delete(this);
    this.shared = shared;
    shared.viewers.add(this);
    if (this.stage.header && this.stage.header.picture !== header.picture) this.look.mark = null;
    this.stage.show(header, planes);
    this.describe(header, planes);
    this.change({});
    this.frame.dataset.shown = header.id;
  }

  leave() {
    this.stop.abort();
    this.resized.disconnect();
    this.shared?.viewers.delete(this);
  }

  get look() {
    return this.shared.look;
  }

  get isFull() {
    return this.frame.matches(":fullscreen, .full");
  }

  change(changes) {
    Object.assign(this.look, changes);
    for (const viewer of this.shared.viewers) viewer.redraw();
  }

  redraw() {
    if (!this.stage.header || this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      if (this.stop.signal.aborted) return;
      this.stage.draw(this.look, this.look.pointed !== this);
      this.tell();
    });
  }

  // Draw from the beginning: the browser lost the canvas.
  repaint() {
    this.stage.painted = {};
    this.redraw();
  }

  // What belongs to a picture: its layers' buttons, its words.
  describe(header, planes) {
    this.speak(header);
    this.stage.canvas.setAttribute("aria-label", header.label);
    this.find(".caption").textContent = header.caption;
    this.find(".position").textContent = header.count > 1 ? say(header, "Slice {position} of {count}", header) : "";
    this.find("[data-do=undo]").disabled = !header.undoable;
    this.find("[data-do=previous]").disabled = header.position <= 1;
    this.find("[data-do=next]").disabled = header.position >= header.count;
    this.find("[data-set=colours]").replaceChildren(...header.maps.map((name, i) => new Option(name, i)));
    this.drawn = header.layers.filter((layer) => layer.kind !== "probability");
    if (!TOOLS.slice(0, header.adjustable ? 4 : 3).includes(this.look.tool)) this.look.tool = "move";
    const tune = this.find(".tune");
    tune.hidden = !this.drawn.length;
    this.find(".layers").replaceChildren(...this.drawn.map((layer, i) => this.chip(layer, i)), tune);
    this.tables = planes.tables;
    this.swatched = null;
  }

  // Write the viewer's own texts in the header's language, once.
  speak(header) {
    if (this.spoken === JSON.stringify(header.words ?? {})) return;
    this.spoken = JSON.stringify(header.words ?? {});
    for (const write of this.texts) write(header);
    this.find("[data-set=preset]").replaceChildren(...[...Object.keys(PRESETS), "Custom"].map((name) => new Option(say(header, name), name)));
  }

  chip(layer, i) {
    const button = document.createElement("button");
    button.dataset.do = `layer ${i}`;
    button.title = [layer.note, `(${i + 1})`].filter(Boolean).join(" ");
    const [swatch, name] = [document.createElement("span"), document.createElement("span")];
    swatch.className = `swatch ${layer.kind}`;
    if (layer.kind !== "heat") swatch.style.background = `rgb(${layer.colour})`;
    name.className = "name";
    name.textContent = layer.name;
    button.append(swatch, name);
    return button;
  }

  isOn(layer) {
    return this.look.layers[layer.name] ?? layer.on;
  }

  // Bring buttons and words in line with the look. Only what has changed is written: the browser styles it again.
  tell() {
    const { look } = this;
    const { header, planes } = this.stage;
    const set = (element, name, value) => element.getAttribute(name) !== String(value) && element.setAttribute(name, value);
    const write = (selector, words) => this.find(selector).textContent !== words && (this.find(selector).textContent = words);
    const pressed = (name, is) => set(this.find(`[data-do="${name}"]`), "aria-pressed", is);
    TOOLS.forEach((tool) => pressed(tool, look.tool === tool));
    pressed("swipe", look.swipe);
    pressed("full", this.isFull);
    this.drawn.forEach((layer, i) => pressed(`layer ${i}`, this.isOn(layer)));
    for (const input of this.all("[data-set]")) {
      const [property, value] = [input.type === "checkbox" ? "checked" : "value", look[input.dataset.set]];
      if (String(input[property]) !== String(value)) input[property] = value;
    }
    this.paintHeatSwatches();
    const divider = this.find(".divider");
    if (divider.hidden === look.swipe) divider.hidden = !look.swipe;
    if (look.swipe) divider.style.left = `${look.divider * 100}%`;
    set(divider, "aria-valuenow", Math.round(look.divider * 100));
    const { canvas } = this.stage;
    set(canvas, "data-tool", look.tool);
    canvas.classList.toggle("resting", look.tool === "move" && look.view.zoom === 1);
    const [low, high] = windowOf(header, look).map((value) => numberText(header, Number(value.toPrecision(4))));
    write(".window", `${say(header, "{low} to {high}", { low, high })}${look.view.zoom > 1 ? ` · ${numberText(header, look.view.zoom.toFixed(1))}×` : ""}`);
    write(".probe", (look.probe && probeText(look.probe, header, planes)) ?? "");
  }

  // The legend of a heat map: its colours from none to most.
  paintHeatSwatches() {
    const { colours } = this.look;
    if (this.swatched === colours) return;
    this.swatched = colours;
    const of = (i) => this.tables[colours].subarray(3 * i, 3 * i + 3);
    const stops = Array.from({ length: 9 }, (_, i) => `rgb(${of(Math.min(32 * i, 255))})`);
    for (const swatch of this.all(".swatch.heat")) swatch.style.background = `linear-gradient(90deg, ${stops})`;
  }

  // Say for screen readers what stands in the corners.
  announce() {
    requestAnimationFrame(() => {
      const { look } = this;
      const layers = this.drawn.filter((layer) => this.isOn(layer)).map((layer) => layer.name);
      const ruler = look.mark?.tool === "ruler" ? lengthText(look.mark.from, look.mark.to, this.stage.header) : "";
      const { header } = this.stage;
      const shown = say(header, "shown: {layers}", { layers: layers.join(", ") || say(header, "the slice alone") });
      const words = [say(header, look.tool), ruler, this.find(".probe").textContent, this.find(".window").textContent, shown];
      this.find(".unseen").textContent = words.filter(Boolean).join("; ");
    });
  }

  probe(place, byPointer) {
    this.change({ probe: place, pointed: byPointer ? this : null });
  }

  pressed(button) {
    if (button && !button.disabled && this.stage.header) this.act(button.dataset.do);
  }

  act(name) {
    const { look } = this;
    const button = this.find(`[data-do="${name}"]`);
    if (button.disabled || button.closest("[hidden]")) return;
    if (TOOLS.includes(name)) this.change({ tool: name, mark: look.mark?.open ? null : look.mark });
    else if (name.startsWith("layer")) this.toggle(Number(name.slice(6)));
    else if (name === "zoomIn" || name === "zoomOut") this.gestures.zoom(name === "zoomIn" ? 1.25 : 0.8);
    else if (name === "swipe") this.change({ swipe: !look.swipe });
    else if (name === "reset") this.change(plain());
    else if (name === "style" || name === "keys") this.open(button, name);
    else if (name === "save") this.save();
    else if (name === "full") this.fill();
    else if (name === "previous" || name === "next") this.step(name === "next" ? 1 : -1);
    else if (ADJUSTMENTS.includes(name)) this.send("adjust", { kind: name });
  }

  toggle(i) {
    const layer = this.drawn[i];
    if (layer) this.change({ layers: { ...this.look.layers, [layer.name]: !this.isOn(layer) } });
  }

  open(button, name) {
    const panel = this.find(`.panel.${name}`);
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", !panel.hidden);
  }

  set(input) {
    const name = input.dataset.set;
    if (name === "preset") this.change(input.value === "Custom" ? { preset: "Custom" } : withPreset(input.value));
    else if (name) this.change({ [name]: input.type === "checkbox" ? input.checked : Number(input.value) });
  }

  // One stop of the tab key for all tools; arrows go from one to the next.
  roam(event) {
    const right = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!right) return;
    const tools = this.all(".bar button, .bar select").filter((tool) => !tool.disabled && !tool.closest("[hidden]"));
    const at = tools.indexOf(event.target);
    const next = tools[(at + right + tools.length) % tools.length];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    event.preventDefault();
  }

  dragDivider(signal) {
    const divider = this.find(".divider");
    const move = (part) => this.change({ divider: Math.min(Math.max(part, 0), 1) });
    divider.addEventListener("pointerdown", (event) => divider.setPointerCapture(event.pointerId), { signal });
    divider.addEventListener("pointermove", (event) => {
      if (divider.hasPointerCapture(event.pointerId)) move(this.gestures.point(event).x / this.stage.size.width);
    }, { signal });
    divider.addEventListener("keydown", (event) => {
      const right = { ArrowRight: 0.02, ArrowUp: 0.02, ArrowLeft: -0.02, ArrowDown: -0.02, Home: -1, End: 1 }[event.key];
      if (!right) return;
      event.preventDefault();
      move(this.look.divider + right);
    }, { signal });
  }

  // Ask the page for another slice of the volume; quick steps go together.
  step(count) {
    if (!(this.stage.header.count > 1)) return;
    this.steps = (this.steps ?? 0) + count;
    clearTimeout(this.pause);
    this.pause = setTimeout(() => {
      if (this.steps) this.send("step", this.steps);
      this.steps = 0;
    }, STEP_PAUSE);
  }

  // Telephones of one maker have no full screen for an element: there the viewer covers the page.
  fill() {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (this.frame.requestFullscreen && !this.isFull) this.frame.requestFullscreen();
    else this.frame.classList.toggle("full");
    this.change({});
  }

  async save() {
    const { header } = this.stage;
    const blob = await new Promise((done) => this.stage.whole(this.look).toBlob(done));
    const file = withComment(new Uint8Array(await blob.arrayBuffer()), header.notes);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([file], { type: "image/png" }));
    link.download = header.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}

const viewers = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  let viewer = viewers.get(parentElement);
  if (!viewer?.frame.isConnected) { // the first time, or Streamlit has put other buttons around the picture
    viewer?.leave();
    viewers.set(parentElement, (viewer = new Viewer(parentElement)));
  }
  const turn = (viewer.turn = (viewer.turn ?? 0) + 1);
  if (data) viewer.receive(data, setTriggerValue);
  return () => {
    if (viewer.turn !== turn || viewers.get(parentElement) !== viewer) return;
    viewer.leave();
    viewers.delete(parentElement);
  };
}
