// Keys, drafts and the code in the address. Every action is also a form and works without this.
"use strict";

const items = () => [...document.querySelectorAll("[data-item]")].filter(shown);
const current = () => document.activeElement?.closest("[data-item]");
let place = 0;

function move(step) {
  const all = items();
  if (!all.length) return;
  const at = all.indexOf(current());
  place = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
  all[place].focus();
  all[place].scrollIntoView({block: "nearest"});
}

function shown(element) {
  return element && !element.disabled && element.checkVisibility?.() !== false;
}

function act(key) {
  const wanted = `[data-key="${CSS.escape(key)}"]`;
  const within = current()?.querySelector(wanted);
  // Where an item is answered by a number, a number too many does not lead to another page.
  if (!within && /^[1-9]$/.test(key) && current()?.querySelector('[data-key="1"]')) return false;
  const found = within || [...document.querySelectorAll(wanted)].find(
    (one) => !one.closest("[data-item]") && (shown(one) || one.closest("details")));
  if (!found || found.disabled) return false;
  if (found.matches("textarea, input:not([type=radio])")) {
    found.focus();
  } else {
    found.click();
    const field = found.matches("summary") && found.parentElement.open
      ? found.parentElement.querySelector("textarea, dl, input:not([type=hidden])") : null;
    if (field?.matches("textarea, input")) field.focus();
  }
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const typing = event.target.matches(
    "input:not([type=radio], [type=checkbox]), textarea, select");
  if (typing) {
    if (event.key === "Escape") (current() || document.getElementById("main")).focus();
    return;
  }
  if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  else if (!act(event.key)) return;
  event.preventDefault();
});

// A draft is kept with every key, and forgotten when what came of its form says that it was taken.
const draft = (field) => field.matches("[data-draft]")
  ? `draft ${location.pathname} ${field.name} ${field.dataset.draft} ${field.form?.id || field.placeholder}` : null;
const drafts = (form) => [...form.elements].map(draft).filter(Boolean);
const forget = (names) => names.forEach((name) => sessionStorage.removeItem(name));
const sending = new WeakMap();  // news may come first, and change what a form is about

// What the server wrote is no draft; what stands there otherwise was typed or chosen just now.
function restore() {
  for (const field of document.querySelectorAll("[data-draft]")) {
    const kept = sessionStorage.getItem(draft(field));
    if (kept === null) continue;
    if (field.type === "radio") {
      field.checked = field.value === kept;
    } else if (field.matches("select")) {
      if ([...field.options].some((one) => one.value === kept)) field.value = kept;
    } else if (kept && field.value === field.defaultValue) {
      field.value = kept;
      if (field.closest("details.note")) field.closest("details").open = true;
    }
  }
}

document.addEventListener("input", (event) => {
  const name = draft(event.target);
  if (name) sessionStorage.setItem(name, event.target.value);
});

// A form on its way is not sent again before it is known what came of it.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[hx-post][aria-busy]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

const SENT = "sent";
const here = () => location.href.split("#")[0];
document.addEventListener("submit", (event) => {
  const form = event.target;
  form.setAttribute("aria-busy", "true");  // until it is known what came of it
  sending.set(form, drafts(form));
  tell("");
  if (!form.hasAttribute("hx-post")) {  // its answer is another page
    sessionStorage.setItem(SENT, JSON.stringify({from: here(), names: drafts(form)}));
  }
});

// Whether this page is the answer to a form of the one before, and no refusal of it.
function taken(sent) {
  const [way] = performance.getEntriesByType("navigation");
  return way?.type === "navigate" && document.referrer === sent.from
    && document.getElementById("live") && !document.querySelector("[data-refused]");
}

function settle() {
  const sent = JSON.parse(sessionStorage.getItem(SENT) || "null");
  sessionStorage.removeItem(SENT);
  if (sent && taken(sent)) forget(sent.names);
}

window.addEventListener("pageshow", () => {
  for (const one of document.querySelectorAll("form[aria-busy]")) one.removeAttribute("aria-busy");
});

// What was answered leaves the page: the next item takes its place, and the focus. What keeps the
// focus stays where it is read, whatever comes in above it; where nothing has it, nothing gets it.
document.addEventListener("focusin", () => {
  const at = items().indexOf(current());
  if (at >= 0) place = at;
});
let held = null;
document.addEventListener("htmx:before:swap", () => {
  const focused = document.activeElement;
  const {top, bottom} = focused.getBoundingClientRect();
  held = focused === document.body ? null : {focused, top, read: bottom > 0 && top < innerHeight};
});
document.addEventListener("htmx:after:swap", () => {
  restore();
  if (!held) return;
  if (held.focused === document.activeElement) {
    if (held.read) scrollBy(0, held.focused.getBoundingClientRect().top - held.top);
  } else if (document.activeElement === document.body) {
    const next = items()[Math.min(place, items().length - 1)];
    (next || document.querySelector("[data-refused] a"))?.focus();
  }
});

// What went wrong is told beside the page, which stays as it is. News that come in do not take
// away that a form was not sent.
function tell(words, of = "") {
  const told = document.getElementById("trouble");
  if (told.textContent !== words) told.textContent = words;
  told.hidden = !words;
  told.dataset.of = of;
}

const isForm = (element) => Boolean(element?.matches("form"));
const isPage = ({response, text}) =>
  response.headers.get("content-type")?.startsWith("text/html") && text.includes('<main id="main"');

function fail(source, words, lead) {
  const told = document.getElementById("trouble");
  if (isForm(source)) {
    tell(`${lead}: ${words}. What you typed is kept.`, "form");
  } else if (told.dataset.of !== "form") {
    tell(`This page is not up to date: ${words}.`, "page");
  }
}

function reason({response, text}) {
  const plain = response.headers.get("content-type")?.startsWith("text/plain");
  return plain && text.trim() ? text.trim().slice(0, 300) : `the server answered ${response.status}`;
}

// Before it is read as HTML, which alone may load what stands in it.
document.addEventListener("htmx:after:request", (event) => {
  const {ctx} = event.detail;
  const source = ctx.sourceElement;
  const page = isPage(ctx);
  if (isForm(source)) source.removeAttribute("aria-busy");
  if (!isForm(source) && document.querySelector("[data-refused]")) {
    event.preventDefault();  // why a form was refused stays until somebody has read it
  } else if (page && ctx.response.status < 400) {
    if (isForm(source)) forget(sending.get(source) ?? drafts(source));
    if (isForm(source) || document.getElementById("trouble").dataset.of === "page") tell("");
  } else if (!page || !isForm(source) || ctx.response.status === 401) {
    event.preventDefault();  // else it is a page that says why the form was refused
    fail(source, reason(ctx), "That was not done");
  }
});
document.addEventListener("htmx:error", (event) => {
  const {ctx, error} = event.detail;
  const {slow, gone} = document.getElementById("trouble").dataset;
  if (isForm(ctx?.sourceElement)) ctx.sourceElement.removeAttribute("aria-busy");
  if (ctx) fail(ctx.sourceElement, error === "timeout" ? slow : gone, "No answer came");
});

// A stream that is cut off or comes back says nothing of why: the page itself is asked for.
const look = () => htmx.trigger(document.body, "moved");
document.addEventListener("htmx:sse:error", look);
const lookAgain = () => {
  if (document.getElementById("trouble").dataset.of === "page") look();
};
document.addEventListener("htmx:sse:after:connection", lookAgain);
window.addEventListener("online", lookAgain);  // the stream itself may have outlived the gap

document.addEventListener("DOMContentLoaded", () => {
  settle();
  restore();
  const form = document.getElementById("enter");
  const code = location.hash.slice(1);
  if (form && code) {
    history.replaceState(null, "", "/enter");
    form.elements.code.value = code;
    form.submit();
  }
});
