"""What is old is forgotten after the times of the settings, and nothing before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from feedback.services.contact import suppression
from feedback.services.customers import product_usage
from feedback.services.privacy import retention
from feedback.settings.table import RetentionSettings
from feedback.store.models import (
    Account,
    AuditEntry,
    Contact,
    InboundReply,
    Response,
    Score,
    Suppression,
    UsagePoint,
)
from feedback.store.portions import Portions
from tests.services.conftest import World
from tests.services.privacy.person import PHONE, WORDS, traces

KINDS = ("answers", "messages", "contacts", "replies", "usage")


def purge(world: World, **kept: timedelta) -> retention.Purged:
    times = {name: timedelta() for name in KINDS}
    with world.database.writing() as session:
        return retention.purge(session, RetentionSettings(**(times | kept)), world.now)


def test_nothing_is_purged_before_its_time_or_without_one(surveyed: World) -> None:
    surveyed.wait(days=10)
    assert not purge(surveyed)
    month = timedelta(days=30)
    assert not purge(surveyed, answers=month, messages=month, contacts=month, replies=month)


def test_messages_and_replies_lose_their_text_and_address(surveyed: World) -> None:
    surveyed.wait(days=31)
    purged = purge(surveyed, messages=timedelta(days=30), replies=timedelta(days=30))
    assert purged.messages >= 1
    assert (purged.replies, purged.answers, purged.contacts) == (1, 0, 0)
    with surveyed.database.reading() as session:
        assert set(session.scalars(select(InboundReply.body))) == {""}
        assert {row.partition(":")[0] for row in traces(session)}.isdisjoint({"inbound_reply"})
    assert not purge(surveyed, messages=timedelta(days=30), replies=timedelta(days=30))


def test_old_figures_of_use_are_deleted_and_young_ones_stay(surveyed: World) -> None:
    def tell(key: str) -> None:
        with surveyed.database.writing() as session:
            account = session.scalars(select(Account)).first()
            assert account
            point = product_usage.UsageFigure(key, "logins", 3, surveyed.now)
            product_usage.record(session, account.external_id, point, surveyed.now)

    tell("old")
    surveyed.wait(days=31)
    tell("young")
    assert purge(surveyed).usage == 0
    assert purge(surveyed, usage=timedelta(days=30)).usage == 1
    with surveyed.database.reading() as session:
        assert list(session.scalars(select(UsagePoint.key))) == ["young"]


def test_old_answers_lose_their_words_and_their_person_and_keep_their_score(surveyed: World) -> None:
    surveyed.wait(days=31)
    assert purge(surveyed, answers=timedelta(days=30)).answers == 1
    with surveyed.database.reading() as session:
        response = session.scalars(select(Response)).one()
        assert (response.contact_id, response.invitation_id) == (None, None)
        assert session.scalar(select(func.count()).select_from(Score)) == 1
        assert WORDS not in "\n".join(row for row in traces(session) if row.startswith(("answer", "follow")))
    assert not purge(surveyed, answers=timedelta(days=30))


def test_contacts_without_any_life_are_erased_and_may_come_back(surveyed: World) -> None:
    surveyed.wait(days=400)
    assert purge(surveyed, contacts=timedelta(days=365)).contacts == 1
    with surveyed.database.reading() as session:
        assert not suppression.is_suppressed(session, "sms", PHONE)
        assert session.scalar(select(func.count()).select_from(Suppression)) == 0
    assert not purge(surveyed, contacts=timedelta(days=365))


def test_a_purge_in_portions_forgets_what_one_transaction_would_forget(surveyed: World) -> None:
    surveyed.wait(days=31)
    month = timedelta(days=30)
    kept = RetentionSettings(answers=month, messages=month, contacts=month, replies=month, usage=month)
    with surveyed.database.writing() as session, session.begin_nested() as trial:
        expected = retention.purge(session, kept, surveyed.now)
        trial.rollback()
    assert expected.answers and expected.messages and expected.replies
    small = Portions(surveyed.database, seconds=lambda: 0.0, rest=lambda _: None)
    retention.purge_all(small, kept, surveyed.now)
    with surveyed.database.reading() as session:
        purged = select(AuditEntry.detail).where(AuditEntry.action == "purged")
        told = [retention.Purged(**detail) for detail in session.scalars(purged)]
        assert session.scalars(select(InboundReply.body).where(InboundReply.body != "")).all() == []
    assert sum(each.answers for each in told) == expected.answers
    assert sum(each.replies for each in told) == expected.replies
    assert sum(each.messages for each in told) == expected.messages
    with surveyed.database.writing() as session:
        assert not retention.purge(session, kept, surveyed.now)


def test_a_contact_with_news_since_it_was_found_is_not_erased(surveyed: World) -> None:
    surveyed.wait(days=31)
    kept = RetentionSettings(**{name: timedelta() for name in KINDS} | {"contacts": timedelta(days=30)})

    def stopped() -> bool:  # asked between the search without a lock and the first portion
        with surveyed.database.writing() as session:
            for contact in session.scalars(select(Contact)):
                contact.updated_at = surveyed.now
        return False

    retention.purge_all(Portions(surveyed.database, stopped), kept, surveyed.now)
    with surveyed.database.reading() as session:
        assert session.scalars(select(Contact.id).where(Contact.erased_at.is_not(None))).all() == []
