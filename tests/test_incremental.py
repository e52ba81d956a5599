"""A contribution is judged as if everything were validated before and after, from what it touches.

`fuzz` makes the random cases; what it found once is here as a test of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import engines as servers
import fuzz
from foedera import release, terms
from foedera.check import incremental, reads, rules, selects
from foedera.check.base import MANY, Base, Memory, Remote, Stored
from foedera.check.engines import PySHACL, installed
from foedera.check.incremental import Outcome
from foedera.check.results import Engine, Result
from foedera.stores.embedded import EmbeddedStore
from foedera.stores.load import load
from foedera.stores.remote import RemoteStore

PREFIXES = f"""
@prefix : <{fuzz.EX}> .
@prefix rdf: <{terms.RDF}> .
@prefix rdfs: <{terms.RDFS}> .
@prefix sh: <{terms.SH}> .
@prefix xsd: <{terms.XSD}> .
"""


def triples(turtle: str) -> tuple[ox.Triple, ...]:
    """Triples; their blank nodes have the names that the text gives them."""
    text = PREFIXES + turtle
    return tuple(quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE))


class Counting(PySHACL):
    """pySHACL, and how many triples it was given each time."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []

    def run(self, shapes: Sequence[ox.Triple], data: Sequence[ox.Triple]) -> list[Result]:
        self.given.append(len(data))
        return super().run(shapes, data)


def judged(
    shapes: str, published: str | Base, added: str = "", removed: str = "", engine: Any = None
) -> Outcome:
    return incremental.judge(
        fuzz.Rules(triples(shapes)),
        Memory(triples(published)) if isinstance(published, str) else published,
        triples(added),
        triples(removed),
        engine=engine or PySHACL(),
        seconds=0,
        memory=0,
    )


def names(results: Iterable[Result]) -> list[str]:
    """Short names of the things that results are about."""
    return [str(one.focus).removeprefix(f"<{fuzz.EX}").removesuffix(">") for one in results]


BOOK = """
:Book a sh:NodeShape ; sh:targetClass :Book ;
    sh:property [ sh:path :author ; sh:minCount 1 ; sh:class :Person ] .
"""

# What is told apart


def test_what_comes_what_goes_and_what_stays_are_told_apart() -> None:
    published = ":kokoro a :Book . :sanshiro a :Book . :soseki a :Person . :botchan a :Book ."
    added = ":mon a :Book . :kokoro :author :soseki . :sanshiro :title 'Sanshirō' , 'S' ."
    found = judged(
        BOOK + ":Book sh:property [ sh:path :title ; sh:maxCount 9 ] .", published, added
    )
    assert names(found.introduced) == ["mon"]
    assert names(found.resolved) == ["kokoro"]
    assert names(found.there) == ["sanshiro"]
    assert found.affected == 3
    assert found.notes == []


def test_a_removal_is_judged_as_an_addition_is() -> None:
    published = ":kokoro a :Book ; :author :soseki . :soseki a :Person ."
    assert names(judged(BOOK, published, removed=":soseki a :Person .").introduced) == ["kokoro"]
    assert judged(BOOK, published, removed=":kokoro a :Book .").introduced == []


def test_what_is_removed_and_added_again_is_no_change() -> None:
    published = ":kokoro a :Book ."
    assert judged(BOOK, published, published, published) == Outcome()


def test_what_is_published_already_introduces_nothing() -> None:
    published = ":kokoro a :Book ; :author :soseki . :other a :Book ."
    assert judged(BOOK, published, published) == Outcome()


def test_a_blank_node_is_judged_like_anything_else() -> None:
    found = judged(BOOK, "_:there a :Book .", "_:new a :Book . _:there :title 'T' .")
    assert [str(one.focus) for one in found.introduced] == ["_:new"]


def test_a_literal_can_be_what_a_shape_is_for() -> None:
    shapes = ":S a sh:NodeShape ; sh:targetObjectsOf :year ; sh:datatype xsd:gYear ."
    found = judged(shapes, ":a :year 1914 .", ":b :year 'long ago' .")
    assert [str(one.focus) for one in found.introduced] == ['"long ago"']


def test_only_what_decides_is_given_to_the_engine() -> None:
    """However many books there are, and whatever else is said of the author."""
    few, many = (
        f":soseki a :Person . {' '.join(f':b{n} a :Book ; :author :soseki .' for n in range(size))}"
        for size in (10, 1000)
    )
    counts = []
    for published in (few, many):
        engine = Counting()
        found = judged(BOOK, published, ":new a :Book ; :author :soseki .", engine=engine)
        assert found.affected == 1
        counts.append(engine.given)
    assert counts[0] == counts[1]
    assert max(counts[0]) < 6


@pytest.mark.parametrize("engine", installed(), ids=lambda engine: engine.name)
def test_any_engine_can_run_in_a_child_with_limits(engine: Engine) -> None:
    """Blank nodes and literals have the same names there and back."""
    shapes = ":Y a sh:NodeShape ; sh:targetObjectsOf :year ; sh:datatype xsd:gYear . "
    shapes += ":B a sh:NodeShape ; sh:targetClass :Book ; sh:property :p . "
    shapes += ":p sh:path :author ; sh:minCount 1 ."
    published = "_:there a :Book . :a :year 'long ago' ."
    added = "_:new a :Book . _:there :title 'T' . :b :year '01'^^xsd:integer ."
    found = incremental.judge(
        fuzz.Rules(triples(shapes)),
        Memory(triples(published)),
        triples(added),
        engine=engine,
        seconds=20,
        memory=2_000_000_000,
    )
    assert found == judged(shapes, published, added)
    integer = "http://www.w3.org/2001/XMLSchema#integer"
    assert [str(one.focus) for one in found.introduced] == [f'"01"^^<{integer}>', "_:new"]


# Classes


TREE = ":Novel rdfs:subClassOf :Book . :Person a :Class ."


def test_a_thing_of_a_narrower_class_is_judged_by_the_shape_of_the_wider() -> None:
    assert names(judged(BOOK, TREE, ":mon a :Novel .").introduced) == ["mon"]


def test_a_class_that_moves_takes_its_things_along() -> None:
    published = ":mon a :Tale . :kokoro a :Book . :Saga rdfs:subClassOf :Tale . :egil a :Saga ."
    found = judged(BOOK, published, ":Tale rdfs:subClassOf :Book .")
    assert names(found.introduced) == ["egil", "mon"]
    assert found.affected == 2


def test_a_type_that_makes_no_difference_affects_nothing() -> None:
    """As where what all point to is said once more to be what it is."""
    published = f"{TREE} :s a :Person . :Poet rdfs:subClassOf :Person . :k a :Book ; :author :s ."
    assert judged(BOOK, published, ":s a :Poet .").affected == 0


# What fuzzing found


def test_what_is_reported_for_another_thing_as_well_is_not_introduced() -> None:
    """The chapter is judged on behalf of each book that has it."""
    shapes = """
    :Book a sh:NodeShape ; sh:targetClass :Book ; sh:property [ sh:path :part ; sh:property :p ] .
    :p sh:path :title ; sh:minCount 1 .
    """
    published = ":k a :Book ; :part :chapter ."
    found = judged(shapes, published, ":l a :Book ; :part :chapter .")
    assert names(found.introduced) == []
    assert names(found.there) == ["chapter"]
    found = judged(shapes, published + ":l a :Book ; :part :chapter .", removed=":l a :Book .")
    assert names(found.resolved) == []


def test_a_number_that_is_written_otherwise_is_reported_for_itself() -> None:
    shapes = """
    :S a sh:NodeShape ; sh:targetSubjectsOf :size ; sh:property [ sh:path :size ; sh:property :p ] .
    :p sh:path [ sh:zeroOrOnePath :none ] ; sh:in ( 2 ) .
    """
    published = ":a :size '01'^^xsd:integer . :b :size 1 ."
    found = judged(shapes, published, removed=":a :size '01'^^xsd:integer .")
    assert [one.focus.value for one in found.resolved] == ["01"]
    assert judged(shapes, published, removed=":b :size 1 .").there == []


def test_a_number_that_is_written_otherwise_is_another_thing_to_judge() -> None:
    shapes = ":S a sh:NodeShape ; sh:targetObjectsOf :size ; sh:property :p . "
    shapes += ":p sh:path :none ; sh:minCount 1 ."
    found = judged(shapes, ":a :size '01'^^xsd:integer .", ":b :size 1 .")
    assert [one.focus.value for one in found.introduced] == ["1"]
    found = judged(shapes, ":a :size '01'^^xsd:integer . :b :size 1 .", removed=":b :size 1 .")
    assert [one.focus.value for one in found.resolved] == ["1"]


def test_what_is_reported_by_way_of_a_path_of_no_length_is_not_resolved() -> None:
    shapes = """
    :S a sh:NodeShape ; sh:targetObjectsOf :p ; sh:property [ sh:property :q ;
        sh:path [ sh:alternativePath ( :p [ sh:zeroOrOnePath :t ] ) ] ] .
    :q sh:path :none ; sh:minCount 1 .
    """
    found = judged(shapes, ":x :p :b . :b :p :v .", removed=":x :p :b .")
    assert names(found.resolved) == ["b"]


def test_a_property_shape_can_be_a_class_too() -> None:
    shapes = ":S a rdfs:Class ; sh:path :p ; sh:minCount 1 ."
    shapes += ":T a sh:NodeShape ; sh:targetNode :n ; sh:or ( :S [ sh:hasValue :n ] ) ."
    assert names(judged(shapes, "", ":x a :S .").introduced) == ["x"]


@pytest.mark.parametrize("order", [":a :b", ":b :a"])
def test_the_inverse_of_a_sequence_is_followed_in_either_order(order: str) -> None:
    """pySHACL takes its pieces in the order of the list, which is not that of the specification."""
    shapes = ":S a sh:NodeShape ; sh:targetNode :n ; sh:property :p . :p sh:maxCount 0 ; "
    shapes += f"sh:path [ sh:inversePath ( {order} ) ] ."
    near, far = ":y :a :n .", ":x :b :y ."
    for added, published in ((near, far), (far, near)):
        case = fuzz.Case("", fuzz.Rules(triples(shapes)), triples(published), triples(added), ())
        assert fuzz.failing([case], PySHACL()) == {}
        assert judged(shapes, published, added).affected == 1


def test_a_property_that_is_only_named_may_still_be_there_in_a_closed_shape() -> None:
    shapes = ":S a sh:NodeShape ; sh:targetSubjectsOf :p ; sh:closed true ; "
    shapes += "sh:property [ sh:path :p ; sh:name 'P' ] ."
    assert judged(shapes, "", ":a :p 1 .").introduced == []
    assert names(judged(shapes, "", ":a :p 1 ; :q 2 .").introduced) == ["a"]


@pytest.mark.parametrize("target", [":S", ":p"])
def test_what_a_qualified_value_must_not_be_counts(target: str) -> None:
    """The shapes beside it are looked at, also where only it says what it is for."""
    shapes = f"""
    {target} sh:targetNode :n .
    :S a sh:NodeShape ; sh:property :p , [ sh:path :part ;
        sh:qualifiedValueShape [ sh:path :b ; sh:minCount 1 ] ; sh:qualifiedMinCount 0 ] .
    :p a sh:PropertyShape ; sh:path :part ; sh:qualifiedValueShapesDisjoint true ;
        sh:qualifiedValueShape [ sh:path :a ; sh:minCount 1 ] ; sh:qualifiedMinCount 1 .
    """
    assert names(judged(shapes, ":n :part :v . :v :a 1 .", ":v :b 1 .").introduced) == ["n"]


# What cannot be followed


def test_only_the_shape_that_cannot_be_followed_is_run_over_all() -> None:
    opaque = """
    :Odd a sh:NodeShape ; sh:targetClass :Odd ; sh:sparql [ sh:select
        "SELECT $this WHERE { $this <http://example.org/p>* ?x . ?x a ?any }" ] .
    """
    published = " ".join(f":b{n} a :Book . :o{n} a :Odd ." for n in range(50))
    engine = Counting()
    found = judged(BOOK + opaque, published, ":new a :Book , :Odd .", engine=engine)
    assert names(found.introduced) == ["new", "new"]
    assert len(found.there) == 50  # of the odd ones
    assert found.notes == [
        "<http://example.org/Odd> was run over all it is for, before and after: "
        "its query has a path"
    ]
    assert sorted(engine.given) == [1, 100, 102]


def test_one_that_cannot_be_followed_is_left_alone_where_it_reads_nothing_of_a_change() -> None:
    shapes = ":S a sh:NodeShape ; sh:targetClass :S ; sh:property [ sh:path :next ; sh:node :S ] ."
    published = ":a a :S ; :next :b ."
    assert judged(shapes, published, ":a :title 'A' .") == Outcome()
    found = judged(shapes, published, ":c :next :a .")
    assert found.notes == [
        "<http://example.org/S> was run over all it is for, before and after: it refers to itself"
    ]


def test_all_that_a_refused_shape_can_read_counts_as_a_change_to_it() -> None:
    """Not only what comes before the part that cannot be followed."""
    shapes = """
    :S a sh:NodeShape ; sh:targetNode :n ;
        sh:sparql [ sh:select "SELECT $this { $this <http://e/p> ?x . ?y <http://e/p> 1 }" ] ;
        sh:property [ sh:path :title ; sh:maxCount 0 ] .
    """
    assert names(judged(shapes, "", ":n :title 'N' .").introduced) == ["n"]


def test_a_constraint_that_needs_no_parameter_applies_to_all_shapes() -> None:
    shapes = ":S a sh:NodeShape ; sh:targetClass :S . :C a sh:ConstraintComponent ; sh:parameter "
    shapes += "[ sh:path :odd ; sh:optional true ] ."
    assert [one.why for one in reads.Plan(triples(shapes)).opaque] == [
        ("there is a constraint that applies to all shapes",)
    ]


def test_what_two_shapes_share_is_not_introduced_though_one_cannot_be_followed() -> None:
    shapes = """
    :Odd a sh:NodeShape ; sh:targetNode :n ; sh:property :p ; sh:property
        [ sh:path :next ; sh:node :Odd ] .
    :Even a sh:NodeShape ; sh:targetSubjectsOf :even ; sh:property :p .
    :p sh:path :title ; sh:minCount 1 .
    """
    found = judged(shapes, "", ":n :even :m .")
    assert names(found.introduced) == []


@pytest.mark.parametrize(
    ("constraint", "why"),
    [
        ("sh:js [ ]", "it has sh:js"),
        ("sh:expression [ ]", "it has sh:expression"),
        ("sh:target [ ] ", "it has sh:target"),
        ("sh:someValue 1", "it has sh:someValue"),
        (":odd 1", f"it has a constraint of its own kind, <{fuzz.EX}odd>"),
        ("sh:node :S", "it refers to itself"),
        ("sh:property [ sh:path [ ] ; sh:minCount 1 ]", "its path is not understood"),
        ("sh:or 1", "it has a list that is broken"),
    ],
)
def test_what_is_not_known_to_be_followed_is_refused(constraint: str, why: str) -> None:
    shapes = f"""
    :S a sh:NodeShape ; sh:targetClass :S ; {constraint} .
    :C a sh:ConstraintComponent ; sh:parameter [ sh:path :odd ] .
    """
    plan = reads.Plan(triples(shapes))
    assert not plan.targets
    assert [one.why for one in plan.opaque] == [(why,)]


# Queries


@pytest.mark.parametrize(
    "where",
    [
        "$this :p ?value",
        "?value :p $this ; a :C .",
        "$this :p ?a . ?a ^:q ?b . FILTER ( ?a != ?b && regex( str( ?b ), '}' ) )",
        "$this :p ?a FILTER NOT EXISTS { ?a :q ?b . FILTER NOT EXISTS { ?b :r $this } }",
        "{ $this :p ?a } UNION { ?a :q $this } ?a :r 'x'@en , 1 , -2.5 , 'y'^^xsd:date , true",
        "$this :p ?a OPTIONAL { ?a :q ?b } BIND ( 1 + 1 AS ?two ) FILTER ( bound( ?b ) )",
        "$this $PATH ?value # a remark with { in it",
    ],
)
def test_a_query_is_followed(where: str) -> None:
    prefixes = {"": fuzz.EX, "xsd": terms.XSD}
    text = f"PREFIX rdf: <{terms.RDF}> SELECT DISTINCT $this ?value {{ {where} \n}} ORDER BY ?value"
    assert selects.bodies(text, prefixes, (fuzz.ex("p"), False))


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("$this :p/:q ?x", "its query has a path"),
        ("$this :p* ?x", "its query has a path"),
        ("$this !:p ?x", "its query has !, which is not understood"),
        ("$this ?p ?x", "its query has ?p for a predicate"),
        ("?x :p ?y", "a part of its query is not connected to $this"),
        ("$this :p ?y . ?x :p ?z", "a part of its query is not connected to $this"),
        (
            "$this :p ?y FILTER EXISTS { ?x :p ?z }",
            "a part of its query is not connected to $this",
        ),
        (
            "$this :p :here . :here :limit ?most",
            "a part of its query is not connected to $this",
        ),
        (
            "{ $this :p ?x } UNION { $this :q ?y } ?x :r ?z",
            "a part of its query is not connected to $this",
        ),
        (
            "$this :p ?y OPTIONAL { ?y :q ?z } FILTER EXISTS { ?z :r $this }",
            "it goes on from what an OPTIONAL may have found",
        ),
        ("OPTIONAL { $this :p ?y } ?y :q ?z", "its query has something behind an OPTIONAL"),
        ("{ $this :p ?y OPTIONAL { ?y :q ?z } }", "its query has OPTIONAL"),
        (
            "{ ?x :q $this FILTER EXISTS { ?x :p ?y } } $this :q ?y",
            "its query has EXISTS in a group within a group",
        ),
        ("$this :p ?y BIND ( iri( ?y ) AS ?z ) ?y :q ?z", "it looks for what it has computed"),
        ("$this :p ?y FILTER ( rand() > 0.5 )", "its query has RAND, which is not the same"),
        ("$this :p ?y FILTER ( now() > ?y )", "its query has NOW, which is not the same"),
        ("$this :p ?y FILTER ( :mine( ?y ) )", "its query calls :mine"),
        ("$this :p ?y MINUS { $this :q ?y }", "its query has MINUS"),
        ("GRAPH ?g { $this :p ?y }", "its query has GRAPH"),
        ("VALUES ?y { 1 } $this :p ?y", "its query has VALUES"),
        ("{ SELECT ?y { $this :p ?y } }", "its query has SELECT"),
        ("SERVICE :s { $this :p ?y }", "its query has SERVICE"),
        ("$this :p [ :q 1 ]", "its query has [ where that is not understood"),
        ("$this unknown:p ?y", "its query has unknown:p, which is not understood"),
        ("$this :p $shapesGraph", "its query looks for $shapesGraph"),
        ("$this :p 'x", "its query cannot be read"),
        ("$this :p\\u0061 ?x", "its query has codepoint escapes"),
        ("$this :p ?x } GROUP BY ?x {", "its query has GROUP where that is not understood"),
        ("$this :p ?x } LIMIT 1 {", "its query has LIMIT where that is not understood"),
        (" ".join(f"{{ $this :p ?x{n} }} UNION {{ $this :q ?x{n} }}" for n in range(6)), "its UN"),
    ],
)
def test_a_query_that_is_not_followed_is_refused(where: str, why: str) -> None:
    with pytest.raises(selects.Refused) as refused:
        selects.bodies(f"SELECT $this {{ {where} }}", {"": fuzz.EX})
    assert refused.value.why.startswith(why)


def test_a_query_meets_numbers_that_are_written_otherwise() -> None:
    """Oxigraph, which answers the queries, takes them for the same."""
    code = "<http://example.org/code>"
    where = f"$this {code} ?c . ?value {code} ?c FILTER ( ?value != $this )"
    shapes = triples(
        ":S a sh:NodeShape ; sh:targetSubjectsOf :code ; sh:sparql [ sh:select "
        f"'SELECT $this ?value {{ {where} }}' ] ."
    )
    published, added = triples(":a :code 1 ."), triples(":b :code '01'^^xsd:integer .")
    case = fuzz.Case("", fuzz.Rules(shapes), published, added, ())
    done = fuzz.tried(case, PySHACL())
    assert (done.wrong, done.introduced) == ("", 2)


def test_a_prefix_that_is_declared_in_two_ways_is_none() -> None:
    shapes = """
    :S a sh:NodeShape ; sh:targetClass :S ; sh:sparql [ sh:prefixes :o ; sh:select
        "SELECT $this { $this e:p ?x }" ] .
    :o a <http://www.w3.org/2002/07/owl#Ontology> ; sh:declare [ sh:prefix "e" ; sh:namespace
        "http://example.org/" ] .
    """
    other = shapes.partition(":o a")[2].replace("example.org", "example.com")
    assert reads.Plan(triples(shapes)).opaque == []
    assert len(reads.Plan(triples(f"{shapes} :other a {other}")).opaque) == 1


# Random cases

SEEDS = [range(start, start + 20) for start in (0, 20, 40)]
"""A sample; `make fuzz` runs as many as one likes."""


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
def test_incremental_is_full_for_random_shapes(seeds: range) -> None:
    cases = (fuzz.small(seed) for seed in seeds)
    assert fuzz.failing(cases, PySHACL()) == {}


@pytest.fixture(scope="module")
def ours() -> fuzz.Published:
    """The publication of this repository."""
    return fuzz.ours()


@pytest.mark.whole
def test_incremental_is_full_for_random_changes_to_what_we_publish(ours: fuzz.Published) -> None:
    cases = (ours.case(seed, 0.1) for seed in range(2))
    assert fuzz.failing(cases, PySHACL()) == {}


def test_all_our_shapes_are_followed(ours: fuzz.Published) -> None:
    assert reads.Plan(ours.shapes.triples).opaque == []


def test_the_work_does_not_grow_with_what_is_published(ours: fuzz.Published) -> None:
    contribution = fuzz.contribution(list(fuzz.grown(ours, 1)), 100)
    found = [
        incremental.judge(
            ours.shapes,
            Memory(fuzz.grown(ours, times)),
            contribution,
            engine=PySHACL(),
            seconds=0,
            memory=0,
        )
        for times in (1, 3)
    ]
    assert found[0].introduced
    assert found[0] == found[1]


# Bases


@pytest.fixture(scope="module")
def stored(dataset: release.Release) -> Stored:
    asked = rules.kept(dataset.path / "rules")
    return Stored(EmbeddedStore.load(dataset.path).store, asked.graphs)


@pytest.fixture(scope="module")
def memory(ours: fuzz.Published, stored: Stored) -> Memory:
    return Memory(map(stored.kept, ours.triples))


def test_what_is_stored_of_a_release_is_what_its_files_state(
    stored: Stored, memory: Memory
) -> None:
    """Not the shapes, nor what was inferred."""
    assert {_shape(one) for one in stored.using(None)} == {
        _shape(one) for one in memory.using(None)
    }


def _shape(triple: ox.Triple) -> tuple[str, ...]:
    """A triple, whatever its blank nodes are called."""
    parts = (triple.subject, triple.predicate, triple.object)
    return tuple("[]" if isinstance(part, ox.BlankNode) else str(part) for part in parts)


def test_an_engine_elsewhere_is_asked_little_and_all_bases_agree(
    ours: fuzz.Published,
    stored: Stored,
    memory: Memory,
    dataset: release.Release,
    tmp_path: Path,
) -> None:
    """A contribution of 500 triples costs at most 80 queries."""
    contribution = fuzz.contribution(ours.triples, 500)
    with servers.started("oxigraph", tmp_path) as endpoint:
        load(endpoint, dataset.path, [], lambda _: None)
        remote = Remote(RemoteStore.open(dataset.path, endpoint))
        bases: list[Base] = [memory, stored, remote]
        found = [
            incremental.judge(
                ours.shapes, base, contribution, engine=PySHACL(), seconds=0, memory=0
            )
            for base in bases
        ]
        assert found[0].introduced
        assert found[0].introduced == found[1].introduced == found[2].introduced
        assert found[0].read == found[1].read == found[2].read
        assert found[0].queries == found[1].queries == 0
        assert 0 < found[2].queries <= 80
        _asks_the_same(memory, remote)


def test_a_store_answers_as_memory_does(stored: Stored, memory: Memory) -> None:
    _asks_the_same(memory, stored)


def _asks_the_same(memory: Memory, base: Base) -> None:
    polity = ox.NamedNode(f"{terms.FOEDERA}Polity")
    type_, label = ox.NamedNode(terms.TYPE), ox.NamedNode(terms.LABEL)
    some = sorted({one.subject for one in memory.into([polity], [type_])}, key=str)[:5]
    assert some
    odd = [ox.Literal("x"), ox.Literal("1", datatype=fuzz.ex("odd")), fuzz.ex("nowhere")]
    assert base.out([*some, *odd], [type_, label]) == memory.out(some, [type_, label])
    assert base.out(some) == memory.out(some)
    assert base.into([*some, *odd]) == memory.into(some)
    assert base.counts([(polity, type_), (some[0], label)]) == {
        (polity, type_): min(MANY, len(memory.into([polity], [type_]))),
        (some[0], label): 0,
    }
    iris = [one.value for one in some if isinstance(one, ox.NamedNode)]
    assert base.known([*iris, "http://example.org/a b", "x"]) == set(iris)
    assert base.labels([*iris, '"'])[iris[0]]["en"] == memory.labels(iris)[iris[0]]["en"]
    first = ox.NamedNode(terms.FIRST)
    lists = {one.subject for one in base.using([first])}  # which are blank nodes
    assert lists
    assert {one.subject for one in base.out(lists, [first])} == lists
    assert len(base.into(lists)) == len(memory.into({one.subject for one in memory.using([first])}))
    using = set(base.using([label]))
    assert {_shape(one) for one in using} == {_shape(one) for one in memory.using([label])}
    assert base.everything(10) is None


def test_a_number_that_is_written_otherwise_is_no_second_value() -> None:
    """A store keeps one form of it, and cannot tell which the file has."""
    shapes = ":S a sh:NodeShape ; sh:targetSubjectsOf :size ; sh:property :p . "
    shapes += ":p sh:path :size ; sh:maxCount 1 ."
    store = ox.Store()
    store.extend(
        ox.Quad(one.subject, one.predicate, one.object, fuzz.ex("graph"))
        for one in triples(":a :size '01'^^xsd:integer .")
    )
    base = Stored(store, [])
    assert judged(shapes, base, ":a :size '01'^^xsd:integer .") == Outcome()
    assert names(judged(shapes, base, ":a :size 2 .").introduced) == ["a"]
    removed = ":a :size '001'^^xsd:integer ."
    assert judged(shapes, base, ":a :size 2 .", removed).introduced == []


def test_an_iri_that_is_none_is_never_sent() -> None:
    class Silent:
        base, inferred, manifest = "http://example.org/", "http://example.org/i", {"files": []}

        def query(self, text: str) -> Any:
            raise AssertionError(text)

    odd = "<http://example.org/a> <http://example.org/b> <http://example.org/{c}> ."
    quads = ox.parse(odd, format=ox.RdfFormat.N_TRIPLES, lenient=True)
    values = [quad.object for quad in quads]
    assert Remote(Silent()).into(values, [fuzz.ex("p")]) == set()  # type: ignore[arg-type]
