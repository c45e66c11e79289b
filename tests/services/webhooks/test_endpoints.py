"""Endpoints: registered, changed by one person at a time, paused, resumed, and deleted with everything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from feedback.core.webhook_events import TEST
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services.webhooks import endpoints
from feedback.services.webhooks.endpoints import MOST, EndpointDraft
from feedback.settings.table import WebhookSettings
from feedback.store.models import AuditEntry, WebhookDelivery, WebhookEndpoint, WebhookSubscription
from feedback.store.portions import Portions
from tests.fakes.fake_receiver import Answering
from tests.services.webhooks.conftest import LOCAL, Office

GOOD = EndpointDraft("CRM", "https://crm.example.com/hooks", ["score.low"])


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (EndpointDraft(" ", GOOD.url, GOOD.types), "name"),
        (EndpointDraft("x" * 101, GOOD.url, GOOD.types), "name"),
        (EndpointDraft("CRM", "crm.example.com", GOOD.types), "whole address"),
        (EndpointDraft("CRM", "https://user:secret@crm.example.com/", GOOD.types), "whole address"),
        (EndpointDraft("CRM", "http://crm.example.com/", GOOD.types), "https"),
        (EndpointDraft("CRM", GOOD.url, []), "at least one type"),
        (EndpointDraft("CRM", GOOD.url, ["score.high"]), "score.high"),
    ],
)
def test_what_cannot_work_is_refused(office: Office, draft: EndpointDraft, said: str) -> None:
    with pytest.raises(Rejected, match=said), office.database.writing() as session:
        endpoints.create(session, draft, WebhookSettings(), by=None, now=office.now)
    assert not office.rows(WebhookEndpoint)


def test_there_is_a_thread_for_each_so_there_are_not_too_many(office: Office) -> None:
    for number in range(MOST):
        office.endpoint(f"http://127.0.0.1:9/{number}")
    with pytest.raises(Conflict):
        office.endpoint("http://127.0.0.1:9/more")


def test_a_change_that_somebody_else_has_overtaken_is_refused(office: Office) -> None:
    endpoint, _ = office.endpoint("http://127.0.0.1:9/")
    other = EndpointDraft("Helpdesk", "https://help.example.com/", ["comment.added", "score.low"])
    with office.database.writing() as session:
        endpoints.change(session, endpoint, other, LOCAL, edit=1, by=None, now=office.now)
    with pytest.raises(Conflict), office.database.writing() as session:
        endpoints.change(session, endpoint, GOOD, LOCAL, edit=1, by=None, now=office.now)
    row = office.row(endpoint)
    assert (row.name, row.edit) == ("Helpdesk", 2)
    assert [each.type for each in row.subscriptions] == ["comment.added", "score.low"]


def test_a_third_secret_has_to_wait_until_the_first_has_ended(office: Office) -> None:
    endpoint, _ = office.endpoint("http://127.0.0.1:9/")
    with office.database.writing() as session:
        endpoints.rotate(session, endpoint, by=None, now=office.now)
    with pytest.raises(Conflict), office.database.writing() as session:
        endpoints.rotate(session, endpoint, by=None, now=office.now + timedelta(hours=23))
    with office.database.writing() as session:
        endpoints.rotate(session, endpoint, by=None, now=office.now + timedelta(hours=24))


def test_a_test_event_goes_to_this_endpoint_only(office: Office) -> None:
    receiver, other = office.receiver(), office.receiver()
    endpoint, _ = office.endpoint(receiver.url, ["score.low"])
    office.endpoint(other.url)
    with office.database.writing() as session:
        endpoints.send_test(session, endpoint, by=None, now=office.now)
    office.work()
    assert receiver.types() == [TEST] and not other.calls
    assert receiver.taken[0].event["data"]["endpoint"] == "CRM"


def test_a_paused_endpoint_gets_no_test(office: Office) -> None:
    endpoint, _ = office.endpoint("http://127.0.0.1:9/")
    office.pause(endpoint)
    with pytest.raises(Conflict), office.database.writing() as session:
        endpoints.send_test(session, endpoint, by=None, now=office.now)


def test_a_disabled_endpoint_is_resumed_with_what_waited(office: Office) -> None:
    receiver = office.receiver(lambda _: Answering(410))
    endpoint, _ = office.endpoint(receiver.url, ["response.created"])
    office.answer()
    office.work()
    office.answer()
    office.work()
    receiver.script = lambda _: Answering()
    office.wait(days=3)
    office.resume(endpoint)
    office.work()
    assert receiver.types() == ["response.created"] * 2
    assert office.row(endpoint).disabled_for is None and not office.row(endpoint).notice_due


def test_deleting_removes_everything_of_it_and_is_in_the_audit_log(office: Office) -> None:
    endpoint, _ = office.endpoint("http://127.0.0.1:9/")
    kept, _ = office.endpoint("http://127.0.0.1:9/kept")
    office.answer(score=2)
    office.spread()
    endpoints.delete(Portions(office.database, rest=lambda _: None), endpoint, by=None, now=office.now)
    assert {each.endpoint_id for each in office.rows(WebhookDelivery)} == {kept}
    with office.database.reading() as session:
        assert set(session.scalars(select(WebhookSubscription.endpoint_id))) == {kept}
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
        assert actions == ["created", "created", "deleted"]
        with pytest.raises(NotFound):
            endpoints.find(session, endpoint)
