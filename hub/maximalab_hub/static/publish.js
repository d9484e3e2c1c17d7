// Sends a material: its description first, then, where that may come, the rest.
"use strict";

(function takeMaterial() {
  const drop = document.getElementById("drop");
  const zone = document.getElementById("drop-zone");
  const sending = document.getElementById("sending");
  const what = document.getElementById("sending-what");
  const bar = document.getElementById("sending-bar");
  const faults = document.getElementById("faults");
  const words = drop.dataset;
  let request = null;

  function busy(text) {
    zone.hidden = text !== null;
    sending.hidden = text === null;
    what.textContent = text ?? "";
    faults.hidden = faults.hidden || text !== null;
  }

  function line(fault) {
    const item = document.createElement("li");
    const file = document.createElement("code");
    file.textContent = fault.file;
    item.append(file);
    if (fault.field) {
      const field = document.createElement("code");
      field.textContent = fault.field;
      item.append(`, ${words.field} `, field);
    }
    item.append(`: ${fault.remedy}`);
    return item;
  }

  function complain(title, lines, more, url) {
    busy(null);
    document.getElementById("faults-title").textContent = title;
    document.getElementById("faults-list").replaceChildren(...lines);
    const last = document.getElementById("faults-more");
    last.textContent = more;
    if (url) {
      const link = document.createElement("a");
      link.href = url;
      link.textContent = words.there;
      last.append(" ", link);
    }
    last.hidden = !more;
    faults.hidden = false;
    faults.focus();
  }

  function told(answer) {
    if (answer.faults) {
      complain(words.nothing, answer.faults.map(line), "");
    } else if (answer.refused) {
      const { title, why, remedy, url } = answer.refused;
      complain(title, [], `${why} ${remedy}`, url);
    } else {
      complain(words.failed, [], "");
    }
  }

  function post(url, body, progress) {
    return new Promise((done) => {
      request = new XMLHttpRequest();
      request.open("POST", url);
      request.setRequestHeader("X-XSRFToken", words.xsrf);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.onprogress = (event) => progress(event.loaded / Math.max(1, event.total));
      request.onloadend = () => {
        let answer = {};
        try {
          answer = JSON.parse(request.responseText);
        } catch {
          answer = {};
        }
        done(answer);
      };
      request.onabort = () => done(null);
      request.send(body);
    });
  }

  async function send(files) {
    busy(words.reading);
    bar.removeAttribute("value");
    let found = null;
    try {
      found = await packing.ofFiles(files);
    } catch (error) {
      complain(words[error.message] ?? words.failed, [], "");
      return;
    }
    const permit = await post(`${words.url}/describe?length=${found.zip.size}`, found.description, () => {});
    if (permit === null) {
      busy(null);
      return;
    }
    if (!permit.upload) {
      told(permit);
      return;
    }
    busy(words.sending);
    const answer = await post(permit.upload, found.zip, (part) => {
      bar.value = part;
      if (part === 1) {
        what.textContent = words.looking;
        bar.removeAttribute("value");
      }
    });
    if (answer === null) {
      busy(null);
    } else if (answer.go) {
      window.location.assign(answer.go);
    } else {
      told(answer);
    }
  }

  function chosen(input) {
    input.addEventListener("change", () => {
      const files = Array.from(input.files, (file) => [file.webkitRelativePath || file.name, file]);
      input.value = "";
      if (files.length > 0) {
        send(files);
      }
    });
  }

  chosen(document.getElementById("choose-zip"));
  chosen(document.getElementById("choose-folder"));
  document.getElementById("sending-stop").addEventListener("click", () => request?.abort());

  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  document.addEventListener("dragleave", () => zone.classList.remove("over"));
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    // A browser lets go of what was dropped once this function waits for anything: so all is asked for at once.
    const dropped = Array.from(event.dataTransfer.items)
      .filter((item) => item.kind === "file")
      .map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
    if (dropped.length === 0 || !sending.hidden) {
      return;
    }
    try {
      send((await Promise.all(dropped.map((one) => packing.walk(one, "")))).flat());
    } catch (error) {
      complain(words[error.message] ?? words.failed, [], "");
    }
  });
})();
