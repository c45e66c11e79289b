"""Accepted findings: which of the `lint: suppress:` entries hold, and the rules for the entries."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from feedback.core.questionnaire import AcceptedFinding
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, Path
from feedback.lint.engine.rule import Finding, Rule

_WHY = "An exception that nobody understands later is a hole in the rules; one too many hides the next fault."
_BARE_WORDS = frozenset(
    {"to be decided", "false positive", "design decision", "not applicable", "accepted risk"}
)
MIN_REASON = 15
TREND = "trend-scale-changed"
"""The rule whose exceptions always end: another wording in a series is a bridge, whatever it is called."""
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
INCOMPLETE = Rule(
    id="suppression-incomplete",
    title="An accepted finding names who accepted which wording",
    tier="D",
    severity="error",
    why="Without a name nobody can be asked, without the wording a later and worse text is accepted unseen, and a "
    "series without a date never becomes one again.",
    good=('by: e.yilmaz, wording: "9f31c2"', "category: trend, until: 2026-09-30"),
    bad=("no `by:`", "no `wording:`", "`category: trend` without `until:`"),
    suppressible=False,
)
AUTHOR = Rule(
    id="suppression-author",
    title="Only a design lead accepts an error",
    tier="D",
    severity="error",
    why="An error reaches every customer who is asked, so one named person must be responsible "
    "for accepting it.",
    good=("by: lead@example.com, who is a lead or an admin of this installation",),
    bad=("by: somebody who is neither, nor named in the setting `questionnaires.design_leads`",),
    suppressible=False,
)
META_RULES = (WITHOUT_REASON, UNUSED, EXPIRED, BLANKET, INCOMPLETE, AUTHOR)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that a suppression covers."""

    problem: Finding
    suppression: AcceptedFinding


def wording_hash(text: str) -> str:
    """Six hex digits that change with the wording, but not with spacing or Unicode form."""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:6]


def accepted_wording(rule: str | None, question: str | None, found: Iterable[Finding]) -> str:
    """The hash of the whole texts, in all languages, in which a rule finds something about a question.

    A finding about no text, such as a missing label, stands for itself. Empty where the rule finds nothing.
    """
    texts = {
        each.wording or each.message
        for each in found
        if each.rule == rule and (each.question or WHOLE) == question
    }
    return wording_hash("\n".join(sorted(texts))) if texts else ""


def apply(
    document: Document, found: Iterable[Finding], locked: frozenset[str]
) -> tuple[list[Finding], list[Accepted]]:
    """Splits the findings into those that remain and those accepted, and adds findings about the acceptances.

    `locked` are the ids of rules whose errors cannot be suppressed.
    """
    entries = document.questionnaire.lint.suppress if document.questionnaire else ()
    everything = list(found)
    told = {place: list(_faults(document, entry, everything)) for place, entry in enumerate(entries)}
    standing = [
        place for place, entry in enumerate(entries) if not told[place] and _stands(entry, everything)
    ]
    remaining: list[Finding] = []
    accepted: list[Accepted] = []
    used: set[int] = set()
    for problem in everything:
        matching = [place for place in standing if _covers(entries[place], problem)]
        if problem.rule in locked and problem.severity == "error":
            matching = []
        used.update(matching)
        allowed = [
            place for place in matching if _may(entries[place], problem, document.settings.design_leads)
        ]
        if allowed:
            accepted.append(Accepted(problem, entries[allowed[0]]))
            continue
        remaining.append(problem)
        for place in matching:
            told[place] = [(AUTHOR, _not_a_lead(entries[place]))]
    for place, entry in enumerate(entries):
        if not told[place] and place not in used:
            told[place] = [(UNUSED, _unused(entry))]
        remaining.extend(_about(document, place, entry, told[place]))
    return remaining, accepted


def _about(
    document: Document, place: int, entry: AcceptedFinding, told: Iterable[tuple[Rule, str]]
) -> Iterator[Finding]:
    where: Path = ("lint", "suppress", place)
    for rule, sentence in told:
        yield document.finding(rule, where, sentence, quoted=entry.reason, question=entry.question or "")


def _covers(entry: AcceptedFinding, problem: Finding) -> bool:
    return entry.rule == problem.rule and entry.question == (problem.question or WHOLE)


def _stands(entry: AcceptedFinding, found: Iterable[Finding]) -> bool:
    """Whether the wording is still the one that was accepted."""
    return entry.wording == accepted_wording(entry.rule, entry.question, found)


def _may(entry: AcceptedFinding, problem: Finding, design_leads: frozenset[str] | None) -> bool:
    """Whether its author may accept this; where nobody has said who leads, their name is enough."""
    if problem.severity != "error" or design_leads is None:
        return True
    return (entry.by or "").strip().casefold() in design_leads


def _faults(
    document: Document, entry: AcceptedFinding, found: Iterable[Finding]
) -> Iterator[tuple[Rule, str]]:
    """What keeps an entry from accepting anything, with what to do about it."""
    reason = entry.reason.strip()
    if len(reason) < MIN_REASON or reason.casefold() in _BARE_WORDS:
        yield (
            WITHOUT_REASON,
            "This suppression gives no reason that a colleague could judge; write a sentence.",
        )
    if not entry.rule or not entry.question or "*" in entry.rule + entry.question:
        yield (
            BLANKET,
            message(
                "This suppression must name one rule and one question (`{whole}` for the survey as a whole).",
                whole=WHOLE,
            ),
        )
    if entry.until and _over(entry.until, document.settings.today):
        yield EXPIRED, "This suppression has expired; fix the question, or decide again."
    if missing := list(_missing(entry, found)):
        lines = ", ".join(f"`{line}`" for line in missing)
        yield INCOMPLETE, message("This suppression accepts nothing yet; add {lines}.", lines=lines)


def _missing(entry: AcceptedFinding, found: Iterable[Finding]) -> Iterator[str]:
    """The lines that an entry still needs."""
    if not (entry.by or "").strip():
        yield "by: your name"
    tie = accepted_wording(entry.rule, entry.question, found)
    if not entry.wording and tie:
        yield f'wording: "{tie}"'
    if not entry.until and (entry.category == "trend" or entry.rule == TREND):
        yield "until: the last day of the bridge"


def _over(until: str, today: date | None) -> bool:
    try:
        return date.fromisoformat(until) < (today or date.min)
    except ValueError:
        return True


def _not_a_lead(entry: AcceptedFinding) -> str:
    return message(
        "Only a design lead may accept `{rule}`, which is an error; {by} is not a lead or an "
        "admin here and is not named in the setting `questionnaires.design_leads`.",
        rule=entry.rule,
        by=repr(entry.by),
    )


_GONE = "`{rule}` finds nothing here any more; remove the suppression or decide again."
_CHANGED = (
    "`{rule}` finds nothing here any more or the wording has changed since; remove the suppression or decide "
    "again."
)


def _unused(entry: AcceptedFinding) -> str:
    return message(_CHANGED if entry.wording else _GONE, rule=entry.rule)
