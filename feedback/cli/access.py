"""Commands for access: staff accounts and API keys."""

from __future__ import annotations

from typing import Any

import click

from feedback.cli.frame import main, the_runtime


@main.group()
def key() -> None:
    """Manage the keys of the HTTP API."""


@key.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="What it may do; repeat for several.  [default: store customers, events and usage]",
)
@click.option("--owner", metavar="EMAIL", help="A user; the key may do no more than they.  [default: none]")
@click.option("--days", type=click.IntRange(1, 3_650), help="Days until it expires.  [default: never]")
def key_create(name: str, scopes: tuple[str, ...], owner: str | None, days: int | None) -> None:
    """Create a key for the program NAME. It is shown only once.

    Without an owner, the key belongs to the installation and sees every account. SCOPE is, for example,
    responses.read; docs/api.md lists them.
    """
    from datetime import timedelta

    from feedback import clock
    from feedback.errors import NotFound
    from feedback.services.staff import accounts, api_keys

    runtime, now = the_runtime(library=False), clock.now()
    with runtime.database.writing() as session:
        person = accounts.by_email(session, owner) if owner else None
        if owner and person is None:
            raise NotFound(f"There is no user with the address {owner}.")
        grant = api_keys.Grant(
            scopes or api_keys.AS_BEFORE,
            person.id if person else None,
            now + timedelta(days=days) if days else None,
        )
        _, text = api_keys.create(session, name, by=None, now=now, grant=grant)
    click.echo(text)
    click.secho("Copy the key now: it cannot be shown again.", fg="yellow", err=True)


@key.command("list")
def key_list() -> None:
    """List the keys, without their text: state, last use, owner, name and scopes."""
    from feedback import clock
    from feedback.services.staff import api_keys

    runtime, now = the_runtime(library=False), clock.now()
    with runtime.database.reading() as session:
        for each in api_keys.everything(session):
            state = "valid"
            if each.revoked_at:
                state = f"revoked {each.revoked_at:%Y-%m-%d}"
            elif each.expires_at:
                said = "expired" if each.expires_at <= now else "until"
                state = f"{said} {each.expires_at:%Y-%m-%d}"
            used = f"used {each.last_used_at:%Y-%m-%d}" if each.last_used_at else "never used"
            owner = each.owner.email if each.owner else "no owner"
            click.echo(f"{each.id:>5}  {each.prefix}...  {state:<20} {used:<16} {owner}  {each.name}")
            click.echo(f"       {' '.join(each.scopes)}")


@key.command("revoke")
@click.argument("key_id", type=int)
def key_revoke(key_id: int) -> None:
    """Revoke a key immediately."""
    from feedback import clock
    from feedback.services.staff import api_keys

    runtime = the_runtime(library=False)
    with runtime.database.writing() as session:
        api_keys.revoke(session, key_id, by=None, now=clock.now())
    click.echo(f"Key {key_id} was revoked.")


@main.group()
def user() -> None:
    """Manage staff accounts."""


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
    """Add a staff account."""
    from feedback import clock
    from feedback.services.staff import accounts

    runtime = the_runtime(library=False)
    with runtime.database.writing() as session:
        new = accounts.NewUser(
            email=email,
            name=name or email.partition("@")[0],
            roles=roles,
            password=password,
            language=language,
            time_zone=time_zone,
        )
        accounts.add_user(session, new, clock.now(), salt=runtime.settings.web.password_salt.reveal())
    address = runtime.settings.web.public_url
    where = f"at {address}/login" if address else "when web.public_url is set and the server runs"
    click.echo(f"{email} can sign in {where}. Roles: {', '.join(roles)}.")


def _parsed(option: str, kind: Any, written: str) -> Any:
    """Parse an option in the way that a setting of this type is parsed."""
    from feedback.settings.values import parse

    try:
        return parse(kind, written)
    except ValueError as error:
        raise click.BadParameter(f"{written!r} {error}.", param_hint=option) from None


@user.command("hours")
@click.argument("email")
@click.option("--days", help="Working days, such as sat,sun,mon,tue,wed.")
@click.option("--from", "opens", help="Start of work in their time zone, such as 08:00.")
@click.option("--to", "closes", help="End of work; 00:00 is the end of the day.")
@click.option("--holidays", help="Name of one of followup.holiday_calendars; empty for followup.holidays.")
@click.option("--time-zone", help="IANA name, such as Asia/Tehran.")
@click.option("--usual", is_flag=True, help="Reset days, hours and holidays to the installation's.")
def user_hours(
    email: str,
    days: str | None,
    opens: str | None,
    closes: str | None,
    holidays: str | None,
    time_zone: str | None,
    usual: bool,
) -> None:
    """Set the working hours of EMAIL, which due dates depend on. Options that you leave out change nothing."""
    from dataclasses import replace
    from datetime import time
    from zoneinfo import ZoneInfo

    from feedback import clock
    from feedback.errors import NotFound
    from feedback.services.staff import accounts, business_hours
    from feedback.settings import Weekday

    runtime = the_runtime(library=False)
    followup = runtime.settings.followup
    with runtime.database.writing() as session:
        person = accounts.by_email(session, email)
        if person is None:
            raise NotFound(f"There is no user with the address {email}.")
        hours = business_hours.usual_hours(followup) if usual else business_hours.hours_of(person, followup)
        if days is not None:
            hours = replace(hours, days=frozenset(_parsed("--days", tuple[Weekday, ...], days)))
        if opens is not None:
            hours = replace(hours, opens=_parsed("--from", time, opens))
        if closes is not None:
            hours = replace(hours, closes=_parsed("--to", time, closes))
        if holidays is not None:
            hours = replace(hours, holidays=holidays)
        if time_zone is not None:
            person.time_zone = _parsed("--time-zone", ZoneInfo, time_zone).key
        business_hours.set_hours(session, person, hours, followup, by=None, now=clock.now())
        zone = person.time_zone or (followup.time_zone.key if followup.time_zone else "UTC")
    told = ", ".join(Weekday(day).name.lower() for day in sorted(hours.days))
    click.echo(f"{email} works {told}, {hours.opens:%H:%M} to {hours.closes:%H:%M} ({zone}).")
