"""E-mail through an SMTP server (RFC 5321), preferably a relay on this machine.

SMTP has no look-up and no idempotency key. If the connection breaks between the final dot and its response,
the outcome is ambiguous (RFC 1047) and stays so. The dialogue is written step by step, so that only this step
is ambiguous.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
import weakref
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from feedback import clock
from feedback.errors import DeliveryFailed, SettingsInvalid
from feedback.providers.accounts import SmtpServer
from feedback.providers.base import Channel, Deadline, Outgoing, Sent, Verdict, refusal, uptime
from feedback.providers.mail_addresses import domain_of, recipient_address, sender_address
from feedback.providers.smtp_replies import is_about_us, is_missing_mailbox, status_of

Answer = tuple[int, bytes]

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
LONGEST_IDLE = 30.0
"""Seconds for which a connection is kept for the next mail. Servers close idle ones after minutes, and address
translation may forget them without a word."""
# 7 bits only: not every server accepts more, and recoding on the way would break a DKIM signature.
POLICY = SMTP.clone(cte_type="7bit")


class SmtpEmail:
    """E-mail through one SMTP server."""

    key = "smtp_email"
    channel: Channel = "email"

    def __init__(self, server: SmtpServer, *, now: Callable[[], datetime] = clock.now) -> None:
        """Raises SettingsInvalid for a server without encryption elsewhere than on this machine."""
        if server.security == "plain" and server.host not in LOOPBACK and not server.trust_plain:
            raise SettingsInvalid(
                "Set smtp.security to tls or starttls: only a mail server on this machine may go without encryption."
            )
        self.sender = server.sender
        self.timeout, self.final_timeout = server.timeout, server.final_timeout
        self._host, self._port, self._security = server.host, server.port, server.security
        self._login = (server.username, server.password or "") if server.username else None
        self._domain = domain_of(server.sender)
        self._feedback_id = server.feedback_id or f"survey:feedback:{self._domain}"
        # Without a context the standard library encrypts but does not verify the server's certificate.
        self._context = server.context or ssl.create_default_context()
        self._now = now
        self._kept: list[_DeadlineSmtp] = []
        """Connections that wait for the next mail, at most one for each thread; a list's pop and append are atomic."""
        weakref.finalize(self, _leave_all, self._kept)

    @property
    def longest_call(self) -> float:
        """Seconds: at most thirteen commands with their own timeout, and the response to the final dot."""
        return 13 * self.timeout + self.final_timeout

    def send(self, outgoing: Outgoing) -> Sent:
        message = self.compose(outgoing)
        recipient, sender = recipient_address(outgoing.to), sender_address(message["From"])
        envelope_from = sender_address(outgoing.envelope_from) if outgoing.envelope_from else sender
        connection = self._ready(outgoing.deadline)
        try:
            _deliver(connection, envelope_from, recipient, message, self.final_timeout)
        except BaseException:
            _leave(connection)
            raise
        connection.idle_since = uptime()
        self._kept.append(connection)
        return Sent(str(message["Message-ID"]), sender, None, "sent")

    def check(self) -> list[str]:
        problems = []
        if self._security == "plain" and self._host not in LOOPBACK:
            problems.append("Set smtp.security: mail is sent without encryption.")
        try:
            _leave(self._opened(Deadline.after(self.timeout)))
        except DeliveryFailed as error:
            problems.append(str(error))
        return problems

    def compose(self, outgoing: Outgoing) -> EmailMessage:
        """The mail: plain text, HTML as its alternative, and the headers that bulk senders must set.

        Raises a permanent DeliveryFailed for invalid headers or addresses.
        """
        message = EmailMessage(policy=POLICY)
        message.set_content(outgoing.body)
        if outgoing.html:
            message.add_alternative(outgoing.html, subtype="html")
        try:
            for name, value in self._headers(outgoing).items():
                message[name] = value
        except ValueError:  # line breaks
            raise refusal(Verdict.REFUSED, "A header of this mail is not valid.") from None
        return message

    def _headers(self, outgoing: Outgoing) -> dict[str, Any]:
        if not outgoing.message_id_header:
            raise refusal(Verdict.REFUSED, "The mail has no Message-ID.")
        headers = {
            "From": outgoing.sender or self.sender,
            "To": Address(addr_spec=recipient_address(outgoing.to)),
            "Subject": outgoing.subject or "",
            "Date": format_datetime(self._now()),
            "Message-ID": outgoing.message_id_header,
            "Auto-Submitted": "auto-generated",  # RFC 3834: asks for no vacation notices
            "X-Auto-Response-Suppress": "All",  # the same for Exchange
            "Feedback-ID": self._feedback_id,
            "Content-Language": outgoing.language,
            **outgoing.headers,
        }
        return headers | ({"Reply-To": outgoing.reply_to} if outgoing.reply_to else {})

    # The dialogue

    def _ready(self, deadline: Deadline) -> _DeadlineSmtp:
        """A connection that takes a mail: a kept one that still answers, otherwise a new one."""
        while self._kept:
            try:
                connection = self._kept.pop()
            except IndexError:  # another thread was faster
                break
            if uptime() - connection.idle_since < LONGEST_IDLE and connection.answers(deadline, self.timeout):
                return connection
            connection.close()
        return self._opened(deadline)

    def _opened(self, deadline: Deadline) -> _DeadlineSmtp:
        """A new connection, encrypted and signed in as the settings say."""
        connection = self._connected(deadline)
        try:
            self._greet(connection)
        except BaseException:
            _leave(connection)
            raise
        return connection

    def _connected(self, deadline: Deadline) -> _DeadlineSmtp:
        deadline.check()
        options: dict[str, Any] = {
            "deadline": deadline,
            "timeout": max(0.01, min(self.timeout, deadline.remaining())),
            "local_hostname": self._domain,  # otherwise the library looks up this machine's name
        }
        try:
            if self._security == "ssl":
                return _DeadlineSmtpSsl(self._host, self._port, context=self._context, **options)
            return _DeadlineSmtp(self._host, self._port, **options)
        except ssl.SSLError as error:
            raise _distrusted(error) from None
        except smtplib.SMTPResponseException as error:
            raise _refused((error.smtp_code, _bytes(error.smtp_error)), Verdict.HOLD_PROVIDER) from None
        except OSError as error:  # includes every SMTPException
            raise _unreachable(error) from None

    def _greet(self, connection: smtplib.SMTP) -> None:
        """Start TLS if required, and log in."""
        try:
            if connection.sock is not None:
                connection.sock.settimeout(self.timeout)
            connection.ehlo_or_helo_if_needed()
            if self._security == "starttls":
                connection.starttls(context=self._context)
                connection.ehlo_or_helo_if_needed()
            if self._login:
                connection.login(*self._login)
        except ssl.SSLError as error:
            raise _distrusted(error) from None
        except smtplib.SMTPNotSupportedError:
            raise refusal(
                Verdict.HOLD_PROVIDER, "The mail server does not offer STARTTLS or authentication."
            ) from None
        except smtplib.SMTPResponseException as error:
            raise _refused((error.smtp_code, _bytes(error.smtp_error)), Verdict.HOLD_PROVIDER) from None
        except OSError as error:
            raise _unreachable(error) from None


class _DeadlineSmtp(smtplib.SMTP):
    """An SMTP connection that writes nothing after the deadline; see `Deadline`."""

    def __init__(self, *args: Any, deadline: Deadline, **kwargs: Any) -> None:
        self._deadline = deadline
        self.idle_since = 0.0
        super().__init__(*args, **kwargs)

    def answers(self, deadline: Deadline, timeout: float) -> bool:
        """Reset the connection, for a mail with this deadline. Returns False if the server has closed it; nothing has
        been sent then."""
        self._deadline = deadline
        try:
            if self.sock is not None:
                self.sock.settimeout(timeout)
            return self.rset()[0] == 250
        except OSError:
            return False
        except BaseException:
            self.close()
            raise

    def send(self, s: Any) -> None:
        self._deadline.check()
        super().send(s)


class _DeadlineSmtpSsl(_DeadlineSmtp, smtplib.SMTP_SSL):
    """Like `_DeadlineSmtp`, with TLS from the first byte."""


def _deliver(
    connection: smtplib.SMTP, envelope_from: str, recipient: str, message: EmailMessage, final_timeout: float
) -> None:
    """MAIL, RCPT, DATA, the mail, the final dot. Raises the error that each refusal means."""
    _step(lambda: connection.mail(envelope_from), {250}, Verdict.HOLD_PROVIDER)
    _step(lambda: connection.rcpt(recipient), {250, 251}, Verdict.REFUSED, recipient)
    _step(lambda: connection.docmd("DATA"), {354}, Verdict.REFUSED, recipient)
    _finish(connection, _dotted(message.as_bytes()), final_timeout, recipient)


def _step(ask: Callable[[], Answer], expected: set[int], if_permanent: Verdict, recipient: str = "") -> None:
    """One command before the mail itself; if it fails, nothing has been sent."""
    try:
        answer = ask()
    except OSError as error:
        raise _unreachable(error) from None
    if answer[0] not in expected:
        raise _refused(answer, if_permanent, recipient)


def _finish(connection: smtplib.SMTP, content: bytes, final_timeout: float, recipient: str) -> None:
    """Send the mail and its final dot. From here on, a broken connection means an unknown outcome."""
    try:
        connection.send(content)
        if connection.sock is not None:
            connection.sock.settimeout(final_timeout)
        answer = connection.getreply()
    except OSError as error:
        name = type(error).__name__
        raise refusal(
            Verdict.UNKNOWN, f"The mail server did not confirm ({name}); it may have the mail."
        ) from None
    if answer[0] != 250:
        raise _refused(answer, Verdict.REFUSED, recipient)


def _dotted(content: bytes) -> bytes:
    """The mail in the form for DATA: leading dots are doubled, and a single dot ends it (RFC 5321 4.5.2)."""
    stuffed = re.sub(rb"(?m)^\.", b"..", content)
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _refused(answer: Answer, if_permanent: Verdict, recipient: str = "") -> DeliveryFailed:
    """The error for a 4xx or 5xx response; the server's text is left out, because it can repeat the address.

    With `if_permanent` HOLD_PROVIDER the server refuses us, at the connection, AUTH or MAIL. After RCPT it may pass
    on what another server says of one recipient, so one refusal never holds the provider.
    """
    code, text = answer[0], answer[1].decode("ascii", "replace")
    status = status_of(text)
    said = f"The mail server answered {code} {status}".rstrip() + "."
    if not 500 <= code < 600:
        return refusal(Verdict.RETRY, said)
    if code == 552:  # too large
        return refusal(Verdict.REFUSED, said)
    if if_permanent is Verdict.HOLD_PROVIDER:
        return refusal(if_permanent, said)
    if is_missing_mailbox(status, text, recipient):
        return refusal(Verdict.BAD_ADDRESS, said)
    if is_about_us(code, status, text, recipient):
        return refusal(Verdict.UNEXPLAINED, said)
    return refusal(if_permanent, said)


def _unreachable(error: OSError) -> DeliveryFailed:
    return refusal(Verdict.UNREACHABLE, f"The mail server could not be reached ({type(error).__name__}).")


def _distrusted(error: ssl.SSLError) -> DeliveryFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        return refusal(
            Verdict.HOLD_PROVIDER, f"The mail server's certificate is not trusted: {error.verify_message}."
        )
    return refusal(Verdict.UNREACHABLE, "The TLS connection to the mail server failed.")


def _leave_all(connections: list[_DeadlineSmtp]) -> None:
    while connections:
        connections.pop().close()


def _leave(connection: smtplib.SMTP) -> None:
    """Send QUIT without waiting for the response; a failure here does not change the outcome."""
    with contextlib.suppress(OSError, DeliveryFailed):
        connection.putcmd("QUIT")
    connection.close()


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode("ascii", "replace")
