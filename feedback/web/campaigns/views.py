"""The list of campaigns, what one would do, and how it is getting on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session

from feedback import clock
from feedback.core.campaign import CampaignPlan, CampaignState
from feedback.core.metrics import METRICS, Display, display
from feedback.errors import Conflict, Rejected
from feedback.i18n import _, language_name
from feedback.services import audit
from feedback.services.campaigns import audience, control, definition, progress
from feedback.services.campaigns import preview as campaign_preview
from feedback.services.campaigns import sample as campaign_sample
from feedback.services.campaigns.progress import WaveProgress, WaveScore
from feedback.store.models import Campaign, SavedSegment
from feedback.web.auth.permissions import Permission, may
from feedback.web.campaigns.planning import CHANNELS, REPEATS, sample_of
from feedback.web.http.locale import say
from feedback.web.http.numbers import whole
from feedback.web.wording import message_wording, score_wording

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

STATES: Mapping[str, str] = {
    "draft": _("draft"),
    "running": _("running"),
    "paused": _("paused"),
    "cancelling": _("being cancelled"),
    "cancelled": _("cancelled"),
    "done": _("done"),
}
STOPPED: Mapping[str, str] = {
    "failures": _(
        "This campaign stopped by itself: too many invitations failed. Check the addresses and Deliveries."
    ),
    "complaints": _("This campaign stopped by itself: too many recipients reported it as spam."),
}
ACTIONS: Mapping[str, str] = {
    "added": _("planned"),
    "changed": _("changed"),
    "started": _("started"),
    "paused": _("paused"),
    "stopped": _("stopped by itself"),
    "resumed": _("resumed"),
    "cancelled": _("cancelled"),
    "began": _("next wave started"),
    "ended": _("ended"),
}
ACTIVE = (CampaignState.RUNNING, CampaignState.CANCELLING)
SECONDS = 5
"""Between two looks at a running campaign."""
DEFAULT_MARGIN = 10


class CampaignPages:
    def __init__(self, runtime: Runtime) -> None:
        self.database = runtime.database
        self.context = runtime
        self.settings = runtime.settings
        self.library = runtime.library

    @may(Permission.MANAGE_CAMPAIGNS)
    def index(self) -> ResponseReturnValue:
        with self.database.reading() as session:
            campaigns = definition.latest(session)
            last = {each.id: each.waves[-1] for each in campaigns if each.waves}
            return render_template(
                "campaigns/index.html",
                campaigns=campaigns,
                progress={key: progress.of_wave(session, wave) for key, wave in last.items()},
                audiences={each.id: self._audience(session, each) for each in campaigns},
                states=STATES,
                repeats=REPEATS,
            )

    @may(Permission.MANAGE_CAMPAIGNS)
    def campaign(self, campaign_id: int) -> ResponseReturnValue:
        with self.database.reading() as session:
            campaign = definition.find(session, campaign_id)
            if campaign.state == CampaignState.DRAFT:
                return self._preview(session, campaign)
            return render_template("campaigns/campaign.html", **self._followed(session, campaign))

    @may(Permission.MANAGE_CAMPAIGNS)
    def campaign_progress(self, campaign_id: int) -> ResponseReturnValue:
        """The part of the page that changes while the campaign runs."""
        with self.database.reading() as session:
            campaign = definition.find(session, campaign_id)
            return render_template("campaigns/_progress.html", **self._followed(session, campaign))

    @may(Permission.MANAGE_CAMPAIGNS)
    def draw_sample(self, campaign_id: int) -> ResponseReturnValue:
        """Draw so many contacts at random, or ask everybody."""
        edit, by, now = request.form.get("edit", 0, type=whole), current_user.id, clock.now()

        def act(session: Session) -> None:
            wanted = sample_of(request.form.get("sample", ""))
            definition.draw(session, campaign_id, wanted, edit=edit, by=by, now=now)

        return self._act(campaign_id, act, "")

    @may(Permission.MANAGE_CAMPAIGNS)
    def start_campaign(self, campaign_id: int) -> ResponseReturnValue:
        edit, by, now = request.form.get("edit", 0, type=whole), current_user.id, clock.now()

        def act(session: Session) -> None:
            control.start(session, campaign_id, self.library, edit=edit, by=by, now=now)

        return self._act(campaign_id, act, _("The campaign is started."))

    @may(Permission.MANAGE_CAMPAIGNS)
    def pause_campaign(self, campaign_id: int) -> ResponseReturnValue:
        return self._decide(
            campaign_id, control.pause, _("Paused. Nothing more is sent until you resume it.")
        )

    @may(Permission.MANAGE_CAMPAIGNS)
    def resume_campaign(self, campaign_id: int) -> ResponseReturnValue:
        return self._decide(campaign_id, control.resume, _("Resumed."))

    @may(Permission.MANAGE_CAMPAIGNS)
    def cancel_campaign(self, campaign_id: int) -> ResponseReturnValue:
        return self._decide(
            campaign_id, control.cancel, _("Cancelled. What has been sent can still be answered.")
        )

    def _decide(self, campaign_id: int, decide: Callable[..., object], told: str) -> ResponseReturnValue:
        by, now = current_user.id, clock.now()
        return self._act(campaign_id, lambda session: decide(session, campaign_id, by=by, now=now), told)

    @may(Permission.MANAGE_CAMPAIGNS)
    def delete_campaign(self, campaign_id: int) -> ResponseReturnValue:
        with self.database.writing() as session:
            definition.remove(session, campaign_id, by=current_user.id, now=clock.now())
        flash(say().gettext("The draft was deleted."), "success")
        return redirect(url_for("campaigns.index"), 303)

    def _act(self, campaign_id: int, act: Callable[[Session], object], told: str) -> ResponseReturnValue:
        try:
            with self.database.writing() as session:
                act(session)
        except (Conflict, Rejected) as refused:
            flash(say().gettext(str(refused)), "error")
        else:
            if told:
                flash(say().gettext(told), "success")
        return redirect(url_for("campaigns.campaign", campaign_id=campaign_id), 303)

    def _preview(self, session: Session, campaign: Campaign) -> str:
        now, plan = clock.now(), CampaignPlan.model_validate(campaign.plan)
        whole_audience = campaign_preview.preview(session, campaign, self.context, now)
        found = whole_audience.drawn(plan.sample)
        return render_template(
            "campaigns/preview.html",
            found=found,
            by_channel=[
                (say().gettext(message_wording.CHANNELS[key]), n) for key, n in found.channels.items()
            ],
            by_language=[(language_name(key), n) for key, n in found.languages.items()],
            by_reason=[(_reason(code), n) for code, n in whole_audience.reasons.items()],
            everybody=whole_audience,
            advice=self._advice(session, campaign, whole_audience.asked, now),
            margins=campaign_sample.MARGINS,
            **self._frame(session, campaign, plan),
        )

    def _advice(
        self, session: Session, campaign: Campaign, eligible: int, now: datetime
    ) -> campaign_sample.SampleAdvice | None:
        margin = request.args.get("margin", DEFAULT_MARGIN, type=whole)
        margin = margin if margin in campaign_sample.MARGINS else DEFAULT_MARGIN
        questionnaire = self.library.questionnaires.get(str(campaign.plan["questionnaire"]))
        which = audience.condition(session, campaign, self.settings, now)
        return campaign_sample.advise(session, questionnaire, which, eligible, margin, now)

    def _followed(self, session: Session, campaign: Campaign) -> dict[str, Any]:
        """What the page of a campaign that has started shows."""
        plan = CampaignPlan.model_validate(campaign.plan)
        waves = list(reversed(campaign.waves))
        scores = progress.scores(session, campaign, self.library)
        return {
            "waves": waves,
            "progress": {each.number: progress.of_wave(session, each) for each in waves},
            "scores": scores,
            "score_in_words": _score_in_words,
            "change_in_words": _change_in_words,
            "reasons_of": _reasons_of,
            "cost": progress.cost(session, campaign, self.settings),
            "stopped": _why_stopped(campaign),
            "is_active": campaign.state in ACTIVE,
            "seconds": SECONDS,
            "entries": audit.latest(session, "campaign", campaign.id),
            "actions": ACTIONS,
            **self._frame(session, campaign, plan),
        }

    def _frame(self, session: Session, campaign: Campaign, plan: CampaignPlan) -> dict[str, Any]:
        questionnaire, channels = self.library.questionnaires.get(plan.questionnaire), " ".join(plan.channels)
        return {
            "campaign": campaign,
            "plan": plan,
            "states": STATES,
            "repeats": REPEATS,
            "channel_words": say().gettext(CHANNELS[channels]),
            "questionnaire_title": questionnaire.title.to(say().language)
            if questionnaire
            else plan.questionnaire,
            "audience": self._audience(session, campaign),
            "languages": say().listed([language_name(each) for each in plan.languages]),
            "currency": self.settings.organisation.currency,
            "statements": score_wording,
        }

    def _audience(self, session: Session, campaign: Campaign) -> str:
        """The name of the segment, or that it is a list or for everybody."""
        if definition.asks_everybody(campaign):
            return say().gettext("all customers")
        if campaign.query is None:
            return say().gettext("a list of contacts")
        segment = session.get(SavedSegment, campaign.segment_id) if campaign.segment_id else None
        return segment.name if segment else say().gettext("a deleted segment")


def _why_stopped(campaign: Campaign) -> str:
    """Why a campaign has paused by itself; empty if it has not."""
    sentence = STOPPED.get(campaign.state_reason or "")
    return say().gettext(sentence) if sentence and campaign.state == CampaignState.PAUSED else ""


def _reason(code: str) -> str:
    """Why somebody is not asked, in words."""
    if code in message_wording.OBSTACLES:
        return say().gettext(message_wording.OBSTACLES[code])
    return message_wording.reason(say(), code)


def _reasons_of(done: WaveProgress) -> list[tuple[str, int]]:
    """Why contacts of a wave are not asked, in words, and how many."""
    found = [(_reason(code), number) for code, number in done.skipped.items()]
    return [*found, (_reason("campaign_cancelled"), done.cancelled)] if done.cancelled else found


def _score_in_words(found: WaveScore) -> str:
    """+31 (18 to 44), 82 responses; without the score where the answers are too few."""
    metric, score = METRICS[found.metric], found.score
    counted = score_wording.answers(say(), score.n)
    if display(score.n) is Display.HIDDEN:
        return counted
    value = score_wording.in_unit(say(), score.value, metric.unit)
    between = score_wording.between(say(), score.low, score.high, metric.unit)
    return say().gettext(
        "{score} ({between}; {counted})",
        score=f"{score_wording.metric_letters(say(), metric.key)} {value}",
        between=between,
        counted=counted,
    )


def _change_in_words(found: WaveScore) -> str:
    """What changed since the wave before; only a significant difference is called a change."""
    change = found.change
    if change is None or change.difference is None or display(found.score.n) is Display.HIDDEN:
        return ""
    if not change.changed:
        return say().gettext("No real change from the wave before.")
    amount = score_wording.points(say(), change.difference, METRICS[found.metric].unit)
    if change.difference > 0:
        return say().gettext("Up {amount} from the wave before.", amount=amount)
    return say().gettext("Down {amount} from the wave before.", amount=amount)
