"""`feedback`: the commands of an operator. Each imports what it needs, so that `feedback lint` starts fast."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feedback import __version__
from feedback.errors import FeedbackError

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime
    from feedback.services.imports import Kind, Report
    from feedback.settings import Settings

EXIT_CANNOT = 2


class Sentences(click.Group):
    """Turns what we raise on purpose into one sentence and an exit code; anything else is a bug and shows itself."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FeedbackError as error:
            click.secho(str(error), fg="red", err=True)
            ctx.exit(EXIT_CANNOT)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Commands with a module of their own are imported when they are called."""
        if name == "lint":
            from feedback.lint.command import lint

            return lint
        return super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), "lint"])


@click.group(cls=Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="feedback")
@click.option(
    "--instance",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory with the settings and the database.  [default: $FEEDBACK_INSTANCE or ./instance]",
)
def main(instance: Path | None) -> None:
    """Surveys and feedback for customer success: ask, listen, close the loop."""
    if instance:
        os.environ["FEEDBACK_INSTANCE"] = str(instance)


def _settings() -> Settings:
    from feedback import bootstrap, log

    settings = bootstrap.settings_from()
    log.configure(settings.log)
    return settings


def _runtime(*, sending: bool = False) -> Runtime:
    from feedback import bootstrap

    return bootstrap.start(_settings(), sending=sending)


@main.command()
@click.option("--name", prompt="Your organisation's name (customers see it)", help="The organisation's name.")
@click.option(
    "--public-url", prompt="Public address, https://...", help="Where customers reach this installation."
)
def init(name: str, public_url: str) -> None:
    """Make a new installation: settings with fresh secrets, and an empty database."""
    from feedback import bootstrap
    from feedback.settings import initial_toml

    directory = bootstrap.instance_from()
    file = directory / "feedback.toml"
    if file.exists():
        raise click.ClickException(f"{file} exists already; nothing was changed.")
    directory.mkdir(parents=True, exist_ok=True)
    made = {key: secrets.token_hex(32) for key in ("web.secret_key", "web.password_salt", "link.key")}
    file.touch(mode=0o600)
    file.write_text(
        initial_toml(made | {"organisation.name": name, "web.public_url": public_url}), encoding="utf-8"
    )
    bootstrap.open_database(bootstrap.settings_from()).upgrade()
    click.echo(f"Made {file} and its database. Next:\n")
    click.echo("  feedback doctor                                what is still missing")
    click.echo("  feedback user add you@example.com --role admin  your account")
    click.echo("  feedback import contacts FILE.csv               your customers")
    click.echo("  feedback run                                    web and worker")


@main.command()
@click.option("--deep", is_flag=True, help="Also check the data's invariants and call each channel.")
def doctor(deep: bool) -> None:
    """Say what is missing, unwise or broken, and what to do about it."""
    from feedback import bootstrap, library, resources
    from feedback.settings import check

    settings = _settings()
    problems = list(check(settings))
    database = bootstrap.open_database(settings)
    problems += database.check()
    for problem in problems:
        click.secho(str(problem), fg="red" if problem.level == "error" else "yellow")
    shelf = library.load(resources.directories("questionnaires", settings.instance))
    click.echo(f"Instance    {settings.instance}")
    click.echo(f"Database    {database!r}")
    click.echo(f"Library     {len(shelf.questionnaires)} questionnaires, {len(shelf.journey.stages)} stages")
    click.echo(f"Channels    {', '.join(settings.channels.enabled) or 'none'}")
    broken = any(problem.level == "error" for problem in problems)
    if deep and not broken:
        broken = _deep(settings)
    if broken:
        sys.exit(1)
    click.secho("Ready.", fg="green")


def _deep(settings: Settings) -> bool:
    """Ask every channel whether it would work; True where one would not."""
    from feedback import bootstrap, clock
    from feedback.services import invariants

    database = bootstrap.open_database(settings)
    complaints = [
        f"{key}: {sentence}"
        for key, channel in bootstrap.open_channels(settings, database).items()
        for sentence in channel.check()
    ]
    with database.reading() as session:
        complaints += [str(each) for each in invariants.check(session, clock.now())]
    for complaint in complaints:
        click.secho(complaint, fg="red")
    return bool(complaints)


@main.command()
@click.option("--web/--no-web", default=True, help="Serve the pages.")
@click.option("--worker/--no-worker", default=True, help="Plan, send and remind.")
def run(web: bool, worker: bool) -> None:
    """Run the system: web and worker in one process, until SIGTERM or Ctrl-C."""
    _run(_runtime(sending=True), web=web, worker=worker)


def _run(runtime: Runtime, *, web: bool, worker: bool) -> None:
    from feedback.worker import Worker

    background = Worker(runtime) if worker else None
    if not web:
        if background:
            background.run()
        return
    from feedback.web.app import create_app
    from feedback.web.serving import serve

    app = create_app(runtime)

    def ready(address: str) -> None:
        if background:
            background.start()
        click.echo(f"Listening on {address}")

    try:
        serve(app, runtime.settings, ready)
    finally:
        if background and background.running:
            background.stop()


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables to this release."""
    from feedback import bootstrap

    bootstrap.open_database(_settings()).upgrade()
    click.echo("The database is up to date.")


@db.command("rebuild-rollups")
def db_rebuild_rollups() -> None:
    """Count the daily figures anew from the answers."""
    from feedback.services import rollups

    runtime = _runtime()
    with runtime.database.writing() as session:
        rollups.rebuild(session)
    click.echo("The daily figures were counted anew.")


@main.command("import")
@click.argument("kind", type=click.Choice(["accounts", "contacts", "events"]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "name", help="A column mapping, kept as mappings/NAME.toml in the instance.")
@click.option("--dry-run", is_flag=True, help="Check everything, store nothing.")
@click.option("--create-owners", is_flag=True, help="Make users (who cannot sign in yet) of unknown owners.")
def import_(kind: Kind, file: Path, name: str | None, dry_run: bool, create_owners: bool) -> None:
    """Bring customers or events in from a CSV file. Bad rows are told, and never stop the good ones."""
    from feedback import clock
    from feedback.services import imports

    runtime = _runtime()
    mapping = imports.load(runtime.settings.instance, name) if name else None
    with click.progressbar(length=1, label=file.name, file=sys.stderr) as bar:

        def on_progress(done: int, lines: int) -> None:
            bar.length = max(1, lines)
            bar.update(done - bar.pos)

        result = imports.run(
            runtime.database, kind, file, mapping, runtime.settings, clock.now(),
            library=runtime.library, dry_run=dry_run, create_owners=create_owners, on_progress=on_progress,
        )  # fmt: skip
    _tell(result, dry_run)
    if result.refused:
        sys.exit(1)


def _tell(report: Report, dry_run: bool) -> None:
    for refusal in report.refused:
        column = f", {refusal.column}" if refusal.column else ""
        click.secho(f"line {refusal.line}{column}: {refusal.reason}", fg="red", err=True)
    for notice in report.notices:
        click.secho(notice, fg="yellow", err=True)
    click.echo(
        f"{report.read} rows read: {report.created} new, {report.updated} changed, {report.unchanged} as before, "
        f"{report.refused_rows} refused."
    )
    if dry_run:
        click.echo("This was a dry run; nothing was stored.")


@main.group()
def key() -> None:
    """Keys for the HTTP API."""


@key.command("create")
@click.argument("name")
def key_create(name: str) -> None:
    """Make a key for the program NAME. It is shown once."""
    from feedback import clock
    from feedback.services import api_keys

    runtime = _runtime()
    with runtime.database.writing() as session:
        _, text = api_keys.create(session, name, by=None, now=clock.now())
    click.echo(text)
    click.secho("Keep it now: it cannot be shown again.", fg="yellow", err=True)


@key.command("list")
def key_list() -> None:
    """Show the keys, without their text."""
    from feedback.services import api_keys

    runtime = _runtime()
    with runtime.database.reading() as session:
        for each in api_keys.everything(session):
            state = f"revoked {each.revoked_at:%Y-%m-%d}" if each.revoked_at else "valid"
            click.echo(f"{each.id:>5}  {each.prefix}...  {state:<20} {each.name}")


@key.command("revoke")
@click.argument("key_id", type=int)
def key_revoke(key_id: int) -> None:
    """End a key at once."""
    from feedback import clock
    from feedback.services import api_keys

    runtime = _runtime()
    with runtime.database.writing() as session:
        api_keys.revoke(session, key_id, by=None, now=clock.now())
    click.echo(f"Key {key_id} is revoked.")


@main.group()
def user() -> None:
    """The people who sign in."""


@user.command("add")
@click.argument("email")
@click.option("--name", help="Shown to colleagues.  [default: the part before the @]")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(["admin", "lead", "csm", "viewer"])
)
@click.option("--language", type=click.Choice(["en", "tr", "fa"]), default="en", show_default=True)
@click.option("--time-zone", default=None, help="IANA name, such as Europe/Istanbul.")
@click.password_option(help="At least 12 characters.")
def user_add(
    email: str, name: str | None, roles: tuple[str, ...], language: str, time_zone: str | None, password: str
) -> None:
    """Add somebody who may sign in."""
    from feedback import clock
    from feedback.services import staff

    runtime = _runtime()
    with runtime.database.writing() as session:
        staff.add_user(
            session,
            email=email,
            name=name or email.partition("@")[0],
            roles=roles,
            now=clock.now(),
            password=password,
            salt=runtime.settings.web.password_salt.reveal(),
            language=language,
            time_zone=time_zone,
        )
    click.echo(f"{email} can sign in at {runtime.settings.web.public_url}/login as {', '.join(roles)}.")


@main.command()
@click.argument("name")
@click.argument("contact")
@click.option("--key", help="Idempotency key; the same key is the same event.  [default: a new one]")
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="A property of the event.")
def event(name: str, contact: str, key: str | None, pairs: tuple[str, ...]) -> None:
    """Tell that something happened: `feedback event ticket_closed CONTACT-ID --set topic=invoices`."""
    from feedback import clock
    from feedback.services import journeys

    runtime = _runtime()
    now = clock.now()
    properties = dict(pair.partition("=")[::2] for pair in pairs)
    told = journeys.Event(key or secrets.token_hex(8), name, contact, now, properties)
    with runtime.database.writing() as session:
        stored = journeys.record_event(session, told, runtime.library, runtime.settings, now, source="cli")
    if not runtime.library.journey.for_event(name):
        known = sorted({stage.enter.event for stage in runtime.library.journey.stages if stage.enter.event})
        click.secho(
            f"No stage of the journey waits for {name!r}; it waits for {', '.join(known)}.", fg="yellow"
        )
    click.echo(f"Event {stored.key} is stored.")


@main.command()
@click.option("--trend", help="The series; without it, all of them.")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="First day.  [default: 90 days ago]")
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), help="Last day.  [default: today]")
def report(trend: str | None, since: datetime | None, until: datetime | None) -> None:
    """Print scores with their intervals, response rates and the last comments."""
    from feedback import clock
    from feedback.services import reports

    runtime = _runtime()
    last = until.date() if until else clock.now().date()
    first = since.date() if since else last - timedelta(days=89)
    with runtime.database.reading() as session:
        for line in reports.text_report(session, runtime.library, first, last, trend=trend):
            click.echo(line)


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

    runtime, drawing = _runtime(), options.pop("qr")
    with runtime.database.writing() as session:
        made = links.create(session, runtime.library, now=clock.now(), **options)
    address = links.address(made, runtime.settings.web.public_url)
    click.echo(address)
    if made.kind == "embed":
        click.echo(links.snippet(made, runtime.settings.web.public_url))
    if drawing:
        drawing.write_text(links.qr_code(address), encoding="utf-8")


@main.command()
@click.option("--port", default=8080, show_default=True, help="Port of the demo.")
@click.option("--fresh", is_flag=True, help="Throw the demo's data away and begin anew.")
@click.option("--pace", default=20.0, show_default=True, help="Seconds between two new journey events.")
def demo(port: int, fresh: bool, pace: float) -> None:
    """Try the product: made-up customers, a simulated phone and inbox, nothing leaves this machine."""
    from feedback import bootstrap
    from feedback import demo as show

    runtime = show.prepare(bootstrap.instance_from() / "demo", port=port, fresh=fresh, say=click.echo)
    stop = show.keep_happening(runtime, pace)
    click.echo(show.guide(runtime))
    try:
        _run(runtime, web=True, worker=True)
    finally:
        stop()


if __name__ == "__main__":
    main()
