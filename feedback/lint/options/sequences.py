"""Lists whose order shows in how their options are built, whatever their words mean."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from feedback.core.text.folding import bare
from feedback.lint.languages.lexicon import lexicon as words_of
from feedback.lint.languages.pack import pack
from feedback.lint.options.labels import LabelLexicon

LEAST_MIRRORED = 4
LONGEST_CHANGE = 5
STRONG = 2.5
"""The degree from which a word stands at the ends of a scale: "much", "far", "very"."""


def is_sequence(texts: Sequence[str], words: LabelLexicon) -> bool:
    """Whether the options run from one end to the other, from none to all, or from "not yet" to "done"."""
    found = (
        _are_mirrored,
        _are_framed,
        _are_opposed,
        _have_a_middle,
        _are_graded,
        _fits_in_the_middle,
        _are_shares,
        _are_intentions,
        _are_stages,
        _start_at_nothing,
        _change_or_stay,
        _run_from_never,
        _grade_neighbours,
        _count_from_none,
        _turn_on_a_verb,
        _fall_to_no,
        _with_and_without,
        _weaken_in_the_middle,
    )
    return any(each(texts, words) for each in found)


def _are_mirrored(texts: Sequence[str], words: LabelLexicon) -> bool:
    """Both halves have the same degrees, strong at the ends: "much shorter, a bit shorter, as expected, a bit longer,
    much longer". Which property it is need not be known."""
    if len(texts) < LEAST_MIRRORED:
        return False
    found = [_degree(text, words) for text in texts]
    half = len(texts) // 2
    left, right = found[:half], found[: -half - 1 : -1]
    mirrored = all(one == other for one, other in zip(left, right, strict=True))
    return (
        mirrored
        and (left[0] or 0) >= STRONG
        and left[1] not in (None, left[0])
        and len(set(texts)) == len(texts)
    )


def _are_framed(texts: Sequence[str], words: LabelLexicon) -> bool:
    """The outer two options share a word, the two inside them another: "well under it, slightly under, on budget,
    slightly over, well over". What the words mean need not be known."""
    if len(texts) < LEAST_MIRRORED:
        return False
    phrases = words_of(words.language)
    articles = phrases.words("part.article") if phrases else frozenset()  # "my doctor, a friend, a nurse ..."
    first, second, *_, before, last = (set(bare(text, words.language).split()) - articles for text in texts)
    outer, inner = first & last - second - before, second & before - first - last
    between = (set(bare(text, words.language).split()) for text in texts[2:-2])
    return bool(outer and inner) and not any((outer | inner) & each for each in between)


def _are_opposed(texts: Sequence[str], words: LabelLexicon) -> bool:
    """The last option denies the first: "undamaged, slightly damaged, badly damaged". Something may lie between them,
    and an answer for others follow: "carefully, acceptably, carelessly, we did it ourselves"."""
    if len(texts) < 3:
        return False
    first, *between = (bare(text, words.language).split() for text in texts)
    last = between[1:][-2:]
    return any(pack(words.language).opposite(one, other) for one in first for each in last for other in each)


def _have_a_middle(texts: Sequence[str], words: LabelLexicon) -> bool:
    """One of the inner options lies between two ends: "neither pleasant nor unpleasant"."""
    inner = [bare(text, words.language) for text in texts[1:-1]]
    return any(pattern.fullmatch(text) for text in inner for pattern in words.neither)


def _are_graded(texts: Sequence[str], words: LabelLexicon) -> bool:
    """At least two of three options have a degree word, and these rise or fall: "intact, slightly damaged, completely
    broken"."""
    found = [degree for text in texts if (degree := _degree(text, words)) is not None]
    if len(texts) < 3 or len(found) * 3 < len(texts) * 2 or len(set(found)) < 2:
        return False
    steps = [high - low for low, high in pairwise(found)]
    return all(step >= 0 for step in steps) or all(step <= 0 for step in steps)


def _fits_in_the_middle(texts: Sequence[str], words: LabelLexicon) -> bool:
    """What fits lies between too little and too much: "dim, suitable, too bright"."""
    fits = [any(words.says(kind, text) for kind in ("fitting", "good_enough")) for text in texts[1:-1]]
    return 3 <= len(texts) <= LONGEST_CHANGE and any(fits)


def _are_shares(texts: Sequence[str], words: LabelLexicon) -> bool:
    """Parts of a whole: "none of it, less than half, most of it, all of it"."""
    shares = [any(words.says(kind, text) for kind in ("share", "no")) for text in texts]
    return len(texts) >= 3 and sum(shares) * 3 >= len(texts) * 2 and words.says("share", texts[0])


def _are_intentions(texts: Sequence[str], words: LabelLexicon) -> bool:
    """From what is certain to what is not: "definitely leaving, might leave, staying"."""
    return len(texts) >= 3 and all(
        any(words.says(kind, text) for text in texts) for kind in ("certain", "uncertain")
    )


def _degree(text: str, words: LabelLexicon) -> float | None:
    """The degree of an option's degree word, of the strongest if it has several; None if it has none."""
    plain = f" {bare(text, words.language)} "
    return max(
        (degree for word, degree in words.degrees.items() if degree and f" {word} " in plain), default=None
    )


def _are_stages(texts: Sequence[str], words: LabelLexicon) -> bool:
    """What has not begun, what is planned or under way, what is done."""
    return len(texts) >= 3 and all(
        any(words.says(stage, text) for text in texts) for stage in ("not_yet", "under_way")
    )


def _start_at_nothing(texts: Sequence[str], words: LabelLexicon) -> bool:
    """One end has none of what the others have in degrees: "without problems, with small problems, with big ones"."""
    if len(texts) < 3:
        return False
    plain = [bare(text, words.language) for text in texts]
    missing = next((found for text in plain if (found := pack(words.language).lacking(text))), "")
    having = [any(word.startswith(missing) for word in text.split()) for text in plain]
    return bool(missing) and sum(having) >= 3 and sum(having) * 3 >= len(texts) * 2


def _change_or_stay(texts: Sequence[str], words: LabelLexicon) -> bool:
    """What is left as it is lies between more and less of it: "extend it, leave it as it is, end it"."""
    return 3 <= len(texts) <= LONGEST_CHANGE and any(words.says("unchanged", text) for text in texts)


def _run_from_never(texts: Sequence[str], words: LabelLexicon) -> bool:
    """From what never happens to what always does: "I never look, I look when it is late, I look every time"."""
    ends = (texts[0], texts[-1]) if len(texts) >= 3 else ()
    return len(ends) == 2 and all(
        any(words.says(kind, text) for text in ends) for kind in ("seldom_or_never", "each_time")
    )


def _grade_neighbours(texts: Sequence[str], words: LabelLexicon) -> bool:
    """Two options beside each other differ in degree only: "good value, a bit expensive, far too expensive"."""
    found = [_graded_words(text, words) for text in texts]
    return len(texts) >= 3 and any(
        one[graded] != other[graded] for one, other in pairwise(found) for graded in one.keys() & other.keys()
    )


def _graded_words(text: str, words: LabelLexicon) -> dict[str, str]:
    """What an option may grade, with the degree word that it then begins with ("very", "very little")."""
    plain = bare(text, words.language)
    return {
        plain.removeprefix(f"{degree} "): degree for degree in words.degrees if plain.startswith(f"{degree} ")
    }


def _count_from_none(texts: Sequence[str], words: LabelLexicon) -> bool:
    """How many times something happened, from not at all: "no, once, several times"."""
    counted = sum(words.says("times", text) for text in texts)
    return counted >= 2 and any(
        words.says(kind, text) for kind in ("no", "none", "seldom_or_never") for text in texts
    )


def _turn_on_a_verb(texts: Sequence[str], words: LabelLexicon) -> bool:
    """The first or the last option denies the verb that most others have: "it did not last, it lasted a while, it
    lasted well" where a language denies at the verb."""
    plain = [bare(text, words.language).split() for text in texts]
    if len(plain) < 3 or not all(plain):
        return False
    grammar = pack(words.language)
    return any(
        sum(grammar.denies(end[-1], word) for other in plain for word in other[-1:]) * 2
        >= len(plain) - 1
        >= 2
        for end in (plain[0], plain[-1])
    )


def _fall_to_no(texts: Sequence[str], words: LabelLexicon) -> bool:
    """Degrees of a yes, and no: "a lot, a little, no", "very much, not really, no". Each is a degree word or denies."""
    if len(texts) < 3:
        return False
    no = [words.says("no", text) for text in texts]
    plain = [bare(text, words.language) for text in texts]
    graded = [words.degrees.get(text) is not None for text in plain]
    return sum(no) == 1 and (no[0] or no[-1]) and sum(graded) >= 2 and sum(graded) + 1 == len(texts)


def _with_and_without(texts: Sequence[str], words: LabelLexicon) -> bool:
    """What was there, more or less of it, or nothing of the kind: "with a clear plan, with some open points, without a
    result"."""
    grammar = pack(words.language)
    plain = [bare(text, words.language) for text in texts]
    having = sum(bool(grammar.having) and text.startswith(f"{grammar.having} ") for text in plain)
    return having >= 2 and any(grammar.without.match(text) and not text.startswith("no ") for text in plain)


def _weaken_in_the_middle(texts: Sequence[str], words: LabelLexicon) -> bool:
    """Between two ends, one option in a faint degree: "I avoid it, I accept some of it, I look for it"."""
    if len(texts) != 3:
        return False
    first, middle, last = (_degree(text, words) for text in texts)
    return first is None and last is None and middle is not None and 0 < middle <= 1
