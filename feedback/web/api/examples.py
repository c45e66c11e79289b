"""An example of each request that has a body: shown in the description, and tried out by the tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "PUT /accounts/{external_id}": {
        "name": "Acme Ltd",
        "segment": "core",
        "recurring_revenue": "1200.50",
        "currency": "EUR",
        "renewal_on": "2027-01-31",
        "properties": {"plan": "gold", "seats": 40},
    },
    "POST /accounts/batch": {
        "items": [{"external_id": "acme", "segment": "vip"}, {"external_id": "globex", "name": "Globex"}]
    },
    "POST /accounts/{external_id}/usage": {"key": "2026-10-01", "name": "active_users", "value": 31},
    "PUT /contacts/{external_id}": {
        "name": "Ada Lovelace",
        "account": "acme",
        "email": "ada@example.com",
        "phone": "+905321234567",
        "language": "en",
        "time_zone": "Europe/Istanbul",
        "consent": {"basis": "contract", "source": "terms"},
    },
    "POST /contacts/batch": {
        "items": [
            {"external_id": "c-17", "properties": {"role": "admin"}},
            {"external_id": "c-18", "account": "acme", "email": "charles@example.com"},
        ]
    },
    "POST /contacts/{external_id}/consents": {
        "basis": "consent",
        "source": "preference page",
        "sms": False,
        "email": True,
    },
    "POST /segments": {
        "name": "VIP in Turkey",
        "filter": {
            "segment": "vip",
            "country": "TR",
            "renews_within": 120,
            "not_asked_for": 60,
            "properties": [{"name": "account.plan", "value": "gold"}],
        },
    },
    "PUT /segments/{segment_id}": {"name": "Turkey", "filter": {"country": "TR"}},
    "POST /suppressions": {"channel": "email", "address": "noise@example.com", "source": "phone call"},
    "POST /suppressions/lift": {"channel": "email", "address": "noise@example.com"},
    "POST /events": {"key": "ticket-991", "name": "ticket_closed", "contact": "c-17"},
    "POST /events/batch": {
        "events": [
            {"key": "ticket-992", "name": "ticket_closed", "contact": "c-17", "properties": {"team": "EMEA"}}
        ]
    },
    "POST /invitations": {"key": "offer-7", "contact": "c-17", "stage": "support-call", "send": False},
    "POST /invitations/{invitation_id}/withdraw": {},
    "POST /responses": {
        "contact": "c-17",
        "questionnaire": "relationship-nps",
        "answered_at": "2026-03-01T10:00:00+03:00",
        "answers": [
            {"question": "score", "value": 4},
            {"question": "improve", "text": "Shorter waiting times."},
        ],
    },
    "POST /exports": {"survey": "relationship-nps", "format": "sav", "since": "2026-01-01T00:00:00+03:00"},
    "POST /follow-ups/{follow_up_id}/take": {},
    "POST /follow-ups/{follow_up_id}/release": {},
    "POST /follow-ups/{follow_up_id}/notes": {"text": "Asked engineering about the label printer."},
    "POST /follow-ups/{follow_up_id}/contacts": {
        "how": "call",
        "reached": True,
        "text": "Explained the fix.",
    },
    "POST /follow-ups/{follow_up_id}/messages": {
        "channel": "email",
        "subject": "Your label printer",
        "text": "Hello Grace,\n\nthe update is ready. When may I call you?",
        "waits": True,
    },
    "POST /follow-ups/{follow_up_id}/reassign": {"to": "cem@example.com", "reason": "You know the depot."},
    "POST /follow-ups/{follow_up_id}/snooze": {
        "until": "2099-01-04T09:00:00+03:00",
        "reason": "Wait for 4.2.",
    },
    "POST /follow-ups/{follow_up_id}/close": {
        "outcome": "recovered",
        "note": "The update fixed it, and they are content.",
        "root_cause": "product",
        "recovered_revenue": "1200.50",
    },
    "POST /follow-ups/{follow_up_id}/reopen": {},
    "POST /campaigns": {
        "name": "Spring pulse",
        "questionnaire": "relationship-nps",
        "contacts": ["c-17"],
        "channels": ["email", "sms"],
        "days_to_answer": 14,
        "repeats": "quarter",
    },
    "POST /campaigns/{campaign_id}/start": {},
    "POST /campaigns/{campaign_id}/pause": {},
    "POST /campaigns/{campaign_id}/resume": {},
    "POST /campaigns/{campaign_id}/cancel": {},
    "POST /webhooks": {
        "name": "CRM",
        "url": "https://crm.example.com/hooks/feedback",
        "events": ["score.low", "follow_up.closed"],
        "filters": {"segments": ["vip"]},
    },
    "PUT /webhooks/{webhook_id}": {
        "name": "CRM",
        "url": "https://crm.example.com/hooks/feedback",
        "events": ["score.low"],
    },
    "POST /webhooks/{webhook_id}/pause": {},
    "POST /webhooks/{webhook_id}/resume": {},
    "POST /webhooks/{webhook_id}/rotate": {},
    "POST /webhooks/{webhook_id}/test": {},
    "POST /webhooks/{webhook_id}/replay": {
        "since": "2026-03-01T00:00:00+03:00",
        "until": "2026-03-02T00:00:00+03:00",
    },
    "POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": {},
    "POST /doors": {
        "title": "Help desk",
        "name": "help-desk",
        "recipe": "zendesk",
        "secret": "from-the-help-desk",
    },
    "PUT /doors/{door_id}": {
        "title": "Help desk",
        "setup": "check: {by: token, header: X-Door-Token}\nrules:\n  - id: id\n    account: {external_id: company}\n",
    },
    "POST /doors/{door_id}/pause": {},
    "POST /doors/{door_id}/resume": {},
    "POST /doors/{door_id}/secret": {},
    "POST /doors/{door_id}/try": {"body": '{"id": 1, "company": "acme"}'},
    "POST /doors/{door_id}/process": {},
    "POST /doors/{door_id}/arrivals/{arrival_id}/process": {},
    "POST /questionnaires/lint": {
        "text": "key: hello\ntitle: Hello\nlanguages: [en]\nquestions:\n  - {key: why, type: text, text: Why?}\n"
    },
}
"""Method and path of the description -> the body."""
