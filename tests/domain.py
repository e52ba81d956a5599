"""Data of a domain like ours, as large as one likes, with mistakes planted of every kind."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyoxigraph as ox

NS = "https://domain.example/ns#"
ID = "https://domain.example/id/"
SH = "http://www.w3.org/ns/shacl#"

SHAPES = f"""\
@prefix : <{NS}> .
@prefix sh: <{SH}> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<{NS}> a <http://www.w3.org/2002/07/owl#Ontology> ;
    sh:declare [ sh:prefix "d" ; sh:namespace "{NS}"^^xsd:anyURI ] .

:Named sh:targetClass :Thing ; sh:property
    [ sh:path :name ; sh:minCount 1 ; sh:uniqueLang true ; sh:maxLength 60 ;
      sh:languageIn ( "en" "it" "ja" ) ] .
:Person sh:targetClass :Person ; sh:property
    [ sh:path :born ; sh:maxCount 1 ; sh:datatype xsd:date ] ,
    [ sh:path :memberOf ; sh:class :Organization ] .
:Organization sh:targetClass :Organization ; sh:property
    [ sh:path :code ; sh:pattern "^[A-Z]{{3}}[0-9]+$" ] ,
    [ sh:path :kind ; sh:in ( :ministry :company :university ) ] ,
    [ sh:path [ sh:inversePath :memberOf ] ; sh:minCount 1 ] .
:Event sh:targetClass :Event ; sh:property
    [ sh:path :start ; sh:lessThanOrEquals :end ] ,
    [ sh:path :place ; sh:nodeKind sh:IRI ] ,
    [ sh:path :guests ; sh:minInclusive 0 ; sh:maxInclusive 500 ] ,
    [ sh:path ( :place :name ) ; sh:minCount 1 ] .
:Agreement sh:targetClass :Agreement ; sh:property
    [ sh:path :party ; sh:qualifiedValueShape [ sh:class :Organization ] ;
      sh:qualifiedMinCount 2 ] ,
    [ sh:path :signedAt ; sh:disjoint :continues ] ,
    [ sh:path :status ; sh:hasValue :signed ] .
:Tenure sh:targetClass :Tenure ; sh:closed true ; sh:ignoredProperties
    ( <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ) ;
    sh:property [ sh:path :holder ] , [ sh:path :post ] , [ sh:path :name ] ;
    sh:or ( [ sh:property [ sh:path :holder ; sh:minCount 1 ] ]
            [ sh:property [ sh:path :post ; sh:minCount 5 ] ] ) .
:Place sh:targetClass :Place ; sh:not [ sh:property [ sh:path :gone ; sh:minCount 1 ] ] .
:Sooner sh:targetClass :Agreement ; sh:sparql [ sh:prefixes <{NS}> ; sh:select '''
    SELECT $this ?value {{ $this d:signedAt ?event ; d:date ?value . ?event d:end ?end .
      FILTER ( ?value < ?end ) }}''' ] .
:Twice sh:targetClass :Tenure ; sh:sparql [ sh:prefixes <{NS}> ; sh:select '''
    SELECT $this ?value {{ $this d:holder ?value ; d:post ?post . ?other d:holder ?value ;
      d:post ?post . FILTER ( ?other != $this ) }}''' ] .
"""
"""Fifteen shapes (seven with targets of their own, and those of properties), and two queries."""

A = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
XSD = "http://www.w3.org/2001/XMLSchema#"

UNIT = 53
"""Triples of one unit."""

PLANTED_EACH = 10
"""How often each kind of mistake is planted."""


def shapes() -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(SHAPES, format=ox.RdfFormat.TURTLE)]


def ns(name: str) -> ox.NamedNode:
    return ox.NamedNode(NS + name)


def typed(text: str, kind: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + kind))


ONTOLOGY = [
    ox.Triple(
        ns(name), ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf"), ns("Thing")
    )
    for name in ("Person", "Organization", "Event", "Agreement", "Tenure", "Place")
]


class _Unit:
    """A few people, bodies, an event, an agreement; sound, until a mistake is put in."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.triples: list[ox.Triple] = []
        people = [self.thing("Person", each) for each in range(3)]
        bodies = [self.thing("Organization", each) for each in range(3)]
        self.people, self.bodies = people, bodies
        self.place = self.thing("Place", 0)
        self.event = self.thing("Event", 0)
        self.agreement = self.thing("Agreement", 0)
        self.tenure = self.thing("Tenure", 0)
        for each, person in enumerate(people):
            self.say(person, "born", typed(f"19{60 + each}-0{each + 1}-11", "date"))
            self.say(person, "memberOf", bodies[each])
        for each, body in enumerate(bodies):
            self.say(body, "code", ox.Literal(f"ABC{number}{each}"))
            self.say(body, "kind", ns("ministry"))
        self.say(self.event, "start", typed("2023-12-12", "date"))
        self.say(self.event, "end", typed("2023-12-13", "date"))
        self.say(self.event, "place", self.place)
        self.say(self.event, "guests", typed("40", "integer"))
        for body in bodies[:2]:
            self.say(self.agreement, "party", body)
        self.say(self.agreement, "signedAt", self.event)
        self.say(self.agreement, "date", typed("2023-12-13", "date"))
        self.say(self.agreement, "status", ns("signed"))
        self.say(self.tenure, "holder", people[0])
        self.say(self.tenure, "post", self.name_of("post", 0))

    def name_of(self, kind: str, each: int) -> ox.NamedNode:
        return ox.NamedNode(f"{ID}{kind}/{self.number}-{each}")

    def thing(self, kind: str, each: int) -> ox.NamedNode:
        node = self.name_of(kind.lower(), each)
        self.triples.append(ox.Triple(node, A, ns(kind)))
        self.say(node, "name", ox.Literal(f"{kind} {self.number}-{each}", language="en"))
        self.say(node, "name", ox.Literal(f"{kind} n. {self.number}-{each}", language="it"))
        return node

    def say(self, subject: Any, name: str, value: Any) -> None:
        self.triples.append(ox.Triple(subject, ns(name), value))

    def take(self, subject: Any, name: str) -> None:
        self.triples = [
            one
            for one in self.triples
            if not (one.subject == subject and one.predicate == ns(name))
        ]


def _min_count(unit: _Unit) -> Any:
    unit.take(unit.people[0], "name")
    return unit.people[0]


def _unique(unit: _Unit) -> Any:
    unit.say(unit.people[1], "name", ox.Literal("Another", language="en"))
    return unit.people[1]


def _long(unit: _Unit) -> Any:
    unit.take(unit.people[2], "name")
    unit.say(unit.people[2], "name", ox.Literal("x" * 61, language="en"))
    return unit.people[2]


def _language(unit: _Unit) -> Any:
    unit.say(unit.place, "name", ox.Literal("Ort", language="de"))
    return unit.place


def _max_count(unit: _Unit) -> Any:
    unit.say(unit.people[0], "born", typed("1950-01-01", "date"))
    return unit.people[0]


def _datatype(unit: _Unit) -> Any:
    unit.take(unit.people[1], "born")
    unit.say(unit.people[1], "born", ox.Literal("1961"))
    return unit.people[1]


def _class(unit: _Unit) -> Any:
    unit.say(unit.people[2], "memberOf", unit.place)
    return unit.people[2]


def _pattern(unit: _Unit) -> Any:
    unit.take(unit.bodies[0], "code")
    unit.say(unit.bodies[0], "code", ox.Literal("abc"))
    return unit.bodies[0]


def _in(unit: _Unit) -> Any:
    unit.say(unit.bodies[1], "kind", ns("club"))
    return unit.bodies[1]


def _inverse(unit: _Unit) -> Any:
    unit.take(unit.people[2], "memberOf")
    return unit.bodies[2]


def _order(unit: _Unit) -> Any:
    unit.take(unit.event, "start")
    unit.say(unit.event, "start", typed("2023-12-14", "date"))
    return unit.event


def _kind(unit: _Unit) -> Any:
    unit.say(unit.event, "place", ox.Literal("Tokyo"))
    return unit.event


def _few(unit: _Unit) -> Any:
    unit.say(unit.event, "guests", typed("-1", "integer"))
    return unit.event


def _many(unit: _Unit) -> Any:
    unit.say(unit.event, "guests", typed("501", "integer"))
    return unit.event


def _qualified(unit: _Unit) -> Any:
    unit.take(unit.agreement, "party")
    unit.say(unit.agreement, "party", unit.bodies[0])
    return unit.agreement


def _disjoint(unit: _Unit) -> Any:
    unit.say(unit.agreement, "continues", unit.event)
    return unit.agreement


def _value(unit: _Unit) -> Any:
    unit.take(unit.agreement, "status")
    return unit.agreement


def _closed(unit: _Unit) -> Any:
    unit.say(unit.tenure, "salary", typed("5", "integer"))
    return unit.tenure


def _or(unit: _Unit) -> Any:
    unit.take(unit.tenure, "holder")
    return unit.tenure


def _not(unit: _Unit) -> Any:
    unit.say(unit.place, "gone", typed("true", "boolean"))
    return unit.place


def _query(unit: _Unit) -> Any:
    unit.take(unit.agreement, "date")
    unit.say(unit.agreement, "date", typed("2023-12-01", "date"))
    return unit.agreement


FAULTS = {
    "MinCount": _min_count,
    "UniqueLang": _unique,
    "MaxLength": _long,
    "LanguageIn": _language,
    "MaxCount": _max_count,
    "Datatype": _datatype,
    "Class": _class,
    "Pattern": _pattern,
    "In": _in,
    "MinCount inverse": _inverse,
    "LessThanOrEquals": _order,
    "NodeKind": _kind,
    "MinInclusive": _few,
    "MaxInclusive": _many,
    "QualifiedMinCount": _qualified,
    "Disjoint": _disjoint,
    "HasValue": _value,
    "Closed": _closed,
    "Or": _or,
    "Not": _not,
    "SPARQL": _query,
}
"""How each mistake is made; it gives the thing that is then wrong. The first word of the name is
the constraint component."""


@dataclass
class Domain:
    """Generated data: ``planted`` are the mistakes, as the thing and the component."""

    units: int
    planted: set[tuple[str, str]]
    _faults: dict[int, str]

    @classmethod
    def of(cls, triples: int, seed: int = 1, each: int = PLANTED_EACH) -> Domain:
        """About so many triples."""
        units = max(triples // UNIT, len(FAULTS) * each)
        numbers = random.Random(seed).sample(range(units), len(FAULTS) * each)
        faults = {
            number: list(FAULTS)[at % len(FAULTS)] for at, number in enumerate(sorted(numbers))
        }
        planted = set()
        for number, name in faults.items():
            focus = FAULTS[name](_Unit(number))
            component = f"{SH}{name.split()[0]}ConstraintComponent"
            planted.add((focus.value, component))
        return cls(units, planted, faults)

    def triples(self) -> Iterator[ox.Triple]:
        yield from ONTOLOGY
        for number in range(self.units):
            unit = _Unit(number)
            if number in self._faults:
                FAULTS[self._faults[number]](unit)
            yield from unit.triples

    def contribution(self, seed: int, size: int = 500) -> list[ox.Triple]:
        """Triples that change what is there and add to it: new units beside, and people of them
        who join bodies that are there; some of it wrong."""
        chance = random.Random(seed)
        added: list[ox.Triple] = []
        number = self.units + seed * 1000
        while len(added) < size:
            unit = _Unit(number)
            FAULTS[chance.choice(list(FAULTS))](unit)
            added += unit.triples
            there = _Unit(chance.randrange(self.units))
            added.append(ox.Triple(unit.people[0], ns("memberOf"), there.bodies[0]))
            added.append(ox.Triple(there.event, ns("guests"), typed("900", "integer")))
            number += 1
        return added[:size]
