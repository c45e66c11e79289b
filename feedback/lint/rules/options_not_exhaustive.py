"""A list that leaves somebody without an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from feedback.core.questions import ChoiceQuestion, RankingQuestion
from feedback.core.text.folding import bare, fold
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.data import data
from feedback.lint.languages.lexicon import lexicon
from feedback.lint.languages.pack import pack
from feedback.lint.options.choices import Choices, asks_why, choices, have_numbers, stands_beside
from feedback.lint.options.labels import readings
from feedback.lint.options.numeric_bands import INFINITY, bounds
from feedback.lint.rewriting.bands import or_more, under
from feedback.lint.rewriting.language import rewriting
from feedback.lint.rules.range_overlap import are_years

RULE = Rule(
    id="options-not-exhaustive",
    title="Everybody finds an answer",
    xm=5,
    qas="7f",
    tier="D",
    severity="warning",
    why="If no answer fits, people choose a wrong one or leave (XM Institute, practice 5; QAS-99, item 7f).",
    good=("… | Something else (with a box)", "Daily | Weekly | Monthly | Never", "Under 20 … 60 or over"),
    bad=("Why did you cancel? Price | Quality | Service", "Daily | Weekly | Monthly", "20-29 | 30-39"),
    suppress="The list is complete: write `complete:` with the reason instead.",
)
ESCAPES = ("other", "varies", "none", "dont_know", "not_applicable", "prefer_not", "prefer_not_to_say")
REASONS_ASIDE = frozenset({"other", "dont_know", "prefer_not"})
"""Among reasons, "I did not like it" is one like any other."""
NOTHING = tuple(each for each in ESCAPES if each != "other")
""""Something else" is no answer for those who have nothing to tick."""


def check(document: Document) -> Iterator[Finding]:
    for index, question in document.questions:
        if not isinstance(question, ChoiceQuestion) or question.complete:
            continue
        if isinstance(question, RankingQuestion):
            continue  # puts in order what is listed
        for language in document.languages:
            listed = choices(document, index, language)
            told = _missing_of(_Alike(listed.written, language, question, listed)) if listed else None
            if told:
                strict = question.required and not question.multiple
                severity = "error" if strict else None
                message, rewrite = told
                yield document.finding(
                    RULE,
                    ("questions", index, "options"),
                    message,
                    quoted=" | ".join(listed.texts if listed else ()),
                    language=language,
                    rewrite=rewrite,
                    severity=severity,  # type: ignore[arg-type]
                )
                break


@dataclass(frozen=True, slots=True)
class _Alike:
    """A question that is written like any other with the same findings."""

    written: str
    language: str
    question: ChoiceQuestion = field(compare=False)
    listed: Choices = field(compare=False)


@lru_cache(maxsize=2048)
def _missing_of(alike: _Alike) -> tuple[str, str] | None:
    return _missing(alike.question, alike.listed)


def _missing(question: ChoiceQuestion, listed: Choices) -> tuple[str, str] | None:
    if listed.words is None or question.not_applicable:
        return None
    if listed.kind == "bands":
        return _closed_ends(question, listed)
    if _has_escape(listed, _escapes(question, listed)) or _is_on_offer(listed) or _may_be_open(listed):
        return None
    return _without_escape(question, listed)


def _escapes(question: ChoiceQuestion, listed: Choices) -> tuple[str, ...]:
    """What of the list is an answer for everybody else. Something always matters most, and everybody who pays has a way
    to pay: nobody has nothing to tick there."""
    something = ("most_stem", "answered_stem", "reason_stem")
    all_tick = listed.words is not None and any(
        listed.words.mentions(kind, listed.stem) for kind in something
    )
    return NOTHING if question.multiple and listed.kind == "unordered" and not all_tick else ESCAPES


def _may_be_open(listed: Choices) -> bool:
    """Whether an answer is for those who have none: it is not decided or not known yet ("refunded, exchanged, refused,
    still open"), or it did not happen to them ("I did not bring one")."""
    words = listed.words
    if words is None or asks_why(words, listed.stem):
        return False
    if any(words.says(kind, text) for kind in ("not_yet", "own_denial") for text in listed.texts):
        return True
    if any(_lacks_what_is_asked(text, listed) for text in listed.texts):
        return True
    denials = [words.says("own_escape", text) and not words.says("depends", text) for text in listed.texts]
    return sum(denials) == 1 and denials[-1]  # only the last one says that there was none


def _lacks_what_is_asked(text: str, listed: Choices) -> bool:
    """Whether an answer was without what the question is about: "came without an appointment"."""
    words = bare(text, listed.language).split()
    tails = (" ".join(words[at:]) for at in range(len(words)))
    missing = next(filter(None, map(pack(listed.language).lacking, tails)), "")
    return bool(missing) and any(
        each.startswith(missing) for each in bare(listed.stem, listed.language).split()
    )


def _is_on_offer(listed: Choices) -> bool:
    """Whether people choose between what they can have ("How do you prefer to hear from us?"), and need not choose."""
    words = listed.words
    asked = words is not None and words.mentions("preference_stem", listed.stem)
    return asked and words is not None and any(words.says("depends", text) for text in listed.texts)


_ADD_NONE = "Add “{answer}” with `role: none`."
_ADD_OTHER = "Add “{answer}” with `role: other` and `other_text: true`."


def _without_escape(question: ChoiceQuestion, listed: Choices) -> tuple[str, str] | None:
    if _is_frequency(listed):
        zero = any(_reaches_zero(text, listed.language) for text in listed.texts)
        if zero or _are_plans(listed):
            return None
        never = rewriting(listed.language).phrases.never
        return "The list has no answer for those who never do it.", message(_ADD, answer=never)
    if listed.kind != "unordered" or not listed.real:
        return None
    if question.multiple:
        none = rewriting(listed.language).phrases.none
        return "There is no answer for those to whom none applies.", message(_ADD_NONE, answer=none)
    if not have_numbers(listed) and sum(not stands_beside(text, listed) for text in listed.texts) >= 3:
        other = rewriting(listed.language).phrases.other
        return "There is no answer for people to whom none of these fits.", message(_ADD_OTHER, answer=other)
    return None


def _has_escape(listed: Choices, escapes: Sequence[str]) -> bool:
    words = listed.words
    said = [each for each in escapes if each in REASONS_ASIDE] if asks_why(words, listed.stem) else escapes
    if (
        words
        and words.mentions("case_stem", listed.stem)
        and any(words.says(kind, each) for each in listed.texts for kind in ("other_person", "depends"))
    ):
        return True  # "Who chose? I did, my partner did, someone else did", "Who signs? My team, my boss, it depends"
    return any(
        option.role in escapes
        or (option.role is None and words and any(words.says(kind, text) for kind in said))
        for _, option, text in listed.options
    )


def _are_plans(listed: Choices) -> bool:
    """Whether rates name what can be had ("How would you like to pay? Monthly, yearly"), not what is done."""
    words = listed.words
    if words is None or words.asked(listed.stem) == "frequency":
        return False
    return words.mentions("plan_stem", listed.stem)


def _is_frequency(listed: Choices) -> bool:
    """A list of frequencies: degree words ("often") and rates ("twice a week"), at least one of them known."""
    if listed.kind not in ("degrees", "calendar", "unordered") or len(listed.texts) < 2:
        return False
    frequent = [_says_frequency(text, listed.language) for text in listed.texts]
    return any(frequent) and all(
        known or _is_rate(text, listed.language) for known, text in zip(frequent, listed.texts, strict=True)
    )


def _says_frequency(text: str, language: str) -> bool:
    return any(one.dimension == "frequency" for one in readings(text, language))


def _is_rate(text: str, language: str) -> bool:
    phrases = lexicon(language)
    return phrases is not None and phrases.search("answers.rate", bare(text, language)) is not None


def _reaches_zero(text: str, language: str) -> bool:
    """A label for never, or one that leaves the lower end open ("less often")."""
    phrases = lexicon(language)
    return any(one.zero for one in readings(text, language)) or (
        phrases is not None and phrases.search("answers.seldom", bare(text, language)) is not None
    )


def _closed_ends(question: ChoiceQuestion, listed: Choices) -> tuple[str, str] | None:
    bands = [band for _, _, band in listed.bands()]
    parsed = {place for place, _, _ in listed.bands()}
    if len(bands) < 2 or all(band.is_point for band in bands) or are_years(bands):
        return None
    if any(place not in parsed for place, _, _ in listed.real) or (set(parsed) and _says_other(listed)):
        return None
    tariffs = (
        len({band.low for band in bands}) == 1
    )  # "up to 50", "up to 100", if not a fault of another kind
    below, above = ("", "") if tariffs else (_band_below(question, listed), _band_above(listed))
    if below and above:
        told = "The lowest band does not reach down to the least value, and the highest has an upper end."
        return told, message(_ADD_BOTH, below=below, above=above)
    if below:
        return "The lowest band does not reach down to the least value.", message(_ADD, answer=below)
    if above:
        return "The highest band has an upper end; somebody may be above it.", message(_ADD, answer=above)
    return None


def _band_below(question: ChoiceQuestion, listed: Choices) -> str:
    """What is missing under the lowest band; nothing if it reaches down to the least value."""
    _, text, lowest = min(listed.bands(), key=lambda each: each[2].low)
    least = lowest.low / lowest.step
    missing = least > 1 and (question.min_age is None or least > question.min_age)
    return under(text, lowest, listed.language) if missing else ""


def _band_above(listed: Choices) -> str:
    """What is missing over the highest band; nothing if it has no end, or nobody can be above it."""
    _, text, highest = max(listed.bands(), key=lambda each: each[2].high)
    top = highest.high / highest.step
    least = min(band.low for _, _, band in listed.bands())
    marks = top == 100 and (highest.family == "percent" or least == 0)  # "0 to 49 points ... 85 to 100"
    bounded = marks or f"{top:g}" in _numbers(listed)
    bounded |= top in bounds(listed.stem, listed.language)
    return "" if highest.high == INFINITY or bounded else or_more(text, highest, listed.language)


_ADD = "Add “{answer}”."
_ADD_BOTH = "Add “{below}” and “{above}”."


def _numbers(listed: Choices) -> list[str]:
    """The numbers that the question itself names: of "your last 10 trips" no more than 10 can be late."""
    stem = fold(listed.stem, listed.language)
    spelled = data(listed.language, "numbers").get("numbers", {})
    return [*re.findall(r"\d+", stem), *(str(spelled[word]) for word in stem.split() if word in spelled)]


def _says_other(listed: Choices) -> bool:
    return any(
        option.role == "other" or (listed.words and listed.words.says("other", text))
        for _, option, text in listed.options
    )
