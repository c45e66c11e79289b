"""What is said when the single sign-on does not work."""

from __future__ import annotations

from collections.abc import Mapping

from feedback.i18n import _
from feedback.services.staff.provider_accounts import SignInRefusal

REFUSALS: Mapping[SignInRefusal, str] = {
    SignInRefusal.INACTIVE: _("This user is deactivated."),
    SignInRefusal.NO_ADDRESS: _(
        "Ask an admin to add the scope email: your company's sign-in did not pass on your e-mail address."
    ),
    SignInRefusal.OTHER_DOMAIN: _(
        "Sign in with the account of your company: this address is of another domain."
    ),
    SignInRefusal.NOT_VERIFIED: _(
        "Have your e-mail address verified at your company's sign-in, then sign in again."
    ),
    SignInRefusal.OTHER_PERSON: _(
        "Ask an admin: the account with your e-mail address is linked to somebody else at your company's sign-in."
    ),
    SignInRefusal.NOT_INVITED: _("Ask an admin to add you: there is no account with your e-mail address."),
    SignInRefusal.NO_ROLE: _("Ask an admin: you are in no group that may sign in."),
}
"""Why somebody was refused -> what they can do."""

FAILED = _("Try again: the sign-in did not work. If that does not help, give this code to an admin:")
FAILURES: Mapping[str, str] = {
    "refused_there": _("Your company's sign-in refused you. Ask an admin."),
    "too_slow": _("Start again: this took too long."),
    "not_started": _("Start again: this sign-in did not begin in this browser."),
    "used": _("Start again: this answer was already used."),
    "not_confirmed": _("Enter your password there to confirm your identity."),
    "other_subject": _("Confirm your identity with the account that you are signed in with."),
    "not_installed": _("Ask an admin to install the extra sso on the server."),
}
"""Code of a failure -> what to do; all others are for admins."""

CONNECTION: Mapping[str, str] = {
    "bad_address": _("Copy all of the address, including https://."),
    "https_required": _("The provider has an address without encryption."),
    "address_not_allowed": _(
        "The provider is inside your own network. Name the network in sso.allowed_networks of feedback.toml."
    ),
    "unreachable": _("Nobody answers there. Check the address."),
    "timeout": _("The provider took too long to answer. Try again."),
    "tls": _("The certificate of the provider is not trusted. Check the address."),
    "broken_answer": _("The connection was interrupted. Try again."),
    "status": _("There is no discovery document at this address. Copy the issuer from the provider."),
    "no_json": _("There is no discovery document at this address. Copy the issuer from the provider."),
    "other_issuer": _("The provider uses another address for itself. Write it exactly like this:"),
    "incomplete": _("The provider's discovery document is incomplete. This is missing:"),
    "no_keys": _("The provider publishes no keys, so that its answers cannot be checked."),
    "no_pkce": _("The provider does not support PKCE with S256, which we need."),
    "client": _("The provider refuses the client ID or the client secret. It says:"),
    "not_installed": _("Ask an admin to install the extra sso on the server."),
}
"""Code of a failure -> what to do, on the page that tests the connection."""
