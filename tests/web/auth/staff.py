"""What tests of the sign-in have in common: forms that are sent, e-mails that the worker writes, the audit log."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.services.notifications import account_email
from feedback.store.models import AuditEntry, Message, User
from tests import factories_desk

PASSWORD = factories_desk.PASSWORD
NEW_PASSWORD = "a quite different sentence"


def password(client: FlaskClient, who: str, given: str = PASSWORD, address: str = "127.0.0.1") -> Any:
    """The response to an e-mail address and a password; `address` is the client's."""
    email = who if "@" in who else f"{who}@example.com"
    return client.post(
        "/login", data={"email": email, "password": given}, environ_overrides={"REMOTE_ADDR": address}
    )


def code(client: FlaskClient, given: str, address: str = "127.0.0.1") -> Any:
    return client.post("/tf-validate", data={"code": given}, environ_overrides={"REMOTE_ADDR": address})


def set_up_app(client: FlaskClient) -> TOTP:
    """Turn two-step sign-in on; the authenticator app."""
    page = client.post("/tf-setup", data={"setup": "authenticator"}).text
    key = re.search(r"<code dir=\"ltr\">([A-Z2-7 -]+)</code>", page)
    target = re.search(r'action="(/tf-[^"]+)"', page[page.index("code-picture") :])
    assert key and target
    app = TOTP(key=key[1].replace(" ", "").replace("-", ""))
    assert client.post(target[1], data={"code": now_of(app)}).status_code == 302
    return app


def now_of(app: TOTP, steps: int = 0) -> str:
    """The code of the present step, or of one some steps away."""
    return str(app.generate(int(clock.now().timestamp()) + 30 * steps).token)


def recovery_codes(client: FlaskClient) -> list[str]:
    page = client.post("/mf-recovery-codes", data={"generate_new_codes": "1"}).text
    return re.findall(r"<code>([^<]+)</code>", page)


def letters(runtime: Runtime) -> list[Message]:
    """All e-mails, after the worker has written those that are due."""
    with runtime.database.writing() as session:
        account_email.send_due(session, runtime, clock.now())
    with runtime.database.reading() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def reset_link(runtime: Runtime, client: FlaskClient, email: str) -> str:
    """Ask for a reset link and read the e-mail."""
    client.post("/reset", data={"email": email})
    found = re.search(r"/reset/\S+", letters(runtime)[-1].body)
    assert found
    return found[0]


def audited(runtime: Runtime, who: str) -> list[str]:
    """What the audit log says about a user, the oldest entry first."""
    with runtime.database.reading() as session:
        user_id = session.scalars(select(User.id).where(User.email == f"{who}@example.com")).one()
        theirs = select(AuditEntry.action).where(
            AuditEntry.subject == "user", AuditEntry.subject_id == user_id
        )
        return [each for each in session.scalars(theirs.order_by(AuditEntry.id)) if each != "added"]


def at_once(app: Flask, clients: list[FlaskClient], request: Callable[[FlaskClient], Any]) -> list[Any]:
    """The responses to requests that begin at the same moment."""
    start, results = threading.Barrier(len(clients)), []

    def run(client: FlaskClient) -> None:
        start.wait()
        results.append(request(client))

    threads = [threading.Thread(target=run, args=(each,)) for each in clients]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return results
