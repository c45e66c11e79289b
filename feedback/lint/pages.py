"""The pages of the rules in docs/rules/, made from what the rules say about themselves.

`python -m feedback.lint.pages` writes them anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from feedback.lint.catalogue import rule_in_language, spoken
from feedback.lint.rule import Rule
from feedback.lint.rules import EVERY_RULE
from feedback.lint.said import say

DIRECTORY = Path("docs/rules")
TIERS = {
    "D": say("decided by structure"),
    "L": say("word lists and patterns"),
    "H": say("a heuristic"),
}
NOT_LIKE_THIS, LIKE_THIS, EXCEPTIONS = say("Not like this"), say("Like this"), say("Exceptions")
NEVER = say("Errors of this rule cannot be suppressed.")
REASON, AUTHOR = say("a sentence that a colleague can judge"), say("your-name")
WRITTEN = say("`feedback lint --accept` writes it")


def pages() -> Mapping[str, str]:
    """File name -> text of every page, the index included."""
    return {"README.md": _index(), **{f"{rule.id}.md": page(rule) for rule in EVERY_RULE}}


def page(rule: Rule, language: str = "en") -> str:
    """One rule, for a reader who has just been told of a finding."""
    rule = rule_in_language(rule, language)
    parts = [
        f"# {rule.id}",
        f"{rule.title}.",
        "*" + " · ".join(spoken(fact, language) for fact in _facts(rule)) + "*",
        rule.why,
        f"## {spoken(NOT_LIKE_THIS, language)}\n\n" + _list(rule.bad),
        f"## {spoken(LIKE_THIS, language)}\n\n" + _list(rule.good),
        f"## {spoken(EXCEPTIONS, language)}\n\n" + _exceptions(rule, language),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(rule: Rule) -> Iterator[str]:
    yield from (rule.severity, TIERS[rule.tier], say("since {version}", version=rule.since))
    if rule.xm:
        yield say("best practice {number}", number=str(rule.xm))
    if rule.qas:
        yield say("QAS item {item}", item=rule.qas)
    if rule.stage == "preview":
        yield say("preview: never fails a build")


def _list(examples: tuple[str, ...]) -> str:
    return "\n".join(f"- {' / '.join(example.splitlines())}" for example in examples)


def _exceptions(rule: Rule, language: str) -> str:
    if not rule.suppressible:
        return spoken(NEVER, language)
    reason = f"{rule.suppress}\n\n" if rule.suppress else ""
    because, author = spoken(REASON, language), spoken(AUTHOR, language)
    return (
        reason + "```yaml\nlint:\n  suppress:\n"
        f"    - rule: {rule.id}\n      question: the-key\n      reason: {because}\n"
        "      category: accepted-risk # mandated, validated-instrument, trend, false-positive\n"
        f"      by: {author}\n      wording: ... # {spoken(WRITTEN, language)}\n```"
    )


def _index() -> str:
    lines = [
        "# Lint rules",
        "",
        "Made by `python -m feedback.lint.pages`; edit the rules, not these pages.",
        "",
    ]
    lines += [
        "| rule | what it asks for | severity | decided by | best practice |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rule in sorted(EVERY_RULE, key=lambda each: each.id):
        lines.append(
            f"| [{rule.id}]({rule.id}.md) | {rule.title} | {rule.severity} | {TIERS[rule.tier]} | "
            f"{rule.xm or ''} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes the pages and removes those of rules that are gone."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for old in DIRECTORY.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (DIRECTORY / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
