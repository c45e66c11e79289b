"""The secret in a survey link: twelve characters that can be computed again and cannot be guessed.

A token is HMAC-SHA256 of the invitation's id, written in base58 (no 0, O, l or I to mistake, no trailing
sign that a phone would leave out of the link) and cut to 12 characters. Because it follows from the id, a
worker that crashed between two steps finds the link that it may already have sent, instead of making another. It is
stored with its invitation: a new key makes new links, and those that are out go on to work.

The odds: 58^12 is 70.3 bits. Somebody who tries 100 links a second for a year against a million open
invitations finds one with a probability of 2 in a million. (At 48 bits they would find eleven.)
"""

from __future__ import annotations

import hashlib
import hmac

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 12


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
