"""A small questionnaire in two languages."""

from __future__ import annotations

SAMPLE = """\
key: visit
title: {en: Visit, tr: Ziyaret}
languages: [en, tr]
questions:
  # asked of everybody
  - key: score
    type: nps
    text: How likely?  # one language
  - key: why
    type: single
    show_if: {question: score, at_most: 6}
    text: {en: Why?, tr: Neden?}
    options:
      - Price
      - {key: other, text: {en: Other, tr: Diğer}, role: other}
  - key: comment
    type: text
    text: {en: "What else?", tr: "Başka?"}
thanks: {en: Thanks!, tr: Teşekkürler!}
"""


def changed(after: str) -> list[tuple[str, str]]:
    """The lines that are gone from the sample, and those that are new: ("-", line) and ("+", line)."""
    old, new = SAMPLE.splitlines(), after.splitlines()
    return [("-", line) for line in old if line not in new] + [("+", line) for line in new if line not in old]
