// Polls for the installation and for GitHub's first delivery, after which the page says what comes next.
"use strict";

const installed = document.getElementById("installed");
const trouble = document.getElementById("trouble");

async function poll() {
  const answer = await fetch("/setup/status").catch(() => null);
  // No answer: the bot is restarting. An error: the session has expired.
  if (answer && !answer.ok) return;
  const progress = answer ? await answer.json() : { accounts: [], delivered: false, trouble: "" };
  if (progress.delivered) {
    location.reload();
    return;
  }
  if (progress.accounts.length) {
    show(installed, `Installed on ${progress.accounts.join(", ")}.`);
    installed.className = "done";
  }
  show(trouble.querySelector("span"), progress.trouble);
  trouble.hidden = !progress.trouble;
  setTimeout(poll, 1000);
}

function show(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

poll();
