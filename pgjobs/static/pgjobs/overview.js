/* Asks the doctor once a minute, beside the live part of the page. */
(() => {
  "use strict";

  const MINUTE = 60_000;

  function ask() {
    const banner = document.querySelector("[data-pgj-doctor]");
    const isPaused = sessionStorage.getItem("pgjobs-paused") === "1";
    if (banner && !document.hidden && !isPaused) htmx.trigger(banner, "pgjobs:ask");
  }

  setInterval(ask, MINUTE);
})();
