"""The engines find what SHACL says, and the same; what they cannot do is listed, and refused."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest

import bench_checks
import domain
import fuzz_engines
import shacl_suite
from conftest import ROOT
from foedera import folder
from foedera.check import chunks, engines
from foedera.check.base import Stored
from foedera.check.results import Engine, Result
from foedera.check.shapes import Shapes
from foedera.errors import CouldNotCheck, EngineFailed, TimedOut

SHARED = Path(os.environ.get("SHARED_FOLDER") or ROOT.parent / "shared")
SUITE = SHARED / "conformance" / "data-shapes" / "tests"
BYTES = 2_000_000_000

KNOWN = {
    ("pySHACL", "sparql/pre-binding/shapesGraph-001"): "$shapesGraph is optional, and refused",
}
"""Tests of the W3C that an engine fails, with the reason. May neither grow nor shrink unseen."""

REFUSED = 36
"""Tests of the W3C with which the accelerator is not trusted, and pySHACL runs."""

PREFIXES = """\
@prefix : <https://example.org/ns#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


NS = "https://example.org/ns#"


def graph(text: str) -> list[ox.Triple]:
    return [quad.triple for quad in ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE)]


def found_by(engine: Engine, shapes: str, data: str) -> list[Result]:
    """In a child: the threads of an accelerator do not outlive a fork of this process."""
    return engines.run(engine, graph(shapes), graph(data), seconds=60, memory=BYTES)


def rows(engine: Engine, shapes: str, data: str) -> list[shacl_suite.Row]:
    return sorted(map(shacl_suite.row, found_by(engine, shapes, data)))


@pytest.mark.skipif(not SUITE.is_dir(), reason="the W3C's tests are not at SHARED_FOLDER")
@pytest.mark.parametrize("engine", engines.ENGINES, ids=lambda engine: engine.name)
def test_the_tests_of_the_w3c_pass_but_for_those_that_are_listed(engine: Engine) -> None:
    failed, refused, total = {}, 0, 0
    for case in shacl_suite.cases(SUITE):
        total += 1
        if engine.refuses(case.shapes, case.data):
            refused += 1
            continue
        verdict = shacl_suite.verdict(case, engine)
        if verdict != "passed":
            failed[engine.name, case.name] = verdict
    assert total == 121
    assert set(failed) == {key for key in KNOWN if key[0] == engine.name}, failed
    assert refused == (REFUSED if isinstance(engine, engines.ShaclRust) else 0)


def of_ours(part: str) -> list[ox.Triple]:
    source = folder.read(ROOT)
    base = source.publication.base
    return [triple for file in source.of(part) for triple in file.parse(base).triples]


SHAPES = """\
:S a sh:NodeShape ; sh:targetClass :C ;
  sh:property [ sh:path :p ; sh:minCount 1 ; sh:datatype xsd:date ] ,
    [ sh:path ( :q [ sh:inversePath :r ] ) ; sh:maxCount 1 ; sh:severity sh:Warning ] ;
  sh:sparql [ sh:prefixes : ; sh:message "{$this} has {?value}"@en , "{$this} ha {?value}"@it ;
    sh:select '''SELECT $this ?value {
      $this <https://example.org/ns#p> ?value ; <https://example.org/ns#limit> ?limit .
      FILTER (?value > ?limit) }''' ] .
"""
DATA = """\
:a a :C ; :p "x" , "2024-01-02"^^xsd:date ; :limit "2024-01-01"^^xsd:date .
:b a :D . :D <http://www.w3.org/2000/01/rdf-schema#subClassOf> :C .
:a :q :m , :n . :k :r :m , :n . :l :r :n .
"""


def test_they_find_the_same() -> None:
    found = [rows(engine, SHAPES, DATA) for engine in engines.ENGINES]
    assert found[0] == found[1]
    assert Counter(row[4].rpartition("#")[2] for row in found[0]) == {
        "MinCountConstraintComponent": 1,
        "DatatypeConstraintComponent": 1,
        "MaxCountConstraintComponent": 1,
        "SPARQLConstraintComponent": 1,
    }


def test_a_constraint_s_words_have_the_values_in_both_engines() -> None:
    for engine in engines.ENGINES:
        (found,) = (one for one in found_by(engine, SHAPES, DATA) if "SPARQL" in one.component)
        assert set(found.messages) == {"en", "it"}
        assert "2024-01-02" in found.messages["it"]


def test_literals_are_told_as_they_were_written() -> None:
    shapes = ":S sh:targetNode :a ; sh:property [ sh:path :p ; sh:nodeKind sh:IRI ] ."
    data = ':a :p "1.50"^^xsd:decimal , "01"^^xsd:integer .'
    for engine in engines.ENGINES:
        values = {row[2].split("^^")[0] for row in rows(engine, shapes, data)}
        assert values == {'"1.50"', '"01"'}


UNTRUSTED = {
    "recursion": (":S sh:property [ sh:path :p ; sh:node :S ] .", ":a :p :a ."),
    "texts": (":S sh:property [ sh:path :p ; sh:node :T ] . :T sh:pattern 'a' .", ':a :p "a" .'),
    "qualified texts": (
        ":S sh:property [ sh:path :p ; sh:qualifiedMinCount 1 ; "
        "sh:qualifiedValueShape [ sh:languageIn ( 'en' ) ] ] .",
        ':a :p "a"@en .',
    ),
    "texts in a list": (
        ":S sh:property [ sh:path :p ; sh:or ( [ sh:node :T ] ) ] . :T sh:datatype xsd:date .",
        ':a :p "a" .',
    ),
    "paths in paths": (
        ":S sh:not [ sh:path [ sh:inversePath [ sh:zeroOrOnePath ( :p :q ) ] ] ] .",
        ":a a :C .",
    ),
    "circles": (":S sh:path [ sh:oneOrMorePath :p ] ; sh:maxLength 2 .", ":a :p :a ."),
    "looking ahead": (":S sh:property [ sh:path :p ; sh:pattern '(?=b)' ] .", ':a :p "a" .'),
    "flags": (":S sh:property [ sh:path :p ; sh:pattern 'a b' ; sh:flags 'x' ] .", ':a :p "a" .'),
    "a pattern that is none": (":S sh:property [ sh:path :p ; sh:pattern '(' ] .", ':a :p "a" .'),
    "a number that is none": (":S sh:property [ sh:path :p ; sh:minCount 'one' ] .", ":a :p 1 ."),
    "no path": (":S sh:property [ a sh:PropertyShape ; sh:minCount 1 ] .", ":a :p 1 ."),
    "two numbers": (":S sh:property [ sh:path :p ; sh:minCount 1 , 2 ] .", ":a :p 1 ."),
    "no list": (":S sh:property [ sh:path :p ; sh:in :b ] .", ":a :p 1 ."),
    "a kind that is none": (":S sh:nodeKind sh:Iri .", ":a :p 1 ."),
    "a query without the thing": (
        ":S sh:sparql [ sh:select 'SELECT ?value { $this <urn:p> ?value }' ] .",
        ":a :p 1 .",
    ),
    "deactivated": (
        ":S sh:or ( [ sh:deactivated true ; sh:path :p ; sh:minCount 1 ] ) .",
        ":a :q :b .",
    ),
    "times and numbers": (
        ":S sh:property [ sh:path :p ; sh:minInclusive '2024-01-01'^^xsd:date ] .",
        ":a :p 5 .",
    ),
    "days that are none": (
        ":S sh:property [ sh:path :p ; sh:lessThan :q ] .",
        ":a :p '2024-02-30'^^xsd:date ; :q '2024-01-01'^^xsd:date .",
    ),
    "integers": (":S sh:property [ sh:path :p ; sh:datatype xsd:int ] .", ":a :p 1 ."),
    "components": (":C sh:parameter [ sh:path :x ] .", ":a :p 1 ."),
    "paths in queries": (
        ':S sh:targetClass :C ; sh:sparql [ sh:select "SELECT $this { $this <urn:p>* ?o }" ] .',
        ":a :p 1 .",
    ),
}


@pytest.mark.parametrize("case", UNTRUSTED)
def test_the_accelerator_is_not_trusted_with_what_it_gets_wrong(case: str) -> None:
    shapes, data = map(graph, UNTRUSTED[case])
    chosen, notes = engines.best(shapes, data)
    assert chosen.name == "pySHACL"
    assert notes[0].startswith("shacl-rust was not used, since ")


def test_it_is_taken_where_it_may_be_trusted() -> None:
    assert engines.best(graph(SHAPES), graph(DATA)) == (engines.ENGINES[0], [])


def test_it_is_asked_again_with_the_data_that_it_is_given() -> None:
    """An engine is chosen by a contribution, and runs over what is published too."""
    shapes = graph(
        ":S sh:targetClass :C ; sh:property [ sh:path :p ; sh:node [ sh:datatype xsd:date ] ] ."
    )
    engine, _ = engines.best(shapes, graph(":a a :C ."))
    assert engine.name == "shacl-rust"
    notes: list[str] = []
    data = graph(":a a :C ; :p '2024-01-02'^^xsd:date .")
    assert engines.run(engine, shapes, data, seconds=30, memory=BYTES, notes=notes) == []
    assert "texts" in notes[0]


def test_a_graph_that_it_cannot_read_is_read_by_pyshacl() -> None:
    shapes = graph(":S sh:targetNode :a ; sh:property [ sh:path :p ; sh:minCount 2 ] .")
    data = graph(":a :p <<( :x :y :z )>> , 1 .")
    notes: list[str] = []
    found = engines.run(engines.ShaclRust(), shapes, data, seconds=30, memory=BYTES, notes=notes)
    assert len(found) == 1
    assert "could not read" in notes[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'2024-03-01'^^xsd:date", "'2024-02-30'^^xsd:date"),
        ("'2025'^^xsd:gYear", "'2024'^^xsd:gYear"),
        ("'x'^^xsd:integer", "1"),
        ("[]", "1"),
        ("1", "[]"),
        ("'NaN'^^xsd:double", "1.5"),
        ("1", ":b"),
    ],
)
def test_what_cannot_be_compared_is_found_and_stops_nothing(one: str, other: str) -> None:
    shapes = graph(":S sh:targetNode :a ; sh:property [ sh:path :p ; sh:lessThanOrEquals :q ] .")
    data = graph(f":a :p {one} ; :q {other} .")
    found = engines.run(engines.PySHACL(), shapes, data, seconds=30, memory=BYTES)
    assert [row.component.rpartition("#")[2] for row in found] == [
        "LessThanOrEqualsConstraintComponent"
    ]


def test_a_literal_beside_another_form_of_it_is_told_as_it_is() -> None:
    shapes = graph(":S sh:targetNode :c ; sh:property [ sh:path :q ; sh:maxLength 0 ] .")
    data = graph(":c :q true . :e :p '1'^^xsd:boolean .")
    for engine in engines.ENGINES:
        (found,) = engines.run(engine, shapes, data, seconds=30, memory=BYTES)
        assert found.value.value == "true"


def test_over_random_shapes_and_data_it_finds_what_pyshacl_finds() -> None:
    """A sample; `make engines` runs as many as one likes."""
    told = Counter(fuzz_engines.compared(seed) for seed in range(60))
    assert set(told) == {"same", "refused"}, [one for one in told if "seed" in one]
    assert told["same"] > 25


def test_an_engine_that_is_asked_for_is_taken_or_missed_in_words() -> None:
    assert engines.best(graph(SHAPES), graph(DATA), "PYSHACL")[0].name == "pySHACL"
    with pytest.raises(CouldNotCheck, match="There is no engine zork"):
        engines.best(graph(SHAPES), graph(DATA), "zork")


def test_in_a_child_the_engine_of_record_finds_the_same() -> None:
    shapes, data = graph(SHAPES), graph(DATA)
    found = engines.run(engines.PySHACL(), shapes, data, seconds=30, memory=BYTES)
    assert set(found) == set(engines.PySHACL().run(shapes, data))
    assert [one.messages for one in found if one.messages]


class Slow:
    name, version = "slow", "1"

    def refuses(self, shapes: object, data: object) -> str:
        return ""

    def run(self, shapes: object, data: object) -> list[Result]:
        time.sleep(60)
        return []


class Dying(Slow):
    def run(self, shapes: object, data: object) -> list[Result]:
        os.kill(os.getpid(), signal.SIGSEGV)
        return []


class Mistaken(engines.PySHACL):
    def run(self, shapes: object, data: object) -> list[Result]:
        raise KeyError("oops")


class Hungry(engines.PySHACL):
    def run(self, shapes: object, data: object) -> list[Result]:
        bytearray(10_000_000_000)
        return []


@pytest.mark.parametrize("engine", engines.ENGINES, ids=lambda one: one.name)
@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("sh:node :T", "T>. What is wrong: q: Give a q."),
        ("sh:and ( :T )", "What is wrong: q: Give a q."),
        (
            "sh:or ( [ sh:class :X ] :T )",
            f"One of these must be mended: <{NS}c> must be of the class <{NS}X>: say that it is, "
            "or name another. q: Give a q.",
        ),
        ("sh:or ( :T ) ; sh:message 'Mind it.'@en", "Mind it."),
    ],
)
def test_of_rules_made_of_others_it_is_told_what_these_find(
    engine: Engine, rule: str, words: str
) -> None:
    shapes = graph(
        f":S sh:targetNode :a ; sh:property [ sh:path :p ; {rule} ] ."
        ":T sh:property [ sh:path :q ; sh:minCount 1 ; sh:message 'Give a q.'@en ] ."
    )
    data = graph(":a :p :b , :c . :b :q 1 .")
    (found,) = engines.run(engine, shapes, data, seconds=30, memory=BYTES)
    assert found.value == ox.NamedNode(f"{NS}c")
    assert Shapes(shapes).messages(found)["en"].endswith(words)


def test_past_its_time_it_is_ended_and_nothing_is_said_to_conform() -> None:
    started = time.monotonic()
    with pytest.raises(TimedOut):
        engines.run(Slow(), graph(SHAPES), graph(DATA), seconds=0.5, memory=BYTES)
    assert time.monotonic() - started < 10


def test_where_an_accelerator_dies_pyshacl_does_its_work() -> None:
    notes: list[str] = []
    found = engines.run(Dying(), graph(SHAPES), graph(DATA), seconds=30, memory=BYTES, notes=notes)
    assert len(found) == 4
    assert engines.named(Dying(), notes) == f"slow 1, pySHACL {engines.PySHACL().version}"


def test_a_mistake_in_the_program_is_told_as_one() -> None:
    with pytest.raises(EngineFailed, match="The program failed: KeyError: 'oops'"):
        engines.run(Mistaken(), graph(SHAPES), graph(DATA), seconds=30, memory=BYTES)


def test_where_pyshacl_dies_it_could_not_be_checked() -> None:
    with pytest.raises(EngineFailed):
        engines.run(Hungry(), graph(SHAPES), graph(DATA), seconds=30, memory=500_000_000)


def test_a_pattern_that_never_ends_is_ended() -> None:
    shapes = graph(":S sh:targetNode :a ; sh:property [ sh:path :p ; sh:pattern '^(a+)+$' ] .")
    data = graph(f':a :p "{"a" * 40}b" .')
    with pytest.raises(TimedOut):
        engines.run(engines.PySHACL(), shapes, data, seconds=1, memory=BYTES)


def test_a_query_that_would_ask_another_endpoint_is_refused() -> None:
    shapes = graph(
        ':S sh:targetNode :a ; sh:sparql [ sh:select "SELECT $this { SERVICE <http://x/> '
        '{ $this ?p ?o } }" ] .'
    )
    for engine in engines.ENGINES:
        with pytest.raises(CouldNotCheck, match="SERVICE"):
            engines.run(engine, shapes, graph(":a :p 1 ."), seconds=30, memory=BYTES)


def test_our_shapes_have_nothing_that_an_engine_passes_over() -> None:
    assert [one for one in Shapes(of_ours("shapes")).faults() if "sh:" in one] == []
    wrong = Shapes(graph(":S sh:minCuont 1 ; sh:property :nowhere ."))
    assert len(wrong.faults()) == 2


def test_over_generated_data_each_way_finds_exactly_what_was_planted() -> None:
    data = domain.Domain.of(5_000, each=2)
    shapes, triples = domain.shapes(), list(data.triples())
    base = Stored(bench_checks.store(data), ())
    ways = [
        *(engines.run(one, shapes, triples, seconds=60, memory=BYTES) for one in engines.ENGINES),
        chunks.validate(
            Shapes(shapes), base, engines.PySHACL(), seconds=60, memory=BYTES, processes=2, size=70
        )[0],
    ]
    assert len(data.planted) == 2 * len(domain.FAULTS)
    assert all(bench_checks.exact(data, found) for found in ways)
    assert set(ways[0]) == set(ways[1]) == set(ways[2])
