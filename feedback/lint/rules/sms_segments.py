"""A text message that costs more than it should."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from feedback.core.questionnaire import Questionnaire
from feedback.core.replies import conversation, written
from feedback.core.replies.offered import is_askable
from feedback.core.replies.written import OPTIONS
from feedback.core.text.message import Character, Segments, is_gsm, segments, straighten
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, SurveyText
from feedback.lint.engine.rule import Finding, Rule, Severity

RULE = Rule(
    id="sms-segments",
    title="A text message fits into few segments",
    tier="D",
    severity="warning",
    why="Every segment is paid for, and one curly quote or ş more than halves the room: 160 "
    "characters in GSM-7, 70 in "
    "UCS-2 (3GPP TS 23.038).",
    good=(
        "straight quotes",
        "a Turkish text that says in 70 characters what it has to say",
        "max_segments: 2, said on purpose",
    ),
    bad=("a curly apostrophe", "an emoji", "200 letters"),
)
TYPICAL = {
    "first_name": 10,
    "last_name": 12,
    "name": 20,
    "full_name": 20,
    "company": 20,
    "account": 24,
    "opt_out": 20,
}
"""Lengths that 95 % of the values do not exceed, in characters."""
TYPICAL_ELSEWHERE = 16
_PLACEHOLDER = re.compile(r"(?<!\\)\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}")


def check(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    if questionnaire is None:
        return
    for wording in (*_sent(document, questionnaire), *_asked(document, questionnaire)):
        cost = segments(_filled(wording.text, document.settings.link_length))
        default = (
            document.settings.max_segments_gsm
            if cost.encoding == "GSM-7"
            else document.settings.max_segments_ucs2
        )
        most = questionnaire.messages.max_segments or default
        if cost.count > most:
            yield _too_dear(document, wording, cost, most)
        elif _avoidable(cost, wording):
            yield _odd_character(document, wording, cost)


def _sent(document: Document, questionnaire: Questionnaire) -> Iterator[SurveyText]:
    """The texts of messages, with the options that they list."""
    for wording in document.messages():
        if wording.role in ("sms", "reminder_sms", "comment_prompt"):
            if OPTIONS in wording.text and "{" in wording.text:
                yield replace(wording, text=_with_options(wording, questionnaire))
            else:
                yield wording


def _with_options(wording: SurveyText, questionnaire: Questionnaire) -> str:
    from feedback.i18n import translator  # noqa: PLC0415 - brings Babel, which most files do without

    try:
        return written.with_options(wording.text, questionnaire, wording.language, "", translator)
    except ValueError:
        return wording.text  # the rule for placeholders tells what is wrong


def _asked(document: Document, questionnaire: Questionnaire) -> Iterator[SurveyText]:
    """The messages that ask further questions, with their options."""
    first = conversation.opening(questionnaire)
    further = [
        (index, each)
        for index, each in document.questions
        if each.by_sms and is_askable(each) and first and each.key != first.key
    ]
    if not further:
        return
    from feedback.i18n import translator  # noqa: PLC0415 - brings Babel, which most files do without

    for index, question in further:
        for language in questionnaire.languages:
            text = written.template(question, language, "", translator)
            yield SurveyText("question", question, language, text, ("questions", index, "by_sms"))


def _filled(text: str, link_length: int) -> str:
    def value(match: re.Match[str]) -> str:
        length = link_length if match[1] == "link" else TYPICAL.get(match[1], TYPICAL_ELSEWHERE)
        return "n" * max(length, len(match[2] or ""))

    return _PLACEHOLDER.sub(value, text)


def _too_dear(document: Document, wording: SurveyText, cost: Segments, most: int) -> Finding:
    severity: Severity = "error" if cost.count >= 2 * most else "warning"
    costly = cost.first_costly
    because = message(" because of “{text}”", text=costly.text) if costly else ""
    told = message(
        "The message takes {count} segments ({encoding}{because}); {most} are allowed.",
        count=cost.count,
        encoding=cost.encoding,
        because=because,
        most=most,
    )
    return document.finding(RULE, wording, told, rewrite=_remedy(costly), severity=severity)


def _remedy(costly: Character | None) -> str:
    """A cheaper character only where the spelling stays: nobody is told to misspell a language."""
    if costly and costly.replacement and not costly.changes_spelling:
        return message(
            "Write “{replacement}” for “{text}”, or shorten the text.",
            replacement=costly.replacement,
            text=costly.text,
        )
    return "Shorten the text, or set `max_segments:` if the length is meant."


def _avoidable(cost: Segments, wording: SurveyText) -> bool:
    """Typography alone makes the message UCS-2: straight quotes would read the same."""
    return cost.first_costly is not None and is_gsm(straighten(_filled(wording.text, 0)))


def _odd_character(document: Document, wording: SurveyText, cost: Segments) -> Finding:
    costly = cost.first_costly
    told = message(
        "“{text}” alone makes this message UCS-2, with 70 instead of 160 characters a segment.",
        text=costly.text if costly else "",
    )
    return document.finding(RULE, wording, told, rewrite=_remedy(costly))
