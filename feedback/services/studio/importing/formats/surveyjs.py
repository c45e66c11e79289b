"""SurveyJS: the JSON of a survey model (pages, elements, visibleIf), as the Form Library reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.expressions import Dialect, condition_of
from feedback.services.studio.importing.grids import rows_as_lists
from feedback.services.studio.importing.guessing import (
    settle_choice,
    settle_consent,
    settle_scale,
    usual_words,
    yes_no,
)
from feedback.services.studio.importing.outline import (
    Condition,
    OutlineOption,
    OutlineQuestion,
    OutlineScale,
    SurveyOutline,
    Texts,
    shortened,
)
from feedback.services.studio.importing.settling import (
    number_in,
    places_of,
    settle_date,
    settle_number,
    settle_range,
    settle_ranking,
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
    "inputType", "maxSelectedChoices", "html", "multiSelect", "eachRowRequired", "isAllRowRequired", "min", "max",
    "step", "rateStep", "validators", "label", "sliderType", "customLabels", "selectToRankEnabled",
    "choicesFromQuestion", "choicesFromQuestionMode", "showRefuseItem", "showDontKnowItem", "refuseText",
    "dontKnowText", "cellType",
}  # fmt: skip
_LOOKS = {
    "colCount", "startWithNewLine", "rows", "cols", "width", "minWidth", "maxWidth", "titleLocation", "showProgressBar",
    "placeholder", "placeHolder", "logo", "logoWidth", "logoHeight", "logoPosition", "logoFit", "widthMode",
    "showQuestionNumbers", "questionTitleLocation", "progressBarType", "pageNextText", "pagePrevText", "completeText",
    "state", "indent", "innerIndent", "renderAs", "autoGenerate", "displayMode", "showCompletedPage", "hideNumber",
    "questionErrorLocation", "storeOthersAsComment", "requiredText", "showTitle", "headerView",
    "focusFirstQuestionAutomatic",
    "checkErrorsMode", "rateColorMode", "scaleColorMode", "separateSpecialChoices", "fitToContainer", "$schema",
    "goNextPageAutomatic", "autoAdvanceEnabled", "progressBarLocation", "progressBarShowPageNumbers", "showLabels",
    "tooltipVisibility", "autocomplete", "size", "inputSize", "textUpdateMode", "selectToRankAreasLayout", "longTap",
    "selectToRankEmptyRankedAreaText", "selectToRankEmptyUnrankedAreaText", "swapOrder", "searchEnabled", "allowClear",
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
            "boolean": self._boolean, "rating": self._rating, "matrix": self._matrix, "ranking": self._ranking,
            "slider": self._slider,
        }  # fmt: skip

    def read(self) -> None:
        outline, data = self.outline, self.data
        outline.title = self._texts(data.get("title"), "title")
        outline.thanks = self._html(data.get("completedHtml"), "completedHtml")
        if told := self._texts(data.get("description"), "description"):
            outline.welcome({}, told)
        outline.lost_settings("", set(data) - _SURVEY - _LOOKS)
        pages = data.get("pages")
        for page in pages if isinstance(pages, list) else [data]:
            if isinstance(page, dict):
                self._group(page, [], 0)

    def _group(self, group: dict[str, Any], above: list[Condition], depth: int) -> None:
        """A page or a panel: its elements, each also under the conditions of what is around it."""
        place = str(group.get("name", ""))
        if group is not self.data:
            self.outline.lost_settings(place, set(group) - _PAGE - _LOOKS)
        if group.get("visible") is False and not group.get("visibleIf"):
            self.outline.lost(place, notes.HIDDEN)
            return
        conditions = [*above, *self._conditions(group)]
        if group is not self.data:
            self._heading(group, place, conditions)
        for element in _elements(group):
            if element.get("type") == "panel" and depth < DEEPEST:
                self._group(element, conditions, depth + 1)
            else:
                self._element(element, conditions)

    def _heading(self, group: dict[str, Any], place: str, conditions: list[Condition]) -> None:
        """What stands above the questions of a page; a title alone says little on a page of its own."""
        told = self._texts(group.get("description"), place)
        if not told:
            self._left_out(group, "title", place)
        elif made := self.outline.note(place or "note", self._texts(group.get("title"), place), told):
            made.conditions = list(conditions)

    def _element(self, element: dict[str, Any], above: list[Condition]) -> None:
        code, kind = str(element.get("name", "")), str(element.get("type", "text"))
        if element.get("visible") is False and not element.get("visibleIf"):
            self.outline.lost_question(code, notes.HIDDEN)
            return
        conditions = [*above, *self._conditions(element)]
        if kind == "html":
            if made := self.outline.note(code, self._html(element.get("html"), code)):
                made.conditions = conditions
        elif kind == "image":
            self.outline.lost(code, notes.PICTURE)
        elif kind == "expression":
            self.outline.lost(code, notes.TYPE_LEFT_OUT, type=kind)
        elif kind == "multipletext":
            self._parts(element, conditions)
        elif kind == "matrixdropdown" and element.get("rows"):
            self._table(element, conditions)
        elif kind not in self.types:
            self.outline.lost_question(code, notes.TYPE_LEFT_OUT, type=kind)
        else:
            question = OutlineQuestion(code, "text", self._texts(element.get("title") or code, code))
            question.help = self._texts(element.get("description"), code)
            question.required = element.get("isRequired") is True
            question.conditions = conditions
            self.types[kind](element, question)
            self._validators(element, question)
            self.outline.lost_settings(code, set(element) - _QUESTION - _LOOKS)
            if question.type == "matrix" and element.get("cellType") == "checkbox":
                rows_as_lists(self.outline, question)
            else:
                self.outline.add(question)

    def _parts(self, element: dict[str, Any], conditions: list[Condition]) -> None:
        code = str(element.get("name", ""))
        self.outline.lost(code, notes.PARTS, type="multipletext")
        whole = OutlineQuestion(code, "text", self._texts(element.get("title"), code), conditions=conditions)
        for item in _dicts(element.get("items")):
            name = str(item.get("name", ""))
            question = whole.part(f"{code}.{name}", "text", self._texts(item.get("title") or name, code))
            question.required = item.get("isRequired") is True
            self._text(item, question)
            self._validators(item, question)
            self.outline.add(question)

    def _table(self, element: dict[str, Any], conditions: list[Condition]) -> None:
        """A table whose columns have lists of their own: a matrix for each column."""
        code = str(element.get("name", ""))
        self.outline.lost(code, notes.PARTS, type="matrixdropdown")
        whole = OutlineQuestion(
            code, "text", self._texts(element.get("title") or code, code), conditions=conditions
        )
        carried = len(self.outline.questions)
        for column in _dicts(element.get("columns")):
            name, kind = (
                str(column.get("name", "")),
                str(column.get("cellType", element.get("cellType", "dropdown"))),
            )
            part = whole.part(f"{code}.{name}", "text", self._texts(column.get("title") or name, code))
            part.required = column.get("isRequired") is True
            listed = column.get("choices") or element.get("choices")
            if kind not in ("dropdown", "radiogroup", "checkbox", "tagbox", "default") or not listed:
                self.outline.lost(part.code, notes.TYPE_LEFT_OUT, type=kind)
                continue
            self._matrix({"rows": element["rows"], "columns": listed}, part)
            if part.type == "matrix" and kind in ("checkbox", "tagbox"):
                rows_as_lists(self.outline, part)
            else:
                self.outline.add(part)
        if carried == len(self.outline.questions):
            self.outline.left_out += 1

    def _text(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        kind = str(element.get("inputType", "text"))
        low, high, step = (element.get(name) for name in ("min", "max", "step"))
        contact = {"email": "email", "tel": "phone"}.get(kind)
        if contact:
            question.extra["contact"] = contact
        elif kind == "number":
            self._number(element, question)
        elif kind == "range":
            self._slider({"min": low, "max": high, "step": step}, question)
        elif kind in ("date", "datetime", "datetime-local"):
            settle_date(self.outline, question, low, high)
            if kind != "date":
                self.outline.lost(question.code, notes.TIME_OF_DAY)
        elif kind != "text":
            self.outline.lost(question.code, notes.TYPE_BECAME, type=kind, became="text")

    def _number(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        low, high, step = (number_in(element.get(name)) for name in ("min", "max", "step"))
        for rule in _dicts(element.get("validators")):
            if rule.get("type") in ("numeric", "numericvalidator"):
                low = low if low is not None else number_in(rule.get("minValue"))
                high = high if high is not None else number_in(rule.get("maxValue"))
        places = places_of(step) if step is not None and step > 0 else None
        settle_number(self.outline, question, low=low, high=high, places=places)

    def _validators(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        """What the answer must be like, as far as it can be said here; numbers have had their bounds before."""
        for rule in _dicts(element.get("validators")):
            kind = str(rule.get("type", "")).removesuffix("validator")
            if kind == "email" and question.type == "text":
                question.extra["contact"] = "email"
            elif kind != "numeric" or question.type != "number":
                self.outline.lost_settings(question.code, [f"validators: {kind}"])

    def _ranking(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        question.options = list(self._options(element.get("choices"), question.code))
        if element.get("choicesOrder") == "random":
            question.extra["randomize"] = True
        chosen = element.get("selectToRankEnabled") is True
        top = number_in(element.get("maxSelectedChoices")) if chosen else None
        self._offer_chosen(element, question)
        settle_ranking(self.outline, question, top, every=not chosen)

    def _slider(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        if element.get("sliderType") == "range":
            self.outline.lost(question.code, notes.TYPE_BECAME, type="slider range", became="text")
            return
        low, high, step = (
            number_in(usual if element.get(name) is None else element[name])
            for name, usual in (("min", 0), ("max", 100), ("step", 1))
        )
        words = {str(each.get("value")): self._texts(each.get("text"), question.code)
                 for each in _dicts(element.get("customLabels"))}  # fmt: skip
        if low is None or high is None or low >= high:
            self.outline.lost(question.code, notes.TYPE_BECAME, type="slider", became="text")
            return
        ends = words.get(str(low), {}), words.get(str(high), {})
        settle_range(self.outline, question, low, high, step or Decimal(1), ends)

    def _choice(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        kind = element["type"]
        question.type = (
            "multi" if kind in ("checkbox", "tagbox") or element.get("multiSelect") is True else "single"
        )
        if kind == "dropdown":
            question.extra["display"] = "dropdown"
        question.options = list(self._options(element.get("choices"), question.code))
        if kind == "imagepicker":
            self.outline.lost(question.code, notes.PICTURE)
        for role, shown, words in (("none", "None", "noneText"), ("other", "Other", "otherText")):
            if element.get(f"has{shown}") is True or element.get(f"show{shown}Item") is True:
                spoken = list(question.text) or [self.default]
                texts = self._texts(element.get(words), question.code) or usual_words(role, spoken)
                question.options.append(OutlineOption(role, texts, role=role))  # type: ignore[arg-type]
        if element.get("choicesOrder") == "random":
            question.extra["randomize"] = True
        most = element.get("maxSelectedChoices")
        if question.type == "multi" and isinstance(most, int) and most > 0:
            question.extra["max_choices"] = most
        for role, shown, words in (
            ("prefer_not_to_say", "showRefuseItem", "refuseText"),
            ("dont_know", "showDontKnowItem", "dontKnowText"),
        ):
            if element.get(shown) is True:
                question.extra[role] = True
                self._left_out(element, words, question.code)
        if "choicesByUrl" in element:
            self.outline.lost(question.code, notes.CHOICES_ELSEWHERE)
            question.type, question.options, question.extra = "text", [], {}
            return
        self._offer_chosen(element, question)
        settle_choice(self.outline, question)

    def _offer_chosen(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        """Options that come from an earlier question: those that were chosen there, or all of them."""
        code = element.get("choicesFromQuestion")
        source = next((each for each in self.outline.questions if each.code == code), None)
        if code is None:
            return
        if source is None or not source.options:
            self.outline.lost(question.code, notes.CHOICES_ELSEWHERE)
            return
        offered = [OutlineOption(each.code, dict(each.text)) for each in source.options if each.role is None]
        if (
            element.get("choicesFromQuestionMode") == "selected"
            and source.type in ("multi", "ranking")
            and not question.options
        ):
            question.options_from = source.code
        elif element.get("choicesFromQuestionMode", "all") != "all":
            self.outline.lost(question.code, notes.OPTIONS_FROM, code=source.code)
        question.options = [*offered, *question.options]

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
        if element.get("renderAs") == "checkbox" or element.get("displayMode") == "checkbox":
            label = self._texts(element.get("label"), question.code)
            settle_consent(question, label or question.text)
            self.outline.guessed(question.code, notes.CONSENT_GUESSED)
            return
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
        step = number_in(element.get("rateStep", 1)) or Decimal(1)
        if not values and step != 1 and scale.low < scale.high:
            words = scale.labels.get(scale.low, {}), scale.labels.get(scale.high, {})
            settle_range(self.outline, question, Decimal(scale.low), Decimal(scale.high), step, words)
            return
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
        question.required = (
            question.required
            or element.get("isAllRowRequired") is True
            or element.get("eachRowRequired") is True
        )
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
