"""The documentation of an ontology: each term with what binds it, and what uses it."""

from __future__ import annotations

import json
from typing import Any

import pyoxigraph as ox
import pytest

from foedera import release, starter, vocabulary
from foedera.stores.embedded import EmbeddedStore
from foedera.words import Words

NS = "https://example.org/ns#"

MORE = """
@prefix : <https://example.org/ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .

:Novel a owl:Class ; rdfs:subClassOf :Book ; rdfs:label "Novel"@en , "Romanzo"@it .
:Book rdfs:subClassOf <http://schema.org/Book> ; owl:disjointWith :Author ;
    skos:scopeNote "Not a copy of one."@en .
:grandchild a owl:ObjectProperty , owl:IrreflexiveProperty ;
    owl:propertyChainAxiom ( :wrote :writtenBy ) .
"""


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The documentation of the starter's ontology and a few terms more."""
    folder = tmp_path_factory.mktemp("vocabulary") / "books"
    starter.new(folder)
    (folder / "ontology" / "more.ttl").write_text(MORE, encoding="utf-8")
    published = release.publish(folder, folder / ".foedera", 5, lambda _: None)
    store = EmbeddedStore.load(published.path)
    named = [ox.NamedNode(iri) for iri in store.documents["https://example.org/ns"]]
    made = vocabulary.document(store, Words(store, ["en"]), named)
    return json.loads(json.dumps(made))


def entry(entries: Any, name: str) -> Any:
    return next(
        one for kind in entries["kinds"] for one in kind["terms"] if one["iri"] == NS + name
    )


def labels(links: Any) -> list[str]:
    return [link["label"]["text"] for link in links]


def test_terms_come_by_kind_and_name(entries: Any) -> None:
    assert [(kind["name"], labels(kind["terms"])) for kind in entries["kinds"]] == [
        ("classes", ["Author", "Book", "Novel"]),
        ("object properties", ["grandchild", "written by", "wrote"]),
    ]


def test_a_class_stands_below_its_parent_in_the_tree(entries: Any) -> None:
    tree = entries["kinds"][0]["tree"]
    assert [(node["anchor"], labels(node["below"])) for node in tree] == [
        ("Author", []),
        ("Book", ["Novel"]),
    ]


def test_a_class_tells_what_it_is_bound_to(entries: Any) -> None:
    book = entry(entries, "Book")
    assert labels(book["below"]) == ["Novel"]
    assert labels(book["disjoint"]) == ["Author"]
    assert labels(book["subject_of"]) == ["written by"]
    assert [one["term"]["iri"] for one in book["aligned"]] == ["http://schema.org/Book"]
    assert book["note"]["text"] == "Not a copy of one."


def test_what_only_follows_is_not_called_a_domain(entries: Any) -> None:
    """The inverse of :writtenBy leads from an author by inference; nobody wrote that."""
    assert labels(entry(entries, "Author")["subject_of"]) == []


def test_a_property_tells_domain_range_inverse_kind_and_chain(entries: Any) -> None:
    written = entry(entries, "writtenBy")
    assert [labels(written[name]) for name in ("domain", "range", "inverse")] == [
        ["Book"],
        ["Author"],
        ["wrote"],
    ]
    grandchild = entry(entries, "grandchild")
    assert grandchild["characteristics"] == ["irreflexive"]
    assert [labels(chain) for chain in grandchild["chains"]] == [["wrote", "written by"]]


def test_terms_tell_how_often_they_are_used_and_show_a_use(entries: Any) -> None:
    book = entry(entries, "Book")
    assert (book["used"], book["example"]["label"]["text"]) == (2, "Kokoro")
    written = entry(entries, "writtenBy")
    assert written["used"] == 2
    assert written["example"]["subject"]["label"]["text"] == "Kokoro"
    assert written["example"]["value"]["label"]["text"] == "Natsume Sōseki"
    novel = entry(entries, "Novel")
    assert (novel["used"], novel["example"]) == (0, None)


def test_terms_tell_what_the_rules_ask(entries: Any) -> None:
    (label, written) = entry(entries, "Book")["shapes"]
    assert (label["least"], label["most"]) == (1, None)
    assert labels(written["kinds"]) == ["Author"]
    assert written["message"]["text"].startswith("A book needs an author")
    (rule,) = entry(entries, "writtenBy")["shapes"]
    assert rule["of"]["label"]["text"] == "Book"
