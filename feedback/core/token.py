"""The secret token in a link: twelve characters that nobody can guess, drawn once and stored.

A token is drawn from the operating system's randomness in base58 (no 0, O, l or I, and no punctuation that phones
leave out of a link). It is not derived from an id: ids start again where a backup ended, and after a restore the link
of a survey that the backup does not know would open another customer's.

58^12 is 70.3 bits. Trying 100 links a second for a year against a million open invitations finds one with a
probability of 2 in a million. (With 48 bits, one would find eleven.)
"""

from __future__ import annotations

import secrets

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 12


def draw() -> str:
    """A new token: twelve base58 characters, each equally likely."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def looks_like_token(text: str) -> bool:
    """Whether `text` has the form of a token, so that a database look-up makes sense."""
    return len(text) == LENGTH and all(character in ALPHABET for character in text)
