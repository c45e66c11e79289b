"""docs/metrics.md says what the code does, or the build fails."""

from pathlib import Path

import pytest

from feedback.core.metrics import METRICS

DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
def test_the_documented_row_is_what_the_code_does(metric):
    assert row(metric) in DOCS.read_text(encoding="utf-8").splitlines()


def test_no_other_metric_is_documented():
    definitions = DOCS.read_text(encoding="utf-8").partition("## Definitions")[2].partition("\n## ")[0]
    assert sum(line.startswith("| `") for line in definitions.splitlines()) == len(METRICS)


def row(metric):
    bands = ", ".join(f"{name} {span(values)}" for name, values in metric.scale)
    return f"| `{metric.key}` | {bands} | {metric.measure.title}, {metric.unit} | {metric.source} |"


def span(values):
    return f"{values[0]}" if len(values) == 1 else f"{values[0]}-{values[-1]}"
