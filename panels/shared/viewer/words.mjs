// The texts of the viewer stand in English in its files; a header brings those of another language along.

// A text in the header's language, its places filled.
export function say(header, text, values = {}) {
  return (header.words?.[text] ?? text).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

// A number as the header's language writes it, from its digits.
export function numberText(header, digits) {
  return header.decimal ? String(digits).replace(".", header.decimal) : String(digits);
}

// What the document of a viewer says by itself: a function for each text, which writes it in a header's language.
export function ownTexts(root) {
  const texts = [];
  for (const element of root.querySelectorAll("*")) {
    for (const name of ["aria-label", "aria-roledescription", "title"]) {
      const text = element.getAttribute(name);
      if (text) texts.push((header) => element.setAttribute(name, say(header, text)));
    }
    for (const node of element.childNodes) {
      const whole = node.nodeType === Node.TEXT_NODE ? node.data : "";
      const text = whole.trim();
      if (text) texts.push((header) => { node.data = whole.replace(text, () => say(header, text)); });
    }
  }
  return texts;
}
