"""What the sign-in says, in our words and in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from feedback.i18n import _
from feedback.web.http.locale import say

MESSAGES: Mapping[str, str] = {
    "GENERIC_AUTHN_FAILED": _("That did not work: the e-mail address or the password is wrong."),
    "PASSWORD_RESET_REQUEST": _("If we know this address, an e-mail with a link is on its way."),
    "UNAUTHORIZED": _("You may not do this."),
    "UNAUTHENTICATED": _("Please sign in."),
    "REAUTHENTICATION_REQUIRED": _("Please confirm that it is you."),
    "LOGIN": _("Please sign in."),
    "REFRESH": _("Please confirm that it is you."),
    "REAUTHENTICATION_SUCCESSFUL": _("Thank you."),
    "DISABLED_ACCOUNT": _("This account is disabled."),
    "EMAIL_NOT_PROVIDED": _("Please enter your e-mail address."),
    "INVALID_EMAIL_ADDRESS": _("This is not an e-mail address."),
    "PASSWORD_NOT_PROVIDED": _("Please enter a password."),
    "PASSWORD_INVALID_LENGTH": _("A password needs at least %(length)s characters."),
    "INVALID_PASSWORD": _("This password is wrong."),
    "PASSWORD_MISMATCH": _("The two passwords differ."),
    "RETYPE_PASSWORD_MISMATCH": _("The two passwords differ."),
    "PASSWORD_IS_THE_SAME": _("The new password is the old one."),
    "PASSWORD_CHANGE": _("Your password is changed."),
    "PASSWORD_RESET_NO_LOGIN": _("Your password is changed. Please sign in with it."),
    "PASSWORD_RESET": _("Your password is changed."),
    "PASSWORD_RESET_EXPIRED": _("This link is too old. Ask for a new one."),
    "INVALID_RESET_PASSWORD_TOKEN": _("This link does not work any more. Ask for a new one."),
    "TWO_FACTOR_INVALID_TOKEN": _("This code is wrong or too old."),
    "INVALID_CODE": _("This code is wrong or too old."),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": _("Welcome back."),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": _("From now on you sign in with a code, too."),
    "TWO_FACTOR_DISABLED": _("You sign in without a code now."),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": _("Please choose one."),
    "TWO_FACTOR_SETUP_EXPIRED": _("This took too long. Please start over."),
    "TWO_FACTOR_PERMISSION_DENIED": _("Please sign in."),
    "INVALID_RECOVERY_CODE": _("This code is wrong or used up."),
    "NO_RECOVERY_CODES_SETUP": _("You have no recovery codes yet."),
    "INVALID_REDIRECT": _("This address leads away from here."),
    "API_ERROR": _("That did not work. Please try again."),
    "WEBAUTHN_EXPIRED": _("This took too long. Please start over."),
    "WEBAUTHN_NAME_REQUIRED": _("Please give the passkey a name."),
    "WEBAUTHN_NAME_INUSE": _("You have a passkey of this name already."),
    "WEBAUTHN_NAME_NOT_FOUND": _("You have no passkey of this name."),
    "WEBAUTHN_NAME_DISALLOWED_CHARACTERS": _("Use letters, digits and simple punctuation for the name."),
    "WEBAUTHN_CREDENTIAL_DELETED": _("The passkey is removed."),
    "WEBAUTHN_REGISTER_SUCCESSFUL": _("The passkey is ready."),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": _("This passkey is known already."),
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": _("We do not know this passkey."),
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": _("We do not know this passkey."),
    "WEBAUTHN_NO_VERIFY": _("This passkey could not be checked."),
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": _("This passkey is only a second factor. Sign in with your password."),
    "WEBAUTHN_MISMATCH_USER_HANDLE": _("This passkey could not be checked."),
    "SUBJECT_RESET": _("Choose a new password"),
    "SUBJECT_CHANGED": _("Your password was changed"),
}
"""The extension's messages that can appear with our configuration, by its names for them."""

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


def category(key: str) -> str:
    """How a message looks: `success` or `error`."""
    return "success" if key in GOOD_NEWS else "error"


class Words:
    """Stands in for the extension's own translations, which need another library and lack Persian."""

    def gettext(self, message: str, **params: Any) -> str:
        ours = re.sub(r"%\((\w+)\)[sd]", r"{\1}", str(message))
        return say().gettext(ours, **params)

    def ngettext(self, singular: str, plural: str, n: int, **params: Any) -> str:
        return self.gettext(singular if n == 1 else plural, num=n, **params)

    @staticmethod
    def format_list(items: list[str], **_: Any) -> str:
        return say().listed(items)
