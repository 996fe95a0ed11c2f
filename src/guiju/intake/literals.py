"""The lexical check of literals: what a datatype's values may look like, before any engine sees them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date

from guiju.intake.model import Text
from guiju.keys import XSD

MAX_WHOLE = 18
"""Digits before the point. With the next, what every engine compares and multiplies exactly: some keep 18
digits after the point and no more than 20 before it, and a value beyond that is silently no number to them."""
MAX_FRACTION = 9
"""Digits after the point, so that the product of two numbers is exact, too."""
MAX_NUMBER = 80
"""Characters of a number, leading zeros included."""

Trouble = tuple[Text, Text]
"""What is wrong with a value, and what to do."""

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DOUBLE = re.compile(r"(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?|-?INF|\+INF|NaN)")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_ZONED = re.compile(rf".*[0-9]{_ZONE}", re.DOTALL)
_DATE_TIME = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})T{_CLOCK}({_ZONE})?")
_TIME = re.compile(rf"{_CLOCK}(?:{_ZONE})?")
_DURATION = re.compile(
    r"-?P(?=.)(?:[0-9]{1,9}Y)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}D)?"
    r"(?:T(?=.)(?:[0-9]{1,9}H)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}(?:\.[0-9]{1,9})?S)?)?"
)
_OTHERS = {
    "boolean": re.compile(r"true|false|1|0"),
    "gYear": re.compile(r"(?!0000)[0-9]{4}"),
    "gYearMonth": re.compile(r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])"),
    "gMonth": re.compile(r"--(?:0[1-9]|1[0-2])"),
    "gDay": re.compile(r"---(?:0[1-9]|[12][0-9]|3[01])"),
    "gMonthDay": re.compile(r"--(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"),
    "time": _TIME,
    "duration": _DURATION,
    "yearMonthDuration": re.compile(r"-?P(?=.)(?:[0-9]{1,9}Y)?(?:[0-9]{1,9}M)?"),
    "dayTimeDuration": re.compile(
        r"-?P(?=.)(?:[0-9]{1,9}D)?(?:T(?=.)(?:[0-9]{1,9}H)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}(?:\.[0-9]{1,9})?S)?)?"
    ),
    "hexBinary": re.compile(r"(?:[0-9A-Fa-f]{2})*"),
    "base64Binary": re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"),
    "language": re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"),
    "anyURI": re.compile(r"[^\s<>\"{}|\\^`]*"),
}
_EXAMPLES = {
    "decimal": "8.5",
    "date": "2018-09-20",
    "dateTime": "2018-09-20T09:30:00+08:00",
    "boolean": "true",
    "gYear": "2018",
    "gYearMonth": "2018-09",
    "gMonth": "--09",
    "gDay": "---20",
    "gMonthDay": "--09-20",
    "time": "09:30:00",
    "duration": "P1Y6M",
    "yearMonthDuration": "P1Y6M",
    "dayTimeDuration": "P10D",
    "hexBinary": "0AFF",
    "base64Binary": "Z3VpanU=",
    "language": "zh-CN",
    "anyURI": "https://example.org/a",
    "double": "8.5E0",
    "float": "8.5E0",
}
_INTEGERS: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None),
    "nonNegativeInteger": (0, None),
    "positiveInteger": (1, None),
    "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1),
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-(2**7), 2**7 - 1),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 2**8 - 1),
}
_STRINGS = frozenset({"string", "normalizedString", "token", "Name", "NCName", "NMTOKEN"})
TYPES = frozenset({*_EXAMPLES, *_INTEGERS, *_STRINGS})
"""The local names of the XSD datatypes that are read."""


def trouble(value: str, datatype: str, ours: bool) -> Trouble | None:
    """What is wrong with a literal of an XSD datatype, or None.

    ``datatype`` is an IRI; those outside XSD are not looked at. ``ours`` says that the property is
    one of this vocabulary, where binary floating point is refused.
    """
    if not datatype.startswith(XSD):
        return None
    name = datatype[len(XSD) :]
    if name in _STRINGS:
        return None
    shown = value if len(value) <= 60 else value[:57] + "..."
    if name in {"double", "float"} and ours:
        return (
            Text(
                f"“{shown}”是二进制浮点数（xsd:{name}），不精确。",
                f'"{shown}" is binary floating point (xsd:{name}), not exact.',
            ),
            Text(
                '请写成十进制，如 "8.5"^^xsd:decimal，不用指数。',
                'Quote it with the type xsd:decimal and no exponent, as in "8.5"^^xsd:decimal.',
            ),
        )
    if name in {"decimal", "double", "float"} or name in _INTEGERS:
        return _number(value, shown, name)
    if _well_formed(name)(value):
        return None
    if name in {"date", "gYear", "gYearMonth", "gMonth", "gDay", "gMonthDay"} and _ZONED.fullmatch(value):
        return (
            Text(f"日期“{shown}”带时区。", f'The date "{shown}" has a time zone.'),
            Text("日期一律按中国当地日期书写，请去掉时区。", "Dates are local days in China: remove the time zone."),
        )
    return _ill(shown, name)


def normalised(value: str) -> str:
    """The literal in Unicode normal form C."""
    return value if value.isascii() or unicodedata.is_normalized("NFC", value) else unicodedata.normalize("NFC", value)


def control_character(value: str) -> str | None:
    """The first character that not every format can carry, as ``U+0001``, or None."""
    if value.isprintable():
        return None
    for character in value:
        if (
            (character < " " and character not in "\t\n\r")
            or "\x7f" <= character <= "\x9f"
            or character in "\ufffe\uffff"
        ):
            return f"U+{ord(character):04X}"
    return None


def _number(value: str, shown: str, name: str) -> Trouble | None:
    pattern = _INTEGER if name in _INTEGERS else _DECIMAL if name == "decimal" else _DOUBLE
    if len(value) > MAX_NUMBER or not pattern.fullmatch(value):
        return _ill(shown, name)
    if name in {"double", "float"}:
        return None
    whole, _, fraction = value.lstrip("+-").partition(".")
    if len(whole.lstrip("0")) > MAX_WHOLE or len(fraction.rstrip("0")) > MAX_FRACTION:
        return (
            Text(
                f"“{shown}”位数过多（整数至多{MAX_WHOLE}位，小数至多{MAX_FRACTION}位）。",
                f'"{shown}" has too many digits (at most {MAX_WHOLE} before the point, {MAX_FRACTION} after it).',
            ),
            Text("请核对数值和单位，小数请四舍五入。", "Check the value and its unit; round the fraction."),
        )
    if name in _INTEGERS:
        low, high = _INTEGERS[name]
        if (low is not None and int(value) < low) or (high is not None and int(value) > high):
            return (
                Text(f"“{shown}”超出 xsd:{name} 的范围。", f'"{shown}" is out of the range of xsd:{name}.'),
                Text("请核对数值或改用 xsd:integer。", "Check the value, or use xsd:integer."),
            )
    return None


def _well_formed(name: str) -> Callable[[str], object]:
    if name == "date":
        return _is_date
    if name == "dateTime":
        return _is_date_time
    return _OTHERS[name].fullmatch if name in _OTHERS else lambda value: False


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_date_time(value: str) -> bool:
    match = _DATE_TIME.fullmatch(value)
    return bool(match) and _is_date(value[:10])


def _ill(shown: str, name: str) -> Trouble:
    if name not in TYPES:
        return (
            Text(f"没有数据类型 xsd:{name}。", f"There is no datatype xsd:{name}."),
            Text("请核对拼写，如 xsd:decimal、xsd:date。", "Check its spelling, as in xsd:decimal or xsd:date."),
        )
    example = _EXAMPLES.get(name, "10")
    return (
        Text(f"“{shown}”不是合格的 xsd:{name}。", f'"{shown}" is not a well-formed xsd:{name}.'),
        Text(
            f'请用半角字符书写，如 "{example}"^^xsd:{name}。',
            f'Write it in plain ASCII, as in "{example}"^^xsd:{name}.',
        ),
    )
