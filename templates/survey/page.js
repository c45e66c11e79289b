/* Comfort only: the page does all of its work without this. */
(() => {
  /* Inside another page: tell it the height that we need, and nothing else. */
  if (top != self)
    new ResizeObserver(() => parent.postMessage({ height: document.documentElement.offsetHeight }, "*"))
      .observe(document.documentElement);

  const form = document.forms[0], { again, seconds } = document.body.dataset;

  /* A shared screen starts again for the next person, also where the browser has kept a page for "back". */
  if (again) {
    const leave = () => location.replace(again);
    let idle;
    const wait = () => { clearTimeout(idle); idle = setTimeout(leave, seconds * 1000); };
    addEventListener("pageshow", e => e.persisted ? leave() : wait());
    if (form)
      for (const sign of ["pointerdown", "keydown", "input"]) addEventListener(sign, wait, { passive: true });
    addEventListener("click", e => { if (e.target.matches(`main [href="${again}"]`)) { e.preventDefault(); leave(); } });
  }

  /* Words typed in this visit outlive a reload and a lost signal; those of another one, or sent ones, do not. */
  const mine = form && form.dataset.keep && `=${form.dataset.keep} `;
  try {
    if (form || document.querySelector("[data-done]"))
      for (const key of Object.keys(sessionStorage))
        if (key[0] == "=" && !(mine && key.startsWith(mine))) sessionStorage.removeItem(key);
    if (mine)
      for (const box of form.querySelectorAll("textarea,.text")) {
        const key = mine + box.name;
        if (!box.value) box.value = sessionStorage.getItem(key) || "";
        box.addEventListener("input", () => sessionStorage.setItem(key, box.value));
      }
  } catch {}

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

  form.addEventListener("submit", () => form.setAttribute("aria-busy", true));
  addEventListener("pageshow", () => form.removeAttribute("aria-busy"));
})();
