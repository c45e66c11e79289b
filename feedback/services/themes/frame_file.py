"""A frame of themes as YAML: read with every mistake in a sentence, and the one that is shipped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from feedback.core.themes.frame import UNSORTED, Theme, ThemeFrame
from feedback.core.themes.matching import parse_line
from feedback.core.themes.written_words import LANGUAGES
from feedback.errors import Rejected
from feedback.i18n import _
from feedback.lint.document.reader import read

MOST_THEMES, MOST_LINES, LONGEST_LINE, LONGEST_FILE = 40, 200, 4_000, 200_000
LONGEST_NAME, LONGEST_DESCRIPTION = 60, 300
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")
_FIELDS = frozenset({"key", "name", "description", "words", "unless", "alone", "denied"})


class FrameRefused(Rejected):
    """A frame that cannot be used; `mistakes` are sentences, as (template, what fills its placeholders)."""

    def __init__(self, mistakes: list[tuple[str, dict[str, object]]]) -> None:
        super().__init__(_("Fix these problems. The themes were not saved:"))
        self.mistakes = mistakes

    @property
    def sentences(self) -> list[str]:
        return [template.format(**params) for template, params in self.mistakes]


class _Mistake(Exception):  # noqa: N818  (it is collected, never shown as an error)
    def __init__(self, template: str, **params: object) -> None:
        super().__init__(template)
        self.told = (template, params)


@cache
def shipped_text() -> str:
    """The YAML of the frame that comes with the product."""
    return (files("feedback.services.themes") / "customer_success.yaml").read_text("utf-8")


@cache
def shipped() -> ThemeFrame:
    """The frame that comes with the product."""
    return parse(shipped_text())


def parse(text: str) -> ThemeFrame:
    """The frame of a YAML text. Raises FrameRefused with every mistake that was found."""
    if len(text) > LONGEST_FILE:
        raise FrameRefused([(TOO_LONG, {"most": LONGEST_FILE})])
    document = read(text, longest=LONGEST_LINE)
    if document.faults:
        told = [
            (UNREADABLE, {"line": text.count("\n", 0, each.offset) + 1, "reason": each.message})
            for each in document.faults
        ]
        raise FrameRefused(told)
    raw: Any = document.data
    listed = raw.get("themes") if isinstance(raw, dict) else None
    if not isinstance(listed, list) or not listed:
        raise FrameRefused([(NO_THEMES, {})])
    if len(listed) > MOST_THEMES:
        raise FrameRefused([(TOO_MANY_THEMES, {"most": MOST_THEMES})])
    themes: list[Theme] = []
    mistakes: list[tuple[str, dict[str, object]]] = []
    for place, each in enumerate(listed, 1):
        try:
            themes.append(_theme(each, place, {theme.key for theme in themes}))
        except _Mistake as found:
            mistakes.append(found.told)
    if mistakes:
        raise FrameRefused(mistakes)
    return ThemeFrame(tuple(themes))


def _theme(raw: Any, place: int, taken: set[str]) -> Theme:
    if not isinstance(raw, dict):
        raise _Mistake(NO_MAPPING, place=place)
    key = raw.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise _Mistake(BAD_KEY, place=place)
    if key in taken:
        raise _Mistake(KEY_TWICE, key=key)
    if unknown := sorted(str(each) for each in raw.keys() - _FIELDS):
        raise _Mistake(UNKNOWN_FIELD, key=key, field=unknown[0])
    name = _texts(raw.get("name"), key, "name", LONGEST_NAME)
    if not all(name.get(language) for language in LANGUAGES):
        raise _Mistake(NAME_MISSING, key=key)
    return Theme(
        key,
        name,
        _texts(raw.get("description", {}), key, "description", LONGEST_DESCRIPTION),
        dict(_lines(raw.get("words", {}), key, "words")),
        dict(_lines(raw.get("unless", {}), key, "unless")),
        _flag(raw, key, "alone"),
        _flag(raw, key, "denied"),
    )


def _texts(raw: Any, key: str, field: str, longest: int) -> dict[str, str]:
    if not isinstance(raw, dict) or not raw.keys() <= set(LANGUAGES):
        raise _Mistake(BY_LANGUAGE, key=key, field=field)
    if not all(isinstance(each, str) and len(each) <= longest for each in raw.values()):
        raise _Mistake(TOO_LONG_TEXT, key=key, field=field, most=longest)
    return {language: each.strip() for language, each in raw.items()}


def _lines(raw: Any, key: str, field: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not isinstance(raw, Mapping) or not raw.keys() <= set(LANGUAGES):
        raise _Mistake(BY_LANGUAGE, key=key, field=field)
    for language, lines in raw.items():
        if not isinstance(lines, list):
            raise _Mistake(NO_LIST, key=key, field=field, language=language)
        if len(lines) > MOST_LINES:
            raise _Mistake(TOO_MANY_LINES, key=key, field=field, most=MOST_LINES)
        written = tuple(str(each) for each in lines if isinstance(each, str | int | float))
        if len(written) != len(lines) or any(len(each) > LONGEST_LINE for each in written):
            raise _Mistake(NO_LINE, key=key, field=field, language=language)
        for each in written:
            _checked(each, key)
        yield language, written


def _checked(line: str, key: str) -> None:
    try:
        parse_line(line)
    except ValueError as error:
        raise _Mistake(BAD_LINE, key=key, line=line[:80]) from error


def _flag(raw: Mapping[str, Any], key: str, name: str) -> bool:
    value = raw.get(name, False)
    if not isinstance(value, bool):
        raise _Mistake(NO_FLAG, key=key, field=name)
    return value


TOO_LONG = _("The text has more than {most} characters.")
UNREADABLE = _("Line {line}: {reason}")
NO_THEMES = _("Write a list of themes below the word themes.")
TOO_MANY_THEMES = _("There may be at most {most} themes.")
NO_MAPPING = _("Theme number {place} needs a key, a name and words.")
BAD_KEY = _(
    "Theme number {place} needs a key of small letters, digits and _, such as price. It begins with a letter."
)
KEY_TWICE = _("Two themes have the key {key}. Give one of them another key.")
UNKNOWN_FIELD = _("Theme {key}: there is no field {field}. Remove it, or correct its spelling.")
NAME_MISSING = _("Theme {key}: give it a name in English, Turkish and Persian.")
BY_LANGUAGE = _("Theme {key}: below {field}, write en, tr or fa.")
TOO_LONG_TEXT = _("Theme {key}: {field} is a text of at most {most} characters.")
NO_LIST = _("Theme {key}: below {field} and {language}, write a list of lines that begin with a dash.")
TOO_MANY_LINES = _("Theme {key}: {field} may have at most {most} lines in a language.")
NO_LINE = _("Theme {key}: each line below {field} and {language} is a word or a phrase.")
BAD_LINE = _(
    "Theme {key}: the line “{line}” has an empty phrase, or a star with fewer than two letters before it."
)
NO_FLAG = _("Theme {key}: {field} is true or false.")

assert UNSORTED == "-"  # noqa: S101  (no key can be this)
