"""What a person can do in the browser, a program can do by the API, with the same permission; or there is a reason.

Every page and action of the browser is in one of the tables below. A new one that is in neither fails, and so does an
entry whose page or call no longer exists.
"""

from __future__ import annotations

import pytest
from flask import Flask

from feedback.web.api.scopes import PERMISSIONS
from feedback.web.auth.permissions import FOREIGN, Permission

# Browser -> the call of the API that does the same.
SAME = {
    "campaigns.campaign": "GET /campaigns/<int:campaign_id>",
    "campaigns.campaign_progress": "GET /campaigns/<int:campaign_id>",
    "campaigns.cancel_campaign": "POST /campaigns/<int:campaign_id>/cancel",
    "campaigns.index": "GET /campaigns",
    "campaigns.new_campaign": "POST /campaigns",
    "campaigns.pause_campaign": "POST /campaigns/<int:campaign_id>/pause",
    "campaigns.resume_campaign": "POST /campaigns/<int:campaign_id>/resume",
    "campaigns.start_campaign": "POST /campaigns/<int:campaign_id>/start",
    "customers.accounts": "GET /accounts",
    "customers.add_account": "PUT /accounts/<path:external_id>",
    "customers.add_contact": "PUT /contacts/<path:external_id>",
    "customers.ask_erase": "DELETE /contacts/<path:external_id>",
    "customers.change_segment": "PUT /segments/<int:segment_id>",
    "customers.delete_segment": "DELETE /segments/<int:segment_id>",
    "customers.save_segment": "POST /segments",
    "customers.contact": "GET /contacts/<path:external_id>",
    "customers.contacts": "GET /contacts",
    "customers.edit_account": "PUT /accounts/<path:external_id>",
    "customers.edit_contact": "PUT /contacts/<path:external_id>",
    "customers.new_account": "PUT /accounts/<path:external_id>",
    "customers.new_contact": "PUT /contacts/<path:external_id>",
    "customers.opt_out": "POST /suppressions",
    "customers.permit": "POST /contacts/<path:external_id>/consents",
    "deliveries.index": "GET /invitations",
    "deliveries.invitation": "GET /invitations/<int:invitation_id>",
    "deliveries.withdraw": "POST /invitations/<int:invitation_id>/withdraw",
    "desk.close": "POST /follow-ups/<int:follow_up_id>/close",
    "desk.contact": "POST /follow-ups/<int:follow_up_id>/contacts",
    "desk.hand_over": "POST /follow-ups/<int:follow_up_id>/reassign",
    "desk.hand_over_all": "POST /follow-ups/<int:follow_up_id>/reassign",
    "desk.note": "POST /follow-ups/<int:follow_up_id>/notes",
    "desk.queue": "GET /follow-ups",
    "desk.release": "POST /follow-ups/<int:follow_up_id>/release",
    "desk.reopen": "POST /follow-ups/<int:follow_up_id>/reopen",
    "desk.show": "GET /follow-ups/<int:follow_up_id>",
    "desk.snooze": "POST /follow-ups/<int:follow_up_id>/snooze",
    "desk.take": "POST /follow-ups/<int:follow_up_id>/take",
    "desk.take_all": "POST /follow-ups/<int:follow_up_id>/take",
    "desk.write_to_customer": "POST /follow-ups/<int:follow_up_id>/messages",
    "doors.arrival": "GET /doors/<int:door_id>/arrivals/<int:arrival_id>",
    "doors.delete_arrival": "DELETE /doors/<int:door_id>/arrivals/<int:arrival_id>",
    "doors.delete_door": "DELETE /doors/<int:door_id>",
    "doors.door": "GET /doors/<int:door_id>/arrivals",
    "doors.doors": "GET /doors",
    "doors.new_door": "POST /doors",
    "doors.pause_door": "POST /doors/<int:door_id>/pause",
    "doors.process_again": "POST /doors/<int:door_id>/arrivals/<int:arrival_id>/process",
    "doors.process_all_again": "POST /doors/<int:door_id>/process",
    "doors.replace_secret": "POST /doors/<int:door_id>/secret",
    "doors.resume_door": "POST /doors/<int:door_id>/resume",
    "doors.setup": "PUT /doors/<int:door_id>",
    "exports.file": "GET /exports/<int:export_id>/file",
    "exports.index": "GET /exports",
    "exports.make": "POST /exports",
    "exports.remove": "DELETE /exports/<int:export_id>",
    "insights.comments": "GET /comments",
    "insights.drivers": "GET /scores/<trend>/<question>/drivers",
    "insights.drivers_of": "GET /scores/<trend>/<question>/drivers",
    "insights.index": "GET /scores",
    "insights.response": "GET /responses/<int:response_id>",
    "insights.responses": "GET /responses",
    "insights.series": "GET /scores/<trend>/<question>",
    "questionnaires.check": "POST /questionnaires/lint",
    "questionnaires.index": "GET /questionnaires",
    "questionnaires.show": "GET /questionnaires/<key>",
    "studio.lint": "POST /questionnaires/lint",
    "studio.yaml": "GET /questionnaires/<key>",
    "webhooks.delete": "DELETE /webhooks/<int:webhook_id>",
    "webhooks.delivery": "GET /webhooks/<int:webhook_id>/deliveries/<int:delivery_id>",
    "webhooks.edit": "PUT /webhooks/<int:webhook_id>",
    "webhooks.index": "GET /webhooks",
    "webhooks.new": "POST /webhooks",
    "webhooks.pause": "POST /webhooks/<int:webhook_id>/pause",
    "webhooks.redeliver": "POST /webhooks/<int:webhook_id>/deliveries/<int:delivery_id>/redeliver",
    "webhooks.replay": "POST /webhooks/<int:webhook_id>/replay",
    "webhooks.resume": "POST /webhooks/<int:webhook_id>/resume",
    "webhooks.rotate": "POST /webhooks/<int:webhook_id>/rotate",
    "webhooks.show": "GET /webhooks/<int:webhook_id>/deliveries",
    "webhooks.test": "POST /webhooks/<int:webhook_id>/test",
}

OWN = "it is about the person who looks: their account, views, search or browser"
POWER = "it gives power over the installation or over keys themselves; a stolen key must not widen itself"
TEXTS = "texts are written and judged by people; programs publish by files in the instance directory and `feedback`"
PREPARES = "it is a step of a page whose last step is in the API"
FILES = "files with past data come in by `feedback import`, and single answers by POST /responses"
DRAWN = "it is drawn for eyes; its numbers are in /scores, /responses and exports"
OUTSIDE = "it lets people without an account look; a person has to decide it"
JUDGED = "a person has to read first and judge what a program cannot know"
MISSING = "not built yet"

WITHOUT = {
    OWN: (
        "account.end_other_sessions", "account.end_session", "account.save", "account.show",
        "account.sign_out_everywhere", "desk.forget_view",
        "desk.news", "desk.save_view", "desk.callback", "desk.changes",
        "desk.read_replies", "search.search", "first_steps.checklist", "first_steps.dismiss",
    ),
    POWER: (
        "account.add", "account.change", "account.staff", "api_keys.create", "api_keys.index", "api_keys.revoke",
        "audit.export", "audit.index", "settings.changes", "settings.checks", "settings.group", "settings.overview",
        "settings.sample_mail", "settings.sample_page", "settings.send_test", "settings.test_connection",
        "desk.retry_notices",
    ),
    TEXTS: (
        "themes.frame", "themes.tags", "causes.add",
        "causes.change", "causes.index", "questionnaires.acknowledge", "questionnaires.preview",
        "questionnaires.rule", "studio.add_language", "studio.add_stage", "studio.archive", "studio.arrange_stage",
        "studio.blank", "studio.bring_back", "studio.change", "studio.change_stage", "studio.choices",
        "studio.compare", "studio.copy_template", "studio.download_translations", "studio.duplicate", "studio.edit",
        "studio.history", "studio.index", "studio.journey", "studio.keep", "studio.keep_draft", "studio.list_items",
        "studio.list_templates", "studio.new", "studio.paste", "studio.phone", "studio.present", "studio.preview",
        "studio.publish", "studio.put_live", "studio.restore", "studio.restore_revision", "studio.save_text",
        "studio.save_yaml", "studio.schema", "studio.show", "studio.show_template", "studio.test",
        "studio.translate", "studio.translations", "studio.undo", "studio.upload", "studio.upload_translations",
        "studio.use_items",
    ),
    PREPARES: ("campaigns.draw_sample", "campaigns.edit_campaign", "campaigns.delete_campaign"),
    FILES: (
        "imports.begin", "imports.check", "imports.forget", "imports.index", "imports.layout", "imports.refused",
        "imports.show", "imports.undo", "imports.upload",
    ),
    DRAWN: (
        "insights.account", "insights.accounts", "insights.loop", "insights.quarter", "insights.responses_file",
        "insights.results", "insights.results_of", "questionnaires.code",
    ),
    OUTSIDE: (
        "questionnaires.add_link", "questionnaires.withdraw", "sharing.change_mail", "sharing.end_mail",
        "sharing.index", "sharing.mails", "sharing.make_mail", "sharing.pause_mail", "sharing.resume_mail",
        "sharing.send_mail", "sharing.share", "sharing.stop_sharing",
    ),
    JUDGED: (
        "customers.compare", "customers.duplicates", "deliveries.lift", "deliveries.messages", "deliveries.settle",
        "deliveries.settle_held", "inbox.decide", "inbox.index",
    ),
    MISSING: ("customers.export_contact", "insights.themes"),
}  # fmt: skip
"""Why a page or an action has no call."""

OTHERWISE = {
    "customers.accounts": "reading customers by a program is reading what reports show: the role has to see these",
    "customers.contact": "as for customers.accounts",
    "customers.contacts": "as for customers.accounts",
    "customers.add_account": "PUT also changes what a file would: it needs the permission of imports",
    "customers.add_contact": "as for customers.add_account",
    "customers.edit_account": "as for customers.add_account",
    "customers.edit_contact": "as for customers.add_account",
    "customers.new_account": "as for customers.add_account",
    "customers.new_contact": "as for customers.add_account",
    "customers.permit": "as for customers.add_account",
    "customers.opt_out": "POST /suppressions closes any address, not only one of a known contact",
    "insights.drivers": "the call itself refuses an owner who does not see all accounts",
    "insights.drivers_of": "as for insights.drivers",
}
"""Where the owner of a key needs another permission than the page."""


@pytest.fixture
def calls(app: Flask) -> dict[str, set[Permission]]:
    """`METHOD /path` of each call -> the permissions of which its caller needs one."""
    found = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api."):
            scopes = getattr(app.view_functions[rule.endpoint], "scopes", ())
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                path = rule.rule.removeprefix("/api/v1")
                found[f"{method} {path}"] = {PERMISSIONS[scope] for scope in scopes}
    return found


@pytest.fixture
def pages(app: Flask) -> dict[str, Permission | None]:
    """Endpoint of the desk -> its permission (None: any member of staff)."""
    found = {}
    for endpoint, view in app.view_functions.items():
        access = getattr(view, "access", None)
        room = endpoint.partition(".")[0]
        if (
            access is None
            or access.anybody
            or endpoint in FOREIGN
            or room in ("api", "simulator", "delighted")
        ):
            continue
        found[endpoint] = access.permission
    return found


def test_every_page_and_action_has_a_call_or_a_reason(pages: dict[str, Permission | None]) -> None:
    explained = [each for listed in WITHOUT.values() for each in listed]
    assert len(explained) == len(set(explained))
    assert set(explained) & set(SAME) == set()
    assert set(pages) == set(explained) | set(SAME)


def test_the_call_needs_the_same_permission_as_the_page(
    pages: dict[str, Permission | None], calls: dict[str, set[Permission]]
) -> None:
    assert set(SAME.values()) <= set(calls)
    differing = {page for page, call in SAME.items() if pages[page] not in calls[call]}
    assert differing == set(OTHERWISE)


def test_what_programs_can_do_beyond_the_browser_is_for_programs(calls: dict[str, set[Permission]]) -> None:
    """Calls that no page has: they store in bulk, report what happened, or read one thing of a list."""
    beyond = set(calls) - set(SAME.values())
    assert {call.split()[1].split("/")[1] for call in beyond} <= {
        "", "openapi.json", "accounts", "contacts", "doors", "events", "exports", "follow-ups", "invitations",
        "responses", "segments", "suppressions", "webhooks",
    }  # fmt: skip
