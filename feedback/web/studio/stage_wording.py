"""The words of a stage of the journey: who enters it, whom it asks, and what it sends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from feedback.core.journey import Entry, Stage
from feedback.core.time.duration import Duration
from feedback.i18n import _, language_name
from feedback.web.http.locale import say

CHANNEL_ORDERS: Mapping[str, str] = {
    "sms,email": _("SMS, otherwise e-mail"),
    "email,sms": _("E-mail, otherwise SMS"),
    "sms": _("SMS only"),
    "email": _("E-mail only"),
}
UNITS: Mapping[str, str] = {"m": _("minutes"), "h": _("hours"), "d": _("days"), "w": _("weeks")}
DATES: Mapping[str, str] = {
    "renewal_on": _("the renewal"),
    "contract_started_on": _("the start of the contract"),
}
TEST_NAMES: Mapping[str, str] = {
    "is": _("is one of"),
    "is_not": _("is none of"),
    "at_least": _("is at least"),
    "at_most": _("is at most"),
    "contains": _("contains one of"),
    "known": _("is known"),
    "unknown": _("is not known"),
}
FACT_NAMES: Mapping[str, str] = {
    "external_id": _("ID"),
    "name": _("Name"),
    "segment": _("Segment"),
    "recurring_revenue": _("MRR"),
    "currency": _("Currency"),
    "contract_started_on": _("Start of the contract"),
    "renewal_on": _("Renewal"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "language": _("Language"),
    "time_zone": _("Time zone"),
    "country": _("Country"),
}


def entry(enter: Entry) -> str:
    """When a customer enters a stage, as a sentence."""
    if enter.event:
        return say().gettext("When the event {event} is reported", event=enter.event)
    if enter.every:
        return say().gettext("Every {length}", length=length(enter.every))
    name = DATES[enter.date or "renewal_on"]
    date = say().gettext(name)
    if enter.before:
        return say().gettext("{length} before {date}", length=length(enter.before), date=date)
    return say().gettext("{length} after {date}", length=length(enter.after), date=date)


def length(duration: Duration | None) -> str:
    """A length of time in the unit in which it is written, because 90 days are not three months."""
    if duration is None:
        return ""
    n, ngettext = duration.amount, say().ngettext
    words = {
        "m": ngettext("{n} minute", "{n} minutes", n),
        "h": ngettext("{n} hour", "{n} hours", n),
        "d": ngettext("{n} day", "{n} days", n),
        "w": ngettext("{n} week", "{n} weeks", n),
    }
    return words[duration.unit]


def audience(stage: Stage) -> str:
    """The conditions of a stage in words; empty if everybody who enters it is asked."""
    if stage.only_if is None:
        return ""
    return _condition(stage.only_if.model_dump(mode="json", by_alias=True, exclude_none=True))


def _condition(written: Any, inner: bool = False) -> str:
    for name, word in (("all", say().gettext("and")), ("any", say().gettext("or"))):
        if isinstance(written.get(name), list):
            parts = f" {word} ".join(_condition(each, inner=True) for each in written[name])
            return f"({parts})" if inner and len(written[name]) > 1 else parts
    if "not" in written:
        return say().gettext("not: {condition}", condition=_condition(written["not"], inner=True))
    (about, name), *tests = written.items()
    return f" {say().gettext('and')} ".join(_test(f"{about}.{name}", *each) for each in tests)


def _test(fact: str, test: str, value: Any) -> str:
    if test == "known":
        return f"{fact_name(fact)} {say().gettext(TEST_NAMES['known' if value else 'unknown'])}"
    values = [str(each) for each in (value if isinstance(value, list) else [value])]
    return f"{fact_name(fact)} {say().gettext(TEST_NAMES[test])} {say().comma.join(values)}"


def fact_name(fact: str) -> str:
    """What a field of accounts or contacts is called: `account.segment` is "Segment"."""
    name = fact.partition(".")[2]
    return say().gettext(FACT_NAMES[name]) if name in FACT_NAMES else name


def sentences(stage: Stage) -> dict[str, str]:
    """What a form says of a stage -> how it is, in words; only what is not empty."""
    channels = CHANNEL_ORDERS.get(",".join(stage.channels))
    said = {
        _("Name of the stage"): stage.title.to(say().language),
        _("Customers enter this stage"): entry(stage.enter),
        _("Sent"): say().gettext("{length} later", length=length(stage.delay)) if stage.delay else "",
        _("Ask only if"): audience(stage),
        _("Survey"): stage.questionnaire,
        _("Channels"): say().gettext(channels) if channels else say().comma.join(stage.channels),
        _("Can be answered for"): length(stage.expires_after),
        _("Reminders"): say().comma.join(map(length, stage.reminders)),
        _("Priority"): say().number(stage.priority),
        _("Languages of these customers"): say().comma.join(map(language_name, stage.languages or ())),
        _("If the customer was surveyed recently"): say().gettext("wait") if stage.wait_out_rest else "",
        _("Customers may answer by SMS reply"): "" if stage.reply_by_sms else say().gettext("no"),
    }
    return {say().gettext(name): words for name, words in said.items() if words}


class StageChange(NamedTuple):
    """One thing that differs in a stage; "" where there is or was nothing."""

    place: str
    before: str
    after: str


def changes(old: Iterable[Stage], new: Iterable[Stage]) -> list[StageChange]:
    """What differs between two journeys, stage by stage."""
    was, now = ({each.key: each for each in stages} for stages in (old, new))
    found = []
    for key, stage in {**was, **now}.items():
        before, after = (sentences(each[key]) if key in each else {} for each in (was, now))
        title = stage.title.to(say().language)
        found += [
            StageChange(f"{title} · {what}", before.get(what, ""), after.get(what, ""))
            for what in dict.fromkeys([*after, *before])
            if before.get(what) != after.get(what)
        ]
    return found
