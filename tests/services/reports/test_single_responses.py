"""Responses one by one: paged without gaps or doubles, and as rows whose columns stay."""

from __future__ import annotations

from datetime import UTC, date, timedelta

import pytest

from feedback.core.answer import Answer
from feedback.core.time.period import Period
from feedback.errors import NotFound
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.reports import ResponseSelection
from feedback.store.database import Database
from tests.factories_reports import MARCH, account, answered, contact, user
from tests.factories_surveys import questionnaire, shelf
from tests.services.reports.test_results import ALL, TOOLS

FILE_COLUMNS = reports.file_columns(reports.survey_of(ALL))
LEAD = Viewer(1, sees_all=True)
MARCH_ONLY = ResponseSelection(*Period(date(2026, 3, 1), date(2026, 3, 31)).moments(UTC))


def test_pages_and_the_file_have_every_response_once(migrated: Database) -> None:
    with migrated.writing() as session:
        made = [answered(session, 9, MARCH + timedelta(hours=n // 2)).id for n in range(7)]
        answered(session, 9, MARCH, provisional=True)
        answered(session, 9, MARCH + timedelta(days=40))
        first = reports.listed_responses(session, LEAD, MARCH_ONLY, limit=4)
        rest = reports.listed_responses(session, LEAD, MARCH_ONLY, before=first[-1].id, limit=4)
        assert [each.id for each in (*first, *rest)] == sorted(made, reverse=True)
        session.commit()
    with migrated.reading() as session:
        found = [each.id for each in reports.every_response(session, LEAD, MARCH_ONLY)]
    assert found == sorted(made, reverse=True)


def test_a_response_of_somebody_elses_account_is_not_found(migrated: Database) -> None:
    with migrated.writing() as session:
        owner, other = user(session), user(session, "Other")
        person = contact(session, account(session, owner_id=owner.id))
        response = answered(session, 9, person=person)
        assert reports.one_response(session, Viewer(owner.id), response.id).id == response.id
        with pytest.raises(NotFound):
            reports.one_response(session, Viewer(other.id), response.id)
        assert reports.listed_responses(session, Viewer(other.id), MARCH_ONLY) == []


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("reason", Answer("price"), {"reason": "price"}),
        ("reason", Answer("dont_know"), {"reason": "dont_know"}),
        ("tools", Answer(("mail",)), {"tools.mail": 1, "tools.chat": 0, "tools.phone": 0}),
        ("tools", None, {"tools.mail": None, "tools.chat": None, "tools.phone": None}),
        ("grid", Answer({"docs": 2}), {"grid.docs": 2, "grid.people": None}),
        ("grid", Answer("not_applicable"), {"grid.docs": "not_applicable", "grid.people": "not_applicable"}),
        ("order", Answer(("chat", "mail", "phone")), {"order.mail": 2, "order.chat": 1, "order.phone": 3}),
        ("seats", Answer(12.5), {"seats": 12.5}),
    ],
)
def test_an_answer_fills_the_columns_of_its_question(
    question: str, answer: Answer | None, expected: dict[str, object]
) -> None:
    columns = [each for each in FILE_COLUMNS if each.asked.question.key == question]
    assert {each.name: each.value(answer) for each in columns} == expected


def test_an_option_of_an_earlier_version_keeps_its_column(migrated: Database) -> None:
    newer = shelf(questionnaire({**TOOLS, "options": ["Mail", "Video"]}))
    with migrated.writing() as session:
        shelf(ALL).published(session, "survey", MARCH)
        survey = reports.find_survey(reports.surveys(session, newer), "survey")
    names = [each.name for each in reports.file_columns(survey)]
    assert names[:3] == ["tools.mail", "tools.video", "tools.chat"]
    labels = {(each.column.name, each.value): each.label for each in reports.codebook(survey, "en")}
    assert labels["tools.chat", 1] == "Chat"
    assert labels["reason", "price"] == "Price"
    assert labels["reason", "dont_know"] == "dont_know"
