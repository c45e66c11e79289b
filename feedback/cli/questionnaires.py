"""Commands to begin a questionnaire: questionnaires gallery, questionnaires new, questionnaires import."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedback.cli.frame import main

if TYPE_CHECKING:
    from feedback.core.questionnaire import Questionnaire
    from feedback.services.questionnaires.gallery import Template

JOURNEY = "journey.yaml"


@main.group()
def questionnaires() -> None:
    """Start a questionnaire from a template or another tool's file, and move texts between the studio and files."""


@questionnaires.command("gallery")
@click.option("--language", default="en", show_default=True, help="Language of the table: en, tr or fa.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all languages and when to use each.")
def list_gallery(language: str, as_json: bool) -> None:
    """List the templates in the order of the customer journey."""
    from feedback.services.questionnaires import gallery

    if language not in gallery.LANGUAGES:
        raise click.BadParameter(f"choose one of {', '.join(gallery.LANGUAGES)}.", param_hint="--language")
    found = gallery.templates()
    if as_json:
        click.echo(json.dumps([_as_data(each) for each in found], ensure_ascii=False, indent=2))
        return
    for line in _columns(_table(found, language)):
        click.echo(line)
    click.echo("\n`feedback questionnaires new TEMPLATE` copies one into your installation.")


def _as_data(template: Template) -> dict[str, object]:
    questionnaire = template.questionnaire
    return {
        "key": template.key,
        "title": dict(questionnaire.title.variants(questionnaire.languages)),
        "stage": template.stage,
        "metric": template.metric,
        "questions": len(questionnaire.questions),
        "seconds": template.seconds,
        "use": dict(template.use),
    }


def _table(templates: Sequence[Template], language: str) -> Iterator[tuple[str, ...]]:
    from feedback.i18n import translator
    from feedback.services.questionnaires.gallery import HEADINGS, STAGES

    say = translator("desk", language)
    yield tuple(map(say.gettext, HEADINGS))
    for each in templates:
        yield (
            each.key,
            each.questionnaire.title.to(language),
            say.gettext(STAGES[each.stage]),
            each.metric or "-",
            say.number(len(each.questionnaire.questions)),
            say.number(each.seconds),
        )


def _columns(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    every = list(rows)
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for row in every:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


@questionnaires.command("new")
@click.argument("template")
@click.argument("key", required=False)
@click.option(
    "--language",
    "languages",
    multiple=True,
    help="Language to keep; repeat for several, the default language first.  [default: all]",
)
def new(template: str, key: str | None, languages: tuple[str, ...]) -> None:
    """Copy TEMPLATE into instance/questionnaires/KEY.yaml.  [default KEY: that of the template]"""
    import os

    from feedback import resources
    from feedback.bootstrap import instance_from
    from feedback.errors import NotFound
    from feedback.services.questionnaires import gallery

    chosen = gallery.template(template)
    instance = instance_from()
    if not instance.is_dir():
        raise NotFound(
            f"There is no directory {instance}. Run `feedback init`, or name your installation with --instance."
        )
    shipped = resources.shipped("questionnaires")
    file = gallery.copy(chosen, key or chosen.key, languages, instance / "questionnaires", taken=[shipped])
    where = os.path.relpath(file) if file.is_relative_to(Path.cwd()) else file
    click.echo(f"Wrote {where}. It is not sent to anybody yet. Next:")
    for number, step in enumerate(_steps(chosen.questionnaire, file, languages), 1):
        click.echo(f"{number}. {step}")


@questionnaires.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", help="Write instance/questionnaires/KEY.yaml instead of printing the YAML.")
@click.option("--language", default="en", show_default=True, help="Language of the report: en, tr or fa.")
def import_file(file: Path, key: str | None, language: str) -> None:
    """Make a questionnaire of FILE: SurveyJS, XLSForm, LimeSurvey, Google Forms, Qualtrics, Formbricks, or plain text.

    The report of what was guessed and what could not be carried over goes to standard error.
    """
    from feedback.errors import Rejected
    from feedback.i18n import translator
    from feedback.services.studio.importing.reading import read_bounded

    if key is not None and not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", key):
        raise Rejected(
            "Choose another key: lower-case letters, digits, - and _, at most 64, beginning with a letter."
        )
    made = read_bounded(file, key=key)
    say = translator("desk", language)
    for note in made.notes:
        told = say.gettext(note.message, **note.params)
        click.echo(f"{note.kind}: {note.place}: {told}" if note.place else f"{note.kind}: {told}", err=True)
    carried = say.ngettext(
        "{carried} of {n} question of the source was carried over.",
        "{carried} of {n} questions of the source were carried over.",
        made.found,
        carried=made.carried_over,
    )
    click.echo(carried, err=True)
    if key is None:
        click.echo(made.text, nl=False)
    else:
        target = _keep(made.text, key)
        click.echo(f"Wrote {target}. Check it: feedback lint {target}", err=True)


def _keep(text: str, key: str) -> Path:
    """Write a text as the questionnaire `key` of the installation. Never replaces a file."""
    from feedback.bootstrap import instance_from
    from feedback.errors import Conflict, Rejected
    from feedback.library import files_in
    from feedback.resources import directories

    instance = instance_from()
    if any(path.stem == key for path in files_in(directories("questionnaires", instance)).values()):
        raise Conflict(f"Choose another key: there is a questionnaire {key}. Nothing was written.")
    target = instance / "questionnaires" / f"{key}.yaml"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
    except OSError as error:
        raise Rejected(f"{target} cannot be written: {error.strerror}.") from error
    return target


def _steps(template: Questionnaire, file: Path, languages: Sequence[str]) -> Iterator[str]:
    yield f"Change the texts to your own, and check them: feedback lint {file.parent}"
    if template.messages.sms is None and template.messages.email is None:
        yield (
            "Create a link (embed for a form in your pages, poster for a QR code): "
            f'feedback link --kind embed --questionnaire {file.stem} --name "Website"'
        )
    else:
        journey = file.parent / JOURNEY
        copied = "" if journey.exists() else " (copy the shipped journey.yaml there first)"
        yield f"Add a stage like this to {journey}{copied}:\n\n{_stage(template, file.stem, languages)}"
    yield "Restart feedback: questionnaires are read at the start."


def _stage(template: Questionnaire, key: str, languages: Sequence[str]) -> str:
    """A stage of the journey that asks the copy."""
    kept = dict.fromkeys(languages or template.languages)
    title = ", ".join(f"{each}: {json.dumps(template.title.to(each), ensure_ascii=False)}" for each in kept)
    channels = [name for name in ("sms", "email") if getattr(template.messages, name)]
    enter = f"event: {template.trigger}" if template.trigger else "every: 180d"
    return (
        f"  - key: {key}\n"
        f"    title: {{{title}}}\n"
        f"    enter: {{{enter}}}\n"
        f"    questionnaire: {key}\n"
        f"    channels: [{', '.join(channels)}]\n"
        f"    expires_after: 2w\n"
        f"    languages: [{', '.join(kept)}]\n"
    )
