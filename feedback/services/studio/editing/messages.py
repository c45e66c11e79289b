"""Messages that begin with the standard texts."""

from __future__ import annotations

from collections.abc import Mapping

from feedback.errors import Rejected
from feedback.i18n import translator
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.messaging import content
from feedback.services.studio.editing.texts import languages, says, set_text, value_at

FALLBACKS: Mapping[str, Mapping[str, str]] = {
    "first_name": {
        "en": "there",
        "tr": "değerli müşterimiz",
        "fa": "همراه گرامی",
        "de": "zusammen",
        "es": "estimado cliente",
        "fr": "cher client",
        "ar": "عميلنا العزيز",
    },
    "account": {
        "en": "your account",
        "tr": "hesabınız",
        "fa": "حساب شما",
        "de": "Ihr Konto",
        "es": "su cuenta",
        "fr": "votre compte",
        "ar": "حسابكم",
    },
}
"""Placeholder -> language -> what is written if nothing is known of the customer."""
_STANDARD: Mapping[str, Mapping[Path, str]] = {
    "sms": {("messages", "sms"): content.SMS_DEFAULT},
    "email": {
        ("messages", "email", "subject"): content.EMAIL_SUBJECT_DEFAULT,
        ("messages", "email", "body"): content.EMAIL_BODY_DEFAULT,
    },
}


def begin_with_standard(editor: YamlEditor, kind: str) -> None:
    """Write the standard SMS or e-mail (`kind`) into the boxes that are still empty, in every language, to be changed.

    Raises Rejected for another kind.
    """
    if kind not in _STANDARD:
        raise Rejected("Choose what to do.")
    for path, template in _STANDARD[kind].items():
        for language in languages(editor):
            present = value_at(editor, path)
            if not says(present.get(language) if isinstance(present, dict) else present):
                set_text(editor, path, language, _in(language, template))


def _in(language: str, template: str) -> str:
    """The template in a language, with words for customers whose name is not known."""
    fallbacks = FALLBACKS["first_name"]
    name = f"{{first_name|{fallbacks.get(language, fallbacks['en'])}}}"
    return translator("messages", language).gettext(template).replace("{first_name|}", name)
