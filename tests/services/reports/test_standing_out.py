"""Words that stand out in the comments of a period."""

from __future__ import annotations

from datetime import date, timedelta

from feedback.core.time.period import Period
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.reports import CommentFilter
from feedback.store.database import Database
from tests.factories_reports import LIBRARY, MARCH, answered

NOW = CommentFilter(Period(date(2026, 3, 1), date(2026, 3, 31)))
BEFORE = CommentFilter(Period(date(2026, 2, 1), date(2026, 2, 28)))
LEAD = Viewer(1, sees_all=True)


def test_a_word_of_this_period_is_found_and_small_sides_are_not_compared(migrated: Database) -> None:
    with migrated.writing() as session:
        for n in range(12):
            answered(session, 2, words=f"the invoice was late {n}")
        for _ in range(9):
            answered(session, 9, MARCH - timedelta(days=20), words="nice people")
    with migrated.reading() as session:
        few = reports.words_that_stand_out(session, LIBRARY, LEAD, NOW, BEFORE, "en")
    assert (few.a.n, few.b.n, few.more, few.less) == (12, 9, None, None)
    with migrated.writing() as session:
        for _ in range(11):
            answered(session, 9, MARCH - timedelta(days=20), words="nice people")
    with migrated.reading() as session:
        found = reports.words_that_stand_out(session, LIBRARY, LEAD, NOW, BEFORE, "en")
    assert {each.word for each in found.more or ()} == {"invoice", "late"}
    assert {each.word for each in found.less or ()} == {"nice", "people"}
