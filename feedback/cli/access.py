"""Who may come in: members of staff, and programs with a key."""

from __future__ import annotations

import click

from feedback.cli.frame import main, the_runtime


@main.group()
def key() -> None:
    """Keys for the HTTP API."""


@key.command("create")
@click.argument("name")
def key_create(name: str) -> None:
    """Make a key for the program NAME. It is shown once."""
    from feedback import clock
    from feedback.services import api_keys

    runtime = the_runtime()
    with runtime.database.writing() as session:
        _, text = api_keys.create(session, name, by=None, now=clock.now())
    click.echo(text)
    click.secho("Keep it now: it cannot be shown again.", fg="yellow", err=True)


@key.command("list")
def key_list() -> None:
    """Show the keys, without their text."""
    from feedback.services import api_keys

    runtime = the_runtime()
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

    runtime = the_runtime()
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

    runtime = the_runtime()
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
