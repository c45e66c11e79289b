"""A tool: its name and description for models, the shape of its arguments, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from flask import request, url_for
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from feedback.core.time.local_days import day_of
from feedback.i18n import Translator, translator
from feedback.services import rollups
from feedback.services.access import Viewer
from feedback.services.staff.api_keys import Scope
from feedback.web.api.scopes import Caller
from feedback.web.api.shapes import In

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

Result = dict[str, Any]

LONGEST_QUOTE = 500
"""Characters of a quoted text; the rest is on its page."""


class Arguments(In):
    """What a model sends to a tool; unknown names are mistakes."""


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool works with: an open transaction, and the program in whose owner's name it reads."""

    session: Session
    runtime: Runtime
    caller: Caller
    now: datetime

    @property
    def viewer(self) -> Viewer:
        return self.caller.viewer

    @property
    def today(self) -> date:
        """In the organisation's time zone, as on the pages."""
        return day_of(self.now, self.runtime.database.zone)

    @property
    def say(self) -> Translator:
        """The pages' words in English, which every model reads."""
        return translator("desk", "en")

    def may(self, scope: Scope) -> bool:
        return scope in self.caller.allowed

    def link(self, endpoint: str, **values: object) -> str:
        """The address of a page, without those values that are None."""
        base = self.runtime.settings.web.public_url.rstrip("/") or request.host_url.rstrip("/")
        given: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        return base + url_for(endpoint, **given)

    def warnings(self) -> Result:
        """What the pages warn of above their numbers."""
        if (zone := rollups.other_zone(self.session)) is not None:
            told = f"Days are counted in {zone}, not in the organisation's time zone: rebuild the rollups."
            return {"warning": told}
        return {}


@dataclass(frozen=True, slots=True)
class Tool:
    """`scopes`: the key needs one of them. `subject` is what the audit log says was seen, where people's words are."""

    name: str
    description: str
    arguments: type[Arguments]
    run: Callable[[ToolContext, Any], Result]
    scopes: tuple[Scope, ...]
    subject: str | None = None

    def listed(self) -> dict[str, Any]:
        """As `tools/list` describes it."""
        return {
            "name": self.name,
            "description": self.description,
            "inputSchema": input_schema(self.arguments),
            "annotations": {"readOnlyHint": True},
        }


def input_schema(arguments: type[BaseModel]) -> dict[str, Any]:
    """The arguments as strict JSON Schema (2020-12), without what only costs a model's attention."""
    schema = arguments.model_json_schema()
    kept = {"type": "object", "properties": {}, "additionalProperties": False}
    kept["properties"] = {name: _plain(each) for name, each in schema.get("properties", {}).items()}
    return {**kept, "required": schema["required"]} if schema.get("required") else kept


def _plain(part: Mapping[str, Any]) -> dict[str, Any]:
    """A property that may be left out need not say that null means the same."""
    found = {name: value for name, value in part.items() if name not in ("title", "anyOf")}
    for choice in part.get("anyOf", ()):
        if choice.get("type") != "null":
            found |= {name: value for name, value in choice.items() if name != "title"}
    return {name: value for name, value in found.items() if not (name == "default" and value is None)}


def mistakes_in_words(tool: Tool, error: ValidationError) -> str:
    """What to send instead, for the model that called the tool."""
    told = []
    for each in error.errors():
        name = ".".join(str(part) for part in each["loc"] if "[" not in str(part)) or "arguments"
        if each["type"] == "extra_forbidden":
            told.append(f"{name}: there is no such argument.")
        elif each["type"] == "missing":
            told.append(f"{name}: this argument is required.")
        else:
            words = each["msg"].removeprefix("Value error, ").rstrip(".")
            told.append(f"{name}: {words}.")
    known = ", ".join(tool.arguments.model_fields)
    return f"{' '.join(told)} The arguments of {tool.name} are: {known or 'none'}."


def quoted(text: str) -> dict[str, Any]:
    """Somebody's words as data: at most `LONGEST_QUOTE` characters, and whether there are more."""
    words = text.strip()
    if len(words) <= LONGEST_QUOTE:
        return {"quote": words}
    return {"quote": words[:LONGEST_QUOTE], "cut": True}
