"""What the engine does otherwise than SPARQL says, mended in the query's text.

In brackets, the W3C's tests that show the same; `make conformance` runs them.
"""

from __future__ import annotations

import time

import pyoxigraph as ox
import pytest
from werkzeug.test import Client, TestResponse

from foedera.errors import BadRequest, QuerySyntax
from foedera.query import mend

GRAPHS = ("urn:g1", "urn:g2")


@pytest.fixture(scope="module")
def store() -> ox.Store:
    """A graph of two triples and one of a single triple."""
    found = ox.Store()
    found.load(
        b"<urn:g1> { <urn:a> <urn:p> <urn:x> . <urn:b> <urn:p> <urn:y> }"
        b"<urn:g2> { <urn:a> <urn:q> <urn:g2> }",
        format=ox.RdfFormat.TRIG,
    )
    return found


def rows(store: ox.Store, query: str, graphs: tuple[str, ...] = GRAPHS) -> list[str]:
    """The lines of the answer in TSV, without the first, sorted."""
    meant = mend.done(mend.read(query), -1, (), graphs)
    found = store.query(meant)
    assert isinstance(found, ox.QuerySolutions)
    written = found.serialize(format=ox.QueryResultsFormat.TSV)
    assert written is not None
    return sorted(written.decode().splitlines()[1:])


@pytest.mark.parametrize("word", ["true", "TRUE", "True", "tRuE"])
def test_a_boolean_may_be_in_capitals(store: ox.Store, word: str) -> None:
    """[case-insensitive-booleans]"""
    assert rows(store, f"SELECT ({word} AS ?t) (!{word} AS ?f) {{}}") == ["true\tfalse"]


def test_only_booleans_are_put_in_small_letters() -> None:
    text = (
        "PREFIX TRUE: <urn:TRUE> SELECT ?TRUE { ?TRUE TRUE:FALSE 'TRUE', 'x'@TRUE, _:TRUE, <TRUE>"
        " # TRUE\n FILTER (FALSE) }"
    )
    assert mend.read(text) == text.replace("(FALSE)", "(false)")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (COUNT(COUNT(*)) AS ?c) {}",
        "SELECT (SUM(1 + max(?x)) AS ?c) {}",
        "SELECT (GROUP_CONCAT(STR(SAMPLE(?x)); SEPARATOR='(') AS ?c) {}",
        "SELECT ?x {} GROUP BY ?x HAVING (AVG(MIN(?y)) > 1)",
    ],
)
def test_an_aggregate_within_an_aggregate_is_told(query: str) -> None:
    """[nested-aggregate-functions] The engine answers 0, or nothing."""
    ox.Store().query(query)
    with pytest.raises(QuerySyntax, match=r"line 1, column \d+: an aggregate cannot"):
        mend.read(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (COUNT(*) + COUNT(?x) AS ?c) {}",
        "SELECT (COUNT(?x) AS ?c) { { SELECT (MAX(?y) AS ?x) {} } }",
        "SELECT (SUM(IF(EXISTS { SELECT (COUNT(*) AS ?n) {} }, 1, 0)) AS ?c) {}",
        "SELECT (COUNT(?count) AS ?max) { ?count <urn:min> 'COUNT(COUNT(' }",
        "SELECT ?count (COUNT",
    ],
)
def test_aggregates_beside_each_other_or_in_a_subquery_are_left_alone(query: str) -> None:
    assert mend.read(query) == query


@pytest.mark.parametrize(
    "words",
    [
        "GROUP_CONCAT(?o)",
        "group_concat(?o)",
        "GROUP_CONCAT(DISTINCT ?o ; SEPARATOR=' ')",
        "CONCAT(GROUP_CONCAT(?o ; SEPARATOR=')'), '')",
    ],
)
def test_texts_of_one_language_are_joined_to_plain_text(store: ox.Store, words: str) -> None:
    """[agg-groupconcat-04, -06]"""
    query = f"SELECT ({words} AS ?all) {{ VALUES ?o {{ 'a'@en }} }}"
    assert rows(store, query) == ['"a"']


def test_a_condition_may_join_texts_too(store: ox.Store) -> None:
    query = "SELECT ?s { VALUES (?s ?o) { (1 'a'@en) } } GROUP BY ?s"
    assert rows(store, f"{query} HAVING (GROUP_CONCAT(?o) = 'a')") == ["1"]
    assert rows(store, f"{query} ORDER BY GROUP_CONCAT(?o)") == ["1"]


def test_a_subquery_is_asked_of_each_graph_by_itself(store: ox.Store) -> None:
    """[agg-empty-group-count-graph] The engine counts over all graphs, and leaves ?g unbound."""
    count = "SELECT (COUNT(*) AS ?n) { ?s <urn:p> ?o }"
    query = f"SELECT ?g ?n {{ GRAPH ?g {{ {count} }} }}"
    assert rows(store, query) == ["<urn:g1>\t2", "<urn:g2>\t0"]
    assert rows(store, query.replace("GRAPH ?g {", "graph$g{")) == rows(store, query)
    assert rows(store, query, GRAPHS[1:]) == ["<urn:g2>\t0"]
    assert rows(store, query, ()) == []


def test_minus_does_not_see_the_variable_of_the_graph(store: ox.Store) -> None:
    """[graph-minus]"""
    query = "SELECT ?a { GRAPH ?g { ?a <urn:p> <urn:x> MINUS { ?b <urn:p> <urn:x> } } }"
    assert rows(store, query) == ["<urn:a>"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("FILTER(BOUND(?g))", []),
        ("?s ?p ?o OPTIONAL { ?s <urn:q> ?g }", ["<urn:g1>", "<urn:g1>", "<urn:g2>"]),
        ("VALUES ?g { UNDEF <urn:g1> }", ["<urn:g1>", "<urn:g1>", "<urn:g2>"]),
        ("?s ?p ?o BIND(<urn:g2> AS ?g)", ["<urn:g2>"]),
        ("?s <urn:q> ?g", ["<urn:g2>"]),
    ],
)
def test_the_variable_of_a_graph_is_joined_with_its_pattern_and_not_let_into_it(
    store: ox.Store, pattern: str, expected: list[str]
) -> None:
    """[graph-variable-scope, graph-optional, graph, graph-variable-join]"""
    assert rows(store, f"SELECT ?g {{ GRAPH ?g {{ {pattern} }} }}") == expected


def test_a_graph_within_a_graph_is_mended_too(store: ox.Store) -> None:
    inner = "GRAPH ?h { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } }"
    query = f"SELECT ?g ?h ?n {{ GRAPH ?g {{ {inner} MINUS {{ ?x <urn:none> ?y }} }} }}"
    assert rows(store, query) == [
        f"<{g}>\t<{h}>\t{n}" for g in GRAPHS for h, n in zip(GRAPHS, "21", strict=True)
    ]


def test_a_blank_node_may_stand_in_a_pattern_that_is_mended(store: ox.Store) -> None:
    """The copies of the pattern are groups of their own, and no two may share a blank node."""
    for node in ("_:s", "[]", "_:é.s"):
        count = f"SELECT (COUNT(*) AS ?n) {{ ?s ?p {node}. ?s ?q ?o }}"
        query = f"SELECT ?g ?n {{ GRAPH ?g {{ {count} }} }}"
        assert rows(store, query) == ["<urn:g1>\t2", "<urn:g2>\t1"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { GRAPH ?g { ?s ?p ?o FILTER(?s != ?o) OPTIONAL { ?o ?q ?r } } }",
        "SELECT * { GRAPH ?g { ?g ?p ?o } }",
        "SELECT * { GRAPH <urn:g1> { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }",
        "SELECT * { GRAPH ?g { ?s ?p ?o } MINUS { ?s ?p ?g } }",
        "SELECT ?graph { ?graph ?p 'GRAPH ?g { SELECT' # GROUP_CONCAT(?x)\n }",
        "SELECT * { GRAPH ?g",
    ],
)
def test_what_the_engine_does_as_it_is_meant_is_left_alone(query: str) -> None:
    """Above all the usual GRAPH ?g: the engine looks all graphs through at once."""
    assert mend.done(mend.read(query), -1, (), GRAPHS) == query


def test_a_star_and_a_graph_are_mended_together(store: ox.Store) -> None:
    query = "SELECT * { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } } # end"
    meant = mend.done(query, query.index("*"), ("n", "g"), GRAPHS)
    assert meant.startswith("SELECT  ?n  ?g  {")
    assert meant.endswith("} # end")
    found = store.query(meant)
    assert isinstance(found, ox.QuerySolutions)
    assert [variable.value for variable in found.variables] == ["n", "g"]


def test_a_pattern_that_would_need_too_many_copies_is_refused_at_once() -> None:
    graphs = [f"urn:g{number}" for number in range(501)]
    query = "SELECT * { GRAPH ?g { SELECT * { ?s ?p ?o } } }"
    mend.done(query, -1, (), graphs[:500])
    with pytest.raises(BadRequest, match=r"GRAPH \?g must be asked of more than 500 graphs"):
        mend.done(query, -1, (), graphs)
    for _ in range(30):
        query = query.replace("SELECT * {", "SELECT * { GRAPH ?g { SELECT * {", 1) + "} }"
    started = time.monotonic()
    with pytest.raises(BadRequest):
        mend.done(query, -1, (), graphs[:10])
    assert time.monotonic() - started < 1


def test_the_endpoint_asks_what_is_meant(client: Client) -> None:
    def ask(query: str) -> TestResponse:
        return client.get("/sparql", query_string={"query": query, "format": "csv"})

    each = "SELECT ?g ?n { GRAPH ?g { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } } ORDER BY ?g"
    together = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"
    assert ask(each).text == ask(together).text
    assert ask(each).text.count("graph/") > 2
    book = "FROM NAMED <https://example.org/graph/data/books> {"
    assert ask(each.replace("{", book, 1)).text == ask(together.replace("{", book, 1)).text
    assert ask("ASK { FILTER(TRUE) }").text == "true"
    assert ask("SELECT (COUNT(COUNT(*)) AS ?n) {}").status_code == 400
