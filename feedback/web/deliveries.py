"""Deliveries: what went out, what did not and why, what waits for a decision, and the story of one invitation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.core.local_days import day_of
from feedback.errors import NotFound, Rejected
from feedback.services import audit, deliveries, holds, invitations, outbox
from feedback.web import addresses, delivery_tables, delivery_words, files, reasons
from feedback.web.language import say
from feedback.web.permissions import Permission, allows, demand, may, viewer
from feedback.web.routes import get, post, room
from feedback.web.seeing import note_seen
from feedback.web.tables import Table

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def _(message: str) -> str:
    return message


WHOLE = Permission.MANAGE_DELIVERIES
"""Who may see addresses unmasked."""
PERIODS = (7, 14, 30)
"""Days that can be asked for: the messages of these are counted anew each time."""
TRAYS = {
    "doubt": _("Unconfirmed"),
    "lost": _("Failed"),
    "waiting": _("Waiting"),
    "cancelled": _("Cancelled"),
    "all": _("All"),
}


def blueprint(runtime: Runtime) -> Blueprint:
    views = Deliveries(runtime)
    return room(
        "deliveries",
        get("/", views.index),
        get("/messages", views.messages),
        get("/invitation/<int:invitation_id>", views.invitation),
        post("/invitation/<int:invitation_id>/withdraw", views.withdraw),
        post("/holds", views.lift),
        post("/messages/<int:message_id>", views.settle),
    )


class Deliveries:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.library = runtime.library
        self.settings = runtime.settings

    @may(Permission.SEE_DELIVERIES)
    def index(self) -> ResponseReturnValue:
        days = request.args.get("days", type=int)
        days = days if days in PERIODS else PERIODS[0]
        with self.database.reading() as session:
            figures = deliveries.figures(session, self.settings, clock.now(), days)
            tables = self._tables(figures)
            if wanted := request.args.get("export"):
                return self._export(tables, wanted)
            return render_template(
                "deliveries/index.html",
                figures=figures,
                tables=tables,
                may_export=allows(Permission.EXPORT),
                holds=holds.in_force(session),
                doubtful=deliveries.messages(session, viewer(), "doubt"),
                not_asked=deliveries.not_asked(session, viewer()),
                stage=self._stage,
                days=days,
                days_of=str(self.database.zone),
                periods=PERIODS,
                price=self.settings.twilio.cost_per_segment,
                currency=self.settings.organisation.currency,
                address=addresses.for_whom(WHOLE),
                country=country_name,
                words=delivery_words,
            )

    def _tables(self, figures: deliveries.Figures) -> Mapping[str, Table]:
        price, currency = self.settings.twilio.cost_per_segment, self.settings.organisation.currency
        lost, called_off = self._by_reason(figures.lost), self._by_reason(figures.called_off)
        found = [
            delivery_tables.days(say(), figures.days, price=price, currency=currency),
            *delivery_tables.reasons(say(), lost, called_off, self._by_stage(figures.skipped)),
        ]
        return {table.key: table for table in found}

    def _export(self, tables: Mapping[str, Table], wanted: str) -> ResponseReturnValue:
        """A table as a file; who took it is written down."""
        demand(Permission.EXPORT)
        key, _dot, kind = wanted.rpartition(".")
        files.known(kind)
        if key not in tables:
            raise NotFound("Table not found.")
        now = clock.now()
        with self.database.writing() as session:
            detail = {"table": key, "file": kind}
            audit.record(session, "exported", "deliveries", None, by=current_user.id, now=now, **detail)
        return files.download(tables[key], kind, f"deliveries-{key}-{day_of(now, self.database.zone)}")

    @may(Permission.SEE_DELIVERIES)
    def messages(self) -> ResponseReturnValue:
        tray = request.args.get("tray", "all")
        tray = tray if tray in TRAYS else "all"
        with self.database.reading() as session:
            found = deliveries.messages(
                session, viewer(), None if tray == "all" else tray, request.args.get("before", type=int)
            )
        return render_template(
            "deliveries/messages.html",
            rows=found,
            tray=tray,
            trays=TRAYS,
            older=found[-1][0].id if len(found) == deliveries.AT_ONCE else None,
            address=addresses.for_whom(WHOLE),
            words=delivery_words,
        )

    @may(Permission.SEE_DELIVERIES)
    def invitation(self, invitation_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            story = deliveries.story(session, invitation_id, viewer())
        note_seen(self.database, "invitation", invitation_id)
        asked = self.library.of(story.invitation.version)
        return render_template(
            "deliveries/invitation.html",
            story=story,
            questionnaire=asked.title.to(say().language),
            stage=self._stage(story.invitation.stage),
            told=self._told,
            address=addresses.for_whom(WHOLE),
            words=delivery_words,
            reasons=reasons,
            open_to_answers=story.invitation.state in invitations.WAITING,
        )

    @may(Permission.MANAGE_DELIVERIES)
    def withdraw(self, invitation_id: int) -> ResponseReturnValue:
        now = clock.now()
        with self.database.writing() as session:
            done = invitations.withdraw(session, invitation_id, now)
            if done:
                audit.record(session, "withdrawn", "invitation", invitation_id, by=current_user.id, now=now)
        if done:
            flash(
                say().gettext("Survey withdrawn. Anyone who opens its link sees that it was withdrawn."),
                "success",
            )
        else:
            flash(say().gettext("Nothing to withdraw: this survey was answered or has ended."), "error")
        return redirect(url_for("deliveries.invitation", invitation_id=invitation_id), 303)

    @may(Permission.MANAGE_DELIVERIES)
    def lift(self) -> ResponseReturnValue:
        channel, country, now = request.form.get("channel", ""), request.form.get("country", ""), clock.now()
        with self.database.writing() as session:
            lifted = holds.lift(session, channel, current_user.id, now, country)
            if lifted:
                detail = {"channel": channel, "country": country}
                audit.record(session, "lifted", "channel_hold", None, by=current_user.id, now=now, **detail)
        if lifted:
            flash(say().gettext("Channel released. Sending resumes."), "success")
        return redirect(url_for("deliveries.index"), 303)

    @may(Permission.MANAGE_DELIVERIES)
    def settle(self, message_id: int) -> ResponseReturnValue:
        verdict, now = request.form.get("verdict", ""), clock.now()
        if verdict not in ("arrived", "lost"):
            raise Rejected("Choose whether the message was delivered.")
        act = outbox.settle_by_hand if verdict == "arrived" else outbox.resend
        with self.database.writing() as session:
            done = act(session, message_id, now)
            if done:
                audit.record(session, verdict, "message", message_id, by=current_user.id, now=now)
        if not done:
            flash(say().gettext("Nothing to decide: this message is no longer unconfirmed."), "error")
        elif verdict == "arrived":
            flash(say().gettext("Marked as sent."), "success")
        else:
            flash(say().gettext("Sending it again."), "success")
        return redirect(url_for("deliveries.index"), 303)

    def _told(self, step: deliveries.Step) -> str:
        return delivery_words.sentence(say(), step, self.library.journey)

    def _stage(self, key: str) -> str:
        found = self.library.journey.stage(key)
        return found.title.to(say().language) if found else key

    def _by_reason(self, counted: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int]]:
        """(channel, reason, number) in words."""
        in_words = delivery_words
        return [
            (in_words.channel(say(), c), in_words.reason(say(), why), n) for (c, why), n in counted.items()
        ]

    def _by_stage(self, counted: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int]]:
        return [(self._stage(key), delivery_words.reason(say(), why), n) for (key, why), n in counted.items()]


def country_name(code: str) -> str:
    """A country in the reader's language."""
    return str(say().locale.territories.get(code, code))
