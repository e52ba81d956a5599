"""The remote store: one release in any SPARQL 1.1 engine, read over HTTP.

Layout in the engine: each named graph of the release by its own name; ``graph/stated``, the union
of all files, each triple once; and ``graph/release``, which says what is there (`load` writes it).
The default graph of a query is ``graph/stated`` with ``graph/inferred``, which have no triple in
common, so that no engine counts one twice. Blank nodes are there by IRIs of their own (RDF 1.1
Concepts, section 3.5), since else none could be asked for; here they are blank nodes again.

Pages ask many small questions. The first about a thing fetches the thing whole, with its graphs;
one about any thing named in what was fetched, fetches its neighbours too. So a page costs a few
requests, however much stands on it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.errors import BadRequest, Unavailable
from foedera.stores import answers
from foedera.stores.answers import Names
from foedera.stores.base import Answer, Store, Term, manifest
from foedera.stores.endpoint import ROWS, TRIPLES, Endpoint, Stream
from foedera.stores.texts import Text

_TYPE = ox.NamedNode(terms.TYPE)

_SHORT = frozenset(
    map(
        ox.NamedNode,
        (
            *terms.LABELS,
            *terms.SUMMARIES,
            *terms.BEGINNINGS,
            terms.TYPE,
            terms.RDFS + "subClassOf",
        ),
    )
)
"""What pages ask of everything that they name."""

_MANY = 500
"""About how many things one request asks for what pages ask."""

_SOME = 100
"""About how many things one request asks for all that is known of them."""

_NAMED = 20_000
"""How many things are remembered that may be asked about: as many as a page puts in order."""

_FEW = 2000
"""Members of a class, or triples of a property, that are kept."""

_ROWS = 50_000
"""Rows of one look-up. Where there are more, fewer things are asked about at a time."""

_KEPT = 200_000
"""Quads kept of what was looked up."""

_MERGED = 500_000
"""Triples of several graphs that a query may have merged into one."""

_NUMBERED = re.compile(r"(b[0-9a-f]{12}n)([0-9]+)")
"""The name of a blank node: of its graph, and its number there (`load`)."""

_SURE = 1.0
"""Seconds for which it is believed that the engine holds the release."""

_GLANCE = 3.0
"""The longest time to find out, in seconds."""


class RemoteStore(Store):
    """The triples of one release, for reading."""

    def __init__(self, endpoint: Endpoint, manifest: dict[str, Any], folder: Path) -> None:
        super().__init__(manifest, folder)
        self._endpoint = endpoint
        self._here = Names(self.base)
        self._sure_until = 0.0
        self._empty = ox.Store()
        self._forget()

    @classmethod
    def open(cls, folder: Path, endpoint: Endpoint) -> RemoteStore:
        """The release in a folder, which an engine holds. Nothing is asked yet."""
        return cls(endpoint, manifest(folder), folder)

    @cached_property
    def graphs(self) -> frozenset[str]:
        """The IRIs of the named graphs, also of files without a triple."""
        files = {str(file["graph"]) for file in self.manifest["files"]}
        return frozenset(files | set(self.numbers["graphs"]))

    # Queries

    def query(
        self,
        text: str,
        graphs: Sequence[str] | None = None,
        named: Sequence[str] | None = None,
        values: dict[str, Term] | None = None,
    ) -> Answer:
        """Run a query, as `Store.query` has it; the engine is asked at once, and read as it goes.

        Raises BadGateway, GatewayTimeout or Unavailable where the engine fails, BadRequest where
        it does not do what the query asks.
        """
        options: dict[str, Any] = {"prefixes": self.prefixes, "base_iri": self.base}
        substitutions = {ox.Variable(name): value for name, value in (values or {}).items()}
        read = self._empty.query(text, substitutions=substitutions or None, **options)
        if graphs is None and named is None:
            wanted: tuple[str, ...] = (self._here.stated, self.inferred)
            inside: Iterable[str] = self.graphs
        else:
            wanted, inside = tuple(graphs or ()), tuple(named or ())
        if set(wanted) == self.graphs - {self.inferred}:
            wanted = (self._here.stated,)
        lexed = Text(text)
        parts = lexed.described() if graphs is None and named is None else None
        if parts:
            return self._described(*parts, values)
        if len(wanted) > 1 and graphs is not None:
            merged = self._merged(wanted, inside if lexed.names_graphs else ())
            options["named_graphs"] = list(map(ox.NamedNode, inside))
            return merged.query(text, substitutions=substitutions or None, **options)
        bound = {name: self._here.sent(one) for name, one in (values or {}).items()}
        sent = lexed.sent(self.base, self.prefixes, self._here.blank, bound)
        nowhere = f"{self.base}graph/none"
        media_type = TRIPLES if isinstance(read, ox.QueryTriples) else ROWS
        self.check()
        stream = self._endpoint.ask(
            sent,
            media_type,
            wanted or (nowhere,),
            (sorted(inside) or (nowhere,)) if lexed.names_graphs else (),
        )
        return self._read(stream, read)

    def _described(
        self, before: str, terms_: list[str], after: str, values: dict[str, Term] | None
    ) -> Iterator[ox.Triple]:
        """The triples of some things, blank nodes followed to their end, as Oxigraph describes
        them: each engine would do it its own way."""
        nodes: dict[Any, None] = {}
        names = [one for one in terms_ if one[0] in "*?$"]
        iris = [f"({one} AS ?d{at})" for at, one in enumerate(terms_) if one not in names]
        if iris:
            text = f"{before} SELECT {' '.join(iris)} {{}}"
            options: dict[str, Any] = {"prefixes": self.prefixes, "base_iri": self.base}
            for row in self._empty.query(text, **options):  # type: ignore[union-attr]
                nodes.update(dict.fromkeys(row))
        if names:
            for row in self.query(f"{before} SELECT {' '.join(names)} {after}", values=values):  # type: ignore[union-attr]
                nodes.update(dict.fromkeys(row))
        ahead = [one for one in nodes if isinstance(one, ox.NamedNode | ox.BlankNode)]
        self.expect(ahead)
        return self._closure(ahead)

    def _closure(self, ahead: list[Any]) -> Iterator[ox.Triple]:
        seen = set(ahead)
        while ahead:
            for quad in self.about(ahead.pop()):
                yield quad.triple
                if isinstance(quad.object, ox.BlankNode) and quad.object not in seen:
                    seen.add(quad.object)
                    ahead.append(quad.object)

    def _read(self, stream: Stream, asked: Answer) -> Answer:
        """What the engine answers, of the same kind as what was ``asked``."""
        if isinstance(asked, ox.QueryTriples):
            return answers.triples(stream, self._here)
        found = answers.results(stream, self._here)
        if not answers.alike(found, asked):
            stream.close()
            raise answers.unasked()
        return found

    def _merged(self, graphs: Iterable[str], named: Iterable[str]) -> ox.Store:
        """A store whose default graph is the union of some graphs as a set, which engines do not
        agree on; with some named graphs beside. Raises BadRequest where that would be too much."""
        counts = self.numbers["graphs"]
        size = sum(counts.get(one, 0) for one in (*graphs, *named))
        if size > _MERGED:
            raise BadRequest(
                f"The graphs named hold {size:,} triples, and {_MERGED:,} may be merged",
                "Name one graph, or none: that is all of them.",
            )
        merged = ox.Store()
        for iri in graphs:
            merged.bulk_extend(ox.Quad(s, p, o) for s, p, o in self._graph(iri))
        for iri in named:
            graph = ox.NamedNode(iri)
            merged.bulk_extend(ox.Quad(s, p, o, graph) for s, p, o in self._graph(iri))
        return merged

    def _graph(self, iri: str) -> Iterator[tuple[Any, ...]]:
        return self._rows("SELECT ?s ?p ?o { ?s ?p ?o }", "spo", (iri,))

    # Look-ups

    def _forget(self) -> None:
        self._near = ox.Store()
        self._kept = 0
        self._out: set[Any] = set()  # nodes whose triples are all here
        self._short: set[Any] = set()  # nodes of which what pages ask is here
        self._in: set[Any] = set()  # nodes all triples to which are here, but those of rdf:type
        self._hubs: set[Any] = set()  # nodes with too many of those
        self._members: set[Any] = set()  # classes whose members are all here
        self._used: set[Any] = set()  # properties whose triples are all here
        self._ahead: dict[Any, int] = {}  # nodes that were named, and with which others
        self._times = 0
        self._expected: dict[Any, int] = {}  # nodes that were told to be next, the same way
        self._loose: dict[ox.Triple, None] = {}  # triples whose graphs are not known

    def expect(self, nodes: Iterable[Any]) -> None:
        self._times += 1
        self._note(nodes, self._expected)

    def about(
        self, subject: Any = None, predicate: Any = None, value: Any = None
    ) -> Iterator[ox.Quad]:
        if subject is not None:
            if not self._knows(subject, predicate, value):
                self._fetch(subject, short=predicate in _SHORT)
            return self._held(subject, predicate, value)
        if value is not None and predicate != _TYPE:
            if value not in self._in and value not in self._hubs:
                self._fetch_to(value)
            if value in self._in:
                return self._to(predicate, value)
        return self._every(predicate, value)

    def some(
        self,
        subject: Any = None,
        predicate: Any = None,
        value: Any = None,
        *,
        skip: int = 0,
        most: int,
    ) -> list[ox.Quad]:
        """As `Store.some` has it: the engine puts them in order, and sends no others."""
        if subject is not None or predicate is None or value is None:
            return super().some(subject, predicate, value, skip=skip, most=most)
        return list(self._streamed(predicate, value, f" ORDER BY ?s LIMIT {most} OFFSET {skip}"))

    def _every(self, predicate: Any, value: Any) -> Iterator[ox.Quad]:
        """The members of a class, or the triples of a property: from here where they are few."""
        place, node = ("?o", value) if predicate == _TYPE else ("?p", predicate)
        if not isinstance(node, ox.NamedNode) or (place == "?p" and value is not None):
            return self._streamed(predicate, value)
        counts = self.numbers["classes" if place == "?o" else "properties"]
        few, known = counts.get(node.value, 0), self._members if place == "?o" else self._used
        if node not in known and 0 < few <= _FEW:
            batch, size = [], 0
            for one in self._batch(node, self._kin(node), known, _SOME):
                count = counts.get(one.value, 0) if isinstance(one, ox.NamedNode) else 0
                if 0 < count <= _FEW and size + count <= _ROWS // 10:
                    batch.append(one)
                    size += count
            of_type = f"FILTER(?p = {_TYPE})" if place == "?o" else ""
            for some in self._fetched(batch, place, of_type):
                known.update(some)
        if node in known or not few:
            return self._held(None, predicate, value)
        return self._streamed(predicate, value)

    def _knows(self, subject: Any, predicate: Any, value: Any) -> bool:
        """Whether all that is to be known of a triple, or of some with one subject, is here."""
        return (
            subject in self._out
            or (value in self._in and predicate != _TYPE)
            or (predicate in _SHORT and subject in self._short)
        )

    def _held(self, subject: Any, predicate: Any, value: Any) -> Iterator[ox.Quad]:
        return self._near.quads_for_pattern(subject, predicate, value, ox.DefaultGraph())

    def _to(self, predicate: Any, value: Any) -> Iterator[ox.Quad]:
        held = (quad for quad in self._held(None, predicate, value) if quad.predicate != _TYPE)
        if predicate is None and getattr(value, "value", "") in self.numbers["classes"]:
            return chain(held, self._every(_TYPE, value))
        return held

    def sources(self, triple: ox.Triple | ox.Quad) -> list[str]:
        parts = (triple.subject, triple.predicate, triple.object)
        one = ox.Triple(*parts)
        if not self._knows(*parts) and (
            one in self._loose or not any(self._near.quads_for_pattern(*parts, None))
        ):
            self._loose[one] = None
            self._fetch_sources()
        found = self._near.quads_for_pattern(*parts, None)
        return sorted(q.graph_name.value for q in found if isinstance(q.graph_name, ox.NamedNode))

    def _fetch(self, node: Any, short: bool) -> None:
        """Fetch a node's triples, and those of nodes that are likely to be asked about next."""
        if short:
            known, others = self._short, reversed(list(self._ahead))
            batch = self._batch(node, (*self._kin(node), *others), known, _MANY)
            kinds = f"FILTER(?p IN ({', '.join(map(str, _SHORT))}))"
        else:
            known, kinds = self._out, ""
            most = _MANY if isinstance(node, ox.BlankNode) else _SOME
            batch = self._batch(node, self._kin(node), known, most)
        for some in self._fetched(batch, "?s", kinds):
            known.update(some)

    def _fetch_to(self, node: Any) -> None:
        """Fetch the triples that lead to a node, rdf:type aside, which may be millions."""
        told = node in self._expected or isinstance(node, ox.BlankNode)
        batch = self._batch(node, self._kin(node) if told else (), self._in | self._hubs, _SOME)
        for some in self._fetched(batch, "?o", f"FILTER(?p != {_TYPE})"):
            self._in.update(some)
        if node not in self._in:
            self._hubs.add(node)

    def _kin(self, node: Any) -> Iterator[Any]:
        """The nodes that were named together with one; of a blank node those that stand near it
        in its file, as the pieces of one list do."""
        numbered = _NUMBERED.fullmatch(node.value) if isinstance(node, ox.BlankNode) else None
        if numbered:
            number = int(numbered[2])
            near = range(max(1, number - _SOME), number + _MANY)
            return (ox.BlankNode(f"{numbered[1]}{one}") for one in near)
        named = self._expected if node in self._expected else self._ahead
        time_ = named.get(node)
        return (one for one, other in named.items() if other == time_)

    @staticmethod
    def _batch(node: Any, others: Iterable[Any], known: set[Any], most: int) -> list[Any]:
        fresh = (one for one in others if one not in known and one != node)
        return [node, *islice(dict.fromkeys(fresh), most - 1)]

    def _fetched(self, batch: list[Any], place: str, more: str) -> Iterator[list[Any]]:
        """Fetch what is known of some nodes; of fewer, where that is too much. Yields those done;
        the first of them is not, where there is too much of it alone."""
        while batch:
            values = " ".join(map(self._here.sent, batch))
            text = (
                f"SELECT ?s ?p ?o ?g {{ VALUES {place} {{ {values} }} {more} "
                "GRAPH ?g { ?s ?p ?o } }"
            )
            alone = len(batch) == 1 and place == "?s"
            rows = list(self._rows(text if alone else f"{text} LIMIT {_ROWS}"))
            if alone or len(rows) < _ROWS:
                self._keep(rows)
                yield batch
                return
            if len(batch) == 1:
                return
            batch = batch[: max(1, len(batch) // 8)]

    def _fetch_sources(self) -> None:
        """Find the graphs of the triples that came without."""
        wanted = [*self._loose][-_MANY:]
        rows = " ".join(
            f"({' '.join(map(self._here.sent, (one.subject, one.predicate, one.object)))})"
            for one in wanted
        )
        text = f"SELECT ?s ?p ?o ?g {{ VALUES (?s ?p ?o) {{ {rows} }} GRAPH ?g {{ ?s ?p ?o }} }}"
        self._keep(self._rows(text))
        for one in wanted:
            self._loose.pop(one, None)

    def _keep(self, rows: Iterable[Sequence[Any]]) -> None:
        quads = []
        self._times += 1
        for subject, predicate, value, graph in rows:
            if graph.value in (self._here.stated, self.inferred):
                quads.append(ox.Quad(subject, predicate, value))
                self._note((subject, predicate, value))
            if graph.value in self.graphs:
                quads.append(ox.Quad(subject, predicate, value, graph))
        self._near.extend(quads)
        self._kept += len(quads)

    def _note(self, nodes: Iterable[Any], where: dict[Any, int] | None = None) -> None:
        """Remember nodes that are named together: they may be asked about."""
        named = self._ahead if where is None else where
        for node in nodes:
            if isinstance(node, ox.NamedNode | ox.BlankNode):
                named.pop(node, None)
                named[node] = self._times
        for old in [*islice(named, max(0, len(named) - _NAMED))]:
            del named[old]

    def _streamed(self, predicate: Any, value: Any, piece: str = "") -> Iterator[ox.Quad]:
        """The triples of a pattern without a subject, as they come; or a ``piece`` of them."""
        pattern = (
            "?s",
            "?p" if predicate is None else self._here.sent(predicate),
            "?o" if value is None else self._here.sent(value),
        )
        names = [one for one in pattern if one[0] == "?"]
        self._times += 1
        self._loose.clear()
        text = f"SELECT {' '.join(names)} {{ {' '.join(pattern)} }}{piece}"
        columns = "".join(names).replace("?", "")
        for row in self._rows(text, columns, (self._here.stated, self.inferred)):
            found = list(row)
            subject = found.pop(0)
            middle = found.pop(0) if predicate is None else predicate
            last = found.pop(0) if value is None else value
            self._note((subject,))
            if len(self._loose) < _NAMED:
                self._loose[ox.Triple(subject, middle, last)] = None
            yield ox.Quad(subject, middle, last)

    def _rows(
        self, text: str, columns: str = "spog", graphs: Sequence[str] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a look-up."""
        if self._kept > _KEPT:
            self._forget()
        self.check()
        stream = self._endpoint.ask(text, ROWS, graphs, ours=True)
        return answers.rows(stream, self._here, *columns)

    def check(self) -> None:
        """Raises Unavailable where the engine does not hold this release, now or a moment ago."""
        if time.monotonic() < self._sure_until:
            return
        text = f"SELECT ?release {{ <{self._here.release}> <{terms.OWL}versionInfo> ?release }}"
        seconds = min(_GLANCE, self._endpoint.seconds)
        stream = self._endpoint.ask(text, ROWS, (self._here.release,), seconds=seconds, ours=True)
        held = [row[0].value for row in answers.rows(stream, self._here, "release")]
        if held != [self.manifest["release"]]:
            raise Unavailable(
                f"The engine behind this site does not hold release {self.manifest['release']}"
                f"{f' but {held[0]}' if held else ', or is being loaded'}",
                "It is there once 'foedera publish' has loaded it.",
                retry_after=5,
            )
        self._sure_until = time.monotonic() + _SURE
