"""Forms of the Google Forms API, and jumps."""

from __future__ import annotations

from typing import Any

from tests.services.studio.importing.reports import imported, lost, questionnaire, shown_if, types


def item(title: str, **question: Any) -> dict[str, Any]:
    return {"itemId": title, "title": title, "questionItem": {"question": question}}


def page(name: str) -> dict[str, Any]:
    return {"itemId": name, "title": name, "pageBreakItem": {}}


FORM = {
    "formId": "1",
    "info": {"title": "Visit", "description": "Two minutes"},
    "items": [
        item("Did you buy?", required=True, choiceQuestion={"type": "RADIO", "options": [
            {"value": "Yes", "goToSectionId": "bought"}, {"value": "No", "goToSectionId": "left"},
            {"isOther": True, "goToAction": "SUBMIT_FORM"}]}),
        page("bought"),
        item("How satisfied are you?", scaleQuestion={"low": 1, "high": 5}),
        item("When?", dateQuestion={}),
        page("left"),
        item("Why not?", textQuestion={"paragraph": True}),
        {"itemId": "g", "title": "Rate", "questionGroupItem": {
            "questions": [{"rowQuestion": {"title": "Staff"}}, {"rowQuestion": {"title": "Price"}}],
            "grid": {"columns": {"type": "RADIO", "options": [{"value": "Bad"}, {"value": "Good"}]}}}},
        item("Proof", fileUploadQuestion={}),
        {"itemId": "v", "title": "Look", "videoItem": {}},
    ],
}  # fmt: skip


def test_a_form_comes_with_its_questions_and_jumps_become_conditions() -> None:
    draft = imported(FORM)
    assert types(draft) == {
        "welcome": "note",
        "q1": "single",
        "q2": "csat",
        "q3": "date",
        "q4": "text",
        "q5": "matrix",
    }
    no, other = ({"not": {"question": "q1", "is": (each,)}} for each in ("no", "other"))
    assert shown_if(draft) == {
        "q2": {"all": ({**no}, {**other})}, "q3": {"all": ({**no}, {**other})}, "q4": other, "q5": other,
    }  # fmt: skip
    assert questionnaire(draft).title.to("en") == "Visit"
    for words in ("fileUploadQuestion", "Look", "left"):
        assert words in lost(draft)


def test_a_jump_back_is_named() -> None:
    options = [{"value": "Again", "goToAction": "RESTART_FORM"}, {"value": "Go on"}]
    form = {
        "items": [
            item("Sure?", choiceQuestion={"options": options}),
            page("b"),
            item("Why?", textQuestion={}),
        ]
    }
    assert "Again → RESTART_FORM" in lost(imported(form))
