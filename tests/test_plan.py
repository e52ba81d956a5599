"""Queries as the engine should do them: the same solutions, each as often, in the same order."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pyoxigraph as ox
import pytest

from foedera.query import plan
from foedera.query.plan import Planned, better
from foedera.release import _numbers

NS = "https://example.org/"
PREFIXES = {"": NS, "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
THINGS = [f"t{n}" for n in range(12)]
CLASSES = ["Work", "Book", "Novel"]
SEEDS = range(25)


def random_store(seed: int) -> ox.Store:
    """Things of some classes, with names and numbers, within each other, in circles too."""
    made = random.Random(seed)
    lines = [f":{one} :above :{other} ." for one, other in pairwise(CLASSES)]
    for _ in range(made.randrange(20, 120)):
        subject = made.choice([f":{made.choice(THINGS)}", f"_:b{made.randrange(3)}"])
        value = made.choice(THINGS)
        fact = made.choice(
            [f"a :{made.choice(CLASSES)}", f":in :{value}", f":by :{value}", f":n {len(lines)}"]
        )
        lines.append(f"{subject} {fact} .")
    turtle = f"@prefix : <{NS}> .\n" + "\n".join(lines)
    store = ox.Store()
    store.load(turtle, format=ox.RdfFormat.TURTLE)
    return store


def solutions(store: ox.Store, text: str) -> list[Any]:
    found = store.query(text, prefixes=PREFIXES)
    if isinstance(found, ox.QuerySolutions):
        names = sorted(variable.value for variable in found.variables)
        return [tuple(str(row[name]) for name in names) for row in found]
    return [str(one) for one in found] if isinstance(found, ox.QueryTriples) else [bool(found)]


def planned(store: ox.Store, text: str, whole: bool = True, **changes: Any) -> Planned:
    return better(text, _numbers(store) | changes, PREFIXES, whole)


def same(store: ox.Store, text: str) -> bool:
    """Whether a query is changed; what it finds must not be."""
    found = planned(store, text)
    ours, theirs = solutions(store, found.text), solutions(store, text)
    if "ORDER BY" in text:
        assert ours == theirs, (text, found.text)
    assert Counter(ours) == Counter(theirs), (text, found.text)
    assert (found.text != text) == bool(found.notes)
    return bool(found.notes)


def random_group(made: random.Random, depth: int = 0) -> str:
    """A group of patterns as people and programs write them, and worse."""
    blank = f"_:b{made.randrange(10**9)}"
    names = ["?x", "?y", "?z", "?x", "?y", "?x", f":{made.choice(THINGS)}", blank]

    def node() -> str:
        return made.choice(names)

    def triple() -> str:
        verb = made.choice(
            [":in", ":by", "a", "?p", "^:in", ":by/:in", ":in*", ":in+", ":by/:in*", "a/:above*"]
        )
        ends = {"a": f":{made.choice(CLASSES)}", "a/:above*": f":{made.choice(CLASSES)}"}
        return f"{node()} {verb} {ends.get(verb, node()) if made.random() < 0.7 else node()}"

    def path() -> str:
        one = f":{made.choice(THINGS)}"
        verb = made.choice([":in*", ":in+", ":by/:in*", "^:in+", ":by/^:in/:in+"])
        return made.choice([f"?x {verb} {one}", f"?x {verb} {one}", f"{one} {verb} ?x"])

    parts = [triple() for _ in range(made.randrange(1, 4))]
    parts.insert(made.randrange(len(parts) + 1), path())
    text = " . ".join(parts)
    if made.random() < 0.3:
        text = f"?x a :{made.choice(CLASSES)} ; :in ?y , ?z ; :by* :{made.choice(THINGS)} . {text}"
    if made.random() < 0.3:
        text += made.choice(
            [
                " FILTER(?x != ?y)",
                " OPTIONAL { ?x :n ?w }",
                " OPTIONAL { ?x :in* :t1 . ?y :in ?x }",
                " BIND(STR(?x) AS ?v)",
                " FILTER NOT EXISTS { ?x :in+ :t2 . ?x :by ?y }",
                " MINUS { ?x :in* :t3 ; a ?c }",
                f" FILTER(isIRI(?x)) ?x ?q {blank}",
            ]
        )
    if depth < 2 and made.random() < 0.3:
        other = random_group(made, depth + 1)
        text = made.choice(
            [
                f"{{ {text} }} UNION {{ {other} }}",
                f"{{ {text} }} ?x ?q ?w",
                f"{{ SELECT ?x ?y {{ {text} }} }} {{ {other} }}",
                f"?x ?q ?w . {{ {other} }}",
            ]
        )
    return text


def random_query(made: random.Random) -> str:
    group = random_group(made)
    return made.choice(
        [
            f"SELECT ?x ?y ?z {{ {group} }}",
            f"SELECT ?x ?y ?z WHERE {{ {group} }} ORDER BY ?x ?y ?z",
            f"SELECT * {{ {group} }}",
            f"SELECT DISTINCT ?x {{ {group} }}",
            f"SELECT (COUNT(*) AS ?n) {{ {group} }}",
            f"SELECT (COUNT(DISTINCT *) AS ?n) {{ {group} }}",
            f"SELECT ?x (COUNT(?y) AS ?n) {{ {group} }} GROUP BY ?x",
            f"ASK {{ {group} }}",
            f"CONSTRUCT {{ ?x :found ?y }} WHERE {{ {group} }}",
        ]
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_random_queries_find_the_same_over_random_data(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Paths go first wherever they may, and not only where that is likely to be of use.
    monkeypatch.setattr(plan._Plan, "_estimate", lambda plan, triple: 10**9)
    made = random.Random(seed)
    store = random_store(seed)
    changed = sum(same(store, random_query(made)) for _ in range(60))
    assert changed > 5


PLAIN = [
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?p (COUNT(?o) AS ?n) WHERE { ?s ?p ?o . } GROUP BY ?p ORDER BY DESC(?n) ?p",
    "select ?c (count(distinct ?s) as ?n) where { ?s a ?c } group by ?c ORDER BY ?c LIMIT 2",
    "SELECT ?c (COUNT(*) AS ?n) { [] rdf:type ?c } GROUP BY ?c",
    "SELECT DISTINCT ?c { [] a ?c }",
    "SELECT DISTINCT ?p WHERE { ?s ?p [] } ORDER BY ?p",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(DISTINCT ?p) AS ?n) { [] ?p [] }",
    "SELECT (COUNT(DISTINCT ?c) AS ?n) { ?s a ?c }",
    "SELECT (COUNT(?s) AS ?n) { ?s :in ?o }",
    "SELECT ?p ?n { { SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p } FILTER(?n > 3) }",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_the_numbers_tell_is_not_counted_again(text: str) -> None:
    for seed in SEEDS:
        assert same(random_store(seed), text)


OTHER = [
    "SELECT (COUNT(DISTINCT *) AS ?n) { [] ?p ?o }",
    "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s a ?o }",
    "SELECT (COUNT(?other) AS ?n) { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?s }",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?p }",
    "SELECT (COUNT(*) AS ?n) { ?s <in> ?o }",
    "SELECT (COUNT(*) AS ?n) { ?s :in ?o FILTER(isIRI(?s)) }",
    "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?o ?q ?t }",
    "SELECT (COUNT(*) AS ?n) { ?s :in+ ?o }",
    "SELECT (COUNT(*) AS ?n) { ?s ^:in ?o }",
    "SELECT ?p (COUNT(DISTINCT ?s) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p HAVING(?n > 3)",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p ORDER BY DESC(COUNT(?s)) ?p",
    "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s",
    "SELECT ?p (SUM(?o) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?p { ?s ?p ?o }",
    "SELECT DISTINCT ?s { ?s a ?o }",
    "SELECT DISTINCT ?c { ?s a ?c } ORDER BY ?s",
    "SELECT ?s { ?s :by ?x FILTER EXISTS { SELECT DISTINCT ?s { ?s a ?c } } }",
    "SELECT ?c ?n { ?x :by ?y { SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c } }",
    "SELECT ?x { ?x :in* :t1 ; :n 3 }",
    "SELECT ?x { ?x :in* :t1 . ?x :by _:b . _:b :by ?y }",
    "SELECT ?x { ?x :in* :t1 . ?y :by ?z }",
    "SELECT ?x { ?x (:in|:by)* :t1 . ?x :by ?y }",
    "SELECT * { ?x :by/:in* :t1 . ?x :by ?y }",
    "SELECT ?x { ?x :by ?y OPTIONAL { ?x :in* :t1 . ?x :n ?n } }",
    "SELECT ?x { ?x :by ?y FILTER EXISTS { ?x :in* :t1 . ?x :n ?n } }",
    "SELECT ?x { ?x :in* :t1 . :t3 :by ?x }",
    "SELECT ?x { :t1 :by/:in* ?x . ?x :by ?y }",
    "SELECT ?x { ?x :in*/:in* :t1 . ?x :by ?y }",
    "SELECT ?x (EXISTS { ?x :in* :t1 . ?x :n ?n } AS ?found) { ?x :by ?y }",
]


@pytest.mark.parametrize("text", OTHER)
def test_what_is_not_plainly_one_of_them_stays_as_it_is(text: str) -> None:
    for seed in SEEDS:
        store = random_store(seed)
        few = dict.fromkeys(_numbers(store)["properties"], 99) | {NS + "in": 0}
        assert planned(store, text).text == text
        assert not planned(store, text, properties=few | {PREFIXES["rdf"] + "type": 0}).notes


@pytest.mark.parametrize("text", PLAIN)
def test_the_numbers_answer_for_the_whole_release_only(text: str) -> None:
    assert planned(random_store(1), text, whole=False) == Planned(text)


def test_a_graph_that_is_named_is_counted_by_the_engine() -> None:
    for text in (
        "SELECT (COUNT(*) AS ?n) FROM <https://example.org/g> { ?s ?p ?o }",
        "SELECT ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }",
    ):
        assert planned(random_store(1), text) == Planned(text)


def test_a_class_without_an_iri_is_counted_by_the_engine() -> None:
    store = random_store(1)
    store.add(
        ox.Quad(ox.NamedNode(NS + "t1"), ox.NamedNode(PREFIXES["rdf"] + "type"), ox.BlankNode())
    )
    text = "SELECT DISTINCT ?c { [] a ?c }"
    assert planned(store, text) == Planned(text)


def test_a_prefix_of_the_query_beats_that_of_the_release() -> None:
    text = "PREFIX : <https://example.org/other/> SELECT (COUNT(*) AS ?n) { ?s :in ?o }"
    assert planned(random_store(1), text) == Planned(text)


def test_a_path_to_something_known_goes_first_and_says_so() -> None:
    numbers = {"properties": {NS + "above": 2, PREFIXES["rdf"] + "type": 90}, "classes": {}}
    found = better("SELECT ?x { ?x a/:above* :Novel . ?x a ?c }", numbers, PREFIXES, True)
    assert found.text == (
        "SELECT ?x { ?between0 :above* :Novel LATERAL { ?x a ?c . ?x a ?between0 } }"
    )
    assert found.notes == ("?between0 :above* :Novel goes first: 2 against 90",)


def test_a_path_waits_where_another_pattern_finds_less() -> None:
    numbers = {"properties": {NS + "in": 50, NS + "by": 40}, "classes": {NS + "Book": 60}}
    text = "SELECT ?x { ?x :in* :t1 ; :by ?y ; a :Book }"
    assert better(text, numbers, PREFIXES, True) == Planned(text)
