"""Values that the API reads as an import does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from feedback.services.customers import fields
from feedback.settings import Settings
from feedback.web.api.problems import UnacceptableError
from feedback.web.api.shapes import AccountIn, ContactIn, Mistake


def parsed(
    body: AccountIn | ContactIn, parsers: Mapping[str, fields.Parser], settings: Settings
) -> dict[str, Any]:
    """Parse the sent fields as an import does. Raises UnacceptableError."""
    style = fields.Style(settings.organisation.default_region, settings.organisation.time_zone)
    values: dict[str, Any] = {}
    mistakes = []
    # The country comes first, because it is the region of a phone number without a country code.
    for name in sorted(body.model_fields_set & set(parsers), key="country".__ne__):
        given = getattr(body, name)
        try:
            values[name] = parsers[name](given, style) if isinstance(given, str) else given
            if name == "country" and values[name]:
                style = replace(style, region=values[name])
        except ValueError as error:
            mistakes.append(Mistake(pointer=f"/{name}", detail=str(error)))
    if mistakes:
        raise UnacceptableError(sorted(mistakes, key=lambda mistake: mistake.pointer))
    return values
