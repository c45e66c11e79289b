"""More ways to praise than to complain, or the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from feedback.core.text.folding import bare
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.instruments import claimed
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.lexicon import lexicon
from feedback.lint.languages.pack import pack
from feedback.lint.options.labels import ANY, DUE, Reading, readings
from feedback.lint.options.labels import lexicon as label_words
from feedback.lint.options.scales import LabelledScale, is_worded_scale, scales
from feedback.lint.rules import presupposition
from feedback.lint.rules.scale_not_graduated import amounts, disordered
from feedback.lint.text.question import question_views

RULE = Rule(
    id="scale-unbalanced",
    title="A scale offers as many negative as positive answers",
    qas="7g",
    tier="D",
    severity="error",
    why="The middle of the offered answers is taken for the ordinary case: more positive labels give "
    "better results "
    "for the same experience (Schwarz et al. 1985; Krosnick and Presser 2010).",
    good=(
        "Very bad | Bad | Neither | Good | Very good",
        "Not at all useful … Extremely useful",
        "خیلی بد … خیلی خوب",
    ),
    bad=(
        "OK | Good | Great | Superb",
        "Bad | Fine | Good | Very good | Perfect",
        "Not clear … Extremely clear",
    ),
    suppress="A series that must stay comparable (category trend), or a validated item.",
)
PLAIN_NOT, PLAIN = -1.5, 2.0
"""How far "not satisfied" and "satisfied" lie from the middle."""
FAINT = 1.0
"""How far "adequate" lies from the middle."""
PRIVATIVE = frozenset({"usefulness", "importance", "interest", "politeness"})
"""Dimensions whose negative word may only say that the good is missing ("useless", "inattentive")."""
ONE_SIDED = frozenset(
    {"frequency", "recency", "change", "timing", "amount", "effort", "disappointment", "level", "temperature"}
)
"""Dimensions that start at nothing: they have no negative side to be missed."""


def check(document: Document) -> Iterator[Finding]:
    presupposed = {
        (int(each.wording.path[1]), each.words.language)
        for each in question_views(document)
        if any(presupposition.find(each))
    }
    for each in scales(document):
        if (each.index, each.language) in presupposed:
            continue
        if each.own and not _is_instrument(each) and is_worded_scale(each):
            told = None if disordered(each) or _mirrors_its_words(each) else _unbalanced(each)
            if told:
                yield document.finding(
                    RULE,
                    each.path,
                    told,
                    quoted=" | ".join(each.labels),
                    language=each.language,
                    rewrite="Name both poles with the same strength and mirror the steps, with a "
                    "middle if there is one.",
                )


def _is_instrument(each: LabelledScale) -> bool:
    instrument = claimed(each.question)
    return instrument is not None and not instrument.free_stem


def _mirrors_its_words(each: LabelledScale) -> bool:
    """Whether each label of one half says with the other pole what its mirror says: "partly insufficient" and
    "partly sufficient". Whatever the words weigh, such a scale has as much on each side."""
    labels = [bare(label, each.language).split() for label in each.labels]
    half = len(labels) // 2
    return half >= 2 and all(
        _are_mirrored(one, other, each.language)
        for one, other in zip(labels[:half], labels[::-1][:half], strict=True)
    )


def _are_mirrored(one: Sequence[str], other: Sequence[str], language: str) -> bool:
    phrases = lexicon(language)
    differing = [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]]
    if phrases is None or len(one) != len(other) or len(differing) != 1:
        return False
    poles = phrases.pairs("poles.pairs")
    first, last = map(pack(language).forms, differing[0])
    return any(poles.get(a) == b or poles.get(b) == a for a in first for b in last)


def _unbalanced(each: LabelledScale) -> str | None:
    known = amounts(each)
    if each.dimension is None or each.dimension in ONE_SIDED or len({one.degree for one in known}) < 2:
        return None
    if _climbs_from_nothing(each, known) or _turns_on_what_fits(each, known):
        return None
    if _starts_at_zero(known):
        return _lopsided_ends(known) if len(known) == 2 else None
    if _turns_on_enough(known):
        return _lopsided_ends(known)
    positive = sum(one.degree > 0 for one in known)
    negative = sum(one.degree < 0 for one in known)
    if positive != negative and not _turns_on_its_word(known, positive, negative):
        return message(
            "{positive} of the labels are positive and {negative} negative.",
            positive=positive,
            negative=negative,
        )
    return _lopsided_ends(known)


def _turns_on_enough(found: Sequence[Reading]) -> bool:
    """A list with a faint label in its middle ("poor, fair, adequate, good, very good") turns there: what lies on
    each side is more or less than that, if the outer labels are of two minds."""
    middle = found[len(found) // 2]
    outer = found[0].degree * found[-1].degree < 0
    steps = [one.degree for one in found]
    return len(found) % 2 == 1 and outer and 0 < abs(middle.degree) <= FAINT and steps in (
        sorted(steps), sorted(steps, reverse=True)
    )  # fmt: skip


def _turns_on_its_word(found: Sequence[Reading], positive: int, negative: int) -> bool:
    """A scale of too little and too much turns on its word for "enough". Between two ends of like strength, one more
    label may tell shortfalls apart ("insufficient, partly sufficient, sufficient, more than sufficient"); one more for
    plenty would flatter."""
    first, last = found[0].degree, found[-1].degree
    mirrored = first * last < 0 and abs(abs(first) - abs(last)) < 1
    named = any(one.degree == 0 for one in found)
    return found[0].dimension in DUE and named and mirrored and negative - positive == 1


def _starts_at_zero(found: Sequence[Reading]) -> bool:
    """A unipolar scale ("not at all" ... "extremely") is balanced by definition, in either direction, and so is
    one that only denies its good end on the way ("not at all, not very, fairly, very clear")."""
    return any(_runs_one_way(ends[0], ends[1:]) for ends in (found, found[::-1]))


def _turns_on_what_fits(each: LabelledScale, found: Sequence[Reading]) -> bool:
    """Whether the label in the middle says that it was right, whatever its words weigh: "too long, long enough, too
    short"."""
    words, middle = label_words(each.language), len(each.labels) // 2
    opposed = found[0].degree * found[-1].degree < 0
    return (
        len(each.labels) == 3 and opposed and words is not None and words.says("fitting", each.labels[middle])
    )


def _climbs_from_nothing(each: LabelledScale, found: Sequence[Reading]) -> bool:
    """Whether a bare "not at all" begins a list that climbs: after it, "poorly" is a low degree of "well"."""
    degrees = [one.degree for one in found]
    bare_zero = any(one.dimension == ANY and one.zero for one in readings(each.labels[0], each.language))
    return (
        bare_zero and len(found) == len(each.labels) and degrees == sorted(degrees) and len(set(degrees)) > 2
    )


def _runs_one_way(start: Reading, others: Sequence[Reading]) -> bool:
    """From nothing up, or from "not difficult" to ever more difficult. A plain "not satisfied" is no beginning of
    a scale that has nothing weaker than "satisfied": it is its only bad answer."""
    if start.zero and (start.degree < PLAIN_NOT or any(abs(one.degree) < PLAIN for one in others)):
        return all(one.degree > 0 or one.denied for one in others)
    if start.denied and start.degree > 0:
        return all(one.degree < 0 for one in others)
    return start.dimension in PRIVATIVE and start.degree < 0 and _climbs_from_faint(others)


def _climbs_from_faint(found: Sequence[Reading]) -> bool:
    """Degrees of one thing from the faintest on: after "useless", "slightly useful, useful, very useful"."""
    degrees = [one.degree for one in found]
    return 0 < degrees[0] <= FAINT and degrees == sorted(degrees)


def _lopsided_ends(found: Sequence[Reading]) -> str | None:
    first, last = abs(found[0].degree), abs(found[-1].degree)
    if abs(first - last) > 1:
        return "One end is much stronger than the other."
    return None
