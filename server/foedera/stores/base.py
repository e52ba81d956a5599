"""What every store does: the triples of one release, for reading.

The default graph is the union of all files and of what was inferred, each triple once; each file
is a named graph beside, and what was inferred is one more.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import pyoxigraph as ox

from foedera import terms

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Answer: TypeAlias = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples | Iterator[ox.Triple]
"""Rows, yes or no, or the triples of a graph."""

T = TypeVar("T")

_LABELS = tuple(ox.NamedNode(iri) for iri in terms.LABELS)
_SUMMARIES = tuple(ox.NamedNode(iri) for iri in terms.SUMMARIES)


class Store(ABC):
    """The triples of one release. What is known of a release as a whole is read from its folder,
    wherever the triples are."""

    def __init__(self, manifest: dict[str, Any], folder: Path) -> None:
        self.manifest = manifest
        self._folder = folder
        self._made: dict[Callable[..., Any], Any] = {}
        self.names = lru_cache(maxsize=50_000)(self._names)
        self.summaries = lru_cache(maxsize=5_000)(self._summaries)

    @property
    def folder(self) -> Path:
        """The folder of the release."""
        return self._folder

    @cached_property
    def base(self) -> str:
        return str(self.manifest["publication"]["base"])

    @property
    def prefixes(self) -> dict[str, str]:
        return dict(self.manifest["prefixes"])

    @cached_property
    def inferred(self) -> str:
        """The IRI of the graph of what was inferred."""
        return str(self.manifest["inferred"])

    @property
    @abstractmethod
    def graphs(self) -> frozenset[str]:
        """The IRIs of the named graphs, also of files without a triple."""

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """The counts made when the release was built."""
        path = self._folder / "numbers.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def used(self, predicates: Iterable[ox.NamedNode]) -> tuple[ox.NamedNode, ...]:
        """Those of some properties that any triple has: there is no need to ask for others."""
        counts = self.numbers.get("properties")
        return tuple(one for one in predicates if counts is None or one.value in counts)

    @cached_property
    def _labels(self) -> tuple[ox.NamedNode, ...]:
        return self.used(_LABELS)

    @cached_property
    def _summing(self) -> tuple[ox.NamedNode, ...]:
        return self.used(_SUMMARIES)

    @cached_property
    def documents(self) -> dict[str, list[str]]:
        """The things with a hash IRI, by the IRI of the document before the hash."""
        path = self._folder / "documents.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def mentioned(self) -> dict[str, list[str]]:
        """The hash IRIs that are in some triple and of which none is, the same way."""
        path = self._folder / "mentioned.json"
        if not path.exists():  # an older release, to which it was rolled back
            return {}
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def once(self, make: Callable[[Any], T]) -> T:
        """What a function makes of this store, made on the first call: a release never changes."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def expect(self, nodes: Iterable[Any]) -> None:
        """Be told which nodes the next questions are about: a store that is far away then asks
        about all of them together. One that is near has nothing to prepare."""
        return

    def check(self) -> None:
        """Raises Unavailable, BadGateway or GatewayTimeout where the triples cannot be asked for
        at the moment."""
        return

    @abstractmethod
    def about(
        self, subject: Any = None, predicate: Any = None, value: Any = None
    ) -> Iterator[ox.Quad]:
        """The triples of the default graph that match a pattern, each once."""

    def some(
        self,
        subject: Any = None,
        predicate: Any = None,
        value: Any = None,
        *,
        skip: int = 0,
        most: int,
    ) -> list[ox.Quad]:
        """Some of the triples that match a pattern: what comes after others, in an order that is
        the same each time."""
        return list(islice(self.about(subject, predicate, value), skip, skip + most))

    def linked(self, node: Any, inverse: bool) -> dict[str, int]:
        """How many triples a node has, or how many lead to it, by property: of what has many
        (`release.MANY`), and else nothing."""
        side = self.numbers.get("linked", {}).get("to" if inverse else "from", {})
        found: dict[str, int] = side.get(node.value, {}) if isinstance(node, ox.NamedNode) else {}
        return found

    def _names(self, node: ox.NamedNode) -> tuple[ox.Triple, ...]:
        """The triples that name a thing, by the best property that does.

        `names` is this, remembered: the same properties and classes are named on every page, and
        a release never changes.
        """
        for predicate in self._labels:
            found = tuple(quad.triple for quad in self.about(node, predicate))
            if found:
                return found
        return ()

    def _summaries(self, node: ox.NamedNode) -> tuple[ox.Literal, ...]:
        """What the best property that does says of a thing in a sentence or two; remembered as
        its names are, since a page says so of each property that it shows."""
        for predicate in self._summing:
            said = (quad.object for quad in self.about(node, predicate))
            texts = tuple(text for text in said if isinstance(text, ox.Literal))
            if texts:
                return texts
        return ()

    @abstractmethod
    def sources(self, triple: ox.Triple | ox.Quad) -> list[str]:
        """The IRIs of the named graphs in which a triple stands."""

    def follows(self, triple: ox.Triple | ox.Quad) -> bool:
        """Whether a triple is there because it was inferred: no file states it."""
        return self.sources(triple) == [self.inferred]

    @abstractmethod
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


def manifest(folder: Path) -> dict[str, Any]:
    """What a release says of itself."""
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content
