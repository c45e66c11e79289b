"""Plain text of what other tools store as HTML."""

from __future__ import annotations

import html
import re

from feedback.services.studio.importing import notes

_HIDDEN = re.compile(r"<(script|style)\b[^<>]{0,500}>.{0,5000}?</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,15}|!--)[^<>]{0,2000}>")
_UNWANTED = re.compile(
    r"[^\n\x20-\x7e\xa0-\u200d\u2010-\u2027\u202f-\u205f\u2070-\ud7ff\ue000-\ufdcf\ufdf0-\ufefe\uff00-\ufffd"
    r"\U00010000-\U0010ffff]"
)
_SPACES = re.compile(r"[\s\xa0]+")

_THINGS = {
    "img": notes.PICTURE,
    "picture": notes.PICTURE,
    "svg": notes.PICTURE,
    "video": notes.VIDEO,
    "audio": notes.VIDEO,
    "iframe": notes.VIDEO,
    "object": notes.VIDEO,
    "embed": notes.VIDEO,
    "a": notes.LINK,
    "table": notes.TABLE,
    "input": notes.SCRIPT,
    "script": notes.SCRIPT,
    "style": notes.SCRIPT,
    "b": notes.FORMATTING,
    "strong": notes.FORMATTING,
    "em": notes.FORMATTING,
    "i": notes.FORMATTING,
    "u": notes.FORMATTING,
    "font": notes.FORMATTING,
    "ul": notes.FORMATTING,
    "ol": notes.FORMATTING,
}
"""Tag -> the note on what is lost with it. Tags that only divide a text are not worth one."""

_GLUED = frozenset({"b", "strong", "em", "i", "u", "span", "font", "a", "sup", "sub", "mark", "small"})
"""Tags inside words; every other tag parts words."""


def without_markup(text: str) -> tuple[str, list[str]]:
    """The words of a piece of HTML, and notes on what is lost: pictures, links, formatting."""
    found: dict[str, None] = {}

    def replace(match: re.Match[str]) -> str:
        name = match[2].lower()
        if name in _THINGS:
            found[_THINGS[name]] = None
        return "" if name in _GLUED else " "

    def hide(_match: re.Match[str]) -> str:
        found[notes.SCRIPT] = None
        return " "

    return html.unescape(_TAG.sub(replace, _HIDDEN.sub(hide, text))), list(found)


_DOUBLE_MARK = re.compile(r"[,;:،؛](?=[.!?؟](?:\s|$))")
_BEFORE_A_MARK = re.compile(r"\s+(?=[.,;:!?…،؛؟](?:\s|$))")


def closed_up(text: str) -> str:
    """`text` without the gaps that something leaves that was taken out of it."""
    return _DOUBLE_MARK.sub("", _BEFORE_A_MARK.sub("", _SPACES.sub(" ", text))).strip()


def cleaned(text: str) -> str:
    """`text` on one line, without characters that draw nothing or that a YAML file cannot hold."""
    return _SPACES.sub(" ", _UNWANTED.sub(" ", text)).strip()
