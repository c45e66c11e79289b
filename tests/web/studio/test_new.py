"""The doors to a new survey, each from its form to the draft."""

from __future__ import annotations

import io
import json
import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from feedback import lint
from feedback.bootstrap import Runtime
from feedback.store.models import StudioText
from tests.web.conftest import SignIn


def stored(runtime: Runtime) -> dict[str, str]:
    with runtime.database.reading() as session:
        return {row.key: row.draft for row in session.scalars(select(StudioText))}


def kept_text(page: str) -> str:
    found = re.search(r'<textarea name="text" hidden[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found
    return unescape(found[1])


def upload(client: FlaskClient, data: bytes, name: str = "survey.json") -> tuple[int, str]:
    answer = client.post("/studio/new/file", data={"file": (io.BytesIO(data), name)})
    return answer.status_code, answer.text


def test_a_blank_survey_gets_a_key_of_its_title_and_a_question_of_its_metric(
    sign_in: SignIn, runtime: Runtime
) -> None:
    client = sign_in("lead")
    form = {"title": "Müşteri desteği", "language": "tr", "also": ["fa"], "metric": "ces"}
    for key in ("musteri-destegi", "musteri-destegi-2"):
        answer = client.post("/studio/new", data=form)
        assert answer.status_code == 303
        assert answer.location == f"/studio/{key}"
        made = lint.read(stored(runtime)[key]).questionnaire
        assert made
        assert made.languages == ("tr", "fa")
        assert [each.type for each in made.questions] == ["ces", "text"]


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"title": " ", "language": "en"}, 422, "Give the survey a title"),
        ({"title": "x" * 201, "language": "en"}, 422, "Give the survey a title"),
        ({"title": "Support", "language": "xx"}, 422, "Choose at least one language."),
        ({"title": "Support", "language": "en", "metric": "joy"}, 422, "Choose what to measure"),
        ({"title": "Support", "language": "en", "key": "Ünsinn!"}, 422, "Choose another key"),
        ({"title": "Support", "language": "en", "key": "new"}, 422, "Choose another key"),
        ({"title": "Support", "language": "en", "key": "relationship-nps"}, 409, "Choose another key"),
    ],
)
def test_a_blank_survey_that_cannot_be_made_keeps_what_was_typed(
    sign_in: SignIn, runtime: Runtime, form: dict[str, str], status: int, said: str
) -> None:
    answer = sign_in("lead").post("/studio/new", data=form)
    assert answer.status_code == status
    assert said in answer.text
    assert not form["title"].strip() or f'value="{form["title"][:200]}' in answer.text
    assert stored(runtime) == {}


def test_a_template_shows_what_it_asks_and_is_copied_with_the_chosen_languages(
    sign_in: SignIn, runtime: Runtime
) -> None:
    client = sign_in("lead")
    assert 'href="/studio/new/gallery/task-seq"' in client.get("/studio/new/gallery").text
    assert "Overall, how difficult or easy was the task" in client.get("/studio/new/gallery/task-seq").text
    form = {"key": "relationship-nps", "language": "fa", "also": ["en", "fa"]}
    assert client.post("/studio/new/gallery/task-seq", data=form).status_code == 409
    answer = client.post("/studio/new/gallery/task-seq", data=form | {"key": "my-seq"})
    assert answer.location == "/studio/my-seq"
    made = lint.read(stored(runtime)["my-seq"]).questionnaire
    assert made
    assert made.languages == ("fa", "en")


def test_items_of_the_bank_are_put_together_in_their_order(sign_in: SignIn, runtime: Runtime) -> None:
    client = sign_in("lead")
    assert "Brooke, J. (1996)" in client.get("/studio/new/items").text
    form = {"title": "Two items", "language": "en", "item": ["sus-1", "nps"]}
    assert client.post("/studio/new/items", data={**form, "item": []}).status_code == 422
    assert client.post("/studio/new/items", data=form).location == "/studio/two-items"
    made = lint.read(stored(runtime)["two-items"]).questionnaire
    assert made
    assert [each.key for each in made.questions] == ["sus-1", "nps"]


def test_a_pasted_text_is_reported_and_then_kept_under_the_chosen_key(
    sign_in: SignIn, runtime: Runtime
) -> None:
    client = sign_in("lead")
    text = "Support 2026\n\n1. How satisfied are you? (1-5)\n2. Anything <b>else</b>?\n\nBest regards"
    page = client.post("/studio/new/text", data={"text": text}).text
    assert "Nothing is stored yet." in page
    assert "Best regards" in page
    assert "Read as the type “csat”. Check it." in page
    assert stored(runtime) == {}
    made = kept_text(page)
    again = client.post("/studio/new/draft", data={"text": made, "key": "relationship-nps"})
    assert again.status_code == 409
    assert kept_text(again.text) == made
    answer = client.post("/studio/new/draft", data={"text": made, "key": "my-support"})
    assert answer.location == "/studio/my-support"
    assert stored(runtime)["my-support"] == made.replace("key: support-2026", "key: my-support")


def test_a_file_is_read_and_a_wrong_one_refused_with_a_sentence(sign_in: SignIn, runtime: Runtime) -> None:
    client = sign_in("lead")
    survey = {"pages": [{"elements": [
        {"type": "html", "name": "n", "html": "Only words"}, {"type": "signaturepad", "name": "s"},
        {"type": "comment", "name": "a", "title": "<script>x</script>?"}]}]}  # fmt: skip
    status, page = upload(client, json.dumps(survey).encode())
    assert status == 200
    assert "SurveyJS" in page
    assert "<script>x" not in page
    assert "1 of 2 questions of the source were carried over. The draft has 1 question." in " ".join(
        page.split()
    )
    assert re.findall(r'<li (value="\d+"|class="unnumbered")>', page) == ['class="unnumbered"', 'value="1"']
    status, page = upload(client, b"%PDF-1.7 ...", "a.pdf")
    assert status == 422
    assert "This is a PDF file." in page
    assert client.post("/studio/new/file").status_code == 422
    assert stored(runtime) == {}


def test_the_doors_speak_persian_from_right_to_left(sign_in: SignIn) -> None:
    client = sign_in("lead")
    client.post("/language", data={"language": "fa"})
    page = client.post("/studio/new/text", data={"text": "۱. چقدر از پشتیبانی راضی هستید؟ (۱ تا ۵)"}).text
    assert 'dir="rtl"' in page
    assert "csat" in page


@pytest.mark.parametrize("who", ["cem", "viewer"])
def test_only_people_who_write_surveys_can_begin_one(sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert client.get("/studio/new").status_code == 403
    for door in ("", "/gallery/task-seq", "/items", "/text", "/file", "/draft"):
        assert client.post(f"/studio/new{door}").status_code == 403
