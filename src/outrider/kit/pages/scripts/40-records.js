/* Editing in place and deciding by keys: Escape gives an edit up, <… data-key="a"> is clicked by the key a. */
(() => {
  "use strict";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      event.target.closest?.("form")?.querySelector("[data-cancel]")?.click();
      return;
    }
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (wanted && !event.repeat) {
      event.preventDefault();
      wanted.click();
    }
  });
})();
