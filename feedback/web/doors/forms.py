"""What an admin has written about a door, and the bodies with which a set-up can be tried."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from feedback.core.text.translatable import TranslatableText
from feedback.i18n import Translator
from feedback.lint.reporters.translation import translated
from feedback.services.doors import arrivals, recipes
from feedback.services.doors.mapping import SetupProblem
from feedback.services.doors.recipes import DoorRecipe
from feedback.services.doors.setting_up import DoorDraft
from feedback.store.models import Door
from feedback.web.http.numbers import whole

EMPTY_SETUP = """check: {by: token, header: X-Door-Token}
rules:
  - name: closed ticket
    when: "status == 'closed'"
    id: ticket
    contact: {external_id: customer, email: email}
    event: {name: {constant: ticket_closed}}
"""
EMPTY_BODY = '{"ticket": 4711, "status": "closed", "customer": "crm-81", "email": "ada@example.com"}'
SHOWN = 20_000
"""Characters of a body on a page; all of it is in the API."""


@dataclass(frozen=True, slots=True)
class DoorForm:
    """The form: what is chosen about the door, its secret, and a body to try it with."""

    draft: DoorDraft
    body: str = ""
    edit: int = 0


def begun(key: str | None, example: int = 0) -> DoorForm:
    """A new door from a recipe, or an empty one."""
    recipe = recipes.every().get(key or "")
    if recipe is None:
        return DoorForm(DoorDraft("", "", EMPTY_SETUP), EMPTY_BODY)
    return DoorForm(DoorDraft(recipe.title, recipe.key, recipe.setup, recipe.key), _example(recipe, example))


def stored(session: Session, door: Door, arrival: int | None, example: int = 0) -> DoorForm:
    """The door as it is, with a received body, or an example of its recipe."""
    draft = DoorDraft(door.title, door.name, door.setup, door.recipe)
    body = ""
    if arrival is not None:
        body = arrivals.one(session, door.id, arrival).body or ""
    elif (recipe := recipes.every().get(door.recipe or "")) is not None:
        body = _example(recipe, example)
    return DoorForm(draft, readable(body) or "", door.edit)


def written(form: MultiDict[str, str]) -> DoorForm:
    """The form as it was sent."""
    draft = DoorDraft(
        form.get("title", ""),
        form.get("name", ""),
        form.get("setup", "").replace("\r\n", "\n"),
        form.get("recipe") or None,
    )
    return DoorForm(draft, form.get("body", ""), form.get("edit", 0, type=whole))


def in_words(problems: Sequence[SetupProblem], say: Translator) -> list[SetupProblem]:
    """The mistakes of a set-up in the reader's language: of the format by the linter's words, else by the desk's."""
    return [SetupProblem(each.line, each.column, _in_words(each.message, say)) for each in problems]


def _in_words(said: str, say: Translator) -> str:
    if isinstance(said, TranslatableText) and not said.params:
        desk = say.gettext(said.template)
    elif isinstance(said, TranslatableText):
        desk = say.gettext(said.template, **said.params)
    else:
        desk = say.gettext(said)
    return desk if desk != said else translated(said, say.language)


def readable(body: str | None) -> str | None:
    """A JSON body with line breaks; another one as it is."""
    if body is None:
        return None
    try:
        lines = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return body
    return lines.encode("utf-8", "replace").decode()  # half a surrogate pair can be written in JSON


def _example(recipe: DoorRecipe, number: int) -> str:
    examples = recipe.examples
    return examples[number if number < len(examples) else 0].body if examples else ""
