"""Turns jumps ("after answer B go to section 3") into conditions of the questions that they skip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from feedback.services.studio.importing import notes
from feedback.services.studio.importing.outline import Condition, OutlineQuestion, SurveyOutline


@dataclass(frozen=True, slots=True)
class Jump:
    """After question number `at`, go on with question number `target` instead of `first` (numbers from 0).

    `condition` is None if the jump is always taken. `words` describe it for the report.
    """

    at: int
    first: int
    target: int
    condition: Condition | None
    words: str


def apply_jumps(outline: SurveyOutline, jumps: Sequence[Jump]) -> None:
    """Ask each question only if no jump skips it. Of several jumps at one question, the first that holds is taken."""
    earlier: dict[int, list[Condition]] = {}
    for jump in sorted(jumps, key=lambda each: each.at):
        question = outline.questions[jump.at]
        before = earlier.setdefault(jump.at, [])
        if jump.target <= jump.at:
            outline.lost(question.code, notes.JUMP_BACK, jump=jump.words)
            continue
        if jump.condition in before:
            continue
        own = _answer_to(jump.condition, outline.questions[jump.at])
        # Of a question with one answer, no two answers hold at once.
        parts: list[Condition] = (
            [] if own and question.type == "single" else [{"not": each} for each in before]
        )
        if jump.condition:
            parts.append(jump.condition)
            before.append(jump.condition)
        if not own:  # the jump is only taken by people who reach the question
            parts += question.conditions
        skipped = outline.questions[jump.first : jump.target]
        if not parts and skipped:
            outline.lost(question.code, notes.JUMP, jump=jump.words)
        elif skipped:
            taken = parts[0] if len(parts) == 1 else {"all": parts}
            for each in skipped:
                each.ask_only_if({"not": taken, "source": jump.words})
            outline.guessed(question.code, notes.SKIPS)


def _answer_to(condition: Condition | None, question: OutlineQuestion) -> bool:
    """Whether a condition is one on the answer to this question, which only people who were asked it have given."""
    if condition is None or "answered" in condition or "question" not in condition:
        return False
    return bool(condition["question"] == question.code)
