"""Which translation was written or confirmed for which source. The audit log keeps it: it never forgets.

The hashes are short, because they only tell the wordings of one text apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.services import audit
from feedback.services.questionnaires.layers import Layer
from feedback.services.studio import revisions
from feedback.services.studio.drafts import TEXT, StudioDraft
from feedback.services.studio.translations.state import (
    Confirmation,
    Translation,
    TranslationHistory,
    confirmation,
)
from feedback.services.studio.translations.texts import wordings_of
from feedback.store.models import AuditEntry

TRANSLATED = "translated"
MADE_FROM = "made_from"
"""The key of an entry's detail with `id=language:source:target` for each text, parted by spaces."""
MOST_REVISIONS = 30
"""Earlier texts that are read to find out from which source a translation was made."""


def confirm(
    session: Session, key: str, translations: Sequence[Translation], *, by: int, now: datetime
) -> None:
    """Record that these translations of the text `key` are right for their sources."""
    made_from = [confirmation(each) for each in translations]
    audit.record(
        session,
        TRANSLATED,
        TEXT,
        None,
        by=by,
        now=now,
        key=key,
        texts=len(made_from),
        **{MADE_FROM: " ".join(f"{c.id}={c.language}:{c.source}:{c.target}" for c in made_from)},
    )


def history(session: Session, draft: StudioDraft) -> TranslationHistory:
    """What is known about the translations of a draft: its revisions, the file below it, and what was confirmed."""
    earlier = [each.text for each in revisions.history(session, draft.key)[:MOST_REVISIONS]]
    if draft.in_force is not None and draft.in_force_layer is not Layer.STUDIO:
        earlier.append(draft.in_force)
    return TranslationHistory([wordings_of(each) for each in earlier], _confirmed(session, draft.key))


def _confirmed(session: Session, key: str) -> frozenset[Confirmation]:
    details = session.scalars(
        select(AuditEntry.detail).where(AuditEntry.subject == TEXT, AuditEntry.action == TRANSLATED)
    )
    return frozenset(
        _read(each) for detail in details if detail["key"] == key for each in detail[MADE_FROM].split()
    )


def _read(written: str) -> Confirmation:
    name, _, hashes = written.rpartition("=")
    return Confirmation(name, *hashes.split(":"))
