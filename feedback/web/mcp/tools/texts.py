"""Tools for writing questions: check a text, and explain a rule of question design."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from feedback.errors import NotFound
from feedback.lint.pages import page
from feedback.lint.rules import EVERY_RULE
from feedback.lint.rules.word_rules import WORD_RULES
from feedback.services.questionnaires import publishing
from feedback.services.staff.api_keys import Scope
from feedback.services.studio import live_lint
from feedback.services.studio.live_lint import PlacedFinding, Surroundings
from feedback.web.api.resources.questionnaires import LONGEST_TEXT
from feedback.web.api.shapes import Short
from feedback.web.mcp.tool import Arguments, Result, Tool, ToolContext

MOST_FINDINGS = 50
_OF_WORDS = frozenset(each.RULE.id for each in WORD_RULES)
_RULES = {rule.id: rule for rule in EVERY_RULE}


class LintArguments(Arguments):
    text: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=LONGEST_TEXT)] = Field(
        description="the wording of one question, or a questionnaire in YAML"
    )
    language: Literal["en", "tr", "fa"] = Field("en", description="of one question")


class RuleArguments(Arguments):
    rule: Short | None = Field(None, description="without it: all rules")


def lint_text(context: ToolContext, asked: LintArguments) -> Result:
    """The linter's findings. The wording of one question is held to the rules about words only."""
    rules = publishing.Rules(context.runtime.settings)
    library = context.runtime.library
    settings = rules.for_session(context.session, context.now)
    around = Surroundings(settings, library.journey, library.questionnaires)
    if is_one_question(asked.text):
        checked = live_lint.check(_as_questionnaire(asked.text, asked.language), "", around, "en")
        found = [each for each in checked.findings if each.finding.rule in _OF_WORDS]
        told: Result = {"checked": "the wording of one question"}
    else:
        checked = live_lint.check(asked.text, "", around, "en")
        found = list(checked.findings)
        told = {
            "checked": "a questionnaire",
            "publishable": not checked.counts.get("error"),
            "accepted": checked.accepted,
        }
    told["findings"] = [_finding(each, lines="publishable" in told) for each in found[:MOST_FINDINGS]]
    if len(found) > MOST_FINDINGS:
        told["more"] = len(found) - MOST_FINDINGS
    return {**told, "link": context.link("questionnaires.index")}


def is_one_question(text: str) -> bool:
    """Whether a text is no questionnaire: nothing in it begins the list of questions."""
    return not any(line.startswith("questions:") for line in text.splitlines())


def _as_questionnaire(wording: str, language: str) -> str:
    """The smallest questionnaire with this question. JSON is YAML, too."""
    question = {"key": "question", "type": "text", "text": {language: wording}}
    whole = {"key": "text", "title": {language: "-"}, "languages": [language], "questions": [question]}
    return json.dumps(whole, ensure_ascii=False)


def _finding(each: PlacedFinding, *, lines: bool) -> Result:
    found = each.finding
    told = {
        "rule": found.rule,
        "severity": found.severity,
        "message": found.message,
        "words": found.quoted,
        "rewrite": found.rewrite,
    }
    if lines:
        told |= {"line": str(each.place.line), "question": found.question, "language": found.language}
    return {name: value for name, value in told.items() if value}


def explain_rule(context: ToolContext, asked: RuleArguments) -> Result:
    """Why a rule is there, with its source and examples. Raises NotFound with rules of a similar name."""
    if asked.rule is None:
        listed = {rule.id: rule.title for rule in sorted(EVERY_RULE, key=lambda each: each.id)}
        return {"rules": listed}
    if asked.rule not in _RULES:
        near = get_close_matches(asked.rule, _RULES, n=5, cutoff=0.4) or sorted(_RULES)
        raise NotFound(f"There is no rule {asked.rule!r}. Perhaps: {', '.join(near)}.")
    link = context.link("questionnaires.rule", rule=asked.rule)
    return {"rule": asked.rule, "explanation": page(_RULES[asked.rule]), "link": link}


TEXT_TOOLS = (
    Tool(
        "lint_text",
        "Checks a question or questionnaire against the rules of question design (leading, double-barrelled, scales "
        "...), with rewrites. Stores nothing.",
        LintArguments,
        lint_text,
        (Scope.QUESTIONNAIRES_READ,),
    ),
    Tool(
        "explain_rule",
        "A rule of question design: reason, source, examples.",
        RuleArguments,
        explain_rule,
        (Scope.QUESTIONNAIRES_READ,),
    ),
)
