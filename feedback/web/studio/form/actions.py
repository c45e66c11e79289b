"""What the form sends, as edits of a text: the fields of the form that was sent, then what its button does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from werkzeug.datastructures import MultiDict

from feedback.errors import Rejected
from feedback.lint.editing.yaml_editor import YamlEditor
from feedback.services.studio.editing import (
    blocks,
    conditions,
    follow_ups,
    messages,
    questions,
    renaming,
    rows,
    settings,
    texts,
)
from feedback.services.studio.editing.places import path_of
from feedback.services.studio.editing.texts import value_at
from feedback.web.studio.form import wording

Form = MultiDict[str, str]
ALWAYS, AS_WRITTEN = "", "keep"
"""Choices of a condition's menu beside the tests: none, and the one in the text, which the menu cannot say."""


_TYPED = ("text|", "word|", "number|", "amount|", "link|", "key|", "reason|", "list|", "why|", "claim|")


class SentField(NamedTuple):
    """A field of the form: `text|questions.score.text|en`."""

    kind: str
    name: str
    rest: str
    value: str


def change_of(form: Form) -> Callable[[YamlEditor], None]:
    """The edit that a form asks for. It raises Rejected, KeyError or IndexError."""

    def change(editor: YamlEditor) -> None:
        for sent in _sent(form):
            _SAVE[sent.kind](editor, sent)
        _save_flags(editor, form)
        _save_claims(editor, form)
        _save_members(editor, form)
        _save_conditions(editor, form)
        name, *arguments = form.get("do", "save").split(" ")
        if name not in ACTIONS:
            raise Rejected("Choose what to do.")
        try:
            ACTIONS[name](editor, Asked(arguments, form))
        except ValueError:  # too many or too few arguments
            raise Rejected("Choose what to do.") from None

    return change


def typed(form: Form) -> dict[str, str]:
    """Name of a text's field -> what was typed, to show it again."""
    return {name: value for name, value in form.items() if name.startswith(_TYPED)}


def condition(form: Form, name: str) -> dict[str, Any] | None:
    """The condition that the menus of a name say; None for "always"."""
    chosen = [value for value in form.getlist(f"if|{name}") if value not in (ALWAYS, AS_WRITTEN)]
    if not chosen:
        return None
    tests = [conditions.test_of(*_three(value)) for value in chosen]
    return conditions.joined(tests, form.get(f"how|{name}", "all"))


def _three(written: str) -> tuple[str, str, str]:
    question, _, rest = written.partition("|")
    test, _, value = rest.partition("|")
    return question, test, value


def _sent(form: Form) -> Iterator[SentField]:
    for name, value in form.items():
        kind, _, rest = name.partition("|")
        if kind in _SAVE and rest:
            place, _, last = rest.partition("|")
            yield SentField(kind, place, last, value.replace("\r\n", "\n"))


def _save_text(editor: YamlEditor, sent: SentField) -> None:
    texts.set_text(editor, path_of(editor.data, sent.name), sent.rest, sent.value)


def _save_word(editor: YamlEditor, sent: SentField) -> None:
    questions.set_word(editor, path_of(editor.data, sent.name), sent.value.strip())


def _save_number(editor: YamlEditor, sent: SentField) -> None:
    questions.set_number(editor, path_of(editor.data, sent.name), sent.value)


def _save_amount(editor: YamlEditor, sent: SentField) -> None:
    questions.set_amount(editor, path_of(editor.data, sent.name), sent.value)


def _save_link(editor: YamlEditor, sent: SentField) -> None:
    follow_ups.set_link(editor, path_of(editor.data, sent.name), sent.value.strip())


def _save_source(editor: YamlEditor, sent: SentField) -> None:
    questions.set_source(editor, _index(editor, sent.name), sent.value)


def _save_list(editor: YamlEditor, sent: SentField) -> None:
    settings.set_list(editor, path_of(editor.data, sent.name), sent.value)


def _save_reason(editor: YamlEditor, sent: SentField) -> None:
    settings.set_reason(editor, path_of(editor.data, sent.name), sent.value)


def _save_points(editor: YamlEditor, sent: SentField) -> None:
    settings.set_points(editor, path_of(editor.data, sent.name), sent.value)


def _save_role(editor: YamlEditor, sent: SentField) -> None:
    settings.set_role(editor, path_of(editor.data, sent.name), sent.value)


_SAVE: Mapping[str, Callable[[YamlEditor, SentField], None]] = {
    "text": _save_text,
    "word": _save_word,
    "number": _save_number,
    "amount": _save_amount,
    "link": _save_link,
    "source": _save_source,
    "list": _save_list,
    "why": _save_reason,
    "points": _save_points,
    "role": _save_role,
}


def _save_flags(editor: YamlEditor, form: Form) -> None:
    """A box that is not ticked is not sent, so the form names those that it shows."""
    ticked = set(form.getlist("on"))
    for name in form.getlist("flag"):
        path = path_of(editor.data, name)
        on = name in ticked and settings.allows(editor, path)
        if on:
            settings.unfold(editor, path)
        questions.set_flag(editor, path, on=on)


def _save_claims(editor: YamlEditor, form: Form) -> None:
    """The instruments of the questions whose settings the form shows."""
    for name in form.getlist("claim"):
        said = {part: form.get(f"claim|{name}|{part}", "") for part in settings.CLAIM_PARTS}
        settings.set_claim(editor, path_of(editor.data, name), said)


def _save_members(editor: YamlEditor, form: Form) -> None:
    """The questions of the blocks that the form shows."""
    for name in form.getlist("block"):
        blocks.set_members(editor, int(path_of(editor.data, name)[1]), form.getlist(f"in|{name}"))


def _save_conditions(editor: YamlEditor, form: Form) -> None:
    for field in dict.fromkeys(name for name in form if name.startswith("if|")):
        name = field.partition("|")[2]
        if name == "new" or AS_WRITTEN in form.getlist(field):
            continue
        path = path_of(editor.data, name)
        if not _says(form, name, value_at(editor, path)):
            conditions.set_condition(editor, path, condition(form, name))


def _says(form: Form, name: str, present: Any) -> bool:
    """Whether the menus of a name are as the page shows the condition in the text, however that is written."""
    said = [value for value in form.getlist(f"if|{name}") if value != ALWAYS]
    is_any = isinstance(present, dict) and bool(present.get("any"))
    how = form.get(f"how|{name}", "any" if is_any else "all")
    return bool(present) and said == wording.chosen(present) and is_any == (how == "any")


class Asked(NamedTuple):
    """What a button asks for: the words behind its action's name, and the form that it is in."""

    arguments: list[str]
    form: Form


Action = Callable[[YamlEditor, Asked], None]


def _nothing_more(editor: YamlEditor, asked: Asked) -> None:
    """The button "Save", and those that open a part."""


def _add_question(editor: YamlEditor, asked: Asked) -> None:
    (kind,) = asked.arguments
    questions.add(editor, _number(asked.form.get("at", "")), kind)


def _add_option(editor: YamlEditor, asked: Asked) -> None:
    name, *role = asked.arguments
    questions.add_option(editor, _index(editor, name), "", *role)


def _move_option(editor: YamlEditor, asked: Asked) -> None:
    name, option, to = asked.arguments
    questions.move_option(editor, _index(editor, name), _number(option), _number(to))


def _remove_option(editor: YamlEditor, asked: Asked) -> None:
    name, option = asked.arguments
    questions.remove_option(editor, _index(editor, name), _number(option))


def _move_question(editor: YamlEditor, asked: Asked) -> None:
    name, to = asked.arguments
    questions.move(editor, _index(editor, name), _number(to))


def _move_row(editor: YamlEditor, asked: Asked) -> None:
    name, row, to = asked.arguments
    rows.move_row(editor, _index(editor, name), _number(row), _number(to))


def _remove_row(editor: YamlEditor, asked: Asked) -> None:
    name, row = asked.arguments
    rows.remove_row(editor, _index(editor, name), _number(row))


def _rename(editor: YamlEditor, asked: Asked) -> None:
    (name,) = asked.arguments
    renaming.rename(editor, _index(editor, name), asked.form.get(f"key|{name}", "").strip())


def _add_block(editor: YamlEditor, asked: Asked) -> None:
    chosen = condition(asked.form, "new")
    if chosen is None:
        raise Rejected("Choose the questions, and the answer after which they are asked.")
    blocks.add_block(editor, asked.form.getlist("in|new"), chosen)


def _set_type(editor: YamlEditor, asked: Asked) -> None:
    name, kind = asked.arguments
    questions.set_type(editor, _index(editor, name), kind)


def _add_rule(editor: YamlEditor, asked: Asked) -> None:
    chosen = condition(asked.form, "new")
    if chosen is None or not asked.form.get("new-title", "").strip():
        raise Rejected("Give the follow-up a title, and choose for which answers it is opened.")
    follow_ups.add_rule(editor, asked.form["new-title"].strip(), chosen)


def _remove_reply(editor: YamlEditor, asked: Asked) -> None:
    name, reply = asked.arguments
    follow_ups.remove_reply(editor, _index(editor, name), _number(reply))


def _add_thanks(editor: YamlEditor, asked: Asked) -> None:
    chosen = condition(asked.form, "new")
    if chosen is None or not asked.form.get("new-title", "").strip():
        raise Rejected("Write the text, and choose for which answers it is shown.")
    follow_ups.add_thanks(editor, asked.form["new-title"].strip(), chosen)


def _rewrite(editor: YamlEditor, asked: Asked) -> None:
    name, language, _rule = asked.arguments
    texts.set_text(editor, path_of(editor.data, name), language, asked.form.get("better", ""))


ACTIONS: Mapping[str, Action] = {
    "save": _nothing_more,
    "open": _nothing_more,
    "add-question": _add_question,
    "duplicate": lambda editor, asked: questions.duplicate(editor, _index(editor, *asked.arguments)),
    "delete": lambda editor, asked: questions.delete(editor, _index(editor, *asked.arguments)),
    "move": _move_question,
    "type": _set_type,
    "add-option": _add_option,
    "move-option": _move_option,
    "remove-option": _remove_option,
    "add-row": lambda editor, asked: rows.add_row(editor, _index(editor, *asked.arguments)),
    "move-row": _move_row,
    "remove-row": _remove_row,
    "rename": _rename,
    "add-block": _add_block,
    "add-rule": _add_rule,
    "add-thanks": _add_thanks,
    "delete-entry": lambda editor, asked: follow_ups.delete_entry(
        editor, asked.arguments[0], _number(asked.arguments[1])
    ),
    "move-entry": lambda editor, asked: follow_ups.move_entry(
        editor, asked.arguments[0], _number(asked.arguments[1]), _number(asked.arguments[2])
    ),
    "add-reply": lambda editor, asked: follow_ups.add_reply(editor, _index(editor, *asked.arguments)),
    "remove-reply": _remove_reply,
    "standard": lambda editor, asked: messages.begin_with_standard(editor, *asked.arguments),
    "forget": lambda editor, asked: settings.forget(editor, _number(*asked.arguments)),
    "add-language": lambda editor, asked: texts.add_language(editor, asked.form.get("language", "")),
    "remove-language": lambda editor, asked: texts.remove_language(editor, *asked.arguments),
    "rewrite": _rewrite,
}


def _index(editor: YamlEditor, name: str) -> int:
    """The number of the question or rule with a name such as `questions.score`."""
    return _number(str(path_of(editor.data, name)[1]))


def _number(written: str) -> int:
    if not written.isdecimal():
        raise Rejected("This part is no longer in the text. Load the page again.")
    return int(written)
