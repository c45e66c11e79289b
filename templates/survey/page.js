/* Comfort only: the page does all of its work without this. */
(() => {
  /* Inside another page: tell it the height that we need, and nothing else. */
  if (top != self)
    new ResizeObserver(() => parent.postMessage({ height: document.documentElement.offsetHeight }, "*"))
      .observe(document.documentElement);

  const form = document.forms[0];
  if (!form) return;
  const fields = form.elements;
  let tapped = 0;
  const seen = e => { if (e.isTrusted) fields.seen.value = 1; };
  addEventListener("pointerdown", seen, { passive: true });
  addEventListener("keydown", seen, { passive: true });

  /* A tap (not an arrow key) on a point of the scale sends the form, as the hint says. */
  if ("tap" in form.dataset) {
    document.getElementById("t").hidden = false;
    form.addEventListener("pointerup", () => { tapped = Date.now(); });
    form.addEventListener("click", e => {
      if (e.target.type == "radio" && Date.now() - tapped < 800) setTimeout(() => form.requestSubmit(), 120);
    });
  }

  /* "None of these" and the others exclude each other. */
  form.addEventListener("change", e => {
    const it = e.target;
    if (it.type == "checkbox" && it.checked)
      for (const other of form.querySelectorAll("[type=checkbox]:checked"))
        if (other != it && ("alone" in it.dataset || "alone" in other.dataset)) other.checked = false;
  });

  /* Typed words outlive a reload and a lost signal; nothing is kept on a shared screen. */
  if ("keep" in form.dataset)
    for (const box of form.querySelectorAll("textarea,.text")) {
      const key = location.pathname + " " + box.name;
      try {
        if (!box.value) box.value = sessionStorage.getItem(key) || "";
        box.addEventListener("input", () => sessionStorage.setItem(key, box.value));
      } catch {}
    }

  form.addEventListener("submit", () => form.setAttribute("aria-busy", true));
  addEventListener("pageshow", () => form.removeAttribute("aria-busy"));
})();
