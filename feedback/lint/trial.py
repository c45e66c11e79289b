"""One text as the word rules see it: its views, and which phrases of which list match where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from feedback.lint.engine.rule import Rule
from feedback.lint.languages.lexicon import IDIOMS, Lexicon, Pattern
from feedback.lint.text.sentence import NAME, Stem, prepare

HIDDEN, SET_ASIDE = "·", "█"
"""How the main clause shows what is hidden from the rules, and names, quotations and fixed phrases."""
_PAIRS = ("poles.pairs", "reading-level.officialese", "reading-level.arcane")


@dataclass(frozen=True, slots=True)
class Matched:
    """A phrase of a list that matches: `start` and `end` count characters of the text as it was written."""

    list: str
    phrase: str
    kind: str
    start: int
    end: int
    words: str
    view: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The views of a text. `masked` has names and fixed phrases set aside, `main` subordinate clauses as well."""

    language: str
    written: str
    folded: str
    masked: str
    main: str
    matches: tuple[Matched, ...]

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def trial(text: str, words: Lexicon, rule: str = "") -> Trial:
    """What the lists of `rule` (of every rule where it is empty) and the fixed phrases find in a text."""
    stem = prepare(text, words)
    names = [each for each in words.names if each not in _PAIRS and (not rule or _concerns(each, rule))]
    matches = [match for name in names for match in _matches(name, stem, words)]
    return Trial(
        words.language,
        text,
        stem.text,
        stem.plain.replace(NAME, SET_ASIDE),
        _marked(stem),
        tuple(sorted(matches, key=lambda each: (each.list, each.start, each.end))),
    )


def _concerns(name: str, rule: str) -> bool:
    return name.startswith(f"{rule}.") or name in (IDIOMS, "opaque.clauses")


def _marked(stem: Stem) -> str:
    hidden = (
        HIDDEN if here == " " != there else here for here, there in zip(stem.main, stem.text, strict=True)
    )
    return "".join(hidden).replace(NAME, SET_ASIDE)


def _matches(name: str, stem: Stem, words: Lexicon) -> Iterator[Matched]:
    """Every phrase of a list in the text; a list that finds nothing at all is not looked at phrase by phrase."""
    view, text = ("text", stem.text) if name == IDIOMS else ("masked", stem.plain)
    if not words.search(name, text):
        return
    phrases = [("words", phrase, Pattern(phrase)) for phrase in words.plain.get(name, ())]
    patterns = [("pattern", each.form, each) for each in words.patterns.get(name, ())]
    for kind, shown, pattern in (*phrases, *patterns):
        for found in words.own(pattern, grammar=kind == "pattern").finditer(text):
            start, end = stem.normalised.span(*found.span())
            in_main = stem.main[found.start() : found.end()] == text[found.start() : found.end()]
            where = "main clause" if in_main else view
            yield Matched(name, shown, kind, start, end, stem.quote(*found.span()), where)


def shown(found: Trial, rules: Sequence[Rule], rule: str = "") -> str:
    """The trial for a person at a terminal."""
    title = next((each.title for each in rules if each.id == rule), "")
    lines = [f"Rule: {rule}, {title}."] if title else []
    lines += [
        f"As written:  {found.written}",
        f"Folded:      {found.folded}",
        f"Set aside:   {found.masked}",
        f"Main clause: {found.main}",
        f"({SET_ASIDE} is a name, a quotation or a fixed phrase; {HIDDEN} is hidden from rules about the main clause.)",
        "",
    ]
    for each in found.matches:
        where = f"{each.start + 1}-{each.end}"
        lines.append(f"{each.list}: “{each.words}” at {where} ({each.view}), {each.kind}: {each.phrase}")
    return "\n".join([*lines, *([] if found.matches else ["No phrase of these lists matches."])])
