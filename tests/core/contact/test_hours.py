import tomllib
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
from babel import localedata
from babel.localedata import locale_identifiers
from hypothesis import given
from hypothesis import strategies as st

from feedback.core.contact.hours import (
    WEEKDAYS,
    Calendar,
    CountryRules,
    Hours,
    country_rules,
    first_window,
    rules_on_days,
    shipped_rules,
)

QUARTER = timedelta(minutes=15)
ZONES = [
    "Europe/Istanbul",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Lord_Howe",  # changes its clocks by half an hour
    "Africa/Casablanca",  # goes back for Ramadan
    "America/Santiago",  # changes at midnight
    "Asia/Tehran",
    "Pacific/Kiritimati",
    "UTC",
]


def rules(hours="09:00-20:00", **more):
    return country_rules("XX", {"hours": hours, **more})


def local(text, zone):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("since", "start"),
    [
        ("2026-03-02 08:59", "2026-03-02 09:00"),
        ("2026-03-02 09:00", "2026-03-02 09:00"),
        ("2026-03-02 12:34", "2026-03-02 12:34"),
        ("2026-03-02 19:45", "2026-03-02 19:45"),
        ("2026-03-02 19:46", "2026-03-03 09:00"),  # less than a quarter of an hour is left
        ("2026-03-02 20:00", "2026-03-03 09:00"),
        ("2026-03-07 20:00", "2026-03-09 09:00"),  # Sunday is closed
        ("2026-03-10 10:00", "2026-03-12 09:00"),  # the 10th and 11th are blacked out
    ],
)
def test_the_first_window_is_found_in_local_time(since, start):
    blackout = frozenset({date(2026, 3, 10), date(2026, 3, 11)})
    calendar = Calendar(rules(closed=["sun"]), ("Europe/Istanbul",), blackout)
    found = first_window(calendar, local(since, "Europe/Istanbul"), QUARTER)
    assert found.start == local(start, "Europe/Istanbul")
    assert found.end.astimezone(ZoneInfo("Europe/Istanbul")).time() == time(20)


def test_nine_in_the_morning_stays_nine_when_the_clocks_change():
    calendar = Calendar(rules(), ("America/New_York",))
    windows = calendar.windows(datetime(2026, 3, 6, 12, tzinfo=UTC), timedelta(days=4))
    assert [window.start.hour for window in windows[:4]] == [14, 14, 13, 13]  # 8 March 2026 is the change


@pytest.mark.parametrize(
    ("hours", "opens", "closes"),
    [
        ("02:30-20:00", "03:30", "20:00"),  # 02:30 does not exist, the clocks go from 02:00 to 03:00
        ("01:00-02:30", "01:00", "01:30"),  # better an hour too short than an hour too late
    ],
)
def test_a_wall_time_that_does_not_exist_shortens_the_window(hours, opens, closes):
    zone = ZoneInfo("America/New_York")
    window = Calendar(rules(hours), ("America/New_York",)).windows(datetime(2026, 3, 8, 5, tzinfo=UTC))[0]
    assert window.start.astimezone(zone).time() == time.fromisoformat(opens)
    assert window.end.astimezone(zone).time() == time.fromisoformat(closes)


def test_where_the_zone_is_uncertain_it_must_be_day_in_all_of_them():
    us = Calendar(shipped_rules()["US"], shipped_rules()["US"].zones)
    window = first_window(us, datetime(2026, 1, 12, 12, tzinfo=UTC), QUARTER)
    eastern = ZoneInfo("America/New_York")
    assert (window.start.astimezone(eastern).hour, window.end.astimezone(eastern).hour) == (12, 20)


def test_there_may_be_no_common_window_at_all():
    calendar = Calendar(rules(), ("Pacific/Honolulu", "Europe/Istanbul"))
    assert first_window(calendar, datetime(2026, 1, 12, tzinfo=UTC), QUARTER) is None


def test_without_quiet_hours_midnight_is_no_border():
    calendar = Calendar(rules("00:00-24:00"), ("Europe/Istanbul",))
    since = local("2026-03-02 23:50", "Europe/Istanbul")
    window = first_window(calendar, since, QUARTER)
    assert window.start == since
    assert window.end > since + timedelta(days=3)


def test_a_long_blackout_is_waited_out_and_an_endless_one_is_not():
    day, calendar_days = date(2026, 3, 2), [date(2026, 3, 2) + timedelta(days=n) for n in range(60)]
    since = datetime(2026, 3, 2, 12, tzinfo=UTC)
    waiting = Calendar(rules(), ("UTC",), frozenset(calendar_days[:30]))
    assert first_window(waiting, since, QUARTER).start.date() == day + timedelta(days=30)
    assert first_window(Calendar(rules(), ("UTC",), frozenset(calendar_days)), since, QUARTER) is None


times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
hours = (
    st.tuples(times, times | st.just(time.min))
    .filter(lambda pair: pair[1] == time.min or pair[0] < pair[1])
    .map(lambda pair: Hours(*pair))
)
weeks = st.lists(hours | st.none(), min_size=7, max_size=7).map(tuple)
moments = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda n: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)
zone_sets = st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True).map(tuple)


def is_open(calendar, moment):
    """Says the same as the code under test in the plainest way: look at each zone's wall clock."""
    for zone in calendar.zones:
        wall = moment.astimezone(ZoneInfo(zone))
        today = calendar.rules.week[wall.weekday()]
        if today is None or wall.date() in calendar.blackout:
            return False
        if wall.time() < today.opens or (today.closes != time.min and wall.time() >= today.closes):
            return False
    return True


@given(weeks, zone_sets, moments, st.sets(st.integers(0, 10)))
def test_every_moment_of_a_window_is_inside_the_hours_of_every_zone(week, zones, since, closed):
    blackout = frozenset((since + timedelta(days=n)).date() for n in closed)
    calendar = Calendar(CountryRules("XX", week), zones, blackout)
    window = first_window(calendar, since, QUARTER)
    if window is None:
        return
    assert window.start >= since
    assert window.end - window.start >= QUARTER
    step = (window.end - window.start) / 20
    for n in range(20):
        assert is_open(calendar, window.start + n * step)
    assert is_open(calendar, window.end - timedelta(microseconds=1))


@given(st.lists(hours, min_size=7, max_size=7).map(tuple), zone_sets, moments)
def test_no_earlier_hour_is_missed(week, zones, since):
    calendar = Calendar(CountryRules("XX", week), zones)
    window = first_window(calendar, since, QUARTER)
    end = window.start if window else since + timedelta(days=3)
    run, moment = 0, since
    while moment < min(end, since + timedelta(days=3)) - QUARTER:
        run = run + 1 if is_open(calendar, moment) else 0
        # Two hours of slack: where clocks go back, the doubtful hour is given away on purpose.
        assert run < 15 + 120, moment
        moment += timedelta(minutes=1)


def days_of(code, **settings):
    options = {"weekdays": frozenset(range(5)), "by_country": ()} | settings
    rules = rules_on_days(Hours(time(9), time(20)), **options)
    week = (rules.get(code) or rules["default"]).week
    return " ".join(name for name, hours in zip(WEEKDAYS, week, strict=True) if hours)


@pytest.mark.parametrize(
    ("code", "days"),
    [
        ("KW", "mon tue wed thu sun"),
        ("IL", "mon tue wed thu sun"),
        ("EG", "mon tue wed thu sun"),
        ("BD", "mon tue wed thu sun"),
        ("AF", "mon tue wed sat sun"),
        ("BN", "mon tue wed thu sat"),
        ("IN", "mon tue wed thu fri"),
        ("SE", "mon tue wed thu fri"),
        ("SA", "mon tue wed thu sat sun"),  # its own rules come first
    ],
)
def test_each_country_has_its_week_end(code, days):
    assert days_of(code) == days


def test_the_settings_come_before_every_file():
    own = (("kw", frozenset({5})), ("DE", frozenset({0, 6})), ("SE", frozenset({2})))
    assert [days_of(code, by_country=own) for code in ("KW", "DE", "SE", "NO")] == [
        "sat",
        "mon sun",
        "wed",
        "mon tue wed thu fri",
    ]


def test_the_week_ends_are_those_of_cldr():
    data = tomllib.loads((files("feedback.core") / "data" / "weekends.toml").read_text("utf-8"))
    found = {}
    for name in locale_identifiers():
        territory = name.rpartition("_")[2]
        if len(territory) == 2 and territory.isupper():
            week = localedata.load(name)["week_data"]
            found[territory] = [
                WEEKDAYS[day] for day in range(week["weekend_start"], week["weekend_end"] + 1)
            ]
    assert {code: days for code, days in found.items() if days != ["sat", "sun"]} == data["cldr"]
    assert not data["cldr"].keys() & data["custom"].keys()


@pytest.mark.parametrize("code", [*shipped_rules()])
def test_shipped_rules_are_sane(code):
    shipped = shipped_rules()[code]
    assert len(shipped.basis) > 20
    assert sum(day is not None for day in shipped.week) >= 5
    for day in filter(None, shipped.week):
        assert time(9) <= day.opens
        assert day.closes <= time(21)
    for zone in shipped.zones:
        assert ZoneInfo(zone)


@pytest.mark.parametrize(
    ("code", "day", "expected"),
    [
        ("US", "sun", Hours(time(9), time(20))),
        ("TR", "mon", Hours(time(9), time(20))),
        ("IR", "fri", None),
        ("IR", "sun", Hours(time(9), time(20))),
        ("DE", "sun", None),
        ("FR", "sun", None),
        ("SA", "fri", None),
        ("AU", "sat", Hours(time(9), time(17))),
        ("default", "sun", None),
    ],
)
def test_a_country_has_its_own_week(code, day, expected):
    assert shipped_rules()[code].week[WEEKDAYS.index(day)] == expected


def test_rules_for_these_countries_are_shipped():
    assert {"default", "US", "TR", "IR", "DE", "FR", "GB", "ES", "AE", "SA", "AU"} == set(shipped_rules())


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({"closed": ["sun"]}, "Write contact hours as 09:00-20:00"),
        ({"hours": "9-20"}, "Write contact hours as 09:00-20:00"),
        ({"hours": "20:00-09:00"}, "must end after"),
        ({"hours": "09:00-20:00", "closed": ["sunday"]}, "'sunday' is not a day"),
        ({"hours": "09:00-20:00", "days": {"so": "10:00-12:00"}}, "'so' is not a day"),
        ({"hours": "09:00-20:00", "consent": True}, "unknown key 'consent'"),
    ],
)
def test_wrong_rules_are_refused_with_a_sentence(raw, complaint):
    with pytest.raises(ValueError, match=complaint):
        country_rules("XX", raw)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("09:00-20:00", "08:00-18:00", "09:00-18:00"),
        ("09:00-00:00", "10:00-00:00", "10:00-00:00"),
        ("09:00-00:00", "08:00-21:00", "09:00-21:00"),
        ("09:00-12:00", "12:00-20:00", None),
    ],
)
def test_hours_within_hours_are_what_both_allow(one, other, both):
    first, second, expected = (
        Hours(*map(time.fromisoformat, each.split("-"))) if each else None for each in (one, other, both)
    )
    assert first.within(second) == second.within(first) == expected
