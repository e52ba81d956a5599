"""A large publication validated whole: some focus nodes at a time, on every core.

Each chunk is what an incremental check of these things would be: the triples that the shapes read
for them, taken out of the base, and the shapes for nothing else. So the memory that pySHACL takes
does not depend on the size of the base, and nothing is lost: docs/incremental.md has the argument.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from foedera.check import engines
from foedera.check.affected import Things, View, extract
from foedera.check.base import Base
from foedera.check.incremental import in_full, note, stated
from foedera.check.reads import SUBCLASS, TYPE, Plan, Target
from foedera.check.results import Engine, Result
from foedera.check.shapes import Shapes
from foedera.check.targets import mark, marked, retargeted
from foedera.errors import EngineFailed

SIZE = 500
"""Things in a chunk: large enough that the shapes are not read again and again, and small enough
for the memory of one process."""


def validate(
    shapes: Shapes,
    base: Base,
    engine: Engine,
    *,
    seconds: float,
    memory: int,
    processes: int = 0,
    size: int = SIZE,
) -> tuple[list[Result], list[str]]:
    """All results over a base, and in sentences what had to be run over all of it at once.

    Each chunk, and what has to be run at once, may take so many ``seconds`` and bytes of
    ``memory``. The base is shared with the processes by a fork, so that it must not be a store
    that is open on disk for writing. Raises CouldNotCheck, TimedOut and EngineFailed.
    """
    plan = Plan(shapes.triples)
    work = list(_chunks(plan, base, size))
    shared = _Shared(shapes, plan, base, engine, seconds, memory)
    found: dict[Result, None] = {}
    notes = dict.fromkeys(note(one) for one in plan.opaque)
    try:
        with _pool(shared, processes or os.cpu_count() or 1) as pool:
            for told in pool.map(_run, work):
                content = json.loads(told)
                found.update(dict.fromkeys(engines.unpacked(content["results"])))
                notes.update(dict.fromkeys(content["notes"]))
    except BrokenProcessPool:
        raise EngineFailed(
            "A process that ran the shapes was ended from outside",
            "Nothing is known of the data. If memory ran short, check with fewer processes.",
        ) from None
    if plan.opaque:
        data = list(stated(plan.opaque, base))
        rules = in_full(plan.opaque, shapes.triples)
        said: list[str] = []
        found.update(
            dict.fromkeys(
                engines.run(engine, rules, data, seconds=seconds, memory=memory, notes=said)
            )
        )
        notes.update(dict.fromkeys(said))
    return list(found), list(notes)


@dataclass(frozen=True)
class _Shared:
    """What all processes have."""

    shapes: Shapes
    plan: Plan
    base: Base
    engine: Engine
    seconds: float
    memory: int


_shared: _Shared | None = None


def _pool(shared: _Shared, processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(processes, context, initializer=_share, initargs=(shared,))


def _share(shared: _Shared) -> None:
    global _shared
    _shared = shared


_Chunk = list[tuple[int, str]]
"""Shapes by their number in the plan, and nodes in N-Triples."""


def _run(chunk: _Chunk) -> str:
    """In a process of the pool: what a child of it finds in a chunk, as JSON."""
    assert _shared is not None
    shared = _shared
    named = list(shared.plan.targets)
    nodes = engines.terms_of({text for _, text in chunk})
    things: Things = defaultdict(set)
    for number, text in chunk:
        things[named[number]].add(nodes[text])
    view = View(shared.base, (), ())
    marks = {shape: mark(number) for number, shape in enumerate(things)}
    rules = retargeted(shared.shapes.triples, marks, shared.plan.idle)
    data = [*extract(shared.plan, view, things), *marked(things, marks)]
    notes: list[str] = []
    found = engines.run(
        shared.engine, rules, data, seconds=shared.seconds, memory=shared.memory, notes=notes
    )
    return json.dumps({"results": [engines.packed(one) for one in found], "notes": notes})


def _chunks(plan: Plan, base: Base, size: int) -> Iterator[_Chunk]:
    """The targets of all shapes; those of one thing are together, so that it is read once."""
    by_node: dict[Any, list[int]] = defaultdict(list)
    for number, target in enumerate(plan.targets.values()):
        for node in _nodes(target, base):
            by_node[node].append(number)
    chunk: _Chunk = []
    things = 0
    for node, numbers in by_node.items():
        text = str(node)
        chunk += [(number, text) for number in numbers]
        things += 1
        if things == size:
            yield chunk
            chunk, things = [], 0
    if chunk:
        yield chunk


def _nodes(target: Target, base: Base) -> Collection[Any]:
    """The focus nodes of a shape (SHACL, section 2.1.3)."""
    found = set(target.nodes)
    classes = _below(target.classes, base)
    found |= {one.subject for one in base.into(classes, [TYPE])} if classes else set()
    if target.subjects_of:
        found |= {one.subject for one in base.using(target.subjects_of)}
    if target.objects_of:
        found |= {one.object for one in base.using(target.objects_of)}
    return found


def _below(classes: Collection[ox.NamedNode], base: Base) -> set[Any]:
    """Some classes, and those below them."""
    found: set[Any] = set(classes)
    ahead: Sequence[Any] = list(classes)
    while ahead:
        ahead = [one.subject for one in base.into(ahead, [SUBCLASS]) if one.subject not in found]
        found.update(ahead)
    return found
