// Comfort only: every page works without this file.
"use strict";

// One open menu at a time; Escape and a click elsewhere close it.
function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.getAttribute("aria-label");
  button.classList.add("copied");
  button.setAttribute("aria-label", button.dataset.copied);
  setTimeout(() => {
    button.classList.remove("copied");
    button.setAttribute("aria-label", label);
  }, 2000);
}

// Ticks every box of the list, or none when all are ticked.
function tickAll(button) {
  const boxes = [...button.form.querySelectorAll('input[type="checkbox"]')];
  const all = boxes.every((box) => box.checked);
  for (const box of boxes) box.checked = !all;
}

// A moment that is coming: minutes and seconds until then.
function countDown() {
  for (const place of document.querySelectorAll("[data-countdown]")) {
    const left = Math.max(0, Math.round((new Date(place.dataset.countdown) - Date.now()) / 1000));
    place.querySelector("span").textContent = `${Math.floor(left / 60)} min ${String(left % 60).padStart(2, "0")} s`;
    place.hidden = false;
  }
}

countDown();
setInterval(countDown, 1000);
document.addEventListener("htmx:afterSettle", countDown);

for (const button of document.querySelectorAll("[data-tick-all]")) button.hidden = false;

document.addEventListener("click", (event) => {
  closeMenus(event.target.closest("details.menu"));
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  const ticker = event.target.closest("[data-tick-all]");
  if (ticker) tickAll(ticker);
  if (event.target.closest("[data-print]")) window.print();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement.closest("details.menu[open]");
  closeMenus(null);
  if (menu) menu.querySelector("summary").focus();
});

// A second click on a form that must not be sent twice does nothing; the server would refuse it anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-once")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
