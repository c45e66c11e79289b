"""`/.well-known/security.txt` (RFC 9116): where to report a vulnerability of this installation."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, Response

from feedback import clock
from feedback.errors import NotFound
from feedback.i18n import LANGUAGES
from feedback.settings import Settings
from feedback.web.auth.permissions import public

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime

PATH = "/.well-known/security.txt"
LASTS = timedelta(days=90)
"""The RFC recommends less than a year. Each request gets a new date, so it never expires."""


def blueprint(runtime: Runtime) -> Blueprint:
    bare = Blueprint("security_txt", __name__)

    @bare.get(PATH)
    @public("anybody may have found a vulnerability")
    def show() -> Response:
        contact = contact_of(runtime.settings)
        if contact is None:
            raise NotFound("Page not found.")
        response = Response(_text(contact, runtime.settings), mimetype="text/plain")
        response.headers["Cache-Control"] = "public, max-age=86400"
        return response

    return bare


def contact_of(settings: Settings) -> str | None:
    """The URI of the contact: `organisation.security_contact`, else the support address; None if there is neither."""
    given = settings.organisation.security_contact or settings.organisation.support_email
    if not given:
        return None
    return (
        given if given.startswith("https://") else f"mailto:{quote(given.removeprefix('mailto:'), safe='@')}"
    )


def _text(contact: str, settings: Settings) -> str:
    base = settings.web.public_url.rstrip("/")
    fields = {
        "Contact": contact,
        "Expires": (clock.now() + LASTS).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Preferred-Languages": ", ".join(LANGUAGES["desk"]),
        **({"Canonical": base + PATH} if base.startswith("https://") else {}),
    }
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items())
