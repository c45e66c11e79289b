"""Files of stored answers: every question type in every format, who sees what, and columns that stay."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.errors import NotFound, Rejected
from feedback.library import Library
from feedback.services import exports
from feedback.services.access import Viewer
from feedback.services.exports import ExportRequest
from feedback.services.exports.reading import AT_A_TIME, ExportInterruptedError
from feedback.store.database import Database
from feedback.store.models import AnswerRow, Response
from tests.factories_all_types import EVERYTHING
from tests.factories_reports import MARCH, account, answered, contact, user
from tests.factories_surveys import questionnaire, shelf
from tests.services.reports.test_results import ALL, TOOLS

LEAD = Viewer(1, sees_all=True)
LIBRARY = shelf(EVERYTHING)
AGREED = EVERYTHING.question("consent").box.to("tr")  # type: ignore[union-attr]
GIVEN: dict[str, tuple[Any, str | None]] = {
    "nps": (9, None),
    "enps": (0, None),
    "ces": (7, None),
    "csat": ("prefer_not_to_say", None),
    "stars": (4, None),
    "smileys": (1, None),
    "faces": (3, None),
    "thumbs": (1, None),
    "pmf": (2, None),
    "rating": ("dont_know", None),
    "single": ("other", "=SUM(A1)"),
    "multi": (["slow", "other"], "سلام"),
    "matrix": ({"product": 5, "support": "not_applicable"}, None),
    "dropdown": ("slow", None),
    "hours": (12.5, None),
    "day": ("2026-05-31", None),
    "ranking": (["slow", "support", "product", "unclear"], None),
    "consent": (AGREED, None),
    "text": (None, "Line one\nline two"),
    "contact": (None, "sam@example.com"),
}
IN_CSV = {
    "nps": "9", "enps": "0", "ces": "7", "csat": "prefer_not_to_say", "stars": "4", "smileys": "1", "faces": "3",
    "thumbs": "1", "pmf": "2", "rating": "dont_know", "single": "other", "single_text": "'=SUM(A1)",
    "multi_slow": "1", "multi_unclear": "0", "multi_product": "0", "multi_support": "0", "multi_other": "1",
    "multi_none": "0", "multi_text": "سلام", "matrix_product": "5", "matrix_support": "not_applicable",
    "dropdown": "slow", "dropdown_text": "", "hours": "12.5", "day": "2026-05-31", "ranking_slow": "1",
    "ranking_unclear": "4", "ranking_product": "3", "ranking_support": "2", "consent": "agreed",
    "consent_wording": AGREED, "text": "Line one\nline two", "q_contact": "sam@example.com",
}  # fmt: skip
IN_SPSS = {
    **{name: float(text) for name, text in IN_CSV.items() if text.replace(".", "").isdigit()},
    "csat": -99, "rating": -98, "matrix_support": -97, "single": 5, "dropdown": 1, "consent": 1,
    "day": date(2026, 5, 31), "single_text": "=SUM(A1)", "multi_text": "سلام", "dropdown_text": "",
    "consent_wording": AGREED, "text": "Line one\nline two", "q_contact": "sam@example.com",
}  # fmt: skip


def store(
    session: Session, library: Library, given: dict[str, tuple[Any, str | None]], **rest: Any
) -> Response:
    made = answered(session, 9, library=library, **rest)
    made.answers.clear()
    session.flush()
    made.answers = [AnswerRow(question=key, value=value, text=words) for key, (value, words) in given.items()]
    session.flush()
    return made


def make(
    database: Database, folder: Path, library: Library = LIBRARY, viewer: Viewer = LEAD, **rest: Any
) -> Path:
    wanted = ExportRequest(**{"survey": "everything", **rest})
    path = folder / f"{wanted.kind}.{wanted.ending}"
    with database.reading() as session:
        exports.make(session, library, viewer, wanted, path)
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def everything(migrated: Database) -> Database:
    with migrated.writing() as session:
        person = contact(session, account(session, "Müşteri A.Ş."))
        store(session, LIBRARY, GIVEN, questionnaire="everything", person=person)
        store(session, LIBRARY, {}, questionnaire="everything", at=MARCH + timedelta(hours=1))
    return migrated


def test_every_question_type_arrives_in_every_format(everything: Database, tmp_path: Path) -> None:
    nothing, found = rows(make(everything, tmp_path))
    assert {name: found[name] for name in found if name in IN_CSV} == IN_CSV
    assert (found["account"], found["version"], found["answered_at"]) == (
        "Müşteri A.Ş.", "1", "2026-03-10T12:00:00+00:00",
    )  # fmt: skip
    assert {nothing[name] for name in IN_CSV} == {""}
    spss, _about = pyreadstat.read_sav(make(everything, tmp_path, format="sav"), user_missing=True)
    assert {name: spss[name][1] for name in IN_SPSS} == IN_SPSS
    assert spss.loc[0, list(IN_SPSS)].replace("", None).isna().all()
    stata = pd.read_stata(make(everything, tmp_path, format="dta"), convert_categoricals=False)
    assert {
        name: stata[name][1] for name in IN_SPSS if name not in ("csat", "rating", "matrix_support", "day")
    } == {
        name: value
        for name, value in IN_SPSS.items()
        if name not in ("csat", "rating", "matrix_support", "day")
    }
    parquet = pq.read_table(make(everything, tmp_path, format="parquet")).to_pylist()[1]
    assert (parquet["single"], parquet["csat_missing"], parquet["day"]) == (
        "other", "prefer_not_to_say", date(2026, 5, 31),
    )  # fmt: skip


def test_one_row_per_answer_has_what_was_said_and_nothing_else(everything: Database, tmp_path: Path) -> None:
    found = rows(make(everything, tmp_path, rows="answers"))
    said = [(each["question"], each["part"], each["value"], each["missing"], each["words"]) for each in found]
    assert ("multi", "slow", "1", "", "") in said
    assert not [each for each in said if each[:2] == ("multi", "unclear")]
    assert ("matrix", "support", "", "not_applicable", "") in said
    assert ("ranking", "support", "2", "", "") in said
    assert ("rating", "", "", "dont_know", "") in said
    assert ("single", "text", "", "", "'=SUM(A1)") in said
    assert {each["column"] for each in found} <= set(rows(make(everything, tmp_path))[0])
    assert len(said) == len(set(said))


def test_the_codebook_has_every_column_and_every_value(everything: Database, tmp_path: Path) -> None:
    book = rows(make(everything, tmp_path, format="codebook"))
    assert list(dict.fromkeys(each["column"] for each in book)) == list(rows(make(everything, tmp_path))[0])
    by = {(each["column"], each["value"]): each for each in book}
    assert by["single", "slow"]["value_label_tr"] == "Çok uzun sürdü"
    refused = by["csat", "prefer_not_to_say"]
    assert (refused["code"], refused["stata"], refused["missing"]) == ("-99", ".c", "prefer_not_to_say")
    assert by["multi_slow", "1"]["label_en"] == "It took too long: What was the main reason?"
    assert by["nps", "0"]["versions"] == "everything 1"
    assert by["hours", ""]["decimals"] == "1"


def test_columns_stay_whatever_is_answered_last_and_when_a_question_is_removed(
    migrated: Database, tmp_path: Path
) -> None:
    with migrated.writing() as session:
        store(session, shelf(ALL), {"reason": ("price", None), "tools": (["chat"], None)})
    before = list(rows(make(migrated, tmp_path, shelf(ALL), survey="survey"))[0])
    newer = shelf(questionnaire({**TOOLS, "options": ["Mail", "Video"]}))
    with migrated.writing() as session:
        store(session, newer, {"tools": (["video"], None)}, at=MARCH + timedelta(days=1))
    new, old = rows(make(migrated, tmp_path, newer, survey="survey"))
    assert set(new) == {*before, "tools_video"}
    assert (new["version"], new["tools_video"], new["tools_chat"], new["reason"]) == ("2", "1", "", "")
    assert (old["version"], old["tools_video"], old["tools_chat"], old["reason"]) == ("1", "", "1", "price")
    only_old = rows(make(migrated, tmp_path, newer, survey="survey", until=MARCH + timedelta(hours=1)))
    assert list(only_old[0]) == list(new)


def test_nobody_exports_what_is_not_theirs(migrated: Database, tmp_path: Path) -> None:
    with migrated.writing() as session:
        owner, other = user(session), user(session, "Other")
        people = [contact(session, account(session, owner_id=each.id)) for each in (owner, other)]
        mine, _hers = (
            store(session, LIBRARY, {}, questionnaire="everything", person=each) for each in people
        )
        store(session, LIBRARY, {}, questionnaire="everything", provisional=True)
        viewer = Viewer(owner.id)
    for kind in exports.ROWS:
        found = rows(make(migrated, tmp_path, viewer=viewer, rows=kind))
        assert {each["response"] for each in found} <= {str(mine.id)}
    with migrated.reading() as session:
        counted = [
            exports.responses_of(session, LIBRARY, who, ExportRequest("everything")) for who in (viewer, LEAD)
        ]
    assert counted == [1, 2]


def test_every_response_is_in_the_file_once(migrated: Database, tmp_path: Path) -> None:
    """Also those at the same moment as the last one of a block."""
    with migrated.writing() as session:
        first = store(session, LIBRARY, {"nps": (9, None)}, questionnaire="everything")
        columns = [each for each in Response.__table__.columns if each.name not in ("id", "invitation_id")]
        copy = {each.name: getattr(first, each.name) for each in columns}
        session.execute(Response.__table__.insert(), [copy] * (AT_A_TIME + 5))
        ids = {str(each) for each in session.scalars(select(Response.id))}
    found = [each["response"] for each in rows(make(migrated, tmp_path))]
    assert len(found) == len(ids)
    assert set(found) == ids


def test_filters_and_mistakes(everything: Database, tmp_path: Path) -> None:
    assert rows(make(everything, tmp_path, segment="vip")) == []
    assert len(rows(make(everything, tmp_path, since=MARCH + timedelta(minutes=1)))) == 1
    with pytest.raises(NotFound):
        make(everything, tmp_path, survey="never")
    with pytest.raises(Rejected, match="no format 'doc'"):
        exports.known_format("doc")
    with pytest.raises(Rejected, match="no rows 'people'"):
        exports.known_rows("people")
    wanted = ExportRequest("everything", "sav", since=MARCH)
    assert ExportRequest.from_stored(wanted.stored()) == wanted
    with everything.reading() as session, pytest.raises(ExportInterruptedError):
        exports.make(session, LIBRARY, LEAD, wanted, tmp_path / "never.sav", lambda: True)
