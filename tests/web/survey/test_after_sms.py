"""A survey answered by SMS, whose link is opened later."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from feedback import clock
from feedback.core.answer import Answer
from feedback.services.responses import recording
from feedback.services.responses.submission import Submission
from feedback.store.models import Invitation, Response
from tests.factories_surveys import RECOMMEND, WHY_LOW, questionnaire
from tests.web.survey.conftest import Opener, Site

SOLVED = {
    "key": "solved",
    "type": "single",
    "text": "Is your problem solved?",
    "options": [{"key": "yes", "text": "It is"}, {"key": "no", "text": "It is not"}],
}
ASKS_MORE = questionnaire(RECOMMEND, SOLVED, WHY_LOW)


@pytest.fixture
def answered(open_site: Opener, now: time_machine.Coordinates) -> Site:
    """A customer has sent score and comment by SMS and was thanked; `solved` was never asked."""
    site = open_site(ASKS_MORE)
    with site.runtime.database.writing() as session:
        invitation = session.scalars(select(Invitation)).one()
        given = {"recommend": Answer(3), "better": Answer(None, "Answer faster")}
        submission = Submission(given, clock.now(), "sms_reply", finished=True)
        recording.record(session, invitation, ASKS_MORE, submission, site.runtime.settings)
    return site


def answers_of(site: Site) -> dict[str, object]:
    with site.runtime.database.reading() as session:
        response = session.scalars(select(Response)).one()
        assert response.state == "complete"
        return {row.question: row.text or row.value for row in response.answers}


def test_what_was_never_asked_can_be_answered_until_the_link_expires(
    answered: Site, now: time_machine.Coordinates
) -> None:
    now.shift(timedelta(days=2))
    page = answered.get().text
    assert "?q=solved" in page and "Is your problem solved?" in page
    assert "?q=recommend" not in page and "Answer faster" not in page
    answered.post("?q=solved", solved="no")
    assert answers_of(answered) == {"recommend": 3, "better": "Answer faster", "solved": "no"}
    assert "?q=solved" not in answered.get().text


def test_what_was_answered_by_sms_stays_as_it_is_after_the_window(
    answered: Site, now: time_machine.Coordinates
) -> None:
    now.shift(timedelta(hours=2))
    answered.post("?q=recommend", recommend="9")
    assert answers_of(answered)["recommend"] == 3


def test_nothing_is_answered_after_the_link_has_expired(
    answered: Site, now: time_machine.Coordinates
) -> None:
    now.shift(timedelta(days=31))
    assert "?q=solved" not in answered.get().text
    answered.post("?q=solved", solved="no")
    assert "solved" not in answers_of(answered)
