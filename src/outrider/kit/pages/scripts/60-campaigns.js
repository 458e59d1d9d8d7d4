/* The builder of a campaign: what one writes is previewed, variables go where one was writing, and nobody leaves unsaved text by mistake.
   Without this, the preview comes with its button, and variables are typed. */
(() => {
  "use strict";
  const builder = () => document.querySelector("form[data-builder]");
  let last = null;
  let isUnsaved = false;
  let isSaving = false;

  document.addEventListener("focusin", (event) => {
    if (event.target.matches("form[data-builder] [data-text]")) last = event.target;
    const wording = event.target.closest("[data-showing]");
    const showing = wording?.closest("form").querySelector('input[name="showing"]');
    if (!showing || showing.value === wording.dataset.showing) return;
    showing.value = wording.dataset.showing;
    showing.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    const field = last?.isConnected ? last : builder()?.querySelector(".for-email [data-text]");
    if (!field) return;
    field.focus();
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });

  document.addEventListener("input", (event) => {
    if (builder()?.contains(event.target) && !["person", "showing"].includes(event.target.name)) isUnsaved = true;
  });
  document.addEventListener("submit", (event) => {
    if (event.target === builder()) isSaving = ["save", "confirm"].includes(event.submitter?.value ?? "save");
  }, true);
  document.addEventListener("htmx:after:swap", () => { isSaving = false; });
  window.addEventListener("beforeunload", (event) => {
    const form = builder();
    if (form && !isSaving && (isUnsaved || "unsaved" in form.dataset)) event.preventDefault();
  });
})();
