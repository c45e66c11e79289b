"""The files of every language pack: what a contributor may write, and that each pattern matches its examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from feedback.core.text.folding import bare, fold
from feedback.lint.languages.data import ROOT, codes, data
from feedback.lint.languages.entries import Entry, entries, one
from feedback.lint.languages.lexicon import Lexicon, Pattern, lexicon
from feedback.lint.text.sentence import NAME

LONGEST = 160
"""Characters of a line that a person can still read."""
WORDS = re.compile(r"[\w\u200c '/&-]+")
"""An entry of labels.yaml or fields.yaml that is no pattern."""
PAIRED = ("poles.pairs", "reading-level.officialese", "reading-level.arcane")
"""Lists of two words with a colon between them."""
PART = re.compile(r"\{[^\W\d][\w.-]*\}")
SIGNS = re.compile(r"[\\|*+^$\[\]{}]|\(\?|\w\?\w")
"""What regular expressions have and the sentence of a questionnaire has not."""
PHRASE = re.compile(r"[\w\u200c\u064b-\u0654 '*?()|,;/&%:=¿،؟-]*")


def words_of(code: str) -> Lexicon:
    words = lexicon(code)
    assert words
    return words


def patterns(code: str) -> list[tuple[str, Pattern]]:
    """(list, pattern) of a language."""
    return [(name, each) for name, listed in words_of(code).patterns.items() for each in listed]


def blocks(code: str, name: str) -> list[list[str]]:
    """The lists of words.yaml or idioms.yaml as they are written, one phrase a line."""
    file = ROOT / code / f"{name}.yaml"
    found: list[list[str]] = []
    depth = 0
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        indent = len(line) - len(line.lstrip())
        if line.endswith(": |"):
            found.append([])
            depth = indent
        elif found and indent > depth and line.strip() and not line.lstrip().startswith("#"):
            found[-1].append(line.strip())
    return found


def lists(code: str) -> Iterator[tuple[str, bool, list[Entry]]]:
    """The lists of labels.yaml and fields.yaml: their name, whether an entry is the whole text, their entries."""
    labels = data(code, "labels")
    yield "neither", True, labels["neither"]
    yield "agree", False, labels["agree"]
    for kind, listed in labels["phrases"].items():
        if kind != "conjunction":
            yield f"phrases.{kind}", True, listed
    others: dict[str, Any] = {
        "stems": labels["stems"],
        "mentions": labels["mentions"],
        "fields": data(code, "fields"),
    }
    for part, named in others.items():
        for name, listed in named.items():
            yield f"{part}.{name}", False, listed


def matches(pattern: Pattern, whole: bool, example: str, code: str) -> bool:
    """Whether an entry matches an option or a question, as the rules compare them."""
    expression = one(pattern, code)
    return bool(
        expression.fullmatch(bare(example, code)) if whole else expression.search(fold(example, code))
    )


def said(example: str, code: str) -> str:
    """An example as the rules see it; `{name}` stands for a masked name."""
    return fold(example.replace("{name}", NAME * 5), code)


def test_there_are_seven_packs_and_hundreds_of_patterns():
    assert codes() == ("ar", "de", "en", "es", "fa", "fr", "tr")
    assert sum(len(patterns(code)) for code in codes()) > 700


@pytest.mark.parametrize("code", codes())
def test_a_pattern_matches_its_examples_and_leaves_near_misses_alone(code):
    words = words_of(code)
    for name, pattern in patterns(code):
        assert pattern.hits, f"write a text under `hits:` that {pattern.form!r} of {name} matches"
        assert pattern.misses, f"write a near one under `not:` that {pattern.form!r} of {name} does not match"
        expression = words.own(pattern)
        for example in pattern.hits:
            assert expression.search(said(example, code)), f"{name}: {pattern.form!r} misses {example!r}"
        for example in pattern.misses:
            assert not expression.search(said(example, code)), f"{name}: {pattern.form!r} hits {example!r}"


@pytest.mark.parametrize("code", codes())
def test_an_example_is_text_and_no_pattern(code):
    every = [pattern for _, pattern in patterns(code)]
    every += [entry for _, _, listed in lists(code) for entry in entries(listed)]
    written = [each for pattern in every for each in (*pattern.hits, *pattern.misses)]
    assert [each for each in written if SIGNS.search(each.replace("{name}", ""))] == []


@pytest.mark.parametrize("code", codes())
def test_an_entry_for_labels_or_fields_is_plain_words_or_a_pattern_with_examples(code):
    for name, whole, listed in lists(code):
        for raw, entry in zip(listed, entries(listed), strict=True):
            if isinstance(raw, str):
                assert WORDS.fullmatch(raw), f"{name}: give {raw!r} examples: is, hits, not"
                continue
            assert raw.keys() == {"is", "hits", "not"}, f"{name}: {entry.form!r} needs is, hits and not"
            assert entry.hits, f"write a text under `hits:` that {entry.form!r} of {name} matches"
            assert entry.misses, f"write a near one under `not:` that {entry.form!r} of {name} does not match"
            for example in entry.hits:
                assert matches(entry, whole, example, code), f"{name}: {entry.form!r} misses {example!r}"
            for example in entry.misses:
                assert not matches(entry, whole, example, code), f"{name}: {entry.form!r} hits {example!r}"


@pytest.mark.parametrize("code", codes())
def test_the_ends_of_one_scale_are_found_side_by_side_and_others_are_not(code):
    words, poles = words_of(code), data(code, "patterns")["poles"]
    for example in poles["hits"]:
        assert words.hide_poles(said(example, code)) != said(example, code), example
    for example in poles["not"]:
        assert words.hide_poles(said(example, code)) == said(example, code), example


@pytest.mark.parametrize("code", codes())
def test_neither_nor_names_both_sides(code):
    for entry in entries(data(code, "labels")["neither"]):
        for example in entry.hits:
            match = one(entry, code).fullmatch(bare(example, code))
            assert match
            assert len(match.groups()) == 2
            assert all(match.groups())


@pytest.mark.parametrize("code", codes())
def test_a_pattern_with_forbidden_neighbours_shows_one_of_them(code):
    guarded = [(name, each) for name, each in patterns(code) if each.not_after or each.not_before]
    assert [f"{name}: {each.form}" for name, each in guarded if not each.misses] == []


@pytest.mark.parametrize("file", ["words", "idioms"])
@pytest.mark.parametrize("code", codes())
def test_words_are_plain_sorted_and_written_once(code, file):
    lists = blocks(code, file)
    assert lists or file == "idioms"
    for phrases in lists:
        assert phrases == sorted(set(phrases))
        for phrase in phrases:
            assert PHRASE.fullmatch(PART.sub("", phrase).replace("...", "")), phrase
            assert "(?" not in phrase, phrase
            assert phrase.count("(") == phrase.count(")"), phrase


@pytest.mark.parametrize("code", codes())
def test_a_pair_has_two_sides(code):
    words = words_of(code)
    for name in PAIRED:
        assert all(phrase.count(" : ") == 1 for phrase in words.plain.get(name, ()))
    others = [phrase for name, each in words.plain.items() if name not in PAIRED for phrase in each]
    assert not [phrase for phrase in others if ":" in phrase]


@pytest.mark.parametrize("code", codes())
def test_no_line_of_a_list_is_too_long_to_read(code):
    for name in ("words", "idioms", "patterns", "fields"):
        file = ROOT / code / f"{name}.yaml"
        for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
            assert len(line) <= LONGEST, line


@pytest.mark.parametrize("code", codes())
def test_a_part_that_a_phrase_names_exists(code):
    words = words_of(code)
    written = [each for phrases in words.plain.values() for each in phrases]
    written += [each.form for listed in words.patterns.values() for each in listed]
    named = {part for each in written for part in PART.findall(each)}
    assert {each.strip("{}") for each in named} <= set(words.names)
