"""Texts for people use plain, idiomatic English: no word of a table of retired ones is left.

The table names the plain word for each. Translated, aphoristic English was hard to read for staff, operators and
contributors alike; this keeps it from coming back.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedback.i18n import read

ROOT = Path(__file__).parent.parent

ROOMS = (
    "feedback",
    "templates",
    "docs",
    "instance/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "dev.py",
)
"""Files and directories whose texts are checked."""

NOT_OURS = ("feedback/lint/languages/", "feedback/migrations/versions/", "feedback/web/static/vendor/")
"""The linter's word data, migrations (which never change), and vendored files."""

CATALOGUES = ("desk", "survey", "messages", "lint")
"""Their English is checked in the `en.po` files, once those are in ROOMS, and not where the code uses it."""

KINDS = {".py", ".md", ".html", ".txt", ".json", ".po"}

RETIRED = {
    r"mend(s|ed|ing)?": "fix",
    r"(tells?|told|telling) of": "report, mention",
    r"whoever": "if somebody ..., anybody who",
    r"anew": "again, rebuild, start over",
    r"comes? (second|late to)": "somebody else did it first",
    r"(takes?|taken|taking) away": "export, remove",
    r"lets? \w+ send again": "release the channel",
    r"lets? stand|lets? .{1,30} stand\b": "accept",
    r"who may still": "people who can still",
    r"stands? (here|there|beside|behind|on the list|in for)": "is listed, is shown, replaces",
    r"the moments": "timestamps",
    r"hand(s|ed|ing)? (it |them )?over": "reassign, pass",
    r"(puts?|putting) off": "snooze, postpone",
    r"(is|was|are|were) put off": "snooze, postpone",
    r"call(s|ed|ing)? off": "cancel",
    r"promises? (runs?|ran) out": "the target time is near, has passed",
    r"nobody's": "without an owner",
    r"for ever": "permanently",
    r"the period before": "the previous period",
    r"somebody has yet to": "nobody has ... yet",
    r"keeps? .{1,40} from (being|sending|hearing)": "prevents",
    r"(what|that) became of|becomes? of": "what happened to, the state of",
    r"is no news": "is known already",
    r"held against": "compared with",
    r"written down|writes? down": "record, store",
    r"in (this|that) very moment": "at the same moment",
    r"hears? of": "is notified of",
}
"""Pattern -> the plain word. Matched as whole words, whatever the case."""

ALLOWED: dict[str, tuple[str, ...]] = {
    "CONTRIBUTING.md": (
        *('"who" or "whoever"', "| fix | mend |", "| report, warn | tell of |", "| export | take away |"),
        *(
            "| reassign | hand over |",
            "| snooze | put off |",
            "| let it send again |",
            "| why it stands here |",
        ),
        *("| whoever, who |", "| again | anew |"),
    ),
}
"""File -> phrases in which a word of the table has its ordinary sense."""

_RETIRED = {
    re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.I): plain for pattern, plain in RETIRED.items()
}


def _files() -> list[Path]:
    found = []
    for room in ROOMS:
        path = ROOT / room
        found += sorted(path.rglob("*")) if path.is_dir() else [path]
    return [path for path in found if path.suffix in KINDS and _is_ours(path)]


def _is_ours(path: Path) -> bool:
    name = path.relative_to(ROOT).as_posix()
    if path.suffix == ".po" and path.stem != "en":
        return False  # the English is the key in all of them
    return not name.startswith(NOT_OURS) and "__pycache__" not in name


def _catalogued() -> frozenset[str]:
    locales = ROOT / "feedback" / "locales"
    texts = (read(locales / domain / "en.po") for domain in CATALOGUES)
    ids = (message.id for catalogue in texts for message in catalogue)
    return frozenset(text for each in ids for text in ((each,) if isinstance(each, str) else each))


def _of_python(source: str, catalogued: frozenset[str]) -> Iterator[tuple[int, str]]:
    """(line, text) of every comment and of every line of a string that no catalogue holds."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in catalogued:
            yield from enumerate(node.value.split("\n"), node.lineno)


def _of_catalogue(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of the English, which is the key of every message."""
    is_key = False
    for number, line in enumerate(source.split("\n"), 1):
        if line.startswith("msg"):
            is_key = line.startswith("msgid")
        if is_key:
            yield number, line


def _texts(path: Path, catalogued: frozenset[str]) -> Iterator[tuple[int, str]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return _of_python(source, catalogued)
    if path.suffix == ".po":
        return _of_catalogue(source)
    return iter(list(enumerate(source.split("\n"), 1)))


def hits(path: Path, catalogued: frozenset[str]) -> list[str]:
    """`file:line: "retired" -> plain` for every retired word in a file."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    found = []
    for number, text in _texts(path, catalogued):
        kept = text
        for phrase in ALLOWED.get(name, ()):
            kept = kept.replace(phrase, "")
        for pattern, plain in _RETIRED.items():
            found += [f'{name}:{number}: "{hit[0]}" -> {plain}' for hit in pattern.finditer(kept)]
    return found


def test_no_retired_word_is_left() -> None:
    catalogued = _catalogued()
    assert catalogued
    files = _files()
    assert len(files) > 100
    found = [hit for path in files for hit in hits(path, catalogued)]
    assert not found, "Use plain words:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.py", '"""Fine.\n\nNot mended yet.\n"""\n', 3),
        ("a.py", "x = 1\ny = 2  # whoever comes\n", 2),
        ("a.md", "Fine.\n\nIt is counted ANEW.\n", 3),
        ("en.po", 'msgid ""\n"They mend it"\nmsgstr "mend"\n', 2),
    ],
)
def test_a_retired_word_is_found_in_comments_docstrings_pages_and_catalogues(
    tmp_path: Path, name: str, text: str, line: int
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    (hit,) = hits(tmp_path / name, frozenset())
    assert hit.startswith(f"{name}:{line}: ")


def test_a_text_of_a_catalogue_is_checked_in_the_catalogue_only(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('say("Mend the cause")\n', encoding="utf-8")
    assert not hits(tmp_path / "a.py", frozenset({"Mend the cause"}))


def test_names_in_code_are_no_words(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def hand_over(mended): return mended\n", encoding="utf-8")
    assert not hits(tmp_path / "a.py", frozenset())


RETIRED_NAMES = {
    "ChannelHeld": "ProviderHeld",
    "ChannelHold": "ProviderHold",
    "FencedSession": "DeadlineSession",
    "front_door": "home",
    "keep_late": "store_late_comment",
    "open_channels": "open_providers",
    "_brought_to_mind": "_reminders_of",
    "_Coming": "Submission",
    "_Foreseen": "_ForecastHistory",
    "_to_the_door": "_to_sign_in",
    "_Wish": "_PlannedSurvey",
    "catching_up": "missed_replies",
    "composing": "content",
    "contacting": "eligibility",
    "insight_addresses": "reports.filters",
    "mail_ids": "email_ids",
    "mail_question": "email_question",
    "optouts": "suppression",
    "outbox_rig": "outbox_processes",
    "working_hours": "business_hours",
    "Sheet": "SurveyState",
    "services.journeys": "services.journey.enrolments",
    "services.delivery": "services.messaging.dispatch",
    "feedback.channels": "feedback.providers",
}
"""A name of the first year -> the name in the field's words (docs/decisions/0010)."""

_NAMES = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, RETIRED_NAMES))})(?![\w-])")
KEPT_AS_HISTORY = ("tests/data/upgrades/", "tests/lint/corpus/", "tests/test_plain_words.py")


def retired_names(path: Path) -> list[str]:
    return [
        f'{path.name}:{number}: "{hit[0]}" -> {RETIRED_NAMES[hit[0]]}'
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        for hit in _NAMES.finditer(line)
    ]


def test_no_retired_name_is_left_in_code_docs_or_tests() -> None:
    files = [*_files(), *(ROOT / "tests").rglob("*.py")]
    kept = [path for path in files if path.relative_to(ROOT).as_posix().startswith(KEPT_AS_HISTORY)]
    assert kept
    assert [hit for path in files if path not in kept for hit in retired_names(path)] == []


def test_a_retired_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from feedback.services import optouts\n", encoding="utf-8")
    assert retired_names(tmp_path / "a.py") == ['a.py:1: "optouts" -> suppression']
