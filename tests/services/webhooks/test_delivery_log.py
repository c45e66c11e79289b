"""The log of deliveries: read in pages, sent again, and deleted after 30 days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedback.errors import Conflict, NotFound, Rejected
from feedback.services.webhooks import delivery_log
from feedback.services.webhooks.delivery_log import KEPT_FOR, WebhookRange
from feedback.store.models import WebhookAttempt, WebhookDelivery, WebhookEvent
from feedback.store.portions import Portions
from tests.fakes.fake_receiver import Answering
from tests.services.webhooks.conftest import Office


def replay(office: Office, endpoint: int, *, missed: bool = True, hours: int = 48) -> int:
    wanted = WebhookRange(office.now - timedelta(hours=hours), office.now + timedelta(seconds=1), missed)
    portions = Portions(office.database, rest=lambda _: None)
    return delivery_log.replay(portions, endpoint, wanted, by=None, now=office.now)


def test_one_delivery_is_sent_again_with_the_same_id(office: Office) -> None:
    receiver = office.receiver()
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    with office.database.writing() as session:
        delivery_log.redeliver(session, endpoint, 1, by=None, now=office.now)
    office.work()
    assert len(receiver.taken) == 2 and len({each.uid for each in receiver.taken}) == 1
    with office.database.reading() as session:
        assert len(delivery_log.one(session, endpoint, 1).log) == 2
        with pytest.raises(NotFound):
            delivery_log.one(session, endpoint + 1, 1)


def test_a_replay_sends_what_was_missed_also_from_before_the_endpoint(office: Office) -> None:
    other, _ = office.endpoint("http://127.0.0.1:9/", ["response.created"])
    office.pause(other)
    office.answer()
    office.spread()
    receiver = office.receiver()
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    assert len(receiver.taken) == 1
    assert replay(office, endpoint) == 1
    office.work()
    assert len(receiver.taken) == 2
    assert replay(office, endpoint) == 0
    assert replay(office, endpoint, missed=False) == 2
    office.work()
    assert len(receiver.taken) == 4


def test_a_replay_keeps_to_its_time(office: Office) -> None:
    receiver = office.receiver()
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    office.wait(hours=5)
    office.answer()
    office.work()
    assert replay(office, endpoint, missed=False, hours=4) == 1
    with pytest.raises(Rejected):
        replay(office, endpoint, hours=-1)


def test_what_was_given_up_is_replayed(office: Office) -> None:
    receiver = office.receiver(lambda _: Answering(410))
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    receiver.script = lambda _: Answering()
    office.resume(endpoint)
    assert replay(office, endpoint) == 1
    office.work()
    assert office.states() == ["delivered"]


def test_an_emptied_event_is_neither_sent_nor_sent_again(office: Office) -> None:
    receiver = office.receiver()
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.spread()
    with office.database.writing() as session:
        session.get_one(WebhookEvent, 1).body = None
    assert office.work() == 0 and office.states() == ["dropped"]
    with pytest.raises(Conflict), office.database.writing() as session:
        delivery_log.redeliver(session, endpoint, 1, by=None, now=office.now)


def test_pages_go_back_from_the_latest(office: Office) -> None:
    endpoint, _ = office.endpoint("http://127.0.0.1:9/", ["response.created"])
    for _ in range(5):
        office.answer()
    office.spread()
    with office.database.reading() as session:
        first = delivery_log.page(session, endpoint, limit=2)
        second = delivery_log.page(session, endpoint, before=first[-1].id, limit=2)
        assert [each.id for each in (*first, *second)] == [5, 4, 3, 2]
        assert not delivery_log.page(session, endpoint, state="failed")
        backlog = delivery_log.backlogs(session)[endpoint]
        assert (backlog.waiting, backlog.failed, backlog.since) == (5, 0, office.now)


def test_after_thirty_days_events_and_their_log_are_deleted(office: Office) -> None:
    receiver = office.receiver()
    office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    with office.database.writing() as session:
        assert delivery_log.purge(session, office.now + KEPT_FOR, 100) == 0
        assert delivery_log.purge(session, office.now + KEPT_FOR + timedelta(seconds=1), 100) == 1
    assert not office.rows(WebhookEvent) + office.rows(WebhookDelivery) + office.rows(WebhookAttempt)
