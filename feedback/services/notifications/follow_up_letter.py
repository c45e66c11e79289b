"""What an e-mail to staff says about follow-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from feedback.core.text.localized import Text
from feedback.i18n import Translator
from feedback.services.followups.naming import name_of
from feedback.services.notifications import staff_email
from feedback.services.notifications.promises import CLOSE, CONTACT, Owed, Promise
from feedback.settings import Settings
from feedback.store.models import FollowUp, User

SHOWN = 20
"""Maximum number of follow-ups that a message lists; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class LetterSection:
    """A headline and the lines below it."""

    headline: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class FollowUpLetter:
    """The e-mail to one member of staff. It contains no score and no words of the customer, because an e-mail inbox
    is less protected than the desk.
    """

    say: Translator
    reader: User
    settings: Settings

    def fresh(self, tasks: Sequence[FollowUp]) -> LetterSection:
        if len(tasks) == 1:
            headline = self.say.gettext("New follow-up: {name}", name=name_of(tasks[0], self.say.language))
        else:
            headline = self.say.ngettext("{n} new follow-up", "{n} new follow-ups", len(tasks))
        return LetterSection(headline, self._lines([(task, _next_promise(task)) for task in tasks]))

    def running_out(self, due: Owed) -> LetterSection:
        n = len({task.id for task, _ in due})
        headline = self.say.ngettext("{n} follow-up is due soon", "{n} follow-ups are due soon", n)
        return LetterSection(headline, self._lines(_once(due)))

    def missed(self, missed: Owed) -> list[LetterSection]:
        waiting = [(task, promise) for task, promise in missed if promise is CONTACT]
        known = {task.id for task, _ in waiting}
        unclosed = [(task, promise) for task, promise in missed if task.id not in known]
        n, m = len(waiting), len(unclosed)
        return [
            LetterSection(
                self.say.ngettext(
                    "{n} customer was not contacted in time", "{n} customers were not contacted in time", n
                ),
                self._lines(waiting, with_owner=True),
            ),
            LetterSection(
                self.say.ngettext(
                    "{n} follow-up was not closed in time", "{n} follow-ups were not closed in time", m
                ),
                self._lines(unclosed, with_owner=True),
            ),
        ]

    def send(
        self,
        session: Session,
        sections: Sequence[LetterSection],
        purpose: str,
        providers: staff_email.Providers,
        now: datetime,
    ) -> None:
        told = [section for section in sections if section.lines]
        subject = self.say.comma.join(section.headline for section in told)
        body = "\n\n".join(text for section in told for text in (section.headline, *section.lines))
        staff_email.tell(session, self.reader, subject, body, providers=providers, now=now, purpose=purpose)

    def _lines(self, owed: Owed, *, with_owner: bool = False) -> list[str]:
        lines = [self._line(task, promise, with_owner=with_owner) for task, promise in owed[:SHOWN]]
        if len(owed) > SHOWN:
            more = self.say.gettext("and {n} more", n=len(owed) - SHOWN)
            lines.append(f"{more}\n{self._site}/desk/")
        return lines

    def _line(self, task: FollowUp, promise: Promise, *, with_owner: bool) -> str:
        when = self.say.moment(promise.due(task), self._zone)
        until = (
            self.say.gettext("First contact due: {when}", when=when)
            if promise is CONTACT
            else self.say.gettext("Close by: {when}", when=when)
        )
        owner = [self.say.gettext("Owner: {name}", name=task.owner.name)] if with_owner and task.owner else []
        title = Text(task.title).to(self.say.language)
        name = name_of(task, self.say.language)
        return "\n".join([f"{name}: {title}", until, *owner, f"{self._site}/desk/{task.id}"])

    @property
    def _site(self) -> str:
        return self.settings.web.public_url.rstrip("/")

    @property
    def _zone(self) -> ZoneInfo:
        own = self.reader.time_zone
        return ZoneInfo(own) if own else self.settings.organisation.time_zone


def _next_promise(task: FollowUp) -> Promise:
    return CONTACT if CONTACT.is_open(task) else CLOSE


def _once(owed: Owed) -> Owed:
    """Keep only the first target of each follow-up."""
    first: dict[int, tuple[FollowUp, Promise]] = {}
    for task, promise in owed:
        first.setdefault(task.id, (task, promise))
    return list(first.values())
