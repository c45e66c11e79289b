"""The pages for customers: lists, segments, one page per contact, adding, changing, merging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from feedback.web.customers.contact import ContactPages
from feedback.web.customers.lists import CustomerLists
from feedback.web.http.routes import blueprint_of, get, post

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    lists, one = CustomerLists(runtime), ContactPages(runtime)
    return blueprint_of(
        "customers",
        get("/", lists.contacts),
        get("/accounts", lists.accounts),
        post("/segments", lists.save_segment),
        post("/segments/<int:segment_id>", lists.change_segment),
        post("/segments/<int:segment_id>/delete", lists.delete_segment),
        get("/contacts/<int:contact_id>", one.contact),
    )
