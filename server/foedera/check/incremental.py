"""A contribution judged against what is published, without validating that again.

The shapes are run for the things that the contribution can make a difference to, over the triples
that decide about them, once as it was before and once as it is after. The difference is exactly
what validating everything twice would give; docs/incremental.md has the argument.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pyoxigraph as ox

from foedera.check import engines
from foedera.check.affected import View, affected, extract, reported_elsewhere
from foedera.check.base import Base
from foedera.check.reads import Opaque, Plan
from foedera.check.results import Engine, Result
from foedera.check.targets import is_target, mark, marked, retargeted


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


# What is validated in full


def _touched(opaque: Opaque, view: View) -> bool:
    return any(triple.predicate in (opaque.reads or ()) for triple in view.changed)


def in_full(opaque: Iterable[Opaque], triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """The shapes graph without the targets of all other shapes."""
    kept = {one.shape for one in opaque}
    return [one for one in triples if one.subject in kept or not is_target(one)]


def stated(opaque: Iterable[Opaque], base: Base) -> set[ox.Triple]:
    """All triples of the base that some shapes can read."""
    reads = [one.reads for one in opaque]
    known = [one for one in reads if one is not None]
    return set(base.using(frozenset().union(*known) if len(known) == len(reads) else None))


def note(opaque: Opaque) -> str:
    why = "; ".join(opaque.why) or "it shares a part with one that cannot be followed"
    return f"{opaque.shape} was run over all it is for, before and after: {why}"
