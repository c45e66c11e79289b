// The phone beside a text: it follows what is typed and chosen. Without this file, the button Show does it.
"use strict";

(() => {
  const form = document.querySelector("[data-phone]");
  if (!form) return;
  const part = name => form.querySelector(`[data-part=${name}]`);
  const page = form.parentElement.querySelector(".phone");
  let asked = null, shown = 0;

  // Texts that are typed on this page: the YAML editor's, or a field that the form editor names as the whole text.
  const source = () => document.querySelector("[data-yaml] [name=text], [data-text]");

  // A new frame each time: the back button then knows nothing of the pages that were shown while typing.
  function show() {
    const old = page.querySelector("iframe:last-of-type"), frame = old.cloneNode(false);
    frame.removeAttribute("src");
    frame.removeAttribute("loading");
    frame.name = `phone-${++shown}`;
    frame.classList.add("coming");
    page.append(frame);
    // Only what came before goes: a page that was asked for since is still on its way in a later frame.
    frame.addEventListener("load", () => {
      frame.classList.remove("coming");
      while (frame.previousElementSibling) frame.previousElementSibling.remove();
    });
    const sent = document.createElement("form"), typed = source();
    Object.assign(sent, { method: "post", action: form.action, target: frame.name, hidden: true });
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrf_token");
    if (typed) fields.push(["text", typed.value]);
    fields.push(["csrf_token", form.elements.csrf_token.value]);
    for (const [name, value] of fields) {
      const field = document.createElement(name === "text" ? "textarea" : "input");
      field.name = name;
      field.value = value;
      sent.append(field);
    }
    document.body.append(sent);
    sent.submit();
    sent.remove();
  }

  async function renew() {
    const typed = source();
    asked?.abort();
    asked = new AbortController();
    const body = new URLSearchParams([...new FormData(form), ["csrf_token", form.elements.csrf_token.value]]);
    if (typed) body.set("text", typed.value);
    try {
      const answer = await fetch(form.dataset.choices, { method: "POST", body, credentials: "same-origin", signal: asked.signal });
      part("old").hidden = answer.status !== 204;
      if (answer.status !== 200) return;
      const html = await answer.text(), at = document.activeElement?.name;
      part("choices").innerHTML = html;
      if (at && form.elements[at]) form.elements[at].focus();
      show();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  }

  form.addEventListener("change", renew);
  let timer = 0;
  // While somebody types, the phone waits: otherwise the server would draw its page instead of looking for issues.
  document.addEventListener("input", ({ target }) => {
    if (!target.closest("#editor")) return;
    clearTimeout(timer);
    asked?.abort();
  });
  for (const news of ["checked", "saved"])
    document.addEventListener(news, () => {
      clearTimeout(timer);
      if (!form.closest("details:not([open])")) timer = setTimeout(renew, news === "saved" ? 600 : 0);
    });
  form.closest("details")?.addEventListener("toggle", event => { if (event.target.open) renew(); });
})();
