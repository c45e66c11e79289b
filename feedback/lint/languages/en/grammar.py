"""English grammar, as far as rules need it."""

from __future__ import annotations

from feedback.lint.languages.pack import LanguagePack

PACK = LanguagePack(
    opt_out="Reply STOP to end",
    head_last=True,
    endings=(
        ("ations", ("ate", "e")),
        ("ation", ("ate", "e")),
        ("ions", ("e", "")),
        ("ion", ("e", "")),
        ("ings", ("", "e")),
        ("ing", ("", "e")),
        ("ed", ("", "e")),
        ("ies", ("y",)),
        ("es", ("e", "")),
        ("s", ("",)),
        ("ly", ("",)),
    ),
)
