"""SurveyJS: the JSON of a survey model (pages, elements, visibleIf), as the Form Library reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.expressions import Dialect, condition_of
from feedback.services.studio.importing.guessing import settle_choice, settle_scale, yes_no
from feedback.services.studio.importing.outline import (
    Condition,
    OutlineOption,
    OutlineQuestion,
    OutlineScale,
    SurveyOutline,
    Texts,
    shortened,
)

DEEPEST = 30
"""Panels inside panels."""

_SURVEY = {"title", "pages", "elements", "questions", "locale", "completedHtml", "description"}
_PAGE = {"name", "title", "elements", "questions", "visibleIf", "description", "type", "visible"}
_QUESTION = {
    "type", "name", "title", "description", "isRequired", "visibleIf", "visible", "choices", "choicesOrder",
    "hasOther", "showOtherItem", "otherText", "hasNone", "showNoneItem", "noneText", "rateMin", "rateMax", "rateValues",
    "rateCount", "rateType", "rateDisplayMode", "minRateDescription", "maxRateDescription", "mininumRateDescription",
    "maximumRateDescription", "columns", "rows", "items", "labelTrue", "labelFalse", "valueTrue", "valueFalse",
    "inputType", "maxSelectedChoices", "html", "multiSelect", "eachRowRequired", "isAllRowRequired",
}  # fmt: skip
_LOOKS = {
    "colCount", "startWithNewLine", "rows", "cols", "width", "minWidth", "maxWidth", "titleLocation", "showProgressBar",
    "placeholder", "placeHolder", "logo", "logoWidth", "logoHeight", "logoPosition", "logoFit", "widthMode",
    "showQuestionNumbers", "questionTitleLocation", "progressBarType", "pageNextText", "pagePrevText", "completeText",
    "state", "indent", "innerIndent", "renderAs", "autoGenerate", "displayMode", "showCompletedPage", "hideNumber",
    "questionErrorLocation", "storeOthersAsComment", "requiredText", "showTitle", "headerView",
    "focusFirstQuestionAutomatic",
    "checkErrorsMode", "rateColorMode", "scaleColorMode", "separateSpecialChoices", "fitToContainer", "$schema",
    "goNextPageAutomatic", "autoAdvanceEnabled", "progressBarLocation", "progressBarShowPageNumbers",
}  # fmt: skip
"""What only concerns looks and the tool's own buttons, which this system has its own of."""

_PIPE = re.compile(r"\{(?P<code>[^{}\n.]{1,60})\}")


def recognised(data: Any) -> bool:
    """Whether a JSON value is a SurveyJS model."""
    if not isinstance(data, dict) or "blocks" in data:
        return False
    pages = data.get("pages")
    whole = pages if isinstance(pages, list) else [data]
    return any(isinstance(each, dict) and (_elements(each) or "elements" in each) for each in whole)


def read(data: Any, outline: SurveyOutline) -> None:
    """Add what the model holds to the outline."""
    outline.piping = _PIPE
    _Reader(data, outline).read()


def _elements(holder: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = holder.get("elements") or holder.get("questions")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


class _Reader:
    def __init__(self, data: dict[str, Any], outline: SurveyOutline) -> None:
        self.data, self.outline = data, outline
        self.dialect = Dialect(r"\{(?P<name>[^{}]{1,100})\}", self._refer)
        self.default = outline.has_language(str(data.get("locale") or "en")) or "en"
        self.types: dict[str, Callable[[dict[str, Any], OutlineQuestion], None]] = {
            "text": self._text, "comment": self._text, "radiogroup": self._choice, "dropdown": self._choice,
            "checkbox": self._choice, "tagbox": self._choice, "imagepicker": self._choice, "buttongroup": self._choice,
            "boolean": self._boolean, "rating": self._rating, "matrix": self._matrix,
        }  # fmt: skip

    def read(self) -> None:
        outline, data = self.outline, self.data
        outline.title = self._texts(data.get("title"), "title")
        outline.thanks = self._html(data.get("completedHtml"), "completedHtml")
        self._left_out(data, "description", "description")
        outline.lost_settings("", set(data) - _SURVEY - _LOOKS)
        pages = data.get("pages")
        for page in pages if isinstance(pages, list) else [data]:
            if isinstance(page, dict):
                self._group(page, [], 0)

    def _group(self, group: dict[str, Any], above: list[Condition], depth: int) -> None:
        """A page or a panel: its elements, each also under the conditions of what is around it."""
        place = str(group.get("name", ""))
        if group is not self.data:
            self._left_out(group, "title", place)
            self._left_out(group, "description", place)
            self.outline.lost_settings(place, set(group) - _PAGE - _LOOKS)
        if group.get("visible") is False and not group.get("visibleIf"):
            self.outline.lost(place, notes.HIDDEN)
            return
        conditions = [*above, *self._conditions(group)]
        for element in _elements(group):
            if element.get("type") == "panel" and depth < DEEPEST:
                self._group(element, conditions, depth + 1)
            else:
                self._element(element, conditions)

    def _element(self, element: dict[str, Any], above: list[Condition]) -> None:
        code, kind = str(element.get("name", "")), str(element.get("type", "text"))
        if element.get("visible") is False and not element.get("visibleIf"):
            self.outline.lost(code, notes.HIDDEN)
            return
        conditions = [*above, *self._conditions(element)]
        if kind in ("html", "image"):
            words = next(iter(self._html(element.get("html"), code).values()), "")
            self.outline.lost(code, notes.TEXT_LEFT_OUT if words else notes.PICTURE, text=shortened(words))
        elif kind == "multipletext":
            self._parts(element, conditions)
        elif kind not in self.types:
            self.outline.lost(code, notes.TYPE_LEFT_OUT, type=kind)
        else:
            question = OutlineQuestion(code, "text", self._texts(element.get("title") or code, code))
            question.help = self._texts(element.get("description"), code)
            question.required = element.get("isRequired") is True
            question.conditions = conditions
            self.types[kind](element, question)
            self.outline.lost_settings(code, set(element) - _QUESTION - _LOOKS)
            self.outline.add(question)

    def _parts(self, element: dict[str, Any], conditions: list[Condition]) -> None:
        code = str(element.get("name", ""))
        self.outline.lost(code, notes.PARTS, type="multipletext")
        for item in _dicts(element.get("items")):
            name = str(item.get("name", ""))
            question = OutlineQuestion(f"{code}.{name}", "text", self._texts(item.get("title") or name, code))
            question.conditions = list(conditions)
            self.outline.add(question)

    def _text(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        kind = str(element.get("inputType", "text"))
        contact = {"email": "email", "tel": "phone"}.get(kind)
        if contact:
            question.extra["contact"] = contact
        elif kind != "text":
            self.outline.lost(question.code, notes.TYPE_BECAME, type=kind, became="text")

    def _choice(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        kind = element["type"]
        question.type = (
            "multi" if kind in ("checkbox", "tagbox") or element.get("multiSelect") is True else "single"
        )
        question.options = list(self._options(element.get("choices"), question.code))
        if kind == "imagepicker":
            self.outline.lost(question.code, notes.PICTURE)
        for role, shown, words, usual in (
            ("none", "None", "noneText", "None"),
            ("other", "Other", "otherText", "Other"),
        ):
            if element.get(f"has{shown}") is True or element.get(f"show{shown}Item") is True:
                texts = self._texts(element.get(words) or usual, question.code)
                question.options.append(OutlineOption(role, texts, role=role))  # type: ignore[arg-type]
        if element.get("choicesOrder") == "random":
            question.extra["randomize"] = True
        most = element.get("maxSelectedChoices")
        if question.type == "multi" and isinstance(most, int) and most > 0:
            question.extra["max_choices"] = most
        if "choicesByUrl" in element or "choicesFromQuestion" in element:
            self.outline.lost(question.code, notes.CHOICES_ELSEWHERE)
            question.type, question.options = "text", []
            return
        settle_choice(self.outline, question)

    def _options(self, choices: Any, place: str) -> Iterator[OutlineOption]:
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                code = str(choice.get("value", ""))
                texts = self._texts(choice.get("text") or code, place)
                if choice.get("visibleIf") or choice.get("enableIf"):
                    self.outline.lost(place, notes.LOGIC_OF_OPTION, option=shortened(code, 60))
            else:
                code, _, words = str(choice).partition("|")
                texts = self._texts(words or code, place)
            if texts:
                yield OutlineOption(code, texts)

    def _boolean(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        yes = self._texts(element.get("labelTrue"), question.code)
        no = self._texts(element.get("labelFalse"), question.code)
        question.type = "single"
        question.options = yes_no([self.default, *{**yes, **no}], yes, no)
        for option, name in zip(question.options, ("valueTrue", "valueFalse"), strict=True):
            option.code = str(element.get(name, option.code))
        question.extra["complete"] = True

    def _rating(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        values = list(self._options(element.get("rateValues"), question.code))
        low, count = _whole(element.get("rateMin"), 1), _whole(element.get("rateCount"), 5)
        scale = OutlineScale(low, _whole(element.get("rateMax"), low + count - 1))
        if values:
            scale = OutlineScale(1, len(values))
            scale.codes = {each.code: point for point, each in enumerate(values, 1)}
            scale.labels = {point: each.text for point, each in enumerate(values, 1)}
            if all(each.code.isdecimal() for each in values):
                numbers = [int(each.code) for each in values]
                if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
                    worded = {int(v.code): v.text for v in values if set(v.text.values()) != {v.code}}
                    scale = OutlineScale(numbers[0], numbers[-1], worded)
        ends = ((scale.low, ("minRateDescription", "mininumRateDescription")),
                (scale.high, ("maxRateDescription", "maximumRateDescription")))  # fmt: skip
        for point, names in ends:
            for name in names:
                if texts := self._texts(element.get(name), question.code):
                    scale.labels[point] = texts
        looks = {"stars": "stars", "smileys": "smileys"}.get(
            str(element.get("rateType", element.get("rateDisplayMode")))
        )
        question.type, question.scale = "rating", scale
        if not scale.low < scale.high <= scale.low + 100 or scale.low < 0:
            self.outline.lost(question.code, notes.TYPE_BECAME, type="rating", became="text")
            question.type, question.scale = "text", None
        elif looks and (scale.low, scale.high) == (1, 5):
            question.type = looks
            question.scale = scale if scale.labels else None
        else:
            settle_scale(self.outline, question)

    def _matrix(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        question.rows = list(self._options(element.get("rows"), question.code))
        columns = list(self._options(element.get("columns"), question.code))
        if not question.rows or len(columns) < 2:
            self.outline.lost(question.code, notes.NO_OPTIONS)
            question.rows = []
            return
        question.type = "matrix"
        question.required = question.required or element.get("eachRowRequired") is True
        codes = {each.code: point for point, each in enumerate(columns, 1)}
        labels = {point: each.text for point, each in enumerate(columns, 1)}
        question.scale = OutlineScale(1, len(columns), labels, codes)

    def _conditions(self, element: dict[str, Any]) -> list[Condition]:
        expression = element.get("visibleIf")
        return (
            [condition_of(expression, self.dialect)]
            if isinstance(expression, str) and expression.strip()
            else []
        )

    def _refer(self, name: str) -> tuple[str, str | None]:
        return name.strip(), None

    def _left_out(self, holder: dict[str, Any], name: str, place: str) -> None:
        words = next(iter(self._texts(holder.get(name), place).values()), "")
        if words:
            self.outline.lost(place, notes.TEXT_LEFT_OUT, text=shortened(words))

    def _html(self, raw: Any, place: str) -> Texts:
        self.outline.markup = True
        try:
            return self._texts(raw, place)
        finally:
            self.outline.markup = False

    def _texts(self, raw: Any, place: str) -> Texts:
        """A localizable string: a plain one, or `{"default": ..., "tr": ...}`."""
        pairs = raw.items() if isinstance(raw, dict) else [("default", raw)]
        found: Texts = {}
        for name, words in pairs:
            wording = self.outline.words(words, place)
            if not wording:
                continue
            language = self.default if name == "default" else self.outline.has_language(str(name))
            if language is None:
                self.outline.lost("", notes.LANGUAGE, language=shortened(str(name), 30))
            elif found.setdefault(language, wording) != wording and name != "default":
                self.outline.lost("", notes.LANGUAGE_TWICE, language=shortened(str(name), 30), other=language)
        return found


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _whole(value: Any, usual: int) -> int:
    """A whole number of the source, or the usual one."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1_000 else usual
