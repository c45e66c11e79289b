from __future__ import annotations

from datetime import timedelta

from feedback.services.webhooks import problems
from feedback.store.models import WebhookEndpoint
from tests.fakes.fake_receiver import Answering
from tests.services.webhooks.conftest import Office


def found(office: Office) -> list[str]:
    with office.database.reading() as session:
        return [each.code for each in problems.problems(session, office.now)]


def test_doctor_names_webhooks_that_are_disabled_and_those_that_fail_for_an_hour(office: Office) -> None:
    gone = office.receiver(lambda _: Answering(410))
    slow = office.receiver(lambda _: Answering(500))
    office.endpoint(gone.url, ["response.created"])
    endpoint, _ = office.endpoint(slow.url, ["response.created"])
    office.answer()
    office.work()
    assert found(office) == ["F126"]
    office.wait(hours=1, seconds=1)
    assert sorted(found(office)) == ["F126", "F127"]
    office.pause(endpoint)
    assert found(office) == ["F126"]
    assert office.rows(WebhookEndpoint)[0].disabled_for == "gone"
    assert timedelta(hours=1) == problems.FAILING
