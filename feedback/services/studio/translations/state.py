"""How far each language of a questionnaire is: what is missing, translated, or translated from an older text.

A translation is outdated if the text from which it was made has changed since. Nobody notes that by hand: an older
text of the questionnaire shows what the source said when the translation got its present wording. Better than that is
a confirmation: that a translation was made from, or is right for, one wording of the source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from feedback.core.text.localized import is_blank
from feedback.lint.engine.suppression import wording_hash
from feedback.services.studio.translations.texts import SourceText

Wordings = Mapping[str, Mapping[str, str]]
"""Name of a text -> language -> wording, as `wordings_of` returns it."""


class TranslationState(StrEnum):
    MISSING = "missing"
    OUTDATED = "outdated"
    TRANSLATED = "translated"


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Somebody wrote or confirmed this translation for this source; both are hashes of the wordings."""

    id: str
    language: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Translation:
    """One text in one language. `before` is the source from which an outdated translation was made, "" if that was not
    kept."""

    text: SourceText
    language: str
    source: str
    target: str
    state: TranslationState
    before: str | None = None


@dataclass(frozen=True, slots=True)
class LanguageProgress:
    """How many texts of a language have each state."""

    language: str
    translated: int
    outdated: int
    missing: int

    @property
    def total(self) -> int:
        return self.translated + self.outdated + self.missing


def confirmation(translation: Translation) -> Confirmation:
    """What is stored if somebody says that a translation is right for its source."""
    return Confirmation(
        translation.text.id,
        translation.language,
        wording_hash(translation.source),
        wording_hash(translation.target),
    )


@dataclass(frozen=True, slots=True)
class TranslationHistory:
    """What tells from which source a translation was made: `earlier` texts, the latest first, and confirmations."""

    earlier: Sequence[Wordings] = ()
    confirmed: frozenset[Confirmation] = frozenset()


def translations(
    texts: Iterable[SourceText], source: str, language: str, history: TranslationHistory
) -> list[Translation]:
    """Every text in `language` beside its wording in the language `source`; texts without a source are left out."""
    return [
        _translation(each, source, language, history)
        for each in texts
        if not is_blank(each.wordings.get(source, ""))
    ]


def progress(language: str, of: Iterable[Translation]) -> LanguageProgress:
    counted = Counter(each.state for each in of)
    return LanguageProgress(
        language,
        counted[TranslationState.TRANSLATED],
        counted[TranslationState.OUTDATED],
        counted[TranslationState.MISSING],
    )


def _translation(text: SourceText, source: str, language: str, history: TranslationHistory) -> Translation:
    wording, target = text.wordings[source], text.wordings.get(language, "")
    if is_blank(target):
        return Translation(text, language, wording, "", TranslationState.MISSING)
    done = Translation(text, language, wording, target, TranslationState.TRANSLATED)
    before = _made_from(done, source, history)
    if before is not None and wording_hash(before) == wording_hash(wording):
        return done
    return replace(done, state=TranslationState.OUTDATED, before=before or "")


def _made_from(done: Translation, source: str, history: TranslationHistory) -> str | None:
    """The source from which a translation was made; None if that is another one than now, and was not kept."""
    present = confirmation(done)
    if present in history.confirmed:
        return done.source
    kept = list(_since_translated(done, source, history.earlier))
    confirmed = {each.source for each in history.confirmed if replace(each, source=present.source) == present}
    if confirmed:
        return next((each for each in kept if wording_hash(each) in confirmed), None)
    return kept[-1] if kept else done.source


def _since_translated(done: Translation, source: str, earlier: Iterable[Wordings]) -> Iterator[str]:
    """What the source said in each earlier text, the latest first, as long as the translation was the present one."""
    for wordings in earlier:
        then = wordings.get(done.text.id, {})
        if then.get(done.language) != done.target:
            return
        if source in then:
            yield then[source]
