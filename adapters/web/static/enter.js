// The QR code carries the PIN behind the "#", which no browser sends: it is typed here, and the form is sent.
"use strict";
const enter = () => {
  const pin = location.hash.slice(1);
  const field = document.getElementById("pin");
  if (/^[0-9]{4,12}$/.test(pin) && field && !field.hasAttribute("aria-invalid")) {
    history.replaceState(null, "", location.pathname);
    field.value = pin;
    field.form.submit();
  }
};
enter();
addEventListener("hashchange", enter); // scanned while this page was open
