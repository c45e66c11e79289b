"""Questions that ask for what did not happen."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.rules import double_negative, leading_wording
from feedback.lint.rules.wording import Hit, report
from feedback.lint.text.question import QuestionView

RULE = Rule(
    id="negation",
    title="Questions are asked positively",
    tier="L",
    severity="warning",
    qas="3a",
    why=(
        "Readers overlook a 'not', and 'yes' to a negative question means opposite things to "
        "different people and in "
        "different languages (Question Appraisal System, item 3a)."
    ),
    good=("Which pages did you open?", "Fatura kolay mı yoksa zor mu anlaşıldı?", "کدام بخش‌ها را دیدید؟"),
    bad=("Which of our shops have you not visited?", "Kargo zamanında gelmedi mi?", "آیا بسته نرسید؟"),
)


def find(question: QuestionView) -> Iterator[Hit]:
    """One negation in the main clause of a closed question. Worse cases belong to the rules named below."""
    if not question.closed or question.kind == "agreement" or _is_event(question):
        return
    words = question.words
    if not question.finds("negation.words"):
        return
    if any(double_negative.find(question)) or any(leading_wording.pressing(question)):
        return
    text = words.hide_poles(question.stem.main)
    if match := words.search_outside("negation.words", text, "negation.silent"):
        yield Hit(*match.span(), "People read a negative question as its opposite; ask what happened.")


def _is_event(question: QuestionView) -> bool:
    """Whether a row of a grid names something that may happen ("The payment did not go through"), and asks nothing."""
    return question.type == "matrix" and "rows" in question.wording.path and not question.stem.asks


def check(document: Document) -> Iterator[Finding]:
    return report(document, RULE, find)
