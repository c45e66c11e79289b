from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from feedback.core.time.business_time import BusinessCalendar
from feedback.core.time.duration import Duration

ISTANBUL = BusinessCalendar("Europe/Istanbul", holidays=frozenset({date(2026, 10, 29)}))
BERLIN = BusinessCalendar("Europe/Berlin")
TEHRAN = BusinessCalendar(
    "Asia/Tehran", weekdays=frozenset({5, 6, 0, 1, 2}), opens=time(8), closes=time(16, 30)
)
ALWAYS = frozenset(range(7))
LATE = BusinessCalendar("Europe/Istanbul", opens=time(14), closes=time(0))
BERLIN_ALWAYS = BusinessCalendar("Europe/Berlin", weekdays=ALWAYS, opens=time(0), closes=time(0))


def local(calendar, text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.time_zone))


# calendar, start (local), amount, result (local). 5 October 2026 is a Monday; 29 October is a holiday.
EXAMPLES = [
    (ISTANBUL, "2026-10-05 10:00", "4h", "2026-10-05 14:00"),
    (ISTANBUL, "2026-10-05 13:00", "4h", "2026-10-05 17:00"),
    (ISTANBUL, "2026-10-05 13:01", "4h", "2026-10-06 09:01"),
    (ISTANBUL, "2026-10-05 17:00", "30m", "2026-10-06 09:30"),
    (ISTANBUL, "2026-10-05 06:00", "4h", "2026-10-05 13:00"),
    (ISTANBUL, "2026-10-09 16:00", "4h", "2026-10-12 12:00"),
    (ISTANBUL, "2026-10-10 12:00", "0m", "2026-10-12 09:00"),
    (ISTANBUL, "2026-10-05 12:00", "0m", "2026-10-05 12:00"),
    (ISTANBUL, "2026-10-05 17:00", "0m", "2026-10-05 17:00"),
    (ISTANBUL, "2026-10-05 17:00", "1d", "2026-10-06 17:00"),
    (LATE, "2026-10-06 00:00", "0m", "2026-10-06 00:00"),
    (LATE, "2026-10-05 22:00", "2h", "2026-10-06 00:00"),
    (LATE, "2026-10-05 22:00", "3h", "2026-10-06 15:00"),
    (ISTANBUL, "2026-10-05 12:00", "24h", "2026-10-08 12:00"),
    (ISTANBUL, "2026-10-05 12:00", "1d", "2026-10-06 12:00"),
    (ISTANBUL, "2026-10-09 16:00", "3d", "2026-10-14 16:00"),
    (ISTANBUL, "2026-10-10 16:00", "3d", "2026-10-15 09:00"),
    (ISTANBUL, "2026-10-09 18:00", "1d", "2026-10-13 09:00"),
    (ISTANBUL, "2026-10-28 12:00", "1d", "2026-10-30 12:00"),
    (ISTANBUL, "2026-10-28 15:00", "4h", "2026-10-30 11:00"),
    (ISTANBUL, "2026-10-05 12:00", "1w", "2026-10-12 12:00"),
    (ISTANBUL, "2026-10-26 12:00", "1w", "2026-11-03 12:00"),
    (TEHRAN, "2026-10-07 16:00", "1h", "2026-10-10 08:30"),
    (TEHRAN, "2026-10-08 12:00", "1d", "2026-10-11 08:00"),
    # Berlin sets its clocks back on Sunday 25 October 2026 and forward on Sunday 28 March 2027.
    (BERLIN, "2026-10-23 16:00", "4h", "2026-10-26 12:00"),
    (BERLIN, "2027-03-26 16:00", "1d", "2027-03-29 16:00"),
    (BERLIN_ALWAYS, "2026-10-24 20:00", "10h", "2026-10-25 05:00"),
    (BERLIN_ALWAYS, "2027-03-27 20:00", "10h", "2027-03-28 07:00"),
    (BERLIN_ALWAYS, "2026-10-25 23:30", "1d", "2026-10-27 00:00"),  # 24 h 30 min into a day of 25
    (BERLIN_ALWAYS, "2026-10-05 22:00", "4h", "2026-10-06 02:00"),
    (BERLIN_ALWAYS, "2026-10-05 22:00", "1w", "2026-10-12 22:00"),
]


@pytest.mark.parametrize(("calendar", "start", "amount", "result"), EXAMPLES)
def test_business_time_passes_only_while_the_team_works(calendar, start, amount, result):
    found = calendar.add(local(calendar, start), Duration.parse(amount))
    assert found == local(calendar, result)
    assert found.tzinfo is UTC


def test_a_day_that_the_zone_skipped_is_no_business_day():
    apia = BusinessCalendar("Pacific/Apia", weekdays=ALWAYS)  # 29 December 2011 was followed by the 31st
    found = apia.add(local(apia, "2011-12-29 12:00"), Duration.parse("2d"))
    assert found == local(apia, "2012-01-01 12:00")
    found = apia.add(local(apia, "2011-12-29 12:00"), Duration.parse("16h"))
    assert found == local(apia, "2012-01-01 12:00")


@pytest.mark.parametrize(
    ("opens", "closes", "result"),
    [
        (time(2, 15), time(2, 45), "2027-03-28 03:30"),  # the clock knows no 02:15: an hour later that day
        (time(2, 30), time(3), "2027-03-29 02:45"),  # 03:30 to 03:00: not open at all that day
    ],
)
def test_opening_hours_that_a_clock_change_leaves_out(opens, closes, result):
    nightly = BusinessCalendar("Europe/Berlin", weekdays=ALWAYS, opens=opens, closes=closes)
    start = local(nightly, "2027-03-27 02:30" if opens == time(2, 15) else "2027-03-27 02:45")
    assert nightly.add(start, Duration.parse("30m")) == local(nightly, result)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-10-05 08:59", False),
        ("2026-10-05 09:00", True),
        ("2026-10-05 17:00", True),
        ("2026-10-05 17:01", False),
        ("2026-10-10 12:00", False),
        ("2026-10-29 12:00", False),
    ],
)
def test_the_team_works_on_business_days_within_the_hours(moment, is_open):
    assert ISTANBUL.is_open(local(ISTANBUL, moment)) is is_open


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"time_zone": "Europe/Atlantis"}, "not an IANA time zone"),
        ({"time_zone": "../etc/passwd"}, "not an IANA time zone"),
        ({"weekdays": frozenset()}, "at least one"),
        ({"weekdays": frozenset({7})}, "at least one"),
        ({"opens": time(17), "closes": time(9)}, "before they close"),
        ({"opens": time(9), "closes": time(9)}, "before they close"),
        ({"opens": time(9, tzinfo=UTC)}, "without a time zone"),
    ],
)
def test_a_calendar_that_cannot_work_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        BusinessCalendar(**({"time_zone": "Europe/Berlin"} | wrong))


def test_a_naive_start_is_refused():
    with pytest.raises(ValueError, match="aware"):
        BERLIN.add(datetime(2026, 10, 5, 12), Duration.parse("1h"))  # noqa: DTZ001


hours = st.sampled_from(
    [(time(9), time(17)), (time(0), time(0)), (time(1, 30), time(2, 30)), (time(22), time(0))]
)
zones = st.sampled_from(
    [
        "Europe/Berlin",
        "Asia/Tehran",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Apia",
    ]
)
moments = st.datetimes(datetime(2010, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
open_times = st.builds(Duration, st.integers(0, 80), st.sampled_from("mh"))  # both together under 9999 m
durations = st.builds(Duration, st.integers(0, 60), st.sampled_from("mhdw"))


@st.composite
def calendars(draw):
    opens, closes = draw(hours)
    weekdays = draw(st.frozensets(st.integers(0, 6), min_size=1))
    holidays = draw(st.frozensets(st.dates(date(2010, 1, 1), date(2028, 1, 1)), max_size=20))
    return BusinessCalendar(draw(zones), weekdays, opens, closes, holidays)


@given(calendars(), moments, durations)
def test_a_due_date_lies_in_opening_hours_and_not_in_the_past(calendar, start, amount):
    due = calendar.add(start, amount)
    assert due >= start
    assert calendar.is_open(due)


@given(calendars(), moments, moments, durations)
def test_who_starts_later_is_never_due_earlier(calendar, one, other, amount):
    first, second = sorted([one, other])
    assert calendar.add(first, amount) <= calendar.add(second, amount)


@given(calendars(), moments, durations, st.integers(0, 50))
def test_more_time_is_never_due_earlier(calendar, start, amount, more):
    assert calendar.add(start, amount) <= calendar.add(start, Duration(amount.amount + more, amount.unit))


@given(calendars(), moments, open_times, open_times)
def test_opening_time_adds_up(calendar, start, first, second):
    together = Duration(_minutes(first.timedelta + second.timedelta), "m")
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, together)


whole_minutes = moments.map(lambda moment: moment.replace(second=0, microsecond=0))
clear_of_clock_changes = calendars().filter(lambda calendar: calendar.closes != time(2, 30))


@settings(deadline=None)  # the oracle looks at up to 20,000 minutes one by one
@given(clear_of_clock_changes, whole_minutes, st.integers(0, 600))
def test_as_many_working_minutes_pass_as_were_added(calendar, start, minutes):
    due = calendar.add(start, Duration(minutes, "m"))
    assume(minutes and due - start < timedelta(days=14))
    passed = range(_minutes(due - start))
    assert sum(_works(calendar, start + timedelta(minutes=minute)) for minute in passed) == minutes


def _minutes(length):
    return int(length / timedelta(minutes=1))


def _works(calendar, moment):
    """An oracle that looks at the wall: is the minute that begins now a working one?"""
    wall = moment.astimezone(ZoneInfo(calendar.time_zone))
    is_day = wall.weekday() in calendar.weekdays and wall.date() not in calendar.holidays
    return (
        is_day
        and calendar.opens <= wall.time()
        and (wall.time() < calendar.closes or calendar.closes == time(0))
    )
