"""What can be known of customers, as far as conditions can tell it apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from typing import Any

from feedback.core.audience import (
    ACCOUNT_FIELDS,
    CHANNELS,
    CONTACT_FIELDS,
    FACT_KINDS,
    Facts,
    FactTest,
)

_STEP = timedelta(days=1)
_NEVER_TWO = {f"account.{each}" for each in ACCOUNT_FIELDS} | {f"contact.{each}" for each in CONTACT_FIELDS}
"""Fields with one value; a property can be a list."""


def combinations(leaves: Iterable[FactTest], languages: Iterable[str]) -> Iterator[Facts]:
    """Every combination of facts that these tests can tell apart, the one of which nothing is known among them.

    More customers than there are: two facts that exclude one another are combined, too. In a questionnaire of these
    `languages` everybody is asked in one of them, by one of the channels.
    """
    tests: dict[str, list[FactTest]] = defaultdict(list)
    for leaf in leaves:
        if leaf.fact:
            tests[leaf.fact].append(leaf)
    for values in product(*(_values(fact, each, languages) for fact, each in tests.items())):
        yield _facts(dict(zip(tests, values, strict=True)))


def count(leaves: Iterable[FactTest], languages: Iterable[str]) -> int:
    """How many combinations there are at most."""
    size, tests = 1, defaultdict(list)
    for leaf in leaves:
        if leaf.fact:
            tests[leaf.fact].append(leaf)
    for fact, each in tests.items():
        size *= len(_values(fact, each, languages))
    return size


def possible(fact: str, languages: Iterable[str]) -> tuple[str, ...] | None:
    """Every value of a fact with few of them; None for any other."""
    return {"survey.language": tuple(languages), "survey.channel": CHANNELS}.get(fact)


def named(tests: Iterable[FactTest]) -> list[str]:
    """The values that tests of one fact name, and those round their bounds, each once."""
    found = [str(each).lower() if isinstance(each, bool) else str(each) for each in _named(list(tests))]
    return list(dict.fromkeys(found))


def _values(fact: str, tests: Iterable[FactTest], languages: Iterable[str]) -> list[Any]:
    """One value for each combination of tests that some value passes."""
    tests = list(tests)
    found: dict[tuple[bool, ...], Any] = {}
    for value in possible(fact, languages) or _telling(fact, tests):
        known = _facts({fact: value})
        found.setdefault(tuple(test.is_true_of(known) for test in tests), value)
    return list(found.values())


def _telling(fact: str, tests: Iterable[FactTest]) -> Iterator[Any]:
    """No value, those that are named, some beside them, and all of them in a list."""
    named = _named(tests)
    yield None
    yield from named
    yield "\u2026"  # any other value
    if fact not in _NEVER_TWO:
        yield named
        yield from ([one, other] for one in named for other in named if one != other)


def _named(tests: Iterable[FactTest]) -> list[Any]:
    found: list[Any] = []
    for test in tests:
        found += [*(test.is_ or ()), *(test.is_not or ()), *(test.contains or ())]
        for bound in (test.at_least, test.at_most):
            found += _around(bound) if bound is not None else []
    return found


def _around(bound: float | str) -> list[Any]:
    if not isinstance(bound, str):
        return [bound - 1, bound, bound + 1]
    try:
        day = date.fromisoformat(bound)
        return [day - _STEP, day, day + _STEP]
    except (ValueError, OverflowError):
        return [bound]


def _facts(values: Mapping[str, Any]) -> Facts:
    kinds: dict[str, dict[str, Any]] = {kind: {} for kind in FACT_KINDS}
    for fact, value in values.items():
        kind, _, name = fact.partition(".")
        kinds[kind][name] = value
    return Facts(**kinds)
