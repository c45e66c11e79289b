"""Events become bodies and deliveries, once, for the endpoints that want them."""

from __future__ import annotations

from feedback.core.webhook_events import WebhookFilter
from feedback.services.webhooks import spreading
from feedback.store.models import WebhookDelivery, WebhookEvent
from feedback.store.portions import Portions
from tests.services.webhooks.conftest import Office


def test_an_answer_is_told_to_everybody_who_wants_it(office: Office) -> None:
    all_of_it, _ = office.endpoint("http://127.0.0.1:9/a")
    only_low, _ = office.endpoint("http://127.0.0.1:9/b", ["score.low"])
    office.answer(score=2, words="Too slow")
    office.spread()
    told = [(each.endpoint_id, each.event_id) for each in office.rows(WebhookDelivery)]
    events = {each.id: each.type for each in office.rows(WebhookEvent)}
    assert [(endpoint, events[event]) for endpoint, event in told] == [
        (all_of_it, "response.created"),
        (all_of_it, "response.completed"),
        (all_of_it, "score.low"),
        (only_low, "score.low"),
        (all_of_it, "comment.added"),
    ]


def test_what_was_spread_is_not_spread_again(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/a")
    office.answer()
    portions = Portions(office.database, rest=lambda _: None)
    assert spreading.spread_all(portions, office.context, office.now) == 1
    assert spreading.spread_all(portions, office.context, office.now) == 0
    assert len(office.rows(WebhookDelivery)) == 1


def test_several_changes_before_anybody_was_told_become_one(office: Office) -> None:
    office.endpoint("http://127.0.0.1:9/a", ["response.changed"])
    token = office.answer(score=9)
    for score in (8, 7, 10):
        office.answer(token, score)
    assert office.told() == ["response.changed"] * 3
    office.spread()
    told = [each for each in office.rows(WebhookEvent) if each.body]
    assert len(told) == 1 and '"value":10' in told[0].body


def test_filters_choose_by_what_the_event_knows(office: Office) -> None:
    wanted = WebhookFilter(segments=("smb",), score_at_most=3)
    office.endpoint("http://127.0.0.1:9/a", ["response.created"], wanted)
    other = WebhookFilter(segments=("enterprise",))
    office.endpoint("http://127.0.0.1:9/b", ["response.created"], other)
    office.answer(score=3)
    office.answer(score=4)
    office.spread()
    events = office.rows(WebhookEvent)
    assert [each.event_id for each in office.rows(WebhookDelivery)] == [events[0].id]


def test_a_paused_endpoint_gets_deliveries_that_wait(office: Office) -> None:
    receiver = office.receiver()
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.pause(endpoint)
    office.answer()
    assert office.work() == 0
    office.resume(endpoint)
    assert office.work() == 1
    assert receiver.types() == ["response.created"]
