"""Arabic grammar, as far as rules need it: words hold their article and "and", so people follow more of them."""

from __future__ import annotations

from feedback.lint.languages.pack import LanguagePack

PACK = LanguagePack(sentence_words=28)
