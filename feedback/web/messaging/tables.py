"""The tables of the Deliveries page, for export."""

from __future__ import annotations

from collections.abc import Sequence

from feedback.core.lifecycle import MESSAGE_WAITING, MessageState
from feedback.i18n import Translator
from feedback.services.messaging.history import Tally
from feedback.web.export.tables import Column, Table
from feedback.web.wording import message_wording

Counted = Sequence[tuple[str, str, int]]
"""(provider or stage, reason, number), in words."""


def days(say: Translator, tallies: Sequence[Tally], *, price: float, currency: str) -> Table:
    """By day, provider and sender; with the cost in `currency` where a segment has a price."""
    _ = say.gettext
    heads = [Column(_("Day"), "date"), Column(_("Channel")), Column(_("Sender"))]
    titles = (_("Sent"), _("Delivered"), _("Failed"), _("Unconfirmed"), _("On hold"), _("Waiting"))
    heads += [Column(title, "count") for title in (*titles, _("Cancelled"), _("SMS segments"))]
    rows = [
        (
            each.day,
            message_wording.provider(say, each.provider),
            each.sender or None,
            each.sent,
            each.delivered,
            each.failed,
            each.states["unconfirmed"],
            each.states[MessageState.HELD],
            sum(each.states[state] for state in MESSAGE_WAITING),
            each.states[MessageState.CANCELLED],
            each.segments,
            *([each.cost] if price else []),
        )
        for each in tallies
    ]
    cost = [Column(f"{_('Cost')} ({currency})", "price")] if price else []
    return Table("days", _("Daily volume by channel and sender"), [*heads, *cost], rows)


def reasons(say: Translator, lost: Counted, called_off: Counted, skipped: Counted) -> list[Table]:
    """The reasons why messages failed or were cancelled, and why customers were not surveyed."""
    _ = say.gettext
    channel, stage = _("Channel"), _("Stage")
    return [
        _counts(say, "failed", _("Why messages failed"), channel, lost),
        _counts(say, "called-off", _("Why messages were cancelled"), channel, called_off),
        _counts(say, "not-asked", _("Why surveys were skipped"), stage, skipped),
    ]


def _counts(say: Translator, key: str, title: str, first: str, counted: Counted) -> Table:
    _ = say.gettext
    return Table(key, title, (Column(first), Column(_("Reason")), Column(_("Count"), "count")), counted)
