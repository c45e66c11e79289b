"""The pages for customers: lists, segments, one page per contact, adding, changing, merging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint

from feedback.web.customers.contact import ContactPages
from feedback.web.customers.editing import CustomerForms
from feedback.web.customers.lists import CustomerLists
from feedback.web.customers.merging import Merges
from feedback.web.http.routes import blueprint_of, form, get, post

if TYPE_CHECKING:
    from feedback.bootstrap import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    lists, one, forms = CustomerLists(runtime), ContactPages(runtime), CustomerForms(runtime)
    merges = Merges(runtime)
    return blueprint_of(
        "customers",
        get("/", lists.contacts),
        get("/accounts", lists.accounts),
        post("/segments", lists.save_segment),
        post("/segments/<int:segment_id>", lists.change_segment),
        post("/segments/<int:segment_id>/delete", lists.delete_segment),
        get("/contacts/new", forms.new_contact),
        post("/contacts/new", forms.add_contact),
        get("/contacts/<int:contact_id>", one.contact),
        form("/contacts/<int:contact_id>/edit", forms.edit_contact, forms.change_contact),
        post("/contacts/<int:contact_id>/permissions", forms.permit),
        post("/contacts/<int:contact_id>/opt-out", forms.opt_out),
        post("/contacts/<int:contact_id>/export", forms.export_contact),
        form("/contacts/<int:contact_id>/erase", forms.ask_erase, forms.erase_contact),
        get("/duplicates", merges.duplicates),
        form("/contacts/<int:contact_id>/merge/<int:other_id>", merges.compare, merges.merge),
        get("/accounts/new", forms.new_account),
        post("/accounts/new", forms.add_account),
        form("/accounts/<int:account_id>/edit", forms.edit_account, forms.change_account),
    )
