"""The linter's own sentences in the reader's language.

Findings are English, each with what it was made of (`TranslatableText`); here they are translated. The catalogues
are `feedback/locales/lint/*.po`, and nothing of them is loaded for English: `feedback lint` must start fast.
A rewrite that is a sentence of the questionnaire stays as it is, in the questionnaire's language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from feedback.core.text.translatable import TranslatableText
from feedback.lint.engine.rule import Finding, Rule
from feedback.lint.engine.runner import Result
from feedback.lint.engine.suppression import Accepted

LANGUAGES = ("en", "tr", "fa")


def translated(text: str, language: str) -> str:
    """A sentence of the linter in a language; as it is where the catalogue does not know it."""
    if language not in LANGUAGES or language == LANGUAGES[0] or not text:
        return text
    from feedback.i18n import translator  # noqa: PLC0415 - brings Babel, which English does without

    translate = translator("lint", language)
    apart = _apart if translate.direction == "rtl" else str
    if not isinstance(text, TranslatableText):
        told = translate.gettext(text)
        return told if told == text else _CODE.sub(lambda match: apart(match[0]), told)
    params = {name: _filled(value, language, apart) for name, value in text.params.items()}
    return _CODE.sub(lambda match: apart(match[0]), translate.gettext(text.template, **params))


_CODE = re.compile(r"`[^`]*`")


def _filled(value: object, language: str, apart: Callable[[str], str]) -> object:
    if isinstance(value, TranslatableText):
        return translated(value, language)
    return apart(value) if isinstance(value, str) and value else value


def _apart(text: str) -> str:
    """A quotation with a direction of its own: "1-50" stays "1-50" in a Persian sentence."""
    return f"\u2068{text}\u2069"


def in_language(problems: Iterable[Finding], language: str) -> list[Finding]:
    """The same findings with message, reason and advice in a language."""
    return [
        replace(
            each,
            message=translated(each.message, language),
            why=translated(each.why, language),
            rewrite=translated(each.rewrite, language),
        )
        for each in problems
    ]


def result_in_language(result: Result, language: str) -> Result:
    """A file's result, with what was accepted in it."""
    accepted = [
        Accepted(in_language([each.problem], language)[0], each.suppression) for each in result.accepted
    ]
    return replace(result, problems=in_language(result.problems, language), accepted=accepted)


def rule_in_language(rule: Rule, language: str) -> Rule:
    """What a rule says about itself; its examples stay in their own languages."""
    return replace(
        rule,
        title=translated(rule.title, language),
        why=translated(rule.why, language),
        suppress=translated(rule.suppress, language),
    )
