"""Hostile and wrong files are refused with a sentence, cheaply, and before they are unpacked or parsed."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from feedback.errors import ImportRefused
from feedback.services.studio import drafts
from feedback.services.studio.importing import reading
from feedback.services.studio.importing.guarding import MOST_BYTES, text_of
from feedback.services.studio.importing.reading import read_file, read_text
from tests.services.studio.importing.reports import imported, types


def zipped(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return made.getvalue()


BOMB = zipped(xl__workbook_dot_xml=b"<workbook/>", xl__sharedStrings_dot_xml=b" " * 50_000_000)
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><document>&c;</document>'
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><document/>'
MANY = {"pages": [{"elements": [{"type": "text", "name": f"q{n}"} for n in range(10_000)]}]}
WIDE = {"elements": [{"type": "dropdown", "name": "q", "choices": [str(n) for n in range(5_000)]}]}
LONG = {"elements": [{"type": "text", "name": f"q{n}", "title": "word " * 900} for n in range(200)]}

REFUSED = {
    "empty": (b"", "The file is empty"),
    "blank": (b"\xef\xbb\xbf \r\n", "The file is empty"),
    "large": (b"a" * (MOST_BYTES + 1), "larger than 2 MB"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "This is a PDF file"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "This is a picture"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "of the old kind"),
    "binary": (bytes(range(256)) * 40, "not a text file"),
    "web page": (b"<!DOCTYPE html><html></html>", "This is a web page"),
    "word": (zipped(word__document_dot_xml=b"<a/>"), "This is a Word document"),
    "archive": (zipped(a=b"b"), "This is a compressed archive"),
    "broken archive": (b"PK\x03\x04" + bytes(100), "damaged or protected"),
    "zip bomb": (BOMB, "too many parts"),
    "many entries": (b"PK\x03\x04" + b"PK\x01\x02" * 1000, "too many parts"),
    "entities": (LAUGHS, "declares entities"),
    "outside": (OUTSIDE, "declares entities"),
    "deep xml": (b"<document>" + b"<a>" * 1000, "nested too deeply"),
    "many elements": (b"<document>" + b"<a/>" * 200_000, "too many parts"),
    "broken xml": (b"<document><a></document>", "not valid XML: line 1"),
    "no xml": (b"<?xml version='1.0'?>", "not valid XML"),
    "other xml": (b"<?xml version='1.0'?><rss/>", "none of the formats"),
    "deep json": (b'{"a":' + b"[" * 50_000, "nested too deeply"),
    "many objects": (b'{"a":[' + b"{}," * 100_000, "too many parts"),
    "broken json": (b'{"pages": [}', "not valid JSON: line 1, column 12"),
    "long number": (b'{"pages": ' + b"1" * 10_000 + b"}", "too many parts"),
    "other json": (b'{"a": NaN, "b": [1e999]}', "none of the formats"),
    "10,000 questions": (json.dumps(MANY).encode(), "more than 300 questions"),
    "5,000 options": (json.dumps(WIDE).encode(), "more than 500 options"),
    "too long": (json.dumps(LONG).encode(), "would be too long"),
    "no question": (b"hello", "no question in it"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_or_wrong_file_is_refused_cheaply_and_with_a_sentence(name: str) -> None:
    data, said = REFUSED[name]
    begun = time.process_time()
    with pytest.raises(ImportRefused, match=said):
        read_file(data, "x")
    assert time.process_time() - begun < 1  # ten times what is aimed at, for busy machines
    tracemalloc.start()
    with pytest.raises(ImportRefused):
        read_file(data, "x")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_pasted_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(ImportRefused, match="60,000 characters"):
        read_text("a?\n" * 30_000)


def test_a_draft_is_never_longer_than_the_studio_stores() -> None:
    assert drafts.LONGEST == reading.LONGEST_DRAFT


def test_the_docs_name_every_format_and_its_files() -> None:
    page = (Path(__file__).parents[4] / "docs/studio.md").read_text(encoding="utf-8")
    for each in reading.FORMATS[:-1]:
        assert f"| {each.title} |" in page
        assert all(f"`{suffix}`" in page for suffix in each.files.split())


@pytest.mark.parametrize(
    "line",
    [
        *(" " * 50_000 + "?", "(" * 50_000, "1-5 " * 12_000, "? a, b" * 9_000, "<" * 50_000, "\t" * 50_000),
        *("a\tb" * 15_000, "how many " * 6_000, "(1 a - " * 8_000, "x: a/" * 11_000, "(a (b) c) " * 5_000),
        *("1 (a) to " * 6_000, "please rate " * 4_000, ", where " * 7_000),
    ],
)
def test_no_line_takes_more_than_a_moment(line: str) -> None:
    begun = time.process_time()
    read_text(f"1. {line}\n2. Why?")
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1254"]
)
def test_the_usual_encodings_are_read(encoding: str) -> None:
    text = "1. Ürünümüzü neden seçtiniz?\n2. Şikâyetiniz çözüldü mü?\n"
    assert text_of(text.encode(encoding)) == text
    assert types(imported(text.encode(encoding))) == {"q1": "text", "q2": "single"}
