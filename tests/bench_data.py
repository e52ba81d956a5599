"""Generates a publication of any size in the domain of the ontology: the same for the same seed.

Persons, organisations, polities, places, events, participations and agreements, with labels in
three languages. Each thing has its class and the classes above it, and no shapes and no axioms
stand beside, so that publishing takes the time of loading. Some are in everything and most in
little, as in life.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

BASE = "https://bench.example/"
_HEAD = f"""\
@prefix : <https://w3id.org/foedera/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix id: <{BASE}id/> .
"""
# fmt: off
_GIVEN = (
    "Aiko", "Bruno", "Chiara", "Daichi", "Elena", "Fumiko", "Giulia", "Haruto", "Irene",
    "Jun", "Kenji", "Luca",
)
_FAMILY = (
    "Abe", "Bianchi", "Conti", "Doi", "Endo", "Ferri", "Goto", "Hara", "Ito", "Kato", "Longo",
    "Mori", "Neri", "Ota", "Rossi", "Sato",
)
_WORDS = (
    "Robotics", "Semiconductor", "Space", "Energy", "Quantum", "Biotech", "Mobility",
    "Fusion", "Ocean", "Health",
)
# fmt: on
_KINDS = ("Mission", "Meeting", "Workshop", "Signing", "Exhibition")
_DEALS = ("JointStatement", "StrategicPartnership", "CooperationAgreement")
_BODIES = ("Company", "University", "Ministry", "Agency", "Association")
_ABOVE = {
    "University": ("ResearchBody", "Organization", "Actor"),
    "Ministry": ("PublicBody", "Organization", "Actor"),
    "Agency": ("PublicBody", "Organization", "Actor"),
    "Workshop": ("Meeting", "Event"),
}
_POLITIES = 40
_TOPICS = 60


class _Writer:
    """Writes things into Turtle files, and counts their triples."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.triples = 0
        self._folder = folder

    def thing(self, local: str, facts: list[tuple[str, str]]) -> str:
        self.triples += len(facts)
        return f"id:{local} {' ; '.join(f'{name} {value}' for name, value in facts)} .\n"

    def write(self, name: str, things: Iterator[str]) -> None:
        path = self._folder / "data" / f"{name}.ttl"
        with path.open("w", encoding="utf-8") as stream:
            stream.write(_HEAD)
            stream.writelines(things)

    def some(self, kind: str, count: int) -> str:
        """A thing of a kind; the first ones far more often than the last."""
        return f"id:{kind}-{int(count * self.random.random() ** 3)}"


def _kinds(name: str, general: str) -> list[tuple[str, str]]:
    return [("a", f":{one}") for one in dict.fromkeys((name, *_ABOVE.get(name, ()), general))]


def _labels(english: str, italian: str, japanese: str) -> list[tuple[str, str]]:
    spoken = (("en", english), ("it", italian), ("ja", japanese))
    return [("rdfs:label", f'"{text}"@{language}') for language, text in spoken]


def generate(folder: Path, triples: int, seed: int = 4) -> None:
    """Write a publication of so many triples, give or take ten, into a new folder."""
    (folder / "data").mkdir(parents=True)
    to = _Writer(folder, seed)
    persons, bodies = triples // 35, triples // 125
    events, deals, cities = triples // 40, triples // 165, triples // 250
    to.write("dataset", _dataset(to))
    to.write("places", _places(to, cities))
    to.write("organisations", _organisations(to, bodies, cities))
    to.write("persons", _persons(to, persons, bodies))
    to.write("events", _events(to, events, cities))
    to.write("agreements", _agreements(to, deals, events, bodies))
    to.write("participations", _participations(to, triples, events, persons, bodies))


def _dataset(to: _Writer) -> Iterator[str]:
    facts = [
        ("a", "void:Dataset"),
        ("void:uriSpace", f'"{BASE}"'),
        ("dcterms:title", '"Generated"@en'),
        ("dcterms:license", "<https://creativecommons.org/publicdomain/zero/1.0/>"),
    ]
    yield to.thing("generated", facts)
    for n in range(_TOPICS):
        word = _WORDS[n % len(_WORDS)]
        facts = [("a", "skos:Concept"), *_labels(f"{word} {n}", f"Tema {n}", f"主題{n}")]
        if n >= len(_WORDS):
            facts.append(("skos:broader", f"id:topic-{n % len(_WORDS)}"))
        yield to.thing(f"topic-{n}", facts)


def _places(to: _Writer, cities: int) -> Iterator[str]:
    for n in range(_POLITIES):
        names = _labels(f"State {n}", f"Stato {n}", f"国{n}")
        yield to.thing(
            f"polity-{n}",
            [*_kinds("Polity", "Actor"), *names, (":territory", f"id:territory-{n}")],
        )
        yield to.thing(f"territory-{n}", [*_kinds("Territory", "Place"), *names])
    for n in range(_POLITIES * 10):
        names = _labels(f"Region {n}", f"Regione {n}", f"地方{n}")
        within = (":within", f"id:territory-{n % _POLITIES}")
        yield to.thing(f"region-{n}", [*_kinds("Territory", "Place"), *names, within])
    for n in range(cities):
        names = _labels(f"City {n}", f"Città {n}", f"市{n}")
        within = (":within", to.some("region", _POLITIES * 10))
        yield to.thing(f"city-{n}", [*_kinds("City", "Place"), *names, within])


def _organisations(to: _Writer, bodies: int, cities: int) -> Iterator[str]:
    for n in range(bodies):
        kind = _BODIES[n % len(_BODIES)]
        word = to.random.choice(_WORDS)
        facts = [
            *_kinds(kind, "Organization"),
            *_labels(f"{word} {kind} {n}", f"{kind} {word} {n}", f"{word}機構{n}"),
            (":seat", to.some("city", cities)),
            (":countedAs", to.some("polity", _POLITIES)),
        ]
        if n > 50 and n % 3 == 0:
            facts.append((":partOfOrganization", f"id:org-{to.random.randrange(n // 2)}"))
        yield to.thing(f"org-{n}", facts)


def _persons(to: _Writer, persons: int, bodies: int) -> Iterator[str]:
    for n in range(persons):
        given, family = to.random.choice(_GIVEN), to.random.choice(_FAMILY)
        facts = [
            *_kinds("Person", "Actor"),
            *_labels(f"{given} {family} {n}", f"{family} {given} {n}", f"{family}・{given}{n}"),
        ]
        if n % 4:
            facts.append((":memberOf", to.some("org", bodies)))
        if n % 5 == 0:
            facts.append((":countedAs", to.some("polity", _POLITIES)))
        yield to.thing(f"person-{n}", facts)


def _events(to: _Writer, events: int, cities: int) -> Iterator[str]:
    for n in range(events):
        kind = _KINDS[to.random.randrange(len(_KINDS))]
        year, month, day = (to.random.randrange(*r) for r in ((1990, 2026), (1, 13), (1, 29)))
        when = f"{year}-{month:02}-{day:02}"
        topics = {to.some("topic", _TOPICS) for _ in range(1 + n % 2)}
        facts = [
            *_kinds(kind, "Event"),
            *_labels(f"{kind} {n} of {year}", f"Evento {n} del {year}", f"{year}年の行事{n}"),
            (":earliest", f'"{when}T00:00:00Z"^^xsd:dateTime'),
            (":latest", f'"{when}T23:59:59Z"^^xsd:dateTime'),
            *((":topic", topic) for topic in sorted(topics)),
        ]
        if n % 10:
            facts.append((":place", to.some("city", cities)))
        if n > 100 and n % 4 == 0:
            facts.append((":partOfEvent", f"id:event-{to.random.randrange(n // 2)}"))
        yield to.thing(f"event-{n}", facts)


def _agreements(to: _Writer, deals: int, events: int, bodies: int) -> Iterator[str]:
    for n in range(deals):
        kind = _DEALS[n % len(_DEALS)]
        parties = {to.some("polity", _POLITIES), to.some("polity", _POLITIES)}
        parties.add(to.some("org", bodies))
        facts = [
            *_kinds(kind, "Agreement"),
            *_labels(f"{kind} {n}", f"Accordo {n}", f"協定{n}"),
            *((":party", party) for party in sorted(parties)),
            (":concludedAt", to.some("event", events)),
            (":topic", to.some("topic", _TOPICS)),
            (":status", f"id:status-{to.random.randrange(5)}"),
        ]
        if n > 10 and n % 2:
            facts.append((":continues", f"id:agreement-{n - to.random.randrange(1, 10)}"))
        yield to.thing(f"agreement-{n}", facts)


def _participations(
    to: _Writer, triples: int, events: int, persons: int, bodies: int
) -> Iterator[str]:
    n = 0
    while to.triples < triples:
        facts = [
            *_kinds("Participation", "Involvement"),
            (":participationIn", f"id:event-{to.random.randrange(events)}"),
            (":actor", to.some("person", persons) if n % 4 else to.some("org", bodies)),
            (":role", f"id:role-{to.random.randrange(8)}"),
        ]
        if n % 3 == 0:
            facts.append((":onBehalfOf", to.some("polity", _POLITIES)))
        yield to.thing(f"inv-{n}", facts)
        n += 1
