// The buttons that copy the value beside them. Without script the style sheet hides
// them, and where the browser keeps the clipboard to itself they go here: the value is
// there to be selected.
"use strict";
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  if (navigator.clipboard) {
    const value = document.getElementById(button.dataset.copy);
    const label = button.textContent;
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(value.textContent);
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = label; }, 4000);
    });
  }
}
