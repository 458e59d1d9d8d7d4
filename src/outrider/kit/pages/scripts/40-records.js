/* Editing in place and deciding by keys: Escape gives an edit up, <… data-key="a"> is clicked by the key a. */
(() => {
  "use strict";
  const LEADS = 1200; // as long as "g" waits for the letter of a page (30-keys.js)
  let leading = -LEADS;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") {
      event.target.closest?.("form")?.querySelector("[data-cancel]")?.click();
      return;
    }
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const isLed = event.timeStamp - leading < LEADS;
    leading = event.key === "g" ? event.timeStamp : -LEADS;
    const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (wanted && !isLed && !event.repeat) {
      event.preventDefault();
      wanted.click();
    }
  });
})();
