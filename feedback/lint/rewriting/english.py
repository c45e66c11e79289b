"""English questions: what changes places when a statement becomes one."""

from __future__ import annotations

import re

from feedback.lint.rewriting.sentence import small

_BE = re.compile(
    r"^(?P<who>.+?) (?P<be>is|are|was|were|has|have|can|will|could) (?P<what>.+)$", re.IGNORECASE
)
_PLAIN_SUBJECT = re.compile(
    r"(?i)^(?:(?:the|our|your|this|that|these|those|my|its|their|a|an) )?[\w'’-]+(?: [\w'’-]+){0,3}$"
    r"|^(?:it|you|we|they|he|she)$"
)
_YOU_DO = re.compile(r"^(?P<who>you|they|we) (?P<act>[a-z]+)\b(?P<rest>.*)$", re.IGNORECASE)
_PAST = {
    "found": "find",
    "liked": "like",
    "enjoyed": "enjoy",
    "loved": "like",
    "got": "get",
    "received": "receive",
    "understood": "understand",
    "knew": "know",
    "noticed": "notice",
    "felt": "feel",
    "saw": "see",
    "used": "use",
    "had": "have",
    "made": "make",
    "agreed": "agree",
    "wanted": "want",
    "tried": "try",
}
_PRESENT = frozenset(
    {
        "like",
        "enjoy",
        "find",
        "know",
        "trust",
        "use",
        "want",
        "need",
        "think",
        "agree",
        "prefer",
        "have",
        "feel",
        "see",
    }
)


def asked_directly(statement: str) -> str:
    """A statement as a question: "our prices are fair" -> "Are our prices fair?"; empty where that is unsure."""
    plain = statement.strip().rstrip("?!. ")
    if re.search(r"[,;]| (?:and|but|that|which|who) ", plain):
        return ""
    turned = _BE.match(plain)
    did = _YOU_DO.match(plain)
    if turned and _PLAIN_SUBJECT.match(turned["who"]) and not _has_verb(turned["who"]):
        return f"{turned['be'].capitalize()} {small(turned['who'], 'en')} {turned['what']}?"
    if did and did["act"].lower() in _PAST:
        return f"Did {did['who'].lower()} {_PAST[did['act'].lower()]}{did['rest']}?"
    if did and did["act"].lower() in _PRESENT:
        return f"Do {did['who'].lower()} {did['act'].lower()}{did['rest']}?"
    return ""


def _has_verb(subject: str) -> bool:
    """ "you think it" is no subject."""
    return bool(
        re.search(
            r"(?i)\b(?:you|we|they|it) \w+|\w+ (?:you|we|they|it)\b|\b(?:did|do|does|to|thinks?|knows?)\b",
            subject,
        )
    )
