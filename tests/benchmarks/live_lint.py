"""How much processor time the linter takes while somebody types in a questionnaire of 30 questions in three languages.

    python3 dev.py bench live_lint [--keys N] [--questions N]

The questions are those of the gallery. Each of N keystrokes adds a letter to a text of the questionnaire, or leaves the
file for a moment as no YAML or with an unknown type, as people do while they write. Every state is checked from
nothing, findings, places and edits included, and told in English, Turkish and Persian in turn. The figures are of the
checking alone.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from feedback import library, lint, resources
from feedback.services.studio.live_lint import Surroundings, check

GALLERY = Path("questionnaires/gallery")


def draft(questions: int) -> str:
    """A file with the first questions of the gallery, in its three languages."""
    asked: list[dict[str, Any]] = []
    for file in sorted(GALLERY.glob("*.yaml")):
        data = lint.read(file.read_text(encoding="utf-8")).data
        asked += [{**each, "show_if": None} for each in data["questions"]]
    chosen = [
        {name: value for name, value in {**each, "key": f"q{n}"}.items() if value is not None}
        for n, each in enumerate(asked[:questions])
    ]
    survey = {"key": "draft", "title": "Draft", "languages": ["en", "tr", "fa"], "questions": chosen}
    return yaml.safe_dump(survey, sort_keys=False, width=10_000, allow_unicode=True)


def states(text: str, keys: int) -> Iterator[str]:
    """What the file is after each keystroke: words grow at random places; one state in ten is broken."""
    chance = random.Random(7)
    lines = text.splitlines()
    places = [n for n, line in enumerate(lines) if line.strip().startswith(("en:", "tr:", "fa:"))]
    types = [n for n, line in enumerate(lines) if line.startswith("  type:")]
    for number in range(keys):
        if number % 10 == 4:
            broken = [*lines]
            place = chance.choice(places if number % 20 == 4 else types)
            broken[place] = broken[place].replace(":", "", 1) if number % 20 == 4 else "  type: radio"
            yield "\n".join(broken)
        place = chance.choice(places)
        closing = lines[place][-1] if lines[place][-1] in "\"'" else ""
        grown = lines[place].removesuffix(closing) + chance.choice(
            (" love", " and", " always", "x", " recently?")
        )
        lines[place] = grown + closing
        yield "\n".join(lines)


def measured(act: Callable[[str, str], object], text: str, keys: int) -> list[float]:
    """Milliseconds of processor time of each state."""
    taken = []
    for number, state in enumerate(states(text, keys)):
        before = time.process_time()
        act(state, ("en", "tr", "fa")[number % 3])
        taken.append((time.process_time() - before) * 1000)
    return taken


def show(name: str, taken: list[float]) -> None:
    percentiles = statistics.quantiles(taken, n=100)
    print(
        f"{name}: {len(taken)} states, median {statistics.median(taken):.0f} ms, p95 {percentiles[94]:.0f} ms, "
        f"p99 {percentiles[98]:.0f} ms, longest {max(taken):.0f} ms of processor time"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--questions", type=int, default=30)
    options = parser.parse_args()
    shelf = library.load(resources.directories("questionnaires"))
    around = Surroundings(lint.LintContext(), shelf.journey, shelf.questionnaires)
    text = draft(options.questions)
    print(f"{options.questions} questions, {len(text):,} characters")
    show("check", measured(lambda state, told: check(state, "draft", around, told), text, options.keys))


if __name__ == "__main__":
    main()
