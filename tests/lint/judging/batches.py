"""How well all rules together judge questions that were written to break them.

`tests/lint/corpus/judge/` holds batches of several authors (its README.md says who knew what);
the rules were repaired after and never before the figures of a batch had been taken. A line is

    form and flags | text | rules that should fire | options or labels, split by ";"

The forms are those of `items.py`, and `deg` (Not at all … Extremely), `one`, `many`, `rank`
(options), `scale` (labels), `ends 0-10` (labels of both ends), `grid` (labels, then after another "|" the rows)
and the plain types. Flags: `!` required,
`rand`, `complete`, `na`, `no` (an answer "prefer not to say"), `if` (asked only after another answer), `hib`
(high is bad), `known=FIELD`, `inst=NAME:ITEM`. An option may end in `[other]` (with a box), `[other-]`,
`[none]`, `[na]`.

`python3 dev.py bench judge` prints the figures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from feedback.lint import Finding, check
from tests.lint.judging.corpus import ANSWERS, CORPUS, SCALES, TYPES, Report
from tests.lint.judging.corpus import Item as Line

BATCHES = CORPUS / "judge"
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LANGUAGES = ("en", "tr", "fa")
PLAIN = frozenset({"sat", "nps", "enps", "pmf", "ces", "thumbs", "stars", "open", "num", "text"})
BEFORE = {
    "en": "How satisfied or dissatisfied are you with our delivery?",
    "tr": "Teslimatımızdan ne kadar memnunsunuz?",
    "fa": "از تحویل ما چقدر راضی هستید؟",
}
ROLES: dict[str, dict[str, Any]] = {
    "other": {"role": "other", "other_text": "…"},
    "other-": {"role": "other"},
    "none": {"role": "none"},
    "na": {"role": "not_applicable"},
}
DEGREES = {
    "en": ("Not at all", "Slightly", "Moderately", "Very", "Extremely"),
    "tr": ("Hiç", "Biraz", "Orta derecede", "Çok", "Son derece"),
    "fa": ("اصلاً", "کمی", "تا حدی", "خیلی", "بی‌نهایت"),
}
BOX = {"en": "Which one?", "tr": "Hangisi?", "fa": "کدام؟"}
REFUSAL = {"en": "Prefer not to say", "tr": "Belirtmek istemiyorum", "fa": "ترجیح می‌دهم نگویم"}
UNUSED = {"en": "I did not use it", "tr": "Kullanmadım", "fa": "استفاده نکردم"}


@dataclass(frozen=True)
class Case:
    """A line: what is asked, how it is answered, and what should be found."""

    language: str
    form: str
    flags: Mapping[str, str]
    text: str
    expected: frozenset[str]
    answers: tuple[str, ...]
    rows: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        return f"{self.form} | {self.text}" + (f" | {'; '.join(self.answers)}" if self.answers else "")


def names() -> list[str]:
    """The batches, in the order of their names."""
    return sorted(each.name for each in BATCHES.iterdir() if each.is_dir())


def cases(language: str, batch: str) -> Iterator[Case]:
    """The lines of one batch in a language."""
    data = yaml.load((BATCHES / batch / f"{language}.yaml").read_text(encoding="utf-8"), Loader=LOADER)
    for line in data["items"].splitlines():
        head, text, rules, *answers = (part.strip() for part in line.split("|"))
        form, *flags = head.split()
        marked = dict(flag.partition("=")[::2] for flag in flags)
        expected = set(rules.split())
        if form == "agree" and "inst" not in marked and "double-negative" not in expected:
            expected.add("agree-disagree-scale")
        texts, rows = (tuple(each.strip() for each in part.split(";")) for part in (*answers, "", "")[:2])
        yield Case(language, form, marked, text, frozenset(expected), texts if answers else (), rows)


def survey(case: Case) -> dict[str, Any]:
    """The case as a questionnaire; what must not stand first follows a plain question."""
    flags = case.flags
    asked: dict[str, Any] = {"key": "q", "text": case.text, "required": "!" in flags} | _answers(case)
    if "na" in flags:
        asked["not_applicable"] = UNUSED[case.language]
    if "no" in flags:
        asked["prefer_not_to_say"] = REFUSAL[case.language]
    if "inst" in flags:
        name, _, item = flags["inst"].partition(":")
        asked["instrument"] = {"name": name, "item": int(item), "source": "the published scale"}
    if "if" in flags:
        asked["show_if"] = {"question": "before", "at_most": 3}
    before = {"key": "before", "type": "csat", "text": BEFORE[case.language]}
    alone = asked["type"] != "text" and "if" not in flags
    found = {"key": "s", "title": "Survey", "languages": [case.language]}
    known = {"known_fields": [flags["known"]]} if "known" in flags else {}
    return found | known | {"questions": [asked] if alone else [before, asked]}


def _answers(case: Case) -> dict[str, Any]:
    form, flags = case.form, case.flags
    if form in PLAIN:
        return {"type": TYPES.get(form, form)}
    if form == "ends":
        least, most = (int(each) for each in next(each for each in flags if "-" in each).split("-"))
        ends = zip((least, most), case.answers, strict=False)
        return {"type": "rating", "scale": _scale(case, least, most, {n: each for n, each in ends if each})}
    usual = ANSWERS[case.language] | {"deg": list(DEGREES[case.language])}
    answers = case.answers or tuple(usual.get(form, usual["pick"]))
    if form in ("scale", "deg") or form in SCALES:
        return {"type": "rating", "scale": _scale(case, 1, len(answers), dict(enumerate(answers, 1)))}
    if form == "grid":
        rows = [{"key": f"r{n}", "text": each} for n, each in enumerate(case.rows)]
        return {
            "type": "matrix",
            "rows": rows,
            "scale": _scale(case, 1, len(answers), dict(enumerate(answers, 1))),
        }
    options = [_option(case, n, each) for n, each in enumerate(answers)]
    if form == "rank":
        return {"type": "ranking", "options": options, "randomize": "rand" in flags}
    kind = "multi" if form == "many" else "single"
    complete = {"complete": True} if "complete" in flags or form in ("pick", "price") else {}
    shuffled = {"randomize": True} if "rand" in flags else {}
    return {"type": kind, "options": options} | complete | shuffled


def _scale(case: Case, least: int, most: int, labels: Mapping[int, str]) -> dict[str, Any]:
    bad = {"high_is_bad": True} if "hib" in case.flags else {}
    return {"min": least, "max": most} | ({"labels": dict(labels)} if labels else {}) | bad


def _option(case: Case, number: int, written: str) -> dict[str, Any]:
    match = re.fullmatch(r"(.*?)\s*(?:\[([\w-]+)\])?", written)
    assert match
    role = dict(ROLES.get(match[2] or "", {}))
    if "other_text" in role:
        role["other_text"] = BOX[case.language]
    return {"key": f"o{number}", "text": match[1]} | role


def found_in(questionnaire: Mapping[str, Any]) -> frozenset[str]:
    """Every rule that fires on a questionnaire; notes of level info never count, but that a survey is long."""
    return frozenset(
        each.rule
        for each in problems(written(questionnaire))
        if each.severity != "info" or each.rule == "survey-too-long"
    )


def written(questionnaire: Mapping[str, Any]) -> str:
    """A questionnaire's file."""
    return yaml.dump(dict(questionnaire), Dumper=DUMPER, allow_unicode=True, width=10_000)


@cache
def problems(file: str) -> tuple[Finding, ...]:
    """What the linter finds in a file, in which nothing is accepted: several tests judge the same thousands."""
    return tuple(check(file))


def structures(batch: str) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Whole questionnaires with the rules that should fire on them."""
    path = BATCHES / batch / "structure.yaml"
    if path.exists():
        for each in yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER):
            yield each["survey"], frozenset(each["expect"])


@cache
def judged(language: str, batch: str) -> Report:
    """One batch in one language; `structure` stands for the whole questionnaires."""
    report = Report()
    if language == "structure":
        for questionnaire, expected in structures(batch):
            report.add(Line("en", "", questionnaire["key"], expected), found_in(questionnaire))
    else:
        for case in cases(language, batch):
            report.add(Line(language, "", case.shown, case.expected), found_in(survey(case)))
    return report
