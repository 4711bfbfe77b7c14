// Waits for the bot, which takes over the address.
"use strict";

async function wait() {
  const answer = await fetch("/setup").catch(() => null);
  const text = answer ? await answer.text().catch(() => "") : "";
  // While this page is still what is answered, or nothing is, the bot has not started.
  if (text && !text.includes("/setup/static/starting.js")) location.reload();
  else setTimeout(wait, 300);
}

wait();
