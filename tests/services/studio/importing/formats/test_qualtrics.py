"""Survey exports of Qualtrics."""

from __future__ import annotations

from typing import Any

from tests.services.studio.importing.reports import imported, lost, questionnaire, shown_if, types


def asked(number: int, tag: str, kind: str, selector: str, **more: Any) -> dict[str, Any]:
    payload = {
        "QuestionID": f"QID{number}",
        "DataExportTag": tag,
        "QuestionType": kind,
        "Selector": selector,
        **more,
    }
    return {
        "Element": "SQ",
        "PrimaryAttribute": f"QID{number}",
        "Payload": {"QuestionText": f"<b>{tag}</b>?", **payload},
    }


def choices(*words: str) -> dict[str, Any]:
    return {str(n): {"Display": each} for n, each in enumerate(words, 1)}


def logic(question: int, choice: int, operator: str = "Selected") -> dict[str, Any]:
    test = {
        "LogicType": "Question",
        "Operator": operator,
        "LeftOperand": f"q://QID{question}/SelectableChoice/{choice}",
    }
    return {"0": {"0": test, "Type": "If"}, "Type": "BooleanExpression"}


def block(name: str, *numbers: int) -> dict[str, Any]:
    return {
        "ID": name,
        "Type": "Standard",
        "BlockElements": [{"Type": "Question", "QuestionID": f"QID{n}"} for n in numbers],
    }


SURVEY = {
    "SurveyEntry": {"SurveyName": "Service", "SurveyLanguage": "EN"},
    "SurveyElements": [
        {"Element": "BL", "Payload": [block("B1", 1, 2, 6), block("B2", 3, 4),
            {"ID": "T", "Type": "Trash", "BlockElements": [
            {"Type": "Question", "QuestionID": "QID5"}]}]},
        {"Element": "FL", "Payload": {"Flow": [
            {"Type": "Block", "ID": "B1"},
            {"Type": "Branch", "BranchLogic": logic(1, 2), "Flow": [{"Type": "Standard", "ID": "B2"}]},
            {"Type": "WebService"}]}},
        {"Element": "SO", "Payload": {"EOSMessage": "Done, thanks."}},
        asked(1, "Buy", "MC", "SAVR", Choices=choices("Yes", "No"), Validation={"Settings": {"ForceResponse": "ON"}},
              Language={"TR": {"QuestionText": "Aldınız mı?", "Choices": {"1": {"Display": "Evet"}}}}),
        asked(2, "Which", "MC", "MAVR", Choices={**choices("A", "B"), "3": {"Display": "Else", "TextEntry": "true"}},
              DisplayLogic=logic(1, 1), Randomization={"Type": "All"}),
        asked(3, "Why", "TE", "ML", QuestionText="You said ${q://QID1/ChoiceGroup/SelectedChoices}. Why?"),
        asked(4, "Rate", "Matrix", "Likert", SubSelector="SingleAnswer", Choices=choices("Staff"),
              Answers=choices("Bad", "Good"), DisplayLogic=logic(3, 1, "Contains")),
        asked(5, "Bin", "TE", "SL"),
        asked(6, "Place", "HeatMap", "Image"),
    ],
}  # fmt: skip


def test_an_export_comes_with_languages_logic_flow_and_piping() -> None:
    draft = imported(SURVEY, "service.qsf")
    made = questionnaire(draft)
    assert types(draft) == {"buy": "single", "which": "multi", "why": "text", "rate": "matrix"}
    no = {"question": "buy", "is": ("no",)}
    assert shown_if(draft) == {"which": {"question": "buy", "is": ("yes",)}, "why": no, "rate": no}
    assert made.by_key["buy"].text.to("tr") == "Aldınız mı?"
    assert made.by_key["buy"].required
    assert made.by_key["which"].options[2].role == "other"  # type: ignore[union-attr]
    assert made.by_key["why"].text.to("en") == "You said {answer.buy|…}. Why?"
    assert made.thanks[0].text.to("en") == "Done, thanks."
    for words in ("HeatMap", "WebService", "Contains", "Bold"):
        assert words in lost(draft)
