"""A password that somebody would try first is refused, and a sentence of four words is not."""

from __future__ import annotations

import time

import pytest

from feedback.services.staff.passwords import Weakness, weakness

WORDS = ["Cem Kaya", "cem.kaya@northwind.example", "Acme Logistics"]


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("aaaaaaaaaaaa", Weakness.COMMON),
        ("password1234", Weakness.COMMON),
        ("123456789012", Weakness.COMMON),
        ("qwertyuiop12", Weakness.COMMON),
        ("P@ssw0rd2026", Weakness.COMMON),
        ("abcabcabcabcabc", Weakness.COMMON),
        ("cem.kaya@northwind.example", Weakness.OWN_WORDS),
        ("CEM.KAYA@northwind.example", Weakness.OWN_WORDS),
        ("northwind2026", Weakness.OWN_WORDS),
        ("Logistics1234", Weakness.OWN_WORDS),
        ("Feedback2026!", Weakness.OWN_WORDS),
        ("kayakayakaya", Weakness.OWN_WORDS),
        ("Acme2026!!!!", Weakness.OWN_WORDS),
        ("Cem Kaya 1984 x", Weakness.OWN_WORDS),
        ("Cem Kaya likes to ride a bicycle", None),
        ("correct horse battery", None),
        ("a quite different sentence", None),
        ("kedi ağaca çıktı inemedi", None),
        ("دوستانِ خوبِ من کجایند", None),
        ("vT8#qLw2!zRp", None),
    ],
)
def test_easily_guessed_passwords_are_told_from_good_ones(password: str, reason: Weakness | None) -> None:
    assert weakness(password, WORDS) == reason


def test_a_password_of_any_length_is_judged_quickly() -> None:
    weakness("warm up first", [])
    started = time.process_time()
    weakness("a1!" * 100_000, ["x" * 100_000, "@" * 100_000])
    assert time.process_time() - started < 2
