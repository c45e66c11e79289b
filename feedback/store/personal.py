"""Which columns hold personal data: the one list from which erasure, retention, export and docs/personal-data.md are
made.

Every column that can hold text is listed once. `tests/store/test_personal.py` fails if one is missing, so a new column
cannot be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Enum, LargeBinary, String, Table

from feedback.store.base import Base
from feedback.store.types import StateType


class Whose(StrEnum):
    """Whom the content of a column is about."""

    CONTACT = "a contact"
    """The customers' people. Erasure empties or deletes it."""
    QUOTE = "anybody"
    """Words of staff or of programs that can quote a contact. Erasure searches them for the person."""
    KEY = "a key"
    """A random value that opens something of a contact. Erasure empties it; exports leave it out."""
    VISITOR = "a visitor"
    """A digest of somebody without a name. It is deleted after a few days."""
    COMPANY = "a company"
    STAFF = "staff"
    NOBODY = "nobody"
    """Keys, codes and states from fixed sets, and texts of the organisation itself."""


C, Q, S, V, CO, ST, N = (
    Whose.CONTACT,
    Whose.QUOTE,
    Whose.KEY,
    Whose.VISITOR,
    Whose.COMPANY,
    Whose.STAFF,
    Whose.NOBODY,
)

COLUMNS: Mapping[str, Mapping[Whose, str]] = {
    "account": {CO: "external_id name segment properties search_words sort_name", N: "currency"},
    "answer": {C: "text", N: "question value"},
    "account_notice": {ST: "account", N: "kind"},
    "api_key": {N: "name prefix digest scopes"},
    "attempt": {N: "worker outcome code"},
    "attempt_count": {V: "key"},
    "audit_entry": {N: "action subject detail"},  # keys and numbers only; see services.audit.record
    "backup_run": {N: "file error"},
    "bookmark": {N: "name value"},
    "bounce": {C: "address", N: "status"},
    "campaign": {Q: "name query", N: "state_reason plan tolerated"},
    "call_answer": {Q: "body", N: "call request headers"},
    "comment_theme": {C: "theme line", N: "origin"},
    "consent": {C: "address source text_version reference", N: "kind basis"},
    "contact": {
        C: "external_id name phone email language time_zone country properties search_words sort_name",
    },
    "contact_alias": {C: "external_id"},
    "counted_by": {N: "zone"},
    "directory_group": {N: "name external_id"},
    "directory_user": {ST: "user_name external_id resource"},
    "driver_analysis": {N: "trend question metric fingerprint result"},
    "door": {N: "name title recipe setup secret previous_secret refused_for"},
    "door_arrival": {Q: "body outcome"},
    "door_mention": {Q: "digest"},
    "door_seen": {N: "uid"},
    "duplicate_send": {N: "provider_id"},
    "enrolment": {C: "explanation", N: "stage occurrence questionnaire reason"},
    "export_part": {Q: "data"},
    "export_run": {N: "request name state problem"},
    "follow_up": {
        C: "closing_note",
        N: "rule kind title playbook urgency metric outcome",
    },
    "follow_up_entry": {C: "text detail", N: "kind"},
    "import_change": {C: "before", N: "subject"},
    "import_part": {Q: "data", N: "what"},
    "imported_response": {N: "key"},  # a digest of the row in the file, so that it is not stored again
    "import_run": {Q: "name chosen report", N: "kind state"},
    "inbound_reply": {
        C: "sender body handled_note",
        N: "provider provider_id recipient meaning handled_as",
    },
    "invitation": {
        C: "piping facts reply_key",
        S: "token conversation",
        N: "stage channel language state_reason signs reminders other_channels",
    },
    "invitation_count": {N: "questionnaire stage channel"},
    "journey_event": {C: "key properties", N: "name source"},
    "link_visitor": {V: "visitor"},
    "link": {N: "token kind name questionnaire language origins"},
    "message": {
        C: "recipient subject body html headers detail",
        S: "match nonce",
        ST: "reply_to",
        N: "purpose provider channel country sender language state_reason worker provider_id",
    },
    "provider_hold": {Q: "reason", N: "provider country code"},
    "questionnaire_version": {N: "key content_hash content"},
    "rate_limit_bucket": {N: "key"},
    "receipt": {N: "provider provider_id status code"},
    "report_mail": {ST: "addresses", N: "name rhythm language people"},
    "response": {
        C: "evidence",
        S: "visit",
        N: "questionnaire stage segment source channel language",
    },
    "role": {N: "name description"},
    "root_cause": {N: "key title"},
    "saved_view": {Q: "name query"},
    "score": {N: "question metric trend band"},
    "answer_count": {N: "trend grain dimension key question item value"},
    "score_count": {N: "trend question metric grain dimension key"},
    "segment": {Q: "name query"},
    "setting_change": {N: "name", ST: "before after"},
    "shared_link": {N: "name view filters language"},
    "simulated_message": {C: "address subject body html", N: "channel direction language"},
    "provider_session": {ST: "issuer sid id_token"},
    "staff_identity": {ST: "issuer subject"},
    "staff_session": {ST: "digest uniquifier device network"},
    "stored_setting": {N: "name", ST: "value"},
    "studio_presence": {N: "key"},
    "studio_revision": {N: "key text", Q: "note"},
    "studio_text": {N: "key draft"},
    "suppression": {C: "address", N: "kind reason source"},
    "theme_count": {N: "trend question metric grain dimension key theme"},
    "theme_frame": {N: "content"},
    "usage_point": {CO: "key", N: "name"},
    "user": {
        ST: "email name language time_zone calendar work_days holidays password fs_uniquifier fs_webauthn_user_handle "
        "last_login_ip current_login_ip tf_primary_method tf_totp_secret mf_recovery_codes",
    },
    "webauthn_key": {ST: "credential_id public_key transports extensions name usage device_type"},
    "webhook_attempt": {C: "answer", N: "code"},
    "webhook_call": {Q: "payload", N: "kind about error"},
    "webhook_delivery": {N: "subject"},
    "webhook_endpoint": {N: "name url filters secret previous_secret disabled_for"},
    "webhook_event": {C: "body", N: "type subject detail key uid facts"},
    "webhook_notice": {N: "kind about"},
    "webhook_subscription": {N: "type"},
    "worker_heartbeat": {N: "worker failing"},
}
"""Table -> whose data -> the columns."""


def marks(table: str) -> dict[str, Whose]:
    """Column -> whose data, for one table. Raises KeyError for a table that is not listed."""
    return {column: whose for whose, columns in COLUMNS[table].items() for column in columns.split()}


def columns_of(table: Table, *whose: Whose) -> Iterator[Column[Any]]:
    """The columns of a table that hold data of these kinds."""
    marked = marks(table.name)
    return (column for column in table.columns if marked.get(column.name) in whose)


def tables_of(*whose: Whose) -> set[str]:
    """The tables with a column that holds data of these kinds."""
    return {table for table, each in COLUMNS.items() if any(kind in each for kind in whose)}


def emptied(model: type[Base]) -> dict[str, Any]:
    """Column -> empty value, for all that a row says about a contact: NULL if the column allows it, otherwise "" or
    the empty list or object."""
    return {column.name: _empty(column) for column in columns_of(_table(model), Whose.CONTACT, Whose.KEY)}


def holds_text(column: Column[Any]) -> bool:
    """Whether somebody could store words about a person in the column."""
    return isinstance(column.type, String | JSON | LargeBinary) and not isinstance(
        column.type, StateType | Enum
    )


def _table(model: type[Base]) -> Table:
    table = model.__table__
    if not isinstance(table, Table):
        raise TypeError(f"{model!r} is not stored in a table of its own")
    return table


def _empty(column: Column[Any]) -> Any:
    if column.nullable:
        return None
    if isinstance(column.type, JSON):
        return [] if column.default is not None and _made_by(column) == [] else {}
    return ""


def _made_by(column: Column[Any]) -> Any:
    make = getattr(column.default, "arg", None)
    return make(None) if callable(make) else None
