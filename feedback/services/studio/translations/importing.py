"""What a file of translations would change in a questionnaire, and what speaks against each of its texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from feedback.core.text.localized import is_blank
from feedback.core.text.message import placeholders
from feedback.i18n import _
from feedback.lint.document.document import Path
from feedback.lint.document.reader import MAX_TEXT
from feedback.services.studio.translations import po, xliff
from feedback.services.studio.translations.exchange import (
    ExchangeEntry,
    TranslationFile,
    TranslationProblem,
    UnreadableTranslationsError,
)
from feedback.services.studio.translations.state import Translation

OTHER_QUESTIONNAIRE = _("Upload the file of this survey: this one is for {other}.")
OTHER_SOURCE = _("Translate from {language}: this file was translated from {other}.")
OTHER_LANGUAGE = _("Upload the file for {language}: this one is for {other}.")
EMPTY = _("Upload a file with texts: this one has none.")
UNKNOWN = _("Export the file again: the survey has no text with this name.")
TWICE = _("Keep one translation of this text: the file has several.")
SOURCE_CHANGED = _("Export the file again: the source text is no longer the one in the file.")
LOST = _("Add {names} to the translation: the source has it.")
ADDED = _("Remove {names} from the translation: the source does not have it.")
BRACES = _("Check the braces of the translation: one has no match.")
MARKUP = _("Remove the markup <{name}> from the translation: survey texts are plain text.")
TOO_LONG = _("Shorten the translation to {limit} characters.")
UNSTORABLE = _("Remove the control characters from the translation.")

_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>")
_UNSTORABLE = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


class NewWording(NamedTuple):
    """A wording to write at `path` of the data, in `language`."""

    path: Path
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What a file would do.

    accepted    (translation as it is, new wording) of the texts that would change
    problems    of the file, and of texts that are not taken; with a `refused` file nothing is taken
    unchanged   texts whose translation is the present one
    untranslated  texts without a finished translation in the file
    """

    accepted: tuple[tuple[Translation, NewWording], ...] = ()
    problems: tuple[TranslationProblem, ...] = ()
    refused: bool = False
    unchanged: int = 0
    untranslated: int = 0


def read(content: bytes) -> TranslationFile:
    """A file in one of the formats, told apart by its first character. Raises UnreadableTranslationsError."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    is_xml = start == b"<" or content[:2] in (b"\xff\xfe", b"\xfe\xff")
    return xliff.read(content) if is_xml else po.read(content)


def plan(content: bytes, key: str, source: str, translations: list[Translation]) -> ImportPlan:
    """What uploading `content` would change in the questionnaire `key`, all of whose `translations` have one language.

    A text with a problem is never among the accepted ones.
    """
    try:
        file = read(content)
    except UnreadableTranslationsError as error:
        return ImportPlan(problems=(error.problem,), refused=True)
    if wrong := list(_wrong_file(file, key, source, translations)):
        return ImportPlan(problems=tuple(wrong), refused=True)
    known = {each.text.id: each for each in translations}
    often = Counter(each.id for each in file.entries)
    accepted: list[tuple[Translation, NewWording]] = []
    problems, unchanged, untranslated = [], 0, 0
    for entry in file.entries:
        new = _plain(entry.target)
        if fault := _fault(entry, known, often):
            problems.append(fault)
        elif is_blank(new):
            untranslated += 1
        elif new == known[entry.id].target:
            unchanged += 1
        else:
            now = known[entry.id]
            accepted.append((now, NewWording(now.text.path, now.language, new)))
    return ImportPlan(tuple(accepted), tuple(problems), False, unchanged, untranslated)


def objection(source: str, target: str) -> TranslationProblem | None:
    """Why `target` cannot be the translation of `source`; None if nothing speaks against it."""
    return next(filter(None, (check(source, target) for check in _CHECKS)), None)


def _wrong_file(
    file: TranslationFile, key: str, source: str, translations: list[Translation]
) -> Iterator[TranslationProblem]:
    if file.key and file.key != key:
        yield TranslationProblem(OTHER_QUESTIONNAIRE, {"other": file.key})
    if file.source_language and file.source_language != source:
        yield TranslationProblem(OTHER_SOURCE, {"language": source, "other": file.source_language})
    language = translations[0].language if translations else ""
    if file.language and file.language != language:
        yield TranslationProblem(OTHER_LANGUAGE, {"language": language, "other": file.language})
    if not file.entries:
        yield TranslationProblem(EMPTY)


def _fault(
    entry: ExchangeEntry, known: Mapping[str, Translation], often: Mapping[str, int]
) -> TranslationProblem | None:
    if entry.id not in known:
        return TranslationProblem(UNKNOWN, {}, entry.id)
    if often[entry.id] > 1:
        return TranslationProblem(TWICE, {}, entry.id)
    if entry.fault:
        return entry.fault
    if _squeezed(entry.source) != _squeezed(known[entry.id].source):
        return TranslationProblem(SOURCE_CHANGED, {}, entry.id)
    target = _plain(entry.target)
    found = None if is_blank(target) else objection(known[entry.id].source, target)
    return found and TranslationProblem(found.message, found.params, entry.id)


def _plain(text: str) -> str:
    """A text with the line breaks of YAML, and without the space that tools leave around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _squeezed(text: str) -> str:
    """A text whose spacing does not count, because tools change it."""
    return " ".join(text.split())


def _keeps_placeholders(source: str, target: str) -> TranslationProblem | None:
    try:
        there = {each.name for each in placeholders(target)}
    except ValueError:
        return TranslationProblem(BRACES)
    try:
        wanted = {each.name for each in placeholders(source)}
    except ValueError:
        return None  # the source is what is wrong; the linter says so
    for message, names in ((LOST, wanted - there), (ADDED, there - wanted)):
        if names:
            return TranslationProblem(message, {"names": ", ".join(f"{{{each}}}" for each in sorted(names))})
    return None


def _is_plain_text(source: str, target: str) -> TranslationProblem | None:
    allowed = {name.lower() for name in _TAG.findall(source)}
    added = next((name for name in _TAG.findall(target) if name.lower() not in allowed), None)
    return TranslationProblem(MARKUP, {"name": added}) if added else None


def _fits(_source: str, target: str) -> TranslationProblem | None:
    return TranslationProblem(TOO_LONG, {"limit": MAX_TEXT}) if len(target) > MAX_TEXT else None


def _can_be_stored(_source: str, target: str) -> TranslationProblem | None:
    return TranslationProblem(UNSTORABLE) if _UNSTORABLE.search(target) else None


_CHECKS: tuple[Callable[[str, str], TranslationProblem | None], ...] = (
    _fits,
    _can_be_stored,
    _is_plain_text,
    _keeps_placeholders,
)
