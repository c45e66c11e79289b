"""One outgoing message of each kind; tests change what they are about."""

from dataclasses import replace
from typing import Any

from feedback.providers.base import Deadline, Outgoing

TOKEN = "Ab3dE5gH7jK9"


def sms(**changes: Any) -> Outgoing:
    outgoing = Outgoing(
        message_id=41,
        attempt=1,
        to="+905321234567",
        sender=None,
        body=f"How was it? https://s.example.com/{TOKEN}",
        subject=None,
        html=None,
        language="en",
        match=TOKEN,
        not_after=None,
        deadline=Deadline.after(30),
        callback_url=None,
        headers={},
        message_id_header=None,
        reply_to=None,
        envelope_from=None,
    )
    return replace(outgoing, **changes)


def email(**changes: Any) -> Outgoing:
    return sms(
        **{
            "to": "leyla@customer.example",
            "subject": "How was it?",
            "html": f'<p>How was it? <a href="https://s.example.com/{TOKEN}">Answer</a></p>',
            "message_id_header": "<41.k2@survey.example>",
            "envelope_from": "bounce+41.abc@survey.example",
            "headers": {
                "List-Unsubscribe": "<https://s.example.com/u/xyz>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        }
        | changes
    )
