"""Translations as a gettext PO file: the context is a text's name, an outdated translation is fuzzy."""

from __future__ import annotations

import io
import re

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po, write_po

from feedback.i18n import _
from feedback.services.studio.translations.exchange import (
    LARGEST,
    ExchangeEntry,
    TranslationFile,
    TranslationProblem,
    UnreadableTranslationsError,
)
from feedback.services.studio.translations.state import TranslationState

_HINT = (
    "Keep what is in braces, such as {company}. In {first_name|there}, translate only what follows the bar."
)
_PLURAL = _("Write one translation: survey texts have no plural forms.")
_UNREADABLE = _("Save the file as PO with UTF-8 and upload it again: it cannot be read.")
_TOO_LARGE = _("Upload a file of at most {limit} bytes.")
_OF_NO_PROJECT = ("", "PROJECT", "PACKAGE")
"""What tools write if they know no project."""


def write(file: TranslationFile) -> bytes:
    catalogue = Catalog(
        locale=file.language,
        project=file.key,
        version="1",
        header_comment=f"# {file.key}: {file.source_language} -> {file.language}\n# {_HINT}",
        creation_date=file.written_at,
        revision_date=file.written_at,
        fuzzy=False,
    )
    for entry in file.entries:
        outdated = entry.state is TranslationState.OUTDATED
        message = catalogue.add(
            entry.source,
            entry.target,
            flags=("fuzzy",) if outdated else (),
            previous_id=(entry.before,) if outdated and entry.before else (),
            context=entry.id,
        )
        message.flags -= {"python-format", "python-brace-format"}  # a % or a brace of ours is not Python's
    written = io.BytesIO()
    write_po(written, catalogue, include_previous=True)
    return written.getvalue()


def read(content: bytes) -> TranslationFile:
    """The translations in a PO file; fuzzy ones count as missing. Raises UnreadableTranslationsError."""
    if len(content) > LARGEST:
        raise UnreadableTranslationsError(_TOO_LARGE, limit=LARGEST)
    try:
        catalogue = read_po(io.BytesIO(content), ignore_obsolete=True, abort_invalid=True)
    except (PoFileError, ValueError, LookupError, TypeError, AttributeError, IndexError) as error:
        raise UnreadableTranslationsError(_UNREADABLE) from error
    project = str(catalogue.project or "")
    return TranslationFile(
        "" if project in _OF_NO_PROJECT else project,
        "",
        re.split("[_-]", str(catalogue.locale_identifier or ""))[0].lower(),
        tuple(_entry(message) for message in catalogue if message.id),
    )


def _entry(message: Message) -> ExchangeEntry:
    name = message.context or ""
    if message.pluralizable or not isinstance(message.string, str):
        return ExchangeEntry(name, str(message.id), "", fault=TranslationProblem(_PLURAL, {}, name))
    target = "" if message.fuzzy else message.string
    return ExchangeEntry(name, str(message.id), target)
