"""Agreement with a statement where a direct question would do."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questions import AnyQuestion, ConsentQuestion, TextQuestion
from feedback.core.text.folding import fold
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.instruments import claimed
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.labels import lexicon
from feedback.lint.options.scales import scales
from feedback.lint.rules import double_negative
from feedback.lint.text.question import question_views

RULE = Rule(
    id="agree-disagree-scale",
    title="Ask directly instead of for agreement",
    xm=2,
    tier="D",
    severity="warning",
    why="Some people agree with whatever is said; direct questions with their own scale measure better "
    "(Saris, Revilla, Krosnick and Shaeffer 2010; XM Institute, practice 2).",
    good=("How warm or cold was the hall?", "`type: ces` with its own wording", "How clear were the prices?"),
    bad=(
        "The hall was warm. Strongly disagree … Strongly agree",
        "Fiyatların açık olduğuna katılıyor musunuz?",
    ),
    suppress="A trend kept since a date (category trend), or a validated instrument: declare it.",
)
ADVICE = message(
    "Ask for the property itself, with a scale that names both of its ends, or for what happened."
)


def check(document: Document) -> Iterator[Finding]:
    """One finding a question; a negated statement is a `double-negative` and nothing else."""
    seen = {
        int(each.wording.path[1])
        for each in question_views(document)
        if each.kind == "agreement" and any(double_negative.find(each))
    }
    for each in scales(document):
        agreement = each.ends and all(end.dimension == "agreement" for end in each.ends)
        declared = claimed(each.question) is not None and each.question.type != "csat"
        declared |= _asks_for_favour(each.question, each.language)
        if agreement and each.own and not declared and each.index not in seen:
            seen.add(each.index)
            yield _finding(document, each.index, each.language)
    for wording in document.stems():
        words, index, question = lexicon(wording.language), int(wording.path[1]), wording.question
        if question is None or isinstance(question, TextQuestion | ConsentQuestion) or claimed(question):
            continue
        if index in seen or words is None:
            continue
        if _asks_for_favour(question, wording.language):
            continue
        if words.agree.search(fold(wording.text, wording.language)):
            seen.add(index)
            yield _finding(document, index, wording.language)


def _asks_for_favour(question: AnyQuestion, language: str) -> bool:
    """Whether people are for or against a plan, which is no agreement with a statement about it."""
    words = lexicon(language)
    return words is not None and words.mentions("favour_stem", question.text.to(language))


def _finding(document: Document, index: int, language: str) -> Finding:
    return document.finding(
        RULE,
        ("questions", index, "text"),
        "This asks for agreement with a statement.",
        quoted=document.questions[index][1].text.to(language),
        language=language,
        rewrite=ADVICE,
    )
