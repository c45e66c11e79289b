"""Mail that comes back is recognised by its names, and forged names are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feedback.services.messaging import email_ids
from feedback.settings import Secret, Settings


@pytest.fixture
def mailing(settings: Settings) -> Settings:
    smtp = replace(settings.smtp, sender="Acme <Survey@Example.com>")
    return replace(settings, smtp=smtp, link=replace(settings.link, key=Secret("k" * 64)))


def test_both_names_lead_back_to_the_message(mailing: Settings) -> None:
    assert email_ids.read_message_id(email_ids.message_id(41, mailing), mailing) == 41
    assert email_ids.read_return_path(email_ids.return_path(41, mailing), mailing) == 41


def test_a_server_that_changes_capitals_does_not_matter(mailing: Settings) -> None:
    assert email_ids.read_return_path(email_ids.return_path(41, mailing).upper(), mailing) == 41


def test_bounces_go_to_a_sub_address_of_the_sender_or_to_a_domain_of_their_own(mailing: Settings) -> None:
    assert email_ids.return_path(41, mailing).startswith("Survey+b41.")
    assert email_ids.return_path(41, mailing).endswith("@example.com")
    own = replace(mailing, smtp=replace(mailing.smtp, envelope_domain="bounces.example.com"))
    assert email_ids.return_path(41, own).startswith("bounce+b41.")
    assert email_ids.return_path(41, own).endswith("@bounces.example.com")


def test_the_number_of_another_message_does_not_fit_the_mac(mailing: Settings) -> None:
    forged = email_ids.return_path(41, mailing).replace("+b41.", "+b42.")
    assert email_ids.read_return_path(forged, mailing) is None


@pytest.mark.parametrize("text", ["", "survey@example.com", "survey+b41@example.com", "<41@example.com>"])
def test_any_other_name_is_nobody_s(mailing: Settings, text: str) -> None:
    assert email_ids.read_return_path(text, mailing) is None
    assert email_ids.read_message_id(text, mailing) is None


def test_names_made_with_the_key_before_are_still_known(mailing: Settings) -> None:
    name = email_ids.message_id(41, mailing)
    link = replace(mailing.link, key=Secret("n" * 64), key_previous=mailing.link.key)
    assert email_ids.read_message_id(name, replace(mailing, link=link)) == 41
    forgotten = replace(mailing, link=replace(mailing.link, key=Secret("n" * 64)))
    assert email_ids.read_message_id(name, forgotten) is None
