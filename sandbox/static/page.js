// Keep the page as the sandbox is: forms without a reload, and what others do, the bot above all, as it happens.
// Without this file the same page works as plain forms.
"use strict";

const issue = document.getElementById("issue");
const news = document.getElementById("news");

document.addEventListener("DOMContentLoaded", () => {
  showTimes();
  if (!issue) return;
  document.addEventListener("submit", send);
  document.addEventListener("keydown", sendOnCtrlEnter);
  document.addEventListener("change", () => {
    document.getElementById("try-speaker").textContent = speaker();
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.name === "newcomer") event.target.select();
  });
  follow(issue.dataset.events);
  setInterval(showTimes, 20_000);
});

// Forms ---------------------------------------------------------------------------------------------------------

const sending = new WeakSet();

async function send(event) {
  const form = event.target;
  const button = event.submitter;
  event.preventDefault();
  if (sending.has(form)) return;
  sending.add(form);
  const data = new FormData(form, button);
  const address = button?.getAttribute("formaction") ? button.formAction : form.action;
  try {
    const answer = await fetch(address, { method: "POST", body: data });
    const page = read(await answer.text());
    if (!answer.ok) {
      tell(page.getElementById("message")?.textContent ?? `The sandbox answered ${answer.status}.`, "problem");
      return;
    }
    clear(form, button);
    const spoke = form.id === "composer-form" ? speaker(page) : speaker();
    show(page);
    choose(spoke);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    tell("The sandbox does not respond. Check that it is still running.", "problem");
  } finally {
    sending.delete(form);
  }
}

function clear(form, button) {
  const names = form.dataset.clear?.split(" ");
  if (names) {
    // A one-click example leaves what was being written in the box.
    const done = names.filter((name) => !(name === "body" && button?.name === "example"));
    for (const name of done) form.elements[name].value = "";
  } else {
    // What was saved is the new default, which the next change may replace.
    for (const field of form.elements) if ("defaultValue" in field) field.defaultValue = field.value;
    form.reset();
  }
  form.closest("details")?.removeAttribute("open");
}

function sendOnCtrlEnter(event) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.target.nodeName !== "TEXTAREA") return;
  const form = event.target.form;
  form.requestSubmit(form.querySelector("button.primary"));
}

// News from the sandbox -----------------------------------------------------------------------------------------

function speaker(page = document) {
  return page.querySelector("#cast input:checked")?.value ?? "";
}

function choose(login) {
  const radio = document.querySelector(`#cast input[value="${CSS.escape(login)}"]`);
  if (radio) radio.checked = true;
}

function follow(address) {
  const stream = new EventSource(address);
  let busy = false;
  let again = false;
  let lost = false;
  const refresh = async () => {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      try {
        const address = new URL(location.href.split("#")[0]);
        address.searchParams.set("as", speaker());
        const answer = await fetch(address, { cache: "no-store" });
        if (answer.ok) show(read(await answer.text()));
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      // With many changes, a few refreshes a second are enough.
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    busy = false;
  };
  stream.addEventListener("change", refresh);
  stream.addEventListener("open", () => {
    if (lost) tell("The sandbox is back.");
    lost = false;
  });
  stream.addEventListener("error", () => {
    if (!lost) tell("The connection to the sandbox was lost. Reconnecting…", "problem");
    lost = true;
  });
}

function read(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

function show(page) {
  const fresh = page.getElementById("issue");
  if (!fresh) return;
  const letter = document.getElementById("letter-body");
  const before = letter.dataset.watch;
  const paragraphs = new Set([...letter.children].map((child) => child.outerHTML));
  const known = new Set([...document.querySelectorAll(".entry")].map((entry) => entry.id));
  morph(issue, fresh);
  document.title = page.title;
  showTimes();
  for (const entry of document.querySelectorAll(".entry")) {
    if (!known.has(entry.id)) flash(entry.querySelector(".box"));
  }
  if (letter.dataset.watch !== before) {
    for (const child of letter.children) if (!paragraphs.has(child.outerHTML)) flash(child);
    tellOfTheLetter(letter);
  }
}

function flash(element) {
  element.classList.add("fresh");
  element.addEventListener("animationend", () => element.classList.remove("fresh"), { once: true });
}

function tellOfTheLetter(letter) {
  const { top, bottom } = letter.getBoundingClientRect();
  const inView = bottom > 80 && top < innerHeight - 80;
  tell("The issue’s text has changed.", inView ? "unseen" : "", inView ? "" : "#letter");
}

function tell(text, kind = "", link = "") {
  const line = document.createElement("p");
  line.className = kind;
  line.append(text);
  if (link) {
    const go = document.createElement("a");
    go.href = link;
    go.textContent = "Show it";
    line.append(" ", go);
  }
  news.replaceChildren(line);
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => line.remove(), kind === "problem" ? 12_000 : 6_000);
}

// Make one tree like another, leaving alone what is the same and what somebody is just writing ---------------------

function morph(old, fresh) {
  if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return undefined;
  }
  if (old.isEqualNode(fresh)) return undefined;
  if (old.nodeName === "TIME" && old.dateTime === fresh.dateTime) return undefined;
  // What somebody has typed stays: browsers take new defaults only for fields that nobody has touched.
  attributes(old, fresh);
  if (old.nodeName === "TEXTAREA") {
    old.defaultValue = fresh.defaultValue;
    return undefined;
  }
  return children(old, fresh);
}

function attributes(old, fresh) {
  // Who speaks and what is unfolded is for whoever sits here to say.
  const kept = ["checked", "open"];
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !kept.includes(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !kept.includes(name)) old.setAttribute(name, value);
  }
}

function children(old, fresh) {
  let here = old.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const known = wanted.id ? [...old.children].find((child) => child.id === wanted.id) : undefined;
    if (known && known !== here) {
      old.insertBefore(known, here);
      morph(known, wanted);
    } else if (here && (known || !(wanted.id || here.id)) && here.nodeName === wanted.nodeName) {
      const next = here.nextSibling;
      morph(here, wanted);
      here = next;
    } else {
      old.insertBefore(wanted, here);
    }
  }
  while (here) {
    const next = here.nextSibling;
    here.remove();
    here = next;
  }
}

// Times ---------------------------------------------------------------------------------------------------------

function showTimes() {
  for (const time of document.querySelectorAll("time[data-clock]")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString("en-GB");
  }
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const time of document.querySelectorAll("time[datetime]:not([data-clock])")) {
    const seconds = Math.round((new Date(time.dateTime) - Date.now()) / 1000);
    const ago = Math.abs(seconds);
    if (ago < 10) time.textContent = "just now";
    else if (ago < 60) time.textContent = words.format(seconds, "second");
    else if (ago < 3600) time.textContent = words.format(Math.round(seconds / 60), "minute");
    else if (ago < 86400) time.textContent = words.format(Math.round(seconds / 3600), "hour");
    else time.textContent = time.title.split(",")[0];
  }
}
