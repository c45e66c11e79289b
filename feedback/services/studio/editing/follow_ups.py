"""Last pages and rules for follow-ups."""

from __future__ import annotations

from typing import Any

from feedback.errors import Rejected
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing.placing import put
from feedback.services.studio.editing.questions import numbered
from feedback.services.studio.editing.texts import languages, value_at


def add_rule(editor: YamlEditor, title: str, condition: dict[str, Any]) -> None:
    """A rule at the end, because of each kind only the first match counts, and the most severe is written first.

    The first contact is due within one business day, the closing within five.
    """
    rules = editor.data.get("follow_ups")
    known = (
        {each.get("key") for each in rules if isinstance(each, dict)} if isinstance(rules, list) else set()
    )
    key = next(name for n in range(1, len(known) + 2) if (name := f"follow-up-{n}") not in known)
    listed = languages(editor)
    rule = {
        "key": key,
        "title": title if len(listed) == 1 else {listed[0]: title},
        "when": condition,
        "urgency": "high",
        "contact_within": "1d",
        "close_within": "5d",
    }
    if isinstance(rules, list) and rules:
        editor.insert(("follow_ups",), len(rules), rule)
    else:
        put(editor, ("follow_ups",), [rule])


def add_reply(editor: YamlEditor, index: int) -> None:
    """An empty reply at the end of those of rule `index`."""
    path: Path = ("follow_ups", index, "replies")
    replies = editor.data["follow_ups"][index].get("replies")
    listed = replies if isinstance(replies, list) else []
    known = {each.get("key") for each in listed if isinstance(each, dict)}
    spoken = languages(editor)
    empty = "" if len(spoken) == 1 else {spoken[0]: ""}
    reply = {"key": numbered(f"reply-{len(listed) + 1}", known), "title": empty}
    if listed:
        editor.insert(path, len(listed), reply)
    else:
        put(editor, path, [reply])


def remove_reply(editor: YamlEditor, index: int, reply: int) -> None:
    """Remove a reply of rule `index`; with the last one, the whole list."""
    path: Path = ("follow_ups", index, "replies")
    editor.remove((*path, reply) if len(editor.layout.value(path)) > 1 else path)


def delete_entry(editor: YamlEditor, name: str, index: int) -> None:
    """Remove a rule or a last page; with the last one, the whole list."""
    if len(editor.data[name]) > 1:
        editor.remove((name, index))
    else:
        editor.remove((name,))


def move_entry(editor: YamlEditor, name: str, index: int, to: int) -> None:
    """Move a rule or a last page to number `to`."""
    last = len(editor.data[name]) - 1
    to = min(max(to, 0), last)
    if to != index:
        editor.move((name,), index, to)


def set_link(editor: YamlEditor, path: Path, url: str) -> None:
    """Give a last page a link, whose words are still to be written, or take it away with an empty address."""
    has_page = len(path) > 1
    page = value_at(editor, path)
    if not url:
        if has_page and editor.has((*path, "link")):
            editor.remove((*path, "link"))
        return
    if not has_page and page is None:
        raise Rejected("Write the thank-you text for everybody first.")
    listed = languages(editor)
    link = {"url": url, "text": "" if len(listed) == 1 else {listed[0]: ""}}
    if not has_page:
        editor.set(path, [{"text": page, "link": link}])
    elif isinstance(page.get("link"), dict):
        put(editor, (*path, "link", "url"), url)
    else:
        put(editor, (*path, "link"), link)


def add_thanks(editor: YamlEditor, wording: str, condition: dict[str, Any]) -> None:
    """A last page for certain answers, before the one for all others. Raises Rejected if there is none yet."""
    present = value_at(editor, ("thanks",))
    if present is None:
        raise Rejected("Write the thank-you text for everybody first.")
    listed = languages(editor)
    page = {"when": condition, "text": wording if len(listed) == 1 else {listed[0]: wording}}
    if isinstance(present, list):
        general = next((n for n, each in enumerate(present) if "when" not in each), len(present))
        editor.insert(("thanks",), general, page)
        return
    is_text = isinstance(present, str) or "text" not in present
    editor.set(("thanks",), [page, {"text": present} if is_text else present])
