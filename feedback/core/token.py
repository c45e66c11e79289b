"""The secret in a survey link: twelve characters that can be computed again and cannot be guessed.

A token is HMAC-SHA256 of the invitation's id, written in base58 (no 0, O, l or I to mistake, no trailing
sign that a phone would leave out of the link) and cut to 12 characters. Because it follows from the id, a
worker that crashed between two steps finds the link that it may already have sent, instead of making another.

The odds: 58^12 is 70.3 bits. Somebody who tries 100 links a second for a year against a million open
invitations finds one with a probability of 2 in a million. (At 48 bits they would find eleven.)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 12


@dataclass(frozen=True)
class TokenKeys:
    """Signing keys by version. New links use the highest; an invitation remembers which one it was made with.

    Rotation: add a key with the next number. Retiring an old number ends every link made with it.
    """

    by_version: Mapping[int, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.by_version:
            raise ValueError("At least one key for survey links is needed.")
        if any(len(key) < 32 for key in self.by_version.values()):
            raise ValueError("A key for survey links needs at least 32 bytes.")

    @property
    def current(self) -> int:
        """The version that new links are made with."""
        return max(self.by_version)

    def token(self, invitation_id: int | str, version: int) -> str:
        """The token of an invitation; KeyError when the key of that version has been retired."""
        return derive(self.by_version[version], invitation_id)


def derive(key: bytes, invitation_id: int | str) -> str:
    """Twelve base58 characters, always the same for the same key and invitation.

    Taking a 256-bit number modulo 58^12 favours some tokens by less than 1 in 2^185: nobody can measure it.
    The prefix keeps these tokens apart from anything else that may be signed with the same key.
    """
    digest = hmac.new(key, f"survey-link:{invitation_id}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest, "big")
    characters = []
    for _ in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[index])
    return "".join(characters)


def looks_like_token(text: str) -> bool:
    """Whether it is worth asking the database."""
    return len(text) == LENGTH and all(character in ALPHABET for character in text)


def same_token(one: str, other: str) -> bool:
    """Compares in a time that does not depend on where the two differ."""
    return hmac.compare_digest(one.encode(), other.encode())
