"""An SMTP server that remembers every mail it accepted, with faults on demand; a real socket, by aiosmtpd."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

FAULTS = {
    "refuse_sender": "550 5.7.1 Sender not allowed",
    "refuse_sender_later": "451 4.3.0 Try again later",
    "refuse": "550 5.1.1 <{to}>: Recipient address rejected: User unknown",
    "refuse_policy": "554 5.7.1 Blocked by policy",
    "refuse_relay": "554 5.7.1 Relay access denied",
    "greylist": "450 4.2.0 Greylisted, try again in 300 seconds",
    "refuse_data": "554 5.6.0 Message content rejected",
    "defer_data": "451 4.3.0 Queue file write error",
}
LATE_FAULTS = ("drop_before_dot", "drop_after_data", "delay")


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted mail with its envelope."""

    envelope_from: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return cast(EmailMessage, message_from_bytes(self.raw.replace(b"\r\n", b"\n"), policy=default))


@dataclass
class FakeSmtp:
    """Faults are named in FAULTS and LATE_FAULTS; `fault` holds for every mail until it is changed."""

    fault: str | None = None
    answers: dict[str, str] = field(
        default_factory=dict
    )  # by command (MAIL, RCPT, DATA), {to} is the recipient
    delay: float = 1.0  # seconds before the answer to the final dot, with fault "delay"
    login: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    mails: list[Mail] = field(default_factory=list)

    def __enter__(self) -> FakeSmtp:
        options: dict[str, Any] = {"hostname": "127.0.0.1", "port": 0, "server_hostname": "mx.fake.example"}
        if self.login:
            options |= {"authenticator": self._authenticate, "auth_required": True}
            options |= {"auth_require_tls": False}  # it does not see TLS from the first byte
        if self.implicit_tls:
            options |= {"ssl_context": self.tls}
        elif self.tls:
            options |= {"tls_context": self.tls, "require_starttls": True}
        self._controller = _Controller(self, **options)
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        self._controller.stop()

    @property
    def connections(self) -> int:
        """How many have been made."""
        return len(self._controller.opened)

    def hang_up(self) -> None:
        """Close all connections, as servers do with idle ones."""
        done = threading.Event()
        self._controller.loop.call_soon_threadsafe(self._controller.close_all, done)
        done.wait(10)

    @property
    def port(self) -> int:
        server = self._controller.server
        assert isinstance(server, asyncio.Server)
        return int(server.sockets[0].getsockname()[1])

    def times_accepted(self) -> Counter[str]:
        """How often each Message-ID was accepted."""
        return Counter(str(mail.message["Message-ID"]) for mail in self.mails)

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        given = (data.login.decode(), data.password.decode()) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == self.login, handled=False)

    # The hooks of aiosmtpd

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.answers:
            return self.answers["MAIL"]
        if self.fault and self.fault.startswith("refuse_sender"):
            return FAULTS[self.fault]
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"].format(to=address)
        if self.fault in ("refuse", "refuse_policy", "refuse_relay", "greylist"):
            return FAULTS[self.fault].format(to=address)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.fault in ("refuse_data", "defer_data"):
            return FAULTS[self.fault]
        if self.fault == "drop_before_dot":
            cast(asyncio.StreamWriter, server._writer).transport.abort()
            return "421 never read"
        content = cast(bytes, envelope.original_content)
        self.mails.append(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), content))
        if self.fault == "drop_after_data":
            cast(asyncio.StreamWriter, server._writer).transport.abort()
        if self.fault == "delay":
            await asyncio.sleep(self.delay)
        return "250 2.0.0 Ok: queued as 4BfX"


class _Controller(Controller):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.opened: list[SMTP] = []

    def factory(self) -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # about sign-in without TLS
            self.opened.append(cast(SMTP, super().factory()))
        return self.opened[-1]

    def close_all(self, done: threading.Event) -> None:
        for each in self.opened:
            if each.transport is not None:
                each.transport.abort()
        self.loop.call_soon(done.set)

    def _trigger_server(self) -> None:
        # The parent connects once to the port it was told, to see that it works; ours the system chose.
        self.port = int(cast(asyncio.Server, self.server).sockets[0].getsockname()[1])
        super()._trigger_server()
