"""Commands for campaigns that are under way; they are planned in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from feedback.cli.frame import main, the_runtime

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from feedback.store.models import Campaign


@main.group()
def campaign() -> None:
    """Look at campaigns, and pause, resume or cancel them."""


@campaign.command("list")
def campaign_list() -> None:
    """Show the newest 200 campaigns: id, status, and how many were sent and answered in the last wave."""
    from feedback.services.campaigns import definition, progress

    with the_runtime(library=False).database.reading() as session:
        found = definition.latest(session)
        for each in found:
            line = f"{each.id:>5}  {each.state:<10}  {each.name}"
            if each.waves:
                wave = progress.of_wave(session, each.waves[-1])
                line += f"  (wave {each.waves[-1].number}: {wave.sent} sent, {wave.answered} answered)"
            click.echo(line)
    if not found:
        click.echo("There are no campaigns.")


@campaign.command("show")
@click.argument("campaign_id", type=int, metavar="ID")
def campaign_show(campaign_id: int) -> None:
    """Show the waves of campaign ID in numbers."""
    from feedback.services.campaigns import definition, progress

    with the_runtime(library=False).database.reading() as session:
        found = definition.find(session, campaign_id)
        reason = f", stopped by itself because of {found.state_reason}" if found.state_reason else ""
        click.echo(f"{found.name}: {found.state}{reason}")
        for each in found.waves:
            wave = progress.of_wave(session, each)
            click.echo(
                f"wave {each.number}, {each.starts_at:%Y-%m-%d %H:%M} UTC: {wave.waiting} waiting, {wave.sent} sent, "
                f"{wave.delivered} delivered, {wave.answered} answered, {wave.failed} failed, "
                f"{wave.opted_out + wave.complained} opted out"
            )
            for reason, number in wave.skipped.items():
                click.echo(f"  not asked: {number} {reason}")


@campaign.command("pause")
@click.argument("campaign_id", type=int, metavar="ID")
def campaign_pause(campaign_id: int) -> None:
    """Send nothing more of campaign ID until it is resumed."""
    from feedback.services.campaigns import control

    _act(campaign_id, control.pause)


@campaign.command("resume")
@click.argument("campaign_id", type=int, metavar="ID")
def campaign_resume(campaign_id: int) -> None:
    """Go on sending campaign ID."""
    from feedback.services.campaigns import control

    _act(campaign_id, control.resume)


@campaign.command("cancel")
@click.argument("campaign_id", type=int, metavar="ID")
def campaign_cancel(campaign_id: int) -> None:
    """Take back everything of campaign ID that was not sent. This cannot be undone."""
    from feedback.services.campaigns import control

    _act(campaign_id, control.cancel)


def _act(campaign_id: int, act: Callable[..., Campaign]) -> None:
    from feedback import clock

    session: Session
    with the_runtime(library=False).database.writing() as session:
        found = act(session, campaign_id, by=None, now=clock.now())
        click.echo(f"{found.name}: {found.state}")
