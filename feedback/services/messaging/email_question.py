"""Draws the first question in an e-mail. Its links only preselect an answer, because mail scanners open them.

Many mail programs block images and support few styles, so this is text with inline styles: a number for each
point of a long scale, a line for each labelled point and for each option of a choice. For other types only the
question is shown; the button below leads to the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from feedback.core.questions import AnyQuestion, ScaleQuestion, SingleQuestion
from feedback.core.questions.base import Point
from feedback.core.text.message import fill
from feedback.i18n import Translator
from feedback.store.models import Invitation

FACES: Mapping[int, str] = {3: "😞😐😊", 5: "😢😞😐😊😃"}  # from Unicode 6.0 (2010), so old phones have them
THUMBS = "👎👍"
MOST_CELLS = 11
MOST_IN_A_ROW = 6
"""Number of cells that fit side by side in a mail of 320 px."""
LONGEST = 200  # maximum characters of a value in the question's text


@dataclass(frozen=True, slots=True)
class Looks:
    """Where the links lead, the organisation's colour and what is legible on it (`#rrggbb`), and the language."""

    address: str
    brand: str
    on_brand: str
    words: Translator

    @property
    def cell(self) -> str:
        return (
            "display:inline-block;box-sizing:border-box;min-width:44px;padding:10px 4px;margin:2px;"
            f"border-radius:8px;text-align:center;text-decoration:none;background:{self.brand};color:{self.on_brand}"
        )

    @property
    def line(self) -> str:
        return (
            "display:block;padding:9px 14px;margin:6px 0;border:1px solid;border-radius:8px;text-decoration:none;"
            f"color:inherit;border-color:{self.brand};border-left-width:6px;border-right-width:6px"
        )


def drawn(question: AnyQuestion, invitation: Invitation, values: Mapping[str, str], looks: Looks) -> str:
    """The HTML of the question, with a link for each answer; `values` fill the placeholders."""
    text = fill(question.text.to(invitation.language), values, limit=LONGEST)
    return f"<p><strong>{escape(text)}</strong></p>{_answers(question, invitation, values, looks)}"


def _answers(question: AnyQuestion, invitation: Invitation, values: Mapping[str, str], looks: Looks) -> str:
    address, words = looks.address, looks.words
    if isinstance(question, SingleQuestion) and not question.is_dropdown:
        places = {option.key: place for place, option in enumerate(question.options, 1)}
        offered = question.arranged(invitation.token or "")
        return "".join(
            _link(looks.line, address, places[option.key], fill(option.text.to(invitation.language), values))
            for option in offered
        )
    if not isinstance(question, ScaleQuestion):
        return ""
    points = question.points(invitation.language)
    if all(point.label for point in points):
        return "".join(
            _link(looks.line, address, value, text) for value, text in _lines(question, points, words)
        )
    if len(points) > MOST_CELLS:
        return ""
    star = " ★" if question.widget == "stars" else ""
    cells = [_link(looks.cell, address, each.value, words.number(each.value) + star) for each in points]
    return f'<p style="margin-bottom:4px">{"".join(_rows(cells))}</p>{_ends(points, words)}'


def _rows(cells: Sequence[str]) -> Iterator[str]:
    """Group the cells: one row if they fit, otherwise rows of about the same length."""
    rows = -(-len(cells) // MOST_IN_A_ROW)
    longest = -(-len(cells) // rows)
    for start in range(0, len(cells), longest):
        yield f'<span style="display:inline-block">{"".join(cells[start : start + longest])}</span>'


def _lines(question: ScaleQuestion, points: tuple[Point, ...], words: Translator) -> list[tuple[int, str]]:
    """(value, text) of each point in the page's order: its label, after its face, thumb or number if it has one."""
    signs: Sequence[str]
    if question.widget in ("smileys", "thumbs"):
        signs = FACES[len(points)] if question.widget == "smileys" else THUMBS
    else:
        signs = ["" if question.widget == "worded" else words.number(each.value) for each in points]
    lines = [(each.value, f"{sign} {each.label}".strip()) for sign, each in zip(signs, points, strict=True)]
    return lines[::-1] if question.widget in ("thumbs", "worded") else lines


def _ends(points: tuple[Point, ...], words: Translator) -> str:
    """The words of both ends, each under its end; with their numbers, because a long scale has two rows."""
    if not (points[0].label or points[-1].label):
        return ""
    low, high = (
        f"{words.number(each.value)} – {escape(each.label)}" if each.label else ""
        for each in (points[0], points[-1])
    )
    return (
        '<table role="presentation" width="100%" style="max-width:300px;font-size:14px;opacity:.8"><tr>'
        f'<td style="text-align:start;vertical-align:top">{low}</td>'
        f'<td style="text-align:end;vertical-align:top;padding-inline-start:12px">{high}</td></tr></table>'
    )


def _link(style: str, address: str, chosen: int, text: str) -> str:
    return f'<a href="{escape(address)}?s={chosen}" style="{style}">{escape(text)}</a>'
