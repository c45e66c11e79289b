"""Recovery codes: single use, stored as keyed digests.

A code has 48 bits, which is too few for a plain hash. The digest is keyed with the setting web.password_salt, so that
a copy of the database alone reveals no code (ASVS 5.0, 6.5.2).
"""

from __future__ import annotations

import hashlib
import hmac
import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.store.models import User

_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest(salt: str, code: str) -> str:
    """What is stored of a code; capital letters and spaces around it make no difference."""
    return hmac.new(salt.encode(), b"recovery\0" + code.strip().lower().encode(), hashlib.sha256).hexdigest()


def use(session: Session, user_id: int, salt: str, code: str) -> bool:
    """Use up a code; False if the user has no such code (any more).

    The row is locked, so that of several requests with one code a single one gets True.
    """
    user = session.scalar(select(User).where(User.id == user_id).with_for_update())
    wanted = digest(salt, code)
    stored = (user.mf_recovery_codes or []) if user else []
    if user is None or wanted not in stored:
        return False
    user.mf_recovery_codes = [each for each in stored if each != wanted]
    return True


def hash_clear(session: Session, salt: str) -> int:
    """Hash the codes that earlier releases stored in the clear. Returns the number of users with such codes."""
    changed = 0
    for user in session.scalars(select(User).where(User.mf_recovery_codes.is_not(None))):
        codes = user.mf_recovery_codes or []
        hashed = [code if _DIGEST.fullmatch(code) else digest(salt, code) for code in codes]
        if hashed != codes:
            user.mf_recovery_codes = hashed
            changed += 1
    return changed
