"""Signing in, and what keeps others out."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.web.conftest import SignIn


def test_the_right_password_opens_the_desk(sign_in: SignIn) -> None:
    page = sign_in("cem").get("/", follow_redirects=True)
    assert page.status_code == 200
    assert "Cem Kaya" in page.text


@pytest.mark.parametrize("email", ["cem@example.com", "nobody@example.com"])
def test_a_wrong_password_and_an_unknown_address_look_the_same(app: Flask, email: str) -> None:
    page = app.test_client().post("/login", data={"email": email, "password": "wrong wrong wrong"})
    assert page.status_code == 200
    assert "the e-mail address or the password is wrong" in page.text


def test_without_signing_in_one_is_led_to_the_door_and_back(app: Flask) -> None:
    response = app.test_client().get("/desk/?whose=mine")
    assert response.status_code == 302
    assert response.location == "/login?next=/desk/?whose%3Dmine"
