"""A placeholder that nobody will fill in, or an unfinished text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from feedback.core.replies import conversation
from feedback.core.replies.written import OPTIONS
from feedback.core.text.folding import fold
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, SurveyText
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.lexicon import lexicon

RULE = Rule(
    id="unresolved-placeholder",
    title="No placeholder stays empty",
    tier="D",
    severity="error",
    why="“Hello {first_name}” in the customer's hand undoes every other effort.",
    good=("{first_name|there}", "fields: [agent] and {agent|our colleague}", "\\{a literal brace\\}"),
    bad=("{frist_name}", "[COMPANY]", "{{order}} without a field"),
    suppressible=False,
)
ALWAYS = frozenset({"company", "link", "opt_out"})
"""Placeholders that always have a value."""
IN_REPLIES = frozenset({"company", "csm"})
"""The same, in what a CSM writes to a customer."""
CONTACT = frozenset(
    {"first_name", "last_name", "name", "full_name", "account", "account_name", "email", "phone"}
)
_PLACEHOLDER = re.compile(r"(?<!\\)\{\{?\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}?")
_LEFTOVER = re.compile(
    r"<<?(?!/)[^\W\d][\w .'-]{1,40}>>?|%[^\W\d]\w{2,30}%|\b__[^\W\d_]\w{1,30}__\b"
    r"|\bTODO\b|\bFIXME\b|\bTBD\b|\bX{3,}\b|\bx{3,}\b|\blorem ipsum\b",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\[([^\]\[\n]{2,70})\]")
LEAST_CAPITALS = 3
"""Letters that a placeholder in capitals has at least: "[OK]" may be a button."""


def check(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    if questionnaire is None:
        return
    declared = {*questionnaire.fields, *document.settings.fields, *CONTACT}
    for wording in document.wordings():
        for match in _PLACEHOLDER.finditer(wording.text):
            told = _fault(document, wording, match[1], match[2], declared)
            if told:
                yield document.finding(
                    RULE, wording, told[0], quoted=match[0], offset=match.start(), rewrite=told[1]
                )
        for match in (*_LEFTOVER.finditer(wording.text), *_bracketed(wording)):
            told_left = message("“{match}” was left in the text.", match=match[0])
            rewrite = "Write what belongs here, or use a placeholder such as {company}."
            yield document.finding(
                RULE, wording, told_left, quoted=match[0], offset=match.start(), rewrite=rewrite
            )


def _bracketed(wording: SurveyText) -> Iterator[re.Match[str]]:
    """Instructions to the writer: "[insert name]", "[COMPANY]"; drafts have them in English in any language."""
    known = [words for code in (wording.language, "en") if (words := lexicon(code))]
    for match in _BRACKETED.finditer(wording.text):
        inside = fold(match[1], wording.language)
        told = any(
            words.pattern("unresolved-placeholder.openings").match(inside)
            or words.pattern("unresolved-placeholder.wholes").fullmatch(inside)
            for words in known
        )
        if told or (match[0].isupper() and len(match[1]) >= LEAST_CAPITALS):
            yield match


def _fault(
    document: Document, wording: SurveyText, name: str, fallback: str | None, declared: set[str]
) -> tuple[str, str] | None:
    always = IN_REPLIES if wording.role == "reply" else ALWAYS
    if name in always or (name == OPTIONS and _lists_options(document, wording)):
        return None
    if name.startswith("answer."):
        return _answer_fault(document, wording, name.removeprefix("answer."), fallback)
    if name not in declared:
        return _unknown(name, fallback, declared)
    if fallback is None or not fallback.strip():
        return message("{{{name}}} may be empty, and there is no fallback.", name=name), f"{{{name}|…}}"
    return None


def _lists_options(document: Document, wording: SurveyText) -> bool:
    """Whether this is an SMS in which the answers of the first question can be listed."""
    first = conversation.opening(document.questionnaire) if document.questionnaire else None
    return wording.role in ("sms", "reminder_sms") and first is not None


def _unknown(name: str, fallback: str | None, declared: set[str]) -> tuple[str, str] | None:
    """A name that nobody declared: with a fallback only what looks misspelt counts."""
    near = difflib.get_close_matches(name, sorted(declared | ALWAYS), 1, 0.8)
    if near:
        return message(
            "{{{name}}} is not known; did you mean {{{near}}}?", name=name, near=near[0]
        ), f"{{{near[0]}|…}}"
    if fallback is None:
        return message("{{{name}}} is not known.", name=name), message(
            "Declare it: fields: [{name}], and write {{{name}|…}}.", name=name
        )
    return None


def _answer_fault(
    document: Document, wording: SurveyText, key: str, fallback: str | None
) -> tuple[str, str] | None:
    keys = [question.key for _, question in document.questions]
    if key not in keys:
        near = difflib.get_close_matches(key, keys, 1, 0.6)
        return (
            message("There is no question “{key}”.", key=key),
            f"{{answer.{near[0]}|…}}" if near else "Name an earlier question.",
        )
    if wording.question and keys.index(key) >= keys.index(wording.question.key):
        return message("“{key}” is asked later than here.", key=key), "Name an earlier question."
    if fallback is None or not fallback.strip():
        return message(
            "{{answer.{key}}} may be empty, and there is no fallback.", key=key
        ), f"{{answer.{key}|…}}"
    return None
