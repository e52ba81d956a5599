"""Each example query has an address of its own, with parameters, in every format."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import Client, TestResponse

from conftest import Page, Serve
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

QUESTIONS = r"""
@prefix : <https://example.org/ns#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix person: <https://example.org/id/person/> .
@prefix query: <https://example.org/id/query/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix void: <http://rdfs.org/ns/void#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://example.org/id/dataset> a void:Dataset ; void:uriSpace "https://example.org/" .
:Person rdfs:label "person"@en .
person:ada a :Person ; rdfs:label "Ada"@en ; :born 1815 ; :knows person:charles .
person:charles a :Person ; rdfs:label "Charles"@en , "Carlo"@it ; :born 1791 ; :nick "Chuck" .
query:people a sh:SPARQLExecutable , sh:SPARQLSelectExecutable ;
    rdfs:label "Who is there?"@en , "Chi c'è?"@it ;
    dcterms:description "Everybody, with names."@en ;
    sh:select '''SELECT ?person ?name ?born ?nick WHERE {
    ?person a :Person ; rdfs:label ?name ; :born ?born .
    OPTIONAL { ?person :nick ?nick } OPTIONAL { ?person :knows ?other }
} ORDER BY ?name''' .
query:v1.2 a sh:SPARQLExecutable ; rdfs:label "With a dot"@en ;
    sh:ask "ASK { ?person :born 1815 }" .
query:graph a sh:SPARQLConstructExecutable ; rdfs:label "As a graph"@en ;
    sh:construct "CONSTRUCT { ?a :friend ?b } WHERE { ?a :knows ?b }" .
query:many a sh:SPARQLSelectExecutable ; rdfs:label "Many"@en ;
    sh:select '''SELECT ?n WHERE {
    VALUES ?a { 0 1 2 3 4 5 6 7 8 9 } VALUES ?b { 0 1 2 3 4 5 6 7 8 9 } VALUES ?c { 0 1 }
    BIND(?a + 10 * ?b + 100 * ?c AS ?n) FILTER(?n < 150)
} ORDER BY ?n''' .
:Shape a sh:NodeShape ; sh:sparql [ sh:select "SELECT $this { $this a :Person }" ] .
"""


@pytest.fixture(scope="module")
def questions(dataset_site: Site, serve: Serve) -> Site:
    """Two persons and four queries. The dataset's site is asked for so that it starts first."""
    return serve(QUESTIONS)


@pytest.fixture
def client(questions: Site, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, questions))


def ask(client: Client, path: str, accept: str = "text/csv", **parameters: Any) -> TestResponse:
    address = f"/query/{path}?{urlencode(parameters)}" if parameters else f"/query/{path}"
    return client.get(address, headers={"Accept": accept, "Accept-Language": "en"})


def rows(client: Client, **parameters: Any) -> list[str]:
    response = ask(client, "people.csv", **parameters)
    assert response.status_code == 200, response.text
    return response.text.split("\r\n")[1:-1]


ADA = "https://example.org/id/person/ada,Ada,1815,"
CHARLES = "https://example.org/id/person/charles,Charles,1791,Chuck"
CARLO = "https://example.org/id/person/charles,Carlo,1791,Chuck"


@pytest.mark.parametrize(
    ("language", "question"),
    [("it", "Chi c'è?"), ("en", "Who is there?"), ("ja", "Who is there?")],
)
def test_the_page_asks_in_the_readers_language(
    client: Client, language: str, question: str
) -> None:
    headers = {"Accept": "text/html", "Accept-Language": language}
    assert f">{question}<" in client.get("/query/people", headers=headers).text.replace(
        "&#39;", "'"
    )


def test_the_page_has_the_answer_the_query_and_its_description(client: Client) -> None:
    page = Page(ask(client, "people", "text/html").text)
    assert len(page.all("td")) == 12
    assert "Everybody, with names." in page.text("p")
    assert "OPTIONAL { ?person :nick ?nick }" in page.text("code")


@pytest.mark.parametrize(
    ("path", "accept", "media_type"),
    [
        ("people", "text/html", "text/html"),
        ("people", "text/csv", "text/csv"),
        ("people.csv", "text/html", "text/csv"),
        ("people.json", "*/*", "application/sparql-results+json"),
        ("people.html", "text/csv", "text/html"),
        ("people?format=tsv", "text/html", "text/tab-separated-values"),
        ("v1.2", "text/csv", "text/csv"),
        ("v1.2.xml", "text/csv", "application/sparql-results+xml"),
        ("graph", "text/turtle", "text/turtle"),
        ("graph.jsonld", "text/html", "application/ld+json"),
    ],
)
def test_ending_parameter_and_header_choose_the_format(
    client: Client, path: str, accept: str, media_type: str
) -> None:
    response = ask(client, path, accept)
    assert (response.status_code, response.mimetype) == (200, media_type)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nobody", 404),
        ("people.ttl", 404),
        ("graph.csv", 404),
        ("people?format=ttl", 406),
        ("Shape", 404),
        ("people?page=0", 400),
        ("people.html?page=2", 404),
        ("people?view=pie", 400),
    ],
)
def test_what_is_not_there_is_said(client: Client, path: str, status: int) -> None:
    assert ask(client, path, "text/html").status_code == status


def test_without_parameters_every_row_is_there(client: Client) -> None:
    assert rows(client) == [ADA, CARLO, CHARLES]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"person": "person:ada"}, [ADA]),
        ({"person": "https://example.org/id/person/ada"}, [ADA]),
        ({"person": "<https://example.org/id/person/ada>"}, [ADA]),
        ({"born": "1791"}, [CARLO, CHARLES]),
        ({"born": '"1791"^^xsd:integer', "name": '"Carlo"@it'}, [CARLO]),
        ({"nick": "Chuck", "person": "person:charles"}, [CARLO, CHARLES]),
        ({"name": "Carlo"}, []),
        ({"name": ""}, [ADA, CARLO, CHARLES]),
    ],
)
def test_a_parameter_gives_a_value_to_a_column(
    client: Client, parameters: dict[str, str], expected: list[str]
) -> None:
    assert rows(client, **parameters) == expected


@pytest.mark.parametrize(
    "value",
    ['x" } UNION { ?person ?name ?born }', 'Ada"@en . ?s ?p ?o', "} #", "?person", "'''", "\\"],
)
def test_a_value_never_becomes_query_text(client: Client, value: str) -> None:
    response = ask(client, "people.csv", name=value)
    assert response.status_code == 400 or response.text == "person,name,born,nick\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "surname=x",
        "surname=",
        "other=person:ada",
        "person=person:ada&person=person:charles",
        "person=nix:ada",
        "person=_:b",
        "person=:a+,+:b",
        'name="Ada',
        "person=<not an IRI>",
    ],
)
def test_a_wrong_parameter_is_refused(client: Client, text: str) -> None:
    response = ask(client, f"people.csv?{text}")
    assert response.status_code == 400, response.text


def test_an_answer_that_is_a_graph_takes_values_too(client: Client) -> None:
    assert "friend" in ask(client, "graph.nt", "*/*", a="person:ada").text
    assert ask(client, "graph.nt", "*/*", a="person:charles").text == ""


def test_the_page_offers_the_values_that_are_there(client: Client) -> None:
    page = Page(ask(client, "people", "text/html", born="1791").text)
    assert [one["name"] for one in page.all("input")][1:] == ["person", "name", "born", "nick"]
    assert {"person:charles", "1791", '"Carlo"@it', '"Chuck"'} <= {
        one["value"] for one in page.all("option")
    }
    assert [one["value"] for one in page.all("input") if one["name"] == "born"] == ["1791"]


def test_parameters_go_along_to_files_and_code(client: Client) -> None:
    page = Page(ask(client, "people", "text/html", born="1791").text)
    assert "/query/people.csv?born=1791" in page.addresses()
    code = client.get("/query/people?born=1791", headers={"Accept": "text/html"}).text
    assert ">https://example.org/</span>query/people.csv?born=1791&#39;" in code


def test_long_answers_come_in_pages(client: Client) -> None:
    first = Page(ask(client, "many", "text/html").text)
    second = Page(ask(client, "many", "text/html", page=2).text)
    assert (len(first.all("td")), len(second.all("td"))) == (100, 50)
    assert "/query/many?page=2" in first.addresses()
    assert "/query/many?page=1" in second.addresses()
    assert ask(client, "many", "text/html", page=3).status_code == 404


def test_code_asks_where_the_publication_is_at_home_whatever_the_client_says_of_the_host(
    client: Client,
) -> None:
    page = client.get("/query/people", headers={"Accept": "text/html", "Host": "evil.example"})
    assert "evil.example" not in page.text
    assert '<span class="home">https://example.org/</span>query/people.csv' in page.text


def test_the_query_page_lists_the_questions(client: Client) -> None:
    page = Page(client.get("/sparql", headers={"Accept": "text/html"}).text)
    assert {"/query/people", "/query/v1.2", "/query/graph", "/query/many"} <= set(page.addresses())
    assert client.get("/query/").headers["Location"] == "/sparql#examples"


def test_every_example_query_of_the_dataset_answers_at_its_address(
    dataset_client: Client,
) -> None:
    page = Page(dataset_client.get("/sparql", headers={"Accept": "text/html"}).text)
    found = [one for one in page.addresses() if one.startswith("/query/")]
    assert len(found) > 30
    for address in found:
        answer = Page(dataset_client.get(address, headers={"Accept": "text/html"}).text)
        assert answer.all("td"), address
