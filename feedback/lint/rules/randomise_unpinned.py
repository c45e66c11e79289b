"""A shuffled list in which "other" or "none" may land in the middle."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questions import ChoiceQuestion
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.choices import Choices, asks_why, choices

RULE = Rule(
    id="randomise-unpinned",
    title="“Other” and “none” keep their place in a shuffled list",
    xm=10,
    tier="D",
    severity="error",
    why="People look for the way out at the end; in the middle it reads as one more answer (Dillman "
    "et al. 2014).",
    good=("Something else, `role: other`", "None of these, `role: none`", "All, `pinned: true`"),
    bad=("randomize: true with a plain “Other”", "randomize: true with a plain “None of these”"),
)
LAST_PLACE = ("other", "none", "not_applicable", "dont_know", "prefer_not", "all", "depends")
DENIALS = frozenset({"none", "not_applicable"})


def check(document: Document) -> Iterator[Finding]:
    for index, question in document.questions:
        if not isinstance(question, ChoiceQuestion) or not question.randomize:
            continue
        seen: set[int] = set()
        for language in document.languages:
            listed = choices(document, index, language)
            kinds = _kinds(listed) if listed else ()
            for place, option, text in listed.options if listed else ():
                loose = listed and listed.words and any(listed.words.says(kind, text) for kind in kinds)
                if loose and not option.stays and place not in seen:
                    seen.add(place)
                    yield document.finding(
                        RULE,
                        ("questions", index, "options", place),
                        message("“{text}” changes its place when the options are shuffled.", text=text),
                        quoted=text,
                        language=language,
                        rewrite="Give it a `role:` (other, none ...) or `pinned: true`.",
                    )


def _kinds(listed: Choices) -> tuple[str, ...]:
    """What belongs last. "I do not drive" is an answer like any other among reasons, beside another denial, or
    where the list begins with it."""
    words = listed.words
    denials = [
        place
        for place, option, text in listed.options
        if words and option.role is None and any(words.says(kind, text) for kind in DENIALS)
    ]
    first = bool(denials) and denials[0] == 0
    if len(denials) > 1 or first or asks_why(words, listed.stem):
        return tuple(kind for kind in LAST_PLACE if kind not in DENIALS)
    return LAST_PLACE
