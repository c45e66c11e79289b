"""The questionnaire behind past answers, as it was asked then, and whether it continues one of our series.

It is stored like every published version, so that reports keep the old wording beside the old answers. It continues the
series of a survey only where the linter would let a new wording continue it (`lint.engine.trend`): the same scale, and
the same question in the language in which it was asked. Otherwise it is a series of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ScaleQuestion
from feedback.core.questions.choice import key_of_bare_option
from feedback.core.text.folding import bare
from feedback.core.text.message import placeholders
from feedback.errors import ImportRefused
from feedback.library import Library, content_hash, restore, snapshot
from feedback.lint.engine import trend
from feedback.services.imports.mapping import QuestionType
from feedback.store.database import add_once
from feedback.store.models import QuestionnaireVersion

IMPORTED = "-imported"
"""Behind the key of a survey, it is the key of its past answers, and of their series if that is another one."""
ENDED = "2000-01-01"
"""The bridge of a history that continues a series: it never becomes the wording that others are compared with."""
LONGEST_KEY = 64
MOST_OPTIONS = 50
_WORDS = {"en": "imported", "tr": "içe aktarılan", "fa": "واردشده"}
_SCALES: Mapping[str, Mapping[str, Any]] = {
    "rating10": {"type": "rating", "scale": {"min": 1, "max": 10}},
    "rating7": {"type": "rating", "scale": {"min": 1, "max": 7}},
    "rating5": {"type": "rating", "scale": {"min": 1, "max": 5}},
}
_FORGOTTEN = ("show_if", "options_from", "randomize", "by_sms", "applies_when", "help")
"""What a question of ours says about how it is asked here; nobody knows it of answers from elsewhere."""


@dataclass(frozen=True, slots=True)
class AskedThen:
    """A question of the file: its key, how it was asked, and what it is if none of our survey. `options` are the values
    of a choice that our survey does not have."""

    key: str
    wording: str
    type: QuestionType | None = None
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class AskedHistory:
    """The questionnaire of past answers. `survey` is the one they were meant for; `joins` says that they continue its
    series, and `reasons` (question, why) why they do not."""

    questionnaire: Questionnaire
    survey: str
    joins: bool = False
    reasons: Sequence[tuple[str, str]] = ()


def history(
    session: Session, library: Library, survey: str, asked: Sequence[AskedThen], about: tuple[str, str, str]
) -> AskedHistory:
    """The history of these questions. `about` is (language or "", name of the file, name of the organisation).

    Raises ImportRefused for a survey or a question that does not exist.
    """
    language, file, company = about
    if not survey:
        return AskedHistory(_made(None, asked, language or "en", _slug(file), _title(file)), "")
    if survey not in library.questionnaires:
        raise ImportRefused(f"There is no questionnaire {survey!r}: choose one, or a survey of its own.")
    ours = library.questionnaires[survey]
    language = language or _language(ours, asked, company)
    key = f"{survey[: LONGEST_KEY - len(IMPORTED)]}{IMPORTED}"
    made = _made(ours, asked, language, key, _titles(ours))
    reasons = list(_objections(made, ours, language, company))
    if not reasons:
        return AskedHistory(_continuing(made, ours.series), survey, joins=True)
    return AskedHistory(_continuing(made, _free_series(session, made, key), None), survey, reasons=reasons)


def published(session: Session, made: Questionnaire, now: datetime) -> QuestionnaireVersion:
    """The stored version of a history; the same questions are stored once."""
    content = snapshot(made)
    digest = content_hash(content)
    wanted = select(QuestionnaireVersion).where(
        QuestionnaireVersion.key == made.key, QuestionnaireVersion.content_hash == digest
    )
    if (found := session.scalar(wanted)) is not None:
        return found
    version = QuestionnaireVersion(key=made.key, content_hash=digest, content=content, published_at=now)
    return version if add_once(session, version) else session.scalars(wanted).one()


def _made(
    ours: Questionnaire | None, asked: Sequence[AskedThen], language: str, key: str, title: Any
) -> Questionnaire:
    questions = [_question(ours, each, language) for each in asked]
    if not questions:
        raise ImportRefused("Choose at least one column with answers.")
    content = {"key": key, "title": title, "languages": [language], "questions": questions}
    try:
        return restore(content)
    except ValueError as error:
        raise ImportRefused(f"These columns make no survey: {error}") from None


def _question(ours: Questionnaire | None, asked: AskedThen, language: str) -> dict[str, Any]:
    if asked.type is not None:
        return _new_question(asked, language)
    known = ours.question(asked.key) if ours else None
    if known is None:
        raise ImportRefused(
            f"The survey has no question {asked.key!r}; name its type to import it as a new one."
        )
    if known.type in ("matrix", "ranking", "consent", "note"):
        raise ImportRefused(f"Answers to {asked.key!r} cannot be imported: its type is {known.type}.")
    content = known.model_dump(mode="json", by_alias=True, exclude_none=True)
    for name in _FORGOTTEN:
        content.pop(name, None)
    return {**content, "required": False, "text": {language: asked.wording or known.text.to(language)}}


def _new_question(asked: AskedThen, language: str) -> dict[str, Any]:
    shape = dict(_SCALES.get(str(asked.type), {"type": asked.type}))
    if asked.type in ("single", "multi"):
        if not asked.options:
            raise ImportRefused(f"No row answers {asked.wording!r}; do not import its column.")
        if len(asked.options) > MOST_OPTIONS:
            raise ImportRefused(
                f"Import {asked.wording!r} as text: it has more than {MOST_OPTIONS} different answers."
            )
        shape["options"] = [{"key": option_key(each), "text": {language: each}} for each in asked.options]
    return {"key": asked.key, "text": {language: asked.wording or asked.key}, **shape}


def option_key(text: str) -> str:
    """The key of an option that only the file knows."""
    return key_of_bare_option(text)


def _objections(
    made: Questionnaire, ours: Questionnaire, language: str, company: str
) -> Iterator[tuple[str, str]]:
    """(question, reason) for all that keeps these answers out of the survey's series."""
    shared = [
        each
        for each in made.questions
        if isinstance(each, ScaleQuestion) and isinstance(ours.question(each.key), ScaleQuestion)
    ]
    for each in shared:
        if not ours.by_key[each.key].text.has(language):
            yield each.key, "Our survey does not ask this question in the language of the file"
    worded = restore({**snapshot(ours), "questions": list(_worded(ours, made, language, company))})
    yield from trend.changes(_continuing(made, ours.series), worded)


def _worded(
    ours: Questionnaire, made: Questionnaire, language: str, company: str
) -> Iterator[dict[str, Any]]:
    """Our questions with the names in them that the file has in their place."""
    for question in ours.questions:
        content = question.model_dump(mode="json", by_alias=True, exclude_none=True)
        same = made.question(question.key)
        if same is not None and question.text.has(language):
            text = as_asked(question.text.to(language), same.text.to(language), language, company)
            content["text"] = {**_texts(content["text"], language), language: text}
        yield content


def _texts(text: Any, language: str) -> dict[str, str]:
    return dict(text) if isinstance(text, dict) else {language: str(text)}


def as_asked(template: str, wording: str, language: str, company: str) -> str:
    """The template as a customer read it: `wording` if only the names in its placeholders differ, otherwise with the
    organisation's name."""
    found = placeholders(template)
    if not found:
        return template
    pattern, place = "", 0
    for each in found:
        pattern += re.escape(bare(template[place : each.start], language)) + r".{0,80}?"
        place = each.end
    pattern += re.escape(bare(template[place:], language))
    if re.fullmatch(re.sub(r"\\ |\s", r"\\s*", pattern), bare(wording, language)):
        return wording
    filled, place = "", 0
    for each in found:
        filled += template[place : each.start] + (company if each.name == "company" else each.fallback or "")
        place = each.end
    return filled + template[place:]


def _language(ours: Questionnaire, asked: Sequence[AskedThen], company: str) -> str:
    """The language of our survey in which the file asks its scored question; the survey's first one if none fits."""
    shared = [each for each in asked if each.type is None]
    for language in ours.languages if shared else ():
        made = _made(ours, shared, language, "probe", "probe")
        if not list(_objections(made, ours, language, company)):
            return language
    return ours.languages[0]


def _continuing(made: Questionnaire, series: str, bridge: str | None = ENDED) -> Questionnaire:
    return made.model_copy(update={"trend": series, "trend_bridge": bridge})


def _free_series(session: Session, made: Questionnaire, key: str) -> str:
    """The first series of past answers to the same questions, or a new one."""
    stored = session.scalars(
        select(QuestionnaireVersion.content)
        .where(QuestionnaireVersion.key == made.key)
        .order_by(QuestionnaireVersion.id)
    )
    known: dict[str, Questionnaire] = {}
    for content in stored:
        before = restore(content)
        known.setdefault(before.series, before)
    number = 1
    while True:
        series = key if number == 1 else f"{key[: LONGEST_KEY - 4]}-{number}"
        if series not in known or not list(trend.changes(_continuing(made, series), known[series])):
            return series
        number += 1


def _titles(ours: Questionnaire) -> dict[str, str]:
    return {
        language: f"{text} ({_WORDS.get(language, _WORDS['en'])})"
        for language, text in ours.title.variants(ours.languages)
    }


def _title(file: str) -> str:
    return file.rpartition(".")[0][:80] or file[:80] or "Imported answers"


def _slug(file: str) -> str:
    word = key_of_bare_option(_title(file))
    return f"{word[: LONGEST_KEY - len(IMPORTED)]}{IMPORTED}"
