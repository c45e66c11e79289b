"""Web addresses that people write: in the settings, and as the sites on which a form may be embedded."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

LONGEST = 2_000
_FORBIDDEN = re.compile(r"""[\x00-\x20\x7f-\x9f"<>\\^`{|}]""")
"""What no address contains unescaped (RFC 3986)."""
_NETLOC = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^@:\[\]]+)(?::[0-9]+)?")
"""A host and a port; a user and a password before them would be shown to everybody who reads the address."""
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")


@dataclass(frozen=True, slots=True)
class WebAddress:
    """`scheme` is http or https, `host` a name in ASCII or an IP address, `port` None for the scheme's own."""

    scheme: str
    host: str
    port: int | None
    query: str
    fragment: str

    @classmethod
    def parse(cls, text: str) -> WebAddress:
        """Raises ValueError for anything that no browser could open, or that names a user or a password."""
        if len(text) > LONGEST or _FORBIDDEN.search(text):
            raise ValueError("This is not a web address.")
        parts = urlsplit(text)  # raises ValueError as well
        if parts.scheme not in ("http", "https") or not _NETLOC.fullmatch(parts.netloc):
            raise ValueError("This is not a web address.")
        return cls(parts.scheme, _host(parts), _port(parts), parts.query, parts.fragment)

    @property
    def origin(self) -> str:
        """Scheme, host and port: `https://www.example.com`, as browsers write it (RFC 6454)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")


def _host(parts: SplitResult) -> str:
    name = parts.hostname or ""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        host = name.encode("idna").decode("ascii").lower() if name and not name.isascii() else name
    if not _HOST.fullmatch(host.removesuffix(".")) or host.rpartition(".")[2].isdigit():
        raise ValueError("This web address has no host.")
    return host


def _port(parts: SplitResult) -> int | None:
    """None for the default one. `SplitResult.port` raises ValueError above 65535."""
    if parts.port == 0:
        raise ValueError("This web address has no such port.")
    return None if parts.port == {"http": 80, "https": 443}[parts.scheme] else parts.port
