"""XLSForm as a workbook and as CSV."""

from __future__ import annotations

import io

from xlsxwriter import Workbook

from tests.services.studio.importing.reports import imported, lost, questionnaire, shown_if, types

SHEETS = {
    "survey": [
        ["type", "name", "label::English (en)", "label::Türkçe", "hint", "required", "relevant", "constraint"],
        ["start", "start"],
        ["select_one yn", "ok", "Fine?", "İyi mi?", "", "yes"],
        ["begin_group", "g", "Details", "", "", "", "${ok} = 'n'"],
        ["select_multiple what or_other", "what", "What, ${ok}?", "Ne?", "One or more"],
        ["integer", "age", "Age?", "", "", "", "selected(${what}, 'x')", ". > 17"],
        ["end_group"],
        ["geopoint", "where", "Where?"],
        ["note", "n", "Read this"],
    ],
    "choices": [["list_name", "name", "label::English (en)"], ["yn", "y", "Yes"], ["yn", "n", "No"],
                ["what", "x", "Speed"], ["what", "z", "Price"]],
    "settings": [["form_title", "default_language"], ["Visit", "English (en)"]],
}  # fmt: skip


def workbook(first: str = "survey") -> bytes:
    made = io.BytesIO()
    with Workbook(made, {"in_memory": True}) as book:
        for name, rows in {first: SHEETS["survey"], **SHEETS}.items():
            if name == "survey" != first:
                continue
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return made.getvalue()


def as_csv() -> str:
    lines = []
    for name, rows in SHEETS.items():
        lines += [f'"{name}"', *("," + ",".join(f'"{cell}"' for cell in row) for row in rows)]
    return "\n".join(lines)


def test_a_workbook_and_its_csv_come_out_alike() -> None:
    draft = imported(workbook(), "visit.xlsx")
    made = questionnaire(draft)
    assert types(draft) == {"ok": "single", "what": "multi", "age": "number", "n": "note"}
    no = {"question": "ok", "is": ("n",)}
    assert shown_if(draft) == {"what": no, "age": {"all": (no, {"question": "what", "is": ("x",)})}}
    assert made.languages == ("en", "tr")
    assert made.by_key["ok"].required
    assert made.by_key["what"].text.to("en") == "What, {answer.ok|…}?"
    assert [each.role for each in made.by_key["what"].options] == [None, None, "other"]  # type: ignore[union-attr]
    assert made.by_key["what"].options[2].text.to("tr") == "Diğer"  # type: ignore[union-attr]
    assert made.by_key["age"].min == 18  # type: ignore[union-attr]
    for words in ("start", "Details", "geopoint"):
        assert words in lost(draft)
    assert imported(as_csv(), "visit.csv").text == draft.text


def test_a_sheet_with_the_columns_of_a_survey_needs_no_name() -> None:
    assert types(imported(workbook("Sheet1"), "visit.xlsx")) == types(imported(workbook(), "visit.xlsx"))
