/* Keys that work on every page: "/" goes to the search field; "g" and a letter go to a page of the navigation; Escape gives an edit up;
   <… data-key="a"> is clicked by the key a. */
(() => {
  "use strict";
  const PAGES = { h: "/", p: "/people", c: "/companies", l: "/lists", m: "/campaigns", t: "/tasks", i: "/imports", n: "/namespaces", s: "/settings", j: "/jobs", a: "/audit" };
  const LEADS = 1200; // milliseconds that "g" waits for the letter of a page
  let leading = 0;

  const isTyping = (target) => Boolean(target.closest?.("input, textarea, select, [contenteditable], dialog"));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (!document.querySelector("dialog[open]")) event.target.closest?.("form")?.querySelector("[data-cancel]")?.click();
      return;
    }
    if (isTyping(event.target)) return;
    if (event.key === "/") {
      const field = document.querySelector("[data-search]");
      if (field) {
        event.preventDefault();
        field.focus();
        field.select();
      }
    } else if (event.key === "g") {
      leading = event.timeStamp;
    } else if (leading && event.timeStamp - leading < LEADS) {
      leading = 0;
      const page = PAGES[event.key];
      if (page && document.querySelector(`.nav a[href="${page}"], .nav [data-leads~="${page}"]`)) location.assign(page);
    } else if (!event.repeat && !document.querySelector("dialog[open]")) {
      const wanted = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
      if (wanted) {
        event.preventDefault();
        wanted.click();
      }
    }
  });
})();
