/* Files are dropped on a form with data-drop, or chosen in it; it says how far they are. The answer is the server's: where to go, or what
   to put in the place that data-target names. Without this script the form is sent as forms are. */
(() => {
  "use strict";
  const forms = (event) => event.target.closest?.("form[data-drop]");

  document.addEventListener("dragover", (event) => {
    const form = forms(event);
    if (!form) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    const form = forms(event);
    if (form && !form.contains(event.relatedTarget)) form.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    const form = forms(event);
    if (!form) return;
    event.preventDefault();
    form.classList.remove("over");
    const input = form.querySelector('input[type="file"]');
    input.files = event.dataTransfer.files;
    if (input.files.length) form.requestSubmit();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches('form[data-drop] input[type="file"]') && event.target.files.length) event.target.form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-drop]")) return;
    event.preventDefault();
    send(form);
  });

  function send(form) {
    const request = new XMLHttpRequest();
    const box = form.querySelector(".drop-progress");
    const files = [...form.querySelector('input[type="file"]').files];
    const said = files.length === 1 ? files[0].name : `${files.length} files`;
    request.open("POST", form.action);
    request.setRequestHeader("X-CSRF-Token", window.outrider.token());
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", (event) => tell(box, said, event));
    request.addEventListener("load", () => answer(form, request));
    request.addEventListener("error", () => {
      reset(form);
      window.outrider.toast({ text: `${said} did not arrive. Check the connection and try again.`, tone: "bad" });
    });
    form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
    request.send(new FormData(form));
  }
  function tell(box, said, event) {
    if (!box) return;
    box.hidden = false;
    const share = event.lengthComputable ? Math.round((100 * event.loaded) / event.total) : 0;
    box.querySelector("progress").value = share;
    box.querySelector("p").textContent = share < 100 ? `${said}: ${share}%` : `${said} is here. Looking at what is in it …`;
  }
  function answer(form, request) {
    const to = request.getResponseHeader("HX-Redirect");
    if (to) {
      location.assign(to);
      return;
    }
    const place = form.dataset.target && document.getElementById(form.dataset.target);
    if (place && request.responseText) {
      place.outerHTML = request.responseText;
      htmx.process(document.getElementById(form.dataset.target));
      return;
    }
    reset(form);
    const trigger = request.getResponseHeader("HX-Trigger");
    const toast = trigger && JSON.parse(trigger)["outrider:toast"];
    window.outrider.toast(toast || { text: "The files could not be taken. Try again.", tone: "bad" });
  }
  function reset(form) {
    form.querySelectorAll("button").forEach((button) => { button.disabled = false; });
    const box = form.querySelector(".drop-progress");
    if (box) box.hidden = true;
    form.querySelector('input[type="file"]').value = "";
  }
})();
