"""Qualtrics: the JSON of a survey export (.qsf), with blocks, questions and the survey flow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.formats.qualtrics_flow import (
    FlowBlock,
    blocks_in,
    condition_of_logic,
    end_message,
)
from feedback.services.studio.importing.grids import rows_as_lists
from feedback.services.studio.importing.guessing import settle_choice
from feedback.services.studio.importing.jumps import Jump, apply_jumps
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
    settle_date,
    settle_number,
    settle_range,
    settle_ranking,
)

_PIPE = re.compile(r"\$\{(?:(?:q://)?(?P<code>[A-Za-z0-9]{1,40})(?![A-Za-z0-9:])[^{}]{0,200})\}")
_COMPUTED = re.compile(r"\$\{[^{}]{1,240}\}")
"""What stands for a field of the contact or of the panel, a date or a calculation."""
_SINGLE = {"SAVR", "SAHR", "SACOL", "DL", "SB"}
_MULTI = {"MAVR", "MAHR", "MACOL", "MSB"}
_QUESTION = {
    "QuestionText", "QuestionText_Unsafe", "QuestionType", "Selector", "SubSelector", "Choices", "ChoiceOrder",
    "Answers", "AnswerOrder", "Validation", "DisplayLogic", "InPageDisplayLogic", "Language", "Randomization",
    "QuestionID", "DataExportTag", "Configuration", "RecodeValues", "ColumnLabels", "Labels", "DynamicChoices",
    "AdditionalQuestions", "NumberOfQuestions", "Groups", "NumberOfGroups",
}  # fmt: skip
_DROPDOWN = {"DL", "SB"}
_CARRIED = {
    "None",
    "ValidNumber",
    "ValidDate",
    "ValidEmail",
    "ValidPhone",
    "MinChars",
    "MaxChoices",
    "ChoicesTotal",
}
"""What is checked about answers, and can be checked here."""
_NO_QUESTION = {"Timing", "Meta", "Captcha"}
_LOOKS = {
    "QuestionDescription", "DefaultChoices", "DataVisibility", "GradingData", "NextChoiceId", "NextAnswerId",
    "ChoiceDataExportTags", "SearchSource", "VariableNaming", "AnalyzeChoices", "QuestionJS", "LabelPosition",
    "AvoidRepeatedLogic", "DynamicChoicesData", "WorkFlow", "ClarifyingSymbolType", "ChoiceColumnWidth",
}  # fmt: skip


def recognised(data: Any) -> bool:
    """Whether a JSON value is a survey export of Qualtrics."""
    return isinstance(data, dict) and isinstance(data.get("SurveyElements"), list)


def read(data: Any, outline: SurveyOutline) -> None:
    """Add what the survey holds to the outline."""
    outline.markup, outline.piping, outline.computed = True, _PIPE, _COMPUTED
    _Reader(data, outline).read()


class _Reader:
    def __init__(self, data: dict[str, Any], outline: SurveyOutline) -> None:
        self.outline = outline
        self.entry = _dict(data.get("SurveyEntry"))
        self.elements = [each for each in data["SurveyElements"] if isinstance(each, dict)]
        self.questions = {
            str(each.get("PrimaryAttribute")): _dict(each.get("Payload"))
            for each in self.elements
            if each.get("Element") == "SQ"
        }
        self.default = outline.has_language(str(self.entry.get("SurveyLanguage") or "EN")) or "en"
        self.starts: dict[str, int] = {}
        self.skips: list[tuple[int, str, dict[str, Any], str]] = []
        self.types: dict[str, Callable[[dict[str, Any], OutlineQuestion], None]] = {
            "MC": self._choice, "TE": self._text, "Matrix": self._matrix, "Slider": self._slider, "NPS": self._nps,
            "RO": self._ranking, "CS": self._sum, "SBS": self._side_by_side,
        }  # fmt: skip

    def read(self) -> None:
        outline = self.outline
        title = outline.words(self.entry.get("SurveyName"), "SurveyName")
        outline.title = {self.default: title} if title else {}
        flow = blocks_in(self.elements, outline)
        ends: list[tuple[FlowBlock, int]] = []
        for block in flow:
            first = len(outline.questions)
            for part in block.parts:
                self._part(part, block)
            self.starts[block.id] = first
            ends.append((block, len(outline.questions)))
        if message := outline.words(end_message(self.elements), "EOSMessage"):
            outline.thanks = {self.default: message}
        self._jumps(ends)

    def _part(self, part: dict[str, Any], block: FlowBlock) -> None:
        number = str(part.get("QuestionID", ""))
        data = self.questions.get(number)
        if part.get("Type") != "Question" or data is None:
            return
        kind, selector = str(data.get("QuestionType", "")), str(data.get("Selector", ""))
        code = str(data.get("DataExportTag") or number)
        self.outline.aliases[number] = code
        self.starts[number] = len(self.outline.questions)
        text = self._texts(data, "QuestionText", code)
        if kind == "DB":
            if made := self.outline.note(code, text):
                made.conditions = [*block.conditions, *_display_logic(data)]
        elif kind in _NO_QUESTION:
            self.outline.lost(code, notes.TYPE_LEFT_OUT, type=kind)
        elif kind not in self.types:
            self.outline.lost_question(code, notes.TYPE_LEFT_OUT, type=f"{kind} {selector}".strip())
        elif not text:
            self.outline.lost_question(code, notes.NO_TEXT)
        else:
            question = OutlineQuestion(code, "text", text)
            self._settings(data, question)
            question.conditions += block.conditions
            self.types[kind](data, question)
            if "Skip" in part or part.get("SkipLogic"):
                self._skip(part, len(self.outline.questions) - 1, block)

    def _settings(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        validation = _dict(_dict(data.get("Validation")).get("Settings"))
        question.required = validation.get("ForceResponse") == "ON" or validation.get("ForceResponse") is True
        names = {name for name in set(data) - _QUESTION - _LOOKS if data[name]}
        if _wanted(data) not in _CARRIED:
            names.add(f"Validation: {_wanted(data)}")
        if data.get("QuestionJS"):
            names.add("QuestionJS")
        self.outline.lost_settings(question.code, names)
        question.conditions += _display_logic(data)
        if _dict(data.get("Randomization")).get("Type") == "All":
            question.extra["randomize"] = True

    def _choice(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        selector = str(data.get("Selector", ""))
        if selector == "NPS":
            self._nps(data, question)
            return
        question.type = "multi" if selector in _MULTI else "single"
        if selector in _DROPDOWN:
            question.extra["display"] = "dropdown"
        if selector not in _SINGLE | _MULTI:
            self.outline.lost(question.code, notes.TYPE_BECAME, type=f"MC {selector}", became="single")
        question.options = list(self._options(data, "Choices", question.code))
        if any(_dict(each).get("DisplayLogic") for each in _dict(data.get("Choices")).values()):
            self.outline.lost(question.code, notes.LOGIC_OF_OPTION, option="Choices")
        most = number_in(_settings_of(data).get("MaxChoices"))
        if question.type == "multi" and most and most > 0:
            question.extra["max_choices"] = int(most)
        self._offer_chosen(data, question)
        settle_choice(self.outline, question)
        if question.type not in ("single", "multi"):
            question.extra.pop("randomize", None)
        self.outline.add(question)

    def _offer_chosen(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        """Options that are carried forward: those that were chosen in an earlier question, or all of them."""
        found = re.search(
            r"q://(QID\d+)/ChoiceGroup/(\w+)", str(_dict(data.get("DynamicChoices")).get("Locator"))
        )
        if found is None:
            return
        code = self.outline.aliases.get(found[1])
        source = next((each for each in self.outline.questions if each.code == code), None)
        if source is None or not source.options:
            self.outline.lost(question.code, notes.CHOICES_ELSEWHERE)
            return
        offered = [OutlineOption(each.code, dict(each.text)) for each in source.options if each.role is None]
        if found[2] == "SelectedChoices" and source.type == "multi" and not question.options:
            question.options_from = source.code
        elif found[2] not in ("AllChoices", "DisplayedChoices"):
            self.outline.lost(question.code, notes.OPTIONS_FROM, code=source.code)
        question.options = [*offered, *question.options]

    def _ranking(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        question.options = list(self._options(data, "Choices", question.code))
        self._offer_chosen(data, question)
        settle_ranking(self.outline, question)
        self.outline.add(question)

    def _sum(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        """Numbers that add up to a total: a number for each choice."""
        question.extra.pop("randomize", None)
        self.outline.lost(question.code, notes.PARTS, type="Constant Sum")
        if total := _settings_of(data).get("ChoiceTotal"):
            self.outline.lost(question.code, notes.TOTAL, total=shortened(str(total), 60))
        for option in self._options(data, "Choices", question.code):
            part = question.part(f"{question.code}_{option.code}", "number", option.text)
            settle_number(self.outline, part, low=Decimal(0), places=0)
            self.outline.add(part)

    def _side_by_side(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        """Columns that are questions of their own about the same rows."""
        question.extra.pop("randomize", None)
        self.outline.lost(question.code, notes.PARTS, type="Side by Side")
        shared: dict[str, Any] = {name: data[name] for name in ("Choices", "ChoiceOrder") if name in data}
        for number, inner in sorted(_dict(data.get("AdditionalQuestions")).items()):
            column = {**_dict(inner), **shared}
            text = self._texts(column, "QuestionText", question.code) or question.text
            part = question.part(f"{question.code}_{number}", "text", text)
            if column.get("QuestionType") == "Matrix":
                self._matrix(column, part)
            else:
                self.outline.lost(part.code, notes.TYPE_LEFT_OUT, type=str(column.get("QuestionType")))

    def _nps(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        question.extra.pop("randomize", None)
        raw = data.get("ColumnLabels")
        labels = list(_dict(raw).values()) or (raw if isinstance(raw, list) else [])
        words = [self.outline.words(_dict(each).get("Display"), question.code) for each in labels]
        ends = {
            point: {self.default: each}
            for point, each in zip((0, 10), (words[:1] + words[-1:]), strict=False)
            if each
        }
        question.type, question.scale = "nps", OutlineScale(0, 10, ends) if ends else None
        self.outline.add(question)

    def _text(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        question.extra.pop("randomize", None)
        if data.get("Selector") != "FORM":
            self._settle_text(data, question)
            self.outline.add(question)
            return
        self.outline.lost(question.code, notes.PARTS, type="TE FORM")
        for option in self._options(data, "Choices", question.code):
            part = question.part(f"{question.code}_{option.code}", "text", option.text)
            self._settle_text(data, part)
            self.outline.add(part)

    def _settle_text(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        """What a typed answer has to be: a number, a day or an address."""
        wanted, settings = _wanted(data), _settings_of(data)
        if wanted in ("ValidEmail", "ValidPhone"):
            question.extra["contact"] = {"ValidEmail": "email", "ValidPhone": "phone"}[wanted]
        elif wanted == "ValidNumber":
            limits = _dict(settings.get("ValidNumber"))
            places = number_in(limits.get("NumDecimals"))
            low, high = number_in(limits.get("Min")), number_in(limits.get("Max"))
            settle_number(
                self.outline, question, low=low, high=high, places=None if places is None else int(places)
            )
        elif wanted == "ValidDate":
            settle_date(self.outline, question)

    def _matrix(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        question.extra.pop("randomize", None)
        rows = list(self._options(data, "Choices", question.code))
        columns = list(self._options(data, "Answers", question.code))
        kind = f"Matrix {data.get('Selector')} {data.get('SubSelector') or ''}".strip()
        if not rows or len(columns) < 2:
            self.outline.lost_question(question.code, notes.TYPE_LEFT_OUT, type=kind)
            return
        if data.get("Selector") not in ("Likert", "Bipolar", "Profile"):
            self.outline.lost_question(question.code, notes.TYPE_LEFT_OUT, type=kind)
            return
        codes = {each.code: point for point, each in enumerate(columns, 1)}
        if any(row.role for row in rows):
            self.outline.lost_settings(question.code, ["TextEntry"])
        question.type, question.rows = "matrix", rows
        question.scale = OutlineScale(
            1, len(columns), {codes[each.code]: each.text for each in columns}, codes
        )
        if data.get("SubSelector") == "MultipleAnswer":
            rows_as_lists(self.outline, question)
        else:
            self.outline.add(question)

    def _slider(self, data: dict[str, Any], question: OutlineQuestion) -> None:
        """A slider for each choice: a rating, or a number if there are many points."""
        question.extra.pop("randomize", None)
        looks = _dict(data.get("Configuration"))
        low, high = number_in(looks.get("CSSliderMin")), number_in(looks.get("CSSliderMax"))
        low, high = Decimal(0) if low is None else low, Decimal(100) if high is None else high
        if data.get("Selector") == "STAR":
            low, high = Decimal(1), number_in(looks.get("StarCount")) or Decimal(5)
        if low >= high:
            self.outline.lost_question(question.code, notes.TYPE_LEFT_OUT, type="Slider")
            return
        places = number_in(looks.get("NumDecimals")) or Decimal(0)
        labels = [each for each in self._options(data, "Labels", question.code) if each.text]
        ends = (labels[0].text, labels[-1].text) if len(labels) > 1 else ({}, {})
        choices = list(self._options(data, "Choices", question.code))
        if len(choices) > 1:
            self.outline.lost(question.code, notes.PARTS, type="Slider")
        for choice in choices if len(choices) > 1 else [None]:
            each = question
            if choice:
                each = question.part(f"{question.code}_{choice.code}", "rating", choice.text)
            if data.get("Selector") == "STAR" and low == 1 and high == 5:
                each.type = "stars"
            else:
                settle_range(self.outline, each, low, high, Decimal(1).scaleb(-int(places)), ends)
            self.outline.add(each)

    def _options(self, data: dict[str, Any], name: str, place: str) -> Iterator[OutlineOption]:
        raw = data.get(name)
        choices = _dict(raw) or {
            str(number): each for number, each in enumerate(raw if isinstance(raw, list) else (), 1)
        }
        wanted = data.get("ChoiceOrder" if name == "Choices" else "AnswerOrder")
        order = [str(each) for each in wanted] if isinstance(wanted, list) else list(choices)
        for number in dict.fromkeys([*order, *choices]):
            choice = _dict(choices.get(number))
            texts = self._choice_texts(data, name, number, choice, place)
            if not texts:
                continue
            option = OutlineOption(number, texts)
            if str(choice.get("TextEntry", "")).lower() in ("1", "true", "on"):
                option.role = "other"
            option.exclusive = str(choice.get("ExclusiveAnswer", "")).lower() in ("1", "true", "on")
            yield option

    def _choice_texts(
        self, data: dict[str, Any], name: str, number: str, choice: dict[str, Any], place: str
    ) -> Texts:
        found = {self.default: self.outline.words(choice.get("Display"), place)}
        for language, words in self._languages(data):
            told = _dict(_dict(words.get(name)).get(number)).get("Display")
            found.setdefault(language, self.outline.words(told, place))
        return {language: words for language, words in found.items() if words}

    def _texts(self, data: dict[str, Any], name: str, place: str) -> Texts:
        found = {self.default: self.outline.words(data.get(name), place)}
        for language, words in self._languages(data):
            found.setdefault(language, self.outline.words(words.get(name), place))
        return {language: words for language, words in found.items() if words}

    def _languages(self, data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for code, words in _dict(data.get("Language")).items():
            if not isinstance(words, dict):
                continue
            language = self.outline.has_language(str(code))
            if language is None:
                self.outline.lost("", notes.LANGUAGE, language=shortened(str(code), 30))
            else:
                yield language, words

    def _skip(self, part: dict[str, Any], at: int, block: FlowBlock) -> None:
        rules = part.get("SkipLogic")
        for rule in rules if isinstance(rules, list) else _dict(rules).values():
            if isinstance(rule, dict) and at >= 0:
                self.skips.append((at, str(rule.get("SkipToDestination", "")), rule, block.id))

    def _jumps(self, ends: list[tuple[FlowBlock, int]]) -> None:
        last = len(self.outline.questions)
        end_of = {block.id: end for block, end in ends}
        found: list[Jump] = []
        for at, target, rule, block in self.skips:
            goal = {"ENDOFSURVEY": last, "ENDOFBLOCK": end_of.get(block, last)}.get(
                target, self.starts.get(target, -1)
            )
            left = {
                **rule,
                "Operator": rule.get("Condition") or rule.get("Operator"),
                "LogicType": "Question",
            }
            left["LeftOperand"] = rule.get("ChoiceLocator") or rule.get("Locator")
            condition = condition_of_logic({"0": {"0": left, "Type": "If"}})
            found.append(Jump(at, at + 1, goal, condition, f"{rule.get('Condition', '')} → {target}"))
        for ending, end in ends:
            if ending.ends_survey and 0 < end < last:
                whole: Condition | None = {"all": ending.conditions} if ending.conditions else None
                found.append(Jump(end - 1, end, last, whole, "EndSurvey"))
        apply_jumps(self.outline, found)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _settings_of(data: dict[str, Any]) -> dict[str, Any]:
    return _dict(_dict(data.get("Validation")).get("Settings"))


def _wanted(data: dict[str, Any]) -> str:
    """What is checked about an answer. Settings of checks that are switched off stay in the file."""
    settings = _settings_of(data)
    kind = str(settings.get("Type") or "None")
    return str(settings.get("ContentType") or "None") if kind == "ContentType" else kind


def _display_logic(data: dict[str, Any]) -> list[Condition]:
    names = ("DisplayLogic", "InPageDisplayLogic")
    return [condition_of_logic(_dict(data[name])) for name in names if _dict(data.get(name))]
