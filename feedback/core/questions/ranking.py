"""Questions answered by putting options in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from feedback.core.answer import Answer
from feedback.core.questions.base import GIVEN, Form, Parsed, Tally, one
from feedback.core.questions.choice import ChoiceQuestion
from feedback.core.text.folding import ascii_digits
from feedback.core.text.translatable import message


class RankingQuestion(ChoiceQuestion):
    """The answer is the option keys in order, the first place first."""

    type: Literal["ranking"]
    widget: ClassVar[str] = "ranking"
    multiple: ClassVar[bool] = True
    top: int | None = Field(None, ge=1, description="rank only the first few; without it, every option")

    @property
    def places(self) -> int:
        return min(self.top or len(self.options), len(self.options))

    def values_of(self, answer: Answer) -> Iterator[Tally]:
        """Each ranked option with its place."""
        ranked = answer.value if isinstance(answer.value, tuple) else ()
        yield GIVEN
        yield from ((key, str(place)) for place, key in enumerate(ranked, 1))

    def narrowed(self, answers: Mapping[str, Answer]) -> Self | None:
        found = super().narrowed(answers)
        return found if found and len(found.options) > 1 else None

    def read(self, form: Form) -> Parsed:
        """The order: from a place for each option (`key.option`), or from a list of option keys (`key`)."""
        listed = [key.strip() for key in form.get(self.key, ()) if key.strip()]
        given = dict.fromkeys(listed) if listed else None
        if given is not None:
            places = {key: place for place, key in enumerate(given, 1)}
            if len(listed) > len(places) or any(self.option(key) is None for key in listed):
                return self.mistake("unknown_option")
        else:
            typed = {each.key: ascii_digits(one(form, f"{self.key}.{each.key}")) for each in self.options}
            if any(place and not self._is_place(place) for place in typed.values()):
                return self.mistake("unknown_option")
            places = {key: int(place) for key, place in typed.items() if place}
        return self._ordered(places)

    def _ordered(self, places: dict[str, int]) -> Parsed:
        taken = sorted(places.values())
        twice = [place for place in taken if taken.count(place) > 1]
        if twice:
            return self.mistake("same_place", place=twice[0])
        if taken and taken != list(range(1, self.places + 1)):
            missing = self.places - sum(place <= self.places for place in taken)
            if not missing:
                return self.mistake("unknown_option")
            return self.mistake("places_missing", limit=self.places, missing=missing)
        return Answer(tuple(sorted(places, key=places.__getitem__))) if taken else None

    def _is_place(self, typed: str) -> bool:
        return typed.isascii() and typed.isdigit() and len(typed) <= 3 and 1 <= int(typed) <= self.places

    def as_form(self, answer: Answer) -> dict[str, list[str]]:
        if not isinstance(answer.value, tuple):
            return super().as_form(answer)
        return {f"{self.key}.{key}": [str(place)] for place, key in enumerate(answer.value, 1)}

    @model_validator(mode="after")
    def _can_be_ranked(self) -> Self:
        if self.top is not None and self.top > len(self.options):
            raise ValueError(
                message(
                    "top ({top}) is more than the {count} options.", top=self.top, count=len(self.options)
                )
            )
        if len(self.options) < 2:
            raise ValueError(message("A ranking needs at least two options."))
        if any(each.role or each.exclusive or each.other_text for each in self.options):
            raise ValueError(
                message(
                    "Options of a ranking have no role, no text box and exclude nothing; offer `not_applicable: true`."
                )
            )
        return self
