"""Questions answered by ticking one box that states what is agreed to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from feedback.core.answer import Answer
from feedback.core.questions.base import Form, Parsed, Question, Tally, one
from feedback.core.text.localized import Text
from feedback.core.text.translatable import message

TICKED = "agreed"


class ConsentQuestion(Question):
    """The answer is the wording of the box as it was read, in the language in which it was read.

    An empty box is no answer.
    """

    type: Literal["consent"]
    widget: ClassVar[str] = "consent"
    box: Text = Field(description="what somebody agrees to; stored word for word with the answer")

    def mark(self, language: str) -> str:
        """The value of the box on a page in `language`; `read` knows by it which wording was ticked."""
        if isinstance(self.box.root, str):
            return TICKED
        return language if language in self.box.root else next(iter(self.box.root), TICKED)

    @property
    def wordings(self) -> dict[str, str]:
        """Value of the box -> its wording."""
        return {TICKED: self.box.root} if isinstance(self.box.root, str) else dict(self.box.root)

    def values_of(self, answer: Answer) -> Iterator[Tally]:  # noqa: ARG002 - whatever its wording was, it was ticked
        yield "", TICKED

    def read(self, form: Form) -> Parsed:
        ticked = one(form, self.key)
        if not ticked:
            return None
        if ticked in self.wordings:
            return Answer(self.wordings[ticked])
        same = {wording.strip(): wording for wording in self.wordings.values()}
        return Answer(same[ticked]) if ticked in same else self.mistake("unknown_option")

    def as_form(self, answer: Answer) -> dict[str, list[str]]:
        marks = [mark for mark, wording in self.wordings.items() if wording == answer.value]
        return {self.key: marks[:1]} if marks else super().as_form(answer)

    @model_validator(mode="after")
    def _word_for_word(self) -> Self:
        if any(re.search(r"[{}\\]", wording) for wording in self.wordings.values()):
            raise ValueError(
                message("The box of a consent is stored word for word; write it without placeholders.")
            )
        return self
