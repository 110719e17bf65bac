// The console's small comforts. Every page works without this file; nothing here decides anything.
"use strict";

// Keys of the queues: j/k move, y/n press the button that carries the same letter, ? explains. Off by a switch (WCAG 2.1.4).
(function keys() {
  const cards = Array.from(document.querySelectorAll(".queue-card"));
  const box = document.querySelector("#keys-on");
  if (!cards.length || !box) return;
  let at = 0;
  const remembered = () => { try { return localStorage.getItem("keys") === "off"; } catch { return false; } };
  box.checked = !remembered();
  box.addEventListener("change", () => { try { localStorage.setItem("keys", box.checked ? "on" : "off"); } catch { /* private window */ } });
  function show(next) {
    at = Math.max(0, Math.min(next, cards.length - 1));
    cards.forEach((card, index) => card.classList.toggle("current", index === at));
    cards[at].querySelector("h2").focus({ preventScroll: true });
    cards[at].scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "j") show(cards[at].classList.contains("current") ? at + 1 : at);
    else if (event.key === "k") show(at - 1);
    else if (/^[a-z]$/.test(event.key)) {
      const button = cards[at].classList.contains("current") && cards[at].querySelector(`[data-key="${event.key}"]`);
      if (button) button.click();
    }
  });
})();

// New mails are announced, never pushed in under the reader's finger.
(function news() {
  const place = document.querySelector("[data-news]");
  if (!place) return;
  async function look() {
    try {
      const answer = await fetch(place.dataset.news, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (answer.status === 200) {
        const { count } = await answer.json();
        place.textContent = place.dataset.words.replace("{n}", String(count));
        place.hidden = false;
      }
    } catch { /* offline: the next look will tell */ }
    setTimeout(look, document.hidden ? 30000 : 5000);
  }
  place.addEventListener("click", () => location.reload());
  setTimeout(look, 5000);
})();

// Minutes until a held mail leaves by itself.
(function countdown() {
  const clocks = Array.from(document.querySelectorAll("[data-until]"));
  if (!clocks.length) return;
  setInterval(() => {
    for (const clock of clocks) {
      const minutes = Math.max(0, Math.ceil((Date.parse(clock.dataset.until) - Date.now()) / 60000));
      clock.textContent = minutes ? clock.dataset.words.replace("{n}", String(minutes)) : clock.dataset.soon;
    }
  }, 15000);
})();

// A button that copies what is shown only once.
(function copy() {
  for (const secret of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-small";
    button.textContent = secret.dataset.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(secret.textContent.trim());
      button.textContent = secret.dataset.copied;
    });
    secret.after(button);
  }
})();
