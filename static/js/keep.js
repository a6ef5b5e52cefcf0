// Keeps what is being typed into a form marked data-keep in this tab, until the portal has it: a session may end, a
// connection may break, a log-in in another tab may make the page stale. Passwords, files and codes are never kept.
"use strict";

const PREFIX = "kept:";
const HOURS = 12;
const SECRET = /password|one-time-code/;

const person = document.body.dataset.person;
// A page between a form and its goal: a log-in, a confirmation, an error. Nothing was saved on the way to it.
const isGate = !person || document.body.hasAttribute("data-gate");

function keys() {
  return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
}

function read(key) {
  return JSON.parse(sessionStorage.getItem(key));
}

function write(key, entry) {
  try {
    sessionStorage.setItem(key, JSON.stringify(entry));
  } catch {
    // The tab's store is full: better no copy than half of one.
    sessionStorage.removeItem(key);
  }
}

function isSecret(field) {
  return ["password", "file"].includes(field.type) || SECRET.test(field.autocomplete || "");
}

// What a person can type or choose, and the hidden fields that say which thing it is about; not the token.
function fieldsOf(form) {
  const secret = new Set([...form.elements].filter(isSecret).map((field) => field.name));
  return [...new FormData(form)].filter(
    ([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken" && !secret.has(name),
  );
}

function typed(form, fields) {
  const hidden = new Set([...form.elements].filter((field) => field.type === "hidden").map((field) => field.name));
  return JSON.stringify(fields.filter(([name]) => !hidden.has(name)));
}

// Not form.action: the editor's buttons are called that.
function pathOf(form) {
  return new URL(form.getAttribute("action") || location.pathname, location.href).pathname;
}

function keyOf(form) {
  return `${PREFIX}${pathOf(form)}`;
}

function keep(form, isSent) {
  write(keyOf(form), { person, at: Date.now(), from: location.pathname, isSent, fields: fieldsOf(form) });
}

function restoreByServer(form, entry) {
  // The editor draws as many lines as it is sent: it counts what was typed, and saves nothing.
  const post = document.createElement("form");
  post.method = "post";
  post.action = pathOf(form);
  const token = form.elements.csrfmiddlewaretoken.value;
  const fields = [...entry.fields, ["csrfmiddlewaretoken", token], ["action", form.dataset.keep]];
  for (const [name, value] of fields) {
    // A text area keeps line ends, which a hidden input would lose.
    const field = document.createElement("textarea");
    field.name = name;
    field.value = value;
    post.append(field);
  }
  post.hidden = true;
  document.body.append(post);
  post.submit();
}

function restoreHere(form, entry) {
  const values = new Map(entry.fields);
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || isSecret(field)) continue;
    if (["checkbox", "radio"].includes(field.type)) {
      field.checked = entry.fields.some(([name, value]) => name === field.name && value === field.value);
    } else if (values.has(field.name)) field.value = values.get(field.name);
  }
}

function offer(form, key, entry) {
  const panel = document.getElementById("keep-offer").content.firstElementChild.cloneNode(true);
  const time = new Date(entry.at).toLocaleTimeString("pl-PL", { hour: "2-digit", minute: "2-digit" });
  panel.querySelector("[data-keep-at]").textContent = time;
  panel.querySelector("[data-keep-restore]").addEventListener("click", () => {
    panel.remove();
    // As if sent: the answer is the form with all of it, and nothing is left to offer.
    write(key, { ...entry, isSent: true });
    if (form.dataset.keep) restoreByServer(form, entry);
    else {
      restoreHere(form, entry);
      keep(form, false);
      form.querySelector("input:not([type=hidden]), select, textarea").focus();
    }
  });
  panel.querySelector("[data-keep-discard]").addEventListener("click", () => {
    panel.remove();
    sessionStorage.removeItem(key);
  });
  form.before(panel);
}

// Whether this page came as the answer to a form: straight from the form's page, not by going back, not by another way.
function isAnswerTo(entry) {
  const [navigation] = performance.getEntriesByType("navigation");
  const origin = document.referrer ? new URL(document.referrer).pathname : "";
  return navigation.type === "navigate" && origin === entry.from;
}

function arrive() {
  const forms = new Map([...document.querySelectorAll("form[data-keep]")].map((form) => [keyOf(form), form]));
  for (const key of keys()) {
    const entry = read(key);
    const isForeign = person && entry.person !== person;
    if (isForeign || Date.now() - entry.at > HOURS * 3600_000) sessionStorage.removeItem(key);
    else if (isGate) write(key, { ...entry, isSent: false });
    else if (entry.isSent && isAnswerTo(entry)) sessionStorage.removeItem(key);
    else if (forms.has(key)) {
      const form = forms.get(key);
      if (typed(form, entry.fields) === typed(form, fieldsOf(form))) sessionStorage.removeItem(key);
      else offer(form, key, entry);
    }
  }
}

let timer = 0;
function keepSoon(event) {
  const form = event.target.closest ? event.target.closest("form[data-keep]") : null;
  if (!form) return;
  clearTimeout(timer);
  timer = setTimeout(() => keep(form, false), 300);
}

for (const name of ["input", "change", "htmx:afterSettle"]) document.addEventListener(name, keepSoon);
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.hasAttribute("data-forget")) for (const key of keys()) sessionStorage.removeItem(key);
  if (!form.hasAttribute("data-keep") || event.defaultPrevented) return;
  clearTimeout(timer);
  keep(form, true);
});
arrive();
