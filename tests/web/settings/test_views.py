"""Admins change what the organisation decides, and nobody else does."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from feedback.bootstrap import Runtime
from feedback.services.studio.following import Following
from feedback.settings import organisation
from feedback.store.models import Invitation
from tests.fakes.fake_smtp import FakeSmtp
from tests.web.conftest import SignIn
from tests.web.settings.conftest import MAIL

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>'
PAGES = ["/settings/", "/settings/history", "/settings/checks", "/first-steps/"] + [
    f"/settings/{group.key}" for group in organisation.GROUPS
]


def form_of(page: str) -> dict[str, list[str]]:
    """The fields of the settings' form, as a browser would send them unchanged."""
    form = re.search(r'<form class="card".*?</form>', page, re.DOTALL)
    assert form
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        is_off = 'type="checkbox"' in tag and " checked" not in tag
        if name and not is_off and 'type="file"' not in tag and " disabled" not in tag:
            found.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    for head, options in re.findall(r"<select([^>]*)>(.*?)</select>", form[0], re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        first = re.search(r'<option value="([^"]*)"', options)
        name = re.search(r' name="([^"]+)"', head)
        if name and " disabled" not in head:
            found[name[1]] = [unescape((chosen or first)[1])]  # type: ignore[index]
    for head, text in re.findall(r"<textarea([^>]*)>(.*?)</textarea>", form[0], re.DOTALL):
        name = re.search(r' name="([^"]+)"', head)
        if name and " disabled" not in head:
            found[name[1]] = [unescape(text)]
    return found


@pytest.mark.parametrize("who", ["lead", "cem", "viewer"])
def test_nobody_but_an_admin_sees_or_changes_settings(app: Flask, sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert {client.get(page).status_code for page in PAGES} == {403}
    assert client.post("/settings/contact", data={"contact.account_max": "1"}).status_code == 403
    assert client.post("/settings/email/test").status_code == 403
    assert client.post("/first-steps/dismiss").status_code == 403


@pytest.mark.parametrize("group", [group.key for group in organisation.GROUPS])
def test_a_form_that_is_sent_as_it_came_changes_nothing(
    admin: FlaskClient, fresh: Runtime, group: str
) -> None:
    sent = admin.post(f"/settings/{group}", data=form_of(admin.get(f"/settings/{group}").text))
    assert sent.status_code == 303, sent.text
    assert "Nothing was changed." in admin.get(f"/settings/{group}").text
    assert "Nothing was changed here yet." in admin.get("/settings/history").text


def test_every_setting_of_the_organisation_has_a_field(admin: FlaskClient) -> None:
    pages = "".join(admin.get(f"/settings/{group.key}").text for group in organisation.GROUPS)
    assert [name for name in organisation.GROUP_OF if f'name="{name}"' not in pages] == []


@pytest.mark.parametrize("kind", ["page", "mail"])
@pytest.mark.parametrize("name", ["", "%20", "Acme"])
def test_a_sample_needs_no_name_yet(admin: FlaskClient, kind: str, name: str) -> None:
    sample = admin.get(f"/settings/brand/sample-{kind}?name={name}")
    assert sample.status_code == 200
    assert ("Acme" if name == "Acme" else "Your company") in sample.text


def test_a_change_holds_at_once_here_and_within_seconds_on_another_node(
    admin: FlaskClient, fresh: Runtime
) -> None:
    other = Following(fresh.database, fresh)
    form = form_of(admin.get("/settings/brand").text)
    form |= {"organisation.name": ["Acme"], "organisation.privacy_url": ["https://acme.example/privacy"]}
    assert admin.post("/settings/brand", data=form).status_code == 303
    page = admin.get("/settings/brand").text
    assert 'value="Acme"' in page
    assert "Acme" in admin.get("/settings/brand/sample-page").text
    assert other.look(at_once=True).settings.organisation.name == "Acme"
    told = admin.get("/settings/history").text
    assert "Ada Admin" in told
    assert "https://acme.example/privacy" in told


def test_lengths_days_dates_and_lists_are_read_from_their_fields(admin: FlaskClient, fresh: Runtime) -> None:
    form = form_of(admin.get("/settings/contact").text)
    form |= {
        "contact.min_gap": ["2"],
        "contact.min_gap.unit": ["w"],
        "contact.weekdays": ["", "0", "6"],
        "contact.blackout_dates": ["2026-12-24\n2026-12-25"],
        "contact.weekdays_by_country": ["KW = sun, mon\n\nae=fri"],
        "contact.quiet_from": ["19:30"],
        "contact.consent_required": ["no"],
    }
    assert admin.post("/settings/contact", data=form).status_code == 303
    contact = Following(fresh.database, fresh).look(at_once=True).settings.contact
    assert contact.min_gap.days == 14
    assert [day.name for day in contact.weekdays] == ["MON", "SUN"]
    assert [day.isoformat() for day in contact.blackout_dates] == ["2026-12-24", "2026-12-25"]
    assert {key: [day.name for day in days] for key, days in contact.weekdays_by_country.items()} == {
        "KW": ["SUN", "MON"],
        "ae": ["FRI"],
    }
    assert (contact.quiet_from.hour, contact.consent_required) == (19, False)


@pytest.mark.parametrize(
    ("group", "typed", "told"),
    [
        ("contact", {"contact.min_gap": "many"}, "must be a whole number, and a unit"),
        ("contact", {"contact.account_max": "0"}, "must be at least 1"),
        ("contact", {"contact.weekdays": ""}, "Choose at least one day"),
        ("contact", {"contact.quiet_from": "07:00"}, "Quiet hours last over midnight"),
        ("contact", {"contact.weekdays_by_country": "Kuwait: sunday"}, "must be a table"),
        ("region", {"organisation.currency": "Euro"}, "Write the currency as EUR."),
        ("region", {"organisation.exchange_rates": "EUR = many"}, "must be a number"),
        ("follow-ups", {"followup.holidays": "Christmas"}, "must be a date"),
        ("follow-ups", {"followup.weights": "luck = 3"}, "luck"),
        ("email", {"providers.enabled": "on"}, "Set the mail server and the sender."),
        ("sign-in", {"sign_in.second_factor": "perhaps"}, "must be one of"),
    ],
)
def test_a_mistake_is_told_at_its_field_and_what_was_typed_stays(
    admin: FlaskClient, group: str, typed: dict[str, str], told: str
) -> None:
    form = form_of(admin.get(f"/settings/{group}").text) | {name: [text] for name, text in typed.items()}
    refused = admin.post(f"/settings/{group}", data=form)
    assert refused.status_code == 422
    (name, text), *_ = typed.items()
    field = refused.text.partition(f'id="field-{name.replace(".", "-").replace("_", "-")}"')[2]
    assert told in unescape(field.partition('class="field setting"')[0])
    assert not text or text == "on" or text in unescape(field) or group == "sign-in"
    assert "Nothing was changed here yet." in admin.get("/settings/history").text


def test_what_the_environment_decides_is_shown_and_cannot_be_changed(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("admin")
    page = client.get("/settings/brand").text
    assert "FEEDBACK_ORGANISATION_NAME" in page
    client.post(
        "/settings/brand", data={"seen": "0", "organisation.name": "Evil", "organisation.support_phone": "1"}
    )
    page = client.get("/settings/brand").text
    assert 'value="Acme"' in page
    assert "Evil" not in client.get("/settings/history").text
    assert "FEEDBACK_PROVIDERS_ENABLED" in client.get("/settings/email").text, "the demo writes to nobody"


def test_a_secret_is_written_and_never_shown(admin: FlaskClient, fresh: Runtime) -> None:
    form = {"seen": "0", "smtp.username": "acme", "smtp.password": "swordfish"}
    assert admin.post("/settings/email", data=form).status_code == 303
    pages = (
        admin.get("/settings/email").text + admin.get("/settings/history").text + admin.get("/audit/").text
    )
    assert "swordfish" not in pages
    again = form_of(admin.get("/settings/email").text)
    assert admin.post("/settings/email", data=again).status_code == 303
    current = Following(fresh.database, fresh)
    assert current.look(at_once=True).settings.smtp.password.reveal() == "swordfish"
    removal = form_of(admin.get("/settings/email").text)
    removal |= {"smtp.password.remove": ["1"], "smtp.username": [""]}
    assert admin.post("/settings/email", data=removal).status_code == 303
    current = Following(fresh.database, fresh)
    assert not current.look(at_once=True).settings.smtp.password


def test_a_secret_with_a_mistake_beside_it_is_not_sent_back(admin: FlaskClient) -> None:
    refused = admin.post("/settings/email", data={"smtp.password": "swordfish", "smtp.port": "0"})
    assert refused.status_code == 422
    assert "swordfish" not in refused.text


def test_of_two_admins_the_second_is_told_and_overwrites_nothing(admin: FlaskClient, fresh: Runtime) -> None:
    first = form_of(admin.get("/settings/contact").text)
    second = first | {"contact.account_max": ["9"]}
    assert admin.post("/settings/contact", data=first | {"contact.account_max": ["3"]}).status_code == 303
    refused = admin.post("/settings/contact", data=second)
    assert refused.status_code == 409
    assert "Somebody else has just changed these settings." in refused.text
    assert Following(fresh.database, fresh).look(at_once=True).settings.contact.account_max == 3


def test_a_logo_is_uploaded_shown_to_customers_and_removed(admin: FlaskClient) -> None:
    form = {"seen": "0", "organisation.logo": (io.BytesIO(SVG), "logo.svg")}
    assert admin.post("/settings/brand", data=form, content_type="multipart/form-data").status_code == 303
    assert "data:image/svg+xml;base64," in admin.get("/settings/brand/sample-page").text
    seen = form_of(admin.get("/settings/brand").text)["seen"]
    assert (
        admin.post("/settings/brand", data={"seen": seen, "organisation.logo.remove": "1"}).status_code == 303
    )
    assert "data:image/svg+xml;base64," not in admin.get("/settings/brand/sample-page").text


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"GIF89a", "must be a PNG or SVG file"), (SVG + b" " * 2_000, "must have at most 2,000 bytes")],
)
def test_another_file_is_no_logo(admin: FlaskClient, content: bytes, told: str) -> None:
    form = {"organisation.name": "Acme", "organisation.logo": (io.BytesIO(content), "logo.svg")}
    refused = admin.post("/settings/brand", data=form, content_type="multipart/form-data")
    assert refused.status_code == 422
    assert told in refused.text
    assert "Nothing was changed here yet." in admin.get("/settings/history").text


def test_the_preview_shows_what_was_typed_and_stores_nothing(admin: FlaskClient) -> None:
    form = form_of(admin.get("/settings/brand").text)
    form |= {"organisation.name": ["Umbrella"], "organisation.colour": ["#aa0000"], "preview": ["1"]}
    page = admin.post("/settings/brand", data=form)
    assert page.status_code == 200
    addresses = [unescape(each) for each in re.findall(r'<iframe[^>]* src="([^"]+)"', page.text)]
    assert len(addresses) == 2
    for address in addresses:
        shown = admin.get(address)
        assert "Umbrella" in shown.text
        assert "#aa0000" in shown.text
        assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    assert "Nothing was changed here yet." in admin.get("/settings/history").text


def test_the_checks_show_what_the_doctor_finds_with_the_way_to_fix_it(
    admin: FlaskClient, smtp: FakeSmtp
) -> None:
    page = admin.get("/settings/checks").text
    assert "F020" in page
    assert "Name at least one in providers.enabled." in page
    assert 'href="/settings/brand#field-organisation-name"' in page
    admin.post("/settings/email", data=MAIL | {"smtp.port": str(smtp.port)})
    assert "F020" not in admin.get("/settings/checks").text


def test_a_required_second_factor_is_asked_for_before_anything_else(
    admin: FlaskClient, fresh_app: Flask
) -> None:
    assert admin.post("/settings/sign-in", data={"sign_in.second_factor": "admins"}).status_code == 303
    asked = admin.get("/settings/contact")
    assert (asked.status_code, asked.headers["Location"]) == (302, "/tf-setup")
    assert admin.post("/settings/contact", data={"contact.account_max": "9"}).status_code == 302
    fragment = admin.get("/desk/", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"]) == (401, "/tf-setup")
    assert admin.post("/logout").status_code == 302
    assert fresh_app.test_client().get("/healthz").status_code == 200


def test_a_second_factor_for_admins_is_nothing_for_others(runtime: Runtime, sign_in: SignIn) -> None:
    sign_in("admin").post("/settings/sign-in", data={"sign_in.second_factor": "admins"})
    assert sign_in("lead").get("/desk/").status_code == 200


def test_the_customers_page_follows_without_a_restart(app: Flask, runtime: Runtime, sign_in: SignIn) -> None:
    with runtime.database.reading() as session:
        wanted = select(Invitation.token).where(Invitation.token.is_not(None)).order_by(Invitation.id)
        link = f"/{session.scalars(wanted).first()}"
    customer = app.test_client()
    assert "privacy.acme.example" not in customer.get(link).text
    form = {"organisation.privacy_url": "https://privacy.acme.example", "organisation.colour": "#7a3e9d"}
    assert sign_in("admin").post("/settings/brand", data=form).status_code == 303
    page = customer.get(link)
    assert "privacy.acme.example" in page.text
    assert "#7a3e9d" in page.text
