"""The formats, how each is recognised by its content, and the way from bytes to a draft."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback import lint
from feedback.i18n import _
from feedback.services.studio.importing import guarding, notes
from feedback.services.studio.importing.formats import (
    formbricks,
    google_forms,
    limesurvey,
    pasted,
    qualtrics,
    surveyjs,
    xlsform,
)
from feedback.services.studio.importing.guarding import ImportRefusal
from feedback.services.studio.importing.guessing import read_opt_outs
from feedback.services.studio.importing.keys import slug
from feedback.services.studio.importing.outline import ImportNote, SurveyOutline
from feedback.services.studio.importing.settling import keep_known
from feedback.services.studio.importing.workbook import is_workbook, sheets_of
from feedback.services.studio.importing.writing import written

LONGEST_DRAFT = 60_000
"""Characters of a draft, as many as the studio stores."""


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """A format. `kind` is what its content is after it has been parsed; `recognised` decides by that content."""

    key: str
    title: str
    files: str
    kind: str
    recognised: Callable[[Any], bool]
    read: Callable[[Any, SurveyOutline], None]


@dataclass(frozen=True, slots=True)
class ImportedDraft:
    """A draft: YAML that the reader accepts, and what to check about it. `format` is the key of its format.

    `questions` are those of the draft that ask something. `carried_over` of the source's `found` questions are in it;
    one of them can have become several.
    """

    key: str
    text: str
    format: str
    notes: tuple[ImportNote, ...]
    questions: int
    carried_over: int = 0
    found: int = 0

    @property
    def lost(self) -> list[ImportNote]:
        """What could not be carried over."""
        return [each for each in self.notes if each.kind == "lost"]

    @property
    def guessed(self) -> list[ImportNote]:
        """What somebody should check."""
        return [each for each in self.notes if each.kind == "guessed"]


FORMATS: tuple[ImportFormat, ...] = (
    ImportFormat("qualtrics", "Qualtrics", ".qsf", "json", qualtrics.recognised, qualtrics.read),
    ImportFormat("google-forms", "Google Forms", ".json", "json", google_forms.recognised, google_forms.read),
    ImportFormat("formbricks", "Formbricks", ".json", "json", formbricks.recognised, formbricks.read),
    ImportFormat("surveyjs", "SurveyJS", ".json", "json", surveyjs.recognised, surveyjs.read),
    ImportFormat("limesurvey", "LimeSurvey", ".lss .lsg .lsq", "xml", limesurvey.recognised, limesurvey.read),
    ImportFormat("xlsform", "XLSForm", ".xlsx", "sheets", xlsform.recognised_sheets, xlsform.read_sheets),
    ImportFormat("xlsform", "XLSForm", ".csv", "text", xlsform.recognised_csv, xlsform.read_csv),
    ImportFormat("text", _("List of questions"), ".txt", "text", pasted.recognised, pasted.read),
)
"""In the order in which they are tried."""
OWN = ImportFormat("yaml", "YAML", ".yaml", "text", lambda _: False, pasted.read)
"""Our own questionnaires, which are taken as they are."""
_OWN = re.compile(r"^key[ \t]*:", re.MULTILINE)
_QUESTIONS = re.compile(r"^questions[ \t]*:", re.MULTILINE)


def read_file(
    data: bytes, name: str = "", *, key: str | None = None, languages: tuple[str, ...] = ()
) -> ImportedDraft:
    """The draft that a file holds. `name` is its name, for a title if it has none; `languages` are those of a text
    without any mark of its language.

    Raises ImportRefused with a sentence if the file is too large, hostile, of a wrong kind, or without questions.
    """
    kind, content = _parsed(guarding.checked(data))
    if kind == "text" and _OWN.search(content) and _QUESTIONS.search(content):
        return _own(content, key)
    return _draft(kind, content, name, key, languages)


def read_bounded(path: Path, *, key: str | None = None) -> ImportedDraft:
    """The draft of the file at `path`; no more of it is read than a file may have. Raises what `read_file` raises."""
    with path.open("rb") as file:
        return read_file(file.read(guarding.MOST_BYTES + 1), path.name, key=key)


def read_text(text: str, *, key: str | None = None, languages: tuple[str, ...] = ()) -> ImportedDraft:
    """The draft of a pasted text, which may also be the text of a JSON or XML file. Raises ImportRefused."""
    if len(text) > guarding.MOST_CHARACTERS:
        raise ImportRefusal(notes.TOO_LONG)
    return read_file(text.encode("utf-8", "replace"), key=key, languages=languages)


def _parsed(data: bytes) -> tuple[str, Any]:
    """(kind, content) of a file: `sheets`, `json`, `xml` or `text`."""
    if is_workbook(data):
        return "sheets", sheets_of(data)
    text = guarding.text_of(data)
    start = text.lstrip("\ufeff \t\r\n")[:200].lower()
    if start.startswith(("{", "[{", "[[")):
        return "json", guarding.json_of(text.lstrip("\ufeff"))
    if start.startswith(("<!doctype html", "<html")):
        raise ImportRefusal(notes.WRONG_KIND, kind=notes.WEB_PAGE)
    if start.startswith(("<?xml", "<document", "<!doctype")):
        return "xml", guarding.xml_of(data)
    return "text", text


def _draft(kind: str, content: Any, name: str, key: str | None, languages: tuple[str, ...]) -> ImportedDraft:
    outline = SurveyOutline(languages=list(languages))
    chosen = next((each for each in FORMATS if each.kind == kind and each.recognised(content)), None)
    if chosen is None:
        raise ImportRefusal(
            notes.UNKNOWN,
            formats=", ".join(dict.fromkeys(each.title for each in FORMATS if each.kind != "text")),
        )
    chosen.read(content, outline)
    if not outline.carried_over:
        raise ImportRefusal(notes.NO_QUESTIONS if chosen.kind == "text" else notes.NOTHING_LEFT)
    return _finished(outline, chosen.key, name, key)


def _own(text: str, key: str | None) -> ImportedDraft:
    """A questionnaire in the format of this product, as it is. Raises ImportRefused if it cannot be read."""
    if len(text) > LONGEST_DRAFT:
        raise ImportRefusal(notes.TOO_LONG)
    document = lint.read(text.removeprefix("\ufeff"))
    if document.questionnaire is None:
        fault = next(iter(lint.check(text)), None)
        line = f"{fault.line}: {fault.message}" if fault else "?"
        raise ImportRefusal(notes.OWN_BROKEN, problem=line)
    found = document.questionnaire
    count = sum(each.answerable for each in found.questions)
    return ImportedDraft(key or found.key, document.source, OWN.key, (), count, count, count)


def _finished(outline: SurveyOutline, format_key: str, name: str, key: str | None) -> ImportedDraft:
    outline.drop_nameless()
    if not outline.carried_over:
        raise ImportRefusal(notes.NOTHING_LEFT)
    for question in outline.questions:
        read_opt_outs(outline, question)
        keep_known(outline, question)
    languages = outline.languages or ["en"]
    if not any(outline.title.values()):
        stem = outline.words(name.rpartition("/")[2].rpartition(".")[0].replace("_", " "), "")
        outline.title = {languages[0]: stem or "Questionnaire"}
        outline.guessed("", notes.TITLE_GUESSED)
    words = outline.title.get("en") or next(iter(outline.title.values()))
    key = key or slug(words) or slug(name.rpartition(".")[0]) or "questionnaire"
    text = written(outline, key)
    if len(text) > LONGEST_DRAFT:
        raise ImportRefusal(notes.TOO_MANY_WORDS)
    document = lint.read(text)
    if document.questionnaire is None:
        fault = next(iter(lint.check(text)), None)
        raise ImportRefusal(notes.UNREADABLE, problem=fault.message if fault else "?")
    return ImportedDraft(
        key,
        text,
        format_key,
        tuple(outline.notes),
        questions=sum(not each.is_note for each in outline.questions),
        carried_over=outline.carried_over,
        found=outline.carried_over + outline.left_out,
    )
