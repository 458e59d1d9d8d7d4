/* Writing a template: a variable that is clicked goes where one was writing. Without this, variables are typed. */
(() => {
  "use strict";
  let last = null;
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("form[data-writing] [data-text]")) last = event.target;
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("form[data-writing] [data-insert]");
    if (!button) return;
    const field = last?.isConnected ? last : button.form.elements.body;
    field.focus();
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
})();
