"""Reads a draft of an import, and what its report says."""

from __future__ import annotations

import json
from typing import Any

from feedback import lint
from feedback.core.questionnaire import Questionnaire
from feedback.services.studio.importing.reading import ImportedDraft, read_file


def imported(data: Any, name: str = "") -> ImportedDraft:
    """The draft of JSON data, of a text or of bytes."""
    if isinstance(data, str):
        data = data.encode()
    return read_file(data if isinstance(data, bytes) else json.dumps(data).encode(), name)


def questionnaire(draft: ImportedDraft) -> Questionnaire:
    made = lint.read(draft.text).questionnaire
    assert made, draft.text
    return made


def types(draft: ImportedDraft) -> dict[str, str]:
    """Key -> type of each question."""
    return {each.key: each.type for each in questionnaire(draft).questions}


def shown_if(draft: ImportedDraft) -> dict[str, Any]:
    """Key -> condition of each question that has one."""
    return {
        each.key: each.show_if.model_dump(by_alias=True, exclude_none=True)
        for each in questionnaire(draft).questions
        if each.show_if
    }


def guessed(draft: ImportedDraft) -> str:
    """What the report asks somebody to check."""
    return "\n".join(f"{each.place}: {each.message.format(**each.params)}" for each in draft.guessed)


def lost(draft: ImportedDraft) -> str:
    """What the report says is not carried over."""
    return "\n".join(f"{each.place}: {each.message.format(**each.params)}" for each in draft.lost)
