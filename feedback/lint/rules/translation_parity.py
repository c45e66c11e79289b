"""Languages in which a questionnaire says something else, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from feedback.core.text.folding import ascii_digits
from feedback.core.text.localized import RIGHT_TO_LEFT
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, Path, SurveyText
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.lexicon import lexicon

RULE = Rule(
    id="translation-parity",
    title="Every language asks the same",
    tier="D",
    severity="error",
    why="A missing or different translation is a different survey; its answers must not be added to "
    "the others "
    "(ISO 20252; European Social Survey translation guidelines).",
    good=("the same keys in every language", "0-10 in both", "the placeholder kept"),
    bad=("tr asks 1-10, en 0-10", "an option without its fa text", "{name} lost in the translation"),
    suppress="Missing texts cannot be suppressed; a length or likeness that is right can.",
    suppressible=False,
)
_PLACEHOLDER = re.compile(r"(?<!\\)\{\s*([\w.]+)")
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
_LATIN = re.compile("[A-Za-zÀ-ɏ]")


def check(document: Document) -> Iterator[Finding]:
    languages = document.languages
    if not document.questionnaire:
        return
    for path, texts in sorted(texts_by_path(document).items(), key=lambda each: document.span(each[0]).start):
        yield from _missing(document, path, texts)
        yield from _unknown(document, texts)
        source = texts.get(languages[0])
        for language in languages[1:]:
            other = texts.get(language)
            if source and other and isinstance(document.at(path), dict):
                yield from _differs(document, source, other)
    for wording in document.stems():
        yield from _script(document, wording)


def texts_by_path(document: Document) -> dict[Path, dict[str, SurveyText]]:
    """Every text of the questionnaire: its path without the language -> language -> wording."""
    found: dict[Path, dict[str, SurveyText]] = {}
    for wording in document.wordings():
        by_language = (
            isinstance(document.at(wording.path[:-1]), dict) and wording.path[-1] == wording.language
        )
        path = wording.path[:-1] if by_language else wording.path
        found.setdefault(path, {})[wording.language] = wording
    return found


def has_words(text: str) -> bool:
    """Whether a text has letters outside its placeholders. "1-3" has none and reads the same everywhere."""
    return bool(re.search(r"[^\W\d_]", re.sub(r"\{[^{}]*\}", "", text)))


def _missing(document: Document, path: Path, texts: dict[str, SurveyText]) -> Iterator[Finding]:
    one = next(iter(texts.values()))
    if len(document.languages) == 1 and document.languages[0] in texts:
        return
    plain = not isinstance(document.at(path), dict)
    if plain and not has_words(one.text):
        return
    for language in document.languages:
        if language not in texts or not texts[language].text.strip():
            told = message("The text is missing in '{language}'.", language=language)
            yield document.finding(
                RULE,
                path,
                told,
                quoted=one.text,
                language=language,
                rewrite=f"{{{one.language}: …, {language}: …}}",
            )


def _unknown(document: Document, texts: dict[str, SurveyText]) -> Iterator[Finding]:
    for language, wording in texts.items():
        if language not in document.languages:
            told = message(
                "'{language}' is not one of the questionnaire's languages ({what}).",
                language=language,
                what=", ".join(document.languages),
            )
            yield document.finding(
                RULE,
                wording,
                told,
                severity="warning",
                rewrite=message("Add {language} to `languages:`.", language=language),
            )


def _differs(document: Document, source: SurveyText, other: SurveyText) -> Iterator[Finding]:
    mine, theirs = set(_PLACEHOLDER.findall(source.text)), set(_PLACEHOLDER.findall(other.text))
    if mine != theirs:
        names = ", ".join(f"{{{name}}}" for name in sorted(mine ^ theirs))
        told = message(
            "{names} appears in only one of '{language}' and '{language2}'.",
            names=names,
            language=source.language,
            language2=other.language,
        )
        yield document.finding(RULE, other, told, rewrite="Use the same placeholders in every language.")
    ranges = [set(_range(each.language).findall(ascii_digits(each.text))) for each in (source, other)]
    if all(ranges) and ranges[0] != ranges[1]:
        told = message(
            "The numbers differ between '{language}' and '{language2}'.",
            language=source.language,
            language2=other.language,
        )
        yield document.finding(RULE, other, told, rewrite="Name the same scale in every language.")
    if source.role in ("stem", "body", "sms"):
        yield from _unlike(document, source, other)


@cache
def _range(language: str) -> re.Pattern[str]:
    """Two numbers as a language writes the ends of a scale: "0 to 10", "0-10"."""
    words = lexicon(language)
    listed = sorted(words.words("translation-parity.range-joints")) if words else ()
    joints = "|".join(["-", "–", "—", *map(re.escape, listed)])
    return re.compile(rf"(?<!\d)(\d{{1,3}})\s*(?:{joints})\s*(\d{{1,3}})(?!\d)")


def _unlike(document: Document, source: SurveyText, other: SurveyText) -> Iterator[Finding]:
    ratio = len(other.text) / max(1, len(source.text))
    letters = len(re.findall(r"[^\W\d_]", re.sub(r"\{[^{}]*\}", "", source.text)))
    if source.text.strip() == other.text.strip() and letters >= 8:
        told = message(
            "The text in '{language}' is the one in '{language2}'.",
            language=other.language,
            language2=source.language,
        )
        yield document.finding(RULE, other, told, severity="warning", rewrite="Translate it.")
    elif len(source.text) >= 20 and not 0.5 <= ratio <= 2.2:
        told = message(
            "The text in '{language}' has {ratio} times the length of '{language2}'.",
            language=other.language,
            ratio=f"{ratio:.1f}",
            language2=source.language,
        )
        yield document.finding(
            RULE, other, told, severity="warning", rewrite="Check that nothing is missing or added."
        )


def _script(document: Document, wording: SurveyText) -> Iterator[Finding]:
    text = re.sub(r"\{[^{}]*\}", "", wording.text)
    arabic, latin = len(_ARABIC.findall(text)), len(_LATIN.findall(text))
    if arabic + latin < 8:
        return
    wrong = latin > 2 * arabic if wording.language in RIGHT_TO_LEFT - {"he"} else arabic > 2 * latin
    if wrong:
        told = message("The letters of this text are not those of '{language}'.", language=wording.language)
        yield document.finding(
            RULE, wording, told, severity="warning", rewrite="Put the text under its language."
        )
