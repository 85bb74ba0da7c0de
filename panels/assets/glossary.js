// A term in a text, a link to #term-NAME, opens its meaning beside it, in the document's language; Escape or a press
// elsewhere closes it.

const TERM = 'a[href^="#term-"]';
const glossaries = JSON.parse(document.getElementById("glossary").textContent);
const note = document.createElement("div");
let opened, pressed;

note.id = "term";
note.popover = "auto";
note.tabIndex = -1;
note.setAttribute("role", "dialog");
note.addEventListener("toggle", (event) => {
  if (event.newState !== "closed") return;
  opened?.setAttribute("aria-expanded", "false");
  opened = undefined;
});

function placeBeside(link) {
  const word = link.getClientRects()[0], { width, height } = note.getBoundingClientRect();
  const below = word.bottom + 6;
  note.style.left = `${Math.max(8, Math.min(word.left, innerWidth - width - 8))}px`;
  note.style.top = `${below + height < innerHeight ? below : Math.max(8, word.top - height - 6)}px`;
}

function open(link) {
  const glossary = glossaries[document.documentElement.lang] ?? glossaries.en;
  const { title, meaning } = glossary[link.hash.slice("#term-".length)];
  const heading = document.createElement("strong");
  heading.textContent = title;
  note.replaceChildren(heading, meaning);
  note.setAttribute("aria-label", title);
  document.querySelector("[data-testid=stApp]").append(note);
  note.showPopover();
  placeBeside(link);
  note.focus();
  opened = link;
  link.setAttribute("aria-expanded", "true");
}

// A press closes what is open before the click comes.
addEventListener("pointerdown", () => { pressed = opened; }, true);
addEventListener("click", (event) => {
  const link = event.target.closest?.(TERM);
  if (!link) return;
  event.preventDefault();
  event.stopPropagation();
  if (pressed !== link) open(link);
  pressed = undefined;
}, true);
addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches?.(TERM)) return;
  event.preventDefault();
  event.target.click();
}, true);
addEventListener("scroll", (event) => {
  if (opened && event.target !== note) note.hidePopover();
}, true);

// Markdown makes links; what they do here is a button's work.
let planned = 0;
new MutationObserver(() => {
  planned ||= requestAnimationFrame(() => {
    planned = 0;
    for (const link of document.querySelectorAll(`${TERM}:not([role])`)) {
      link.setAttribute("role", "button");
      link.setAttribute("aria-haspopup", "dialog");
      link.setAttribute("aria-expanded", "false");
    }
  });
}).observe(document, { childList: true, subtree: true });
