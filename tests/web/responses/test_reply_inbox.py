"""The inbox: a customer's words wait until somebody has dealt with them, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.services.contact import suppression
from feedback.store.models import AuditEntry, Contact, InboundReply, Suppression
from tests.web.conftest import SignIn


def _reachable(session: Session) -> Sequence[Contact]:
    return session.scalars(
        select(Contact).where(Contact.phone.is_not(None), Contact.email.is_not(None))
    ).all()


@pytest.fixture
def replies(app: Flask) -> dict[str, int]:
    """What came in over night, by what was made of it."""
    now, found = clock.now(), {}
    with app.extensions["feedback"].database.writing() as session:
        people = {each.account.name: each for each in _reachable(session) if each.account}
        for meaning, who, body in (
            ("unclear", "Northwind Logistics", "it was <b>ok</b> I guess"),
            ("maybe_stop", "Initech", "please don't text me again"),
            ("late", "Contoso Health", "sorry, I was away"),
            ("unknown_sender", None, "who is this?"),
            ("score", "Blue Bakery", "9"),
        ):
            contact = people[who] if who else None
            reply = InboundReply(
                provider="simulator_sms",
                provider_id=meaning,
                sender=contact.phone if contact and contact.phone else "+905559999999",
                recipient="+15550000000",
                body=body,
                received_at=now,
                meaning=meaning,
                contact_id=contact.id if contact else None,
                needs_person=meaning != "score",
            )
            session.add(reply)
            session.flush()
            found[meaning] = reply.id
            if meaning == "maybe_stop":
                reason = {"reason": "maybe_opt_out", "source": "reply"}
                suppression.suppress(session, "sms", reply.sender, now=now, **reason)
    return found


def suppressions(app: Flask) -> list[tuple[str, str]]:
    with app.extensions["feedback"].database.reading() as session:
        wanted = select(Suppression.kind, Suppression.reason).where(Suppression.lifted_at.is_(None))
        return sorted((row.kind, row.reason) for row in session.execute(wanted))


def stored(app: Flask, reply_id: int) -> InboundReply:
    with app.extensions["feedback"].database.reading() as session:
        return session.get_one(InboundReply, reply_id)


def test_what_was_not_understood_waits_in_the_customer_s_words(
    replies: dict[str, int], sign_in: SignIn
) -> None:
    page = sign_in("lead").get("/inbox/").text
    for words in ("it was &lt;b&gt;ok&lt;/b&gt; I guess", "who is this?", "sorry, I was away", "Grace Moore"):
        assert words in page
    assert "possible opt-out" in page
    assert "Surveys paused until this is decided" in page


def test_a_score_needs_nobody_but_can_be_looked_up(replies: dict[str, int], sign_in: SignIn) -> None:
    client = sign_in("lead")
    assert f'id="reply-{replies["score"]}"' not in client.get("/inbox/").text
    assert f'id="reply-{replies["score"]}"' in client.get("/inbox/?tray=all").text


def test_a_csm_sees_their_customers_nobody_s_and_strangers(replies: dict[str, int], sign_in: SignIn) -> None:
    page = sign_in("cem").get("/inbox/").text
    seen = {meaning for meaning, reply in replies.items() if f'id="reply-{reply}"' in page}
    assert seen == {"unclear", "maybe_stop", "unknown_sender"}
    form = {"decision": "handled"}
    assert sign_in("cem").post(f"/inbox/{replies['late']}", data=form).status_code == 404


def test_every_page_says_how_many_wait(replies: dict[str, int], sign_in: SignIn) -> None:
    assert '4<span class="visually-hidden"> messages waiting' in sign_in("lead").get("/desk/").text
    assert '3<span class="visually-hidden"> messages waiting' in sign_in("cem").get("/desk/").text


def test_an_opt_out_ends_all_surveys_to_this_person(
    app: Flask, replies: dict[str, int], sign_in: SignIn
) -> None:
    form = {"decision": "opt_out", "note": "Clear enough."}
    page = sign_in("cem").post(f"/inbox/{replies['maybe_stop']}", data=form, follow_redirects=True)
    assert "This person will get no more surveys." in page.text
    assert suppressions(app) == [("email", "opt_out"), ("sms", "opt_out")]
    reply = stored(app, replies["maybe_stop"])
    assert (reply.needs_person, reply.handled_as, reply.handled_note) == (False, "opt_out", "Clear enough.")


def test_no_opt_out_lets_the_surveys_go_on(app: Flask, replies: dict[str, int], sign_in: SignIn) -> None:
    sign_in("lead").post(f"/inbox/{replies['maybe_stop']}", data={"decision": "no_opt_out"})
    assert suppressions(app) == []
    page = sign_in("cem").get("/inbox/?tray=handled").text
    assert "Lena Lead marked this as not an opt-out" in page


def test_surveys_wait_until_every_doubt_about_a_person_is_decided(
    app: Flask, replies: dict[str, int], sign_in: SignIn
) -> None:
    with app.extensions["feedback"].database.writing() as session:
        first = session.get_one(InboundReply, replies["maybe_stop"])
        facts = {"provider": "simulator_sms", "recipient": first.recipient, "sender": first.sender}
        second = InboundReply(
            provider_id="second", body="leave me alone", received_at=first.received_at, meaning="maybe_stop",
            contact_id=first.contact_id, needs_person=True, **facts,
        )  # fmt: skip
        session.add(second)
        session.flush()
        suppression.suspend(session, "sms", second.sender, source="reply", now=clock.now())
    suspended = [("email", "maybe_opt_out"), ("sms", "maybe_opt_out")]
    assert suppressions(app) == suspended
    lead = sign_in("lead")
    lead.post(f"/inbox/{replies['maybe_stop']}", data={"decision": "no_opt_out"})
    assert suppressions(app) == suspended
    lead.post(f"/inbox/{second.id}", data={"decision": "no_opt_out"})
    assert suppressions(app) == []


def test_a_firm_opt_out_is_not_lifted_by_reading_a_letter(
    app: Flask, replies: dict[str, int], sign_in: SignIn
) -> None:
    with app.extensions["feedback"].database.writing() as session:
        sender = session.get_one(InboundReply, replies["maybe_stop"]).sender
        suppression.opt_out(session, "sms", sender, source="link", now=clock.now())
    sign_in("lead").post(f"/inbox/{replies['maybe_stop']}", data={"decision": "no_opt_out"})
    assert ("sms", "opt_out") in suppressions(app)


def test_who_comes_second_changes_nothing(app: Flask, replies: dict[str, int], sign_in: SignIn) -> None:
    first, second = sign_in("lead"), sign_in("cem")
    first.post(f"/inbox/{replies['unclear']}", data={"decision": "handled"})
    page = second.post(f"/inbox/{replies['unclear']}", data={"decision": "opt_out"}, follow_redirects=True)
    assert "Your decision was not saved: someone else has already handled this message." in page.text
    assert stored(app, replies["unclear"]).handled_as == "handled"
    assert suppressions(app) == [("sms", "maybe_opt_out")]


def test_every_decision_is_in_the_audit(app: Flask, replies: dict[str, int], sign_in: SignIn) -> None:
    sign_in("lead").post(f"/inbox/{replies['late']}", data={"decision": "handled", "note": "Called."})
    with app.extensions["feedback"].database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == "reply")).one()
    assert (entry.action, entry.subject_id, entry.detail) == ("handled", replies["late"], {})


def test_a_decision_that_nobody_offers_is_refused(
    app: Flask, replies: dict[str, int], sign_in: SignIn
) -> None:
    response = sign_in("lead").post(f"/inbox/{replies['late']}", data={"decision": "burn"})
    assert response.status_code == 422
    assert stored(app, replies["late"]).needs_person


def test_whoever_only_reads_sees_no_whole_number(replies: dict[str, int], sign_in: SignIn) -> None:
    assert "+905559999999" in sign_in("lead").get("/inbox/").text
    page = sign_in("viewer").get("/inbox/").text
    assert "+90 *** *** 99 99" in page
    assert "+905559999999" not in page


def test_the_tray_is_read_page_by_page(app: Flask, sign_in: SignIn) -> None:
    now = clock.now()
    with app.extensions["feedback"].database.writing() as session:
        for number in range(60):
            session.add(
                InboundReply(
                    provider="simulator_sms", provider_id=f"n{number}", sender="+905559999999",
                    recipient="+15550000000", body=f"Letter {number}", received_at=now,
                    meaning="unknown_sender", needs_person=True,
                )
            )  # fmt: skip
    client = sign_in("lead")
    first = client.get("/inbox/").text
    assert "Letter 59" in first
    assert "Letter 9<" not in first
    older = client.get("/inbox/?before=11").text
    assert "Letter 9<" in older
    assert "Letter 10<" not in older


def test_the_latest_words_come_first_whatever_order_they_were_fetched_in(app: Flask, sign_in: SignIn) -> None:
    now = clock.now()
    with app.extensions["feedback"].database.writing() as session:
        for hours, words in ((0, "newest"), (5, "oldest"), (2, "middle")):
            session.add(
                InboundReply(
                    provider="simulator_sms", provider_id=words, sender="+905559999999",
                    recipient="+15550000000", body=words, received_at=now - timedelta(hours=hours),
                    meaning="unknown_sender", needs_person=True,
                )
            )  # fmt: skip
    page = sign_in("lead").get("/inbox/").text
    assert page.index("newest") < page.index("middle") < page.index("oldest")
