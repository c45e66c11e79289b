"""The gallery: questionnaire templates in English, Turkish and Persian.

They are shipped in a sub-directory, which the library does not read: a template is in force only as a copy.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from feedback import lint, resources
from feedback.core.metrics import METRICS
from feedback.core.questionnaire import Questionnaire
from feedback.core.questions import ScaleQuestion
from feedback.errors import Conflict, NotFound, Rejected
from feedback.i18n import _
from feedback.library import files_in
from feedback.lint.editing.splice import Splice, spliced
from feedback.lint.rules.survey_too_long import longest

DIRECTORY = "questionnaires/gallery"
"""Where the templates are, beside the questionnaires that are in force."""

LANGUAGES = ("en", "tr", "fa")

STAGES: Mapping[str, str] = {
    "evaluation": _("Before buying"),
    "onboarding": _("Onboarding"),
    "implementation": _("Implementation"),
    "use": _("Product use"),
    "support": _("Support"),
    "delivery": _("Delivery and field service"),
    "billing": _("Billing and prices"),
    "relationship": _("Relationship"),
    "renewal": _("Renewal"),
    "leaving": _("Leaving and return"),
    "content": _("Website and content"),
    "events": _("Events"),
    "partners": _("Partners"),
    "team": _("Employees"),
}
"""Stage of the journey -> its title, in the order of the journey."""

HEADINGS = (_("Template"), _("Title"), _("Stage"), _("Metric"), _("Questions"), _("Seconds"))
"""The columns of the list in the terminal."""

_COMMENT = re.compile(r"(?:#.*\n)*")
_FACT = re.compile(r"^# (stage|use\.[a-z]{2}): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Template:
    """One file of the gallery. `use` says in each language, in one sentence, when to use it."""

    document: lint.Document
    questionnaire: Questionnaire
    stage: str
    use: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.questionnaire.key

    @property
    def metric(self) -> str | None:
        """Key of the metric that its first scale belongs to, in METRICS; None if it has no such scale."""
        scales = (each for each in self.questionnaire.questions if isinstance(each, ScaleQuestion))
        named = (each.metric or (each.instrument_name or "").replace("-", "_") for each in scales)
        return next((each for each in named if each in METRICS), None)

    @property
    def seconds(self) -> int:
        """How long the longest way through it takes, as the linter estimates it from the English texts."""
        return round(longest(self.document)[1])


def templates() -> list[Template]:
    """Every template, in the order of the journey and then by key."""
    files = sorted(resources.shipped(DIRECTORY).glob("*.yaml"))
    order = list(STAGES)
    return sorted(map(_read, files), key=lambda each: (order.index(each.stage), each.key))


def template(key: str) -> Template:
    """The template with this key. Raises NotFound, which names the one with the most similar key."""
    names = [file.stem for file in resources.shipped(DIRECTORY).glob("*.yaml")]
    if key not in names:
        near = difflib.get_close_matches(key, names, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise NotFound(
            f"There is no template {key!r}.{hint} `feedback questionnaires gallery` lists the templates."
        )
    return _read(resources.shipped(DIRECTORY) / f"{key}.yaml")


def _read(file: Path) -> Template:
    source = file.read_bytes().decode()
    document = lint.read(source, str(file))
    if document.questionnaire is None:
        raise ValueError(f"{file} is not a questionnaire")
    header = _COMMENT.match(source)
    facts = dict(_FACT.findall(header[0] if header else ""))
    return Template(
        document,
        document.questionnaire,
        facts["stage"],
        {language: facts[f"use.{language}"] for language in LANGUAGES},
    )


def copy(
    template: Template, key: str, languages: Sequence[str], own: Path, *, taken: Sequence[Path] = ()
) -> Path:
    """Write the template as the questionnaire `key` into the directory `own`, and return the file.

    `languages` are those to keep, the default first; empty keeps all. `taken` are further directories whose
    questionnaires a file of the same name would replace. Raises Rejected for a wrong key or language, Conflict if the
    key is taken; then nothing is written.
    """
    text = copied(template, key, languages)
    for path in files_in([own, *taken]).values():
        if path.stem == key or _names(path, key):
            raise Conflict(f"Choose another key: {key} is taken by {path}. Nothing was written.")
    target = own / f"{key}.yaml"
    try:
        own.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise Rejected(f"{target} cannot be written: {error.strerror}.") from error
    return target


def _names(path: Path, key: str) -> bool:
    pattern = rf"^key[ \t]*:[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*(?:#.*)?$"
    return re.search(pattern, path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE) is not None


def copied(template: Template, key: str, languages: Sequence[str]) -> str:
    """The template byte for byte, except for its key and for languages that are left out.

    Raises Rejected for a wrong key or language.
    """
    known = template.questionnaire.languages
    if unknown := [each for each in languages if each not in known]:
        raise Rejected(f"{template.key} has no texts in {', '.join(unknown)}; it has {', '.join(known)}.")
    document = template.document
    place = document.spans["key",]
    edits = [Splice(place.start, place.end, key)]
    if languages:
        kept = list(dict.fromkeys(languages))
        place = document.spans["languages",]
        edits.append(Splice(place.start, place.end, f"[{', '.join(kept)}]"))
        edits += _without(document, frozenset(known) - frozenset(kept))
    text = spliced(document.source, edits)
    made = lint.read(text).questionnaire
    if made is None or made.key != key:
        raise Rejected(
            f"{key!r} cannot be a key. Start with a lower-case letter and use only lower-case letters, digits, - and _."
        )
    return text


def _without(document: lint.Document, languages: frozenset[str]) -> Iterator[Splice]:
    """Removes the texts in these languages, each with its line or its comma."""
    source = document.source
    for parent in {path[:-1]: None for path in document.keys if path[-1] in languages}:
        entries = {
            path[-1]: (name.start, document.spans[path].end)
            for path, name in document.keys.items()
            if path[:-1] == parent
        }
        first, last = next(iter(entries.values()))[0], [*entries.values()][-1][1]
        if source[source.rindex("\n", 0, first) + 1 : first].strip():  # {en: ..., tr: ...} on one line
            kept = [source[start:end] for name, (start, end) in entries.items() if name not in languages]
            yield Splice(first, last, ", ".join(kept))
            continue
        for name in languages & entries.keys():
            start, end = entries[name]
            yield Splice(source.rindex("\n", 0, start) + 1, source.index("\n", end) + 1, "")
