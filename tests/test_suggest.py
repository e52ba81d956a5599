"""What the query page asks for: words to complete a query with, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import Client

from conftest import Serve
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

PEOPLE = """
@prefix : <https://example.org/ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix person: <https://example.org/id/person/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix void: <http://rdfs.org/ns/void#> .

<https://example.org/id/dataset> a void:Dataset ; void:uriSpace "https://example.org/" .
:Writer a owl:Class ; rdfs:label "writer"@en , "scrittore"@it .
:wrote a owl:ObjectProperty ; rdfs:label "wrote"@en .
person:soseki a :Writer ; rdfs:label "Natsume S\u014dseki"@en , "\u590f\u76ee\u6f31\u77f3"@ja .
person:eco a :Writer ; rdfs:label "Umberto Eco"@it .
person:ecosoc a :Writer ; rdfs:label "Eco"@it .
person:recordist a :Writer ; rdfs:label "Recorder"@it .
""" + "".join(f'person:p{n} a :Writer ; rdfs:label "Somebody {n}"@en .\n' for n in range(30))


@pytest.fixture(scope="module")
def people(serve: Serve) -> Site:
    return serve(PEOPLE)


@pytest.fixture
def client(people: Site, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, people))


def get(client: Client, path: str, language: str = "en") -> Any:
    response = client.get(path, headers={"Accept-Language": language})
    assert (response.status_code, response.mimetype) == (200, "application/json")
    return response.get_json()


def found(client: Client, text: str, **more: str) -> list[str]:
    response = client.get("/sparql/entities.json", query_string={"q": text, **more})
    return [one["iri"].rpartition("/")[2] for one in response.get_json()["things"]]


def test_classes_and_properties_are_named_in_the_readers_language(client: Client) -> None:
    english, italian = (get(client, "/sparql/terms.json", tag) for tag in ("en", "it"))
    writer = english["classes"][0]
    assert (writer["iri"], writer["count"]) == ("https://example.org/ns#Writer", 34)
    assert (writer["label"]["text"], italian["classes"][0]["label"]["text"]) == (
        "writer",
        "scrittore",
    )
    assert english["prefixes"]["person"] == "https://example.org/id/person/"
    assert "rdfs:label".removeprefix("rdfs:") in {
        one["iri"].rpartition("#")[2] for one in english["properties"]
    }


def test_what_is_told_in_one_language_is_not_kept_for_another(client: Client) -> None:
    responses = [
        client.get("/sparql/terms.json", headers={"Accept-Language": tag}) for tag in ("en", "it")
    ]
    assert {response.headers["Vary"] for response in responses} == {
        "Accept-Language, Accept-Encoding"
    }
    assert responses[0].headers["ETag"] != responses[1].headers["ETag"]


def test_things_are_found_without_accents_and_capitals(client: Client) -> None:
    assert found(client, "SOSEKI") == ["soseki"]
    assert found(client, "\u6f31\u77f3") == ["soseki"]


def test_the_beginning_of_a_word_comes_first_then_the_shorter_name(client: Client) -> None:
    assert found(client, "eco") == ["ecosoc", "eco", "recordist"]


def test_a_thing_says_its_kind_and_by_which_name_it_was_found(client: Client) -> None:
    (thing,) = get(client, "/sparql/entities.json?q=\u590f\u76ee", "en")["things"]
    assert thing["label"]["text"] == "Natsume S\u014dseki"
    assert thing["found"] == "\u590f\u76ee\u6f31\u77f3"
    assert thing["kind"]["text"] == "writer"


def test_terms_are_not_things(client: Client) -> None:
    assert found(client, "writ") == []


def test_only_some_things_are_suggested_and_that_is_said(client: Client) -> None:
    content = get(client, "/sparql/entities.json?q=somebody")
    assert (len(content["things"]), content["cut"]) == (20, True)


def test_a_space_leaves_out_other_iris(client: Client) -> None:
    assert found(client, "eco", space="https://example.org/id/person/ecos") == ["ecosoc"]
    assert found(client, "eco", space="https://example.org/id/place/") == []


@pytest.mark.parametrize("query", ["", "q=", "q=+", "q=" + "x" * 101, "q=x&limit=9"])
def test_a_wrong_question_for_things_is_refused(client: Client, query: str) -> None:
    assert client.get(f"/sparql/entities.json?{query}").status_code == 400


def check(client: Client, query: str) -> Any:
    response = client.post("/sparql/check", data=query.encode(), content_type="text/plain")
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "no-store"
    return response.get_json()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT ?s { ?s a :Writer ; rdfs:label ?name }",
        "ASK { person:eco ?p ?o }",
        "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 1",
    ],
)
def test_a_good_query_is_ok_with_the_prefixes_of_the_release(client: Client, query: str) -> None:
    assert check(client, query) == {"ok": True}


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("SELECT ?s {\n  ?s a :Writer ;;\n  FILTER( )\n}", 3, 11),
        ('SELECT ?s { ?s ?p "\u590f\u76ee" ) }', 1, 24),
        ("SELECT ?s {\n ?s ?p 'open\n}", 2, 8),
        ("SELECT ?s { ?s a nix:Thing }", 1, 18),
    ],
)
def test_a_fault_is_told_with_its_place(client: Client, query: str, line: int, column: int) -> None:
    told = check(client, query)
    assert (told["ok"], told["line"], told["column"]) == (False, line, column)
    assert not told["message"].startswith("line")


@pytest.mark.parametrize(
    "query", ["SELECT * { SERVICE <http://x> { ?s ?p ?o } }", "{" * 100, "CLEAR ALL"]
)
def test_what_is_never_answered_is_told_too(client: Client, query: str) -> None:
    told = check(client, query)
    assert not told["ok"]
    assert told["message"]


def test_checking_asks_nothing_of_the_data(client: Client, monkeypatch: Any) -> None:
    """A query that runs out of its time is checked in none."""
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
    assert check(client, slow) == {"ok": True}
