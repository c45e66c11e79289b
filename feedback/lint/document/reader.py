"""Reads YAML into a Document; the only place that knows the parser.

The files are YAML 1.2 without anchors, aliases and tags: `no`, `on` and `1:30` are words, a key stands once, and
nothing in a file can grow when it is read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import yaml

from feedback.core.text.localized import LANGUAGE
from feedback.core.text.translatable import TranslatableText, message
from feedback.lint.document.document import Document, Fault, Path, Span
from feedback.lint.engine.context import LintContext

MAX_CHARACTERS = 300_000
MAX_TEXT = 10_000
MAX_DEPTH = 24
MAX_NODES = 20_000


def read(
    text: str, path: str = "<text>", settings: LintContext | None = None, *, longest: int = MAX_TEXT
) -> Document:
    """The document that `text` holds. Never raises for what the text contains; see `Document.problems`.

    `longest` is how many characters one value may have.
    """
    known = _parsed(text.removeprefix("\ufeff"), longest)
    return Document(
        path, known.source, known.data, list(known.faults), known.spans, known.keys, settings or LintContext()
    )


@lru_cache(maxsize=4)
def _parsed(source: str, longest: int) -> Document:
    """The document without its surroundings. One change in the studio reads the same two texts several times."""
    document = Document("", source)
    fault = _unreadable(source)
    if fault:
        document.faults.append(fault)
    else:
        _Reader(document, longest).read()
    return document


_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def _unreadable(source: str) -> Fault | None:
    if len(source) > MAX_CHARACTERS:
        return Fault(
            0,
            message(
                "The file has {count} characters; a questionnaire has at most {most}.",
                count=len(source),
                most=MAX_CHARACTERS,
            ),
        )
    odd = _FORBIDDEN.search(source)
    if odd:
        return Fault(
            odd.start(),
            message(
                "The character `{character}` cannot stand in a text file; delete it.",
                character=f"U+{ord(odd[0]):04X}",
            ),
        )
    return None


class _StopError(Exception):
    """The rest of the file cannot be understood."""


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?", re.ASCII)


def _plain(text: str) -> Any:
    """A plain scalar by the core schema of YAML 1.2, without its hex, octal and infinity."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _start(event: Any) -> int:
    return int(event.start_mark.index)


def _end(event: Any) -> int:
    return int(event.end_mark.index)


class _Reader:
    """Builds plain data and places from parser events; no object of the YAML library survives it."""

    def __init__(self, document: Document, longest: int) -> None:
        self.document, self.longest = document, longest
        self.nodes = 0
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events = yaml.parse(document.source, Loader=loader)

    def read(self) -> None:
        try:
            self._documents()
        except _StopError:
            pass
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            if not self.document.faults:  # otherwise it follows from what has been told
                self._fault(mark.index if mark else 0, _sentence(error, self.document.source))
        except yaml.YAMLError as error:
            self._fault(0, message("This is not YAML: {said}.", said=str(error).rstrip(".")))

    def _documents(self) -> None:
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            if self.document.data is not None:
                self._fault(
                    _start(event), message("A second document begins here; write one questionnaire a file.")
                )
                return
            self.document.data = self._node(next(self.events), (), 0)
        if self.document.data is None and not self.document.faults:
            self._fault(0, message("The file is empty; a questionnaire starts with `key:`."))
        elif not isinstance(self.document.data, dict):
            self._fault(0, message("The file must be a mapping: `key:`, `title:`, `questions:` ..."))

    def _node(self, event: Any, path: Path, depth: int) -> Any:
        start = _start(event)
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            self._fault(
                start,
                message("The file is nested too deeply.")
                if depth > MAX_DEPTH
                else message("The file has too many parts."),
            )
            raise _StopError
        self._plain_yaml_only(event)
        value: Any
        if isinstance(event, yaml.MappingStartEvent):
            value, end = self._mapping(path, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            value, end = self._sequence(path, depth)
        else:
            value, end = self._scalar(event), _end(event)
            self._cut_off(event, value, path)
        self.document.spans[path] = Span(start, end)
        return value

    def _plain_yaml_only(self, event: Any) -> None:
        start = _start(event)
        if isinstance(event, yaml.AliasEvent):
            self._fault(
                start,
                message(
                    "`{name}` refers to another part of the file; write the text out.",
                    name=f"*{event.anchor}",
                ),
            )
        elif event.anchor:
            self._fault(
                start,
                message(
                    "`{name}` names a part for reuse; questionnaires are written out. Remove it.",
                    name=f"&{event.anchor}",
                ),
            )
        elif event.tag not in (None, "!"):
            self._fault(
                start, message("`{tag}` is a YAML tag; plain values need none. Remove it.", tag=event.tag)
            )

    def _scalar(self, event: Any) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return None
        if len(event.value) > self.longest:
            self._fault(
                _start(event),
                message(
                    "This text has {count} characters; at most {most} are possible.",
                    count=len(event.value),
                    most=self.longest,
                ),
            )
        return _plain(event.value) if event.implicit[0] and not event.style else event.value

    def _cut_off(self, event: Any, value: Any, path: Path) -> None:
        """A text that goes on behind ` #`, which YAML reads as a comment ("What is our #1 problem?")."""
        if isinstance(event, yaml.AliasEvent) or event.style or not _is_wording(value, path):
            return
        cut = _COMMENT.match(self.document.source, _end(event))
        if cut:
            self._fault(
                cut.start(1),
                message(
                    "YAML takes `{cut}` for a comment. Put quotes around the whole text.", cut=cut[1].strip()
                ),
            )

    def _sequence(self, path: Path, depth: int) -> tuple[list[Any], int]:
        values: list[Any] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                return values, _end(event)
            values.append(self._node(event, (*path, len(values)), depth + 1))
        raise _StopError

    def _mapping(self, path: Path, depth: int) -> tuple[dict[Any, Any], int]:
        values: dict[Any, Any] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                return values, _end(event)
            key = self._key(event, values)
            place = (*path, key)
            self.document.keys.setdefault(place, Span(_start(event), _end(event)))
            twice = key in values
            value = self._node(next(self.events), ("", *place) if twice else place, depth + 1)
            values.setdefault(key, value)
        raise _StopError

    def _key(self, event: Any, values: dict[Any, Any]) -> Any:
        start = _start(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._fault(
                start,
                message("A key must be a word, not a list or a mapping; a text with braces needs quotes."),
            )
            raise _StopError
        self._plain_yaml_only(event)
        key = self._scalar(event)
        if not isinstance(key, str | int) or isinstance(key, bool):
            key = event.value
        if key in values:
            self._fault(
                start, message("The key `{key}` is listed twice; only one of them can count.", key=key)
            )
        return key

    def _fault(self, offset: int, message: str) -> None:
        self.document.faults.append(Fault(offset, message))


_COMMENT = re.compile(r"[ \t]*(?<=[ \t])(#[^\s#][^\r\n]*)")
"""A comment that is written like a part of the text: no space behind its `#`."""
_TEXT_KEYS = frozenset(
    {
        "text",
        "title",
        "help",
        "subject",
        "body",
        "sms",
        "reminder_sms",
        "comment_prompt",
        "playbook",
        "purpose",
    }
)


def _is_wording(value: Any, path: Path) -> bool:
    """Whether a plain value is, or was meant to be, a text that people read."""
    if isinstance(value, str) and len(value.split()) > 1:
        return True
    last = path[-1] if path else ""
    named = isinstance(last, str) and (last in _TEXT_KEYS or bool(re.fullmatch(LANGUAGE, last)))
    return named or (isinstance(last, int) and path[-2:-1] == ("options",))


_HINTS = (
    (
        "did not find expected",
        message("A text with braces, commas or quotes inside { } or [ ] needs quotes around it."),
    ),
    ("mapping values are not allowed", message("Put quotes around a text that contains a colon.")),
    (
        "cannot start any token",
        message(
            "Indent with spaces, not tabs; put quotes around a text that starts with a special character."
        ),
    ),
)
_PARSER_SAYS = (
    message("while parsing a block mapping"),
    message("while parsing a block collection"),
    message("while parsing a flow mapping"),
    message("while parsing a flow sequence"),
    message("while parsing a node"),
    message("while scanning a simple key"),
    message("while scanning a quoted scalar"),
    message("while scanning a block scalar"),
    message("while scanning a plain scalar"),
    message("while scanning for the next token"),
    message("while parsing a quoted scalar"),
    message("mapping values are not allowed in this context"),
    message("block sequence entries are not allowed in this context"),
    message("block mapping entries are not allowed in this context"),
    message("mapping keys are not allowed in this context"),
    message("did not find expected key"),
    message("did not find expected '-' indicator"),
    message("did not find a comma or a closing bracket"),
    message("did not find a comma or a closing brace"),
    message("did not find expected node content"),
    message("did not find expected <document start>"),
    message("did not find expected <stream-start>"),
    message("did not find expected comment or line break"),
    message("could not find expected ':'"),
    message("found character that cannot start any token"),
    message("found a tab character that violates indentation"),
    message("found a tab character where an indentation space is expected"),
    message("found unexpected end of stream"),
    message("found unexpected document indicator"),
    message("found unknown escape character"),
    message("found undefined tag handle"),
)
"""What libyaml says, for the catalogues. What it says beside this stays English."""
NOTHING_SAID = TranslatableText("")
_CURLY = re.compile(r"[:{,\[]\s*[“”„‟«»‘’]")
_ENTRY = re.compile(r"\s*(?:- )?[\w-]+:(?:\s|$)")


def _sentence(error: yaml.MarkedYAMLError, source: str) -> str:
    one, *two = [message(_plainly(str(part))) for part in (error.context, error.problem) if part] or [
        NOTHING_SAID
    ]
    said = message("{context}, {problem}", context=one, problem=two[0]) if two else one
    hint = _hint(error, source)
    if hint:
        return message("This is not YAML: {said}. {hint}", said=said, hint=hint)
    return message("This is not YAML: {said}.", said=said)


def _plainly(said: str) -> str:
    """What the parser says, without braces, which are placeholders in the catalogues."""
    for sign, name in (("']'", "bracket"), ("'}'", "brace")):
        said = said.replace(f"expected ',' or {sign}", f"a comma or a closing {name}")
    return said


def _hint(error: yaml.MarkedYAMLError, source: str) -> str:
    """What to do: first from what the lines around the place look like, then from what the parser says."""
    mark = error.problem_mark or error.context_mark
    lines = source.splitlines()[: mark.line + 1] if mark else []
    here = lines[-1] if lines else ""
    before = next((line for line in reversed(lines[:-1]) if line.strip()), "")
    if _CURLY.search(here):
        return message('These are curly quotes; write straight ones (") around the text.')
    if _ENTRY.match(here) and _ENTRY.match(before) and _indent(here) != _indent(before):
        if before.rstrip().endswith(":"):
            return message("The line before opens a block: indent this line further than that one.")
        if _indent(here) > _indent(before):
            return message(
                "This line is indented further than the one before, which opens no block; align the two."
            )
    return next((hint for said, hint in _HINTS if said in str(error.problem)), "")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
