"""`feedback lint`: the linter on the command line. Ends with 0 clean, 1 findings, 2 could not run."""

from __future__ import annotations

import difflib
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, Unpack

import click

from feedback import resources
from feedback.clock import now
from feedback.core.questionnaire import Questionnaire
from feedback.lint import check_files
from feedback.lint.document.document import Document
from feedback.lint.document.reader import read
from feedback.lint.engine.context import LintContext
from feedback.lint.engine.fixes import accept, fix
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.engine.runner import Result
from feedback.lint.languages.data import codes
from feedback.lint.languages.lexicon import lexicon
from feedback.lint.pages import page
from feedback.lint.reporters import REPORTERS
from feedback.lint.reporters.translation import LANGUAGES, result_in_language
from feedback.lint.rules import EVERY_RULE
from feedback.lint.trial import shown, trial

Rewrite = Callable[[Document, list[Finding]], str]
Told = Callable[[], LintContext | None]
"""What `feedback` passes in: it asks the installation, and gives None if there is none."""


class LintOptions(TypedDict):
    """The options of the command, by their names there."""

    style: str
    language: str
    explain: str | None
    fixing: bool
    accepting: bool
    tried: str | None
    rule: str
    statistics: bool
    report_false_positives: bool
    previous: Path | None


@click.command("lint")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--format", "style", type=click.Choice(list(REPORTERS)), default="text", help="how to print findings"
)
@click.option(
    "--language",
    default=LANGUAGES[0],
    show_default=True,
    help="language of the findings (en, tr, fa); with --try, of the text",
)
@click.option("--explain", metavar="RULE", help="why a rule exists, with good and bad examples")
@click.option("--fix", "fixing", is_flag=True, help="repair what is safe to repair, in the files")
@click.option("--accept", "accepting", is_flag=True, help="tie suppressions to the wording that they accept")
@click.option(
    "--try", "tried", metavar="TEXT", help="show how the word rules see a text, and which phrases match"
)
@click.option("--rule", metavar="RULE", default="", help="with --try, the lists of one rule only")
@click.option("--statistics", is_flag=True, help="how often each rule was broken")
@click.option("--report-false-positives", is_flag=True, help="list suppressions of category false-positive")
@click.option(
    "--previous",
    type=click.Path(exists=True, path_type=Path),
    help="directory with published versions, beside those of the installation, to guard trends",
)
@click.pass_obj
def lint(told: Told | None, paths: tuple[Path, ...], **options: Unpack[LintOptions]) -> None:
    """Check questionnaires (files or directories) against the rules of question design."""
    language = options["language"]
    if options["tried"] is None and language not in LANGUAGES:
        raise click.UsageError(f"Findings are in {', '.join(LANGUAGES)}, not in {language!r}.")
    if options["explain"]:
        click.echo(_explained(options["explain"], language))
    elif options["tried"] is not None:
        click.echo(_tried(options["tried"], language, options["rule"], options["style"]))
    else:
        _lint(told, paths or (Path("questionnaires"),), options)


def _lint(told: Told | None, files: Sequence[Path], options: LintOptions) -> None:
    settings = _settings(told, options["previous"])
    results = _checked(files, settings)
    if options["fixing"] or options["accepting"]:
        for rewrite in (fix,) if options["fixing"] else (accept,):
            _rewritten(results, settings, rewrite)
        results = _checked(files, settings)
    if options["report_false_positives"]:
        click.echo(_false_positives(results))
    elif options["statistics"]:
        click.echo(_statistics(results))
    else:
        translated = [result_in_language(each, options["language"]) for each in results]
        click.echo(REPORTERS[options["style"]](translated, options["language"]))
    sys.exit(1 if any(problem.fails for result in results for problem in result.problems) else 0)


def _checked(files: Sequence[Path], settings: LintContext) -> list[Result]:
    try:
        results = check_files(files, settings=settings, beside=resources.shipped("questionnaires"))
    except OSError as error:
        raise click.UsageError(f"{error.filename} cannot be read: {error.strerror}.") from error
    if not results:
        raise click.UsageError(f"There is no YAML file in {', '.join(map(str, files))}.")
    return results


def _published(directory: Path | None) -> tuple[Questionnaire, ...]:
    """The questionnaires of a directory."""
    files = sorted(directory.rglob("*.y*ml")) if directory else ()
    read_ones = (read(file.read_text(encoding="utf-8", errors="replace"), str(file)) for file in files)
    return tuple(each.questionnaire for each in read_ones if each.questionnaire)


def _settings(told: Told | None, previous: Path | None) -> LintContext:
    """What the installation says, or only what day it is; a directory given by name comes after both."""
    settings = (told() if told else None) or LintContext(today=now().date())
    return replace(settings, published=(*settings.published, *_published(previous)))


def _rewritten(results: Sequence[Result], settings: LintContext, rewrite: Rewrite) -> None:
    for result in results:
        file = Path(result.path)
        source = file.read_bytes().decode("utf-8", "surrogateescape")
        document = read(source, result.path, replace(settings))
        changed = rewrite(document, [*result.problems, *(each.problem for each in result.accepted)])
        if changed != document.source:
            file.write_bytes(changed.encode("utf-8"))


def _explained(name: str, language: str) -> str:
    return page(_known_rule(name), language)


def _known_rule(name: str) -> Rule:
    rule = next((rule for rule in EVERY_RULE if rule.id == name), None)
    if rule is None:
        near = difflib.get_close_matches(name, [each.id for each in EVERY_RULE], 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise click.UsageError(f"There is no rule {name!r}.{hint}")
    return rule


def _tried(text: str, language: str, rule: str, style: str) -> str:
    words = lexicon(language)
    if words is None:
        raise click.UsageError(
            f"There is no word list for {language!r}; there is one for {', '.join(codes())}."
        )
    if rule:
        _known_rule(rule)
    found = trial(text, words, rule)
    if style == "json":
        return json.dumps(found.as_dict(), ensure_ascii=False, indent=2)
    return shown(found, EVERY_RULE, rule)


def _statistics(results: Sequence[Result]) -> str:
    counts = Counter(problem.rule for result in results for problem in result.problems)
    return "\n".join(f"{count:6} {rule}" for rule, count in counts.most_common()) or "Nothing found."


def _false_positives(results: Sequence[Result]) -> str:
    lines = [
        f"{each.problem.path}:{each.problem.line} {each.problem.rule} [{each.problem.language}] "
        f"“{each.problem.quoted}” {each.suppression.reason}"
        for result in results
        for each in result.accepted
        if each.suppression.category == "false-positive"
    ]
    return "\n".join(lines) or "No suppression is of category false-positive."
