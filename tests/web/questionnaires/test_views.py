"""The room of the questionnaires: what is in force, what is wrong with it, and how it looks."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from feedback import clock, lint, resources
from feedback.bootstrap import Runtime
from feedback.core.text.message import segments
from feedback.services.questionnaires import publishing, review
from feedback.store.models import Link, Response, User
from feedback.web.questionnaires.views import LONGEST, named
from tests.factories_surveys import RECOMMEND, questionnaire
from tests.web.conftest import SignIn

BAD = """\
key: bad
title: Bad
languages: [en]
questions:
  - key: score
    type: csat
    text: How great was our fast and friendly service?
"""


def test_every_questionnaire_in_force_is_on_the_shelf_with_its_stages(sign_in: SignIn, app: Flask) -> None:
    page = sign_in("viewer").get("/questionnaires/").text
    for key in app.extensions["feedback"].library.questionnaires:
        assert f"/questionnaires/{key}" in page
    assert "Every 90 days" in page


def test_a_page_shows_purpose_answers_and_each_question_in_a_frame(sign_in: SignIn) -> None:
    response = sign_in("cem").get("/questionnaires/relationship-nps")
    assert "frame-src 'self'" in response.headers["Content-Security-Policy"]
    assert "/questionnaires/relationship-nps/preview/en/score" in response.text
    persian = sign_in("cem").get("/questionnaires/relationship-nps?language=fa").text
    assert "/questionnaires/relationship-nps/preview/fa/score" in persian


def test_a_preview_is_the_customer_s_page_and_may_stand_in_our_frame_only(sign_in: SignIn) -> None:
    response = sign_in("cem").get("/questionnaires/support-call-csat/preview/fa/satisfaction")
    assert 'dir="rtl"' in response.text
    assert "از کمک ما دربارهٔ درخواستتان" in response.text
    assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("key", ["satisfaction", "solved", "comment"])
def test_questions_after_certain_answers_have_a_preview_too(sign_in: SignIn, key: str) -> None:
    assert sign_in("cem").get(f"/questionnaires/support-call-csat/preview/tr/{key}").status_code == 200


@pytest.mark.parametrize("address", ["nothing", "relationship-nps/preview/xx/score", "rules/nothing"])
def test_what_there_is_not_is_not_found(sign_in: SignIn, address: str) -> None:
    assert sign_in("cem").get(f"/questionnaires/{address}").status_code == 404


def test_the_text_message_says_what_it_costs_and_which_letter_doubles_it(sign_in: SignIn) -> None:
    page = sign_in("lead").get("/questionnaires/support-call-csat").text
    assert "UCS-2" in page
    assert "GSM-7" in page
    assert "ğ (U+011F)" in page


def test_a_character_that_cannot_be_seen_is_named_by_its_number() -> None:
    hidden = segments("a\u2028b").first_costly
    assert hidden is not None
    assert named(hidden) == "(U+2028)"


def test_the_price_is_segments_times_the_price_of_one(runtime: Runtime) -> None:
    survey = runtime.library.questionnaire("support-call-csat")
    for text in review.text_messages(survey, runtime.settings):
        assert text.text is not None
        assert text.counted == segments(text.text)
        assert text.cost == text.counted.count * runtime.settings.twilio.cost_per_segment


def test_the_questions_of_a_conversation_by_sms_have_their_price(runtime: Runtime) -> None:
    words = {"price": {"en": "Price", "fa": "قیمت"}, "speed": {"en": "Speed", "fa": "سرعت"}}
    options = [{"key": key, "text": text} for key, text in words.items()]
    reason = {
        "key": "why",
        "type": "single",
        "text": {"en": "Why, {company}?", "fa": "چرا؟"},
        "options": options,
    }
    asked = questionnaire(RECOMMEND, {**reason, "by_sms": True}, languages=("en", "fa"))
    english, persian = review.further_messages(asked, runtime.settings)
    company = runtime.settings.organisation.name
    assert english.text == f"Why, {company}?\nReply with a number:\n1 Price\n2 Speed"
    assert persian.text == "چرا؟\nشمارهٔ پاسخ را بفرستید:\n۱ قیمت\n۲ سرعت"
    assert english.counted is not None
    assert persian.counted is not None
    assert (english.counted.encoding, persian.counted.encoding) == ("GSM-7", "UCS-2")
    assert english.cost == runtime.settings.twilio.cost_per_segment
    quiet = questionnaire(RECOMMEND, reason, languages=("en", "fa"))
    assert review.further_messages(quiet, runtime.settings) == []


def test_answers_by_invitation_and_by_open_link_are_counted(runtime: Runtime) -> None:
    with runtime.database.reading() as session:
        found = review.answered(session, ["relationship-nps", "offboarding"])
    assert found.get("relationship-nps", 0) > 0
    assert found.get("offboarding", 0) == 0


# --- The linter -----------------------------------------------------------------------------------


def test_a_pasted_draft_is_checked_at_once(sign_in: SignIn) -> None:
    page = sign_in("cem").post("/questionnaires/check", data={"text": BAD}).text
    assert "line 7" in page
    assert "/questionnaires/rules/double-barrelled" in page
    assert "fast and friendly" in page


@pytest.mark.parametrize(
    ("language", "message", "title"),
    [
        ("tr", "Bir soruda iki şey", "Sorular olumlu sorulur"),
        ("fa", "دو چیز در یک پرسش", "پرسش‌ها مثبت پرسیده می‌شوند"),
    ],
)
def test_the_linter_speaks_the_readers_language_and_quotes_the_questionnaires(
    sign_in: SignIn, runtime: Runtime, language: str, message: str, title: str
) -> None:
    with runtime.database.writing() as session:
        session.execute(update(User).where(User.email == "cem@example.com").values(language=language))
    client = sign_in("cem")
    page = client.post("/questionnaires/check", data={"text": BAD}).text
    assert message in page
    assert "fast and friendly" in page
    assert title in client.get("/questionnaires/rules/negation").text


def test_what_is_pasted_stays_text_and_is_not_kept(sign_in: SignIn, runtime: Runtime) -> None:
    client = sign_in("cem")
    page = client.post("/questionnaires/check", data={"text": "key: </textarea><script>x</script>"}).text
    assert "<script>x" not in page
    assert "script&gt;x" not in client.get("/questionnaires/check").text


def test_htmx_gets_the_findings_alone(sign_in: SignIn) -> None:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    page = sign_in("cem").post("/questionnaires/check", data={"text": BAD}, headers=headers).text
    assert "double-barrelled" in page
    assert "<html" not in page


def test_a_draft_that_is_too_long_is_not_even_read(sign_in: SignIn) -> None:
    response = sign_in("cem").post("/questionnaires/check", data={"text": "a" * (LONGEST + 1)})
    assert response.status_code == 422
    assert "Shorten the text to" in response.text


def test_every_rule_has_a_page_with_its_reason(sign_in: SignIn) -> None:
    from feedback.lint.rules import EVERY_RULE

    client = sign_in("viewer")
    for rule in EVERY_RULE:
        assert client.get(f"/questionnaires/rules/{rule.id}").status_code == 200


def test_a_file_that_has_changed_since_the_start_is_noticed(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    findings = review.Findings([tmp_path])
    (checked,) = findings.check(runtime.library, lint.LintContext()).values()
    assert checked.changed
    assert checked.result.problems
    (tmp_path / "bad.yaml").write_text(BAD.replace("fast and friendly", "support"), encoding="utf-8")
    (again,) = findings.check(runtime.library, lint.LintContext()).values()
    assert {each.rule for each in checked.result.problems} > {each.rule for each in again.result.problems}


def test_what_is_in_force_and_in_the_file_is_told_to_be_the_same(app: Flask, sign_in: SignIn) -> None:
    assert "The file has changed" not in sign_in("lead").get("/questionnaires/relationship-nps").text


ENDING = r"The trend bridge expires on|This survey is no longer sent\.|being sent\. Start a new trend|No issues found"


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (30, ["No issues found"]),
        (5, ["expires", "The trend bridge expires on", "being sent. Start a new trend"]),
        (-1, ["expired", "This survey is no longer sent."]),
    ],
)
def test_a_bridge_that_ends_soon_is_told_on_the_shelf_and_on_its_page(
    runtime: Runtime, sign_in: SignIn, days: int, told: list[str]
) -> None:
    until = (clock.now() + timedelta(days=days)).date().isoformat()
    known = runtime.library.questionnaires["relationship-nps"]
    runtime.library.questionnaires["relationship-nps"] = known.model_copy(update={"trend_bridge": until})
    client = sign_in("lead")
    pages = client.get("/questionnaires/").text, client.get("/questionnaires/relationship-nps").text
    shelf, page = re.findall("expires|expired", pages[0]), re.findall(ENDING, pages[1])
    assert [*shelf, *page] == told


# --- Open links -----------------------------------------------------------------------------------

POSTER = {"name": "Lobby", "kind": "poster", "language": "tr"}


def opened(app: Flask) -> Link:
    with app.extensions["feedback"].database.reading() as session:
        return session.scalars(select(Link)).one()


def test_a_lead_opens_a_link_prints_its_code_and_withdraws_it(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("lead")
    page = client.post("/questionnaires/relationship-nps/links", data=POSTER, follow_redirects=True).text
    link = opened(app)
    assert f"/in/{link.token}" in page
    code = client.get(f"/questionnaires/links/{link.id}/code.svg")
    assert code.mimetype == "image/svg+xml"
    assert code.text.startswith("<svg")
    assert client.get(f"/in/{link.token}").status_code == 200
    client.post(f"/questionnaires/links/{link.id}/withdraw")
    assert client.get(f"/in/{link.token}").status_code == 410


def test_an_embedded_form_comes_with_its_html(app: Flask, sign_in: SignIn) -> None:
    form = {**POSTER, "kind": "embed", "origins": "https://www.example.com"}
    page = sign_in("lead").post("/questionnaires/relationship-nps/links", data=form, follow_redirects=True)
    assert "&lt;iframe id=" in page.text
    assert opened(app).origins == ["https://www.example.com"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"kind": "billboard"},
        {"kind": "embed", "origins": "*"},
        {"kind": "embed", "origins": "https://[::1"},
        {"kind": "embed", "origins": " ".join(f"https://w{number}.example.com" for number in range(21))},
        {"kind": "embed", "origins": "https://www.example.com:99999"},
        {"kind": "embed", "origins": "https://user:password@www.example.com"},
        {"kind": "embed", "origins": 'https://www".example.com'},
    ],
)
def test_a_link_that_makes_no_sense_is_refused(sign_in: SignIn, wrong: dict[str, str]) -> None:
    response = sign_in("lead").post("/questionnaires/relationship-nps/links", data={**POSTER, **wrong})
    assert response.status_code == 422


def test_a_lead_sees_which_share_of_a_links_responses_is_suspicious(app: Flask, sign_in: SignIn) -> None:
    client = sign_in("lead")
    page = client.post("/questionnaires/relationship-nps/links", data=POSTER, follow_redirects=True).text
    assert "Suspicious" not in page
    link, runtime = opened(app), app.extensions["feedback"]
    with runtime.database.writing() as session:
        version = runtime.library.published(session, link.questionnaire, clock.now()).id
        for number in range(4):
            session.add(
                Response(
                    link_id=link.id, visit=f"v{number}", version_id=version, questionnaire=link.questionnaire,
                    source="poster", channel="none", language="en", state="complete", provisional=number > 0,
                    answered_at=clock.now(), updated_at=clock.now(),
                )
            )  # fmt: skip
    page = client.get("/questionnaires/relationship-nps").text
    assert "Suspicious, not counted: 75% (3 of 4)" in page.replace("\u202f", "").replace("\xa0", "")
    assert "1 response" in page


def test_only_leads_open_links(sign_in: SignIn) -> None:
    assert sign_in("cem").post("/questionnaires/relationship-nps/links", data=POSTER).status_code == 403
    assert "New link" not in sign_in("cem").get("/questionnaires/relationship-nps").text


# --- Warnings that somebody lets stand ------------------------------------------------------------

DRAFT = """\
key: parking
title: Parking
purpose: Decide whether to build more places.
languages: [en]
trend: parking
questions:
  - key: solved
    type: thumbs
    text: Was the car park not full?
    purpose: Count full days.
"""


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A file with a warning, written after the start."""
    file = tmp_path / "questionnaires" / "parking.yaml"
    file.parent.mkdir()
    file.write_text(DRAFT, encoding="utf-8")
    return file


def buttons(page: str) -> list[dict[str, str]]:
    """The forms that let a warning stand, as they would be sent."""
    forms = re.findall(r'<form action="[^"]*/findings".*?</form>', page, re.S)
    return [dict(re.findall(r'name="(rule|question|wording)" value="([^"]*)"', form)) for form in forms]


def test_a_new_file_is_on_the_shelf_and_shown_before_it_is_in_force(draft: Path, sign_in: SignIn) -> None:
    draft.write_text(DRAFT.replace("not full", "full"), encoding="utf-8")
    client = sign_in("lead")
    assert "Drafts" in client.get("/questionnaires/").text
    page = client.get("/questionnaires/parking").text
    assert "Draft. It goes live at the next restart." in page
    assert "New link" not in page
    assert client.get("/questionnaires/parking/preview/en/solved").status_code == 200


def test_a_draft_with_open_warnings_does_not_promise_to_go_live(draft: Path, sign_in: SignIn) -> None:
    page = sign_in("lead").get("/questionnaires/parking").text
    assert "Draft. It is not live." in page
    assert "It goes live at the next restart." not in page


@pytest.mark.parametrize("text", ["key: parking\n\ttitle: x\n", "key: parking\ntitel: {en: Parking}\n"])
def test_a_file_that_cannot_be_read_is_shown_with_its_errors(draft: Path, sign_in: SignIn, text: str) -> None:
    client = sign_in("lead")
    draft.write_text(text, encoding="utf-8")
    page = client.get("/questionnaires/").text
    assert "Files with errors" in page
    assert "parking.yaml" in page
    assert re.search(r"line 2\b", page)


def test_a_lead_lets_a_warning_stand_with_one_click_and_the_page_says_who_did(
    draft: Path, sign_in: SignIn, runtime: Runtime
) -> None:
    client = sign_in("lead")
    page = client.get("/questionnaires/parking").text
    assert "With the last one you accept, the file goes live at once." in page
    (form,) = buttons(page)
    assert form["rule"] == "negation"
    page = client.post("/questionnaires/parking/findings", data=form, follow_redirects=True).text
    assert "Accepted by Lena Lead on" in page
    assert buttons(page) == []
    assert "Fix these warnings" not in page
    assert "Warning accepted. This text is live everywhere within five seconds." in page
    assert "restart" not in page
    assert "New link" in page  # it is in force
    with runtime.database.writing() as session:
        publishing.load(session, runtime.settings, clock.now())


def test_a_wording_that_nobody_has_seen_cannot_be_let_stand(draft: Path, sign_in: SignIn) -> None:
    client = sign_in("lead")
    (form,) = buttons(client.get("/questionnaires/parking").text)
    draft.write_text(DRAFT.replace("not full", "not too full today"), encoding="utf-8")
    assert client.post("/questionnaires/parking/findings", data=form).status_code == 409
    assert client.post("/questionnaires/nothing/findings", data=form).status_code == 404


def test_only_leads_let_warnings_stand(draft: Path, sign_in: SignIn) -> None:
    form = {"rule": "negation", "question": "solved", "wording": "123456"}
    assert sign_in("cem").post("/questionnaires/parking/findings", data=form).status_code == 403
    assert buttons(sign_in("cem").get("/questionnaires/parking").text) == []


def test_a_draft_is_held_against_what_is_published(sign_in: SignIn) -> None:
    shipped = (resources.shipped("questionnaires") / "relationship-nps.yaml").read_text(encoding="utf-8")
    changed = shipped.replace("type: nps", "type: csat").replace("instrument: nps", "instrument: csat")
    page = sign_in("cem").post("/questionnaires/check", data={"text": changed}).text
    assert "/questionnaires/rules/trend-scale-changed" in page


def test_a_finding_is_written_in_the_direction_of_its_reader(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        session.execute(update(User).where(User.email == "lead@example.com").values(language="fa"))
    draft = "key: mine\ntitle: Visit\nlanguages: [en]\nquestions:\n  - {key: q, type: csat, text: Was it never late?}\n"
    page = sign_in("lead").post("/questionnaires/check", data={"text": draft}).text
    findings = page.partition('<ol class="findings')[2].partition("</ol>")[0]
    assert 'lang="en"' not in findings
    assert re.search("<p>[^<]*[\u0600-\u06ff]", findings)
