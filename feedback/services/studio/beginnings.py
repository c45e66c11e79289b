"""The ways to begin a questionnaire: with a first question, from the bank of items, or with a text from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from feedback import lint
from feedback.errors import Rejected
from feedback.i18n import LANGUAGES, _
from feedback.lint.editing.splice import Splice, spliced
from feedback.services.studio import item_bank
from feedback.services.studio.importing.keys import slug, unused
from feedback.services.studio.importing.writing import flow

MOST_WORDS = 200
"""Characters of a title."""

METRICS: Mapping[str, tuple[str, str]] = {
    "nps": ("nps", _("Likelihood to recommend (NPS)")),
    "csat": ("csat", _("Satisfaction (CSAT)")),
    "ces": ("ces-easy", _("Effort (CES)")),
    "pmf": ("pmf", _("Would miss the product (PMF)")),
    "thumbs": ("solved", _("Yes or no")),
    "stars": ("stars", _("Five stars")),
    "smileys": ("smileys", _("Smileys")),
}
"""What a new questionnaire can measure -> (item of the bank, title)."""

_COMMENT_PURPOSE = "Decide what to improve next."
_COMMENT: Mapping[str, str] = {
    "en": "What could we do better?",
    "tr": "Neyi daha iyi yapabiliriz?",
    "fa": "چه کاری را می‌توانیم بهتر انجام دهیم؟",
    "de": "Was können wir besser machen?",
    "es": "¿Qué podemos hacer mejor?",
    "fr": "Que pouvons-nous améliorer ?",
    "ar": "ما الذي يمكننا تحسينه؟",
}


def proposed_key(title: str, taken: Collection[str] = ()) -> str:
    """A key made of a title, different from those in `taken`: "Customer support 2026" gives `customer-support-2026`."""
    return unused(slug(title) or "survey", taken)


def blank(title: str, key: str, languages: Sequence[str], metric: str | None) -> str:
    """The text of a questionnaire with one scored question, if `metric` is one of METRICS, and one for a comment.

    The title is in the first of `languages`. Raises Rejected for a missing title, an unknown language or metric.
    """
    words = " ".join(title.split())
    if not words or len(words) > MOST_WORDS:
        raise Rejected("Give the survey a title of at most 200 characters.")
    if not languages or not set(languages) <= set(LANGUAGES["survey"]):
        raise Rejected("Choose at least one language.")
    if metric and metric not in METRICS:
        raise Rejected("Choose what to measure from the list.")
    chosen = [item_bank.item(METRICS[metric][0])] if metric else []
    return with_items(words, key, languages, chosen, comment=True)


def with_items(
    title: str,
    key: str,
    languages: Sequence[str],
    chosen: Sequence[item_bank.BankItem],
    *,
    comment: bool = False,
) -> str:
    """The text of a questionnaire with these items of the bank, in their order."""
    listed = list(dict.fromkeys(languages))
    lines = [f"key: {flow(key)}", f"title: {flow({listed[0]: title})}", f"languages: [{', '.join(listed)}]"]
    lines.append("questions:")
    taken: list[str] = []
    for each in chosen:
        data = item_bank.data_of(each, listed, taken)
        taken.append(data["key"])
        lines += _question(data)
    if comment:
        texts = {each: _COMMENT[each] for each in listed}
        key = unused("comment", taken)
        lines += _question({"key": key, "type": "text", "purpose": _COMMENT_PURPOSE, "text": texts})
    return "\n".join(lines) + "\n"


def _question(data: Mapping[str, object]) -> list[str]:
    lines = []
    for name, value in data.items():
        if name == "text" and isinstance(value, dict):
            lines += ["text:", *(f"  {language}: {flow(words)}" for language, words in value.items())]
        elif name == "options" and isinstance(value, list):
            lines += ["options:", *(f"  - {flow(each)}" for each in value)]
        else:
            lines.append(f"{name}: {flow(value)}")
    return [f"  - {lines[0]}", *(f"    {each}" for each in lines[1:])]


def with_key(text: str, key: str) -> str:
    """A text with another key; nothing else in it changes. A text without a key stays as it is."""
    document = lint.read(text)
    place = document.spans.get(("key",))
    if place is None or not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", key):
        return text
    return spliced(document.source, [Splice(place.start, place.end, flow(key))])
