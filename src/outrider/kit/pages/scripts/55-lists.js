/* Lists: picking rows (also with Shift), the keys j k x Enter, columns in an order, and the cursor where a filter is being added.
   Without this, rows are picked one by one, and columns keep their order. */
(() => {
  "use strict";
  const rows = () => [...document.querySelectorAll("[data-picks] tbody tr")];
  const boxes = () => [...document.querySelectorAll("[data-picks] input[data-select]")];
  let current = -1;
  let last = null;

  function told() {
    const picks = document.querySelector("[data-picks]");
    const count = picks?.querySelector("[data-picked-count]");
    if (!count) return;
    const picked = boxes().filter((box) => box.checked).length;
    const fitting = picks.querySelector("[data-select-fitting]");
    const all = picks.querySelector("[data-select-all]");
    if (fitting && picked < boxes().length) fitting.checked = false;
    fitting?.closest("label").classList.toggle("offered", picked === boxes().length);
    all.checked = picked > 0 && picked === boxes().length;
    all.indeterminate = picked > 0 && picked < boxes().length;
    count.textContent = fitting?.checked ? `All ${picks.dataset.many} that fit` : `${picked} picked`;
  }

  document.addEventListener("change", (event) => {
    const { target } = event;
    if (target.matches("[data-select-all]")) {
      boxes().forEach((box) => { box.checked = target.checked; });
    } else if (target.matches("[data-select-fitting]")) {
      if (target.checked) boxes().forEach((box) => { box.checked = true; });
    } else if (!target.matches("[data-select]")) {
      return;
    }
    told();
  });

  // Shift picks everything between this row and the one before.
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("input[data-select]");
    if (event.target.closest?.("[data-unpick]")) {
      boxes().forEach((one) => { one.checked = false; });
      told();
      return;
    }
    if (!box) return;
    const all = boxes();
    if (event.shiftKey && last && all.includes(last)) {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
      told();
    }
    last = box;
  });

  function go(step) {
    const all = rows();
    if (!all.length) return;
    all.forEach((row) => row.classList.remove("current"));
    current = Math.max(0, Math.min(all.length - 1, current + step));
    all[current].classList.add("current");
    all[current].querySelector("a.cell-name")?.focus({ preventScroll: true });
    all[current].scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !document.querySelector("[data-picks]")) return;
    if (event.target.closest("input:not([data-select]), textarea, select, dialog, [contenteditable]")) return;
    const row = rows()[current];
    if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "x" && row) row.querySelector("input[data-select]")?.click();
    else if (boxes().some((box) => box.checked)) {
      const button = document.querySelector(`[data-picks] [data-pick-key="${CSS.escape(event.key)}"]`);
      if (!button) return;
      button.click();
    } else return;
    event.preventDefault();
  });
  // From the search field, the arrow down goes to the rows.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || !event.target.closest?.("[data-list] [data-search]")) return;
    current = -1;
    go(1);
  });

  // Columns: up and down. The order in the list is the order of the columns.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-sortable] [data-move]");
    if (!button) return;
    const item = button.closest("li");
    const other = button.dataset.move === "1" ? item.nextElementSibling : item.previousElementSibling;
    if (!other) return;
    if (button.dataset.move === "1") other.after(item);
    else other.before(item);
    button.focus();
  });

  document.addEventListener("htmx:after:swap", () => {
    current = -1;
    told();
    const form = document.getElementById("filter-form");
    if (form && !form.dataset.seen) {
      form.dataset.seen = "1";
      form.querySelector("input:not([type=hidden]), select")?.focus();
    }
  });
  told();
})();
