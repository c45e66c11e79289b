"""An "other" that cannot be explained, or a box without an "other"."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.questions import ChoiceQuestion, Option
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.options.choices import choices

RULE = Rule(
    id="other-without-text",
    title="“Other” has a box to write in",
    xm=5,
    tier="D",
    severity="error",
    why="A bare “other” tells that the list is incomplete, but not what is missing (XM Institute, "
    "practice 5).",
    good=("Something else, `role: other`, `other_text: {en: What was it?}`", "no “other”, `complete: true`"),
    bad=("Other", "Başka (yazınız) without a box", "«سایر» without a box"),
)


def check(document: Document) -> Iterator[Finding]:
    for index, question in document.questions:
        if not isinstance(question, ChoiceQuestion):
            continue
        seen: set[int] = set()
        for language in document.languages:
            listed = choices(document, index, language)
            for place, option, text in listed.options if listed else ():
                words = listed.words if listed else None
                says = bool(words and (words.says("other", text) or words.mentions("specify", text)))
                told = _fault(option, says)
                if told and place not in seen:
                    seen.add(place)
                    path = ("questions", index, "options", place)
                    rewrite = "role: other, other_text: true"
                    yield document.finding(RULE, path, told, quoted=text, language=language, rewrite=rewrite)


def _fault(option: Option, says_other: bool) -> str | None:
    is_other = option.role == "other" or (option.role is None and says_other)
    if is_other and not option.other_text:
        return "People who choose this cannot say what it is."
    if option.other_text and option.role != "other":
        return "A box to write in needs `role: other` on the same option."
    return None
