"""Abbreviations that nobody has explained."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedback.core.text.folding import lower
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="undefined-jargon",
    title="Abbreviations are explained or avoided",
    tier="L",
    severity="warning",
    xm=1,
    qas="3b",
    why=(
        "Jargon divides customers into those who answer and those who guess (Question Appraisal "
        "System, item 3b: technical terms). Add terms that all your customers know to the "
        "survey's `glossary`."
    ),
    good=(
        "Was the one-time password (OTP) easy or difficult to enter?",
        "PDF açıldı mı?",
        "آیا فایل PDF باز شد؟",
    ),
    bad=("How clear was the EOB that we sent?", "TCO raporu ne kadar açıktı?", "گزارش KPI چقدر روشن بود؟"),
    suppress="All recipients work in the trade.",
)
_UPPER = "A-ZÇĞİÖŞÜ"
_ABBREVIATION = re.compile(rf"(?<![\w&.-])[{_UPPER}]{{2,6}}\d{{0,4}}(?=s?(?:['’]\w+)?(?![\w&]))")
_HEADING = re.compile(rf"(?<!\w)[{_UPPER}]{{2,}}(?: [{_UPPER}]{{2,}}){{2,}}(?!\w)")
"""Three words in capitals in a row shout; they abbreviate nothing."""
_ROMAN = re.compile(r"[IVX]+")
_SIZE = re.compile(r"\d*X*[SML]")


def find(question: QuestionView) -> Iterator[Hit]:
    """An abbreviation in capitals that is neither common knowledge, nor in the glossary, nor explained
    right here."""
    stem, words = question.stem, question.words
    cased = stem.normalised.cased
    if not _shouted(cased):
        for match in _ABBREVIATION.finditer(cased):
            if _unknown(match, question, cased):
                said = match[0]
                yield Hit(
                    *match.span(),
                    message(
                        "Not every customer knows “{said}”; say what it is, or explain it: “its full name ({said})”.",
                        said=said,
                    ),
                )
                return
    term = words.search("undefined-jargon.jargon", stem.plain)
    if term:
        yield Hit(
            *term.span(),
            message("“{what}” is jargon; use the word that customers use.", what=stem.quote(*term.span())),
        )


def _shouted(cased: str) -> bool:
    """A heading in capitals: nothing in it is an abbreviation for being capitals."""
    letters = [letter for letter in cased if letter.isalpha() and letter.lower() != letter.upper()]
    return len(letters) > 12 and sum(letter.isupper() for letter in letters) > 0.6 * len(letters)


def _unknown(match: re.Match[str], question: QuestionView, cased: str) -> bool:
    word = match[0]
    forms = {lower(word, question.words.language), word.lower()}
    common = question.words.words("undefined-jargon.common") | question.words.words(
        "undefined-jargon.emphasis"
    )
    if re.match(r"[ -]?\d", cased[match.end() :]):
        return False  # "flight BX 204", "form A-38": the name of one thing, which those who have it know
    if forms & common or _ROMAN.fullmatch(word) or _SIZE.fullmatch(word):
        return False
    if cased.rfind("[", 0, match.start()) > cased.rfind("]", 0, match.start()):
        return False  # a placeholder that nobody has filled, another rule's business
    if any(run.start() <= match.start() < run.end() for run in _HEADING.finditer(cased)):
        return False
    return not (_explained(match, cased) or _in_glossary(word, question) or _part_of_name(match, cased))


def _explained(match: re.Match[str], cased: str) -> bool:
    """`Long Form (ABC)` or `ABC (long form)`."""
    before, after = cased[: match.start()].rstrip(), cased[match.end() :].lstrip("s’'")
    return (
        before.endswith("(")
        or bool(re.match(r"\w*\s*\(\w+,?\s\w+", after))
        or bool(re.search(rf"\(\s*{match[0]}\s*\)", cased))
    )


def _in_glossary(word: str, question: QuestionView) -> bool:
    return any(word in term.split() or word == term for term in question.glossary)


def _part_of_name(match: re.Match[str], cased: str) -> bool:
    """`HSBC Bank`, `Hotel ABC`: beside a capitalised word that does not begin a sentence."""
    after = re.match(rf"(?:['’]\w+)?\s+[{_UPPER}][a-zçğıöşü]{{2,}}", cased[match.end() :])
    before = re.search(rf"[\w,]\s+[{_UPPER}][a-zçğıöşü]{{2,}}\s+$", cased[: match.start()])
    return bool(after or before)


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
