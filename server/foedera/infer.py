"""What follows from ontology and data by OWL 2 RL, and is not said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from foedera import folder, terms


def closure(things: Iterable[folder.Parsed]) -> list[ox.Triple]:
    """The triples that follow and are not said (OWL 2 Profiles, section 4.3), in a fixed order.

    The rules are reasonable's; property chains (rule prp-spo2), which it lacks, are added here,
    and both run in turn until nothing new comes. What follows of everything (x is an owl:Thing,
    every class below itself) and what is about unnamed class expressions is left out.
    """
    said = {triple for one in things for triple in one.triples}
    if not any(_axiom(triple) for triple in said):
        return []
    import rdflib
    import reasonable

    from foedera import bridge

    graph = bridge.add(rdflib.Graph(), said)
    chains = _chains(said)
    known = set(said)
    while True:
        reasoner = reasonable.PyReasoner()
        reasoner.from_graph(graph)
        for subject, predicate, value in reasoner.reason():
            if not isinstance(subject, rdflib.Literal):
                known.add(ox.Triple(*map(bridge.to_oxigraph, (subject, predicate, value))))
        fresh = _chained(chains, known) - known
        if not fresh:
            return sorted((triple for triple in known - said if _telling(triple)), key=str)
        known |= fresh
        bridge.add(graph, fresh)


def _axiom(triple: ox.Triple) -> bool:
    """Whether a triple can make something follow: it uses a word of RDFS or OWL."""
    predicate = triple.predicate.value
    if predicate == terms.TYPE:
        return str(getattr(triple.object, "value", "")).startswith(terms.OWL)
    return predicate.startswith((terms.OWL, terms.RDFS)) and predicate not in _REMARKS


_REMARKS = frozenset(
    {terms.LABEL, terms.COMMENT, terms.RDFS + "seeAlso", terms.RDFS + "isDefinedBy"}
)


def _chains(said: Iterable[ox.Triple]) -> list[tuple[ox.NamedNode, str]]:
    """The property chain axioms: the property, and its chain as a SPARQL path."""
    said = list(said)
    first: dict[Any, Any] = {t.subject: t.object for t in said if t.predicate.value == terms.FIRST}
    rest: dict[Any, Any] = {t.subject: t.object for t in said if t.predicate.value == terms.REST}
    found = []
    for triple in said:
        if triple.predicate.value == terms.OWL + "propertyChainAxiom":
            steps: list[str] = []
            node: Any = triple.object
            while node in first:
                steps.append(str(first[node]))
                node = rest.get(node)
            if steps and isinstance(triple.subject, ox.NamedNode):
                found.append((triple.subject, "/".join(steps)))
    return sorted(found, key=str)


def _chained(
    chains: Iterable[tuple[ox.NamedNode, str]], known: Iterable[ox.Triple]
) -> set[ox.Triple]:
    """What the chains give over what is known."""
    store = ox.Store()
    store.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in known)
    made = set()
    for chain, path in chains:
        rows = store.query(f"SELECT DISTINCT ?s ?o {{ ?s {path} ?o }}")
        assert isinstance(rows, ox.QuerySolutions)
        for row in rows:
            subject: Any = row["s"]
            value: Any = row["o"]
            if not isinstance(subject, ox.Literal):
                made.add(ox.Triple(subject, chain, value))
    return made


_EMPTY = frozenset(
    {terms.OWL + "Thing", terms.RDFS + "Resource", terms.OWL + "Class", terms.RDFS + "Class"}
)
_BETWEEN_TERMS = frozenset(
    terms.RDFS + name for name in ("subClassOf", "subPropertyOf", "domain", "range")
) | frozenset(terms.OWL + name for name in ("equivalentClass", "equivalentProperty", "sameAs"))


def _telling(triple: ox.Triple) -> bool:
    """Whether an inferred triple tells a reader something."""
    subject, predicate, value = triple.subject, triple.predicate.value, triple.object
    if getattr(subject, "value", "").startswith((terms.OWL, terms.RDFS, terms.RDF)):
        return False
    if predicate == terms.TYPE:
        return isinstance(value, ox.NamedNode) and value.value not in _EMPTY
    if predicate in _BETWEEN_TERMS:
        return (
            subject != value
            and isinstance(subject, ox.NamedNode)
            and isinstance(value, ox.NamedNode)
            and value.value not in _EMPTY
        )
    return True
