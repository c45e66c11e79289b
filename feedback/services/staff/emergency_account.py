"""Whether somebody could sign in if the provider of the single sign-on did not work."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from feedback.services.staff import accounts, second_factor_reset
from feedback.services.staff.accounts import RoleName
from feedback.settings import Problem, Settings

_SETTING = ("sso.emergency_account",)


def problems(session: Session, settings: Settings) -> Iterator[Problem]:
    """Problem F086 if the emergency account cannot be used, F087 if a password alone opens it, F088 if nobody could get
    a role at the first sign-in."""
    sso = settings.sso
    if sso.refuses_passwords:
        user = accounts.by_email(session, sso.emergency_account)
        is_admin = user is not None and any(role.name == RoleName.ADMIN for role in user.roles)
        if user is None or not user.active or not is_admin or not user.password:
            yield Problem(
                "F086",
                f"{sso.emergency_account} is no active admin with a password, but passwords are switched off.",
                "If the provider fails, nobody can sign in. Name another account in sso.emergency_account.",
                settings=_SETTING,
            )
        elif not second_factor_reset.has_second_factor(user):
            yield Problem(
                "F087",
                f"The emergency account {sso.emergency_account} has no second factor.",
                "Set one up: it is the only account that a password opens.",
                "warning",
                _SETTING,
            )
    if sso.is_on and sso.new_accounts == "made" and not sso.roles and sso.other_role == "none":
        yield Problem(
            "F088",
            "Nobody can get an account at the first sign-in, because there is no role for it.",
            "Set sso.roles or sso.other_role.",
            "warning",
            ("sso.other_role", "sso.roles"),
        )
