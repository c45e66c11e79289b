"""The tables of the page of deliveries, as files that people take away."""

from __future__ import annotations

from collections.abc import Sequence

from feedback.i18n import Translator
from feedback.services.deliveries import Tally
from feedback.web import delivery_words
from feedback.web.tables import Column, Table

Counted = Sequence[tuple[str, str, int]]
"""(channel or stage, reason, number), in words."""


def days(say: Translator, tallies: Sequence[Tally], *, price: float, currency: str) -> Table:
    """By day, channel and sender; with the cost in `currency` where a segment has a price."""
    _ = say.gettext
    heads = [Column(_("Day"), "date"), Column(_("Channel")), Column(_("Sender"))]
    titles = (_("Sent"), _("Delivered"), _("Failed"), _("Unconfirmed"), _("On hold"), _("Waiting"))
    heads += [Column(title, "count") for title in (*titles, _("Cancelled"), _("SMS segments"))]
    rows = [
        (
            each.day,
            delivery_words.channel(say, each.channel),
            each.sender or None,
            each.sent,
            each.delivered,
            each.failed,
            each.states["unconfirmed"],
            each.states["held"],
            each.states["queued"] + each.states["sending"],
            each.states["cancelled"],
            each.segments,
            *([each.cost] if price else []),
        )
        for each in tallies
    ]
    cost = [Column(f"{_('Cost')} ({currency})", "price")] if price else []
    return Table("days", _("Daily volume by channel and sender"), [*heads, *cost], rows)


def reasons(say: Translator, lost: Counted, called_off: Counted, skipped: Counted) -> list[Table]:
    """Why messages failed or were called off, and why customers were not asked."""
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
