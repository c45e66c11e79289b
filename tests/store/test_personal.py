"""The list of personal data covers the schema."""

from __future__ import annotations

import pytest

from feedback.services.privacy import persons, retention
from feedback.store import personal
from feedback.store.base import Base
from feedback.store.models import Contact, Enrolment, Message
from feedback.store.personal import Whose


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: str(table.name))
def test_every_text_column_is_marked_personal_or_not(table: object) -> None:
    """If this fails for your new column, say in feedback/store/personal.py whose data it holds."""
    found = Base.metadata.tables[str(table)]
    text = {column.name for column in found.columns if personal.holds_text(column)}
    marked = personal.marks(found.name) if text else {}
    assert set(marked) == text


def test_no_column_is_marked_twice_and_no_table_is_made_up() -> None:
    assert set(personal.COLUMNS) <= set(Base.metadata.tables)
    for table, marked in personal.COLUMNS.items():
        columns = [column for each in marked.values() for column in each.split()]
        assert len(columns) == len(set(columns)), table


def test_erasure_knows_the_rows_of_every_table_with_data_of_a_contact() -> None:
    assert {model.__tablename__ for model in persons.TABLES} == personal.tables_of(Whose.CONTACT, Whose.KEY)


def test_every_table_with_personal_data_says_when_they_go() -> None:
    about_people = personal.tables_of(Whose.CONTACT, Whose.KEY, Whose.QUOTE, Whose.VISITOR)
    assert set(retention.KEPT) == about_people


def test_what_erasure_stores_instead_fits_the_column() -> None:
    assert personal.emptied(Enrolment) == {"explanation": []}
    assert personal.emptied(Contact)["properties"] == {}
    message = personal.emptied(Message)
    assert (message["recipient"], message["html"], message["headers"]) == ("", None, {})
