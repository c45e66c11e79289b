"""Writes an outline as the YAML of a questionnaire, in the house's style: one text a line, keys before texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from feedback.core.text.localized import RIGHT_TO_LEFT
from feedback.services.studio.importing import notes
from feedback.services.studio.importing.markup import closed_up
from feedback.services.studio.importing.outline import (
    OutlineOption,
    OutlineQuestion,
    OutlineScale,
    SurveyOutline,
    Texts,
)
from feedback.services.studio.importing.resolving import conditions_of, give_keys

_PLAIN = re.compile(r"[^\W\d_][\w\u200c’() /.!؟-]{0,60}")
_WORDS_OF_YAML = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def written(outline: SurveyOutline, key: str) -> str:
    """The YAML of the questionnaire `key`. Adds notes on conditions and repeated answers that cannot be written."""
    give_keys(outline)
    if not outline.languages:
        outline.languages.append("en")
    shown = list(conditions_of(outline))
    pipes = _Pipes(outline)
    lines = [
        f"key: {_scalar(key)}",
        f"title: {_texts(pipes.filled(outline.title, '', 0) or {outline.languages[0]: key})}",
    ]
    lines += [f"languages: [{', '.join(outline.languages)}]", "questions:"]
    for number, (question, show_if) in enumerate(zip(outline.questions, shown, strict=True)):
        lines += _question(question, show_if, partial(pipes.filled, place=question.code, before=number))
        if question.box:
            lines += _block("    box", pipes.plain(question.box, question.code), 6)
        if question.unit:
            lines += _block("    unit", pipes.plain(question.unit, question.code), 6)
        if question.options_from and (source := pipes.source_of(question)):
            lines.append(f"    options_from: {_scalar(source)}")
    if outline.thanks:
        thanks = pipes.filled(outline.thanks, "", len(outline.questions))
        lines += ["thanks:", *_block("  - text", thanks, 6)]
    return "\n".join(lines) + "\n"


Fill = Callable[[Texts], Texts]
"""Fills in the repeated answers of the texts of one question."""


class _Pipes:
    """Fills in repeated answers: `\\0code\\0` becomes `{answer.key|…}`; every other brace is a literal one."""

    def __init__(self, outline: SurveyOutline) -> None:
        self.outline = outline
        self.places = {
            question.code: number for number, question in reversed([*enumerate(outline.questions)])
        }

    def filled(self, texts: Texts, place: str, before: int) -> Texts:
        """`texts` for a question that `before` others precede."""
        return {language: self._one(wording, place, before) for language, wording in texts.items() if wording}

    def plain(self, texts: Texts, place: str) -> Texts:
        """`texts` for a place that repeats no answers; what they repeat is taken out, with a note."""
        found = {}
        for language, wording in texts.items():
            words, *repeated = re.split("\0([^\0]*)\0", wording)
            for code, after in zip(repeated[::2], repeated[1::2], strict=True):
                name = code.partition("\1")[0]
                self.outline.lost(place, notes.REPEATED_IN_BOX, code=name)
                words += after
            if re.search(r"[{}\\]", words):
                self.outline.lost(place, notes.BRACES)
            found[language] = closed_up(re.sub(r"[{}\\]", " ", words)) or "…"
        return found

    def source_of(self, question: OutlineQuestion) -> str | None:
        """The key of the earlier question whose chosen options are offered; None, with a note, if it has not these."""
        at = self.places.get(question.options_from)
        source = self.outline.questions[at] if at is not None else None
        known = (
            {each.key for each in source.options} if source and source.type in ("multi", "ranking") else set()
        )
        if (
            source
            and question.options
            and {each.key for each in question.options if each.role is None} <= known
        ):
            return source.key
        self.outline.lost(question.code, notes.OPTIONS_FROM, code=question.options_from)
        return None

    def _one(self, wording: str, place: str, before: int) -> str:
        literal = True
        made = []
        for part in wording.split("\0"):
            made.append(_escaped(part) if literal else self._answer(part, place, before))
            literal = not literal
        return "".join(made)

    def _answer(self, code: str, place: str, before: int) -> str:
        code, _, fallback = code.partition("\1")
        at = self.places.get(self.outline.aliases.get(code, code))
        if at is None or at >= before or self.outline.questions[at].is_note:
            self.outline.lost(place, notes.REPEATED, code=code)
            return _escaped(f"[{code}]")
        if not fallback:
            self.outline.guessed(place, notes.FALLBACK)
        spoken = re.sub(r"[{}|\\]", " ", fallback).strip() or "…"
        return f"{{answer.{self.outline.questions[at].key}|{spoken}}}"


def _escaped(text: str) -> str:
    return re.sub(r"\\*([{}])", r"\\\1", text)


def _question(question: OutlineQuestion, show_if: dict[str, Any] | None, fill: Fill) -> Iterator[str]:
    yield f"  - key: {_scalar(question.key)}"
    yield f"    type: {question.type}"
    if question.required:
        yield "    required: true"
    if show_if:
        yield f"    show_if: {flow(show_if)}"
    for name, value in question.extra.items():
        yield f"    {name}: {flow(value)}"
    yield from _block("    text", fill(question.text), 6)
    if question.help and (told := fill(question.help)):
        yield from _block("    help", told, 6)
    if question.scale:
        yield f"    scale: {_scale(question.scale, fill)}"
    if question.rows:
        yield "    rows:"
        yield from (f"      - {{{_row(each, fill)}}}" for each in question.rows)
    if question.options:
        yield "    options:"
        yield from (f"      - {{{_option(each, fill)}}}" for each in question.options)


def _scale(scale: OutlineScale, fill: Fill) -> str:
    parts = [f"min: {scale.low}", f"max: {scale.high}"]
    labels = [
        f"{point}: {_texts(fill(texts))}"
        for point, texts in sorted(scale.labels.items())
        if any(texts.values())
    ]
    if labels:
        parts.append(f"labels: {{{', '.join(labels)}}}")
    return f"{{{', '.join(parts)}}}"


def _row(row: OutlineOption, fill: Fill) -> str:
    return f"key: {_scalar(row.key)}, text: {_texts(fill(row.text))}"


def _option(option: OutlineOption, fill: Fill) -> str:
    parts = [_row(option, fill)]
    if option.role:
        parts.append(f"role: {option.role}")
    if option.role == "other":
        parts.append("other_text: true")
    if option.exclusive:
        parts.append("exclusive: true")
    return ", ".join(parts)


def _block(name: str, texts: Texts, indent: int) -> Iterator[str]:
    """One language on the line itself, several on a line each."""
    if len(texts) == 1 and not RIGHT_TO_LEFT & texts.keys():
        yield f"{name}: {_texts(texts)}"
        return
    yield f"{name}:"
    yield from (f"{' ' * indent}{language}: {_scalar(wording)}" for language, wording in texts.items())


def _texts(texts: Texts) -> str:
    return f"{{{', '.join(f'{language}: {_scalar(wording)}' for language, wording in texts.items())}}}"


def flow(value: Any) -> str:
    """A value in one line of YAML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name}: {flow(each)}' for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    return _scalar(value) if isinstance(value, str) else str(value)


def _scalar(text: str) -> str:
    """A string as a plain scalar if nothing in it can be misread, otherwise in quotation marks, escaped as in JSON."""
    if _PLAIN.fullmatch(text) and text == text.strip() and text.lower() not in _WORDS_OF_YAML:
        return text
    return json.dumps(text, ensure_ascii=False)
