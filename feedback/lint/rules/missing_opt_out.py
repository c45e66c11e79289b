"""A text message that does not say how to stop."""

from __future__ import annotations

from collections.abc import Iterator

from feedback.lint.document import Document, Wording
from feedback.lint.fold import fold
from feedback.lint.rule import Problem, Rule

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
PHRASES = {
    "en": ("stop", "unsubscribe", "opt out", "opt-out"),
    "tr": ("ret", "red", "iptal", "stop"),
    "fa": ("لغو",),
    "de": ("stop", "stopp", "abmelden"),
    "es": ("stop", "baja", "alto", "cancelar"),
    "fr": ("stop", "désabonner"),
    "ar": ("إلغاء", "الغاء", "إيقاف", "stop", "توقف"),
}
EXAMPLES = {"en": "Reply STOP to end", "tr": "İptal için RET yazın", "fa": "لغو۱۱", "de": "STOP zum Abmelden"}


def check(document: Document) -> Iterator[Problem]:
    for wording in document.messages():
        if wording.role in ("sms", "reminder_sms") and not _offers(wording):
            example = EXAMPLES.get(wording.language, "STOP")
            told = "The message does not say how to stop further ones."
            yield document.finding(RULE, wording, told, rewrite=f"Add {{opt_out}} (for example “{example}”).")


def _offers(wording: Wording) -> bool:
    if "{opt_out" in wording.text.replace(" ", ""):
        return True
    words = fold(wording.text, wording.language)
    parts = {part.strip(".,:;!?()\"'") for part in words.split()}
    for phrase in PHRASES.get(wording.language, ("stop",)):
        plain = fold(phrase, wording.language)
        if (
            plain in parts
            or (" " in plain and plain in words)
            or (wording.language in ("fa", "ar") and plain in words)
        ):
            return True
    return False
