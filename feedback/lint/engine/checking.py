"""Checks files: one by itself, or several together, where some faults show only in all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from feedback.lint.document.document import Document
from feedback.lint.document.reader import read
from feedback.lint.engine import library_rules
from feedback.lint.engine.context import LintContext
from feedback.lint.engine.rule import Finding
from feedback.lint.engine.runner import Result, run
from feedback.lint.rules import RULES


def check(text: str, path: str = "<text>", *, settings: LintContext | None = None) -> list[Finding]:
    """What is wrong with one questionnaire or journey file, in the order of the file. Never raises."""
    return result(text, path, settings=settings).problems


def result(text: str, path: str = "<text>", *, settings: LintContext | None = None) -> Result:
    """As `check`, with the findings that suppressions accept."""
    return run(read(text, path, settings), RULES)


def check_files(
    paths: Iterable[str | Path], *, settings: LintContext | None = None, beside: Path | None = None
) -> list[Result]:
    """A result per file, with what only a look at all of them shows; directories stand for their YAML files.

    A journey may also name the questionnaires of the directory `beside`, whose files others of the same name replace.
    Raises OSError for what cannot be read; a file that is not UTF-8 has a syntax problem.
    """
    texts = [(str(path), path.read_bytes().decode("utf-8", "surrogateescape")) for path in _files(paths)]
    return check_texts(texts, settings=settings, beside=beside)


def check_texts(
    texts: Iterable[tuple[str, str]], *, settings: LintContext | None = None, beside: Path | None = None
) -> list[Result]:
    """As `check_files`, for (path, text) pairs that are already in memory."""
    documents = [read(text, path, settings) for path, text in texts]
    across: dict[str, list[Finding]] = {}
    others = _others(documents, beside) if beside and any(each.journey for each in documents) else []
    for problem in library_rules.check(documents, others):
        across.setdefault(problem.path, []).append(problem)
    for document in documents:
        document.settings = _for_file(document, documents, document.settings)
    return [run(document, RULES, across.get(document.path, [])) for document in documents]


def _others(documents: list[Document], directory: Path) -> list[Document]:
    """The questionnaires of `directory` that are in force; sub-directories hold templates, which are not."""
    names = {Path(each.path).name for each in documents}
    files = [each for each in _files([directory]) if each.parent == directory and each.name not in names]
    return [read(each.read_text(encoding="utf-8"), str(each)) for each in files]


def _for_file(document: Document, documents: list[Document], settings: LintContext) -> LintContext:
    """The settings with the events that lead to this questionnaire: every recipient has been through them."""
    key = document.questionnaire.key if document.questionnaire else None
    stages = [stage for each in documents if each.journey for stage in each.journey.stages]
    events = [stage.enter.event for stage in stages if stage.questionnaire == key]
    if len(set(events)) != 1 or events[0] is None:
        return settings
    return replace(settings, trigger_events=settings.trigger_events | {events[0]})


def _files(paths: Iterable[str | Path]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(
                each for each in path.rglob("*") if each.suffix in (".yaml", ".yml") and each.is_file()
            )
        else:
            yield path
