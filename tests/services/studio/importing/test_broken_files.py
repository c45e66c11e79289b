"""Files with something odd in any place: a draft that can be read, or a refusal with a sentence, and nothing else."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feedback import lint
from feedback.errors import ImportRefused
from feedback.services.studio.importing.reading import read_file

SAMPLES = sorted((Path(__file__).parents[3] / "data" / "imports").iterdir())
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        2.5,
        -3.75,
        10**15,
        "",
        "x",
        "{a}",
        "\\",
        "}{",
        "a: b",
        "- x",
        "#",
        "yes",
        "null",
    ),
    *(
        [],
        {},
        ["a"],
        [1, 2],
        [None],
        {"a": 1},
        {"default": ""},
        {"default": "", "tr": "y"},
        "<b>x</b>",
        "{q1} = 'a'",
    ),
    *("1e999", "-5", "2.500", "other", "none", "date", "number", "ranking", "note", "consent", "🙂" * 5),
)
CELLS = (
    *(str(each) for each in ODD if not isinstance(each, list | dict)),
    *(
        "rank thing",
        "range",
        "start=-5 end=5",
        "start=0 end=1 step=0.1",
        "decimal",
        ". > 2.5",
        ". >= 5 and . <= 1",
    ),
    *("minimal", "${seen}", "select_one", "begin_group", "end_group", *"RNKDX!LMPYGABCEFH15STUQ|*IO"),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inner:
        yield (*path, name)
        yield from places(each, (*path, name))


def odd_json(text: str, chance: random.Random) -> str:
    data = copy.deepcopy(json.loads(text))
    for _ in range(chance.randint(1, 4)):
        *path, name = chance.choice(list(places(data)))
        holder = data
        for each in path:
            holder = holder[each]
        if chance.random() < 0.2:
            del holder[name]
        else:
            holder[name] = chance.choice(ODD)
    return json.dumps(data)


def odd_cells(text: str, pattern: str, chance: random.Random) -> str:
    cells = list(re.finditer(pattern, text))
    for cell in sorted(chance.sample(cells, 5), key=lambda each: -each.start()):
        text = text[: cell.start()] + chance.choice(CELLS).replace(",", "") + text[cell.end() :]
    return text


def odd(file: Path, chance: random.Random) -> str:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".lss":
        return odd_cells(text, r"(?<=<!\[CDATA\[)[^\]]*(?=\]\]>)", chance)
    return odd_cells(text, r"(?<=,)[^,\n]*", chance) if file.suffix == ".csv" else odd_json(text, chance)


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.name)
def test_an_odd_value_in_any_place_does_no_harm(file: Path) -> None:
    read = 0
    for seed in range(30):
        data = odd(file, random.Random(f"{file.name}{seed}"))
        try:
            draft = read_file(data.encode("utf-8", "replace"), file.name)
        except ImportRefused as refused:
            assert "a bug of the import" not in str(refused), data
            continue
        assert lint.read(draft.text).questionnaire
        assert 0 < draft.carried_over <= draft.found
        assert all(each.message.format(**each.params) for each in draft.notes)
        read += 1
    assert read > 20
