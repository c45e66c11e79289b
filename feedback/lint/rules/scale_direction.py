"""A scale that runs against the others, or against its own explanation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from feedback.core.questions import AnyQuestion, MatrixQuestion, ScaleQuestion
from feedback.core.text.folding import bare, fold
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.instruments import claimed
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.lexicon import Lexicon, lexicon
from feedback.lint.options.labels import lexicon as labels_of
from feedback.lint.options.labels import readings
from feedback.lint.options.scales import VALUED, LabelledScale, is_worded_scale, scales
from feedback.lint.rules.scale_not_graduated import disordered

RULE = Rule(
    id="scale-direction",
    title="All scales run the same way",
    xm=9,
    qas="7g",
    tier="D",
    severity="error",
    why="People learn the direction at the first scale and answer the next ones by it; a flipped "
    "scale turns praise "
    "into complaints (XM Institute, practice 9).",
    good=("every scale from bad to good", "an effort item with `high_is_bad: true`", "stars 1-5"),
    bad=(
        "question 1: 1 = bad, question 2: 1 = good",
        "csat with 5 = Very dissatisfied",
        "“10 = worst” under “Best”",
    ),
    suppress="A validated instrument that runs the other way: declare it with `instrument:` instead.",
)


def check(document: Document) -> Iterator[Finding]:
    house = -1 if document.settings.high_is_bad else 1
    listed: list[LabelledScale] = []
    numbered = False
    seen: set[int] = set()
    for each in scales(document):
        direction = _direction(each)
        if direction == 0 or each.index in seen or disordered(each):
            continue
        numbered = numbered or each.numbered
        if each.numbered and direction != house and _is_own(each):
            seen.add(each.index)
            yield _flipped(document, each)
        elif not each.numbered:
            listed.append(each)
    yield from _lists(document, listed, house if numbered else 0)
    yield from _reversed_sets(document)
    yield from _explained(document)


def _is_own(each: LabelledScale) -> bool:
    instrument = claimed(each.question)
    return each.own and not (instrument and instrument.high_is_bad)


def _direction(each: LabelledScale) -> int:
    """1 where the good answer comes last, -1 where it comes first, 0 where the labels do not tell."""
    if abs(each.rise) < 1 or not is_worded_scale(each):
        return 0
    if each.ends is None or each.ends[0].dimension not in VALUED or _is_best_in_the_middle(each):
        return 0
    if _grades_something_bad(each):
        return 0
    rises = 1 if each.rise > 0 else -1
    return -rises if _declared_bad(each.question) else rises


def _grades_something_bad(each: LabelledScale) -> bool:
    """ "How badly ...?" from "not at all badly" up asks for an amount: neither end was meant to come first."""
    first, *others = each.known
    stem = set(re.findall(r"\w+", fold(each.question.text.to(each.language), each.language)))
    return (
        first.denied
        and first.degree > 0
        and all(one.degree < 0 for one in others)
        and any(stem.intersection(fold(label, each.language).split()) for label in each.labels)
    )


def _is_best_in_the_middle(each: LabelledScale) -> bool:
    """Between "too easy" and "too hard" lies what is right, so neither end is the good one."""
    words = labels_of(each.language)
    return len(each.labels) % 2 == 1 and bool(
        words and words.says("fitting", each.labels[len(each.labels) // 2])
    )


def _declared_bad(question: AnyQuestion) -> bool:
    if isinstance(question, ScaleQuestion):
        return question.high_is_bad
    return isinstance(question, MatrixQuestion) and question.scale.high_is_bad


def _flipped(document: Document, each: LabelledScale) -> Finding:
    return document.finding(
        RULE,
        each.path,
        message(
            "The highest value carries “{what}”, the lowest “{what2}”: this scale is upside down.",
            what=each.labels[-1],
            what2=each.labels[0],
        ),
        quoted=" | ".join(each.labels),
        language=each.language,
        rewrite="Reverse the labels, or declare `high_is_bad: true` where low is good.",
    )


def _lists(document: Document, listed: list[LabelledScale], house: int) -> Iterator[Finding]:
    """Lists of words may run either way, but all the same way, and that of the numbered scales."""
    directions = {_direction(each) for each in listed}
    seen: set[int] = set()
    for each in listed:
        if each.index in seen:
            continue
        wanted = house or (_direction(listed[0]) if len(directions) > 1 else 0)
        if _direction(each) == -1 and not wanted:
            told = "The best answer comes first here; most scales run from bad to good."
            seen.add(each.index)
            yield document.finding(RULE, each.path, told, language=each.language, severity="info")
        elif wanted and _direction(each) != wanted:
            seen.add(each.index)
            yield document.finding(
                RULE,
                each.path,
                "This list of answers runs the other way than the other scales of this questionnaire.",
                quoted=" | ".join(each.labels),
                language=each.language,
                rewrite=" | ".join(reversed(each.labels)),
            )


def _reversed_sets(document: Document) -> Iterator[Finding]:
    seen: dict[tuple[str, ...], int] = {}
    told: set[int] = set()
    for each in scales(document):
        labels = tuple(bare(label, each.language) for label in each.labels)
        if len(labels) < 3 or _direction(each) != 0 or not (each.numbered or is_worded_scale(each)):
            continue
        if labels[::-1] in seen and each.index not in told and seen[labels[::-1]] != each.index:
            told.add(each.index)
            turned = "An earlier question has the same labels in the opposite order."
            yield document.finding(
                RULE, each.path, turned, quoted=" | ".join(each.labels), language=each.language
            )
        seen.setdefault(labels, each.index)


@cache
def _explanation(words: Lexicon) -> re.Pattern[str]:
    """A number and what it stands for: "1 = worst", "1 is the best", or in Turkish "1 en iyi olmak üzere"."""
    links, articles, ends = (
        words.either(f"scale-direction.{name}") for name in ("stands-for", "articles", "ends")
    )
    linked = rf"(?:=|:|-|–|{links}\s)\s*(?:{articles} )?"
    begins = rf"(?={words.either('scale-direction.superlatives')}(?!\w))"
    return re.compile(
        rf"(?<!\d)(\d{{1,2}})\s*(?:{linked}|{begins})([^\W\d_][\w\s']{{1,30}}?)"
        rf"(?=[,;.)\d]|$| {ends}(?!\w))"
    )


def _explained(document: Document) -> Iterator[Finding]:
    """ "1 = best" in the text under labels (or a scale type) that say the opposite."""
    for index, question in document.questions:
        if not isinstance(question, ScaleQuestion):
            continue
        for wording in document.question_texts(index):
            if wording.role not in ("stem", "help"):
                continue
            told = _contradiction(question, wording.text, wording.language)
            if told:
                yield document.finding(RULE, wording, told, rewrite="Let the labels explain the scale.")


def _contradiction(question: ScaleQuestion, text: str, language: str) -> str | None:
    middle = (question.minimum + question.maximum) / 2
    words = lexicon(language)
    for number, label in _explanation(words).findall(fold(text, language)) if words else ():
        value = int(number)
        found = [each for each in readings(label, language) if each.dimension in VALUED]
        if not found or not question.minimum <= value <= question.maximum or value == middle:
            continue
        says_good = found[0].degree > 0
        if found[0].degree and says_good != ((value > middle) != question.high_is_bad):
            return message(
                "The text says that {value} is “{what}”, the scale runs the other way.",
                value=value,
                what=label.strip(),
            )
    return None
