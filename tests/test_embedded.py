"""The embedded store: the same on disk and in memory, and its layout of graphs."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from conftest import Publish
from foedera.stores.embedded import EmbeddedStore

BASE = "https://example.org/"
BOOK = ox.NamedNode(f"{BASE}ns#Book")
KOKORO = ox.NamedNode(f"{BASE}id/book/kokoro")
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
BOOKS = f"{BASE}graph/data/books"
MORE = f"{BASE}graph/data/more"
COUNT = "SELECT (COUNT(*) AS ?n) { ?b a :Book }"


@pytest.fixture(params=["on disk", "in memory"])
def store(request: pytest.FixtureRequest, books: Path, publish: Publish) -> EmbeddedStore:
    """The books, with a file that says again that kokoro is one, and adds another."""
    (books / "data" / "more.ttl").write_text(
        "@prefix : <https://example.org/ns#> .\n"
        "<https://example.org/id/book/kokoro> a :Book .\n"
        "<https://example.org/id/book/botchan> a :Book ;\n"
        "  <http://www.w3.org/2000/01/rdf-schema#label> '坊っちゃん'@ja , '01' , 01 ;\n"
        "  :price [ :amount 1.50 ] ;\n"
        "  :writtenBy <https://example.org/id/person/natsume-soseki> .\n",
        encoding="utf-8",
    )
    make = EmbeddedStore.open if request.param == "on disk" else EmbeddedStore.load
    return make(publish().path)


def rows(store: EmbeddedStore, query: str, *dataset: list[str]) -> list[str]:
    found = store.query(query, *dataset)
    assert isinstance(found, ox.QuerySolutions)
    return found.serialize(format=ox.QueryResultsFormat.CSV).decode().splitlines()[1:]  # type: ignore[union-attr]


def test_on_disk_and_in_memory_are_the_same(books: Path, publish: Publish) -> None:
    path = publish().path
    on_disk, in_memory = EmbeddedStore.open(path), EmbeddedStore.load(path)
    every = [sorted(map(str, one.store)) for one in (on_disk, in_memory)]
    assert every[0] == every[1]
    for query in (
        "SELECT ?s ?p ?o { ?s ?p ?o } ORDER BY ?s ?p ?o",
        "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
    ):
        assert rows(on_disk, query) == rows(in_memory, query)


def test_what_the_release_says_of_itself_is_known(store: EmbeddedStore) -> None:
    assert store.base == BASE
    assert store.inferred == f"{BASE}graph/inferred"
    assert store.prefixes["book"] == f"{BASE}id/book/"


def test_each_file_is_a_graph_and_so_is_what_was_inferred(store: EmbeddedStore) -> None:
    names = ("data/books", "data/dataset", "data/more", "inferred", "ontology/core", "shapes/book")
    assert store.graphs == {f"{BASE}graph/{name}" for name in names}


def test_the_default_graph_has_each_triple_once(store: EmbeddedStore) -> None:
    assert rows(store, COUNT) == ["3"]
    assert len(list(store.about(KOKORO, TYPE, BOOK))) == 1
    assert rows(store, "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?b a :Book } }") == ["4"]


def test_a_triple_knows_the_files_that_say_it(store: EmbeddedStore) -> None:
    assert store.sources(ox.Triple(KOKORO, TYPE, BOOK)) == [BOOKS, MORE]
    soseki = ox.NamedNode(f"{BASE}id/person/natsume-soseki")
    wrote = ox.Triple(soseki, ox.NamedNode(f"{BASE}ns#wrote"), KOKORO)
    assert store.sources(wrote) == [store.inferred]
    assert store.sources(ox.Triple(KOKORO, TYPE, KOKORO)) == []


def test_a_thing_is_named_by_its_labels(store: EmbeddedStore) -> None:
    assert {triple.object for triple in store.names(KOKORO)} == {
        ox.Literal("Kokoro", language="en"),
        ox.Literal("こころ", language="ja"),
    }
    assert store.names(ox.NamedNode("urn:nothing")) == ()


def test_the_best_property_that_names_a_thing_does(books: Path, publish: Publish) -> None:
    (books / "data" / "name.ttl").write_text(
        "<https://example.org/id/book/kokoro>"
        " <http://www.w3.org/2004/02/skos/core#prefLabel> 'The heart'@en ."
    )
    store = EmbeddedStore.load(publish().path)
    assert [triple.object for triple in store.names(KOKORO)] == [
        ox.Literal("The heart", language="en")
    ]


@pytest.mark.parametrize(
    ("graphs", "expected"),
    [([BOOKS], "2"), ([MORE], "2"), ([BOOKS, MORE], "3"), ([MORE, BOOKS], "3"), ([], "0")],
)
def test_several_default_graphs_are_merged_as_sets(
    store: EmbeddedStore, graphs: list[str], expected: str
) -> None:
    """SPARQL 1.1 Query Language, section 13.2.1."""
    assert rows(store, COUNT, graphs) == [expected]


def test_only_the_graphs_named_are_seen_by_graph(store: EmbeddedStore) -> None:
    query = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"
    assert rows(store, query, [BOOKS, MORE], [MORE]) == [MORE]
    assert rows(store, query, [BOOKS], [MORE, BOOKS]) == [BOOKS, MORE]
    assert rows(store, query, [BOOKS, MORE], []) == []


def test_one_merge_does_not_answer_for_another(store: EmbeddedStore) -> None:
    """The last one is remembered."""
    dataset = f"{BASE}graph/data/dataset"
    for _ in range(2):
        assert rows(store, COUNT, [BOOKS, MORE]) == ["3"]
        assert rows(store, COUNT, [BOOKS, dataset]) == ["2"]
    query = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?b a :Book } }"
    assert rows(store, query, [BOOKS, MORE], [MORE]) == ["2"]
    assert rows(store, query, [BOOKS, MORE], [BOOKS, MORE]) == ["4"]


def test_a_value_replaces_a_variable_and_is_never_query_text(store: EmbeddedStore) -> None:
    query = "SELECT ?b ?label { ?b rdfs:label ?label }"
    found = store.query(query, values={"label": ox.Literal("こころ", language="ja")})
    assert [row["b"] for row in found] == [KOKORO]  # type: ignore[union-attr, index, call-overload]
    found = store.query(query, values={"label": ox.Literal('" } DROP ALL #')})
    assert list(found) == []  # type: ignore[arg-type]


def test_a_release_on_disk_is_only_read(books: Path, publish: Publish) -> None:
    store = EmbeddedStore.open(publish().path)
    with pytest.raises(RuntimeError, match="read-write"):
        store.store.add(ox.Quad(KOKORO, TYPE, BOOK))
