// Comfort only: a box that needs another one can be ticked once that one is. The server holds the rule (S76).
"use strict";

for (const box of document.querySelectorAll("input[data-needs]")) {
  const needed = document.getElementById(box.dataset.needs);
  const follow = () => {
    box.disabled = !needed.checked;
    if (box.disabled) box.checked = false;
  };
  // Where the two contradict each other the page explains it first.
  if (needed.checked || !box.checked) follow();
  needed.addEventListener("change", follow);
}
