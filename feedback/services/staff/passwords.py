"""Passwords that somebody would try first: common ones, simple patterns, and the user's or the product's own words.

zxcvbn estimates the number of guesses from lists of leaked passwords, words, names, keyboard rows, repetitions and
dates (Wheeler, "zxcvbn: Low-Budget Password Strength Estimation", USENIX Security 2016). Required by ASVS 5.0, 6.2.4
and 6.2.11.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

STRONG_ENOUGH = 3
"""On zxcvbn's scale from 0 to 4: more than 10^8 guesses, which the limits on attempts put out of reach."""
_READ = 72
"""Characters that are looked at; zxcvbn's time grows faster than the length."""
PRODUCT = "feedback"


class Weakness(StrEnum):
    COMMON = "common"
    """Among the most used passwords, or a simple pattern."""
    OWN_WORDS = "own words"
    """Guessed from the user's name or address, or the name of the organisation or the product."""


def weakness(password: str, words: Iterable[str]) -> Weakness | None:
    """Why a password is refused; None if it is good enough. `words` are names and addresses of user and site.

    Words of one's own count for nothing, so what is left without them has to be good enough by itself.
    """
    own = re.compile("|".join(map(re.escape, sorted(_parts([*words, PRODUCT]), key=len, reverse=True))))
    read = password[:_READ].lower()
    if not _is_guessable(own.sub("", read)) and not _is_guessable(password[:_READ]):
        return None
    return Weakness.OWN_WORDS if own.search(read) else Weakness.COMMON


def _is_guessable(password: str) -> bool:
    import zxcvbn  # noqa: PLC0415  (its word lists take 0.1 s, which only a new password has to pay)

    return not password or bool(zxcvbn.zxcvbn(password)["score"] < STRONG_ENOUGH)


def _parts(words: Iterable[str]) -> set[str]:
    """The words and what they consist of: `ada@acme.test` gives also `ada`, `acme` and `acme.test`."""
    whole = {word.strip().lower() for word in words if word.strip()}
    halves = {half for word in whole for half in word.split("@")}
    pieces = {piece for word in whole for piece in re.split(r"[\W_]+", word)}
    return {part[:_READ] for part in whole | halves | pieces if len(part) > 2}
