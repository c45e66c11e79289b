"""The pages of the rules in docs/rules/, made from what the rules say about themselves.

`python -m feedback.lint.pages` writes them anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from feedback.lint.rule import Rule
from feedback.lint.rules import EVERY_RULE

DIRECTORY = Path("docs/rules")
TIERS = {"D": "decided by structure", "L": "word lists and patterns", "H": "a heuristic"}


def pages() -> Mapping[str, str]:
    """File name -> text of every page, the index included."""
    return {"README.md": _index(), **{f"{rule.id}.md": page(rule) for rule in EVERY_RULE}}


def page(rule: Rule) -> str:
    """One rule, for a reader who has just been told of a finding."""
    facts = [f"{rule.severity}", TIERS[rule.tier], f"since {rule.since}"]
    if rule.xm:
        facts.append(f"best practice {rule.xm}")
    if rule.qas:
        facts.append(f"QAS item {rule.qas}")
    if rule.stage == "preview":
        facts.append("preview: never fails a build")
    parts = [f"# {rule.id}", f"{rule.title}.", "*" + " · ".join(facts) + "*", rule.why]
    parts.append("## Not like this\n\n" + _list(rule.bad))
    parts.append("## Like this\n\n" + _list(rule.good))
    parts.append("## Exceptions\n\n" + _exceptions(rule))
    return "\n\n".join(parts) + "\n"


def _list(examples: tuple[str, ...]) -> str:
    return "\n".join(f"- {' / '.join(example.splitlines())}" for example in examples)


def _exceptions(rule: Rule) -> str:
    if not rule.suppressible:
        return "Errors of this rule cannot be suppressed."
    reason = f"{rule.suppress}\n\n" if rule.suppress else ""
    return (
        reason + "```yaml\nlint:\n  suppress:\n"
        f"    - rule: {rule.id}\n      question: the-key\n      reason: a sentence that a colleague "
        "can judge\n"
        "      category: accepted-risk # mandated, validated-instrument, trend, false-positive\n"
        "      by: your-name\n      wording: ... # `feedback lint --accept` writes it\n```"
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
