"""The form in which a campaign is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from pydantic import ValidationError
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.campaign import LARGEST_SAMPLE, MOST_DAYS, CampaignPlan, CampaignState
from feedback.errors import Conflict, NotFound, Rejected
from feedback.i18n import _, language_name
from feedback.services.campaigns import contact_list, definition
from feedback.services.campaigns.definition import CampaignWish
from feedback.services.customers import listing
from feedback.store.models import Campaign, Contact
from feedback.web.auth.permissions import Permission, may
from feedback.web.http.locale import say, zone
from feedback.web.http.numbers import whole

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

CHANNELS: Mapping[str, str] = {
    "email sms": _("E-mail, otherwise SMS"),
    "sms email": _("SMS, otherwise e-mail"),
    "email": _("Only e-mail"),
    "sms": _("Only SMS"),
}
REPEATS: Mapping[str, str] = {"": _("once"), "month": _("every month"), "quarter": _("every quarter")}
AUDIENCES = ("everybody", "segment", "list")
DEFAULT_DAYS = 14
MOST_OPEN, MOST_REMINDER = 90, 30


@dataclass(frozen=True, slots=True)
class CampaignFields:
    """What was typed, as text, so that a refused form shows it again."""

    name: str = ""
    audience: str = "segment"
    segment: str = ""
    listed: str = ""
    questionnaire: str = ""
    channels: str = "email sms"
    languages: tuple[str, ...] = ()
    starts: str = ""
    spread: str = "1"
    open_for: str = str(DEFAULT_DAYS)
    remind: str = ""
    wait: bool = False
    repeats: str = ""
    sample: int | None = None


class CampaignForms:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.settings = runtime.settings
        self.library = runtime.library

    @may(Permission.MANAGE_CAMPAIGNS)
    def new_campaign(self) -> ResponseReturnValue:
        segment, survey = request.args.get("segment", "")[:20], request.args.get("survey", "")[:64]
        with self.database.reading() as session:
            audience = "segment" if segment or definition.segments_in_use(session) else "everybody"
        return self._page(CampaignFields(audience=audience, segment=segment, questionnaire=survey))

    @may(Permission.MANAGE_CAMPAIGNS)
    def add_campaign(self) -> ResponseReturnValue:
        typed = _typed()

        def store(session: Session, wish: CampaignWish, now: datetime) -> int:
            return definition.add(session, wish, self.library, by=current_user.id, now=now).id

        return self._store(typed, store, None)

    @may(Permission.MANAGE_CAMPAIGNS)
    def edit_campaign(self, campaign_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            campaign = definition.find(session, campaign_id)
            if campaign.state != CampaignState.DRAFT:
                return redirect(url_for("campaigns.campaign", campaign_id=campaign_id), 303)
            session.expunge(campaign)
        return self._page(_planned(campaign), campaign)

    @may(Permission.MANAGE_CAMPAIGNS)
    def change_campaign(self, campaign_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            campaign = definition.find(session, campaign_id)
            session.expunge(campaign)
        typed, edit = (
            replace(_typed(), sample=campaign.plan.get("sample")),
            request.form.get("edit", 0, type=whole),
        )

        def store(session: Session, wish: CampaignWish, now: datetime) -> int:
            return definition.change(
                session, campaign_id, wish, self.library, edit=edit, by=current_user.id, now=now
            ).id

        return self._store(typed, store, campaign)

    def _store(
        self,
        typed: CampaignFields,
        store: Callable[[Session, CampaignWish, datetime], int],
        campaign: Campaign | None,
    ) -> ResponseReturnValue:
        now = clock.now()
        try:
            found, wish = self._wish(typed, campaign)
            with self.database.writing() as session:
                stored = store(session, wish, now)
        except Conflict as refused:
            return self._page(typed, campaign, str(refused)), 409
        except (Rejected, NotFound) as refused:
            return self._page(typed, campaign, str(refused)), 422
        if found is not None and found.unknown:
            told = say().ngettext(
                "{n} line is no customer of ours and was left out: {examples}",
                "{n} lines are no customers of ours and were left out: {examples}",
                found.unknown,
                examples=say().listed(list(found.examples[:5])),
            )
            flash(told, "error")
        return redirect(url_for("campaigns.campaign", campaign_id=stored), 303)

    def _wish(
        self, typed: CampaignFields, campaign: Campaign | None
    ) -> tuple[contact_list.FoundContacts | None, CampaignWish]:
        """What is to be stored. Raises Rejected with a sentence about what was typed."""
        found, members = None, None
        file = request.files.get("file")
        text = (
            contact_list.decoded(file.stream.read(contact_list.LARGEST + 1)) if file and file.filename else ""
        )
        if typed.audience == "list" and (text or typed.listed.strip()):
            with self.database.reading() as session:
                region = self.settings.organisation.default_region
                found = contact_list.find(session, text or typed.listed, region)
            if not found.ids:
                raise Rejected("Nobody on this list is a customer. Import them first.")
            members = found.ids
        elif typed.audience == "list" and (campaign is None or campaign.query is not None):
            raise Rejected("Choose a segment, or give a list of contacts.")
        segment = whole(typed.segment) if typed.audience == "segment" and typed.segment.isdigit() else None
        if typed.audience == "segment" and segment is None:
            raise Rejected("Choose a segment, or give a list of contacts.")
        everybody = typed.audience == "everybody"
        return found, CampaignWish(
            typed.name, _plan(typed), _moment(typed.starts), segment, members, everybody
        )

    def _page(self, typed: CampaignFields, campaign: Campaign | None = None, refused: str = "") -> str:
        with self.database.reading() as session:
            segments = definition.segments_in_use(session)
            languages = listing.values_of(session, Contact.language)
        offered = [each for each in self.library.questionnaires.values() if definition.can_ask(each)]
        return render_template(
            "campaigns/form.html",
            typed=typed,
            campaign=campaign,
            refused=say().gettext(refused) if refused else "",
            segments={str(key): name for key, name in segments.items()},
            questionnaires={each.key: each.title.to(say().language) for each in offered},
            channels=CHANNELS,
            repeats=REPEATS,
            languages={each: language_name(each) for each in languages},
            most_days=MOST_DAYS,
            most_open=MOST_OPEN,
            most_reminder=MOST_REMINDER,
            here=zone(),
        )


def _typed() -> CampaignFields:
    form = request.form

    def text(name: str, longest: int = 100) -> str:
        return form.get(name, "").strip()[:longest]

    return CampaignFields(
        name=text("name", 200),
        audience=text("audience") if text("audience") in AUDIENCES else "segment",
        segment=text("segment", 15),
        listed=form.get("listed", ""),
        questionnaire=text("questionnaire"),
        channels=text("channels"),
        languages=tuple(each[:8] for each in form.getlist("language")[:50]),
        starts=text("starts"),
        spread=text("spread"),
        open_for=text("open_for"),
        remind=text("remind"),
        wait=form.get("wait") == "1",
        repeats=text("repeats"),
    )


def _plan(typed: CampaignFields) -> CampaignPlan:
    """Raises Rejected for a number that is out of range, or a choice that no menu has."""
    days = _number(typed.open_for, 1, MOST_OPEN, _("Customers can answer for 1 to 90 days."))
    spread = _number(typed.spread or "1", 1, MOST_DAYS, _("Spread the invitations over 1 to 60 days."))
    reminders: tuple[str, ...] = ()
    if typed.remind:
        after = _number(
            typed.remind, 1, MOST_REMINDER, _("Remind after 1 to 30 days, or leave the field empty.")
        )
        if after >= days:
            raise Rejected("Remind before the survey closes, or leave the field empty.")
        reminders = (f"{after}d",)
    if typed.channels not in CHANNELS or typed.repeats not in REPEATS:
        raise Rejected("Choose a value from each list.")
    try:
        return CampaignPlan.model_validate(
            {
                "questionnaire": typed.questionnaire or "-",
                "channels": typed.channels.split(),
                "languages": list(typed.languages),
                "expires_after": f"{days}d",
                "reminders": list(reminders),
                "wait_out_rest": typed.wait,
                "spread_days": spread,
                "sample": typed.sample,
                "repeats": typed.repeats,
            }
        )
    except ValidationError:
        raise Rejected("Choose a questionnaire from the list.") from None


def _number(written: str, least: int, most: int, sentence: str) -> int:
    try:
        number = whole(written)
    except ValueError:
        raise Rejected(sentence) from None
    if not least <= number <= most:
        raise Rejected(sentence)
    return number


def sample_of(written: str) -> int | None:
    """The number of contacts to draw; None for an empty field. Raises Rejected."""
    return _number(written, 1, LARGEST_SAMPLE, _("Draw at least one contact.")) if written.strip() else None


def _moment(written: str) -> datetime | None:
    """A local time of the reader, as a browser's field writes it."""
    if not written:
        return None
    try:
        return datetime.fromisoformat(written).replace(tzinfo=zone())
    except (ValueError, OverflowError):
        raise Rejected("Enter the start as a date and a time, such as 2026-03-31T09:00.") from None


def _planned(campaign: Campaign) -> CampaignFields:
    plan = CampaignPlan.model_validate(campaign.plan)
    asked = "everybody" if definition.asks_everybody(campaign) else "segment"
    values: dict[str, Any] = {
        "name": campaign.name,
        "audience": "list" if campaign.query is None else asked,
        "segment": str(campaign.segment_id or ""),
        "questionnaire": plan.questionnaire,
        "channels": " ".join(plan.channels),
        "languages": plan.languages,
        "spread": str(plan.spread_days),
        "open_for": str(plan.expires_after.timedelta.days),
        "remind": str(plan.reminders[0].timedelta.days) if plan.reminders else "",
        "wait": plan.wait_out_rest,
        "repeats": plan.repeats,
        "sample": plan.sample,
    }
    if campaign.starts_at > clock.now():
        values["starts"] = campaign.starts_at.astimezone(zone()).strftime("%Y-%m-%dT%H:%M")
    return CampaignFields(**values)
