"""Chinese numerals as regulations write them: 第一百零二条, 第三款, （十二）, 第12条."""

from __future__ import annotations

_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}

NUMERAL = r"[〇零○一二两三四五六七八九十百千]{1,9}|[0-9]{1,9}"
"""A regular expression (without a group) for one numeral, Chinese or Arabic."""


def to_int(text: str) -> int:
    """The value of a numeral below ten thousand, Chinese (``一百零二``) or Arabic (``102``).

    Raises ValueError for anything else.
    """
    if text.isascii() and text.isdigit():
        return int(text)
    total, digit = 0, 0
    for char in text:
        if char in _UNITS:
            total += (digit or 1) * _UNITS[char]
            digit = 0
        elif char in _DIGITS:
            digit = digit * 10 + _DIGITS[char]
        else:
            raise ValueError(f"{text!r} is not a Chinese numeral; write one such as 二十七 or 27")
    if not text:
        raise ValueError("an empty text is not a numeral; write one such as 二十七 or 27")
    return total + digit


def to_chinese(number: int) -> str:
    """The numeral as an article writes it: 39 gives ``三十九``, 102 ``一百零二``.

    ``number`` is 1 to 9999; ValueError otherwise.
    """
    if not 0 < number < 10000:
        raise ValueError(f"{number} is outside 1 to 9999, which article numbers never are")
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += ("零" if gap and text else "") + "〇一二三四五六七八九"[digit] + name
            gap = False
        else:
            gap = True
    return text.removeprefix("一") if text.startswith("一十") else text
