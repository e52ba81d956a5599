"""RDF Patch: a change to a dataset as a text file, a line for each triple removed or added.

    H id <urn:uuid:...> .
    H time "2026-01-31T12:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .
    TX .
    D <s> <p> "old" .
    A <s> <p> "new" <graph> .
    TC .

It is the format of Apache Jena (https://afs.github.io/rdf-delta/rdf-patch.html): N-Quads with a
letter before each. A blank node goes by the name that it has in the publication.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

ENDING = ".rdfp"

_LINE = re.compile(rb"\s*(?:(?P<word>H|TX|TC|PA|PD|A|D)(?P<rest>\s.*)?|#.*)?\s*", re.DOTALL)


class Fault(ValueError):
    """A line that is none of a patch: which, and why."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line


@dataclass(frozen=True)
class Step:
    """A triple to add, or else to remove; in a graph, or where no graph is named; its line."""

    adds: bool
    triple: ox.Triple
    graph: ox.NamedNode | None
    line: int


def steps(content: bytes) -> list[Step]:
    """What a patch does, in order. Raises Fault."""
    marks: list[tuple[bool, int]] = []
    bodies: list[bytes] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise Fault(number, "a line begins with H, TX, TC, A or D")
        if match["word"] in (b"A", b"D"):
            body = (match["rest"] or b"").strip()
            if not body.startswith((b"<", b"_:")):
                raise Fault(number, "after A or D comes a triple, and perhaps its graph")
            marks.append((match["word"] == b"A", number))
            bodies.append(body)
    found: list[Step] = []
    try:
        quads: Iterable[ox.Quad] = ox.parse(b"\n".join(bodies), format=ox.RdfFormat.N_QUADS)
        for (adds, number), quad in zip(marks, quads, strict=True):
            graph = quad.graph_name
            if isinstance(graph, ox.BlankNode):
                raise Fault(number, f"it names a graph {graph}; a graph needs an IRI")
            named = graph if isinstance(graph, ox.NamedNode) else None
            found.append(Step(adds, quad.triple, named, number))
    except SyntaxError as fault:
        raise Fault(marks[min(len(found), len(marks) - 1)][1], fault.msg) from None
    return found


def text(header: Mapping[str, Any], removed: Iterable[ox.Quad], added: Iterable[ox.Quad]) -> bytes:
    """A patch that removes some quads and then adds others; sorted, so that it reads well."""
    lines = [f"H {name} {value} ." for name, value in header.items()]
    lines.append("TX .")
    for letter, quads in (("D", removed), ("A", added)):
        lines += sorted(f"{letter} {quad} ." for quad in quads)
    lines.append("TC .")
    return ("\n".join(lines) + "\n").encode()
