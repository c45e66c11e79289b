"""Why customers were unhappy: a list that the organisation maintains, with a beginning that fits most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

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
    """Write the first list into an empty table; a list that somebody has begun is left alone."""
    if session.scalar(select(RootCause.id).limit(1)) is not None:
        return
    try:
        with session.begin_nested():
            session.add_all(RootCause(key=key, title=title) for key, title in FIRST.items())
    except IntegrityError:  # another node did it in this very moment
        return


def in_use(session: Session) -> Sequence[RootCause]:
    """The causes that can be chosen, in the order in which they were added."""
    return session.scalars(
        select(RootCause).where(RootCause.retired_at.is_(None)).order_by(RootCause.id)
    ).all()
