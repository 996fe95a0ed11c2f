"""Working days: named examples, every day against two independent sources, and gaps in the data."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from guiju.calendar import Calendar, CalendarError, read

FOLDER = Path(__file__).parents[1] / "ontology" / "calendars"


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return read(FOLDER)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def test_covers_2007_to_2026(calendar: Calendar) -> None:
    assert (calendar.first, calendar.last) == (date(2007, 1, 1), date(2026, 12, 31))
    assert len(calendar.floors) == len(days(calendar.first, calendar.last))


@pytest.mark.parametrize(
    ("start", "length", "last"),
    [
        # Mid-Autumn and National Day lie between, and the 29th and 30th of September are worked.
        ("2018-09-20", 10, "2018-10-10"),
        ("2018-09-21", 1, "2018-09-25"),
        # From a day of rest the count begins with the next working day.
        ("2018-09-22", 1, "2018-09-25"),
        # Across the turn of a year whose last days rest on the next year's notice.
        ("2018-12-28", 1, "2018-12-29"),
        ("2018-12-29", 1, "2019-01-02"),
        # The Spring Festival of 2020 was extended to 2 February.
        ("2020-01-23", 1, "2020-02-03"),
        # The Victory Day holiday of 2015, and the Sunday that made up for it.
        ("2015-09-02", 1, "2015-09-06"),
        # New Year's Eve of 2024 is a working day.
        ("2024-02-08", 1, "2024-02-09"),
    ],
)
def test_last_day(calendar: Calendar, start: str, length: int, last: str) -> None:
    begun, end = date.fromisoformat(start), date.fromisoformat(last)
    assert calendar.last_day(begun, length) == end
    assert calendar.kept(begun, length, end) is True
    assert calendar.kept(begun, length, end + timedelta(1)) is False


def test_saturday_after_a_friday_deadline_is_late(calendar: Calendar) -> None:
    monday, friday, saturday = date(2018, 7, 9), date(2018, 7, 13), date(2018, 7, 14)
    assert calendar.last_day(monday, 4) == friday
    assert calendar.kept(monday, 4, friday) is True
    assert calendar.kept(monday, 4, saturday) is False


def test_index(calendar: Calendar) -> None:
    assert calendar.index(date(2007, 1, 1)) == (0, 1)  # a day of rest before the first working day
    assert calendar.index(date(2007, 1, 4)) == (1, 1)
    assert calendar.index(date(2007, 1, 6)) == (2, 3)  # a Saturday
    assert list(calendar.days())[3] == (date(2007, 1, 4), 1, 1)


@pytest.mark.parametrize("outside", ["2006-12-31", "2027-01-01"])
def test_outside_is_not_known(calendar: Calendar, outside: str) -> None:
    day = date.fromisoformat(outside)
    assert calendar.index(day) is None
    assert calendar.is_working_day(day) is None
    assert calendar.last_day(day, 1) is None
    assert calendar.kept(date(2018, 9, 20), 10, day) is None


def test_deadline_beyond_the_calendar_is_not_known(calendar: Calendar) -> None:
    assert calendar.last_day(date(2026, 12, 30), 1) == date(2026, 12, 31)
    assert calendar.last_day(date(2026, 12, 30), 2) is None


def test_a_period_has_a_length(calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="at least one"):
        calendar.last_day(date(2018, 9, 20), 0)


@pytest.mark.parametrize("year", range(2007, 2027))
def test_every_day_against_chinesecalendar(calendar: Calendar, year: int) -> None:
    other = pytest.importorskip("chinese_calendar")
    for day in days(date(year, 1, 1), date(year, 12, 31)):
        assert calendar.is_working_day(day) == other.is_workday(day), day


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_against_holidays(calendar: Calendar, year: int) -> None:
    other = pytest.importorskip("holidays").country_holidays("CN", years=range(year - 1, year + 2))
    for day in days(date(year, 1, 1), date(year, 12, 31)):
        assert calendar.is_working_day(day) == other.is_working_day(day), day


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for path in FOLDER.glob("*.ttl"):
        if path.stem in {"2017", "2018", "2019", "weekly-rest"}:
            shutil.copy(path, tmp_path)
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_part_is_a_calendar(copy: Path) -> None:
    assert read(copy).last_day(date(2018, 9, 20), 10) == date(2018, 10, 10)


def test_missing_year(copy: Path) -> None:
    (copy / "2018.ttl").unlink()
    with pytest.raises(CalendarError, match="2018 is missing"):
        read(copy)


def test_no_year_at_all(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "weekly-rest.ttl", tmp_path)
    with pytest.raises(CalendarError, match="no calendar of a year"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"2018-02-11"', '"2018-02-12"', "no weekly day of rest"),
        ('"2018-02-11"', '"2018-02-17"', "both off and worked"),
        ('"2018-02-11"', '"2017-02-11"', "is not in 2018"),
        ('"2018-02-11"', '"2018-02-31"', "is not a date"),
        ('"2018-02-11"^^xsd:date', '"2018-02-11"', "wrong type"),
        ("gj:notice", "gj:remark", "no notice"),
        ("gj:dayOff", "gj:dayof", "no day off"),
        ('"2018"^^xsd:gYear', '"2019"^^xsd:gYear', "gj:year is"),
        ("gj:CalendarYear", "gj:CalenderYear", "0 of gj:CalendarYear"),
        ("gj:year", "gj:year gj:", "is not Turtle|不是 Turtle"),
    ],
)
def test_wrong_data(copy: Path, old: str, new: str, said: str) -> None:
    change(copy / "2018.ttl", old, new)
    with pytest.raises(CalendarError, match=said) as caught:
        read(copy)
    assert "2018.ttl" in str(caught.value)


def test_no_days_of_rest(copy: Path) -> None:
    change(copy / "weekly-rest.ttl", "6 , 7", "6 , 8")
    with pytest.raises(CalendarError, match="not 1 to 7"):
        read(copy)
    (copy / "weekly-rest.ttl").unlink()
    with pytest.raises(CalendarError, match="weekly-rest"):
        read(copy)
