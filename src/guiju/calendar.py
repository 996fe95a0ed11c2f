"""Chinese working days, read from ``ontology/calendars``: what the State Council's notices make them.

Every day of the calendar has two indices, both counts of working days from the calendar's first day:

* *floor*: the working days on or before it;
* *ceiling*: the same on a working day, one more on a day of rest.

A period of N working days from a day S, which is not itself counted, is kept by a day E exactly
when ``ceiling(E) <= floor(S) + N``. So a filing on the Saturday after a Friday deadline is late.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyoxigraph as ox

from guiju.keys import GJ, RDF, XSD

_TYPE = ox.NamedNode(RDF + "type")
_DAY = timedelta(days=1)


class CalendarError(ValueError):
    """The calendar data is incomplete or contradicts itself; the message names file and cure."""


@dataclass(frozen=True)
class Calendar:
    """Working days without a gap from ``first`` to ``last``; made by :func:`read`."""

    first: date
    last: date
    floors: tuple[int, ...]
    """The floor of each day, in order."""

    def index(self, day: date) -> tuple[int, int] | None:
        """(floor, ceiling) of ``day``, or None outside the calendar."""
        if not self.first <= day <= self.last:
            return None
        at = (day - self.first).days
        floor = self.floors[at]
        return floor, floor if self._works(at) else floor + 1

    def is_working_day(self, day: date) -> bool | None:
        """Whether ``day`` is a working day, or None outside the calendar."""
        return self._works((day - self.first).days) if self.first <= day <= self.last else None

    def last_day(self, start: date, days: int) -> date | None:
        """The last day that keeps a period of ``days`` working days from ``start`` (not counted).

        None where ``start`` or the answer is outside the calendar; ValueError for ``days`` below 1.
        """
        if days < 1:
            raise ValueError(f"{days} 个工作日：期限至少一个工作日。 A period has at least one working day.")
        begun = self.index(start)
        if begun is None:
            return None
        target = begun[0] + days
        for at in range((start - self.first).days + 1, len(self.floors)):
            if self.floors[at] == target:
                return self.first + at * _DAY
        return None

    def kept(self, start: date, days: int, end: date) -> bool | None:
        """Whether ``end`` is within ``days`` working days of ``start``; None outside the calendar."""
        begun, done = self.index(start), self.index(end)
        return None if begun is None or done is None else done[1] <= begun[0] + days

    def days(self) -> Iterator[tuple[date, int, int]]:
        """Every day with its floor and its ceiling, in order."""
        for at, floor in enumerate(self.floors):
            yield self.first + at * _DAY, floor, floor if self._works(at) else floor + 1

    def triples(self) -> Iterator[ox.Triple]:
        """What queries ask of every day: which it is, its floor and its ceiling."""
        integer = ox.NamedNode(XSD + "integer")
        for when, *indexes in self.days():
            day = ox.NamedNode(f"urn:guiju:day:{when}")
            yield ox.Triple(day, ox.NamedNode(GJ + "day"), ox.Literal(str(when), datatype=ox.NamedNode(XSD + "date")))
            for name, number in zip(("workingDayFloor", "workingDayCeiling"), indexes, strict=True):
                yield ox.Triple(day, ox.NamedNode(GJ + name), ox.Literal(str(number), datatype=integer))

    def _works(self, at: int) -> bool:
        return self.floors[at] != (self.floors[at - 1] if at else 0)


def read(folder: Path) -> Calendar:
    """Read ``weekly-rest.ttl`` and every ``<year>.ttl`` of a folder into one calendar.

    Raises CalendarError for a year that is missing, a day outside its year, a day that
    is both off and worked, and a make-up working day that no week rests on.
    """
    rest = _weekly_rest(folder / "weekly-rest.ttl")
    years: dict[int, _Year] = {}
    for path in sorted(folder.glob("[0-9]*.ttl")):
        year = _year(path, rest)
        years[year.year] = year
    if not years:
        raise _error(folder, "没有年度日历", "no calendar of a year", "放入 <年>.ttl add <year>.ttl")
    floors: list[int] = []
    floor = 0
    day = first = date(min(years), 1, 1)
    last = date(max(years), 12, 31)
    while day <= last:
        if day.year not in years:
            raise _error(
                folder,
                f"缺{day.year}年",
                f"the year {day.year} is missing",
                f"补上 {day.year}.ttl add {day.year}.ttl",
            )
        year = years[day.year]
        if day in year.worked or (day.isoweekday() not in rest and day not in year.off):
            floor += 1
        floors.append(floor)
        day += _DAY
    return Calendar(first, last, tuple(floors))


@dataclass(frozen=True)
class _Year:
    year: int
    off: frozenset[date]
    worked: frozenset[date]


def _year(path: Path, rest: frozenset[int]) -> _Year:
    graph = _graph(path)
    subject = _only(path, graph, "CalendarYear")
    written = _values(graph, subject, "year", XSD + "gYear", path)
    if written != [path.stem] or not path.stem.isdecimal():
        raise _error(
            path,
            f"gj:year 是 {written}",
            f"gj:year is {written}",
            f'应为 "{path.stem}"^^xsd:gYear 一个值 write it once',
        )
    if not _values(graph, subject, "notice", None, path):
        raise _error(path, "没有依据的通知", "no notice that it rests on", "写 gj:notice add gj:notice")
    off, worked = (
        _dates(path, _values(graph, subject, name, XSD + "date", path)) for name in ("dayOff", "makeUpWorkday")
    )
    if not off:
        raise _error(path, "没有放假日", "no day off", "写 gj:dayOff add gj:dayOff")
    for day in sorted(off & worked):
        raise _error(path, f"{day} 既放假又上班", f"{day} is both off and worked", "删去一个 remove one")
    for day in sorted(worked):
        if day.isoweekday() not in rest:
            raise _error(
                path,
                f"{day} 本是工作日，不是调休上班日",
                f"{day} is no weekly day of rest to make up on",
                "改正日期 correct the date",
            )
    return _Year(int(path.stem), off, worked)


def _weekly_rest(path: Path) -> frozenset[int]:
    graph = _graph(path)
    written = _values(graph, _only(path, graph, "WeeklyRest"), "weeklyRestDay", XSD + "integer", path)
    days = frozenset(int(text) for text in written if text in "1234567")
    if not days or len(days) != len(written):
        raise _error(
            path,
            f"周休息日 {written} 不是 1 至 7",
            f"days of rest {written} are not 1 to 7",
            "星期一为1 Monday is 1",
        )
    return days


def _graph(path: Path) -> ox.Dataset:
    try:
        return ox.Dataset(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE))
    except OSError as error:
        raise _error(path, "读不到", str(error), "补上文件 add the file") from error
    except SyntaxError as error:
        raise _error(path, "不是 Turtle", str(error), "改正语法 correct the syntax") from error


def _only(path: Path, graph: ox.Dataset, kind: str) -> ox.NamedNode:
    found = [quad.subject for quad in graph.quads_for_object(ox.NamedNode(GJ + kind)) if quad.predicate == _TYPE]
    if len(found) != 1 or not isinstance(found[0], ox.NamedNode):
        raise _error(path, f"有 {len(found)} 个 gj:{kind}", f"{len(found)} of gj:{kind}", "每个文件一个 one a file")
    return found[0]


def _values(graph: ox.Dataset, subject: ox.NamedNode, name: str, kind: str | None, path: Path) -> list[str]:
    found = []
    for quad in graph.quads_for_subject(subject):
        if quad.predicate.value == GJ + name:
            value = quad.object
            if not isinstance(value, ox.Literal) or (kind is not None and value.datatype.value != kind):
                raise _error(
                    path,
                    f"gj:{name} 的值 {value} 类型不对",
                    f"gj:{name} {value} has the wrong type",
                    f"改为 use {kind}",
                )
            found.append(value.value)
    return found


def _dates(path: Path, written: list[str]) -> frozenset[date]:
    days = set()
    for text in written:
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise _error(
                path,
                f"{text} 不是日期",
                f"{text} is not a date",
                "写成 2018-01-01 这样 write it like 2018-01-01",
            ) from error
        if str(day.year) != path.stem:
            raise _error(
                path,
                f"{text} 不在{path.stem}年",
                f"{text} is not in {path.stem}",
                "移到那一年的文件 move it to that year's file",
            )
        days.add(day)
    return frozenset(days)


def _error(path: Path, zh: str, en: str, cure: str) -> CalendarError:
    return CalendarError(f"{path}: {zh}。 {en}. {cure}")
