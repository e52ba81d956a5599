"""Ontology and data before a real reasoner: HermiT, and the OWL API's check of profiles.

Both come as Java in owlready2, and are run as programs: its own bridge to HermiT stops at dates.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
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
    brief = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # it starts sooner, and ends soon
    answer = subprocess.run(
        [java(), *brief, *map(str, arguments)], capture_output=True, text=True, timeout=120
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


def write(path: Path, parts: tuple[str, ...], more: str = "", others: bool = False) -> Path:
    """Write parts of the publication, and more Turtle, as one file of RDF/XML."""
    added = list(ox.parse(PREFIXES + more, format=ox.RdfFormat.TURTLE))
    if others:
        added += ox.parse(path=HERE / "others.ttl")
    content = [*triples(*parts), *(quad.triple for quad in added)]
    path.write_bytes(ox.serialize(content, format=ox.RdfFormat.RDF_XML) or b"")
    return path


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


PROFILED = {
    "core": (CORE, ""),
    "with the alignments": (ALIGNED, ""),
    # A transitive property is not simple.
    "DL: a simple property wanted": (CORE, ":follows a owl:IrreflexiveProperty ."),
    "RL: a datatype that it lacks": (CORE, ":date rdfs:range edtf:EDTF ."),
    "RL: a union where it has none": (
        CORE,
        ":holder rdfs:range [ a owl:Class ; owl:unionOf ( :Person :Organization ) ] .",
    ),
}
"""What is asked for its profiles; where a fault is planted, the profile that it leaves."""


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The answers, all from one run of a Java source."""
    if "jdk.compiler" not in run("--list-modules"):
        pytest.skip("the check of profiles needs a Java with its compiler, a JDK")
    folder = tmp_path_factory.mktemp("profiles")
    paths = [
        write(folder / f"{number}.owl", parts, fault)
        for number, (parts, fault) in enumerate(PROFILED.values())
    ]
    answer = run("-cp", owlready() / "pellet" / "*", HERE / "Profiles.java", *paths)
    answers = answer.split("OWL 2 DL: ")[1:]
    assert len(answers) == len(PROFILED), answer
    return {name: f"OWL 2 DL: {one}" for name, one in zip(PROFILED, answers, strict=True)}


@pytest.mark.parametrize("name", [name for name, (_, fault) in PROFILED.items() if not fault])
def test_the_ontology_is_in_the_profiles_dl_and_rl_of_owl_2(
    name: str, profiles: dict[str, str]
) -> None:
    assert profiles[name] == "OWL 2 DL: yes\nOWL 2 RL: yes\n"


@pytest.mark.parametrize("name", [name for name, (_, fault) in PROFILED.items() if fault])
def test_what_leaves_a_profile_is_found(name: str, profiles: dict[str, str]) -> None:
    assert f"OWL 2 {name[:2]}: no\n" in profiles[name]


@pytest.mark.parametrize(
    ("parts", "others"),
    [(CORE, False), (ALIGNED, False), (ALIGNED, True)],
    ids=["core", "with the alignments", "with what others say"],
)
def test_no_class_is_impossible(parts: tuple[str, ...], others: bool, tmp_path: Path) -> None:
    assert impossible(write(tmp_path / "ontology.owl", parts, others=others)) == []


@pytest.mark.parametrize("others", [False, True], ids=["by itself", "with what others say"])
def test_ontology_and_data_are_consistent(others: bool, tmp_path: Path) -> None:
    assert consistent(write(tmp_path / "ontology.owl", ALL, others=others))


SIGNING = "event:signing a :Signing . "


@pytest.mark.whole
@pytest.mark.parametrize(
    "fault",
    [
        SIGNING + "[] a :Participation ; :participationIn event:signing ; :actor place:tokyo .",
        "person:adolfo-urso a :Organization .",
        "[] a :Participation , :Invitation .",
        "[] :participationIn event:signing ; :invitationTo event:signing .",
        "polity:italy :within place:tokyo .",
        "polity:italy owl:sameAs place:italy .",
        SIGNING + "event:signing a :Agreement .",
        "org:jetro :seat polity:japan .",
        SIGNING + "event:signing :hasParticipant place:tokyo .",
        "[] a :Tenure ; :holder org:mimit .",
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
def test_a_planted_contradiction_is_found(fault: str, tmp_path: Path) -> None:
    """Among the things that the sources share, which are quicker to reason over than all."""
    assert not consistent(write(tmp_path / "ontology.owl", (*CORE, "data/shared/"), fault))


def test_a_contradiction_is_found_among_all_the_data(tmp_path: Path) -> None:
    fault = "event:signing-2023-12-13 :hasParticipant place:tokyo ."
    assert not consistent(write(tmp_path / "ontology.owl", ALL, fault, others=True))


@pytest.mark.parametrize(
    ("fault", "classes"),
    [
        (":Event rdfs:subClassOf prov:Entity .", {":Event", ":Meeting", ":Signing"}),
        (":Delegation rdfs:subClassOf :Person .", {":Delegation"}),
        (":Building rdfs:subClassOf :Organization .", {":Building"}),
    ],
    ids=["events as entities", "delegations as persons", "buildings as organisations"],
)
def test_a_class_made_impossible_is_found(fault: str, classes: set[str], tmp_path: Path) -> None:
    found = impossible(write(tmp_path / "ontology.owl", ALIGNED, fault, others=True))
    named = {":" + name.rstrip(">").split("#")[-1].split(":")[-1] for name in found}
    assert classes <= named
