"""Searching for words as people type them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from feedback.store.database import Database
from feedback.store.models import Account
from feedback.store.search import finds, search_key
from tests.factories_reports import account

FOUND = [
    ("ödeme", "Ödeme sayfası çok yavaş"),
    ("ODEME", "Ödeme sayfası çok yavaş"),
    ("iade", "İade bekliyorum"),
    ("İADE", "iade bekliyorum"),
    ("hız", "HIZ önemli"),
    ("ısrar", "ISRARLA aradım"),
    ("качество", "Качество связи"),
    ("КАЧЕСТВО", "качество связи"),
    ("caf\u00e9", "Cafe\u0301 Central"),
    ("cafe\u0301", "Caf\u00e9 Central"),
    ("CAFE", "café"),
    ("کیفیت", "\u0643\u064a\u0641\u064a\u062a خوب"),
    ("\u0643\u064a\u0641\u064a\u062a", "کیفیت خوب"),
    ("قیمت ها", "قیمت\u200cها بالاست"),
    ("قیمت\u200cها", "قیمت ها بالاست"),
    ("اداره", "إدارة"),
    ("özdemir", "Özdemir Lojistik"),
    ("straße", "STRASSE"),
    ("STRASSE", "Straße"),
    ("σοφος", "ΣΟΦΌΣ"),
    ("øresund", "ØRESUND"),
    ("łódź", "ŁÓDŹ"),
    ("15", "۱۵ روز"),
    ("۱۵", "15 days"),
    ("dont", "Don’t ask"),
    ("don't", "Don’t ask"),
    ("한국", "한국 지사"),
    ("100%", "100% right"),
    ("a_b", "a_b"),
]
NOT_FOUND = [("0_", "100"), ("%", "none"), ("ödemek", "Ödeme"), ("ساعت", "روز"), ("کم", "قیمت")]


@pytest.mark.parametrize(("words", "text"), FOUND)
def test_a_text_is_found_however_its_letters_are_typed(migrated: Database, words: str, text: str) -> None:
    assert _finds(migrated, words, text)


@pytest.mark.parametrize(("words", "text"), NOT_FOUND)
def test_other_words_are_not_found(migrated: Database, words: str, text: str) -> None:
    assert not _finds(migrated, words, text)


def _finds(database: Database, words: str, text: str) -> bool:
    with database.writing() as session:
        account(session, text)
        return session.scalar(select(Account.name).where(finds(Account.name, words))) is not None


def test_ascii_text_has_the_same_key_as_in_any_other_text() -> None:
    ascii_text = "".join(map(chr, range(128)))
    assert search_key(ascii_text) == (search_key(ascii_text + "é") or "")[:-1]
