"""Shapes given other targets than their own: the things that are to be looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import pyoxigraph as ox

from foedera import terms
from foedera.check.reads import FOLLOWED, IDLE, TARGETING, TYPE

_TARGETS_OBJECTS = ox.NamedNode(terms.SH + "targetObjectsOf")
_CLOSED = ox.NamedNode(terms.SH + "closed")
_PROPERTY = ox.NamedNode(terms.SH + "property")
_DISJOINT = ox.NamedNode(terms.SH + "qualifiedValueShapesDisjoint")
_ONTOLOGY = ox.NamedNode(terms.OWL + "Ontology")


def mark(number: int) -> ox.NamedNode:
    """A property that leads to the targets of a shape."""
    return ox.NamedNode(f"urn:foedera:targets:{number}")


def retargeted(
    triples: Iterable[ox.Triple], marks: Mapping[Any, ox.NamedNode], idle: Collection[Any]
) -> list[ox.Triple]:
    """Some shapes, with what they refer to; each for what a property of its own leads to. Those
    that ask for nothing are left away.

    So a blank node can be a target as well as an IRI, and it is said in the data which things are
    looked at. Nothing reads that property: no path has it, and a closed shape looks only at what
    leads away from a thing.
    """
    about: dict[Any, list[ox.Triple]] = defaultdict(list)
    parents: dict[Any, list[Any]] = defaultdict(list)
    for triple in triples:
        about[triple.subject].append(triple)
        parents[triple.object].append(triple.subject)
    ahead = [*marks, *parents[_ONTOLOGY]]  # whose prefixes pySHACL takes, wherever they are
    seen = set(ahead)
    rules = [ox.Triple(shape, _TARGETS_OBJECTS, mark) for shape, mark in marks.items()]
    while ahead:
        node = ahead.pop()
        more = []
        closed = any(one.predicate == _CLOSED for one in about[node])  # it counts all paths
        for triple in about[node]:
            if triple.predicate == _PROPERTY and triple.object in idle and not closed:
                continue
            if _matters(triple) and not is_target(triple):
                rules.append(triple)
            if triple.predicate in FOLLOWED or isinstance(triple.object, ox.BlankNode):
                more.append(triple.object)
            if triple.predicate == _DISJOINT:
                more += parents[node]
        ahead += [one for one in dict.fromkeys(more) if one not in seen]
        seen.update(more)
    return rules


def _matters(triple: ox.Triple) -> bool:
    """Whether an engine makes anything of a triple: the less it reads, the faster it is."""
    predicate = triple.predicate.value
    return predicate.startswith((terms.SH, terms.RDF)) and triple.predicate not in IDLE


def is_target(triple: ox.Triple) -> bool:
    """Whether a triple of a shape may say what it is for; types do, where the shape is a class."""
    if triple.predicate == TYPE:
        return triple.object != _ONTOLOGY and not str(triple.object).startswith(f"<{terms.SH}")
    return triple.predicate in TARGETING


def marked(
    things: Mapping[Any, Collection[Any]], marks: Mapping[Any, ox.NamedNode]
) -> Iterator[ox.Triple]:
    """That some things are targets of some shapes."""
    subject = mark(len(marks))
    for shape, nodes in things.items():
        yield from (ox.Triple(subject, marks[shape], node) for node in nodes)
