"""What a follow-up is called where there is room for one name."""

from __future__ import annotations

from feedback.core.text.localized import Text
from feedback.store.models import FollowUp


def name_of(task: FollowUp, language: str) -> str:
    """The account's name, otherwise the person's, otherwise the title in the reader's language."""
    if task.account is not None:
        return task.account.name
    return (task.contact.name if task.contact else None) or Text(task.title).to(language)
