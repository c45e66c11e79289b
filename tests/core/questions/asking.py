"""One question of a type, and what comes of a form."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from feedback.core.answer import AnswerProblem
from feedback.core.questions import AnyQuestion
from tests.factories_surveys import questionnaire


def question(kind: str, **fields: Any) -> AnyQuestion:
    described = {"key": "q", "type": kind, "text": "Please answer?", **fields}
    return questionnaire(described).questions[0]


def read(asked: AnyQuestion, typed: str) -> Any:
    """The value of the answer, the code of a mistake in brackets, or None."""
    parsed = asked.parse({"q": [typed]})
    return [parsed.code] if isinstance(parsed, AnswerProblem) else parsed and parsed.value


def refusal(kind: str, **fields: Any) -> str:
    """Why a question with these fields cannot be asked."""
    with pytest.raises(ValidationError) as refused:
        question(kind, **fields)
    return str(refused.value)
