"""Two questions in one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.lexicon import Lexicon
from feedback.lint.languages.pack import pack
from feedback.lint.options.labels import readings
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="double-barrelled",
    title="One question at a time",
    tier="L",
    severity="error",
    xm=3,
    qas="4c",
    why=(
        "If the guard was polite but the wait too long, nobody can answer 'polite and quick'; "
        "the score belongs to neither (best practice 3 of question design, Qualtrics XM "
        "Institute; Question Appraisal System, item 4c)."
    ),
    good=(
        "How polite was the guard?",
        "Were the terms and conditions shown before you paid?",
        "Güvenlik görevlisi ne kadar nazikti?",
        "کسب و کار شما چند کارمند دارد؟",
    ),
    bad=(
        "How fresh and warm was the bread?",
        "Ekmeğin tazeliğinden ve fiyatından memnun musunuz?",
        "نان چقدر تازه و گرم بود؟",
    ),
    suppress="The wording is prescribed, or a validated item.",
)
LEAST_READ_OUT = 3
"""Answers that a question reads out; with two, "good, or bad?" would be the whole question."""
TWO = "Two things in one question; somebody may think differently of each."


def find(question: QuestionView) -> Iterator[Hit]:
    """The first sign of a second question, one finding a text."""
    if not question.stem.asks and not question.statement and not _judges(question):
        return  # "Tell us more and win" asks nothing
    end = _answers_begin(question)
    text = _main(question)[:end]
    for search in (_two_questions, _joined, _alternative, _reason, _list):
        if hit := search(question, text):
            yield hit
            return


def _answers_begin(question: QuestionView) -> int:
    """Where a question begins to read out its own answers (": very good, good or bad?"); its length if it does not."""
    text = question.stem.text
    starts = [_last_place(each, text) for each in question.answers]
    first = min(starts, default=-1)
    if first < 0 or len(starts) < LEAST_READ_OUT:
        return len(text)
    inside = next((part.start for part in question.stem.sentences if part.start <= first < part.end), 0)
    if inside > 0:
        return inside  # a sentence of its own: "... Would you say good, average or poor?"
    return first if text[:first].rstrip().endswith((":", ",", "،", "(", "-", "–", "—")) else len(text)


def _last_place(words: str, text: str) -> int:
    """Where `words` last begin in a text as whole words; -1 if they do not."""
    if words not in text:
        return -1
    return max((found.start() for found in re.finditer(rf"\b{re.escape(words)}\b", text)), default=-1)


def _two_questions(question: QuestionView, text: str) -> Hit | None:
    asking = [
        part
        for part in question.stem.sentences
        if part.start < len(text) and _asks(question, question.stem.plain[part.start : part.end])
    ]
    if len(asking) > 1:
        return Hit(asking[1].start, asking[1].end, "Two question marks, two questions; ask them one by one.")
    opening = question.words.pattern("double-barrelled.conjunctions")
    for match in question.words.finditer("double-barrelled.second-question", text):
        if text[: match.start()].strip() or not opening.match(text, match.start()):  # not "And was it good?"
            return Hit(*match.span(), "A second question word makes a second question.")
    return None


def _asks(question: QuestionView, sentence: str) -> bool:
    """Whether a sentence is a question; a lone word is one only if it is a question word ("Why?")."""
    if not sentence.rstrip(" \"'»)").endswith(("?", "؟")):
        return False
    lone = sentence.strip(" ?؟\"'»)")
    return len(sentence.split()) > 1 or bool(question.words.pattern("double-barrelled.probe").fullmatch(lone))


def _main(question: QuestionView) -> str:
    """The main clause without names, fixed phrases, poles of one scale and the listed harmless joints."""
    words = question.words
    return words.hide(words.hide_poles(question.stem.main), "double-barrelled.silent")


def _joined(question: QuestionView, text: str) -> Hit | None:
    """Two subjects, properties or acts under one question."""
    words = question.words
    for match in words.finditer("double-barrelled.joined", text):
        if _begins_compound(question, match):
            continue
        joint = words.pattern("double-barrelled.or").search(text, match.start(), match.end())
        if not joint or not _poles(question, text, joint):
            return Hit(*match.span(), TWO)
    for match in words.finditer("double-barrelled.conjunctions", text):
        if not _between_words(text, match) or _half_spaced(question, match):
            continue
        if _counts(question, text[: match.start()]) or _poles(question, text, match):
            continue
        if _aside(question, text, match) or _praised(question, match):
            continue
        grave = _judges(question) or question.kind == "agreement" or _predicated(question, text, match)
        if not grave and question.kind == "open":
            continue  # "How could we improve search and filters?" is answered in as many words as it takes
        return Hit(*match.span(), TWO, severity="error" if grave else "warning")
    return None


def _predicated(question: QuestionView, text: str, match: re.Match[str]) -> bool:
    """Whether both sides are said of one subject, as properties or as acts: then one answer cannot be for both."""
    return question.closed and any(
        found.start() <= match.start() and match.end() <= found.end()
        for found in question.words.finditer("double-barrelled.certain", text)
    )


def _between_words(text: str, match: re.Match[str]) -> bool:
    if text[match.start() - 1 : match.start()] == "-" or text[match.end() : match.end() + 1] == "-":
        return False
    return bool(text[: match.start()].strip() and text[match.end() :].strip(" ?؟.!,"))


FAR = 4
"""Words between an end of a scale and its "or", with the end itself."""


def _poles(question: QuestionView, text: str, match: re.Match[str]) -> bool:
    """Whether the words beside a conjunction are the ends of one scale: its labels name both, the lexicon of labels
    knows them as opposites, or one denies the other. Beside an "or", other words may stand between ("was it good or
    bad", where the verb comes last)."""
    language = question.words.language
    lefts, rights = _WORD.findall(text[: match.start()]), _WORD.findall(text[match.end() :])
    if not lefts or not rights:
        return False
    labels = {word for answer in question.answers for word in answer.split()}
    if not any(pack(language).forms(word).isdisjoint(labels) for word in (lefts[-1], rights[0])):
        return True
    alternative = question.words.pattern("double-barrelled.or").match(text, match.start())
    near, far = (FAR, 2) if alternative else (1, 1)
    return any(_are_ends(one, other, language) for one in lefts[-near:] for other in rights[:far])


def _are_ends(one: str, other: str, language: str) -> bool:
    """Whether two words are opposites."""
    if pack(language).opposite(one, other):
        return True
    sides = _signs(other, language)
    return any((dimension, -sign) in sides for dimension, sign in _signs(one, language))


def _signs(word: str, language: str) -> set[tuple[str, int]]:
    """The dimensions that a word may stand for, each with its side."""
    found = {
        one
        for form in pack(language).forms(word)
        for one in readings(form, language)
        if one.dimension and one.degree
    }
    return {(one.dimension, 1 if one.degree > 0 else -1) for one in found}


def _half_spaced(question: QuestionView, match: re.Match[str]) -> bool:
    """A Persian compound whose parts are tied by half-spaces is one word."""
    normalised = question.stem.normalised
    start, end = normalised.span(*match.span())
    return "\u200c" in normalised.source[max(0, start - 1) : end + 1]


def _begins_compound(question: QuestionView, match: re.Match[str]) -> bool:
    """Whether a half-space ties the first or the last word to what follows: "هم‌تیمی" is no "both"."""
    normalised = question.stem.normalised
    first = match.start() + len(match[0].split()[0])
    ends = (normalised.offsets[first], normalised.offsets[match.end()])
    return any(normalised.source[end : end + 1] == "\u200c" for end in ends)


def _counts(question: QuestionView, before: str) -> bool:
    return question.words.search("frames.count", before) is not None


def _judges(question: QuestionView) -> bool:
    return question.words.search("frames.evaluation", question.stem.main) is not None


def _alternative(question: QuestionView, text: str) -> Hit | None:
    """ "Or" between properties under "how", or between things under a judgement; elsewhere it offers a
    choice."""
    words = question.words
    match = words.search("double-barrelled.or", text)
    if not match or not _between_words(text, match) or _poles(question, text, match):
        return None
    if _aside(question, text, match):
        return None
    framed = words.search("double-barrelled.or-frames", text[: match.start()])
    after = words.search("double-barrelled.or-frames-after", text[match.end() :])
    return Hit(*match.span(), TWO) if framed or after else None


def _reason(question: QuestionView, _text: str) -> Hit | None:
    """A reason inside a yes/no question or a statement."""
    if question.kind not in ("yes-no", "agreement"):
        return None
    words = question.words
    match = words.search_outside(
        "double-barrelled.reason", question.stem.main, "double-barrelled.reason-silent"
    )
    return (
        Hit(*match.span(), "A no may deny the fact or the reason; ask for the reason on its own.")
        if match
        else None
    )


def _list(question: QuestionView, text: str) -> Hit | None:
    """A comma list or a slash under a judgement."""
    if not (_judges(question) or question.kind == "agreement"):
        return None
    for name in ("double-barrelled.slash", "double-barrelled.list"):
        if match := question.words.search(name, text):
            return Hit(*match.span(), TWO)
    return None


_WORD = re.compile(r"[\w'-]+")
MODIFIER = 4
"""Words that a modifier may have before its conjunction."""


def _aside(question: QuestionView, text: str, match: re.Match[str]) -> bool:
    """Whether what is joined is not what is asked about: a modifier behind a preposition ("on Android and iOS"),
    or two things looked at together ("tell savings and current accounts apart"). Only languages that list such
    words know it."""
    words = question.words
    if words.search("double-barrelled.together", text):
        return True
    after = text[match.end() :]
    if words.pattern("double-barrelled.second-act").match(after.lstrip()):
        return False
    start = max(
        (found.end() for found in words.finditer("double-barrelled.judged", text[: match.start()])), default=0
    )
    opened = [
        each
        for each in words.finditer("double-barrelled.modifier", text[start : match.start()])
        if text[start + each.start() - 1] != "-"
    ]
    if not opened:
        return False
    joined = text[start + opened[-1].end() : match.start()]
    if len(_WORD.findall(joined)) > MODIFIER or words.search("double-barrelled.article-inside", joined):
        return False
    return not _reopens(words, after) or _reopens(words, joined)


def _reopens(words: Lexicon, text: str) -> bool:
    """Whether a new thing begins, with an article of its own."""
    return words.pattern("double-barrelled.reopens").match(text.lstrip()) is not None


def _praised(question: QuestionView, match: re.Match[str]) -> bool:
    """Whether it joins two words of praise ("our friendly and helpful team"), which is another rule's business."""
    plain = question.stem.plain
    return any(
        each.start() <= match.start() < each.end()
        or (each.start() == match.end() + 1 and not _reopens(question.words, plain[match.end() :]))
        for each in question.words.finditer("leading-wording.own", plain)
    )


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
