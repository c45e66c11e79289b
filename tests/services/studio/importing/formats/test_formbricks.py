"""Surveys of Formbricks, old and new."""

from __future__ import annotations

from tests.services.studio.importing.reports import imported, lost, questionnaire, shown_if, types

SURVEY = {
    "name": "Churn",
    "languages": [{"default": True, "language": {"code": "en"}}, {"language": {"code": "tr"}}],
    "welcomeCard": {"enabled": True, "headline": {"default": "Welcome!"}},
    "variables": [{"id": "v"}],
    "questions": [
        {"id": "score", "type": "nps", "headline": {"default": "How likely?", "tr": "Ne kadar?"}, "required": True,
         "lowerLabel": {"default": "Not"}, "upperLabel": {"default": "Very"},
         "logic": [{"conditions": {"connector": "and", "conditions": [
             {"leftOperand": {"type": "question", "value": "score"}, "operator": "isGreaterThanOrEqual",
              "rightOperand": {"type": "static", "value": 9}}]},
             "actions": [{"objective": "jumpToQuestion", "target": "end"}]}]},
        {"id": "why", "type": "multipleChoiceMulti", "headline": {"default": "Why #recall:score/fallback:so#?"},
         "choices": [{"id": "a", "label": {"default": "Price"}}, {"id": "other", "label": {"default": "Other"}}],
         "shuffleOption": "all"},
        {"id": "meet", "type": "cal", "headline": {"default": "Meet us"}},
        {"id": "stars", "type": "rating", "scale": "star", "range": 5, "headline": {"default": "<p>Stars&nbsp;?</p>"},
         "logic": [{"condition": "equals", "value": 1, "destination": "score"}]},
    ],
    "endings": [{"id": "e", "type": "endScreen", "headline": {"default": "Bye!"}}],
}  # fmt: skip


def test_a_survey_comes_with_logic_recall_and_ending() -> None:
    draft = imported({"data": SURVEY})
    made = questionnaire(draft)
    assert types(draft) == {"score": "nps", "why": "multi", "stars": "stars"}
    promoter = {"not": {"question": "score", "at_least": 9}}
    assert shown_if(draft) == {"why": promoter, "stars": promoter}
    assert made.by_key["why"].text.to("en") == "Why {answer.score|so}?"
    assert made.languages == ("en", "tr")
    assert made.thanks[0].text.to("en") == "Bye!"
    assert made.by_key["stars"].text.to("en") == "Stars ?"
    for words in ("Welcome!", "variables", "cal", "back to an earlier question"):
        assert words in lost(draft)


def test_blocks_of_elements_are_read_like_questions() -> None:
    blocks = [
        {"id": f"b{n}", "elements": [{**each, "logic": None}]} for n, each in enumerate(SURVEY["questions"])
    ]  # type: ignore[arg-type]
    draft = imported({"name": "Churn", "blocks": blocks})
    assert types(draft) == {"score": "nps", "why": "multi", "stars": "stars"}
