"""Commands to set up and run an installation: init, doctor, run, db, demo."""

from __future__ import annotations

import gc
import logging
import os
import secrets
import sys
from typing import TYPE_CHECKING

import click

from feedback.cli.frame import keep_private, main, the_runtime, the_settings

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime
    from feedback.library import Library
    from feedback.settings import Problem, Settings
    from feedback.store.database import Database


@main.command()
@click.option("--name", prompt="Your organisation's name (customers see it)", help="The organisation's name.")
@click.option(
    "--public-url",
    prompt="Public address, https://...",
    help="Public address of this installation, https://...",
)
def init(name: str, public_url: str) -> None:
    """Create a new installation: settings with new secrets, and an empty database."""
    from feedback import bootstrap, clock
    from feedback.errors import Conflict
    from feedback.services.organisation import stored_settings
    from feedback.settings import initial_toml

    directory = bootstrap.instance_from()
    file = directory / "feedback.toml"
    if file.exists():
        raise Conflict(f"{file} already exists; nothing was changed.")
    keep_private()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {key: secrets.token_hex(32) for key in ("web.secret_key", "web.password_salt", "link.key")}
    if public_url.startswith("https://"):  # the server listens on this machine, so the proxy runs here
        made["web.trusted_proxy"] = "127.0.0.1"
    file.touch(mode=0o600)
    file.write_text(initial_toml(made | {"web.public_url": public_url}), encoding="utf-8")
    settings = the_settings()
    database, _, _ = bootstrap.upgrade(settings, create=True)
    with (
        database.writing() as session
    ):  # and not in the file, where an admin could not change it in the browser
        wanted = {"organisation.name": name}
        stored_settings.change(session, settings, wanted, seen=0, by=None, now=clock.now())
    database.close()
    click.echo(f"Created {file} and its database. Next:\n")
    click.echo("  feedback user add you@example.com --role admin  your account")
    click.echo("  feedback run                                    web and worker; sign in for the next steps")
    click.echo("  feedback doctor                                 what is still missing")


@main.command()
@click.option("--deep", is_flag=True, help="Also check the stored data and call every provider.")
def doctor(deep: bool) -> None:
    """Check the installation and report each problem with its fix."""
    from feedback import bootstrap, clock
    from feedback.services.organisation import stored_settings
    from feedback.services.setup import diagnosis

    settings = the_settings()
    database = bootstrap.open_database(settings)
    usable = not diagnosis.has_errors(database.check())
    if usable:
        with database.reading() as session:
            settings = stored_settings.in_force(session, settings)
    problems = diagnosis.of_installation(settings, database)
    _report(problems)
    standing = []
    if usable:
        with database.reading() as session:
            standing = diagnosis.of_data(session, settings, clock.now())
    _report(standing)
    shelf = _shelf(settings, database if usable else None)
    refused = diagnosis.of_library(shelf, settings, clock.now())
    _report(refused)
    click.echo(f"Instance    {settings.instance}")
    click.echo(f"Database    {database!r}")
    if database.is_sqlite:
        click.echo("            Run one worker: on SQLite a second one is harmless but makes nothing faster.")
    click.echo(f"Library     {len(shelf.questionnaires)} questionnaires, {len(shelf.journey.stages)} stages")
    click.echo(f"Providers   {', '.join(settings.providers.enabled) or 'none'}")
    broken = diagnosis.has_errors(problems)
    if deep and not broken:
        broken = _deep(settings)
    if broken or diagnosis.has_errors([*standing, *refused]):
        sys.exit(1)
    click.secho("Ready.", fg="green")


def _report(problems: list[Problem]) -> None:
    for problem in problems:
        click.secho(str(problem), fg="red" if problem.level == "error" else "yellow")


def _shelf(settings: Settings, database: Database | None) -> Library:
    """Load the library; if there is a database, compare it with the published questionnaires."""
    from feedback import clock, library, resources
    from feedback.core.journey import Journey
    from feedback.errors import QuestionnaireInvalid
    from feedback.services.questionnaires import publishing

    if database is None:
        try:
            return library.load(resources.directories("questionnaires", settings.instance))
        except QuestionnaireInvalid as refused:
            click.secho(str(refused), fg="red")
            return library.Library({}, Journey(stages=()))
    with database.reading() as session:
        return publishing.load(session, settings, clock.now())


def _deep(settings: Settings) -> bool:
    """Call every provider and check the stored data; True if there is a complaint."""
    from feedback import bootstrap, clock
    from feedback.providers import identity_provider
    from feedback.services import rollups
    from feedback.services.messaging import invariants, provider_opening

    database = bootstrap.open_database(settings)
    complaints = [
        f"{key}: {sentence}"
        for key, provider in provider_opening.open_providers(settings, database).items()
        for sentence in provider.check()
    ]
    if settings.sso.is_on:
        complaints += [f"sso: {sentence}" for sentence in identity_provider.problems_of(settings.sso)]
    with database.reading() as session:
        complaints += [str(each) for each in invariants.check(session, clock.now())]
        if rollups.check(session):
            complaints.append("The rollups differ from the answers. Run `feedback db rebuild-rollups`.")
    for complaint in complaints:
        click.secho(complaint, fg="red")
    return bool(complaints)


@main.command()
@click.option("--web/--no-web", default=True, help="Run the web server.")
@click.option("--worker/--no-worker", default=True, help="Run the background worker.")
def run(web: bool, worker: bool) -> None:
    """Run web server and worker in one process, until SIGTERM or Ctrl-C."""
    _run(the_runtime(sending=True), web=web, worker=worker)


def _run(runtime: Runtime, *, web: bool, worker: bool) -> None:
    from feedback.worker import Worker

    background = Worker(runtime) if worker else None
    if not web:
        spare_what_lasts()
        if background:
            _leave(finished=background.run())
        return
    from feedback.web.app import create_app
    from feedback.web.serving import serve

    app = create_app(runtime)
    spare_what_lasts()

    def ready(address: str) -> None:
        if background:
            background.start()
        click.echo(f"Listening on {address}")

    try:
        serve(app, runtime.settings, ready, background.ask_to_stop if background else _nothing)
    finally:
        finished = background.stop() if background and background.running else True
    _leave(finished=finished)


def spare_what_lasts() -> None:
    """Leave what was made at the start out of garbage collections. A full one looks at every object, holds up all
    threads meanwhile, and can happen in the middle of a transaction."""
    gc.collect()
    gc.freeze()


def _nothing() -> None:
    pass


def _leave(*, finished: bool) -> None:
    """End the process. If calls are still running, it cannot wait for their threads as Python would; what they know
    is looked up by the next worker."""
    if finished:
        return
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


@main.group()
def db() -> None:
    """Manage the database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Migrate the tables to this release."""
    from feedback import bootstrap

    database, before, after = bootstrap.upgrade(the_settings(), create=True)
    database.close()
    if before == after:
        click.echo(f"The database is up to date: its tables have revision {after}.")
    elif before is None:
        click.echo(f"Created the tables: the database is up to date, with revision {after}.")
    else:
        click.echo(
            f"Upgraded the tables from revision {before}: the database is up to date, with revision {after}."
        )


@db.command("rebuild-rollups")
def db_rebuild_rollups() -> None:
    """Rebuild the rollups behind the reports from the answers."""
    from feedback.services import rollups
    from feedback.services.themes import counting
    from feedback.store.portions import SHORT_REST, Portions

    runtime = the_runtime(library=False)
    rollups.rebuild_all(Portions(runtime.database, resting=SHORT_REST))
    with runtime.database.writing() as session:
        counting.mark_everything(session)  # the worker counts them
    click.echo("The rollups were rebuilt.")


@main.command()
@click.option("--port", default=8080, show_default=True, help="Port of the demo.")
@click.option("--fresh", is_flag=True, help="Delete the demo's data and start over.")
@click.option("--pace", default=20.0, show_default=True, help="Seconds between two new journey events.")
@click.option(
    "--empty",
    is_flag=True,
    help="A new installation with simulated channels and no data, in a directory of its own.",
)
def demo(port: int, fresh: bool, pace: float, empty: bool) -> None:
    """Try the product with made-up customers and a simulated phone and inbox. Nothing leaves this machine."""
    from feedback import bootstrap
    from feedback import demo as show

    instance = bootstrap.instance_from()
    if empty:
        runtime = show.prepare_empty(instance / "demo-empty", port=port, fresh=fresh)
        click.echo(show.guide_of_empty(runtime))
        _run(runtime, web=True, worker=True)
        return
    runtime = show.prepare(instance / "demo", port=port, fresh=fresh, say=click.echo)
    stop = show.keep_happening(runtime, pace)
    click.echo(show.guide(runtime))
    try:
        _run(runtime, web=True, worker=True)
    finally:
        stop()
