"""The organisation's logo: a file in the instance directory, or an image that was uploaded in the browser."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Self

from feedback.settings.table import LARGEST_LOGO, Settings

_TYPES = {".png": "image/png", ".svg": "image/svg+xml"}
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*|<!DOCTYPE[^>\[]*>\s*)*<svg[\s>]", re.DOTALL)
_DATA = re.compile(r"data:(image/png|image/svg\+xml);base64,([A-Za-z0-9+/=]*)")


@dataclass(frozen=True, slots=True)
class Logo:
    """An image and its media type."""

    kind: str
    content: bytes

    @classmethod
    def of_upload(cls, content: bytes) -> Self:
        """The image in an uploaded file. Raises ValueError, with a sentence, for other files and larger ones."""
        if content.startswith(_PNG):
            logo = cls(_TYPES[".png"], content)
        elif _SVG.match(content.removeprefix(b"\xef\xbb\xbf")):
            logo = cls(_TYPES[".svg"], content)
        else:
            raise ValueError("must be a PNG or SVG file")
        if len(content) > LARGEST_LOGO:
            raise ValueError("must have at most 2,000 bytes: answer pages must open on a slow connection")
        return logo

    @property
    def address(self) -> str:
        """The image as a data URI, as pages and the database have it."""
        return f"data:{self.kind};base64,{base64.b64encode(self.content).decode()}"


def logo_of(settings: Settings) -> Logo | None:
    """The logo, also one that is too large for pages; None if there is none, or no PNG or SVG file."""
    named = settings.organisation.logo
    if uploaded := _DATA.fullmatch(named):
        try:
            return Logo(uploaded[1], base64.b64decode(uploaded[2], validate=True))
        except binascii.Error:
            return None
    file = settings.instance / named
    kind = _TYPES.get(file.suffix.lower())
    if not named or kind is None or not file.is_file():
        return None
    return Logo(kind, file.read_bytes())
