"""Which things a change can make a difference to, and what of the data decides about them.

A changed triple makes a difference at the nodes where a step of a plan (`reads`) reads it, and so
at those from which steps lead there: `affected` walks back, to the things that a shape is for.
`extract` walks forward from these, and collects what the shapes read. docs/incremental.md says why
nothing else can matter.

Both walk in rounds, and each round asks the base for everything that it needs at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

import pyoxigraph as ox

from foedera.check.base import Base, Pair, value
from foedera.check.reads import SUBCLASS, TYPE, Plan
from foedera.check.selects import THIS, Body, Pattern

T = TypeVar("T")


@dataclass
class Need:
    """What a walk must know before it goes on."""

    out: set[Pair] = field(default_factory=set)
    into: set[Pair] = field(default_factory=set)
    counts: set[Pair] = field(default_factory=set)


Walk: TypeAlias = Generator[Need, None, T]


class View:
    """The data before and after a change, read from the base as it is needed.

    ``added`` are triples that are not in the base, ``removed`` such as are: what is given and makes
    no difference is left away.
    """

    def __init__(
        self, base: Base, added: Iterable[ox.Triple], removed: Iterable[ox.Triple]
    ) -> None:
        self._base = base
        self._out: dict[Pair, list[ox.Triple]] = defaultdict(list)
        self._into: dict[Pair, list[ox.Triple]] = defaultdict(list)
        self._has_out: set[Pair] = set()
        self._has_into: set[Pair] = set()
        self._counts: dict[Pair, int] = {}
        stated = {triple: base.kept(triple) for triple in dict.fromkeys(added)}
        gone = {base.kept(triple) for triple in removed}
        touched = (*stated.values(), *gone)
        self.run([_wanting(Need(out={(one.subject, one.predicate) for one in touched}))])
        there = {triple for pair in list(self._has_out) for triple in self._out[pair]}
        self.removed = (gone & there) - set(stated.values())
        self.added = {triple for triple, kept in stated.items() if kept not in there}
        for triple in self.added:
            for index, pairs in ((self._out, _outs(triple)), (self._into, _intos(triple))):
                for pair in pairs:
                    index[pair].append(triple)
        self._touched_into = {(value(one.object), one.predicate) for one in self.changed}

    @property
    def changed(self) -> set[ox.Triple]:
        return self.added | self.removed

    def out(self, node: Any, predicate: ox.NamedNode | None) -> list[ox.Triple]:
        """The triples of before and after with a subject and a predicate."""
        return self._out.get((node, predicate), [])

    def into(self, node: Any, predicate: ox.NamedNode | None) -> list[ox.Triple]:
        """The triples of before and after with a predicate and an object that means the same."""
        return self._into.get((value(node), predicate), [])

    def count(self, node: Any, predicate: ox.NamedNode) -> int:
        """About how many triples there are with an object and a predicate, once asked for."""
        return self._counts.get((value(node), predicate), 0)

    def was(self, triple: ox.Triple, after: bool) -> bool:
        """Whether a triple of before and after is in one of them."""
        return triple not in (self.removed if after else self.added)

    def only_counted(self, node: Any, predicate: ox.NamedNode) -> bool:
        """Whether no change touches the triples with an object and a predicate: how many there are
        before and after is then the same, and they need not be read."""
        # A literal may be there in several forms, which only their triples tell apart.
        return not isinstance(node, ox.Literal) and (node, predicate) not in self._touched_into

    def run(self, walks: Sequence[Walk[Any]]) -> list[Any]:
        """What some walks find, that go on together, round by round."""
        results: list[Any] = [None] * len(walks)
        going = dict(enumerate(walks))
        while going:
            need = Need()
            for at, walk in list(going.items()):
                try:
                    wanted = next(walk)
                except StopIteration as end:
                    results[at] = end.value
                    del going[at]
                    continue
                need.out |= wanted.out
                need.into |= {(value(node), predicate) for node, predicate in wanted.into}
                need.counts |= {(value(node), predicate) for node, predicate in wanted.counts}
            self._read(need)
        return results

    def _read(self, need: Need) -> None:
        out = [pair for pair in need.out if pair not in self._has_out]
        into = [pair for pair in need.into if pair not in self._has_into]
        if out or into:
            wanted_out, wanted_into = set(out), set(into)
            for triple in self._base.read(out, into):
                for pair in _outs(triple):
                    if pair in wanted_out:
                        self._out[pair].append(triple)
                for pair in _intos(triple):
                    if pair in wanted_into:
                        self._into[pair].append(triple)
            self._has_out |= wanted_out
            self._has_into |= wanted_into
        counts = [pair for pair in need.counts if pair not in self._counts]
        if counts:
            self._counts.update(self._base.counts(counts))


def _outs(triple: ox.Triple) -> tuple[Pair, Pair]:
    return (triple.subject, triple.predicate), (triple.subject, None)


def _intos(triple: ox.Triple) -> tuple[Pair, Pair]:
    node = value(triple.object)
    return (node, triple.predicate), (node, None)


def _wanting(need: Need) -> Walk[None]:
    yield need


# Classes


def _superclasses(view: View, classes: Iterable[Any]) -> Walk[None]:
    """Read what is above some classes."""
    seen: set[Any] = set()
    ahead = set(classes)
    while ahead:
        seen |= ahead
        yield Need(out={(one, SUBCLASS) for one in ahead})
        ahead = {t.object for one in ahead for t in view.out(one, SUBCLASS)} - seen


def _above(view: View, cls: Any, after: bool) -> set[Any]:
    """A class and all above it, before or after; once they are read."""
    seen, ahead = {cls}, [cls]
    while ahead:
        for triple in view.out(ahead.pop(), SUBCLASS):
            if triple.object not in seen and view.was(triple, after):
                seen.add(triple.object)
                ahead.append(triple.object)
    return seen


def _classes(view: View, node: Any, after: bool) -> set[Any]:
    """All classes that a node is a member of, before or after; once they are read."""
    return {
        one
        for triple in view.out(node, TYPE)
        if view.was(triple, after)
        for one in _above(view, triple.object, after)
    }


def _read_classes(view: View, nodes: Iterable[Any]) -> Walk[None]:
    """Read what some nodes are members of."""
    nodes = set(nodes)
    yield Need(out={(node, TYPE) for node in nodes})
    yield from _superclasses(view, {t.object for node in nodes for t in view.out(node, TYPE)})


def _memberships(plan: Plan, view: View) -> Walk[set[tuple[Any, Any]]]:
    """The nodes and classes, of those that shapes ask for, of which the one is a member of the
    other either before or after, but not both."""
    nodes = {t.subject for t in view.changed if t.predicate == TYPE}
    seen: set[Any] = set()
    ahead = {t.subject for t in view.changed if t.predicate == SUBCLASS}
    while ahead:
        seen |= ahead
        yield Need(into={(one, kind) for one in ahead for kind in (SUBCLASS, TYPE)})
        nodes |= {t.subject for one in ahead for t in view.into(one, TYPE)}
        ahead = {t.subject for one in ahead for t in view.into(one, SUBCLASS)} - seen
    yield from _read_classes(view, nodes)
    return {
        (node, one)
        for node in nodes
        for one in _classes(view, node, False) ^ _classes(view, node, True)
        if one in plan.asking
    }


# Queries


@dataclass(frozen=True)
class Row:
    """A solution: what the variables stand for, and the triples that it is made of."""

    terms: dict[str, Any]
    triples: tuple[ox.Triple, ...] = ()

    def ends(self, pattern: Pattern) -> tuple[Any, Any]:
        """The ends of a pattern; None where they are not known yet."""
        subject, end = pattern.subject, pattern.object
        return (
            self.terms.get(subject) if isinstance(subject, str) else subject,
            self.terms.get(end) if isinstance(end, str) else end,
        )

    def joined(self, pattern: Pattern, triple: ox.Triple) -> Row | None:
        """The solution with what a triple adds to it, or None where the triple does not match.

        Literals match that mean the same: so they do in Oxigraph, though not in rdflib.
        """
        known = dict(self.terms)
        for end, term in ((pattern.subject, triple.subject), (pattern.object, triple.object)):
            if isinstance(end, str):
                if value(known.setdefault(end, term)) != value(term):
                    return None
            elif end != term:
                return None
        return Row(known, (*self.triples, triple))


def _solutions(view: View, patterns: Iterable[Pattern], rows: list[Row]) -> Walk[list[Row]]:
    """The solutions of patterns over before and after together, that go on from some rows."""
    rest = list(patterns)
    while rest and rows:
        near = [one for one in rest if one.variables & rows[0].terms.keys()]
        ends = {one: rows[0].ends(one) for one in near}
        forward = [one for one in near if ends[one][0] is not None]
        checks = [one for one in forward if ends[one][1] is not None]
        chosen = (checks or forward or near)[0]
        if not forward and len(near) > 1:
            ways = {one: {(row.ends(one)[1], one.predicate) for row in rows} for one in near}
            yield Need(counts=set().union(*ways.values()))
            chosen = min(near, key=lambda one: sum(view.count(*pair) for pair in ways[one]))
        rest.remove(chosen)
        inverse = not forward
        pairs: set[Pair] = {(row.ends(chosen)[inverse], chosen.predicate) for row in rows}
        yield Need(into=pairs) if inverse else Need(out=pairs)
        look = view.into if inverse else view.out
        rows = [
            joined
            for row in rows
            for triple in look(row.ends(chosen)[inverse], chosen.predicate)
            if (joined := row.joined(chosen, triple)) is not None
        ]
    return rows


def _asked_of(view: View, body: Body) -> Walk[set[Any]]:
    """The nodes for which a changed triple is in a solution of what a query reads."""
    found: set[Any] = set()
    for pattern in body.own:
        changed = (one for one in view.changed if one.predicate == pattern.predicate)
        rows = [row for one in changed if (row := Row({}).joined(pattern, one)) is not None]
        rest = [one for one in body.patterns if one != pattern]
        found |= {row.terms[THIS] for row in (yield from _solutions(view, rest, rows))}
    return found


def _read_by(view: View, body: Body, nodes: Iterable[Any]) -> Walk[set[ox.Triple]]:
    """The triples in the solutions of what a query reads, for some nodes."""
    rows = yield from _solutions(view, body.patterns, [Row({THIS: node}) for node in nodes])
    return {triple for row in rows for triple in row.triples}


# Back and forth

Place: TypeAlias = tuple[int, Any]
"""A state, with the node at hand."""

Things: TypeAlias = dict[Any, set[Any]]
"""The focus nodes of each shape."""


def _back(
    plan: Plan, view: View, places: Iterable[Place], reporting: bool = False
) -> Walk[set[tuple[Any, Any]]]:
    """The shapes and nodes from which some places are reached; only within what is reported, where
    that is asked for."""
    seen = set(places)
    ahead = list(seen)
    found: set[tuple[Any, Any]] = set()
    while ahead:
        need = Need()
        steps = []
        while ahead:
            at, node = ahead.pop()
            if at in plan.shape_at:
                found.add((plan.shape_at[at], node))
            for before, step in plan.back[at]:
                if reporting and (before, at) not in plan.reporting:
                    continue
                if step is None:
                    if (before, node) not in seen:
                        seen.add((before, node))
                        ahead.append((before, node))
                else:
                    steps.append((before, step, node))
                    (need.out if step.into else need.into).add((node, step.predicate))
        yield need
        for before, step, node in steps:
            triples = (view.out if step.into else view.into)(node, step.predicate)
            for triple in triples:
                if reporting and not step.into and triple.object != node:
                    continue  # it leads to a value that only means the same
                place = (before, triple.object if step.into else triple.subject)
                if place not in seen:
                    seen.add(place)
                    ahead.append(place)
    return found


def _told_apart(plan: Plan, view: View, found: set[tuple[Any, Any]]) -> Walk[tuple[Things, Things]]:
    """Of shapes and nodes those that are targets, before and after."""
    need = Need()
    for shape, node in found:
        target = plan.targets[shape]
        need.out |= {(node, one) for one in target.subjects_of}
        for one in target.objects_of:
            (need.counts if view.only_counted(node, one) else need.into).add((node, one))
    yield need
    yield from _read_classes(view, {node for shape, node in found if plan.targets[shape].classes})
    before: Things = defaultdict(set)
    after: Things = defaultdict(set)
    classes: dict[tuple[Any, bool], set[Any]] = {}
    for things, is_after in ((before, False), (after, True)):
        for shape, node in found:
            target = plan.targets[shape]
            if target.classes and (node, is_after) not in classes:
                classes[node, is_after] = _classes(view, node, is_after)
            if (
                node in target.nodes
                or (target.classes and target.classes & classes[node, is_after])
                or any(
                    view.was(triple, is_after)
                    for one in target.subjects_of
                    for triple in view.out(node, one)
                )
                or any(_is_object(view, node, one, is_after) for one in target.objects_of)
            ):
                things[shape].add(node)
    return before, after


def _is_object(view: View, node: Any, predicate: ox.NamedNode, after: bool) -> bool:
    if view.only_counted(node, predicate):
        return view.count(node, predicate) > 0
    return any(
        triple.object == node and view.was(triple, after) for triple in view.into(node, predicate)
    )


def affected(plan: Plan, view: View) -> tuple[Things, Things]:
    """The things that a change may make a difference to, by shape: those that are targets before,
    and those that are after."""
    queries = [
        (at, body)
        for at, state in enumerate(plan.states)
        for query in state.selects
        for body in query
        if any(one.predicate == own.predicate for one in view.changed for own in body.own)
    ]
    members, *asked = view.run(
        [_memberships(plan, view), *(_asked_of(view, body) for _, body in queries)]
    )
    places = {(at, node) for node, one in members for at in plan.asking[one]}
    for (at, _), nodes in zip(queries, asked, strict=True):
        places.update((at, node) for node in nodes)
    for triple in view.changed:
        for at, into in plan.reading.get(triple.predicate, ()):
            places.add((at, triple.object if into else triple.subject))
        places.update((at, triple.subject) for at in plan.reading_all)
    (found,) = view.run([_back(plan, view, places)])
    told: tuple[Things, Things] = view.run([_told_apart(plan, view, found)])[0]
    return told


def reported_elsewhere(
    plan: Plan,
    view: View,
    told: Iterable[tuple[Any, Any]],
    things: Sequence[Things],
    everywhere: bool,
) -> set[tuple[Any, Any]]:
    """Of shapes and nodes about which something was reported those for which it is reported also
    on behalf of a thing that is not among some, and so before as well as after.

    ``everywhere`` says that what was reported may be on behalf of opaque shapes.
    """
    asked = [
        (shape, node)
        for shape, node in told
        if shape in plan.entries and (everywhere or plan.entries[shape] in plan.shared)
    ]
    walks = [_back(plan, view, [(plan.entries[shape], node)], True) for shape, node in asked]
    found = view.run(walks)
    others = [
        {(shape, node) for shape, node in one if all(node not in each[shape] for each in things)}
        for one in found
    ]
    before, after = view.run([_told_apart(plan, view, set().union(*others))])[0]
    return {
        one
        for one, places in zip(asked, others, strict=True)
        if any(node in before[shape] and node in after[shape] for shape, node in places)
    }


def extract(plan: Plan, view: View, things: Things) -> set[ox.Triple]:
    """All triples of before and after that the shapes read for some things."""
    starts = [(plan.entries[shape], node) for shape, nodes in things.items() for node in nodes]
    triples: set[ox.Triple]
    triples, members, queries = view.run([_forth(plan, view, starts)])[0]
    walks: list[Walk[Any]] = [_read_classes(view, members)]
    walks += [_read_by(view, body, nodes) for body, nodes in queries.items()]
    _, *by_queries = view.run(walks)
    triples.update(*by_queries)
    above: set[Any] = set()
    for node in members:
        triples.update(view.out(node, TYPE))
        above.update(triple.object for triple in view.out(node, TYPE))
    while above:
        new = {triple for one in above for triple in view.out(one, SUBCLASS)} - triples
        triples |= new
        above = {triple.object for triple in new}
    return triples


def _forth(
    plan: Plan, view: View, places: Iterable[Place]
) -> Walk[tuple[set[ox.Triple], set[Any], dict[Body, set[Any]]]]:
    """What is read from some places on: triples, the nodes whose classes are asked for, and those
    at which queries start."""
    seen = set(places)
    ahead = list(seen)
    triples: set[ox.Triple] = set()
    members: set[Any] = set()
    queries: dict[Body, set[Any]] = defaultdict(set)
    while ahead:
        need = Need()
        steps = []
        while ahead:
            at, node = ahead.pop()
            state = plan.states[at]
            for other in state.also:
                if (other, node) not in seen:
                    seen.add((other, node))
                    ahead.append((other, node))
            if state.classes:
                members.add(node)
            for query in state.selects:
                for body in query:
                    queries[body].add(node)
            for step in state.steps:
                steps.append((step, node))
                (need.into if step.into else need.out).add((node, step.predicate))
        yield need
        for step, node in steps:
            for triple in (view.into if step.into else view.out)(node, step.predicate):
                triples.add(triple)
                if step.to is not None:
                    place = (step.to, triple.subject if step.into else triple.object)
                    if place not in seen:
                        seen.add(place)
                        ahead.append(place)
    return triples, members, queries
