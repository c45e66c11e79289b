"""The desk behind a test client: what is refused keeps what was typed, and who sees what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.notifications import chat_notices
from feedback.services.privacy import redaction
from feedback.settings import Secret
from feedback.store.models import AuditEntry, Contact, FollowUp, Message, SavedView, Score, User, WebhookCall
from feedback.web.app import create_app
from tests import factories_desk
from tests.web.conftest import SignIn


@pytest.fixture(autouse=True)
def a_wednesday() -> Iterator[None]:
    """How long something is overdue in business time depends on the day of the week."""
    with time_machine.travel(datetime(2026, 3, 4, 10, tzinfo=UTC)):
        yield


def tasks(app: Flask) -> dict[str, FollowUp]:
    """The open follow-ups by account."""
    with app.extensions["feedback"].database.reading() as session:
        found = session.scalars(select(FollowUp).where(FollowUp.state == "open")).all()
        return {task.account.name: task for task in found if task.account}


def test_the_queue_says_why_in_words(sign_in: SignIn) -> None:
    page = sign_in("cem").get("/desk/").text
    for words in (
        "overdue by 2 days",
        "€12,000 MRR",
        "renews in 34 days",
        "fell from 9 to 3",
        "VIP account",
    ):
        assert words in page


def test_a_score_stands_on_its_scale(app: Flask, sign_in: SignIn) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    for page in ("/desk/", f"/desk/{task.id}"):
        assert "3<small>/10</small>" in cem.get(page).text


def test_a_row_shows_the_account_s_own_money_whatever_it_is_ranked_by(runtime: Runtime) -> None:
    organisation = replace(runtime.settings.organisation, currency="USD", exchange_rates={"EUR": 1.1})
    dollars = create_app(replace(runtime, settings=replace(runtime.settings, organisation=organisation)))
    dollars.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    client = dollars.test_client()
    client.post("/login", data={"email": "cem@example.com", "password": factories_desk.PASSWORD})
    assert "€12,000 MRR" in client.get("/desk/").text


def test_a_csm_finds_no_door_to_a_colleague_s_customer(app: Flask, sign_in: SignIn) -> None:
    other = tasks(app)["Contoso Health"]
    assert sign_in("cem").get(f"/desk/{other.id}").status_code == 404
    assert sign_in("lead").get(f"/desk/{other.id}").status_code == 200


def test_seeing_is_written_down_and_leads_can_read_it(app: Flask, sign_in: SignIn) -> None:
    task = tasks(app)["Northwind Logistics"]
    sign_in("cem").get(f"/desk/{task.id}")
    with app.extensions["feedback"].database.reading() as session:
        seen = session.scalars(select(AuditEntry).where(AuditEntry.action == "saw")).one()
    assert (seen.subject, seen.subject_id) == ("follow_up", task.id)
    page = sign_in("lead").get(f"/desk/{task.id}").text
    assert "viewed" in page
    assert re.search(r">Mar 4, 2026, [^<]+</time>", page.split("<h2>Access history</h2>")[1])
    assert "viewed" not in sign_in("cem").get(f"/desk/{task.id}").text


def reach(client: FlaskClient, task: FollowUp) -> int:
    """Log a call in which the customer was reached; the revision afterwards."""
    form = {"how": "call", "reached": "yes", "contact_note": "Talked."}
    assert client.post(f"/desk/{task.id}/contact", data=form).status_code == 303
    return task.revision + 1


def seen(app: Flask) -> list[tuple[str, int | None]]:
    """What the audit says somebody looked at, in the order of looking."""
    with app.extensions["feedback"].database.reading() as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.action == "saw").order_by(AuditEntry.id))
        return [(entry.subject, entry.subject_id) for entry in found]


def test_whoever_reads_customers_words_or_names_is_written_down(app: Flask, sign_in: SignIn) -> None:
    client, account = sign_in("cem"), tasks(app)["Northwind Logistics"].account_id
    pages = ("/desk/", f"/insights/accounts/{account}", "/insights/comments", "/inbox/")
    assert {client.get(page).status_code for page in pages} == {200}
    assert seen(app) == [("queue", None), ("account", account), ("comments", None), ("inbox", None)]


def test_one_entry_an_hour_keeps_the_audit_readable(app: Flask, sign_in: SignIn) -> None:
    client, task = sign_in("cem"), tasks(app)["Northwind Logistics"]
    for minute in (5, 20, 64, 66):
        with time_machine.travel(datetime(2026, 3, 4, 10 + minute // 60, minute % 60, tzinfo=UTC)):
            client.get(f"/desk/{task.id}")
    assert seen(app) == [("follow_up", task.id)] * 2
    sign_in("lead").get(f"/desk/{task.id}")
    assert seen(app) == [("follow_up", task.id)] * 3


def test_what_is_not_shown_was_not_seen(app: Flask, sign_in: SignIn) -> None:
    other = tasks(app)["Contoso Health"]
    client = sign_in("cem")
    assert client.get(f"/insights/accounts/{other.account_id}").status_code == 404
    assert client.get(f"/desk/{other.id}").status_code == 404
    assert seen(app) == []


def test_the_follow_up_leads_to_its_account_and_shows_its_health(app: Flask, sign_in: SignIn) -> None:
    task = tasks(app)["Northwind Logistics"]
    client, address = sign_in("cem"), f'href="/insights/accounts/{task.account_id}"'
    page = client.get(f"/desk/{task.id}").text
    assert f"<h1><a {address}>Northwind Logistics</a></h1>" in page
    assert 'class="health ' in page
    form = {"revision": task.revision, "to": tasks(app)["Contoso Health"].owner_id}
    client.post(f"/desk/{task.id}/hand-over", data=form)
    given = sign_in("selin")  # whose follow-up it is now, though not their account
    assert address in given.get(f"/desk/{task.id}").text
    assert given.get(f"/insights/accounts/{task.account_id}").status_code == 200


def test_what_is_refused_keeps_what_was_typed(app: Flask, sign_in: SignIn) -> None:
    task = tasks(app)["Northwind Logistics"]
    form = {"revision": task.revision, "outcome": "recovered", "closing_note": "A long story."}
    page = sign_in("cem").post(f"/desk/{task.id}/close", data=form)
    assert page.status_code == 422
    assert "Choose a root cause" in page.text
    assert "A long story." in page.text


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ("close", {"outcome": "no_answer", "closing_note": "Gave up."}),
        ("snooze", {"until": "2099-01-01", "snooze_reason": "On a fair."}),
        ("contact", {"how": "call", "reached": "no", "contact_note": "Voicemail."}),
        ("take", {}),
    ],
)
def test_a_note_that_is_still_in_its_box_is_kept(
    app: Flask, sign_in: SignIn, action: str, form: dict[str, str]
) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    sent = {"revision": task.revision, "note": "Ask Selin about the fix.", **form}
    assert cem.post(f"/desk/{task.id}/{action}", data=sent).status_code == 303
    page = cem.get(f"/desk/{task.id}").text
    activity = page.split('class="entries"')[1]
    assert activity.count("Ask Selin about the fix.") == 1
    assert all(activity.count(form[box]) == 1 for box in form if box.endswith(("_note", "_reason")))


def test_a_note_in_its_box_stays_there_if_closing_is_refused(app: Flask, sign_in: SignIn) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    sent = {"revision": task.revision, "note": "Ask Selin.", "outcome": "", "closing_note": "Done."}
    page = cem.post(f"/desk/{task.id}/close", data=sent)
    assert page.status_code == 422
    assert page.text.count("Ask Selin.</textarea>") == 1
    assert "Ask Selin." not in cem.get(f"/desk/{task.id}").text


def test_recovered_can_be_chosen_once_the_customer_was_reached(app: Flask, sign_in: SignIn) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    choice = '<input type="radio" name="outcome" value="recovered" required'
    form = {"how": "call", "reached": "no", "contact_note": "Voicemail."}
    assert cem.post(f"/desk/{task.id}/contact", data=form).status_code == 303
    page = cem.get(f"/desk/{task.id}").text
    assert f"{choice} disabled" in page
    assert "once a contact is logged in which you reached the customer" in page
    reach(cem, task)
    page = cem.get(f"/desk/{task.id}").text
    assert choice in page
    assert "disabled" not in page.split(choice)[1][:40]


def test_a_contact_whose_details_were_removed_for_privacy_is_called_neither_reached_nor_not(
    app: Flask, sign_in: SignIn
) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    reach(cem, task)
    assert '<span class="tag praise">reached</span>' in cem.get(f"/desk/{task.id}").text
    with app.extensions["feedback"].database.writing() as session:
        redaction.answers(session, [task.response_id])
    page = cem.get(f"/desk/{task.id}").text
    assert 'class="entry call"' in page
    assert "reached</span>" not in page


def test_who_comes_second_is_told_by_whom(app: Flask, sign_in: SignIn) -> None:
    task = tasks(app)["Northwind Logistics"]
    cem, lead = sign_in("cem"), sign_in("lead")
    assert lead.post(f"/desk/{task.id}/take", data={"revision": task.revision}).status_code == 303
    page = cem.post(f"/desk/{task.id}/take", data={"revision": task.revision})
    assert page.status_code == 409
    assert "Lena Lead" in page.text


def test_the_page_learns_of_changes(app: Flask, sign_in: SignIn) -> None:
    task = tasks(app)["Northwind Logistics"]
    cem, lead = sign_in("cem"), sign_in("lead")
    address = f"/desk/{task.id}/changes?revision={task.revision}"
    assert cem.get(address).status_code == 204
    lead.post(f"/desk/{task.id}/note", data={"note": "Careful with this one."})
    assert "Lena Lead" in cem.get(address).text


def test_the_page_of_what_is_forbidden_says_whom_to_ask(sign_in: SignIn) -> None:
    page = sign_in("cem").get("/account/staff")
    assert page.status_code == 403
    assert page.text.count("No access</h1>") == 1
    assert "Ask an admin for access." in page.text


def test_a_score_goes_by_the_letters_that_people_know(app: Flask, sign_in: SignIn) -> None:
    task = tasks(app)["Northwind Logistics"]
    database = app.extensions["feedback"].database
    with database.writing() as session:
        session.execute(update(Score).values(metric="ces_item", value=5))
    page = sign_in("cem").get(f"/desk/{task.id}").text
    assert "CES · " in page
    assert "CES_ITEM" not in page


def test_a_csm_hands_over_their_own_but_a_viewer_nothing(app: Flask, sign_in: SignIn) -> None:
    task = tasks(app)["Northwind Logistics"]
    with app.extensions["feedback"].database.reading() as session:
        colleague = session.get_one(FollowUp, tasks(app)["Contoso Health"].id).owner_id
    form = {"revision": task.revision, "to": colleague, "hand_over_reason": "On holiday."}
    assert sign_in("viewer").post(f"/desk/{task.id}/hand-over", data=form).status_code == 403
    assert sign_in("cem").post(f"/desk/{task.id}/hand-over", data=form).status_code == 303
    assert tasks(app)["Northwind Logistics"].owner_id == colleague


def test_several_are_taken_at_once(app: Flask, sign_in: SignIn) -> None:
    ticked = [f"{task.id}:{task.revision}" for task in tasks(app).values()][:3]
    page = sign_in("lead").post(
        "/desk/take", data={"task": ticked, "back": "whose=mine"}, follow_redirects=True
    )
    assert "3 follow-ups assigned to you" in page.text
    assert page.request.url.endswith("?whose=mine")


def test_only_what_can_be_taken_can_be_ticked(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("lead")
    ticked = [f"{task.id}:{task.revision}" for task in tasks(app).values()]
    offered = client.get("/desk/").text
    assert [f'value="{each}"' in offered for each in ticked] == [True] * len(ticked)
    client.post("/desk/take", data={"task": ticked[:1]})
    assert ticked[0].partition(":")[0] + ":" not in re.findall(
        r'value="(\d+:)\d+"', client.get("/desk/").text
    )
    client.post("/desk/take", data={"task": ticked[1:]})
    page = client.get("/desk/").text
    assert 'type="checkbox" name="task"' not in page
    assert "Assign selected to me" not in page


def test_what_somebody_else_changed_is_not_taken_and_said_so(app: Flask, sign_in: SignIn) -> None:
    task = tasks(app)["Northwind Logistics"]
    sign_in("cem").post(f"/desk/{task.id}/note", data={"note": "I am at it."})
    page = sign_in("lead").post(
        "/desk/take", data={"task": f"{task.id}:{task.revision}"}, follow_redirects=True
    )
    assert "1 follow-up was not assigned: someone else changed it first." in page.text


def test_a_view_is_kept_under_its_name_and_forgotten(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("cem")
    client.post("/desk/views", data={"name": "My VIPs", "query": "segment=vip&evil=1"})
    page = client.get("/desk/").text
    assert 'href="/desk/?segment=vip"' in page
    assert "My VIPs" in page
    assert "My VIPs" not in sign_in("lead").get("/desk/").text
    assert client.post("/desk/views/1/forget").status_code == 303
    assert "My VIPs" not in client.get("/desk/").text


def test_what_was_sifted_while_typing_can_be_kept_as_a_view(sign_in: SignIn) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    part = sign_in("cem").get("/desk/?whose=all&state=working&search=&segment=vip", headers=headers).text
    assert "<html" not in part
    assert '<input type="hidden" name="query" value="segment=vip">' in part
    assert 'href="/desk/?whose=mine&amp;segment=vip"' in part  # the tabs keep what is sifted, too


def test_recovered_money_may_be_typed_in_persian(app: Flask, sign_in: SignIn) -> None:
    task = tasks(app)["پارس نیرو"]
    neda = sign_in("neda")
    form = {
        "revision": reach(neda, task),
        "outcome": "recovered",
        "closing_note": "حل شد",
        "root_cause": "product",
    }
    response = neda.post(f"/desk/{task.id}/close", data={**form, "recovered": "۱٬۲۵۰"})
    assert response.status_code == 303
    with app.extensions["feedback"].database.reading() as session:
        assert session.get_one(FollowUp, task.id).recovered_revenue == 1250


def test_html_in_a_customer_s_words_stays_words(app: Flask, sign_in: SignIn) -> None:
    from feedback.store.models import AnswerRow

    with app.extensions["feedback"].database.writing() as session:
        for row in session.scalars(select(AnswerRow).where(AnswerRow.text.is_not(None))):
            row.text = "<script>alert(1)</script>"
    page = sign_in("cem").get("/desk/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.fixture
def mute(runtime: Runtime) -> Flask:
    """An application whose Slack has refused a notice for good."""
    alerts = replace(runtime.settings.alerts, slack_webhook=Secret("https://hooks.example/x"))
    runtime = replace(runtime, settings=replace(runtime.settings, alerts=alerts))
    with runtime.database.writing() as session:
        chat_notices.queue_news(session, runtime.settings, clock.now())
        session.execute(update(WebhookCall).values(state="failed", error="http_410", payload={}))
    app = create_app(runtime)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    return app


def enter(app: Flask, who: str) -> FlaskClient:
    client = app.test_client()
    client.post("/login", data={"email": f"{who}@example.com", "password": factories_desk.PASSWORD})
    return client


def test_an_admin_calls_a_chat_again_whose_webhook_was_mended(mute: Flask) -> None:
    admin = enter(mute, "admin")
    assert "Retry Slack" in admin.get("/desk/").text
    assert admin.post("/desk/chats/slack/retry").status_code == 303
    assert "within a minute" in admin.get("/desk/").text
    with mute.extensions["feedback"].database.reading() as session:
        fresh = session.scalars(select(WebhookCall).where(WebhookCall.state == "queued")).all()
        assert fresh
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "retried")).one().user_id
    assert admin.post("/desk/chats/teams/retry").status_code == 404


def test_a_lead_sees_the_trouble_but_does_not_call_again(mute: Flask) -> None:
    lead = enter(mute, "lead")
    page = lead.get("/desk/").text
    assert "http_410" in page
    assert "Retry Slack" not in page
    assert lead.post("/desk/chats/slack/retry").status_code == 403


def test_a_lead_looks_at_what_one_colleague_has(app: Flask, sign_in: SignIn) -> None:
    found = tasks(app)
    theirs, others = found["Northwind Logistics"], found["Contoso Health"]
    assert theirs.owner_id != others.owner_id
    page = sign_in("lead").get(f"/desk/?owner={theirs.owner_id}").text
    assert "Northwind Logistics" in page
    assert "Contoso Health" not in page
    assert "All owners" not in sign_in("cem").get("/desk/").text


def test_what_was_closed_can_be_sifted_by_cause(app: Flask, sign_in: SignIn) -> None:
    task, lead = tasks(app)["Northwind Logistics"], sign_in("lead")
    lead.get(f"/desk/{task.id}")
    revision = reach(lead, task)
    form = {"outcome": "recovered", "root_cause": "product", "closing_note": "ok", "revision": revision}
    assert lead.post(f"/desk/{task.id}/close", data=form).status_code == 303
    assert "Northwind Logistics" in lead.get("/desk/?state=closed&cause=product").text
    assert "Northwind Logistics" not in lead.get("/desk/?state=closed&cause=price").text


def test_a_closed_follow_up_leads_to_the_next_one(app: Flask, sign_in: SignIn) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    assert "Next: " not in cem.get(f"/desk/{task.id}").text
    revision = reach(cem, task)
    form = {"outcome": "recovered", "root_cause": "product", "closing_note": "ok", "revision": revision}
    cem.post(f"/desk/{task.id}/close", data=form)
    page = cem.get(f"/desk/{task.id}").text
    assert "Next: " in page
    assert "Next: Contoso" not in page  # a colleague's


def test_who_gives_a_follow_up_away_is_led_to_the_next_one(app: Flask, sign_in: SignIn) -> None:
    task, lead = tasks(app)["Northwind Logistics"], sign_in("lead")
    form = {"revision": task.revision, "to": tasks(app)["Contoso Health"].owner_id}
    lead.post(f"/desk/{task.id}/hand-over", data=form)
    assert "Next: " in lead.get(f"/desk/{task.id}").text


def test_what_was_closed_too_early_is_reopened(app: Flask, sign_in: SignIn) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    revision = reach(cem, task)
    form = {"outcome": "recovered", "root_cause": "product", "closing_note": "ok", "revision": revision}
    cem.post(f"/desk/{task.id}/close", data=form)
    closed = cem.get(f"/desk/{task.id}").text
    assert "Log a contact" not in closed and "Add note" in closed
    assert cem.post(f"/desk/{task.id}/reopen", data={"revision": revision + 1}).status_code == 303
    page = cem.get(f"/desk/{task.id}").text
    assert "reopened this" in page and "Log a contact" in page
    assert cem.post(f"/desk/{task.id}/reopen", data={"revision": revision + 2}).status_code == 409


@pytest.mark.parametrize(
    ("form", "until"),
    [
        ({"until": "2026-03-09", "at": "16:30"}, "2026-03-09T16:30:00+00:00"),
        ({"until": "2026-03-09", "at": "۱۶:۳۰"}, "2026-03-09T16:30:00+00:00"),
        ({"until": "2026-03-09"}, "2026-03-09T09:00:00+00:00"),
        ({"until": "2026-03-09", "later": "tomorrow"}, "2026-03-05T09:00:00+00:00"),
        ({"later": "week"}, "2026-03-11T09:00:00+00:00"),
    ],
)
def test_a_callback_has_a_time_and_goes_into_the_calendar(
    app: Flask, sign_in: SignIn, form: dict[str, str], until: str
) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    assert cem.get(f"/desk/{task.id}/callback.ics").status_code == 404
    sent = {"revision": task.revision, "snooze_reason": "Call again", **form}
    assert cem.post(f"/desk/{task.id}/snooze", data=sent).status_code == 303
    file = cem.get(f"/desk/{task.id}/callback.ics")
    assert file.mimetype == "text/calendar"
    starts = until.replace("-", "").replace(":", "").removesuffix("+0000") + "Z"
    assert f"DTSTART:{starts}\r\n" in file.text
    assert "SUMMARY:Call back: Northwind Logistics" in file.text


@pytest.mark.parametrize(
    "form", [{"until": "2026-03-09", "at": "half past"}, {"until": "2026-03-01"}, {"later": "never"}]
)
def test_a_callback_that_is_no_time_to_come_is_refused(
    app: Flask, sign_in: SignIn, form: dict[str, str]
) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    sent = {"revision": task.revision, "snooze_reason": "Call again", **form}
    answer = cem.post(f"/desk/{task.id}/snooze", data=sent)
    assert answer.status_code == 422
    assert "Choose a date in the future." in answer.text


def test_what_is_due_before_midnight_has_a_place_of_its_own(app: Flask, sign_in: SignIn) -> None:
    cem = sign_in("cem")
    assert "Northwind Logistics" in cem.get("/desk/?today=1").text  # overdue, so due today as well
    with app.extensions["feedback"].database.writing() as session:
        late = datetime(2026, 3, 5, 0, 1, tzinfo=UTC)
        session.execute(update(FollowUp).values(contact_due_at=late, close_due_at=late))
    assert "No follow-ups match these filters." in cem.get("/desk/?today=1").text


def test_the_selected_go_to_a_colleague_as_far_as_one_may_give_them(app: Flask, sign_in: SignIn) -> None:
    mine, theirs = tasks(app)["Northwind Logistics"], tasks(app)["Contoso Health"]
    ticked = {"task": [f"{each.id}:{each.revision}" for each in (mine, theirs)], "to": theirs.owner_id}
    page = sign_in("cem").post("/desk/hand-over", data=ticked, follow_redirects=True).text
    assert "1 follow-up reassigned" in page
    assert tasks(app)["Northwind Logistics"].owner_id == theirs.owner_id


def test_complaints_of_one_account_are_closed_in_one_go(
    app: Flask, runtime: Runtime, sign_in: SignIn
) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    with runtime.database.writing() as session:
        person = session.get_one(Contact, task.contact_id)
        (other,) = factories_desk.answer(session, runtime, person, 2, "Again!", clock.now())
        other_id = other.id
    assert "Close these of the same account, too" in cem.get(f"/desk/{task.id}").text
    form = {
        "outcome": "no_answer",
        "closing_note": "Three calls.",
        "revision": task.revision,
        "beside": f"{other_id}:1",
    }
    assert cem.post(f"/desk/{task.id}/close", data=form).status_code == 303
    with runtime.database.reading() as session:
        closed = [session.get_one(FollowUp, each).state for each in (task.id, other_id)]
    assert closed == ["closed", "closed"]


def test_a_note_notifies_a_colleague_without_its_words(app: Flask, runtime: Runtime, sign_in: SignIn) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    with runtime.database.reading() as session:
        people = {user.email.partition("@")[0]: user.id for user in session.scalars(select(User))}
    sent = {"note": "They want a refund.", "notify": people["lead"]}
    assert cem.post(f"/desk/{task.id}/note", data=sent).status_code == 303
    with runtime.database.reading() as session:
        (letter,) = session.scalars(select(Message).where(Message.purpose == "note")).all()
    assert letter.recipient == "lead@example.com"
    assert letter.subject == "Cem Kaya wrote a note for you: Northwind Logistics"
    assert f"/desk/{task.id}" in letter.body and "refund" not in letter.body
    assert "notified Lena Lead of a note by e-mail" in cem.get(f"/desk/{task.id}").text


def test_who_cannot_see_a_follow_up_is_not_notified_and_the_note_is_not_lost(
    app: Flask, runtime: Runtime, sign_in: SignIn
) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    with runtime.database.reading() as session:
        selin = session.scalars(select(User.id).where(User.email == "selin@example.com")).one()
    answer = cem.post(f"/desk/{task.id}/note", data={"note": "They want a refund.", "notify": selin})
    assert answer.status_code == 422
    assert "Choose a colleague who can see this follow-up." in answer.text
    assert "They want a refund.</textarea>" in answer.text
    with runtime.database.reading() as session:
        assert session.scalars(select(Message).where(Message.purpose == "note")).all() == []


def test_beside_a_follow_up_stand_the_latest_eight_messages(runtime: Runtime, sign_in: SignIn) -> None:
    with runtime.database.writing() as session:
        task = session.scalars(select(FollowUp).where(FollowUp.state == "open")).first()
        assert task and task.contact
        for days in range(1, 11):
            factories_desk.invite(session, runtime, task.contact, clock.now() + timedelta(days=days))
    page = sign_in("lead").get(f"/desk/{task.id}").text
    messages = page.split("<h2>Surveys sent</h2>")[1].split("</section>")[0]
    assert re.findall(r">Mar (\d+), 2026</time>", messages) == [str(day) for day in range(14, 6, -1)]


def test_what_is_closed_is_no_longer_overdue(app: Flask, sign_in: SignIn) -> None:
    task, cem = tasks(app)["Northwind Logistics"], sign_in("cem")
    revision = reach(cem, task)
    form = {"outcome": "recovered", "root_cause": "product", "closing_note": "ok", "revision": revision}
    cem.post(f"/desk/{task.id}/close", data=form)
    page = cem.get("/desk/?state=closed").text
    assert "€12,000 MRR" in page
    assert "overdue by" not in page


def test_a_saved_view_keeps_no_more_than_a_filter_can_use(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("viewer")
    query = "search=" + "x" * 50_000 + "&segment=" + "y" * 5_000 + "&strange=1"
    answer = client.post("/desk/views", data={"name": "n" * 50_000, "query": query})
    assert answer.status_code == 303 and len(answer.location) < 300
    with app.extensions["feedback"].database.reading() as session:
        view = session.scalars(select(SavedView)).one()
        assert len(view.name) == 60 and len(view.query) < 300 and "strange" not in view.query
    assert client.get("/desk/").status_code == 200
