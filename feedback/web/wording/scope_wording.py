"""The scopes of API keys in words."""

from __future__ import annotations

from collections.abc import Mapping

from feedback.i18n import _
from feedback.services.staff.api_keys import Scope

TITLES: Mapping[Scope, str] = {
    Scope.CUSTOMERS_READ: _("See accounts and contacts"),
    Scope.CUSTOMERS_WRITE: _("Add and change accounts, contacts and their consent"),
    Scope.CUSTOMERS_ERASE: _("Erase a contact for good"),
    Scope.EVENTS_WRITE: _("Report events and usage"),
    Scope.SUPPRESSIONS_READ: _("See which addresses must not be written to"),
    Scope.SUPPRESSIONS_WRITE: _("Opt addresses out, and lift opt-outs"),
    Scope.RESPONSES_READ: _("See answers and comments"),
    Scope.RESPONSES_WRITE: _("Add and change answers"),
    Scope.SCORES_READ: _("See scores"),
    Scope.EXPORTS_READ: _("See and download exports"),
    Scope.EXPORTS_WRITE: _("Export responses as files"),
    Scope.INVITATIONS_READ: _("See invitations and their state"),
    Scope.INVITATIONS_WRITE: _("Ask contacts, and withdraw invitations"),
    Scope.FOLLOW_UPS_READ: _("See follow-ups"),
    Scope.FOLLOW_UPS_WORK: _("Work on follow-ups"),
    Scope.FOLLOW_UPS_SEND: _("Write to customers in follow-ups"),
    Scope.QUESTIONNAIRES_READ: _("See and check questionnaires"),
    Scope.CAMPAIGNS_READ: _("See campaigns"),
    Scope.CAMPAIGNS_WRITE: _("Plan, start, pause and cancel campaigns"),
    Scope.WEBHOOKS_READ: _("See webhooks, and what was sent by them"),
    Scope.WEBHOOKS_WRITE: _("Register, change and repair webhooks"),
    Scope.DOORS_READ: _("See doors, and what came by them"),
    Scope.DOORS_WRITE: _("Set up doors, and process again what came"),
    Scope.SCIM: _("Add, change and disable staff by SCIM"),
}
"""Scope -> what it allows, in the order of the page on which keys are made."""
