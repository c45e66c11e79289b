"""Persian nouns, as far as a rewritten question needs them."""

from __future__ import annotations


def owned(noun: str, owner: str) -> str:
    """A noun with what belongs to it: خانه + ما -> خانهٔ ما, غذا + ما -> غذای ما."""
    if noun.endswith(("ا", "و")):
        return f"{noun}ی {owner}"
    return f"{noun}ٔ {owner}" if noun.endswith("ه") else f"{noun} {owner}"
