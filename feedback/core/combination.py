"""Tests of single subjects, combined by `all`, `any` and `not`: the shape that all conditions of the format share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator

from feedback.core.text.translatable import message


class Combination(BaseModel):
    """A test of one subject, or `all` / `any` / `not` over several conditions.

    A vocabulary of conditions is a subclass. It has the fields named in `SUBJECTS` (at most one is set) with their
    tests, and the fields `all`, `any` and `not_`, whose parts are of the same class.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, defer_build=True
    )

    SUBJECTS: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()
    """Each subject with the fields that can test it."""

    @property
    def subject(self) -> str | None:
        """The kind of subject that a single test looks at; None for a combination."""
        return next((name for name, _ in self.SUBJECTS if getattr(self, name) is not None), None)

    def places(self) -> Iterator[tuple[tuple[str | int, ...], Self]]:
        """The single tests, each with the way to it from here: ("all", 0, "not")."""
        if self.subject is not None:
            yield (), self
        for name in ("all", "any"):
            for number, part in enumerate(self._group(name) or ()):
                yield from (((name, number, *path), leaf) for path, leaf in part.places())
        for part in self._group("not_") or ():
            yield from ((("not", *path), leaf) for path, leaf in part.places())

    def leaves(self) -> Iterator[Self]:
        """The single tests in the condition."""
        yield from (leaf for _, leaf in self.places())

    def judged(self, passes: Callable[[Self], bool]) -> bool:
        """Whether the condition holds, if `passes` says so of its single tests."""
        if (group := self._group("all")) is not None:
            return all(part.judged(passes) for part in group)
        if (group := self._group("any")) is not None:
            return any(part.judged(passes) for part in group)
        inverted = self._group("not_")
        return not inverted[0].judged(passes) if inverted else passes(self)

    def _group(self, name: str) -> Sequence[Self] | None:
        found = getattr(self, name)
        return (found,) if name == "not_" and found is not None else found

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        groups = [name for name in ("all", "any", "not_") if self._group(name) is not None]
        named = [(name, tests) for name, tests in self.SUBJECTS if getattr(self, name) is not None]
        known = dict.fromkeys(test for _, tests in self.SUBJECTS for test in tests)
        used = [test for test in known if getattr(self, test) is not None]
        if named and groups:
            raise ValueError(
                message(
                    "`{subject}:` and all/any/not do not go together; put the test inside the list.",
                    subject=named[0][0],
                )
            )
        if len(named) + len(groups) != 1 or (groups and used):
            subjects = ", ".join(f"`{name}:`" for name, _ in self.SUBJECTS)
            raise ValueError(
                message("Write one of {subjects} with a test, or one of all, any, not.", subjects=subjects)
            )
        for name, tests in named:
            possible = ", ".join(test.rstrip("_") for test in tests)
            if not used:
                raise ValueError(
                    message("Say how `{name}:` is tested: {possible}.", name=name, possible=possible)
                )
            if strange := [test for test in used if test not in tests]:
                raise ValueError(
                    message(
                        "`{test}` is no test of `{name}:`. Possible tests: {possible}.",
                        test=strange[0].rstrip("_"),
                        name=name,
                        possible=possible,
                    )
                )
        return self
