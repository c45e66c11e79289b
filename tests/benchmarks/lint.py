"""How well the word rules judge wording: precision, recall and false alarms per rule and language.

Run it with `python -m tests.benchmarks.lint [--json FILE]`. The corpora in `tests/lint/corpus/` are of
our own making. Each item
belongs by a hash of its text to the part that the word lists were tuned on, or to the part held out. An
item counts once
for each rule; findings of level info do not count.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from feedback.lint.document import read
from feedback.lint.rules.word_rules import WORD_RULES

CORPUS = Path(__file__).parent.parent / "lint" / "corpus"
PARTS = ("tune", "held-out")

ANSWERS: dict[str, dict[str, list[str]]] = {
    "en": {
        "yn": ["Yes", "No"],
        "agree": ["Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree"],
        "qual": ["Very poor", "Poor", "Fair", "Good", "Very good"],
        "often": ["Never", "Rarely", "Sometimes", "Often", "Always"],
        "freq": ["Every week", "Every month", "Every year", "Never"],
        "extent": ["A little", "Some", "A lot"],
        "extent0": ["Not at all", "A little", "A lot"],
        "change": ["Less", "The same", "More"],
        "price": ["$5", "$10", "$15"],
        "pick": ["Alpha", "Beta", "Gamma"],
        "opt-out": ["Prefer not to say"],
    },
    "tr": {
        "yn": ["Evet", "Hayır"],
        "agree": [
            "Kesinlikle katılmıyorum",
            "Katılmıyorum",
            "Kararsızım",
            "Katılıyorum",
            "Kesinlikle katılıyorum",
        ],
        "qual": ["Çok kötü", "Kötü", "Orta", "İyi", "Çok iyi"],
        "often": ["Hiçbir zaman", "Nadiren", "Bazen", "Sık sık", "Her zaman"],
        "freq": ["Haftada bir", "Ayda bir", "Yılda bir", "Hiç"],
        "extent": ["Biraz", "Oldukça", "Çok"],
        "extent0": ["Hiç", "Biraz", "Çok"],
        "change": ["Azaldı", "Aynı kaldı", "Arttı"],
        "price": ["50 TL", "100 TL", "150 TL"],
        "pick": ["Elma", "Armut", "Kiraz"],
        "opt-out": ["Belirtmek istemiyorum"],
    },
    "fa": {
        "yn": ["بله", "خیر"],
        "agree": ["کاملاً مخالفم", "مخالفم", "نظری ندارم", "موافقم", "کاملاً موافقم"],
        "qual": ["خیلی بد", "بد", "متوسط", "خوب", "خیلی خوب"],
        "often": ["هیچ‌وقت", "به‌ندرت", "گاهی", "اغلب", "همیشه"],
        "freq": ["هر هفته", "هر ماه", "هر سال", "هیچ‌وقت"],
        "extent": ["کم", "متوسط", "زیاد"],
        "extent0": ["اصلاً", "کم", "زیاد"],
        "change": ["کمتر", "بدون تغییر", "بیشتر"],
        "price": ["۵۰ هزار تومان", "۱۰۰ هزار تومان"],
        "pick": ["سیب", "گلابی", "گیلاس"],
        "opt-out": ["ترجیح می‌دهم نگویم"],
    },
}
SCALES = frozenset({"agree", "qual", "often", "extent", "extent0", "change"})
TYPES = {"sat": "csat", "nps": "nps", "pmf": "pmf", "open": "text", "num": "text"}


@dataclass(frozen=True)
class Item:
    language: str
    form: str
    text: str
    expected: frozenset[str]

    @property
    def part(self) -> str:
        return PARTS[hashlib.sha256(self.text.encode()).digest()[0] % 2]


@dataclass
class Tally:
    """Decisions of one rule, or of all of them, over some items."""

    hits: int = 0
    misses: int = 0
    alarms: int = 0

    @property
    def precision(self) -> float | None:
        return self.hits / (self.hits + self.alarms) if self.hits + self.alarms else None

    @property
    def recall(self) -> float | None:
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else None


@dataclass
class Report:
    """One language, one part."""

    total: Tally = field(default_factory=Tally)
    rules: dict[str, Tally] = field(default_factory=dict)
    good: int = 0
    flagged: int = 0
    wrong: list[tuple[Item, frozenset[str], frozenset[str]]] = field(default_factory=list)

    @property
    def share_flagged(self) -> float:
        return self.flagged / self.good if self.good else 0.0

    def add(self, item: Item, found: frozenset[str]) -> None:
        for rule in item.expected | found:
            tally = self.rules.setdefault(rule, Tally())
            for each in (tally, self.total):
                each.hits += rule in item.expected and rule in found
                each.misses += rule not in found
                each.alarms += rule not in item.expected
        if not item.expected:
            self.good += 1
            self.flagged += bool(found)
        if found != item.expected:
            self.wrong.append((item, found - item.expected, item.expected - found))


def items(language: str) -> Iterator[Item]:
    """The corpus of a language."""
    data = yaml.safe_load((CORPUS / f"{language}.yaml").read_text(encoding="utf-8"))
    for line in data["items"].splitlines():
        form, text, rules = (part.strip() for part in line.split("|"))
        yield Item(language, form, text, frozenset(rules.split()))


def question(item: Item) -> dict[str, Any]:
    """The item as a question of a questionnaire."""
    form = item.form.removesuffix("!").removesuffix("+no")
    answers = ANSWERS[item.language]
    found: dict[str, Any] = {"key": "q", "text": item.text, "required": item.form.endswith("!")}
    if form in TYPES:
        return found | {"type": TYPES[form]}
    labels = answers.get(form, answers["pick"])
    if form in SCALES:
        scale = {"min": 1, "max": len(labels), "labels": dict(enumerate(labels, 1))}
        return found | {"type": "rating", "scale": scale}
    options = labels + (answers["opt-out"] if item.form.endswith("+no") else [])
    kind = "multi" if form == "multi" else "single"
    return found | {
        "type": kind,
        "options": [{"key": f"o{n}", "text": text} for n, text in enumerate(options)],
    }


def found_in(item: Item) -> frozenset[str]:
    """The rules that fire on an item, infos left out."""
    survey = {"key": "s", "title": "Survey", "languages": [item.language], "questions": [question(item)]}
    document = read(yaml.safe_dump(survey, allow_unicode=True, width=10_000))
    if document.problems:
        raise ValueError(f"{item.text}: {document.problems[0].message}")
    problems = (problem for rule in WORD_RULES for problem in rule.check(document))
    return frozenset(problem.rule for problem in problems if problem.severity != "info")


def reports(language: str) -> dict[str, Report]:
    result = {part: Report() for part in PARTS}
    for item in items(language):
        result[item.part].add(item, found_in(item))
    return result


def _percent(value: float | None) -> str:
    return "  –  " if value is None else f"{value:5.0%}"


def _show(language: str, part: str, report: Report, wrong: bool) -> None:
    total = report.total
    print(
        f"{language} {part:9} precision {_percent(total.precision)} recall {_percent(total.recall)} "
        f"good items flagged {report.flagged}/{report.good} {_percent(report.share_flagged)}"
    )
    for rule, tally in sorted(report.rules.items()):
        counts = f"{tally.hits:3} right {tally.misses:3} missed {tally.alarms:3} false"
        print(f"   {rule:28} {_percent(tally.precision)} {_percent(tally.recall)}  {counts}")
    for item, extra, missed in report.wrong if wrong else ():
        print(f"   ! {item.text}  false: {' '.join(extra) or '-'}  missed: {' '.join(missed) or '-'}")


def _big(directory: Path, questions: int) -> Path:
    asked = [
        {
            "key": f"q{n}",
            "type": "csat",
            "purpose": "Find faults.",
            "text": f"How satisfied or dissatisfied are you with part {n}?",
        }
        for n in range(questions)
    ]
    file = directory / f"of-{questions}.yaml"
    survey = {"key": file.stem, "title": "Parts", "languages": ["en"], "questions": asked}
    file.write_text(yaml.safe_dump(survey, sort_keys=False, width=10_000), encoding="utf-8")
    return file


def _timed(command: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command, the best of five runs; findings are no failure."""
    runs = []
    for _ in range(5):
        used, start = os.times(), time.perf_counter()
        subprocess.run(command, check=False, capture_output=True)
        after = os.times()
        cpu = after.children_user + after.children_system - used.children_user - used.children_system
        runs.append((time.perf_counter() - start, cpu))
    return min(runs)


def _speed() -> None:
    programs = {"feedback lint": ["feedback", "lint"], "yamllint": ["yamllint", "-d", "relaxed"]}
    with tempfile.TemporaryDirectory() as directory:
        for questions in (5, 500):
            file = _big(Path(directory), questions)
            for name, (program, *rest) in programs.items():
                wall, cpu = _timed([str(Path(sys.executable).parent / program), *rest, str(file)])
                print(f"{questions:4} questions  {name:14} {wall:5.2f} s wall  {cpu:5.2f} s CPU")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--wrong", choices=[*PARTS, "all"], help="list the items judged wrongly")
    parser.add_argument("languages", nargs="*", default=["en", "tr", "fa"])
    parser.add_argument("--speed", action="store_true", help="time it beside yamllint, and nothing else")
    options = parser.parse_args(arguments)
    if options.speed:
        _speed()
        return 0
    figures: dict[str, Any] = {}
    for language in options.languages:
        for part, report in reports(language).items():
            _show(language, part, report, options.wrong in (part, "all"))
            figures[f"{language}/{part}"] = {
                "precision": report.total.precision,
                "recall": report.total.recall,
                "good_flagged": report.share_flagged,
                "rules": dict(Counter({rule: tally.hits for rule, tally in report.rules.items()})),
            }
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
