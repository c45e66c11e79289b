"""The machine reads comments, people correct it, and both are counted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from feedback.core.time.period import Bucket, Period
from feedback.errors import Conflict, NotFound, Rejected
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.reports import CommentFilter, Group
from feedback.services.themes import correcting, counting, frames, labelling
from feedback.services.themes.frame_file import FrameRefused
from feedback.store.database import Database
from feedback.store.models import AnswerRow, AuditEntry, CommentTheme, Response, ThemeCount, ThemeDay
from feedback.store.portions import Portions
from tests.factories_reports import LIBRARY, MARCH, account, answered, user

MONTH = Period(date(2026, 3, 1), date(2026, 3, 31))
BEFORE = Period(date(2026, 2, 1), date(2026, 2, 28))
LEAD = Viewer(1, sees_all=True)
OWN_FRAME = """
themes:
  - key: cats
    name: {en: Cats, tr: Kediler, fa: گربه‌ها}
    words: {en: [cat|cats]}
"""


def read(database: Database) -> None:
    labelling.read_all(Portions(database), frozenset(), MARCH)
    counting.count_marked(database, frozenset())


def themes(database: Database) -> dict[str, list[str]]:
    """Text -> its themes."""
    with database.reading() as session:
        rows = session.execute(
            select(AnswerRow.text, CommentTheme.theme)
            .join(CommentTheme, CommentTheme.answer_id == AnswerRow.id)
            .order_by(AnswerRow.id, CommentTheme.theme)
        )
        found: dict[str, list[str]] = {}
        for text, theme in rows:
            found.setdefault(text, []).append(theme)
    return found


def comment(database: Database, text: str) -> int:
    with database.reading() as session:
        return session.scalars(select(AnswerRow.id).where(AnswerRow.text == text)).one()


def test_comments_get_the_themes_that_their_words_show_and_are_read_once(migrated: Database) -> None:
    with migrated.writing() as session:
        answered(session, 2, words="Too expensive and the support is slow")
        answered(session, 8, words="We shall see")
    assert labelling.read_all(Portions(migrated), frozenset(), MARCH) is False
    assert themes(migrated) == {"Too expensive and the support is slow": ["price", "support_speed"]}
    with migrated.reading() as session:
        assert not labelling.waiting(session)


def test_a_new_frame_reads_every_comment_again_but_not_what_a_person_decided(migrated: Database) -> None:
    with migrated.writing() as session:
        lead = user(session)
        answered(session, 2, words="Expensive cats")
        answered(session, 2, words="Expensive dogs")
    read(migrated)
    viewer = Viewer(lead.id, sees_all=True)
    with migrated.writing() as session:
        dogs = session.scalars(select(AnswerRow.id).where(AnswerRow.text == "Expensive dogs")).one()
        correcting.correct(session, viewer, dogs, ["usability"], left_out=(), now=MARCH)
        frames.save(session, OWN_FRAME, seen=0, by=lead.id, now=MARCH)
    read(migrated)
    assert themes(migrated) == {"Expensive cats": ["cats"], "Expensive dogs": ["usability"]}


def test_a_person_may_say_that_no_theme_fits(migrated: Database) -> None:
    with migrated.writing() as session:
        lead = user(session)
        answered(session, 2, words="Expensive")
    read(migrated)
    with migrated.writing() as session:
        viewer = Viewer(lead.id, sees_all=True)
        correcting.correct(session, viewer, comment(migrated, "Expensive"), [], left_out=(), now=MARCH)
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.detail["before"], entry.detail["themes"]) == ("tagged", "price", "-")
    with migrated.reading() as session:
        unsorted = reports.comments(session, LIBRARY, LEAD, CommentFilter(MONTH, themes=("-",)))
        priced = reports.comments(session, LIBRARY, LEAD, CommentFilter(MONTH, themes=("price",)))
    assert ([each.text for each in unsorted], priced) == (["Expensive"], [])


def test_a_comment_that_one_may_not_see_cannot_be_tagged(migrated: Database) -> None:
    with migrated.writing() as session:
        owner, other = user(session), user(session)
        made = answered(session, 2, words="Expensive")
        made.account_id = account(session, owner_id=owner.id).id
    answer = comment(migrated, "Expensive")
    with migrated.writing() as session, pytest.raises(NotFound):
        correcting.correct(session, Viewer(other.id), answer, ["price"], left_out=(), now=MARCH)
    with migrated.writing() as session, pytest.raises(Rejected):
        correcting.correct(session, Viewer(owner.id), answer, ["cats"], left_out=(), now=MARCH)


def test_a_bad_frame_changes_nothing_and_an_overtaken_one_conflicts(migrated: Database) -> None:
    with migrated.writing() as session, pytest.raises(FrameRefused):
        frames.save(session, "themes: 3", seen=0, by=None, now=MARCH)
    with migrated.writing() as session:
        first = frames.save(session, OWN_FRAME, seen=0, by=None, now=MARCH)
        assert frames.save(session, OWN_FRAME, seen=first, by=None, now=MARCH) == first
    with migrated.writing() as session, pytest.raises(Conflict):
        frames.save(session, OWN_FRAME + "\n", seen=0, by=None, now=MARCH)
    with migrated.reading() as session:
        assert [each.version for each in frames.history(session)] == [first]
        assert frames.in_force(session).frame.keys == ("cats",)


def test_shares_scores_and_trend_are_those_of_the_comments(migrated: Database) -> None:
    with migrated.writing() as session:
        for n in range(12):
            answered(session, 2 if n < 6 else 9, words="Expensive" if n < 8 else "We shall see")
        answered(session, 9, MARCH - timedelta(days=20), words="Expensive")
        answered(session, 3, words="Expensive robot", provisional=True)
    read(migrated)
    with migrated.reading() as session:
        frame = frames.in_force(session).frame
        found = reports.theme_report(session, frame, MONTH, BEFORE)
        shares = {each.theme: (each.share.n, each.share.base) for each in found.shares if each.share.n}
        assert shares == {"price": (8, 12), "-": (4, 12)}
        assert found.shares[-1].theme == "-"
        (series,) = reports.scored_series(session, LIBRARY, MONTH)
        by_theme = reports.theme_scores(session, frame, series, MONTH)
        scores = {each.theme: each.shown.aggregate.counts for each in by_theme}
        assert scores["price"][2] == 6 and scores["price"][9] == 2 and sum(scores[""].values()) == 12
        points = reports.theme_over_time(session, "price", Period(BEFORE.start, MONTH.end), Bucket.MONTH)
        assert [(each.n, each.share.n if each.share else None) for each in points] == [(0, None), (12, 8)]
        happy = reports.contradictions(session, LIBRARY, LEAD, CommentFilter(MONTH), ["price"])
        assert {each.value for each in happy} == {9}


def test_a_group_shows_no_theme_of_fewer_than_five_comments(migrated: Database) -> None:
    with migrated.writing() as session:
        for n in range(24):
            answered(session, 2, words="Expensive" if n % 12 < 2 else "Slow reports", segment="ab"[n // 12])
    read(migrated)
    with migrated.reading() as session:
        frame = frames.in_force(session).frame
        found = reports.theme_report(session, frame, MONTH, BEFORE, Group("segment", "a"))
    covered = {each.theme: each.covered for each in found.shares if each.share.n}
    assert covered == {"price": True, "performance": False, "reporting": False}


def test_counts_follow_every_change_of_a_comment(migrated: Database) -> None:
    with migrated.writing() as session:
        for n in range(3):
            answered(session, 2, MARCH + timedelta(days=n), words="Expensive")
    read(migrated)
    with migrated.writing() as session:
        first = session.scalars(select(Response.id).order_by(Response.id)).first()
        session.execute(update(AnswerRow).where(AnswerRow.response_id == first).values(text=None))
        counting.mark_responses(session, [first or 0])
        counting.mark_moments(session, [MARCH])
    read(migrated)
    with migrated.reading() as session:
        kept = session.execute(select(ThemeCount).order_by(ThemeCount.start)).scalars().all()
        cells = {
            (each.grain, each.start, each.theme): each.n
            for each in kept
            if each.dimension == "all" and each.trend == "" and each.n
        }
        assert cells[("month", date(2026, 3, 1), "price")] == 2
        assert ("day", date(2026, 3, 10), "price") not in cells
        assert session.scalars(select(ThemeDay)).all() == []
    with migrated.writing() as session:
        counting.mark_everything(session)
    counting.count_marked(migrated, frozenset())
    with migrated.reading() as session:
        again = session.execute(select(ThemeCount).order_by(ThemeCount.start)).scalars().all()
        assert sum(each.n for each in again) == sum(each.n for each in kept)
