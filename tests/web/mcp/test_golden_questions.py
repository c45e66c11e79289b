"""Twenty-two questions that a lead of customer success asks an assistant: the answers are exactly those of the pages.

The numbers are compared with those that the pages' services give; where a page says them in words, also with the page
behind the link.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback import clock
from feedback.bootstrap import Runtime
from feedback.core.time.local_days import day_of
from feedback.core.time.period import Bucket, Period, quarter_of
from feedback.services import reports
from feedback.services.access import Viewer
from feedback.services.followups import queue
from feedback.services.journey import forecast
from feedback.services.reports import EVERYBODY, CommentFilter, Group, Series, Shown
from feedback.store.models import Account, FollowUp, User
from feedback.web.reports import filters
from tests.web.mcp.conftest import Assistant

pytestmark = pytest.mark.usefixtures("year")
ALL = Viewer(0, sees_all=True)
CORE = Group("segment", "core")


@pytest.fixture
def session(year: Runtime) -> Iterator[Session]:
    with year.database.reading() as session:
        yield session


@pytest.fixture
def nps(year: Runtime, session: Session) -> Series:
    return reports.find_series(reports.all_series(session, year.library), "relationship")


def days(year: Runtime, preset: str) -> Period:
    return filters.preset_days(preset, day_of(clock.now(), year.database.zone))


def page(lead: FlaskClient, found: dict[str, Any]) -> str:
    """The text of the page behind the link."""
    answer = lead.get(found["link"].removeprefix("http://localhost"))
    assert answer.status_code == 200, found["link"]
    return html.unescape(answer.text).replace("\u200e", "")


def same(found: dict[str, Any], shown: Shown) -> bool:
    """Whether a score is exactly the service's, interval and n included, and as hidden."""
    if not shown.has_score:
        return found["n"] == (None if shown.covered else shown.n) and "value" not in found
    number = shown.aggregate
    wanted = (number.value, number.low, number.high, shown.n, shown.display.value)
    return tuple(found[key] for key in ("value", "low", "high", "n", "display")) == wanted


def test_what_is_our_nps(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session, nps: Series
) -> None:
    (found,) = assistant.call("scores", survey="relationship")["scores"]
    assert same(found["score"], reports.score(session, nps, days(year, "90")))
    value, n = found["score"]["as_shown"].split(" (")[0], found["score"]["n"]
    told = page(lead, found)
    assert value in told
    assert f"{n} responses" in told


def test_how_do_all_surveys_stand_this_quarter(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session
) -> None:
    found = assistant.call("scores", period="quarter")
    period = days(year, "quarter")
    known = reports.all_series(session, year.library)
    glances = reports.overview(session, known, period, Bucket.WEEK)
    assert [each["survey"] for each in found["scores"]] == [each.series.trend for each in glances]
    assert all(
        same(told["score"], each.compared.a) and same(told["before"], each.compared.b)
        for told, each in zip(found["scores"], glances, strict=True)
    )
    told = page(lead, found)
    shown = [each for each in found["scores"] if "value" in each["score"]]
    assert shown and all(each["score"]["as_shown"].split(" (")[0] in told for each in shown)


def test_has_the_nps_changed(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session, nps: Series
) -> None:
    found = assistant.call("compare", survey="relationship", period="90")
    period = days(year, "90")
    wanted = reports.compare_periods(session, nps, period, period.before())
    change = wanted.change
    assert change is not None
    assert same(found["a"], wanted.a) and same(found["b"], wanted.b)
    told = found["a_minus_b"]
    assert (told["difference"], told["p_value"], told["changed"]) == (
        change.difference, change.p_value, change.changed,
    )  # fmt: skip
    assert "No real change" in told["in_words"]
    assert "No real change" in page(lead, found)


def test_has_it_changed_since_a_year_ago(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session, nps: Series
) -> None:
    today = day_of(clock.now(), year.database.zone)
    period = Period(today - timedelta(days=59), today)
    found = assistant.call(
        "compare",
        survey="relationship",
        first_day=str(period.start),
        last_day=str(period.end),
        against="year",
    )
    wanted = reports.compare_periods(session, nps, period, period.year_before())
    assert same(found["a"], wanted.a) and same(found["b"], wanted.b)
    assert found["a_minus_b"]["in_words"] in page(lead, found)


def test_was_the_second_half_of_the_year_better(
    assistant: Assistant, year: Runtime, session: Session, nps: Series
) -> None:
    whole = days(year, "year")
    middle = whole.start + timedelta(days=182)
    first, second = Period(whole.start, middle), Period(middle + timedelta(days=1), whole.end)
    found = assistant.call(
        "compare", survey="relationship", first_day=str(second.start), last_day=str(second.end),
        with_first_day=str(first.start), with_last_day=str(first.end),
    )  # fmt: skip
    change = reports.compare_periods(session, nps, second, first).change
    assert change is not None
    assert (found["a_minus_b"]["low"], found["a_minus_b"]["high"]) == (change.low, change.high)


def test_which_segment_is_least_happy(
    assistant: Assistant, year: Runtime, session: Session, nps: Series
) -> None:
    found = assistant.call("scores", survey="relationship", period="year", by="segment")["groups"][0]
    wanted = reports.breakdown(session, nps, days(year, "year"), "segment")
    assert [each["group"] for each in found["scores"]] == [f"segment:{each.group.key}" for each in wanted]
    assert all(same(told, each.shown) for told, each in zip(found["scores"], wanted, strict=True))
    assert any(each.shown.covered for each in wanted)
    assert any(each.shown.has_score for each in wanted)


def test_do_core_customers_differ_from_the_others(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session, nps: Series
) -> None:
    found = assistant.call(
        "compare", survey="relationship", period="year", group="segment:core", with_group="others"
    )
    wanted = reports.compare_groups(session, nps, days(year, "year"), CORE)
    assert same(found["a"], wanted.a) and same(found["b"], wanted.b)
    assert wanted.change is not None
    assert found["a_minus_b"]["difference"] == wanted.change.difference
    assert found["a_minus_b"]["as_shown"] in page(lead, found)


def test_do_answers_by_sms_differ_from_those_by_email(
    assistant: Assistant, year: Runtime, session: Session, nps: Series
) -> None:
    found = assistant.call(
        "compare", survey="relationship", period="year", group="channel:sms", with_group="channel:email"
    )
    sms, email = Group("channel", "sms"), Group("channel", "email")
    wanted = reports.compare_groups(session, nps, days(year, "year"), sms, email)
    assert same(found["a"], wanted.a) and same(found["b"], wanted.b)


def test_what_do_core_customers_say_last_quarter(
    assistant: Assistant, year: Runtime, session: Session, nps: Series
) -> None:
    (found,) = assistant.call("scores", survey="relationship", period="last-quarter", group="segment:core")[
        "scores"
    ]
    today = day_of(clock.now(), year.database.zone)
    period = quarter_of(quarter_of(today).start - timedelta(days=1))
    wanted = reports.compare_periods(session, nps, period, period.before(), CORE)
    assert same(found["score"], wanted.a) and same(found["before"], wanted.b)


def test_what_is_hidden_in_a_breakdown_is_hidden_alone(
    assistant: Assistant, year: Runtime, session: Session, nps: Series
) -> None:
    cells = reports.breakdown(session, nps, days(year, "year"), "segment")
    covered = [each.group.key for each in cells if each.shown.covered]
    for key in covered:
        group = f"segment:{key}"
        (found,) = assistant.call("scores", survey="relationship", period="year", group=group)["scores"]
        assert found["score"]["n"] is None
        assert "protect anonymity" in found["score"]["why"]
        other = assistant.call(
            "compare", survey="relationship", period="year", group=group, with_group="others"
        )
        assert (other["a"]["n"], "difference" in other["a_minus_b"]) == (None, False)


def test_how_did_the_nps_develop(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session, nps: Series
) -> None:
    found = assistant.call("trend", survey="relationship", by="month")
    period = days(year, "90")
    history = Period(filters.year_before(period), period.end)
    wanted = reports.over_time(session, nps, history, Bucket.MONTH)
    assert [each["first_day"] for each in found["points"]] == [str(each.period.start) for each in wanted]
    assert all(same(told, each.shown) for told, each in zip(found["points"], wanted, strict=True))
    told = page(lead, found)
    assert all(each["as_shown"].split(" (")[0] in told for each in found["points"] if "value" in each)


def test_how_did_it_develop_for_vip_customers(
    assistant: Assistant, year: Runtime, session: Session, nps: Series
) -> None:
    found = assistant.call("trend", survey="relationship", by="quarter", group="segment:vip", period="year")
    wanted = reports.over_time(session, nps, days(year, "year"), Bucket.QUARTER, Group("segment", "vip"))
    assert all(same(told, each.shown) for told, each in zip(found["points"], wanted, strict=True))


def test_how_many_answer_our_surveys(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session, nps: Series
) -> None:
    found = next(
        each
        for each in assistant.call("response_rate", period="year")["rates"]
        if each["survey"] == "relationship"
    )
    wanted = reports.response_rates(session, days(year, "year"), nps.questionnaires).total
    interval = wanted.interval
    assert interval is not None
    told = found["total"]
    assert (told["sent"], told["answered"], told["share"]) == (wanted.sent, wanted.answered, wanted.share)
    assert (told["low"], told["high"]) == (interval.low, interval.high)
    assert told["as_shown"].split(" (")[0] in page(lead, found)


def test_which_channel_gets_more_answers(
    assistant: Assistant, year: Runtime, session: Session, nps: Series
) -> None:
    (found,) = assistant.call("response_rate", survey="relationship", period="year")["rates"]
    wanted = reports.response_rates(session, days(year, "year"), nps.questionnaires).cells
    assert {
        (each["stage"], each["channel"]): (each["sent"], each["answered"])
        for each in found["by_stage_and_channel"]
    } == {key: (rate.sent, rate.answered) for key, rate in wanted.items()}


def test_is_the_problem_solved_after_a_call(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session
) -> None:
    found = assistant.call("results", survey="support-csat", question="solved", period="year")
    survey = reports.find_survey(reports.surveys(session, year.library), "support-csat")
    period = days(year, "year")
    wanted = next(
        each
        for each in reports.results(session, survey, period, period.before())
        if each.question.key == "solved"
    )
    shares = wanted.shares()
    for told, share in zip(found["answers"], shares.values(), strict=True):
        low, high = share.interval.low, share.interval.high
        assert (told["n"], told["base"]) == (share.n, share.base)
        assert (told["percent"], told["low"], told["high"]) == (100 * share.share, 100 * low, 100 * high)
    told = page(lead, found)
    assert f"{round(found['answers'][0]['percent'])}%" in told
    assert f"{found['n']} responses" in told


def test_what_do_unhappy_customers_write(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session
) -> None:
    found = assistant.call("comments", score="bad", period="year", limit=25)
    bad = CommentFilter(days(year, "year"), band="bad")
    wanted = reports.comments(session, year.library, ALL, bad, limit=25)
    assert [each["id"] for each in found["comments"]] == [each.answer_id for each in wanted]
    assert [each["quote"] for each in found["comments"]] == [each.text for each in wanted]
    told = page(lead, found)
    assert all(each["quote"] in told for each in found["comments"])
    following = assistant.call("comments", score="bad", period="year", limit=25, before=found["next"])
    assert following["comments"]
    assert not {each["id"] for each in following["comments"]} & {each["id"] for each in found["comments"]}


def test_who_complains_about_slowness(assistant: Assistant, year: Runtime, session: Session) -> None:
    found = assistant.call("comments", words="too slow", period="year")
    slow = CommentFilter(days(year, "year"), words="too slow")
    wanted = reports.comments(session, year.library, ALL, slow, limit=10)
    assert wanted
    assert [each["id"] for each in found["comments"]] == [each.answer_id for each in wanted]


def test_what_is_most_urgent(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session
) -> None:
    found = assistant.call("queue", limit=25)
    scales = queue.Scales.from_settings(year.settings)
    wanted = queue.ranked(
        session, ALL, queue.Filter(), scales=scales, now=clock.now(), zone=year.database.zone
    )
    assert [each["id"] for each in found["follow_ups"]] == [each.task.id for each in wanted[:25]]
    assert found["matching"] == len(wanted)
    assert found["follow_ups"][0]["account_name"] in page(lead, found)


def test_how_much_is_overdue(assistant: Assistant, year: Runtime, session: Session) -> None:
    with_lead = session.scalars(select(User.id).where(User.email == "lead@example.com")).one()
    wanted = queue.counts(session, Viewer(with_lead, sees_all=True), clock.now(), year.database.zone)
    assert assistant.call("queue")["counts"] == wanted
    assert wanted["overdue"]


def test_how_healthy_is_an_account(
    assistant: Assistant, lead: FlaskClient, year: Runtime, session: Session
) -> None:
    name = session.scalars(select(Account.name).where(Account.external_id == "a0")).one()
    found = assistant.call("account", account=name)
    wanted = reports.standing(session, ALL, 1, now=clock.now(), settings=year.settings.health)
    assert wanted is not None and wanted.health.value is not None
    assert (found["account"], found["health"]["value"]) == ("a0", round(wanted.health.value))
    told = page(lead, found)
    assert name in told
    assert all(part["because"] in told for part in found["health"]["parts"].values())


def test_what_happened_in_a_follow_up(assistant: Assistant, lead: FlaskClient, session: Session) -> None:
    task = session.scalars(select(FollowUp).where(FollowUp.state == "closed").order_by(FollowUp.id)).first()
    assert task is not None
    found = assistant.call("follow_up", id=task.id)
    assert (found["state"], found["outcome"], found["score"]) == ("closed", task.outcome, task.score)
    assert page(lead, found)


def test_whom_will_we_ask_next(assistant: Assistant, year: Runtime, session: Session) -> None:
    found = assistant.call("plan", days=14)
    wanted = forecast.plan(session, year, clock.now(), 14)
    assert (found["surveys"], found["waiting_to_be_sent"]) == (wanted.sent, wanted.totals.waiting)
    assert sum(found["not_asked"].values()) == wanted.skipped.total()
    assert found["by_day"] == {str(day): n for day, n in sorted(wanted.per_day.items())}


def test_a_csm_gets_the_numbers_of_their_own_accounts(
    cems: Assistant, year: Runtime, session: Session, nps: Series
) -> None:
    (found,) = cems.call("scores", survey="relationship", period="year")["scores"]
    cem = session.scalars(select(User.id).where(User.email == "cem@example.com")).one()
    own = Group("owner", str(cem), is_own=True)
    period = days(year, "year")
    assert same(found["score"], reports.compare_periods(session, nps, period, period.before(), own).a)
    assert found["score"]["n"] < reports.score(session, nps, period, EVERYBODY).n
    theirs = {each["account"] for each in cems.call("comments", limit=25, period="year")["comments"]}
    owners = select(Account.external_id).where(Account.external_id.in_(theirs))
    seen = session.scalars(owners.where((Account.owner_id == cem) | Account.owner_id.is_(None)))
    assert theirs == set(seen)
