"""Turns bytes from outside into text, JSON, XML or sheets, and refuses what is too large, hostile or of a wrong kind.

Every check comes before the work that it protects from: sizes and counts before parsing, declared sizes before
unpacking.
"""

from __future__ import annotations

import codecs
import json
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from feedback.errors import ImportRefused
from feedback.services.studio.importing import notes

MOST_BYTES = 2_000_000
MOST_CHARACTERS = 60_000
"""Of a pasted text."""
MOST_PARTS = 60_000
"""Objects and lists of a JSON file, elements of an XML file."""
DEEPEST_XML = 40

_SIGNATURES = (
    (b"%PDF", notes.PDF),
    (b"\x89PNG", notes.IMAGE),
    (b"\xff\xd8\xff", notes.IMAGE),
    (b"GIF8", notes.IMAGE),
    (b"BM", notes.IMAGE),
    (b"II*\0", notes.IMAGE),
    (b"RIFF", notes.MEDIA),
    (b"ID3", notes.MEDIA),
    (b"OggS", notes.MEDIA),
    (b"\x1f\x8b", notes.ARCHIVE),
    (b"7z\xbc\xaf", notes.ARCHIVE),
    (b"Rar!", notes.ARCHIVE),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class ImportRefusal(ImportRefused):
    """A refusal whose message is filled in after it has been translated: `message` with `params`."""

    def __init__(self, message: str, **params: object) -> None:
        super().__init__(message.format_map(params) if params else message)
        self.message, self.params = message, params


def checked(data: bytes) -> bytes:
    """`data`, if it can be a questionnaire. Raises ImportRefused."""
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise ImportRefusal(notes.EMPTY)
    if len(data) > MOST_BYTES:
        raise ImportRefusal(notes.TOO_LARGE)
    if data.startswith(_OLD_OFFICE):
        raise ImportRefusal(notes.OLD_OFFICE)
    for signature, kind in _SIGNATURES:
        if data.startswith(signature) and (signature != b"BM" or b"\0" in data[:64]):
            raise ImportRefusal(notes.WRONG_KIND, kind=kind)
    return data


def text_of(data: bytes) -> str:
    """The text of a file: by its byte order mark, as UTF-8 or UTF-16, otherwise as Windows-1254, the Turkish code page
    that has every letter of Western Europe too. Raises ImportRefused if it is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data, encoding)
    if b"\0" in data[:4000]:
        ends = data[: len(data) // 2 * 2]
        even, odd = ends[:4000:2].count(0), ends[1:4000:2].count(0)
        if not even and odd:
            return _decoded(ends, "utf-16-le")
        if even and not odd:
            return _decoded(ends, "utf-16-be")
        raise ImportRefusal(notes.NOT_TEXT)
    try:
        return _no_binary(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _no_binary(data.decode("windows-1254", errors="replace"))


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return _no_binary(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise ImportRefusal(notes.NOT_TEXT) from error


def _no_binary(text: str) -> str:
    """Text has hardly any control characters and hardly any that its encoding does not know."""
    start = text[:4000]
    odd = sum(letter == "\ufffd" or (letter < " " and letter not in "\t\r\n\f\v") for letter in start)
    if "\0" in text or odd > len(start) / 100:
        raise ImportRefusal(notes.NOT_TEXT)
    return text


def json_of(text: str) -> Any:
    """The value of a JSON text. Raises ImportRefused."""
    if text.count("{") + text.count("[") > MOST_PARTS or text.count(",") > 4 * MOST_PARTS:
        raise ImportRefusal(notes.TOO_MANY_PARTS)
    try:
        return json.loads(text, parse_constant=lambda _name: None)
    except RecursionError as error:
        raise ImportRefusal(notes.TOO_DEEP) from error
    except json.JSONDecodeError as error:
        raise ImportRefusal(notes.BROKEN_JSON, line=error.lineno, column=error.colno) from error
    except ValueError as error:  # a number of thousands of digits
        raise ImportRefusal(notes.TOO_MANY_PARTS) from error


def xml_of(data: bytes) -> Element:
    """The root of an XML file, without document type, entities or references to other files. Raises ImportRefused."""
    if data.count(b"<") > 2 * MOST_PARTS:
        raise ImportRefusal(notes.TOO_MANY_PARTS)
    reader = _XmlReader()
    try:
        reader.parser.Parse(data, True)
        return reader.builder.close()
    except expat.ExpatError as error:
        raise ImportRefusal(notes.BROKEN_XML, line=error.lineno) from error
    except (AssertionError, LookupError, ValueError) as error:  # no element at all, or an unknown encoding
        raise ImportRefusal(notes.BROKEN_XML, line=1) from error


class _XmlReader:
    """Builds a tree from expat's events, and stops at the first event that a questionnaire does not need."""

    def __init__(self) -> None:
        self.builder = TreeBuilder()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self.builder.data
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse
        self.parser.ExternalEntityRefHandler = self._refuse
        self.depth = 0

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST_XML:
            raise ImportRefusal(notes.TOO_DEEP)
        self.builder.start(tag, attributes)

    def _end(self, tag: str) -> None:
        self.depth -= 1
        self.builder.end(tag)

    def _refuse(self, *_: object) -> Any:
        raise ImportRefusal(notes.XML_TRICKS)
