"""Translations as XLIFF 2.1 (OASIS Standard, 13 February 2018; core only).

A placeholder such as `{company}` becomes a `<ph>`, so that the tools of translators protect it. One with a fallback,
`{first_name|there}`, stays text, because its fallback is translated.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, XMLParser, tostring

from feedback.core.text.localized import direction
from feedback.core.text.message import Placeholder, placeholders
from feedback.i18n import _
from feedback.services.studio.translations.exchange import (
    LARGEST,
    ExchangeEntry,
    TranslationFile,
    TranslationProblem,
    UnreadableTranslationsError,
)
from feedback.services.studio.translations.state import TranslationState

NAMESPACE = "urn:oasis:names:tc:xliff:document:2.0"
"""Of XLIFF 2.0 and 2.1."""
MAX_DEPTH = 40
_XML = "{http://www.w3.org/XML/1998/namespace}"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HINT = "Keep what is in braces. In {first_name|there}, translate only what follows the bar."

_TOO_LARGE = _("Upload a file of at most {limit} bytes.")
_NO_XML = _("Export the file from the translation tool again: it is not XML (line {line}).")
_DOCTYPE = _("Remove the DOCTYPE declaration from the file: it is not read with one.")
_TOO_DEEP = _("Export the file from the translation tool again: its elements are nested too deeply.")
_NO_XLIFF = _("Upload an XLIFF 2.0 or 2.1 file, or a PO file.")
_MARKUP = _("Remove the markup <{name}> from the translation: survey texts are plain text.")
_PARTLY = _("Translate the whole text: some of its segments have no translation.")
_NO_DATA = _("Restore the placeholder {name}: the file no longer says what it stands for.")
_ORDER = _("Export the file again: the order of the segments cannot be read.")


def write(file: TranslationFile) -> bytes:
    root = Element("xliff", xmlns=NAMESPACE, version="2.1", srcLang=file.source_language)
    root.set("trgLang", file.language)
    around = SubElement(root, "file", id="f1", original=f"{file.key}.yaml", canResegment="no")
    around.set("srcDir", direction(file.source_language))
    around.set("trgDir", direction(file.language))
    around.set(f"{_XML}space", "preserve")
    _note(around, _HINT)
    for entry in file.entries:
        _write_unit(SubElement(around, "unit", id=entry.id), entry)
    body: bytes = tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body


def _note(parent: Element, text: str, category: str = "") -> None:
    note = SubElement(SubElement(parent, "notes"), "note")
    note.text = _storable(text)
    if category:
        note.set("category", category)


def _write_unit(unit: Element, entry: ExchangeEntry) -> None:
    if entry.before is not None:
        _note(unit, f"Translated from: {entry.before}", "outdated")
    marks = {text: f"p{number}" for number, text in enumerate(_protected(entry.source, entry.target), 1)}
    if marks:
        data = SubElement(unit, "originalData")
        for text, name in marks.items():
            SubElement(data, "data", id=name).text = text
    done = entry.state is TranslationState.TRANSLATED
    segment = SubElement(unit, "segment", state="translated" if done else "initial")
    _write_text(SubElement(segment, "source"), entry.source, marks)
    if entry.target:
        _write_text(SubElement(segment, "target"), entry.target, marks)


def _protected(*texts: str) -> dict[str, None]:
    """The placeholders without a fallback, each once, as they are written."""
    return {text[each.start : each.end]: None for text in texts for each in _simple(text)}


def _simple(text: str) -> list[Placeholder]:
    try:
        return [each for each in placeholders(text) if each.fallback is None]
    except ValueError:  # an unmatched brace, which the linter reports
        return []


def _write_text(element: Element, text: str, marks: Mapping[str, str]) -> None:
    """The text, with a `<ph>` for each placeholder; its id is the same in source and target."""
    position, used = 0, Counter[str]()
    element.text, last = "", None
    for each in _simple(text):
        shown = text[each.start : each.end]
        _append(element, last, text[position : each.start])
        used[shown] += 1
        again = f"-{used[shown]}" if used[shown] > 1 else ""
        last = SubElement(element, "ph", id=marks[shown] + again, dataRef=marks[shown], equiv=shown)
        position = each.end
    _append(element, last, text[position:])


def _append(element: Element, last: Element | None, text: str) -> None:
    if last is None:
        element.text = _storable(text)
    else:
        last.tail = _storable(text)


def _storable(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


class _Builder(TreeBuilder):
    """Refuses what a hostile file could do: document types, and with them entities, and endless nesting."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def doctype(self, *_declared: str | None) -> None:
        raise UnreadableTranslationsError(_DOCTYPE)

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise UnreadableTranslationsError(_TOO_DEEP)
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def read(content: bytes) -> TranslationFile:
    """The translations in an XLIFF 2 file. Raises UnreadableTranslationsError."""
    if len(content) > LARGEST:
        raise UnreadableTranslationsError(_TOO_LARGE, limit=LARGEST)
    parser = XMLParser(target=_Builder())  # noqa: S314 - without document types there are no entities
    try:
        parser.feed(content)
        root = parser.close()
    except ParseError as error:
        raise UnreadableTranslationsError(_NO_XML, line=error.position[0]) from error
    except (LookupError, ValueError) as error:  # an encoding that Python does not know
        raise UnreadableTranslationsError(_NO_XML, line=1) from error
    if root.tag != _tag("xliff"):
        raise UnreadableTranslationsError(_NO_XLIFF)
    names = {each.get("original", "").removesuffix(".yaml") for each in root.iter(_tag("file"))}
    return TranslationFile(
        min(names) if len(names) == 1 else "",
        _language(root.get("srcLang", "")),
        _language(root.get("trgLang", "")),
        tuple(map(_entry, root.iter(_tag("unit")))),
    )


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _language(tag: str) -> str:
    """The language of a BCP 47 tag: `fa` of `fa-IR`."""
    return re.split("[_-]", tag)[0].lower()


class _Fault(Exception):  # noqa: N818 - becomes the fault of an entry
    def __init__(self, message: str, **params: str) -> None:
        super().__init__(message)
        self.message, self.params = message, params


def _entry(unit: Element) -> ExchangeEntry:
    name = unit.get("id", "")
    data = {each.get("id", ""): each.text or "" for each in unit.iter(_tag("data"))}
    parts = [each for each in unit if each.tag in (_tag("segment"), _tag("ignorable"))]
    try:
        sources = [_text(each.find(_tag("source")), data) for each in parts]
        return ExchangeEntry(name, "".join(sources), _target(parts, sources, data))
    except _Fault as fault:
        return ExchangeEntry(name, "", "", fault=TranslationProblem(fault.message, fault.params, name))


def _target(parts: Sequence[Element], sources: Sequence[str], data: Mapping[str, str]) -> str:
    """The targets of a unit's segments in their order; empty if none is translated."""
    targets = [each.find(_tag("target")) for each in parts]
    texts = [None if each is None else _text(each, data) for each in targets]
    segments = [text for part, text in zip(parts, texts, strict=True) if part.tag == _tag("segment")]
    if not any(segments):
        return ""
    if not all(segments):
        raise _Fault(_PARTLY)
    pieces = [source if text is None else text for source, text in zip(sources, texts, strict=True)]
    return "".join(text for _, text in sorted(zip(_orders(targets), pieces, strict=True)))


def _orders(targets: Sequence[Element | None]) -> list[int]:
    """The place of each target; without `order` that of its source."""
    try:
        orders = [int((each is not None and each.get("order")) or n) for n, each in enumerate(targets, 1)]
    except ValueError:
        raise _Fault(_ORDER) from None
    if sorted(orders) != list(range(1, len(targets) + 1)):
        raise _Fault(_ORDER)
    return orders


def _text(element: Element | None, data: Mapping[str, str]) -> str:
    """The text of a source or target. Marks of tools (`<mrk>`) are left out, markup is a fault."""
    if element is None:
        return ""
    pieces = [element.text or ""]
    for child in element:
        name = child.tag.rpartition("}")[2]
        if name == "mrk":
            pieces.append(_text(child, data))
        elif name == "ph":
            pieces.append(_placeholder(child, data))
        elif name not in ("sm", "em"):
            raise _Fault(_MARKUP, name=name)
        pieces.append(child.tail or "")
    return "".join(pieces)


def _placeholder(element: Element, data: Mapping[str, str]) -> str:
    found = data.get(element.get("dataRef", "")) or element.get("equiv", "")
    if not found:
        raise _Fault(_NO_DATA, name=element.get("id", ""))
    return found
