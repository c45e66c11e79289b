"""Random edits by the form, and what must be true of each one."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from feedback.core.questions.choice import key_of_bare_option
from feedback.errors import Rejected
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing import checked, conditions, follow_ups, questions, settings, texts
from tests.services.studio.editing.sloppy import comments, sloppy, tidy_texts

WORDINGS = [
    "How was it?", "yes", "NO", "on", "12", "1.5e3", "2027-01-31", "1:30", "~", "Price: high", "Who is #1 # here?",
    "- a dash", "? really", "{company}, [hello]", 'He said "no"', "it's", "C:\\temp", "two\nlines",
    "three\n\nlines\nend\n",
    " space around ", "tab\there", "\u202bراست به چپ\u202c", "می‌شود؟", "Şüphesiz ğ", "👩‍👩‍👧 🎉", "* star",
    "&amp", "!tag",
    "%", "@at", "`tick`", "a: b: c", "ends with:", "x, y", "'quoted'", '"all"', "| pipe", "> more", "…\u2028…",
    "---", "a" * 300,
]  # fmt: skip
Do = Callable[[YamlEditor], object]


class Trial(NamedTuple):
    """One edit: what it does, to the text and to its data, and in which parts lines may change or go."""

    name: str
    do: Do
    data: Callable[[Any], None] | None
    inside: list[Path]
    moved: bool = False


class Outcome(NamedTuple):
    """How many edits were made and refused, and what was wrong, in words."""

    made: int
    refused: int
    faults: list[str]
    kinds: Counter[str]


def run(number: int, seed: int, files: int = 50) -> Outcome:
    """Make `number` edits over `files` texts, half of them laid out by hand, each on the text as it was at first."""
    chance = random.Random(seed)
    tidy = tidy_texts()
    sources = chance.sample(tidy, files // 2)
    sources += [sloppy(chance.choice(tidy), seed * 1000 + each) for each in range(files - len(sources))]
    made = refused = 0
    faults: list[str] = []
    kinds: Counter[str] = Counter()
    for each in range(number):
        source = sources[each % files]
        trial = drawn(chance, source)
        try:
            after = checked.edited(source, trial.do)
        except Rejected as told:
            refused += 1
            kinds[f"{trial.name} refused: {told}"] += 1
            continue
        made += 1
        kinds[trial.name] += 1
        faults += [f"file {each % files}, {trial.name}: {fault}" for fault in wrong(source, after, trial)]
    return Outcome(made, refused, faults, kinds)


def drawn(chance: random.Random, source: str) -> Trial:
    """An edit that this text allows."""
    editor = YamlEditor(source)
    make = chance.choice(
        [
            _text,
            _text,
            _text,
            _add,
            _duplicate,
            _delete,
            _move,
            _option,
            _option_moves,
            _flag,
            _condition,
            _rule,
            _language,
            _setting,
            _setting,
            _option_setting,
        ]
    )
    return make(chance, editor)


def wrong(source: str, after: str, trial: Trial) -> list[str]:
    """What an edit did beside its purpose: other data, other lines, lost comments, another order."""
    found = []
    before, now = YamlEditor(source), YamlEditor(after)
    if trial.data:
        expected = copy.deepcopy(before.data)
        trial.data(expected)
        if now.data != expected:
            found.append("the data is not the old one with this change")
    allowed = [_lines(before, path) for path in trial.inside]
    old, new = source.splitlines(), after.splitlines()
    if trial.moved:
        if Counter(old) != Counter(new):
            found.append("a moved line has changed")
    else:
        for tag, start, end, _, _ in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag in ("replace", "delete"):
                touched = {line for line in range(start, end) if not any(line in each for each in allowed)}
                found += [
                    f"line {line + 1} was touched: {old[line]!r}"
                    for line in sorted(touched)
                    if old[line].strip()
                ]
    gone = Counter(comments(source)) - Counter(comments(after))
    expendable = Counter(
        c for each in allowed for line in each if line < len(old) for c in comments(old[line])
    )
    if trial.name in ("delete", "option removed", "condition cleared", "flag", "option role"):
        gone -= expendable
    if gone:
        found.append(f"comments were lost: {sorted(gone)}")
    if checked.undone(after, checked.undoing(source, after)) != source:
        found.append("it cannot be undone")
    return found


def _lines(editor: YamlEditor, path: Path) -> range:
    """The lines of an entry, counted from 0, with the comments that belong to it."""
    layout = editor.layout
    if layout.in_flow(path):
        span = editor.document.spans[path]
        return range(editor.document.place(span.start).line - 1, editor.document.place(span.end).line)
    mark = layout.mark(path)
    start = mark
    if not editor.document.source[layout.line_start(mark) : mark].strip():
        start = layout.extent(path).start
    return range(editor.document.place(start).line - 1, editor.document.place(layout.foot(path)).line)


def _questions(editor: YamlEditor) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = editor.data["questions"]
    return found


def _text(chance: random.Random, editor: YamlEditor) -> Trial:
    places = [
        path
        for path in editor.document.spans
        if isinstance(editor.layout.value(path), str) and path and path[-1] in editor.data["languages"]
    ]
    places += [path for path in editor.document.spans if path[-1:] in (("purpose",), ("trigger",))]
    path, wording = chance.choice(places), chance.choice(WORDINGS)

    def data(expected: Any) -> None:
        _set(expected, path, wording)

    if path[-1] in ("purpose", "trigger"):
        return Trial("word", lambda e: questions.set_word(e, path, wording), data, [path])
    return Trial("text", lambda e: texts.set_text(e, path[:-1], str(path[-1]), wording), data, [path])


def _set(data: Any, path: Path, value: Any) -> None:
    for part in path[:-1]:
        data = data[part]
    data[path[-1]] = value


def _add(chance: random.Random, editor: YamlEditor) -> Trial:
    at = chance.randint(0, len(_questions(editor)))
    kind = chance.choice(["nps", "csat", "stars", "single", "multi", "rating", "text", "matrix"])
    return Trial("add", lambda e: questions.add(e, at, kind), None, [])


def _duplicate(chance: random.Random, editor: YamlEditor) -> Trial:
    at = chance.randrange(len(_questions(editor)))
    return Trial("duplicate", lambda e: questions.duplicate(e, at), None, [])


def _delete(chance: random.Random, editor: YamlEditor) -> Trial:
    at = chance.randrange(len(_questions(editor)))

    def data(expected: Any) -> None:
        del expected["questions"][at]

    return Trial("delete", lambda e: questions.delete(e, at), data, [("questions", at)])


def _move(chance: random.Random, editor: YamlEditor) -> Trial:
    last = len(_questions(editor)) - 1
    start, to = chance.randint(0, last), chance.randint(0, last)

    def data(expected: Any) -> None:
        expected["questions"].insert(to, expected["questions"].pop(start))

    return Trial("move", lambda e: questions.move(e, start, to), data, [], moved=True)


def _choices(editor: YamlEditor) -> list[int]:
    return [at for at, each in enumerate(_questions(editor)) if "options" in each]


def _option(chance: random.Random, editor: YamlEditor) -> Trial:
    if not _choices(editor):
        return _add(chance, editor)
    at, wording = chance.choice(_choices(editor)), chance.choice(WORDINGS)
    return Trial("option added", lambda e: questions.add_option(e, at, wording), None, _flow_of(editor, at))


def _flow_of(editor: YamlEditor, at: int) -> list[Path]:
    path: Path = ("questions", at, "options")
    return [path] if editor.layout.is_flow(path) or editor.layout.in_flow(path) else []


def _option_moves(chance: random.Random, editor: YamlEditor) -> Trial:
    if not _choices(editor):
        return _text(chance, editor)
    at = chance.choice(_choices(editor))
    last = len(_questions(editor)[at]["options"]) - 1
    start, to = chance.randint(0, last), chance.randint(0, last)
    if chance.random() < 0.5:

        def gone(expected: Any) -> None:
            del expected["questions"][at]["options"][start]

        where: list[Path] = [*_flow_of(editor, at), ("questions", at, "options", start)]
        return Trial("option removed", lambda e: questions.remove_option(e, at, start), gone, where)

    def data(expected: Any) -> None:
        options = expected["questions"][at]["options"]
        options.insert(to, options.pop(start))

    flow = _flow_of(editor, at)
    return Trial(
        "option moved", lambda e: questions.move_option(e, at, start, to), data, flow, moved=not flow
    )


def _flag(chance: random.Random, editor: YamlEditor) -> Trial:
    at = chance.randrange(len(_questions(editor)))
    name = chance.choice(["required", "not_applicable", "prefer_not_to_say", "randomize"])
    path: Path = ("questions", at, name)
    on = not _questions(editor)[at].get(name)

    def data(expected: Any) -> None:
        if on:
            expected["questions"][at][name] = True
        else:
            expected["questions"][at].pop(name, None)

    flow: list[Path] = [("questions", at)] if editor.layout.is_flow(("questions", at)) else []
    inside = [*flow, path] if editor.has(path) else flow
    return Trial("flag", lambda e: questions.set_flag(e, path, on=on), data, inside)


def _condition(chance: random.Random, editor: YamlEditor) -> Trial:
    if len(_questions(editor)) < 2:
        return _text(chance, editor)
    at = chance.randrange(1, len(_questions(editor)))
    path: Path = ("questions", at, "show_if")
    key = _questions(editor)[chance.randrange(at)]["key"]
    wanted = chance.choice([{"question": key, "at_most": 6}, {"question": key, "answered": True}, None])

    def data(expected: Any) -> None:
        if wanted:
            expected["questions"][at]["show_if"] = wanted
        else:
            expected["questions"][at].pop("show_if", None)

    flow: list[Path] = [("questions", at)] if editor.layout.is_flow(("questions", at)) else []
    inside = [*flow, path] if editor.has(path) else flow
    name = "condition" if wanted else "condition cleared"
    return Trial(name, lambda e: conditions.set_condition(e, path, wanted), data, inside)


def _rule(chance: random.Random, editor: YamlEditor) -> Trial:
    rules, key = editor.data.get("follow_ups", []), _questions(editor)[0]["key"]
    wording = chance.choice(WORDINGS)
    if not rules or chance.random() < 0.4:
        return Trial(
            "rule added", lambda e: follow_ups.add_rule(e, wording, {"question": key, "at_most": 2}), None, []
        )
    at = chance.randrange(len(rules))
    if chance.random() < 0.4:
        rule: Path = ("follow_ups", at)
        inside: list[Path] = [rule] if editor.layout.is_flow(rule) or editor.layout.in_flow(rule) else []
        if editor.has((*rule, "replies")) and editor.layout.is_flow((*rule, "replies")):
            inside.append((*rule, "replies"))
        return Trial("reply added", lambda e: follow_ups.add_reply(e, at), None, inside)
    path: Path = ("follow_ups", at, chance.choice(["contact_within", "close_within"]))
    return Trial("rule", lambda e: questions.set_word(e, path, "2w"), lambda d: _set(d, path, "2w"), [path])


def _language(chance: random.Random, editor: YamlEditor) -> Trial:
    def data(expected: Any) -> None:
        expected["languages"].append("de")

    inside: list[Path] = [("languages",)] if editor.layout.is_flow(("languages",)) else []
    return Trial("language", lambda e: texts.add_language(e, "de"), data, inside)


def _setting(chance: random.Random, editor: YamlEditor) -> Trial:
    """Something that the form keeps among the settings of the survey or of a question."""
    at = chance.randrange(len(_questions(editor)))
    question: Path = ("questions", at)
    listed = chance.choice(["glossary", "fields", "known_fields"])
    words = chance.sample(["plan", "Acme, Inc.", "SSO", "seats: all", "ürün", "محصول", "# one", "yes"], 3)
    claim = chance.choice(
        [
            {"name": "umux-lite", "variant": "shorter"},
            {"name": "ours", "source": "A, B: 1996", "declared": True},
        ]
    )
    path, value, do = chance.choice(
        [
            ((listed,), words, lambda e: settings.set_list(e, (listed,), "\n".join(words))),
            ((*question, "instrument"), claim, lambda e: _claimed(e, (*question, "instrument"), claim)),
            (("trend",), "a-series", lambda e: questions.set_word(e, ("trend",), "a-series")),
            (
                ("trend_bridge",),
                "2027-01-31",
                lambda e: questions.set_word(e, ("trend_bridge",), "2027-01-31"),
            ),
            (
                (*question, "used_for"),
                "To group",
                lambda e: questions.set_word(e, (*question, "used_for"), "To group"),
            ),
            (
                (*question, "applies_when"),
                "it: no",
                lambda e: questions.set_word(e, (*question, "applies_when"), "it: no"),
            ),
        ]
    )
    flow: list[Path] = [path[:-1]] if path[:-1] and editor.layout.is_flow(path[:-1]) else []
    inside = [*flow, path] if editor.has(path) else flow
    return Trial(f"setting {path[-1]}", do, lambda d: _set(d, path, value), inside)


def _claimed(editor: YamlEditor, path: Path, claim: dict[str, Any]) -> None:
    settings.set_claim(
        editor, path, {name: "on" if value is True else value for name, value in claim.items()}
    )


def _option_setting(chance: random.Random, editor: YamlEditor) -> Trial:
    """What an option is, and whether it keeps its place."""
    if not _choices(editor):
        return _setting(chance, editor)
    at = chance.choice(_choices(editor))
    number = chance.randrange(len(_questions(editor)[at]["options"]))
    path: Path = ("questions", at, "options", number)
    pinned = chance.random() < 0.5

    def do(change: YamlEditor) -> None:
        if pinned:
            settings.unfold(change, (*path, "pinned"))
            questions.set_flag(change, (*path, "pinned"), on=True)
        else:
            settings.set_role(change, (*path, "role"), "none")

    def data(expected: Any) -> None:
        options = expected["questions"][at]["options"]
        if isinstance(options[number], str):
            options[number] = {"key": key_of_bare_option(options[number]), "text": options[number]}
        if pinned:
            options[number]["pinned"] = True
        elif options[number].get("role") != "none":
            options[number]["role"] = "none"
            options[number].pop("other_text", None)

    inside: list[Path] = [*_flow_of(editor, at), path]
    return Trial("option pinned" if pinned else "option role", do, data, inside)
