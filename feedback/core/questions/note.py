"""A text between the questions, which asks nothing."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from feedback.core.questions.base import Form, Parsed, Question
from feedback.core.text.translatable import message


class NoteQuestion(Question):
    """Shown as a step of its own; nothing is answered and nothing is stored."""

    type: Literal["note"]
    widget: ClassVar[str] = "note"
    answerable: ClassVar[bool] = False

    def read(self, form: Form) -> Parsed:  # noqa: ARG002 - nothing is asked
        return None

    @model_validator(mode="after")
    def _asks_nothing(self) -> Self:
        if self.required or self.opt_outs:
            raise ValueError(
                message("A note has no answer; delete `required` and what it offers instead of an answer.")
            )
        return self
