"""The query behind each page of the whole dataset: the publication's own, or a general one.

A publication says what its pages show with a panel among its shapes that belongs to no class:
``:panelKind`` names the page, ``sh:select`` is the query, and the names of its columns say what a
value is for. Each row may fill some of them; what several rows say of one thing is put together.

``timeline``       ``?thing``; ``?kind``, ``?date``, ``?seen``, ``?begins``, ``?ends``, ``?reason``
                   (for having no date), ``?place``, ``?actor``
``map``            ``?place``; ``?wkt`` or ``?lat`` and ``?long``, ``?within``, ``?thing``; or,
                   without a place, a ``?thing`` and the ``?reason``
``network``        ``?actor`` and what is ``?shared``; ``?kind``
``connections``    any of ``?property``, ``?wider``, ``?link``, ``?avoid`` (`paths`)
``disagreements``  ``?one`` and ``?other``; of the one ``?about``, ``?property``, ``?says``,
                   ``?words`` (the source's own), ``?rank``, ``?confidence``, ``?basis``,
                   ``?reason``, ``?evidence``, ``?source``, ``?start``, ``?end``

Without a panel, the timeline and the map ask for what many vocabularies say, and connections go by
any property between things that have names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.errors import EngineFailed
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.suggest import MACHINERY
from foedera.words import Words

TIMELINE, MAP, NETWORK = "timeline", "map", "network"
CONNECTIONS, DISAGREEMENTS = "connections", "disagreements"
KINDS = (TIMELINE, MAP, NETWORK, CONNECTIONS, DISAGREEMENTS)
"""The pages of the whole dataset, in the order in which they are offered."""

ROWS = 50_000
"""How many rows of a query are read."""

Row = Callable[[str], Any]
"""A row of an answer: what stands in a column, None where there is nothing or no such column."""

_TYPE = ox.NamedNode(terms.TYPE)

_GENERAL = {
    TIMELINE: f"""\
SELECT ?thing ?date ?place WHERE {{
    VALUES ?when {{ {" ".join(f"<{iri}>" for iri in terms.BEGINNINGS)} }}
    ?thing ?when ?date .
    OPTIONAL {{ ?thing <{terms.SCHEMA}location> ?place }}
}}
""",
    MAP: f"""\
PREFIX geo: <{terms.GEO}>
PREFIX wgs84: <{terms.WGS84}>
PREFIX schema: <{terms.SCHEMA}>

SELECT ?place ?wkt ?lat ?long ?thing WHERE {{
    {{ ?place geo:asWKT|geo:hasGeometry/geo:asWKT ?wkt }}
    UNION {{ ?place wgs84:lat ?lat ; wgs84:long ?long }}
    UNION {{ ?place schema:latitude ?lat ; schema:longitude ?long }}
    UNION {{ ?place schema:geo ?point . ?point schema:latitude ?lat ; schema:longitude ?long }}
    UNION {{ ?thing schema:location ?place }}
}}
""",
}
"""What is asked where a publication says nothing."""

_TOLD_BY = {
    TIMELINE: terms.BEGINNINGS,
    MAP: (terms.GEO + "asWKT", terms.WGS84 + "lat", terms.SCHEMA + "latitude"),
}
"""The properties without which a general query finds nothing."""

_PANELS = f"""
PREFIX : <{terms.FOEDERA}>
PREFIX sh: <{terms.SH}>
SELECT ?panel ?kind ?select WHERE {{
  ?panel a :Panel ; :panelKind ?kind ; sh:select ?select
  FILTER NOT EXISTS {{ ?panel :panelFor ?class }}
}}
ORDER BY ?panel
"""


def stated(store: Store) -> dict[str, str]:
    """The publication's own queries, by the page that they are for."""
    found: dict[str, str] = {}
    for row in _solutions(store, _PANELS):
        found.setdefault(row("kind").value, row("select").value.strip() + "\n")
    return found


def text(store: Store, kind: str) -> str:
    """The query behind a page; "" where there is none."""
    return store.once(stated).get(kind) or _GENERAL.get(kind, "")


def rows(store: Store, kind: str) -> Iterator[Row]:
    """What the query behind a page gives, at most `ROWS` of it and one more, in a fixed order.

    Raises EngineFailed where the publication's own cannot be read.
    """
    query = text(store, kind)
    try:
        yield from _solutions(store, query) if query else ()
    except SyntaxError as fault:
        raise EngineFailed(
            f"The query behind the page {kind!r} cannot be read: {fault}",
            "It is the sh:select of a panel among the shapes of this publication.",
        ) from None


def _solutions(store: Store, query: str) -> Iterator[Row]:
    found = store.query(query)
    if not isinstance(found, ox.QuerySolutions):
        raise SyntaxError("it is no SELECT query")
    columns = {variable.value for variable in found.variables}
    for solution in sorted(islice(found, ROWS + 1), key=str):  # each engine has its own order
        yield _row(solution, columns)


def _row(solution: ox.QuerySolution, columns: set[str]) -> Row:
    return lambda name: solution[name] if name in columns else None


def kind_of(store: Store, node: Any) -> ox.NamedNode | None:
    """The class that says most of a thing: the rarest of the publication's own, else of others."""
    kinds = [
        quad.object
        for quad in store.about(node, _TYPE)
        if isinstance(quad.object, ox.NamedNode) and not quad.object.value.startswith(MACHINERY)
    ]
    kinds.sort(key=lambda kind: (store.numbers["classes"].get(kind.value, 0), kind.value))
    own = [kind for kind in kinds if kind.value.startswith(store.base)]
    return next(iter(own or kinds), None)


def offered(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """Which pages of the whole dataset have something to show, as JSON: ``pages``, and the
    ``queries`` of this publication's own among those behind them."""
    own = store.once(stated)
    write(reply, {"pages": store.once(_offered), "queries": own})


def _offered(store: Store) -> list[str]:
    return [kind for kind in KINDS if _holds(store, kind)]


def _holds(store: Store, kind: str) -> bool:
    if kind == CONNECTIONS:
        return int(store.numbers["subjects"]) > 1
    if kind in store.once(stated):
        try:
            return next(rows(store, kind), None) is not None
        except EngineFailed:
            return True  # its page says what is wrong
    return any(iri in store.numbers["properties"] for iri in _TOLD_BY.get(kind, ()))


def write(reply: Reply, content: dict[str, Any]) -> None:
    reply.head({})
    reply.write(json.dumps(content, ensure_ascii=False).encode())


def links(words: Words, nodes: Iterable[Any]) -> list[dict[str, Any]]:
    """Links to things, in the order of their names; what is no IRI is left out."""
    named = [node for node in nodes if isinstance(node, ox.NamedNode)]
    return [words.link(node) for node in sorted(named, key=lambda one: by_name(words, one))]


def by_name(words: Words, node: ox.NamedNode) -> tuple[str, str]:
    """Where a thing stands in an order of names."""
    return words.label(node)["text"].lower(), node.value


OPERATIONS = {"explore": offered}
"""What a worker can do for these pages, by name."""
