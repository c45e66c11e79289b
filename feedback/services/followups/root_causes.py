"""The list of root causes, which the organisation maintains, with a default list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from feedback.errors import NotFound, Rejected
from feedback.i18n import LANGUAGES
from feedback.services import audit
from feedback.store.models import RootCause

FIRST: Mapping[str, dict[str, str]] = {
    "product": {"en": "Product: defect", "tr": "Ürün: hata", "fa": "محصول: خرابی"},
    "missing": {
        "en": "Product: something missing",
        "tr": "Ürün: eksik özellik",
        "fa": "محصول: کمبود",
    },
    "usability": {"en": "Hard to use", "tr": "Kullanımı zor", "fa": "دشواری در استفاده"},
    "onboarding": {"en": "Onboarding", "tr": "Başlangıç süreci", "fa": "راه‌اندازی"},
    "support_speed": {"en": "Support: too slow", "tr": "Destek: çok yavaş", "fa": "پشتیبانی: کندی"},
    "support_quality": {
        "en": "Support: not solved",
        "tr": "Destek: çözülmedi",
        "fa": "پشتیبانی: حل نشد",
    },
    "price": {"en": "Price", "tr": "Fiyat", "fa": "قیمت"},
    "billing": {"en": "Invoice or contract", "tr": "Fatura veya sözleşme", "fa": "صورت‌حساب یا قرارداد"},
    "reliability": {"en": "Outage", "tr": "Kesinti", "fa": "قطعی سرویس"},
    "expectations": {"en": "Wrong expectations", "tr": "Yanlış beklenti", "fa": "انتظار نادرست"},
    "customer_side": {
        "en": "Change at the customer",
        "tr": "Müşterideki değişiklik",
        "fa": "تغییر در مشتری",
    },
    "other": {"en": "Something else", "tr": "Başka bir neden", "fa": "چیز دیگر"},
}


def ensure(session: Session) -> None:
    """Store the default list if the table is empty."""
    if session.scalar(select(RootCause.id).limit(1)) is not None:
        return
    try:
        with session.begin_nested():
            session.add_all(RootCause(key=key, title=title) for key, title in FIRST.items())
    except IntegrityError:  # another node has just done it
        return


def in_use(session: Session) -> Sequence[RootCause]:
    """The causes that can be chosen, in the order in which they were added."""
    return session.scalars(
        select(RootCause).where(RootCause.retired_at.is_(None)).order_by(RootCause.id)
    ).all()


def everything(session: Session) -> Sequence[RootCause]:
    """All causes, with retired ones at the end."""
    order = (RootCause.retired_at.is_not(None), RootCause.id)
    return session.scalars(select(RootCause).order_by(*order)).all()


def add(session: Session, titles: Mapping[str, str], *, by: int, now: datetime) -> RootCause:
    """Add a cause. Raises Rejected if a language is missing."""
    title = _titles(titles)
    cause = RootCause(key=_free_key(session, title["en"]), title=title)
    session.add(cause)
    session.flush()
    audit.record(session, "added", "root_cause", cause.id, by=by, now=now, key=cause.key)
    return cause


def rename(
    session: Session, cause_id: int, titles: Mapping[str, str], *, by: int, now: datetime
) -> RootCause:
    """Rename a cause, also in the follow-ups that were closed with it."""
    cause = _find(session, cause_id)
    cause.title = _titles(titles)
    audit.record(session, "renamed", "root_cause", cause.id, by=by, now=now, key=cause.key)
    return cause


def retire(session: Session, cause_id: int, *, by: int, now: datetime) -> RootCause:
    """Retire a cause; follow-ups that were closed with it keep it. Raises Rejected for the last one."""
    cause = _find(session, cause_id)
    if all(other.id == cause.id for other in in_use(session)):
        raise Rejected("Keep at least one root cause: complaints can't be closed without one.")
    cause.retired_at = cause.retired_at or now
    audit.record(session, "retired", "root_cause", cause.id, by=by, now=now, key=cause.key)
    return cause


def bring_back(session: Session, cause_id: int, *, by: int, now: datetime) -> RootCause:
    cause = _find(session, cause_id)
    cause.retired_at = None
    audit.record(session, "brought back", "root_cause", cause.id, by=by, now=now, key=cause.key)
    return cause


def _find(session: Session, cause_id: int) -> RootCause:
    """Find a cause and lock all causes, so that two people cannot retire the last two at once."""
    causes = session.scalars(select(RootCause).order_by(RootCause.id).with_for_update()).all()
    found = next((cause for cause in causes if cause.id == cause_id), None)
    if found is None:
        raise NotFound("Root cause not found.")
    return found


def _titles(written: Mapping[str, str]) -> dict[str, str]:
    titles = {language: " ".join(written.get(language, "").split())[:100] for language in LANGUAGES["desk"]}
    if not all(titles.values()):
        raise Rejected("Name the root cause in every language: your team reads it in theirs.")
    return titles


def _free_key(session: Session, title: str) -> str:
    """A unique key from the English name, for exports and questionnaires: `Too slow` becomes `too_slow`."""
    stem = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:50] or "cause"
    taken = set(session.scalars(select(RootCause.key).where(RootCause.key.startswith(stem, autoescape=True))))
    numbered = (f"{stem}_{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(key for key in numbered if key not in taken)
