"""The bank of single items: published questions with their source, to add to a questionnaire (`items.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import AnyQuestion, ScaleQuestion
from feedback.errors import NotFound
from feedback.i18n import _
from feedback.services.questionnaires import gallery
from feedback.services.studio.importing.keys import unused

LANGUAGES = gallery.LANGUAGES

TRANSLATIONS: Mapping[str, str] = {
    "official": _("official translation"),
    "usual": _("the translation in common use"),
    "own": _("our own translation, not validated"),
}
"""What the Turkish and Persian texts of an item are."""


@dataclass(frozen=True, slots=True)
class BankItem:
    """One item. `title` is its proper name, `translation` a key of TRANSLATIONS."""

    key: str
    title: str
    question: AnyQuestion
    source: str
    terms: str
    translation: str

    @property
    def metric(self) -> str | None:
        """The metric that scores it; None if it is only charted."""
        return self.question.metric

    def options_in(self, language: str) -> list[str]:
        """The words of its scale or its options: "1 Strongly disagree", "Very good"."""
        if isinstance(self.question, ScaleQuestion):
            return [f"{point.value} {point.label}".strip() for point in self.question.points(language)]
        return [option.text.to(language) for option in getattr(self.question, "options", ())]


@cache
def items() -> Mapping[str, BankItem]:
    """Every item by its key, in the order of the file."""
    raw = tomllib.loads(files("feedback.services.studio").joinpath("items.toml").read_text(encoding="utf-8"))
    return {key: _item(key, entry) for key, entry in raw.items()}


def item(key: str) -> BankItem:
    """The item with this key. Raises NotFound."""
    found = items().get(key)
    if found is None:
        raise NotFound("There is no such item in the bank.")
    return found


def data_of(chosen: BankItem, languages: Sequence[str], taken: Collection[str] = ()) -> dict[str, Any]:
    """The item as the data of a question, for a questionnaire in `languages` that uses the keys `taken`.

    Texts in languages that the bank does not have are left out, for the linter to report.
    """
    data = chosen.question.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    data["type"] = chosen.question.type
    kept = {name: _in_languages(value, languages) for name, value in data.items()}
    kept["key"] = unused(chosen.key, taken)
    first = [name for name in ("key", "type", "instrument", "required", "purpose", "text") if name in kept]
    return {name: kept[name] for name in [*first, *(each for each in kept if each not in first)]}


def _in_languages(value: Any, languages: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_in_languages(each, languages) for each in value]
    if not isinstance(value, dict):
        return value
    if value and set(value) <= set(LANGUAGES):
        return {each: value[each] for each in languages if each in value} or value
    return {name: _in_languages(each, languages) for name, each in value.items()}


def _item(key: str, entry: Mapping[str, Any]) -> BankItem:
    question = _of_gallery(entry) if "template" in entry else _of_entry(key, entry)
    return BankItem(key, entry["title"], question, entry["source"], entry["terms"], entry["translation"])


def _of_gallery(entry: Mapping[str, Any]) -> AnyQuestion:
    """The named question of a template; without a name its first one with a scale."""
    questionnaire = gallery.template(entry["template"]).questionnaire
    if "question" in entry:
        return questionnaire.by_key[entry["question"]]
    found = next(each for each in questionnaire.questions if isinstance(each, ScaleQuestion))
    return found.model_copy(update={"show_if": None, "applies_when": None})


def _of_entry(key: str, entry: Mapping[str, Any]) -> AnyQuestion:
    own = ("title", "source", "terms", "translation")
    question = {
        "key": key,
        "required": True,
        **{name: each for name, each in entry.items() if name not in own},
    }
    whole = Questionnaire.model_validate(
        {"key": key, "title": entry["title"], "languages": list(LANGUAGES), "questions": [question]}
    )
    return whole.questions[0]
