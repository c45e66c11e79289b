"""Composes messages to customers: the questionnaire's text, the link, and the opt-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from feedback.core.branding import palette
from feedback.core.contact.recipient import PhoneNumber
from feedback.core.questionnaire import EmailText, Questionnaire
from feedback.core.replies import written
from feedback.core.text.localized import Text, direction, direction_of
from feedback.core.text.message import clean, compose_sms, fill, finished_sms, placeholders, segments
from feedback.i18n import Translator, translator
from feedback.providers import sms_terms
from feedback.services.contact import facts
from feedback.services.messaging import email_question
from feedback.settings import Settings
from feedback.store.models import Contact, Invitation, JourneyEvent

RIGHT_TO_LEFT_MARK = "\u200f"
SMS_DEFAULT = "{company}: one short question about your experience: {link} {opt_out}"
EMAIL_SUBJECT_DEFAULT = "One short question"
EMAIL_BODY_DEFAULT = (
    "Hello {first_name|},\n\nwould you answer one short question? It takes less than a minute."
)


@dataclass(frozen=True, slots=True)
class Composed:
    """A message, ready for the outbox."""

    body: str
    subject: str | None = None
    html: str | None = None
    segments: int | None = None
    headers: Mapping[str, str] | None = None


def piping(questionnaire: Questionnaire, contact: Contact, event: JourneyEvent | None) -> dict[str, str]:
    """The values for placeholders: the contact's name, and properties of the event."""
    known = {
        "name": contact.name,
        "first_name": contact.name.split()[0] if contact.name else None,
        "account": contact.account.name if contact.account else None,
    }
    told = {name: event.properties.get(name) for name in questionnaire.fields} if event else {}
    return {name: clean(value) for name, value in {**told, **known}.items() if value not in (None, "")}


def link(settings: Settings, token: str) -> str:
    """The address of the survey."""
    return f"{settings.web.public_url.rstrip('/')}/{token}"


def unsubscribe_link(settings: Settings, token: str) -> str:
    """The address of the page where the customer opts out of all surveys."""
    return f"{link(settings, token)}/stop"


def compose(
    questionnaire: Questionnaire,
    invitation: Invitation,
    channel: str,
    settings: Settings,
    *,
    reminder: bool = False,
) -> Composed:
    """Compose the invitation or its reminder for one channel, in the invitation's language."""
    asked = questionnaire.asked_of(facts.kept(invitation))
    return (_sms if channel == "sms" else _email)(asked, invitation, settings, reminder)


def marked_as_test(real: Composed, channel: str, language: str) -> Composed:
    """A composed message with the word "TEST" before it, and in an e-mail a sentence about what that means. It has no
    unsubscribe header: its recipient is no customer."""
    words = translator("messages", language)
    mark = words.gettext("TEST")
    if channel == "sms":
        edge = RIGHT_TO_LEFT_MARK if direction(language) == "rtl" else ""
        body = f"{edge}{mark}: {real.body.removeprefix(RIGHT_TO_LEFT_MARK)}"
        return Composed(body, segments=segments(body).count)
    told = words.gettext("This is a test. Your answers are not stored.")
    html = (real.html or "").replace("<p>", f"<p><em>{escape(told)}</em></p><p>", 1)
    return Composed(f"{told}\n\n{real.body}", f"{mark}: {real.subject}", html)


def personal_sms(words: str, language: str) -> Composed:
    """A text message that a person wrote to a customer, as it is: without link and opt-out line."""
    edge = RIGHT_TO_LEFT_MARK if direction_of(words, language) == "rtl" else ""
    sms = finished_sms(edge + words)
    return Composed(sms.text, segments=sms.segments.count)


def personal_email(subject: str, words: str, language: str) -> Composed:
    """An e-mail that a person wrote to a customer. It looks like a mail between people: no brand, no button."""
    way = direction_of(words, language)
    paragraphs = "".join(
        f"<p>{escape(part.strip()).replace(chr(10), '<br>')}</p>"
        for part in words.split("\n\n")
        if part.strip()
    )
    html = (
        f'<!doctype html><html lang="{language}" dir="{way}"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark"></head>'
        f'<body style="font:16px/1.6 system-ui,sans-serif">{paragraphs}</body></html>'
    )
    return Composed(words, subject, html)


def values(invitation: Invitation, settings: Settings) -> dict[str, str]:
    """The values of the placeholders in one invitation's texts."""
    return {**invitation.piping, "company": settings.organisation.name}


def country_of(contact: Contact, channel: str) -> str | None:
    """For SMS the country of the number, which decides sender and route; for e-mail the stated country or None."""
    number = PhoneNumber(contact.phone).region if contact.phone else None
    return (number or contact.country) if channel == "sms" else (contact.country or number)


def opt_out_line(settings: Settings, language: str, token: str, *, replies: bool) -> str:
    """The opt-out line: by reply if the sender can receive replies, otherwise by link."""
    words = translator("messages", language)
    if replies:
        return words.gettext("Reply STOP to end.")
    return words.gettext("Opt out: {link}", link=unsubscribe_link(settings, token))


def _sms(
    questionnaire: Questionnaire, invitation: Invitation, settings: Settings, reminder: bool
) -> Composed:
    messages = questionnaire.messages
    text = (messages.reminder_sms if reminder else None) or messages.sms
    language = invitation.language
    template = text.to(language) if text else translator("messages", language).gettext(SMS_DEFAULT)
    template = written.with_options(template, questionnaire, language, invitation.token or "", translator)
    if direction(language) == "rtl":  # otherwise a phone takes the direction from the company's Latin name
        template = RIGHT_TO_LEFT_MARK + template
    token = invitation.token or ""
    replies = sms_terms(settings).can_reply(country_of(invitation.contact, "sms"))
    opt_out = opt_out_line(settings, language, token, replies=replies)
    promised = replies or any(each.name == "opt_out" for each in placeholders(template))
    sms = compose_sms(
        template,
        {**values(invitation, settings), "opt_out": opt_out},
        link=link(settings, token),
        opt_out=None
        if promised
        else opt_out,  # the text has a "Reply STOP" of its own, which this sender cannot receive
    )
    return Composed(sms.text, segments=sms.segments.count)


def _email(
    questionnaire: Questionnaire, invitation: Invitation, settings: Settings, reminder: bool
) -> Composed:
    language = invitation.language
    words = translator("messages", language)
    text = (questionnaire.messages.reminder_email if reminder else None) or questionnaire.messages.email
    text = text or EmailText(
        subject=Text(words.gettext(EMAIL_SUBJECT_DEFAULT)), body=Text(words.gettext(EMAIL_BODY_DEFAULT))
    )
    filled = values(invitation, settings)
    token = invitation.token or ""
    address, stop = link(settings, token), unsubscribe_link(settings, token)
    body = fill(text.body.to(language), {**filled, "link": address, "opt_out": ""}, limit=500)
    return Composed(
        body=_plain(body, address, stop, words),
        subject=fill(text.subject.to(language), filled),
        html=_html(body, questionnaire, invitation, settings, words),
        headers={
            "List-Unsubscribe": f"<{stop}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def _plain(body: str, address: str, stop: str, words: Translator) -> str:
    lines = [body] if address in body else [body, "", words.gettext("Answer here: {link}", link=address)]
    return "\n".join([*lines, "", words.gettext("Unsubscribe: {link}", link=stop)])


def _html(
    body: str, questionnaire: Questionnaire, invitation: Invitation, settings: Settings, words: Translator
) -> str:
    """The HTML part: one column, inline styles, no images, no tracking. The question's links only preselect answers."""
    token, colours = invitation.token or "", palette(settings.organisation.colour)
    address, stop = link(settings, token), unsubscribe_link(settings, token)
    asked = next(questionnaire.path({}), None)
    filled = values(invitation, settings)
    looks = email_question.Looks(address, colours.brand, colours.on_brand, words)
    first = email_question.drawn(asked, invitation, filled, looks) if asked else ""
    paragraphs = "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in body.split("\n\n"))
    return (
        f'<!doctype html><html lang="{invitation.language}" dir="{direction(invitation.language)}"><head>'
        '<meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>'
        '<body style="font:16px/1.6 system-ui,sans-serif;max-width:34em;margin:0 auto;padding:16px">'
        f'<p style="border-top:6px solid {colours.brand};padding-top:14px">'
        f"<strong>{escape(settings.organisation.name)}</strong></p>{paragraphs}"
        f"{first}"
        f'<p><a href="{escape(address)}" style="display:inline-block;padding:12px 20px;border-radius:8px;'
        f'background:{colours.brand};color:{colours.on_brand};text-decoration:none">'
        f"{escape(words.gettext('Answer'))}</a></p>"
        f'<p style="border-top:1px solid;padding-top:10px;font-size:13px;opacity:.75">'
        f"{_foot(settings, stop, invitation.language, words)}</p></body></html>"
    )


def _foot(settings: Settings, stop: str, language: str, words: Translator) -> str:
    """How to unsubscribe, what happens with the answers, and where to ask."""
    organisation = settings.organisation
    links = [(stop, words.gettext("Unsubscribe"))]
    if organisation.privacy_url:
        links.append((organisation.privacy_url, translator("survey", language).gettext("Privacy")))
    if organisation.support_email:
        links.append((f"mailto:{organisation.support_email}", organisation.support_email))
    return " · ".join(
        f'<a href="{escape(address)}" style="color:inherit">{escape(text)}</a>' for address, text in links
    )
