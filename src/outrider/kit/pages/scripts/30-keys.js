/* Keys that work on every page: "/" goes to the search field; "g" and a letter go to a page of the navigation. */
(() => {
  "use strict";
  const PAGES = { h: "/", p: "/people", c: "/companies", i: "/imports", n: "/namespaces", j: "/jobs", a: "/audit" };
  let leading = 0;

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable], dialog") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (event.key === "/") {
      const field = document.querySelector("[data-search]");
      if (field) {
        event.preventDefault();
        field.focus();
        field.select();
      }
    } else if (event.key === "g") {
      leading = event.timeStamp;
    } else if (leading && event.timeStamp - leading < 1200) {
      leading = 0;
      const link = PAGES[event.key] && document.querySelector(`.nav a[href="${PAGES[event.key]}"]`);
      if (link) link.click();
    }
  });
})();
