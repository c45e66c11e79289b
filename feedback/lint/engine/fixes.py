"""Changes to a file that are safe to make unasked: they keep its formatting and touch only the place of the
finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from feedback.core.questions import ChoiceQuestion
from feedback.core.text.message import straighten
from feedback.lint.document.document import Document, Path
from feedback.lint.document.reader import read
from feedback.lint.editing.splice import Splice
from feedback.lint.engine.rule import Finding
from feedback.lint.engine.suppression import accepted_wording
from feedback.lint.options.choices import choices
from feedback.lint.rules.options_not_randomised import is_safe_to_shuffle


def fix(document: Document, problems: Iterable[Finding]) -> str:
    """The source with every safe repair made; unchanged where there is none."""
    edits = [
        edit
        for problem in problems
        if problem.rule in FIXES
        for edit in FIXES[problem.rule](document, problem)
    ]
    return _applied(document, edits)


def accept(document: Document, problems: Iterable[Finding]) -> str:
    """The source with each suppression tied to the wording that it accepts, so that a new wording revives the
    finding."""
    edits: list[Splice] = []
    found = list(problems)
    entries = document.questionnaire.lint.suppress if document.questionnaire else ()
    for place, entry in enumerate(entries):
        accepted = accepted_wording(entry.rule, entry.question, found)
        if accepted:
            edits.extend(set_value(document, ("lint", "suppress", place), "wording", f'"{accepted}"'))
    return _applied(document, edits)


def _applied(document: Document, edits: Iterable[Splice]) -> str:
    """The edits that leave a readable file, made from the end so that offsets stay true."""
    source = document.source
    for edit in sorted(set(edits), reverse=True):
        changed = source[: edit.start] + edit.text + source[edit.end :]
        if not read(changed).problems:
            source = changed
    return source


def _randomise(document: Document, problem: Finding) -> Iterator[Splice]:
    """Ends the shuffling of an order; begins it only where no option hints at one."""
    path = question_path(document, problem.question)
    if path and problem.severity == "warning":
        index = int(path[1])
        question = document.questions[index][1]
        listed = [found for each in document.languages if (found := choices(document, index, each))]
        if isinstance(question, ChoiceQuestion) and all(
            is_safe_to_shuffle(question, each) for each in listed
        ):
            yield from set_value(document, path, "randomize", "true", before="options")
    elif path:
        yield from set_value(document, path, "randomize", "false")


def _make_optional(document: Document, problem: Finding) -> Iterator[Splice]:
    path = question_path(document, problem.question)
    for key, harmless in (("required", "false"), ("min_length", "0")):
        if path and (*path, key) in document.spans:
            yield from set_value(document, path, key, harmless)


def _straighten(document: Document, problem: Finding) -> Iterator[Splice]:
    """Typewriter quotes and dashes in text messages, where that is what makes them dear."""
    for wording in document.messages():
        mark = document.mark(wording.path)
        if (mark.line, mark.column) == (problem.line, problem.column):
            span = document.span(wording.path)
            old = document.source[span.start : span.end]
            yield Splice(span.start, span.end, straighten(old))


FIXES: dict[str, Callable[[Document, Finding], Iterator[Splice]]] = {
    "options-not-randomised": _randomise,
    "required-open-ended": _make_optional,
    "sms-segments": _straighten,
}


def question_path(document: Document, key: str) -> Path | None:
    """Where the question with this key is; None if there is none."""
    return next((("questions", i) for i, question in document.questions if question.key == key), None)


def set_value(
    document: Document, path: Path, key: str, value: str, before: str | None = None
) -> Iterator[Splice]:
    """Gives a key of a mapping a value, in the style in which the mapping is written."""
    if (*path, key) in document.spans:
        span = document.span((*path, key))
        if document.source[span.start : span.end] != value:
            yield Splice(span.start, span.end, value)
        return
    neighbour = (*path, before) if before else _first_key(document, path)
    start = document.keys[neighbour].start
    column = document.place(start).column
    flow = document.source[document.span(path).start] == "{"
    yield Splice(start, start, f"{key}: {value}, " if flow else f"{key}: {value}\n{' ' * (column - 1)}")


def _first_key(document: Document, path: Path) -> Path:
    return next(each for each in document.keys if each[:-1] == path)
