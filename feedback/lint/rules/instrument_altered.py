"""A question that says it is a validated instrument and is not."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.instruments import Instrument
from feedback.core.questions import AnyQuestion, ScaleQuestion
from feedback.core.text.folding import bare
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.instruments import claimed, stems_of, unaltered
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.labels import readings

RULE = Rule(
    id="instrument-altered",
    title="A validated instrument keeps its wording and scale",
    xm=12,
    tier="D",
    severity="error",
    why="Benchmarks and reliability belong to the exact wording; an altered question has neither "
    "(XM Institute, practice 12; Reichheld 2003).",
    good=(
        "the registered wording",
        "`type: rating` for one's own wording",
        "a registered variant",
        "`instrument: {name: nps, variant: “friend or neighbor”}`",
    ),
    bad=("NPS from 1 to 10", "NPS: “Do you like us?”", "CES 2.0 with 5 points"),
    suppress="The publisher of the instrument documents this form; name the source.",
)


def check(document: Document) -> Iterator[Finding]:
    glossary = document.questionnaire.glossary if document.questionnaire else ()
    for index, question in document.questions:
        instrument = claimed(question)
        if instrument is None:
            continue
        if isinstance(question, ScaleQuestion) and question.scale:
            yield from _scale(document, index, question, instrument)
        variant = question.instrument.variant if question.instrument else None
        for language in document.languages if not variant else ():
            if question.text.has(language) and unaltered(question, language, glossary) is False:
                yield _stem(document, index, question, instrument, language)


def _stem(
    document: Document, index: int, question: AnyQuestion, instrument: Instrument, language: str
) -> Finding:
    path = (
        ("questions", index, "text")
        if isinstance(question.text.root, str)
        else ("questions", index, "text", language)
    )
    return document.finding(
        RULE,
        path,
        message("This is not the wording of {title}.", title=instrument.title),
        quoted=question.text.to(language),
        language=language,
        rewrite=stems_of(question, instrument, language)[0].replace("{x}", "{company}"),
    )


def _scale(
    document: Document, index: int, question: ScaleQuestion, instrument: Instrument
) -> Iterator[Finding]:
    path = ("questions", index, "scale")
    registered = f"{instrument.minimum} to {instrument.maximum}"
    if (question.minimum, question.maximum) != (instrument.minimum, instrument.maximum):
        told = message(
            "{title} runs from {registered}, not from {minimum} to {maximum}.",
            title=instrument.title,
            registered=registered,
            minimum=question.minimum,
            maximum=question.maximum,
        )
        yield document.finding(RULE, path, told, rewrite="Delete `scale:`; it comes with the type.")
        return
    if question.high_is_bad != instrument.high_is_bad:
        yield document.finding(
            RULE,
            path,
            message("{title} runs the other way.", title=instrument.title),
            rewrite="Delete `high_is_bad`.",
        )
    for language in document.languages:
        changed = next(_changed_labels(question, instrument, language), None)
        if changed:
            mine, registered = changed
            told = message(
                "This says “{mine}” where {title} has “{registered}”.",
                mine=mine,
                title=instrument.title,
                registered=registered,
            )
            yield document.finding(
                RULE, (*path, "labels"), told, quoted=mine, language=language, rewrite=registered
            )


def _changed_labels(
    question: ScaleQuestion, instrument: Instrument, language: str
) -> Iterator[tuple[str, str]]:
    registered = instrument.labels.get(language, {})
    mine = question.labels(language)
    for point in (instrument.minimum, instrument.maximum):
        one, other = mine.get(point, ""), registered.get(point, "")
        if one and other and not _same(one, other, instrument, language):
            yield one, other


def _same(mine: str, registered: str, instrument: Instrument, language: str) -> bool:
    if bare(mine, language) == bare(registered, language):
        return True
    one, other = readings(mine, language), readings(registered, language)
    if not one or not other:
        return instrument.free_stem
    if instrument.free_stem:
        return one[0].degree * other[0].degree > 0
    return (one[0].dimension, abs(one[0].degree - other[0].degree) <= 0.5) == (other[0].dimension, True)
