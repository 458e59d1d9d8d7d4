/* Chip fields: <textarea data-chips="Add a keyword"> with one text on each line becomes chips. The textarea stays what is sent. */
(() => {
  "use strict";
  const { element, icon } = window.outrider;

  function enhance(area) {
    const words = area.value.split("\n").map((word) => word.trim()).filter(Boolean);
    const label = document.querySelector(`label[for="${area.id}"]`);
    const box = element("div", "chip-box");
    const input = element("input");
    const told = element("span", "visually-hidden");
    input.id = `${area.id}-add`;
    input.placeholder = area.dataset.chips;
    input.autocomplete = "off";
    input.spellcheck = false;
    for (const name of ["aria-describedby", "aria-invalid"]) if (area.hasAttribute(name)) input.setAttribute(name, area.getAttribute(name));
    told.setAttribute("role", "status");
    box.append(input, told);
    area.hidden = true;
    area.required = false; // the browser cannot point at a hidden field: the server says it
    area.after(box);
    if (label) label.htmlFor = input.id;

    function show() {
      box.querySelectorAll(".chip").forEach((chip) => chip.remove());
      words.forEach((word, place) => {
        const chip = element("span", "chip", word);
        const remove = element("button", "chip-remove");
        remove.type = "button";
        remove.setAttribute("aria-label", `Remove ${word}`);
        remove.append(icon("x"));
        remove.addEventListener("click", () => { drop(place); input.focus(); });
        chip.append(remove);
        input.before(chip);
      });
      area.value = words.join("\n");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
    function add(text) {
      const isNew = (word) => word && !words.some((known) => known.toLowerCase() === word.toLowerCase());
      const found = text.split("\n").map((word) => word.trim()).filter(isNew);
      input.value = "";
      if (!found.length) return;
      words.push(...found);
      told.textContent = `Added ${found.join(", ")}`;
      show();
    }
    function drop(place) {
      told.textContent = `Removed ${words[place]}`;
      words.splice(place, 1);
      show();
    }

    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && input.value.trim()) {
        event.preventDefault();
        add(input.value);
      } else if (event.key === "Backspace" && !input.value && words.length) {
        drop(words.length - 1);
      }
    });
    input.addEventListener("paste", (event) => {
      const text = event.clipboardData.getData("text");
      if (!text.includes("\n")) return;
      event.preventDefault();
      add(input.value + text);
    });
    input.addEventListener("blur", () => add(input.value));
    box.addEventListener("click", (event) => { if (event.target === box) input.focus(); });
    area.form?.addEventListener("submit", () => add(input.value), true);
    show();
  }

  document.querySelectorAll("textarea[data-chips]").forEach(enhance);
})();
