"""Two questions out of a double-barrelled one.

A split is shown where the sentence has a shape that splits for certain; everywhere else the advice names the
parts, since half a sentence helps nobody.
"""

from __future__ import annotations

import re
from functools import cache

from feedback.core.text.translatable import message
from feedback.lint.languages.lexicon import Lexicon
from feedback.lint.options.labels import readings
from feedback.lint.rewriting.joint import Joint
from feedback.lint.rewriting.language import rewriting
from feedback.lint.rewriting.sentence import mended, small
from feedback.lint.text.question import QuestionView

_COMMA = re.compile("[,،]")
_SLASH = re.compile(r"(?<![\w/])([^\W\d]{2,})\s?/\s?([^\W\d]{2,})(?![\w/])")
_MOST_QUOTED = 4


def better(question: QuestionView, start: int, end: int) -> str:
    """Two sentences where the text splits, else what to ask about."""
    return (
        _several(question)
        or _reason(question, start, end)
        or _slashed(question, start, end)
        or _at_joint(question, start, end)
    )


def _several(question: QuestionView) -> str:
    """Questions that stand one after the other."""
    source = question.stem.normalised
    asked = [source.quote(part.start, part.end) for part in question.stem.sentences]
    asked = [each for each in asked if each.rstrip(" \"'»)").endswith(("?", "؟"))]
    return " / ".join(asked) if len(asked) > 1 and all(len(each.split()) > 1 for each in asked) else ""


def _reason(question: QuestionView, start: int, end: int) -> str:
    """The reason is asked for, and not named."""
    words, said = question.words, question.stem.main[start:end]
    if not words.pattern("double-barrelled.reason").fullmatch(said):
        return ""
    sentence, place = _sentence(question, start, end, exactly=True)
    before = sentence[: place[0]].strip(" ,") if place else ""
    asked = rewriting(words.language).why(before)
    if asked and (rewrite := mended(asked, question)):
        return rewrite
    return message("Ask for the reason in a question of its own, without “{words}”.", words=said)


def _slashed(question: QuestionView, start: int, end: int) -> str:
    normalised = question.stem.normalised
    first, last = normalised.span(start, end)
    match = _SLASH.fullmatch(normalised.source[first:last].strip())
    grammar = rewriting(question.words.language)
    if not match or not grammar.slashes:
        return ""
    after = question.stem.text[end:].lstrip()
    if "\u200c" in normalised.source[first - 1 : first] + normalised.source[last : last + 1]:
        return ""
    ends = question.words.pattern("double-barrelled.ends").match(after)
    if not grammar.stands_alone(after, bool(ends)):
        return ""
    both = (normalised.source[:first] + each + normalised.source[last:] for each in match.groups())
    return _shown(question, *both)


def _at_joint(question: QuestionView, start: int, end: int) -> str:
    sentence, place = _sentence(question, start, end)
    said = question.stem.quote(start, end)
    if place is None:
        return _unjoined(said, question.words)
    grammar = rewriting(question.words.language)
    right = grammar.also.sub("", sentence[place[1] :].lstrip())
    left = grammar.both.sub("", sentence[: place[0]].rstrip(" ,،"))
    joint = Joint(left, right, question.words)
    if not joint.joins:
        return _unjoined(said, question.words)
    several = _COMMA.search(joint.left) or _again(joint)
    if not several and (found := grammar.split(joint)) and (shown := _shown(question, *found)):
        return shown
    return _advice(joint)


def _unjoined(said: str, words: Lexicon) -> str:
    first, slash, second = said.partition("/")
    if slash:
        return message(
            "Ask two questions: one about “{first}”, one about “{second}”.", first=first, second=second
        )
    joins = words.pattern("double-barrelled.conjunctions").fullmatch(said.lower())
    if not joins and (len(said.split()) > 2 or _COMMA.search(said)):
        return message("Ask a question of its own for each part of “{words}”.", words=said)
    return message("Ask two questions; do not join them with “{words}”.", words=said)


def _sentence(
    question: QuestionView, start: int, end: int, *, exactly: bool = False
) -> tuple[str, tuple[int, int] | None]:
    """The question sentence in the source, and where its conjunction (or `exactly` the words) stands in it."""
    stem = question.stem
    first, last = stem.normalised.span(stem.question.start, stem.question.end)
    begin, finish = stem.normalised.span(start, end)
    sentence = stem.normalised.source[first:last]
    lead = len(sentence) - len(sentence.lstrip())
    pattern = rewriting(stem.language).joints
    if not first <= begin <= last:
        return sentence, None
    if exactly:
        return sentence[lead:], (begin - first - lead, finish - first - lead)
    found = [
        each.span() for each in pattern.finditer(sentence, begin - first, min(finish - first, len(sentence)))
    ]
    place = found[0] if len(found) == 1 else None
    return (sentence[lead:], (place[0] - lead, place[1] - lead)) if place else (sentence, None)


def _again(joint: Joint) -> bool:
    """Whether there is a further conjunction, so that there are more than two parts."""
    pattern = rewriting(joint.words.language).joints
    left, right = (joint.words.hide_poles(each.lower()) for each in (joint.left, joint.right))
    return bool(pattern.search(left) or pattern.search(right))


def _shown(question: QuestionView, one: str, other: str) -> str:
    both = [mended(each.strip(), question) for each in (one, other)]
    return " / ".join(both) if all(both) and both[0] != both[1] else ""


# What to quote where no split is certain.


def _advice(joint: Joint) -> str:
    first, *more = _parts(joint)
    last = _last(joint)
    if not more:
        return message(
            "Ask two questions: one about “{first}”, one about “{second}”.", first=first, second=last
        )
    listed = "”, “".join([first, *more, last])
    return message("Ask one question about each: “{parts}”.", parts=listed)


@cache
def _last_thing(words: Lexicon) -> re.Pattern[str]:
    """The last word of a text, with its article."""
    return re.compile(rf"(?:\b{words.either('part.article')} )?[^\s,،]+$", re.IGNORECASE)


def _parts(joint: Joint) -> list[str]:
    """What stands before the conjunction, thing by thing."""
    pieces = [each.strip() for each in _COMMA.split(joint.left) if each.strip()]
    ends = [_head(each, joint.words) for each in pieces]
    listed = len(pieces) > 1 and all(len(each.split()) <= _MOST_QUOTED for each in pieces[1:])
    return [small(each, joint.words.language) for each in (ends if listed else ends[-1:])]


def _head(piece: str, words: Lexicon) -> str:
    """The last word with its article, but a quality alone: "warm", not "our warm"."""
    match = _last_thing(words).search(piece)
    if not match:
        return piece
    word = match[0].split()[-1]
    return word if readings(word.lower(), words.language) else match[0]


def _last(joint: Joint) -> str:
    stop = joint.words.search("double-barrelled.ends", joint.right.lower())
    text = joint.right[: stop.start()] if stop and stop.start() else joint.right
    return " ".join(text.strip(" ?؟.!").split()[:_MOST_QUOTED])
