"""The linter while somebody writes: each finding with its place in the text and the edits that it offers.

Nothing is stored. What the word rules say of a question is remembered by its content, so that while somebody types in
one question of thirty only that one is read again (`tests/benchmarks/live_lint.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from feedback import lint
from feedback.core.journey import Journey
from feedback.core.questionnaire import Questionnaire
from feedback.errors import Rejected
from feedback.lint.document.document import Document, Path
from feedback.lint.document.parts import parts_of
from feedback.lint.editing.splice import Splice, spliced
from feedback.lint.engine import library_rules
from feedback.lint.engine.offered_edits import acceptance, rewriting
from feedback.lint.engine.rule import Finding
from feedback.lint.engine.runner import Result, run
from feedback.lint.engine.suppression import META_RULES, MIN_REASON, WHOLE, accepted_wording
from feedback.lint.reporters.translation import in_language
from feedback.lint.rules import RULES
from feedback.services.studio import drafts

CATEGORIES = ("accepted-risk", "mandated", "validated-instrument", "false-positive", "trend")
"""The categories of accepted findings, the most frequent first."""

_LOCKED = frozenset(module.RULE.id for module in RULES if not module.RULE.suppressible)
_NEVER_ACCEPTED = _LOCKED | {
    "syntax", "schema", *(each.id for each in (*META_RULES, *library_rules.LIBRARY_RULES)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TextRange:
    """A stretch of the text: offsets in code points, `end` behind the last one; lines and columns count from 1."""

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding in the reader's language, where it is, and what can be done about it.

    `path` leads to the part of the data that it is about. `edits` do what the finding proposes, empty if only a person
    can; `acceptable` means that a suppression with a reason ends it.
    """

    finding: Finding
    path: Path
    place: TextRange
    edits: tuple[Splice, ...]
    acceptable: bool


@dataclass(frozen=True, slots=True)
class CheckedText:
    """A text and its findings, in its order; `accepted` is the number of findings that the text itself accepts."""

    text: str
    findings: tuple[PlacedFinding, ...]
    accepted: int

    @property
    def counts(self) -> Mapping[str, int]:
        """Severity -> number of findings."""
        found = [each.finding.severity for each in self.findings]
        return {severity: found.count(severity) for severity in dict.fromkeys(found)}


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What somebody accepts: the findings of `rule` about `question` ("" for the questionnaire as a whole), and why.

    `by` is the name or the address of the person, `until` a date such as 2027-06-30, or empty.
    """

    rule: str
    question: str
    reason: str
    category: str
    by: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the linter knows besides the text: the installation, the journey and the questionnaires in force."""

    settings: lint.LintContext
    journey: Journey
    questionnaires: Mapping[str, Questionnaire]

    def of(self, key: str) -> lint.LintContext:
        """The linter's settings for one questionnaire: with the event that all of its recipients have been through."""
        events = {each.enter.event for each in self.journey.stages if each.questionnaire == key}
        event = events.pop() if len(events) == 1 else None
        if event is None:
            return self.settings
        return replace(self.settings, trigger_events=self.settings.trigger_events | {event})


def check(text: str, key: str, around: Surroundings, language: str) -> CheckedText:
    """The findings about a text as it is typed, told in `language`. Raises Rejected for a text that is too long."""
    document, result = _checked(text, key, around)
    shift = len(text) - len(document.source)  # a byte order mark, which the document does without
    told = in_language(result.problems, language)
    findings = (
        _placed(document, original, translated, shift)
        for original, translated in zip(result.problems, told, strict=True)
    )
    return CheckedText(text, tuple(findings), len(result.accepted))


def accept(text: str, key: str, around: Surroundings, wanted: Acceptance) -> tuple[Splice, ...]:
    """The edit that makes a text accept findings, tied to their present wording.

    Raises Rejected if the reason says nothing, if there is no such finding, or if it would still be reported.
    """
    if len(wanted.reason.strip()) < MIN_REASON:
        raise Rejected("Write a reason that a colleague can judge: a sentence of at least 15 characters.")
    document, result = _checked(text, key, around)
    found = [*result.problems, *(each.problem for each in result.accepted)]
    entry = _entry(wanted, accepted_wording(wanted.rule, wanted.question or WHOLE, found))
    if not entry["wording"] or wanted.rule in _NEVER_ACCEPTED:
        raise Rejected("Check the text again: this issue can't be kept, or the text has changed.")
    edit = acceptance(document, entry)
    if edit is None:
        raise Rejected(
            "Write the entry under `lint:` yourself: that part of the file has a style of its own."
        )
    shift = len(text) - len(document.source)
    moved = Splice(edit.start + shift, edit.end + shift, edit.text)
    after = _checked(spliced(text, (moved,)), key, around)[1]
    still = [each for each in after.problems if (each.rule, each.question) == (wanted.rule, wanted.question)]
    if still or any(each.rule in ("syntax", "schema") for each in after.problems):
        raise Rejected("Ask a lead or an admin: only they can keep an error.")
    return (moved,)


def is_acceptable(document: Document, rule: str) -> bool:
    """Whether a suppression with a reason ends the findings of a rule."""
    return bool(document.questionnaire) and rule not in _NEVER_ACCEPTED


def _checked(text: str, key: str, around: Surroundings) -> tuple[Document, Result]:
    if len(text) > drafts.LONGEST:
        raise Rejected("Shorten the text: it is too long to be checked.")
    document = lint.read(text, f"{key}.yaml", around.of(key))
    across = list(_across(document, around)) if document.journey else []
    return document, run(document, RULES, across)


def _across(document: Document, around: Surroundings) -> Iterator[Finding]:
    """What is wrong with a journey beside the questionnaires in force."""
    beside = []
    for key, questionnaire in around.questionnaires.items():
        other = Document(f"{key}.yaml", "")
        other.questionnaire = questionnaire  # fills the cached property: there is no text to read
        beside.append(other)
    yield from library_rules.check([document], beside)


def _entry(wanted: Acceptance, wording: str) -> dict[str, str]:
    """The keys of an AcceptedFinding, in the order of the documentation."""
    values = {
        "rule": wanted.rule,
        "question": wanted.question or WHOLE,
        "reason": " ".join(wanted.reason.split()),
        "category": wanted.category if wanted.category in CATEGORIES else CATEGORIES[0],
        "by": wanted.by,
        "until": wanted.until,
        "wording": wording,
    }
    return {name: value for name, value in values.items() if value or name == "wording"}


def _placed(document: Document, original: Finding, told: Finding, shift: int) -> PlacedFinding:
    start, end, path = _stretch(document, original)
    first, last = document.place(start), document.place(end)
    return PlacedFinding(
        finding=told,
        path=path,
        place=TextRange(start + shift, end + shift, first.line, first.column, last.line, last.column),
        edits=tuple(
            Splice(each.start + shift, each.end + shift, each.text) for each in rewriting(document, original)
        ),
        acceptable=is_acceptable(document, original.rule),
    )


def _stretch(document: Document, finding: Finding) -> tuple[int, int, Path]:
    """(start, end, path) of what a finding is about: the words at fault, else the value, on one line."""
    source = document.source
    start = document.offset(finding.line, finding.column)
    path, end = parts_of(document).at(start)
    if finding.end_column > finding.column:
        end = start + finding.end_column - finding.column
    elif finding.quoted and source.startswith(finding.quoted, start):
        end = start + len(finding.quoted)
    shown = _FIRST_LINE.match(source, start, max(end, start + 1))
    return start, shown.end() if shown else start, path


_FIRST_LINE = re.compile(r"[^\r\n]*[^\s]")
"""The rest of a line up to its last character that can be seen."""
