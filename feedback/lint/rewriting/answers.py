"""Answers that are missing, in the language of the questionnaire."""

from __future__ import annotations

NEVER = {
    "en": "Never",
    "tr": "Hiçbir zaman",
    "fa": "هیچ‌وقت",
    "de": "Nie",
    "es": "Nunca",
    "fr": "Jamais",
    "ar": "أبدًا",
}
NONE = {
    "en": "None of these",
    "tr": "Hiçbiri",
    "fa": "هیچ‌کدام",
    "de": "Nichts davon",
    "es": "Ninguno de estos",
    "fr": "Aucun de ceux-ci",
    "ar": "لا شيء مما سبق",
}
OTHER = {
    "en": "Something else",
    "tr": "Başka bir şey",
    "fa": "مورد دیگر",
    "de": "Etwas anderes",
    "es": "Otra cosa",
    "fr": "Autre chose",
    "ar": "شيء آخر",
}


def told(answers: dict[str, str], language: str) -> str:
    """An answer in a language; in English where there is none in it."""
    return answers.get(language, answers["en"])
