"""The worker writes to those who have an account, once, and to nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from feedback.services.notifications import account_email
from feedback.services.notifications.account_email import CHANGED, LIMITS, Change
from feedback.services.staff import accounts, attempts
from feedback.store.models import AccountNotice, Message
from tests.services.followups.desk import MONDAY, Desk


def note(desk: Desk, address: str, kind: str = attempts.RESET) -> None:
    salt = desk.runtime.settings.web.password_salt.reveal()
    with desk.runtime.database.writing() as session:
        attempts.note(session, attempts.account_digest(salt, address), kind, MONDAY)


def send(desk: Desk) -> int:
    with desk.runtime.database.writing() as session:
        return account_email.send_due(session, desk.runtime, MONDAY)


def letters(desk: Desk) -> list[Message]:
    with desk.runtime.database.reading() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def test_a_reset_link_goes_to_the_owner_once_in_their_language(desk: Desk) -> None:
    note(desk, "SELIN@example.com")
    note(desk, "nobody@example.com")
    assert [send(desk), send(desk)] == [1, 0]
    (letter,) = letters(desk)
    assert (letter.recipient, letter.subject) == ("selin@example.com", "Yeni bir parola seçin")
    assert "/reset/" in letter.body and "Bağlantı iki saat" in letter.body
    with desk.runtime.database.reading() as session:
        assert session.scalars(select(AccountNotice)).all() == []


def test_a_deactivated_user_gets_no_link(desk: Desk) -> None:
    with desk.runtime.database.writing() as session:
        cem = accounts.find(session, desk.people["cem"])
        accounts.set_active(session, cem, False, by=None, now=MONDAY)
    note(desk, "cem@example.com")
    assert send(desk) == 0 and letters(desk) == []


@pytest.mark.parametrize("kind", LIMITS)
def test_a_limit_is_written_once_a_day(desk: Desk, kind: str) -> None:
    for expected in (1, 0):
        note(desk, "cem@example.com", kind)
        assert send(desk) == expected
    (letter,) = letters(desk)
    assert letter.subject == "Too many attempts to sign in" and "for up to an hour" in letter.body.replace(
        "\n", " "
    )


@pytest.mark.parametrize("change", Change)
def test_a_change_is_written_with_advice(desk: Desk, change: Change) -> None:
    with desk.runtime.database.writing() as session:
        cem = accounts.find(session, desk.people["cem"])
        account_email.tell_of_change(session, cem, change, desk.runtime, MONDAY)
    (letter,) = letters(desk)
    subject, sentence = CHANGED[change]
    assert letter.subject == subject and sentence in letter.body
    assert "If it wasn't you, choose a new password now and tell an admin:" in letter.body


def test_without_an_e_mail_provider_nothing_is_queued_and_nothing_waits_for_ever(desk: Desk) -> None:
    note(desk, "cem@example.com")
    with desk.runtime.database.writing() as session:
        assert account_email.send_due(session, replace(desk.runtime, providers={}), MONDAY) == 0
    assert letters(desk) == []
