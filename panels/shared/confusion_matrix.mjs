const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const heading = (text, attributes) => make("th", attributes, make("span", {}, text));

function cellButton(cell) {
  const small = cell.small ? [make("span", {}, cell.small)] : [];
  const look = { "aria-label": cell.words, title: cell.words, "aria-pressed": cell.chosen, style: `--colour: ${cell.colour}` };
  return make("button", { type: "button", tabindex: -1, ...look }, make("b", {}, cell.large), ...small);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".matrix");
  const buttons = data.cells.map((row) => row.map(cellButton));
  const all = buttons.flat();
  const before = [...root.querySelectorAll("button")];
  const focused = before.indexOf(root.getRootNode().activeElement);
  const stop = before.findIndex((button) => button.tabIndex === 0);

  root.setAttribute("aria-label", data.label);
  root.style.setProperty("--rows", data.rows.length);
  root.classList.toggle("many", data.columns.length > 4);
  root.replaceChildren(
    make("col", { class: "side" }),
    make("col", { class: "side" }),
    make("thead", {},
      make("tr", {}, make("td", { colspan: 2 }), heading(data.across, { class: "axis", colspan: data.columns.length })),
      make("tr", {}, make("td", { colspan: 2 }), ...data.columns.map((title) => heading(title, { scope: "col" })))),
    make("tbody", {}, ...buttons.map((row, i) => make("tr", {},
      ...(i ? [] : [heading(data.down, { class: "side", rowspan: buttons.length })]),
      heading(data.rows[i], { class: "side", scope: "row" }),
      ...row.map((button) => make("td", {}, button))))),
  );

  // One stop of the tab key; arrow keys go on from there.
  const enter = (button) => {
    for (const each of all) each.tabIndex = each === button ? 0 : -1;
  };
  enter(all[stop] ?? all[0]);
  all[focused]?.focus();
  for (const [i, row] of buttons.entries()) {
    for (const [j, button] of row.entries()) {
      // The outcome rather than the press: sent twice, it changes nothing.
      button.onclick = () => setTriggerValue("cell", data.cells[i][j].exact ? [] : [i, j]);
      button.onfocus = () => enter(button);
      button.onkeydown = (event) => {
        const step = STEPS[event.key];
        if (!step) return;
        event.preventDefault();
        buttons[i + step[0]]?.[j + step[1]]?.focus();
      };
    }
  }
}
