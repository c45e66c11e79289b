// Comfort for the form of the studio: it saves while you type, inserts codes by a click, and moves cards by dragging.
// The form works without this.
"use strict";

// Every change is saved, so no request is aborted on its way: the server may have stored it already. Requests wait for
// each other instead. When its turn comes, a request takes what is in its form now, and one that has nothing new to say
// is dropped.
let sent = "", asking = "", values = new URLSearchParams();
const openQuestions = () => [...document.querySelectorAll("#editor .question [name=open]")].map((each) => each.value);
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail, { form } = ctx.request, { type } = ctx.sourceEvent ?? {};
  if (!form?.closest("#editor") || !(ctx.request.body instanceof URLSearchParams)) return;
  const isTyping = type === "input", isButton = type === "submit";
  const opens = isButton && ctx.request.body.get("do")?.startsWith("open ");
  if (!isButton) {
    if (form.querySelector("[data-conflict]")) return event.preventDefault(); // only its button saves then
    ctx.request.body = new URLSearchParams(new FormData(form));
  }
  const { body } = ctx.request;
  const place = form.closest("[data-part]")?.dataset.part;
  for (const each of ["base", "seen"]) body.delete(each);
  const now = `${form.id} ${body}`;
  if (!isButton && (now === sent || (isTyping && `${now} part` === sent))) return event.preventDefault();
  sent = now;
  if ((isTyping || opens) && place) {
    body.set("part", place); // while somebody types, only this part is drawn again
    sent = `${now} part`;
    if (opens && place.startsWith("questions."))
      for (const each of openQuestions()) if (each !== place) body.append("shut", each);
  } else
    for (const each of document.querySelectorAll("#editor [name=open]")) body.append("open", each.value);
  for (const each of ["base", "seen"]) if (form.elements[each]) body.set(each, form.elements[each].value);
  values = body;
  asking = form.id;
});

// What was typed after the request had left is not in its answer: such a box stays as it is until its own turn comes.
const isUnsent = (each) =>
  each.matches?.("#editor :is(textarea, input:not([type=hidden], [type=checkbox]))") &&
  each.value !== each.defaultValue && values.get(each.name) !== each.value;

// If somebody else has changed the text of such a box, its form still says what it was made from, so that the server
// refuses to overwrite that text.
function keepOrigin(form, renewed) {
  const isOvertaken = [...form.elements].some((each) => {
    const now = isUnsent(each) && renewed.elements[each.name]?.value;
    return typeof now === "string" && now !== each.defaultValue && now !== values.get(each.name);
  });
  if (isOvertaken)
    for (const each of ["base", "seen"]) renewed.elements[each]?.setAttribute("value", form.elements[each].value);
}

// Whoever leaves by a link goes when what was typed is saved; after three seconds in any case.
const running = new Set();
let leaving = "";
function leave() {
  const to = leaving;
  leaving = ""; // once: to go again would break off what is on its way
  if (to) location.assign(to);
}
const isSaving = () =>
  running.size > 0 || [...document.querySelectorAll("#editor form[hx-trigger*=input] :is(textarea, input)")].some(isUnsent);
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  if (!event.defaultPrevented && ctx.request.form?.closest("#editor")) running.add(ctx);
});
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  running.delete(ctx);
  if (!isSaving()) leave();
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const isPlain = !event.defaultPrevented && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (!isPlain || !link || link.target || link.pathname === location.pathname || !isSaving()) return;
  event.preventDefault();
  leaving = link.href;
  setTimeout(leave, 3000);
});

// What is unfolded stays so, and a new question or option gets the focus.
const newest = () => [...document.querySelectorAll("#editor .question, #editor .options > li")];
const known = new WeakMap();
let before = null, used = null, opening = "";
document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  before = new Set(newest().map(name));
  known.set(ctx, before); // of this answer: two may be on their way to the page
  const isButton = ctx.sourceEvent?.type === "submit";
  used = isButton ? ctx.request.form?.closest(".adding") : null;
  opening = isButton && values.get("do")?.startsWith("open ") ? values.get("do").slice(5).replaceAll(".", "-") : "";
});
const name = (each) => each.id || each.querySelector("textarea")?.name;
htmx.registerExtension("studio-form", {
  htmx_before_morph_node(_, { oldNode, newNode }) {
    if (oldNode.matches && isUnsent(oldNode)) return false;
    if (oldNode.matches?.("#editor form") && newNode.matches("form")) {
      if (oldNode.id !== asking && oldNode.querySelector("[data-conflict]")) return false; // not decided yet
      keepOrigin(oldNode, newNode);
    }
    if (oldNode !== used && oldNode.matches?.("details[open]")) newNode.open = true;
    if (oldNode.matches?.("details.inserting:not([open])")) newNode.open = false;
  },
});
document.addEventListener("htmx:after:swap", ({ detail }) => {
  const status = document.getElementById("status");
  if (!status) return;
  document.getElementById("edit").value = status.dataset.edit;
  document.dispatchEvent(new CustomEvent("saved"));
  pick();
  if (opening) document.querySelector(`#${opening}-more > summary, #${opening} > .adding > summary`)?.focus();
  const added = newest().find((each) => !(known.get(detail.ctx) ?? before)?.has(name(each)));
  if (added && detail.ctx.sourceEvent?.type === "submit") added.querySelector("textarea")?.focus();
});

// The types of questions are in the page once, and stand where one is added.
function pick(at = document.querySelector(".adding[data-at][open]")) {
  const types = document.getElementById("types");
  if (!types) return;
  if (at) {
    if (types.parentElement !== at) at.append(types); // to move it takes the focus from what is in it
    types.querySelector("[name=at]").value = at.dataset.at;
  }
  types.hidden = !at;
}
document.addEventListener("click", ({ target }) => {
  const at = target.closest(".adding[data-at] > summary")?.parentElement;
  if (at && !at.open) pick(at); // before it opens, so that the next key finds the types there
});
document.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.(".adding[data-at]")) return;
  if (target.open) for (const each of document.querySelectorAll(".adding[data-at][open]")) if (each !== target) each.open = false;
  pick();
}, true);

let box = null;
document.addEventListener("focusin", ({ target }) => {
  if (!target.matches("#editor textarea")) return;
  box = target;
  follow(target);
});
document.addEventListener("saved", () => {
  if (document.activeElement === box && box) follow(box); // the form may have been drawn again meanwhile
});

// The phone shows the question that is being written.
function follow(target) {
  const pages = document.querySelector("[data-beside][open] select[name=page]");
  const wanted = `q:${target.closest(".question")?.dataset.key}`;
  if (pages && pages.value !== wanted && wanted !== "q:undefined") {
    if (![...pages.options].some((each) => each.value === wanted)) pages.add(new Option("", wanted));
    pages.value = wanted;
    pages.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

// On a wide screen the phone stands beside the form.
const beside = document.querySelector("[data-beside]");
if (beside && matchMedia("(min-width: 80rem)").matches) beside.open = true;

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-insert]");
  if (!button) return;
  const form = button.form;
  const into = box?.form === form ? box : form.querySelector("textarea");
  const code = button.getAttribute(`data-insert-${into.lang}`) ?? button.dataset.insert;
  into.setRangeText(code, into.selectionStart, into.selectionEnd, "end");
  into.focus();
  into.dispatchEvent(new Event("input", { bubbles: true }));
});

// Enter in an option goes on to the next one in this language, and from the last one to a new option.
document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (key !== "Enter" || event.shiftKey || event.isComposing || !target.matches("#editor .options > li textarea")) return;
  event.preventDefault();
  const boxes = [...target.closest(".options").querySelectorAll(`textarea[lang="${target.lang}"]`)];
  const next = boxes[boxes.indexOf(target) + 1];
  if (next) next.focus();
  else target.form.querySelector(".options + .buttons > button")?.click();
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
