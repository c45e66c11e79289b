"""Commands for customer data: import, event, erase, bounce."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedback.cli.frame import main, the_runtime
from feedback.errors import FeedbackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, tzinfo

    from feedback.bootstrap import Runtime
    from feedback.services.context import Context
    from feedback.services.imports import ImportReport, Kind, Refusal
    from feedback.store.models import Enrolment

EX_TEMPFAIL = 75  # sysexits.h: tells the mail server to try again later


@main.command("import")
@click.argument("kind", type=click.Choice(["accounts", "contacts", "events", "answers"]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "name", help="Use the column mapping mappings/NAME.toml in the instance directory.")
@click.option("--dry-run", is_flag=True, help="Check everything, store nothing.")
@click.option("--create-owners", is_flag=True, help="Make users (who cannot sign in yet) of unknown owners.")
@click.option(
    "--as", "vendor", help="Of answers: the tool that the file comes from.  [default: by its columns]"
)
@click.option("--survey", help="Of answers: the questionnaire that they answer; `own` for one of their own.")
@click.option(
    "--wording", default="", help="Of answers: how the score was asked, if the file does not say it."
)
@click.option(
    "--zone", default="", help="Of answers: the time zone of moments without one, such as Europe/Istanbul."
)
@click.option("--add-people", is_flag=True, help="Of answers: store people who are not known yet.")
def import_(
    kind: Kind, file: Path, name: str | None, dry_run: bool, create_owners: bool, **answers: Any
) -> None:
    """Import customers, events or past answers from a CSV or XLSX file. Bad rows are reported; the other rows are
    imported."""
    if kind == "answers":
        from feedback.cli.past_answers import PastAnswersOptions, import_answers

        import_answers(file, name, dry_run, PastAnswersOptions(**answers))  # type: ignore[typeddict-item]
        return
    from feedback import clock
    from feedback.services import imports

    runtime = the_runtime(library=False)
    context = _with_journey(runtime) if kind == "events" else runtime
    mapping = imports.load(runtime.settings.instance, name) if name else None
    with click.progressbar(length=1, label=file.name, file=sys.stderr) as bar:

        def on_progress(done: int, lines: int) -> None:
            bar.length = max(1, lines)
            bar.update(done - bar.pos)

        options = imports.Options(dry_run, create_owners, on_progress)
        result = imports.run(runtime.database, kind, file, mapping, context, clock.now(), options)
    tell(result, dry_run)
    if result.refused or result.left_out:
        sys.exit(1)


def _with_journey(runtime: Runtime) -> Context:
    """What recording events needs: the journey, but no questionnaires."""
    from feedback.library import Library
    from feedback.services.context import Context
    from feedback.services.questionnaires import publishing

    with runtime.database.reading() as session:
        journey = publishing.unchanged_journey(session, runtime.settings)
    return Context(runtime.settings, Library({}, journey) if journey else runtime.library, {})


def tell(report: ImportReport, dry_run: bool) -> None:
    """Print what happened to the rows."""
    for line in _grouped(report.refused):
        click.secho(line, fg="red", err=True)
    if report.left_out:
        click.secho(
            "Rows were stored without these cells, or with one of their values:", fg="yellow", err=True
        )
    for line in _grouped(report.left_out):
        click.secho(line, fg="yellow", err=True)
    for notice in report.notices:
        click.secho(notice, fg="yellow", err=True)
    click.echo(
        f"{report.read} rows read: {report.created} new, {report.updated} changed, {report.unchanged} unchanged, "
        f"{report.refused_rows} refused."
    )
    for sentence in report.unreachable:
        click.secho(sentence, fg="yellow")
    if dry_run:
        click.echo("This was a dry run; nothing was stored.")


def _grouped(refusals: Sequence[Refusal]) -> Iterator[str]:
    """One line for each reason and column, with the lines of the file: `lines 2-3, 40, phone (3 rows): ...`."""
    places: dict[tuple[str | None, str], list[int]] = {}
    for refusal in refusals:
        places.setdefault((refusal.column, refusal.reason), []).append(refusal.line)
    for (column, reason), lines in places.items():
        where = f", {column}" if column else ""
        if len(lines) == 1:
            yield f"line {lines[0]}{where}: {reason}"
        else:
            yield f"lines {_ranges(lines)}{where} ({len(lines)} rows): {reason}"


def _ranges(lines: Sequence[int]) -> str:
    """`2-5, 9` for 2, 3, 4, 5 and 9."""
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][-1] + 1:
            runs[-1][1:] = [line]
        else:
            runs.append([line])
    return ", ".join("-".join(map(str, run)) for run in runs)


@main.command()
@click.argument("name")
@click.argument("contact")
@click.option(
    "--key", help="Idempotency key: an event with the same key is stored once.  [default: a new key]"
)
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="A property of the event.")
def event(name: str, contact: str, key: str | None, pairs: tuple[str, ...]) -> None:
    """Record an event: `feedback event ticket_closed CONTACT-ID --set topic=invoices`."""
    from feedback import clock
    from feedback.services.contact import reachability
    from feedback.services.journey import enrolments

    runtime = the_runtime(library=False)
    now, context = clock.now(), _with_journey(runtime)
    properties = dict(pair.partition("=")[::2] for pair in pairs)
    told = enrolments.Event(key or secrets.token_hex(8), name, contact, now, properties)
    with runtime.database.writing() as session:
        stored = enrolments.record_event(session, told, context, now, source="cli")
        decided = [
            _decision(each, context, runtime.database.zone)
            for each in enrolments.of_event(session, stored.id)
        ]
        _, reasons = reachability.unreachable(session, runtime.settings, [contact])
    if not context.library.journey.for_event(name):
        known = sorted({stage.enter.event for stage in context.library.journey.stages if stage.enter.event})
        click.secho(
            f"No stage of the journey waits for {name!r}; it waits for {', '.join(known)}.", fg="yellow"
        )
    click.echo(f"Event {stored.key} was stored.")
    for line in decided:
        click.echo(line)
    if not runtime.settings.providers.enabled:
        click.secho("No provider is enabled, so nothing is sent yet: set providers.enabled.", fg="yellow")
    for reason in reasons:
        why = reachability.WORDS[reason].replace("have no", "no")
        click.secho(f"This contact cannot be asked: {why}.", fg="yellow")


def _decision(enrolment: Enrolment, context: Context, zone: tzinfo) -> str:
    """What an event has led to, in the installation's time zone."""

    def told(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M} ({zone})"

    stage = context.library.journey.stage(enrolment.stage)
    title = stage.title.to("en") if stage else enrolment.stage
    if enrolment.state != "skipped":
        return f"{title}: due {told(enrolment.due_at)}."
    again = f", next allowed {told(enrolment.next_allowed_at)}" if enrolment.next_allowed_at else ""
    return f"{title}: not asked, {(enrolment.reason or 'unknown').replace('_', ' ')}{again}."


@main.command()
@click.argument("contact")
@click.confirmation_option(prompt="This cannot be undone. Erase the person with this id?")
def erase(contact: str) -> None:
    """Erase CONTACT (an external id): the personal data are deleted, the scores stay."""
    from feedback import clock
    from feedback.services.privacy import erasure

    runtime = the_runtime(library=False)
    with runtime.database.writing() as session:
        erased = erasure.erase(session, erasure.find(session, contact), by=None, now=clock.now())
    click.echo(f"Erased: {erased}")
    if not any(runtime.database.empty_log() for _ in range(5)):
        click.secho(
            "SQLite's write-ahead log is in use and still holds the erased data. The worker empties it within an hour.",
            fg="yellow",
        )


@main.command()
@click.option("--recipient", help="The address to which the bounce was delivered.")
def bounce(recipient: str | None) -> None:
    """Read one bounce, or an answer to an e-mail of a follow-up, from standard input. Configure your mail server to
    pipe returned mail here."""
    from feedback import clock
    from feedback.providers.bounces import LONGEST_MAIL, read
    from feedback.services.messaging import bounces

    try:
        runtime = the_runtime(library=False)
        raw = sys.stdin.buffer.read(LONGEST_MAIL)
        report = read(raw, recipient)
        with runtime.database.writing() as session:
            if report is None and runtime.settings.smtp.read_replies:
                from feedback.providers import mail_replies as answers
                from feedback.services.responses import mail_replies  # loads more than a bounce needs

                answer = answers.read(raw, recipient)
                click.echo(mail_replies.receive(session, answer, runtime.settings, clock.now()))
            else:
                click.echo(bounces.receive_report(session, report, runtime.settings, clock.now()))
    except FeedbackError as error:
        click.secho(str(error), fg="red", err=True)
        raise SystemExit(EX_TEMPFAIL) from error  # the mail server keeps the report and tries again
