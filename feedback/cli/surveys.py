"""Surveys: what goes out, what came back, and links that anybody may answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from feedback.cli.frame import main, the_runtime, the_settings


@main.command()
@click.option("--trend", help="The series; without it, all of them.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="First day.  [default: 90 days ago]")
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), help="Last day.  [default: today]")
def report(trend: str | None, since: datetime | None, until: datetime | None) -> None:
    """Print scores with their intervals, response rates and the last comments."""
    from feedback import clock
    from feedback.core.local_days import day_of
    from feedback.services import reports

    runtime = the_runtime()
    last = until.date() if until else day_of(clock.now(), runtime.database.zone)
    first = since.date() if since else last - timedelta(days=89)
    with runtime.database.reading() as session:
        for line in reports.text_report(session, runtime.library, first, last, trend=trend):
            click.echo(line)


@main.command()
@click.option("--days", default=30, show_default=True, help="How far ahead.")
@click.option(
    "--all", "everything", is_flag=True, help="Every message with its reasons, not only the totals."
)
def plan(days: int, everything: bool) -> None:
    """Show what goes out in the coming days, and for every message why it goes then."""
    from feedback import clock
    from feedback.services import planning

    runtime = the_runtime()
    with runtime.database.reading() as session:
        plan = planning.plan(session, runtime.library, runtime.settings, clock.now(), days)
    for row in plan.everything if everything else ():
        when = f"{row.at:%Y-%m-%d %H:%M} UTC  {row.channel:<5}" if row.at else "not sent                     "
        why = "; ".join(_reason(each["code"], each["params"]) for each in row.explanation)
        again = f"; next allowed {row.next_allowed:%Y-%m-%d %H:%M} UTC" if row.next_allowed else ""
        click.echo(f"{when}  {row.stage:<16} {row.contact:<20} {why}{again}")
    for day, count in sorted(plan.per_day.items()):
        click.echo(f"{day}  {count:>7}")
    by_channel = ", ".join(f"{count} by {channel}" for channel, count in sorted(plan.per_channel.items()))
    click.echo(f"{plan.sent} messages in {days} days{': ' + by_channel if by_channel else ''}.")
    if plan.waiting:
        click.echo(f"{len(plan.waiting)} more are written and wait for their moment.")
    if reminders := sum(row.at is not None for row in plan.reminders):
        click.echo(f"{reminders} reminders at most: to those who have not answered by then.")
    for code, count in plan.skipped.most_common():
        click.echo(f"{count} not sent: {code.replace('_', ' ')}.")


def _reason(code: str, params: dict[str, object]) -> str:
    detail = ", ".join(f"{name} {value}" for name, value in params.items())
    return code.replace("_", " ") + (f" ({detail})" if detail else "")


@main.command()
@click.argument("questionnaire")
@click.option("--by", required=True, metavar="ADDRESS", help="Your e-mail address: a lead's or an admin's.")
@click.option("--rule", help="Only warnings of this rule.")
@click.option("--question", help="Only warnings about this question.")
def acknowledge(questionnaire: str, by: str, rule: str | None, question: str | None) -> None:
    """Let warnings of the linter stand, by name, so that QUESTIONNAIRE can be published as it is written."""
    from feedback import bootstrap, clock, library, resources
    from feedback.lint.engine.acknowledgement import warnings
    from feedback.services import publishing

    settings = the_settings()
    database = bootstrap.open_database(settings)
    database.upgrade()
    with database.reading() as session:
        told = publishing.Rules(settings).of(session, clock.now())
    shelf = library.load(resources.directories("questionnaires", settings.instance), told)
    shelf.questionnaire(questionnaire)
    found = warnings(shelf.results[questionnaire])
    chosen = [each for each in found if rule in (None, each.rule) and question in (None, each.question)]
    with database.writing() as session:
        who = publishing.design_lead(session, by)
        new = publishing.acknowledge(session, questionnaire, chosen, by=who.id, now=clock.now())
    for each in new:
        click.echo(library.sentence(found[each][0]))
    click.echo(f"{len(new)} let stand." if new else "There is nothing to let stand.")


@main.command()
@click.option("--kind", type=click.Choice(["poster", "kiosk", "embed"]), required=True)
@click.option("--questionnaire", required=True, help="Key of the questionnaire.")
@click.option("--name", required=True, help="Where it stands, for your own lists.")
@click.option("--language", help="Language that it opens in.")
@click.option("--origin", "origins", multiple=True, help="Site that may show an embedded form; none is all.")
@click.option("--qr", type=click.Path(dir_okay=False, path_type=Path), help="Write the QR code to this SVG.")
def link(**options: Any) -> None:
    """Open a way in for people whom nobody invited: a poster, a screen in a shop, a form in another page."""
    from feedback import clock
    from feedback.services import links

    runtime, drawing = the_runtime(), options.pop("qr")
    with runtime.database.writing() as session:
        made = links.create(session, runtime.library, now=clock.now(), **options)
    address = links.address(made, runtime.settings.web.public_url)
    click.echo(address)
    if made.kind == "embed":
        click.echo(links.snippet(made, runtime.settings.web.public_url))
    if drawing:
        drawing.write_text(links.qr_code(address), encoding="utf-8")
