"""Guesses a type from the words of a question, its scale and its options."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from feedback.core.instruments import instruments
from feedback.core.text.folding import ascii_digits
from feedback.services.studio.importing import notes
from feedback.services.studio.importing.outline import (
    OutlineOption,
    OutlineQuestion,
    OutlineScale,
    SurveyOutline,
    Texts,
)

_RECOMMEND = re.compile(r"\be?nps\b|\brecommend|tavsiye|öner(?:me|ir)|توصیه|پیشنهاد (?:کن|می)", re.IGNORECASE)
_SATISFIED = re.compile(r"\bcsat\b|satisf|\bhappy with\b|memnun|راضی|رضایت", re.IGNORECASE)
_EASE = re.compile(r"\bces\b|\beasy\b|\bdifficult\b|\beffort|kolay|\bzor\b|آسان|سخت", re.IGNORECASE)
_AGREE_EASE = re.compile(r"made it easy|kolaylaştırdı|آسان کرد", re.IGNORECASE)
_WORKPLACE = re.compile(
    r"\benps\b|place to work|as an employer|çalışma yeri|iş yeri olarak|محل کار", re.IGNORECASE
)

_ROLES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "not_applicable",
        re.compile(
            r"(?:n/?a|n\.a\.|(?:does )?not apply.*|(?:this is )?not applicable.*|not relevant.*|"
            r"(?:bu )?(?:benim için )?(?:geçerli|uygun) değil|مربوط نیست|مرتبط نیست|"
            r"در مورد من صدق نمی‌?کند|موردی ندارد)",
            re.IGNORECASE,
        ),
    ),
    (
        "prefer_not_to_say",
        re.compile(
            r"(?:i(?:'d| would)? )?(?:prefer|rather) not (?:to )?(?:say|answer|disclose).*|no answer|"
            r"belirtmek istemiyorum|söylemek istemiyorum|cevap vermek istemiyorum|"
            r"ترجیح می‌?دهم نگویم|نمی‌?خواهم (?:بگویم|پاسخ دهم)",
            re.IGNORECASE,
        ),
    ),
    (
        "none",
        re.compile(r"none(?: of (?:these|the above|them))?|hiçbiri(?: değil)?|هیچ ?‌?کدام", re.IGNORECASE),
    ),
    (
        "other",
        re.compile(
            r"(?:(?:an)?other|something else|diğer|başka(?: bir şey)?|سایر(?: موارد)?|دیگر|غیره)"
            r"(?:\s*[(:,…_.-].*|\s+please specify.*|\s+lütfen.*|\s+لطفا.*)?",
            re.IGNORECASE,
        ),
    ),
)
_DONT_KNOW = re.compile(
    r"(?:i )?(?:do not|don['’]?t) know.*|not sure|unsure|(?:can['’]?t|cannot) say|"
    r"bilmiyorum|fikrim yok|نمی‌?دانم|اطلاع ندارم",
    re.IGNORECASE,
)
_OFF_THE_SCALE = (*(each for each in _ROLES if each[0] not in ("none", "other")), ("dont_know", _DONT_KNOW))
"""What can stand in a column beside the points of a scale and is none of them."""
_TAIL = re.compile(r"\s*(?:[:…]|_{2,}|\.{3,})[\s_.…:]*$")

YES_NO: Mapping[str, tuple[str, str]] = {
    "en": ("Yes", "No"),
    "tr": ("Evet", "Hayır"),
    "fa": ("بله", "خیر"),
    "de": ("Ja", "Nein"),
    "es": ("Sí", "No"),
    "fr": ("Oui", "Non"),
    "ar": ("نعم", "لا"),
}
"""Language -> the words for yes and no."""


def read_roles(outline: SurveyOutline, place: str, options: Sequence[OutlineOption]) -> None:
    """Give options that are worded as "other", "none" or a way to give no answer their roles, with a note."""
    told = {"other": notes.OTHER_GUESSED, "none": notes.NONE_GUESSED}
    for option in options:
        if option.role is not None:
            continue
        for role, pattern in _ROLES:
            words = next((each for each in option.text.values() if pattern.fullmatch(each.strip())), None)
            if words is not None:
                option.role = role  # type: ignore[assignment]
                option.text = {
                    language: _TAIL.sub("", each) or each for language, each in option.text.items()
                }
                outline.guessed(place, told.get(role, notes.OPT_OUT_GUESSED), option=words)
                break


def yes_no(
    languages: Sequence[str], yes: Texts | None = None, no: Texts | None = None
) -> list[OutlineOption]:
    """The two options of a yes-no question, with codes `true` and `false`, in these languages."""
    usual = [{each: YES_NO[each][place] for each in languages if each in YES_NO} for place in (0, 1)]
    first = languages[0] if languages else "en"
    return [
        OutlineOption("true", {**(usual[0] or {first: "Yes"}), **(yes or {})}, key="yes"),
        OutlineOption("false", {**(usual[1] or {first: "No"}), **(no or {})}, key="no"),
    ]


USUAL: Mapping[str, Mapping[str, str]] = {
    "other": {
        "en": "Other",
        "tr": "Diğer",
        "fa": "سایر",
        "de": "Sonstiges",
        "fr": "Autre",
        "es": "Otro",
        "ar": "أخرى",
    },
    "none": {
        "en": "None",
        "tr": "Hiçbiri",
        "fa": "هیچ‌کدام",
        "de": "Nichts davon",
        "fr": "Aucun",
        "es": "Ninguno",
        "ar": "لا شيء",
    },
}
"""Role -> language -> what an option says to which the source gives no words."""
CONFIRM: Mapping[str, str] = {
    "en": "Please confirm:",
    "tr": "Lütfen onaylayın:",
    "fa": "لطفاً تأیید کنید:",
    "de": "Bitte bestätigen Sie:",
    "es": "Por favor, confirme:",
    "fr": "Veuillez confirmer :",
    "ar": "يرجى التأكيد:",
}
"""Language -> what stands above a box whose wording is all that the source has."""


def usual_words(role: str, languages: Sequence[str]) -> Texts:
    """The words of an option that the tool itself adds, in these languages as far as they are known."""
    known = {each: USUAL[role][each] for each in languages if each in USUAL[role]}
    return known or {(languages or ["en"])[0]: USUAL[role]["en"]}


def settle_consent(question: OutlineQuestion, box: Texts) -> None:
    """Make a question one box to tick; `box` is what it says. Without another text, the usual words stand above it."""
    question.type, question.box, question.options = "consent", dict(box), []
    for name in ("randomize", "max_choices", "display"):
        question.extra.pop(name, None)
    if not question.text or question.text == question.box:
        question.text = {each: CONFIRM.get(each, CONFIRM["en"]) for each in question.box}


def settle_scale(outline: SurveyOutline, question: OutlineQuestion) -> None:
    """Decide the type of a question with a scale, by its range and its words; its labels are kept if it has any."""
    scale = question.scale
    if scale is None:
        return
    question.type = _type_of(question.text, scale)
    if question.type == "ces" and not agrees(question.text):
        question.extra["instrument"] = "ces-item"
    if question.type == "rating":
        return
    outline.guessed(question.code, notes.TYPE_GUESSED, type=question.type)
    if question.type == "csat" and _has_usual_ends(scale):
        question.scale = OutlineScale(scale.low, scale.high, {}, scale.codes) if scale.codes else None
        return
    if not any(any(texts.values()) for texts in scale.labels.values()):
        outline.guessed(question.code, notes.LABELS_GUESSED, type=question.type)
        question.scale = OutlineScale(scale.low, scale.high, {}, scale.codes) if scale.codes else None


def agrees(text: Texts) -> bool:
    """Whether a question of effort asks for agreement with "made it easy"."""
    return bool(_AGREE_EASE.search(" ".join(text.values())))


def _type_of(text: Texts, scale: OutlineScale) -> str:
    words = " ".join(text.values())
    reach = scale.low, scale.high
    if reach == (0, 10) and _RECOMMEND.search(words):
        return "enps" if _WORKPLACE.search(words) else "nps"
    if reach == (1, 7) and _EASE.search(words):
        return "ces"
    labels_fit = not scale.labels or len(scale.labels) == scale.high - scale.low + 1 or _has_usual_ends(scale)
    if reach == (1, 5) and _SATISFIED.search(words) and labels_fit:
        return "csat"
    return "rating"


_MIDDLES = {
    "en": ("neutral", "neither", "neither satisfied nor unsatisfied"),
    "tr": ("kararsızım", "nötr", "orta"),
    "fa": ("متوسط", "خنثی"),
}
"""Language -> other words for the middle of a scale of satisfaction."""


def _has_usual_ends(scale: OutlineScale) -> bool:
    """Whether the words at both ends, and there only, are those of a question of satisfaction."""
    usual = instruments()["csat"].labels
    return set(scale.labels) == {scale.low, scale.high} and all(
        words.casefold() == usual.get(language, {}).get(point, "").casefold()
        for point, texts in scale.labels.items()
        for language, words in texts.items()
    )


def scored_by_labels(options: Sequence[OutlineOption]) -> tuple[str, dict[str, int]] | None:
    """(type, code -> point) if the options are the labels of a registered instrument, in either direction."""
    plain = [option for option in options if option.role is None]
    if len(plain) != len(options):
        return None
    for name, question_type in (("csat", "csat"), ("pmf", "pmf")):
        instrument = instruments()[name]
        for language, labels in instrument.labels.items():
            wanted = {label.casefold(): point for point, label in labels.items()}
            if name == "csat":
                wanted |= dict.fromkeys(_MIDDLES.get(language, ()), 3)
            found = {each.code: wanted.get(each.text.get(language, "").casefold()) for each in plain}
            points = [point for point in found.values() if point is not None]
            in_order = points in (sorted(points), sorted(points, reverse=True))
            if len(points) == len(found) == len(set(points)) == len(labels) and in_order:
                return question_type, {code: point for code, point in found.items() if point is not None}
    return None


MOST_POINTS = 11
"""Points of a scale that is recognised by its numbers; more of them are a list of amounts."""
_NUMBERED = re.compile(r"\(?(-?\d{1,3})\)?(?:\s*[-–—=:.)]\s*|\s+|$)(.*)", re.DOTALL)


def scale_of(options: Sequence[OutlineOption]) -> OutlineScale | None:
    """The scale of options that are consecutive numbers, perhaps with labels: "1", "2", "3 - Very good"."""
    if len(options) < 3 or any(option.role for option in options):
        return None
    points: dict[int, Texts] = {}
    codes: dict[str, int] = {}
    for option in options:
        values = {
            language: _NUMBERED.fullmatch(ascii_digits(words)) for language, words in option.text.items()
        }
        numbers = {int(match[1]) for match in values.values() if match}
        if len(numbers) != 1 or not all(values.values()):
            return None
        point = numbers.pop()
        codes[option.code] = point
        points[point] = {
            language: match[2].strip() for language, match in values.items() if match and match[2].strip()
        }
    order = list(points)
    low, high = min(order), max(order)
    if (
        order not in (list(range(low, high + 1)), list(range(high, low - 1, -1)))
        or not 0 <= low < high <= low + MOST_POINTS - 1
    ):
        return None
    return OutlineScale(low, high, {point: texts for point, texts in points.items() if texts}, codes)


def settle_choice(outline: SurveyOutline, question: OutlineQuestion) -> None:
    """Make a list of options the scale that it is, read the roles of its options, or make it a text without options.

    A list that opens is no scale of numbers: people choose an amount from it. A single box to tick is a consent.
    """
    read_roles(outline, question.code, question.options)
    if question.type == "multi" and [each.role for each in question.options] == [None]:
        settle_consent(question, question.options[0].text)
        outline.guessed(question.code, notes.CONSENT_GUESSED)
        return
    if question.type == "single":
        if "display" not in question.extra and (scale := scale_of(question.options)):
            question.scale, question.options = scale, []
            question.extra.pop("randomize", None)
            settle_scale(outline, question)
            return
        if found := scored_by_labels(question.options):
            question.type, codes = found
            question.scale = None
            for name in ("display", "randomize"):
                question.extra.pop(name, None)
            middle = next((each for each in question.options if _is_other_middle(question.type, each)), None)
            _keep_codes(question, codes)
            outline.guessed(question.code, notes.TYPE_GUESSED, type=question.type)
            if middle and question.scale:
                question.scale.labels = {}
                outline.lost(question.code, notes.MIDDLE, option=next(iter(middle.text.values())))
            return
    if not question.options:
        outline.lost(question.code, notes.NO_OPTIONS)
        question.type = "text"
        question.extra.clear()


def _is_other_middle(question_type: str, option: OutlineOption) -> bool:
    return question_type == "csat" and any(
        words.casefold() in _MIDDLES.get(language, ()) for language, words in option.text.items()
    )


def _keep_codes(question: OutlineQuestion, codes: dict[str, int]) -> None:
    """Keep the options' own words as the labels of the scale, and their codes for conditions."""
    labels = {codes[option.code]: option.text for option in question.options}
    question.scale = OutlineScale(min(labels), max(labels), labels, codes)
    question.options = []


def read_opt_outs(outline: SurveyOutline, question: OutlineQuestion) -> None:
    """Take points that are worded as a way to give no answer off a scale with a word for each point.

    They would count as its best or worst score otherwise. The points behind them move up.
    """
    scale = question.scale
    if scale is None or len(scale.labels) != scale.high - scale.low + 1:
        return
    found = {point: role for point, texts in scale.labels.items() if (role := _off_the_scale(texts))}
    kept = [point for point in sorted(scale.labels) if point not in found]
    if not found or len(kept) < 2:
        return
    moved = {point: scale.low + place for place, point in enumerate(kept)}
    for point, role in sorted(found.items()):
        question.extra[role] = True
        outline.guessed(question.code, notes.OPT_OUT_GUESSED, option=next(iter(scale.labels[point].values())))
    if question.type == "matrix":
        question.extra["opt_out_in_rows"] = True
    question.scale = OutlineScale(
        scale.low,
        scale.low + len(kept) - 1,
        {moved[point]: scale.labels[point] for point in kept},
        {code: moved[point] for code, point in scale.codes.items() if point in moved},
    )


def _off_the_scale(texts: Texts) -> str | None:
    words = [each.strip() for each in texts.values()]
    return next((role for role, pattern in _OFF_THE_SCALE if any(map(pattern.fullmatch, words))), None)
