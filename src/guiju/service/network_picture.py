"""A network as SVG: a column for each step, what leads to the centre on its left, what it leads to on its right.

Nothing is told by colour alone: a box carries the mark of its document, a line the dashes of its relation, and the key
explains both. Every box is a link. Lengths are in pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from markupsafe import Markup

from guiju import keys
from guiju.drawing import FONT, HEAD, add, arrowhead, px, width_of, wrapped
from guiju.service.network import IN, OUT, Connection, Network, Place, network

MOST = 40
"""So many boxes stand in a column; of more, the drawing says how many are left out."""
_BOX, _BAND, _PAD, _GAP, _BETWEEN, _MARGIN = 176.0, 20.0, 6.0, 12.0, 32.0, 4.0
_NAME, _WORDS, _SMALL, _LINES = 13.0, 11.0, 12.0, 2
_COLOURS = ("#1f2937", "#0b5394", "#8a2f66", "#00664b", "#8a4b00", "#5b3a8c", "#7a1f1f", "#2f5d62")
_FOREIGN = "#555555"
_STYLES = (
    {"stroke": "#222222"},
    {"stroke": "#0072b2", "stroke-dasharray": "7 4"},
    {"stroke": "#00664b", "stroke-dasharray": "2 3"},
    {"stroke": "#8a2f66", "stroke-dasharray": "12 3 2 3"},
    {"stroke": "#b34700", "stroke-dasharray": "4 2"},
    {"stroke": "#6b5d00", "stroke-dasharray": "9 3"},
    {"stroke": "#5b3a8c", "stroke-dasharray": "1 4"},
)


@dataclass
class _Box:
    """A place with its text; ``x`` and ``y`` are the upper left corner."""

    place: Place
    name: list[str]
    words: list[str]
    x: float = 0.0
    y: float = 0.0
    ties: list[tuple[_Box, Connection]] = field(default_factory=list)

    @property
    def height(self) -> float:
        return len(self.name) * (_NAME + 4) + len(self.words) * (_WORDS + 4) + 2 * _PAD

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def connected(key: keys.Key, root: str) -> dict[str, Any]:
    """The network of a provision and its drawing, for a page of the server mounted at ``root``."""
    found = network(key)
    # The drawing is well-formed and escaped, whatever the data say.
    return {"network": found, "drawing": Markup(svg(found, lambda place: f"{root}/about/id/{place.key}"))}


def svg(whole: Network, address: Callable[[Place], str]) -> str:
    """The drawing of a network as one SVG element; ``address`` says where the box of a place leads."""
    columns, left_out = _columns(whole)
    _heights(columns)
    used = {each.relation for boxes in columns.values() for box in boxes for _, each in box.ties}
    marks = {document: _mark(n, document) for n, document in enumerate(whole.documents)}
    width = 2 * _MARGIN + len(columns) * _BOX + (len(columns) - 1) * _BETWEEN
    key, top = _key(whole, marks, used, left_out, width)
    for n, step in enumerate(sorted(columns)):
        for box in columns[step]:
            box.x = _MARGIN + n * (_BOX + _BETWEEN)
            box.y += top
    height = max(box.y + box.height for boxes in columns.values() for box in boxes) + _MARGIN
    root = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg", "width": px(width), "height": px(height),
            "viewBox": f"0 0 {px(width)} {px(height)}", "role": "group", "font-family": FONT, "lang": "zh-Hans",
            "aria-label": f"{whole.centre.zh}的关联网络",
        },
    )  # fmt: skip
    add(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    root.append(key)
    lines = add(root, "g", {"aria-hidden": "true"})
    for boxes in columns.values():
        for box in boxes:
            between: dict[int, int] = {}
            for near, each in box.ties:
                lane = between[id(near)] = between.get(id(near), -1) + 1
                _line(lines, whole, near, box, each, 7.0 * lane)
    for step in sorted(columns):
        for box in columns[step]:
            _box(root, box, *marks[box.place.document], address(box.place))
    return ET.tostring(root, encoding="unicode") + "\n"


def _columns(whole: Network) -> tuple[dict[int, list[_Box]], int]:
    """The boxes by step, each tied to those one step nearer, and how many places are left out."""
    columns = {0: [_boxed(whole.centre)]}
    left_out = 0
    for way in (OUT, IN):
        for step in sorted((step for step in whole.steps if step * way > 0), key=abs):
            nearer = {box.place.key: box for box in columns.get(step - way, ())}
            found: list[_Box] = []
            for place in whole.steps[step]:
                box = _boxed(place)
                box.ties = [(nearer[key], each) for key, each in place.through if key in nearer]
                if box.ties and len(found) < MOST:
                    found.append(box)
                else:
                    left_out += 1
            if found:
                columns[step] = found
    return columns, left_out


def _boxed(place: Place) -> _Box:
    name = f"《{place.zh}》" if place.foreign else place.zh
    if not place.foreign and place.document:
        name = place.zh.rpartition("》")[2] or place.zh
    room = _BOX - _BAND - 2 * _PAD
    words = wrapped(place.words, room, _WORDS)
    if len(words) > _LINES:
        words = [*words[: _LINES - 1], words[_LINES - 1][:-1] + "…"]
    return _Box(place, wrapped(name, room, _NAME), words if place.words else [])


def _heights(columns: dict[int, list[_Box]]) -> None:
    """Put the boxes of each column below one another, near those they are tied to, the tallest column first."""
    for step in sorted(columns, key=abs):
        boxes = columns[step]
        if step:
            rank = {id(box): n for n, box in enumerate(columns[step - (1 if step > 0 else -1)])}
            boxes.sort(key=lambda box: sum(rank[id(near)] for near, _ in box.ties) / len(box.ties))
        y = 0.0
        for box in boxes:
            box.y, y = y, y + box.height + _GAP
    whole = max(boxes[-1].y + boxes[-1].height for boxes in columns.values())
    for boxes in columns.values():
        spare = (whole - boxes[-1].y - boxes[-1].height) / (len(boxes) + 1)
        for n, box in enumerate(boxes, 1):
            box.y += spare * n


def _mark(number: int, document: str) -> tuple[str, str]:
    """The letter and the colour of a document."""
    if not document:
        return "外", _FOREIGN
    return "本" if number == 0 else chr(ord("A") + number - 1), _COLOURS[number % len(_COLOURS)]


def _style(whole: Network, relation: str) -> dict[str, str]:
    return {**_STYLES[whole.relations.index(relation) % len(_STYLES)], "stroke-width": "1.5"}


def _line(body: ET.Element, whole: Network, near: _Box, far: _Box, each: Connection, down: float) -> None:
    """The line of a connection; ``down`` keeps those between the same two boxes apart."""
    left, right = (near, far) if far.place.step > 0 else (far, near)
    x, to = left.x + _BOX, right.x - HEAD
    bend = (to - x) / 2
    style = _style(whole, each.relation)
    start, end = px(left.middle + down), px(right.middle + down)
    path = f"M {px(x)} {start} C {px(x + bend)} {start} {px(to - bend)} {end} {px(to)} {end}"
    add(body, "path", {"d": path, "fill": "none", **style})
    add(body, "path", arrowhead(right.x, right.middle + down, -1, style["stroke"], True))


def _box(body: ET.Element, box: _Box, mark: str, colour: str, address: str) -> None:
    place = box.place
    link = add(body, "a", {"href": address, **({"aria-current": "true"} if not place.step else {})})
    add(link, "title", {}, "：".join(part for part in (place.zh, place.words[:300]) if part))
    at = {"x": px(box.x), "y": px(box.y), "height": px(box.height)}
    edge = {"stroke": colour, "stroke-width": "1.2" if place.step else "3"}
    edge |= {"stroke-dasharray": "5 3"} if place.foreign else {}
    add(link, "rect", {**at, "width": px(_BOX), "fill": "#ffffff", **edge})
    add(link, "rect", {**at, "width": px(_BAND), "fill": colour})
    look = {"text-anchor": "middle", "font-size": px(_SMALL), "font-weight": "bold", "fill": "#ffffff"}
    add(link, "text", {"x": px(box.x + _BAND / 2), "y": px(box.middle + 4), **look}, mark)
    y = box.y + _PAD - 3
    for size, weight, lines in ((_NAME, "bold", box.name), (_WORDS, "normal", box.words)):
        for line in lines:
            y += size + 4
            look = {"font-size": px(size), "font-weight": weight, "fill": "#000000" if size == _NAME else "#333333"}
            add(link, "text", {"x": px(box.x + _BAND + _PAD), "y": px(y - 1), **look}, line)


def _key(
    whole: Network, marks: dict[str, tuple[str, str]], used: set[str], left_out: int, width: float
) -> tuple[ET.Element, float]:
    """What marks and lines mean and what is left out, and how much room that takes."""
    key = ET.Element("g", {"class": "key"})
    x, y = _MARGIN, _MARGIN

    def room(wide: float) -> tuple[float, float]:
        nonlocal x, y
        if x + wide > width - _MARGIN and x > _MARGIN:
            x, y = _MARGIN, y + 22
        x += wide + 18
        return x - wide - 18, y

    for document, title in whole.documents.items():
        mark, colour = marks[document]
        text = title["zh"] if not document else f"《{title['zh']}》"
        left, at = room(_BAND + 6 + width_of(text, _SMALL))
        add(key, "rect", {"x": px(left), "y": px(at), "width": px(_BAND), "height": "16", "fill": colour})
        look = {"text-anchor": "middle", "font-size": px(_SMALL), "font-weight": "bold", "fill": "#ffffff"}
        add(key, "text", {"x": px(left + _BAND / 2), "y": px(at + 12), **look}, mark)
        add(key, "text", {"x": px(left + _BAND + 6), "y": px(at + 12), "font-size": px(_SMALL)}, text)
    for relation in whole.relations:
        if relation in used:
            text = "{zh} {en}".format_map(whole.names[relation])
            left, at = room(46 + width_of(text, _SMALL))
            style = _style(whole, relation)
            add(key, "path", {"d": f"M {px(left)} {px(at + 8)} H {px(left + 40 - HEAD)}", "fill": "none", **style})
            add(key, "path", arrowhead(left + 40, at + 8, -1, style["stroke"], True))
            add(key, "text", {"x": px(left + 46), "y": px(at + 12), "font-size": px(_SMALL)}, text)
    if left_out:
        text = f"另有 {left_out} 处未画，列在图外 {left_out} more are not drawn, but listed"
        left, at = room(width_of(text, _SMALL))
        add(key, "text", {"x": px(left), "y": px(at + 12), "font-size": px(_SMALL)}, text)
    return key, y + 22 + 2 * _GAP
