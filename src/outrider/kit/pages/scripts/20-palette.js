/* The command palette: Ctrl K or the button opens it, the server finds, the arrow keys choose. */
(() => {
  "use strict";
  const palette = document.getElementById("palette");
  if (!palette) return;
  const query = palette.querySelector("input");
  const items = () => [...palette.querySelectorAll('[role="option"]')];
  let current = 0;

  function open() {
    if (palette.open) return;
    palette.showModal();
    query.value = "";
    query.focus();
    htmx.trigger(query, "palette:open");
  }
  function choose(index) {
    const all = items();
    current = all.length ? (index + all.length) % all.length : 0;
    all.forEach((item, place) => item.setAttribute("aria-selected", String(place === current)));
    if (all.length) {
      query.setAttribute("aria-activedescendant", all[current].id);
      all[current].scrollIntoView({ block: "nearest" });
    } else {
      query.removeAttribute("aria-activedescendant");
    }
  }

  document.addEventListener("click", (event) => { if (event.target.closest("[data-palette]")) open(); });
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
    }
  });
  query.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(current + 1);
    else if (event.key === "ArrowUp") choose(current - 1);
    else if (event.key === "Enter") items()[current]?.click();
    else return;
    event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", () => { if (palette.open) choose(0); });
})();
