"""Who has to do with whom: actors, joined by what they share, laid out once for a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from foedera.explore import queries
from foedera.explore.force import layout
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words

NODES = 150
"""How many actors the picture shows: those joined most."""

CROWD = 60
"""How many actors may share a thing for it to join each with each."""

_WITH = 40
"""How many others one row of the table names."""


@dataclass(frozen=True)
class _Net:
    """Actors, those joined most first; with whom each shares how much; what each is part of."""

    actors: Sequence[ox.NamedNode]
    kinds: dict[ox.NamedNode, Any]
    joined: dict[ox.NamedNode, dict[ox.NamedNode, int]]
    shared: dict[ox.NamedNode, set[Any]]
    crowds: Sequence[ox.NamedNode]
    spots: Sequence[tuple[float, float]]
    cut: bool


def _net(store: Store) -> _Net:
    kinds: dict[ox.NamedNode, Any] = {}
    shared: dict[ox.NamedNode, set[Any]] = {}
    members: dict[Any, dict[ox.NamedNode, None]] = {}
    count = 0
    for row in queries.rows(store, queries.NETWORK):
        count += 1
        actor, thing, kind = row("actor"), row("shared"), row("kind")
        if count > queries.ROWS:
            break
        if not isinstance(actor, ox.NamedNode) or thing is None:
            continue
        if isinstance(kind, ox.NamedNode):
            kinds.setdefault(actor, kind)
        shared.setdefault(actor, set()).add(thing)
        members.setdefault(thing, {})[actor] = None
    joined: dict[ox.NamedNode, dict[ox.NamedNode, int]] = {actor: {} for actor in shared}
    for group in members.values():
        if len(group) <= CROWD:
            for one in group:
                for other in group:
                    if one != other:
                        joined[one][other] = joined[one].get(other, 0) + 1
    for actor in shared:
        if actor not in kinds:
            kinds[actor] = queries.kind_of(store, actor)
    actors = sorted(
        shared, key=lambda one: (-len(joined[one]), -sum(joined[one].values()), one.value)
    )
    crowds = [
        thing
        for thing, group in members.items()
        if len(group) > CROWD and isinstance(thing, ox.NamedNode)
    ]
    return _Net(actors, kinds, joined, shared, crowds, _spots(actors, joined), count > queries.ROWS)


def _drawn(
    actors: Sequence[ox.NamedNode], joined: dict[ox.NamedNode, dict[ox.NamedNode, int]]
) -> list[ox.NamedNode]:
    """Those in the picture: what is joined to nobody has no place in it."""
    return [actor for actor in actors if joined[actor]][:NODES]


def _ties(
    drawn: Sequence[ox.NamedNode], joined: dict[ox.NamedNode, dict[ox.NamedNode, int]]
) -> list[tuple[int, int, int]]:
    """The lines among some actors, by their numbers, with how much the two share."""
    numbers = {actor: number for number, actor in enumerate(drawn)}
    return [
        (number, numbers[other], weight)
        for number, actor in enumerate(drawn)
        for other, weight in joined[actor].items()
        if numbers.get(other, -1) > number
    ]


def _spots(
    actors: Sequence[ox.NamedNode], joined: dict[ox.NamedNode, dict[ox.NamedNode, int]]
) -> list[tuple[float, float]]:
    drawn = _drawn(actors, joined)
    return layout(len(drawn), _ties(drawn, joined))


def network(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """The network of actors, as JSON.

    The call holds ``languages``, ``skip`` and ``most`` (of the table). The answer has the ``nodes``
    of the picture (links, with the number of their ``kind``, their ``degree``, and where they
    stand: ``x`` and ``y`` from 0 to 1), the ``lines`` (two numbers of nodes, and how much these
    share), the ``kinds``, the ``rows`` of the table with the ``others`` of each, the ``count`` of
    all actors and of those ``joined`` to any, the ``crowds`` that are too large to join each with
    each, ``cut`` and the ``query``.
    """
    net = store.once(_net)
    words = Words(store, call["languages"])
    drawn = _drawn(net.actors, net.joined)
    rows = net.actors[call["skip"] : call["skip"] + call["most"]]
    store.expect([*drawn, *rows])
    kinds = sorted(
        {kind for kind in net.kinds.values() if kind is not None}, key=lambda one: str(one.value)
    )
    queries.write(
        reply,
        {
            "nodes": [
                {
                    **words.link(actor),
                    "kind": kinds.index(net.kinds[actor]) if net.kinds[actor] else -1,
                    "degree": len(net.joined[actor]),
                    "x": x,
                    "y": y,
                }
                for actor, (x, y) in zip(drawn, net.spots, strict=True)
            ],
            "lines": _ties(drawn, net.joined),
            "kinds": [words.link(kind) for kind in kinds],
            "rows": [_row(words, net, actor) for actor in rows],
            "count": len(net.actors),
            "joined": sum(map(bool, net.joined.values())),
            "crowds": queries.links(words, net.crowds[:_WITH]),
            "cut": queries.ROWS if net.cut else 0,
            "query": queries.text(store, queries.NETWORK),
        },
    )


def _row(words: Words, net: _Net, actor: ox.NamedNode) -> dict[str, Any]:
    """An actor, and with whom it shares how much, the most first."""
    others = sorted(net.joined[actor].items(), key=lambda item: (-item[1], item[0].value))
    kind = net.kinds[actor]
    return {
        **words.link(actor),
        "kind": words.link(kind) if kind is not None else None,
        "shared": len(net.shared[actor]),
        "degree": len(others),
        "others": [{**words.link(other), "count": count} for other, count in others[:_WITH]],
    }


OPERATIONS = {"network": network}
"""What a worker can do for this page, by name."""
