"""Commands for what waits for a person's decision: held messages, and held providers."""

from __future__ import annotations

import click

from feedback.cli.frame import main, the_runtime


@main.group()
def held() -> None:
    """Decide about messages of which nobody knows whether they were sent, and release held providers."""


@held.command("list")
def held_list() -> None:
    """Show how many messages are held, and which providers."""
    from feedback.services.messaging import outbox, provider_holds

    with the_runtime(library=False).database.reading() as session:
        messages, holds = outbox.held(session), provider_holds.in_force(session)
    for provider, count in messages.items():
        click.echo(
            f"{provider}: {count} held messages. Decide with `feedback held send` or `feedback held keep`."
        )
    for each in holds:
        name = f"{each.provider} ({each.country})" if each.country else each.provider
        click.echo(f"{name}: held since {each.since:%Y-%m-%d %H:%M} UTC. {each.reason}")
    if not messages and not holds:
        click.echo("Nothing is held.")


@held.command("send")
@click.argument("provider")
def held_send(provider: str) -> None:
    """Send all held messages of PROVIDER again. Customers who got the first copy get a second one."""
    click.echo(f"Messages to send again: {_decide(provider, arrived=False)}.")


@held.command("keep")
@click.argument("provider")
def held_keep(provider: str) -> None:
    """Count all held messages of PROVIDER as sent. None is sent again."""
    click.echo(f"Messages counted as sent: {_decide(provider, arrived=True)}.")


@held.command("release")
@click.argument("provider")
@click.option("--country", help="Release only this country (ISO 3166), not the whole provider.")
def held_release(provider: str, country: str | None) -> None:
    """Release a held PROVIDER, so that its waiting messages are sent. Fix the cause first."""
    from feedback import clock
    from feedback.services import audit
    from feedback.services.messaging import provider_holds

    now = clock.now()
    with the_runtime(library=False).database.writing() as session:
        lifted = provider_holds.lift(session, provider, None, now, country)
        if lifted:
            detail = {"provider": provider, "country": country or ""}
            audit.record(session, "lifted", "provider_hold", None, by=None, now=now, **detail)
    click.echo(f"Released {provider}." if lifted else f"{provider} is not held.")


def _decide(provider: str, *, arrived: bool) -> int:
    from feedback import clock
    from feedback.services import audit
    from feedback.services.messaging import outbox

    database, now, decided = the_runtime(library=False).database, clock.now(), 0
    while True:
        with database.writing() as session:
            done = outbox.decide_held(session, provider, now, arrived=arrived)
            if not done:
                return decided
            verdict = "arrived" if arrived else "lost"
            audit.record(session, verdict, "message", None, by=None, now=now, provider=provider, count=done)
        decided += done
