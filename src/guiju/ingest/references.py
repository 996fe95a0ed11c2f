"""Finds what a provision refers to: 前款, 本办法第二十七条第三款, 第（一）、（二）项, 《…》.

A reference is resolved only where its target exists; what cannot be resolved is returned with a
reason, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from guiju.numerals import NUMERAL, to_int

from .split import Provision


@dataclass(frozen=True)
class Unresolved:
    """Words of a provision that name a place or document not found, and why."""

    provision: str
    words: str
    why: str


@dataclass(frozen=True)
class References:
    """For each provision (by id) the provisions it refers to and the documents (IRIs) it names."""

    provisions: Mapping[str, tuple[str, ...]]
    documents: Mapping[str, tuple[str, ...]]
    unresolved: tuple[Unresolved, ...]


_TOKEN = re.compile(
    rf"(?P<title>《[^《》]+》)"
    rf"|第(?P<art>{NUMERAL})条"
    rf"|第(?P<para>{NUMERAL})款"
    rf"|第[（(](?P<item>{NUMERAL})[）)]项?|第(?P<plain>{NUMERAL})项"
    rf"|前(?P<back>[一二两三四五]?)(?P<unit>款|条|项)"
    rf"|(?P<own>本条|本款|本章|本节)|第(?P<chp>{NUMERAL})章(?:第(?P<sec>{NUMERAL})节)?"
)
_MORE = re.compile(rf"[（(](?P<item>{NUMERAL})[）)]项?")
_JOIN = re.compile(r"\s*(?:、|，|以及|或者|和|及|与|或)?\s*(?:的)?\s*")
_RANGE = re.compile(r"\s*(?:至|到|—|－|-|~)\s*")
_QUALIFIER = re.compile(r"[（(][^（）()]{1,12}[）)]")
_OWN_TITLE = re.compile(r"本$")
_NO_PLACE = "本文件中没有这一条款 / this text has no such place"

_Place = tuple[int | None, int | None, int | None]
"""An article, paragraph and item; None where the reference does not go that deep."""


class _Index:
    """Where each article, paragraph and item of the text stands."""

    def __init__(self, provisions: Iterable[Provision]) -> None:
        self.by_id = {p.id: p for p in provisions}
        self.items: dict[tuple[str, str], str] = {}
        for p in self.by_id.values():
            if p.parent and p.kind in ("item", "point", "subitem", "prt"):
                self.items.setdefault((p.parent, p.number), p.id)

    def up(self, provision: str, kind: str) -> Provision | None:
        """The provision itself or the nearest one around it that is of the kind."""
        here: Provision | None = self.by_id[provision]
        while here and here.kind != kind:
            here = self.by_id[here.parent] if here.parent else None
        return here

    def find(self, place: _Place) -> str | None:
        article, para, item = place
        target = f"art_{article}"
        if para is not None:
            target += f"__para_{para}"
        if item is not None:
            found = self.items.get((target, str(item)))
            if found is None and para is None:  # 第五条第（一）项: the only paragraph with a list
                lists = [
                    self.items[(p.id, str(item))]
                    for p in self.by_id.values()
                    if p.parent == target and (p.id, str(item)) in self.items
                ]
                found = lists[0] if len(lists) == 1 else None
            return found
        return target if target in self.by_id else None


def references(provisions: Iterable[Provision], titles: Mapping[str, str]) -> References:
    """Resolve the references in the words of each provision.

    ``titles`` gives the IRI of every document that may be named, by its title without 《》.
    """
    provisions = list(provisions)
    index = _Index(provisions)
    inner: dict[str, tuple[str, ...]] = {}
    outer: dict[str, tuple[str, ...]] = {}
    unresolved: list[Unresolved] = []
    for provision in provisions:
        targets: list[str] = []
        documents: list[str] = []
        for words, kind, target in _read(provision, index, titles):
            if target is None:
                unresolved.append(Unresolved(provision.id, words, kind))
            elif kind == "document":
                documents.append(target)
            elif target != provision.id:
                targets.append(target)
        if targets:
            inner[provision.id] = tuple(dict.fromkeys(targets))
        if documents:
            outer[provision.id] = tuple(dict.fromkeys(documents))
    return References(inner, outer, tuple(unresolved))


def _read(provision: Provision, index: _Index, titles: Mapping[str, str]) -> Iterator[tuple[str, str, str | None]]:
    """Each reference of one provision: its words, its kind (or why it fails) and its target."""
    text = provision.heading or provision.text
    position = 0
    while match := _TOKEN.search(text, position):
        position = match.end()
        if match["title"]:
            title = match["title"][1:-1]
            if _OWN_TITLE.search(text[: match.start()]):
                continue  # 本《指引》 is this document
            yield match[0], *_document(title, titles)
            if qualifier := _QUALIFIER.match(text, position):
                position = qualifier.end()
            position, _ = _run(text, position)  # 《…》第三条 is an article of that document
        elif match["chp"]:
            target = f"chp_{to_int(match['chp'])}"
            target += f"__sec_{to_int(match['sec'])}" if match["sec"] else ""
            yield match[0], _NO_PLACE, target if target in index.by_id else None
        elif match["own"]:
            kind = {"本章": "chp", "本节": "sec"}.get(match["own"])
            if kind:
                here = index.up(provision.id, kind)
                yield match[0], "不在章节之内 / not inside one", here.id if here else None
            else:
                own = _place(provision, index, para=match["own"] == "本款")
                position, places = _run(text, position, own)
                yield from _targets(text[match.start() : position], places, index)
        elif match["unit"]:
            yield from _previous(match, provision, index, text)
            position = _run(text, position)[0]
        else:
            own = _place(provision, index, para=match["art"] is None and match["para"] is None)
            position, places = _run(text, match.start(), own)
            if match["plain"] and own[1] is None:
                continue
            if match["plain"] and not re.search(r"[款条本]$", text[: match.start()]):
                continue  # 第一项工作 counts things, it names no place
            yield from _targets(text[match.start() : position], places, index)


def _document(title: str, titles: Mapping[str, str]) -> tuple[str, str | None]:
    if title in titles:
        return "document", titles[title]
    return "没有登记这一文件 / this document is not registered", None


def _place(provision: Provision, index: _Index, *, para: bool) -> _Place:
    """The article (and paragraph) that a provision stands in."""
    article, paragraph = index.up(provision.id, "art"), index.up(provision.id, "para")
    return (
        int(article.number) if article else None,
        int(paragraph.number) if paragraph and para else None,
        None,
    )


def _run(text: str, position: int, start: _Place = (None, None, None)) -> tuple[int, list[_Place]]:
    """Read 第八条第一款第（一）、（二）项和第九条 from ``position``: its end, its places."""
    here, places, depth = start, [start] if start != (None, None, None) else [], -1
    implied = bool(places)  # ``start`` is named only if nothing follows
    fill = False
    while True:
        end = position
        while True:
            token = _TOKEN.match(text, end) or (_MORE.match(text, end) if depth == 2 else None)
            if token:
                break
            if (gap := _RANGE.match(text, end)) and end == position:
                fill = True
            else:
                gap = _JOIN.match(text, end)
            if gap is None or gap.end() == end:
                return position, places
            end = gap.end()
        groups = token.groupdict()
        level = next(
            (i for i, name in enumerate(("art", "para", "item")) if groups.get(name)),
            2 if groups.get("plain") else None,
        )
        if level is None:
            return position, places
        n = to_int(groups.get("plain") or groups[("art", "para", "item")[level]])
        if end > position and level > depth:
            return position, places  # 第八条，第一款: only a finer place may follow at once
        new: _Place = (
            n if level == 0 else here[0],
            None if level == 0 else n if level == 1 else here[1],
            n if level == 2 else None,
        )
        before = here[level]
        if implied or (level > depth and end == position and places):
            places = places[:-1]  # 第八条 is only the way to 第八条第一款
        elif fill and level == depth and before is not None:
            for k in range(before + 1, n):
                middle = (k, None, None) if level == 0 else (here[0], k, None)
                places.append(middle if level < 2 else (here[0], here[1], k))
        places.append(new)
        here, depth, implied, fill = new, level, False, False
        position = token.end()


def _targets(words: str, places: list[_Place], index: _Index) -> Iterator[tuple[str, str, str | None]]:
    for place in places:
        yield words, _NO_PLACE, index.find(place)


def _previous(
    match: re.Match[str], provision: Provision, index: _Index, text: str
) -> Iterator[tuple[str, str, str | None]]:
    """前款, 前两款, 前条, 前项, with the items named after it."""
    back = to_int(match["back"]) if match["back"] else 1
    kind = {"款": "para", "条": "art", "项": "item"}[match["unit"]]
    why = "前面没有这么多 / there are not so many before it"
    here = index.up(provision.id, kind)
    if here is None or int(here.number) <= back:
        yield match[0], why, None
        return
    stem = here.id.removesuffix(here.number)
    for k in range(int(here.number) - back, int(here.number)):
        target = f"{stem}{k}"
        if target not in index.by_id:
            yield match[0], why, None
            continue
        place = _place(index.by_id[target], index, para=kind != "art")
        end, places = _run(text, match.end(), place)
        if kind == "item" or end == match.end():
            yield match[0], "", target
        else:
            yield from _targets(text[match.start() : end], places, index)
