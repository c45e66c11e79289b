"""German grammar, as far as rules need it."""

from __future__ import annotations

from feedback.lint.languages.pack import LanguagePack

PACK = LanguagePack(opt_out="STOP zum Abmelden", head_last=True)
