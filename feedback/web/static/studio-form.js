// Comfort for the form of the studio: codes inserted by a click, cards moved by dragging. The form works without this.
"use strict";

// Requests wait for each other. Each is sent with the edit that the one before it has made.
document.addEventListener("htmx:before:request", ({ detail }) => {
  const base = document.querySelector("#editor [name=base]");
  const body = detail.ctx.request.body;
  if (base && body instanceof URLSearchParams && body.has("base")) body.set("base", base.value);
});

let box = null;
document.addEventListener("focusin", ({ target }) => {
  if (target.matches("#editor textarea")) box = target;
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-insert]");
  if (!button) return;
  const form = button.form;
  const into = box?.form === form ? box : form.querySelector("textarea");
  into.setRangeText(button.dataset.insert, into.selectionStart, into.selectionEnd, "end");
  into.focus();
  into.dispatchEvent(new Event("input", { bubbles: true }));
});

let dragged = null;
const card = (element) => element.closest?.(".question");
document.addEventListener("dragstart", (event) => {
  if (!event.target.matches?.(".handle")) return;
  dragged = card(event.target);
  event.dataTransfer.setDragImage(dragged, 20, 20);
  event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  if (!dragged) return;
  const over = card(event.target);
  for (const each of document.querySelectorAll(".question.over")) each.classList.remove("over");
  if (over && over !== dragged) {
    event.preventDefault();
    over.classList.add("over");
  }
});
document.addEventListener("drop", (event) => {
  const over = dragged && card(event.target);
  if (!over || over === dragged) return;
  event.preventDefault();
  const button = Object.assign(document.createElement("button"), { name: "do", hidden: true });
  button.value = `move ${dragged.dataset.name} ${over.dataset.place}`;
  const form = dragged.querySelector("form");
  form.append(button);
  form.requestSubmit(button);
  button.remove();
});
document.addEventListener("dragend", () => {
  dragged = null;
  for (const each of document.querySelectorAll(".question.over")) each.classList.remove("over");
});
