"""The form of a questionnaire, without JavaScript."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from feedback import clock, lint
from feedback.bootstrap import Runtime
from feedback.services.studio import drafts
from feedback.store.models import Account
from feedback.web.studio import frame, preview
from feedback.web.studio.form import page
from tests.web.conftest import SignIn

KEY = "relationship-nps"
PAGE = f"/studio/{KEY}/edit"


@pytest.fixture
def lead(sign_in: SignIn) -> FlaskClient:
    return sign_in("lead")


def text_of(runtime: Runtime, key: str = KEY) -> str:
    with runtime.database.reading() as session:
        return drafts.find(session, frame.directories(runtime), key).text


def test_texts_are_saved_into_their_own_lines(lead: FlaskClient, runtime: Runtime) -> None:
    before = text_of(runtime).splitlines()
    data = {"base": "0", "do": "save", "text|questions.improve.text|en": "What is missing: anything?"}
    assert lead.post(PAGE, data=data).status_code == 303
    after = text_of(runtime).splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [("      en: What could we do better?", '      en: "What is missing: anything?"')]


def test_a_question_is_added_asked_conditionally_duplicated_moved_deleted_and_brought_back(
    lead: FlaskClient, runtime: Runtime
) -> None:
    first = text_of(runtime)
    steps = [
        {"do": "add-question single", "at": "3"},
        {
            "do": "add-option questions.single other",
            "text|questions.single.text|en": "Which part?",
            "text|questions.single.options.option-1.text|en": "Price",
            "text|questions.single.options.option-1.text|tr": "Fiyat",
            "if|questions.single.show_if": "score|at_most|6",
            "flag": "questions.single.required",
            "on": "questions.single.required",
        },
        {"do": "duplicate questions.single"},
        {"do": "move questions.single-2 1"},
        {"do": "delete questions.single-2"},
    ]
    for base, step in enumerate(steps):
        answer = lead.post(PAGE, data={"base": str(base), **step})
        assert answer.status_code == 303, answer.text
    page = lead.get(PAGE).text
    assert "the score is 6 or lower" in page
    after = text_of(runtime)
    assert "show_if: {question: score, at_most: 6}" in after
    assert "{key: option-1, text: {en: Price, tr: Fiyat}}" in after
    assert "role: other" in after
    lines = after.splitlines()
    assert [line for line in first.splitlines() if line not in lines] == []


def test_what_was_deleted_comes_back_byte_for_byte_by_the_undo_of_the_page(
    lead: FlaskClient, runtime: Runtime
) -> None:
    before = text_of(runtime)
    answer = lead.post(PAGE, data={"base": "0", "do": "delete questions.keep"}, follow_redirects=True)
    assert "Draft saved." in answer.text
    fields = dict(re.findall(r'name="(start|length)" value="(\d+)"', answer.text))
    put = re.search(r'name="put"[^>]*>\n(.*?)</textarea>', answer.text, re.S)
    assert put
    lead.post(PAGE, data={"base": "1", "do": "undo", "put": unescape(put[1]).replace("\n", "\r\n"), **fields})
    assert text_of(runtime) == before


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"base": "7", "do": "save"}, 409, "Somebody else saved this text"),
        ({"base": "0", "do": "delete questions.score"}, 422, "Change the conditions first"),
        ({"base": "0", "do": "move questions.improve 0"}, 422, "has to come after the question"),
        ({"base": "0", "do": "add-option questions.gone"}, 422, "no longer in the text"),
        ({"base": "0", "do": "add-question slider", "at": "0"}, 422, "Choose a type"),
        ({"base": "0", "do": "add-rule"}, 422, "Give the follow-up a title"),
        (
            {"base": "0", "do": "save", "word|follow_ups.detractor.contact_within": "soon"},
            422,
            "not a duration",
        ),
        ({"base": "0", "do": "nonsense"}, 422, "Choose what to do"),
        ({"base": "0", "do": "save", "if|questions.keep.show_if": "score|at_most|x"}, 422, "Choose a number"),
    ],
)
def test_what_is_refused_is_told_changes_nothing_and_loses_nothing(
    lead: FlaskClient, runtime: Runtime, sent: dict[str, str], status: int, said: str
) -> None:
    before = text_of(runtime)
    typed = {"text|questions.score.text|en": "My <own> words", "text|questions.gone.text|en": "Lost?"}
    if "option" in sent["do"] or sent["base"] == "0":
        typed.pop("text|questions.gone.text|en")
    answer = lead.post(PAGE, data={**sent, **typed})
    assert answer.status_code == status
    assert said in answer.text
    assert "My &lt;own&gt; words" in answer.text
    assert status == 422 or "Lost?" in answer.text
    assert text_of(runtime) == before


def test_a_finding_stands_beside_its_text_and_its_wording_is_applied_by_one_click(
    lead: FlaskClient, runtime: Runtime
) -> None:
    lead.post(
        PAGE,
        data={"base": "0", "text|questions.improve.text|en": "How many times did you contact our support?"},
    )
    page = lead.get(PAGE).text
    assert 'id="t-questions-improve-text-en-found"' in page
    button = re.search(r'value="(rewrite questions\.improve\.text en [a-z-]+)"', page)
    assert button
    answer = lead.post(PAGE, data={"base": "1", "do": button[1]})
    assert answer.status_code == 303
    assert "      en: In the last 3 months, how many times did you contact our support?\n" in text_of(runtime)


def test_the_line_with_the_state_leads_to_the_first_issue_and_not_only_to_its_question(
    lead: FlaskClient,
) -> None:
    def first() -> str:
        page = lead.get(PAGE).text
        anchor = re.search(r'href="#([^"]+)">Go to the first one', page)
        assert anchor
        assert f'id="{anchor[1]}"' in page
        return anchor[1]

    lead.post(PAGE, data={"base": "0", "text|questions.improve.text|en": "Don't you agree?"})
    assert first() == "t-questions-improve-text-en"
    lead.post(PAGE, data={"base": "1", "word|questions.score.purpose": ""})
    assert first() == "questions-score-found"


def test_the_lowest_and_the_highest_score_are_said_without_or(lead: FlaskClient) -> None:
    page = lead.get(PAGE, query_string={"open": "questions.improve"}).text
    assert ">the score is 0<" in page
    assert ">the score is 1 or lower<" in page
    assert ">the score is 10<" in page


def test_a_missing_name_of_the_organisation_is_told_with_the_way_to_set_it(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    said, link = "Your organisation has no name yet, so {company} stays empty", 'href="/settings/brand"'
    assert said not in sign_in("lead").get(PAGE).text
    for view in (page.QuestionnaireForm, preview.Preview):
        monkeypatch.setattr(view, "company", "")
    for address in (PAGE, f"/studio/{KEY}/preview"):
        assert said in sign_in("lead").get(address).text
        assert link not in sign_in("lead").get(address).text
        assert link in sign_in("admin").get(address).text


def test_a_text_that_is_no_yaml_is_shown_with_the_line_and_can_not_be_edited(lead: FlaskClient) -> None:
    lead.post(f"/studio/{KEY}/text", data={"base": "0", "text": "key: [a\n"})
    page = lead.get(PAGE)
    assert page.status_code == 200
    assert "Fix this on the YAML tab first" in page.text
    assert lead.post(PAGE, data={"base": "1", "do": "save"}).status_code == 422


def test_a_draft_without_findings_says_so_and_never_that_it_is_valid(lead: FlaskClient) -> None:
    page = lead.get(PAGE).text
    assert "No issues found." in page
    assert "valid" not in page.lower().replace("validated", "")


def test_who_may_only_read_gets_a_form_that_cannot_be_used(sign_in: SignIn) -> None:
    client = sign_in("viewer")
    page = client.get(PAGE).text
    assert 'name="do" value="delete' not in page
    assert '<fieldset class="bare" disabled>' in page
    assert client.post(PAGE, data={"base": "0", "do": "save"}).status_code == 403


def test_the_menu_asks_about_the_customer_and_says_so_in_a_sentence(
    lead: FlaskClient, runtime: Runtime
) -> None:
    with runtime.database.writing() as session:
        now = clock.now()
        session.add_all(
            Account(external_id=name, name=name, segment=name, created_at=now, updated_at=now)
            for name in ("smb", "enterprise")
        )
    page = lead.get(f"{PAGE}?open=questions.improve").text
    assert '<optgroup label="About the customer">' in page
    assert '<option value="account.segment|is|enterprise">Segment is “enterprise”</option>' in page
    assert '<option value="survey.channel|is_not|sms">Channel is not “SMS”</option>' in page
    data = {
        "base": "0",
        "do": "save",
        "if|questions.improve.show_if": ["score|at_most|6", "account.segment|is|enterprise"],
    }
    assert lead.post(PAGE, data=data).status_code == 303
    written = text_of(runtime)
    assert "{account: segment, is: enterprise}" in written
    again = unescape(lead.get(f"{PAGE}?open=questions.improve").text)
    assert "the score is 6 or lower and Segment is “enterprise”" in again
    assert '<option value="account.segment|is|enterprise" selected>' in again


def test_a_condition_on_nothing_that_is_known_is_refused(lead: FlaskClient, runtime: Runtime) -> None:
    before = text_of(runtime)
    for wrong in ("weather.sun|is|out", "account.segment|band|x", "account.segment|is|"):
        data = {"base": "0", "do": "save", "if|questions.improve.show_if": wrong}
        answer = lead.post(PAGE, data=data)
        assert answer.status_code == 422
        assert "Choose what must be known of the customer." in answer.text
    assert text_of(runtime) == before


def test_a_choice_can_be_asked_by_sms_too(lead: FlaskClient, runtime: Runtime) -> None:
    flag = "questions.score.by_sms"
    assert f'value="{flag}"' in lead.get(f"{PAGE}?open=questions.score").text
    assert 'value="questions.improve.by_sms"' not in lead.get(f"{PAGE}?open=questions.improve").text
    assert lead.post(PAGE, data={"base": "0", "do": "save", "flag": flag, "on": flag}).status_code == 303
    assert "by_sms: true" in text_of(runtime)


def test_an_issue_is_kept_with_a_reason_where_it_is(lead: FlaskClient, runtime: Runtime) -> None:
    typed = {"of": "questions.improve", "text|questions.improve.text|en": "How great was our service?"}
    lead.post(PAGE, data={"base": "0", **typed})
    page = lead.get(PAGE).text
    button = re.search(r'value="accept ([a-z-]+) improve"', page)
    assert button
    sent = {"base": "1", "do": f"accept {button[1]} improve", **typed}
    refused = lead.post(PAGE, data={**sent, f"reason|{button[1]}|improve": "because"})
    assert refused.status_code == 422
    assert 'value="because"' in refused.text
    lead.post(PAGE, data={**sent, f"reason|{button[1]}|improve": "The board has asked for these words."})
    assert "The board has asked for these words." in text_of(runtime)
    assert f'value="accept {button[1]} improve"' not in lead.get(PAGE).text


def test_what_a_lead_needs_for_blocks_tables_bounds_links_and_keys_is_in_the_form(
    lead: FlaskClient, runtime: Runtime
) -> None:
    steps = [
        {"do": "add-question matrix", "at": "1"},
        {"do": "add-row questions.matrix", "text|questions.matrix.rows.row-1.text|en": "Speed"},
        {"do": "add-question number", "at": "2"},
        {"do": "save", "amount|questions.number.min": "1", "amount|questions.number.max": "99,5",
         "number|questions.number.decimals": "1"},
        {"do": "add-question date", "at": "3"},
        {"do": "save", "word|questions.date.min": "2026-01-01"},
        {"do": "add-block", "in|new": "matrix", "if|new": "score|at_most|6"},
        {"do": "save", "block": "blocks.0", "in|blocks.0": "number"},
        {"do": "rename questions.score", "key|questions.score": "likely"},
        {"do": "save", "link|thanks.0": "https://acme.example/help"},
        {"do": "save", "text|thanks.0.link.text|en": "Get help"},
    ]  # fmt: skip
    for base, step in enumerate(steps):
        answer = lead.post(PAGE, data={"base": str(base), **step})
        assert answer.status_code in (200, 303), answer.text
    text = text_of(runtime)
    data = lint.read(text).data
    asked = {each["key"]: each for each in data["questions"]}
    assert [row["key"] for row in asked["matrix"]["rows"]] == ["row-1", "row-2", "row-3"]
    assert asked["matrix"]["rows"][0]["text"] == {"en": "Speed"}
    assert (asked["number"]["min"], asked["number"]["max"]) == (1, 99.5)
    assert asked["date"]["min"] == "2026-01-01"
    assert data["blocks"] == [{"questions": ["number"], "show_if": {"question": "likely", "at_most": 6}}]
    assert data["thanks"][0]["link"] == {"url": "https://acme.example/help", "text": {"en": "Get help"}}
    assert "question: score" not in text
    page = lead.get(f"{PAGE}?open=questions.number&open=questions.date").text
    for value in ('value="99.5"', 'value="2026-01-01"', 'value="https://acme.example/help"', "Get help"):
        assert value in page


def test_a_change_to_another_part_does_not_stop_a_change(lead: FlaskClient, runtime: Runtime) -> None:
    page = lead.get(PAGE).text
    seen = dict(re.findall(r'name="of" value="([^"]+)"><input type="hidden" name="seen" value="(\w+)"', page))
    lead.post(PAGE, data={"base": "0", "text|questions.score.text|en": "Somebody else's question?"})
    for part, status in (("questions.improve", 303), ("questions.score", 409), ("follow_ups", 303)):
        sent = {
            "base": "0",
            "of": part,
            "seen": seen[part],
            "text|questions.improve.text|en": f"Mine {part}?",
        }
        assert lead.post(PAGE, data=sent).status_code == status, part
        assert ("Mine " + part in text_of(runtime)) is (status == 303)
    assert "Somebody else's question?" in text_of(runtime)


def test_a_script_that_names_a_part_gets_only_that_part(lead: FlaskClient) -> None:
    sent = {"base": "0", "of": "questions.improve", "text|questions.improve.text|en": "What is missing?"}
    answer = lead.post(PAGE, data={**sent, "part": "questions.improve"}, headers={"HX-Request": "true"})
    assert re.findall(r'hx-target="([^"]+)" hx-swap="outerMorph">\s*<', answer.text) == [
        "#status", "#questions-improve",
    ]  # fmt: skip
    assert "What is missing?" in answer.text
    assert 'id="questions-score"' not in answer.text


def test_a_question_that_opens_closes_the_one_that_was_open(lead: FlaskClient) -> None:
    sent = {"base": "0", "of": "questions.improve", "do": "open questions.improve"}
    part = {"part": "questions.improve", "shut": ["questions.score", "nonsense"]}
    answer = lead.post(PAGE, data={**sent, **part}, headers={"HX-Request": "true"}).text
    assert re.findall(r'"partial" hx-target="#([\w-]+)"', answer) == [
        "status",
        "questions-improve",
        "questions-score",
    ]
    assert re.findall(r'id="([\w-]+)-more"', answer) == ["questions-improve"]
    whole = lead.post(
        PAGE, data={**sent, "open": ["follow_ups", "questions.score"]}, headers={"HX-Request": "true"}
    ).text
    assert re.findall(r'name="open" value="(questions[^"]+)"', whole) == ["questions.improve"]
    assert 'name="open" value="follow_ups"' in whole


def test_a_condition_with_four_tests_is_said_by_the_menus_and_a_fifth_is_not_lost(
    lead: FlaskClient, runtime: Runtime
) -> None:
    place = "questions.improve.show_if"
    name = f"if|{place}"
    tests = [f"score|at_most|{point}" for point in (6, 5, 4, 3)]
    lead.post(PAGE, data={"base": "0", "do": "save", name: [*tests, ""], f"how|{place}": "any"})
    assert text_of(runtime).count("{question: score, at_most:") >= len(tests)
    page = lead.get(f"{PAGE}?open=questions.improve").text
    menus = re.findall(rf'<select id="[\w-]+" name="{re.escape(name)}">(.*?)</select>', page, re.S)
    chosen = [re.search(r'value="([^"]+)" selected', menu) for menu in menus]
    assert [each and each[1] for each in chosen] == tests
    lead.post(
        PAGE, data={"base": "1", "do": "save", name: [*tests, "score|at_most|2"], f"how|{place}": "any"}
    )
    five = text_of(runtime)
    page = lead.get(f"{PAGE}?open=questions.improve").text
    assert '<option value="keep" selected>' in page
    lead.post(PAGE, data={"base": "2", "do": "save", name: "keep"})
    assert text_of(runtime) == five


def test_a_part_is_opened_by_its_button_which_saves_and_by_a_link_for_who_may_only_read(
    lead: FlaskClient, runtime: Runtime, sign_in: SignIn
) -> None:
    closed = lead.get(PAGE).text
    assert "if|questions.improve.show_if" not in closed
    assert "Asked always" in closed
    sent = {"base": "0", "do": "open questions.improve", "text|questions.improve.text|en": "What is missing?"}
    answer = lead.post(PAGE, data=sent)
    page = lead.get(answer.location).text
    assert 'name="if|questions.improve.show_if"' in page
    assert 'name="if|questions.score.show_if"' not in page
    assert "What is missing?" in text_of(runtime)
    link = f'href="{PAGE}?open=questions.improve#questions-improve"'
    assert link in sign_in("viewer").get(PAGE).text


def test_to_open_a_part_saves_no_draft(lead: FlaskClient, runtime: Runtime) -> None:
    answer = lead.post(PAGE, data={"base": "0", "of": "questions.score", "do": "open questions.score"})
    assert answer.location == f"{PAGE}?open=questions.score#questions-score"
    with runtime.database.reading() as session:
        assert drafts.find(session, frame.directories(runtime), KEY).edit == 0


def test_the_types_are_in_the_page_once_and_without_a_script_where_they_are_wanted(lead: FlaskClient) -> None:
    page = lead.get(PAGE).text
    assert page.count('value="add-question nps"') == 1
    assert f'href="{PAGE}?add=2#adding-2"' in page
    there = lead.get(f"{PAGE}?add=2").text
    assert there.count('value="add-question nps"') == 1
    assert re.search(r'id="adding-2" open>.*?name="at" value="2"', there, re.S)
