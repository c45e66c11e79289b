"""A question that has to be read twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedback.core.questions import AnyQuestion, ChoiceQuestion
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.instruments import exempt
from feedback.lint.engine.rule import Finding, Rule, Severity
from feedback.lint.languages.pack import pack

RULE = Rule(
    id="question-too-long",
    title="A question is short",
    xm=1,
    qas="3a",
    tier="D",
    severity="warning",
    why="Long sentences strain memory before the answer begins (XM Institute, practice 1; QAS-99, "
    "item 3a; Lenzner 2012).",
    good=("How clear was our refund e-mail?", "You spoke to Ali on Friday. Was your question answered?"),
    bad=(
        "a question of 38 words with three subordinate clauses",
        "two sentences of 25 words and then the question",
    ),
    suppress="Legal wording.",
)
WHOLE = 45
ERROR = 60
ERROR_BY_SMS = 30
_END = re.compile(r"(?<=[.!?؟。])\s+")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_LISTED = re.compile(r":[^?؟]*")
_ASIDE = re.compile(r"\([^()]*\)")


def check(document: Document) -> Iterator[Finding]:
    by_sms = bool(document.questionnaire and document.questionnaire.messages.sms)
    for wording in document.stems():
        if wording.question is None or exempt(wording.question, wording.language):
            continue
        text = _without_answers(wording.text, wording.question, wording.language)
        asked, whole = words(question_sentence(text)), words(text)
        limit = pack(wording.language).sentence_words
        too_much = whole > ERROR or (by_sms and whole > ERROR_BY_SMS)
        severity: Severity = "error" if too_much else "warning"
        if asked > limit:
            told = message(
                "The question has {asked} words; people follow at most {limit}.", asked=asked, limit=limit
            )
        elif whole > WHOLE or too_much:
            told = message(
                "The text has {whole} words; people read at most {most}.",
                whole=whole,
                most=ERROR_BY_SMS if by_sms else WHOLE,
            )
        else:
            continue
        rewrite = "Ask in one short sentence; put what must be explained into `help:`."
        yield document.finding(RULE, wording, told, rewrite=rewrite, severity=severity)


def question_sentence(text: str) -> str:
    """The last sentence that ends in a question mark, else the whole text."""
    asking = [part for part in _END.split(text.strip()) if part.rstrip().endswith(("?", "؟"))]
    return asking[-1] if asking else text


def words(text: str) -> int:
    """Words as a reader counts them; a placeholder is one."""
    parts = _PLACEHOLDER.sub("X", text).split()
    return sum(bool(re.search(r"\w", part)) for part in parts)


def _without_answers(text: str, question: AnyQuestion, language: str) -> str:
    """The text without a list of its own answers, in brackets or behind a colon."""
    options = question.options if isinstance(question, ChoiceQuestion) else ()
    answers = [option.text.to(language).casefold() for option in options]

    def repeats(match: re.Match[str]) -> str:
        return "" if sum(answer in match[0].casefold() for answer in answers) >= 2 else match[0]

    return _LISTED.sub(repeats, _ASIDE.sub(repeats, text))
