"""What has to be judged together: units that speak of the same thing, directly or through others.

A corporate group is such a group: whoever holds, controls, guarantees or deals with somebody speaks of both. Nothing
that a verdict rests on lies outside the group, except what reference data says to all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping


def groups(units: Iterable[str], shared: Iterable[Iterable[str]]) -> list[list[str]]:
    """The units in groups: those of one set in ``shared`` belong together. Units and groups in the order of names."""
    parent = {unit: unit for unit in units}

    def top(unit: str) -> str:
        while parent[unit] != unit:
            parent[unit] = parent[parent[unit]]
            unit = parent[unit]
        return unit

    for together in shared:
        first, *others = sorted({top(unit) for unit in together})
        for other in others:
            parent[other] = first
    members: dict[str, list[str]] = defaultdict(list)
    for unit in sorted(parent):
        members[top(unit)].append(unit)
    return sorted(members.values())


def packed(found: Iterable[list[str]], sizes: Mapping[str, int], most: int) -> dict[str, tuple[int, int]]:
    """For each unit its bucket and its group, by number.

    A bucket is judged at once, and holds groups of ``most`` statements in all, or a single group that has more.
    """
    places, bucket, filled = {}, 0, 0
    for number, group in enumerate(found):
        size = sum(sizes[unit] for unit in group)
        if filled and filled + size > most:
            bucket, filled = bucket + 1, 0
        filled += size
        places.update(dict.fromkeys(group, (bucket, number)))
    return places
