// Comfort for the desk: keys in the queue, and a button that appears when it can do something. Every page works
// without this file.
"use strict";

document.documentElement.classList.add("scripted");

// htmx evaluates no code from attributes here; the policy of the page forbids it anyway.
const rows = () => [...document.querySelectorAll(".queue .row")];
const at = () => document.querySelector(".row.at");

function goTo(row) {
  at()?.classList.remove("at");
  row.classList.add("at");
  row.querySelector(".name").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const next = all.indexOf(at()) + by;
  goTo(all[Math.min(Math.max(next, 0), all.length - 1)]);
}

function showBulk() {
  const ticked = document.querySelectorAll(".queue input:checked").length;
  const bar = document.querySelector(".bulk");
  if (!bar) return;
  bar.classList.toggle("ready", ticked > 0);
  bar.querySelector(".selected").textContent = ticked ? `(${ticked.toLocaleString(document.documentElement.lang)})` : "";
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  x: () => at()?.querySelector("input[type=checkbox]")?.click(),
  Enter: () => at()?.querySelector(".name").click(),
  "/": () => (document.querySelector("main input[type=search]") ?? searchField())?.focus(),
};

const searchField = () => document.getElementById("find");

// Arrow keys walk from the field through what was found below it, and Escape leaves it. Control-K begins from anywhere.
function walk(event) {
  const links = [...document.querySelectorAll("#find-results a")];
  const here = links.indexOf(document.activeElement);
  if (event.key === "Escape") {
    document.getElementById("find-results").replaceChildren();
    searchField().value = "";
    searchField().blur();
  } else if (event.key === "ArrowDown" && links.length) {
    links[Math.min(here + 1, links.length - 1)].focus();
  } else if (event.key === "ArrowUp" && here >= 0) {
    (links[here - 1] ?? searchField()).focus();
  } else return;
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && searchField()) {
    event.preventDefault();
    searchField().select();
  } else if (event.target.closest(".find")) walk(event);
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, button, summary");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  if (event.key === "Enter" && event.target.closest("a")) return;
  if (event.key !== "/" && !document.querySelector(".queue")) return;
  event.preventDefault();
  keys[event.key]();
});

document.addEventListener("change", showBulk);
document.addEventListener("htmx:after:swap", showBulk);

// The page of a follow-up has a text box in several forms: what is typed in the others goes along and becomes a note.
document.addEventListener("submit", ({ target: form }) => {
  if (!form.matches("main form[method=post]")) return;
  for (const box of document.querySelectorAll("[data-typed]")) {
    if (box.form === form || !box.value.trim()) continue;
    const copy = Object.assign(document.createElement("input"), { type: "hidden", name: box.name, value: box.value });
    form.append(copy);
  }
});

// A button in the head of a follow-up opens the part that it leads to.
document.addEventListener("click", ({ target }) => {
  const part = document.querySelector(target.closest("a.opens")?.hash || null);
  if (part) part.open = true;
});

// On a phone the navigation and the tabs are wider than the screen: begin where the page is.
for (const here of document.querySelectorAll(":is(.places, main > .tabs, .screen > .tabs) [aria-current]"))
  here.scrollIntoView({ block: "nearest", inline: "center" });

// A preview of a customer's page says how high it is.
addEventListener("message", (event) => {
  const height = Number(event.data?.height);
  for (const frame of document.querySelectorAll("iframe.preview"))
    if (frame.contentWindow === event.source && height > 0) frame.height = Math.min(height, 2000);
});
