"""The Deliveries page: figures, messages, decisions on messages in doubt, and the timeline of an invitation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user

from feedback import clock
from feedback.core.journey import Journey
from feedback.core.lifecycle import INVITATION_NOT_BEGUN
from feedback.core.time.local_days import day_of
from feedback.errors import NotFound, Rejected
from feedback.i18n import _
from feedback.providers import sms_terms
from feedback.services import audit
from feedback.services.journey import invitations, stages, waiting
from feedback.services.messaging import history, outbox, provider_holds
from feedback.store.models import Enrolment
from feedback.web.auth.access_log import note_seen
from feedback.web.auth.permissions import Permission, allows, demand, may, viewer
from feedback.web.export import download
from feedback.web.export.tables import Table
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.http.routes import blueprint_of, get, post
from feedback.web.layout import masking
from feedback.web.messaging import tables
from feedback.web.wording import followup_wording, message_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


WHOLE = Permission.MANAGE_DELIVERIES
"""The permission to see unmasked addresses."""
PERIODS = (7, 14, 30)
"""The periods in days that can be chosen; their messages are counted on each request."""
TRAYS = {
    "doubt": _("Unconfirmed"),
    "lost": _("Failed"),
    "waiting": _("Waiting"),
    "cancelled": _("Cancelled"),
    "all": _("All"),
}


def blueprint(runtime: Runtime) -> Blueprint:
    views = Deliveries(runtime)
    return blueprint_of(
        "deliveries",
        get("/", views.index),
        get("/messages", views.messages),
        get("/invitation/<int:invitation_id>", views.invitation),
        post("/invitation/<int:invitation_id>/withdraw", views.withdraw),
        post("/holds", views.lift),
        post("/messages/<int:message_id>", views.settle),
        post("/held", views.settle_held),
    )


class Deliveries:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.library = runtime.library
        self.settings = runtime.settings

    @may(Permission.SEE_DELIVERIES)
    def index(self) -> ResponseReturnValue:
        days = request.args.get("days", type=whole)
        days = days if days in PERIODS else PERIODS[0]
        with self.database.reading() as session:
            now = clock.now()
            figures = history.figures(session, self.settings, now, days)
            journey = stages.with_campaigns(session, self.library.journey)
            tables = self._tables(figures, journey)
            if wanted := request.args.get("export"):
                return self._export(tables, wanted)
            return render_template(
                "messaging/index.html",
                figures=figures,
                tables=tables,
                may_export=allows(Permission.EXPORT),
                holds=provider_holds.in_force(session),
                doubtful=history.messages(session, viewer(), "doubt"),
                waiting_groups=waiting.groups(session, self.library, viewer(), now),
                next_ones=waiting.next_ones(session, viewer()),
                held={key: n for key, n in outbox.held(session).items() if n > 1},
                not_asked=history.not_asked(session, viewer()),
                why=partial(_why, journey),
                stage=partial(_stage, journey),
                days=days,
                days_of=self.database.zone,
                periods=PERIODS,
                price=sms_terms(self.settings).cost_per_segment,
                currency=self.settings.organisation.currency,
                address=masking.for_whom(WHOLE),
                country=country_name,
                words=message_wording,
            )

    def _tables(self, figures: history.DeliveryFigures, journey: Journey) -> Mapping[str, Table]:
        price, currency = sms_terms(self.settings).cost_per_segment, self.settings.organisation.currency
        lost, called_off = self._by_reason(figures.lost), self._by_reason(figures.called_off)
        found = [
            tables.days(say(), figures.days, price=price, currency=currency),
            *tables.reasons(say(), lost, called_off, _by_stage(journey, figures.skipped)),
        ]
        return {table.key: table for table in found}

    def _export(self, tables: Mapping[str, Table], wanted: str) -> ResponseReturnValue:
        """A table as a file. The export is recorded in the audit log."""
        demand(Permission.EXPORT)
        key, _dot, kind = wanted.rpartition(".")
        download.known(kind)
        if key not in tables:
            raise NotFound("Table not found.")
        now = clock.now()
        with self.database.writing() as session:
            detail = {"table": key, "file": kind}
            audit.record(session, "exported", "deliveries", None, by=current_user.id, now=now, **detail)
        return download.download(tables[key], kind, f"deliveries-{key}-{day_of(now, self.database.zone)}")

    @may(Permission.SEE_DELIVERIES)
    def messages(self) -> ResponseReturnValue:
        tray = request.args.get("tray", "all")
        tray = tray if tray in TRAYS else "all"
        with self.database.reading() as session:
            found = history.messages(
                session, viewer(), None if tray == "all" else tray, request.args.get("before", type=whole)
            )
        return render_template(
            "messaging/messages.html",
            rows=found,
            tray=tray,
            trays=TRAYS,
            older=found[-1][0].id if len(found) == history.AT_ONCE else None,
            address=masking.for_whom(WHOLE),
            words=message_wording,
        )

    @may(Permission.SEE_DELIVERIES)
    def invitation(self, invitation_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            story = history.story(session, invitation_id, viewer())
            journey = stages.with_campaigns(session, self.library.journey)
        note_seen(self.database, "invitation", invitation_id)
        asked = self.library.questionnaire_of(story.invitation.version)
        return render_template(
            "messaging/invitation.html",
            story=story,
            questionnaire=asked.title.to(say().language),
            stage=_stage(journey, story.invitation.stage),
            told=partial(_told, journey),
            address=masking.for_whom(WHOLE),
            words=message_wording,
            reasons=followup_wording,
            open_to_answers=story.invitation.state in INVITATION_NOT_BEGUN,
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
        provider, country, now = (
            request.form.get("provider", ""),
            request.form.get("country", ""),
            clock.now(),
        )
        with self.database.writing() as session:
            lifted = provider_holds.lift(session, provider, current_user.id, now, country)
            if lifted:
                detail = {"provider": provider, "country": country}
                audit.record(session, "lifted", "provider_hold", None, by=current_user.id, now=now, **detail)
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

    @may(Permission.MANAGE_DELIVERIES)
    def settle_held(self) -> ResponseReturnValue:
        """Decide for all held messages of one provider."""
        provider, verdict, now = (
            request.form.get("provider", ""),
            request.form.get("verdict", ""),
            clock.now(),
        )
        if verdict not in ("arrived", "lost"):
            raise Rejected("Choose whether the message was delivered.")
        decided = 0
        while True:
            with self.database.writing() as session:
                done = outbox.decide_held(session, provider, now, arrived=verdict == "arrived")
                if not done:
                    break
                by = current_user.id
                audit.record(session, verdict, "message", None, by=by, now=now, provider=provider, count=done)
            decided += done
        if not decided:
            flash(say().gettext("Nothing to decide: this message is no longer unconfirmed."), "error")
        elif verdict == "arrived":
            flash(
                say().ngettext("{n} message marked as sent.", "{n} messages marked as sent.", decided),
                "success",
            )
        else:
            flash(
                say().ngettext("Sending {n} message again.", "Sending {n} messages again.", decided),
                "success",
            )
        return redirect(url_for("deliveries.index"), 303)

    def _by_reason(self, counted: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int]]:
        """(provider, reason, number) in words."""
        in_words = message_wording
        return [
            (in_words.provider(say(), key), in_words.reason(say(), why), n)
            for (key, why), n in counted.items()
        ]


def _told(journey: Journey, step: history.StoryStep) -> str:
    return message_wording.sentence(say(), step, journey)


def _why(journey: Journey, enrolment: Enrolment) -> list[str]:
    return message_wording.why(say(), enrolment.explanation, journey)


def _stage(journey: Journey, key: str) -> str:
    """The title of a stage or a campaign in the reader's language."""
    found = journey.stage(key)
    return found.title.to(say().language) if found else key


def _by_stage(journey: Journey, counted: Mapping[tuple[str, str], int]) -> list[tuple[str, str, int]]:
    return [
        (_stage(journey, key), message_wording.reason(say(), why), n) for (key, why), n in counted.items()
    ]


def country_name(code: str) -> str:
    """A country in the reader's language."""
    return str(say().locale.territories.get(code, code))
