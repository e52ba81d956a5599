"""Why a rule that is made of others is broken: what these find of the same thing.

SHACL says only that none of several shapes is kept, or not all (section 4.6). Whoever is to mend it
needs to know what each of them finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.check.results import Result
from foedera.check.shapes import Shapes
from foedera.check.targets import mark, marked, retargeted

Run = Callable[[Sequence[ox.Triple], Sequence[ox.Triple]], list[Result]]

_MANY = 500_000
"""Triples over which shapes are not run a second time."""

_APART = 1_000_000
"""Where our marks begin: the data may have some already."""


def explained(
    run: Run, shapes: Sequence[ox.Triple], data: Sequence[ox.Triple], results: Sequence[Result]
) -> list[Result]:
    """The results, those of sh:node, sh:and, sh:or and sh:xone with what is found inside as their
    details, unless the author of the shape has said something of them."""
    known = Shapes(shapes)
    wanted: dict[Any, set[Any]] = defaultdict(set)
    for one in results:
        for inner in _inside(known, one):
            wanted[inner].add(one.value)
    if not wanted or len(data) > _MANY:
        return list(results)
    marks = {shape: mark(_APART + number) for number, shape in enumerate(wanted)}
    found = run(retargeted(shapes, marks, ()), [*data, *marked(wanted, marks)])
    owners = {part: inner for inner in wanted for part in (inner, *known.of(inner, "property"))}
    told: dict[tuple[Any, Any], dict[Result, None]] = defaultdict(dict)
    for one in found:
        if one.shape in owners:
            told[owners[one.shape], one.focus][one] = None

    def details(one: Result) -> tuple[Result, ...]:
        inside = (each for inner in _inside(known, one) for each in told[inner, one.value])
        return tuple(dict.fromkeys(inside)) or one.details

    return [replace(one, details=details(one)) for one in results]


def _inside(shapes: Shapes, result: Result) -> Iterator[Any]:
    """The shapes that a result's value does not keep, or not enough of them."""
    name = result.component.removeprefix(terms.SH).removesuffix("ConstraintComponent").lower()
    if shapes.of(result.shape, "message") or result.value is None:
        return
    if name == "node":
        yield from shapes.of(result.shape, name)
    elif name in ("and", "or", "xone"):
        for head in shapes.of(result.shape, name):
            yield from shapes.members(head)
