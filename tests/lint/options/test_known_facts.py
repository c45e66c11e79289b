"""The longest way through a questionnaire, if some questions are for some customers only."""

from __future__ import annotations

from typing import Any

from feedback.lint.options.routes import ways
from tests.factories_surveys import RECOMMEND, questionnaire


def text(key: str, **show_if: Any) -> dict[str, Any]:
    return {"key": key, "type": "text", "text": key, "show_if": show_if}


def test_questions_for_different_customers_are_on_different_ways() -> None:
    asked = questionnaire(
        RECOMMEND,
        text("large", account="segment", **{"is": "enterprise"}),
        text("small", account="segment", **{"is": "smb"}),
        text("rich", account="recurring_revenue", at_least=1000),
    )
    found = {tuple(each.key for each in way) for way in ways(asked)}
    assert found == {
        ("recommend",),
        ("recommend", "large"),
        ("recommend", "small"),
        ("recommend", "rich"),
        ("recommend", "large", "rich"),
        ("recommend", "small", "rich"),
    }
