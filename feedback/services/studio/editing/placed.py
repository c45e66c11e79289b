"""The linter's findings beside the parts of the form that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feedback.core.text.translatable import TranslatableText
from feedback.errors import Rejected
from feedback.lint.document.document import Document, Path
from feedback.lint.document.parts import parts_of
from feedback.lint.engine.offered_edits import REWORDED
from feedback.lint.engine.rule import Finding
from feedback.lint.engine.runner import run
from feedback.lint.reporters.translation import in_language
from feedback.lint.rules import RULES
from feedback.services.studio import live_lint
from feedback.services.studio.editing.outline import TextBox
from feedback.services.studio.editing.places import name_of

_GAPS = frozenset({"text-empty", "translation-parity"})
"""Rules that report texts which nobody has written yet."""


@dataclass(frozen=True, slots=True)
class FindingInPlace:
    """A finding, told in the reader's language, and the name of the part that it is about.

    `better` is the whole text in other words, as the linter proposes it; "" if only a person can write it.
    `is_acceptable` means that it can be kept with a reason.
    """

    finding: Finding
    name: str
    better: str = ""
    is_acceptable: bool = False

    def is_at(self, name: str) -> bool:
        """Whether it is about a part or something in it."""
        return self.name == name or self.name.startswith(f"{name}.")


def findings(document: Document, language: str) -> list[FindingInPlace]:
    """Every finding about a text, in its order, told in `language`."""
    found = run(document, RULES).problems
    told = in_language(found, language)
    return [_in_place(document, original, each) for original, each in zip(found, told, strict=True)]


def at_text(found: list[FindingInPlace], box: TextBox, language: str) -> list[FindingInPlace]:
    """The findings about one wording, apart from those of `gaps`.

    One that names no language, or another one than the survey's, stands at the default language.
    """
    return [each for each in _at(found, box, language) if not _is_gap(each, box, language)]


def gaps(found: list[FindingInPlace], box: TextBox, language: str) -> list[FindingInPlace]:
    """The findings that say no more than that a wording is still missing, which its empty box shows."""
    return [each for each in _at(found, box, language) if _is_gap(each, box, language)]


def _at(found: list[FindingInPlace], box: TextBox, language: str) -> list[FindingInPlace]:
    names = names_of(box)
    return [each for each in found if each.name in names and _language(each, box, names) == language]


def names_of(box: TextBox) -> Mapping[str, str]:
    """The names under which findings can be about a text -> the language at which they stand."""
    return {box.name: box.languages[0], **{f"{box.name}.{each}": each for each in box.languages}}


def _language(found: FindingInPlace, box: TextBox, names: Mapping[str, str]) -> str:
    """The language of the finding itself: what lacks a translation is reported at the first wording that there is."""
    named = found.finding.language
    return named if named in box.languages else names[found.name]


def _is_gap(found: FindingInPlace, box: TextBox, language: str) -> bool:
    return found.finding.rule in _GAPS and not box.wordings.get(language, "").strip()


def better(found: list[FindingInPlace], name: str, language: str, rule: str) -> str:
    """The text that a finding proposes. Raises Rejected if there is no such finding any more."""
    wanted = (
        each for each in found if each.finding.rule == rule and each.name in (name, f"{name}.{language}")
    )
    text = next((each.better for each in wanted if each.better), "")
    if not text:
        raise Rejected("This part is no longer in the text. Load the page again.")
    return text


def _in_place(document: Document, original: Finding, told: Finding) -> FindingInPlace:
    if document.faults:
        return FindingInPlace(told, "")
    path, _end = parts_of(document).at(document.offset(original.line, original.column))
    return FindingInPlace(
        told,
        name_of(document.data, path),
        _better(document, path, original),
        live_lint.is_acceptable(document, original.rule),
    )


def _better(document: Document, path: Path, finding: Finding) -> str:
    data = document.data
    for part in path:
        data = data[part]
    advice = isinstance(finding.rewrite, TranslatableText)
    return finding.rewrite if finding.rule in REWORDED and not advice and data == finding.wording else ""
