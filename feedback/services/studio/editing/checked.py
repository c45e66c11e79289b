"""One edit of a questionnaire: made as a whole, or refused with a sentence and not made at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from feedback.errors import Rejected
from feedback.lint.document.document import Document
from feedback.lint.editing.refusal import CannotEditError, UnreadableTextError
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.lint.reporters.translation import in_language

Change = Callable[[YamlEditor], object]


@dataclass(frozen=True, slots=True)
class Patch:
    """What undoes an edit: put `text` in the place of the `length` characters at `start`."""

    start: int
    length: int
    text: str


def edited(text: str, change: Change, language: str = "en") -> str:
    """The text after a change.

    Raises Rejected, told in `language` if the linter says why, if the text is no YAML, if its layout does not allow
    the change, if there is nothing at the given place, or if the change would break the format.
    """
    try:
        editor = YamlEditor(text)
        before = _mistakes(editor.document, "en")
        change(editor)
    except UnreadableTextError:
        raise Rejected("Fix the text on the YAML tab first: it cannot be read.") from None
    except CannotEditError:
        raise Rejected(
            "Make this change on the YAML tab: the text is laid out in an unusual way here."
        ) from None
    except (KeyError, IndexError, TypeError):
        raise Rejected("This part is no longer in the text. Load the page again.") from None
    after = _mistakes(editor.document, "en")
    new = [place for place, message in enumerate(after) if message not in before]
    if new:
        raise Rejected(_mistakes(editor.document, language)[new[0]])
    return editor.text


def undoing(before: str, after: str) -> Patch:
    """The patch that turns `after` back into `before`."""
    shorter = min(len(before), len(after))
    start = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    tail = next(
        (place for place in range(shorter - start) if before[-1 - place] != after[-1 - place]),
        shorter - start,
    )
    return Patch(start, len(after) - tail - start, before[start : len(before) - tail])


def undone(text: str, patch: Patch) -> str:
    """The text with a patch applied. Raises Rejected if it does not fit into the text."""
    if not 0 <= patch.start <= patch.start + patch.length <= len(text):
        raise Rejected("This part is no longer in the text. Load the page again.")
    return text[: patch.start] + patch.text + text[patch.start + patch.length :]


def _mistakes(document: Document, language: str) -> list[str]:
    """Offences against the format."""
    return [each.message for each in in_language(document.problems, language)]
