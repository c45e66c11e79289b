"""The customer's page through the test client."""

from __future__ import annotations

from tests.web.conftest import Site


def test_the_first_page_asks_the_first_question(site: Site) -> None:
    page = site.get()
    assert page.status_code == 200
    assert "How likely are you to recommend us?" in page.text
    assert page.text.count('type="radio"') == 11
