"""Texts with which a message to a customer begins: those of the follow-up's rule, then the shipped ones of its kind.

They are in the customer's language. Their merge fields are filled in before anybody reads them, so that what is sent is
what was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from feedback.core.questionnaire import FollowUpRule, ReplyTemplate
from feedback.core.text.message import fill
from feedback.i18n import Translator, _, translator
from feedback.services.context import Context
from feedback.settings import Settings
from feedback.store.models import FollowUp, User

LONGEST_VALUE = 200
"""Characters of a value that is filled in."""


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A filled-in text: `title` is for the CSM, `subject` is empty for an SMS."""

    key: str
    title: str
    body: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class _Shipped:
    key: str
    title: str
    sms: str
    subject: str
    body: str


SHIPPED: Mapping[str, tuple[_Shipped, ...]] = {
    "recovery": (
        _Shipped(
            "first",
            _("First reply"),
            "Hello {first_name|}, this is {csm} from {company}. Thank you for your honest answer. I would like to put "
            "this right. When may I call you?",
            "Your feedback to {company}",
            "Hello {first_name|},\n\nthank you for your honest answer. I am sorry that we disappointed you, and I "
            "would like to put it right.\n\nWhen may I call you? Or simply answer this e-mail.\n\nKind regards\n{csm}\n"
            "{company}",
        ),
        _Shipped(
            "missed",
            _("Could not be reached"),
            "Hello {first_name|}, this is {csm} from {company}. I have just tried to call you about your feedback. "
            "When does it suit you?",
            "I tried to reach you",
            "Hello {first_name|},\n\nI have just tried to call you about your feedback, and could not reach "
            "you.\n\nWhen does it suit you? Or simply answer this e-mail.\n\nKind regards\n{csm}\n{company}",
        ),
        _Shipped(
            "solved",
            _("Problem solved"),
            "Hello {first_name|}, this is {csm} from {company}. We have solved the problem that you told us about. "
            "Does everything work for you now?",
            "What we did about your feedback",
            "Hello {first_name|},\n\nwe have solved the problem that you told us about.\n\nDoes everything work for "
            "you now? If something is still missing, simply answer this e-mail.\n\nKind regards\n{csm}\n{company}",
        ),
    ),
    "advocacy": (
        _Shipped(
            "thanks",
            _("Thanks"),
            "Hello {first_name|}, this is {csm} from {company}. Thank you for your kind words! Is there anything that "
            "we can do even better?",
            "Thank you from {company}",
            "Hello {first_name|},\n\nthank you for your kind words, the whole team is happy about them.\n\nIs there "
            "anything that we can do even better? Simply answer this e-mail.\n\nKind regards\n{csm}\n{company}",
        ),
        _Shipped(
            "story",
            _("Ask for a recommendation"),
            "Hello {first_name|}, this is {csm} from {company}. Thank you for your kind words! Would you recommend us "
            "to others? A short reply is enough.",
            "Would you recommend us?",
            "Hello {first_name|},\n\nthank you for your kind words. Would you recommend us to others, for example with "
            "a short quote on our site, or in a call with somebody who is thinking about working with us?\n\nSimply "
            "answer this e-mail.\n\nKind regards\n{csm}\n{company}",
        ),
    ),
}
"""Kind of a follow-up -> its texts. They are messages of the catalogue `messages`, their titles of `desk`."""


def language_of(task: FollowUp, settings: Settings) -> str:
    """The customer's language: that of the contact, else that in which they answered."""
    known = task.contact.language if task.contact else None
    return known or task.response.language or settings.organisation.default_language


def offered(
    task: FollowUp, channel: str, author: User, context: Context, desk: Translator
) -> list[MessageTemplate]:
    """The texts for this customer and channel, filled in; `desk` is the language of the titles.

    A text of the rule that cannot be filled in is left out: its placeholder has no value for this customer.
    """
    language, values = language_of(task, context.settings), _values(task, author, context.settings)
    own = (_own(each, channel, language, values, desk) for each in _rule_replies(task, context))
    shipped = (_shipped(each, channel, language, values, desk) for each in SHIPPED.get(task.kind, ()))
    found = [each for each in own if each is not None]
    taken = {each.key for each in found}
    return [*found, *(each for each in shipped if each.key not in taken)]


def _rule_replies(task: FollowUp, context: Context) -> Iterator[ReplyTemplate]:
    questionnaire = context.library.questionnaire_of(task.response.version)
    rules: Iterator[FollowUpRule] = (each for each in questionnaire.follow_ups if each.key == task.rule)
    return (reply for rule in rules for reply in rule.replies)


def _values(task: FollowUp, author: User, settings: Settings) -> dict[str, str]:
    """The values of merge fields: what the survey filled in, the customer, the organisation and the CSM."""
    invitation, contact = task.response.invitation, task.contact
    known = {
        "name": contact.name if contact else None,
        "first_name": contact.name.split()[0] if contact and contact.name and contact.name.split() else None,
        "account": task.account.name if task.account else None,
        "company": settings.organisation.name,
        "csm": author.name,
    }
    piped = dict(invitation.piping) if invitation else {}
    return {**piped, **{name: value for name, value in known.items() if value}}


def _own(
    reply: ReplyTemplate, channel: str, language: str, values: Mapping[str, str], desk: Translator
) -> MessageTemplate | None:
    title = reply.title.to(desk.language)
    try:
        if channel == "sms":
            return (
                MessageTemplate(reply.key, title, _filled(reply.sms.to(language), values))
                if reply.sms
                else None
            )
        if reply.email is None:
            return None
        body, subject = reply.email.body.to(language), reply.email.subject.to(language)
        return MessageTemplate(reply.key, title, _filled(body, values), _filled(subject, values))
    except ValueError:
        return None


def _shipped(
    each: _Shipped, channel: str, language: str, values: Mapping[str, str], desk: Translator
) -> MessageTemplate:
    words, title = translator("messages", language), desk.gettext(each.title)
    known = {"company": "", **values}
    if channel == "sms":
        return MessageTemplate(each.key, title, _filled(words.gettext(each.sms), known))
    subject = _filled(words.gettext(each.subject), known)
    return MessageTemplate(each.key, title, _filled(words.gettext(each.body), known), subject)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return fill(text, values, limit=LONGEST_VALUE)
