// Sends chosen or dropped files one after the other, and says what became of each.
"use strict";
(() => {
  const form = document.querySelector("form.drop");
  if (!form) return;
  const list = document.getElementById("arrived");
  const bar = form.querySelector("progress");
  const field = form.querySelector("input[type=file]");
  const queue = [];
  let busy = false;

  function tell(text, bad) {
    const line = document.createElement("li");
    line.textContent = text;
    line.className = bad ? "bad" : "";
    list.prepend(line);
    return line;
  }

  function send(file) {
    const line = tell(`${form.dataset.sending}: ${file.name}`, false);
    const data = new FormData();
    data.append("files", file);
    return new Promise((done) => {
      const request = new XMLHttpRequest(); // fetch tells nothing of how far it got
      request.open("POST", form.action);
      request.setRequestHeader("accept", "application/json");
      request.upload.onprogress = (event) => { bar.value = event.loaded / event.total; };
      request.onloadend = () => {
        if (request.status === 401) { location.assign("/enter"); return; }
        let answer = null;
        try { answer = JSON.parse(request.responseText); } catch { /* said below */ }
        line.textContent = (answer && answer.said) || `${file.name} ${form.dataset.failed}`;
        line.className = answer && answer.ok ? "" : "bad";
        done();
      };
      request.send(data);
    });
  }

  async function take(files) {
    for (const file of files) {
      if (file.size > Number(form.dataset.mostMib) * 1048576) tell(`${file.name} ${form.dataset.large}`, true);
      else queue.push(file);
    }
    if (busy) return;
    busy = true;
    bar.hidden = !queue.length;
    while (queue.length) await send(queue.shift());
    bar.hidden = true;
    busy = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take([...field.files]);
    field.value = "";
  });
  for (const name of ["dragover", "dragleave", "drop"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.toggle("over", name === "dragover");
      if (name === "drop") take([...event.dataTransfer.files]);
    });
  }
})();
