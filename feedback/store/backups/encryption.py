"""Encrypts a file with a passphrase, in the format of age (https://age-encryption.org/v1), which other programs read.

`age --decrypt FILE` opens such a file without this product. The passphrase is stretched with scrypt (RFC 7914). The
content is cut into portions of 64 KiB, each sealed with ChaCha20-Poly1305 under a counter that also marks the last one
(the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizar, CRYPTO 2015). So the file may have any size, and
nothing in it can be changed, reordered, repeated or cut off unnoticed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from feedback.errors import Rejected, StorageUnavailable

VERSION = b"age-encryption.org/v1\n"
"""How every encrypted file begins."""
PORTION = 64 * 1024
TAG = 16
WORK = 17
"""log2 of scrypt's cost: 128 MB of memory and about half a second for each guess."""
MOST_WORK = 20
"""A file that asks for more is refused, because its header is not authenticated before the work is done."""
LONGEST_HEADER = 4_096

WRONG = "Give the passphrase with which this backup was encrypted: the one given does not open it."
DAMAGED = "Use another backup: this encrypted file is damaged, cut off, or was changed."

_STANZA = re.compile(
    rb"-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n([A-Za-z0-9+/]{43})\n(--- )([A-Za-z0-9+/]{43})\n"
)


class Readable(Protocol):
    """What is read from front to back: a file, or the output of a program."""

    def read(self, size: int, /) -> bytes: ...


def is_encrypted(beginning: bytes) -> bool:
    """Whether a file that begins like this was encrypted."""
    return beginning.startswith(VERSION[:-1])


def seal(source: Readable, target: BinaryIO, passphrase: str, *, work: int = WORK) -> None:
    """Write `source`, up to its end, to `target`, encrypted."""
    file_key, salt = os.urandom(16), os.urandom(16)
    wrapped = ChaCha20Poly1305(_stretched(passphrase, salt, work)).encrypt(bytes(12), file_key, None)
    head = VERSION + b"-> scrypt %s %d\n%s\n---" % (_text(salt), work, _text(wrapped))
    nonce = os.urandom(16)
    target.write(head + b" " + _text(_mac(file_key, head)) + b"\n" + nonce)
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    for counter, portion in _portions(source, PORTION):
        target.write(cipher.encrypt(counter, portion, None))


def unseal(source: BinaryIO, target: BinaryIO, passphrase: str) -> None:
    """Write the content of the encrypted `source` to `target`.

    Raises Rejected for a wrong passphrase, and StorageUnavailable for a damaged file. Then what was written to
    `target` so far is genuine but incomplete, and must not be used.
    """
    file_key = _file_key(source, passphrase)
    nonce = source.read(16)
    if len(nonce) != 16:
        raise StorageUnavailable(DAMAGED)
    cipher = ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))
    for counter, portion in _portions(source, PORTION + TAG):
        try:
            target.write(cipher.decrypt(counter, portion, None))
        except InvalidTag:
            raise StorageUnavailable(DAMAGED) from None


def _portions(source: Readable, size: int) -> Iterator[tuple[bytes, bytes]]:
    """(nonce, portion): the nonce is a counter of 11 bytes and a byte that is 1 for the last portion. An empty file
    has one empty portion."""
    number, portion = 0, _filled(source, size)
    while True:
        following = _filled(source, size) if len(portion) == size else b""
        yield number.to_bytes(11, "big") + (b"\0" if following else b"\1"), portion
        if not following:
            return
        number, portion = number + 1, following


def _filled(source: Readable, size: int) -> bytes:
    """The next `size` bytes, fewer only at the end: a pipe may give less than it is asked for."""
    parts, missing = [], size
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _file_key(source: BinaryIO, passphrase: str) -> bytes:
    """The key of the content. Afterwards `source` is at the end of the header."""
    header = b"".join(_lines(source, 4))
    found = _STANZA.fullmatch(header[len(VERSION) :])
    if not header.startswith(VERSION) or found is None:
        raise StorageUnavailable(
            "Decrypt this file with the program age first: it was not encrypted with a passphrase, or it is damaged."
        )
    salt, work, wrapped, mac = _bytes(found[1]), int(found[2]), _bytes(found[3]), _bytes(found[5])
    if work > MOST_WORK:
        raise StorageUnavailable(DAMAGED)
    try:
        file_key = ChaCha20Poly1305(_stretched(passphrase, salt, work)).decrypt(bytes(12), wrapped, None)
    except InvalidTag:
        raise Rejected(WRONG) from None
    authenticated = header[: len(VERSION) + found.end(4) - 1]
    if not hmac.compare_digest(mac, _mac(file_key, authenticated)):
        raise StorageUnavailable(DAMAGED)
    return file_key


def _lines(source: BinaryIO, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield source.readline(LONGEST_HEADER)


def _stretched(passphrase: str, salt: bytes, work: int) -> bytes:
    return Scrypt(salt=b"age-encryption.org/v1/scrypt" + salt, length=32, n=2**work, r=8, p=1).derive(
        passphrase.encode()
    )


def _derived(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length=32, salt=salt, info=purpose).derive(key)


def _mac(file_key: bytes, head: bytes) -> bytes:
    return hmac.new(_derived(file_key, b"", b"header"), head, hashlib.sha256).digest()


def _text(value: bytes) -> bytes:
    return base64.b64encode(value).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise StorageUnavailable(DAMAGED) from None
