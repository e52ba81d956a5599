"""What no shape says is told where it is so, and nothing is told that is not so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import rdflib.namespace

from conftest import ROOT
from foedera import folder
from foedera.check import Finding, contribution, lint, reading

PREFIXES = """\
@prefix : <https://w3id.org/foedera/ns#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix event: <https://w3id.org/foedera/id/event/> .
@prefix org: <https://w3id.org/foedera/id/org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix person: <https://w3id.org/foedera/id/person/> .
@prefix place: <https://w3id.org/foedera/id/place/> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


@pytest.fixture(scope="module")
def against() -> contribution.Against:
    return contribution.of_folder(folder.read(ROOT))


def read(turtle: str) -> reading.Document:
    return reading.read("new.ttl", (PREFIXES + turtle).encode())


def found(turtle: str, against: contribution.Against) -> Sequence[Finding]:
    return lint.lint([read(turtle)], against.vocabulary, against.base)


def near(turtle: str, code: str, against: contribution.Against) -> list[str]:
    """What is proposed by the findings of a code."""
    return [one.fix for one in found(turtle, against) if one.code == code]


# What is nearly the name of another thing


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("place:tokio", "place:tokyo"),
        ("place:Tokyo", "place:tokyo"),
        ("person:tokyo", "place:tokyo"),
        ("person:adolfo-ursso", "person:adolfo-urso"),
        ("person:adolfo_urso", "person:adolfo-urso"),
    ],
)
def test_a_mistyped_name_is_told_with_the_one_that_is_meant(
    written: str, meant: str, against: contribution.Against
) -> None:
    assert near(f"event:x :place {written} .", "iri-dangling-near", against) == [meant]


def test_it_is_told_wherever_it_stands(against: contribution.Against) -> None:
    turtle = "event:x :place place:tokio .\nevent:y :place place:tokio ; :place place:milano ."
    told = [
        (one.code, one.line - PREFIXES.count("\n"), one.column)
        for one in found(turtle, against)
        if one.term.startswith("<https://w3id.org/foedera/id/place/")
    ]
    assert sorted(told) == [
        ("iri-dangling", 2, 37),
        ("iri-dangling-near", 1, 16),
        ("iri-dangling-near", 2, 16),
    ]


@pytest.mark.parametrize(
    "written", ["place:milano", "place:turin", "org:nec", "org:enea", "person:anna-rossi"]
)
def test_what_is_like_nothing_that_is_there_is_not_said_to_be_it(
    written: str, against: contribution.Against
) -> None:
    turtle = f"event:x :place {written} ."
    assert near(turtle, "iri-dangling-near", against) == []
    assert near(turtle, "iri-dangling", against) == [""]


@pytest.mark.parametrize(
    ("local", "others", "expected"),
    [
        ("mission-2024", ["mission-2023"], ""),
        ("mision-2023", ["mission-2024", "mission-2023"], "mission-2023"),
        ("g7-summit-2", ["g7-summit-1", "g20-summit-2"], ""),
        ("nec", ["nex", "ne"], "ne"),
    ],
)
def test_names_with_other_numbers_are_of_other_things(
    local: str, others: list[str], expected: str
) -> None:
    assert lint._alike(local, others) == expected


# Terms of vocabularies that everybody uses


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("rdfs:lable", "rdfs:label"),
        ("rdfs:Label", "rdfs:label"),
        ("skos:prefLable", "skos:prefLabel"),
        ("dcterms:desciption", "dcterms:description"),
        ("owl:sameas", "owl:sameAs"),
    ],
)
def test_a_mistyped_term_is_told_with_the_right_one(
    written: str, meant: str, against: contribution.Against
) -> None:
    turtle = f'event:x {written} "A text"@en .'
    assert near(turtle, "term-unknown-near", against) == [meant]
    (finding,) = (one for one in found(turtle, against) if one.code == "term-unknown-near")
    assert (finding.line, finding.column) == (PREFIXES.count("\n") + 1, 9)


def test_a_mistyped_class_is_told_too(against: contribution.Against) -> None:
    turtle = "event:x a skos:Concpet ; dcterms:subject [ a owl:Class ] ."
    assert near(turtle, "term-unknown-near", against) == ["skos:Concept"]


@pytest.mark.parametrize("written", ["rdfs:label", "rdf:_12", "dcat:version", "skos:somethingNew"])
def test_what_is_right_or_may_be_newer_is_not_told(
    written: str, against: contribution.Against
) -> None:
    assert near(f'event:x {written} "A text"@en .', "term-unknown-near", against) == []


def test_a_term_that_the_contribution_defines_is_its_own(against: contribution.Against) -> None:
    turtle = 'event:x skos:prefLable "A text"@en . skos:prefLable a rdf:Property .'
    assert near(turtle, "term-unknown-near", against) == []


VOCABULARIES = [
    "RDF",
    "RDFS",
    "OWL",
    "SKOS",
    "DCTERMS",
    "FOAF",
    "PROV",
    "ORG",
    "TIME",
    "VOID",
    "DCAT",
]


@pytest.mark.parametrize("name", VOCABULARIES)
def test_all_terms_that_rdflib_knows_are_known(name: str) -> None:
    space = getattr(rdflib.namespace, name)
    terms = {str(space[term]) for term in space.__annotations__ if not term.startswith("_")}
    known = lint._vocabularies()[str(space)]
    assert len(terms) > 10
    assert terms - {str(space) + one for one in known} == set()


def test_a_class_and_a_property_of_one_name_are_both_right() -> None:
    for space, names in lint._vocabularies().items():
        assert [name for name in names if lint._misspelt(space, name)] == []


# Tags and dates


@pytest.mark.parametrize(
    ("tag", "meant"), [("en-uk", "en-GB"), ("eng", "en"), ("jp", "ja"), ("en-gb", None)]
)
def test_a_tag_that_nobody_else_uses_is_told_with_the_usual_one(
    tag: str, meant: str | None, against: contribution.Against
) -> None:
    fixes = near(f'event:x rdfs:label "A text"@{tag} .', "language-unknown", against)
    assert fixes == ([f'"A text"@{meant}'] if meant else [])


@pytest.mark.parametrize(
    "date", ["2023-02-30", "2023-06-31", "2023-02-29", "2023-02-28/2023-02-30", "2023-09-31~"]
)
def test_a_day_that_does_not_exist_is_told_once_and_no_moment_follows_from_it(
    date: str, against: contribution.Against
) -> None:
    turtle = f"""event:x a :Meeting ; :date "{date}"^^edtf:EDTF ;
        :earliest "2023-02-28T00:00:00Z"^^xsd:dateTime ;
        :latest "2023-02-28T23:59:59Z"^^xsd:dateTime ."""
    report = contribution.judge([read(turtle)], against)
    told = [one for one in report.findings if date in one.message("en")]
    assert [one.message("en") for one in told] == [f"There is no such day: correct {date}."]
    assert [one.message("it") for one in told] == [f"Questo giorno non esiste: correggere {date}."]
    assert told[0].line == PREFIXES.count("\n") + 1
