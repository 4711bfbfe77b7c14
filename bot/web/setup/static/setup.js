// Watches for the installation and for GitHub's first delivery.
"use strict";

const installed = document.getElementById("installed");
const heard = document.getElementById("heard");

async function look() {
  const answer = await fetch("/setup/status").catch(() => null);
  // No answer: the bot is just starting again. A refusal: this browser has waited too long.
  if (answer && !answer.ok) return;
  const progress = answer ? await answer.json() : { accounts: [], heard: false };
  if (progress.accounts.length) say(installed, `Installed on ${progress.accounts.join(", ")}.`);
  if (progress.heard) {
    say(heard, "GitHub's first delivery has arrived.");
    document.getElementById("next").hidden = false;
    return;
  }
  setTimeout(look, 1000);
}

function say(line, text) {
  if (line.textContent !== text) line.textContent = text;
  line.className = "done";
}

look();
