// The start of a server, told step by step; goes on to the server when it is ready.
"use strict";

(function followTheStart() {
  const page = document.getElementById("start");
  const bar = document.getElementById("start-bar");
  const steps = document.getElementById("start-steps");
  const failure = document.getElementById("start-failure");
  const language = document.documentElement.lang;
  const known = JSON.parse(page.dataset.words);

  // A step may come as plain words, or as HTML with one span per language: only its text is ever shown.
  function words(event) {
    if (event.html_message !== undefined) {
      const parsed = new DOMParser().parseFromString(event.html_message, "text/html");
      const own = parsed.querySelector(`[lang="${language}"]`);
      if (own !== null) {
        return own.textContent;
      }
    }
    const message = event.message || "";
    const match = Object.keys(known).find((beginning) => message.startsWith(beginning));
    return match === undefined ? message : known[match];
  }

  function tell(text) {
    const last = steps.lastElementChild;
    if (text && (last === null || last.textContent !== text)) {
      const step = document.createElement("li");
      step.textContent = text;
      steps.append(step);
    }
  }

  function fail(text) {
    page.querySelector("h1").textContent = page.dataset.failed;
    document.title = page.dataset.failed;
    failure.querySelector("p").textContent = text;
    failure.hidden = false;
    bar.hidden = true;
    document.getElementById("start-hint").hidden = true;
    failure.focus();
  }

  const stream = new EventSource(page.dataset.progress);
  stream.onmessage = (message) => {
    const event = JSON.parse(message.data);
    if (event.progress !== undefined) {
      bar.value = event.progress;
    }
    if (event.ready) {
      stream.close();
      tell(page.dataset.ready);
      window.location.reload();
    } else if (event.failed) {
      stream.close();
      fail(words(event));
    } else {
      tell(words(event));
    }
  };
})();
