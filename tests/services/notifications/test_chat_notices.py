"""A chat hears of follow-ups: against a real server over a real socket, which is in all sorts of moods."""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Request, Response

from feedback.errors import NotFound
from feedback.services.followups import workflow
from feedback.services.messaging import metrics
from feedback.services.notifications import chat_notices
from feedback.settings import Secret, Settings
from feedback.store.models import Account, AuditEntry, FollowUp, FollowUpEntry, WebhookCall
from tests.services.followups.desk import MONDAY, Desk

MINUTE = timedelta(minutes=1)


class Chat:
    """A channel of Slack's, or one of Teams'; `says` is what it answers next, 200 once that is used up."""

    def __init__(self, server: HTTPServer, desk: Desk, kind: str) -> None:
        self.desk, self.kind, self.says, self.heard = desk, kind, list[Response](), list[dict[str, object]]()
        server.expect_request("/hook", method="POST").respond_with_handler(self._answer)
        alerts = replace(desk.runtime.settings.alerts, **{f"{kind}_webhook": Secret(server.url_for("/hook"))})
        web = replace(desk.runtime.settings.web, public_url="https://desk.example")
        self.settings: Settings = replace(desk.runtime.settings, alerts=alerts, web=web)

    def _answer(self, request: Request) -> Response:
        self.heard.append(request.get_json())
        return self.says.pop(0) if self.says else Response("ok")

    def queue(self, now: datetime = MONDAY) -> int:
        with self.desk.runtime.database.writing() as session:
            return chat_notices.queue_news(session, self.settings, now)

    def post(self, now: datetime = MONDAY) -> int:
        return chat_notices.post_due(self.desk.runtime.database, self.settings, self.kind, now)

    def call(self) -> WebhookCall:
        with self.desk.runtime.database.reading() as session:
            return session.scalars(select(WebhookCall)).one()

    def log(self) -> list[tuple[str, str | None]]:
        wanted = select(FollowUpEntry).where(FollowUpEntry.kind.in_(("posted", "not_posted")))
        with self.desk.runtime.database.reading() as session:
            return [(each.kind, each.detail.get("code")) for each in session.scalars(wanted)]

    def troubles(self) -> list[chat_notices.Trouble]:
        with self.desk.runtime.database.reading() as session:
            return chat_notices.troubles(session, self.settings)


@pytest.fixture(params=["slack", "teams"])
def chat(request: pytest.FixtureRequest, httpserver: HTTPServer, desk: Desk) -> Chat:
    return Chat(httpserver, desk, request.param)


@pytest.fixture
def slack(httpserver: HTTPServer, desk: Desk) -> Chat:
    return Chat(httpserver, desk, "slack")


def test_a_new_follow_up_is_told_once_and_stands_in_its_history(chat: Chat) -> None:
    chat.desk.low()
    assert [chat.queue(), chat.queue()] == [1, 0]
    assert [chat.post(), chat.post()] == [1, 0]
    assert len(chat.heard) == 1
    assert chat.log() == [("posted", None)]
    assert (chat.call().state, chat.call().payload, chat.call().sent_at) == ("sent", {}, MONDAY)


def test_the_notice_links_to_the_task_and_says_nothing_of_the_person(chat: Chat) -> None:
    task = chat.desk.low()
    chat.queue()
    chat.post()
    said = json.dumps(chat.heard)
    assert f"https://desk.example/desk/{task.id}" in said
    assert "Account 0" in said
    for secret in ("Sam", "Nothing works", "+90", "@"):
        assert secret not in said


@pytest.mark.parametrize("name", ["ada@example.com", "+90 532 123 45 67"])
def test_an_account_that_is_named_by_an_address_is_not_named(chat: Chat, name: str) -> None:
    chat.desk.low()
    with chat.desk.runtime.database.writing() as session:
        session.scalars(select(Account)).one().name = name
    chat.queue()
    chat.post()
    assert name not in json.dumps(chat.heard)


def test_slack_reads_no_mention_and_no_link_out_of_a_name(slack: Chat) -> None:
    slack.desk.low()
    with slack.desk.runtime.database.writing() as session:
        session.scalars(select(Account)).one().name = "<!channel> & <https://evil.example|Sons>"
    slack.queue()
    slack.post()
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example/Sons&gt;" in str(slack.heard[0]["text"])


def test_teams_gets_a_card(httpserver: HTTPServer, desk: Desk) -> None:
    teams = Chat(httpserver, desk, "teams")
    desk.low()
    teams.queue()
    teams.post()
    (attachment,) = teams.heard[0]["attachments"]  # type: ignore[misc]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["body"][0]["text"] == "1 new follow-up"


def test_when_it_rains_one_notice_holds_what_came_meanwhile(slack: Chat) -> None:
    slack.desk.low()
    slack.queue()
    for _ in range(22):
        slack.desk.low()
    assert slack.queue(MONDAY + 5 * MINUTE) == 0
    assert slack.queue(MONDAY + 16 * MINUTE) == 1
    slack.post(MONDAY + 16 * MINUTE)
    said = str(slack.heard[1]["text"])
    assert said.startswith("*22 new follow-ups*")
    assert "and 2 more" in said


def test_a_broken_promise_is_told_once(slack: Chat) -> None:
    slack.desk.low()
    slack.queue()
    late = MONDAY + timedelta(hours=5)
    assert [slack.queue(late), slack.queue(late)] == [1, 0]
    slack.post(late)
    assert [str(each["text"]).splitlines()[0] for each in slack.heard] == [
        "*1 new follow-up*",
        "*1 customer was not contacted in time*",
    ]


def closes_late(chat: Chat) -> datetime:
    """A moment after the promised end of a follow-up whose customer was called in time."""
    task, cem = chat.desk.low(), chat.desk.viewer("cem")
    chat.queue()
    with chat.desk.runtime.database.writing() as session:
        workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=MONDAY)
    return task.close_due_at + MINUTE


def test_a_missed_closing_is_told_once_although_somebody_has_called(chat: Chat) -> None:
    late = closes_late(chat)
    assert [chat.queue(late), chat.queue(late), chat.queue(late + timedelta(hours=1))] == [1, 0, 0]
    chat.post(late)
    assert "1 follow-up was not closed in time" in json.dumps(chat.heard)


def test_putting_off_does_not_hide_a_missed_promise_from_the_chat(slack: Chat) -> None:
    task, cem = slack.desk.low(), slack.desk.viewer("cem")
    slack.queue()
    with slack.desk.runtime.database.writing() as session:
        until = MONDAY + timedelta(days=9)
        workflow.snooze(session, task.id, cem, until, "Holiday.", revision=task.revision, now=MONDAY)
    assert slack.queue(task.contact_due_at + MINUTE) == 1
    assert slack.queue(task.close_due_at + MINUTE) == 1


def test_who_was_called_meanwhile_is_not_told_of_again_as_waiting(slack: Chat) -> None:
    task, cem = slack.desk.low(), slack.desk.viewer("cem")
    late = task.contact_due_at + MINUTE
    slack.queue()
    slack.post()
    slack.says = [Response(status=410)]
    slack.queue(late)
    slack.post(late)
    with slack.desk.runtime.database.writing() as session:
        workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=late)
    assert retry(slack, late) == 0


@pytest.mark.postgres
@pytest.mark.parametrize("migrated", ["postgres"], indirect=True)
def test_two_workers_who_find_half_each_still_make_one_notice(slack: Chat) -> None:
    desk = slack.desk
    tasks = [desk.low() for _ in range(4)]
    database, told = desk.runtime.database, list[int]()
    second = threading.Thread(target=lambda: told.append(slack.queue()))
    with database.writing() as first:
        with database.writing() as colleague:  # is at two of them, so that the first worker finds the others
            theirs = select(FollowUp).where(FollowUp.id.in_([task.id for task in tasks[:2]]))
            assert len(colleague.scalars(theirs.with_for_update()).all()) == 2
            assert chat_notices.queue_news(first, slack.settings, MONDAY) == 1
        second.start()
        second.join(timeout=1)
    second.join()
    assert told == [0]
    assert slack.call().about == "new"


def test_old_news_are_not_told(slack: Chat) -> None:
    slack.desk.low()
    assert slack.queue(MONDAY + timedelta(weeks=2)) == 0


def test_a_fault_of_the_server_is_tried_again_later(chat: Chat) -> None:
    chat.desk.low()
    chat.says = [Response(status=500), Response(status=503)]
    chat.queue()
    assert [chat.post(), chat.post()] == [1, 0]  # not at once
    assert (chat.call().state, chat.call().error) == ("queued", "http_500")
    assert [(each.name, each.n) for each in chat.troubles()] == [(chat_notices.NAMES[chat.kind], 1)]
    chat.post(MONDAY + timedelta(hours=1))
    chat.post(MONDAY + timedelta(hours=3))
    assert (chat.call().state, chat.call().attempts) == ("sent", 3)
    assert (chat.log(), chat.troubles()) == ([("posted", None)], [])


def test_the_wait_that_the_server_asks_for_is_kept(slack: Chat) -> None:
    slack.desk.low()
    slack.says = [Response(status=429, headers={"Retry-After": "7200"})]
    slack.queue()
    slack.post()
    assert slack.call().due_at == MONDAY + timedelta(hours=2)


def test_a_webhook_that_is_gone_is_given_up_and_everybody_can_see_it(chat: Chat) -> None:
    chat.desk.low()
    chat.says = [Response(status=410)]
    chat.queue()
    chat.post()
    assert chat.post(MONDAY + timedelta(hours=12)) == 0
    assert (chat.call().state, chat.call().payload) == ("failed", {})
    assert chat.log() == [("not_posted", "http_410")]
    assert [each.error for each in chat.troubles()] == ["http_410"]


def test_a_redirect_is_not_followed(slack: Chat) -> None:
    slack.desk.low()
    slack.says = [Response(status=302, headers={"Location": "http://127.0.0.1:1/"})]
    slack.queue()
    slack.post()
    assert (slack.call().state, slack.call().error) == ("failed", "http_302")


def test_a_day_of_faults_is_enough(slack: Chat) -> None:
    slack.desk.low()
    slack.says = [Response(status=500)] * 40
    slack.queue()
    for hour in range(30):
        slack.post(MONDAY + timedelta(hours=hour))
    assert slack.call().state == "failed"
    assert slack.log() == [("not_posted", "http_500")]


def test_a_server_that_never_answers_does_not_hold_the_worker(
    desk: Desk, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_notices, "TIMEOUT", (0.5, 0.1))
    slack = Chat(httpserver, desk, "slack")
    with socket.create_server(("127.0.0.1", 0)) as silent:  # connects, and says nothing
        secret = Secret(f"http://127.0.0.1:{silent.getsockname()[1]}/hook")
        alerts = replace(slack.settings.alerts, slack_webhook=secret)
        slack.settings = replace(slack.settings, alerts=alerts)
        desk.low()
        slack.queue()
        slack.post()
    assert (slack.call().state, slack.call().error) == ("queued", "timeout")


def test_a_server_that_is_away_may_come_back() -> None:
    answer = chat_notices.post("http://127.0.0.1:9/hook", {})
    assert (answer.code, answer.again) == ("unreachable", True)


def test_an_address_that_is_none_does_not_stop_the_worker() -> None:
    for url in ("hooks.example/x", "http://", "ftp://example.com/"):
        assert not chat_notices.post(url, {}).again


def test_a_worker_that_died_under_way_loses_no_notice(slack: Chat) -> None:
    """It may arrive twice, though: nobody can know whether the first call was heard."""
    slack.desk.low()
    slack.queue()
    with slack.desk.runtime.database.writing() as session:
        chat_notices._claim(session, "slack", MONDAY)
    assert slack.post(MONDAY + MINUTE) == 0
    assert slack.post(MONDAY + chat_notices.LEASE) == 1


def test_a_late_failure_does_not_undo_a_success(slack: Chat) -> None:
    slack.desk.low()
    slack.queue()
    database = slack.desk.runtime.database
    with database.writing() as session:
        (first,) = chat_notices._claim(session, "slack", MONDAY)
    slack.post(MONDAY + chat_notices.LEASE)
    with database.writing() as session:
        chat_notices._record(
            session, first, chat_notices.ChatResponse("timeout", again=True), MONDAY + 2 * chat_notices.LEASE
        )
    assert slack.call().state == "sent"


def test_who_is_being_looked_after_is_no_news(slack: Chat) -> None:
    task, cem = slack.desk.low(), slack.desk.viewer("cem")
    with slack.desk.runtime.database.writing() as session:
        workflow.contacted(session, task.id, cem, "call", reached=True, text="", now=MONDAY)
        closing = workflow.Closing("no_answer", "Called.")
        revision = session.get_one(FollowUp, task.id).revision
        workflow.close(session, task.id, cem, closing, revision=revision, now=MONDAY)
    assert slack.queue() == 0


def test_without_a_webhook_nothing_is_queued(desk: Desk) -> None:
    desk.low()
    with desk.runtime.database.writing() as session:
        assert chat_notices.queue_news(session, desk.runtime.settings, MONDAY) == 0


def retry(chat: Chat, now: datetime) -> int:
    with chat.desk.runtime.database.writing() as session:
        return chat_notices.retry(session, chat.settings, chat.kind, by=chat.desk.people["lead"], now=now)


def given_up(chat: Chat) -> None:
    """Two follow-ups, in two notices that were refused for good."""
    for now in (MONDAY, MONDAY + timedelta(hours=1)):
        chat.desk.answer(chat.desk.customer(), 2, "Nothing works.", now)
        chat.says = [Response(status=410)]
        chat.queue(now)
        chat.post(now)
    chat.heard.clear()


def test_what_was_given_up_is_told_again_in_one_notice(chat: Chat) -> None:
    given_up(chat)
    assert retry(chat, MONDAY + timedelta(hours=2)) == 2
    assert chat.post(MONDAY + timedelta(hours=2)) == 1
    assert json.dumps(chat.heard).count("https://desk.example/desk/") == 2
    assert chat.troubles() == []
    assert sorted(kind for kind, _ in chat.log()) == ["not_posted", "not_posted", "posted", "posted"]


def test_what_is_closed_by_now_is_not_told_and_the_chat_hears_that_it_works(chat: Chat) -> None:
    given_up(chat)
    with chat.desk.runtime.database.writing() as session:
        for task in session.scalars(select(FollowUp)):
            task.state = "closed"
    assert retry(chat, MONDAY + timedelta(hours=2)) == 0
    chat.post(MONDAY + timedelta(hours=2))
    assert "Follow-up notifications are working again." in json.dumps(chat.heard)
    assert chat.troubles() == []


def test_trying_again_twice_is_trying_again_once(slack: Chat) -> None:
    given_up(slack)
    later = MONDAY + timedelta(hours=2)
    assert [retry(slack, later), retry(slack, later)] == [2, 0]
    assert slack.post(later) == 1


def test_what_waits_for_another_try_goes_at_once(slack: Chat) -> None:
    slack.desk.low()
    slack.says = [Response(status=503)]
    slack.queue()
    slack.post()
    assert slack.post(MONDAY + timedelta(seconds=1)) == 0
    retry(slack, MONDAY + timedelta(seconds=1))
    assert slack.post(MONDAY + timedelta(seconds=1)) == 1


def test_trying_again_is_written_down_and_needs_a_chat(slack: Chat) -> None:
    given_up(slack)
    retry(slack, MONDAY)
    with slack.desk.runtime.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == "webhook")).one()
        assert (entry.action, entry.detail) == ("retried", {"chat": "slack", "follow_ups": 2})
        with pytest.raises(NotFound):
            chat_notices.retry(session, slack.settings, "teams", by=1, now=MONDAY)


def test_calls_are_counted_for_the_collector(slack: Chat) -> None:
    given_up(slack)
    with slack.desk.runtime.database.reading() as session:
        assert metrics.figures(session, MONDAY).notices == {("slack", "failed"): 2}
