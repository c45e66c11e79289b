"""Formbricks: the JSON of a survey, as its API and its export write it, with questions or with blocks of elements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.formats.formbricks_logic import condition_of_group, old_condition
from feedback.services.studio.importing.formats.pasted_lines import language_of
from feedback.services.studio.importing.guessing import agrees, settle_choice, settle_consent, settle_scale
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
    settle_ranking,
)

_PIPE = re.compile(r"#recall:(?P<code>[\w-]{1,64})/fallback:(?P<fallback>[^#\n]{0,80})#")
_SURVEY = {"name", "questions", "blocks", "endings", "thankYouCard", "welcomeCard", "languages"}
_OWN = {
    "id", "createdAt", "updatedAt", "type", "environmentId", "workspaceId", "createdBy", "status", "displayOption",
    "styling", "projectOverwrites", "productOverwrites", "segment", "showLanguageSwitch", "isVerifyEmailEnabled",
    "slug", "pin", "resultShareKey", "metadata", "publishOn", "displayPercentage", "creator", "customHeadScripts",
}  # fmt: skip
"""What concerns where and to whom the tool shows a survey; here the journey and the links decide that."""
_QUESTION = {
    "id", "type", "headline", "subheader", "required", "choices", "shuffleOption", "lowerLabel", "upperLabel", "scale",
    "range", "rows", "columns", "inputType", "logic", "logicFallback", "longAnswer", "label", "charLimit", "allowMulti",
    "html", "validation", "displayType", "ctaButtonLabel",
    "buttonUrl", "buttonExternal", "dismissButtonLabel",
}  # fmt: skip
_LOOKS = {
    "placeholder", "buttonLabel", "backButtonLabel", "isColorCodingEnabled", "isDraft", "otherOptionPlaceholder",
    "insightsEnabled", "format",
}  # fmt: skip
_LAST = {"thankYou", "end"}


def recognised(data: Any) -> bool:
    """Whether a JSON value is a survey of Formbricks."""
    survey = _survey(data)
    parts = [
        each
        for name in ("questions", "blocks")
        if isinstance(survey.get(name), list)
        for each in survey[name]
    ]
    return any(
        isinstance(each, dict) and ("headline" in each or ("elements" in each and "id" in each))
        for each in parts
    )


def read(data: Any, outline: SurveyOutline) -> None:
    """Add what the survey holds to the outline."""
    outline.markup, outline.piping = True, _PIPE
    _Reader(_survey(data), outline).read()


def _survey(data: Any) -> dict[str, Any]:
    """The survey itself, also inside `data` (the API) or `preset` (a template)."""
    found = data if isinstance(data, dict) else {}
    for name in ("data", "preset", "survey"):
        if isinstance(found.get(name), dict):
            return {"name": found.get("name"), **found[name]}
    return found


class _Reader:
    def __init__(self, data: dict[str, Any], outline: SurveyOutline) -> None:
        self.data, self.outline = data, outline
        self.default = self._default()
        self.rules: dict[str, dict[str, Any]] = {}
        """The rules for the answer to the present question that are not carried over yet."""
        self.starts: dict[str, int] = {}
        """Id of a question or block -> the number of its first question."""
        self.logic: list[tuple[int, list[Any], Any]] = []
        """(last question of the block, rules, fallback)"""
        self.types: dict[str, Callable[[dict[str, Any], OutlineQuestion], None]] = {
            "openText": self._text, "multipleChoiceSingle": self._choice, "multipleChoiceMulti": self._choice,
            "pictureSelection": self._pictures, "nps": self._nps, "rating": self._rating, "consent": self._consent,
            "matrix": self._matrix, "date": self._date, "ranking": self._ranking, "csat": self._csat,
            "ces": self._ces,
        }  # fmt: skip

    def read(self) -> None:
        outline = self.outline
        outline.title = (
            {self.default: words} if (words := outline.words(self.data.get("name"), "name")) else {}
        )
        outline.lost_settings(
            "",
            {
                name
                for name in set(self.data) - _SURVEY - _OWN
                if self.data[name] and not _is_off(self.data[name])
            },
        )
        welcome = _dict(self.data.get("welcomeCard"))
        if welcome.get("enabled", True):
            told = self._texts(welcome.get("html") or welcome.get("subheader"), "welcomeCard")
            outline.welcome(self._texts(welcome.get("headline"), "welcomeCard"), told)
        for block in self._blocks():
            self._block(block)
        self._endings()
        self._jumps()

    def _blocks(self) -> Iterator[dict[str, Any]]:
        yield from _dicts(self.data.get("blocks"))
        for question in _dicts(self.data.get("questions")):
            yield {
                "id": question.get("id"),
                "elements": [question],
                **{k: question[k] for k in ("logic", "logicFallback") if k in question},
            }

    def _block(self, block: dict[str, Any]) -> None:
        self.starts[str(block.get("id"))] = len(self.outline.questions)
        for element in _dicts(block.get("elements")):
            self.starts[str(element.get("id"))] = len(self.outline.questions)
            self._element(element)
        rules = block.get("logic") if isinstance(block.get("logic"), list) else []
        if (rules or block.get("logicFallback")) and self.outline.questions:
            self.logic.append((len(self.outline.questions) - 1, rules or [], block.get("logicFallback")))

    def _element(self, element: dict[str, Any]) -> None:
        code, kind = str(element.get("id", "")), str(element.get("type", ""))
        text = self._texts(element.get("headline"), code)
        for name in ("imageUrl", "videoUrl"):
            if element.get(name):
                self.outline.lost(code, notes.PICTURE if name == "imageUrl" else notes.VIDEO)
        if kind == "cta":
            self.outline.note(code, text, self._texts(element.get("html") or element.get("subheader"), code))
            if element.get("buttonUrl"):
                self.outline.lost(code, notes.LINK)
        elif kind in ("contactInfo", "address"):
            self._parts(element, code)
        elif kind not in self.types:
            self.outline.lost_question(code, notes.TYPE_LEFT_OUT, type=kind)
        elif not text:
            self.outline.lost_question(code, notes.NO_TEXT)
        else:
            question = OutlineQuestion(code, "text", text, self._texts(element.get("subheader"), code))
            question.required = element.get("required") is True
            self.rules = dict(_rules_of(element))
            self.types[kind](element, question)
            self.outline.lost_settings(code, [f"validation: {each}" for each in self.rules])
            rest = set(element) - _QUESTION - _LOOKS - {"imageUrl", "videoUrl"}
            self.outline.lost_settings(code, {name for name in rest if element[name]})
            self.outline.add(question)

    def _text(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        kind = str(element.get("inputType", "text"))
        limits = _dict(element.get("charLimit"))
        if limits.get("enabled"):
            names = [f"charLimit {each}: {limits[each]}" for each in ("min", "max") if limits.get(each)]
            self.outline.lost_settings(question.code, names)
        if kind in ("email", "phone"):
            question.extra["contact"] = kind
            self.rules.pop(kind, None)
        elif kind == "number":
            low, above = (
                number_in(self._rule("minValue", "min")),
                number_in(self._rule("isGreaterThan", "min")),
            )
            high, below = number_in(self._rule("maxValue", "max")), number_in(self._rule("isLessThan", "max"))
            low = above if low is None else low
            high = below if high is None else high
            settle_number(self.outline, question, low=low, high=high)
            return
        elif kind != "text":
            self.outline.lost(question.code, notes.TYPE_BECAME, type=kind, became="text")

    def _rule(self, name: str, part: str) -> Any:
        """A part of a rule for the answer, which is then carried over; None if there is no such rule."""
        return self.rules.pop(name, {}).get(part)

    def _date(self, _element: dict[str, Any], question: OutlineQuestion) -> None:
        between = self.rules.pop("isBetween", {})
        low = self._rule("isLaterThan", "date") or between.get("startDate")
        high = self._rule("isEarlierThan", "date") or between.get("endDate")
        settle_date(self.outline, question, low, high)

    def _ranking(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        question.options = self._options(element.get("choices"), question.code)
        for option in question.options:
            option.role = "other" if option.code == "other" else None
        if element.get("shuffleOption") in ("all", "exceptLast"):
            question.extra["randomize"] = True
        every = self.rules.pop("rankAll", None) is not None or question.required
        settle_ranking(self.outline, question, every=every)

    def _csat(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        question.type = "csat"
        self._usual_labels(element, question)

    def _ces(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        """Of 1 to 7, difficult to easy, or agreement with "made it easy". There is no measure of 1 to 5 upwards."""
        if element.get("range") != 7:
            self.outline.lost(question.code, notes.TYPE_BECAME, type="ces 1-5", became="rating")
            self._rating({**element, "scale": "number"}, question)
            return
        question.type = "ces"
        if not agrees(question.text):
            question.extra["instrument"] = "ces-item"
        self._usual_labels(element, question)

    def _usual_labels(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        """A measure has its own words at every point; those of the source stand at its ends only."""
        self.outline.guessed(question.code, notes.LABELS_GUESSED, type=question.type)
        for name in ("lowerLabel", "upperLabel"):
            self._left_out(element.get(name), question.code)

    def _choice(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        question.type = "single" if element["type"] == "multipleChoiceSingle" else "multi"
        question.options = self._options(element.get("choices"), question.code)
        for option in question.options:
            if option.code in ("other", "none"):
                option.role = option.code  # type: ignore[assignment]
        most = self._rule("maxSelections", "max")
        if question.type == "multi" and isinstance(most, int) and most > 0:
            question.extra["max_choices"] = most
        if question.type == "single" and element.get("displayType") == "dropdown":
            question.extra["display"] = "dropdown"
        if element.get("shuffleOption") in ("all", "exceptLast"):
            question.extra["randomize"] = True
            if element["shuffleOption"] == "exceptLast":
                self.outline.lost_settings(question.code, ["shuffleOption: exceptLast"])
        settle_choice(self.outline, question)

    def _pictures(self, _element: dict[str, Any], question: OutlineQuestion) -> None:
        self.outline.lost(question.code, notes.TYPE_BECAME, type="pictureSelection", became="text")

    def _nps(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        question.type = "nps"
        labels = self._ends(element, 0, 10, question.code)
        question.scale = OutlineScale(0, 10, labels) if labels else None

    def _rating(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        reach = element.get("range")
        high = reach if isinstance(reach, int) and 2 <= reach <= 100 else 5
        labels = self._ends(element, 1, high, question.code)
        question.type, question.scale = "rating", OutlineScale(1, high, labels)
        looks = {"star": "stars", "smiley": "smileys"}.get(str(element.get("scale")))
        if looks and high == 5:
            question.type, question.scale = looks, OutlineScale(1, 5, labels) if labels else None
        else:
            settle_scale(self.outline, question)

    def _ends(self, element: dict[str, Any], low: int, high: int, place: str) -> dict[int, Texts]:
        found = {
            low: self._texts(element.get("lowerLabel"), place),
            high: self._texts(element.get("upperLabel"), place),
        }
        return {point: texts for point, texts in found.items() if texts}

    def _consent(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        settle_consent(question, self._texts(element.get("label"), question.code) or question.text)

    def _matrix(self, element: dict[str, Any], question: OutlineQuestion) -> None:
        question.rows = self._options(element.get("rows"), question.code)
        columns = self._options(element.get("columns"), question.code)
        if not question.rows or len(columns) < 2:
            self.outline.lost(question.code, notes.NO_OPTIONS)
            question.rows = []
            return
        question.type = "matrix"
        for name in ("answerAllRows", "minRowsAnswered"):
            if question.required:
                self.rules.pop(name, None)
        codes = {each.code: point for point, each in enumerate(columns, 1)}
        question.scale = OutlineScale(
            1, len(columns), {codes[each.code]: each.text for each in columns}, codes
        )

    def _parts(self, element: dict[str, Any], code: str) -> None:
        self.outline.lost(code, notes.PARTS, type=str(element.get("type")))
        for name, contact in (("firstName", "name"), ("lastName", "name"), ("email", "email"), ("phone", "phone"),
                              ("company", ""), ("addressLine1", ""), ("addressLine2", ""), ("city", ""), ("state", ""),
                              ("zip", ""), ("country", "")):  # fmt: skip
            part = _dict(element.get(name))
            if part.get("show"):
                text = self._texts(part.get("placeholder"), code) or {self.default: name}
                question = OutlineQuestion(
                    f"{code}-{name}", "text", text, required=part.get("required") is True, part_of=code
                )
                if contact:
                    question.extra["contact"] = contact
                self.outline.add(question)

    def _options(self, choices: Any, place: str) -> list[OutlineOption]:
        found = []
        for number, choice in enumerate(choices if isinstance(choices, list) else (), 1):
            label = choice.get("label") if isinstance(choice, dict) and "label" in choice else choice
            code = str(choice.get("id", number)) if isinstance(choice, dict) else str(number)
            if texts := self._texts(label, place):
                found.append(OutlineOption(code, texts))
        return found

    def _endings(self) -> None:
        card = _dict(self.data.get("thankYouCard"))
        endings = [card] if card.get("enabled", True) and card else _dicts(self.data.get("endings"))
        for number, ending in enumerate(endings):
            self.starts.setdefault(str(ending.get("id")), len(self.outline.questions))
            texts = [self._texts(ending.get(name), "ending") for name in ("headline", "subheader")]
            joined = {language: _sentences([each.get(language, "") for each in texts])
                      for language in texts[0] or texts[1]}  # fmt: skip
            if number == 0 and joined:
                self.outline.thanks = joined
            elif joined:
                self.outline.lost("", notes.END_CONDITION, text=shortened(next(iter(joined.values()))))
            self.outline.lost_settings(
                "ending", {name for name in ("url", "buttonLink", "videoUrl") if ending.get(name)}
            )

    def _jumps(self) -> None:
        last = len(self.outline.questions)
        found: list[Jump] = []
        for at, rules, fallback in self.logic:
            found += self._rules(at, rules, last)
            if fallback:
                found.append(Jump(at, at + 1, self.starts.get(str(fallback), last), None, f"→ {fallback}"))
        apply_jumps(self.outline, found)

    def _rules(self, at: int, rules: list[Any], last: int) -> Iterator[Jump]:
        place = self.outline.questions[at].code
        for rule in _dicts(rules):
            if "destination" in rule:
                condition: Condition = old_condition(rule, place)
                target = str(rule["destination"])
            else:
                condition = condition_of_group(_dict(rule.get("conditions")))
                actions = _dicts(rule.get("actions"))
                leaps = [each for each in actions if str(each.get("objective", "")).startswith("jumpTo")]
                for action in (each for each in actions if each not in leaps):
                    self.outline.lost(place, notes.JUMP, jump=str(action.get("objective")))
                target = str(leaps[0].get("target")) if leaps else ""
            if target:
                goal = last if target in _LAST else self.starts.get(target, last)
                yield Jump(
                    at, at + 1, goal, condition, shortened(f"{condition.get('source', '')} → {target}")
                )

    def _default(self) -> str:
        for each in _dicts(self.data.get("languages")):
            if each.get("default") is True:
                code = _dict(each.get("language")).get("code") or each.get("code")
                if found := self.outline.has_language(str(code or "")):
                    return found
        if not self.outline.languages:
            words = str([each.get("headline") for each in _dicts(self.data.get("questions"))])
            self.outline.languages.append(language_of(words))
        return self.outline.languages[0]

    def _left_out(self, raw: Any, place: str) -> None:
        if words := next(iter(self._texts(raw, place).values()), ""):
            self.outline.lost(place, notes.TEXT_LEFT_OUT, text=shortened(words))

    def _texts(self, raw: Any, place: str) -> Texts:
        """A text: a plain one, or `{"default": ..., "tr": ...}`."""
        found: Texts = {}
        for name, words in raw.items() if isinstance(raw, dict) else [("default", raw)]:
            wording = self.outline.words(words, place)
            language = (
                self.default
                if name == "default"
                else self.outline.has_language(str(name))
                if wording
                else None
            )
            if wording and language:
                found.setdefault(language, wording)
            elif wording:
                self.outline.lost("", notes.LANGUAGE, language=shortened(str(name), 30))
        return found


def _sentences(texts: list[str]) -> str:
    """Texts one behind the other, each with the mark at its end that it has or needs."""
    *first, last = [each.strip() for each in texts if each.strip()]
    return " ".join([*(each if each[-1] in ".!?…؟۔" else f"{each}." for each in first), last])


def _rules_of(element: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(kind, parameters) of the rules that an answer has to meet."""
    for rule in _dicts(_dict(element.get("validation")).get("rules")):
        yield str(rule.get("type", "")), _dict(rule.get("params"))


def _is_off(value: Any) -> bool:
    return _dict(value).get("enabled") is False


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
