"""What other systems can be notified of: the one table of event types, and which events an endpoint wants."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class WebhookEventType:
    """A type of event. `shape` names what its `data` is: one of the API's objects."""

    name: str
    shape: str
    title: str
    """For people, in English; the desk's catalogues translate it."""


def _marked(title: str) -> str:
    """For the collector of translations."""
    return title


_ = _marked

EVENT_TYPES: Mapping[str, WebhookEventType] = {
    each.name: each
    for each in (
        WebhookEventType("response.created", "response", _("First answer of a response")),
        WebhookEventType("response.completed", "response", _("Response completed")),
        WebhookEventType("response.changed", "response", _("Answers added or changed")),
        WebhookEventType("score.low", "response", _("Low score")),
        WebhookEventType("comment.added", "comment", _("Comment")),
        WebhookEventType("follow_up.opened", "follow_up", _("Follow-up opened")),
        WebhookEventType("follow_up.taken", "follow_up", _("Follow-up taken")),
        WebhookEventType("follow_up.replied", "follow_up", _("Customer replied in a follow-up")),
        WebhookEventType("follow_up.overdue", "follow_up", _("Follow-up overdue")),
        WebhookEventType("follow_up.closed", "follow_up", _("Follow-up closed")),
        WebhookEventType("follow_up.reopened", "follow_up", _("Follow-up reopened")),
        WebhookEventType("contact.opted_out", "suppression", _("Contact opted out")),
        WebhookEventType("invitation.failed", "invitation", _("Invitation failed")),
        WebhookEventType("campaign.finished", "campaign", _("Campaign finished")),
    )
}
"""Name -> type. A new line needs a place in the services that calls `services.changes.report`, and nothing else if its
shape is known to `services.webhooks.bodies`."""

TEST = "webhook.test"
"""The type of the event that an admin sends by hand; nobody chooses it."""


@dataclass(frozen=True, slots=True)
class WebhookFilter:
    """Which events of the chosen types are sent; an empty part lets all through.

    A part only concerns events that have the fact: an opt-out has no questionnaire, so it is sent in any case.
    `score_at_most` compares the lowest score of the response; one without a score is not sent.
    """

    questionnaires: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    score_at_most: int | None = None

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> WebhookFilter:
        lists = {name: tuple(stored.get(name, ())) for name in _LISTS}
        return cls(**lists, score_at_most=stored.get("score_at_most"))

    def stored(self) -> dict[str, Any]:
        """As JSON values, without what lets everything through."""
        lists = {name: list(getattr(self, name)) for name in _LISTS if getattr(self, name)}
        return lists if self.score_at_most is None else {**lists, "score_at_most": self.score_at_most}

    def passes(self, facts: Mapping[str, Any]) -> bool:
        """Whether an event with these facts (questionnaire, stage, segment, channel, score) is sent."""
        for plural, name in _LISTS.items():
            wanted: Collection[str] = getattr(self, plural)
            if wanted and name in facts and facts[name] not in wanted:
                return False
        if self.score_at_most is None or "score" not in facts:
            return True
        return facts["score"] is not None and facts["score"] <= self.score_at_most


_LISTS = {"questionnaires": "questionnaire", "stages": "stage", "segments": "segment", "channels": "channel"}


def known_types(names: Iterable[str]) -> list[str]:
    """The names in the order of the table. Raises ValueError for one that is not in it."""
    chosen = set(names)
    if unknown := sorted(chosen - set(EVENT_TYPES)):
        raise ValueError(f"There is no event type {unknown[0]!r}; use {', '.join(EVENT_TYPES)}.")
    return [name for name in EVENT_TYPES if name in chosen]
