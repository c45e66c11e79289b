"""E-mails to staff about their own account: reset links, changes of how they sign in, and limits that are reached.

Reset links and limits come as notices (`services.staff.attempts.note`), which are the same for known and unknown
addresses; the worker turns them into e-mails here. Somebody who asks on the sign-in page therefore cannot tell by the
time of the answer whether an account exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import structlog
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.i18n import Translator, _
from feedback.services import audit
from feedback.services.context import Context
from feedback.services.notifications import staff_email
from feedback.services.staff import attempts
from feedback.services.staff.accounts import RoleName
from feedback.services.staff.readers import translator_for
from feedback.settings import Settings
from feedback.store.models import AccountNotice, Message, Role, User

log = structlog.get_logger()

RESET_SALT = "reset-salt"
"""The sign-in extension's name for reset links (SECURITY_RESET_SALT); it reads what is signed here."""


class Change(StrEnum):
    """A change of how somebody signs in."""

    PASSWORD = "password"  # noqa: S105 - the name of a change
    SECOND_STEP_ON = "second step on"
    SECOND_STEP_OFF = "second step off"
    PASSKEY_ADDED = "passkey added"
    PASSKEY_REMOVED = "passkey removed"
    RECOVERY_CODES = "recovery codes"


CHANGED: Mapping[Change, tuple[str, str]] = {
    Change.PASSWORD: (_("Your password was changed"), _("The password of your account was changed.")),
    Change.SECOND_STEP_ON: (
        _("Two-step sign-in was turned on"),
        _("An authenticator app was set up for your account."),
    ),
    Change.SECOND_STEP_OFF: (
        _("Two-step sign-in was turned off"),
        _("Your account no longer asks for a code from an authenticator app."),
    ),
    Change.PASSKEY_ADDED: (_("A passkey was added"), _("A passkey was added to your account.")),
    Change.PASSKEY_REMOVED: (_("A passkey was removed"), _("A passkey was removed from your account.")),
    Change.RECOVERY_CODES: (
        _("New recovery codes were generated"),
        _("New recovery codes were generated for your account. The old ones no longer work."),
    ),
}
"""Change -> (subject, sentence)."""

BY_PASSWORD = _(
    "{inviter} has invited you to work on the customer feedback of {organisation}. Choose a password here, with this "
    "e-mail address:"
)
BY_COMPANY = _(
    "{inviter} has invited you to work on the customer feedback of {organisation}. Sign in here with the account of "
    "your company:"
)
"""What an invitation says."""

LIMITS: Mapping[str, str] = {
    attempts.PASSWORDS.kind: _(
        "A wrong password was entered for your account 20 times within an hour. We refuse more passwords for up to an "
        "hour: on all unknown devices if it happened on one, else only on that device. You can still sign in on other "
        "devices that you have used before. If it wasn't you, your password has not been guessed."
    ),
    attempts.CODES.kind: _(
        "Somebody who has your password entered a wrong code for your account 10 times within an hour. We refuse more "
        "codes for up to an hour. If it wasn't you, choose a new password now:"
    ),
    attempts.RESETS.kind: _(
        "Somebody asked 3 times within an hour for a link to reset your password. We send no more links for up to an "
        "hour. The newest link that you have received still works."
    ),
}
"""Kind of a limit -> what its e-mail says."""


def is_due(session: Session) -> bool:
    """Whether a notice is waiting."""
    return session.scalar(select(AccountNotice.id).limit(1)) is not None


def send_due(session: Session, context: Context, now: datetime) -> int:
    """Write the e-mails that the waiting notices ask for, and delete the notices. Returns the number of e-mails."""
    notices = session.scalars(
        select(AccountNotice).order_by(AccountNotice.id).with_for_update(skip_locked=True)
    ).all()
    if not notices:
        return 0
    salt = context.settings.web.password_salt.reveal()
    owners = {
        attempts.account_digest(salt, user.email): user
        for user in session.scalars(select(User).where(User.active))
    }
    sent = 0
    for notice in notices:
        if owner := owners.get(notice.account):
            sent += _answer(session, owner, notice.kind, context, now)
        session.delete(notice)
    return sent


def tell_of_change(session: Session, user: User, change: Change, context: Context, now: datetime) -> None:
    """Queue the e-mail about a change of how the user signs in."""
    say = translator_for(user, context.settings)
    subject, sentence = CHANGED[change]
    advice = say.gettext("If it wasn't you, choose a new password now and tell an admin:")
    text = [say.gettext(sentence), f"{advice}\n{_forgot(context.settings)}"]
    _send(session, user, say.gettext(subject), _letter(say, user, text), context, now)


def invite(session: Session, user: User, inviter: str, context: Context, now: datetime) -> bool:
    """Queue the e-mail that invites a new user. False if no provider for e-mail is enabled.

    It leads to the page that sends a link for a password, because that link works for two hours only; or to the
    sign-in, if people have no passwords.
    """
    say, name = translator_for(user, context.settings), context.settings.organisation.name or "Feedback"
    subject = say.gettext("Invitation to the feedback of {organisation}", organisation=name)
    if context.settings.sso.refuses_passwords:
        text, page = BY_COMPANY, f"{_site(context.settings)}/login"
    else:
        text, page = BY_PASSWORD, _forgot(context.settings)
    asked = [f"{say.gettext(text, inviter=inviter, organisation=name)}\n{page}"]
    return _send(session, user, subject, _letter(say, user, asked), context, now)


def tell_of_emergency(session: Session, user: User, network: str, context: Context, now: datetime) -> int:
    """Queue an e-mail to all admins about a sign-in to the emergency account. Returns the number of e-mails."""
    admins = select(User).where(User.active, User.roles.any(Role.name == RoleName.ADMIN)).order_by(User.id)
    sent = 0
    for admin in session.scalars(admins).all():
        say = translator_for(admin, context.settings)
        subject = say.gettext("Sign-in to the emergency account")
        told = say.gettext(
            "Somebody signed in to the emergency account {email} without your company's sign-in, from the network "
            "{network}. The account is meant for the time when that sign-in does not work. If nobody of you did this, "
            "sign the account out on the Team page and change its password:",
            email=user.email,
            network=network,
        )
        text = [f"{told}\n{_site(context.settings)}/account/staff"]
        sent += _send(session, admin, subject, _letter(say, admin, text), context, now)
    return sent


def _answer(session: Session, user: User, kind: str, context: Context, now: datetime) -> bool:
    """Answer one notice; True if an e-mail was queued."""
    say = translator_for(user, context.settings)
    if kind == attempts.RESET:
        audit.record(session, "reset requested", "user", user.id, by=None, now=now)
        subject, text = say.gettext("Choose a new password"), _reset(say, user, context.settings)
        body = _letter(say, user, text)
        return _told(
            user, staff_email.tell_secret(session, user, subject, body, providers=context.providers, now=now)
        )
    audit.record(session, "limit reached", "user", user.id, by=None, now=now, kind=kind)
    if attempts.count(session, attempts.LETTERS, f"{user.id} {kind}", _salt(context.settings), now) > 1:
        return False  # they know since today's first e-mail
    subject = say.gettext("Too many attempts to sign in")
    text = [say.gettext(LIMITS[kind]), *([_forgot(context.settings)] if kind == attempts.CODES.kind else [])]
    return _send(session, user, subject, _letter(say, user, text), context, now)


def _reset(say: Translator, user: User, settings: Settings) -> list[str]:
    link = f"{_site(settings)}/reset/{reset_token(user, settings)}"
    asked = say.gettext("We received a request to reset your password. Choose a new one here:")
    rest = say.gettext(
        "The link works for two hours. If you did not ask for it, ignore this e-mail: your password stays the same."
    )
    return [asked, link, rest]


def reset_token(user: User, settings: Settings) -> str:
    """The signed part of a reset link, in the form that the sign-in extension reads. It works until the user's
    `fs_uniquifier` changes, so once, and for two hours."""
    serializer = URLSafeTimedSerializer(settings.web.secret_key.reveal(), salt=RESET_SALT)
    token = serializer.dumps([user.fs_uniquifier])
    return token if isinstance(token, str) else token.decode()


def _letter(say: Translator, user: User, text: list[str]) -> str:
    return "\n\n".join([say.gettext("Hello {name},", name=user.name), *text])


def _send(session: Session, user: User, subject: str, body: str, context: Context, now: datetime) -> bool:
    return _told(user, staff_email.tell(session, user, subject, body, providers=context.providers, now=now))


def _told(user: User, queued: Message | None) -> bool:
    if queued is None:
        log.error("no_email_channel", user_id=user.id)
    return queued is not None


def _forgot(settings: Settings) -> str:
    return f"{_site(settings)}/reset"


def _site(settings: Settings) -> str:
    return settings.web.public_url.rstrip("/")


def _salt(settings: Settings) -> str:
    return settings.web.password_salt.reveal()
