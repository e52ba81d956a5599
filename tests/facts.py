"""The dataset as the proof of it needs it, and the facts of the four texts (facts.tsv).

A row of facts.tsv is one fact: the source and the stretch of it, whether it is stated, inferred
or, for an absence, not to be said; and the triples that say it. For an absence ``never`` is the
pattern that must match nothing, and the triples are some of those that would break it.
"""

from __future__ import annotations

import csv
import functools
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from foedera import folder, infer, terms

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("SHARED_FOLDER") or ROOT.parent / "shared")
ID = "https://w3id.org/foedera/id/"


@dataclass(frozen=True)
class Fact:
    """One row of facts.tsv; ``turtle`` is its triples as they are written there."""

    id: str
    source: str
    kind: str
    start: int
    end: int
    basis: str
    turtle: str
    never: str

    def __str__(self) -> str:
        return self.id

    @property
    def triples(self) -> list[ox.Triple]:
        """The triples that say the fact."""
        return [ox.Triple(*triple) for triple in _turtle(self.turtle)]

    @property
    def evidence(self) -> list[ox.Triple]:
        """The triples that point at the words of the fact."""
        return [
            ox.Triple(*triple)
            for triple in _turtle(
                f"ev:{self.id} a :Evidence ; :source source:{self.source} ; :start {self.start} ;"
                f' :end {self.end} ; :fact "{self.id}" .'
            )
        ]

    def additions(self) -> Iterator[list[ox.Triple]]:
        """What would break an absence: a new thing whole, a known one a triple at a time."""
        new: dict[Any, list[ox.Triple]] = {}
        for triple in self.triples:
            if any(load().everything.quads_for_pattern(triple.subject, None, None)):
                yield [triple]
            else:
                new.setdefault(triple.subject, []).append(triple)
        yield from new.values()


@dataclass(frozen=True)
class Dataset:
    """This repository's dataset: its files, what data/ says, and all of it with what follows."""

    parsed: list[folder.Parsed]
    prefixes: dict[str, str]
    said: ox.Store
    everything: ox.Store

    def ask(self, pattern: str) -> bool:
        """Whether a pattern, with the prefixes of the data, matches what is said or follows."""
        return bool(self.everything.query(f"ASK {{ {pattern} }}", prefixes=self.prefixes))

    def select(self, query: str) -> list[tuple[str, ...]]:
        """The rows of a query as text; IRIs of things without their beginning."""
        rows = self.everything.query(query, prefixes=self.prefixes)
        assert isinstance(rows, ox.QuerySolutions)
        return [tuple(text(cell) for cell in row) for row in rows]


def text(cell: Any) -> str:
    """A cell of a result as text; a thing of ours without the beginning of its IRI."""
    return "" if cell is None else str(cell.value).removeprefix(ID)


@functools.cache
def load() -> Dataset:
    """The dataset of this repository; read once."""
    source = folder.read(ROOT)
    parsed = [file.parse(source.publication.base) for file in source.of(*folder.PARTS)]
    things = [one for one in parsed if one.file.part != "shapes"]
    data = [one for one in things if one.file.part == "data"]
    said, everything = ox.Store(), ox.Store()
    said.bulk_extend(_quads(triple for one in data for triple in one.triples))
    everything.bulk_extend(_quads(triple for one in things for triple in one.triples))
    everything.bulk_extend(_quads(infer.closure(things)))
    prefixes = {prefix: iri for one in data for prefix, iri in one.prefixes.items()}
    return Dataset(parsed, prefixes, said, everything)


@functools.cache
def read() -> tuple[Fact, ...]:
    """The facts, in the order of the table."""
    with (ROOT / "tests" / "facts.tsv").open(encoding="utf-8", newline="") as stream:
        rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        next(rows)
        return tuple(
            Fact(name, source, kind, int(start), int(end), basis, turtle, never)
            for name, source, kind, start, end, basis, turtle, never in rows
        )


def grounds(fact: Fact, said: ox.Store) -> list[ox.Triple]:
    """The reasons and the confidence of what the fact's triples call inferred."""
    basis, properties = _term("basis"), (_term("reason"), _term("confidence"))
    return [
        quad.triple
        for triple in fact.triples
        if triple.predicate == basis and triple.object != ox.Literal("stated")
        for property in properties
        for quad in said.quads_for_pattern(triple.subject, property, None)
    ]


def lacking(fact: Fact, said: ox.Store) -> list[str]:
    """What is missing for a store to say a fact: nothing, if it is empty."""
    triples = fact.triples
    missing = [str(t) for t in (*triples, *fact.evidence) if _quad(t) not in said]
    evidence = ox.NamedNode(f"{ID}evidence/{fact.id}")
    resting = {t.subject for t in triples if t.object == evidence}
    if not resting:
        missing.append(f"the table names nothing that rests on {evidence}")
    for triple in triples:
        if triple.predicate == _term("basis") and triple.object != ox.Literal("stated"):
            for word in ("reason", "confidence"):
                if not any(said.quads_for_pattern(triple.subject, _term(word), None)):
                    missing.append(f"{triple.subject} has no :{word}")
    if fact.basis != "stated":
        basis = ox.Literal(fact.basis)
        if not any(_quad(ox.Triple(thing, _term("basis"), basis)) in said for thing in resting):
            missing.append(f"nothing that rests on {evidence} is {fact.basis}")
    return missing


def differs(table: Path) -> list[str]:
    """Where facts.tsv says another stretch or basis than the table of the reading."""
    with table.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        there = {
            (
                row["id"],
                row["source"],
                row["kind"],
                int(row["start"]),
                int(row["end"]),
                re.sub(r" \((\w+)\)", r"-\1", row["basis"]),
            )
            for row in rows
        }
    here = {(f.id, f.source, f.kind, f.start, f.end, f.basis) for f in read()}
    return sorted(str(row) for row in here ^ there)


def _term(name: str) -> ox.NamedNode:
    return ox.NamedNode(terms.FOEDERA + name)


def _turtle(turtle: str) -> Iterator[tuple[Any, Any, Any]]:
    head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in load().prefixes.items())
    for quad in ox.parse(head + turtle, format=ox.RdfFormat.TURTLE):
        yield quad.subject, quad.predicate, quad.object


def _quad(triple: ox.Triple) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object)


def _quads(triples: Iterable[ox.Triple]) -> Iterator[ox.Quad]:
    return map(_quad, triples)
