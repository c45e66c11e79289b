"""More writing than choosing."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questions import AnyQuestion, TextQuestion
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.labels import lexicon
from feedback.lint.options.routes import ways

RULE = Rule(
    id="open-ended-overuse",
    title="Open questions are few and follow closed ones",
    xm=13,
    tier="D",
    severity="warning",
    why="Open questions cost most effort and are skipped most; one after a score tells more than "
    "four in a row "
    "(XM Institute, practice 13).",
    good=(
        "NPS and why",
        "a score, a reason and a closing comment",
        "a purpose that says it is an interview guide",
    ),
    bad=("4 of 6 questions are open", "the survey opens with an essay", "2 open questions by SMS"),
    suppress="An interview guide: say so in `purpose:`.",
)


def check(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    if questionnaire is None or "interview" in (questionnaire.purpose or "").casefold():
        return
    most = 1 if questionnaire.messages.sms and not questionnaire.messages.email else 2
    told = next((told for way in ways(questionnaire) if (told := _too_many(document, way, most))), None)
    first = questionnaire.questions[0]
    if _is_open(first) and len(questionnaire.questions) > 1:
        told = "The survey opens with an open question; begin with one that is easy to answer."
    elif _is_open(first):
        told = "The only question is an open one; pair it with a closed one."
    if told:
        open_ones = [index for index, question in document.questions if _is_open(question)]
        yield document.finding(
            RULE, ("questions", open_ones[0]), told, rewrite="Ask for a score first, then why."
        )


def _is_open(question: AnyQuestion) -> bool:
    return isinstance(question, TextQuestion) and not question.contact


def _too_many(document: Document, way: tuple[AnyQuestion, ...], most: int) -> str | None:
    counted = [q for q in way if _is_open(q) and not _closes(document, q, way)]
    if len(counted) > most:
        return message(
            "{count} of {all} questions are open; at most {most} make sense here.",
            count=len(counted),
            all=len(way),
            most=most,
        )
    if len(way) >= 3 and len(counted) * 3 > len(way):
        return message(
            "{count} of {all} questions are open; at most a third should be.",
            count=len(counted),
            all=len(way),
        )
    return None


def _closes(document: Document, question: AnyQuestion, way: tuple[AnyQuestion, ...]) -> bool:
    """The last "anything else?" does not count."""
    if way[-1] is not question:
        return False
    for language in document.languages:
        words = lexicon(language)
        if words and words.mentions("closing", question.text.to(language)):
            return True
    return False
