"""The sign-in's messages, in our words and the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from feedback.i18n import _
from feedback.services.staff import attempts
from feedback.services.staff.passwords import Weakness
from feedback.web.http.locale import say

MESSAGES: Mapping[str, str] = {
    "GENERIC_AUTHN_FAILED": _("Check your e-mail address and password: they do not match."),
    "PASSWORD_RESET_REQUEST": _("If an account uses this address, we are sending a link to it."),
    "UNAUTHORIZED": _("You don't have access to this. Ask an admin."),
    "UNAUTHENTICATED": _("Sign in to continue."),
    "REAUTHENTICATION_REQUIRED": _("Confirm your identity."),
    "LOGIN": _("Sign in to continue."),
    "REFRESH": _("Confirm your identity."),
    "REAUTHENTICATION_SUCCESSFUL": _("Identity confirmed."),
    "DISABLED_ACCOUNT": _("This user is deactivated."),
    "EMAIL_NOT_PROVIDED": _("Enter your e-mail address."),
    "INVALID_EMAIL_ADDRESS": _("Enter a valid e-mail address."),
    "PASSWORD_NOT_PROVIDED": _("Enter a password."),
    "PASSWORD_INVALID_LENGTH": _("Use at least %(length)s characters for the password."),
    "INVALID_PASSWORD": _("Enter your current password: this one is wrong."),
    "PASSWORD_MISMATCH": _("Enter the same password twice: they differ."),
    "RETYPE_PASSWORD_MISMATCH": _("Enter the same password twice: they differ."),
    "PASSWORD_IS_THE_SAME": _("Choose a different password: this is your current one."),
    "PASSWORD_CHANGE": _("Password changed."),
    "PASSWORD_RESET_NO_LOGIN": _("Password changed. Sign in with the new one."),
    "PASSWORD_RESET": _("Password changed."),
    "PASSWORD_RESET_EXPIRED": _("Ask for a new link: this one has expired."),
    "INVALID_RESET_PASSWORD_TOKEN": _("Ask for a new link: this one no longer works."),
    "TWO_FACTOR_INVALID_TOKEN": _("Enter the current code: this one is wrong or expired."),
    "INVALID_CODE": _("Enter the current code: this one is wrong or expired."),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": _("Signed in."),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": _(
        "Two-step sign-in is on. You will need a code each time you sign in."
    ),
    "TWO_FACTOR_DISABLED": _("Two-step sign-in is off."),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": _("Choose an option."),
    "TWO_FACTOR_SETUP_EXPIRED": _("Start again: this took too long."),
    "TWO_FACTOR_PERMISSION_DENIED": _("Sign in to continue."),
    "INVALID_RECOVERY_CODE": _("Enter another code: this one is wrong or already used."),
    "NO_RECOVERY_CODES_SETUP": _("Generate recovery codes first: you have none yet."),
    "INVALID_REDIRECT": _("This link leads to another website."),
    "API_ERROR": _("That did not work. Please try again."),
    "WEBAUTHN_EXPIRED": _("Start again: this took too long."),
    "WEBAUTHN_NAME_REQUIRED": _("Give the passkey a name."),
    "WEBAUTHN_NAME_INUSE": _("Choose another name: you already have a passkey with this one."),
    "WEBAUTHN_NAME_NOT_FOUND": _("No passkey with this name."),
    "WEBAUTHN_NAME_DISALLOWED_CHARACTERS": _("Use only letters, digits and simple punctuation in the name."),
    "WEBAUTHN_CREDENTIAL_DELETED": _("Passkey removed."),
    "WEBAUTHN_REGISTER_SUCCESSFUL": _("Passkey added."),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": _("This passkey is already registered."),
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": _("Use another passkey: this one is not registered."),
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": _("Use another passkey: this one is not registered."),
    "WEBAUTHN_NO_VERIFY": _("Try again: this passkey could not be verified."),
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": _(
        "Sign in with your password: this passkey only works as a second step."
    ),
    "WEBAUTHN_MISMATCH_USER_HANDLE": _("Try again: this passkey could not be verified."),
}
"""The extension's messages that can appear with our configuration, by its names for them."""

ONLY_PROVIDER = _("Sign in with the account of your company: passwords and passkeys are switched off.")

LIMITS: Mapping[str, str] = {
    attempts.PASSWORDS.kind: _(
        "Wait an hour, then try again: there were too many wrong passwords. If you can't wait, choose a new password "
        'with "Forgot your password?".'
    ),
    attempts.CODES.kind: _("Wait an hour, then sign in again: there were too many wrong codes."),
    attempts.RESETS.kind: _(
        "Wait an hour, then ask again: this address was entered too often. Links that you have received still work."
    ),
}
"""Kind of a limit -> what is said to somebody who has reached it, whether the account exists or not."""

WEAK: Mapping[Weakness, str] = {
    Weakness.COMMON: _(
        "Choose another password: this one is common or a simple pattern, so it is easily guessed."
    ),
    Weakness.OWN_WORDS: _(
        "Choose another password: this one is easily guessed from your name, your e-mail address or the name of this "
        "site."
    ),
}

GOOD_NEWS = frozenset(
    {
        "REAUTHENTICATION_SUCCESSFUL",
        "PASSWORD_CHANGE",
        "PASSWORD_RESET",
        "PASSWORD_RESET_NO_LOGIN",
        "PASSWORD_RESET_REQUEST",
        "TWO_FACTOR_LOGIN_SUCCESSFUL",
        "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL",
        "TWO_FACTOR_DISABLED",
        "WEBAUTHN_CREDENTIAL_DELETED",
        "WEBAUTHN_REGISTER_SUCCESSFUL",
    }
)


def message(key: str) -> str:
    """One of the extension's messages in the reader's language."""
    return say().gettext(MESSAGES[key])


def category(key: str) -> str:
    """The category of a message: `success` or `error`."""
    return "success" if key in GOOD_NEWS else "error"


class Words:
    """Replaces the extension's translations, which need another library and lack Persian."""

    def gettext(self, message: str, **params: Any) -> str:
        ours = re.sub(r"%\((\w+)\)[sd]", r"{\1}", str(message))
        return say().gettext(ours, **params)

    def ngettext(self, singular: str, plural: str, n: int, **params: Any) -> str:
        return self.gettext(singular if n == 1 else plural, num=n, **params)

    @staticmethod
    def format_list(items: list[str], **_: Any) -> str:
        return say().listed(items)
