"""The linter's findings beside the parts of the form that they are about."""

from __future__ import annotations

from dataclasses import dataclass

from feedback import lint
from feedback.core.text.translatable import TranslatableText
from feedback.errors import Rejected
from feedback.lint.document.document import Document, Path
from feedback.lint.engine.offered_edits import REWORDED
from feedback.lint.engine.rule import Finding
from feedback.lint.reporters.translation import in_language
from feedback.services.studio.editing.outline import TextBox
from feedback.services.studio.editing.places import name_of


@dataclass(frozen=True, slots=True)
class FindingInPlace:
    """A finding, told in the reader's language, and the name of the part that it is about.

    `better` is the whole text in other words, as the linter proposes it; "" if only a person can write it.
    """

    finding: Finding
    name: str
    better: str = ""

    def is_at(self, name: str) -> bool:
        """Whether it is about a part or something in it."""
        return self.name == name or self.name.startswith(f"{name}.")


def findings(text: str, key: str, settings: lint.LintContext, language: str) -> list[FindingInPlace]:
    """Every finding in a text, in its order."""
    found = lint.check(text, f"{key}.yaml", settings=settings)
    document = lint.read(text, f"{key}.yaml", settings)
    told = in_language(found, language)
    return [_in_place(document, original, each) for original, each in zip(found, told, strict=True)]


def at_text(found: list[FindingInPlace], box: TextBox, language: str) -> list[FindingInPlace]:
    """The findings about one wording; those of a plain string are in the default language."""
    own = [box.name] if language == box.languages[0] else []
    return [each for each in found if each.name in (f"{box.name}.{language}", *own)]


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
    path = _innermost(document, original.line, original.column)
    return FindingInPlace(told, name_of(document.data, path), _better(document, path, original))


def _innermost(document: Document, line: int, column: int) -> Path:
    """The smallest part that contains a place, or the one with its key there."""
    around = [
        (span.end - span.start, -len(path), path)
        for spans in (document.spans, document.keys)
        for path, span in spans.items()
        if (place := document.place(span.start)) and (place.line, place.column) <= (line, column)
        if (line, column) < _after(document, max(span.end, span.start + 1))
    ]
    return min(around, default=(0, 0, ()), key=lambda each: each[:2])[2]


def _after(document: Document, offset: int) -> tuple[int, int]:
    place = document.place(offset)
    return place.line, place.column


def _better(document: Document, path: Path, finding: Finding) -> str:
    data = document.data
    for part in path:
        data = data[part]
    advice = isinstance(finding.rewrite, TranslatableText)
    return finding.rewrite if finding.rule in REWORDED and not advice and data == finding.wording else ""
