"""Words of a language are in its pack: no rule, and nothing else of the linter, has them in its code.

A word in an expression of the code belongs to one language, has no examples beside it, and meets texts of all others.
An ending that is written with a set of letters (`[dt][ae]n`) is not recognised as a word.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedback import lint

ROOT = Path(lint.__file__).parent
CODE = sorted(
    file
    for file in ROOT.rglob("*.py")
    if not (file.is_relative_to(ROOT / "languages") and file.parent != ROOT / "languages")
)
FUNCTIONS = frozenset(
    {"compile", "search", "match", "fullmatch", "split", "sub", "subn", "findall", "finditer"}
)
FILLED_IN = "\ue000"
"""Stands for what an f-string fills in."""
SILENT = re.compile(r"\(\?P[<=]\w+[>)]|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}|\\x[0-9a-f]{2}|\\.|\[\^?\]?[^\]]*\]")
"""What holds letters but is no word: names of groups, escapes, and sets of characters."""
WORD = re.compile(r"[^\W\d_]{2,}|[^\W\d_a-zA-Z]")
"""Two letters in a row; of letters beyond a to z, one."""
ALLOWED = {
    (
        "rules/unresolved_placeholder.py",
        "TODO FIXME TBD lorem ipsum",
    ): "marks of a draft, the same in every language",
    ("editing/scalars.py", "null true false yes no on off nan inf"): "values of YAML that are no text",
}
LETTERS = {
    ("rules/undefined_jargon.py", "A-ZÇĞİÖŞÜ"): "capital letters, used in sets",
    ("text/sentence.py", "A-ZÀ-ÖØ-ÞĞİŞА-Я"): "capital letters, used in sets",
    ("text/sentence.py", "\uab53"): "stands for a name; no language writes it",
}


def name_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def constants(tree: ast.AST) -> dict[str, ast.expr]:
    """The names of a module that stand for a string."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.JoinedStr | ast.BinOp):
            found |= {each.id: node.value for each in node.targets if isinstance(each, ast.Name)}
    return found


def written(node: ast.AST, known: dict[str, ast.expr]) -> str:
    """A string as far as the code writes it out, with the constants that it is made from."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(written(each, known) for each in parts)
        case ast.BinOp(left=left, right=right):
            return written(left, known) + written(right, known)
        case ast.FormattedValue(value=ast.Name() as value) | (ast.Name() as value) if value.id in known:
            return written(known[value.id], {each: text for each, text in known.items() if each != value.id})
    return FILLED_IN


def words_in(expression: str) -> list[str]:
    return WORD.findall(SILENT.sub(FILLED_IN, expression))


def expressions(tree: ast.AST) -> Iterator[str]:
    """The regular expressions of a module, and the strings that it makes them from."""
    known = constants(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=function), args=[first, *_]):
                if function in FUNCTIONS:
                    yield written(first, known)


def strings(tree: ast.AST) -> Iterator[str]:
    """Every string of a module but its docstrings and the examples of its rule, which the pages of rules show."""
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()) | ast.Call(func=ast.Name(id="Rule")):
                silent.update(ast.walk(node))
    for node in ast.walk(tree):
        if node in silent or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        silent.update(ast.walk(node))
        yield written(node, {})


def found_in(source: str) -> list[str]:
    return [" ".join(words) for each in expressions(ast.parse(source)) if (words := words_in(each))]


@pytest.mark.parametrize("file", CODE, ids=name_of)
def test_no_expression_of_the_code_has_a_word_of_a_language(file):
    found = found_in(file.read_text("utf-8"))
    assert [each for each in found if (name_of(file), each) not in ALLOWED] == [], (
        "move it to a list of the language's words.yaml or patterns.yaml (docs/language-packs.md)"
    )


@pytest.mark.parametrize("file", CODE, ids=name_of)
def test_no_string_of_the_code_has_letters_beyond_a_to_z(file):
    texts = [
        each for each in strings(ast.parse(file.read_text("utf-8"))) if (name_of(file), each) not in LETTERS
    ]
    letters = [each for each in texts if any(not word.isascii() for word in words_in(each))]
    assert letters == [], "move it to the pack of its language (docs/language-packs.md)"


def test_what_is_allowed_is_still_there():
    code = {name_of(file): ast.parse(file.read_text("utf-8")) for file in CODE}
    expressed = {
        (name, " ".join(words_in(each))) for name, tree in code.items() for each in expressions(tree)
    }
    assert expressed >= ALLOWED.keys()
    assert {(name, each) for name, tree in code.items() for each in strings(tree)} >= LETTERS.keys()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('re.compile(r"\\d+ (?:to|ila) \\d+")', ["to ila"]),
        ('re.search("و", text)', ["و"]),
        ('WORDS = "and|or"\nre.compile(rf"(?:{WORDS})$")', ["and or"]),
        ('END = "m[ae]k" + r"\\b"\nre.compile(END)', []),
        ('re.compile(r"(?P<number>\\d+)[A-ZÇĞ][a-z]+\\u200c(?i:x)\\w*")', []),
        ("re.compile(rf\"\\d {words.either('opaque.number-joints')} \\d\")", []),
    ],
)
def test_words_are_told_from_signs(source, words):
    assert found_in(source) == words
