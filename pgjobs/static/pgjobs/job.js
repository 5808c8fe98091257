/* Comforts on the page of a job: copying a value, and the way back to the newest line of its log. */
(() => {
  "use strict";

  const newest = (button) => document.getElementById(button.dataset.pgjNewest);

  function showButtons() {
    const canCopy = Boolean(navigator.clipboard);
    document.querySelectorAll("[data-pgj-copy]").forEach((button) => (button.hidden = !canCopy));
    document.querySelectorAll("[data-pgj-newest]").forEach((button) => {
      // The box is reversed: at its end it is scrolled by 0, above that by less.
      button.hidden = (newest(button)?.scrollTop ?? 0) > -40;
    });
  }

  async function copy(button) {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.pgjCopy).textContent);
    const label = button.textContent;
    button.textContent = "✓";
    setTimeout(() => (button.textContent = label), 1200);
  }

  document.addEventListener("click", (event) => {
    const copier = event.target.closest("[data-pgj-copy]");
    if (copier) copy(copier);
    const button = event.target.closest("[data-pgj-newest]");
    if (button) newest(button).scrollTo({ top: 0 });
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, textarea, select")) return;
    document.querySelector(`[data-pgj-key="${CSS.escape(event.key)}"]`)?.focus();
  });

  document.addEventListener("scroll", showButtons, { capture: true, passive: true });
  document.addEventListener("htmx:afterSettle", showButtons);
  document.addEventListener("DOMContentLoaded", showButtons);
})();
