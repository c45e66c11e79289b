"""Every exception that the system raises on purpose, as one tree.

FeedbackError                 shown to people as one sentence, never as a traceback
├── SettingsInvalid           the installation's settings cannot be used
├── QuestionnaireInvalid      a questionnaire or journey file is refused; carries its problems
├── ImportRefused             an import file cannot be read at all (single bad rows are reported, not raised)
├── NotFound            404   it does not exist, or you are not allowed to see it
├── Forbidden           403   you are not allowed to do this
├── Conflict            409   somebody else changed it first, or it contradicts what is stored
├── Gone                410   it existed once and no longer does
│   └── LinkClosed            a survey link; says why (expired, withdrawn, closed)
├── Rejected            422   well formed, but not acceptable
├── TooManyAttempts     429   a password, code or link was tried too often
├── StorageUnavailable  503   the database cannot be used at the moment; the message says why
├── SignatureInvalid    403   a callback without the provider's valid signature
└── DeliveryFailed            the provider did not accept the message
        ├── DeliveryUnknown       it is not known whether the provider accepted the message
        └── ProviderHeld          the whole provider (or one country) must stop: credentials, registration

Mistakes in a customer's answers are returned as values (`problems`), not raised.
"""

from __future__ import annotations

from collections.abc import Sequence


class FeedbackError(Exception):
    """Base class; `str()` is a message for a person that says what to do."""


class SettingsInvalid(FeedbackError):
    """The settings cannot be used as they are."""


class QuestionnaireInvalid(FeedbackError):
    """Questionnaire or journey files cannot be used; `problems` says where and why."""

    def __init__(self, message: str, problems: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


class ImportRefused(FeedbackError):
    """The file as a whole cannot be imported."""


class NotFound(FeedbackError):
    """It does not exist, or the caller is not allowed to know that it does."""


class Forbidden(FeedbackError):
    """The caller is known and is not allowed to do this."""


class Conflict(FeedbackError):
    """The request contradicts what is stored, or somebody else changed it first."""


class Gone(FeedbackError):
    """It existed once and no longer does."""


class LinkClosed(Gone):
    """A survey link that no longer accepts answers.

    `reason` is `expired`, `withdrawn` or `closed` (already answered, and the time for changes is over).
    `language` is the customer's.
    """

    def __init__(self, reason: str, language: str) -> None:
        super().__init__(f"This survey link is {reason}.")
        self.reason = reason
        self.language = language


class Rejected(FeedbackError):
    """Well formed, but not acceptable."""


class TooManyAttempts(FeedbackError):
    """Something that can be guessed was tried too often; the message says when it is possible again."""


class StorageUnavailable(FeedbackError):
    """The database cannot be reached, opened or written; nothing of the transaction is stored."""


class SignatureInvalid(FeedbackError):
    """A callback whose signature is missing or does not match."""


class DeliveryFailed(FeedbackError):
    """The message has certainly not been sent.

    `permanent` is the whole retry policy: if it is True, do not try this message again; if it is False, try
    again later (after `retry_after` seconds if the provider named a time).
    """

    def __init__(self, message: str, *, permanent: bool, code: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.code = code
        self.retry_after = retry_after


class DeliveryUnknown(DeliveryFailed):
    """The call was interrupted, and it is not known whether the provider accepted the message."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, permanent=False, code=code)


class ProviderHeld(DeliveryFailed):
    """The fault is the provider's: nothing may be sent through it (or to `country`) until somebody fixes it."""

    def __init__(self, message: str, *, code: str, country: str | None = None) -> None:
        super().__init__(message, permanent=False, code=code)
        self.country = country
