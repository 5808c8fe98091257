/* Makes the pages live and quick to use. Without it, every link and form works.

   A live region is fetched again while nobody would be disturbed by it: not in a hidden tab, not
   while a dialog is open, a job is selected or a form is being filled in, and not if the reader has
   paused it. */
(() => {
  "use strict";

  const PAUSED = "pgjobs-paused";
  const region = () => document.querySelector("[data-pgj-every]");
  const isPaused = () => sessionStorage.getItem(PAUSED) === "1";

  function isDisturbed() {
    const focused = document.activeElement;
    return (
      document.hidden ||
      isPaused() ||
      document.querySelector("dialog[open], .pgj input[name=id]:checked") !== null ||
      (focused?.closest("#pgj-live") && focused.matches("input:not([type=checkbox]), textarea, select")) ||
      String(document.getSelection()) !== ""
    );
  }

  function refresh() {
    if (region() && !isDisturbed()) htmx.trigger(region(), "pgjobs:refresh");
    setTimeout(refresh, 1000 * (region()?.dataset.pgjEvery ?? 5));
  }

  function showSwitch() {
    const button = document.querySelector("[data-pgj-live-switch]");
    if (!button) return;
    button.hidden = false;
    button.setAttribute("aria-pressed", String(!isPaused()));
    button.textContent = isPaused() ? button.dataset.pgjOff : button.dataset.pgjOn;
  }

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-pgj-live-switch]")) return;
    sessionStorage.setItem(PAUSED, isPaused() ? "0" : "1");
    showSwitch();
  });

  document.addEventListener("DOMContentLoaded", () => {
    // An open <details> stays as the reader left it.
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
      !(name === "open" && node.nodeName === "DETAILS");
    showSwitch();
    if (region()) setTimeout(refresh, 1000 * region().dataset.pgjEvery);
  });
})();
