"""Open questions: the customer's own words."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from feedback.core.answer import Answer, AnswerProblem
from feedback.core.questions.base import Form, Parsed, Question, written


class TextQuestion(Question):
    type: Literal["text"]
    widget: ClassVar[str] = "text"
    contact: Literal["email", "phone", "name"] | None = Field(
        None, description="a contact detail given after consent; may be required"
    )
    min_length: int = Field(0, ge=0)

    def read(self, form: Form) -> Parsed:
        # A page sends the words under the question's own key, an import under key.text.
        text = written(self, form, self.key) or written(self, form, f"{self.key}.text")
        if text is None or isinstance(text, AnswerProblem):
            return text
        if len(text) < self.min_length:
            return self.mistake("too_short", limit=self.min_length)
        return Answer(None, text)
