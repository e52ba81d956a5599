"""The W3C's tests of SHACL: what each expects, and what an engine makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urljoin

import pyoxigraph as ox

from foedera import terms
from foedera.check import engines
from foedera.check.findings import SEVERITIES
from foedera.check.results import Engine, Result
from foedera.check.shapes import Shapes
from foedera.errors import FoederaError

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
SHT = "http://www.w3.org/ns/shacl-test#"

Row: TypeAlias = tuple[str, str, str, str, str, str]
"""Focus, path, value, shape, component and severity; unnamed shapes and nodes are one."""


@dataclass(frozen=True)
class Case:
    """One test: its name, its two graphs, and the results that it expects, or None where the
    shapes are to be refused."""

    name: str
    data: tuple[ox.Triple, ...]
    shapes: tuple[ox.Triple, ...]
    expected: Counter[Row] | None


def read(path: Path) -> tuple[ox.Triple, ...]:
    base = path.as_uri()
    quads = ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=base)
    return tuple(quad.triple for quad in quads)


class _Graph:
    """Triples by subject and property."""

    def __init__(self, triples: Sequence[ox.Triple]) -> None:
        self._of: dict[tuple[Any, str], list[Any]] = {}
        for one in triples:
            self._of.setdefault((one.subject, one.predicate.value), []).append(one.object)

    def all(self, node: Any, iri: str) -> list[Any]:
        return self._of.get((node, iri), [])

    def one(self, node: Any, iri: str) -> Any:
        return next(iter(self.all(node, iri)), None)


def cases(folder: Path) -> Iterator[Case]:
    """All tests below a folder, by the files that hold them."""
    for path in sorted(folder.rglob("*.ttl")):
        triples = read(path)
        graph = _Graph(triples)
        tests = [
            one.subject
            for one in triples
            if one.predicate.value == terms.TYPE
            and getattr(one.object, "value", "") == f"{SHT}Validate"
        ]
        for test in tests:
            action, result = graph.one(test, f"{MF}action"), graph.one(test, f"{MF}result")
            data, shapes = (
                _graph(path, triples, graph.one(action, f"{SHT}{part}Graph"))
                for part in ("data", "shapes")
            )
            name = f"{path.parent.relative_to(folder)}/{path.stem}"
            yield Case(
                name, data, _with_those_named(path, data, shapes), _expected(triples, result)
            )


def _graph(path: Path, triples: tuple[ox.Triple, ...], node: Any) -> tuple[ox.Triple, ...]:
    if node is None or node.value == path.as_uri():
        return triples
    return read(Path(urljoin(path.as_uri(), node.value).removeprefix("file://")))


def _with_those_named(
    path: Path, data: tuple[ox.Triple, ...], shapes: tuple[ox.Triple, ...]
) -> tuple[ox.Triple, ...]:
    """The shapes, with the shapes graphs that the data names (SHACL, section 3.3)."""
    named = [
        one.object.value
        for one in data
        if one.predicate.value == terms.SH + "shapesGraph" and isinstance(one.object, ox.NamedNode)
    ]
    for iri in named:
        other = Path(iri.removeprefix("file://"))
        if other.is_file() and other != path:
            shapes = (*shapes, *read(other))
    return shapes


def _expected(triples: Sequence[ox.Triple], result: Any) -> Counter[Row] | None:
    if getattr(result, "value", "") == f"{SHT}Failure":
        return None
    graph, shapes = _Graph(triples), Shapes(triples)
    rows: Counter[Row] = Counter()
    for one in graph.all(result, terms.SH + "result"):
        path = graph.one(one, terms.SH + "resultPath")
        rows[
            _node(graph.one(one, terms.SH + "focusNode")),
            shapes.path(path) if path is not None else "",
            _node(graph.one(one, terms.SH + "value")),
            _node(graph.one(one, terms.SH + "sourceShape")),
            graph.one(one, terms.SH + "sourceConstraintComponent").value,
            _severity(graph.one(one, terms.SH + "resultSeverity").value),
        ] += 1
    return rows


def _severity(iri: str) -> str:
    """A severity of our three; one of somebody's own counts as the worst."""
    name = iri.removeprefix(terms.SH).lower()
    return name if name in SEVERITIES else "violation"


def _node(node: Any) -> str:
    return "" if node is None else "_:" if isinstance(node, ox.BlankNode) else str(node)


def row(result: Result) -> Row:
    return (
        _node(result.focus),
        result.path,
        _node(result.value),
        _node(result.shape),
        result.component,
        result.severity,
    )


def _found(engine: Engine, case: Case) -> list[Result]:
    return engines.run(engine, case.shapes, case.data, seconds=60, memory=2_000_000_000)


def verdict(case: Case, engine: Engine) -> str:
    """``passed``, or in few words what is different."""
    try:
        found = Counter(map(row, _found(engine, case)))
    except FoederaError as fault:
        return "passed" if case.expected is None else f"refused: {fault.detail[:80]}"
    if case.expected is None:
        return "not refused"
    missing, more = case.expected - found, found - case.expected
    if not missing and not more:
        return "passed"
    return f"{sum(missing.values())} missing, {sum(more.values())} too many"
