"""Set-ups: what can be written, and where mistakes are."""

from __future__ import annotations

import pytest

from feedback.services.doors.mapping import read

HEAD = "check: {by: token, header: X-Token}\n"


def rules(text: str) -> str:
    return f"{HEAD}rules:\n  - {text}\n"


@pytest.mark.parametrize(
    ("setup", "line", "said"),
    [
        ("", 1, "begin with a recipe"),
        ("hello", 1, "begin with a recipe"),
        ("a: [", 1, "not YAML"),
        (f"{HEAD}rules: []\n", 2, "empty"),
        (f"{HEAD}ruls: []\n", 2, "did you mean `rules`"),
        (rules("{id: a, account: {external_id: 'b ||'}}"), 3, "not JMESPath"),
        (rules("{id: a, account: {external_id: nothing(b)}}"), 3, "no function nothing"),
        (rules("{account: {name: b}}"), 3, "`external_id:` is missing"),
        (rules("{account: {external_id: {constant: a, from: b}}}"), 3, "Give `from` or `constant`"),
        (rules("{account: {external_id: a, revenue: b}}"), 3, "`revenue` is not known"),
        (rules("{name: nothing}"), 3, "Say what the rule makes"),
        (rules("{ignore: true, account: {external_id: a}}"), 3, "makes nothing else"),
        (rules("{event: {name: a}, id: b}"), 3, "needs `contact`"),
        (rules("{usage: {name: a, value: b}, id: c}"), 3, "needs `account`"),
        (rules("{contact: {external_id: a}, event: {name: b}}"), 3, "stored once"),
        (rules("{contact: {email: a}}"), 3, "Say who it is"),
        (rules("{contact: {match: [phone], email: a}}"), 3, "Give `phone`"),
        (rules("{contact: {external_id: a, consent: {why: b}}}"), 3, "no `why`"),
        ("check: {by: hmac}\nrules:\n  - ignore: true\n", 1, "Give `header`"),
        ("check: {by: magic}\nrules:\n  - ignore: true\n", 1, "not possible here"),
        (f"{HEAD}rules: &x\n  - ignore: true\n", 2, "names a part"),
        ("a" * 20_001, 1, "longer than"),
    ],
)
def test_each_mistake_is_told_with_its_line(setup: str, line: int, said: str) -> None:
    found, problems = read(setup)
    assert found is None
    assert [each.line for each in problems if said in each.message] == [line], problems


def test_all_mistakes_are_told_at_once() -> None:
    text = f"{HEAD}rules:\n  - when: a ||\n    ignore: true\n  - account: {{external_id: b(c)}}\n"
    assert [each.line for each in read(text)[1]] == [3, 5]


def test_the_first_rule_that_fits_is_used_and_a_condition_may_stumble() -> None:
    text = f"""{HEAD}rules:
  - {{name: one, when: "starts_with(type, 'a.')", ignore: true}}
  - {{name: two, when: number, ignore: true}}
  - {{name: three, when: "type == 'b'", ignore: true}}
"""
    setup, _ = read(text)
    assert setup is not None
    items = [{"type": "a.x"}, {"type": 5}, {"number": 0}, {"type": "b", "number": []}, {}, "text", None]
    found = [rule.name if (rule := setup.rule_for(item)) else None for item in items]
    assert found == ["one", None, "two", "three", None, None, None]


@pytest.mark.parametrize(
    ("items", "number"), [("", 1), ("items: events\n", 2), ("items: one\n", 1), ("items: missing\n", 0)]
)
def test_the_parts_of_a_body(items: str, number: int) -> None:
    setup, _ = read(f"{HEAD}{items}rules:\n  - ignore: true\n")
    assert setup is not None
    assert len(setup.items_of({"events": [1, 2], "one": {"a": 1}})) == number
    if not items:
        assert setup.items_of([1, 2, 3]) == [1, 2, 3]
