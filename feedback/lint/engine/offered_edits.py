"""Changes to offer for one finding: its rewrite, and an acceptance with its reason. Both touch only their own place.

Nothing here is made unasked: unlike the safe repairs of `fixes`, a rewrite changes what people read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from feedback.core.text.translatable import TranslatableText
from feedback.lint.document.document import Document, Path
from feedback.lint.editing.splice import Splice
from feedback.lint.engine.fixes import FIXES, question_path, set_value
from feedback.lint.engine.rule import Finding

REWORDED = frozenset(
    {
        "instrument-altered",
        "presupposition",
        "recall-period-missing",
        "recall-too-long",
        "score-begging",
        "vague-wording",
    }
)
"""Rules whose rewrite, where it is no advice, is the whole text of the question in other words."""


def rewriting(document: Document, finding: Finding) -> tuple[Splice, ...]:
    """The edits that do what the finding proposes; empty where only a person can."""
    if finding.rule in FIXES:
        return tuple(sorted(set(FIXES[finding.rule](document, finding))))
    if finding.rule == "missing-not-applicable":
        path = question_path(document, finding.question)
        return tuple(set_value(document, path, "not_applicable", "true", before="text")) if path else ()
    return tuple(_reworded(document, finding)) if finding.rule in REWORDED else ()


def _reworded(document: Document, finding: Finding) -> Iterator[Splice]:
    """The text of the question in other words, where the file shows it on one line."""
    path = question_path(document, finding.question)
    if path is None or not finding.rewrite or isinstance(finding.rewrite, TranslatableText):
        return
    stem: Path = (*path, "text")
    place = (*stem, finding.language) if (*stem, finding.language) in document.spans else stem
    span = document.span(place)
    written = document.source[span.start : span.end]
    literal = scalar(finding.rewrite, like=written)
    if place in document.spans and literal and value_at(document, place) == finding.wording:
        yield Splice(span.start, span.end, literal)


def value_at(document: Document, path: Path) -> object:
    """The value at a place of the data; None where there is none."""
    value = document.data
    for part in path:
        if isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


_SAFE = re.compile(r"[^\W\d_][^:#\[\]{},&*!|>'\"%@`\\\n\r\t]*[^\s:#\[\]{},&*!|>'\"%@`\\]")
"""A plain scalar that reads the same in every context: a letter first, and no character with a meaning."""
_WORDS_OF_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def scalar(text: str, *, like: str) -> str:
    """`text` as a YAML scalar, quoted as `like` is if that is possible; empty where `like` is a block or spreads over
    lines."""
    if "\n" in like or like.startswith(("|", ">")):
        return ""
    if like.startswith("'") and "\n" not in text:
        return "'" + text.replace("'", "''") + "'"
    if not like.startswith('"') and _SAFE.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


# --- Accepting ------------------------------------------------------------------------------------------------------


def acceptance(document: Document, entry: Mapping[str, str]) -> Splice | None:
    """Adds an entry of `lint: suppress:` in the style of the file; None where that part of the file is written in an
    unusual way. `entry` has the keys of an AcceptedFinding, in the order in which they shall stand."""
    lines = [f"{name}: {_quoted(value)}" for name, value in entry.items()]
    first: Path = ("lint", "suppress", 0)
    if first in document.spans:
        return _before_first(document, first, lines)
    if ("lint", "suppress") in document.keys or _inner_of_flow(document, ("lint",)):
        return None
    if ("lint",) in document.keys:
        if not document.data.get("lint"):
            return None
        return _first_of_lint(document, lines)
    return _at_end(document, lines)


def _quoted(value: str) -> str:
    return scalar(value, like="plain" if re.fullmatch("[a-z][a-z0-9_-]*", value) else '"')


def _inner_of_flow(document: Document, path: Path) -> bool:
    return path in document.spans and document.source[document.span(path).start] == "{"


def _before_first(document: Document, first: Path, lines: Sequence[str]) -> Splice | None:
    """A new first entry: the dash of the old one becomes its own, and the old one gets a copy."""
    start = document.span(first).start
    if document.source[document.span(first[:-1]).start] == "[":
        return Splice(start, start, "{" + ", ".join(lines) + "}, ")
    prefix = document.source[start - document.place(start).column + 1 : start]
    if document.source[start] == "{":
        return Splice(start, start, "{" + ", ".join(lines) + "}" + _newline(document) + prefix)
    if set(prefix) - {" ", "-"} or prefix.count("-") != 1:
        return None
    return Splice(start, start, _block(document, lines, " " * len(prefix)) + _newline(document) + prefix)


def _first_of_lint(document: Document, lines: Sequence[str]) -> Splice:
    start = next(span.start for path, span in document.keys.items() if path[:-1] == ("lint",))
    pad = " " * (document.place(start).column - 1)
    line = _newline(document)
    entry = _block(document, lines, f"{pad}    ")
    return Splice(start, start, f"suppress:{line}{pad}  - {entry}{line}{pad}")


def _at_end(document: Document, lines: Sequence[str]) -> Splice | None:
    if _inner_of_flow(document, ()):
        return None
    line, end = _newline(document), len(document.source)
    gap = "" if document.source.endswith(("\n", "\r")) else line
    entry = _block(document, lines, "      ")
    return Splice(end, end, f"{gap}lint:{line}  suppress:{line}    - {entry}{line}")


def _block(document: Document, lines: Iterable[str], pad: str) -> str:
    return f"{_newline(document)}{pad}".join(lines)


def _newline(document: Document) -> str:
    return "\r\n" if "\r\n" in document.source else "\n"
