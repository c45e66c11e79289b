"""Persian verbs and nouns, as far as a rewritten question needs them."""

from __future__ import annotations


def affirmed(word: str) -> str:
    """A negated verb without its negation: نرسید -> رسید, نمی‌رسد -> می‌رسد, نیست -> است."""
    if word.startswith("نیست"):
        rest = word.removeprefix("نیست")
        return "است" if not rest else "هست" + rest
    if word.startswith("نیام"):
        return "آم" + word.removeprefix("نیام")
    if word.startswith(("نیا", "نیف")):
        return ""
    return word.removeprefix("ن") if len(word) > 2 and word.startswith("ن") else ""


def owned(noun: str, owner: str) -> str:
    """A noun with what belongs to it: خانه + ما -> خانهٔ ما, غذا + ما -> غذای ما."""
    if noun.endswith(("ا", "و")):
        return f"{noun}ی {owner}"
    return f"{noun}ٔ {owner}" if noun.endswith("ه") else f"{noun} {owner}"
