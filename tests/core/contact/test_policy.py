from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.contact.hours import CountryRules
from feedback.core.contact.policy import (
    RING,
    SKIP_CODES,
    ConsentState,
    History,
    Intended,
    PastContact,
    Policy,
    Reach,
    Reason,
    Recipient,
    Send,
    Skip,
    decide,
    place_on_ring,
    places_of_day,
    possible_zones,
    rules_for,
    spread,
)
from feedback.core.contact.recipient import PhoneNumber

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)  # a Wednesday, 13:00 in Istanbul
DAY = timedelta(days=1)
SUPPORT, RENEWAL = 10, 30
REACHABLE = Reach(has_address=True, consent=ConsentState.GIVEN)
AYSE = Recipient({"sms": REACHABLE, "email": REACHABLE}, country="TR", time_zone="Europe/Istanbul")
SURVEY = Intended(SUPPORT, ("sms", "email"), NOW, NOW + 14 * DAY)
POLICY = Policy()


def outcome(intended=SURVEY, recipient=AYSE, history=History(), policy=POLICY, now=NOW):  # noqa: B008
    return decide(intended, recipient, history, policy, now)


def contacted(*days_ago, priority=SUPPORT):
    return tuple(PastContact(NOW - days * DAY, priority) for days in days_ago)


def with_sms(reach):
    return replace(AYSE, reach={"sms": reach, "email": REACHABLE})


def test_in_the_daytime_the_survey_goes_out_at_once():
    assert outcome() == Send("sms", NOW, datetime(2026, 3, 4, 17, tzinfo=UTC))


def test_at_night_it_waits_for_the_morning_and_says_why():
    night = datetime(2026, 3, 4, 19, 30, tzinfo=UTC)
    decision = outcome(now=night)
    assert decision.at == datetime(2026, 3, 5, 6, tzinfo=UTC)
    assert decision.reasons == (
        Reason(
            "quiet_hours",
            {
                "moved_from": "2026-03-04T19:30:00+00:00",
                "moved_to": "2026-03-05T06:00:00+00:00",
                "country": "TR",
                "zones": ["Europe/Istanbul"],
            },
        ),
    )


def test_the_provider_may_not_keep_a_message_beyond_the_expiry():
    soon = replace(SURVEY, expires=NOW + timedelta(hours=2))
    assert outcome(soon).not_after == NOW + timedelta(hours=2)


def test_it_is_not_sent_before_its_time():
    assert outcome(replace(SURVEY, earliest=NOW + 2 * DAY)).at == NOW + 2 * DAY


def test_a_blackout_date_is_passed_over():
    policy = replace(POLICY, blackout=frozenset({date(2026, 3, 4), date(2026, 3, 5)}))
    assert outcome(policy=policy).at == datetime(2026, 3, 6, 6, tzinfo=UTC)


@pytest.mark.parametrize("expires", [NOW - DAY, NOW, NOW + timedelta(minutes=14)])
def test_a_survey_that_cannot_be_in_time_is_skipped(expires):
    decision = outcome(replace(SURVEY, expires=expires))
    assert (decision.code, decision.next_allowed) == ("too_late", None)


def test_the_night_before_the_expiry_is_too_late():
    night = datetime(2026, 3, 4, 19, 30, tzinfo=UTC)
    decision = outcome(replace(SURVEY, expires=night + timedelta(hours=6)), now=night)
    assert decision.params["first_window"] == "2026-03-05T06:00:00+00:00"


@pytest.mark.parametrize(
    ("sms", "why"),
    [
        (REACHABLE, None),  # a permission of its own
        (replace(REACHABLE, is_express=False), "refused_elsewhere"),  # a contract, for everybody in the file
        (replace(REACHABLE, consent=ConsentState.UNKNOWN), "refused_elsewhere"),
        (replace(REACHABLE, consent=ConsentState.REFUSED), "refused"),
    ],
)
@pytest.mark.parametrize("country", ["US", "TR"])
def test_whoever_refused_one_channel_is_not_asked_on_the_other_instead(sms, why, country):
    refused = replace(REACHABLE, consent=ConsentState.REFUSED)
    decision = outcome(recipient=replace(AYSE, reach={"email": refused, "sms": sms}, country=country))
    if why is None:
        assert decision.channel == "sms"
    else:
        assert decision == Skip("no_channel", {"sms": why, "email": "refused"})


def test_a_contract_is_enough_if_nothing_is_refused():
    assumed = replace(REACHABLE, is_express=False)
    assert outcome(recipient=with_sms(assumed)).channel == "sms"


@pytest.mark.parametrize(
    ("reach", "why"),
    [
        (Reach(has_address=False), "no_address"),
        (replace(REACHABLE, suppressed="stop"), "suppressed"),
        (replace(REACHABLE, consent=ConsentState.REFUSED), "refused"),
        (replace(REACHABLE, consent=ConsentState.UNKNOWN), "consent_missing"),
    ],
)
def test_a_channel_that_may_not_be_used_gives_way_to_the_next(reach, why):
    decision = outcome(recipient=with_sms(reach))
    assert decision.channel == "email"
    assert decision.reasons[0] == Reason("channel_passed_over", {"channel": "sms", "why": why})


def test_without_any_channel_each_one_says_why():
    recipient = replace(AYSE, reach={"sms": replace(REACHABLE, suppressed="stop")})
    assert outcome(recipient=recipient) == Skip("no_channel", {"sms": "suppressed", "email": "no_address"})


def test_a_person_who_wants_to_be_left_alone_is_left_alone():
    decision = outcome(recipient=replace(AYSE, suppressed="opt_out_to_be_judged"))
    assert decision == Skip("suppressed", {"why": "opt_out_to_be_judged"})


@pytest.mark.parametrize(("country", "sent"), [("TR", False), ("DE", False), ("US", True), (None, True)])
def test_silence_is_consent_in_some_countries_only(country, sent):
    unknown = Reach(has_address=True)
    recipient = replace(AYSE, reach={"sms": unknown, "email": unknown}, country=country)
    assert isinstance(outcome(recipient=recipient), Send) is sent


@pytest.mark.parametrize(
    ("history", "intended", "code"),
    [
        (contacted(29), SURVEY, "contacted_recently"),
        (contacted(30), SURVEY, None),
        (contacted(200, 12, 90), SURVEY, "contacted_recently"),
        (contacted(-3), SURVEY, "contacted_recently"),  # one is planned already
        (contacted(12), replace(SURVEY, priority=RENEWAL), None),
        (contacted(6), replace(SURVEY, priority=RENEWAL), "contacted_recently"),
        (contacted(12, priority=RENEWAL), replace(SURVEY, priority=RENEWAL), "contacted_recently"),
        (contacted(12, priority=RENEWAL), SURVEY, "contacted_recently"),
    ],
)
def test_a_person_is_left_in_peace_for_a_while(history, intended, code):
    decision = outcome(intended, history=History(contact=history))
    assert getattr(decision, "code", None) == code


def test_a_skip_for_fatigue_says_how_long():
    decision = outcome(history=History(contact=contacted(12)))
    assert decision == Skip(
        "contacted_recently",
        {"last": "2026-02-20T10:00:00+00:00", "days_ago": 12, "gap_days": 30},
        NOW + 18 * DAY,
    )


def test_renewal_beats_support_and_says_so():
    decision = outcome(replace(SURVEY, priority=RENEWAL), history=History(contact=contacted(12)))
    assert decision.reasons == (Reason("important_stage", {"priority": RENEWAL, "gap_days": 7}),)


def test_the_gap_is_measured_at_the_moment_of_sending():
    night = NOW + timedelta(hours=10)  # 23:00 in Istanbul; the gap ends at 03:00
    history = History(contact=(PastContact(night + timedelta(hours=4) - 30 * DAY, SUPPORT),))
    assert isinstance(outcome(history=history, now=night), Send)


@pytest.mark.parametrize(
    ("days_ago", "allowed_in"),
    [
        ((1, 2, 3, 4), None),
        ((1, 2, 3, 4, 5), 2 * DAY),
        ((1, 2, 3, 4, 7), None),
        ((1, 1, 1, 1, 1, 6), 6 * DAY),
        ((1, 2, 3, -1, -2), 4 * DAY),
    ],
)
def test_a_company_is_not_flooded(days_ago, allowed_in):
    decision = outcome(history=History(account=contacted(*days_ago)))
    if allowed_in is None:
        assert isinstance(decision, Send)
    else:
        assert (decision.code, decision.next_allowed) == ("account_contacted_often", NOW + allowed_in)


def test_without_a_limit_a_company_may_be_asked_often():
    policy = replace(POLICY, account_limit=None)
    assert isinstance(outcome(history=History(account=contacted(*[1] * 99)), policy=policy), Send)


def number(text):
    phone = PhoneNumber(text)
    return {"number_country": phone.region, "number_zones": phone.time_zones()}


@pytest.mark.parametrize(
    ("facts", "country", "zones"),
    [
        ({"time_zone": "Asia/Tokyo"} | number("+905321234567"), "TR", {"Asia/Tokyo"}),
        ({"time_zone": "Mars/Base"} | number("+905321234567"), "TR", {"Europe/Istanbul"}),
        (number("+12125550123"), "US", {"America/New_York"}),
        (number("+12085550123"), "US", {"America/Boise", "America/Los_Angeles"}),
        (number("+19075550123"), "US", {"America/Adak", "America/Anchorage"}),
        (number("+34612345678"), "ES", {"Europe/Madrid", "Atlantic/Canary"}),
        ({"country": "DE"} | number("+905321234567"), "DE", {"Europe/Berlin", "Europe/Istanbul"}),
        ({"country": "tr"}, "TR", {"Europe/Istanbul"}),
        ({}, "default", {"UTC"}),
        ({"country": "JP"}, "default", {"UTC"}),
    ],
)
def test_every_zone_the_person_may_be_in_is_considered(facts, country, zones):
    recipient = Recipient({}, **facts)
    rules = rules_for(recipient, POLICY)
    assert rules.code == country
    assert set(possible_zones(recipient, rules, POLICY)) == zones


@pytest.mark.parametrize(
    ("prefix", "zone"),
    [
        ("1208555", "America/Boise"),
        ("1701555", "America/Chicago"),
        ("1928674", "America/Phoenix"),
        ("1907555", "America/Adak"),
    ],
)
@pytest.mark.parametrize("month", [1, 7])
def test_where_an_area_code_spans_two_zones_it_has_to_be_day_in_both(prefix, zone, month):
    recipient = Recipient({"sms": REACHABLE}, **number(f"+{prefix}0123"))
    for hour in range(24):
        now = datetime(2026, month, 14, hour, tzinfo=UTC)
        decision = outcome(replace(SURVEY, earliest=now, expires=now + 14 * DAY), recipient, now=now)
        assert decision.at.astimezone(ZoneInfo(zone)).hour >= 9
        assert decision.not_after.astimezone(ZoneInfo(zone)).hour <= 20


def test_a_toll_free_number_means_the_contiguous_united_states():
    recipient = Recipient({"sms": REACHABLE}, **number("+18005551234"))
    decision = outcome(recipient=recipient)
    assert decision.at.astimezone(ZoneInfo("America/New_York")).hour == 12
    assert decision.reasons[0].code == "zone_assumed"


def test_an_australian_mobile_is_written_to_when_it_is_day_from_perth_to_sydney():
    recipient = Recipient({"sms": REACHABLE}, **number("+61412345678"))
    decision = outcome(recipient=recipient)
    assert decision.at.astimezone(ZoneInfo("Australia/Perth")).hour == 9
    assert decision.at.astimezone(ZoneInfo("Australia/Sydney")).hour == 12


def test_where_it_is_never_day_for_all_nothing_is_sent():
    facts = {"country": "US", "number_country": "AE", "number_zones": ("Asia/Dubai",)}
    decision = outcome(recipient=Recipient({"sms": REACHABLE}, **facts))
    assert decision.code == "no_common_window"
    assert "Asia/Dubai" in decision.params["zones"]


def test_naive_moments_are_refused():
    with pytest.raises(ValueError, match="aware"):
        outcome(now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"important_gap": 31 * DAY}, "not be longer"),
        ({"account_limit": 0}, "at least 1"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(wrong, complaint):
    with pytest.raises(ValueError, match=complaint):
        Policy(**wrong)


# -- properties ---------------------------------------------------------------------------------------------

minutes = st.integers(-40 * 24 * 60, 40 * 24 * 60).map(lambda n: NOW + timedelta(minutes=n))
priorities = st.sampled_from([SUPPORT, 20, RENEWAL])
pasts = st.lists(st.builds(PastContact, minutes, priorities), max_size=6).map(tuple)
histories = st.builds(History, pasts, pasts)
reaches = st.builds(
    Reach, st.booleans(), st.sampled_from(ConsentState), st.sampled_from([None, None, "stop"])
)
numbers = st.sampled_from(
    [
        {},
        *map(number, ["+905321234567", "+61412345678", "+18005551234", "+79161234567", "+989121234567"]),
    ]
)
recipients = st.builds(
    lambda reach, stopped, country, zone, phone: Recipient(reach, stopped, country, zone, **phone),
    st.fixed_dictionaries({"sms": reaches, "email": reaches}),
    st.sampled_from([None, None, None, "stop"]),
    st.sampled_from([None, "TR", "US", "IR", "DE", "JP"]),
    st.sampled_from([None, "Europe/Istanbul", "America/New_York", "Pacific/Chatham", "nonsense"]),
    numbers,
)
intentions = st.builds(Intended, priorities, st.permutations(["sms", "email"]).map(tuple), minutes, minutes)
policies = st.builds(
    Policy,
    gap=st.integers(7, 90).map(lambda n: n * DAY),
    account_limit=st.sampled_from([None, 1, 3]),
    blackout=st.frozensets(st.dates(date(2026, 3, 1), date(2026, 3, 20)), max_size=4),
)


def is_day(moment: datetime, zone: str, rules: CountryRules, policy: Policy) -> bool:
    wall = moment.astimezone(ZoneInfo(zone))
    hours = rules.week[wall.weekday()]
    return (
        hours is not None and hours.opens <= wall.time() < hours.closes and wall.date() not in policy.blackout
    )


@given(intentions, recipients, histories, policies, minutes)
def test_whatever_is_sent_respects_everything(intended, recipient, history, policy, now):
    decision = decide(intended, recipient, history, policy, now)
    if isinstance(decision, Skip):
        assert decision.code in SKIP_CODES
        assert decision.next_allowed is None or decision.next_allowed > max(now, intended.earliest)
        return
    reach, rules = recipient.reach[decision.channel], rules_for(recipient, policy)
    assert recipient.suppressed is None
    assert (reach.has_address, reach.suppressed) == (True, None)
    assert reach.consent == ConsentState.GIVEN or (
        reach.consent == ConsentState.UNKNOWN and decision.channel not in rules.consent_required
    )
    assert max(now, intended.earliest) <= decision.at
    assert decision.at + policy.least_window <= decision.not_after <= intended.expires
    for zone in possible_zones(recipient, rules, policy):
        assert is_day(decision.at, zone, rules, policy)
        assert is_day(decision.not_after - timedelta(seconds=1), zone, rules, policy)
    for past in history.contact:
        assert decision.at - past.at >= policy.important_gap


@given(intentions, recipients, histories, policies, st.tuples(minutes, minutes))
def test_deciding_later_never_sends_earlier(intended, recipient, history, policy, moments):
    first = decide(intended, recipient, history, policy, min(moments))
    second = decide(intended, recipient, history, policy, max(moments))
    if isinstance(first, Send) and isinstance(second, Send):
        assert second.at >= first.at
        assert second.channel == first.channel


@given(intentions, recipients, histories, policies, st.builds(PastContact, minutes, priorities))
def test_one_more_contact_never_allows_what_was_forbidden(intended, recipient, history, policy, more):
    before = decide(intended, recipient, history, policy, NOW)
    burdened = History((*history.contact, more), (*history.account, more))
    after = decide(intended, recipient, burdened, policy, NOW)
    if isinstance(before, Skip):
        assert isinstance(after, Skip)
    elif isinstance(after, Send):
        assert (after.channel, after.at) == (before.channel, before.at)


@given(intentions, recipients, histories, policies, minutes)
def test_a_decision_holds_when_it_is_taken_again_at_the_hour_of_sending(
    intended, recipient, history, policy, now
):
    first = decide(intended, recipient, history, policy, now)
    if isinstance(first, Send):
        again = decide(intended, recipient, history, policy, first.at)
        assert isinstance(again, Send)
        assert (again.channel, again.at, again.not_after) == (first.channel, first.at, first.not_after)


@given(intentions, recipients, histories, policies, minutes)
def test_the_next_allowed_date_keeps_its_promise_about_fatigue(intended, recipient, history, policy, now):
    intended = replace(intended, expires=NOW + 1000 * DAY)
    decision = decide(intended, recipient, history, policy, now)
    if isinstance(decision, Skip) and decision.code == "account_contacted_often":
        later = decide(intended, recipient, history, policy, decision.next_allowed)
        assert isinstance(later, Send)


# -- spreading ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cadence", [7, 30, 90, 365])
def test_recurring_surveys_are_spread_evenly_over_the_cadence(cadence):
    people = cadence * 200
    days = Counter(spread(f"contact-{number}", cadence) for number in range(people))
    assert set(days) == set(range(cadence))
    chi_squared = sum((count - 200) ** 2 / 200 for count in days.values())
    assert abs(chi_squared - (cadence - 1)) < 4 * (2 * (cadence - 1)) ** 0.5


def test_a_person_keeps_their_day():
    assert (spread("contact-1", 90), spread("contact-2", 90)) == (24, 84)


@pytest.mark.parametrize("cadence", [1, 7, 30, 90, 91, 365])
def test_the_people_of_a_day_are_one_range_of_places(cadence):
    ranges = [places_of_day(day, cadence) for day in range(cadence)]
    assert (ranges[0][0], ranges[-1][1]) == (0, RING - 1)
    assert all(last + 1 == first for (_, last), (first, _) in pairwise(ranges))
    for number in range(2_000):
        first, last = ranges[spread(f"contact-{number}", cadence)]
        assert first <= place_on_ring(f"contact-{number}") <= last


def test_a_place_fits_into_a_column_of_32_bits():
    assert RING < 2**31


def test_a_cadence_of_no_days_is_refused():
    with pytest.raises(ValueError, match="at least one day"):
        spread("contact-1", 0)
