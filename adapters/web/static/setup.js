// Shows what devices say while they are tried.
"use strict";
(() => {
  const place = document.getElementById("devices");
  async function look() {
    if (document.visibilityState !== "visible") return;
    try {
      const answer = await fetch(place.dataset.source, { headers: { accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const html = await answer.text();
      if (place.innerHTML !== html) place.innerHTML = html; // made by our own templates, which escape everything
    } catch { /* the player is away: the next look tells */ }
  }
  setInterval(look, 1000);
})();
