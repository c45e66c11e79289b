"""A session is a row: it ends when it is ended, idle or old, whatever a copied cookie says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from feedback import clock as clock_of
from feedback.bootstrap import Runtime
from feedback.store.models import StaffSession, User
from feedback.web.auth.devices import in_words
from feedback.worker import purge
from tests.web.auth.staff import (
    NEW_PASSWORD,
    PASSWORD,
    at_once,
    audited,
    letters,
    password,
    reset_link,
    set_up_app,
)
from tests.web.conftest import SignIn

pytestmark = pytest.mark.usefixtures("quick_hashing")

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


def is_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


def copied(app: Flask, client: FlaskClient, *names: str) -> FlaskClient:
    """Another browser with the cookies of this one."""
    thief = app.test_client()
    for name in names or ("feedback_staff", "feedback_remember"):
        if cookie := client.get_cookie(name):
            thief.set_cookie(name, cookie.value)
    return thief


def remembered(app: Flask, who: str = "cem") -> FlaskClient:
    client = app.test_client()
    form = {"email": f"{who}@example.com", "password": PASSWORD, "remember": "y"}
    assert client.post("/login", data=form).status_code == 302
    return client


def sessions(runtime: Runtime) -> int:
    with runtime.database.reading() as session:
        return session.scalar(select(func.count()).select_from(StaffSession)) or 0


def test_a_copied_cookie_is_worth_nothing_after_signing_out(app: Flask) -> None:
    owner = remembered(app)
    both, session_only = copied(app, owner), copied(app, owner, "feedback_staff")
    remember_only = copied(app, owner, "feedback_remember")
    assert is_in(both) and is_in(session_only) and is_in(remember_only)
    assert owner.post("/logout").status_code == 302
    assert not any(map(is_in, (owner, both, session_only, remember_only)))


@pytest.mark.parametrize(
    ("remember", "used_every", "lasts"),
    [
        (False, timedelta(hours=13), timedelta(0)),
        (False, timedelta(hours=11), timedelta(days=14)),
        (True, timedelta(days=3), timedelta(days=30)),
        (True, timedelta(hours=11), timedelta(days=30)),
    ],
    ids=["idle", "used", "remembered and idle", "remembered and used"],
)
def test_a_session_lasts_as_long_as_it_may(
    app: Flask, remember: bool, used_every: timedelta, lasts: timedelta
) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        client = remembered(app) if remember else app.test_client()
        if not remember:
            password(client, "cem")
        while clock_of.now() - MONDAY < timedelta(days=40):
            clock.shift(used_every)
            if not is_in(client):
                break
        lived = clock_of.now() - MONDAY - used_every
        assert lasts - used_every <= lived <= lasts


def test_a_session_from_before_the_upgrade_is_over(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    with runtime.database.reading() as session:
        user = session.scalars(select(User).where(User.email == "cem@example.com")).one()
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = user.fs_uniquifier, True
    assert not is_in(client)


def test_use_is_stored_at_most_once_a_minute(app: Flask, runtime: Runtime) -> None:
    def seen() -> datetime:
        with runtime.database.reading() as session:
            return session.scalars(select(StaffSession.seen_at)).one()

    client = app.test_client()
    with time_machine.travel(MONDAY, tick=False) as clock:
        password(client, "cem")
        for seconds, stored in ((30, 0), (29, 0), (1, 60), (59, 60), (1, 120)):
            clock.shift(timedelta(seconds=seconds))
            assert is_in(client) and seen() == MONDAY + timedelta(seconds=stored)


def test_devices_are_listed_and_ended_one_by_one(app: Flask, runtime: Runtime, sign_in: SignIn) -> None:
    laptop, phone = sign_in("cem"), app.test_client()
    form = {"email": "cem@example.com", "password": PASSWORD}
    phone.post(
        "/login", data=form, headers={"User-Agent": FIREFOX}, environ_overrides={"REMOTE_ADDR": "2001:db8::7"}
    )
    page = laptop.get("/account/").text
    assert "Firefox, Windows" in page and "2001:db8::/64" in page and page.count("this device") == 1
    with runtime.database.reading() as session:
        rows = {each.device: each.id for each in session.scalars(select(StaffSession))}
    other = sign_in("selin")
    assert other.post(f"/account/sessions/{rows['Firefox, Windows']}/end").status_code == 404
    assert is_in(phone)
    assert laptop.post(f"/account/sessions/{rows['']}/end").status_code == 409, "that is the present one"
    assert laptop.post(f"/account/sessions/{rows['Firefox, Windows']}/end").status_code == 303
    assert is_in(laptop) and not is_in(phone)
    assert audited(runtime, "cem")[-1] == "session ended"


def test_all_other_devices_are_signed_out_at_once(app: Flask, runtime: Runtime, sign_in: SignIn) -> None:
    laptop, *others = sign_in("cem"), sign_in("cem"), remembered(app)
    stranger = sign_in("selin")
    assert laptop.post("/account/sessions/end-others").status_code == 303
    assert is_in(laptop) and is_in(stranger) and not any(map(is_in, others))
    assert audited(runtime, "cem")[-1] == "other sessions ended"


def test_an_admin_ends_somebody_s_sessions(app: Flask, runtime: Runtime, sign_in: SignIn) -> None:
    cem, phone, admin = sign_in("cem"), remembered(app), sign_in("admin")
    with runtime.database.reading() as session:
        user_id = session.scalars(select(User.id).where(User.email == "cem@example.com")).one()
    admin.post(f"/account/staff/{user_id}", data={"action": "revoke"})
    assert not is_in(cem) and not is_in(phone) and is_in(admin)
    assert sessions(runtime) == 1


def test_a_changed_password_ends_all_other_sessions(app: Flask, runtime: Runtime, sign_in: SignIn) -> None:
    here, there, phone = sign_in("cem"), sign_in("cem"), remembered(app)
    form = {"password": PASSWORD, "new_password": NEW_PASSWORD, "new_password_confirm": NEW_PASSWORD}
    assert here.post("/change", data=form).status_code == 302
    assert is_in(here) and not is_in(there) and not is_in(phone)
    assert audited(runtime, "cem")[-1] == "password changed"
    (letter,) = letters(runtime)
    assert letter.subject == "Your password was changed" and letter.recipient == "cem@example.com"


def test_a_reset_ends_all_sessions_and_works_once(app: Flask, runtime: Runtime, sign_in: SignIn) -> None:
    client = sign_in("cem")
    older = reset_link(runtime, app.test_client(), "cem@example.com")
    link = reset_link(runtime, app.test_client(), "cem@example.com")
    form = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    assert app.test_client().post(link, data=form).location == "/login"
    assert not is_in(client)
    for used in (link, older):
        assert app.test_client().post(used, data=form).location == "/reset"
    assert audited(runtime, "cem")[-2:] == ["reset requested", "password reset"]
    assert letters(runtime)[-1].subject == "Your password was changed"


def test_of_six_resets_with_one_link_at_once_one_wins(app: Flask, runtime: Runtime) -> None:
    link = reset_link(runtime, app.test_client(), "cem@example.com")
    words = iter(f"{NEW_PASSWORD} number {number}" for number in range(6))

    def reset(client: FlaskClient) -> tuple[str, bool, str]:
        chosen = next(words)
        response = client.post(link, data={"password": chosen, "password_confirm": chosen})
        return chosen, response.location == "/login", response.text

    results = at_once(app, [app.test_client() for _ in range(6)], reset)
    ((winner, _, _),) = [each for each in results if each[1]]
    works = [given for given, _, _ in results if password(app.test_client(), "cem", given).status_code == 302]
    assert works == [winner]
    assert audited(runtime, "cem").count("password reset") == 1
    changed = [each for each in letters(runtime) if each.subject == "Your password was changed"]
    assert len(changed) == 1


def test_a_reset_link_works_for_two_hours(app: Flask, runtime: Runtime) -> None:
    form = {"password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
    with time_machine.travel(MONDAY, tick=False) as clock:
        link = reset_link(runtime, app.test_client(), "cem@example.com")
        clock.shift(timedelta(hours=2, seconds=1))
        assert app.test_client().post(link, data=form).location == "/reset"
        clock.shift(timedelta(seconds=-2))
        assert app.test_client().post(link, data=form).location == "/login"


def test_ended_sessions_are_deleted(app: Flask, runtime: Runtime, sign_in: SignIn) -> None:
    with time_machine.travel(MONDAY, tick=False):
        sign_in("cem")
        remembered(app)
        sign_in("selin").post(
            "/change",
            data={"password": PASSWORD, "new_password": NEW_PASSWORD, "new_password_confirm": NEW_PASSWORD},
        )
    counts = []
    for later in (timedelta(0), timedelta(hours=13), timedelta(days=31)):
        purge(runtime, MONDAY + later)
        counts.append(sessions(runtime))
    assert counts == [3, 1, 0]


ACTIONS = [
    ("post", "/tf-setup", {"setup": "disable"}),
    ("post", "/tf-setup", {"setup": "authenticator"}),
    ("post", "/mf-recovery-codes", {"generate_new_codes": "1"}),
    ("post", "/wan-register", {"name": "laptop", "usage": "first"}),
    ("post", "/wan-delete", {"name": "laptop"}),
    ("post", "/tf-setup/nonsense", {"code": "000000"}),
    ("post", "/wan-register/nonsense", {"credential": "{}"}),
]


@pytest.mark.parametrize(
    ("method", "path", "form"), ACTIONS, ids=[f"{each[1]} {each[2]}" for each in ACTIONS]
)
def test_a_stolen_session_changes_nothing_of_the_sign_in(
    app: Flask, runtime: Runtime, method: str, path: str, form: dict[str, str]
) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        client = app.test_client()
        password(client, "cem")
        set_up_app(client)
        clock.shift(timedelta(minutes=21))
        response = client.open(path, method=method, data=form)
        assert response.status_code == 302 and response.location.startswith("/verify")
        confirmed = client.post(response.location, data={"password": PASSWORD}, follow_redirects=True)
        assert confirmed.status_code == 200 and "Identity confirmed." in confirmed.text
        again = client.open(path, method=method, data=form)
        assert not (again.location or "").startswith("/verify")


def test_ten_minutes_are_enough_and_eleven_are_not(app: Flask) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        client = app.test_client()
        password(client, "cem")
        clock.shift(timedelta(minutes=9))
        assert client.get("/tf-setup").status_code == 200
        clock.shift(timedelta(minutes=2))
        assert client.get("/tf-setup").location.startswith("/verify"), "use does not keep it fresh"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (FIREFOX, "Firefox, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605.1.15", "Safari, macOS"),
        (
            "Mozilla/5.0 (Linux; Android 16) SamsungBrowser/29.0 Chrome/140.0 Safari/537.36",
            "Samsung Internet, Android",
        ),
        ("curl/8.5", ""),
        ("", ""),
        ("x" * 100_000 + "Firefox/1", ""),
    ],
)
def test_a_device_is_named_by_its_browser_and_system(said: str, words: str) -> None:
    assert in_words(said) == words
