"""What is published, as a contribution is judged against it: the stated triples, for reading.

Of a release that is what its files in ``ontology/`` and ``data/`` state, not what was inferred, and
not the shapes. Each question is about many things at once, since a base may be far away.
"""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Protocol, TypeAlias, TypeVar

import pyoxigraph as ox

from foedera import terms
from foedera.stores.answers import Names
from foedera.stores.base import Store

Pair: TypeAlias = tuple[Any, ox.NamedNode | None]
"""A thing and a property of it; None is any property."""

MANY = 500
"""Triples leading to a thing, as far as they are counted."""

_BATCH = 400
"""Pairs in one query. Engines take long for much longer lists, and some refuse them."""

_LABELS = tuple(ox.NamedNode(iri) for iri in terms.LABELS)
_STRING = terms.XSD + "string"

T = TypeVar("T")


class Base(Protocol):
    """What is published. ``queries`` counts what an engine elsewhere was asked so far."""

    queries: int

    def read(self, out: Collection[Pair], into: Collection[Pair]) -> set[ox.Triple]:
        """The triples whose subject and predicate, or whose object and predicate, are a pair.

        An object that means the same is the same: queries find it so, whatever its form.
        """

    def counts(self, into: Collection[Pair]) -> dict[Pair, int]:
        """How many triples have a pair of object and predicate, up to MANY."""

    def using(self, predicates: Collection[ox.NamedNode] | None) -> Iterable[ox.Triple]:
        """All triples with one of some predicates; None is all there are."""

    def kept(self, triple: ox.Triple) -> ox.Triple:
        """A triple as the base would have it: stores rewrite some literals."""

    def out(
        self, subjects: Collection[Any], predicates: Collection[ox.NamedNode] | None = None
    ) -> set[ox.Triple]:
        """What is said of some things, with some properties or all."""

    def into(
        self, objects: Collection[Any], predicates: Collection[ox.NamedNode] | None = None
    ) -> set[ox.Triple]:
        """What leads to some things, by some properties or all."""

    def known(self, iris: Collection[str]) -> set[str]:
        """Those of some IRIs of which something is said."""

    def labels(self, iris: Collection[str]) -> dict[str, dict[str, str]]:
        """The names of things by language tag, each by the best property that there is."""

    def everything(self, most: int) -> list[ox.Triple] | None:
        """All triples, or None where there are more than so many."""


class _Asked:
    """The questions that are made of others."""

    queries = 0

    def read(self, out: Collection[Pair], into: Collection[Pair]) -> set[ox.Triple]:
        raise NotImplementedError

    def using(self, predicates: Collection[ox.NamedNode] | None) -> Iterable[ox.Triple]:
        raise NotImplementedError

    def out(
        self, subjects: Collection[Any], predicates: Collection[ox.NamedNode] | None = None
    ) -> set[ox.Triple]:
        return self.read(_pairs(subjects, predicates), ())

    def into(
        self, objects: Collection[Any], predicates: Collection[ox.NamedNode] | None = None
    ) -> set[ox.Triple]:
        return self.read((), _pairs(objects, predicates))

    def known(self, iris: Collection[str]) -> set[str]:
        nodes = list(_nodes(iris))
        said = {triple.subject for triple in self.out(nodes)}
        return {node.value for node in nodes if node in said}

    def labels(self, iris: Collection[str]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
        for triple in self.out(list(_nodes(iris)), _LABELS):
            name = triple.object
            if isinstance(name, ox.Literal):
                rank = (_LABELS.index(triple.predicate), name.value)
                names, language = found[str(triple.subject)[1:-1]], name.language or ""
                names[language] = min(names.get(language, rank), rank)
        return {
            iri: {language: name for language, (_, name) in sorted(names.items())}
            for iri, names in found.items()
        }

    def everything(self, most: int) -> list[ox.Triple] | None:
        found = list(islice(self.using(None), most + 1))
        return found if len(found) <= most else None


class Memory(_Asked):
    """Triples at hand, as they were written."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._triples = list(dict.fromkeys(triples))
        self._out: dict[Any, list[ox.Triple]] = {}
        self._into: dict[Any, list[ox.Triple]] = {}
        self._indexed = False

    def _index(self) -> None:
        out, into = defaultdict(list), defaultdict(list)
        for triple in self._triples:
            out[triple.subject].append(triple)
            into[value(triple.object)].append(triple)
        self._out, self._into, self._indexed = out, into, True

    def read(self, out: Collection[Pair], into: Collection[Pair]) -> set[ox.Triple]:
        if not self._indexed:
            self._index()
        return {
            triple
            for index, pairs in ((self._out, out), (self._into, into))
            for node, predicate in pairs
            for triple in index.get(value(node), ())
            if predicate is None or triple.predicate == predicate
        }

    def counts(self, into: Collection[Pair]) -> dict[Pair, int]:
        return {pair: min(MANY, len(self.read((), (pair,)))) for pair in into}

    def using(self, predicates: Collection[ox.NamedNode] | None) -> Iterable[ox.Triple]:
        if predicates is None:
            return iter(self._triples)
        wanted = set(predicates)
        return (triple for triple in self._triples if triple.predicate in wanted)

    def kept(self, triple: ox.Triple) -> ox.Triple:
        return triple


class Stored(_Asked):
    """What is in Oxigraph. Of a release it is what its named graphs state, without those that
    ``leave_out`` names, and without the default graph, which has it all again."""

    def __init__(self, store: ox.Store, leave_out: Collection[str] | None = None) -> None:
        self._store = store
        self._leave_out: set[Any] = set()
        if leave_out is not None:
            self._leave_out = {ox.DefaultGraph(), *map(ox.NamedNode, leave_out)}

    def _found(self, subject: Any, predicate: Any, value: Any) -> Iterator[ox.Triple]:
        for quad in self._store.quads_for_pattern(subject, predicate, value, None):
            if quad.graph_name not in self._leave_out:
                yield quad.triple

    def read(self, out: Collection[Pair], into: Collection[Pair]) -> set[ox.Triple]:
        found: set[ox.Triple] = set()
        for subject, predicate in out:
            if isinstance(subject, ox.NamedNode | ox.BlankNode):
                found.update(self._found(subject, predicate, None))
        for value, predicate in into:
            found.update(self._found(None, predicate, value))
        return found

    def counts(self, into: Collection[Pair]) -> dict[Pair, int]:
        return {
            (value, predicate): sum(1 for _ in islice(self._found(None, predicate, value), MANY))
            for value, predicate in into
        }

    def using(self, predicates: Collection[ox.NamedNode] | None) -> Iterable[ox.Triple]:
        seen: set[ox.Triple] = set()
        for predicate in (None,) if predicates is None else predicates:
            for triple in self._found(None, predicate, None):
                if triple not in seen:
                    seen.add(triple)
                    yield triple

    def kept(self, triple: ox.Triple) -> ox.Triple:
        return _kept(triple)


class Remote(_Asked):
    """A release in an engine elsewhere, asked by SPARQL.

    ``leave_out`` are named graphs to be passed over; by default those of the shapes. What was
    inferred is always passed over.
    """

    def __init__(self, store: Store, leave_out: Collection[str] | None = None) -> None:
        if leave_out is None:
            files = store.manifest["files"]
            leave_out = [one["graph"] for one in files if one["path"].startswith("shapes/")]
        self._store = store
        self._names = Names(store.base)
        graphs = sorted({*leave_out, store.inferred})
        others = ", ".join(f"<{iri}>" for iri in graphs)
        self._stated = f"GRAPH ?g {{ ?s ?p ?o }} FILTER ( ?g NOT IN ( {others} ) )"
        self.queries = 0

    def read(self, out: Collection[Pair], into: Collection[Pair]) -> set[ox.Triple]:
        asked = [
            row
            for place, pairs in (("?s", out), ("?o", into))
            for node, predicate in pairs
            for row in self._row(place, node, predicate)
        ]
        found: set[ox.Triple] = set()
        for batch in _batches(asked):
            groups: dict[str, list[str]] = defaultdict(list)
            for names, row in batch:
                groups[names].append(row)
            parts = (
                f"{{ VALUES {names} {{ {' '.join(rows)} }} {self._stated} }}"
                for names, rows in groups.items()
            )
            found.update(self._triples(f"SELECT DISTINCT ?s ?p ?o {{ {' UNION '.join(parts)} }}"))
        return found

    def _row(
        self, place: str, node: Any, predicate: ox.NamedNode | None
    ) -> Iterator[tuple[str, str]]:
        """A pair as a row of VALUES, with its columns; none where no triple can have it."""
        if place == "?s" and not isinstance(node, ox.NamedNode | ox.BlankNode):
            return
        if _plain(node) and _plain(predicate):
            sent = self._names.sent(node)
            if predicate is None:
                yield place, sent
            else:
                yield f"( {place} ?p )", f"( {sent} {predicate} )"

    def _triples(self, text: str) -> Iterator[ox.Triple]:
        for row in self._ask(text):
            yield ox.Triple(row["s"], row["p"], row["o"])

    def _ask(self, text: str) -> Iterator[Any]:
        self.queries += 1
        found = self._store.query(text)
        assert isinstance(found, ox.QuerySolutions)
        return found

    def counts(self, into: Collection[Pair]) -> dict[Pair, int]:
        found: dict[Pair, int] = dict.fromkeys(into, 0)
        asked = [row for pair in into for row in self._row("?o", *pair)]
        for batch in _batches(asked):
            values = " ".join(row for _, row in batch)
            text = (
                "SELECT ?o ?p ( COUNT( DISTINCT ?s ) AS ?n ) { "
                f"VALUES ( ?o ?p ) {{ {values} }} {self._stated} "
                "} GROUP BY ?o ?p"
            )
            for row in self._ask(text):
                found[row["o"], row["p"]] = min(MANY, int(row["n"].value))
        return found

    def using(self, predicates: Collection[ox.NamedNode] | None) -> Iterable[ox.Triple]:
        values = ""
        if predicates is not None:
            values = f"VALUES ?p {{ {' '.join(str(one) for one in predicates if _plain(one))} }}"
        text = f"SELECT DISTINCT ?s ?p ?o {{ {values} {self._stated} }}"
        return self._triples(text)

    def kept(self, triple: ox.Triple) -> ox.Triple:
        return _kept(triple)


@lru_cache(maxsize=100_000)
def _value(literal: ox.Literal) -> Any:
    if literal.language:
        return ox.Literal(literal.value, language=literal.language.lower())
    store = ox.Store()
    store.add(ox.Quad(_ANY, _ANY, literal))
    return next(iter(store)).object


_ANY = ox.NamedNode("urn:foedera:any")


def value(term: Any) -> Any:
    """A term as Oxigraph keeps it: of the literals that mean the same, it has one form."""
    if isinstance(term, ox.Literal) and term.datatype.value != _STRING:
        return _value(term)
    return term


def _kept(triple: ox.Triple) -> ox.Triple:
    return ox.Triple(triple.subject, triple.predicate, value(triple.object))


_NO_IRI = re.compile(r'[\x00-\x20<>"{}|^`\\]')


def _plain(term: Any) -> bool:
    """Whether a term can stand in a query as it is; an IRI that cannot is in no release either."""
    if isinstance(term, ox.NamedNode):
        return not _NO_IRI.search(term.value)
    if isinstance(term, ox.Literal):
        return _plain(term.datatype)
    return term is None or isinstance(term, ox.BlankNode)


def _pairs(nodes: Iterable[Any], predicates: Collection[Any] | None) -> list[Pair]:
    return [
        (node, one) for node in nodes for one in ((None,) if predicates is None else predicates)
    ]


def _nodes(iris: Iterable[str]) -> Iterator[ox.NamedNode]:
    """The IRIs as terms, without what is none."""
    for iri in iris:
        with contextlib.suppress(ValueError):
            yield ox.NamedNode(iri)


def _batches(asked: Sequence[T]) -> Iterator[Sequence[T]]:
    return (asked[at : at + _BATCH] for at in range(0, len(asked), _BATCH))
