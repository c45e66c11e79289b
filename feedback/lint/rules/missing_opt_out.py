"""A text message that does not say how to stop."""

from __future__ import annotations

import re
from collections.abc import Iterator

from feedback.core.text.folding import fold_any
from feedback.core.text.translatable import message
from feedback.lint.document.document import Document, SurveyText
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.languages.lexicon import lexicon as words_of
from feedback.lint.languages.pack import pack
from feedback.lint.options.labels import lexicon

RULE = Rule(
    id="missing-opt-out",
    title="Every text message says how to stop",
    tier="D",
    severity="error",
    why="Carriers and most laws ask for it, and a customer who cannot stop complains instead (CTIA Messaging "
    "Principles; Türkiye: Law 6563; Iran: code 11). Not legal advice. An e-mail gets its unsubscribe "
    "link and "
    "header when it is sent.",
    good=("Reply STOP to end", "{opt_out}", "RET yazıp 3340'a gönderin", "لغو۱۱"),
    bad=("{company}: how did we do? {link}", "Thanks!"),
    suppressible=False,
)


def check(document: Document) -> Iterator[Finding]:
    for wording in document.messages():
        if wording.role in ("sms", "reminder_sms") and not _offers(wording):
            example = pack(wording.language).opt_out
            told = "The message does not say how to stop further ones."
            yield document.finding(
                RULE,
                wording,
                told,
                rewrite=message("Add {{opt_out}} (for example “{example}”).", example=example),
            )


def _offers(wording: SurveyText) -> bool:
    """Whether the message says how to end further ones."""
    if "{opt_out" in wording.text.replace(" ", "") or _has_keyword(wording):
        return True
    words = lexicon(wording.language)
    return words is not None and words.mentions("opt_out", wording.text)


def _has_keyword(wording: SurveyText) -> bool:
    """In capitals a keyword speaks for itself; "stop" in "bus stop" offers no way out. The ways to put one in a
    sentence are in labels.yaml."""
    words = words_of(wording.language) or words_of("en")
    known = {fold_any(each) for each in words.words("missing-opt-out.keywords")} if words else set()
    return any(each.isupper() and fold_any(each) in known for each in re.findall(r"\w+", wording.text))
