// A list that is filled anew must not take the keyboard away from who uses it.
"use strict";
(() => {
  let last = "";
  document.addEventListener("focusin", (event) => { last = event.target.id; });
  document.body.addEventListener("filled", () => {
    const before = last && document.getElementById(last);
    if (before && document.activeElement === document.body) before.focus({ preventScroll: true });
  });
})();
