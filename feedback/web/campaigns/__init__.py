"""The pages of campaigns: the list, planning one, looking at what it would do, and following it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from feedback.web.campaigns.planning import CampaignForms
from feedback.web.campaigns.views import CampaignPages
from feedback.web.http.routes import blueprint_of, form, get, post

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    pages, forms = CampaignPages(runtime), CampaignForms(runtime)
    return blueprint_of(
        "campaigns",
        get("/", pages.index),
        form("/new", forms.new_campaign, forms.add_campaign),
        form("/<int:campaign_id>/edit", forms.edit_campaign, forms.change_campaign),
        get("/<int:campaign_id>", pages.campaign),
        get("/<int:campaign_id>/progress", pages.campaign_progress),
        post("/<int:campaign_id>/sample", pages.draw_sample),
        post("/<int:campaign_id>/start", pages.start_campaign),
        post("/<int:campaign_id>/pause", pages.pause_campaign),
        post("/<int:campaign_id>/resume", pages.resume_campaign),
        post("/<int:campaign_id>/cancel", pages.cancel_campaign),
        post("/<int:campaign_id>/delete", pages.delete_campaign),
    )
