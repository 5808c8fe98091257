/* The list of jobs from the keyboard: j k move, x selects, enter opens, r retries, c cancels, / filters.
   Without it, every link, form and button of the list works. */
(() => {
  "use strict";

  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);
  const rows = () => all(".pgj-jobs tbody tr[id]");
  const boxes = () => all(".pgj-jobs tbody input[name=id]");
  const chosen = () => boxes().filter((box) => box.checked);
  const takesAll = () => one("#pgj-chosen input[value=all]")?.checked ?? false;
  const bar = () => one("[data-pgj-chosen]");

  // The bar ---------------------------------------------------------------------------------

  function inWords() {
    const { pgjAll, pgjOne, pgjMany } = bar().dataset;
    if (takesAll()) return pgjAll;
    const count = chosen().length;
    return count === 1 ? pgjOne : pgjMany.replace("%s", count);
  }

  function showChosen() {
    for (const row of rows()) {
      const box = row.querySelector("input[name=id]");
      row.classList.toggle("pgj-chosen", takesAll() || (box?.checked ?? false));
    }
    const page = one("[data-pgj-page]");
    if (page) {
      page.hidden = false;
      page.checked = boxes().length > 0 && chosen().length === boxes().length;
      page.indeterminate = !page.checked && chosen().length > 0;
    }
    if (!bar()) return;
    bar().textContent = inWords();
    for (const button of all("[data-pgj-label]")) {
      button.textContent = button.dataset.pgjLabel.replace("%s", inWords());
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pgj-page]")) {
      for (const box of boxes()) box.checked = event.target.checked;
    }
    showChosen();
  });
  document.addEventListener("reset", () => setTimeout(showChosen));

  // The keyboard ----------------------------------------------------------------------------

  const current = () => document.activeElement?.closest?.(".pgj-jobs tbody tr[id]") ?? null;

  function move(by) {
    const list = rows();
    const at = list.indexOf(current());
    const next = list[at < 0 ? 0 : Math.min(Math.max(at + by, 0), list.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  function toggle() {
    const box = current()?.querySelector("input[name=id]");
    if (!box) return;
    box.checked = !box.checked;
    showChosen();
  }

  function act(verb) {
    const button = one(`.pgj-bulk button[value=${verb}]`);
    if (!button) return;
    if (!chosen().length && !takesAll()) toggle();
    if (chosen().length || takesAll()) button.form.requestSubmit(button);
  }

  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    x: toggle,
    Enter: () => current()?.querySelector(".pgj-name a")?.click(),
    r: () => act("retry"),
    c: () => act("cancel"),
    "/": () => one("#pgj-add")?.focus(),
  };

  const isTyping = (element) =>
    element.isContentEditable || element.matches("input:not([type=checkbox]), textarea, select");
  const actsItself = (element) => element.matches("a, button, summary, input");

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[key]) return;
    if (isTyping(target) || (key === "Enter" && (actsItself(target) || !current()))) return;
    event.preventDefault();
    KEYS[key]();
  });

  // In an empty field, backspace removes the last filter.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Backspace" || event.target.id !== "pgj-add" || event.target.value) return;
    all(".pgj-term a").at(-1)?.click();
  });

  // Menus, copies ---------------------------------------------------------------------------

  document.addEventListener("click", (event) => {
    for (const menu of all("details.pgj-menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const button = event.target.closest("[data-pgj-copy]");
    if (!button) return;
    const text = button.closest("div").querySelector("pre").textContent;
    navigator.clipboard.writeText(text).then(() => {
      button.textContent = button.dataset.pgjDone;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of all("details.pgj-menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // Live ------------------------------------------------------------------------------------

  // The first page stays where it is while somebody reads it: newer jobs are a link, and no row moves.
  document.addEventListener("htmx:configRequest", (event) => {
    const first = rows()[0]?.id.replace("job-", "");
    if (event.target.id === "pgj-live" && first) event.detail.parameters.top = first;
  });
  // A job that was selected while the answer was on its way stays selected.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id === "pgj-live" && (chosen().length || takesAll())) {
      event.detail.shouldSwap = false;
    }
  });
  document.addEventListener("htmx:afterSettle", showChosen);

  document.addEventListener("DOMContentLoaded", () => {
    if (navigator.clipboard) for (const button of all("[data-pgj-copy]")) button.hidden = false;
    showChosen();
  });
})();
