// What Streamlit's own elements lack in the browser: roles, ids of their own, an answer to the first touch.

// A list's items stand in the sections of the menu, which are no lists. Every table of a page has cells of the same ids,
// and headings of the same words have them; nothing looks for those.
function mend() {
  for (const menu of document.querySelectorAll("[data-testid=stSidebarNavItems]")) {
    menu.setAttribute("role", "none");
    for (const section of menu.querySelectorAll(":scope > div")) section.setAttribute("role", "list");
  }
  for (const each of document.querySelectorAll("[id^=glide-cell-], [data-testid=stHeading] [id]")) each.removeAttribute("id");
}

let planned = 0;
new MutationObserver(() => {
  planned ||= requestAnimationFrame(() => {
    planned = 0;
    mend();
  });
}).observe(document, { childList: true, subtree: true });

// A chart selects the point below the pointer; a finger has no pointer that came before it.
addEventListener("touchstart", (event) => {
  const { clientX, clientY } = event.touches[0];
  if (event.target.matches?.(".nsewdrag")) {
    event.target.dispatchEvent(new MouseEvent("mousemove", { clientX, clientY, bubbles: true }));
  }
}, { capture: true, passive: true });
