"""Ontology and data before a real reasoner: HermiT, and the OWL API's check of profiles.

Both come as Java in owlready2, and are run as programs: its own bridge to HermiT stops at dates.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest

from foedera import folder

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).parent / "reasoner"
BASE = "https://w3id.org/foedera/"


@cache
def java() -> str:
    found = shutil.which("java")
    if found is None:
        pytest.skip("the reasoner needs Java 17 or newer, which is not installed")
    return found


@cache
def owlready() -> Path:
    """The folder of the package that brings the programs; it is not imported."""
    spec = importlib.util.find_spec("owlready2")
    if spec is None or spec.origin is None:
        pytest.skip("the reasoner comes with owlready2, which is not installed")
    return Path(spec.origin).parent


def run(*arguments: str | Path) -> str:
    """What a Java program prints, its complaints too: HermiT's exit status says nothing."""
    answer = subprocess.run(
        [java(), *map(str, arguments)], capture_output=True, text=True, timeout=120
    )
    return answer.stdout + answer.stderr


@cache
def triples(*beginnings: str) -> tuple[ox.Triple, ...]:
    files = folder.read(ROOT).of("ontology", "data")
    return tuple(
        triple
        for file in files
        if file.path.startswith(beginnings)
        for triple in file.parse(BASE).triples
    )


CORE = ("ontology/core",)
ALIGNED = (*CORE, "ontology/alignments/")
ALL = (*ALIGNED, "ontology/schemes/", "data/")

PREFIXES = f"""
@prefix : <{BASE}ns#> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sem: <http://semanticweb.cs.vu.nl/2009/11/sem/> .
@prefix id: <{BASE}id/> .
@prefix event: <{BASE}id/event/> .
@prefix org: <{BASE}id/org/> .
@prefix person: <{BASE}id/person/> .
@prefix place: <{BASE}id/place/> .
@prefix polity: <{BASE}id/polity/> .
@prefix tenure: <{BASE}id/tenure/> .
"""

Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """Writes parts of the publication, and more Turtle, as one file of RDF/XML."""

    def written(parts: tuple[str, ...], more: str = "", others: bool = False) -> Path:
        added = list(ox.parse(PREFIXES + more, format=ox.RdfFormat.TURTLE))
        if others:
            added += ox.parse(path=HERE / "others.ttl")
        path = tmp_path / "ontology.owl"
        content = [*triples(*parts), *(quad.triple for quad in added)]
        path.write_bytes(ox.serialize(content, format=ox.RdfFormat.RDF_XML) or b"")
        return path

    return written


def hermit(path: Path, *question: str) -> str:
    jar = owlready() / "hermit" / "HermiT.jar"
    program = ("org.semanticweb.HermiT.cli.CommandLine", "--ignoreUnsupportedDatatypes")
    return run("-cp", jar, *program, *question, path.as_uri())


def impossible(path: Path) -> list[str]:
    """The classes that cannot have a member, owl:Nothing apart."""
    answer = hermit(path, "-U")
    first, *classes = answer.splitlines()
    assert first.startswith("Classes equivalent to 'owl:Nothing'"), answer
    return sorted({name.strip() for name in classes} - {"owl:Nothing"})


def consistent(path: Path) -> bool:
    answer = hermit(path, "-k")
    if "InconsistentOntologyException" in answer:
        return False
    assert answer.startswith("http://www.w3.org/2002/07/owl#Thing is"), answer
    return "is satisfiable" in answer


def profiles(path: Path) -> str:
    jars = owlready() / "pellet" / "*"
    return run("-cp", jars, HERE / "Profiles.java", path)


@pytest.mark.parametrize("parts", [CORE, ALIGNED], ids=["core", "with the alignments"])
def test_the_ontology_is_in_the_profiles_dl_and_rl_of_owl_2(
    parts: tuple[str, ...], written: Written
) -> None:
    assert profiles(written(parts)) == "OWL 2 DL: yes\nOWL 2 RL: yes\n"


@pytest.mark.parametrize(
    ("fault", "out"),
    [
        (":follows a owl:IrreflexiveProperty .", "DL"),  # a transitive property is not simple
        (":date rdfs:range edtf:EDTF .", "DL"),
        (":holder rdfs:range [ a owl:Class ; owl:unionOf ( :Person :Organization ) ] .", "RL"),
    ],
    ids=["a simple property wanted", "a datatype outside OWL", "a union where RL has none"],
)
def test_what_leaves_a_profile_is_found(fault: str, out: str, written: Written) -> None:
    assert f"OWL 2 {out}: no\n" in profiles(written(CORE, fault))


@pytest.mark.parametrize(
    ("parts", "others"),
    [(CORE, False), (ALIGNED, False), (ALIGNED, True), (ALL, True)],
    ids=["core", "with the alignments", "with what others say", "with the data"],
)
def test_no_class_is_impossible(parts: tuple[str, ...], others: bool, written: Written) -> None:
    assert impossible(written(parts, others=others)) == []


@pytest.mark.parametrize("others", [False, True], ids=["by itself", "with what others say"])
def test_ontology_and_data_are_consistent(others: bool, written: Written) -> None:
    assert consistent(written(ALL, others=others))


@pytest.mark.parametrize(
    "fault",
    [
        "[] a :Participation ; :participationIn event:signing-2023-12-13 ; :actor place:tokyo .",
        "person:adolfo-urso a :Organization .",
        "[] a :Participation , :Invitation .",
        "[] :participationIn event:signing-2023-12-13 ; :invitationTo event:signing-2023-12-13 .",
        "polity:italy :within place:tokyo .",
        "polity:italy owl:sameAs place:italy .",
        "event:signing-2023-12-13 a :Agreement .",
        "org:jetro :seat polity:japan .",
        "event:signing-2023-12-13 :hasParticipant place:tokyo .",
        "tenure:adolfo-urso-mimit-minister :holder org:mimit .",
        "org:mimit :partOfOrganization person:adolfo-urso .",
    ],
    ids=[
        "a place takes part",
        "a person is an organisation",
        "a participation is an invitation",
        "it is, by its properties",
        "a polity lies within a place",
        "a polity is its land",
        "an event is an agreement",
        "a seat in a polity",
        "a place is a participant",
        "an organisation holds a post",
        "an organisation is part of a person",
    ],
)
def test_a_planted_contradiction_is_found(fault: str, written: Written) -> None:
    assert not consistent(written(ALL, fault))


@pytest.mark.parametrize(
    ("fault", "classes"),
    [
        (":Event rdfs:subClassOf prov:Entity .", {":Event", ":Meeting", ":Signing"}),
        (":Delegation rdfs:subClassOf :Person .", {":Delegation"}),
        (":Building rdfs:subClassOf :Organization .", {":Building"}),
    ],
    ids=["events as entities", "delegations as persons", "buildings as organisations"],
)
def test_a_class_made_impossible_is_found(fault: str, classes: set[str], written: Written) -> None:
    found = impossible(written(ALIGNED, fault, others=True))
    named = {":" + name.rstrip(">").split("#")[-1].split(":")[-1] for name in found}
    assert classes <= named
