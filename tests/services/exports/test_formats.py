"""Each format read back with the programs' own libraries: values, labels, missing values, and wild texts."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.core.text import spreadsheet
from feedback.core.text.localized import Text
from feedback.errors import Rejected
from feedback.i18n import _, translator
from feedback.services.exports.columns import CodedValue, ExportColumn
from feedback.services.exports.formats import WRITERS, parquet, spss, stata, xlsx
from feedback.services.exports.formats.base import LabelLanguage
from feedback.services.exports.reading import ExportTable

PRICE, SPEED = Text({"en": "Price", "fa": "قیمت"}), Text({"en": "Speed", "fa": "سرعت"})
VALUES = {
    "price": CodedValue("price", 1, PRICE),
    "speed": CodedValue("speed", 2, SPEED),
    "not_applicable": CodedValue("not_applicable", -97, _("Does not apply"), "not_applicable"),
    "dont_know": CodedValue("dont_know", -98, _("Don't know"), "dont_know"),
    "prefer_not_to_say": CodedValue("prefer_not_to_say", -99, _("Prefer not to say"), "prefer_not_to_say"),
}
WAYS = {key: each for key, each in VALUES.items() if each.missing}
REASON = ExportColumn(
    "reason", "number", Text({"en": "What was it?", "fa": "چه بود؟"}), type="single", values=VALUES
)
SEATS = ExportColumn("seats", "number", Text("Seats"), type="number", decimals=2, values=WAYS)
BEGIN = ExportColumn("begin", "date", Text("Begin"), type="date", values=WAYS)
AT = ExportColumn("at", "moment", Text("At"))
WORDS = ExportColumn("words", "text", Text("Words"), type="text")
COLUMNS = (REASON, SEATS, BEGIN, AT, WORDS)
MOMENT = datetime(2026, 3, 10, 12, 30, 15, tzinfo=UTC)
ROWS = (
    ("price", 12.5, date(2026, 5, 31), MOMENT, "سلام, =1+1"),
    ("speed", -500.25, date(1900, 1, 1), MOMENT, "a\nb"),
    ("not_applicable", "dont_know", "prefer_not_to_say", None, None),
    (None, None, None, None, "x" * 3_000),
)


def written(folder: Path, kind: str, rows: Sequence[Sequence[Any]], language: str = "en") -> str:
    path = folder / f"table.{kind}"
    table = ExportTable(Text({"en": "Our survey", "fa": "نظرسنجی ما"}), COLUMNS, iter(rows))
    assert WRITERS[kind](path, table, LabelLanguage(translator("desk", language), language)) == len(rows)
    return str(path)


def test_spss_reads_values_labels_and_user_missing_values(tmp_path: Path) -> None:
    frame, about = pyreadstat.read_sav(written(tmp_path, "sav", ROWS, "fa"), user_missing=True)
    assert frame["reason"].tolist()[:3] == [1, 2, -97]
    assert frame["seats"].tolist()[:3] == [12.5, -500.25, -98]
    assert frame.loc[3, ["reason", "seats", "begin"]].isna().all()
    assert frame["begin"].tolist()[:2] == [date(2026, 5, 31), date(1900, 1, 1)]
    assert frame["at"].tolist()[0] == MOMENT.replace(tzinfo=None)
    assert frame["words"].tolist() == ["سلام, =1+1", "a\nb", "", "x" * 3_000]
    assert about.column_names_to_labels["reason"] == "چه بود؟"
    assert about.variable_value_labels["reason"][1] == "قیمت"
    assert set(about.variable_value_labels["reason"]) == {1, 2, -97, -98, -99}
    assert {each["lo"] for each in about.missing_ranges["reason"]} == {-97, -98, -99}
    assert about.variable_measure["reason"] == "nominal"
    assert (about.file_label, about.number_rows) == ("نظرسنجی ما", 4)
    frame, about = pyreadstat.read_sav(written(tmp_path, "sav", ROWS))
    assert frame["reason"].isna().tolist() == [False, False, True, True]
    assert about.variable_value_labels["reason"][-97] == "Does not apply"


def test_stata_reads_values_labels_and_extended_missing_values(tmp_path: Path) -> None:
    path = written(tmp_path, "dta", ROWS, "fa")
    frame, about = pyreadstat.read_dta(path, user_missing=True)
    assert frame["reason"].tolist()[:3] == [1, 2, "a"]
    assert frame["seats"].tolist()[:3] == [12.5, -500.25, "b"]
    assert frame["begin"].tolist()[:3] == [date(2026, 5, 31), date(1900, 1, 1), "c"]
    assert frame["words"].tolist() == ["سلام, =1+1", "a\nb", "", "x" * 3_000]
    assert about.column_names_to_labels["reason"] == "چه بود؟"
    assert about.variable_value_labels["reason"] == {
        1: "قیمت", 2: "سرعت", "a": translator("desk", "fa").gettext("Does not apply"),
        "b": translator("desk", "fa").gettext("Don't know"), "c": translator("desk", "fa").gettext("Prefer not to say"),
    }  # fmt: skip
    other = pd.read_stata(path)  # a second reader, which shares no code with the first
    assert other["reason"].tolist()[:2] == ["قیمت", "سرعت"]
    assert other["at"].tolist()[0] == pd.Timestamp(MOMENT.replace(tzinfo=None))
    assert other["words"].tolist() == frame["words"].tolist()


def test_parquet_has_types_and_says_why_an_answer_is_missing(tmp_path: Path) -> None:
    table = pq.read_table(written(tmp_path, "parquet", ROWS))
    found = table.to_pydict()
    assert found["reason"] == ["price", "speed", None, None]
    assert found["reason_missing"] == [None, None, "not_applicable", None]
    assert found["seats"] == [12.5, -500.25, None, None]
    assert found["begin"] == [date(2026, 5, 31), date(1900, 1, 1), None, None]
    assert found["at"][0] == MOMENT
    assert found["words"] == [row[4] for row in ROWS]
    about = table.schema.field("reason").metadata
    assert about[b"label"] == b"What was it?"
    assert json.loads(about[b"values"])["price"] == "Price"


def test_a_workbook_has_the_rows_and_what_they_mean(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(tmp_path, "xlsx", ROWS))
    data = list(book["Data"].values)
    assert data[0] == tuple(column.name for column in COLUMNS)
    assert data[1] == ("price", 12.5, datetime(2026, 5, 31), MOMENT.replace(tzinfo=None), "سلام, =1+1")  # noqa: DTZ001
    assert data[3] == ("not_applicable", "dont_know", "prefer_not_to_say", None, None)
    assert ("reason", "What was it?", "price", "Price", "") in list(book["Codebook"].values)


WILD = st.text(
    st.characters(codec="utf-8", exclude_characters="\0")
    | st.sampled_from("=+-@\t\n\r\"';,|سلامİı😀\u200f\ufeff\u2028\x1f"),
    max_size=40,
)


@settings(max_examples=60)
@given(st.lists(st.tuples(WILD, st.integers(1, 400)), min_size=1, max_size=6))
def test_no_text_is_lost_or_moved(texts: list[tuple[str, int]]) -> None:
    """Also around 255 and 2,045 bytes, where SPSS and Stata begin to store texts in another way."""
    words = [text * times for text, times in texts]
    rows = [("price", 1.0, None, None, each) for each in words]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame, _about = pyreadstat.read_sav(written(folder, "sav", rows))
        assert frame["words"].tolist() == [
            each.rstrip(" ") for each in words
        ]  # SPSS fills texts up with spaces
        assert frame["reason"].tolist() == [1] * len(words)
        path = written(folder, "dta", rows)
        assert pyreadstat.read_dta(path)[0]["words"].tolist() == words
        assert pq.read_table(written(folder, "parquet", rows))["words"].to_pylist() == words
        with Path(written(folder, "csv", rows)).open(encoding="utf-8-sig", newline="") as file:
            table = list(csv.DictReader(file))
        assert [spreadsheet.original(each["words"]) for each in table] == words


BORDERS = (0, 1, 7, 8, 9, 252, 254, 255, 256, 257, 504, 505, 510, 511, 2_044, 2_045, 2_046, 32_767)


@pytest.mark.parametrize("size", BORDERS)
def test_texts_of_every_length_stay_whole(size: int, tmp_path: Path) -> None:
    text = ("0123456789" * 3_277)[:size]
    rows = [("price", 1.0, None, None, each) for each in ("", text, "end")]
    for kind, read in (("sav", pyreadstat.read_sav), ("dta", pyreadstat.read_dta)):
        frame, _about = read(written(tmp_path, kind, rows))
        assert frame["words"].tolist() == ["", text, "end"]


def test_what_a_format_has_no_room_for_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    with pytest.raises(Rejected, match="a sheet has room for"):
        written(tmp_path, "xlsx", ROWS)
    monkeypatch.setattr(xlsx, "MOST_COLUMNS", 4)
    with pytest.raises(Rejected, match="a sheet has 16,384 columns"):
        written(tmp_path, "xlsx", ROWS)
    monkeypatch.setattr(stata, "MOST_COLUMNS", 4)
    with pytest.raises(Rejected, match="Stata has 32,767 columns"):
        written(tmp_path, "dta", ROWS)
    monkeypatch.setattr(parquet, "is_available", lambda: False)
    with pytest.raises(Rejected, match="pyarrow is missing"):
        written(tmp_path, "parquet", ROWS)


def test_a_text_that_spss_cannot_hold_is_cut_between_two_letters(tmp_path: Path) -> None:
    frame, _about = pyreadstat.read_sav(written(tmp_path, "sav", [(None, None, None, None, "é" * 20_000)]))
    assert frame["words"].tolist() == ["é" * (spss.LONGEST_TEXT // 2)]
