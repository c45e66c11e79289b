from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import validate
from pydantic import BaseModel, ConfigDict, ValidationError

from feedback.core.time.duration import Duration, DurationField, length, length_text


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("2d", timedelta(days=2)),
        ("2w", timedelta(days=14)),
        ("0m", timedelta(0)),
        ("9999w", timedelta(weeks=9999)),
    ],
)
def test_a_duration_is_a_number_and_a_unit(written, length):
    assert Duration.parse(written).timedelta == length


@given(st.integers(0, 9999), st.sampled_from("mhdw"))
def test_what_is_written_is_read_back(amount, unit):
    assert str(Duration.parse(f"{amount}{unit}")) == f"{amount}{unit}"


NONSENSE = [
    "",
    "4",
    "h",
    "4 h",
    " 4h",
    "4h\n",
    "4H",
    "-4h",
    "1.5h",
    "04h",
    "10000m",
    "4s",
    "1h30m",
    "٤h",
    "PT4H",
]


@pytest.mark.parametrize("written", [*NONSENSE, 4, None, True, timedelta(hours=4)])
def test_anything_else_is_refused_with_what_to_write(written):
    with pytest.raises(ValueError, match=r"is not a duration: write .* 30m \(minutes\), 4h \(hours\)"):
        Duration.parse(written)


@pytest.mark.parametrize(("amount", "unit"), [(-1, "h"), (10_000, "h"), (1, "s")])
def test_a_duration_cannot_be_made_of_nonsense_either(amount, unit):
    with pytest.raises(ValueError, match="is not a duration"):
        Duration(amount, unit)


def test_a_day_is_not_24_hours_though_as_long():
    assert Duration.parse("1d") != Duration.parse("24h")
    assert Duration.parse("1d").timedelta == Duration.parse("24h").timedelta


class Plan(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    delay: DurationField


def test_a_model_takes_the_written_form_and_gives_it_back():
    plan = Plan.model_validate({"delay": "2d"})
    assert plan.delay == Duration(2, "d")
    assert plan.model_dump() == {"delay": "2d"}
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_a_model_takes_a_duration_as_it_is():
    assert Plan(delay=Duration(4, "h")).delay == Duration(4, "h")


@pytest.mark.parametrize("written", ["soon", 4, None])
def test_a_model_says_what_to_write(written):
    with pytest.raises(ValidationError, match="is not a duration: write"):
        Plan.model_validate({"delay": written})


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_json_schema_is_a_string_with_a_pattern(mode):
    schema = Plan.model_json_schema(mode=mode)["properties"]["delay"]
    assert schema["type"] == "string"
    for example in schema["examples"]:
        validate(example, schema)
        assert str(Duration.parse(example)) == example


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("30s", timedelta(seconds=30)),
        ("0h", timedelta()),
        ("2w", timedelta(days=14)),
        ("90m", timedelta(hours=1.5)),
    ],
)
def test_a_setting_may_also_be_in_seconds(written, meant):
    assert length(written) == meant


@pytest.mark.parametrize("written", ["", "30", "s", "30 s", "1000000s", "1.5h", "٣h", "-1h", "30s\n"])
def test_a_setting_that_is_no_length_is_refused(written):
    with pytest.raises(ValueError, match="must be a duration such as 30s"):
        length(written)


@pytest.mark.parametrize(
    ("meant", "written"),
    [
        (timedelta(days=14), "14d"),
        (timedelta(hours=36), "36h"),
        (timedelta(seconds=90), "90s"),
        (timedelta(), "0s"),
    ],
)
def test_a_length_is_written_in_its_largest_whole_unit(meant, written):
    assert length_text(meant) == written


@given(st.integers(0, 999_999), st.sampled_from("smhd"))
def test_a_length_that_is_written_is_read_back(amount, unit):
    meant = length(f"{amount}{unit}")
    if meant < timedelta(seconds=1_000_000):
        assert length(length_text(meant)) == meant
