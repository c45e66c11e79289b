"""Column mappings, which are files in the instance directory.

instance/mappings/crm.toml

[contact]
external_id = "Customer ID"                              # a column
language    = { constant = "en" }
time_zone   = { column = "State", lookup = "us-state-zones" }

[account]
external_id = "Customer ID"
contract_started_on = { months_ago = "Tenure in Months" }
renewal_on  = { next_after = "contract_started_on", every_months = 12 }
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from feedback.errors import ImportRefused
from feedback.services.customers import fields
from feedback.services.imports.moments import answered_at, finished
from feedback.services.imports.several import Several

Kind = Literal["accounts", "contacts", "events", "answers"]
ANSWERS = "answers"
"""The section whose names are questions: each takes its answers from a column."""
LONGEST_ANSWER = 10_000


def written_answer(cell: str, _: fields.Style) -> str:
    """An answer as it was written, line breaks included."""
    if len(cell) > LONGEST_ANSWER:
        raise ValueError(f"This is longer than {LONGEST_ANSWER} characters.")
    return "".join(
        c for c in cell.replace("\r\n", "\n").replace("\r", "\n") if c == "\n" or fields.is_clean(c)
    )


FIELDS: Mapping[str, Mapping[str, fields.Parser]] = {
    "contact": fields.CONTACT,
    "account": {**fields.ACCOUNT, "owner": fields.owner},
    "consent": fields.CONSENT,
    "event": fields.EVENT,
    "response": {
        "at": answered_at,
        "id": fields.identifier,
        "finished": finished,
        "language": fields.language,
    },
    ANSWERS: {},
}
PROPERTIES: Mapping[str, fields.Parser] = {ANSWERS: written_answer}
"""How the properties of a section are read, where they are not short texts."""
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "accounts": ("account",),
    "contacts": ("contact", "account", "consent"),
    "events": ("event",),
    "answers": ("response", "contact", ANSWERS),
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "accounts": ("account.external_id",),
    "contacts": ("contact.external_id",),
    "events": ("event.contact", "event.name", "event.occurred_at"),
    "answers": ("response.at",),
}


QuestionType = Literal[
    "nps", "csat", "ces", "stars", "rating10", "rating7", "rating5", "single", "multi", "text"
]
"""What a question can be that none of our surveys asks."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _short_form(written: object) -> object:
    """Convert a plain string to a source with that column."""
    return {"column": written} if isinstance(written, str) else written


class Source(_Strict):
    """The source of a field's value: a column, a constant, or a computed date."""

    column: str | None = None
    opt_out: str | None = Field(
        None, description="a column that says yes if the person has opted out; no and empty say nothing"
    )
    join: tuple[str, ...] | None = Field(
        None, min_length=1, description="columns whose texts are joined with spaces"
    )
    options: tuple[str, ...] | None = Field(
        None, min_length=1, description="columns that each hold one option that may be chosen"
    )
    constant: str | int | float | bool | None = None
    months_ago: str | None = Field(
        None, description="a column with a number of months, which is subtracted from the day of the import"
    )
    next_after: str | None = Field(
        None, description="a date field of the same section; its next recurrence ..."
    )
    every_months: Annotated[
        Source | None, BeforeValidator(lambda w: {"constant": w} if isinstance(w, int) else _short_form(w))
    ] = None
    values: Mapping[str, str | int | float | bool] = Field(default_factory=dict)
    otherwise: str | None = Field(None, description="value for cells that `values` or `lookup` does not list")
    lookup: Literal["us-state-zones"] | None = None
    several: Several = Field(
        "refuse", description="`first` takes the first valid value of a cell with several: a@x.com; b@x.com"
    )
    divide_by: int = Field(1, ge=1, description="12 converts a yearly amount to a monthly one")

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [
            name
            for name in ("column", "opt_out", "join", "options", "constant", "months_ago", "next_after")
            if getattr(self, name) is not None
        ]
        if len(given) != 1:
            raise ValueError(
                "give exactly one of: column, opt_out, join, options, constant, months_ago, next_after"
            )
        if (self.next_after is None) != (self.every_months is None):
            raise ValueError("give both next_after and every_months, or neither")
        return self

    def columns(self) -> Iterator[str]:
        """The columns that the source reads."""
        yield from (name for name in (self.column, self.opt_out, self.months_ago) if name is not None)
        yield from self.join or ()
        yield from self.options or ()
        if self.every_months is not None:
            yield from self.every_months.columns()

    def translated(self, cell: str) -> str:
        """The cell's text after `values` and `lookup`; empty if there is none."""
        if not self._table or not cell:
            return cell
        found = self._table.get(cell.casefold())
        if found is not None:
            return found
        if self.otherwise is not None:
            return self.otherwise
        return "" if self.lookup else cell

    @cached_property
    def _table(self) -> Mapping[str, str]:
        if self.lookup:
            return us_state_zones()
        return {key.casefold(): _plain(value) for key, value in self.values.items()}


class Section(_Strict):
    """The fields of one table by name, and `properties` with any names."""

    fields: dict[str, Source] = Field(default_factory=dict)
    properties: dict[str, Source] = Field(default_factory=dict)


class ColumnMap(_Strict):
    """A whole mapping. Options that are left out are derived from the file, if it is unambiguous."""

    name: str = "the default mapping"
    kind: Kind | None = None
    encoding: str | None = None
    delimiter: Annotated[str | None, Field(min_length=1, max_length=1)] = None
    dates: Literal["day-first", "month-first"] | None = None
    decimal: Literal[".", ","] | None = None
    empty_cells: Literal["keep", "clear"] = "keep"
    above: Annotated[int | None, Field(ge=0, le=50)] = None
    survey: str = Field("", description="of answers: the questionnaire whose questions they answer")
    zone: str = Field("", description="of answers: the time zone of moments without an offset")
    asked_in: str = Field("", description="of answers: the language in which the questions were asked")
    add_people: bool = Field(False, description="of answers: store people who are not known yet")
    questions: Mapping[str, QuestionType] = Field(
        default_factory=dict,
        description="of answers: questions that the survey does not have, and their types",
    )
    wordings: Mapping[str, str] = Field(
        default_factory=dict, description="of answers: how a question was asked, if the file does not say it"
    )
    sections: dict[str, Section] = Field(default_factory=dict)

    def sources(self) -> Iterator[tuple[str, Source]]:
        """(`contact.phone`, its source), properties as `contact.properties.plan`."""
        for name, section in self.sections.items():
            yield from ((f"{name}.{field}", source) for field, source in section.fields.items())
            yield from ((f"{name}.properties.{key}", source) for key, source in section.properties.items())

    def with_opt_outs(self, found: Mapping[str, Source]) -> ColumnMap:
        """This mapping, with the sources of `found` for permissions that it does not read yet."""
        consent = self.sections.get("consent", Section())
        own = {name.partition(".")[2]: source for name, source in found.items()}
        merged = consent.model_copy(update={"fields": own | consent.fields})
        return self.model_copy(update={"sections": {**self.sections, "consent": merged}})


def load(instance: Path, name: str) -> ColumnMap:
    """The mapping `instance/mappings/<name>.toml`. Raises ImportRefused with one line for each mistake."""
    if not re.fullmatch(r"[\w-][\w.-]*", name):
        raise ImportRefused(f"{name!r} is not a valid name of a mapping; use letters, digits, - and _ only.")
    path = instance / "mappings" / f"{name.removesuffix('.toml')}.toml"
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except FileNotFoundError:
        there = sorted(each.stem for each in path.parent.glob("*.toml"))
        known = f"use one of {', '.join(there)}" if there else "there are none yet"
        raise ImportRefused(f"There is no mapping {path}; {known}.") from None
    except UnicodeDecodeError:
        raise ImportRefused(f"Save {path} as UTF-8: it has another encoding.") from None


def parse(text: str, name: str) -> ColumnMap:
    """The mapping in a TOML text. Raises ImportRefused with one line for each mistake."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ImportRefused(f"{name} is not valid TOML: {error}.") from None
    mistakes = list(_unknown(document, name))
    sections = {key: _section(key, document.pop(key)) for key in list(document) if key in FIELDS}
    try:
        made = ColumnMap(**{**document, "name": name, "sections": sections}) if not mistakes else None
    except ValidationError as error:
        mistakes += [_sentence(name, each) for each in error.errors()]
    if mistakes or made is None:
        raise ImportRefused("\n".join(mistakes))
    return made


def by_own_names(kind: Kind, header: Iterable[str]) -> ColumnMap:
    """The mapping for a file whose columns have the names of our fields (`phone`, `account.name`)."""
    sections: dict[str, dict[str, dict[str, str]]] = {}
    known = own_names(kind)
    for column in header:
        section, name = known.get(column.casefold(), ("", ""))
        if not section and (found := re.fullmatch(r"(?:(\w+)\.)?properties\.(.+)", column)):
            section, name = found[1] or SECTIONS[kind][0], f"properties.{found[2]}"
        if section in SECTIONS[kind]:
            group = sections.setdefault(section, {"fields": {}, "properties": {}})
            is_property = name.startswith("properties.")
            group["properties" if is_property else "fields"][name.removeprefix("properties.")] = {
                "column": column
            }  # type: ignore[assignment]
    return ColumnMap.model_validate({"kind": kind, "sections": sections})


def own_names(kind: Kind) -> dict[str, tuple[str, str]]:
    """Column name -> (section, field). The kind's own section needs no prefix."""
    names: dict[str, tuple[str, str]] = {}
    for section in SECTIONS[kind]:
        for field in FIELDS[section]:
            names[f"{section}.{field}"] = (section, field)
            if section == SECTIONS[kind][0]:
                names[field] = (section, field)
    return names


def nearest(name: str, known: Iterable[str]) -> str:
    """` Did you mean ...?`, or an empty string if no name is similar."""
    folded = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return f" Did you mean {folded[near[0]]!r}?" if near else ""


@cache
def us_state_zones() -> Mapping[str, str]:
    """State (name or abbreviation, in lower case) -> IANA zone, for states with one zone."""
    file = Path(__file__).with_name("us_state_zones.toml")
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    return {state.casefold(): zone for zone, states in document.items() for state in states}


def _section(key: str, written: object) -> object:
    if not isinstance(written, Mapping):
        return written
    if key == ANSWERS:
        return {"properties": {name: _short_form(source) for name, source in written.items()}}
    properties = written.get("properties", {})
    own = {name: _short_form(source) for name, source in written.items() if name != "properties"}
    if isinstance(properties, Mapping):
        properties = {name: _short_form(source) for name, source in properties.items()}
    return {"fields": own, "properties": properties}


def _unknown(document: Mapping[str, Any], name: str) -> Iterator[str]:
    top = set(ColumnMap.model_fields) - {"name", "sections"} | set(FIELDS)
    for key, section in document.items():
        if key not in top:
            yield f"{name}: there is no {key}.{nearest(key, top)}"
        elif key in FIELDS and isinstance(section, Mapping):
            for field, source in section.items():
                if field != "properties" and key != ANSWERS and field not in FIELDS[key]:
                    yield f"{name}: {key} has no field {field}.{nearest(field, FIELDS[key])}"
                elif isinstance(source, Mapping) and "opt_out" in source and key != "consent":
                    yield f"{name}: use opt_out for consent.sms and consent.email only, not for {key}.{field}."


def _sentence(name: str, error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"] if part not in ("sections", "fields"))
    what = error["msg"].removeprefix("Value error, ")
    return f"{name}: {where}: {what[:1].lower()}{what[1:]}"


def _plain(value: str | float | bool | Decimal) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
