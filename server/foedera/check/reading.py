"""A text that somebody wrote, as triples of which each term knows its line and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox

from foedera.check.findings import Finding, Spot


@dataclass(frozen=True)
class Statement:
    """One triple as it stands in a text, with the place of each of its terms.

    ``graph`` is the graph that the text names for it, or None.
    """

    triple: ox.Triple
    subject: Spot
    predicate: Spot
    object: Spot
    graph: ox.NamedNode | None = None


@dataclass(frozen=True)
class Prefix:
    """A prefix as a text declares it."""

    name: str
    iri: str
    spot: Spot


@dataclass(frozen=True)
class Document:
    """One text that was read: its statements in order, its prefixes, and what does not parse.

    ``name`` is what findings call the file. ``text`` is the text, decoded, for excerpts; lines of
    it are counted as ``Spot`` counts them. ``format`` is the media type it was read as.
    """

    name: str
    text: str
    format: str
    statements: tuple[Statement, ...] = ()
    prefixes: Mapping[str, Prefix] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def triples(self) -> tuple[ox.Triple, ...]:
        return tuple(one.triple for one in self.statements)
