"""Google Forms: the JSON of a form, as the API's `forms.get` returns it."""

from __future__ import annotations

from typing import Any

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.formats.pasted_lines import language_of
from feedback.services.studio.importing.grids import rows_as_lists
from feedback.services.studio.importing.guessing import settle_choice, settle_scale, usual_words
from feedback.services.studio.importing.jumps import Jump, apply_jumps
from feedback.services.studio.importing.outline import (
    OutlineOption,
    OutlineQuestion,
    OutlineScale,
    SurveyOutline,
    Texts,
    shortened,
)
from feedback.services.studio.importing.settling import settle_date

_FORM = {
    "formId",
    "info",
    "settings",
    "items",
    "revisionId",
    "responderUri",
    "linkedSheetId",
    "publishSettings",
}
_QUESTION = {"questionId", "required"}
_ITEMS = {"textItem", "pageBreakItem", "imageItem", "videoItem", "questionItem", "questionGroupItem"}


def recognised(data: Any) -> bool:
    """Whether a JSON value is a form of the API."""
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        return False
    return isinstance(data.get("info"), dict) or any(
        isinstance(each, dict) and _ITEMS & each.keys() for each in data["items"]
    )


def read(data: Any, outline: SurveyOutline) -> None:
    """Add what the form holds to the outline."""
    _Reader(data, outline).read()


class _Reader:
    def __init__(self, data: dict[str, Any], outline: SurveyOutline) -> None:
        self.data, self.outline = data, outline
        self.items = [each for each in data["items"] if isinstance(each, dict)]
        self.sections: dict[str, int] = {}
        """Id of a section -> the number of its first question."""
        self.jumps: list[tuple[int, str, str, str]] = []
        """(question, option, target: the id of a section or an action, words)"""
        if not outline.languages:
            language = language_of(" ".join(str(each.get("title", "")) for each in self.items))
            outline.languages.append(language)
            outline.guessed("", notes.LANGUAGE_GUESSED, language=language)
        self.language = outline.languages[0]

    def read(self) -> None:
        outline, info = self.outline, _dict(self.data.get("info"))
        outline.title = self._texts(info.get("title") or info.get("documentTitle"), "")
        outline.welcome({}, self._texts(info.get("description"), ""))
        outline.lost_settings("", set(self.data) - _FORM)
        if _dict(_dict(self.data.get("settings")).get("quizSettings")).get("isQuiz"):
            outline.lost_settings("", ["quizSettings"])
        for item in self.items:
            self._item(item)
        self._jump()

    def _item(self, item: dict[str, Any]) -> None:
        place = shortened(str(item.get("title") or item.get("itemId") or ""), 60)
        if "pageBreakItem" in item:
            self.sections[str(item.get("itemId"))] = len(self.outline.questions)
            self._heading(item, place)
            return
        if "textItem" in item:
            self.outline.note("note", *self._heading_of(item, place))
            return
        if "questionItem" in item:
            found = _dict(item["questionItem"])
            if "image" in found:
                self.outline.lost(place, notes.PICTURE)
            self._question(item, _dict(found.get("question")), place)
        elif "questionGroupItem" in item:
            self._grid(item, _dict(item["questionGroupItem"]), place)
        else:
            self._left_out(item.get("title"), place)
            self._left_out(item.get("description"), place)
            for name, note in (("imageItem", notes.PICTURE), ("videoItem", notes.VIDEO)):
                if name in item:
                    self.outline.lost(place, note)

    def _heading(self, item: dict[str, Any], place: str) -> None:
        """What stands above the questions of a section; a title alone says little on a page of its own."""
        title, told = self._heading_of(item, place)
        if told:
            self.outline.note("note", title, told)
        else:
            self._left_out(item.get("title"), place)

    def _heading_of(self, item: dict[str, Any], place: str) -> tuple[Texts, Texts]:
        return self._texts(item.get("title"), place), self._texts(item.get("description"), place)

    def _question(self, item: dict[str, Any], data: dict[str, Any], place: str) -> None:
        kind = next((name for name in data if name.endswith("Question")), "")
        question = OutlineQuestion(place, "text", self._texts(item.get("title"), place))
        question.code = self.outline.next_code
        question.help = self._texts(item.get("description"), place)
        question.required = data.get("required") is True
        if not question.text:
            self.outline.lost_question(question.code, notes.NO_TEXT)
            return
        self.outline.lost_settings(question.code, set(data) - _QUESTION - {kind})
        detail = _dict(data.get(kind))
        if kind == "choiceQuestion":
            self._choice(question, detail)
        elif kind == "scaleQuestion":
            ends = (("low", "lowLabel"), ("high", "highLabel"))
            low, high = (_whole(detail.get(name), 0) for name, _ in ends)
            labels = {
                point: self._texts(detail.get(label), place)
                for point, (_, label) in zip((low, high), ends, strict=True)
            }
            question.type, question.scale = (
                "rating",
                OutlineScale(low, high, {k: v for k, v in labels.items() if v}),
            )
            self._sound(question)
        elif kind == "ratingQuestion":
            high = _whole(detail.get("ratingScaleLevel"), 5)
            question.type, question.scale = "rating", OutlineScale(1, high)
            if high == 5 and detail.get("iconType", "STAR") == "STAR":
                question.type, question.scale = "stars", None
            self._sound(question)
        elif kind == "dateQuestion":
            settle_date(self.outline, question)
            if detail.get("includeTime") is True:
                self.outline.lost(question.code, notes.TIME_OF_DAY)
            if detail.get("includeYear") is False:
                self.outline.lost(question.code, notes.YEAR)
        elif kind == "timeQuestion":
            self.outline.lost(question.code, notes.TYPE_BECAME, type=kind, became="text")
        elif kind != "textQuestion":
            self.outline.lost_question(question.code, notes.TYPE_LEFT_OUT, type=kind or "?")
            return
        self.outline.add(question)

    def _sound(self, question: OutlineQuestion) -> None:
        scale = question.scale
        if scale and not 0 <= scale.low < scale.high <= 100:
            question.type, question.scale = "text", None
            self.outline.lost(question.code, notes.TYPE_BECAME, type="scaleQuestion", became="text")
        elif question.type == "rating":
            settle_scale(self.outline, question)

    def _choice(self, question: OutlineQuestion, detail: dict[str, Any]) -> None:
        question.type = "multi" if detail.get("type") == "CHECKBOX" else "single"
        if detail.get("type") == "DROP_DOWN":
            question.extra["display"] = "dropdown"
        if detail.get("shuffle") is True:
            question.extra["randomize"] = True
        for number, option in enumerate(_dicts(detail.get("options"))):
            if "image" in option:
                self.outline.lost(question.code, notes.PICTURE)
            words = str(option.get("value") or "")
            texts = self._texts(words, question.code)
            if option.get("isOther") is True:
                question.options.append(
                    OutlineOption("other", texts or usual_words("other", [self.language]), role="other")
                )
            elif texts:
                question.options.append(OutlineOption(words, texts))
            target = str(option.get("goToSectionId") or option.get("goToAction") or "")
            if target and target != "NEXT_SECTION":
                code = question.options[-1].code if question.options else str(number)
                self.jumps.append(
                    (len(self.outline.questions), code, target, f"{shortened(words, 60)} → {target}")
                )
        settle_choice(self.outline, question)

    def _grid(self, item: dict[str, Any], group: dict[str, Any], place: str) -> None:
        """A grid: a matrix if each row has one answer, otherwise one question for each row."""
        columns = _dict(_dict(group.get("grid")).get("columns"))
        options = [self._texts(each.get("value"), place) for each in _dicts(columns.get("options"))]
        options = [each for each in options if each]
        rows = _dicts(group.get("questions"))
        titles = [self._texts(_dict(each.get("rowQuestion")).get("title"), place) for each in rows]
        code = self.outline.next_code
        named = [OutlineOption(str(n), texts) for n, texts in enumerate(titles, 1) if texts]
        text = self._texts(item.get("title"), place)
        if not named or len(options) < 2:
            self.outline.lost_question(code, notes.TYPE_LEFT_OUT, type="questionGroupItem")
            return
        required = any(each.get("required") is True for each in rows)
        question = OutlineQuestion(code, "matrix", text or named[0].text, required=required, rows=named)
        question.scale = OutlineScale(1, len(options), dict(enumerate(options, 1)))
        if columns.get("type") == "CHECKBOX":
            rows_as_lists(self.outline, question)
        else:
            self.outline.add(question)

    def _jump(self) -> None:
        """A jump is taken at the end of the section of its question."""
        last = len(self.outline.questions)
        starts = sorted({*self.sections.values(), last})
        found = []
        for at, option, target, words in self.jumps:
            if at >= last:
                continue
            end = next((start for start in starts if start > at), last)
            goal = {"SUBMIT_FORM": last, "RESTART_FORM": 0}.get(target, self.sections.get(target, -1))
            condition = {"question": self.outline.questions[at].code, "is": [option]}
            found.append(Jump(at, end, goal, condition, words))
        apply_jumps(self.outline, found)

    def _left_out(self, raw: Any, place: str) -> None:
        if words := self.outline.words(raw, place):
            self.outline.lost(place, notes.TEXT_LEFT_OUT, text=shortened(words))

    def _texts(self, raw: Any, place: str) -> Texts:
        words = self.outline.words(raw, place)
        return {self.language: words} if words else {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _whole(value: Any, usual: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else usual
