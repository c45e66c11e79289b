"""Says when the word rules cannot read a language; they are never skipped in silence."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.core.text.translatable import message
from feedback.lint.document.document import Document
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.lexicon import lexicon

RULE = Rule(
    id="language-unsupported",
    title="Word rules need word lists",
    tier="D",
    severity="info",
    why=(
        "A questionnaire without findings looks checked; where a language has no word lists, its "
        "wording was not."
    ),
    good=("languages: [en, tr, fa]",),
    bad=("languages: [fi]",),
)


def check(document: Document) -> Iterator[Finding]:
    """One line for each language that has no lexicon."""
    for language in document.languages:
        if lexicon(language) is None:
            told = message(
                "word rules not run for '{language}': no word list; a person has to read the wording",
                language=language,
            )
            yield document.finding(RULE, ("languages",), told, quoted=language, language=language)
