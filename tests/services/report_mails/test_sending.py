"""Reports by mail: what they say, to whom, and that each period is sent once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.time.period import Period
from feedback.errors import Conflict, Rejected
from feedback.services import rollups
from feedback.services.report_mails import schedules, sending
from feedback.services.report_mails.schedules import ReportMailWish
from feedback.services.sharing import shared_links
from feedback.services.sharing.shared_links import LinkWish, SharedFilters
from feedback.services.staff.accounts import RoleName
from feedback.settings import load
from feedback.store.models import AuditEntry, Message, ReportMail, Role, User
from feedback.store.portions import Portions
from feedback.web.auth.permissions import ROLES, Permission
from tests import factories_reports
from tests.services.conftest import World

WEDNESDAY = datetime(2026, 3, 4, 12, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 8, tzinfo=UTC)
LAST_WEEK = Period(date(2026, 3, 2), date(2026, 3, 8))


@dataclass
class Newsroom:
    """A world with a lead, a CSM who owns an account, a shared link, and answers of last week."""

    world: World
    lead: int
    csm: int
    link: int

    def make(self, **changes: object) -> int:
        wish = ReportMailWish("Scores", "weekly", [self.lead], **changes)  # type: ignore[arg-type]
        with self.world.database.writing() as session:
            return schedules.make(session, wish, by=self.lead, now=WEDNESDAY, zone=UTC).id

    def send(self, now: datetime = MONDAY) -> None:
        portions = Portions(self.world.database, rest=lambda _: None)
        sending.send_due(portions, self.world.context, now)

    def mails(self) -> list[tuple[str, str, str]]:
        """(recipient, subject, text) in the order in which they were queued."""
        with self.world.database.reading() as session:
            rows = session.scalars(select(Message).where(Message.purpose == "report").order_by(Message.id))
            return [(each.recipient, each.subject or "", each.body.replace("\u200e", "")) for each in rows]

    def row(self, mail_id: int) -> ReportMail:
        with self.world.database.reading() as session:
            found = schedules.find(session, mail_id)
            session.expunge(found)
            return found


@pytest.fixture
def newsroom(world: World) -> Newsroom:
    env = {"FEEDBACK_WEB_SECRET_KEY": "k" * 40, "FEEDBACK_WEB_PUBLIC_URL": "https://feedback.example.com"}
    world.settings = replace(world.settings, web=load(world.settings.instance, env).web)
    with world.database.writing() as session:
        roles = {name: _role(session, name) for name in (RoleName.LEAD, RoleName.CSM)}
        lead, csm = world.owner(session, "lead@example.com"), world.owner(session, "csm@example.com")
        lead.roles, csm.roles = [roles[RoleName.LEAD]], [roles[RoleName.CSM]]
        for number in range(40):
            owner = csm if number < 10 else None
            factories_reports.answered(
                session, 2 if owner else 9, datetime(2026, 3, 3, 9, tzinfo=UTC), owner=owner,
                library=world.library, questionnaire="relationship-nps", stage="relationship", question="score",
                trend="relationship",
            )  # fmt: skip
        rollups.rebuild(session)
        wish = LinkWish("Board", "overview", SharedFilters(preset="90"), MONDAY + timedelta(days=90))
        link = shared_links.create(session, wish, by=lead.id, now=WEDNESDAY)
        return Newsroom(world, lead.id, csm.id, link.id)


def _role(session: Session, name: str) -> Role:
    found = session.scalar(select(Role).where(Role.name == name))
    if found is None:
        found = Role(name=name)
        session.add(found)
    return found


def test_each_gets_what_they_may_see_and_others_the_signed_link(newsroom: Newsroom) -> None:
    newsroom.make(addresses=["Board@Example.org"], link_id=newsroom.link)
    with newsroom.world.database.writing() as session:
        session.scalars(select(ReportMail)).one().people = [newsroom.lead, newsroom.csm]
    newsroom.send()
    lead, csm, board = newsroom.mails()
    assert [each[0] for each in (lead, csm, board)] == [
        "lead@example.com",
        "csm@example.com",
        "board@example.org",
    ]
    assert "40 responses" in lead[2] and "+50" in lead[2]
    assert "10 responses" in csm[2] and "-100" in csm[2]
    assert "https://feedback.example.com/insights/?from=2026-03-02&to=2026-03-08" in lead[2]
    assert "/insights" not in board[2] and "https://feedback.example.com/shared/" in board[2]
    assert "40 responses" in board[2]


def test_a_period_is_sent_once_also_by_two_workers_and_after_a_kill(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.make(addresses=["board@example.org"], link_id=newsroom.link)
    newsroom.send(MONDAY - timedelta(hours=2))
    assert newsroom.mails() == []
    queued = sending._queue
    calls = []

    def killed_at_the_second(*given: object) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        queued(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_queue", killed_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            newsroom.send()
    assert newsroom.mails() == []
    written = sending._written
    others: list[bool] = []

    def overtaken(*given: object) -> Iterator[object]:
        drafts = list(written(*given))  # type: ignore[arg-type]
        if not others:  # while this worker has its drafts, another one does all of it
            others.append(True)
            newsroom.send()
        return iter(drafts)

    monkeypatch.setattr(sending, "_written", overtaken)
    newsroom.send()
    newsroom.send(MONDAY + timedelta(days=2))
    assert [each[0] for each in newsroom.mails()] == ["lead@example.com", "board@example.org"]


def test_it_pauses_itself_when_nobody_answers_and_says_so_once(newsroom: Newsroom) -> None:
    mail_id = newsroom.make()
    newsroom.send()
    for week in range(1, 4):
        newsroom.send(MONDAY + timedelta(weeks=week))
    texts = [each[2] for each in newsroom.mails()]
    assert len(texts) == 2 and "pauses until there are answers again" in texts[1]
    assert newsroom.row(mail_id).quiet_since is not None
    with newsroom.world.database.writing() as session:
        factories_reports.answered(
            session, 9, MONDAY + timedelta(weeks=3, days=1), library=newsroom.world.library,
            questionnaire="relationship-nps", stage="relationship", question="score", trend="relationship",
        )  # fmt: skip
        rollups.rebuild(session)
    newsroom.send(MONDAY + timedelta(weeks=4))
    assert len(newsroom.mails()) == 3
    assert newsroom.row(mail_id).quiet_since is None


def test_a_paused_report_sends_nothing_and_makes_nothing_up(newsroom: Newsroom) -> None:
    mail_id = newsroom.make()
    database = newsroom.world.database
    with database.writing() as session:
        schedules.pause(session, mail_id, by=newsroom.lead, now=WEDNESDAY)
    with pytest.raises(Conflict), database.writing() as session:
        schedules.pause(session, mail_id, by=newsroom.lead, now=WEDNESDAY)
    newsroom.send()
    with database.writing() as session:
        schedules.resume(session, mail_id, by=newsroom.lead, now=MONDAY, zone=UTC)
    newsroom.send()
    assert newsroom.mails() == []
    with database.writing() as session:
        assert sending.send_now(session, mail_id, newsroom.world.context, by=newsroom.lead, now=MONDAY) == 1
    assert len(newsroom.mails()) == 1
    with database.writing() as session:
        schedules.end(session, mail_id, by=newsroom.lead, now=MONDAY)
        told = session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == "report_mail").order_by(AuditEntry.id)
        )
        assert list(told) == ["created", "paused", "resumed", "sent", "deleted"]


def test_others_get_nothing_once_the_link_has_ended_or_its_maker_may_not_share(newsroom: Newsroom) -> None:
    newsroom.make(addresses=["board@example.org"], link_id=newsroom.link)
    with newsroom.world.database.writing() as session:
        shared_links.revoke(session, newsroom.link, by=newsroom.lead, now=WEDNESDAY)
    newsroom.send()
    assert [each[0] for each in newsroom.mails()] == ["lead@example.com"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"addresses": ["board@example.org"]}, "shared link"),
        ({"addresses": ["nobody"]}, "addresses"),
        ({"people": [9_999]}, "sign in"),
        ({"people": []}, "at least one"),
        ({"rhythm": "daily"}, "how often"),
        ({"name": " "}, "name"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_a_sentence(
    newsroom: Newsroom, changes: dict[str, object], told: str
) -> None:
    wish = replace(ReportMailWish("Scores", "weekly", [newsroom.lead]), **changes)  # type: ignore[arg-type]
    with pytest.raises(Rejected, match=told), newsroom.world.database.writing() as session:
        schedules.make(session, wish, by=newsroom.lead, now=WEDNESDAY, zone=UTC)


def test_the_last_month_and_week_are_those_that_are_over() -> None:
    assert schedules.last_period("weekly", MONDAY, UTC) == LAST_WEEK
    assert schedules.last_period("monthly", MONDAY, UTC) == Period(date(2026, 2, 1), date(2026, 2, 28))


def test_the_roles_that_see_all_accounts_are_those_of_the_table_of_permissions() -> None:
    seeing = {role for role, allowed in ROLES.items() if Permission.SEE_ALL_ACCOUNTS in allowed}
    assert seeing == sending._ALL_ACCOUNTS
    sharing = {role for role, allowed in ROLES.items() if Permission.EXPORT in allowed}
    assert sharing == {RoleName.LEAD, RoleName.ADMIN}


def test_a_persian_mail_is_written_from_right_to_left(newsroom: Newsroom) -> None:
    newsroom.make()
    with newsroom.world.database.writing() as session:
        session.get_one(User, newsroom.lead).language = "fa"
    newsroom.send()
    with newsroom.world.database.reading() as session:
        mail = session.scalars(select(Message).where(Message.purpose == "report")).one()
    assert 'lang="fa" dir="rtl"' in (mail.html or "")
    assert "۴۰" in mail.body
