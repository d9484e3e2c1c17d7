// Asks for the newest figures of a page that was answered with earlier ones, and shows them when they are reckoned.
// Without this script the link beside the words does so.
"use strict";

(function askForTheNewest() {
  const note = document.getElementById("as-of");
  if (!note) return;
  const words = note.querySelector("span");

  function show(page) {
    document.getElementById("content").replaceWith(page);
    // A script that came as text does not run: each gets an element of its own.
    page.querySelectorAll("script[src]").forEach((one) => {
      const again = document.createElement("script");
      again.src = one.src;
      one.replaceWith(again);
    });
  }

  async function ask() {
    // The service answers a script only where it has the page's own token, as a form has.
    const headers = { Accept: "text/html", "X-XSRFToken": note.dataset.token };
    const answer = await fetch(note.dataset.fresh, { headers });
    // Whoever was signed out meanwhile is sent to another page, which has no figures.
    if (!answer.ok || answer.redirected) throw new Error(`no figures: ${answer.status}`);
    return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("content");
  }

  words.textContent = note.dataset.reckoning;
  ask().then(
    (page) => {
      // Nobody's typing is thrown away: who is in a form finds the newest figures behind the link.
      if (document.activeElement && document.activeElement.closest("form")) words.textContent = note.dataset.done;
      else show(page);
    },
    () => {
      words.textContent = note.dataset.failed;
    },
  );
})();
