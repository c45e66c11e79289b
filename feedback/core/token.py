"""The secret token in a survey link: twelve characters, reproducible but not guessable.

A token is HMAC-SHA256 of the invitation's id in base58 (no 0, O, l or I, and no punctuation that phones leave
out of a link), cut to 12 characters. Because it is derived from the id, a worker that crashed between two steps
makes the same link again. It is also stored with its invitation, so links that were sent still work after the
key is changed.

58^12 is 70.3 bits. Trying 100 links a second for a year against a million open invitations finds one with a
probability of 2 in a million. (With 48 bits, one would find eleven.)
"""

from __future__ import annotations

import hashlib
import hmac

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 12


def derive(key: bytes, invitation_id: int | str) -> str:
    """The token of an invitation: twelve base58 characters, always the same for the same key and id.

    Taking a 256-bit number modulo 58^12 favours some tokens by less than 1 in 2^185, which is negligible.
    The prefix separates these tokens from anything else that is signed with the same key.
    """
    digest = hmac.new(key, f"survey-link:{invitation_id}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest, "big")
    characters = []
    for _ in range(LENGTH):
        number, index = divmod(number, len(ALPHABET))
        characters.append(ALPHABET[index])
    return "".join(characters)


def looks_like_token(text: str) -> bool:
    """Whether `text` has the form of a token, so that a database look-up makes sense."""
    return len(text) == LENGTH and all(character in ALPHABET for character in text)
