"""Two options that one person could both mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import permutations

from feedback.core.questions import Option
from feedback.core.text.folding import bare
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.data import data
from feedback.lint.languages.lexicon import lexicon
from feedback.lint.languages.pack import pack
from feedback.lint.options.choices import OPT_OUTS, Choices, choices
from feedback.lint.options.labels import LabelLexicon

RULE = Rule(
    id="options-not-exclusive",
    title="No two options mean the same",
    xm=6,
    qas="7e",
    tier="D",
    severity="warning",
    why="Where two options fit, people choose by accident and the counts split (XM Institute, "
    "practice 6; QAS-99, 7e).",
    good=("Tea | Coffee | Cold drinks", "the same list as `multi`", "a “None of these” with `role: none`"),
    bad=("Tea | Hot drinks", "Car | Family car", "Bus | Public transport", "Price | price"),
)
OPT_OUT_ROLES = ("not_applicable", "prefer_not_to_say")
MOST_COMPARED = 60
"""Of a longer list (countries, branches) only the beginning is compared pair by pair."""


def check(document: Document) -> Iterator[Finding]:
    for index, _ in document.questions:
        for language in document.languages:
            listed = choices(document, index, language)
            if listed:
                yield from _duplicates(document, index, listed)
                if document.questions[index][1].type == "single":
                    yield from _contained(document, index, listed)
                else:
                    yield from _loose_none(document, index, listed)


def _duplicates(document: Document, index: int, listed: Choices) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for place, _, text in listed.options:
        plain = bare(text, listed.language) or text
        if plain in seen and text.strip():
            told = message("“{text}” is listed twice.", text=text)
            yield document.finding(
                RULE,
                ("questions", index, "options", place),
                told,
                quoted=text,
                language=listed.language,
                severity="error",
            )
        seen.setdefault(plain, text)


def _contained(document: Document, index: int, listed: Choices) -> Iterator[Finding]:
    if listed.kind in ("bands", "degrees", "calendar", "steps", "yes-no"):
        return
    for told in (*_everything(listed), *_pairs(listed)):
        place, text, sentence = told
        yield document.finding(
            RULE,
            ("questions", index, "options", place),
            sentence,
            quoted=text,
            language=listed.language,
            rewrite="Keep one of the two, name the rest of the kind (“other hot drinks”), or use "
            "`type: multi`.",
        )
        return


def _everything(listed: Choices) -> Iterator[tuple[int, str, str]]:
    words = listed.words
    if words is None:
        return
    singles = {bare(text, listed.language) for _, _, text in listed.options}
    answers = [text for _, option, text in listed.options if not _is_opt_out(option, text, words)]
    for place, option, text in listed.options:
        if listed.kind in ("degrees", "steps"):
            break  # "some parts, most parts, everything" are shares
        few = len(answers) <= 4 and (words.says("both", text) or _has_none(listed))
        if option.role is None and not few and len(listed.options) > 2 and words.says("all", text):
            yield (
                place,
                text,
                message(
                    "“{text}” covers the other options, but only one can be chosen; use `type: multi`.",
                    text=text,
                ),
            )
        plain = f" {bare(text, listed.language)} "
        for joint in words.conjunctions:
            parts = [part.strip() for part in plain.split(f" {joint} ")]
            if len(parts) == 2 and set(parts) <= singles:
                yield (
                    place,
                    text,
                    message(
                        "“{text}” joins two other options, but only one can be chosen; use `type: multi`.",
                        text=text,
                    ),
                )


def _is_opt_out(option: Option, text: str, words: LabelLexicon) -> bool:
    return option.role in OPT_OUT_ROLES or any(words.says(kind, text) for kind in OPT_OUTS)


def _has_none(listed: Choices) -> bool:
    """ "All, some, none" is a scale of amounts."""
    return any(listed.words is not None and listed.words.says("none", text) for _, _, text in listed.options)


def _pairs(listed: Choices) -> Iterator[tuple[int, str, str]]:
    for (_, _, one), (place, _, other) in permutations(listed.real[:MOST_COMPARED], 2):
        kind, member = bare(one, listed.language), bare(other, listed.language)
        compound = _is_compound(kind, member, listed.language) and not _is_one_word(
            one, other, listed.language
        )
        if compound or member in _members(listed.language).get(kind, ()):
            yield (
                place,
                f"{other} | {one}",
                message(
                    "“{other}” is also “{one}”; the same person could choose either.", other=other, one=one
                ),
            )


@cache
def _no_kind(language: str) -> frozenset[str]:
    """With one of these words an option is no kind of the other: "stay" and "not stay", "wine" and "other wine"."""
    words = lexicon(language)
    return frozenset(words.words("options-not-exclusive.no-kind")) if words else frozenset()


def _is_one_word(head: str, whole: str, language: str) -> bool:
    """Whether a half-space ties the head to what follows, as in the Persian for "card reader" beside "card"; the
    endings of a plural and of an attribute are tied as well, and make no other word."""
    tied = re.findall(rf"{re.escape(head)}\u200c(\w*)", whole)
    return any(each not in pack(language).tied_endings for each in tied)


def _is_compound(head: str, whole: str, language: str) -> bool:
    words = whole.split()
    if len(head) < 3 or head == whole or len(words) not in (2, 3) or len(head.split()) > 1:
        return False
    if not _no_kind(language).isdisjoint(words) or any(_is_number(each, language) for each in words):
        return False  # "every month" and "every three months" are two
    grammar = pack(language)
    return grammar.is_kind_of(head, words[-1] if grammar.head_last else words[0])


def _is_number(word: str, language: str) -> bool:
    return word.isdigit() or word in data(language, "numbers").get("numbers", {})


def _loose_none(document: Document, index: int, listed: Choices) -> Iterator[Finding]:
    for place, option, text in listed.options:
        if listed.words and listed.words.says("none", text) and not option.stands_alone:
            yield document.finding(
                RULE,
                ("questions", index, "options", place),
                message("“{text}” can be chosen together with the others.", text=text),
                quoted=text,
                language=listed.language,
                rewrite="Give it `role: none` (or `exclusive: true`).",
            )


@cache
def _members(language: str) -> dict[str, frozenset[str]]:
    kinds = data(language, "kinds")
    return {
        bare(kind, language): frozenset(bare(each, language) for each in members)
        for kind, members in kinds.items()
    }
