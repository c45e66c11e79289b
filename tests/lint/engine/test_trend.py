"""Which published version a questionnaire continues."""

from __future__ import annotations

from typing import Any

import pytest

from feedback.core.questionnaire import Questionnaire
from feedback.lint.engine.trend import continued

OVER = "2000-01-01"


def version(key: str, text: str, **more: Any) -> Questionnaire:
    question = {"key": "recommend", "type": "nps", "text": text}
    content = {
        "key": key,
        "title": "Survey",
        "languages": ["en"],
        "questions": [question],
        "trend": "loyalty",
        **more,
    }
    return Questionnaire.model_validate(content)


MINE = version("nps", "How likely are you to recommend {company}?")
HISTORY = version("nps-imported", "How likely are you to recommend Acme?", trend_bridge=OVER)
FIRST = version("nps", "Would you recommend us?", trend_bridge=OVER)
SETTLED = version("nps", "How likely are you to recommend us?")
OTHER = version("nps-long", "How likely are you to recommend us to a friend?")


@pytest.mark.parametrize(
    ("published", "before"),
    [
        ([], None),
        ([HISTORY], None),  # of another questionnaire, and only on a bridge
        ([HISTORY, SETTLED], SETTLED),
        ([SETTLED, HISTORY], SETTLED),
        ([HISTORY, OTHER], OTHER),
        ([HISTORY, FIRST], FIRST),  # its own, though on a bridge
        ([SETTLED, FIRST], SETTLED),
        ([OTHER, FIRST], FIRST),
    ],
)
def test_a_history_that_was_imported_is_never_the_wording_that_is_continued(
    published: list[Questionnaire], before: Questionnaire | None
) -> None:
    assert continued(MINE, published) is before
