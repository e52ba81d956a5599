"""SPARQL constraints answered for all focus nodes at once, by Oxigraph.

For engines that lose what such a constraint finds. A query is run once, and what it finds of other
things than the focus nodes is left out; so queries are refused in which a value that is bound from
outside would change what is inside (SHACL, section 5.3.1).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

from foedera import bridge, terms
from foedera.check import selects
from foedera.check.results import Result
from foedera.check.shapes import Shapes, shown
from foedera.errors import CouldNotCheck
from foedera.query import engine

_SH = terms.SH
_TYPE = ox.NamedNode(terms.TYPE)
_SUBCLASS = ox.NamedNode(terms.RDFS + "subClassOf")


@dataclass(frozen=True)
class Constraint:
    """A constraint, the shape that has it, and the shapes whose targets it looks at."""

    node: Any
    shape: Any
    targeted: tuple[Any, ...]
    text: str
    reads: frozenset[ox.NamedNode]


def constraints(shapes: Shapes) -> list[Constraint] | str:
    """The SPARQL constraints of some shapes, or in words why they cannot be run here."""
    owners: dict[Any, list[Any]] = {}
    for one in shapes.triples:
        if one.predicate.value == _SH + "property":
            owners.setdefault(one.object, []).append(one.subject)
    found = []
    for one in shapes.triples:
        if one.predicate.value != _SH + "sparql":
            continue
        shape = one.subject
        if shapes.of(shape, "deactivated") or shapes.of(one.object, "deactivated"):
            return "a SPARQL constraint is deactivated"
        targeted = tuple(
            each for each in (shape, *owners.get(shape, ())) if _has_target(shapes, each)
        )
        texts = shapes.of(one.object, "select")
        if len(texts) != 1:
            return "a SPARQL constraint is no SELECT query"
        if not targeted or any(_referred(shapes, each) for each in (shape, *owners.get(shape, ()))):
            return "a SPARQL constraint stands in a shape that others refer to"
        text = texts[0].value
        if bridge.BOUND_INSIDE.search(text) or re.search(r"\$(?:shapesGraph|currentShape)", text):
            return "a SPARQL constraint looks at values that are bound from outside"
        if "$PATH" in text:
            text = text.replace("$PATH", shapes.path_of(shape))
        prefixes = _prefixes(shapes, one.object)
        try:
            bodies = selects.bodies(text, prefixes)
        except selects.Refused as refused:
            return f"of a SPARQL constraint {refused.why}"
        if not selects.gives_this(text):
            return "a SPARQL constraint does not give $this"
        if not bodies or not all(_reads_this(body) for body in bodies):
            return "a SPARQL constraint has no triple pattern with $this"
        header = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in sorted(prefixes.items()))
        reads = frozenset(pattern.predicate for body in bodies for pattern in body.patterns)
        found.append(Constraint(one.object, shape, targeted, header + text, reads))
    return found


def _reads_this(body: selects.Body) -> bool:
    return any(selects.THIS in pattern.variables for pattern in body.patterns)


_TARGETS = ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf")


def _has_target(shapes: Shapes, shape: Any) -> bool:
    return any(shapes.of(shape, name) for name in _TARGETS)


def _referred(shapes: Shapes, shape: Any) -> bool:
    """Whether another shape leads to one, so that it has focus nodes that are no targets."""
    inside = {_SH + name for name in ("node", "not", "qualifiedValueShape")} | {terms.FIRST}
    return any(one.object == shape and one.predicate.value in inside for one in shapes.triples)


def _prefixes(shapes: Shapes, node: Any) -> dict[str, str]:
    """The prefixes of a constraint (SHACL, section 5.2.1)."""
    return {
        name.value: space.value
        for holder in shapes.of(node, "prefixes")
        for one in shapes.of(holder, "declare")
        for name in shapes.of(one, "prefix")
        for space in shapes.of(one, "namespace")
    }


def run(shapes: Shapes, data: Sequence[ox.Triple]) -> list[Result]:
    """What the constraints find. Raises CouldNotCheck where a query does not parse."""
    found = constraints(shapes)
    if not found or isinstance(found, str):
        return []
    reads = {_TYPE, _SUBCLASS}.union(*(one.reads for one in found))
    for shape in {shape for one in found for shape in one.targeted}:
        reads.update(shapes.of(shape, "targetSubjectsOf"), shapes.of(shape, "targetObjectsOf"))
    store = ox.Store()
    store.bulk_extend(
        ox.Quad(one.subject, one.predicate, one.object) for one in data if one.predicate in reads
    )
    results: list[Result] = []
    for one in found:
        focus = set().union(*(_targets(shapes, shape, store) for shape in one.targeted))
        results += _results(shapes, one, store, focus)
    return results


def _targets(shapes: Shapes, shape: Any, store: ox.Store) -> set[Any]:
    """The focus nodes of a shape by its targets (SHACL, section 2.1.3)."""
    found = set(shapes.of(shape, "targetNode"))
    ahead = list(shapes.of(shape, "targetClass"))
    classes = set(ahead)
    while ahead:
        for quad in store.quads_for_pattern(None, _SUBCLASS, ahead.pop(), None):
            if quad.subject not in classes:
                classes.add(quad.subject)
                ahead.append(quad.subject)
    for one in classes:
        found |= {quad.subject for quad in store.quads_for_pattern(None, _TYPE, one, None)}
    for one in shapes.of(shape, "targetSubjectsOf"):
        found |= {quad.subject for quad in store.quads_for_pattern(None, one, None, None)}
    for one in shapes.of(shape, "targetObjectsOf"):
        found |= {quad.object for quad in store.quads_for_pattern(None, one, None, None)}
    return found


def _results(
    shapes: Shapes, one: Constraint, store: ox.Store, focus: Collection[Any]
) -> Iterator[Result]:
    try:
        rows = engine.parsed(store.query, one.text)
        assert isinstance(rows, ox.QuerySolutions)
    except Exception as fault:
        raise CouldNotCheck(
            f"{shapes.owner(one.shape)}: {' '.join(str(fault).split())[:500]}",
            "This is a fault of the rules, not of the data: nothing was checked by them.",
        ) from None
    names = [variable.value for variable in rows.variables]
    path = shapes.path_of(one.shape)
    severities = shapes.of(one.shape, "severity")
    severity = severities[0].value.rpartition("#")[2].lower() if severities else "violation"
    texts = [*shapes.of(one.node, "message"), *shapes.of(one.shape, "message")]
    seen = set()
    for row in rows:
        cells = {name: row[name] for name in names if row[name] is not None}
        this = cells.get("this")
        if this not in focus:
            continue
        own = cells.get("path")
        told = str(own) if isinstance(own, ox.NamedNode) else path
        value = cells.get("value", None if path else this)
        key = (this, told, value, tuple(sorted((name, str(cell)) for name, cell in cells.items())))
        if key in seen:
            continue
        seen.add(key)
        yield Result(
            this,
            told,
            value,
            one.shape,
            _SH + "SPARQLConstraintComponent",
            severity if severity in ("warning", "info") else "violation",
            one.node,
            {
                text.language or "en": _filled(text.value, cells)
                for text in texts
                if isinstance(text, ox.Literal)
            },
        )


def _filled(text: str, cells: dict[str, Any]) -> str:
    return re.sub(
        r"\{[?$](\w+)\}",
        lambda found: shown(cells[found[1]]) if found[1] in cells else found[0],
        text,
    )
