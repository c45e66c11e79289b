"""Tables as files."""

from __future__ import annotations

import io
import re
import zipfile
from decimal import Decimal

import pytest

from feedback.web.export.tables import CellValue, Column, Kind, Table, as_csv, as_xlsx


@pytest.mark.parametrize(
    ("kind", "cell", "told"),
    [
        ("percent", 28.000000000000004, "28.0"),
        ("percent", 100 / 3, "33.3"),
        ("points", -0.01, "0.0"),
        ("mean", 5.624999, "5.62"),
        ("difference", -0.004, "0.0"),
        ("hours", 10.0000001, "10.0"),
        ("count", 67.6, "68"),
        ("count", 12, "12"),
        ("money", 1234.5, "1234.5"),
        ("money", Decimal("1234.505"), "1234.50"),
        ("price", 0.0079 * 3, "0.0237"),
        ("text", "0.30000000000000004", "0.30000000000000004"),
    ],
)
def test_a_file_holds_as_many_digits_as_mean_something(kind: Kind, cell: CellValue, told: str) -> None:
    table = Table("t", "T", [Column("name"), Column("value", kind)], [("a", cell), ("b", None)])
    assert as_csv(table).decode("utf-8-sig").splitlines()[1:] == [f'"a","{told}"', '"b",""']
    book = zipfile.ZipFile(io.BytesIO(as_xlsx(table, rtl=False)))
    value = re.search(r'<c r="B2"[^>]*><v>([^<]*)</v>', book.read("xl/worksheets/sheet1.xml").decode())
    assert value is not None
    assert kind == "text" or float(value[1]) == float(told)


def test_a_comment_cannot_become_a_formula_in_a_file() -> None:
    table = Table("t", "T", [Column("=name"), Column("words", "words")], [("x;=1+1", "a\n@b"), (None, -3)])
    assert as_csv(table).decode("utf-8-sig").splitlines() == [
        '"\'=name","words"',
        '"x;\'=1+1","a',
        "'@b\"",
        '"","-3"',
    ]
