"""A contribution judged against what is published, without validating that again.

The shapes are run for the things that the contribution can make a difference to, over the triples
that decide about them, once as it was before and once as it is after. The difference is exactly
what validating everything twice would give; docs/incremental.md has the argument.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pyoxigraph as ox

from foedera import terms
from foedera.check import engines
from foedera.check.affected import Things, View, affected, extract, reported_elsewhere
from foedera.check.base import Base
from foedera.check.reads import FOLLOWED, IDLE, TARGETING, TYPE, Opaque, Plan
from foedera.check.results import Engine, Result


class Shapes(Protocol):
    """A shapes graph."""

    @property
    def triples(self) -> Sequence[ox.Triple]: ...


@dataclass(frozen=True)
class Outcome:
    """What a contribution brings about.

    ``introduced`` comes with it, ``resolved`` goes with it, and ``there`` was before and stays, of
    the things that it can make a difference to. ``affected`` counts these, ``read`` the triples
    that decide about them, ``queries`` what an engine elsewhere was asked. ``notes`` say in
    sentences what had to be validated in full, and why.
    """

    introduced: list[Result] = field(default_factory=list)
    there: list[Result] = field(default_factory=list)
    resolved: list[Result] = field(default_factory=list)
    affected: int = 0
    read: int = 0
    notes: list[str] = field(default_factory=list)
    queries: int = 0


def judge(
    shapes: Shapes,
    base: Base,
    added: Collection[ox.Triple],
    removed: Collection[ox.Triple] = (),
    *,
    engine: Engine,
    seconds: float,
    memory: int,
) -> Outcome:
    """What is found of a contribution together with what is published.

    ``added`` and ``removed`` are the difference to the base; its blank nodes are those of the base
    that have the same name. The engine runs in a child with limits, and in this process where
    ``seconds`` is 0. Raises CouldNotCheck, TimedOut, EngineFailed, and what the base raises.
    """

    def run(rules: Sequence[ox.Triple], data: Sequence[ox.Triple]) -> set[Result]:
        if seconds:
            return set(engines.run(engine, rules, data, seconds=seconds, memory=memory, notes=said))
        return set(engine.run(rules, data))

    said: list[str] = []
    asked = base.queries
    plan = _plan(shapes)
    view = View(base, added, removed)
    if not view.changed:
        return Outcome(queries=base.queries - asked)
    things = affected(plan, view)
    both = {shape: things[0][shape] | things[1][shape] for shape in plan.targets}
    read = extract(plan, view, both)
    marks = {shape: mark(number) for number, shape in enumerate(both) if both[shape]}
    rules = retargeted(shapes.triples, marks, plan.idle)
    before, after = (
        run(rules, [*(one for one in read if view.was(one, bool(late))), *marked(each, marks)])
        if any(each.values())
        else set()
        for late, each in enumerate(things)
    )
    opaque = [one for one in plan.opaque if one.reads is None or one.shares or _touched(one, view)]
    if opaque:
        whole = in_full(opaque, shapes.triples)
        all_ = stated(opaque, base)
        before |= run(whole, list(all_))
        after |= run(whole, [*(all_ - view.removed), *view.added])
    elsewhere = reported_elsewhere(
        plan, view, {(one.shape, one.focus) for one in before ^ after}, things, bool(opaque)
    )
    stays = {one for one in before ^ after if (one.shape, one.focus) in elsewhere}
    return Outcome(
        introduced=_ordered(after - before - stays),
        there=_ordered((after & before) | stays),
        resolved=_ordered(before - after - stays),
        affected=len(set().union(*both.values())),
        read=len(read),
        notes=[*(note(one) for one in opaque), *dict.fromkeys(said)],
        queries=base.queries - asked,
    )


_plans: dict[int, tuple[Shapes, Plan]] = {}
"""The plan of the shapes that were used last, by their identity: reading them takes longer than a
contribution does."""


def _plan(shapes: Shapes) -> Plan:
    found = _plans.get(id(shapes))
    if found is None or found[0] is not shapes:
        _plans.clear()
        found = _plans[id(shapes)] = (shapes, Plan(shapes.triples))
    return found[1]


def _ordered(results: Iterable[Result]) -> list[Result]:
    return sorted(results, key=lambda one: (str(one.focus), str(one.shape), one.path, str(one)))


# What the engine is given

_TARGETS_OBJECTS = ox.NamedNode(terms.SH + "targetObjectsOf")
_CLOSED = ox.NamedNode(terms.SH + "closed")
_PROPERTY = ox.NamedNode(terms.SH + "property")
_DISJOINT = ox.NamedNode(terms.SH + "qualifiedValueShapesDisjoint")
_ONTOLOGY = ox.NamedNode(terms.OWL + "Ontology")


def mark(number: int) -> ox.NamedNode:
    return ox.NamedNode(f"urn:foedera:targets:{number}")


def retargeted(
    triples: Iterable[ox.Triple], marks: Mapping[Any, ox.NamedNode], idle: Collection[Any]
) -> list[ox.Triple]:
    """Some shapes, with what they refer to; each for what a property of its own leads to. Those
    that ask for nothing are left away.

    So a blank node can be a target as well as an IRI, and it is said in the data which things are
    looked at. Nothing reads that property: no path has it, and a closed shape looks only at what
    leads away from a thing.
    """
    about: dict[Any, list[ox.Triple]] = defaultdict(list)
    parents: dict[Any, list[Any]] = defaultdict(list)
    for triple in triples:
        about[triple.subject].append(triple)
        parents[triple.object].append(triple.subject)
    ahead = [*marks, *parents[_ONTOLOGY]]  # whose prefixes pySHACL takes, wherever they are
    seen = set(ahead)
    rules = [ox.Triple(shape, _TARGETS_OBJECTS, mark) for shape, mark in marks.items()]
    while ahead:
        node = ahead.pop()
        more = []
        closed = any(one.predicate == _CLOSED for one in about[node])  # it counts all paths
        for triple in about[node]:
            if triple.predicate == _PROPERTY and triple.object in idle and not closed:
                continue
            if _matters(triple) and not _is_target(triple):
                rules.append(triple)
            if triple.predicate in FOLLOWED or isinstance(triple.object, ox.BlankNode):
                more.append(triple.object)
            if triple.predicate == _DISJOINT:
                more += parents[node]
        ahead += [one for one in dict.fromkeys(more) if one not in seen]
        seen.update(more)
    return rules


def _matters(triple: ox.Triple) -> bool:
    """Whether an engine makes anything of a triple: the less it reads, the faster it is."""
    predicate = triple.predicate.value
    return predicate.startswith((terms.SH, terms.RDF)) and triple.predicate not in IDLE


def _is_target(triple: ox.Triple) -> bool:
    """Whether a triple of a shape may say what it is for; types do, where the shape is a class."""
    if triple.predicate == TYPE:
        return triple.object != _ONTOLOGY and not str(triple.object).startswith(f"<{terms.SH}")
    return triple.predicate in TARGETING


def marked(things: Things, marks: Mapping[Any, ox.NamedNode]) -> Iterator[ox.Triple]:
    subject = mark(len(marks))
    for shape, nodes in things.items():
        yield from (ox.Triple(subject, marks[shape], node) for node in nodes)


# What is validated in full


def _touched(opaque: Opaque, view: View) -> bool:
    return any(triple.predicate in (opaque.reads or ()) for triple in view.changed)


def in_full(opaque: Iterable[Opaque], triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """The shapes graph without the targets of all other shapes."""
    kept = {one.shape for one in opaque}
    return [one for one in triples if one.subject in kept or not _is_target(one)]


def stated(opaque: Iterable[Opaque], base: Base) -> set[ox.Triple]:
    """All triples of the base that some shapes can read."""
    reads = [one.reads for one in opaque]
    known = [one for one in reads if one is not None]
    return set(base.using(frozenset().union(*known) if len(known) == len(reads) else None))


def note(opaque: Opaque) -> str:
    why = "; ".join(opaque.why) or "it shares a part with one that cannot be followed"
    return f"{opaque.shape} was run over all it is for, before and after: {why}"
