// Makes and revokes a person's access keys through the hub's API.
"use strict";

(function keepKeys() {
  const form = document.getElementById("new-token");
  const made = document.getElementById("token-made");
  const failed = document.getElementById("token-failed");

  async function ask(method, path, body) {
    failed.hidden = true;
    const answer = await fetch(form.dataset.url + path, {
      method,
      headers: { "Content-Type": "application/json", "X-XSRFToken": form.dataset.xsrf },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    failed.hidden = answer.ok;
    return answer;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const days = Number.parseInt(document.getElementById("token-days").value, 10);
    const note = document.getElementById("token-note").value;
    const answer = await ask("POST", "", { note, expires_in: days * 86400 });
    if (answer.ok) {
      document.getElementById("token-value").textContent = (await answer.json()).token;
      made.hidden = false;
    }
  });

  document.querySelectorAll("[data-revoke]").forEach((button) => {
    button.addEventListener("click", async () => {
      const answer = await ask("DELETE", `/${encodeURIComponent(button.dataset.revoke)}`);
      if (answer.ok) {
        button.closest("tr").remove();
      }
    });
  });
})();
