"""Commands for surveys: report, sample-size, acknowledge, link."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from feedback.cli.frame import main, the_runtime, the_settings


@main.command()
@click.option("--trend", help="Only this trend.  [default: all]")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="First day.  [default: 90 days ago]")
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), help="Last day.  [default: today]")
def report(trend: str | None, since: datetime | None, until: datetime | None) -> None:
    """Print scores with their intervals, response rates and the last comments."""
    from feedback import clock
    from feedback.core.time.local_days import day_of
    from feedback.services import reports

    runtime = the_runtime()
    today = day_of(clock.now(), runtime.database.zone)
    last = until.date() if until else today
    first = since.date() if since else last - timedelta(days=min(89, last.toordinal() - 1))
    _check_period(first, last, today)
    with runtime.database.reading() as session:
        for line in reports.text_report(session, runtime.library, first, last, trend=trend):
            click.echo(line)


def _check_period(first: date, last: date, today: date) -> None:
    """Raises BadParameter for a period in which nobody can have answered."""
    from feedback.core.time.period import FIRST_DAY, LAST_DAY

    if first > today:
        raise click.BadParameter(f"{first} is in the future: there are no answers yet.", param_hint="--from")
    if first > last:
        raise click.BadParameter(f"{first} is after the last day, {last}.", param_hint="--from")
    if first < FIRST_DAY or last > LAST_DAY:
        raise click.BadParameter(
            f"Choose days from {FIRST_DAY.year} to {LAST_DAY.year}.", param_hint="--from, --to"
        )


@main.command("sample-size")
@click.option("--metric", default="nps", show_default=True, help="Key of the score, as in docs/metrics.md.")
@click.option("--margin", type=float, required=True, help="How precisely to know the score, in points.")
@click.option("--good", type=float, help="Expected share of good answers (promoters, satisfied), in percent.")
@click.option(
    "--bad", type=float, help="Expected share of bad answers (detractors), in percent; with --good."
)
@click.option("--population", type=int, help="How many customers there are in all.")
@click.option("--response-rate", type=float, help="Share of the invited who answer, in percent.")
@click.option("--confidence", type=float, default=95.0, show_default=True, help="In percent.")
def sample_size(metric: str, good: float | None, bad: float | None, **options: Any) -> None:
    """Say how many answers a score needs, and how many invitations.

    Without --good and --bad the number is enough whatever the answers are.
    """
    from feedback.core.metrics import METRICS, planning

    if metric not in METRICS:
        raise click.BadParameter(f"choose one of {', '.join(METRICS)}.", param_hint="--metric")
    chosen = METRICS[metric]
    if chosen.unit == "points" and (good is None) != (bad is None):
        raise click.UsageError("Give both --good and --bad, or neither.")
    if chosen.unit == "percent" and bad is not None:
        raise click.UsageError(f"{chosen.title} is a share: give --good alone.")
    expected = planning.Expected(*(each / 100 for each in (good, bad) if each is not None))
    rate, confidence = options.pop("response_rate"), options.pop("confidence")
    try:
        found = planning.plan(
            chosen, expected=expected, confidence=confidence / 100,
            response_rate=None if rate is None else rate / 100, **options,
        )  # fmt: skip
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    margin, population = options["margin"], options["population"]
    click.echo(f"{chosen.title} to within {margin:g} points, {confidence:g} % confidence:")
    click.echo(f"{found.answers} answers are needed.")
    if found.invitations is not None:
        click.echo(f"{found.invitations} invitations, if {rate:g} % answer.")
    if not found.reachable:
        click.echo(f"That is more than the {population} customers there are: allow a wider margin.")


@main.command()
@click.argument("questionnaire")
@click.option(
    "--by", required=True, metavar="ADDRESS", help="Your e-mail address; you must be a lead or an admin."
)
@click.option("--rule", help="Only warnings of this rule.")
@click.option("--question", help="Only warnings about this question.")
def acknowledge(questionnaire: str, by: str, rule: str | None, question: str | None) -> None:
    """Accept linter warnings in your name, so that QUESTIONNAIRE is live as it is.

    A server that runs reads its file within five seconds.
    """
    from feedback import bootstrap, clock, library
    from feedback.errors import NotFound
    from feedback.lint.engine.acknowledgement import warnings
    from feedback.services.questionnaires import publishing

    settings = the_settings()
    database = bootstrap.open_database(settings)
    database.upgrade()
    with database.reading() as session:
        results = publishing.load(session, settings, clock.now()).results
    if questionnaire not in results:
        raise NotFound(
            f"No file has the questionnaire {questionnaire!r}; use one of {', '.join(sorted(results))}."
        )
    found = warnings(results[questionnaire])
    chosen = [each for each in found if rule in (None, each.rule) and question in (None, each.question)]
    with database.writing() as session:
        who = publishing.design_lead(session, by)
        new = publishing.accept(session, questionnaire, chosen, by=who.id, now=clock.now())
    for each in new:
        click.echo(library.sentence(found[each][0]))
    click.echo(f"Warnings accepted: {len(new)}." if new else "There are no warnings to accept.")


@main.command()
@click.option("--kind", type=click.Choice(["poster", "kiosk", "embed"]), required=True)
@click.option("--questionnaire", required=True, help="Key of the questionnaire.")
@click.option(
    "--name", required=True, help="A name for your own lists, such as the place where the link is shown."
)
@click.option("--language", help="Language in which the survey opens.")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="Site that may embed the form; repeat for several.  [default: every site]",
)
@click.option("--qr", type=click.Path(dir_okay=False, path_type=Path), help="Write the QR code to this SVG.")
def link(**options: Any) -> None:
    """Create a survey link for people without an invitation: on a poster, a shared screen or another web page."""
    from feedback import clock
    from feedback.errors import SettingsInvalid
    from feedback.services.responses import open_links

    runtime, drawing = the_runtime(), options.pop("qr")
    if not runtime.settings.web.public_url:
        raise SettingsInvalid("F011 web.public_url is not set. The link needs it: https://...")
    with runtime.database.writing() as session:
        made = open_links.create(session, runtime.library, open_links.NewLink(**options), clock.now())
    address = open_links.address(made, runtime.settings.web.public_url)
    click.echo(address)
    if made.kind == "embed":
        click.echo(open_links.snippet(made, runtime.settings.web.public_url))
    if drawing:
        drawing.write_text(open_links.qr_code(address), encoding="utf-8")
