"""Where things took place: places with points where the data has them, and how they lie in one
another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyoxigraph as ox

from foedera.explore import queries
from foedera.points import on_earth
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words

PLACES = 300
"""How many places are shown: those where most took place, and what these lie in."""

THINGS = 40
"""How many things are named at one place; fewer where there are many places."""

_NAMED = 1_500
"""About how many things are named at all places together."""


@dataclass(slots=True)
class _Place:
    """What took place there, what it lies within, and its longitude and latitude."""

    things: dict[ox.NamedNode, None] = field(default_factory=dict)
    within: dict[ox.NamedNode, None] = field(default_factory=dict)
    point: tuple[float, float] | None = None


@dataclass(frozen=True)
class _Atlas:
    places: dict[ox.NamedNode, _Place]
    below: dict[ox.NamedNode, set[ox.NamedNode]]
    unplaced: Sequence[tuple[ox.NamedNode, tuple[ox.Literal, ...]]]
    cut: bool


def _atlas(store: Store) -> _Atlas:
    places: dict[ox.NamedNode, _Place] = {}
    reasons: dict[ox.NamedNode, list[ox.Literal]] = {}
    count = 0
    for row in queries.rows(store, queries.MAP):
        count += 1
        if count > queries.ROWS:
            break
        node, thing, within, reason = (row(name) for name in ("place", "thing", "within", "reason"))
        if not isinstance(node, ox.NamedNode):
            if isinstance(thing, ox.NamedNode):
                told = reasons.setdefault(thing, [])
                told += [reason] if isinstance(reason, ox.Literal) else []
            continue
        place = places.setdefault(node, _Place())
        if isinstance(thing, ox.NamedNode):
            place.things[thing] = None
        if isinstance(within, ox.NamedNode) and within != node:
            place.within[within] = None
            places.setdefault(within, _Place())
        place.point = place.point or _point(row)
    placed = {thing for place in places.values() for thing in place.things}
    unplaced = [(t, tuple(told)) for t, told in reasons.items() if t not in placed]
    return _Atlas(places, _totals(places), unplaced, count > queries.ROWS)


def _point(row: queries.Row) -> tuple[float, float] | None:
    """Longitude and latitude, where a row has them and they are on earth."""
    wkt, lat, long = (getattr(row(name), "value", "") for name in ("wkt", "lat", "long"))
    return on_earth(wkt, lat, long)


def places(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """What took place where, as JSON.

    The call holds ``languages``. The answer has the ``places`` as a list in the order of a tree,
    each with its ``depth`` in it, the ``things`` there, their ``count``, how many there are with
    those of the places within (``total``), and its ``point`` or None; ``unplaced`` things with
    their reasons; ``left``, how many places are not shown; ``cut`` and the ``query``.
    """
    atlas = store.once(_atlas)
    words = Words(store, call["languages"])
    shown = sorted(atlas.places, key=lambda one: (-len(atlas.below[one]), one.value))[:PLACES]
    store.expect(shown)
    most = min(THINGS, max(3, _NAMED // max(1, len(shown))))
    told = [_told(words, node, depth, atlas, most) for node, depth in _tree(words, atlas, shown)]
    queries.write(
        reply,
        {
            "places": told,
            "unplaced": [
                {**words.link(thing), "reason": words.best(reasons)}
                for thing, reasons in sorted(
                    atlas.unplaced, key=lambda item: queries.by_name(words, item[0])
                )[:PLACES]
            ],
            "left": len(atlas.places) - len(shown),
            "cut": queries.ROWS if atlas.cut else 0,
            "query": queries.text(store, queries.MAP),
        },
    )


def _totals(places: dict[ox.NamedNode, _Place]) -> dict[ox.NamedNode, set[ox.NamedNode]]:
    """What took place in each place or in what lies within it, at whatever depth."""
    found = {node: set(place.things) for node, place in places.items()}
    for node, place in places.items():
        for above in _all_above(places, node):
            found[above].update(place.things)
    return found


def _all_above(places: dict[ox.NamedNode, _Place], node: ox.NamedNode) -> Iterable[ox.NamedNode]:
    """All that a place lies within."""
    seen: dict[ox.NamedNode, None] = {}
    front = list(places[node].within)
    while front:
        one = front.pop()
        if one != node and one not in seen:
            seen[one] = None
            front.extend(places[one].within)
    return seen


def _tree(
    words: Words, atlas: _Atlas, shown: Sequence[ox.NamedNode]
) -> Iterable[tuple[ox.NamedNode, int]]:
    """Places in the order of a tree, each with its depth: below the nearest place that it lies
    within, whether or not the farther ones are said too."""
    here = set(shown)
    above = {node: [one for one in _all_above(atlas.places, node) if one in here] for node in shown}
    children: dict[ox.NamedNode | None, list[ox.NamedNode]] = {}
    for node in shown:
        nearest = max(above[node], key=lambda one: (len(above[one]), one.value), default=None)
        # Two places that lie within each other would both be below: neither is.
        if nearest is not None and node in above[nearest]:
            nearest = None
        children.setdefault(nearest, []).append(node)
    stack = [(node, 0) for node in _named(words, children.get(None, ()))]
    while stack:
        node, depth = stack.pop()
        yield node, depth
        stack.extend((one, depth + 1) for one in _named(words, children.get(node, ())))


def _named(words: Words, nodes: Iterable[ox.NamedNode]) -> list[ox.NamedNode]:
    """By name, the last first, as a stack wants them."""
    return sorted(nodes, key=lambda one: queries.by_name(words, one), reverse=True)


def _told(
    words: Words,
    node: ox.NamedNode,
    depth: int,
    atlas: _Atlas,
    most: int,
) -> dict[str, Any]:
    place = atlas.places[node]
    return {
        **words.link(node),
        "depth": depth,
        "things": queries.links(words, list(place.things)[:most]),
        "count": len(place.things),
        "total": len(atlas.below[node]),
        "point": place.point,
    }


OPERATIONS = {"places": places}
"""What a worker can do for this page, by name."""
