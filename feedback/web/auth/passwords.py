"""The rules for a new password, in the reader's language."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_security import PasswordUtil
from werkzeug.exceptions import RequestEntityTooLarge

from feedback.services.staff import passwords
from feedback.services.staff.accounts import LONGEST_PASSWORD
from feedback.settings import Settings
from feedback.web.http.locale import say
from feedback.web.wording.sign_in_wording import WEAK


class StaffPasswords(PasswordUtil):
    """Refuses passwords that are too short, too long, common, or made of the user's own words."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._settings: Settings = app.extensions["feedback"].settings

    def normalize(self, password: str) -> str:
        """Only what can be a password, because that work grows with the square of the length."""
        if len(password) > LONGEST_PASSWORD:
            raise RequestEntityTooLarge
        return str(super().normalize(password))

    def validate(self, password: str, is_register: bool, **about: Any) -> tuple[list[str] | None, str]:
        mistakes, normal = super().validate(password, is_register, **about)
        user = about.get("user")
        words = [self._settings.organisation.name, *([user.name, user.email] if user else [])]
        if not mistakes and (weak := passwords.weakness(normal, words)):
            mistakes = [say().gettext(WEAK[weak])]
        return mistakes, normal
