// Keeps a page right: server-sent events fill its regions, presses are sent without leaving it.
// Without this script the same forms work as plain forms.
"use strict";
(() => {
  const body = document.body;
  const SILENT_MS = 32000; // three beats missed
  const PATIENCE_MS = 8000; // with one press; the player answers within five seconds
  const byId = (id) => document.getElementById(id);
  let source = null;
  let heard = Date.now();
  let wasLost = false;

  const minutes = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;

  function hide(form, is) { // whoever was on it with the keyboard goes on at the top
    if (is && form.contains(document.activeElement)) byId("main").focus({ preventScroll: true });
    form.hidden = is;
  }

  function fill(regions) {
    for (const [id, html] of Object.entries(regions)) {
      const place = byId(id);
      if (place) place.innerHTML = html; // made by our own templates, which escape everything
    }
    for (const form of document.querySelectorAll("[data-hide-with]")) {
      hide(form, !byId(form.dataset.hideWith).textContent.trim());
    }
    const track = document.querySelector(".time[data-track]");
    for (const field of document.querySelectorAll("input[data-track]")) {
      field.value = track ? track.dataset.track : "";
    }
    const state = document.querySelector("[data-state]");
    for (const part of document.querySelectorAll("[data-states]")) {
      if (state) part.hidden = !part.dataset.states.split(" ").includes(state.dataset.state);
    }
    mendPictures();
    body.dispatchEvent(new CustomEvent("filled"));
  }

  function mendPictures() { // a piece without a cover shows none
    for (const cover of document.querySelectorAll("img.cover")) {
      const hide = () => cover.classList.add("none");
      if (cover.complete && !cover.naturalWidth) hide(); else cover.addEventListener("error", hide);
    }
  }

  function setTime({ position }) {
    const time = document.querySelector(".time");
    if (!time || position === null) return;
    time.querySelector("progress").value = position;
    time.querySelector(".at").textContent = minutes(position);
  }

  function lost(is) {
    const place = byId("link");
    if (is === wasLost) return;
    wasLost = is;
    body.classList.toggle("lost", is);
    if (!place) return;
    place.hidden = !is;
    place.textContent = is ? body.dataset.lost : "";
  }

  function on(name, act) {
    source.addEventListener(name, (event) => {
      heard = Date.now();
      lost(false);
      act(JSON.parse(event.data));
    });
  }

  async function signInAgain() { // a session that is over is sent to the PIN; only a page can go there
    try {
      const ask = { method: "HEAD", headers: { accept: "text/html" }, redirect: "manual" };
      if ((await fetch(location.pathname, ask)).type === "opaqueredirect") location.reload();
    } catch { /* the player is away: it is tried again */ }
  }

  function connect() {
    if (source) source.close();
    heard = Date.now();
    source = new EventSource(body.dataset.events);
    on("now", fill);
    on("time", setTime);
    source.onerror = () => lost(true);
  }

  mendPictures();
  if (body.dataset.events) {
    connect();
    setInterval(() => {
      if (Date.now() - heard > SILENT_MS || source.readyState === EventSource.CLOSED) {
        lost(true);
        if (source.readyState === EventSource.CLOSED) signInAgain();
        connect();
      }
    }, 4000);
    const again = () => { if (document.visibilityState === "visible" && Date.now() - heard > SILENT_MS) connect(); };
    document.addEventListener("visibilitychange", again);
    addEventListener("online", connect);
    addEventListener("offline", () => lost(true));
    addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  }

  // --- presses ---

  const newId = () => "page-" + Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");

  async function send(form, button) {
    const data = new URLSearchParams(new FormData(form));
    if (button && button.name) data.set(button.name, button.value);
    data.set("once", newId());
    const ask = () => fetch(form.action, {
      method: "POST", body: data, headers: { accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE_MS),
    });
    let answer;
    try {
      answer = await ask();
    } catch {
      answer = await ask(); // once more, with the same id: it counts once
    }
    if (answer.status === 401) { location.assign("/enter"); return ""; }
    return (await answer.json()).said;
  }

  function say(text) {
    const place = byId("said");
    if (!place || !text) return;
    place.textContent = "";
    requestAnimationFrame(() => { place.textContent = text; });
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { place.textContent = ""; }, 12000);
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-press]");
    if (!form) return;
    event.preventDefault();
    const button = event.submitter;
    if (button) button.setAttribute("aria-busy", "true");
    try {
      say(await send(form, button));
      if (form.dataset.hideWith) hide(form, true);
    } catch {
      say(body.dataset.failed);
    } finally {
      if (button) button.removeAttribute("aria-busy");
    }
  });
})();
