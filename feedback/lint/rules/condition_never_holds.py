"""A condition that no answer can meet, or a rule that others always forestall."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, combinations, product
from math import prod
from typing import NamedTuple

from feedback.core.answer import Answer
from feedback.core.audience import Facts
from feedback.core.condition import Banded, Condition
from feedback.core.metrics import METRICS
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import (
    AnyQuestion,
    ChoiceQuestion,
    DateQuestion,
    MatrixQuestion,
    NumberQuestion,
    RankingQuestion,
    ScaleQuestion,
    TextQuestion,
)
from feedback.core.text.folding import bare
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, Path
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options import known_facts
from feedback.lint.options.routes import every_condition

RULE = Rule(
    id="condition-never-holds",
    title="A condition can hold",
    tier="D",
    severity="error",
    why="A rule that never applies fails in silence: the question is never shown, the unhappy customer never called.",
    good=("when: {question: solved, is: not-solved}, an option's key", "the most severe rule first"),
    bad=("is: unsovled", "band: detractor, of a CSAT score", "at_most: 0, on a scale from 1 to 5"),
    suppressible=False,
)
MOST_CASES = 20_000
"""Combinations of answers that are tried at most; beyond that nothing is said about rules as a whole."""
MOST_SUBSETS = 8
"""Options of a `multi` question of which every subset is tried."""


class Case(NamedTuple):
    """What one customer answers, and what is known of them: the arguments of `Condition.holds`."""

    answers: Mapping[str, Answer]
    questions: Mapping[str, Banded]
    facts: Facts


def check(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    if questionnaire is None:
        return
    wrong: set[Path] = set()
    for path, condition in every_condition(questionnaire):
        told = list(_tests(document, questionnaire, path, condition)) or [
            *_contradiction(document, questionnaire, path, condition)
        ]
        wrong |= {path} if told else set()
        yield from told
    yield from _forestalled(document, questionnaire, wrong)


# --- One test of one answer --------------------------------------------------------------------------


def _tests(
    document: Document, questionnaire: Questionnaire, path: Path, condition: Condition
) -> Iterator[Finding]:
    for inner, leaf in condition.places():
        find = partial(_finding, document, (*path, *inner))
        if leaf.question is None:
            yield from (find(("is", number), *told) for number, told in _wrong_facts(leaf, questionnaire))
            continue
        question = questionnaire.by_key[leaf.question]
        yield from (find(("is", number), *told) for number, told in _wrong_values(leaf, question))
        yield from (find(("band", number), *told) for number, told in _wrong_bands(leaf, question))
        yield from (find((name,), *told) for name, told in _wrong_bounds(leaf, question))
        if leaf.contains is not None and not _has_words(question):
            told = message("`{question}` is not answered in words.", question=question.key)
            rewrite = _possible(_values(question))
            yield find(("contains",), f"contains: {', '.join(map(str, leaf.contains))}", told, rewrite)


def _has_words(question: AnyQuestion) -> bool:
    """Whether an answer can hold the customer's own words, which `contains` looks at."""
    return isinstance(question, TextQuestion) or (
        isinstance(question, ChoiceQuestion) and bool(question.boxes)
    )


def _finding(document: Document, leaf: Path, value: Path, quoted: str, told: str, rewrite: str) -> Finding:
    path = (*leaf, *value) if (*leaf, *value) in document.spans else (*leaf, value[0])
    return document.finding(RULE, path, told, quoted=quoted, rewrite=rewrite)


Told = tuple[str, str, str]
"""What is quoted, what is wrong with it, and what would be right."""


def _wrong_values(leaf: Condition, question: AnyQuestion) -> Iterator[tuple[int, Told]]:
    known = _values(question)
    for number, value in enumerate(leaf.is_ or ()):
        if str(value) not in known and not _is_possible(value, question):
            told = message(
                "`{value}` is never an answer to `{question}`.", value=value, question=question.key
            )
            yield number, (str(value), told, _meant(str(value), known, question))


def _wrong_facts(leaf: Condition, questionnaire: Questionnaire) -> Iterator[tuple[int, Told]]:
    known = known_facts.possible(leaf.fact or "", questionnaire.languages)
    for number, value in enumerate(leaf.is_ or ()):
        if known is not None and value not in known:
            told = message("`{fact}` is never `{value}` here.", fact=leaf.fact, value=value)
            near = difflib.get_close_matches(str(value), known, 1, 0.6)
            meant = message("Did you mean `{value}`?", value=near[0]) if near else _possible(known)
            yield number, (str(value), told, meant)


def _is_possible(value: object, question: AnyQuestion) -> bool:
    """Whether a number or a day, of which there are too many to list, can be the answer."""
    if isinstance(question, NumberQuestion):
        return isinstance(value, int | float) and question.minimum <= value <= question.maximum
    return isinstance(question, DateQuestion) and isinstance(
        question.parse({question.key: [str(value)]}), Answer
    )


def _values(question: AnyQuestion) -> list[str]:
    """What `is` can meet; free text is no value."""
    values: list[str] = []
    if isinstance(question, ChoiceQuestion):
        values += [option.key for option in question.options]
    elif isinstance(question, ScaleQuestion):
        values += [str(value) for value in range(question.minimum, question.maximum + 1)]
    elif isinstance(question, MatrixQuestion):
        values += [str(value) for value in range(question.scale.min, question.scale.max + 1)]
    return values + _opt_outs(question)


def _opt_outs(question: AnyQuestion) -> list[str]:
    return list(question.opt_outs)


def _meant(value: str, known: Sequence[str], question: AnyQuestion) -> str:
    """The value whose label was written, or the nearest one; otherwise all of them."""
    labels = _labels(question)
    near = difflib.get_close_matches(value, known, 1, 0.6)
    worded = difflib.get_close_matches(bare(value, "en"), list(labels), 1, 0.85)
    if worded or near:
        return message("Did you mean `{value}`?", value=labels[worded[0]] if worded else near[0])
    return _possible(known)


def _labels(question: AnyQuestion) -> dict[str, str]:
    """Folded label in any language -> the value that it belongs to."""
    if isinstance(question, ChoiceQuestion):
        texts = [(option.key, option.text) for option in question.options]
    elif isinstance(question, ScaleQuestion) and question.scale:
        texts = [(str(value), label) for value, label in question.scale.labels.items()]
    else:
        return {}
    return {
        bare(each, "en"): key
        for key, text in texts
        for each in ([text.root] if isinstance(text.root, str) else text.root.values())
    }


def _possible(values: Sequence[str]) -> str:
    if not values:
        return "This question has no values; test `answered: true`."
    return message("Possible are {values}.", values=", ".join(f"`{each}`" for each in values))


def _wrong_bands(leaf: Condition, question: AnyQuestion) -> Iterator[tuple[int, Told]]:
    metric = METRICS.get(question.metric or "")
    known = metric.bands if metric else ()
    for number, band in enumerate(leaf.band or ()):
        if band in known:
            continue
        told = message("`{question}` has no band `{band}`.", question=question.key, band=band)
        near = difflib.get_close_matches(band, known, 1, 0.6) or _counterpart(band, known)
        if near:
            rewrite: str = message("Did you mean `{value}`?", value=near[0])
        elif known:
            rewrite = _possible(known)
        else:
            rewrite = "Its answers have no bands; write `at_most:`, `at_least:` or `is:`."
        yield number, (band, told, rewrite)


def _counterpart(band: str, known: Sequence[str]) -> list[str]:
    """The band that stands at the same end of another metric's scale: a detractor is among the dissatisfied."""
    ends = {
        name: end
        for metric in METRICS.values()
        for name, end in ((metric.bands[0], 0), (metric.bands[-1], -1))
    }
    return [known[ends[band]]] if known and band in ends else []


def _wrong_bounds(leaf: Condition, question: AnyQuestion) -> Iterator[tuple[str, Told]]:
    for name, bound in (("at_least", leaf.at_least), ("at_most", leaf.at_most)):
        if bound is None or isinstance(bound, str):
            continue
        quoted = f"{name}: {bound}"
        if not isinstance(question, ScaleQuestion | NumberQuestion):
            told = message("`{question}` is not answered with a number.", question=question.key)
            yield name, (quoted, told, _possible(_values(question)))
        elif (name == "at_least" and bound > question.maximum) or (
            name == "at_most" and bound < question.minimum
        ):
            told = message(
                "`{question}` runs from {minimum} to {maximum}; no answer is that far.",
                question=question.key, minimum=question.minimum, maximum=question.maximum,
            )  # fmt: skip
            nearest = question.maximum if name == "at_least" else question.minimum
            yield name, (quoted, told, message("Did you mean `{value}`?", value=f"{name}: {nearest}"))


# --- Whole conditions, by trying every combination of answers ----------------------------------------


def _contradiction(
    document: Document, questionnaire: Questionnaire, path: Path, condition: Condition
) -> Iterator[Finding]:
    cases = _cases(questionnaire, [condition])
    if cases is not None and not any(condition.holds(*case) for case in cases):
        told = "These tests exclude one another; the condition never holds."
        yield document.finding(RULE, path, told, rewrite="Delete one of them, or write them under `any:`.")


def _cases(questionnaire: Questionnaire, conditions: Sequence[Condition]) -> Sequence[Case] | None:
    """Every combination of answers that the conditions can tell apart; None if there are too many."""
    leaves = [leaf for condition in conditions for leaf in condition.leaves()]
    if any(leaf.contains and leaf.question for leaf in leaves):
        return None  # nobody can list what people write
    keys = list(dict.fromkeys(key for condition in conditions for key in condition.questions()))
    answers = []
    for key in keys:
        known = _answers(questionnaire.by_key[key])
        if known is None:
            return None
        answers.append(known)
    languages = questionnaire.languages
    if prod(map(len, answers)) * known_facts.count(leaves, languages) > MOST_CASES:
        return None
    given = [
        {key: answer for key, answer in zip(keys, combination, strict=True) if answer is not None}
        for combination in product(*answers)
    ]
    people = list(known_facts.combinations(leaves, languages))
    return [Case(each, questionnaire.by_key, facts) for each in given for facts in people]


def _answers(question: AnyQuestion) -> list[Answer | None] | None:
    """Every answer to a question, and None for no answer. None in place of the list if there are too many."""
    found: list[Answer | None] = [None, *map(Answer, _opt_outs(question))]
    if isinstance(question, ScaleQuestion):
        return found + [Answer(value) for value in range(question.minimum, question.maximum + 1)]
    if isinstance(question, MatrixQuestion | NumberQuestion | DateQuestion):
        return None
    if not isinstance(question, ChoiceQuestion):
        return [*found, Answer(None, "x")]
    keys = [option.key for option in question.options]
    if not question.multiple:
        return found + [Answer(key) for key in keys]
    if len(keys) > MOST_SUBSETS:
        return None
    sizes = [question.places] if isinstance(question, RankingQuestion) else range(1, len(keys) + 1)
    return found + [Answer(some) for some in chain(*(combinations(keys, size) for size in sizes))]


def _forestalled(document: Document, questionnaire: Questionnaire, wrong: set[Path]) -> Iterator[Finding]:
    """Rules behind others of their kind, and last pages behind others, that take every answer before them."""
    for group in _groups(questionnaire):
        for at, (path, name, condition) in enumerate(group):
            if path in wrong:
                continue
            earlier = [(key, when) for before, key, when in group[:at] if before not in wrong]
            if found := _in_the_way(questionnaire, condition, earlier):
                place = path if path in document.spans else path[:-1]
                told, rewrite = _told(name, found)
                yield document.finding(RULE, place, told, rewrite=rewrite)


Entry = tuple[Path, str, Condition | None]
"""Where the condition of a rule or a last page stands, what that is called, and the condition."""


def _groups(questionnaire: Questionnaire) -> Iterator[list[Entry]]:
    """Of each group only the first entry whose condition holds applies."""
    rules = list(enumerate(questionnaire.follow_ups))
    for kind in dict.fromkeys(rule.kind for _, rule in rules):
        yield [
            (("follow_ups", number, "when"), each.key, each.when)
            for number, each in rules
            if each.kind == kind
        ]
    pages = enumerate(questionnaire.thanks)
    yield [(("thanks", number, "when"), f"thanks {number + 1}", each.when) for number, each in pages]


Named = tuple[str, Condition | None]


def _in_the_way(
    questionnaire: Questionnaire, condition: Condition | None, earlier: Sequence[Named]
) -> list[str]:
    """The earlier rules that take every answer for which `condition` holds; empty if one is left for it."""
    if always := [name for name, when in earlier if when is None]:
        return always[:1]
    conditions = [when for _, when in earlier if when is not None]
    cases = _cases(questionnaire, [*conditions, *([condition] if condition else [])]) if earlier else None
    if cases is None:
        return []
    mine = [case for case in cases if condition is None or condition.holds(*case)]
    taken = {name: [when is None or when.holds(*case) for case in mine] for name, when in earlier}
    if not all(any(hits) for hits in zip(*taken.values(), strict=True)):
        return []
    alone = [name for name, hits in taken.items() if all(hits)]
    return alone[:1] or [name for name, hits in taken.items() if any(hits)]


def _told(name: str, others: Sequence[str]) -> tuple[str, str]:
    listed = ", ".join(f"`{each}`" for each in others)
    return (
        message(
            "`{name}` never applies: {others} above it takes every such answer.", name=name, others=listed
        ),
        message("Move `{name}` up, or narrow the condition of {others}.", name=name, others=listed),
    )
