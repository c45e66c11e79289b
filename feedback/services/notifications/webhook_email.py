"""Tells admins by e-mail of webhooks to which nothing is sent any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from feedback.i18n import Translator
from feedback.services.context import Context
from feedback.services.messaging import provider_holds
from feedback.services.notifications import staff_email
from feedback.services.staff.accounts import RoleName
from feedback.services.staff.readers import translator_for
from feedback.settings import Settings
from feedback.store.models import Role, User, WebhookEndpoint

PURPOSE = "webhook"


def tell_of_disabled(session: Session, context: Context, now: datetime) -> int:
    """Tell every admin once of each webhook that was disabled. Returns the number of messages.

    While no provider for e-mail can be used, the notice stays due.
    """
    disabled = session.scalars(_not_told_of()).all()
    if not disabled:
        return 0
    closed = {each.provider for each in provider_holds.in_force(session)}
    usable = {key: provider for key, provider in context.providers.items() if key not in closed}
    if not any(provider.channel == "email" for provider in usable.values()):
        return 0
    told = 0
    for endpoint in disabled:
        for admin in session.scalars(_admins()):
            subject, body = _about(translator_for(admin, context.settings), endpoint, context.settings)
            staff_email.tell(session, admin, subject, body, providers=usable, now=now, purpose=PURPOSE)
            told += 1
        endpoint.notice_due = False
    return told


def _not_told_of() -> Select[WebhookEndpoint]:
    wanted = select(WebhookEndpoint).where(WebhookEndpoint.notice_due.is_(True))
    return wanted.order_by(WebhookEndpoint.id).with_for_update(skip_locked=True)


def _admins() -> Select[User]:
    is_admin = User.roles.any(Role.name == RoleName.ADMIN)
    return select(User).where(User.active, is_admin).order_by(User.id)


def _about(say: Translator, endpoint: WebhookEndpoint, settings: Settings) -> tuple[str, str]:
    subject = say.gettext("The webhook {name} was disabled", name=endpoint.name)
    cause = say.gettext(
        "Its receiver answered nothing but errors for three days, or said that it is gone for good."
    )
    waiting = say.gettext(
        "Events wait for up to 30 days. Repair the receiver, then resume the webhook on this page:"
    )
    page = f"{settings.web.public_url.rstrip('/')}/webhooks/{endpoint.id}"
    return subject, "\n\n".join([subject, cause, f"{waiting}\n{page}"])
