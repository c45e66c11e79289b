"""The texts for follow-ups: their states, timeline, and audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from feedback.core.followup import Outcome, Segment, State, Urgency
from feedback.core.lifecycle import INVITATION_OUT
from feedback.core.metrics import METRICS
from feedback.core.time.local_days import day_of
from feedback.i18n import Translator, _
from feedback.store.models import FollowUpEntry, Invitation

SEGMENT_NAMES: Mapping[str, str] = {
    Segment.VIP: _("VIP"),
    Segment.CORE: _("Core"),
    Segment.POTENTIAL: _("Potential"),
    Segment.NON_CORE: _("Non-core"),
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
    Outcome.CHURNED: _("Churned"),
    Outcome.NO_ANSWER: _("Could not be reached"),
    Outcome.NOT_JUSTIFIED: _("Complaint not justified"),
    Outcome.THANKED: _("Customer thanked"),
    Outcome.OTHER: _("Other outcome"),
    Outcome.CORRECTED: _("Customer corrected the answer"),
}
CONTACTS: Mapping[str, str] = {
    "call": _("Phone call"),
    "email": _("E-mail"),
    "sms": _("SMS"),
    "meeting": _("Meeting"),
}
ENTRIES: Mapping[str, str] = {
    "opened": _("opened this follow-up"),
    "taken": _("self-assigned this"),
    "released": _("unassigned this"),
    "reassigned": _("reassigned this to {name}"),
    "snoozed": _("snoozed this until {until}"),
    "woken": _("returned this to the queue"),
    "note": _("added a note"),
    "call": _("logged a call"),
    "email": _("logged an e-mail"),
    "sms": _("logged an SMS"),
    "meeting": _("logged a meeting"),
    "contacted_with": _("reached the customer about another follow-up"),
    "wrote_email": _("wrote an e-mail to the customer"),
    "wrote_sms": _("wrote an SMS to the customer"),
    "replied_email": _("replied by e-mail"),
    "replied_sms": _("replied by SMS"),
    "reply_told": _("notified {name} of the reply by e-mail"),
    "closed": _("closed this"),
    "reopened": _("reopened this"),
    "corrected": _("updated the score: the customer changed {before} to {score}"),
    "gathered": _("added a response through the same link: score {score}"),
    "told": _("notified {name} by e-mail"),
    "mentioned": _("notified {name} of a note by e-mail"),
    "reminded": _("reminded {name}: first contact is due"),
    "reminded_close": _("reminded {name}: closing is due"),
    "escalated": _("escalated this to {name}: no contact in time"),
    "escalated_close": _("escalated this to {name}: not closed in time"),
    "posted": _("notified {name}"),
    "not_posted": _("could not notify {name}"),
}
AUDITED: Mapping[str, str] = {
    "saw": _("viewed"),
    "taken": _("self-assigned this"),
    "released": _("unassigned this"),
    "note": _("added a note"),
    "call": _("logged a call"),
    "email": _("logged an e-mail"),
    "sms": _("logged an SMS"),
    "meeting": _("logged a meeting"),
    "wrote_email": _("wrote an e-mail to the customer"),
    "wrote_sms": _("wrote an SMS to the customer"),
    "closed": _("closed this"),
    "reopened": _("reopened this"),
    "changed": _("changed"),
    "reassigned": _("reassigned this"),
    "snoozed": _("snoozed this"),
    "woken": _("returned this to the queue"),
    "brought back": _("activated"),
    "added": _("created"),
    "created": _("created"),
    "published": _("published"),
    "archived": _("archived"),
    "restored": _("restored"),
    "renamed": _("renamed"),
    "retired": _("deactivated"),
    "exported": _("exported"),
    "translated": _("saved translations"),
    "erased": _("erased"),
    "deleted": _("deleted"),
    "merged": _("merged"),
    "imported": _("imported"),
    "undone": _("undid"),
    "purged": _("deleted data past its retention period"),
    "roles": _("changed roles"),
    "hours": _("changed business hours"),
    "activated": _("activated"),
    "deactivated": _("deactivated"),
    "sessions revoked": _("signed them out everywhere"),
    "session ended": _("signed out on one device"),
    "other sessions ended": _("signed out on all other devices"),
    "signed in": _("signed in"),
    "signed out": _("signed out"),
    "sign-in failed": _("failed to sign in"),
    "limit reached": _("reached a limit on attempts to sign in"),
    "reset requested": _("was sent a link to reset the password"),
    "password reset": _("reset the password"),
    "password changed": _("changed the password"),
    "second step on": _("turned two-step sign-in on"),
    "second step off": _("turned two-step sign-in off"),
    "second factor reset": _("removed the second factor"),
    "passkey added": _("added a passkey"),
    "passkey removed": _("removed a passkey"),
    "recovery codes generated": _("generated new recovery codes"),
    "revoked": _("revoked"),
    "withdrawn": _("withdrew"),
    "lifted": _("released"),
    "suppressed": _("opted out"),
    "asked": _("asked"),
    "arrived": _("marked as sent"),
    "lost": _("sent again"),
    "opt_out": _("opted them out"),
    "no_opt_out": _("marked this as not an opt-out"),
    "handled": _("marked this as done"),
    "acknowledged": _("accepted the warning"),
    "accepted": _("accepted in the file"),
    "retried": _("retried"),
    "tested": _("sent a test message"),
    "simulated": _("replied as the customer in the simulator"),
    "dismissed": _("closed the first steps"),
    "started": _("started"),
    "paused": _("paused"),
    "resumed": _("resumed"),
    "stopped": _("paused because of a limit"),
    "cancelled": _("cancelled"),
    "rotated": _("changed the secret"),
    "began": _("began a wave"),
    "tagged": _("changed the themes"),
    "sent": _("sent by mail"),
    "address changed": _("changed the e-mail address to match the company's sign-in"),
    "linked to provider": _("linked the account to the company's sign-in"),
    "signed out by provider": _("signed out by the company's sign-in"),
    "removed by provider": _("deactivated by the company's sign-in"),
    "ended": _("ended"),
    "redelivered": _("sent an event again"),
    "replayed": _("sent past events again"),
    "processed_again": _("processed this again"),
    "deleted_arrival": _("deleted what arrived"),
}
SUBJECTS: Mapping[str, str] = {
    "follow_up": _("Follow-up"),
    "contact": _("Contact"),
    "contacts": _("Contacts"),
    "responses": _("Responses"),
    "suppression": _("Opted-out address"),
    "suppressions": _("Opted-out addresses"),
    "import": _("Import"),
    "events": _("Events"),
    "export": _("Export"),
    "exports": _("Exports"),
    "segment": _("Segment"),
    "user": _("User"),
    "api_key": _("API key"),
    "shared_link": _("Shared link"),
    "report_mail": _("Report by mail"),
    "root_cause": _("Root cause"),
    "retention": _("Data retention"),
    "audit": _("Audit log"),
    "link": _("Link"),
    "finding": _("Survey issue"),
    "text": _("Text in the studio"),
    "message": _("Message"),
    "reply": _("Reply"),
    "inbox": _("Inbox"),
    "search": _("Search"),
    "queue": _("Queue"),
    "invitation": _("Invitation"),
    "provider_hold": _("Channel on hold"),
    "channel_hold": _("Channel on hold"),  # what entries of earlier releases say
    "webhook": _("Chat notification"),
    "webhook_endpoint": _("Webhook"),
    "door": _("Door"),
    "index": _("Scores"),
    "series": _("Scores"),
    "comments": _("Comments"),
    "loop": _("Closing the loop"),
    "accounts": _("Accounts"),
    "deliveries": _("Deliveries"),
    "account": _("Account"),
    "quarter": _("Quarterly report"),
    "setting": _("Setting"),
    "channel": _("Channel"),
    "first_steps": _("First steps"),
    "campaign": _("Campaign"),
    "comment": _("Comment"),
    "theme_frame": _("List of themes"),
    "directory_group": _("Group of the company's sign-in"),
}
INVITATIONS: Mapping[str, str] = {
    "queued": _("waiting to be sent"),
    "sent": _("sent"),
    "delivered": _("delivered"),
    "opened": _("opened"),
    "started": _("started"),
    "completed": _("answered"),
    "expired": _("not answered"),
    "skipped": _("not sent"),
    "failed": _("not delivered"),
    "withdrawn": _("withdrawn"),
}


def best(metric: str | None) -> int | None:
    """The maximum of a metric's scale, to distinguish a 5 of 5 from a 5 of 10."""
    return METRICS[metric].maximum if metric and metric in METRICS else None


def score_class(metric: str | None, score: int | None) -> str:
    """The colour of a score: `low` in the worst band of its metric, `praise` in the best, otherwise empty."""
    known = METRICS.get(metric or "")
    if known is None or score is None or not known.minimum <= score <= known.maximum:
        return ""
    return {known.bands[0]: "low", known.bands[-1]: "praise"}.get(known.band(score), "")


def in_words(say: Translator, words: Mapping[str, str], key: str) -> str:
    """The text for a key, or the key itself if there is none."""
    return say.gettext(words[key]) if key in words else key


def did(say: Translator, entry: FollowUpEntry, until: str = "") -> str:
    """What happened to a follow-up, such as "reassigned it to Selin". `until` is a date in words."""
    detail = entry.detail
    before, score = (
        "–" if detail.get(key) is None else say.number(detail[key]) for key in ("before", "score")
    )
    words = ENTRIES.get(entry.kind, "added a note")
    return say.gettext(words, name=detail.get("name", ""), until=until, before=before, score=score)


def survey(say: Translator, invitation: Invitation, now: datetime, zone: tzinfo) -> str:
    """The state of a survey: answered, not answered, or open until a day (in `zone`)."""
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
