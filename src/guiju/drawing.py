"""What every drawing in SVG is made of: texts that fit, lines with their arrowheads, and well-formed elements.

Lengths are in pixels.
"""

from __future__ import annotations

import re
import unicodedata
from xml.etree import ElementTree as ET

FONT = "Noto Sans CJK SC, Source Han Sans SC, Microsoft YaHei, PingFang SC, WenQuanYi Micro Hei, sans-serif"
HEAD = 11.0
"""The length of an arrowhead."""
_CLOSING = "，。；：、？！）》”’」』】〉…"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def width_of(text: str, size: float) -> float:
    """About how wide a text is at a font size: never less than fonts commonly make it."""
    return sum(size * (1.0 if unicodedata.east_asian_width(char) in "WFA" else 0.62) for char in text)


def wrapped(text: str, width: float, size: float) -> list[str]:
    """A text in lines of at most a width: between any two Chinese characters, and words where they fit on a line.

    No line begins with a mark that closes something.
    """
    lines, line = [], ""
    for piece in re.findall(r"[\x21-\x7e\u00a1-\u2fff]+|\s+|.", " ".join(text.split())):
        while piece:
            if width_of(line + piece, size) <= width:
                line, piece = line + piece, ""
            elif piece in _CLOSING and len(line) > 1:
                lines.append(line[:-1].strip())
                line, piece = line[-1] + piece, ""
            elif line.strip():
                lines.append(line.strip())
                line, piece = "", piece.lstrip()
            else:
                cut = max(1, next(n for n in range(len(piece), -1, -1) if width_of(piece[:n], size) <= width))
                lines.append(piece[:cut])
                piece = piece[cut:]
    return [*lines, line.strip()] if line.strip() or not lines else lines


def arrowhead(x: float, y: float, way: int, colour: str, filled: bool) -> dict[str, str]:
    """An arrowhead whose tip is at a place: filled or open."""
    back = x + way * HEAD
    points = f"M {px(x)} {px(y)} L {px(back)} {px(y - 4.5)} L {px(back)} {px(y + 4.5)} Z"
    return {"d": points, "fill": colour if filled else "#ffffff", "stroke": colour, "stroke-width": "1.2"}


def add(parent: ET.Element, tag: str, attributes: dict[str, str], text: str | None = None) -> ET.Element:
    """A new element at the end of another."""
    found = ET.SubElement(parent, tag, {name: clean(value) for name, value in attributes.items()})
    found.text = None if text is None else clean(text)
    return found


def clean(text: str) -> str:
    """The text without characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def px(number: float) -> str:
    """A length as an attribute says it."""
    return f"{number:.1f}".removesuffix(".0")
