"""Addresses that come back from a browser, and to which it is sent."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from flask import url_for


def own_page(written: str) -> str:
    """The address of a page to return to, which must be one of this site; else that of the start page.

    It is built again from its parts, because a browser drops tabs and line breaks, and takes a backslash for a slash.
    """
    parts = urlsplit(written) if _PAGE.fullmatch(written) else None
    if parts is None or parts.scheme or parts.netloc:
        return url_for("home")
    return urlunsplit(("", "", "/" + parts.path.lstrip("/"), parts.query, ""))


_PAGE = re.compile(r"/(?![/\\])[^\x00-\x20\x7f-\x9f\\]{0,2000}")
