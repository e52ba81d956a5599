"""Random shapes over random data: the accelerator, wherever it is trusted, against pySHACL.

``make engines`` runs many rounds; a difference is one that nobody would have noticed. The data
are nasty on purpose: most mistakes of engines are about literals.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence

import pyoxigraph as ox

from foedera.check import engines
from foedera.check.results import Engine, Result

PREFIXES = """\
@prefix : <https://example.org/ns#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
LITERALS = """\
"a"|"ab"@en|"ab"@EN-us|"c"@it|1|2|1.50|1.5|"01"^^xsd:integer|1e0|"NaN"^^xsd:double
"2024-01-01"^^xsd:date|"2024-02-30"^^xsd:date|"2024-01-01T00:00:00"^^xsd:dateTime
"2024-01-01T00:00:00Z"^^xsd:dateTime|true|"1"^^xsd:boolean|"x"^^xsd:integer|""|"a\\nb"
"2024"^^xsd:gYear|"héé"|"http://x/"^^xsd:anyURI|"A"^^:dt|"-0"^^xsd:integer|"1.0"^^xsd:float
""".replace("\n", "|").split("|")[:-1]
NODES = (":a", ":b", ":c", "_:d", "_:e")
PATTERNS = ("'^a'", "'b$'", "'(?=a)'", "'a' ; sh:flags 'i'", "'.'", "'h' ; sh:flags 'x'", "'<'")
KINDS = ("IRI", "BlankNode", "Literal", "BlankNodeOrIRI", "IRIOrLiteral", "BlankNodeOrLiteral")
XSD = ("integer", "string", "date", "boolean", "dateTime")
DATATYPES = ("rdf:langString", ":dt", *(f"xsd:{name}" for name in XSD))
TARGETS = (
    "sh:targetClass :C",
    "sh:targetClass :D ; sh:targetNode :c",
    "sh:targetNode :a , :b , :nobody",
    "sh:targetSubjectsOf :p",
    "sh:targetObjectsOf :q",
    'sh:targetNode "a"',
)
QUERIES = (
    "SELECT $this ?value { $this <N#p> ?value FILTER (isLiteral(?value)) }",
    "SELECT $this { $this <N#p> ?v . ?v a <N#C> }",
    "SELECT $this ?value { $this <N#q> ?value FILTER NOT EXISTS { $this <N#p> ?value } }",
    "SELECT $this (?v AS ?value) { $this <N#p> ?v , ?w FILTER (?v < ?w) }",
    "SELECT DISTINCT $this { $this ?p ?value }",
)


class Made:
    """Shapes and data by a seed; ``plain`` makes them more often such as the accelerator is
    trusted with."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._plain = seed % 2 == 0
        self.shapes = "\n".join(self._target(each) for each in range(self._chance.randrange(1, 4)))
        self.data = self._data()

    def _one(self, values: Sequence[str]) -> str:
        return self._chance.choice(values)

    def _often(self, share: float) -> bool:
        return self._chance.random() < share

    def _property(self) -> str:
        return ":" + self._one("pqr")

    def _value(self) -> str:
        return self._one((*LITERALS, *NODES[:2]))

    def _data(self) -> str:
        lines = []
        for node in NODES:
            if self._often(0.7):
                lines.append(f"{node} a :{self._one('CDE')} .")
            for _ in range(self._chance.randrange(5)):
                literal = self._often(0.2 if self._plain else 0.6)
                value = self._one(LITERALS if literal else NODES)
                lines.append(f"{node} {self._property()} {value} .")
        if self._often(0.4):
            lines.append(":D rdfs:subClassOf :C .")
        return "\n".join(lines)

    def _path(self, depth: int = 0) -> str:
        if depth > (0 if self._plain else 2) or self._often(0.55):
            return self._property()
        kind = self._chance.randrange(4)
        inner = self._path(depth + 1)
        if kind == 0:
            return f"[ sh:inversePath {inner} ]"
        if kind == 3:
            return (
                f"[ sh:{self._one(('zeroOrMorePath', 'oneOrMorePath', 'zeroOrOnePath'))} {inner} ]"
            )
        both = f"( {inner} {self._path(depth + 1)} )"
        return both if kind == 1 else f"[ sh:alternativePath {both} ]"

    def _shape(self, depth: int, with_path: bool | None = None) -> str:
        path = self._often(0.5) if with_path is None else with_path
        return f"[ {f'sh:path {self._path()} ; ' if path else ''}{self._rule(path, depth)} ]"

    def _rule(self, with_path: bool, depth: int) -> str:
        bounds = ("1", "2", "1.5", '"2024-01-01"^^xsd:date')
        end = self._one(("minInclusive", "maxExclusive", "minExclusive", "maxInclusive"))
        rules: list[Callable[[], str]] = [
            lambda: f"sh:class :{self._one('CDE')}",
            lambda: f"sh:datatype {self._one(DATATYPES)}",
            lambda: f"sh:nodeKind sh:{self._one(KINDS)}",
            lambda: f"sh:{end} {self._one(bounds if self._plain else LITERALS)}",
            lambda: f"sh:{self._one(('minLength', 'maxLength'))} {self._chance.randrange(1, 4)}",
            lambda: f"sh:pattern {self._one(PATTERNS)}",
            lambda: f'sh:languageIn ( "{self._one(("en", "EN", "en-US", "it"))}" )',
            lambda: f"sh:in ( {self._value()} {self._value()} )",
            lambda: f"sh:hasValue {self._value()}",
            lambda: f"sh:{self._one(('equals', 'disjoint'))} {self._property()}",
        ]
        if with_path:
            rules += [
                lambda: f"sh:{self._one(('minCount', 'maxCount'))} {self._chance.randrange(4)}",
                lambda: "sh:uniqueLang true",
                lambda: f"sh:{self._one(('lessThan', 'lessThanOrEquals'))} {self._property()}",
            ]
        else:
            rules.append(lambda: "sh:closed true ; sh:ignoredProperties ( rdf:type :p )")
        if depth < 3:
            rules += [
                lambda: f"sh:not {self._shape(depth + 1)}",
                lambda: self._list(depth),
                lambda: f"sh:node {self._shape(depth + 1, False)}",
                lambda: f"sh:property {self._shape(depth + 1, True)}",
            ]
            if with_path:
                rules.append(lambda: self._qualified(depth))
        rule = self._chance.choice(rules)()
        return rule + (" ; sh:deactivated true" if self._often(0.02) else "")

    def _list(self, depth: int) -> str:
        members = f"{self._shape(depth + 1)} {self._shape(depth + 1)}"
        return f"sh:{self._one(('or', 'and', 'xone'))} ( {members} )"

    def _qualified(self, depth: int) -> str:
        count = f"sh:qualified{self._one(('Min', 'Max'))}Count {self._chance.randrange(3)}"
        return f"sh:qualifiedValueShape {self._shape(depth + 1)} ; {count}"

    def _target(self, number: int) -> str:
        path = self._often(0.3)
        said = [self._one(TARGETS[:4] if self._plain else TARGETS)]
        if path:
            said.append(f"sh:path {self._path()}")
        if self._often(0.1):
            said.append(f"sh:severity sh:{self._one(('Warning', 'Info'))}")
        said.append(self._rule(path, 0))
        if self._often(0.2):
            query = self._one(QUERIES).replace("N#", "https://example.org/ns#")
            said.append(f"sh:sparql [ sh:select '''{query}''' ]")
        return f":S{number} {' ; '.join(said)} ."


def graph(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE)]


def compared(seed: int) -> str:
    """``same``, ``refused``, or in lines what is different."""
    made = Made(seed)
    shapes, data = graph(made.shapes), graph(made.data)
    fast, record = engines.ENGINES
    if fast.refuses(shapes, data):
        return "refused"

    def found(engine: Engine) -> set[Result]:
        return set(engines.run(engine, shapes, data, seconds=30, memory=2_000_000_000))

    one, other = found(fast), found(record)
    if one == other:
        return "same"
    lines = [f"seed {seed}", made.shapes, made.data]
    lines += [f"only {fast.name}: {each}" for each in one - other]
    lines += [f"only {record.name}: {each}" for each in other - one]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    counts: Counter[str] = Counter()
    for seed in range(chosen.seed, chosen.seed + chosen.rounds):
        verdict = compared(seed)
        if verdict not in ("same", "refused"):
            print(verdict, end="\n\n", flush=True)
            verdict = "different"
        counts[verdict] += 1
    print(", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counts.items())))
    sys.exit("different" in counts)


if __name__ == "__main__":
    main()
