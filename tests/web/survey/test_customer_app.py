"""What stands between a customer's address and the page: the customers' own application."""

from __future__ import annotations

import pytest

from feedback.store.models import Response
from tests.factories_surveys import TOKEN
from tests.web.survey.conftest import Site


def test_a_customer_s_page_sets_no_cookie_and_names_no_page_of_the_staff_s(site: Site) -> None:
    page = site.get()
    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    assert "/login" not in page.text and "/static" not in page.text


def test_a_slash_too_many_in_a_copied_link_does_no_harm(site: Site) -> None:
    assert site.client.get(f"/{TOKEN}/").status_code == 200


@pytest.mark.parametrize("path", [f"/{TOKEN}", f"/{TOKEN}/stop"])
def test_a_method_that_nobody_uses_ends_on_a_customer_s_page(site: Site, path: str) -> None:
    page = site.client.delete(path)
    assert page.status_code == 405
    assert "Not possible here" in page.text and "Acme" in page.text


def test_a_mistake_of_ours_is_a_kind_page_in_the_customer_s_language_and_loud_in_the_log(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a fault on purpose")

    monkeypatch.setattr(site.runtime.library, "of_id", broken)
    page = site.get(headers={"Accept-Language": "tr"})
    assert page.status_code == 500
    assert 'lang="tr"' in page.text and "RuntimeError" not in page.text
    # Where the log goes depends on whether an earlier test of this process has set it up.
    assert "a fault on purpose" in capsys.readouterr().out + caplog.text


def test_a_host_name_that_is_not_ours_is_refused(site: Site) -> None:
    page = site.get(headers={"Host": "evil.example"})
    assert page.status_code == 400 and "evil" not in page.text


def test_a_form_too_large_stores_nothing(site: Site) -> None:
    page = site.post(recommend="9", **{"x": "y" * (3 * 1024 * 1024)})
    assert page.status_code == 413 and "Please shorten it and send it again. Nothing was saved." in page.text
    with site.runtime.database.reading() as session:
        assert session.query(Response).count() == 0
