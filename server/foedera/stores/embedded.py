"""The embedded store: one release in Oxigraph, opened read-only or held in memory.

Layout: the default graph is the union of all files and of what was inferred, each triple once;
each file is a named graph beside, and what was inferred is one more. So the usual query reads
one graph and counts nothing twice (Oxigraph's own union of graphs repeats a triple that stands
in two of them).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from foedera.stores.base import Answer as Answer
from foedera.stores.base import Store, manifest
from foedera.stores.base import Term as Term

BYTES_A_QUAD = 450
"""What a quad takes in memory, measured over our own and generated data; used to plan."""


class EmbeddedStore(Store):
    """The triples of one release, for reading."""

    def __init__(self, store: ox.Store, manifest: dict[str, Any], folder: Path) -> None:
        super().__init__(manifest, folder)
        self.store = store
        self._merged: tuple[tuple[str, ...], ox.Store] | None = None

    @classmethod
    def open(cls, folder: Path) -> EmbeddedStore:
        """Open a release on disk, read-only. Never do this before a fork: open in the child."""
        return cls(ox.Store.read_only(str(folder / "store")), manifest(folder), folder)

    @classmethod
    def load(cls, folder: Path) -> EmbeddedStore:
        """Hold a release in memory; forked children share it."""
        store = ox.Store()
        store.bulk_extend(dumped(folder))
        return cls(store, manifest(folder), folder)

    @cached_property
    def graphs(self) -> frozenset[str]:
        """The IRIs of the named graphs, also of files without a triple."""
        files = {str(file["graph"]) for file in self.manifest["files"]}
        return frozenset(files | {graph.value for graph in self.store.named_graphs()})

    def about(
        self, subject: Any = None, predicate: Any = None, value: Any = None
    ) -> Iterator[ox.Quad]:
        """The triples of the default graph that match a pattern, each once."""
        return self.store.quads_for_pattern(subject, predicate, value, ox.DefaultGraph())

    def sources(self, triple: ox.Triple | ox.Quad) -> list[str]:
        """The IRIs of the named graphs in which a triple stands."""
        found = self.store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
        return sorted(q.graph_name.value for q in found if isinstance(q.graph_name, ox.NamedNode))

    @cached_property
    def _inference(self) -> ox.NamedNode:
        return ox.NamedNode(self.inferred)

    def follows(self, triple: ox.Triple | ox.Quad) -> bool:
        """As `Store.follows` has it. What is stated is never inferred as well, so one look does."""
        parts = (triple.subject, triple.predicate, triple.object)
        return ox.Quad(*parts, self._inference) in self.store

    def query(
        self,
        text: str,
        graphs: Sequence[str] | None = None,
        named: Sequence[str] | None = None,
        values: dict[str, Term] | None = None,
    ) -> Answer:
        """Run a query; lazily, so that what is returned must be read before the store goes.

        ``graphs`` and ``named`` are the dataset (SPARQL 1.1 Query Language, section 13.2); None
        leaves the default. Several default graphs are merged as sets, as the specification asks.
        ``values`` replace variables. Raises SyntaxError.
        """
        options: dict[str, Any] = {
            "prefixes": self.prefixes,
            "base_iri": self.base,
            "substitutions": {ox.Variable(k): v for k, v in values.items()} if values else None,
        }
        store = self.store
        if graphs is not None or named is not None:
            wanted = tuple(graphs or ())
            if len(wanted) > 1:
                store = self._merge(wanted, tuple(named or ()))
                options["default_graph"] = ox.DefaultGraph()
            else:
                options["default_graph"] = [ox.NamedNode(iri) for iri in wanted]
            options["named_graphs"] = [ox.NamedNode(iri) for iri in named or ()]
        return store.query(text, **options)

    def _merge(self, graphs: tuple[str, ...], named: tuple[str, ...]) -> ox.Store:
        """A store of its own whose default graph is the union of some graphs, as a set."""
        key = (*graphs, "", *named)
        if self._merged is None or self._merged[0] != key:
            merged = ox.Store()
            for iri in graphs:
                found = self.store.quads_for_pattern(None, None, None, ox.NamedNode(iri))
                merged.bulk_extend(ox.Quad(q.subject, q.predicate, q.object) for q in found)
            for iri in named:
                merged.bulk_extend(
                    self.store.quads_for_pattern(None, None, None, ox.NamedNode(iri))
                )
            self._merged = (key, merged)
        return self._merged[1]


def dumped(folder: Path) -> Iterator[ox.Quad]:
    """The quads of a release. Its blank nodes keep the names that they have in the dump (the
    loader of the engine would give them others each time), so that pages can lead to them."""
    path = str(folder / "dump.nq")
    return ox.parse(path=path, format=ox.RdfFormat.N_QUADS, lenient=True)
