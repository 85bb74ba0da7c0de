// Keeps the address as the page has it, without an entry of the browser's history, and copies it; names the language.
let settled;

// Have a row of steps, as through the slices of a volume, make one entry: the first adds it, the next ones replace it.
function joinSteps(names) {
  if (history.pushState.joins) return;
  const push = history.pushState.bind(history);
  const rest = (url) => {
    const query = new URLSearchParams(url.search);
    names.forEach((name) => query.delete(name));
    return url.pathname + query;
  };
  history.pushState = (state, title, to) => {
    const isStep = rest(new URL(to ?? "", location)) === rest(location);
    if (isStep && history.state?.step) history.replaceState(history.state, title, to);
    else push({ ...state, step: isStep }, title, to);
  };
  history.pushState.joins = true;
}

export default function ({ data, parentElement }) {
  joinSteps(data.steps);
  document.documentElement.lang = data.language;
  if (data.run !== settled) {
    settled = data.run;
    const here = location.pathname.split("/").pop();
    const wanted = data.query ? `?${data.query}` : "";
    // Another page may have been opened while this one was drawn.
    if (data.query !== null && data.paths.includes(here) && location.search !== wanted) {
      history.replaceState(history.state, "", location.pathname + wanted);
    }
  }
  const button = parentElement.querySelector("button") ?? document.createElement("button");
  const field = parentElement.querySelector("input");
  const said = parentElement.querySelector("[role=status]");
  const texts = data.texts;
  button.type = "button";
  button.textContent = texts.copy;
  if (!button.isConnected) field.before(button);
  field.setAttribute("aria-label", texts.link);
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(location.href);
      said.textContent = texts.copied;
    } catch {
      // Browsers hand the clipboard to secure pages only: the visitor copies what is selected.
      field.hidden = false;
      field.value = location.href;
      field.select();
      said.textContent = document.execCommand("copy") ? texts.copied : texts.selected;
      if (said.textContent === texts.copied) field.hidden = true;
    }
    setTimeout(() => { said.textContent = ""; }, 4000);
  };
}
