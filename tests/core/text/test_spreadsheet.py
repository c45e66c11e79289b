"""No spreadsheet finds a formula in a text of ours, whatever its list separator is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.text.spreadsheet import harmless, original

FORMULAS = [
    ("=1+1", "'=1+1"),
    ("+90 532", "'+90 532"),
    ("-5", "'-5"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("x;=1+1", "x;'=1+1"),
    ("x;;  =1+1;@a", "x;;  '=1+1;'@a"),
    ("x\t=1+1", "x\t'=1+1"),
    ("x|=1+1", "x|'=1+1"),
    ("x\n=1+1", "x\n'=1+1"),
    ("x\r\n=1+1", "x\r\n'=1+1"),
    ("x\u2028=1+1", "x\u2028'=1+1"),
    ('x";"=1+1', 'x";"\'=1+1'),
    ("x;\u200b\u00a0=1+1", "x;\u200b\u00a0'=1+1"),
    ("＝1+1", "'＝1+1"),
    ("x;＋1", "x;'＋1"),
    ("x;－1", "x;'－1"),
    ("x;＠a", "x;'＠a"),
    ("\t=1", "'\t'=1"),
    ("\rtext", "'\rtext"),
    (" =1", " '=1"),
]


@pytest.mark.parametrize(("text", "safe"), FORMULAS)
def test_whatever_could_be_a_formula_is_text(text: str, safe: str) -> None:
    assert harmless(text) == safe


@pytest.mark.parametrize(
    "text",
    ["", "10-5", "a = b", "well, -5 points", "mail me @ home", "it's fine; really", "5;6", "x;'quoted"],
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@given(st.text(alphabet=st.sampled_from("=+-@'\";|\t\r\n ax＝"), max_size=30))
def test_an_import_reads_back_what_was_exported(text: str) -> None:
    assert original(harmless(text)) == text


@given(st.text(alphabet=st.sampled_from("=+-@'\";|\t\r\n ax＝"), max_size=30), st.sampled_from(";\t|\n"))
def test_no_piece_begins_like_a_formula_by_any_separator(text: str, separator: str) -> None:
    pieces = [piece.strip(' "\r\n\t;|') for piece in harmless(text).split(separator)]
    assert not any(piece.startswith(("=", "+", "-", "@", "＝")) for piece in pieces)


@pytest.mark.parametrize("sign", ["\n", "'", ";", " ", "=", ";'", "\"'"])
def test_a_long_text_takes_no_long_time(sign: str) -> None:
    begun = time.process_time()
    harmless(sign * 200_000 + "x")
    original(sign * 200_000 + "x")
    assert time.process_time() - begun < 2
