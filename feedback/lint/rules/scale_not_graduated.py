"""Labels out of order, a yes/no answer to "how ...", or labels of different things on one scale."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from feedback.core.questions import AnyQuestion
from feedback.core.text.folding import fold
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.choices import Choices, choices
from feedback.lint.options.labels import ANY, Reading, lexicon, readings
from feedback.lint.options.scales import LabelledScale, scales

RULE = Rule(
    id="scale-not-graduated",
    title="A scale rises or falls step by step",
    xm=7,
    qas="7g",
    tier="D",
    severity="error",
    why="People read the order of labels as their meaning; labels that jump, or that measure "
    "different things, "
    "are answered by position (XM Institute, practice 7; Tourangeau, Couper and Conrad 2004).",
    good=("Poor | Fair | Good | Excellent", "Was it resolved? Yes | Partly | No", "Very cold … Very warm"),
    bad=("Good | Poor | Excellent", "How likely …? Yes | No", "Cold | Fast | Warm"),
)
DEGREE_STEMS = frozenset(
    [
        "satisfaction",
        "likelihood",
        "ease",
        "clarity",
        "importance",
        "usefulness",
        "speed",
        "cleanliness",
        "politeness",
        "temperature",
        "noise",
        "safety",
        "comfort",
        "reliability",
    ]
)
_KIN = (
    {"quality", "satisfaction", "expectation"},
    {"amount", "level", "adequacy"},
    {"amount", "likelihood"},
    {"level", "likelihood"},
)
"""Dimensions that one scale may mix: "very little, little, sufficient, much"."""
TOLERANCE = 0.75
"""Degree words differ between readers; only a step back larger than this counts, unless one label only
strengthens the other ("bad", "very bad")."""


def check(document: Document) -> Iterator[Finding]:
    for each in scales(document):
        told = disordered(each) or _mixed(each)
        if told:
            yield document.finding(
                RULE,
                each.path,
                told,
                quoted=" | ".join(each.labels),
                language=each.language,
                rewrite=_sorted(each),
            )
    yield from _two_answers(document)


def disordered(each: LabelledScale) -> str | None:
    """What is wrong with the order of the labels, if they are all understood."""
    known = each.known
    dimensions = {one.dimension for one in known}
    if len(known) < 3 or len(known) < len(each.found) or len(dimensions) != 1:
        return None
    degrees = [one.degree for one in _from_zero(amounts(each))]
    labels = zip(degrees, each.labels, strict=True)
    steps = [step for first, second in pairwise(labels) if (step := _step(*first, *second))]
    falls, rises = any(step < 0 for step in steps), any(step > 0 for step in steps)
    return "The labels do not rise or fall step by step." if falls and rises else None


def _step(low: float, first: str, high: float, second: str) -> float:
    """How far it is from one label to the next; 0 where readers may disagree about it."""
    one, other = set(first.split()), set(second.split())
    certain = one < other or other < one
    return high - low if certain or abs(high - low) > TOLERANCE else 0.0


def _from_zero(found: Sequence[Reading]) -> list[Reading]:
    """ "Not at all" lies below every degree, "not" too: both count as the bottom."""
    return [one._replace(degree=min(one.degree, 0.0)) if one.zero else one for one in found]


def amounts(each: LabelledScale) -> list[Reading]:
    """The readings of the labels; those of "How badly ...?" ("not at all, slightly, badly, very badly") as amounts from
    nothing up. That takes a label that is a bare nothing, and every other word of judgement must be the question's."""
    stem = set(re.findall(r"\w+", fold(each.question.text.to(each.language), each.language)))
    nothing, asked = False, []
    for one, label in zip(each.found, each.labels, strict=True):
        if any(other.dimension == ANY for other in readings(label, each.language)):
            nothing |= bool(one and one.zero)
        else:
            asked.append(
                bool(one and one.degree < 0 and stem.intersection(fold(label, each.language).split()))
            )
    if not (nothing and asked and all(asked)):
        return each.known
    return [one if one.zero else one._replace(degree=abs(one.degree)) for one in each.known]


def _mixed(each: LabelledScale) -> str | None:
    found = Counter(one.dimension for one in each.known if one.dimension != ANY)
    if len(each.known) < len(each.found) or len(found) < 2 or len(each.found) < 3:
        return None
    (main, count), (other, _) = found.most_common(2)
    asked = lexicon(each.language)
    framed = each.numbered or (asked and asked.asked(each.question.text.to(each.language)))
    ends = {end.dimension for end in each.ends or ()}
    unrelated = each.numbered and len(found) >= 3  # "Cold, Fast, Warm": no two labels are of one kind
    if (
        (count < 2 and not unrelated)
        or not (framed or ends == {main})
        or any({main, other} <= kin for kin in _KIN)
    ):
        return None
    return message(
        "The labels are about different things ({main} and {other}); a scale measures one.",
        main=main,
        other=other,
    )


def _sorted(each: LabelledScale) -> str:
    if len({one.dimension for one in each.known}) != 1 or len(each.known) != len(each.found):
        return "Use degrees of one thing, from least to most."
    pairs = sorted(zip(_from_zero(each.known), each.labels, strict=True), key=lambda pair: pair[0].degree)
    return " | ".join(label for _, label in pairs)


def _is_two_answers(listed: Choices | None, question: AnyQuestion) -> bool:
    if listed is None or question.type == "multi":
        return False
    return len(listed.real) == 2 or listed.kind == "yes-no"


def _two_answers(document: Document) -> Iterator[Finding]:
    for wording in document.stems():
        words, question = lexicon(wording.language), wording.question
        if words is None or question is None or words.asked(wording.text) not in DEGREE_STEMS:
            continue
        index = int(wording.path[1])
        if question.type == "thumbs" or _is_two_answers(choices(document, index, wording.language), question):
            yield document.finding(
                RULE,
                wording,
                "This asks for a degree, but only two answers are offered.",
                rewrite="Offer a graduated scale built from the question, or ask a yes/no question.",
            )
