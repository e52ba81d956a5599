"""Brings a release into an engine: only the graphs that changed, and of these, where the state
before is known, only the triples. Then all are counted.

``graph/release`` in the engine says which release it holds, and of each graph how many triples and
which checksum. While it is loaded, that names no release, so that no site answers from it.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.errors import EngineFailed, Unavailable
from foedera.stores import answers
from foedera.stores.answers import Names
from foedera.stores.base import manifest
from foedera.stores.endpoint import ROWS, Breaker, Endpoint

_CHECKSUM = "http://spdx.org/rdf/terms#checksumValue"

_UPDATE_SECONDS = 120.0
"""The longest time for one update."""

_COUNT_SECONDS = 120.0

_BATCH_LINES = 1000
_BATCH_BYTES = 200_000
"""Triples and bytes of one update. Virtuoso 7 compiles each, and stops at some thousands."""

_COUNTED = 200
"""Graphs counted by one request."""

_PATIENCE = 30.0
"""Seconds for which an engine that is not there yet is waited for."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Held:
    """What an engine says that it holds: a release, or the one before; a checksum for each graph
    that is sure to be whole."""

    release: str
    before: str
    checksums: dict[str, str]


def load(
    endpoint: Endpoint,
    folder: Path,
    kept: Sequence[Path],
    say: Say,
    patience: float = _PATIENCE,
) -> None:
    """Have an engine hold the release in a folder; ``kept`` are releases that it may hold now.

    Raises Unavailable, GatewayTimeout or BadGateway where the engine fails, EngineFailed where it
    does not hold afterwards what it was given.
    """
    told = manifest(folder)
    names = Names(told["publication"]["base"])
    engine = _Engine(replace(endpoint, breaker=Breaker(math.inf)), names)
    held = _awaited(engine, say, patience)
    counts = json.loads((folder / "numbers.json").read_text(encoding="utf-8"))
    expected = {
        **counts["graphs"],
        names.stated: counts["triples"] - counts["graphs"].get(told["inferred"], 0),
    }
    if held.release == told["release"] and engine.counts(expected) == expected:
        say(f"the engine holds release {held.release}")
        return
    new = _content(folder, names)
    old = next((_content(one, names) for one in kept if one.name == held.before), {})
    checksums = {graph: _checksum(lines) for graph, lines in new.items()}
    there = engine.counts({**new, **held.checksums})
    changed = {
        graph: lines
        for graph, lines in new.items()
        if held.checksums.get(graph) != checksums[graph] or there.get(graph, 0) != len(lines)
    }
    gone = [graph for graph in held.checksums if graph not in new]
    same = {graph: one for graph, one in checksums.items() if graph not in changed}
    engine.note(_Held("", held.before, same))
    say(f"loading {len(changed)} of {len(new)} graphs into the engine")
    for graph in gone:
        engine.drop(graph)
    for graph, lines in changed.items():
        before = old.get(graph, set())
        known = (
            before
            and held.checksums.get(graph) == _checksum(before)
            and there.get(graph, 0) == len(before)
        )
        if known and len(before ^ lines) < len(lines):
            engine.change("DELETE", graph, sorted(before - lines))
            engine.change("INSERT", graph, sorted(lines - before))
        else:
            engine.drop(graph)
            engine.change("INSERT", graph, sorted(lines))
    there = engine.counts(new)
    for graph, lines in new.items():
        if there.get(graph, 0) != len(lines):
            raise EngineFailed(
                f"The engine was given {len(lines):,} triples for <{graph}>, and holds "
                f"{there.get(graph, 0):,}",
                "It takes some values for equal that are not, or others write to it.",
            )
    engine.note(_Held(told["release"], told["release"], checksums))
    say(f"the engine holds release {told['release']}")


def _awaited(engine: _Engine, say: Say, patience: float) -> _Held:
    """What an engine holds, once it is there."""
    until = time.monotonic() + patience
    waiting = False
    while True:
        try:
            return engine.held()
        except Unavailable:
            if time.monotonic() > until:
                raise
            if not waiting:
                say("waiting for the engine")
            waiting = True
            time.sleep(0.5)


class _Engine:
    """What is asked of an engine, and told to it, when a release is loaded."""

    def __init__(self, endpoint: Endpoint, names: Names) -> None:
        self._endpoint = endpoint
        self._names = names

    def held(self) -> _Held:
        found: dict[str, dict[str, str]] = {}
        text = "SELECT ?s ?p ?o { ?s ?p ?o }"
        for s, p, o in self._rows(text, "s", "p", "o", graph=self._names.release):
            found.setdefault(p.value, {})[s.value] = o.value
        release = found.get(terms.OWL + "versionInfo", {}).get(self._names.release, "")
        before = found.get(terms.OWL + "priorVersion", {}).get(self._names.release, "")
        return _Held(release, before, found.get(_CHECKSUM, {}))

    def counts(self, graphs: Iterable[str]) -> dict[str, int]:
        """How many triples some graphs have; those without any are left out."""
        found: dict[str, int] = {}
        wanted = [f"<{graph}>" for graph in graphs]
        for start in range(0, len(wanted), _COUNTED):
            values = " ".join(wanted[start : start + _COUNTED])
            text = (
                f"SELECT ?g (COUNT(*) AS ?n) {{ VALUES ?g {{ {values} }} "
                "GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
            )
            found |= {g.value: int(n.value) for g, n in self._rows(text, "g", "n")}
        return {graph: count for graph, count in found.items() if count}

    def note(self, held: _Held) -> None:
        """Say in the engine what it holds."""
        here = f"<{self._names.release}>"
        lines = [f"<{graph}> <{_CHECKSUM}> {_text(one)}" for graph, one in held.checksums.items()]
        if held.before:
            lines.append(f"{here} <{terms.OWL}priorVersion> {_text(held.before)}")
        if held.release:
            lines.append(f"{here} <{terms.OWL}versionInfo> {_text(held.release)}")
        self.drop(self._names.release)
        self.change("INSERT", self._names.release, lines)

    def drop(self, graph: str) -> None:
        self._endpoint.tell(f"DROP SILENT GRAPH <{graph}>", _UPDATE_SECONDS)

    def change(self, verb: str, graph: str, lines: Iterable[str]) -> None:
        """INSERT or DELETE triples, some at a time."""
        for some in _batches(lines):
            triples = " .\n".join(some)
            text = f"{verb} DATA {{ GRAPH <{graph}> {{\n{triples} .\n}} }}"
            self._endpoint.tell(text, _UPDATE_SECONDS)

    def _rows(self, text: str, *columns: str, graph: str = "") -> Iterator[tuple[Any, ...]]:
        graphs = (graph,) if graph else ()
        stream = self._endpoint.ask(text, ROWS, graphs, seconds=_COUNT_SECONDS)
        return answers.rows(stream, self._names, *columns)


def _text(text: str) -> str:
    return str(ox.Literal(text))


def _batches(lines: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for line in lines:
        if batch and (len(batch) == _BATCH_LINES or size + len(line) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def _checksum(lines: set[str]) -> str:
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _content(folder: Path, names: Names) -> dict[str, set[str]]:
    """The triples of a release as lines of N-Triples without their dot, by graph, as an engine is
    to hold them. They go through a store, which writes numbers and dates as ours does."""
    store = ox.Store()
    store.bulk_extend(_named(ox.parse(path=str(folder / "dump.nq")), names))
    found: dict[str, set[str]] = {}
    for quad in store:
        graph = quad.graph_name.value if isinstance(quad.graph_name, ox.NamedNode) else ""
        line = f"{quad.subject} {quad.predicate} {quad.object}"
        found.setdefault(graph, set()).add(line)
    everything = found.pop("", set())
    inferred = found.get(manifest(folder)["inferred"], set())
    return {names.stated: everything - inferred, **found} if everything else found


def _named(quads: Iterable[ox.Quad], names: Names) -> Iterator[ox.Quad]:
    """Quads whose blank nodes have IRIs: of their graph, and of their place in it, so that those
    of a file that has not changed have the same in each release."""
    known: dict[str, ox.NamedNode] = {}
    counts: dict[str, int] = {}

    def named(term: Any, graph: str) -> Any:
        if isinstance(term, ox.Triple):
            parts = (term.subject, term.predicate, term.object)
            return ox.Triple(*(named(part, graph) for part in parts))
        if not isinstance(term, ox.BlankNode):
            return term
        if term.value not in known:
            counts[graph] = counts.get(graph, 0) + 1
            digest = hashlib.sha256(graph.encode()).hexdigest()[:12]
            known[term.value] = ox.NamedNode(f"{names.blank}b{digest}n{counts[graph]}")
        return known[term.value]

    for quad in quads:
        graph = getattr(quad.graph_name, "value", "")
        yield ox.Quad(
            named(quad.subject, graph), quad.predicate, named(quad.object, graph), quad.graph_name
        )
