"""Recipes: set-ups for well-known systems, with examples of what these send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from feedback.lint.document import reader

FOLDER = Path(__file__).parent / "recipes"


class RecipeExample(BaseModel):
    """A body as the system sends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    body: str


class DoorRecipe(BaseModel):
    """A set-up for one system. `secret` says who makes the secret: `theirs` is copied from the other system."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    title: str
    about: str
    secret: Literal["ours", "theirs"]
    setup: str
    examples: Sequence[RecipeExample]


@dataclass(frozen=True, slots=True)
class _RecipeFaultError(Exception):
    path: str
    message: str


@cache
def every() -> Mapping[str, DoorRecipe]:
    """Key -> recipe, in the order of their titles."""
    found = [_read(path) for path in FOLDER.glob("*.yaml")]
    return {each.key: each for each in sorted(found, key=lambda each: each.title)}


def _read(path: Path) -> DoorRecipe:
    document = reader.read(path.read_text(encoding="utf-8"), path.name, longest=20_000)
    if document.faults:
        raise _RecipeFaultError(path.name, document.faults[0].message)
    return DoorRecipe.model_validate({"key": path.stem, **document.data})
