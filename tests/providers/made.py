"""Providers made from loose settings, so that a test names only what it is about."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from feedback.providers.accounts import SmtpServer, TwilioAccount
from feedback.providers.smtp_email import SmtpEmail
from feedback.providers.twilio_sms import TwilioSms


def twilio_sms(**settings: Any) -> TwilioSms:
    account, rest = _divided(TwilioAccount, settings)
    return TwilioSms(TwilioAccount(**account), **rest)


def smtp_email(**settings: Any) -> SmtpEmail:
    server, rest = _divided(SmtpServer, settings)
    return SmtpEmail(SmtpServer(**server), **rest)


def _divided(table: type, settings: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    own = {each.name for each in fields(table)}
    mine = {key: value for key, value in settings.items() if key in own}
    return mine, {key: value for key, value in settings.items() if key not in own}
