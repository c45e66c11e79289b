"""Browser and system in words, for the list of signed-in devices."""

from __future__ import annotations

_BROWSERS = (  # in this order, because the later ones also name themselves in the strings of the earlier ones
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_READ = 400


def in_words(user_agent: str) -> str:
    """`Firefox, Windows`; empty if neither is known. A help for the owner only: anybody can send any string."""
    said = user_agent[:_READ]
    known = (next((name for sign, name in table if sign in said), "") for table in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, known))
