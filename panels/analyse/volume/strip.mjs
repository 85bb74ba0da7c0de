const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 84;
const PAUSE = 80; // milliseconds in which quick steps become one
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 };
// Where arrow keys mean something else.
const BUSY = "input, textarea, select, [contenteditable], [role=slider], [role=tab], [role=radio], [role=radiogroup], " +
  "[role=listbox], [role=combobox], [role=menu], [role=toolbar], canvas, [role=dialog]";

function shape(name, attributes, children = []) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function colour(kind) {
  return kind.colour || "color-mix(in srgb, var(--st-text-color) 45%, transparent)";
}

function bar(each, kinds) {
  const height = Math.max(2, each.height * HEIGHT);
  const title = shape("title", {});
  title.textContent = each.words;
  const solid = shape("rect", { x: each.number - 0.95, y: HEIGHT - height, width: 0.9, height, style: `fill: ${colour(kinds[each.kind])}` });
  const whole = shape("rect", { x: each.number - 1, y: 0, width: 1, height: HEIGHT, fill: "transparent", "data-slice": each.number }, [title]);
  return [solid, whole];
}

function drawing(data, go) {
  const { bars, kinds, count, at, label } = data;
  const svg = shape("svg", { viewBox: `0 0 ${count} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, [
    shape("rect", { class: "ground", x: 0, y: 0, width: count, height: HEIGHT }),
    shape("line", { class: "half", x1: 0, x2: count, y1: HEIGHT / 2, y2: HEIGHT / 2 }),
    ...bars.flatMap((each) => bar(each, kinds)),
    shape("rect", { class: "at", x: at - 1, y: 1, width: 1, height: HEIGHT - 2, "pointer-events": "none" }),
  ]);
  svg.addEventListener("click", (event) => {
    const box = svg.getBoundingClientRect();
    go(1 + Math.floor(((event.clientX - box.left) / box.width) * count));
  });
  return svg;
}

function legend(kinds) {
  const list = document.createElement("div");
  list.className = "legend";
  list.append(Object.assign(document.createElement("span"), { textContent: "Tumour probability, coloured by the slice's answer:" }));
  for (const kind of kinds) {
    const item = document.createElement("span");
    const mark = document.createElement("i");
    mark.style.background = colour(kind);
    item.append(mark, kind.title);
    list.append(item);
  }
  return list;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".strip");
  const go = (number) => setTriggerValue("at", Math.max(1, Math.min(data.count, number)));
  root.replaceChildren(...(data.bars.length ? [drawing(data, go), legend(data.kinds)] : []));

  let at = data.at;
  let asked = at;
  let timer;
  const onKey = (event) => {
    const step = STEPS[event.key];
    if (!step || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.composedPath().some((element) => element.matches?.(BUSY))) return;
    event.preventDefault();
    at = Math.max(1, Math.min(data.count, at + step));
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (at !== asked) go(at);
      asked = at;
    }, PAUSE);
  };
  root.forget?.();
  document.addEventListener("keydown", onKey);
  root.forget = () => document.removeEventListener("keydown", onKey);
  return () => root.forget();
}
