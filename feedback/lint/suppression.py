"""Accepted findings: which of the `lint: suppress:` entries hold, and the rules for the entries."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from feedback.core.questionnaire import Suppression
from feedback.lint.document import Document, Path
from feedback.lint.rule import Problem, Rule
from feedback.lint.said import say

_WHY = "An exception that nobody understands later is a hole in the rules; one too many hides the next fault."
_BARE_WORDS = frozenset(
    {"to be decided", "false positive", "design decision", "not applicable", "accepted risk"}
)
MIN_REASON = 15
WHOLE = "questionnaire"
"""`question: questionnaire` in a suppression means findings that belong to no single question."""

WITHOUT_REASON = Rule(
    id="suppression-without-reason",
    title="An accepted finding says why",
    tier="D",
    severity="error",
    why=_WHY,
    good=('reason: "Wording fixed by the regulator, complaints form 12."',),
    bad=("reason: ok", 'reason: ""', "reason: wontfix"),
    suppressible=False,
)
UNUSED = Rule(
    id="suppression-unused",
    title="An accepted finding still exists",
    tier="D",
    severity="warning",
    why=_WHY,
    good=("a suppression whose finding is still reported without it",),
    bad=("a suppression of a rule that finds nothing in that question",),
    suppressible=False,
)
EXPIRED = Rule(
    id="suppression-expired",
    title="An accepted finding has not passed its date",
    tier="D",
    severity="error",
    why=_WHY,
    good=("until: 2099-06-30",),
    bad=("until: 2020-01-01",),
    suppressible=False,
)
BLANKET = Rule(
    id="suppression-blanket",
    title="An accepted finding names its rule and its question",
    tier="D",
    severity="error",
    why=_WHY,
    good=("rule: double-barrelled, question: q3",),
    bad=("question: q3 (every rule)", "rule: double-barrelled (every question)", "rule: '*'"),
    suppressible=False,
)
META_RULES = (WITHOUT_REASON, UNUSED, EXPIRED, BLANKET)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that a suppression covers."""

    problem: Problem
    suppression: Suppression


def wording_hash(text: str) -> str:
    """Six hex digits that change with the wording, but not with spacing or Unicode form."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:6]


def accepted_wording(rule: str | None, question: str | None, found: Iterable[Problem]) -> str:
    """The hash of the whole texts, in all languages, in which a rule finds something about a question."""
    texts = {each.wording for each in found if each.rule == rule and (each.question or WHOLE) == question}
    return wording_hash("\n".join(sorted(texts))) if texts else ""


def apply(
    document: Document, found: Iterable[Problem], locked: frozenset[str]
) -> tuple[list[Problem], list[Accepted]]:
    """Splits the findings into those that remain and those accepted, and adds findings about the acceptances.

    `locked` are the ids of rules whose errors cannot be suppressed.
    """
    entries = document.questionnaire.lint.suppress if document.questionnaire else ()
    valid = {
        place: entry for place, entry in enumerate(entries) if not _faults(entry, document.settings.today)
    }
    remaining: list[Problem] = []
    accepted: list[Accepted] = []
    used: set[int] = set()
    everything = list(found)
    standing = {place: entry for place, entry in valid.items() if _stands(entry, everything)}
    for problem in everything:
        matching = [place for place, entry in standing.items() if _covers(entry, problem)]
        if matching and not (problem.rule in locked and problem.severity == "error"):
            used.update(matching)
            accepted.append(Accepted(problem, valid[matching[0]]))
        else:
            remaining.append(problem)
    for place, entry in enumerate(entries):
        remaining.extend(_about(document, place, entry, used=place in used))
    return remaining, accepted


def _covers(entry: Suppression, problem: Problem) -> bool:
    return entry.rule == problem.rule and entry.question == (problem.question or WHOLE)


def _stands(entry: Suppression, found: Iterable[Problem]) -> bool:
    """Whether the wording is still the one that was accepted."""
    return entry.wording is None or entry.wording == accepted_wording(entry.rule, entry.question, found)


def _faults(entry: Suppression, today: date | None) -> list[Rule]:
    faults: list[Rule] = []
    reason = entry.reason.strip()
    if len(reason) < MIN_REASON or reason.casefold() in _BARE_WORDS:
        faults.append(WITHOUT_REASON)
    if not entry.rule or not entry.question or "*" in entry.rule + entry.question:
        faults.append(BLANKET)
    if entry.until and _over(entry.until, today):
        faults.append(EXPIRED)
    return faults


def _over(until: str, today: date | None) -> bool:
    try:
        return today is not None and date.fromisoformat(until) < today
    except ValueError:
        return True


_TOLD = {
    WITHOUT_REASON: "This suppression gives no reason that a colleague could judge; write a sentence.",
    BLANKET: say(
        "This suppression must name one rule and one question (`{whole}` for the survey as a whole).",
        whole=WHOLE,
    ),
    EXPIRED: "This suppression has expired; repair the question, or decide again.",
}


_GONE = "`{rule}` finds nothing here any more; remove the suppression or decide again."
_CHANGED = (
    "`{rule}` finds nothing here any more or the wording has changed since; remove the suppression or decide "
    "again."
)


def _about(document: Document, place: int, entry: Suppression, *, used: bool) -> Iterator[Problem]:
    where: Path = ("lint", "suppress", place)
    faults = _faults(entry, document.settings.today)
    for fault in faults:
        yield document.finding(fault, where, _TOLD[fault], quoted=entry.reason, question=entry.question or "")
    if not faults and not used:
        told = say(_CHANGED if entry.wording else _GONE, rule=entry.rule)
        yield document.finding(UNUSED, where, told, quoted=entry.reason, question=entry.question or "")
