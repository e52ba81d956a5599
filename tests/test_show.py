"""What pages show: facts in the order of their shapes, in the reader's language, each once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from foedera import release, show
from foedera.stores.embedded import EmbeddedStore

BASE = "https://example.org/"
LEOPARD = f"{BASE}id/book/the-leopard"
LAMPEDUSA = f"{BASE}id/person/giuseppe-tomasi-di-lampedusa"

PREFIXES = """
@prefix : <https://example.org/ns#> .
@prefix book: <https://example.org/id/book/> .
@prefix dash: <http://datashapes.org/dash#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix person: <https://example.org/id/person/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shapes: <https://example.org/shapes/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""

Show = Callable[..., Any]


class Written:
    """Takes what an operation writes."""

    def __init__(self) -> None:
        self.content = b""

    def head(self, content: Mapping[str, Any]) -> None:
        pass

    def write(self, part: bytes) -> int:
        self.content += part
        return len(part)


@pytest.fixture
def shown(books: Path, state: Path) -> Show:
    """The page of a thing, after some Turtle has been added to the books."""

    def shown(iri: str, added: str = "", languages: tuple[str, ...] = (), values: int = 100) -> Any:
        (books / "data" / "more.ttl").write_text(PREFIXES + added, encoding="utf-8")
        published = release.publish(books, state, 5, lambda _: None)
        written = Written()
        call = {"iris": [iri], "languages": languages, "values": values}
        show.page(EmbeddedStore.load(published.path), call, written)  # type: ignore[arg-type]
        return json.loads(written.content)["things"][0]

    return shown


def facts(thing: Any) -> list[tuple[str | None, str, list[str]]]:
    """Heading, property and values of all facts, in words."""
    return [
        (
            section["heading"] and section["heading"]["text"],
            fact["property"]["label"]["text"],
            [text_of(value) for value in fact["values"]],
        )
        for section in thing["sections"]
        for fact in section["facts"]
    ]


def text_of(value: Any) -> str:
    return str(value["label"]["text"] if value["kind"] == "link" else value.get("text"))


def test_without_groups_facts_stand_by_name_the_publications_own_first(shown: Show) -> None:
    page = shown(LEOPARD, "book:the-leopard :price 12 ; <http://purl.org/dc/terms/date> '1958' .")
    assert facts(page) == [
        (None, "price", ["12"]),
        (None, "written by", ["Giuseppe Tomasi di Lampedusa"]),
        (None, "date", ["1958"]),
    ]


def test_groups_and_orders_of_the_shapes_order_the_page(shown: Show) -> None:
    page = shown(
        LEOPARD,
        """
        book:the-leopard :price 12 ; :edition 'first' .
        shapes:first a sh:PropertyGroup ; rdfs:label "Edition"@en ; sh:order 1 .
        shapes:second a sh:PropertyGroup ; rdfs:label "Money"@en ; sh:order 2 .
        shapes:page a sh:NodeShape ; sh:targetClass :Book ; sh:property
            shapes:price , shapes:edition , shapes:pages .
        shapes:price a sh:PropertyShape ; sh:path :price ; sh:group shapes:second ; sh:order 1 .
        shapes:edition a sh:PropertyShape ; sh:path :edition ; sh:group shapes:first ; sh:order 2 .
        shapes:pages a sh:PropertyShape ; sh:path :pages ; sh:group shapes:first ; sh:order 1 .
        """,
    )
    assert facts(page) == [
        ("Edition", "edition", ["first"]),
        ("Money", "price", ["12"]),
        (None, "written by", ["Giuseppe Tomasi di Lampedusa"]),
    ]


def test_an_inverse_path_names_what_leads_here(shown: Show) -> None:
    added = """
        book:second :sequelTo book:the-leopard ; a :Book ; rdfs:label "Second" ;
            :writtenBy person:natsume-soseki .
    """
    assert [
        (link["property"]["label"]["text"], link["inverse"])
        for link in shown(LEOPARD, added)["links"]
    ] == [("sequel to", True), ("example resource", True)]
    page = shown(
        LEOPARD,
        added
        + """
        shapes:page a sh:NodeShape ; sh:targetClass :Book ; sh:property shapes:sequels .
        shapes:sequels a sh:PropertyShape ; sh:path [ sh:inversePath :sequelTo ] ;
            sh:name "sequels"@en , "seguiti"@it ; sh:order 1 .
        """,
        languages=("it",),
    )
    assert ("seguiti", ["Second"]) in [(name, values) for _, name, values in facts(page)]
    assert [link["property"]["label"]["text"] for link in page["links"]] == ["example resource"]


def test_a_details_viewer_opens_a_value_in_place(shown: Show) -> None:
    page = shown(
        LEOPARD,
        """
        book:the-leopard :loan :l1 .
        :l1 rdfs:label "A loan" ; :to person:natsume-soseki ; :of book:the-leopard .
        shapes:page a sh:NodeShape ; sh:targetClass :Book ; sh:property shapes:loans .
        shapes:loans a sh:PropertyShape ; sh:path :loan ; dash:viewer dash:DetailsViewer .
        """,
    )
    (loan,) = next(
        fact["values"]
        for section in page["sections"]
        for fact in section["facts"]
        if fact["property"]["iri"].endswith("#loan")
    )
    assert [
        (part["property"]["label"]["text"], [text_of(value) for value in part["values"]])
        for part in loan["parts"]
    ] == [("to", ["Natsume Sōseki"])]


def test_what_is_stated_the_other_way_round_is_shown_once_and_not_called_inferred(
    shown: Show,
) -> None:
    """:wrote follows from :writtenBy, of which it is the inverse."""
    page = shown(LAMPEDUSA)
    assert facts(page) == [(None, "wrote", ["The Leopard"])]
    assert page["links"] == []
    assert not page["sections"][0]["facts"][0]["values"][0]["inferred"]


def test_what_follows_and_is_nowhere_said_is_called_inferred(shown: Show) -> None:
    page = shown(
        LEOPARD,
        """
        :part a owl:TransitiveProperty . book:the-leopard :part book:a . book:a :part book:b .
        """,
    )
    values = next(
        fact["values"]
        for section in page["sections"]
        for fact in section["facts"]
        if fact["property"]["iri"].endswith("#part")
    )
    assert {value["iri"][-1]: value["inferred"] for value in values} == {"a": False, "b": True}


def test_what_a_narrower_property_or_another_vocabulary_repeats_is_folded_away(
    shown: Show,
) -> None:
    page = shown(
        LEOPARD,
        """
        :writtenBy rdfs:subPropertyOf :madeBy , <http://purl.org/dc/terms/creator> .
        """,
    )
    assert [name for _, name, _ in facts(page)] == ["written by"]
    assert {fact["property"]["label"]["text"] for fact in page["follows"]} == {"made by", "creator"}


def test_names_come_in_the_readers_language_and_the_others_beside(shown: Show) -> None:
    page = shown(LEOPARD, languages=("it", "en"))
    named = [(one["text"], one["language"]) for one in (page["label"], *page["names"])]
    assert named == [("Il Gattopardo", "it"), ("The Leopard", "en")]


def test_the_most_specific_classes_are_named(shown: Show) -> None:
    page = shown(LEOPARD, ":Book rdfs:subClassOf :Work . :Work a owl:Class .")
    assert [one["label"]["text"] for one in page["types"]] == ["Book"]


def test_long_lists_are_cut_and_counted(shown: Show) -> None:
    page = shown(LEOPARD, "book:the-leopard :page 1 , 2 , 3 , 4 .", values=3)
    fact = next(
        fact
        for section in page["sections"]
        for fact in section["facts"]
        if fact["property"]["iri"].endswith("#page")
    )
    assert (fact["count"], len(fact["values"])) == (4, 3)


def test_a_blank_node_is_shown_with_what_it_holds_even_in_a_circle(shown: Show) -> None:
    page = shown(LEOPARD, "book:the-leopard :cover _:c . _:c :colour 'red' ; :under _:c .")
    (cover,) = next(
        fact["values"]
        for section in page["sections"]
        for fact in section["facts"]
        if fact["property"]["iri"].endswith("#cover")
    )
    assert cover["kind"] == "blank"
    assert {part["property"]["label"]["text"] for part in cover["parts"]} == {"colour", "under"}


def test_more_links_than_a_page_lists_are_counted_and_lead_on(shown: Show) -> None:
    lines = " ".join(f"book:x{n} :seeAlso book:the-leopard ." for n in range(5))
    fact = next(fact for fact in shown(LEOPARD, lines, values=2)["links"] if fact["count"] > 1)
    assert (fact["count"], len(fact["values"]), fact["more"]["count"]) == (5, 2, 3)
    assert fact["more"]["query"].endswith("%23seeAlso&inverse=1&page=2")


def test_a_name_in_two_languages_is_said_to_be_in_both(shown: Show) -> None:
    page = shown(
        LEOPARD,
        """book:the-leopard skos:altLabel "Gattopardo"@it , "Gattopardo"@fr ;
        rdfs:label "The Leopard"@fr .""",
    )
    assert page["label"]["text"] == "The Leopard"
    assert [twin["language"] for twin in page["label"]["twins"]] == ["fr"]


def test_a_definition_is_told_once_on_a_page(shown: Show) -> None:
    page = shown(
        LEOPARD,
        """
        :kept rdfs:comment "Where it is."@en . :shelf rdfs:comment "A shelf."@en .
        :lent rdfs:label "lent"@en . book:the-leopard :kept :shelf ; :lent :shelf .
        """,
    )
    links = [v for s in page["sections"] for f in s["facts"] for v in f["values"]]
    shelves = [one["summary"] for one in links if one.get("iri", "").endswith("#shelf")]
    assert [bool(one) for one in shelves] == [True, False]
    assert "Where it is." in [one["summary"]["text"] for one in page["terms"]]


def test_what_has_a_date_comes_in_its_order(shown: Show) -> None:
    page = shown(
        LEOPARD,
        """
        book:the-leopard :loan :b , :c , :a .
        :a rdfs:label "A" ; <http://purl.org/dc/terms/date> "2001" .
        :b rdfs:label "B" ; <http://purl.org/dc/terms/date> "1999" .
        :c rdfs:label "C" .
        """,
    )
    assert ("loan", ["B", "A", "C"]) in [(name, values) for _, name, values in facts(page)]


def test_a_shape_for_whatever_has_a_property_orders_pages_too(shown: Show) -> None:
    page = shown(
        LEOPARD,
        """
        book:the-leopard :price 12 ; :edition 'first' .
        shapes:page a sh:NodeShape ; sh:targetSubjectsOf :price ; sh:property shapes:price .
        shapes:price a sh:PropertyShape ; sh:path :price ; sh:order 1 .
        """,
    )
    assert [name for _, name, _ in facts(page)] == ["price", "edition", "written by"]


def test_the_terms_of_an_ontology_that_is_published_here_are_no_others(shown: Show) -> None:
    page = shown(
        LEOPARD,
        """
        <https://model.example/> <http://purl.org/vocab/vann/preferredNamespaceUri>
            "https://model.example/" .
        :writtenBy rdfs:subPropertyOf <https://else.example/by> .
        :sold rdfs:domain :Sold ; owl:inverseOf <https://model.example/sells> .
        :shop <https://model.example/sells> book:the-leopard .
        <https://model.example/z> a owl:ObjectProperty .
        book:the-leopard <https://model.example/z> :y ; <http://purl.org/dc/terms/subject> :x .
        """,
    )
    assert [name for _, name, _ in facts(page)] == ["sold", "written by", "z", "subject"]


def test_a_link_that_only_another_vocabulary_makes_is_folded_away(shown: Show) -> None:
    page = shown(LAMPEDUSA, ":writtenBy rdfs:subPropertyOf <http://purl.org/dc/terms/creator> .")
    assert page["links"] == []
    assert [fact["property"]["label"]["text"] for fact in page["follows"]] == ["creator"]


def test_a_triple_as_a_value_is_shown_though_rdfa_has_no_mark_for_it(shown: Show) -> None:
    page = shown(LEOPARD, "book:the-leopard :claim <<( :a :b :c )>> .")
    (value,) = next(
        fact["values"]
        for section in page["sections"]
        for fact in section["facts"]
        if fact["property"]["iri"].endswith("#claim")
    )
    assert "<https://example.org/ns#b>" in value["said"]
    assert "rdfa" not in value


def test_what_is_key_information_stands_below_the_title_in_the_order_of_the_shapes(
    shown: Show,
) -> None:
    added = """
    shapes:page a sh:NodeShape ; sh:targetClass :Book ; sh:property shapes:year , shapes:place .
    shapes:year sh:path :year ; sh:order 1 ; sh:group shapes:when ;
        dash:propertyRole dash:KeyInfoRole .
    shapes:place sh:path :place ; sh:order 1 ; sh:group shapes:where ;
        dash:propertyRole dash:KeyInfoRole .
    shapes:when a sh:PropertyGroup ; sh:order 1 . shapes:where a sh:PropertyGroup ; sh:order 2 .
    book:the-leopard :place :p1 , :p2 , :p3 , :p4 ; :year 1958 .
    """
    when, where = shown(LEOPARD, added)["brief"]
    assert [text_of(one) for one in when["values"]] == ["1958"]
    assert (len(where["values"]), where["more"]) == (3, 1)
    assert not any("rdfa" in one for one in when["values"] + where["values"])
    assert shown(LAMPEDUSA, added)["brief"] == []


def test_a_value_without_a_name_goes_by_that_of_the_shapes(shown: Show) -> None:
    added = """
    @prefix f: <https://w3id.org/foedera/ns#> .
    @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
    shapes:hard a f:NamedValue ; f:valueOf :cover ; rdf:value "h" ;
        sh:name "hardcover"@en , "rilegato"@it .
    shapes:far a f:NamedValue ; f:valueOf :shelf ; rdf:value <https://e.example/4.0> ;
        sh:name "far away"@en , "lontano"@it .
    book:the-leopard :cover "h" ; :other "h" ; :shelf <https://e.example/4.0> .
    """
    thing = shown(LEOPARD, added, ("it",))
    told = {
        fact["property"]["iri"].rpartition("#")[2]: fact["values"][0]
        for section in thing["sections"]
        for fact in section["facts"]
    }
    assert (told["cover"]["text"], told["cover"]["said"]) == ("h", "rilegato")
    assert 'content="h"' in told["cover"]["rdfa"]
    assert told["other"]["said"] == "h"
    assert told["shelf"]["label"]["text"] == "lontano"


def test_a_property_without_a_name_goes_by_that_of_its_shape_and_others_keep_theirs(
    shown: Show,
) -> None:
    added = """
    shapes:page a sh:NodeShape ; sh:targetClass :Book ; sh:property shapes:cover , shapes:shelf .
    shapes:cover sh:path :cover ; sh:name "what it is bound in"@en ; sh:order 1 .
    shapes:shelf sh:path :shelf ; sh:name "where to look"@en ; sh:order 2 .
    :shelf rdfs:label "shelf of the book"@en .
    book:the-leopard :cover "h" ; :shelf "3" .
    """
    names = [name for _, name, _ in facts(shown(LEOPARD, added))]
    assert "what it is bound in" in names
    assert "shelf of the book" in names


def test_a_folded_group_is_said_to_be(shown: Show) -> None:
    added = """
    shapes:page a sh:NodeShape ; sh:targetClass :Book ; sh:property shapes:cover , shapes:shelf .
    shapes:cover sh:path :cover ; sh:order 1 ; sh:group shapes:open .
    shapes:shelf sh:path :shelf ; sh:order 2 ; sh:group shapes:closed .
    shapes:open a sh:PropertyGroup ; rdfs:label "Open"@en ; sh:order 1 .
    shapes:closed a sh:PropertyGroup ; rdfs:label "Closed"@en ; sh:order 2 ;
        <https://w3id.org/foedera/ns#folded> true .
    book:the-leopard :cover "h" ; :shelf "3" .
    """
    found = {
        section["heading"]["text"]: section["folded"]
        for section in shown(LEOPARD, added)["sections"]
        if section["heading"]
    }
    assert (found["Open"], found["Closed"]) == (False, True)


def test_things_of_one_name_are_told_apart_by_their_kinds(shown: Show) -> None:
    added = """
    :Film a owl:Class ; rdfs:label "film"@en . :Print a owl:Class ; rdfs:label "print"@en .
    :leopard-film a :Film ; rdfs:label "A name"@en .
    :leopard-print a :Print ; rdfs:label "A name"@en .
    :one a :Film ; rdfs:label "Another"@en . :two a :Film ; rdfs:label "Another"@en .
    book:the-leopard :seeAlso :leopard-film , :leopard-print , :one , :two .
    """
    (links,) = (
        fact["values"]
        for section in shown(LEOPARD, added)["sections"]
        for fact in section["facts"]
        if fact["property"]["iri"].endswith("#seeAlso")
    )
    among = {one["iri"].rpartition("#")[2]: one.get("among", {}).get("text") for one in links}
    assert among == {"leopard-film": "film", "leopard-print": "print", "one": None, "two": None}
