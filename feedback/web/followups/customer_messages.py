"""The page on which somebody writes to the customer of a follow-up, with a preview of what will be sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.contact.policy import has_zone
from feedback.core.followup import State
from feedback.core.text.localized import direction_of, is_blank
from feedback.core.text.message import segments
from feedback.errors import Conflict, Rejected
from feedback.providers import terms_of
from feedback.services.followups import customer_messages, customer_replies, message_templates, workflow
from feedback.services.followups.customer_messages import CustomerChannel, CustomerLetter
from feedback.services.followups.message_templates import MessageTemplate
from feedback.services.followups.naming import name_of
from feedback.store.models import FollowUp, User
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, may, viewer
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import whole
from feedback.web.layout.navigation import is_fragment
from feedback.web.wording import customer_message_wording, followup_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

LONGEST = workflow.LONGEST_NOTE
"""Characters of a message that the page keeps while it is written."""


class CustomerMessages:
    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.database = runtime.database
        self.settings = runtime.settings

    @may(Permission.WORK_FOLLOW_UPS)
    def write_to_customer(self, task_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            task = workflow.find(session, task_id, viewer())
            if task.state == State.CLOSED:
                raise Conflict("This follow-up is closed: reopen it first.")
            page = self._page(session, task, clock.now())
        note_seen(self.database, "follow_up", task_id)
        return page

    @may(Permission.WORK_FOLLOW_UPS)
    def send_to_customer(self, task_id: int) -> ResponseReturnValue:
        """Send what was written; with another button, show its preview or begin with another text."""
        if request.form.get("action") != "send":
            with self.database.reading() as session:
                return self._page(session, workflow.find(session, task_id, viewer()), clock.now())
        now = clock.now()
        try:
            with self.database.writing() as session:
                message = customer_messages.send(session, task_id, _letter(), viewer(), self.runtime, now)
                waits_until = message.due_at if message.due_at > now else None
        except (Conflict, Rejected) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            with self.database.reading() as session:
                task = workflow.find(session, task_id, viewer())
                return self._page(session, task, now, refused=str(refused)), status
        told = say().gettext("Your message is on its way.")
        if waits_until is not None:
            when = say().moment(waits_until, zone())
            told = say().gettext("Your message will be sent on {when}.", when=when)
        flash(told, "success")
        return redirect(url_for("desk.show", task_id=task_id), 303)

    @may(Permission.WORK_FOLLOW_UPS)
    def read_replies(self, task_id: int) -> ResponseReturnValue:
        """Mark the customer's replies in this follow-up as read."""
        with self.database.writing() as session:
            workflow.find(session, task_id, viewer())
            customer_replies.mark_read(session, task_id, viewer(), clock.now())
        return redirect(url_for("desk.show", task_id=task_id), 303)

    def _page(self, session: Session, task: FollowUp, now: datetime, refused: str = "") -> str:
        channels = customer_messages.channels(session, task.contact, self.runtime, now)
        channel = _chosen(channels)
        author = session.get_one(User, current_user.id)
        offered = (
            message_templates.offered(task, channel.channel, author, self.runtime, say()) if channel else []
        )
        thread = customer_messages.thread(session, task)
        letter = _written(channel.channel if channel else "email", offered, follows=bool(thread.messages))
        return render_template(
            "followups/_message_preview.html" if is_fragment() else "followups/write.html",
            task=task,
            name=name_of(task, say().language),
            channels=channels,
            channel=channel,
            letter=letter,
            templates=offered,
            thread=thread,
            message_state=customer_message_wording.state,
            why_closed=customer_message_wording.why_closed,
            reasons=followup_wording,
            refused=say().gettext(refused) if refused else "",
            leaves_now=channel is not None and channel.leaves_now(now),
            there=_zone_there(task),
            language=message_templates.language_of(task, self.settings),
            direction_of=direction_of,
            **self._preview(task, channel, letter, author),
        )

    def _preview(
        self, task: FollowUp, channel: CustomerChannel | None, letter: CustomerLetter, author: User
    ) -> dict[str, Any]:
        """What the customer will see, and what it costs."""
        language = message_templates.language_of(task, self.settings)
        if channel is None or channel.obstacle is not None:
            return {"composed": None}
        composed = customer_messages.composed(letter, language)
        price = terms_of(channel.provider, self.settings).cost_per_segment
        counted = segments(composed.body)
        return {
            "composed": composed,
            "counted": counted,
            "cost": price * counted.count,
            "currency": self.settings.organisation.currency,
            "sender": customer_messages.sender(channel, author, self.settings)
            or terms_of(channel.provider, self.settings).sender,
            "answers_to": "" if self.settings.smtp.read_replies else author.email,
            "can_reply": channel.channel == "email"
            or terms_of(channel.provider, self.settings).can_reply(channel.country),
            "too_long": channel.channel == "sms" and counted.count > customer_messages.MOST_SEGMENTS,
        }


def _zone_there(task: FollowUp) -> ZoneInfo | None:
    """The time zone of the customer, if it is known and differs from the reader's."""
    own = task.contact.time_zone if task.contact else None
    return ZoneInfo(own) if own and has_zone(own) and own != str(zone()) else None


def _chosen(channels: list[CustomerChannel]) -> CustomerChannel | None:
    """The channel of the request, else the first open one, else the first."""
    wanted = request.values.get("channel", "")
    named = next((each for each in channels if each.channel == wanted), None)
    return named or next((each for each in channels if each.obstacle is None), next(iter(channels), None))


def _letter() -> CustomerLetter:
    form = request.form
    return CustomerLetter(
        channel=form.get("channel", ""),
        body=_lines(form.get("body", "")),
        subject=form.get("subject", ""),
        waits=form.get("waits") == "1",
        revision=form.get("revision", 0, type=whole),
    )


def _written(channel: str, offered: list[MessageTemplate], *, follows: bool) -> CustomerLetter:
    """What stands in the form: what was typed, or a text to begin with.

    A chosen text replaces what was typed only if that is an unchanged text; otherwise it is put below, so nothing that
    was typed is lost.
    """
    body, subject = _lines(request.form.get("body", "")), request.form.get("subject", "")[: 2 * LONGEST]
    wanted = request.values.get("template", "")
    template = next((each for each in offered if each.key == wanted), None)
    if template is None and request.method == "GET" and not follows:
        template = next(iter(offered), None)
    if template is None:
        return CustomerLetter(channel, body, subject)
    untouched = is_blank(body) or any(body.strip() == each.body for each in offered)
    told = template.body if untouched else f"{body.rstrip()}\n\n{template.body}"
    return CustomerLetter(channel, told, template.subject if untouched or is_blank(subject) else subject)


def _lines(text: str) -> str:
    """Browsers send line breaks as CR LF, which would count twice in an SMS."""
    return text[: 2 * LONGEST].replace("\r\n", "\n").replace("\r", "\n")
