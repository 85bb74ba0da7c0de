// The picture on its canvas: grey values and layers are painted once a change; a zoom or a move only draws them again,
// one picture a frame, and what changes nothing, such as a pointer that passes, draws nothing.
import { greyTable, paintGrey, paintLayers, windowOf } from "./picture.mjs";
import { lengthText, placement, toStage } from "./geometry.mjs";

const LINE = "#ffffff";

export class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    // The slice, the layers, and both: all at the slice's own size.
    [this.base, this.over, this.both] = Array.from({ length: 3 }, () => document.createElement("canvas"));
  }

  show(header, planes) {
    Object.assign(this, { header, planes, outlines: [], painted: {}, drawn: "" });
    for (const canvas of [this.base, this.over, this.both]) Object.assign(canvas, { width: header.width, height: header.height });
    this.pixels = new ImageData(header.width, header.height);
  }

  get size() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  place(view) {
    return placement(view, this.header, this.size);
  }

  // Paint the hidden canvases where what they show has changed.
  paint(look) {
    const { header, planes, pixels, painted } = this;
    const window = String(windowOf(header, look));
    const layers = JSON.stringify([look.layers, look.fill, look.maskOpacity, look.heatOpacity, look.colours]);
    if (painted.window === window && painted.layers === layers) return;
    if (painted.window !== window) {
      paintGrey(planes.values, greyTable(header, ...windowOf(header, look)), new Uint32Array(pixels.data.buffer));
      this.base.getContext("2d").putImageData(pixels, 0, 0);
    }
    if (painted.layers !== layers) {
      paintLayers(header, planes, look, pixels.data, this.outlines);
      this.over.getContext("2d").putImageData(pixels, 0, 0);
    }
    for (const canvas of [this.base, this.over]) this.both.getContext("2d").drawImage(canvas, 0, 0);
    this.painted = { window, layers };
    this.drawn = "";
  }

  // `cross`: whether the place that is probed is marked, which below a pointer it need not be.
  draw(look, cross) {
    const { canvas, context } = this;
    const { width, height } = this.size;
    const ratio = globalThis.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (!wide || !high) return;
    this.paint(look);
    const probe = cross ? look.probe : null;
    const drawn = JSON.stringify([wide, high, look.view, look.swipe && look.divider, look.mark, probe]);
    if (this.drawn === drawn) return;
    this.drawn = drawn;
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    const place = this.place(look.view);
    this.drawPicture(context, place, look.swipe ? look.divider * width : null);
    this.drawMark(context, place, look.mark);
    if (probe) this.drawCross(context, toStage(place, probe));
  }

  // The picture with its layers; left of `divider`, where it is not null, without them.
  drawPicture(context, place, divider = null) {
    const box = [place.left, place.top, this.header.width * place.scale, this.header.height * place.scale];
    context.imageSmoothingEnabled = place.scale < 3;
    context.imageSmoothingQuality = place.scale < 1 ? "medium" : "low"; // "high" takes three times as long
    context.drawImage(divider === null ? this.both : this.base, ...box);
    if (divider === null) return;
    context.save();
    context.beginPath();
    context.rect(divider, 0, context.canvas.width, context.canvas.height);
    context.clip();
    context.drawImage(this.both, ...box);
    context.restore();
  }

  drawMark(context, place, mark) {
    if (!mark) return;
    const [from, to] = [toStage(place, mark.from), toStage(place, mark.to)];
    const path = new Path2D();
    if (mark.tool === "crop") path.rect(from.x, from.y, to.x - from.x, to.y - from.y);
    else {
      path.moveTo(from.x, from.y);
      path.lineTo(to.x, to.y);
      for (const end of [from, to]) path.rect(end.x - 2.5, end.y - 2.5, 5, 5);
    }
    this.stroke(context, path);
    if (mark.tool === "crop") return;
    const text = lengthText(mark.from, mark.to, this.header);
    context.font = "600 14px sans-serif";
    const wide = context.measureText(text).width;
    const x = Math.min(to.x + 10, context.canvas.width / (context.getTransform().a || 1) - wide - 10);
    context.fillStyle = "rgba(0, 0, 0, 0.7)";
    context.fillRect(x - 4, to.y - 12, wide + 8, 22);
    context.fillStyle = LINE;
    context.fillText(text, x, to.y + 4);
  }

  drawCross(context, { x, y }) {
    const path = new Path2D();
    for (const [right, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      path.moveTo(x + 4 * right, y + 4 * down);
      path.lineTo(x + 14 * right, y + 14 * down);
    }
    this.stroke(context, path);
  }

  stroke(context, path) {
    for (const [width, colour] of [[3.5, "rgba(0, 0, 0, 0.7)"], [1.5, LINE]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke(path);
    }
  }

  // A canvas with the whole picture at its own size, its layers and the ruler.
  whole(look) {
    this.paint(look);
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: this.header.width, height: this.header.height });
    const place = { scale: 1, left: 0, top: 0 };
    this.drawPicture(canvas.getContext("2d"), place);
    this.drawMark(canvas.getContext("2d"), place, look.mark);
    return canvas;
  }
}
