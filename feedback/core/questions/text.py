"""Open questions, answered in the customer's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from feedback.core.answer import Answer, AnswerProblem
from feedback.core.contact.recipient import EmailAddress
from feedback.core.questions.base import Form, Parsed, Question, written


class TextQuestion(Question):
    type: Literal["text"]
    widget: ClassVar[str] = "text"
    contact: Literal["email", "phone", "name"] | None = Field(
        None, description="asks for a contact detail, after consent; may be required"
    )
    min_length: int = Field(0, ge=0)

    def read(self, form: Form) -> Parsed:
        # A page sends the text under the question's key, an import under key.text.
        text = written(self, form, self.key) or written(self, form, f"{self.key}.text")
        if text is None or isinstance(text, AnswerProblem):
            return text
        if len(text) < self.min_length:
            return self.mistake("too_short", limit=self.min_length)
        if self.contact in _LOOKS_RIGHT and not _LOOKS_RIGHT[self.contact](text):
            return self.mistake(f"not_{self.contact}")
        return Answer(None, text)


def _is_email(text: str) -> bool:
    try:
        EmailAddress.parse(text)
    except ValueError:
        return False
    return True


_DIALLED = re.compile(r"\d[\d\s()./\-\u2010-\u2013\u00b7\u200e\u200f]*")


def _is_phone(text: str) -> bool:
    """Whether somebody can dial it: a number in any notation, perhaps with an extension or a remark beside it."""
    return any(5 <= sum(map(str.isdecimal, run)) <= 20 for run in _DIALLED.findall(text))


_LOOKS_RIGHT: Mapping[str | None, Callable[[str], bool]] = {"email": _is_email, "phone": _is_phone}
