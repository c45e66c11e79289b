"""The comments feed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from feedback.core.time.period import Period
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.reports import CommentFilter
from feedback.store.database import Database
from feedback.store.models import AnswerRow
from tests.factories_reports import LIBRARY, MARCH, account, answered, contact, follow_up, user
from tests.factories_surveys import NPS, RECOMMEND, WHY_LOW, questionnaire, shelf

MONTH = Period(date(2026, 3, 1), date(2026, 3, 31))
LEAD = Viewer(1, sees_all=True)


def test_comments_come_latest_first_with_their_score_and_their_customer(migrated: Database) -> None:
    with migrated.writing() as session:
        person = contact(session, account(session, "Acme"), "Deniz")
        low = answered(session, 2, words="Too slow", person=person)
        follow_up(session, low)
        answered(session, 10, MARCH + timedelta(hours=1), words="Lovely")
        answered(session, 5)
        answered(session, 5, words="I am a bot", provisional=True)
        found = reports.comments(session, LIBRARY, LEAD, CommentFilter(MONTH))
    assert [(each.text, each.value, each.band) for each in found] == [
        ("Lovely", 10, "promoter"),
        ("Too slow", 2, "detractor"),
    ]
    assert (found[1].account, found[1].contact, found[1].follow_up_state) == ("Acme", "Deniz", "open")


@pytest.mark.parametrize(
    ("change", "texts"),
    [
        ({"band": "detractor"}, ["Zu langsam"]),
        ({"language": "en"}, ["Good, 100% so"]),
        ({"segment": "vip"}, ["Zu langsam"]),
        ({"channel": "email"}, ["Zu langsam"]),
        ({"band": "bad"}, ["Zu langsam"]),
        ({"band": "middle"}, []),
        ({"band": "good"}, ["Good, 100% so"]),
        ({"owner": 0}, ["Good, 100% so"]),
        ({"follow_up": "any"}, ["Zu langsam"]),
        ({"follow_up": "open"}, ["Zu langsam"]),
        ({"follow_up": "closed"}, []),
        ({"follow_up": "none"}, ["Good, 100% so"]),
        ({"words": "LANGSAM"}, ["Zu langsam"]),
        ({"words": "zu\u200clángsam"}, ["Zu langsam"]),
        ({"words": "0% s"}, ["Good, 100% so"]),
        ({"words": "0_"}, []),  # signs of the database's own mean nothing here
        ({"period": Period(date(2026, 4, 1), date(2026, 4, 2))}, []),
    ],
)
def test_filters_narrow_the_feed(migrated: Database, change: dict[str, object], texts: list[str]) -> None:
    with migrated.writing() as session:
        answered(session, 9, words="Good, 100% so")
        owner = user(session)
        of = {"language": "de", "segment": "vip", "channel": "email", "owner": owner}
        follow_up(session, answered(session, 2, words="Zu langsam", **of))  # type: ignore[arg-type]
        everything = reports.comments(session, LIBRARY, LEAD, CommentFilter(MONTH, owner=owner.id))
        assert [each.text for each in everything] == ["Zu langsam"]
        wanted = {"period": MONTH} | change
        found = reports.comments(session, LIBRARY, LEAD, CommentFilter(**wanted))  # type: ignore[arg-type]
    assert [each.text for each in found] == texts


def test_a_series_shows_the_comments_to_its_own_question(migrated: Database) -> None:
    with migrated.writing() as session:
        answered(session, 9, words="mine")
        answered(session, 9, words="another trend's", trend="other")
        series = reports.find_series(reports.all_series(session, LIBRARY), "survey")
        found = reports.comments(session, LIBRARY, LEAD, CommentFilter(MONTH, series))
    assert [each.text for each in found] == ["mine"]


def test_pages_follow_each_other_without_a_gap(migrated: Database) -> None:
    with migrated.writing() as session:
        for n in range(7):
            answered(session, 9, MARCH + timedelta(hours=n // 3), words=str(n))
        seen: list[str] = []
        before = None
        while page := reports.comments(session, LIBRARY, LEAD, CommentFilter(MONTH), before=before, limit=3):
            seen += [each.text for each in page]
            before = page[-1].answer_id
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_a_csm_reads_what_their_own_accounts_say(migrated: Database) -> None:
    with migrated.writing() as session:
        me, other = user(session), user(session)
        for owner, words in ((me, "mine"), (other, "not mine"), (None, "nobody's")):
            customer = account(session, owner_id=owner.id if owner else None)
            answered(session, 3, words=words, person=contact(session, customer))
        found = reports.comments(session, LIBRARY, Viewer(me.id), CommentFilter(MONTH))
    assert {each.text for each in found} == {"mine", "nobody's"}


def test_a_phone_number_that_a_survey_asked_for_is_a_comment_nowhere(migrated: Database) -> None:
    phone = {"key": "phone", "type": "text", "text": "May we call you?", "contact": "phone"}
    asking, now = shelf(questionnaire(RECOMMEND, WHY_LOW, phone)), shelf(NPS)
    with migrated.writing() as session:
        given = answered(session, 3, words="Please call", library=asking)
        given.answers.append(AnswerRow(question="phone", text="+15005550123"))
        session.flush()
        every = list(reports.every_comment(session, asking, LEAD, CommentFilter(MONTH)))
        # The library in force no longer has the question; the version that asked it is stored.
        page = reports.comments(session, now, LEAD, CommentFilter(MONTH))
        told = "\n".join(reports.text_report(session, now, MONTH.start, MONTH.end))
    assert [each.text for each in (*every, *page)] == ["Please call", "Please call"]
    assert "Please call" in told
    assert "+15005550123" not in told
