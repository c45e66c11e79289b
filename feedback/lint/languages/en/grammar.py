"""English grammar, as far as rules need it."""

from __future__ import annotations

import re

from feedback.lint.languages.pack import LanguagePack


class English(LanguagePack):
    def forms(self, word: str) -> set[str]:
        """The word and its comparative ("steeper", "gentler", "bumpier", "bigger")."""
        stem = re.sub(r"(?<=[^aeiou])y$", "i", word).removesuffix("e")
        short = re.fullmatch(r"[^aeiou]+[aeiou][^aeiouwxy]", word)
        return {word, f"{stem}{word[-1] if short else ''}er"}

    def opposite(self, one: str, other: str) -> bool:
        """Also with an ending: "careful", "careless"."""
        pairs = {(one, other), (other, one)}
        return super().opposite(one, other) or any(
            having.replace("ful", "less", 1) == lacking for having, lacking in pairs if "ful" in having
        )


PACK = English(
    opt_out="Reply STOP to end",
    head_last=True,
    having="with",
    without=re.compile(r"(?:without|no|with no)(?: any| an?)? (\w{3,}?)s?(?:$|\W)"),
    denying=("un", "in", "im", "ir", "dis", "non-"),
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
