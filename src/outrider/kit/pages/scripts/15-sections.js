/* Sections of the sidebar stay as one left them: a cookie names those that differ from what they are from the start; the server reads it. */
(() => {
  "use strict";
  const COOKIE = "outrider_sections";
  const YEAR = 365 * 24 * 3600;
  const remembered = () => document.cookie.split("; ").find((one) => one.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1) ?? "";

  document.addEventListener("click", (event) => {
    const group = event.target.closest(".nav-section")?.parentElement;
    if (!group) return;
    const flipped = new Set(remembered().split(".").filter(Boolean));
    const becomes = group.open ? "closed" : "open"; // the click is heard before the browser does it
    if (becomes === group.dataset.starts) flipped.delete(group.dataset.section);
    else flipped.add(group.dataset.section);
    document.cookie = `${COOKIE}=${[...flipped].join(".")}; path=/; max-age=${YEAR}; samesite=lax`;
  });
})();
