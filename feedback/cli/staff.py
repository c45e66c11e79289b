"""Commands for staff accounts that exist: what the Staff page does, for when nobody can sign in there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from feedback.cli.access import user
from feedback.cli.frame import the_runtime

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from feedback.store.models import User

Change = Callable[["Session", "User", datetime], None]


@user.command("list")
def user_list() -> None:
    """List the staff: state, roles, second factor and last sign-in."""
    from feedback.services.staff import accounts, second_factor_reset

    with the_runtime(library=False).database.reading() as session:
        for person in accounts.everybody(session):
            roles = " ".join(sorted(role.name for role in person.roles)) or "no role"
            factor = "second factor" if second_factor_reset.has_second_factor(person) else "password only"
            seen = person.current_login_at or person.last_login_at
            last = f"signed in {seen:%Y-%m-%d}" if seen else "never signed in"
            state = "active" if person.active else "disabled"
            click.echo(f"{state:<8}  {person.email}  {roles}  {factor}  {last}  {person.name}")


@user.command("disable")
@click.argument("email")
def user_disable(email: str) -> None:
    """Disable the account of EMAIL and sign it out everywhere, with immediate effect."""
    _set_active(email, active=False)
    click.echo(f"{email} was disabled and signed out everywhere.")


@user.command("enable")
@click.argument("email")
def user_enable(email: str) -> None:
    """Enable the account of EMAIL again, with the password and the roles that it had."""
    _set_active(email, active=True)
    click.echo(f"{email} can sign in again.")


@user.command("role")
@click.argument("email")
@click.argument(
    "roles", nargs=-1, required=True, metavar="ROLE...", type=click.Choice(["admin", "lead", "csm", "viewer"])
)
def user_role(email: str, roles: tuple[str, ...]) -> None:
    """Give EMAIL these roles instead of those that it has: admin, lead, csm or viewer."""
    from feedback.services.staff import accounts

    def change(session: Session, person: User, now: datetime) -> None:
        accounts.set_roles(session, person, roles, by=None, now=now)

    _change(email, change)
    click.echo(f"{email} has the roles: {', '.join(sorted(roles))}.")


@user.command("reset-mfa")
@click.argument("email")
def user_reset_mfa(email: str) -> None:
    """Remove the second factor of EMAIL, who has lost it: authenticator app, passkeys and recovery codes.

    The account is signed out everywhere. Be sure that it is really its owner who asks.
    """
    from feedback.services.staff import second_factor_reset

    def change(session: Session, person: User, now: datetime) -> None:
        second_factor_reset.reset(session, person, by=None, now=now)

    _change(email, change)
    click.echo(f"{email} was signed out everywhere, and signs in with the password alone.")


@user.command("sign-out")
@click.argument("email")
def user_sign_out(email: str) -> None:
    """Sign EMAIL out on every device."""
    from feedback.services.staff import accounts

    def change(session: Session, person: User, now: datetime) -> None:
        accounts.revoke_sessions(session, person, by=None, now=now)

    _change(email, change)
    click.echo(f"{email} was signed out everywhere.")


def _set_active(email: str, *, active: bool) -> None:
    from feedback.services.staff import accounts

    def change(session: Session, person: User, now: datetime) -> None:
        accounts.set_active(session, person, active, by=None, now=now)

    _change(email, change)


def _change(email: str, change: Change) -> None:
    """Change one account in a transaction. Raises NotFound for an address that nobody has."""
    from feedback import clock
    from feedback.errors import NotFound
    from feedback.services.staff import accounts

    with the_runtime(library=False).database.writing() as session:
        person = accounts.by_email(session, email)
        if person is None:
            raise NotFound(f"There is no user with the address {email}.")
        change(session, person, clock.now())
