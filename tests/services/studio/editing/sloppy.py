"""Questionnaires as people write them by hand: the same data, laid out at random, with comments everywhere."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from feedback.lint import read

ROOT = Path(__file__).parents[4]
TIDY = [
    *sorted((ROOT / "questionnaires").glob("*.yaml")),
    *sorted((ROOT / "questionnaires/gallery").glob("*.yaml")),
]
COMMENT = re.compile(r"# c\d+:")


def tidy_texts() -> list[str]:
    """The shipped questionnaires and the gallery's."""
    return [path.read_text(encoding="utf-8") for path in TIDY if path.stem != "journey"]


def sloppy(text: str, seed: int) -> str:
    """The same questionnaire in somebody's own style; each comment in it can be told by its number, `# c17:`."""
    data = read(text).data
    writer = _Writer(random.Random(seed))
    written = "\n".join(writer.mapping(data, 0, top=True))
    newline = writer.random.choice(["\n", "\n", "\r\n"])
    end = writer.random.choice(["", newline, newline * 3])
    out = (written.rstrip("\n") + "\n").replace("\n", newline).removesuffix(newline) + end
    again = read(out)
    assert again.data == data and not again.faults, (again.faults, out)
    return out


class _Writer:
    def __init__(self, chance: random.Random) -> None:
        self.random, self.numbers = chance, count()
        self.step = chance.choice([1, 2, 3, 4])
        self.dash = chance.choice(["- ", "-   "])
        self.dash_indent = chance.choice([0, 2])
        self.blank = chance.random() < 0.5

    def mapping(self, data: dict[Any, Any], column: int, *, top: bool = False) -> list[str]:
        lines: list[str] = []
        for number, (key, value) in enumerate(data.items()):
            if number or top:
                lines += self.between(column)
            lines += self.entry(key, value, column)
        return lines

    def entry(self, key: Any, value: Any, column: int) -> list[str]:
        pad, name = " " * column, str(key)
        if isinstance(value, dict | list) and (
            not value or self.random.random() < self.chance_of_flow(value)
        ):
            return [f"{pad}{name}: {self.flow(value)}{self.behind()}"]
        if isinstance(value, dict):
            return [f"{pad}{name}:{self.behind()}", *self.mapping(value, column + self.step)]
        if isinstance(value, list):
            lines = [f"{pad}{name}:{self.behind()}"]
            for number, each in enumerate(value):
                if number and self.blank:
                    lines.append("")
                lines += self.item(each, column + self.dash_indent, first=not number)
            return lines
        return self.scalar_lines(f"{pad}{name}:", value, column + self.step)

    def item(self, value: Any, column: int, *, first: bool) -> list[str]:
        above = [] if first else self.between(column)
        pad = " " * column
        if isinstance(value, dict) and self.random.random() >= self.chance_of_flow(value):
            inner = column + len(self.dash)
            head, *rest = self.mapping(value, inner)
            return [*above, pad + self.dash + head[inner:], *rest]
        if isinstance(value, dict | list):
            return [*above, f"{pad}{self.dash}{self.flow(value)}{self.behind()}"]
        return [*above, *self.scalar_lines(pad + self.dash.rstrip(), value, column + 2)]

    def chance_of_flow(self, value: Any) -> float:
        size = len(str(value))
        return 0.6 if size < 90 else 0.15 if size < 400 and "\\n" not in str(value) else 0.0

    def scalar_lines(self, before: str, value: Any, column: int) -> list[str]:
        styles = ["quoted", "single", "plain"]
        if isinstance(value, str) and value.strip() == value and len(value) > 20 and "  " not in value:
            styles += ["literal", "literal", "folded"]
        style = self.random.choice(styles)
        pad = " " * column
        if style == "literal" or (style == "folded" and "\n" in str(value)):
            body = [pad + line if line else "" for line in value.split("\n")]
            return [f"{before} |-{self.behind()}", *body]
        if style == "folded":
            words = value.split(" ")
            half = self.random.randrange(1, len(words)) if len(words) > 1 else 1
            pieces = [" ".join(words[:half]), " ".join(words[half:])]
            return [f"{before} >-{self.behind()}", *(pad + piece for piece in pieces if piece)]
        gap = self.random.choice([" ", " ", "  ", "\t"] if before.endswith(":") else [" ", "  "])
        return [f"{before}{gap}{self.scalar(value, style, in_flow=False)}{self.behind()}"]

    def scalar(self, value: Any, style: str, *, in_flow: bool) -> str:
        if value is None or isinstance(value, bool | int | float):
            return {"None": "~", "True": "true", "False": "false"}.get(str(value), str(value))
        text = str(value)
        if style == "single" and "\n" not in text:
            return "'" + text.replace("'", "''") + "'"
        words = {"true", "false", "null"}
        plain = re.fullmatch(r"[^\W\d][\w ?!.'()-]*[\w?!.)]", text) and text not in words
        if style == "plain" and plain and (not in_flow or re.fullmatch(r"[\w-]+", text)):
            return text
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    def flow(self, value: Any) -> str:
        space = self.random.choice(["", "", " "])
        comma = self.random.choice([", ", ",", " , "])
        if isinstance(value, dict):
            inner = comma.join(f"{key}: {self.flow(each)}" for key, each in value.items())
            return "{" + space + inner + space + "}"
        if isinstance(value, list):
            return "[" + space + comma.join(map(self.flow, value)) + space + "]"
        return self.scalar(value, self.random.choice(["quoted", "single", "plain"]), in_flow=True)

    def behind(self) -> str:
        return f"  # c{next(self.numbers)}: why" if self.random.random() < 0.2 else ""

    def between(self, column: int) -> list[str]:
        drawn = self.random.random()
        if drawn < 0.12:
            return [" " * column + f"# c{next(self.numbers)}: a note: {{with}} signs"]
        if drawn < 0.16:
            return [f"# c{next(self.numbers)}: at the margin"]
        return [""] if drawn < 0.2 else []


def comments(text: str) -> Iterator[str]:
    yield from COMMENT.findall(text)
