"""Question types. To add one, write its class in a module of this package and add a line to this table."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from feedback.core.questions.base import Question
from feedback.core.questions.choice import ChoiceQuestion, MultiQuestion, Option, SingleQuestion
from feedback.core.questions.consent import ConsentQuestion
from feedback.core.questions.day import DateQuestion
from feedback.core.questions.matrix import MatrixQuestion
from feedback.core.questions.note import NoteQuestion
from feedback.core.questions.number import NumberQuestion
from feedback.core.questions.ranking import RankingQuestion
from feedback.core.questions.scale import (
    CesQuestion,
    CsatQuestion,
    EnpsQuestion,
    NpsQuestion,
    PmfQuestion,
    RatingQuestion,
    ScaleQuestion,
    SmileysQuestion,
    StarsQuestion,
    ThumbsQuestion,
)
from feedback.core.questions.text import TextQuestion

QUESTION_TYPES: dict[str, type[Question]] = {
    "nps": NpsQuestion,
    "enps": EnpsQuestion,
    "ces": CesQuestion,
    "csat": CsatQuestion,
    "stars": StarsQuestion,
    "smileys": SmileysQuestion,
    "thumbs": ThumbsQuestion,
    "pmf": PmfQuestion,
    "rating": RatingQuestion,
    "single": SingleQuestion,
    "multi": MultiQuestion,
    "text": TextQuestion,
    "matrix": MatrixQuestion,
    "number": NumberQuestion,
    "date": DateQuestion,
    "ranking": RankingQuestion,
    "consent": ConsentQuestion,
    "note": NoteQuestion,
}

AnyQuestion = Annotated[
    NpsQuestion
    | EnpsQuestion
    | CesQuestion
    | CsatQuestion
    | StarsQuestion
    | SmileysQuestion
    | ThumbsQuestion
    | PmfQuestion
    | RatingQuestion
    | SingleQuestion
    | MultiQuestion
    | TextQuestion
    | MatrixQuestion
    | NumberQuestion
    | DateQuestion
    | RankingQuestion
    | ConsentQuestion
    | NoteQuestion,
    Field(discriminator="type"),
]

__all__ = [
    "QUESTION_TYPES",
    "AnyQuestion",
    "ChoiceQuestion",
    "ConsentQuestion",
    "DateQuestion",
    "MatrixQuestion",
    "NoteQuestion",
    "NumberQuestion",
    "Option",
    "Question",
    "RankingQuestion",
    "ScaleQuestion",
    "SingleQuestion",
    "TextQuestion",
]
