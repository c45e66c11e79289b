"""Everything that the system raises on purpose, as one tree.

FeedbackError                 a sentence for a person; never a traceback
├── SettingsInvalid           the installation's settings cannot be used
├── QuestionnaireInvalid      a YAML file is refused; carries its problems
├── ImportRefused             an import file cannot be read at all (single bad rows are reported, not raised)
├── NotFound            404   no such thing, or not yours to see
├── Forbidden           403   you may not do this
├── Conflict            409   somebody else changed it first, or it contradicts what is stored
├── Gone                410   a link that worked once and does not any more
│   └── LinkClosed            a survey link; says why (expired, withdrawn, closed)
├── Rejected            422   understood, and not acceptable as it is
├── StorageUnavailable  503   the database cannot be used just now; the sentence says why
├── SignatureInvalid    403   a webhook that the provider did not sign
└── DeliveryFailed            a provider could not hand a message over
    ├── DeliveryUnknown       nobody can say whether the provider took it
    └── ProviderHeld          the provider as a whole must stop (credentials, registration)

A respondent's mistakes in a form are values (`problems`), not exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence


class FeedbackError(Exception):
    """Base of all; `str()` is one sentence that says what to do."""


class SettingsInvalid(FeedbackError):
    """The settings cannot be used as they are."""


class QuestionnaireInvalid(FeedbackError):
    """Questionnaire or journey files that may not be used; `problems` says where and why."""

    def __init__(self, message: str, problems: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class ImportRefused(FeedbackError):
    """The file as a whole cannot be imported."""


class NotFound(FeedbackError):
    """No such thing, or nothing that the asker may know of."""


class Forbidden(FeedbackError):
    """The asker is known and may not do this."""


class Conflict(FeedbackError):
    """The request contradicts what is stored, or came second."""


class Gone(FeedbackError):
    """It was there once."""


class LinkClosed(Gone):
    """A survey link that takes no answer any more.

    `reason` is `expired`, `withdrawn`, or `closed`: answered, and the time for changes is over. `language` is
    what its holder reads.
    """

    def __init__(self, reason: str, language: str) -> None:
        super().__init__(f"This survey link is {reason}.")
        self.reason = reason
        self.language = language


class Rejected(FeedbackError):
    """Well formed, but not acceptable."""


class StorageUnavailable(FeedbackError):
    """The database cannot be reached, opened or written; nothing of the transaction is stored."""


class SignatureInvalid(FeedbackError):
    """A callback whose signature does not match."""


class DeliveryFailed(FeedbackError):
    """The provider refused the message for certain: it has not been sent.

    `permanent` is the whole retry policy: True means never again to this address,
    False means try later (after `retry_after` seconds where the provider said so).
    """

    def __init__(self, message: str, *, permanent: bool, code: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code
        self.retry_after = retry_after


class DeliveryUnknown(DeliveryFailed):
    """The call broke off in a way that leaves open whether the provider accepted the message."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, permanent=False, code=code)


class ProviderHeld(DeliveryFailed):
    """Not this message's fault: nothing may go out through the provider (or to `country`) until a person acts."""

    def __init__(self, message: str, *, code: str, country: str | None = None) -> None:
        super().__init__(message, permanent=False, code=code)
        self.country = country
