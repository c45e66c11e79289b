"""Questions answered with one or several of a list of options."""

from __future__ import annotations

import random
import re
import unicodedata
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from feedback.core.answer import Answer
from feedback.core.questions.base import Form, Key, Parsed, Question, Strict, one, written
from feedback.core.text import Text

Role = Literal["other", "none", "not_applicable", "prefer_not_to_say"]


class Option(Strict):
    """One option. Its role changes its behaviour: `other` opens a text box, `none` excludes the other options."""

    key: Key
    text: Text
    role: Role | None = None
    other_text: bool | Text | None = Field(
        None, description='with role other: offer a text box (true, or the label of the box, "What was it?")'
    )
    exclusive: bool = Field(
        False, description="excludes all others; always so for none, not applicable, prefer not to say"
    )
    pinned: bool = Field(False, description="keeps its place if the options are randomised")

    @property
    def stands_alone(self) -> bool:
        return self.exclusive or self.role in ("none", "not_applicable", "prefer_not_to_say")

    @property
    def stays(self) -> bool:
        """Whether it keeps its place: opt-outs and "other" stay at the end, where people look for them."""
        return self.pinned or self.role is not None


def _option(value: Any) -> Any:
    """Convert a plain string to an option whose key is derived from its text."""
    if not isinstance(value, str):
        return value
    return {"key": _slug(value), "text": value}


def _slug(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:48]
    if slug and slug[0].isalpha():
        return slug
    return "o-" + (slug or "-".join(f"{ord(char):x}" for char in text[:12]))


Options = Annotated[
    tuple[Annotated[Option, BeforeValidator(_option, json_schema_input_type=str | Option)], ...],
    Field(strict=False, min_length=1),
]


class ChoiceQuestion(Question):
    """The base of `single` and `multi`."""

    widget: ClassVar[str] = "choice"
    multiple: ClassVar[bool] = False
    options: Options
    randomize: bool = Field(
        False, description="shuffle per invitation; other, none and opt-outs keep their place"
    )
    complete: bool | str = Field(
        False, description="the list covers every case (say why), so no `other` is needed"
    )
    min_age: int | None = Field(None, description="for age bands: the minimum age of the customers")

    def option(self, key: str) -> Option | None:
        return next((option for option in self.options if option.key == key), None)

    def arranged(self, seed: str) -> tuple[Option, ...]:
        """The options in the order for one invitation; the same `seed` gives the same order."""
        if not self.randomize:
            return self.options
        loose = [option for option in self.options if not option.stays]
        random.Random(f"{seed}/{self.key}").shuffle(loose)  # noqa: S311 - an order, not a secret
        shuffled = iter(loose)
        return tuple(option if option.stays else next(shuffled) for option in self.options)

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        seen: set[str] = set()
        for option in self.options:
            if option.key in seen:
                raise ValueError(f"two options have the key {option.key!r}")
            seen.add(option.key)
        return self

    def _other_text(self, form: Form, chosen: tuple[str, ...]) -> Any:
        if not any((option := self.option(key)) and option.other_text for key in chosen):
            return None
        return written(self, form, f"{self.key}.text")


class SingleQuestion(ChoiceQuestion):
    type: Literal["single"]

    def read(self, form: Form) -> Parsed:
        key = one(form, self.key)
        if not key:
            return None
        if self.option(key) is None:
            return self.mistake("unknown_option")
        text = self._other_text(form, (key,))
        return Answer(key, text) if text is None or isinstance(text, str) else text


class MultiQuestion(ChoiceQuestion):
    type: Literal["multi"]
    multiple: ClassVar[bool] = True
    max_choices: int | None = Field(None, ge=1)

    def read(self, form: Form) -> Parsed:
        keys = tuple(dict.fromkeys(key.strip() for key in form.get(self.key, ()) if key.strip()))
        if not keys:
            return None
        options = [self.option(key) for key in keys]
        if None in options:
            return self.mistake("unknown_option")
        if len(keys) > 1 and any(option and option.stands_alone for option in options):
            return self.mistake("exclusive_option")
        if self.max_choices and len(keys) > self.max_choices:
            return self.mistake("too_many", limit=self.max_choices)
        text = self._other_text(form, keys)
        return Answer(keys, text) if text is None or isinstance(text, str) else text
