// Brings new messages in every two seconds, without touching what somebody is typing.
const parts = ["people", "thread"];

function toEnd() {
  const thread = document.getElementById("thread");
  if (thread) thread.scrollTop = thread.scrollHeight;
}

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of parts) {
    const now = document.getElementById(id);
    const next = page.getElementById(id);
    if (now && next && now.innerHTML !== next.innerHTML) {
      now.replaceWith(next);
      if (id === "thread") toEnd();
    }
  }
}

toEnd();
setInterval(() => refresh().catch(() => {}), 2000);
