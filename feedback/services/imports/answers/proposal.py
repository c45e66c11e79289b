"""Which columns of a file become what, as its shape and our questions suggest; a person has to look at it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from zoneinfo import ZoneInfo

from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import TextQuestion
from feedback.core.questions.choice import key_of_bare_option
from feedback.core.text.folding import ascii_digits, bare
from feedback.errors import ImportRefused
from feedback.i18n import _
from feedback.library import Library
from feedback.services.customers import fields
from feedback.services.imports.answers import vendors
from feedback.services.imports.answers.history import LONGEST_KEY, as_asked
from feedback.services.imports.answers.vendors import Heading
from feedback.services.imports.mapping import ANSWERS, ColumnMap, QuestionType, Section, Source
from feedback.services.imports.menus import Chosen, FileColumn
from feedback.settings import Settings

ALIKE = 0.9
"""Similarity of two wordings from which on a column is taken for one of our questions."""
NEW: Mapping[str, QuestionType] = {
    f"new.{each}": each
    for each in ("nps", "csat", "ces", "stars", "rating10", "rating7", "rating5", "single", "multi", "text")
}
"""What a column can become that none of our surveys asks."""
_RECOMMEND = re.compile(r"recommend|tavsiye|empfehl|توصیه", re.IGNORECASE)


def style_of(settings: Settings, mapping: ColumnMap, heading: Heading) -> fields.Style:
    """How the file writes what is ambiguous: the zone that a person chose, or the file names, or the organisation's.

    Raises ImportRefused for an unknown zone.
    """
    organisation = settings.organisation
    zone = organisation.time_zone
    if name := mapping.zone or heading.zone:
        try:
            zone = ZoneInfo(fields.time_zone(name, fields.Style()))
        except (ValueError, OSError):
            raise ImportRefused(f"There is no time zone {name!r}; write it as Europe/Istanbul.") from None
    return fields.Style(organisation.default_region, zone, mapping.dates, mapping.decimal)


def survey_for(heading: Heading, library: Library, company: str) -> str:
    """The questionnaire whose scored question a column asks; otherwise the first one with an NPS, if a column asks
    whether somebody would recommend; otherwise none."""
    for key, ours in library.questionnaires.items():
        scored = ours.scored
        if scored is not None and any(_asks(scored, ours, each, company) for each in heading.wordings):
            return key
    asks = any(_RECOMMEND.search(each) for each in heading.wordings)
    nps = (key for key, each in library.questionnaires.items() if each.scored and each.scored.metric == "nps")
    regular = [s.questionnaire for s in library.journey.stages if s.enter.every is not None]
    candidates = list(nps) if asks else []
    return next((each for each in regular if each in candidates), next(iter(candidates), ""))


def proposed(
    heading: Heading, columns: Sequence[FileColumn], ours: Questionnaire | None, chosen: Chosen, company: str
) -> Chosen:
    """The choices that the columns suggest, for a survey of ours or for one of its own."""
    targets = dict(_roles(heading))
    taken: set[str] = set()
    for column in columns:
        number = column.number
        if number in targets or vendors.is_left_out(column.name):
            continue
        found = _question(heading, column, ours, taken, company)
        if found:
            targets[number] = found
            taken.add(found)
    return replace(chosen, targets=targets, zone=chosen.zone or heading.zone)


def _roles(heading: Heading) -> Iterator[tuple[int, str]]:
    """The columns that say who and when, each role once: the best one by its name."""
    best: dict[str, int] = {}
    for number, name in enumerate(heading.names):
        role = vendors.role_of(name)
        if role and (
            role not in best or vendors.rank_of(role, name) < vendors.rank_of(role, heading.names[best[role]])
        ):
            best[role] = number
    yield from ((number, role) for role, number in best.items())


def _question(
    heading: Heading, column: FileColumn, ours: Questionnaire | None, taken: set[str], company: str
) -> str:
    wording = heading.wordings[column.number] or column.name
    name = vendors.bare_name(column.name)
    in_group = any(column.number in each for each in heading.groups.values())
    for question in ours.questions if ours else ():
        target = f"{ANSWERS}.{question.key}"
        if (in_group or target not in taken) and _asks(question, ours, wording, company):
            return target
    if in_group and all(column.name.endswith(each) for each in column.samples):
        return "new.multi"
    numbers = [ascii_digits(each).strip() for each in column.samples]
    points = [each for each in numbers if re.fullmatch(r"\d{1,2}(\.0)?|\d{1,2}\s*[-–(].*", each)]
    is_scale = len(points) * 2 > len(numbers)
    if is_scale and (name in vendors.SCORE_NAMES or _RECOMMEND.search(wording)):
        return _scored(ours, taken)
    if name in vendors.COMMENT_NAMES or (
        column.samples and not is_scale and heading.vendor and _is_words(column)
    ):
        return _commented(ours, taken)
    return ""


def _scored(ours: Questionnaire | None, taken: set[str]) -> str:
    if ours is None:
        return "" if "new.nps" in taken else "new.nps"
    target = f"{ANSWERS}.{ours.scored.key}" if ours.scored else ""
    return "" if target in taken else target


def _commented(ours: Questionnaire | None, taken: set[str]) -> str:
    for question in ours.questions if ours else ():
        target = f"{ANSWERS}.{question.key}"
        if isinstance(question, TextQuestion) and question.contact is None and target not in taken:
            return target
    return "new.text"


def _is_words(column: FileColumn) -> bool:
    return any(" " in each.strip() for each in column.samples)


def _asks(question: object, ours: Questionnaire | None, wording: str, company: str) -> bool:
    """Whether a column has the words of one of our questions, in one of its languages."""
    if ours is None or not wording:
        return False
    for language, text in question.text.variants(ours.languages):  # type: ignore[attr-defined]
        asked = as_asked(text, wording, language, company)
        if (
            SequenceMatcher(None, bare(asked, language), bare(wording, language), autojunk=False).ratio()
            >= ALIKE
        ):
            return True
    return False


def mapping_of(heading: Heading, chosen: Chosen, name: str, scored: str = "") -> ColumnMap:
    """The mapping of the choices; `scored` is the key of the survey's question with the score. Raises
    ImportRefused, with one line for each mistake."""
    by_target: dict[str, list[int]] = {}
    for number, target in sorted(chosen.targets.items()):
        if 0 <= number < len(heading.names):
            by_target.setdefault(target, []).append(number)
    sections: dict[str, dict[str, Source]] = {"response": {}, "contact": {}}
    answers: dict[str, Source] = {}
    types: dict[str, QuestionType] = {}
    mistakes = []
    for target, numbers in by_target.items():
        section, _dot, field = target.partition(".")
        if section == "new":
            grouped = heading.groups if NEW[target] in ("single", "multi") else {}
            for key, columns in _new_keys(heading, numbers, grouped, answers):
                answers[key], types[key] = _source(heading, columns), NEW[target]
        elif section == ANSWERS:
            answers[field] = _source(heading, numbers)
            if len(numbers) > 1 and not _is_group(heading, numbers):
                mistakes.append(f"Choose one column for {field}: several cannot answer it together.")
        elif section in sections:
            sections[section][field] = Source(column=heading.names[numbers[0]])
            if len(numbers) > 1:
                mistakes.append(f"Choose one column for {target}.")
    if "at" not in sections["response"]:
        mistakes.append(_("Choose the column that says when somebody answered."))
    if not answers:
        mistakes.append(_("Choose at least one column with answers."))
    if mistakes:
        raise ImportRefused("\n".join(mistakes))
    made = {section: Section(fields=sources) for section, sources in sections.items()}
    return ColumnMap(
        name=name,
        kind="answers",
        encoding=chosen.encoding or None,
        delimiter=chosen.delimiter or None,
        above=chosen.above,
        dates=chosen.dates or None,
        survey=chosen.survey,
        zone=chosen.zone,
        asked_in=chosen.language,
        add_people=chosen.add_people,
        questions=types,
        wordings=_wordings(chosen, answers, scored),
        sections={**made, ANSWERS: Section(properties=answers)},
    )


def _wordings(chosen: Chosen, answers: Mapping[str, Source], scored: str) -> dict[str, str]:
    """The wording that a person gave: of the question with the score, otherwise of the first one."""
    if not chosen.wording or not answers:
        return {}
    return {scored if scored in answers else next(iter(answers)): chosen.wording}


def _source(heading: Heading, numbers: Sequence[int]) -> Source:
    names = tuple(heading.names[each] for each in numbers)
    return Source(column=names[0]) if len(names) == 1 else Source(options=names)


def _is_group(heading: Heading, numbers: Sequence[int]) -> bool:
    return any(set(numbers) <= set(each) for each in heading.groups.values())


def _new_keys(
    heading: Heading,
    numbers: Sequence[int],
    grouped: Mapping[str, Sequence[int]],
    known: Mapping[str, Source],
) -> Iterator[tuple[str, list[int]]]:
    """A key for each new question, with its columns: those of one question with options belong together."""
    groups: dict[str, list[int]] = {}
    for number in numbers:
        group = next((name for name, each in grouped.items() if number in each), "")
        groups.setdefault(group or f"{number}", []).append(number)
    used = set(known)
    for columns in groups.values():
        word = key_of_bare_option(heading.wordings[columns[0]] or heading.names[columns[0]])[
            : LONGEST_KEY - 4
        ]
        key, number = word, 2
        while key in used:
            key, number = f"{word}-{number}", number + 1
        used.add(key)
        yield key, columns
