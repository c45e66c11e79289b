"""The insight pages: who sees what, what is hidden, and what can be taken away."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.i18n import translator
from feedback.services import reports, rollups
from feedback.services.access import Viewer
from feedback.services.customers.revenue import exchange_of
from feedback.store.models import AnswerRow, AuditEntry, User
from tests import factories_reports
from tests.factories_surveys import RECOMMEND, questionnaire, shelf
from tests.web.conftest import SignIn

PAGES = ("/", "/scores/relationship/score", "/comments", "/loop", "/accounts", "/accounts/1", "/quarter")
TREND = "relationship"


def answer(
    runtime: Runtime, value: int, times: int, owner: str | None = None, days: int = 1, **columns: object
) -> None:
    """Some answers to the relationship survey, yesterday or some `days` ago."""
    yesterday = clock.now() - timedelta(days=days)
    with runtime.database.writing() as session:
        user = session.scalar(select(User).where(User.email == f"{owner}@example.com")) if owner else None
        for _ in range(times):
            account = factories_reports.account(session, owner_id=user.id if user else None)
            factories_reports.answered(
                session, value, yesterday, owner=user, person=factories_reports.contact(session, account),
                library=runtime.library, questionnaire="relationship-nps", stage="relationship",
                trend=TREND, question="score", **columns,  # type: ignore[arg-type]
            )  # fmt: skip
        rollups.rebuild(session)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", ["admin", "lead", "viewer"])
def test_whoever_leads_or_looks_sees_every_page(sign_in: SignIn, who: str, page: str) -> None:
    assert sign_in(who).get(f"/insights{page}").status_code == 200


def test_a_stranger_is_led_to_the_door(app) -> None:  # type: ignore[no-untyped-def]
    for page in PAGES:
        assert app.test_client().get(f"/insights{page}").status_code == 302


def test_a_csm_sees_the_score_and_the_words_of_own_accounts_only(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 10, 12, owner="cem", words="from mine")
    answer(runtime, 0, 30, owner="selin", words="from hers")
    client = sign_in("cem")
    page = client.get("/insights/scores/relationship/score").text
    assert "15 responses" in page  # 12, and three of the furnished office
    assert "Breakdown" not in page
    comments = client.get("/insights/comments").text
    assert "from mine" in comments
    assert "from hers" not in comments


def test_a_name_or_an_address_that_a_survey_asked_for_is_no_comment(
    sign_in: SignIn, runtime: Runtime
) -> None:
    mail = {"key": "mail", "type": "text", "text": "Where can we write to you?", "contact": "email"}
    with runtime.database.writing() as session:
        made = factories_reports.answered(
            session,
            9,
            clock.now() - timedelta(days=1),
            words="fine indeed",
            library=shelf(questionnaire(RECOMMEND, mail, key="walk-in")),
            questionnaire="walk-in",
        )
        made.answers.append(AnswerRow(question="mail", text="walked.in@acme.example"))
    page = sign_in("lead").get("/insights/comments").text
    assert "fine indeed" in page
    assert "walked.in@acme.example" not in page


def test_a_comment_has_the_colour_of_its_score(sign_in: SignIn, runtime: Runtime) -> None:
    for value, colour in ((6, "score low"), (7, "score "), (9, "score praise")):
        answer(runtime, value, 1, words=f"words of {value}")
        before, _, _ = sign_in("lead").get("/insights/comments").text.partition(f"words of {value}")
        assert before.rpartition('<span class="score')[2].startswith(f'{colour.removeprefix("score")}">')


def test_a_score_on_somebodys_own_scale_is_counted_with_its_good_points(
    sign_in: SignIn, runtime: Runtime
) -> None:
    scale = {"min": 0, "max": 10, "good": [8, 9, 10]}
    happy = {"key": "happy", "type": "rating", "text": "How happy are you with us?", "scale": scale}
    library = shelf(questionnaire(happy, key="own"))
    with runtime.database.writing() as session:
        for value in [9] * 45 + [3] * 15:
            factories_reports.answered(
                session, value, clock.now() - timedelta(days=1), library=library, questionnaire="own",
                question="happy", trend="own", metric="own_0_10_8_10",
            )  # fmt: skip
        rollups.rebuild(session)
    lead = sign_in("lead")
    page = lead.get("/insights/scores/own/happy").text
    assert "75%" in page and "Good answers" in page and "Other answers" in page
    for page in PAGES:
        assert lead.get(f"/insights{page}").status_code == 200, page


def test_the_chart_of_an_account_joins_the_answers_of_one_person_not_of_one_name(
    sign_in: SignIn, runtime: Runtime
) -> None:
    with runtime.database.writing() as session:
        customer = factories_reports.account(session, "Two of a name")
        people = [factories_reports.contact(session, customer, "Jack Archer") for _ in range(2)]
        about = {"library": runtime.library, "questionnaire": "relationship-nps", "question": "score"}
        for days, person in ((40, people[0]), (9, people[1])):
            at = clock.now() - timedelta(days=days)
            factories_reports.answered(session, 4, at, person=person, trend=TREND, **about)
        address = f"/insights/accounts/{customer.id}"
    lead = sign_in("lead")
    assert 'class="person"' not in lead.get(address).text
    with runtime.database.writing() as session:
        again = session.get_one(type(people[0]), people[0].id)
        factories_reports.answered(session, 9, clock.now(), person=again, trend=TREND, **about)
    assert lead.get(address).text.count('class="person"') == 2  # one line, drawn for a desk and for a phone


def test_an_account_is_found_whatever_the_case_and_accents(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        factories_reports.account(session, "Özdemir Lojistik")
    lead = sign_in("lead")
    for words in ("özdemir", "OZDEMIR", "O\u0308zdemir"):
        assert "Özdemir Lojistik" in lead.get("/insights/accounts", query_string={"search": words}).text


@pytest.mark.parametrize(
    ("dates", "said"),
    [
        ("from=2026-03-09&to=2026-03-01", "not after the last day"),
        ("from=2026-02-31&to=2026-03-01", "not after the last day"),
        ("from=2026-03-01", "not after the last day"),
        ("from=2999-01-01&to=2999-02-01", "in the future"),
        ("from=2026-03-01&to=2026-03-09", ""),
        ("period=30", ""),
    ],
)
@pytest.mark.parametrize("page", ["/", "/scores/relationship/score", "/comments", "/loop"])
def test_dates_that_cannot_be_used_are_named(sign_in: SignIn, page: str, dates: str, said: str) -> None:
    text = sign_in("lead").get(f"/insights{page}?{dates}").text
    for words in ("not after the last day", "in the future"):
        assert (words in text) == (words == said)


def test_a_csm_cannot_look_at_another_one_by_the_address(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 0, 40, owner="selin")
    with runtime.database.reading() as session:
        selin = session.scalars(select(User).where(User.email == "selin@example.com")).one()
    page = sign_in("cem").get(f"/insights/scores/relationship/score?group=owner:{selin.id}").text
    assert "41 responses" not in page
    assert "40 responses" not in page


def test_a_small_group_is_neither_on_the_page_nor_in_the_file(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 10, 40, segment="core")
    answer(runtime, 2, 12, segment="potential")
    answer(runtime, 0, 3, segment="tiny")
    client = sign_in("lead")
    page = client.get("/insights/scores/relationship/score").text
    row = re.search(r"<th scope=\"row\">tiny</th>.*?</tr>", page, re.DOTALL)
    assert row is not None
    assert "too few responses to show" in row[0]
    table = rows(client.get("/insights/scores/relationship/score?export=by-segment.csv").data)
    assert ["tiny", "", "", "", ""] in table
    hidden = [line for line in table if line[1:] == ["", "", "", ""]]
    assert len(hidden) >= 2


def rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_every_table_of_every_page_can_be_taken_away_in_both_forms(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 9, 12, owner="cem", words="fine")
    client = sign_in("lead")
    for page in PAGES:
        links = set(re.findall(r'href="([^"]*export=[^"]*)"', client.get(f"/insights{page}").text))
        for link in links:
            response = client.get(link.replace("&amp;", "&"))
            assert response.status_code == 200, link
            assert "attachment" in response.headers["Content-Disposition"]
            if "xlsx" in link:
                assert zipfile.ZipFile(io.BytesIO(response.data)).testzip() is None
            else:
                assert len(rows(response.data)) > 1, link
        assert links or page == "/quarter"


def test_every_table_of_the_quarter_and_that_of_each_of_its_charts_can_be_taken_away(
    sign_in: SignIn, runtime: Runtime
) -> None:
    closed_and_asked_again(runtime, 12)
    for days in (5, 40):
        answer(runtime, 9, 12, days=days)
    client = sign_in("lead")
    today = clock.now().date()
    page = client.get(f"/insights/quarter?of={today}").text
    offered = set(re.findall(r"export=([^\"&]+)\.csv", page))
    assert offered >= {"scores", "urgency", "outcomes", "trend-relationship-score"}
    (heads, *told) = rows(
        client.get(f"/insights/quarter?of={today}&export=trend-relationship-score.csv").data
    )
    assert heads[:3] == ["From", "To", "Score"]
    assert len(told) == 12


def test_the_whole_of_the_closed_loop_can_be_taken_away(sign_in: SignIn, runtime: Runtime) -> None:
    closed_and_asked_again(runtime, 2)
    page = sign_in("lead").get("/insights/loop").text
    assert {"all", "urgency", "owner", "outcomes"} <= set(re.findall(r"export=([^\"&]+)\.csv", page))


def test_words_that_a_spreadsheet_would_run_are_disarmed(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 2, 1, words='=HYPERLINK("http://evil")')
    client = sign_in("lead")
    table = rows(client.get("/insights/comments?export=comments.csv").data)
    assert '\'=HYPERLINK("http://evil")' in [row[2] for row in table]
    book = zipfile.ZipFile(io.BytesIO(client.get("/insights/comments?export=comments.xlsx").data))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.lower()


def test_the_file_of_accounts_says_in_which_currency_each_pays(sign_in: SignIn) -> None:
    head, *lines = rows(sign_in("lead").get("/insights/accounts?export=accounts.csv").data)
    (northwind,) = [line for line in lines if any("Northwind" in cell for cell in line)]
    assert head[head.index("MRR") + 1] == "Currency"
    assert northwind[head.index("Currency")] == "EUR"


@pytest.mark.parametrize("who", ["cem", "viewer"])
def test_who_may_not_export_is_not_offered_it_and_refused(sign_in: SignIn, who: str) -> None:
    client = sign_in(who)
    assert "export=" not in client.get("/insights/comments").text
    assert client.get("/insights/comments?export=comments.csv").status_code == 403


def test_an_export_is_written_down(sign_in: SignIn, runtime: Runtime) -> None:
    sign_in("lead").get("/insights/accounts?export=accounts.csv")
    with runtime.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "exported")).one()
    assert (entry.subject, entry.detail) == ("accounts", {"table": "accounts", "file": "csv"})


@pytest.mark.parametrize(
    "address",
    [
        "/scores/nonsense/score",
        "/accounts/999999",
        "/comments?export=nonsense.csv",
        "/comments?export=comments.exe",
    ],
)
def test_what_does_not_exist_is_not_found(sign_in: SignIn, address: str) -> None:
    assert sign_in("lead").get(f"/insights{address}").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["from=2026-02-30&to=x", "from=2026-05-01&to=2026-01-01", "period=never", "by=day",
     "group=owner:'", "before=99999", "series=a/b/c", "of=yesterday", "page=-3", "order=drop&search=%25"],
)  # fmt: skip
def test_odd_addresses_fall_back_to_something_sensible(sign_in: SignIn, query: str) -> None:
    client = sign_in("lead")
    for page in ("/", "/scores/relationship/score", "/comments", "/accounts", "/quarter"):
        assert client.get(f"/insights{page}?{query}").status_code == 200, page


def test_a_change_has_a_colour_only_where_its_interval_leaves_out_zero(
    sign_in: SignIn, runtime: Runtime
) -> None:
    before = clock.now() - timedelta(days=40)
    with runtime.database.writing() as session:
        for at, values in ((before, [0] * 40), (clock.now() - timedelta(days=1), [10] * 40)):
            for value in values:
                factories_reports.answered(
                    session, value, at, library=runtime.library, questionnaire="relationship-nps",
                    trend=TREND, question="score",
                )  # fmt: skip
        rollups.rebuild(session)
    client = sign_in("lead")
    assert 'class="change good"' in client.get("/insights/scores/relationship/score?period=30").text
    page = client.get("/insights/scores/relationship/score?period=90").text
    assert 'class="change good"' not in page


def test_two_groups_are_compared_in_a_sentence(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 10, 40, channel="sms")
    answer(runtime, 0, 40, channel="email")
    page = sign_in("lead").get("/insights/scores/relationship/score?a=channel:sms&b=channel:email").text
    assert re.search(r"SMS is \d+ points higher than E-mail\.", page)
    assert "p &lt; 0.001" in page


def closed_and_asked_again(runtime: Runtime, times: int) -> None:
    """Complaints of ten days ago that ended well, and a 9 or an 8 from the same people since."""
    opened, later = clock.now() - timedelta(days=10), clock.now() - timedelta(days=1)
    of_series = {"questionnaire": "relationship-nps", "trend": TREND, "question": "score"}
    with runtime.database.writing() as session:
        for n in range(times):
            person = factories_reports.contact(session, factories_reports.account(session))
            both = {"person": person, "library": runtime.library, **of_series}
            complaint = factories_reports.answered(session, 2, opened, **both)  # type: ignore[arg-type]
            factories_reports.follow_up(
                session, complaint, opened, metric="nps", score=2, state="closed", outcome="recovered",
                first_contact_at=opened, closed_at=opened + timedelta(days=1),
            )  # fmt: skip
            factories_reports.answered(session, 9 - n % 2, later, **both)  # type: ignore[arg-type]
        rollups.rebuild(session)


@pytest.mark.parametrize("page", ["loop", "quarter"])
def test_the_lead_reads_whether_closing_helped(sign_in: SignIn, runtime: Runtime, page: str) -> None:
    closed_and_asked_again(runtime, 12)
    today = clock.now().date() - timedelta(days=5)
    text = sign_in("lead").get(f"/insights/{page}?of={today}").text
    if "Same question, asked again" not in text:  # ten days ago may have been in the quarter before
        text = sign_in("lead").get(f"/insights/{page}?of={today - timedelta(days=8)}").text
    assert "Up 6.5 on average." in text
    cells = re.findall(r'<td class="count">([^<]*)</td>', text[text.index("Same question, asked again") :])
    assert cells[:3] == ["12", "2.0", "8.5"]
    assert "Indicative only: fewer than 30 responses." in text
    assert "even if nothing was done" in text


def test_of_a_few_people_no_change_is_told_not_even_in_the_file(sign_in: SignIn, runtime: Runtime) -> None:
    closed_and_asked_again(runtime, 9)
    client = sign_in("lead")
    page = client.get("/insights/loop").text
    assert "Not enough repeat responses (at least 10 people needed)." in page
    assert "on average" not in page
    (_, row) = rows(client.get("/insights/loop?export=again.csv").data)
    assert row[2:] == ["9", "", "", "", "", ""]


def test_a_day_of_the_report_is_one_of_the_organisation(sign_in: SignIn, runtime: Runtime) -> None:
    runtime.database.zone = ZoneInfo("Pacific/Kiritimati")  # fourteen hours ahead
    there = clock.now().date() - timedelta(days=4)
    in_utc = there - timedelta(days=1)
    with runtime.database.writing() as session:
        for _ in range(40):
            factories_reports.answered(
                session, 9, datetime.combine(in_utc, time(20), UTC), words="this evening",
                library=runtime.library, questionnaire="relationship-nps", trend=TREND, question="score",
            )  # fmt: skip
        rollups.rebuild(session)
    client = sign_in("lead")
    assert "this evening" in client.get(f"/insights/comments?from={there}&to={there}").text
    assert "this evening" not in client.get(f"/insights/comments?from={in_utc}&to={in_utc}").text
    path = "/insights/scores/relationship/score"
    answers = [
        int(rows(client.get(f"{path}?from={day}&to={day}&export=score.csv").data)[1][-1] or 0)
        for day in (there, in_utc)
    ]
    assert answers[0] >= 40 > answers[1]
    told = rows(client.get("/insights/comments?export=comments.csv").data)
    assert {row[0] for row in told if row[2] == "this evening"} == {f"{there}"}


def test_a_report_says_that_its_days_are_still_those_of_another_zone(
    sign_in: SignIn, runtime: Runtime
) -> None:
    with runtime.database.writing() as session:
        rollups.adopt(session)
    lead = sign_in("lead")
    assert "rebuild-rollups" not in lead.get("/insights/").text
    runtime.database.zone = ZoneInfo("Asia/Tehran")
    assert "rebuild-rollups" in lead.get("/insights/").text


def test_an_account_s_health_says_what_each_part_rests_on(sign_in: SignIn, runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        account = factories_reports.account(session)
        ada = factories_reports.contact(session, account)
        for value, days in ((5, 60), (2, 30)):
            factories_reports.answered(
                session, value, clock.now() - timedelta(days=days), person=ada, library=runtime.library,
                questionnaire="support-call-csat", trend="support-csat", question="satisfied", metric="csat",
            )  # fmt: skip
    client = sign_in("lead")
    page = client.get(f"/insights/accounts/{account.id}").text
    assert "Customer satisfaction 2.0 (1 to 5), 1 response" in page
    assert "No relationship survey answered in the last 12 months." in page
    assert "0 higher, 1 lower." in page
    assert "export=health.csv" in page
    told = {
        row[0]: row[1:] for row in rows(client.get(f"/insights/accounts/{account.id}?export=health.csv").data)
    }
    assert told["Experience scores"][0].startswith("25")
    assert told["Relationship scores"][0] == ""
    assert told["Survey participation"][-1] == "2 of 2 surveys answered in the last 180 days."


@pytest.mark.parametrize("page", ["", "&page=2", "&page=99"])
def test_the_file_of_accounts_holds_every_page(sign_in: SignIn, runtime: Runtime, page: str) -> None:
    with runtime.database.writing() as session:
        for number in range(120):
            factories_reports.account(session, f"Numbered {number}")
    client = sign_in("lead")
    told = rows(client.get(f"/insights/accounts?search=Numbered{page}&export=accounts.csv").data)
    assert {row[0] for row in told[1:]} == {f"Numbered {number}" for number in range(120)}


def test_a_file_of_accounts_holds_only_those_that_its_reader_may_see(
    sign_in: SignIn, runtime: Runtime
) -> None:
    with runtime.database.reading() as session:
        exchange, everybody = exchange_of(runtime.settings), reports.Listing(page=None)
        everything = reports.accounts(
            session, Viewer(0, sees_all=True), everybody, now=clock.now(), exchange=exchange
        )
        selin = session.scalars(select(User).where(User.email == "selin@example.com")).one()
        hers = reports.accounts(session, Viewer(selin.id), everybody, now=clock.now(), exchange=exchange)
    assert 0 < len(hers) < len(everything)


def test_the_file_of_comments_holds_them_all_wherever_one_has_leafed_to(
    sign_in: SignIn, runtime: Runtime
) -> None:
    answer(runtime, 2, 60, words="late again")
    client = sign_in("lead")
    older = re.search(r"before=(\d+)", client.get("/insights/comments?words=late+again").text)
    assert older is not None
    told = rows(client.get(f"/insights/comments?words=late+again&before={older[1]}&export=comments.csv").data)
    assert len(told) == 1 + 60


def test_a_survey_that_can_still_be_answered_is_not_called_unanswered(
    sign_in: SignIn, runtime: Runtime
) -> None:
    now = clock.now()
    with runtime.database.writing() as session:
        account = factories_reports.account(session)
        person = factories_reports.contact(session, account)
        common = {"person": person, "library": runtime.library, "questionnaire": "relationship-nps"}
        factories_reports.invitation(session, now - timedelta(minutes=5), **common)
        factories_reports.invitation(session, now - timedelta(days=20), **common)
        failed = factories_reports.invitation(session, now - timedelta(days=3), **common)
        failed.state = "failed"
    page = sign_in("lead").get(f"/insights/accounts/{account.id}").text
    surveys = page[page.index("<h2>Surveys sent</h2>") :]
    told = re.findall(r'<span class="soft">SMS, ([^<]+)</span>', surveys)
    until = translator("desk", "en").date((now - timedelta(minutes=5) + timedelta(days=14)).date())
    assert told == [f"sent, open until {until}", "not delivered", "not answered"]


def test_where_no_group_is_large_enough_the_page_says_why_there_is_nothing_to_compare(
    sign_in: SignIn, runtime: Runtime
) -> None:
    page = sign_in("lead").get("/insights/scores/relationship/score").text  # the six of the furnished office
    assert "Nothing to compare" in page
    assert 'name="a"' not in page


def test_the_form_offers_every_filter_of_the_comments_and_keeps_what_was_chosen(
    sign_in: SignIn, runtime: Runtime
) -> None:
    client = sign_in("lead")
    page = client.get("/insights/comments?band=bad&segment=core&language=fa&follow-up=open").text
    fields = set(re.findall(r'<select name="([^"]+)"', page))
    assert fields == {
        "series", "band", "theme", "segment", "stage", "channel", "language", "owner", "follow-up",
    }  # fmt: skip
    chosen = re.findall(r'<option value="([^"]+)" selected', page)
    assert chosen == ["bad", "core", "fa", "open"]
    assert "سه هفته است منتظر" in page
    assert "Every release breaks" not in page


@pytest.mark.parametrize("page", ["", "scores/relationship/score"])
def test_a_score_is_compared_with_the_year_before_or_with_any_days(
    sign_in: SignIn, runtime: Runtime, page: str
) -> None:
    answer(runtime, 10, 40)
    answer(runtime, 0, 40, days=400)
    client = sign_in("lead")
    today = clock.now().date()
    then = [today - timedelta(days=days) for days in (401, 399)]
    dates = f"vs-from={then[0]}&vs-to={then[1]}"
    start = today - timedelta(days=60)
    days = f"from={start}&to={today}"
    assert (
        "Not enough responses to compare with the previous period."
        in client.get(f"/insights/{page}?{days}").text
    )
    told = client.get(f"/insights/{page}?{days}&{dates}").text
    say = translator("desk", "en")
    assert re.search(rf"Up \d+ points from {say.date(then[0])} to {say.date(then[1])}\.", told)
    assert "change good" in told
    a_year = client.get(f"/insights/{page}?from={today - timedelta(days=60)}&to={today}&against=year").text
    assert re.search(r"from \w+ \d+, \d{4} to \w+ \d+, \d{4}\.", a_year)


@pytest.mark.parametrize("asked", ["period=year&against=year", "vs-from=2026-01-01&vs-to=2999-01-01"])
def test_days_are_not_compared_with_themselves(sign_in: SignIn, asked: str) -> None:
    start = clock.now().date() - timedelta(days=500)
    page = sign_in("lead").get(f"/insights/?{asked}&from={start}&to={clock.now().date()}").text
    assert " from the previous period" in page or "with the previous period" in page


def test_a_quarter_can_be_set_beside_the_same_one_a_year_before(sign_in: SignIn, runtime: Runtime) -> None:
    answer(runtime, 9, 12)
    client, today = sign_in("lead"), clock.now().date()
    told = client.get(f"/insights/quarter?of={today - timedelta(days=1)}&against=year").text
    assert re.search(rf"compare with \w+ 1, {(today - timedelta(days=1)).year - 1} to", told)
