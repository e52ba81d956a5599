"""Terms and graphs between Oxigraph and rdflib: nothing is lost, nothing rewritten."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

from foedera import bridge

X = ox.NamedNode("https://example.org/夏目漱石?q=ō#%20")
P = ox.NamedNode("urn:p")
XSD = "http://www.w3.org/2001/XMLSchema#"


def typed(text: str, kind: str) -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + kind))


@pytest.mark.parametrize(
    "term",
    [
        X,
        ox.NamedNode("urn:isbn:0"),
        ox.BlankNode("f01n2"),
        ox.Literal(""),
        ox.Literal('a "quoted"\n\\line\t'),
        ox.Literal("こころ", language="ja"),
        ox.Literal("colour", language="en-GB"),
        typed("01", "integer"),
        typed("+1", "integer"),
        typed("1.50", "decimal"),
        typed("1e0", "double"),
        typed("1", "boolean"),
        typed("2023-12-13T00:00:00Z", "dateTime"),
        typed("not a date", "date"),
        ox.Literal("2023-12/..", datatype=ox.NamedNode("http://id.loc.gov/datatypes/edtf/EDTF")),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore")
def test_a_term_comes_back_as_it_went(term: Any) -> None:
    assert bridge.to_oxigraph(bridge.to_rdflib(term)) == term


def test_a_graph_holds_the_triples_added() -> None:
    value = typed("01", "integer")
    graph = bridge.add(rdflib.Graph(), [ox.Triple(X, P, value), ox.Triple(X, P, X)])
    assert {str(bridge.to_oxigraph(node)) for node in graph.objects()} == {str(value), str(X)}
    assert list(graph.subjects(unique=True)) == [rdflib.URIRef(X.value)]


def test_triples_about_triples_are_left_out() -> None:
    """rdflib has no term for them."""
    about = ox.Triple(X, P, ox.Triple(X, P, X))
    assert len(bridge.add(rdflib.Graph(), [about, ox.Triple(X, P, X)])) == 1


@pytest.fixture
def queried() -> bridge.Queried:
    """Two things, one of them unnamed, each with a name, queried through Oxigraph."""
    triples = [
        ox.Triple(X, P, ox.Literal("x")),
        ox.Triple(ox.BlankNode("b"), P, ox.Literal("b")),
    ]
    store = ox.Store()
    store.extend(ox.Quad(*triple) for triple in triples)
    graph = bridge.Queried(lambda text, terms: store.query(text, substitutions=terms))
    bridge.add(graph, triples)
    return graph


NAMES = "SELECT $this ?name { $this <urn:p> ?name }"


def names(graph: rdflib.Graph, query: str = NAMES, **bound: Any) -> set[str]:
    return {str(row.name) for row in graph.query(query, initBindings=bound)}  # type: ignore[union-attr]


def test_a_query_is_answered_with_rdflibs_terms(queried: bridge.Queried) -> None:
    assert names(queried) == {"x", "b"}
    row = next(iter(queried.query("SELECT ?s ?name ?none { ?s <urn:p> ?name FILTER(isIRI(?s)) }")))
    assert tuple(row) == (rdflib.URIRef(X.value), rdflib.Literal("x"), None)  # type: ignore[arg-type]


def test_a_variable_that_is_bound_keeps_its_term(queried: bridge.Queried) -> None:
    assert names(queried, this=rdflib.URIRef(X.value)) == {"x"}


def test_an_unnamed_node_that_is_bound_is_that_very_node(queried: bridge.Queried) -> None:
    """In the text of a query it would be a variable, and everything would seem to be meant."""
    assert names(queried, this=rdflib.BNode("b")) == {"b"}


def test_a_variable_may_be_bound_that_is_not_selected(queried: bridge.Queried) -> None:
    query = "SELECT ?name { $this <urn:p> ?name }"
    assert names(queried, query, this=rdflib.URIRef(X.value)) == {"x"}


def test_a_question_is_answered(queried: bridge.Queried) -> None:
    assert queried.query("ASK { ?s <urn:p> 'x' }").askAnswer is True
    nobody = {"this": rdflib.URIRef("urn:nobody")}
    assert queried.query("ASK { $this <urn:p> 'x' }", initBindings=nobody).askAnswer is False


def test_a_query_is_asked_as_pyshacl_asks_it(queried: bridge.Queried) -> None:
    """By position: the bindings are the fifth argument, and must not be lost."""
    bound = {"this": rdflib.URIRef(X.value)}
    rows = list(queried.query(NAMES, "sparql", "sparql", None, bound, True))
    assert len(rows) == 1
