// Polls for the installation and for GitHub's first delivery.
"use strict";

const installed = document.getElementById("installed");
const delivered = document.getElementById("delivered");

async function poll() {
  const answer = await fetch("/setup/status").catch(() => null);
  // No answer: the bot is restarting. An error: the session has expired.
  if (answer && !answer.ok) return;
  const progress = answer ? await answer.json() : { accounts: [], delivered: false };
  if (progress.accounts.length) show(installed, `Installed on ${progress.accounts.join(", ")}.`);
  if (progress.delivered) {
    show(delivered, "GitHub's first delivery has arrived.");
    document.getElementById("next").hidden = false;
    return;
  }
  setTimeout(poll, 1000);
}

function show(line, text) {
  if (line.textContent !== text) line.textContent = text;
  line.className = "done";
}

poll();
