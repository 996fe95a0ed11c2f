"""A group as SVG: igraph says which box stands in which column and in what order; boxes and lines get their sizes here.

The SVG is self-contained: no script, no reference, all text selectable. Nothing is told by colour alone: boxes differ
by outline and corners, lines by dashes, arrowheads and labels. Lengths are in pixels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

from guiju.drawing import FONT, HEAD, add, arrowhead, clean, px, width_of, wrapped
from guiju.graph import Entity, Group, Link, NoPicture

BOX, PAD, PORT, GAP = 228.0, 9.0, 17.0, 22.0
"""The width of a box, the space around its text, the room for one line's end, and between two boxes."""
_TRUNK, _CORNER, _MARGIN, _NARROWEST = 9.0, 5.0, 24.0, 900.0
_BOXES: dict[str, tuple[str, str, dict[str, str]]] = {
    "company": ("资产管理公司", "the company", {"fill": "#1f2937", "stroke": "#000000", "stroke-width": "3"}),
    "scope": ("应当纳入并表", "must be consolidated", {"fill": "#dbe9f6", "stroke": "#000000", "stroke-width": "2.4"}),
    "omitted": (
        "可以不列入", "may be left out",
        {"fill": "#fdf0d5", "stroke": "#000000", "stroke-width": "2.4", "stroke-dasharray": "9 4"},
    ),
    "controlled": ("受集团控制", "controlled", {"fill": "#eef2f5", "stroke": "#000000", "stroke-width": "1.4"}),
    "invested": (
        "集团投资、未控制或报送列入", "invested in, not controlled; or reported",
        {"fill": "#ffffff", "stroke": "#444444", "stroke-width": "1", "rx": "12"},
    ),
    "outside": (
        "集团外", "outside the group",
        {"fill": "#ffffff", "stroke": "#444444", "stroke-width": "1", "stroke-dasharray": "2 3", "rx": "12"},
    ),
}  # fmt: skip
_LINES: dict[str, tuple[str, str, dict[str, str], bool]] = {
    "Holding": ("持股", "holding", {"stroke": "#222222", "stroke-width": "1.4"}, True),
    "PotentialVotes": (
        "潜在表决权", "potential votes", {"stroke": "#0072b2", "stroke-width": "1.6", "stroke-dasharray": "7 4"}, True,
    ),
    "VotingAgreement": (
        "表决权协议", "voting agreement",
        {"stroke": "#b34700", "stroke-width": "1.6", "stroke-dasharray": "9 3 2 3"}, True,
    ),
    "GovernanceRights": (
        "治理权利", "governance rights", {"stroke": "#00664b", "stroke-width": "1.8", "stroke-dasharray": "2 3"}, False,
    ),
    "ControlAgreement": (
        "控制协议", "control agreement",
        {"stroke": "#8a2f66", "stroke-width": "2.6", "stroke-dasharray": "14 3"}, False,
    ),
    "Guarantee": (
        "担保", "guarantee", {"stroke": "#6b5d00", "stroke-width": "1.4", "stroke-dasharray": "1 5"}, False,
    ),
}  # fmt: skip
_OUTSIDE = {"stroke": "#8a8a8a", "stroke-width": "0.8"}
_PLAIN: tuple[str, str, dict[str, str], bool] = ("其他", "other", {"stroke": "#222222", "stroke-width": "1"}, True)


@dataclass
class _Box:
    """A box in its column; ``x`` and ``y`` are its upper left corner. ``order`` is igraph's place in the column."""

    entity: Entity
    text: list[tuple[str, str]]
    column: int = 0
    order: float = 0.0
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    into: list[_Line] = field(default_factory=list)
    back: list[_Line] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass
class _Line:
    """A line from a box to one in a later column; ``reversed`` where its link runs the other way, against the columns.

    ``through`` are the places, column and order, at which it passes the columns between.
    """

    link: Link
    left: _Box
    right: _Box
    reversed: bool
    lane: int = 0
    through: list[tuple[int, float]] = field(default_factory=list)
    start: float = 0.0
    end: float = 0.0

    @property
    def label(self) -> str:
        return self.link.zh

    def turns(self, passed: dict[tuple[int, float], float]) -> Iterator[tuple[int, _Trunk, float, float]]:
        """Where it goes up or down: after which column, on which trunk, from which height and to which.

        What leaves a box in one manner shares a trunk. ``passed`` has the height of the places it runs through.
        """
        trunk: _Trunk = (self.link.iri,) if self.reversed else (self.left.entity.iri, self.link.kind)
        column, y = self.left.column, self.start
        for place in self.through:
            to = passed[place] + 6.0 * self.lane
            yield column, trunk, y, to
            column, y, trunk = place[0], to, (place[1], self.lane)
        yield column, trunk, y, self.end


_Trunk = tuple[object, ...]


@dataclass(frozen=True)
class _Columns:
    """The left edge of each column, the room for labels before it, and the trunks after it; the right edge of all."""

    lefts: list[float]
    before: list[float]
    trunks: list[dict[_Trunk, float]]
    right: float


def svg(group: Group) -> str:
    """The picture of a group as one SVG document. Raises NoPicture where igraph is not installed."""
    boxes = {entity.iri: _Box(entity, _text(entity, group)) for entity in group.entities}
    lines = _arrange(boxes, group)
    passed = _heights(boxes, lines)
    return _Drawing(group, boxes, lines, passed, _columns(boxes, lines, passed)).document()


def _text(entity: Entity, group: Group) -> list[tuple[str, str]]:
    """The lines of text in a box, each with its style."""
    selves = [link.zh for link in group.links if link.source == link.target == entity.iri]
    parts = [("name", entity.name)]
    parts += [("kinds", entity.kinds)] if entity.kinds else []
    parts += [("note", note) for note in [*entity.notes, *(f"持有自身：{share}" for share in selves)]]
    return [(style, line) for style, text in parts for line in wrapped(text, BOX - 2 * PAD, _SIZE[style])]


_SIZE = {"name": 13.0, "kinds": 10.0, "note": 11.0, "label": 11.0}


def _arrange(boxes: dict[str, _Box], group: Group) -> list[_Line]:
    """Columns and orders for all boxes, by igraph; and the lines between them, with where they pass."""
    igraph = _igraph()
    iris = list(boxes)
    number = {iri: n for n, iri in enumerate(iris)}
    first = number[group.company.iri]
    links = [link for link in group.links if link.source != link.target]
    pairs = list(dict.fromkeys((number[link.source], number[link.target]) for link in links))
    whole = igraph.Graph(n=len(iris), edges=pairs, directed=True)
    ours = set(whole.subcomponent(first, mode="out"))
    against = {(s, t) for s, t in pairs if t == first and s in ours}
    onward = [pair for pair in pairs if pair not in against]
    rest = igraph.Graph(n=len(iris), edges=onward, directed=True)
    against |= {onward[edge] for edge in rest.feedback_arc_set(method="eades")}
    forward = list(dict.fromkeys((t, s) if (s, t) in against else (s, t) for s, t in pairs))
    acyclic = igraph.Graph(n=len(iris), edges=forward, directed=True)
    columns = _layers(acyclic, first)
    layout = acyclic.layout_sugiyama(layers=columns, hgap=1, vgap=1, maxiter=500)
    stops: list[tuple[int, float]] = [(columns[n], layout.coords[n][0]) for n in range(len(iris))]
    starts = {}
    for pair, points in zip(forward, layout.edge_routing, strict=True):
        starts[pair] = len(stops), len(stops) + len(points)
        stops += [(round(column), order) for order, column in points]
    stops = _apart(stops)
    for box, (column, order) in zip(boxes.values(), stops, strict=False):
        box.column, box.order = column, order
    lanes: dict[tuple[int, int], int] = defaultdict(int)
    lines = []
    for link in links:
        pair = (number[link.source], number[link.target])
        turned = pair in against
        pair = pair[::-1] if turned else pair
        line = _Line(link, boxes[iris[pair[0]]], boxes[iris[pair[1]]], turned, lanes[pair])
        line.through = stops[slice(*starts[pair])]
        lanes[pair] += 1
        lines.append(line)
    return lines


def _apart(stops: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """The same places, column and order, with those that igraph puts at the same one a little apart."""
    found, last = list(stops), (-1, 0.0)
    for n in sorted(range(len(stops)), key=lambda n: stops[n]):
        column, order = stops[n][0], round(stops[n][1], 6)
        if column == last[0]:
            order = max(order, round(last[1] + 0.001, 6))
        found[n] = last = (column, order)
    return found


def _igraph() -> Any:
    try:
        import igraph
    except ImportError:
        raise NoPicture(
            "画图需要 igraph：pip install 'guiju[graph]'。 Drawing needs igraph: pip install 'guiju[graph]'."
        ) from None
    return igraph


def _layers(acyclic: Any, first: int) -> list[int]:
    """The column of each vertex: after all that lead to it; who is held by nobody stands just before what it holds."""
    columns = [0] * acyclic.vcount()
    for vertex in acyclic.topological_sorting():
        columns[vertex] = max((columns[before] + 1 for before in acyclic.predecessors(vertex)), default=0)
    for vertex in range(acyclic.vcount()):
        after = acyclic.successors(vertex)
        if vertex != first and not acyclic.predecessors(vertex):
            columns[vertex] = min(columns[n] for n in after) - 1 if after else columns[first] + 1
    return [column - min(columns) for column in columns]


def _columns(boxes: dict[str, _Box], lines: list[_Line], passed: dict[tuple[int, float], float]) -> _Columns:
    """Where columns, labels and the upright stretches of lines stand: what comes from one box in one way shares one."""
    count = max(box.column for box in boxes.values()) + 1
    before, after = [0.0] * count, [0.0] * count
    turns: list[dict[_Trunk, list[tuple[float, float]]]] = [defaultdict(list) for _ in range(count)]
    for line in lines:
        wide = width_of(line.label, _SIZE["label"]) + HEAD + 14
        room, column = (after, line.left.column) if line.reversed else (before, line.right.column)
        room[column] = max(room[column], wide)
        for gap, trunk, y, to in line.turns(passed):
            turns[gap][trunk].append((y, to))
    lefts, trunks, x = [], [], _MARGIN
    for column in range(count):
        lefts.append(x)
        x += BOX + after[column] + 1.5 * _TRUNK
        trunks.append({trunk: x + _TRUNK * n for n, trunk in enumerate(_side_by_side(turns[column]))})
        x += _TRUNK * len(trunks[column])
        x += _TRUNK / 2 + (before[column + 1] if column + 1 < count else 0)
    return _Columns(lefts, before, trunks, x)


def _side_by_side(turns: dict[_Trunk, list[tuple[float, float]]]) -> list[_Trunk]:
    """Trunks from left to right; where it can be, none is reached on a level on which another before it is left."""
    waiting = sorted(turns, key=lambda trunk: (turns[trunk][0][0], str(trunk)))
    starts = {trunk: [y for y, _ in turns[trunk]] for trunk in waiting}
    ends = {trunk: [to for y, to in turns[trunk]] for trunk in waiting}
    later = {
        trunk: {
            other
            for other in waiting
            if other != trunk and any(abs(y - to) < 2 for y in starts[trunk] for to in ends[other])
        }
        for trunk in waiting
    }
    found: list[_Trunk] = []
    while waiting:
        free = (trunk for trunk in waiting if not any(trunk in later[other] for other in waiting))
        found.append(next(free, waiting[0]))
        waiting.remove(found[-1])
    return found


def _heights(boxes: dict[str, _Box], lines: list[_Line]) -> dict[tuple[int, float], float]:
    """Give each box its height, place and ports; the height of every place (column, order) that a line passes."""
    for line in lines:
        line.right.into.append(line)
        if line.reversed:
            line.left.back.append(line)
    for box in boxes.values():
        words = sum(_SIZE[style] + 4 for style, _ in box.text) + 2 * PAD
        box.height = max(words, PORT * len(box.into) + 8, 2 * PORT * len(box.back) + 24)
    lanes: dict[tuple[int, float], int] = defaultdict(int)
    for line in lines:
        for place in line.through:
            lanes[place] = max(lanes[place], line.lane + 1)
    items = [(box.order, box.column, box.height) for box in boxes.values()]
    items += [(order, column, 6.0 * count + 6) for (column, order), count in lanes.items()]
    placed = _placed(items)
    for box in boxes.values():
        box.y = placed[box.order] - box.height / 2
    for box in boxes.values():
        box.into.sort(key=lambda line: (_comes_from(line, placed), line.lane))
        top = box.middle - PORT * (len(box.into) - 1) / 2
        for n, line in enumerate(box.into):
            line.end = top + PORT * n
        for n, line in enumerate(reversed(box.back)):
            line.start = box.y + box.height - 12 - PORT * n
    for line in lines:
        if not line.reversed:
            line.start = line.left.middle
    return {place: placed[place[1]] - 3.0 * (count - 1) for place, count in lanes.items()}


def _comes_from(line: _Line, placed: dict[float, float]) -> float:
    return placed[line.through[-1][1]] if line.through else line.left.middle


def _placed(items: list[tuple[float, int, float]]) -> dict[float, float]:
    """A height for every order, so that nothing of a column overlaps and what has one order stays level."""
    levels: dict[float, list[tuple[int, float]]] = defaultdict(list)
    for order, column, height in items:
        levels[order].append((column, height))
    found: dict[float, float] = {}
    bottom: dict[int, float] = defaultdict(lambda: -GAP)
    y = 0.0
    for order in sorted(levels):
        y = max([y, *(bottom[column] + GAP + height / 2 for column, height in levels[order])])
        found[order] = y
        for column, height in levels[order]:
            bottom[column] = y + height / 2
    return found


@dataclass
class _Drawing:
    group: Group
    boxes: dict[str, _Box]
    lines: list[_Line]
    passed: dict[tuple[int, float], float]
    columns: _Columns

    def document(self) -> str:
        """The SVG text."""
        legend, top = self._legend()
        width = self._width()
        bottom = max(box.y + box.height for box in self.boxes.values())
        for box in self.boxes.values():
            box.x = self.columns.lefts[box.column]
        height = top + bottom + _MARGIN
        root = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg", "width": px(width), "height": px(height),
                "viewBox": f"0 0 {px(width)} {px(height)}", "role": "img", "aria-labelledby": "title description",
                "font-family": FONT, "xml:lang": "zh",
            },
        )  # fmt: skip
        add(root, "title", {"id": "title"}, f"{self.group.company.name}集团图 Group of {self.group.company.name}")
        add(root, "desc", {"id": "description"}, self._description())
        add(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
        root.append(legend)
        body = add(root, "g", {"transform": f"translate(0 {px(top)})"})
        for line in self.lines:
            self._line(body, line)
        for line in self.lines:
            self._label(body, line)
        for box in self.boxes.values():
            self._box(body, box)
        ET.indent(root)
        return ET.tostring(root, encoding="unicode") + "\n"

    def _width(self) -> float:
        title = width_of(f"{self.group.company.name}集团图", 20) + 2 * _MARGIN
        return max(self.columns.right + _MARGIN, _NARROWEST, title)

    def _outside(self, line: _Line) -> bool:
        """Whether a line comes from outside of the group, and so counts for nobody in it."""
        return self.boxes[line.link.source].entity.standing == "outside"

    def _description(self) -> str:
        said = [f"{link.zh}：{self._name(link.source)} → {self._name(link.target)}" for link in self.group.links]
        return f"{len(self.boxes)} 个主体 entities，{len(said)} 条关系 links。" + "；".join(map(clean, said))

    def _name(self, iri: str) -> str:
        return self.boxes[iri].entity.name

    def _box(self, body: ET.Element, box: _Box) -> None:
        entity = box.entity
        zh, en, style = _BOXES[entity.standing]
        place = {"x": px(box.x), "y": px(box.y), "width": px(BOX), "height": px(box.height)}
        drawn = add(body, "g", {"class": "entity", "data-iri": entity.iri})
        add(drawn, "title", {}, f"{entity.name} {entity.english}（{zh} {en}）<{entity.iri}>")
        add(drawn, "rect", {**place, **style})
        y = box.y + (box.height - sum(_SIZE[part] + 4 for part, _ in box.text)) / 2
        for part, text in box.text:
            y += _SIZE[part] + 4
            look = {"x": px(box.x + PAD), "y": px(y - 4), "font-size": px(_SIZE[part])}
            look["fill"] = "#ffffff" if entity.standing == "company" else "#444444" if part == "kinds" else "#000000"
            if part == "name":
                look["font-weight"] = "bold"
            add(drawn, "text", look, text)

    def _line(self, body: ET.Element, line: _Line) -> None:
        zh, en, style, filled = _LINES.get(line.link.kind, _PLAIN)
        style = {**style, **_OUTSIDE} if self._outside(line) else style
        begin = line.left.x + BOX + (HEAD if line.reversed else 0)
        path = [f"M {px(begin)} {px(line.start)}"]
        for column, trunk, at, to in line.turns(self.passed):
            path.append(_turn(self.columns.trunks[column][trunk], at, to))
        path.append(f"H {px(line.right.x - (0 if line.reversed else HEAD))}")
        drawn = add(body, "g", {"class": "link", "data-iri": line.link.iri})
        source, target = self._name(line.link.source), self._name(line.link.target)
        add(drawn, "title", {}, f"{zh} {en}：{source} → {target}，{line.link.zh} {line.link.en}")
        add(drawn, "path", {"d": " ".join(path), "fill": "none", **style})
        tip = (begin - HEAD, line.start, 1) if line.reversed else (line.right.x, line.end, -1)
        add(drawn, "path", arrowhead(*tip, style["stroke"], filled))

    def _label(self, body: ET.Element, line: _Line) -> None:
        if line.reversed:
            x, y, anchor = line.left.x + BOX + HEAD + 4, line.start, "start"
        else:
            x, y, anchor = line.right.x - HEAD - 4, line.end, "end"
        wide = width_of(line.label, _SIZE["label"])
        left = x if anchor == "start" else x - wide
        drawn = add(body, "g", {"class": "label"})
        place = {"x": px(left - 2), "y": px(y - 7), "width": px(wide + 4), "height": "14"}
        add(drawn, "rect", {**place, "fill": "#ffffff"})
        look = {"x": px(x), "y": px(y + 4), "font-size": px(_SIZE["label"]), "text-anchor": anchor}
        add(drawn, "text", look, line.label)

    def _legend(self) -> tuple[ET.Element, float]:
        """Title, key and notes, and how much room they take."""
        legend = ET.Element("g", {"class": "legend"})
        name, day = self.group.company.name, self.group.day
        add(legend, "text", {"x": px(_MARGIN), "y": "38", "font-size": "20", "font-weight": "bold"}, f"{name}集团图")
        about = [f"截至 as of {day}" if day else "", "依据 under " + "、".join(self.group.documents)]
        if not self.group.documents:
            about.pop()
        if self.group.left_out:
            count = self.group.left_out
            about.append(f"另有 {count} 个未受控制的主体未画出 {count} entities that are not controlled are not shown")
        look = {"x": px(_MARGIN), "y": "60", "font-size": "12"}
        add(legend, "text", look, "；".join(part for part in about if part))
        x, y = _MARGIN, 78.0
        for zh, en, style, filled in self._entries():
            wide = 48 + width_of(f"{zh} {en}", 11) + 20
            if x + wide > self._width() and x > _MARGIN:
                x, y = _MARGIN, y + 26
            if filled is None:
                add(legend, "rect", {"x": px(x), "y": px(y), "width": "40", "height": "16", **style})
            else:
                add(legend, "path", {"d": f"M {px(x)} {px(y + 8)} H {px(x + 40 - HEAD)}", "fill": "none", **style})
                add(legend, "path", arrowhead(x + 40, y + 8, -1, style["stroke"], filled))
            add(legend, "text", {"x": px(x + 48), "y": px(y + 12), "font-size": "11"}, f"{zh} {en}")
            x += wide
        return legend, y + 26 + _MARGIN

    def _entries(self) -> Iterator[tuple[str, str, dict[str, str], bool | None]]:
        """What the key explains: the boxes and lines that there are."""
        standings = {box.entity.standing for box in self.boxes.values()}
        for name, (zh, en, style) in _BOXES.items():
            if name in standings:
                yield zh, en, style, None
        kinds = {line.link.kind for line in self.lines}
        yield from (look for name, look in _LINES.items() if name in kinds)
        if any(map(self._outside, self.lines)):
            yield "来自集团外", "from outside the group", _OUTSIDE, True


def _turn(x: float, y: float, to: float) -> str:
    """On a level to a place, from there up or down, and on; with round corners."""
    if abs(to - y) < 0.5:
        return f"H {px(x)}"
    corner = min(_CORNER, abs(to - y) / 2)
    way = corner if to > y else -corner
    first = f"H {px(x - corner)} Q {px(x)} {px(y)} {px(x)} {px(y + way)}"
    return f"{first} V {px(to - way)} Q {px(x)} {px(to)} {px(x + corner)} {px(to)}"
