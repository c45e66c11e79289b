"""Questions and what they consist of, besides their texts."""

from __future__ import annotations

import copy
import re
from typing import Any

from feedback.core.instruments import instruments
from feedback.core.questions import QUESTION_TYPES, ScaleQuestion
from feedback.core.questions.choice import key_of_bare_option
from feedback.core.text.folding import ascii_digits
from feedback.errors import Rejected
from feedback.lint.document.document import Path
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing.blocks import members
from feedback.services.studio.editing.conditions import leaves
from feedback.services.studio.editing.placing import put
from feedback.services.studio.editing.texts import languages, says, value_at
from feedback.services.studio.importing.guessing import USUAL

_KEY_END = re.compile(r"-\d+$")
_LONGEST_KEY = 60


def add(editor: YamlEditor, index: int, kind: str) -> None:
    """A new question of a type before number `index`, with what the type needs.

    Scored types come with the validated wording, in the languages for which the registry has one.
    """
    if kind not in QUESTION_TYPES:
        raise Rejected("Choose a type for the question.")
    question = _new(editor, kind)
    if not isinstance(editor.data.get("questions"), list):
        put(editor, ("questions",), [])
    editor.insert(("questions",), index, question, whole=True)


def duplicate(editor: YamlEditor, index: int) -> None:
    """A copy of a question behind it, with a key of its own."""
    key = str(value_at(editor, ("questions", index))["key"])
    editor.duplicate(("questions",), index)
    editor.set(("questions", index + 1, "key"), _free(editor, key))


def delete(editor: YamlEditor, index: int) -> None:
    """Raises Rejected for the last question, for one that a condition looks at, and for one in a block."""
    questions = editor.data["questions"]
    if len(questions) == 1:
        raise Rejected("A survey needs at least one question. Add another one first.")
    if dependants(editor.data, questions[index].get("key")):
        raise Rejected("Change the conditions first: they look at the answer to this question.")
    if questions[index].get("key") in members(editor.data):
        raise Rejected("Take the question out of its block first.")
    editor.remove(("questions", index))


def move(editor: YamlEditor, index: int, to: int) -> None:
    """Move a question to number `to`. Raises Rejected if a question would come before one that it depends on."""
    questions = editor.data["questions"]
    to = min(max(to, 0), len(questions) - 1)
    order = list(questions)
    order.insert(to, order.pop(index))
    seen: set[Any] = set()
    for question in order:
        if any(leaf["question"] not in seen for leaf in leaves(question.get("show_if"))):
            raise Rejected(
                "A question with a condition has to come after the question that the condition looks at."
            )
        seen.add(question.get("key"))
    if to != index:
        editor.move(("questions",), index, to)


def dependants(data: Any, key: Any) -> list[Path]:
    """The paths of the conditions that look at a question."""
    places: list[tuple[Path, Any]] = []
    for name, condition in (
        ("questions", "show_if"), ("blocks", "show_if"), ("thanks", "when"), ("follow_ups", "when"),
    ):  # fmt: skip
        listed = data.get(name)
        for number, each in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(each, dict):
                places.append(((name, number, condition), each.get(condition)))
    return [path for path, condition in places if any(leaf["question"] == key for leaf in leaves(condition))]


def set_flag(editor: YamlEditor, path: Path, *, on: bool) -> None:
    """Switch something on, or off by removing it; a wording that is there counts as on and stays."""
    if on and not value_at(editor, path):
        put(editor, path, value=True)
    elif not on and editor.has(path):
        editor.remove(path)


def set_number(editor: YamlEditor, path: Path, written: str) -> None:
    """Write a whole number, or remove it with an empty text. Raises Rejected for anything else."""
    written = written.strip()
    if not written:
        if editor.has(path):
            editor.remove(path)
    elif re.fullmatch(r"-?\d{1,6}", written):
        put(editor, path, int(written))
    else:
        raise Rejected("Write a whole number.")


def set_amount(editor: YamlEditor, path: Path, written: str) -> None:
    """Write a number with at most two decimal places, or remove it with an empty text. Raises Rejected otherwise."""
    plain = ascii_digits(written).strip().replace("٫", ".").replace(",", ".")
    if not plain:
        if editor.has(path):
            editor.remove(path)
    elif re.fullmatch(r"-?\d{1,12}(\.\d{1,2})?", plain):
        value = float(plain)
        put(editor, path, int(value) if value.is_integer() else value)
    else:
        raise Rejected("Write a number such as 10 or 2.5.")


def set_word(editor: YamlEditor, path: Path, word: str) -> None:
    """Write a value that is no text for customers (a purpose, a duration, an address), or remove it if empty."""
    if word:
        put(editor, path, word)
    elif editor.has(path):
        editor.remove(path)


def add_option(editor: YamlEditor, index: int, wording: str, role: str = "") -> None:
    """Another option at the end, in the style of the others, but before those that opt out.

    With the role `other` it has a text box. Without a wording it says what is usual for its role.
    """
    path: Path = ("questions", index, "options")
    options = editor.data["questions"][index].get("options")
    known = options if isinstance(options, list) else []
    spoken = languages(editor)
    usual = {each: USUAL[role][each] for each in spoken if each in USUAL.get(role, ())}
    texts = {spoken[0]: wording} if wording else usual or {spoken[0]: ""}
    text = texts.get(spoken[0], "") if len(spoken) == 1 else texts
    option: dict[str, Any] = {"key": _free_option(known, role), "text": text}
    if role:
        option["role"] = role
    if role == "other":
        option["other_text"] = True
    ends = [place for place, each in enumerate(known) if isinstance(each, dict) and each.get("role")]
    place = ends[0] if ends and not role else len(known)
    if known:
        editor.insert(path, place, option)
    else:
        put(editor, path, [option])


def remove_option(editor: YamlEditor, index: int, option: int) -> None:
    """Raises Rejected for the last one."""
    if len(editor.data["questions"][index]["options"]) == 1:
        raise Rejected("A question needs at least one option.")
    editor.remove(("questions", index, "options", option))


def move_option(editor: YamlEditor, index: int, option: int, to: int) -> None:
    """Move an option to number `to`."""
    last = len(editor.data["questions"][index]["options"]) - 1
    to = min(max(to, 0), last)
    if to != option:
        editor.move(("questions", index, "options"), option, to)


def set_source(editor: YamlEditor, index: int, key: str) -> None:
    """Offer only the options that were chosen in an earlier question, or all of them with an empty key.

    Options that nobody has written yet are copied from that question. Raises Rejected if others are not in it.
    """
    path: Path = ("questions", index, "options_from")
    if not key:
        if editor.has(path):
            editor.remove(path)
        return
    if value_at(editor, path) == key:
        return
    source: dict[str, Any] = next((each for each in editor.data["questions"] if each.get("key") == key), {})
    offered = [each for each in source.get("options") or () if not _role(each)]
    options = editor.data["questions"][index].get("options") or []
    own = [each for each in options if not _role(each)]
    if all(isinstance(each, dict) and not says(each.get("text")) for each in own):
        kept = [each for each in options if _role(each)]
        editor.set((*path[:-1], "options"), [*copy.deepcopy(offered), *kept])
    elif {_option_key(each) for each in own} - {_option_key(each) for each in offered}:
        raise Rejected("Both questions need the same options. Empty those of this one, and they are copied.")
    put(editor, path, key)


def _role(option: Any) -> Any:
    return option.get("role") if isinstance(option, dict) else None


def _option_key(option: Any) -> Any:
    return option.get("key") if isinstance(option, dict) else key_of_bare_option(str(option))


def set_type(editor: YamlEditor, index: int, kind: str) -> None:
    """Change between one choice and several. Raises Rejected for other types, which have other parts."""
    if {kind, editor.data["questions"][index].get("type")} - {"single", "multi"}:
        raise Rejected("Choose a type for the question.")
    editor.set(("questions", index, "type"), kind)


def _new(editor: YamlEditor, kind: str) -> dict[str, Any]:
    listed = languages(editor)
    question: dict[str, Any] = {"key": _free(editor, _NAMES.get(kind, kind)), "type": kind}
    if kind in ("nps", "enps", "ces", "pmf"):
        question["text"] = _registered(kind, listed)
    else:
        question["text"] = _in(listed, "")
    if kind in ("single", "multi", "ranking"):
        question["options"] = [{"key": f"option-{n}", "text": _in(listed, "")} for n in (1, 2)]
    if kind in ("rating", "matrix"):
        question["scale"] = {"min": 1, "max": 5, "labels": {1: _in(listed, ""), 5: _in(listed, "")}}
    if kind == "consent":
        question["box"] = _in(listed, "")
    if kind == "matrix":
        question["rows"] = [{"key": f"row-{n}", "text": _in(listed, "")} for n in (1, 2)]
    return question


_NAMES = {"nps": "recommend", "enps": "recommend", "ces": "effort", "csat": "satisfaction", "text": "comment"}


def _in(listed: list[str], wording: str) -> str | dict[str, str]:
    return wording if len(listed) == 1 else {listed[0]: wording}


def _registered(kind: str, listed: list[str]) -> str | dict[str, str]:
    """The original wording of the type's instrument, about the company that asks."""
    question = QUESTION_TYPES[kind]
    name = question.default_instrument if issubclass(question, ScaleQuestion) else None
    stems = instruments()[name or "nps"].stems
    known = {each: stems[each][0].replace("{x}", "{company}") for each in listed if stems.get(each)}
    if len(listed) == 1:
        return known.get(listed[0], "")
    return {listed[0]: "", **known}


def _free(editor: YamlEditor, wanted: str) -> str:
    questions = editor.data.get("questions")
    known = (
        {each.get("key") for each in questions if isinstance(each, dict)}
        if isinstance(questions, list)
        else set()
    )
    return numbered(wanted, known)


def _free_option(options: list[Any], role: str) -> str:
    known = {each.get("key") for each in options if isinstance(each, dict)}
    return numbered(role.replace("_", "-") if role else f"option-{len(options) + 1}", known)


def numbered(wanted: str, known: set[Any]) -> str:
    """A key that is not in use: the wanted one, or with a number behind it."""
    if wanted not in known:
        return wanted
    stem = _KEY_END.sub("", wanted)[:_LONGEST_KEY]
    return next(name for n in range(2, len(known) + 3) if (name := f"{stem}-{n}") not in known)
