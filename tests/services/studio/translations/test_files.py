"""A file for an agency says everything it needs, follows its format, and comes back as it went."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from babel.messages.pofile import read_po

from feedback.services.studio.translations import po, xliff
from feedback.services.studio.translations.exchange import TranslationFile
from feedback.services.studio.translations.importing import read
from feedback.services.studio.translations.state import TranslationHistory
from feedback.services.studio.translations.texts import wordings_of
from tests.services.studio.translations.examples import SURVEY, file_of

X = f"{{{xliff.NAMESPACE}}}"
OUTDATED = file_of(
    SURVEY.replace("How easy was it", "How simple was it"), TranslationHistory([wordings_of(SURVEY)])
)


@pytest.mark.parametrize("write", [xliff.write, po.write])
def test_what_is_written_is_read_again(write: Callable[[TranslationFile], bytes]) -> None:
    written = file_of(SURVEY)
    found = read(write(written))
    assert (found.key, found.language) == ("visit", "tr")
    assert [(each.id, each.source, each.target) for each in found.entries] == [
        (each.id, each.source, each.target) for each in written.entries
    ]


# The elements of XLIFF 2.1 core that we write -> their required attributes, the optional ones, and the order of
# their children (OASIS, XLIFF Version 2.1, section 4.2; files were also checked with its XML Schema).
RULES = {
    "xliff": ({"version", "srcLang"}, {"trgLang"}, "(file )+"),
    "file": (
        {"id"},
        {"original", "canResegment", "srcDir", "trgDir", "{http://www.w3.org/XML/1998/namespace}space"},
        "(notes )?(unit )+",
    ),
    "unit": ({"id"}, set(), "(notes )?(originalData )?(segment )+"),
    "notes": (set(), set(), "(note )+"),
    "note": (set(), {"category"}, ""),
    "originalData": (set(), set(), "(data )+"),
    "data": ({"id"}, set(), ""),
    "segment": (set(), {"state"}, "source (target )?"),
    "source": (set(), set(), "(ph )*"),
    "target": (set(), set(), "(ph )*"),
    "ph": ({"id"}, {"dataRef", "equiv"}, ""),
}


@pytest.mark.parametrize("file", [file_of(SURVEY), OUTDATED], ids=["translated", "outdated"])
def test_xliff_keeps_the_rules_of_the_standard(file: TranslationFile) -> None:
    root = ElementTree.fromstring(xliff.write(file))
    assert (root.get("version"), root.get("srcLang"), root.get("trgLang")) == ("2.1", "en", "tr")
    for element in root.iter():
        required, optional, children = RULES[element.tag.removeprefix(X)]
        assert required <= set(element.keys()) <= required | optional, element.tag
        assert re.fullmatch(children, "".join(child.tag.removeprefix(X) + " " for child in element))
    for unit in root.iter(f"{X}unit"):
        assert re.fullmatch(r"[\w.:-]+", unit.get("id", ""))  # NMTOKEN
        known = {each.get("id") for each in unit.iter(f"{X}data")}
        source, *target = (
            list(each.iter(f"{X}ph")) for each in unit.iter() if each.tag in (f"{X}source", f"{X}target")
        )
        assert {each.get("dataRef") for each in source} <= known
        assert len({each.get("id") for each in source}) == len(source)
        for codes in target:  # a code of the target stands for the one of the source with its id
            assert [each.get("id") for each in codes] == [each.get("id") for each in source]
    names = [unit.get("id") for unit in root.iter(f"{X}unit")]
    assert len(names) == len(set(names))


def test_xliff_protects_placeholders_but_leaves_fallbacks_to_the_translator() -> None:
    body = next(
        unit
        for unit in ElementTree.fromstring(xliff.write(file_of(SURVEY))).iter(f"{X}unit")
        if unit.get("id") == "messages.email.body"
    )
    assert [each.text for each in body.iter(f"{X}data")] == ["{link}"]
    assert "Hello {first_name|there}," in "".join(body.itertext())


def test_an_outdated_translation_says_from_what_it_was_made_and_is_not_taken_back_as_it_is() -> None:
    assert b'category="outdated">Translated from: How easy was it to use {company}?<' in xliff.write(OUTDATED)
    written = po.write(OUTDATED)
    message = read_po(io.BytesIO(written)).get("How simple was it to use {company}?", "questions.score.text")
    assert message
    assert message.fuzzy
    assert b'#| msgid "How easy was it to use {company}?"' in written
    assert read(written).entries[1].target == ""


UNIT = '<unit id="a">{}</unit>'


@pytest.mark.parametrize(
    ("unit", "source", "target"),
    [
        ("<segment><source>Hi</source><target>Selam</target></segment>", "Hi", "Selam"),
        ("<segment><source>Hi</source></segment>", "Hi", ""),
        (
            "<segment><source>One.</source><target>Bir.</target></segment><ignorable><source> </source></ignorable>"
            "<segment><source>Two.</source><target>İki.</target></segment>",
            "One. Two.",
            "Bir. İki.",
        ),
        (
            '<segment><source>A</source><target order="2">a</target></segment>'
            '<segment><source>B</source><target order="1">b</target></segment>',
            "AB",
            "ba",
        ),
        (
            '<originalData><data id="d">{company}</data></originalData><segment><source><ph id="1" dataRef="d"/>!'
            '</source><target><mrk id="m" type="term"><ph id="1" dataRef="d"/></mrk> olur!</target></segment>',
            "{company}!",
            "{company} olur!",
        ),
        ('<segment><source><ph id="1" equiv="{link}"/></source></segment>', "{link}", ""),
    ],
    ids=["one segment", "no target", "segments", "reordered", "placeholder", "placeholder by its name"],
)
def test_what_translation_tools_do_to_xliff_is_understood(unit: str, source: str, target: str) -> None:
    text = f'<xliff xmlns="{xliff.NAMESPACE}" version="2.0" srcLang="en-GB" trgLang="tr-TR"><file id="f">'
    found = read((text + UNIT.format(unit) + "</file></xliff>").encode("utf-16"))
    assert (found.source_language, found.language) == ("en", "tr")
    assert [(each.source, each.target, each.fault) for each in found.entries] == [(source, target, None)]
