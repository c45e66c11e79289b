"""Why a follow-up is ranked where it is, in words: for the pages and the e-mails of the desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from feedback.core.followup import Priority, PriorityReason, Segment
from feedback.i18n import Translator, _
from feedback.store.models import Account

SEGMENTS: Mapping[Segment, str] = {
    Segment.VIP: _("VIP account"),
    Segment.CORE: _("core account"),
    Segment.POTENTIAL: _("account with potential"),
    Segment.NON_CORE: _("non-core account"),
}

Params = Mapping[str, Any]
Sentence = Callable[[Translator, Params], str]


def _overdue(say: Translator, params: Params) -> str:
    return say.gettext("overdue by {length}", length=say.span(timedelta(hours=params["hours"])))


def _due(say: Translator, params: Params) -> str:
    return say.gettext("due {when}", when=say.relative(timedelta(hours=params["hours"])))


def _revenue(say: Translator, params: Params) -> str:
    return say.gettext("{money} MRR", money=params["revenue"])


def _renewal(say: Translator, params: Params) -> str:
    days = params["days"]
    if days == 0:
        return say.gettext("renews today")
    return say.ngettext("renews in {n} day", "renews in {n} days", days)


def _renewal_passed(say: Translator, params: Params) -> str:
    return say.ngettext("renewal was due {n} day ago", "renewal was due {n} days ago", params["days"])


def _score(say: Translator, params: Params) -> str:
    return say.gettext("scored {score}", score=params["score"])


def _fall(say: Translator, params: Params) -> str:
    return say.gettext("fell from {before} to {now}", before=params["before"], now=params["now"])


def _segment(say: Translator, params: Params) -> str:
    return say.gettext(SEGMENTS[Segment(params["segment"])])


def _silence(say: Translator, params: Params) -> str:
    return say.ngettext(
        "{silent} of {n} colleague hasn't answered",
        "{silent} of {n} colleagues haven't answered",
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


def revenue(say: Translator, account: Account | None, currency: str) -> str:
    """An account's revenue in its own currency (or in `currency` if it names none); empty if unknown."""
    if account is None or account.recurring_revenue is None:
        return ""
    return say.money(account.recurring_revenue, account.currency or currency)


def sentence(say: Translator, reason: PriorityReason, revenue: str) -> str:
    """One reason: "renews in 34 days". `revenue` is the account's own amount, in words."""
    return SENTENCES[reason.code](say, {**reason.params, "revenue": revenue})


def sentences(say: Translator, priority: Priority, revenue: str) -> list[tuple[str, str, float]]:
    """(code, sentence, points) of every reason, by points, descending."""
    return [(reason.code, sentence(say, reason, revenue), reason.points) for reason in priority.reasons]
