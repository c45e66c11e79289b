"""Questions answered with one point of a scale: the scored instruments and free ratings."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from feedback.core.answer import Answer
from feedback.core.instruments import Instrument, instruments
from feedback.core.metrics import METRICS
from feedback.core.metrics.own_scale import key_of
from feedback.core.questions.base import Form, Parsed, Point, Question, Strict, one
from feedback.core.text.localized import Text
from feedback.core.text.translatable import message

MAX_POINTS = 101


Points = Annotated[tuple[int, ...], Field(strict=False, min_length=1)]


class Scale(Strict):
    """Points from `min` to `max`, with labels at both ends or at every point."""

    min: int
    max: int
    labels: dict[int, Text] = Field(default_factory=dict, description="point -> label; at least both ends")
    high_is_bad: bool = Field(False, description="true if the highest value is the worst answer")
    good: Points | None = Field(
        None, description="the good points, such as [4, 5], at the good end: their share is the score"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.max <= self.min:
            raise ValueError(
                message("max ({max}) must be greater than min ({min}).", max=self.max, min=self.min)
            )
        if self.max - self.min >= MAX_POINTS:
            raise ValueError(
                message(
                    "A scale has at most {most} points; {min} to {max} has more.",
                    most=MAX_POINTS,
                    min=self.min,
                    max=self.max,
                )
            )
        outside = sorted(point for point in self.labels if not self.min <= point <= self.max)
        if outside:
            raise ValueError(
                message(
                    "There is a label for point {point}, which is not between {min} and {max}.",
                    point=outside[0],
                    min=self.min,
                    max=self.max,
                )
            )
        if self.good is not None and not self._is_good_end(sorted(set(self.good))):
            end = self.min if self.high_is_bad else self.max
            raise ValueError(
                message(
                    "Good points are some of the points, without a gap, up to the best one, {end}.", end=end
                )
            )
        return self

    @property
    def metric(self) -> str | None:
        """Key of the metric that counts the good points; None if none are named."""
        return key_of(self.min, self.max, min(self.good), max(self.good)) if self.good else None

    def _is_good_end(self, good: list[int]) -> bool:
        inside = bool(good) and self.min <= good[0] and good[-1] <= self.max
        without_gap = inside and len(good) == good[-1] - good[0] + 1 <= self.max - self.min
        return without_gap and (good[0] == self.min if self.high_is_bad else good[-1] == self.max)


class ScaleQuestion(Question):
    """A question whose answer is one whole number from `minimum` to `maximum`."""

    widget: ClassVar[str] = "scale"
    default_instrument: ClassVar[str | None] = None
    scale: Scale | None = Field(None, description="only if it differs from the instrument's scale")

    @property
    def instrument_name(self) -> str | None:
        """The registered instrument that defines scale, labels and metric."""
        return self.instrument.name if self.instrument else self.default_instrument

    @property
    def registered(self) -> Instrument | None:
        return instruments().get(self.instrument_name or "")

    @property
    def minimum(self) -> int:
        return self.scale.min if self.scale else self._instrument.minimum

    @property
    def maximum(self) -> int:
        return self.scale.max if self.scale else self._instrument.maximum

    @property
    def high_is_bad(self) -> bool:
        return self.scale.high_is_bad if self.scale else self._instrument.high_is_bad

    @property
    def metric(self) -> str | None:
        if self.registered:
            return self.registered.metric
        return self.scale.metric if self.scale else None

    def band(self, value: int) -> str | None:
        metric = METRICS.get(self.metric or "")
        return metric.band(value) if metric else None

    def points(self, language: str) -> tuple[Point, ...]:
        """Every point of the scale with its label in `language`, lowest first."""
        labels = self.labels(language)
        return tuple(Point(value, labels.get(value, "")) for value in range(self.minimum, self.maximum + 1))

    def labels(self, language: str) -> dict[int, str]:
        """Point -> label; labels in the file override the registry's."""
        if self.scale and self.scale.labels:
            return {point: label.to(language) for point, label in self.scale.labels.items()}
        return dict(self.registered.labels_in(language)) if self.registered else {}

    def read(self, form: Form) -> Parsed:
        raw = one(form, self.key)
        if not raw:
            return None
        if not (
            raw.isascii() and raw.isdigit() and len(raw) <= 4 and self.minimum <= int(raw) <= self.maximum
        ):
            return self.mistake("not_on_scale", minimum=self.minimum, maximum=self.maximum)
        return Answer(int(raw))

    @property
    def _instrument(self) -> Instrument:
        return self.registered or instruments()[self.default_instrument or "csat"]

    @model_validator(mode="after")
    def _has_a_scale(self) -> Self:
        if self.instrument and not self.instrument.declared and self.instrument.name not in instruments():
            known = ", ".join(sorted(instruments()))
            raise ValueError(
                message(
                    "There is no instrument `{name}`; registered are {known}. For another validated item write its "
                    "`source:` and `declared: true`.",
                    name=self.instrument.name,
                    known=known,
                )
            )
        if self.scale is None and self.registered is None:
            raise ValueError(message("This question needs a `scale:` with min, max and labels."))
        return self


class NpsQuestion(ScaleQuestion):
    type: Literal["nps"]
    default_instrument: ClassVar[str | None] = "nps"


class EnpsQuestion(ScaleQuestion):
    type: Literal["enps"]
    default_instrument: ClassVar[str | None] = "enps"


class CesQuestion(ScaleQuestion):
    """CES 2.0 by default; `instrument: ces1` or `ces-item` for the other two forms."""

    type: Literal["ces"]
    default_instrument: ClassVar[str | None] = "ces2"


class CsatQuestion(ScaleQuestion):
    type: Literal["csat"]
    default_instrument: ClassVar[str | None] = "csat"


class StarsQuestion(ScaleQuestion):
    type: Literal["stars"]
    widget: ClassVar[str] = "stars"
    default_instrument: ClassVar[str | None] = "stars"


class SmileysQuestion(ScaleQuestion):
    """Five faces, or three with `faces: 3`."""

    type: Literal["smileys"]
    widget: ClassVar[str] = "smileys"
    faces: Literal[3, 5] = 5

    @property
    def instrument_name(self) -> str | None:
        return f"smileys{self.faces}"


class ThumbsQuestion(ScaleQuestion):
    type: Literal["thumbs"]
    widget: ClassVar[str] = "thumbs"
    default_instrument: ClassVar[str | None] = "thumbs"


class PmfQuestion(ScaleQuestion):
    type: Literal["pmf"]
    widget: ClassVar[str] = "worded"
    default_instrument: ClassVar[str | None] = "pmf"


class RatingQuestion(ScaleQuestion):
    """A question with its own wording and scale; it is counted and charted, but has no benchmark."""

    type: Literal["rating"]
