"""Open links, for people without an invitation: a QR code on a poster, a shared screen, an embedded form."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import segno
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.core.token import draw, looks_like_token
from feedback.core.web_address import WebAddress
from feedback.errors import LinkClosed, NotFound, Rejected
from feedback.library import Library
from feedback.store.models import Link

LinkKind = Literal["poster", "kiosk", "embed"]
MOST_ORIGINS = 20
"""Websites that one embedded form can name, because each page sends all of them in a header."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """`origins` (`https://www.example.com`) may show an embedded form; none means every site."""

    kind: LinkKind
    name: str
    questionnaire: str
    language: str | None = None
    origins: Sequence[str] = ()


def create(session: Session, library: Library, new: NewLink, now: datetime) -> Link:
    """Create an open link. `origins` (`https://www.example.com`) may embed the form; empty means every site.

    Raises NotFound for an unknown questionnaire, Rejected for an invalid origin.
    """
    wanted = library.questionnaire(new.questionnaire)
    if len(new.origins) > MOST_ORIGINS:
        raise Rejected("Name at most 20 websites.")
    link = Link(
        token=draw(),
        kind=new.kind,
        name=new.name,
        questionnaire=wanted.key,
        language=wanted.language_for(new.language),
        origins=[_origin(each) for each in new.origins],
        created_at=now,
    )
    session.add(link)
    session.flush()
    return link


def find(session: Session, token: str) -> Link:
    """The open link with this token. Raises NotFound, or LinkClosed if it is closed."""
    link = (
        session.scalars(select(Link).where(Link.token == token)).one_or_none()
        if looks_like_token(token)
        else None
    )
    if link is None:
        raise NotFound("There is no such survey.")
    if link.closed_at is not None:
        raise LinkClosed("withdrawn", link.language)
    return link


def close(link: Link, now: datetime) -> None:
    """Close the link; its answers stay."""
    link.closed_at = link.closed_at or now


def address(link: Link, public_url: str) -> str:
    """The address of the link."""
    return f"{public_url.rstrip('/')}/in/{link.token}"


def qr_code(text: str) -> str:
    """A QR code as SVG, with error correction level M (15 %)."""
    stream = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        stream, kind="svg", scale=8, border=4, xmldecl=False, svgclass=None
    )
    return stream.getvalue().decode()


def snippet(link: Link, public_url: str) -> str:
    """HTML that embeds the form in another page and adjusts its height."""
    source = html.escape(address(link, public_url))
    scheme, _colon, rest = public_url.partition("://")
    origin = f"{scheme}://{rest.partition('/')[0]}"
    return (
        f'<iframe id="feedback-{link.id}" src="{source}" title="{html.escape(link.name)}" height="480" '
        'style="width:100%;border:0"></iframe>\n'
        "<script>addEventListener('message',e=>{"
        f"const f=document.getElementById('feedback-{link.id}');"
        f"if(e.origin=='{origin}'&&e.source==f.contentWindow)f.height=e.data.height}})</script>"
    )


def _origin(url: str) -> str:
    try:
        return WebAddress.parse(url).origin
    except ValueError:
        raise Rejected("Write each website as https://www.example.com.") from None
