"""Why a follow-up stands where it stands, in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from feedback.core.followup import Outcome, Priority, PriorityReason, Segment, State, Urgency
from feedback.core.lifecycle import INVITATION_OUT
from feedback.core.local_days import day_of
from feedback.core.metrics import METRICS
from feedback.i18n import Translator, _
from feedback.store.models import Account, FollowUpEntry, Invitation

Params = Mapping[str, Any]
Sentence = Callable[[Translator, Params], str]


def _overdue(say: Translator, params: Params) -> str:
    return say.gettext("overdue by {length}", length=say.span(timedelta(hours=params["hours"])))


def _due(say: Translator, params: Params) -> str:
    return say.gettext("due {when}", when=say.relative(timedelta(hours=params["hours"])))


def _revenue(say: Translator, params: Params) -> str:
    return say.gettext("{money} a month", money=params["revenue"])


def _renewal(say: Translator, params: Params) -> str:
    days = params["days"]
    if days == 0:
        return say.gettext("renews today")
    return say.ngettext("renews in {n} day", "renews in {n} days", days)


def _renewal_passed(say: Translator, params: Params) -> str:
    return say.ngettext("was to renew {n} day ago", "was to renew {n} days ago", params["days"])


def _score(say: Translator, params: Params) -> str:
    return say.gettext("scored {score}", score=params["score"])


def _fall(say: Translator, params: Params) -> str:
    return say.gettext("fell from {before} to {now}", before=params["before"], now=params["now"])


def _segment(say: Translator, params: Params) -> str:
    return say.gettext(SEGMENTS[Segment(params["segment"])])


def _silence(say: Translator, params: Params) -> str:
    return say.ngettext(
        "{silent} of {n} colleague is silent",
        "{silent} of {n} colleagues are silent",
        params["asked"],
        silent=params["silent"],
    )


SENTENCES: Mapping[str, Sentence] = {
    "overdue": _overdue,
    "due": _due,
    "revenue": _revenue,
    "renewal": _renewal,
    "renewal_passed": _renewal_passed,
    "score": _score,
    "fall": _fall,
    "segment": _segment,
    "silence": _silence,
}

SEGMENT_NAMES: Mapping[str, str] = {
    Segment.VIP: _("VIP"),
    Segment.CORE: _("Core"),
    Segment.POTENTIAL: _("With potential"),
    Segment.NON_CORE: _("Not core"),
}
SEGMENTS: Mapping[Segment, str] = {
    Segment.VIP: _("VIP account"),
    Segment.CORE: _("core account"),
    Segment.POTENTIAL: _("account with potential"),
    Segment.NON_CORE: _("non-core account"),
}
URGENCIES: Mapping[str, str] = {
    Urgency.URGENT: _("urgent"),
    Urgency.HIGH: _("high"),
    Urgency.NORMAL: _("normal"),
    Urgency.LOW: _("low"),
}
STATES: Mapping[str, str] = {
    State.OPEN: _("open"),
    State.TAKEN: _("in progress"),
    State.SNOOZED: _("snoozed"),
    State.CLOSED: _("closed"),
}
KINDS: Mapping[str, str] = {
    "recovery": _("Recovery"),
    "advocacy": _("Advocacy"),
}
OUTCOMES: Mapping[str, str] = {
    Outcome.RECOVERED: _("Recovered"),
    Outcome.SAVED_BY_OFFER: _("Saved by an offer"),
    Outcome.CHURNED: _("Left us"),
    Outcome.NO_ANSWER: _("Could not be reached"),
    Outcome.NOT_JUSTIFIED: _("Nothing was wrong"),
    Outcome.THANKED: _("Thanked"),
    Outcome.OTHER: _("Ended otherwise"),
    Outcome.CORRECTED: _("The customer corrected the answer"),
}
CONTACTS: Mapping[str, str] = {
    "call": _("Call"),
    "email": _("E-mail"),
    "sms": _("SMS"),
    "meeting": _("Meeting"),
}
ENTRIES: Mapping[str, str] = {
    "opened": _("opened"),
    "taken": _("took it"),
    "released": _("put it back"),
    "reassigned": _("handed it over to {name}"),
    "snoozed": _("put it off until {until}"),
    "woken": _("back in the queue"),
    "note": _("noted"),
    "call": _("called"),
    "email": _("wrote an e-mail"),
    "sms": _("wrote an SMS"),
    "meeting": _("met the customer"),
    "closed": _("closed it"),
    "corrected": _("changed with the customer's answer: {before} became {score}"),
    "told": _("told {name} by e-mail"),
    "reminded": _("reminded {name} of the first contact"),
    "reminded_close": _("reminded {name} of the closing"),
    "escalated": _("told {name}, because nobody had been in touch"),
    "escalated_close": _("told {name}, because it was not closed in time"),
    "posted": _("told {name}"),
    "not_posted": _("could not tell {name}"),
}
AUDITED: Mapping[str, str] = {
    "saw": _("looked at it"),
    "taken": _("took it"),
    "released": _("put it back"),
    "note": _("noted"),
    "call": _("called"),
    "email": _("wrote an e-mail"),
    "sms": _("wrote an SMS"),
    "meeting": _("met the customer"),
    "closed": _("closed it"),
    "changed": _("changed it"),
    "reassigned": _("handed it over"),
    "snoozed": _("put it off"),
    "woken": _("brought it back"),
    "brought back": _("brought it back"),
    "added": _("added it"),
    "created": _("added it"),
    "renamed": _("renamed it"),
    "retired": _("took it out of use"),
    "exported": _("exported it"),
    "erased": _("erased it"),
    "purged": _("removed what was past its time"),
    "roles": _("changed the roles"),
    "hours": _("changed the working hours"),
    "activated": _("enabled the account"),
    "deactivated": _("disabled the account"),
    "sessions revoked": _("signed them out everywhere"),
    "revoked": _("revoked it"),
    "withdrawn": _("withdrew it"),
    "lifted": _("lifted it"),
    "arrived": _("counted it as sent"),
    "lost": _("sent it once more"),
    "opt_out": _("took it as an opt-out"),
    "no_opt_out": _("decided that it is no opt-out"),
    "handled": _("dealt with it"),
    "acknowledged": _("let it stand"),
    "accepted": _("accepted it in the file"),
    "retried": _("tried it again"),
}
SUBJECTS: Mapping[str, str] = {
    "follow_up": _("Follow-up"),
    "contact": _("Person"),
    "user": _("Colleague"),
    "api_key": _("API key"),
    "root_cause": _("Cause"),
    "retention": _("Retention"),
    "audit": _("Audit"),
    "link": _("Link"),
    "finding": _("Finding of the linter"),
    "message": _("Message"),
    "reply": _("Reply"),
    "inbox": _("Inbox"),
    "queue": _("Queue"),
    "invitation": _("Invitation"),
    "provider_hold": _("Held channel"),
    "channel_hold": _("Held channel"),  # what entries of earlier releases say
    "webhook": _("Notice to a chat"),
    "index": _("Scores"),
    "series": _("Scores"),
    "comments": _("Comments"),
    "loop": _("Closing the loop"),
    "accounts": _("Accounts"),
    "deliveries": _("Deliveries"),
    "account": _("Account"),
    "quarter": _("Quarterly report"),
}
INVITATIONS: Mapping[str, str] = {
    "queued": _("waits to be sent"),
    "sent": _("sent"),
    "delivered": _("delivered"),
    "opened": _("opened"),
    "started": _("begun"),
    "completed": _("answered"),
    "expired": _("not answered"),
    "skipped": _("not sent"),
    "failed": _("could not be delivered"),
    "withdrawn": _("withdrawn"),
}


def best(metric: str | None) -> int | None:
    """The best score of a metric, so that a 5 of 5 is told from a 5 of 10."""
    return METRICS[metric].maximum if metric and metric in METRICS else None


def in_words(say: Translator, words: Mapping[str, str], key: str) -> str:
    """What a key is called; the key itself where nobody has said."""
    return say.gettext(words[key]) if key in words else key


def did(say: Translator, entry: FollowUpEntry, until: str = "") -> str:
    """What happened to a follow-up: "handed it over to Selin". `until` is a date in words."""
    detail = entry.detail
    before, score = (
        "–" if detail.get(key) is None else say.number(detail[key]) for key in ("before", "score")
    )
    words = ENTRIES.get(entry.kind, "noted")
    return say.gettext(words, name=detail.get("name", ""), until=until, before=before, score=score)


def survey(say: Translator, invitation: Invitation, now: datetime, zone: tzinfo) -> str:
    """How a survey stands: answered, not answered, or sent and still open, and until which day in `zone`."""
    if invitation.answered_at is not None:
        return say.gettext("answered")
    if invitation.state not in INVITATION_OUT:
        return in_words(say, INVITATIONS, invitation.state)
    if invitation.expires_at <= now:
        return say.gettext("not answered")
    told = in_words(say, INVITATIONS, invitation.state)
    return say.comma.join(
        (told, say.gettext("open until {day}", day=say.date(day_of(invitation.expires_at, zone))))
    )


def revenue(say: Translator, account: Account | None, currency: str) -> str:
    """What an account pays, in its own currency (`currency` where it names none); nothing where nobody knows."""
    if account is None or account.recurring_revenue is None:
        return ""
    return say.money(account.recurring_revenue, account.currency or currency)


def sentence(say: Translator, reason: PriorityReason, revenue: str) -> str:
    """One reason: "renews in 34 days". `revenue` is the account's own amount, in words."""
    return SENTENCES[reason.code](say, {**reason.params, "revenue": revenue})


def sentences(say: Translator, priority: Priority, revenue: str) -> list[tuple[str, str, float]]:
    """(code, sentence, points) of every reason, the weightiest first."""
    return [(reason.code, sentence(say, reason, revenue), reason.points) for reason in priority.reasons]
