from __future__ import annotations

import gzip

import pytest

from feedback.web.survey.compression import GappedPage, compressed

STYLE = "<style>" + "p{color:red}" * 200 + "</style>"
PAGE = (
    STYLE
    + '<a href="WHERE">one</a>'
    + "<p>again and again</p>" * 30
    + '<a href="WHERE">two</a>'
    + "WHAT"
    + STYLE
)
GAPS = {"WHERE": 6, "WHAT": 3}


def filled(where: str, what: str) -> bytes:
    return PAGE.replace("WHERE", where).replace("WHAT", what).encode()


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("/abcde", "xyz"),
        ("again ", "ain"),
        ("p{colo", "r:r"),
        ("\0\0\0\0\0\0", "\0\0\0"),
        ("/longer", ""),
        ("é/é/", "ü\0"),
    ],
)
def test_a_page_with_gaps_is_what_it_is_without_them(where: str, what: str) -> None:
    page, values = GappedPage(PAGE, GAPS), {"WHERE": where, "WHAT": what}
    assert page.plain(values) == filled(where, what)
    assert gzip.decompress(page.gzipped(values)) == filled(where, what)


def test_a_page_with_gaps_is_hardly_larger_than_one_without() -> None:
    page = GappedPage(PAGE, GAPS).gzipped({"WHERE": "/abcde", "WHAT": "xyz"})
    assert len(page) <= len(compressed(filled("/abcde", "xyz"))) + 20 * 3


@pytest.mark.parametrize("html", ["", "WHAT", "WHATWHAT", STYLE, "x" * 100_000 + "WHAT" + "x" * 100_000])
def test_pages_of_any_size_are_compressed(html: str) -> None:
    expected = html.replace("WHAT", "abc").encode()
    assert gzip.decompress(GappedPage(html, {"WHAT": 3}).gzipped({"WHAT": "abc"})) == expected
    assert gzip.decompress(compressed(expected)) == expected
