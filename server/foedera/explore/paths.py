"""How two things are connected: the shortest ways from one to the other, each step a statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import pyoxigraph as ox

from foedera import provenance, terms
from foedera.explore import queries
from foedera.query.worker import Reply
from foedera.stores.base import Store
from foedera.words import Words

PATHS = 5
"""How many paths are shown."""

NODES = 2_500
"""How many things are looked at before the search is given up."""

LINKS = 400
"""How many links of one kind are followed from one thing."""

STEPS = 8
"""The longest path that is looked for."""

_TRIED = 200
"""Of how many equally short paths the best are taken."""

_WAYS = 3
"""How many links between the same two things one step names."""

_TYPE = ox.NamedNode(terms.TYPE)
_NEVER = (terms.RDF, terms.RDFS, terms.OWL, terms.SH, terms.SKOS, terms.VOID, terms.DCAT)
"""The namespaces of links that say nothing of how two things are connected."""

_EVIDENCE = 4
"""How many stretches of sources one way names."""

Way = tuple[ox.Triple, ...]
"""The triples that tie two things: one, or several through what only ties."""


@dataclass(frozen=True)
class _Rules:
    """Which links make a connection; None for all that say something."""

    near: frozenset[ox.NamedNode] | None
    wider: frozenset[ox.NamedNode]
    ties: frozenset[ox.NamedNode]
    avoided: frozenset[ox.NamedNode]


def _rules(store: Store) -> _Rules:
    found: dict[str, set[ox.NamedNode]] = {}
    for row in queries.rows(store, queries.CONNECTIONS):
        for column in ("property", "wider", "link", "avoid"):
            value = row(column)
            if isinstance(value, ox.NamedNode):
                found.setdefault(column, set()).add(value)
    near = found.get("property")
    return _Rules(
        frozenset(near) if near else None,
        frozenset(found.get("wider", ())),
        frozenset(found.get("link", ())),
        frozenset(found.get("avoid", ())),
    )


class _Search:
    """Both ends reach out in turn, a step at a time, until they meet."""

    def __init__(self, store: Store, ends: tuple[ox.NamedNode, ox.NamedNode], wide: bool) -> None:
        self._store = store
        self._ends = ends
        self._rules = rules = store.once(_rules)
        self._wide = wide
        self._followed = (
            None if rules.near is None else rules.near | (rules.wider if wide else set())
        )
        self._near: dict[Any, dict[ox.NamedNode, list[Way]]] = {}
        self.looked = 0
        self.crowded: dict[ox.NamedNode, None] = {}
        self.avoided: dict[ox.NamedNode, None] = {}
        self.ended = ""

    def paths(self) -> list[list[ox.NamedNode]]:
        """The shortest paths, as the things on them; none where there is none, or where the
        search ended before it was through: by the number of ``things`` looked at, of ``steps``, or
        of ``links`` that were followed from one thing."""
        start, goal = self._ends
        before: dict[ox.NamedNode, list[ox.NamedNode]] = {start: []}
        after: dict[ox.NamedNode, list[ox.NamedNode]] = {goal: []}
        fronts = [start], [goal]
        for _ in range(STEPS):
            if not fronts[0] or not fronts[1]:
                break
            ahead = len(fronts[0]) <= len(fronts[1])
            here, there = (before, after) if ahead else (after, before)
            front = self._reached(fronts[0 if ahead else 1], here)
            fronts = (front, fronts[1]) if ahead else (fronts[0], front)
            met = [node for node in front if node in there]
            if met:
                return list(islice(_joined(met, before, after), _TRIED))
            if self.ended:
                return []
        if all(fronts):
            self.ended = "steps"
        elif self.crowded:
            self.ended = "links"
        return []

    def _reached(
        self, front: list[ox.NamedNode], known: dict[ox.NamedNode, list[ox.NamedNode]]
    ) -> list[ox.NamedNode]:
        """What is one step farther out, all of it."""
        found: dict[ox.NamedNode, list[ox.NamedNode]] = {}
        self._store.expect(front)
        for node in front:
            if self.looked >= NODES:
                self.ended = "things"
                break
            for other in self.near(node):
                if other not in known:
                    found.setdefault(other, []).append(node)
        known.update(found)
        return [node for node in found if self._passable(node)]

    def _passable(self, node: ox.NamedNode) -> bool:
        """Whether a path may go on through a thing."""
        if node in self._ends:
            return True
        if self._wide or not self._is(node, self._rules.avoided):
            return True
        self.avoided[node] = None
        return False

    def _is(self, node: Any, classes: frozenset[ox.NamedNode]) -> bool:
        return bool(classes) and any(q.object in classes for q in self._store.about(node, _TYPE))

    def near(self, node: ox.NamedNode) -> dict[ox.NamedNode, list[Way]]:
        """The things one step from a thing, and the ways there."""
        if node not in self._near:
            found: dict[ox.NamedNode, list[Way]] = {}
            for other, way in self._ways(node, (), {node}):
                found.setdefault(other, []).append(way)
            self._near[node] = found
        return self._near[node]

    def ways(self, start: ox.NamedNode, goal: ox.NamedNode) -> list[Way]:
        """The ways from a thing to one that is a step from it, from whichever side it was found."""
        found = self.near(start).get(goal)
        return found or [tuple(reversed(way)) for way in self.near(goal).get(start, ())]

    def _ways(self, node: Any, way: Way, passed: set[Any]) -> Iterator[tuple[ox.NamedNode, Way]]:
        self.looked += 1
        for triple, other in self._links(node):
            if other in passed:
                continue
            longer = (*way, triple)
            tie = isinstance(other, ox.BlankNode) or (
                other not in self._ends and self._is(other, self._rules.ties)
            )
            if not tie:
                yield other, longer
            elif len(longer) < 3:
                yield from self._ways(other, longer, passed | {other})

    def _links(self, node: Any) -> Iterator[tuple[ox.Triple, Any]]:
        """The links of a thing that are followed, with what is at their other end."""
        for quad in islice(self._store.about(node), LINKS * 4):
            if self._follows(quad.predicate) and self._is_thing(quad.object):
                yield quad.triple, quad.object
        for predicate in (None,) if self._followed is None else self._followed:
            back = list(islice(self._store.about(None, predicate, node), LINKS))
            if len(back) == LINKS and isinstance(node, ox.NamedNode):
                self.crowded[node] = None
            for quad in back:
                if self._follows(quad.predicate) and self._is_thing(quad.subject):
                    yield quad.triple, quad.subject

    def _follows(self, predicate: ox.NamedNode) -> bool:
        if self._followed is not None:
            return predicate in self._followed
        return not predicate.value.startswith(_NEVER)

    def _is_thing(self, node: Any) -> bool:
        if self._followed is not None:
            return isinstance(node, (ox.NamedNode, ox.BlankNode))
        # In general, what nothing is said of (a page elsewhere, a licence) connects nobody.
        return isinstance(node, ox.BlankNode) or (
            isinstance(node, ox.NamedNode) and bool(self._store.names(node))
        )


def _joined(
    met: Iterable[ox.NamedNode],
    before: Mapping[ox.NamedNode, list[ox.NamedNode]],
    after: Mapping[ox.NamedNode, list[ox.NamedNode]],
) -> Iterator[list[ox.NamedNode]]:
    """The paths through the things at which two searches met."""
    for node in met:
        for first in _back(node, before):
            for second in _back(node, after):
                yield [*reversed(first), node, *second]


def _back(
    node: ox.NamedNode, towards: Mapping[ox.NamedNode, list[ox.NamedNode]]
) -> Iterator[list[ox.NamedNode]]:
    """The ways from a thing to where a search began, without the thing."""
    if not towards[node]:
        yield []
    for one in towards[node]:
        for rest in _back(one, towards):
            yield [one, *rest]


def connected(store: Store, call: dict[str, Any], reply: Reply) -> None:
    """How two things are connected, as JSON.

    The call holds ``start``, ``goal`` (IRIs), ``wide`` and ``languages``. The answer has ``start``
    and ``goal`` as links, which of them is ``known``, whether they are the ``same``, the ``paths``,
    how many as short were found (``count``), how many things were ``looked`` at, what ``ended`` a
    search that was not through (as `_Search.paths` names it, else ""), the ``steps`` of the longest
    path looked for, what was ``avoided`` on the way, what is too ``crowded`` to follow all its
    links, and whether a ``wider`` search could find more. A path is a list of steps; a step has
    ``start`` and ``goal`` and its ``ways``.
    """
    ends = ox.NamedNode(call["start"]), ox.NamedNode(call["goal"])
    words = Words(store, call["languages"])
    search = _Search(store, ends, call["wide"])
    known = [any(store.about(end)) or any(store.about(None, None, end)) for end in ends]
    same = ends[0] == ends[1]
    paths = search.paths() if all(known) and not same else []
    rules = store.once(_rules)
    paths.sort(key=lambda path: _order(store, words, search, path))
    teller = _Teller(store, words)
    told = [
        [teller.step(one, other, search.ways(one, other)) for one, other in pairwise(path)]
        for path in paths[:PATHS]
    ]
    queries.write(
        reply,
        {
            "start": words.link(ends[0]),
            "goal": words.link(ends[1]),
            "known": known,
            "same": same,
            "paths": told,
            "count": len(paths),
            "looked": search.looked,
            "ended": search.ended,
            "steps": STEPS,
            "avoided": queries.links(words, islice(search.avoided, PATHS)),
            "crowded": queries.links(words, islice(search.crowded, PATHS)),
            "wider": not call["wide"] and bool(rules.avoided or rules.wider),
        },
    )


def _order(
    store: Store, words: Words, search: _Search, path: list[ox.NamedNode]
) -> tuple[int, list[str]]:
    """Stated before inferred, then by the names on the way."""
    inferred = sum(
        all(_inferred(store, way) for way in search.ways(*pair)) for pair in pairwise(path)
    )
    return inferred, [words.label(node)["text"] for node in path]


def _inferred(store: Store, way: Way) -> bool:
    """Whether some piece of a way is stated in no file."""
    return any(map(store.follows, way))


class _Teller:
    """Puts steps into words, with who says each of them."""

    def __init__(self, store: Store, words: Words) -> None:
        self._store = store
        self._words = words
        self._known: dict[ox.Triple, dict[str, Any]] = {}

    def step(self, start: ox.NamedNode, goal: ox.NamedNode, ways: Sequence[Way]) -> dict[str, Any]:
        """One step: the ways that are stated, or where none is, those that follow."""
        order = sorted(ways, key=lambda way: (_inferred(self._store, way), len(way), str(way)))
        best = [
            way for way in order if _inferred(self._store, way) == _inferred(self._store, order[0])
        ]
        return {
            "start": self._words.link(start),
            "goal": self._words.link(goal),
            "ways": [self._way(start, way) for way in best[:_WAYS]],
            "more": max(0, len(best) - _WAYS),
        }

    def _way(self, start: ox.NamedNode, way: Way) -> dict[str, Any]:
        """The triples of a way as ``hops``, each with its property, whether it is read
        ``forward``, and its page (``at`` which thing, by which ``code``); through which ``ties``
        they lead; the ``evidence`` for them and the ``accounts`` of it."""
        hops, ties = [], []
        here: Any = start
        for triple in way:
            forward = triple.subject == here
            here = triple.object if forward else triple.subject
            said = self._words.link(triple.predicate)
            hops.append({"property": said, "forward": forward, **self._page(triple)})
            if triple is not way[-1]:
                ties.append(self._tie(here))
        said_by = [self._said_by(triple) for triple in way]
        evidence = _each_once(
            {key: one[key] for key in ("source", "start", "end")}
            for by in said_by
            for one in by["evidence"]
        )
        accounts = _each_once(
            {"basis": one["basis"], "confidence": one["confidence"], "reason": one["reason"]}
            for by in said_by
            for one in by["accounts"]
            if one["kind"] != "value"
        )
        return {
            "hops": hops,
            "ties": ties,
            "inferred": _inferred(self._store, way),
            "evidence": evidence[:_EVIDENCE],
            "more": max(0, len(evidence) - _EVIDENCE),
            "accounts": [one for one in accounts if one["basis"] or one["confidence"]][:_WAYS],
        }

    def _page(self, triple: ox.Triple) -> dict[str, str]:
        node = triple.subject if isinstance(triple.subject, ox.NamedNode) else triple.object
        at = node.value if isinstance(node, ox.NamedNode) else ""
        return {"at": at, "code": provenance.code(triple)}

    def _said_by(self, triple: ox.Triple) -> dict[str, Any]:
        if triple not in self._known:
            self._known[triple] = provenance.of(self._store, self._words, triple)
        return self._known[triple]

    def _tie(self, node: Any) -> dict[str, Any]:
        """What only ties: an involvement, a tenure. A blank node has neither name nor page."""
        kind = queries.kind_of(self._store, node)
        link = (
            self._words.link(node) if isinstance(node, ox.NamedNode) else {"iri": "", "label": None}
        )
        return {**link, "kind": self._words.link(kind) if kind is not None else None}


def _each_once(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({json.dumps(one, sort_keys=True): one for one in found}.values())


OPERATIONS = {"connected": connected}
"""What a worker can do for this page, by name."""
