// Notifies the reader of an open page, who has asked for it on the page of their account. Everything comes from this
// server; no push service takes part. It ends with the page, and when the reader has signed out.
"use strict";

const EVERY = 60_000;
const { news } = document.currentScript.dataset;
const box = document.getElementById("browser-notices");
let tag = "";

// Tabs share what was told, so that each piece is told once.
const told = () => Number(localStorage.getItem("told") ?? 0);

function tell({ id, title, body, address }) {
  const notice = new Notification(title, { body, tag: `follow-up-${id}` });
  notice.addEventListener("click", () => {
    window.focus();
    location.assign(address);
  });
}

async function ask(timer) {
  if (Notification.permission !== "granted") return;
  const answer = await fetch(news, { headers: tag ? { "If-None-Match": tag } : {}, redirect: "error" });
  if (answer.status === 304) return;
  if (answer.status !== 200) return clearInterval(timer);
  tag = answer.headers.get("ETag") ?? "";
  const fresh = (await answer.json()).filter((each) => each.id > told());
  if (!fresh.length) return;
  localStorage.setItem("told", Math.max(...fresh.map((each) => each.id)));
  fresh.reverse().forEach(tell);
}

if (news && "Notification" in window) {
  const timer = setInterval(() => ask(timer).catch(() => clearInterval(timer)), EVERY);
  ask(timer).catch(() => clearInterval(timer));
}

if (box && "Notification" in window) {
  const denied = document.getElementById("notices-denied");
  const show = () => (denied.hidden = !box.checked || Notification.permission !== "denied");
  document.getElementById("notices-choice").hidden = false;
  box.addEventListener("change", async () => {
    if (box.checked && Notification.permission === "default") await Notification.requestPermission();
    show();
  });
  show();
}
