"""The pages lead where they say they lead, and all of them can be found from the index."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from feedback.cli import main

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

LINK = re.compile(r"!?\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(?P<text>.+?) *$", re.MULTILINE)
COMMAND = re.compile(r"`feedback (?P<words>[a-z][a-z-]*(?: [a-z][a-z-]*)?)")


def pages() -> list[Path]:
    """Every Markdown file of the project, without what tools have put beside them."""
    top = list(ROOT.glob("*.md"))
    places = (DOCS, ROOT / ".github", ROOT / "instance", ROOT / "feedback", ROOT / "questionnaires")
    return sorted([*top, *(path for place in places for path in place.rglob("*.md"))])


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The ids of headings as repository hosts make them: lower case, hyphens for spaces, no punctuation."""
    titles = (match["text"].lower() for match in HEADING.finditer(prose(page)))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def broken(page: Path) -> Iterator[str]:
    for match in LINK.finditer(prose(page)):
        target, _, anchor = unquote(match["target"]).partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        place = (page.parent / target).resolve() if target else page
        if not place.exists():
            yield f"{match['target']}: there is no such file"
        elif anchor and (place.suffix != ".md" or anchor not in anchors(place)):
            yield f"{match['target']}: there is no such heading"


@pytest.mark.parametrize("page", pages(), ids=name)
def test_every_link_between_files_leads_somewhere(page: Path) -> None:
    assert list(broken(page)) == []


def test_a_link_that_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One thing: here\n[a](other.md) ![b](b.png) [c](#one-thing-here) [d](#two) [e](https://example.com)\n"
    )
    assert list(broken(page)) == [
        "other.md: there is no such file",
        "b.png: there is no such file",
        "#two: there is no such heading",
    ]


def test_the_index_leads_to_every_page_of_the_docs() -> None:
    index = DOCS / "README.md"
    linked = {(DOCS / match["target"]).resolve() for match in LINK.finditer(prose(index))}
    assert [name(page) for page in DOCS.glob("*.md") if page != index and page not in linked] == []
    assert index in {(ROOT / match["target"]).resolve() for match in LINK.finditer(prose(ROOT / "README.md"))}


def test_every_picture_is_shown_on_a_page() -> None:
    shown = {
        (page.parent / match["target"]).resolve() for page in pages() for match in LINK.finditer(prose(page))
    }
    assert [name(path) for path in (DOCS / "screenshots").iterdir() if path not in shown] == []


def commands() -> Iterator[tuple[str, str]]:
    """(page, command) for every command that a hand-written page names."""
    for page in pages():
        if (DOCS / "rules") not in page.parents:
            yield from ((name(page), match["words"]) for match in COMMAND.finditer(prose(page)))


def test_every_command_that_a_page_names_exists() -> None:
    named = set(commands())
    assert len(named) > 30
    unknown = []
    for page, words in sorted(named):
        first, _, second = words.partition(" ")
        command = main.get_command(click.Context(main), first)
        group = isinstance(command, click.Group) and second
        if command is None or (group and second not in command.commands):
            unknown.append(f"{page}: feedback {words}")
    assert unknown == []


def test_no_page_repeats_the_address_of_the_repository() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = project["urls"]["Homepage"]
    assert [name(page) for page in pages() if base in page.read_text(encoding="utf-8")] == []
