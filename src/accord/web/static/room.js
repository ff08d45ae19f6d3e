// Keys, drafts and the code in the address. Every action is also a form and works without this.
"use strict";

const items = () => [...document.querySelectorAll("[data-item]")];
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
  const typing = event.target.matches("input, textarea, select");
  if (typing) {
    if (event.key === "Escape") (current() || document.getElementById("main")).focus();
    return;
  }
  if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  else if (!act(event.key)) return;
  event.preventDefault();
});

// A draft is kept with every key, and forgotten when its form is sent.
const draft = (field) => field.matches("[data-draft]")
  ? `draft ${location.pathname} ${field.name} ${field.dataset.draft} ${field.form?.id || field.placeholder}` : null;

function restore() {
  for (const field of document.querySelectorAll("[data-draft]")) {
    const kept = sessionStorage.getItem(draft(field));
    if (kept && !field.value) {
      field.value = kept;
      if (field.closest("details.note")) field.closest("details").open = true;
    }
  }
}

document.addEventListener("input", (event) => {
  const name = draft(event.target);
  if (name) sessionStorage.setItem(name, event.target.value);
});
document.addEventListener("submit", (event) => {
  event.target.setAttribute("aria-busy", "true");  // until what comes of it takes its place
  for (const field of event.target.elements) {
    const name = draft(field);
    if (name) sessionStorage.removeItem(name);
  }
});

window.addEventListener("pageshow", () => {
  for (const one of document.querySelectorAll("form[aria-busy]")) one.removeAttribute("aria-busy");
});

// What was answered leaves the page: the next item takes its place, and the focus.
document.addEventListener("focusin", () => {
  const at = items().indexOf(current());
  if (at >= 0) place = at;
});
document.addEventListener("htmx:after:swap", () => {
  restore();
  if (document.activeElement === document.body && items().length) {
    items()[Math.min(place, items().length - 1)].focus();
  }
});

document.addEventListener("DOMContentLoaded", () => {
  restore();
  const form = document.getElementById("enter");
  const code = location.hash.slice(1);
  if (form && code) {
    history.replaceState(null, "", "/enter");
    form.elements.code.value = code;
    form.submit();
  }
});
