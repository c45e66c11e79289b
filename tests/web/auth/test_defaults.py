"""Nothing about the sign-in is left to a default that nobody has chosen.

Every default of Flask-Security, Flask-Login and Flask is either set by us or accepted here, with the reason. A new
release of one of them with a new default fails here until somebody has decided.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping

import flask_login
import pytest
from flask import Flask
from flask_login import login_manager, utils
from flask_security.core import _default_config

from feedback.bootstrap import Runtime
from feedback.web import app as application
from feedback.web.auth import datastore
from feedback.web.auth.views import CHANGES

OFF: Mapping[str, tuple[str, ...]] = {
    "OAUTH_ENABLE": ("OAUTH_", "POST_OAUTH_"),
    "UNIFIED_SIGNIN": ("UNIFIED_", "US_"),
    "USERNAME_ENABLE": ("USERNAME_",),
    "USERNAME_RECOVERY": ("EMAIL_SUBJECT_USERNAME_RECOVERY",),
    "CHANGE_EMAIL": ("CHANGE_EMAIL", "POST_CHANGE_EMAIL_"),
    "CHANGE_USERNAME": (
        "CHANGE_USERNAME",
        "POST_CHANGE_USERNAME_",
        "SEND_USERNAME_CHANGE_",
        "EMAIL_SUBJECT_USERNAME_CHANGE_",
    ),
    "REFRESH_TOKEN": ("REFRESH_TOKEN",),
    "REGISTERABLE": (
        "REGISTER",
        "USE_REGISTER_",
        "SEND_REGISTER_",
        "EMAIL_SUBJECT_REGISTER",
        "POST_REGISTER_",
    ),
    "CONFIRMABLE": (
        "CONFIRM",
        "POST_CONFIRM_",
        "SEND_CONFIRMATION_",
        "REQUIRES_CONFIRMATION_",
        "LOGIN_WITHOUT_CONFIRMATION",
        "AUTO_LOGIN_AFTER_CONFIRM",
        "EMAIL_SUBJECT_CONFIRM",
        "EMAIL_TEMPLATE_CONFIRM",
    ),
    "PASSWORDLESS": (
        "PASSWORDLESS",
        "LOGIN_WITHIN",
        "SEND_LOGIN_",
        "EMAIL_SUBJECT_PASSWORDLESS",
        "EMAIL_TEMPLATE_PASSWORDLESS",
    ),
    "PASSWORD_CHECK_BREACHED": ("PASSWORD_CHECK_BREACHED", "PASSWORD_BREACHED_"),
}
"""The switch of a part that is off -> the beginnings of its settings."""

NO_MATTER = {
    "_URL": "an address of a page",
    "_TEMPLATE": "a page of a part that is off, or one that is ours",
    "_VIEW": "where a page leads",
    "_SALT": "keeps signatures of different kinds apart; the key is web.secret_key",
}
"""The end of a setting that protects nothing -> why."""

ACCEPTED: Mapping[str, str] = {
    "ANONYMOUS_USER_DISABLED": "the guard asks is_authenticated",
    "AUTO_LOGIN_AFTER_RESET": "off: a reset link alone must not pass the second step",
    "BACKWARDS_COMPAT_AUTH_TOKEN": "off: no tokens",
    "BLUEPRINT_NAME": "a name",
    "CLI_ROLES_NAME": "its commands are not ours",
    "CLI_USERS_NAME": "its commands are not ours",
    "CSRF_COOKIE": "no such cookie: CSRF_COOKIE_NAME is None",
    "CSRF_COOKIE_NAME": "forms carry the token",
    "CSRF_COOKIE_REFRESH_EACH_REQUEST": "no such cookie",
    "CSRF_HEADER": "read by Flask-WTF only together with its own checks",
    "CSRF_IGNORE_UNAUTH_ENDPOINTS": "off: the sign-in needs its token, too",
    "CSRF_PROTECT_MECHANISMS": "Flask-WTF checks every post",
    "DEFAULT_HTTP_AUTH_REALM": "no HTTP authentication: API_ENABLED_METHODS",
    "DEFAULT_REMEMBER_ME": "off",
    "DEPRECATED_HASHING_SCHEMES": "see HASHING_SCHEMES",
    "DEPRECATED_PASSWORD_SCHEMES": "argon2 is the only scheme",
    "EMAIL_HTML": "it sends no e-mails",
    "EMAIL_PLAINTEXT": "it sends no e-mails",
    "EMAIL_SENDER": "it sends no e-mails",
    "EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE": "it sends no e-mails",
    "EMAIL_SUBJECT_PASSWORD_NOTICE": "it sends no e-mails",
    "EMAIL_SUBJECT_PASSWORD_RESET": "it sends no e-mails",
    "EMAIL_SUBJECT_TWO_FACTOR": "no codes by e-mail: TWO_FACTOR_ENABLED_METHODS",
    "EMAIL_SUBJECT_TWO_FACTOR_RESCUE": "the rescue page is shut",
    "EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": "it sends no e-mails",
    "EMAIL_TEMPLATE_PASSWORD_RESET": "it sends no e-mails",
    "EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE": "it sends no e-mails",
    "FLASH_MESSAGES": "pages show them",
    "HASHING_SCHEMES": "for its reset links, which account_email writes without such a hash",
    "I18N_DIRNAME": "the words are ours",
    "I18N_DOMAIN": "the words are ours",
    "INPUT_NORMALIZE_FORM": "NFKD",
    "JOIN_USER_ROLES": "our datastore reads",
    "LOGOUT_CSRF": "Flask-WTF checks every post",
    "LOGOUT_METHODS": "POST only",
    "MULTI_FACTOR_RECOVERY_CODES_KEYS": "digests instead of encryption: second_factor.StaffRecoveryCodes",
    "MULTI_FACTOR_RECOVERY_CODES_N": "five codes of 48 bits, ten attempts an hour",
    "MULTI_FACTOR_RECOVERY_CODE_TTL": "they wait for the day on which a phone is lost",
    "PASSWORD_COMPLEXITY_CHECKER": "passwords.StaffPasswords asks zxcvbn, in the reader's language",
    "PASSWORD_CONFIRM_REQUIRED": "for registering, which is off",
    "PASSWORD_HASH_OPTIONS": "deprecated",
    "PASSWORD_HASH_PASSLIB_OPTIONS": "passlib's Argon2id parameters are above those of OWASP",
    "PASSWORD_NORMALIZE_FORM": "NFKD, as accounts.hash_password",
    "PASSWORD_REQUIRED": "for registering, which is off",
    "PASSWORD_SINGLE_HASH": "argon2 is not in it: an HMAC with the salt comes first",
    "PHONE_REGION_DEFAULT": "no phone numbers of staff",
    "REDIRECT_ALLOWED_SUBDOMAINS": "none",
    "REDIRECT_ALLOW_SUBDOMAINS": "off",
    "REDIRECT_BASE_DOMAIN": "none: redirects stay on this host",
    "REDIRECT_BEHAVIOR": "none: pages, not a single-page application",
    "REDIRECT_HOST": "none",
    "SMS_SERVICE": "no codes by SMS: TWO_FACTOR_ENABLED_METHODS",
    "SMS_SERVICE_CONFIG": "no codes by SMS",
    "STATIC_FOLDER_URL": "no static files: STATIC_FOLDER",
    "SUBDOMAIN": "none",
    "TOKEN_AUTHENTICATION_HEADER": "no tokens: session_rows shuts the loader",
    "TOKEN_AUTHENTICATION_KEY": "no tokens",
    "TOKEN_EXPIRE_TIMESTAMP": "no tokens",
    "TOKEN_MAX_AGE": "no tokens",
    "TWO_FACTOR_IMPLEMENTATIONS": "codes and passkeys",
    "TWO_FACTOR_LOGIN_VALIDITY": "never used: TWO_FACTOR_ALWAYS_VALIDATE",
    "TWO_FACTOR_MAIL_VALIDITY": "no codes by e-mail",
    "TWO_FACTOR_REQUIRED": "each user decides",
    "TWO_FACTOR_RESCUE_MAIL": "the rescue page is shut",
    "TWO_FACTOR_SMS_VALIDITY": "no codes by SMS",
    "URL_PREFIX": "none",
    "USER_IDENTITY_ATTRIBUTES": "the e-mail address, in any case",
    "WAN_ALLOW_AS_FIRST_FACTOR": "with user verification: StaffPasskeys",
    "WAN_ALLOW_AS_MULTI_FACTOR": "a passkey that verifies the user is two factors",
    "WAN_ALLOW_AS_VERIFY": "any passkey of the user",
    "WAN_CHALLENGE_BYTES": "32, the system's default of secrets.token_urlsafe",
    "WAN_NAME_ALLOWED_CHARS": "letters, digits, dashes and spaces",
    "WAN_NAME_MAX_LENGTH": "64",
    "WAN_REGISTER_TIMEOUT": "a hint for the browser; WAN_REGISTER_WITHIN decides",
    "WAN_RP_NAME": "the organisation's name as it is now: StaffPasskeys",
    "WAN_SIGNIN_TIMEOUT": "a hint for the browser; WAN_SIGNIN_WITHIN decides",
    "ZXCVBN_MINIMUM_SCORE": "services.staff.passwords.STRONG_ENOUGH",
}

ACCEPTED_OF_LOGIN: Mapping[str, str] = {
    "AUTH_HEADER_NAME": "session_rows shuts the loader of headers",
    "FORCE_HOST_FOR_REDIRECTS": "TRUSTED_HOSTS refuses other hosts",
    "LOGIN_DISABLED": "off; the guard does not ask it",
    "REMEMBER_COOKIE_DOMAIN": "none: this host only, as __Host- demands",
    "REMEMBER_COOKIE_PATH": "the whole site, as __Host- demands",
    "REMEMBER_COOKIE_REFRESH_EACH_REQUEST": "off: 30 days from the sign-in",
    "USE_SESSION_FOR_NEXT": "off",
}

ACCEPTED_OF_FLASK: Mapping[str, str] = {
    "APPLICATION_ROOT": "the whole site",
    "DEBUG": "off",
    "EXPLAIN_TEMPLATE_LOADING": "off",
    "MAX_COOKIE_SIZE": "only warns",
    "MAX_FORM_MEMORY_SIZE": "500 kB, below MAX_CONTENT_LENGTH",
    "PROPAGATE_EXCEPTIONS": "off outside tests",
    "PROVIDE_AUTOMATIC_OPTIONS": "answers OPTIONS without the view",
    "SERVER_NAME": "hosts are checked by TRUSTED_HOSTS",
    "SESSION_COOKIE_DOMAIN": "none: this host only, as __Host- demands",
    "SESSION_COOKIE_PARTITIONED": "staff pages are not embedded",
    "SESSION_REFRESH_EACH_REQUEST": "for permanent sessions, which we do not make",
    "TEMPLATES_AUTO_RELOAD": "off",
    "TESTING": "off",
    "TRAP_BAD_REQUEST_ERRORS": "off",
    "TRAP_HTTP_EXCEPTIONS": "off",
    "USE_X_SENDFILE": "off",
}


def undecided(defaults: Iterable[str], ours: Iterable[str], accepted: Iterable[str]) -> set[str]:
    decided = {*ours, *accepted}
    beginnings = tuple(beginning for each in OFF.values() for beginning in each)
    return {
        name
        for name in defaults
        if name not in decided and not name.startswith(beginnings) and not name.endswith(tuple(NO_MATTER))
    }


def ours_of_security(runtime: Runtime) -> set[str]:
    return {name.removeprefix("SECURITY_") for name in datastore._configuration(runtime.settings)}


def names_of_flask_login() -> set[str]:
    """The settings that its code reads."""
    source = inspect.getsource(login_manager) + inspect.getsource(utils)
    return set(re.findall(r'config(?:\.get\(|\[)\s*"([A-Z_]+)"', source))


def test_every_default_of_flask_security_is_decided(runtime: Runtime) -> None:
    assert undecided(_default_config, ours_of_security(runtime), ACCEPTED) == set()


def test_every_default_of_flask_login_is_decided(runtime: Runtime) -> None:
    names = names_of_flask_login()
    assert {"REMEMBER_COOKIE_DURATION", "SESSION_PROTECTION"} <= names, "the code is read as expected"
    assert undecided(names, application._configuration(runtime.settings), ACCEPTED_OF_LOGIN) == set()


def test_every_default_of_flask_is_decided(runtime: Runtime) -> None:
    ours = application._configuration(runtime.settings)
    assert undecided(Flask.default_config, ours, ACCEPTED_OF_FLASK) == set()


def test_a_default_that_nobody_knows_is_found() -> None:
    assert undecided(["SEND_PASSWORDS_TO"], [], ACCEPTED) == {"SEND_PASSWORDS_TO"}


@pytest.mark.parametrize("switch", OFF)
def test_what_is_said_to_be_off_is_off(app: Flask, switch: str) -> None:
    assert not app.config[f"SECURITY_{switch}"]


def test_nothing_is_accepted_that_we_set_or_that_is_gone(runtime: Runtime) -> None:
    ours = ours_of_security(runtime)
    assert {name for name in ACCEPTED if name in ours or name not in _default_config} == set()
    assert set(ACCEPTED_OF_FLASK) - set(Flask.default_config) == set()
    assert set(ACCEPTED_OF_LOGIN) - names_of_flask_login() == set()


def test_every_page_that_finishes_a_change_exists(app: Flask) -> None:
    for endpoint, (begins, _) in CHANGES.items():
        assert {endpoint, f"security.{begins}"} <= set(app.view_functions)


def test_cookies_are_bound_to_the_host_where_the_address_is_https(runtime: Runtime) -> None:
    from dataclasses import replace

    settings = runtime.settings
    for public, prefix in (("https://feedback.example.com", "__Host-"), ("http://127.0.0.1:8000", "")):
        web = replace(settings.web, public_url=public)
        config = application._configuration(replace(settings, web=web))
        assert config["SESSION_COOKIE_NAME"] == f"{prefix}feedback_staff"
        assert config["REMEMBER_COOKIE_NAME"] == f"{prefix}feedback_remember"
        for kind in ("SESSION", "REMEMBER"):
            assert config[f"{kind}_COOKIE_SECURE"] == bool(prefix)
            assert config[f"{kind}_COOKIE_HTTPONLY"] and config[f"{kind}_COOKIE_SAMESITE"] == "Lax"


def test_flask_login_is_told_where_the_secret_of_a_session_comes_from(app: Flask) -> None:
    manager: flask_login.LoginManager = app.login_manager  # type: ignore[attr-defined]
    assert manager.id_attribute == "new_session_secret"
