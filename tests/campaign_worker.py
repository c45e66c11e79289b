"""A real worker with all its jobs as a process of its own, which sends text messages to a fake Twilio."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

import structlog

from feedback.bootstrap import Runtime
from feedback.core.journey import Journey
from feedback.library import Library
from feedback.providers.twilio_sms import TwilioSms
from feedback.services.messaging.provider_opening import open_providers
from feedback.settings import load
from feedback.store.database import Database
from feedback.worker import Worker
from tests.factories_surveys import NPS
from tests.fakes.fake_twilio import ACCOUNT_SID, AUTH_TOKEN, OUR_NUMBER

LEASE = 5.0
SETTINGS = {
    "FEEDBACK_WEB_PUBLIC_URL": "https://s.example",
    "FEEDBACK_PROVIDERS_ENABLED": "twilio_sms",
    "FEEDBACK_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
    "FEEDBACK_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    "FEEDBACK_TWILIO_SENDER": OUR_NUMBER,
    "FEEDBACK_TWILIO_MESSAGES_PER_SECOND": "10000",
    "FEEDBACK_TWILIO_TIMEOUT": "1",
    "FEEDBACK_CONTACT_WEEKDAYS": "mon,tue,wed,thu,fri,sat,sun",
    "FEEDBACK_WORKER_TICK": "0.5",
    "FEEDBACK_WORKER_LEASE": f"{LEASE:.0f}s",
    "FEEDBACK_WORKER_SETTLE": "2s",
    "FEEDBACK_ORGANISATION_NAME": "Acme",
}


def run(url: str, twilio: str) -> None:
    """Work until the process is killed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    Worker(runtime_of(url, twilio)).run()


def runtime_of(url: str, twilio: str) -> Runtime:
    """As a worker of an installation has it, with one questionnaire, so that it starts within a moment."""
    settings = load(Path(tempfile.gettempdir()), {**SETTINGS, "FEEDBACK_TWILIO_BASE_URL": twilio})
    database = Database(url, pool=20)
    providers = open_providers(settings, database)
    assert isinstance(
        providers["twilio_sms"], TwilioSms
    )  # imported here, so that no worker does it after its start
    return Runtime(settings, Library({NPS.key: NPS}, Journey(stages=())), providers, database)
