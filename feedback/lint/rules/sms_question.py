"""A question that shall be asked by SMS and cannot be answered there, or only with doubt."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questions import AnyQuestion, SingleQuestion
from feedback.core.replies import conversation
from feedback.core.replies.offered import MOST_LISTED, MOST_QUESTIONS, is_askable
from feedback.core.replies.words import all_languages, phrase
from feedback.core.replies.written import OPTIONS
from feedback.core.text.message import placeholders
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, Path, SurveyText
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.routes import ways

RULE = Rule(
    id="sms-question",
    title="A question that is asked by SMS can be answered there",
    tier="D",
    severity="warning",
    why="A reply is a number or a few words. What it cannot say is asked by link, and an option that looks like a "
    "number or an opt-out is misread.",
    good=(
        "by_sms: true, for a scale or a choice of one with up to 9 answers",
        "sms: “Why did you leave? {options} {link}”, if the first question is a choice",
    ),
    bad=("by_sms: true, for a ranking", "options that begin with a number: “3 months”", "an option “Stop”"),
)


def check(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    if questionnaire is None or not any(each.by_sms for each in questionnaire.questions):
        return
    for index, question in document.questions:
        if question.by_sms:
            yield from _asked(document, index, question)
    if conversation.opening(questionnaire) is None:
        yield from _unopened(document)
    yield from _invitation(document)
    yield from _too_many(document)


def _asked(document: Document, index: int, question: AnyQuestion) -> Iterator[Finding]:
    path: Path = ("questions", index, "by_sms")
    if isinstance(question, SingleQuestion) and not is_askable(question):
        told = message(
            "An SMS lists at most {most} answers; this question is asked by link.", most=MOST_LISTED
        )
        yield document.finding(RULE, path, told, severity="info", rewrite="Offer fewer options.")
    elif not is_askable(question):
        kind = document.at(("questions", index, "type"))
        told = message("An SMS cannot ask a question of type `{type}`; it sends the link.", type=kind)
        yield document.finding(RULE, path, told, severity="info")
    else:
        yield from _options(document, index)


def _options(document: Document, index: int) -> Iterator[Finding]:
    everyone = all_languages()
    for wording in document.question_texts(index):
        words = phrase(wording.text).split() if wording.role == "option" else []
        if words and words[0].isdigit():
            yield _misread(
                document, wording, "By SMS, this option looks like the number of another one.",
                "Begin it with a word: “about 3 months”.",
            )  # fmt: skip
        elif " ".join(words) in everyone.stop:
            yield _misread(
                document, wording, "A customer who replies with this option opts out of all surveys.",
                "Say it in other words.",
            )  # fmt: skip
        elif " ".join(words) in everyone.help | everyone.start:
            yield _misread(
                document, wording, "A reply with this option is read as a request for help, or to get surveys again.",
                "Say it in other words.",
            )  # fmt: skip


def _misread(document: Document, wording: SurveyText, told: str, rewrite: str) -> Finding:
    return document.finding(RULE, wording, told, rewrite=rewrite)


def _unopened(document: Document) -> Iterator[Finding]:
    index = next((index for index, each in document.questions if each.answerable), 0)
    told = "No conversation by SMS begins, because a number cannot answer the first question."
    rewrite = "Begin with a scale, or with a choice of one that has `by_sms: true`."
    yield document.finding(RULE, ("questions", index), told, rewrite=rewrite)


def _invitation(document: Document) -> Iterator[Finding]:
    """The invitation by SMS has to list the options of a choice that comes first."""
    questionnaire = document.questionnaire
    first = conversation.opening(questionnaire) if questionnaire else None
    for wording in document.messages() if isinstance(first, SingleQuestion) else ():
        if wording.role in ("sms", "reminder_sms") and not _lists(wording.text):
            told = "The first question is a choice, but this SMS does not list the options."
            yield document.finding(
                RULE,
                wording,
                told,
                rewrite=message("Write {placeholder} where they belong.", placeholder="{options}"),
            )


def _lists(text: str) -> bool:
    try:
        return any(each.name == OPTIONS for each in placeholders(text))
    except ValueError:
        return True  # the rule for placeholders tells what is wrong


def _too_many(document: Document) -> Iterator[Finding]:
    questionnaire = document.questionnaire
    asked = {each.key for each in questionnaire.questions if each.by_sms} if questionnaire else set()
    first = conversation.opening(questionnaire) if questionnaire else None
    most = 0
    for way in ways(questionnaire) if questionnaire and first else ():
        comment = next((each.key for each in way if each.type == "text"), None)
        by_sms = {each.key for each in way if is_askable(each) and each.key in asked}
        most = max(most, len(by_sms | {first.key if first else "", comment} - {None, ""}))
    if most > MOST_QUESTIONS:
        told = message(
            "With the comment, {count} questions are asked by SMS; only the first {most} are, the link asks the rest.",
            count=most, most=MOST_QUESTIONS,
        )  # fmt: skip
        yield document.finding(RULE, ("questions",), told, rewrite="Take `by_sms` off a question.")
