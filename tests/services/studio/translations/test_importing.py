"""A file that comes back is taken text by text, and everything that speaks against it is a sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from feedback.services.studio.translations import exchange, importing, po, xliff
from feedback.services.studio.translations.importing import ImportPlan
from tests.services.studio.translations.examples import SURVEY, file_of, of

XLIFF, PO = xliff.write(file_of(SURVEY)), po.write(file_of(SURVEY))
PLAIN = "Remove the markup <{}> from the translation: survey texts are plain text."
DOCTYPE = "Remove the DOCTYPE declaration from the file: it is not read with one."
TOO_DEEP = "Export the file from the translation tool again: its elements are nested too deeply."
NO_PO = "Save the file as PO with UTF-8 and upload it again: it cannot be read."


def plan(content: bytes) -> ImportPlan:
    return importing.plan(content, "visit", "en", of(SURVEY))


def told(found: ImportPlan) -> list[tuple[str, str]]:
    return [(each.id, each.message.format(**each.params)) for each in found.problems]


def xliff_with(name: str, target: str) -> bytes:
    """Our file, with this target for one text."""
    head, mark, rest = XLIFF.decode().partition(f'<unit id="{name}">')
    unit, end, tail = rest.partition("</segment>")
    unit = unit.partition("<target>")[0] + f"<target>{target}</target>"
    return (head + mark + unit + end + tail).encode()


@pytest.mark.parametrize("content", [XLIFF, PO])
def test_a_file_that_comes_back_as_it_went_changes_nothing(content: bytes) -> None:
    assert plan(content) == ImportPlan(unchanged=3, untranslated=7)


def test_a_new_translation_is_taken_with_its_place() -> None:
    ((translation, new),) = plan(xliff_with("messages.email.subject", " Ziyaretiniz\r\n")).accepted
    assert translation.text.id == "messages.email.subject"
    assert new == (("messages", "email", "subject"), "tr", "Ziyaretiniz")


@pytest.mark.parametrize(
    ("name", "target", "sentence"),
    [
        ("messages.email.body", "Merhaba", "Add {first_name}, {link} to the translation: the source has it."),
        ("thanks.1.text", "Sağ olun {company}", "Remove {company} from the translation: the source does not have it."),
        ("thanks.1.text", "Sağ olun {", "Check the braces of the translation: one has no match."),
        ("thanks.1.text", '<pc id="1">Sağ</pc> olun', PLAIN.format("pc")),
        ("thanks.1.text", "&lt;script&gt;x", PLAIN.format("script")),
        ("thanks.1.text", "x" * 10_001, "Shorten the translation to 10000 characters."),
        ("thanks.1.text", '<ph id="9"/>', "Restore the placeholder 9: the file no longer says what it stands for."),
    ],
)  # fmt: skip
def test_a_translation_that_cannot_be_right_is_not_taken(name: str, target: str, sentence: str) -> None:
    found = plan(xliff_with(name, target))
    assert told(found) == [(name, sentence)]
    assert found.accepted == ()


def test_html_that_the_source_has_may_stay() -> None:
    good = 'Merhaba {first_name|siz}, üç &lt;b&gt;kısa&lt;/b&gt; soru. <ph id="p1" dataRef="p1"/>'
    assert [new.text for _, new in plan(xliff_with("messages.email.body", good)).accepted] == [
        "Merhaba {first_name|siz}, üç <b>kısa</b> soru. {link}"
    ]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('id="title"', 'id="headline"', "Export the file again: the survey has no text with this name."),
        ('id="title"', 'id="thanks.1.text"', "Keep one translation of this text: the file has several."),
        (">Your visit<", ">Your stay<", "Export the file again: the source text is no longer the one in the file."),
    ],
)  # fmt: skip
def test_a_text_that_no_longer_fits_the_survey_is_told_by_its_name(old: str, new: str, sentence: str) -> None:
    found = plan(XLIFF.decode().replace(old, new, 1).encode())
    assert sentence in [message for _, message in told(found)]
    assert not found.refused


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("visit.yaml", "other.yaml", "Upload the file of this survey: this one is for other."),
        ('srcLang="en"', 'srcLang="de"', "Translate from en: this file was translated from de."),
        ('trgLang="tr"', 'trgLang="fa"', "Upload the file for tr: this one is for fa."),
        ("document:2.0", "document:1.2", "Upload an XLIFF 2.0 or 2.1 file, or a PO file."),
        ("</file>", "", "Export the file from the translation tool again: it is not XML (line 4)."),
        ('"UTF-8"', '"EBCDIC"', "Export the file from the translation tool again: it is not XML (line 1)."),
        ("<xliff", '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xliff', DOCTYPE),
        ("<xliff", '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><xliff', DOCTYPE),
        ("<notes>", "<mrk>" * 99, TOO_DEEP),
    ],
)  # fmt: skip
def test_a_wrong_or_hostile_file_is_refused_whole(old: str, new: str, sentence: str) -> None:
    found = plan(XLIFF.decode().replace(old, new).encode())
    assert [message for _, message in told(found)] == [sentence]
    assert found.refused
    assert found.accepted == ()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Upload a file with texts: this one has none."),
        (b"x" * (exchange.LARGEST + 1), "Upload a file of at most 1000000 bytes."),
        (b"<" * (exchange.LARGEST + 1), "Upload a file of at most 1000000 bytes."),
        (bytes(range(256)), NO_PO),
        (b'msgid "a', NO_PO),
        (PO.replace(b"charset=utf-8", b"charset=nonsense"), NO_PO),
        (PO.replace(b"visit 1", b"other 1"), "Upload the file of this survey: this one is for other."),
        (PO.replace(b"Language: tr", b"Language: fa_IR"), "Upload the file for tr: this one is for fa."),
    ],
)  # fmt: skip
def test_what_is_no_file_of_translations_is_refused(content: bytes, sentence: str) -> None:
    found = plan(content)
    assert [message for _, message in told(found)] == [sentence]
    assert found.refused


def test_a_fuzzy_or_plural_translation_of_po_is_not_taken() -> None:
    entry = b'msgctxt "thanks.1.text"\nmsgid "Thank you!"\n'
    fuzzy = PO.replace(entry + b'msgstr ""', b"#, fuzzy\n" + entry + 'msgstr "Sağ olun"'.encode())
    assert plan(fuzzy) == ImportPlan(unchanged=3, untranslated=7)
    plural = PO.replace(entry + b'msgstr ""', entry + b'msgid_plural "x"\nmsgstr[0] "a"')
    assert told(plan(plural)) == [
        ("thanks.1.text", "Write one translation: survey texts have no plural forms.")
    ]


@pytest.mark.parametrize("write", [xliff.write, po.write])
def test_a_wrong_text_does_not_keep_the_others_from_being_known(
    write: Callable[[exchange.TranslationFile], bytes],
) -> None:
    targets = {"thanks.1.text": "Sağ olun", "messages.email.subject": "{x}"}
    entries = tuple(
        exchange.ExchangeEntry(each.id, each.source, targets.get(each.id, ""))
        for each in file_of(SURVEY).entries
    )
    found = plan(write(exchange.TranslationFile("visit", "en", "tr", entries)))
    assert [new.text for _, new in found.accepted] == ["Sağ olun"]
    assert [each.id for each in found.problems] == ["messages.email.subject"]
