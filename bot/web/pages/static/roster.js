// Follow a petition while its page is open: the count, and new names on top of the list; and say of recent times how
// long ago they are, in the language of the page. Without this file the page says the same, and keeps still.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  showAges();
  setInterval(showAges, 20_000);
  const roster = document.querySelector("[data-live]");
  if (!roster || !window.EventSource) return;
  const stream = new EventSource(roster.dataset.live);
  stream.addEventListener("tally", (event) => show(JSON.parse(event.data)));
});

const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];
// The digits are those of the numbers that the server writes.
const AGO = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", numberingSystem: "latn" });

function showAges() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    // What is told aloud when it changes is not to be told every minute.
    if (!time.title || !time.closest("[role=status]")) showAge(time);
  }
}

function showAge(time) {
  const seconds = (Date.now() - Date.parse(time.dateTime)) / 1_000;
  time.dataset.shown ||= time.textContent;
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? [];
  // A clock that is slow makes it lie ahead.
  const isRecent = seconds > -60 && seconds < 7 * 86_400;
  const age = unit ? AGO.format(-Math.floor(seconds / length), unit) : AGO.format(0, "second");
  const text = isRecent ? age : time.dataset.shown;
  if (time.textContent !== text) time.textContent = text;
  if (isRecent) time.title = time.dataset.ago;
}

function reloadSoon() {
  // Not all open pages ask in the same moment.
  setTimeout(() => location.reload(), Math.random() * 2_000);
}

function show(news) {
  document.getElementById("count").textContent = news.headline;
  const words = document.getElementById("growth-words");
  if (words) {
    words.textContent = news.growth;
    const title = document.querySelector("h1").textContent;
    document.querySelector(".growth .chart").setAttribute("aria-label", `${title}: ${news.growth}`);
  }
  const covered = document.getElementById("covered");
  if (covered) covered.textContent = news.covered;
  const letter = document.querySelector(".letter");
  // Whoever reads the letter is to see the one that is signed now.
  if (letter && letter.dataset.digest !== news.letter) return reloadSoon();
  const which = document.getElementById("signed-which");
  if (which) {
    which.textContent = news.signed_which;
    which.closest("p").hidden = !news.signed_which;
  } else if (letter && news.signed_which) return reloadSoon();
  const bar = document.querySelector(".goal progress");
  if (bar && news.goal) {
    bar.max = news.goal;
    bar.value = news.count;
    bar.setAttribute("aria-label", news.progress);
    document.getElementById("progress").textContent = news.progress;
  }
  const list = document.getElementById("entries");
  const fresh = new DOMParser().parseFromString(`<ol>${news.entries}</ol>`, "text/html").querySelectorAll("li");
  const known = new Map([...(list?.children ?? [])].map((entry) => [entry.id, entry]));
  if (!list) return;
  const unlisted = document.getElementById("unlisted");
  unlisted.textContent = news.unlisted;
  unlisted.hidden = !news.unlisted;
  const isEmpty = document.querySelector("#roster .empty") !== null;
  if (!known.size !== !fresh.length || isEmpty !== !news.count) location.reload();
  if (!fresh.length) return;
  // The newest ones are all there; what stands among the old ones and not among them has been withdrawn.
  const oldest = fresh[fresh.length - 1].id;
  const rest = [];
  let passed = false;
  for (const entry of list.children) {
    if (passed) rest.push(entry);
    if (entry.id === oldest) passed = true;
  }
  const top = [...fresh].map((entry) => {
    const old = known.get(entry.id);
    if (old) return old.replaceChildren(...entry.childNodes), old;
    entry.classList.add("fresh");
    return document.adoptNode(entry);
  });
  let kept = passed ? rest : [...list.children].filter((entry) => !top.includes(entry));
  if (news.listed <= fresh.length) kept = [];
  list.replaceChildren(...top, ...kept.slice(0, Math.max(50 - top.length, 0)));
  showAges();
}
