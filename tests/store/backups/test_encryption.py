"""Encrypted backups: the format is age's, and nothing in a file can be changed unnoticed."""

from __future__ import annotations

import base64
import io

import pytest

from feedback.errors import FeedbackError, Rejected, StorageUnavailable
from feedback.store.backups.encryption import PORTION, TAG, is_encrypted, seal, unseal

BY_AGE = (
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBnQUJtayszaHBlbTVXbHFOb0l5djlRIDE4ClhFcFIwb0ZLd3IvYU9KK2NwMmxmM3F6"
    "eXg5N3FrWjh0aTlUb1A0SXRpK0EKLS0tIEdvamc2dFkzVTQzcVNFbktJTWVGODBkNDV1bTMvaDRwOXI2MSs1R2xyeWsKb3YNWBgonI4lGAuP"
    "3KObGalZmxW50sgCQzIRxFQj6PmaJQZD+6ObaLRfcIaICUgegLYRRA=="
)
"""What `age --passphrase` of Debian 12 (release 1.1.1) has made of a text."""
PASSPHRASE = "doğru at pil zımba"
FAST = 2
"""The least work that makes sense only in a test."""


def sealed(content: bytes) -> bytes:
    target = io.BytesIO()
    seal(io.BytesIO(content), target, PASSPHRASE, work=FAST)
    return target.getvalue()


def unsealed(content: bytes, passphrase: str = PASSPHRASE) -> bytes:
    target = io.BytesIO()
    unseal(io.BytesIO(content), target, passphrase)
    return target.getvalue()


def test_a_file_of_the_program_age_is_opened() -> None:
    assert unsealed(base64.b64decode(BY_AGE)).decode() == "Günaydın, سلام"


@pytest.mark.parametrize("size", [0, 1, PORTION - 1, PORTION, PORTION + 1, 2 * PORTION])
def test_what_was_encrypted_comes_back(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    closed = sealed(content)
    assert is_encrypted(closed[:32])
    assert size < 64 or content[:64] not in closed
    assert unsealed(closed) == content


def test_two_files_of_one_content_have_nothing_in_common() -> None:
    first, second = sealed(b"x" * 1_000), sealed(b"x" * 1_000)
    assert first[-1_000:] != second[-1_000:]


def test_a_pipe_that_gives_little_at_a_time_is_read_to_its_end() -> None:
    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1_000))

    target = io.BytesIO()
    seal(Pipe(b"y" * 150_000), target, PASSPHRASE, work=FAST)
    assert unsealed(target.getvalue()) == b"y" * 150_000


def test_a_wrong_passphrase_is_one_sentence() -> None:
    with pytest.raises(Rejected, match="Give the passphrase with which this backup was encrypted"):
        unsealed(sealed(b"secret"), "dogru at pil zimba")


@pytest.mark.parametrize("place", ["mac", "nonce", "first", "second", "end"])
def test_one_changed_byte_is_noticed(place: str) -> None:
    closed = bytearray(sealed(b"z" * (PORTION + 100)))
    head = closed.index(b"\n--- ") + 5
    body = head + 44 + 16
    where = {
        "mac": head + 5,
        "nonce": head + 50,
        "first": body + 9,
        "second": body + PORTION + TAG + 9,
        "end": -1,
    }
    closed[where[place]] ^= 1
    with pytest.raises(FeedbackError):
        unsealed(bytes(closed))


@pytest.mark.parametrize("missing", [1, 100, 116, PORTION])
def test_a_file_that_was_cut_off_is_noticed(missing: int) -> None:
    """116 bytes are the whole last portion: what is left ends where a portion ends, and is still too short."""
    with pytest.raises(StorageUnavailable, match="damaged, cut off"):
        unsealed(sealed(b"z" * (PORTION + 100))[:-missing])


@pytest.mark.parametrize("size", [3, 30, 60, 120])
def test_a_file_that_is_only_a_piece_of_the_header_is_refused(size: int) -> None:
    with pytest.raises(StorageUnavailable):
        unsealed(sealed(b"secret")[:size])


def test_a_header_that_asks_for_hours_of_work_is_refused() -> None:
    closed = sealed(b"secret").replace(b" 2\n", b" 40\n", 1)
    with pytest.raises(StorageUnavailable, match="damaged"):
        unsealed(closed)
