"""Blocks: several questions that are asked, or skipped, on one condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from feedback.core.condition import Condition
from feedback.core.questions import AnyQuestion
from feedback.core.questions.base import Key, Strict
from feedback.core.text.translatable import message


def _one_or_more(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Block(Strict):
    """`{questions: [speed, price], show_if: {question: used, is: yes}}`: skip them together."""

    questions: Annotated[tuple[Key, ...], BeforeValidator(_one_or_more)] = Field(
        min_length=1, description="keys of the questions; a question is in one block at most"
    )
    show_if: Condition = Field(description="ask them only if this condition on answers or the customer holds")


def conditions(questions: Iterable[AnyQuestion], blocks: Iterable[Block]) -> Mapping[str, Condition]:
    """Question -> the condition on which it is asked: that of its block, its own, or both."""
    shared = {key: block.show_if for block in blocks for key in block.questions}
    found: dict[str, Condition] = {}
    for question in questions:
        both = [each for each in (shared.get(question.key), question.show_if) if each]
        if both:
            found[question.key] = Condition(all=tuple(both)) if len(both) > 1 else both[0]
    return found


def misplaced(questions: Iterable[AnyQuestion], blocks: Iterable[Block]) -> str:
    """What is wrong with the questions that the blocks name; empty if nothing is."""
    known = [question.key for question in questions]
    taken: list[str] = []
    for block in blocks:
        for key in block.questions:
            if key not in known:
                return message("A block names `{key}`, but there is no such question.", key=key)
            if key in taken:
                return message(
                    "`{key}` is in two blocks; put their conditions together under `all:`.", key=key
                )
            taken.append(key)
    return ""
