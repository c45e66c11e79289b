"""The scales of a questionnaire as rules see them: numbered points or an ordered list of words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from feedback.core.questions import AnyQuestion, ChoiceQuestion, MatrixQuestion, ScaleQuestion
from feedback.lint.document.document import Document, Path
from feedback.lint.options.choices import choices
from feedback.lint.options.labels import ANY, Reading, lexicon, readings, scale

VALUED = frozenset(
    [
        "satisfaction",
        "agreement",
        "likelihood",
        "ease",
        "quality",
        "expectation",
        "clarity",
        "usefulness",
        "cleanliness",
        "politeness",
        "safety",
        "comfort",
        "reliability",
        "trust",
        "interest",
        "importance",
        "favour",
    ]
)
"""Dimensions whose positive end is the good one."""


@dataclass(frozen=True)
class LabelledScale:
    """The labels of one scale in one language, lowest value or first option first."""

    index: int
    question: AnyQuestion
    language: str
    labels: tuple[str, ...]
    found: tuple[Reading | None, ...]
    path: Path
    numbered: bool
    points: int

    @property
    def own(self) -> bool:
        """Whether the file wrote the labels (and not the registry of instruments)."""
        return not self.numbered or bool(getattr(self.question, "scale", None) and self.question.scale.labels)  # type: ignore[union-attr]

    @property
    def known(self) -> list[Reading]:
        return [each for each in self.found if each]

    @property
    def dimension(self) -> str | None:
        """The one dimension of all labels, ANY for degree words; None where a label is not understood."""
        dimensions = {each.dimension for each in self.known}
        return dimensions.pop() if len(self.known) == len(self.found) and len(dimensions) == 1 else None

    @property
    def generic(self) -> bool:
        """Whether the labels are bare degrees ("not at all ... extremely"), which answer any "how"."""
        return all(any(one.dimension == ANY for one in readings(each, self.language)) for each in self.labels)

    @property
    def ends(self) -> tuple[Reading, Reading] | None:
        first, last = (self.found[0], self.found[-1]) if self.found else (None, None)
        return (first, last) if first and last else None

    @property
    def rise(self) -> float:
        """How far the labels climb from first to last: negative where the best comes first, 0 if unclear."""
        if not self.ends:
            return 0
        first, last = self.ends
        return last.degree - first.degree if first.dimension == last.dimension else 0


def scales(document: Document) -> tuple[LabelledScale, ...]:
    """Every scale with labels, in every language of the questionnaire that has a word list."""
    return document.once("scales", lambda: tuple(_all(document)))


def _all(document: Document) -> Iterator[LabelledScale]:
    for index, question in document.questions:
        for language in document.languages:
            if lexicon(language) is None:
                continue
            found = _scale(document, index, question, language)
            if found:
                yield found


def _scale(document: Document, index: int, question: AnyQuestion, language: str) -> LabelledScale | None:
    base: Path = ("questions", index)
    if isinstance(question, ChoiceQuestion):
        listed = choices(document, index, language)
        if (
            listed is None
            or question.multiple
            or len(listed.real) < 2
            or listed.kind in ("bands", "calendar", "steps")
        ):
            return None
        texts, path, numbered = listed.texts, (*base, "options"), False
        points = len(texts)
    elif isinstance(question, ScaleQuestion | MatrixQuestion):
        texts = [point.label for point in question.points(language) if point.label]
        path, numbered, points = (*base, "scale", "labels"), True, len(question.points(language))
    else:
        return None
    if not texts:
        return None
    found = tuple(scale(texts, language))
    return LabelledScale(index, question, language, tuple(texts), found, path, numbered, points)


def is_worded_scale(each: LabelledScale) -> bool:
    """Whether it is a scale at all: numbered, or a list of words that are all degrees of one thing."""
    return each.numbered or (each.dimension is not None and len({one.degree for one in each.known}) >= 2)


__all__ = ["ANY", "VALUED", "LabelledScale", "is_worded_scale", "scales"]
