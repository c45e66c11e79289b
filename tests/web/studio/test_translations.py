"""The page of translations: a story without JavaScript, an agency's file, and two people at one text."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import unescape
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.text.localized import direction
from feedback.errors import NotFound
from feedback.services.studio import drafts
from feedback.web.studio import frame
from tests.factories_desk import PASSWORD
from tests.services.studio.translations.examples import SURVEY
from tests.web.browsing import PHONE, Open, enter, fits, is_accessible
from tests.web.conftest import SignIn

STEM = "questions.score.text"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}

KEYS = (f"visit-{number}" for number in count())


@pytest.fixture(scope="module")
def lead(office_app: Flask) -> FlaskClient:
    """A lead who stays signed in; each test has a survey of its own."""
    client = office_app.test_client()
    client.post("/login", data={"email": "lead@example.com", "password": PASSWORD})
    return client


@dataclass
class Survey:
    """One survey in the studio, and a client that has its page open."""

    client: FlaskClient
    runtime: Runtime
    key: str

    @property
    def page(self) -> str:
        return f"/studio/{self.key}/translations"

    @property
    def draft(self) -> drafts.StudioDraft:
        with self.runtime.database.reading() as session:
            return drafts.find(session, frame.directories(self.runtime), self.key)

    def put(self, text: str) -> None:
        """Somebody else saves the draft."""
        with self.runtime.database.writing() as session:
            try:
                base = drafts.find(session, [], self.key).edit
            except NotFound:
                base = 0
            drafts.save(session, self.key, text, base=base, by=1, now=clock.now())

    def save(self, name: str, words: str, page: str = "", **headers: str) -> TestResponse:
        """Fill in the form of one text, of a page that may have been opened before."""
        opened = page or self.client.get(f"{self.page}?language=tr").text
        data = form(opened, name) | {"translation": words}
        return self.client.post(self.page, data=data, headers=headers)


def form(page: str, name: str) -> dict[str, str]:
    """The hidden fields of the form of one text."""
    item = page.partition(f'<li class="translation" id="{name}">')[2].partition("</li>")[0]
    return {k: unescape(v) for k, v in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', item)}


@pytest.fixture
def survey(lead: FlaskClient, office: Runtime) -> Survey:
    survey = Survey(lead, office, next(KEYS))
    survey.put(SURVEY)
    return survey


def test_a_lead_translates_a_survey_without_a_script(sign_in: SignIn, runtime: Runtime) -> None:
    survey = Survey(sign_in("lead"), runtime, "visit")
    survey.put(SURVEY)
    page = survey.client.get(survey.page).text
    assert "3 of 10 texts translated (30%) · 7 missing" in page
    answer = survey.save("thanks.1.text", "Teşekkürler!\r\n")
    assert answer.location == f"{survey.page}?language=tr#thanks.1.text"
    assert "4 of 10 texts translated (40%)" in survey.client.get(survey.page).text
    changed = [line for line in survey.draft.text.splitlines() if line not in SURVEY.splitlines()]
    assert changed == ["thanks: {en: Thank you!, tr: Teşekkürler!}"]

    survey.put(survey.draft.text.replace("How easy was it", "How hard was it"))
    page = survey.client.get(f"{survey.page}?show=open").text
    assert "How <del>easy</del><ins>hard</ins> was it" in page
    assert "1 with a changed source" in page
    survey.save(STEM, "{company} kullanmak ne kadar kolaydı?")  # it is still right
    assert "with a changed source" not in survey.client.get(survey.page).text


def test_a_translation_that_loses_a_placeholder_is_kept_on_the_page_and_not_saved(
    survey: Survey,
) -> None:
    answer = survey.save(STEM, "Kolay mıydı?")
    assert answer.status_code == 422
    assert "Add {company} to the translation: the source has it." in answer.text
    assert "Kolay mıydı?</textarea>" in answer.text
    assert survey.draft.text == SURVEY
    fragment = survey.save(STEM, "", **HTMX)
    assert "Enter a translation." in fragment.text
    assert "<html" not in fragment.text


def test_nobody_overwrites_what_somebody_else_wrote_but_other_texts_do_not_matter(
    survey: Survey,
) -> None:
    page = survey.client.get(f"{survey.page}?language=tr").text
    survey.save(STEM, "{company} zor muydu?")
    answer = survey.save(STEM, "{company} nasıldı?", page)
    assert answer.status_code == 409
    assert "{company} zor muydu?</bdi>" in answer.text
    assert "{company} nasıldı?</textarea>" in answer.text
    assert "Saved." in survey.save("title", "Geldiniz", page, **HTMX).text
    assert "Geldiniz" in survey.draft.text


@pytest.mark.parametrize("kind", ["xlf", "po"])
def test_a_file_goes_to_an_agency_and_comes_back(survey: Survey, kind: str) -> None:
    answer = survey.client.get(f"{survey.page}/tr.{kind}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{survey.key}.tr.{kind}"'

    def upload(content: bytes, **fields: str) -> TestResponse:
        data = {"language": "tr", "file": (io.BytesIO(content), f"x.{kind}"), **fields}
        return survey.client.post(f"{survey.page}/files", data=data)

    old, new, broken = ("Ziyaretiniz", "Ziyaret", "{odd}")
    assert upload(answer.data.replace(old.encode(), new.encode())).status_code == 303
    assert "title: {en: Your visit, tr: Ziyaret}" in survey.draft.text
    wrong = answer.data.replace(old.encode(), broken.encode()).replace(b"Zor", b"Zorlu")
    refused = upload(wrong)
    assert refused.status_code == 422
    assert "To save the 1 others" in refused.text
    assert "Zorlu" not in survey.draft.text
    assert "These texts were not saved:" in upload(wrong, others="1").text
    assert "Zorlu" in survey.draft.text


def test_a_language_is_added_and_begins_with_nothing(survey: Survey) -> None:
    assert survey.client.post(f"{survey.page}/languages", data={"language": "fa"}).status_code == 303
    assert "languages: [en, tr, fa]" in survey.draft.text
    page = survey.client.get(f"{survey.page}?language=fa").text
    assert "0 of 10 texts translated" in page
    assert f'lang="fa" dir="{direction("fa")}"' in page
    assert survey.client.post(f"{survey.page}/languages", data={"language": "fa"}).status_code == 422
    assert survey.client.post(f"{survey.page}/languages", data={"language": "xx"}).status_code == 422


def test_findings_of_the_linter_stand_beside_the_translation(survey: Survey) -> None:
    survey.save("questions.reason.text", "Harika hizmetimizin ve ürünümüzün nedeni neydi?")
    page = survey.client.get(f"{survey.page}?language=tr").text
    item = page.partition('id="questions.reason.text"')[2].partition('<li class="translation"')[0]
    assert "/questionnaires/rules/" in item


def test_a_text_that_breaks_the_format_says_so(survey: Survey) -> None:
    survey.put("key: visit\n")
    assert "Fix these problems first" in survey.client.get(survey.page).text
    assert survey.client.get("/studio/journey/translations").status_code == 404
    assert survey.client.get(f"{survey.page}/tr.doc").status_code == 404


def test_others_read_and_change_nothing(survey: Survey, office_app: Flask) -> None:
    viewer = office_app.test_client()
    viewer.post("/login", data={"email": "viewer@example.com", "password": PASSWORD})
    assert "<textarea" not in viewer.get(survey.page).text
    for address in (survey.page, f"{survey.page}/languages", f"{survey.page}/files"):
        assert viewer.post(address).status_code == 403


@pytest.mark.browser
def test_a_text_is_saved_in_place_and_both_pages_are_accessible(site: str, open_page: Open) -> None:
    page = open_page(viewport=PHONE, color_scheme="dark")
    enter(page, site, "lead")
    page.goto(f"{site}/studio/onboarding-ces/translations?language=fa")
    item = page.locator('[id="questions.effort.text"]')
    item.locator("textarea").fill("شروع کار با {company} چقدر راحت یا سخت بود؟")
    item.get_by_role("button", name="Save").click()
    item.get_by_text("Saved.").wait_for()
    item.locator("textarea").fill("شروع کار چقدر راحت بود؟")
    item.get_by_role("button", name="Save").click()
    item.get_by_text("Add {company} to the translation").wait_for()
    assert item.locator("textarea").input_value() == "شروع کار چقدر راحت بود؟"
    assert page.locator("#progress").count() == 1
    is_accessible(page)
    fits(page)
    page.goto(f"{site}/studio/journey/edit?stage=renewal&outlook=1")
    is_accessible(page)
    fits(page)
