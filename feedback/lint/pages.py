"""The pages of the rules in docs/rules/, made from what the rules say about themselves.

`python -m feedback.lint.pages` writes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from feedback.core.text.translatable import message
from feedback.lint.engine.rule import Rule
from feedback.lint.reporters.translation import rule_in_language, translated
from feedback.lint.rules import EVERY_RULE

DIRECTORY = Path("docs/rules")
TIERS = {
    "D": message("decided by structure"),
    "L": message("word lists and patterns"),
    "H": message("a heuristic"),
}
NOT_LIKE_THIS, LIKE_THIS, EXCEPTIONS = message("Not like this"), message("Like this"), message("Exceptions")
NEVER = message("Errors of this rule cannot be suppressed.")
REASON, AUTHOR = message("a sentence that a colleague can judge"), message("your-name")
WRITTEN = message("`feedback lint --accept` writes it")


def pages() -> Mapping[str, str]:
    """File name -> text of every page, the index included."""
    return {"README.md": _index(), **{f"{rule.id}.md": page(rule) for rule in EVERY_RULE}}


def page(rule: Rule, language: str = "en") -> str:
    """One rule, for a reader who has just seen a finding."""
    rule = rule_in_language(rule, language)
    parts = [
        f"# {rule.id}",
        f"{rule.title}.",
        "*" + " · ".join(translated(fact, language) for fact in _facts(rule)) + "*",
        rule.why,
        f"## {translated(NOT_LIKE_THIS, language)}\n\n" + _list(rule.bad),
        f"## {translated(LIKE_THIS, language)}\n\n" + _list(rule.good),
        f"## {translated(EXCEPTIONS, language)}\n\n" + _exceptions(rule, language),
    ]
    return "\n\n".join(parts) + "\n"


def _facts(rule: Rule) -> Iterator[str]:
    yield from (rule.severity, TIERS[rule.tier], message("since {version}", version=rule.since))
    if rule.xm:
        yield message("best practice {number}", number=str(rule.xm))
    if rule.qas:
        yield message("QAS item {item}", item=rule.qas)
    if rule.stage == "preview":
        yield message("preview: never fails a build")


def _list(examples: tuple[str, ...]) -> str:
    return "\n".join(f"- {' / '.join(example.splitlines())}" for example in examples)


def _exceptions(rule: Rule, language: str) -> str:
    if not rule.suppressible:
        return translated(NEVER, language)
    reason = f"{rule.suppress}\n\n" if rule.suppress else ""
    because, author = translated(REASON, language), translated(AUTHOR, language)
    return (
        reason + "```yaml\nlint:\n  suppress:\n"
        f"    - rule: {rule.id}\n      question: the-key\n      reason: {because}\n"
        "      category: accepted-risk # mandated, validated-instrument, trend, false-positive\n"
        f"      by: {author}\n      wording: ... # {translated(WRITTEN, language)}\n```"
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
