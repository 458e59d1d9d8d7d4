/* What every page does in the browser. Pages read without any of it; nothing here is written into attributes (CSP). */
(() => {
  "use strict";
  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  // Every request of htmx carries the token that forms carry as a field.
  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-CSRF-Token"] = token();
  });

  // Copy buttons.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      const field = Object.assign(document.createElement("textarea"), { value: button.dataset.copy });
      button.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    button.classList.add("copied");
    button.querySelector("use")?.setAttribute("href", button.querySelector("use").getAttribute("href").replace(/#.*/, "#check"));
    toast({ text: "Copied", tone: "good" });
  });

  // Menus: one at a time, closed by a click elsewhere and by Escape.
  document.addEventListener("click", (event) => {
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  // A menu that would leave the window opens to the other side, where there is room for it.
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches("details.menu-left[open], details.menu-flipped")) return;
    menu.classList.remove("menu-flipped");
    if (!menu.open) return;
    const { right, width } = menu.querySelector(".menu-items").getBoundingClientRect();
    menu.classList.toggle("menu-flipped", right > document.documentElement.clientWidth && menu.getBoundingClientRect().right >= width);
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open], details.drawer[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Buttons that open and close dialogs, where the browser does not know `command` yet.
  if (!("commandForElement" in HTMLButtonElement.prototype)) {
    document.addEventListener("click", (event) => {
      const button = event.target.closest("button[commandfor]");
      const dialog = button && document.getElementById(button.getAttribute("commandfor"));
      if (!dialog) return;
      if (button.getAttribute("command") === "show-modal") dialog.showModal();
      if (button.getAttribute("command") === "close") dialog.close();
    });
  }
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.open) event.target.close();
  });

  // Forms with data-confirm ask first. Without this script they just do it: what they do can be undone or is asked on a page of its own.
  const asked = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || asked.has(form)) {
      asked.delete(form);
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const submitter = event.submitter;
    const kind = submitter?.classList.contains("button-primary") ? "primary" : "danger";
    confirmed(form.dataset.confirm, submitter?.textContent.trim() || "Yes", kind).then((yes) => {
      if (!yes) return;
      asked.add(form);
      form.requestSubmit(submitter);
    });
  }, true);

  function confirmed(question, label, kind) {
    const dialog = element("dialog", "dialog");
    const title = element("h2", "", question);
    title.id = "confirm-title";
    dialog.setAttribute("aria-labelledby", title.id);
    const no = element("button", "button button-default", "Keep as it is");
    const yes = element("button", `button button-${kind}`, label);
    const actions = element("div", "form-actions");
    actions.append(yes, no);
    dialog.append(title, actions);
    document.body.append(dialog);
    dialog.showModal();
    no.focus();
    return new Promise((resolve) => {
      const end = (answer) => { dialog.remove(); resolve(answer); };
      no.addEventListener("click", () => end(false));
      yes.addEventListener("click", () => end(true));
      dialog.addEventListener("close", () => end(false));
    });
  }

  // Tabs that do not fit: the one that is open is in sight.
  document.querySelectorAll(".tabs a[aria-current]").forEach((tab) => {
    const [tabs, box] = [tab.parentElement.getBoundingClientRect(), tab.getBoundingClientRect()];
    if (box.right > tabs.right || box.left < tabs.left) tab.parentElement.scrollLeft += box.left - tabs.left - (tabs.width - box.width) / 2;
  });

  // Toasts: those that came with the page, and those of htmx's answers (HX-Trigger).
  const STAYS = 6000;
  const region = () => document.getElementById("toasts");
  function leave(box) {
    let timer = setTimeout(() => box.remove(), STAYS);
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("focusin", () => clearTimeout(timer));
    box.addEventListener("pointerleave", () => { timer = setTimeout(() => box.remove(), STAYS / 2); });
  }
  function toast({ text, tone = "good", undo = null }) {
    const box = element("div", `toast toast-${tone}`);
    box.setAttribute("role", tone === "bad" ? "alert" : "status");
    box.append(icon({ good: "circle-check", bad: "circle-alert" }[tone] ?? "info"), element("p", "", text));
    if (undo) {
      const form = Object.assign(element("form"), { method: "post", action: undo });
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "csrf_token", value: token() }), element("button", "toast-undo", "Undo"));
      box.append(form);
    }
    const away = element("button", "icon-button");
    away.type = "button";
    away.dataset.dismiss = "";
    away.setAttribute("aria-label", "Dismiss");
    away.append(icon("x"));
    box.append(away);
    region().append(box);
    leave(box);
  }
  document.addEventListener("outrider:toast", (event) => toast(event.detail));
  document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast")?.remove());
  document.querySelectorAll(".toast").forEach((box) => { if (!box.querySelector(".toast-undo")) leave(box); });
  document.addEventListener("htmx:error", () => toast({ text: "The server did not answer. Check the connection and try again.", tone: "bad" }));

  // Show-password switches: <button data-reveal="id of the field" hidden>, which do nothing without this.
  document.querySelectorAll("[data-reveal]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reveal]");
    const field = button && document.getElementById(button.dataset.reveal);
    if (!field) return;
    field.type = field.type === "password" ? "text" : "password";
    button.setAttribute("aria-pressed", String(field.type === "text"));
  });

  // Selects that act by themselves: <select data-submit>.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  function element(name, kind = "", text = "") {
    const made = document.createElement(name);
    if (kind) made.className = kind;
    if (text) made.textContent = text;
    return made;
  }
  function icon(name) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${region().dataset.icons}#${name}`);
    made.classList.add("icon");
    made.setAttribute("aria-hidden", "true");
    made.append(use);
    return made;
  }

  window.outrider = { toast, token, element, icon };
})();
