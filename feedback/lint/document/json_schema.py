"""The JSON Schemas in docs/schema/, which editors use to complete and check files.

`python -m feedback.lint.document.json_schema` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from feedback.core.journey import Journey
from feedback.core.questionnaire import Questionnaire

DIRECTORY = Path("docs/schema")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> Mapping[str, str]:
    """File name -> text of each schema."""
    models: dict[str, type[BaseModel]] = {"questionnaire.json": Questionnaire, "journey.json": Journey}
    return {
        name: json.dumps({"$schema": DIALECT, **model.model_json_schema()}, ensure_ascii=False, indent=2)
        + "\n"
        for name, model in models.items()
    }


def main() -> None:
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (DIRECTORY / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
