"""Rules that need several files: two questionnaires with one key, a journey and what it names."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import PurePath

from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule

_WHY = "The scheduler finds questionnaires by key; a mistake shows only when somebody should be asked."

DUPLICATE_KEY = Rule(
    id="duplicate-questionnaire",
    title="Two questionnaires have different keys",
    tier="D",
    severity="error",
    why=_WHY,
    good=("visit.yaml with `key: visit`, call.yaml with `key: call`",),
    bad=("two files with `key: visit`",),
    suppressible=False,
)
MISSING_QUESTIONNAIRE = Rule(
    id="missing-questionnaire",
    title="The journey names questionnaires that exist",
    tier="D",
    severity="error",
    why=_WHY,
    good=("questionnaire: visit, beside visit.yaml",),
    bad=("questionnaire: vist",),
    suppressible=False,
)
MISSING_LANGUAGE = Rule(
    id="missing-language",
    title="A questionnaire speaks the languages of its stage",
    tier="D",
    severity="error",
    why="A customer would be asked in a language that the stage does not expect.",
    good=("languages: [en, tr] in both",),
    bad=("a stage with [en, fa], a questionnaire in [en]",),
    suppressible=False,
)
LIBRARY_RULES = (DUPLICATE_KEY, MISSING_QUESTIONNAIRE, MISSING_LANGUAGE)


def check(documents: Sequence[Document], beside: Sequence[Document] = ()) -> Iterator[Finding]:
    """Findings across files; nothing is said about what a file that breaks the format may hold.

    `beside` are files that are in force with these and are not checked themselves; a stage may name them.
    """
    first: dict[str, Document] = {}
    for document in documents:
        questionnaire = document.questionnaire
        if questionnaire is None:
            continue
        if questionnaire.key in first:
            told = message(
                "`{key}` is already the key of {path}.",
                key=questionnaire.key,
                path=first[questionnaire.key].path,
            )
            yield document.finding(DUPLICATE_KEY, ("key",), told)
        first.setdefault(questionnaire.key, document)
    for document in beside:
        if document.questionnaire:
            first.setdefault(document.questionnaire.key, document)
    broken = {PurePath(d.path).stem for d in documents if d.problems}
    for document in documents:
        known = {key: each for key, each in first.items() if not _lies_below(each, document)}
        yield from _stages(document, known, broken)


def _lies_below(document: Document, journey: Document) -> bool:
    """Whether a file is in a sub-directory of the journey's: it is a template or a draft, and not in force."""
    return PurePath(journey.path).parent in PurePath(document.path).parents[1:]


def _stages(document: Document, known: dict[str, Document], broken: set[str]) -> Iterator[Finding]:
    for place, stage in enumerate(document.journey.stages if document.journey else ()):
        found = known.get(stage.questionnaire)
        if found is None and stage.questionnaire in broken:
            continue
        if found is None:
            near = difflib.get_close_matches(stage.questionnaire, list(known), 1, 0.6)
            told = message("There is no questionnaire `{questionnaire}`.", questionnaire=stage.questionnaire)
            rewrite = f"questionnaire: {near[0]}" if near else "Write its file, or correct the key."
            yield document.finding(
                MISSING_QUESTIONNAIRE, ("stages", place, "questionnaire"), told, rewrite=rewrite
            )
            continue
        missing = [language for language in stage.languages if language not in found.languages]
        if missing:
            told = message(
                "`{questionnaire}` has no texts in {what}.",
                questionnaire=stage.questionnaire,
                what=", ".join(missing),
            )
            path = ("stages", place, "languages")
            yield document.finding(
                MISSING_LANGUAGE, path, told, rewrite=message("Translate {path}.", path=found.path)
            )
