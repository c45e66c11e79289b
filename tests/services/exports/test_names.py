"""ColumnNames of columns: taken by SPSS and Stata, unique, and never changed by a later column."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.services.exports.names import LONGEST, RESERVED, ColumnNames

KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,63}", fullmatch=True)
PARTS = st.lists(st.tuples(KEYS, st.one_of(st.just(""), KEYS)), max_size=30, unique=True)


@given(PARTS)
def test_every_column_gets_a_name_of_its_own_that_both_programs_take(parts: list[tuple[str, str]]) -> None:
    names = ColumnNames(["response", "contact"])
    found = [names.name(*each) for each in parts]
    assert len({*found, "response", "contact"}) == len(found) + 2
    for name in found:
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name), name
        assert not name.endswith("_")
        assert name not in RESERVED


@given(PARTS)
def test_a_later_column_changes_no_earlier_name(parts: list[tuple[str, str]]) -> None:
    fewer, more = ColumnNames(), ColumnNames()
    before = [fewer.name(*each) for each in parts[: len(parts) // 2]]
    after = [more.name(*each) for each in parts]
    assert after[: len(before)] == before


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("reason",), "reason"),
        (("tools", "mail"), "tools_mail"),
        (("by-sms", "o-1f600"), "by_sms_o_1f600"),
        (("with",), "q_with"),
        (("str12",), "q_str12"),
        (("contact",), "q_contact"),
    ],
)
def test_names_are_readable(parts: tuple[str, ...], name: str) -> None:
    assert ColumnNames(["contact"]).name(*parts) == name


def test_a_long_name_keeps_its_beginning() -> None:
    name = ColumnNames().name("which-of-these-do-you-use-every-day", "mail")
    assert name.startswith("which_of_these_do_you_use")
    assert len(name) <= LONGEST
