"""Arabic: what rewrites add. No Arabic sentence is split: "and" is written to its word."""

from __future__ import annotations

import re

from feedback.lint.rewriting.language import Phrases, Rewriting

REWRITING = Rewriting(
    Phrases(
        never="أبدًا",
        none="لا شيء مما سبق",
        other="شيء آخر",
        not_at_all="إطلاقًا",
        did_not_use="لم أستخدمه",
        or_more="{} أو أكثر",
        under="أقل من {}",
        period="خلال الأشهر الثلاثة الماضية",
    ),
    joints=re.compile(r"(?<!\w)(?:وكذلك|أو|و)(?!\w)"),
)
