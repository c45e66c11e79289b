"""Questions answered with one or several of a list of options."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from feedback.core.answer import Answer, AnswerProblem
from feedback.core.questions.base import (
    GIVEN,
    NO_ANSWER,
    Form,
    Key,
    Parsed,
    Question,
    Strict,
    Tally,
    one,
    written,
)
from feedback.core.text.localized import Text
from feedback.core.text.translatable import message

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
    return {"key": key_of_bare_option(value), "text": value}


def key_of_bare_option(text: str) -> str:
    """The key of an option that is written as a plain string: its letters and digits, `o-` and code points if none."""
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
    options_from: Key | None = Field(
        None,
        description="offer only the options that were chosen in this earlier question with several answers; "
        "options with a role stay",
    )
    complete: bool | str = Field(
        False, description="the list covers every case (say why), so no `other` is needed"
    )
    min_age: int | None = Field(None, description="for age bands: the minimum age of the customers")

    def option(self, key: str) -> Option | None:
        return next((option for option in self.options if option.key == key), None)

    def values_of(self, answer: Answer) -> Iterator[Tally]:
        chosen = answer.value if isinstance(answer.value, tuple) else (str(answer.value),)
        options = [self.option(key) for key in chosen]
        if any(option and option.role in ("not_applicable", "prefer_not_to_say") for option in options):
            yield NO_ANSWER, chosen[0]
            return
        if self.multiple:
            yield GIVEN
        yield from (("", key) for key in chosen)

    def narrowed(self, answers: Mapping[str, Answer]) -> Self | None:
        if self.options_from is None:
            return self
        given = answers.get(self.options_from)
        chosen = given.value if given and isinstance(given.value, tuple) else ()
        left = tuple(each for each in self.options if each.role or each.key in chosen)
        if not any(each.role is None for each in left):
            return None
        return self.model_copy(update={"options": left})

    def arranged(self, seed: str) -> tuple[Option, ...]:
        """The options in the order for one invitation; the same `seed` gives the same order."""
        if not self.randomize:
            return self.options
        loose = [option for option in self.options if not option.stays]
        random.Random(f"{seed}/{self.key}").shuffle(loose)  # noqa: S311 - an order, not a secret
        shuffled = iter(loose)
        return tuple(option if option.stays else next(shuffled) for option in self.options)

    def check_source(self, source: Question | None) -> None:
        """Raise ValueError if the options cannot come from the answer to `source`, None for no such question."""
        if not isinstance(source, ChoiceQuestion) or not source.multiple:
            raise ValueError(
                message(
                    "options_from of `{key}` names `{source}`, which is no earlier question with several answers.",
                    key=self.key,
                    source=self.options_from,
                )
            )
        strange = [each.key for each in self.options if not each.role and source.option(each.key) is None]
        if strange:
            raise ValueError(
                message(
                    "Option `{option}` of `{key}` is no option of `{source}`.",
                    option=strange[0],
                    key=self.key,
                    source=source.key,
                )
            )

    @model_validator(mode="after")
    def _keys_differ(self) -> Self:
        seen: set[str] = set()
        for option in self.options:
            if option.key in seen:
                raise ValueError(message("Two options have the key `{key}`.", key=option.key))
            seen.add(option.key)
        return self

    @cached_property
    def boxes(self) -> dict[str, str]:
        """Option key -> name of its text box, for the options that have one. A single box is called `<key>.text`."""
        texts = [option.key for option in self.options if option.other_text]
        return {key: f"{self.key}.text" + (f".{key}" if len(texts) > 1 else "") for key in texts}

    def as_form(self, answer: Answer) -> dict[str, list[str]]:
        form = super().as_form(answer)
        chosen = [key for key in self.boxes if key in form[self.key]]
        if len(self.boxes) < 2 or not chosen or answer.text is None:
            return form
        # One line for each chosen option with a box, in the order of the options. Older answers have only one text.
        lines = form.pop(f"{self.key}.text")[0].split("\n")
        lines = lines if len(lines) == len(chosen) else [" ".join(lines)]
        return form | {self.boxes[key]: [line] for key, line in zip(chosen, lines, strict=False)}

    def _with_words(self, form: Form, chosen: tuple[str, ...]) -> Parsed:
        """The answer of these options with the words in their boxes; a mistake if other boxes hold words."""
        texts: dict[str, str] = {}
        for key, box in self._filled(form, chosen).items():
            text = written(self, form, box)
            if isinstance(text, AnswerProblem):
                return text
            if text is not None:
                texts[key] = text
        if any(key not in chosen for key in texts):
            return self.mistake("unchosen_text")
        value: Any = chosen if self.multiple else (chosen or (None,))[0]
        if len(self.boxes) > 1 and texts:
            lines = (" ".join(texts.get(key, "").split("\n")) for key in self.boxes if key in chosen)
            return Answer(value, "\n".join(lines))
        return Answer(value, next(iter(texts.values()), None)) if chosen else None

    def _filled(self, form: Form, chosen: tuple[str, ...]) -> dict[str, str]:
        """Option key -> name of the field with its words.

        An import knows one text for each question (`<key>.text`): it belongs to the first chosen option with a box.
        """
        whole = f"{self.key}.text"
        if len(self.boxes) < 2 or not one(form, whole):
            return self.boxes
        first = next((key for key in self.boxes if key in chosen), next(iter(self.boxes)))
        return {**self.boxes, first: whole}


class SingleQuestion(ChoiceQuestion):
    type: Literal["single"]
    display: Literal["list", "dropdown"] | None = Field(
        None, description="dropdown: one line that opens, for a long list that people know, such as countries"
    )

    @property
    def is_dropdown(self) -> bool:
        return self.display == "dropdown"

    def read(self, form: Form) -> Parsed:
        key = one(form, self.key)
        if key and self.option(key) is None:
            return self.mistake("unknown_option")
        return self._with_words(form, (key,) if key else ())


class MultiQuestion(ChoiceQuestion):
    type: Literal["multi"]
    multiple: ClassVar[bool] = True
    max_choices: int | None = Field(None, ge=1)

    def read(self, form: Form) -> Parsed:
        keys = tuple(dict.fromkeys(key.strip() for key in form.get(self.key, ()) if key.strip()))
        options = [self.option(key) for key in keys]
        if None in options:
            return self.mistake("unknown_option")
        if len(keys) > 1 and any(option and option.stands_alone for option in options):
            return self.mistake("exclusive_option")
        if self.max_choices and len(keys) > self.max_choices:
            return self.mistake("too_many", limit=self.max_choices)
        return self._with_words(form, keys)
