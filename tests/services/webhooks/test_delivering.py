"""Deliveries: at least once, in order, each endpoint by itself, and with patience."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from sqlalchemy import update

from feedback.services.webhooks import delivering, endpoints
from feedback.services.webhooks.delivering import ATTEMPTS, LEASE, SCHEDULE
from feedback.store.models import WebhookAttempt, WebhookDelivery, WebhookEvent
from tests.fakes.fake_receiver import Answering, Received, Script
from tests.services.webhooks.conftest import Office


def failing(status: int, **headers: str) -> Script:
    return lambda _: Answering(status, {name.replace("_", "-"): value for name, value in headers.items()})


def test_the_specifications_own_library_verifies_what_arrives(office: Office) -> None:
    receiver = office.receiver()
    _, secret = office.endpoint(receiver.url)
    office.answer(score=2, words="Zu langsam – یواش است")
    office.now += timedelta(seconds=1)
    office.spread()
    office.use_real_time()
    office.deliver()
    verified = [each.verified(secret) for each in receiver.taken]
    assert [each["type"] for each in verified] == [
        "response.created",
        "response.completed",
        "score.low",
        "comment.added",
    ]
    assert verified[0]["data"]["answers"][1]["text"] == "Zu langsam – یواش است"
    assert verified[0]["timestamp"] == "2026-03-02T12:00:00Z"
    assert receiver.taken[0].path == "/hooks?from=feedback"
    assert len({each.uid for each in receiver.taken}) == 4


def test_after_a_rotation_both_secrets_sign_for_a_day(office: Office) -> None:
    receiver = office.receiver()
    endpoint, old = office.endpoint(receiver.url, ["response.created"])
    office.use_real_time()
    with office.database.writing() as session:
        _, new = endpoints.rotate(session, endpoint, by=None, now=office.now)
    office.answer()
    office.work()
    (call,) = receiver.taken
    assert call.verified(old) == call.verified(new)
    with office.database.reading() as session:
        row = endpoints.find(session, endpoint)
        assert delivering.secrets_of(row, office.now + timedelta(hours=23)) == (new, old)
        assert delivering.secrets_of(row, office.now + timedelta(hours=24)) == (new,)


def test_a_receiver_that_is_down_for_three_days_loses_nothing(office: Office) -> None:
    random.seed(7)
    receiver = office.receiver(failing(503))
    endpoint, _ = office.endpoint(receiver.url, ["response.created", "response.changed"])
    first = office.answer(score=9)
    office.work()
    for hour in range(1, 72, 6):
        office.until(office.start + timedelta(hours=hour), timedelta(minutes=20))
        office.answer(first, 8 - hour % 7)
        office.answer()
    office.until(office.start + timedelta(hours=72), timedelta(minutes=20))
    events = [each.uid for each in office.rows(WebhookEvent) if each.uid]
    assert not receiver.taken and office.row(endpoint).disabled_at is None
    receiver.script = lambda _: Answering()
    office.until(office.start + timedelta(hours=73), timedelta(minutes=20))
    assert sorted(each.uid for each in receiver.taken) == sorted(events)
    assert set(office.states()) == {"delivered"}
    told = [each for each in receiver.taken if each.event["data"]["id"] == 1]
    assert [each.event["timestamp"] for each in told] == sorted(each.event["timestamp"] for each in told)


def test_one_delivery_is_tried_ten_times_over_three_days(office: Office) -> None:
    random.seed(1)
    receiver = office.receiver(failing(500))
    office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.spread()
    for _ in range(200):
        office.deliver()
        due = min((each.due_at for each in office.rows(WebhookDelivery)), default=office.now)
        office.now = max(due, office.now + timedelta(minutes=6))
    at = [each.at for each in office.rows(WebhookAttempt)]
    assert len(at) == ATTEMPTS == 10
    assert timedelta(hours=75) < at[-1] - at[0] < timedelta(hours=84)
    assert sum(SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    assert office.states() == ["failed"]


def test_an_endpoint_that_never_works_is_disabled_and_the_admins_are_to_be_told(office: Office) -> None:
    receiver = office.receiver(failing(500))
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.spread()
    with office.database.writing() as session:
        session.execute(update(WebhookDelivery).values(attempts=ATTEMPTS - 1))
    office.deliver()
    row = office.row(endpoint)
    assert (row.disabled_for, row.notice_due, row.disabled_at) == ("http_500", True, office.now)
    office.answer()
    assert office.work() == 0


def test_an_endpoint_that_works_is_not_disabled_for_one_delivery_that_never_does(office: Office) -> None:
    def script(call: Received) -> Answering:
        return Answering(500 if call.event["data"]["id"] == 1 else 200)

    receiver = office.receiver(script)
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    office.wait(seconds=1)
    office.answer()
    office.work()
    assert office.states() == ["pending", "delivered"]
    with office.database.writing() as session:
        bad = update(WebhookDelivery).where(WebhookDelivery.id == 1)
        session.execute(bad.values(attempts=ATTEMPTS - 1, due_at=office.now))
    office.work()
    assert office.states() == ["failed", "delivered"]
    assert office.row(endpoint).disabled_at is None


def test_gone_disables_the_endpoint_at_once(office: Office) -> None:
    receiver = office.receiver(failing(410))
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    assert office.row(endpoint).disabled_for == "gone"
    office.wait(days=2)
    assert office.work() == 0 and len(receiver.calls) == 1


def test_the_time_that_a_receiver_asks_for_is_waited(office: Office) -> None:
    receiver = office.receiver(failing(429, Retry_After="1200"))
    office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    receiver.script = lambda _: Answering()
    office.answer()
    office.wait(minutes=19)
    assert office.work() == 0
    office.wait(minutes=1)
    assert office.work() == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_failures_and_are_not_followed(office: Office, status: int) -> None:
    inside = office.receiver()
    receiver = office.receiver(failing(status, Location=inside.url))
    office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    assert not inside.calls
    assert [each.code for each in office.rows(WebhookAttempt)] == [f"http_{status}"]


def test_events_of_one_object_wait_for_each_other_and_others_do_not(office: Office) -> None:
    def script(call: Received) -> Answering:
        return Answering(500 if call.event["data"]["id"] == 1 and not is_well else 200)

    is_well = False
    receiver = office.receiver(script)
    office.endpoint(receiver.url, ["response.created", "response.changed"])
    first = office.answer(score=9)
    office.work()
    office.answer(first, 8)
    office.answer()
    office.wait(seconds=1)
    office.work()
    assert [each.event["data"]["id"] for each in receiver.taken] == [2]
    is_well = True
    office.wait(seconds=10)
    office.work()
    assert receiver.types() == ["response.created", "response.created", "response.changed"]


def test_a_slow_receiver_keeps_nobody_else_waiting(office: Office) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def slowly(_: Received) -> None:
        reached.set()
        assert go_on.wait(20)

    slow = office.receiver(lambda _: Answering(before=slowly))
    quick = office.receiver()
    office.endpoint(slow.url, ["response.created"])
    office.endpoint(quick.url, ["response.created"])
    office.answer()
    office.spread()
    lanes = office.lanes()
    lanes.start_due(office.now)
    assert reached.wait(20)
    assert quick.next_taken(20) and not slow.taken
    lanes.start_due(office.now)  # the slow one is still busy: it gets no second thread
    go_on.set()
    lanes.close()
    assert len(slow.taken) == len(slow.calls) == 1
    assert office.states() == ["delivered", "delivered"]


def test_what_a_killed_process_had_claimed_is_sent_after_its_lease(office: Office) -> None:
    receiver = office.receiver()
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.spread()
    with office.database.writing() as session:
        (claimed,) = delivering._claim(session, endpoint, office.now)
    office.http.post(claimed.url, claimed.body, {"webhook-id": claimed.uid, "webhook-timestamp": "1"})
    office.wait(seconds=30)
    assert office.deliver() == 0
    office.now += LEASE
    assert office.deliver() == 1
    assert len({each.uid for each in receiver.taken}) == 1  # by its id, the receiver drops the double
    assert office.states() == ["delivered"]


def test_what_was_not_called_before_a_stop_is_put_back(office: Office) -> None:
    receiver = office.receiver()
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    for _ in range(3):
        office.answer()
    office.spread()
    with office.database.writing() as session:
        claimed = delivering._claim(session, endpoint, office.now)
    delivering._call_all(
        office.database, office.http, endpoint, claimed, lambda: office.now, stopped=lambda: True
    )
    assert not receiver.calls
    assert [(each.attempts, each.due_at) for each in office.rows(WebhookDelivery)] == [(0, office.now)] * 3
    assert office.deliver() == 3


def test_every_fifth_call_fails_and_everything_arrives_once_in_order(office: Office) -> None:
    chance = random.Random(3)
    receiver = office.receiver(lambda _: Answering(500 if chance.random() < 0.2 else 200))
    office.endpoint(receiver.url, ["response.created", "response.changed", "response.completed"])
    tokens = [office.answer(score=9) for _ in range(20)]
    for score in (8, 7, 10):
        office.work()
        for token in tokens:
            office.answer(token, score)
        office.wait(minutes=1)
    office.until(office.now + timedelta(days=1), timedelta(minutes=30))
    assert set(office.states()) == {"delivered"}
    ids = [each.uid for each in receiver.taken]
    assert len(ids) == len(set(ids)) == len(office.states())
    for number in range(1, 21):
        of_one = [each.event["timestamp"] for each in receiver.taken if each.event["data"]["id"] == number]
        assert of_one == sorted(of_one) and len(of_one) == 4


def test_while_an_endpoint_is_down_it_gets_single_deliveries(office: Office) -> None:
    receiver = office.receiver(failing(500))
    office.endpoint(receiver.url, ["response.created"])
    for _ in range(40):
        office.answer()
    office.work()
    office.wait(minutes=5)
    calls = len(receiver.calls)
    assert office.work() == 1 and len(receiver.calls) == calls + 1
    receiver.script = lambda _: Answering()
    office.wait(minutes=5)
    office.work()
    assert len(receiver.taken) == 40  # the first success makes everything due


def test_the_log_keeps_the_beginning_of_the_answer(office: Office) -> None:
    receiver = office.receiver(lambda _: Answering(422, body=b"{no such field}" + b"x" * 5_000))
    office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    (attempt,) = office.rows(WebhookAttempt)
    assert attempt.answer.startswith("{no such field}xx") and len(attempt.answer) == 1_000
