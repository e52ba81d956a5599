"""The service description: complete, and each statement of it true of the endpoint itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from werkzeug.test import Client, TestResponse

from conftest import Page, Publish
from foedera import catalog, formats, release, service, settings, starter, terms
from foedera.catalog import Extension
from foedera.edit import MEDIA_TYPES
from foedera.errors import BadGateway, FoederaError, Unavailable
from foedera.formats import Format
from foedera.service import Site
from foedera.settings import Settings
from foedera.stores.embedded import EmbeddedStore
from foedera.web import catalog as pages
from foedera.web import create_app

SD = terms.SD
BASE = "https://example.org/"
HERE = "http://localhost/sparql"
"""The address at which the test client asks."""

W3C = {
    "application/sparql-results+json": "SPARQL_Results_JSON",
    "application/sparql-results+xml": "SPARQL_Results_XML",
    "text/csv": "SPARQL_Results_CSV",
    "text/tab-separated-values": "SPARQL_Results_TSV",
    "text/turtle": "Turtle",
    "application/n-triples": "N-Triples",
    "application/rdf+xml": "RDF_XML",
    "application/trig": "TriG",
    "application/n-quads": "N-Quads",
    "application/ld+json": "JSON-LD",
}
"""The names that https://www.w3.org/ns/formats/ has for the formats."""

EVERY = (*formats.RESULTS, *formats.GRAPHS)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, plain_settings: Settings) -> Iterator[Site]:
    """The books, with a graph that a file names, a triple that two graphs hold, and an empty
    file."""
    folder = tmp_path_factory.mktemp("shelf") / "books"
    starter.new(folder)
    data = folder / "data"
    (data / "empty.ttl").write_text("# Nothing yet.\n", encoding="utf-8")
    with (data / "dataset.ttl").open("a", encoding="utf-8") as file:
        title = "'Uno scaffale'@it , '\u672c\u68da'@ja"
        file.write(f"<https://example.org/id/dataset/books> dcterms:title {title} .")
    (data / "many.trig").write_text(
        "@prefix : <https://example.org/ns#> .\n"
        "@prefix book: <https://example.org/id/book/> .\n"
        "book:kokoro a :Book .\n"
        "<https://example.org/lent> { book:kokoro :lentTo 'Mina' , 'Ada' . book:kokoro a :Book . }",
        encoding="utf-8",
    )
    found = release.publish(folder, folder / ".foedera", 5, lambda _: None)
    with service.local(plain_settings, found) as site:
        yield site


@pytest.fixture
def asking(shelf: Site, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, shelf))


def limited(site: Site, base: Settings, **changes: Any) -> Client:
    """A client of the same site with other settings."""
    return Client(create_app(replace(base, **changes), site))


def read(answer: TestResponse, fmt: Format = formats.TURTLE, base: str = HERE) -> ox.Dataset:
    assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
    told = getattr(ox.RdfFormat, fmt.engine)
    return ox.Dataset(ox.parse(answer.data, format=told, base_iri=base))


def values(graph: ox.Dataset, property_: str, subject: Any = None) -> list[Any]:
    found = graph.quads_for_predicate(ox.NamedNode(property_))
    return [quad.object for quad in found if subject in (None, quad.subject)]


def said(client: Client, property_: str) -> list[str]:
    """The values of a property of the vocabulary in the description."""
    return [value.value for value in values(read(client.get("/sparql")), SD + property_)]


def rows(client: Client, query: str) -> list[dict[str, str]]:
    answer = client.get(
        "/sparql", query_string={"query": query}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 200, answer.text
    bindings = json.loads(answer.data)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in bindings]


def count(client: Client, query: str) -> int:
    return int(rows(client, query)[0]["n"])


def limits(client: Client) -> dict[str, tuple[str, str]]:
    """The limits of the description: value and unit by the name of the setting."""
    graph = read(client.get("/sparql"))
    found = {}
    for node in values(graph, terms.SCHEMA + "additionalProperty"):
        name, value, unit = (
            values(graph, terms.SCHEMA + one, node)[0].value
            for one in ("propertyID", "value", "unitText")
        )
        found[name] = (value, unit)
    return found


# Who gets it


@pytest.mark.parametrize(
    "accept", [None, "", "*/*", "text/turtle", "text/*", "text/html;q=0.1,*/*"]
)
def test_who_sends_no_query_gets_the_description(client: Client, accept: str | None) -> None:
    answer = client.get("/sparql", headers={"Accept": accept} if accept is not None else {})
    assert values(read(answer), SD + "endpoint") == [ox.NamedNode(HERE)]
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_it_comes_in_every_graph_format_by_accept_and_parameter(
    client: Client, fmt: Format
) -> None:
    asked = client.get("/sparql", headers={"Accept": fmt.media_type})
    named = client.get(f"/sparql?format={fmt.ending}", headers={"Accept": "text/html"})
    assert asked.data == named.data
    assert len(values(read(asked, fmt), SD + "endpoint")) == 1


def test_a_browser_gets_the_query_page(client: Client) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
    answer = client.get("/sparql", headers={"Accept": accept})
    assert "<textarea" in answer.text


def test_head_tells_of_it_without_sending_it(client: Client) -> None:
    answer = client.head("/sparql")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Type"] == formats.TURTLE.content_type


@pytest.mark.parametrize(
    "request_",
    [
        {"path": "/sparql?query="},
        {"path": "/sparql", "headers": {"Accept": "application/sparql-results+xml"}},
        {"path": "/sparql?format=csv"},
        {"path": "/sparql", "method": "POST", "data": {"format": "ttl"}},
    ],
    ids=["empty", "waiting for rows", "asking for rows", "post"],
)
def test_who_forgot_the_query_is_told_so(client: Client, request_: dict[str, Any]) -> None:
    answer = client.open(**request_)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["detail"] == "There is no query"


# Where it is


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_it_is_the_same_bytes_by_whatever_name_the_host_is_called(
    client: Client, fmt: Format
) -> None:
    path = f"/sparql?format={fmt.ending}"
    answers = {
        client.get(path, base_url=base, headers={"X-Forwarded-Host": "evil.example"}).data
        for base in ("http://localhost/", "https://evil.example/", "http://[::1]:8000/")
    }
    assert len(answers) == 1
    assert b"evil" not in answers.pop()


@pytest.mark.parametrize(
    "fmt", [formats.TURTLE, formats.TRIG, formats.RDF_XML, formats.JSON_LD], ids=lambda f: f.ending
)
def test_the_endpoint_is_where_the_description_was_found(client: Client, fmt: Format) -> None:
    mirror = "https://mirror.example/here/sparql"
    asked = f"?format={fmt.ending}"
    graph = read(client.get(f"/sparql{asked}"), fmt, mirror + asked)
    assert values(graph, SD + "endpoint") == [ox.NamedNode(mirror)]


@pytest.mark.parametrize("fmt", [formats.N_TRIPLES, formats.N_QUADS], ids=lambda f: f.ending)
def test_where_no_reference_is_relative_it_is_the_publication_s_own(
    client: Client, fmt: Format
) -> None:
    graph = read(client.get(f"/sparql?format={fmt.ending}"), fmt)
    assert values(graph, SD + "endpoint") == [ox.NamedNode(BASE + "sparql")]


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_at_the_publication_s_own_address_every_format_says_the_same(
    client: Client, fmt: Format
) -> None:
    told = [
        read(client.get(f"/sparql?format={one.ending}"), one, BASE + "sparql")
        for one in (formats.TURTLE, fmt)
    ]
    for graph in told:
        graph.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    assert told[0] == told[1]


def test_what_stands_for_the_address_is_left_nowhere(client: Client) -> None:
    for fmt in formats.GRAPHS:
        assert catalog.HERE.encode() not in client.get(f"/sparql?format={fmt.ending}").data


# What it says


def test_its_words_are_those_of_the_vocabulary(asking: Client) -> None:
    """Every property of the vocabulary leads to a thing (section 3)."""
    known = {
        *("endpoint", "feature", "defaultEntailmentRegime", "supportedLanguage", "resultFormat"),
        *("languageExtension", "extensionFunction", "defaultDataset", "availableGraphs"),
        *("defaultGraph", "namedGraph", "name", "graph"),
    }
    used = {
        quad.predicate.value.removeprefix(SD): type(quad.object)
        for quad in read(asking.get("/sparql"))
        if quad.predicate.value.startswith(SD)
    }
    assert set(used) == known
    assert ox.Literal not in used.values()


@pytest.mark.parametrize("fmt", EVERY, ids=lambda fmt: fmt.ending)
def test_each_format_of_answers_is_named_as_the_w3c_names_it(fmt: Format) -> None:
    assert catalog.format_iri(fmt) == terms.FORMATS + W3C[fmt.media_type]


def test_every_format_that_it_names_is_answered_and_no_other_is_left_out(asking: Client) -> None:
    queries = dict.fromkeys(formats.RESULTS, "SELECT * { ?s ?p ?o } LIMIT 1") | dict.fromkeys(
        formats.GRAPHS, "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 1"
    )
    answered = set()
    for media_type, name in W3C.items():
        for query in set(queries.values()):
            answer = asking.get(
                "/sparql", query_string={"query": query}, headers={"Accept": media_type}
            )
            if answer.mimetype == media_type:
                answered.add(terms.FORMATS + name)
    assert set(said(asking, "resultFormat")) == answered


def test_every_function_that_it_names_works(asking: Client) -> None:
    examples = {one.iri: one.example for one in catalog.FUNCTIONS}
    named = said(asking, "extensionFunction")
    assert set(named) == set(examples)
    for iri in named:
        assert rows(asking, examples[iri])[0]["answer"], iri


def test_every_extension_of_the_language_works(asking: Client) -> None:
    examples = {one.iri: one.example for one in catalog.LANGUAGE}
    named = said(asking, "languageExtension")
    assert set(named) == set(examples)
    for iri in named:
        assert rows(asking, examples[iri])[0]["answer"], iri


class Written:
    """A reply that keeps what is written."""

    def __init__(self) -> None:
        self.body = b""

    def head(self, content: Any) -> None: ...

    def write(self, part: bytes) -> int:
        self.body += part
        return len(part)


def content(store: EmbeddedStore, plain_settings: Settings) -> dict[str, Any]:
    reply: Any = Written()
    catalog.page(store, catalog.offered(plain_settings), reply)
    found: dict[str, Any] = json.loads(reply.body)
    return found


def test_what_an_engine_does_not_have_is_not_named(
    published: release.Release, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = [
        Extension("urn:a", "a", "", "SELECT (<urn:a>(1) AS ?answer) {}"),
        Extension("urn:b", "b", "", "SELECT FROBNICATE { }"),
        Extension("urn:c", "c", "", "SELECT (1 / 0 AS ?answer) {}"),
    ]
    there = Extension("urn:d", "d", "", "SELECT (1 AS ?answer) {}")
    monkeypatch.setattr(catalog, "FUNCTIONS", (*absent, there))
    found = content(EmbeddedStore.load(published.path), plain_settings)
    assert [one["iri"] for one in found["functions"]] == ["urn:d"]


class Elsewhere(EmbeddedStore):
    """A store whose engine does not answer."""

    fault: FoederaError

    def query(self, *_: Any, **__: Any) -> Any:
        raise self.fault


def test_an_engine_that_fails_on_what_it_lacks_has_nothing_to_name(
    published: release.Release, plain_settings: Settings
) -> None:
    store = Elsewhere.load(published.path)
    assert isinstance(store, Elsewhere)
    store.fault = BadGateway("Undefined procedure")
    found = content(store, plain_settings)
    assert (found["functions"], found["extensions"]) == ([], [])


def test_an_engine_that_is_not_there_is_not_described(
    published: release.Release, plain_settings: Settings
) -> None:
    store = Elsewhere.load(published.path)
    assert isinstance(store, Elsewhere)
    store.fault = Unavailable("No connection")
    with pytest.raises(Unavailable):
        content(store, plain_settings)


def test_every_named_graph_has_the_number_of_triples_that_it_says(asking: Client) -> None:
    graph = read(asking.get("/sparql"))
    told = {}
    for node in values(graph, SD + "namedGraph"):
        (name,), (inside,) = values(graph, SD + "name", node), values(graph, SD + "graph", node)
        told[name.value] = int(values(graph, terms.VOID + "triples", inside)[0].value)
    assert told == {
        name: count(asking, f"SELECT (COUNT(*) AS ?n) FROM <{name}> {{ ?s ?p ?o }}")
        for name in told
    }
    assert told["https://example.org/lent"] == 3
    assert {one["g"] for one in rows(asking, "SELECT ?g { GRAPH ?g {} }")} == set(told)


def test_the_default_graph_has_the_number_of_triples_that_it_says(asking: Client) -> None:
    graph = read(asking.get("/sparql"))
    (node,) = values(graph, SD + "defaultGraph")
    told = int(values(graph, terms.VOID + "triples", node)[0].value)
    assert told == count(asking, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")


def test_the_default_graph_is_the_union_of_the_named_ones(asking: Client) -> None:
    assert SD + "UnionDefaultGraph" in said(asking, "feature")
    union = "SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } }"
    assert count(asking, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == count(asking, union)


def test_entailment_is_simple_and_the_graph_of_inferences_says_how_it_was_made(
    asking: Client,
) -> None:
    assert said(asking, "defaultEntailmentRegime") == [terms.ENTAILMENT + "Simple"]
    assert rows(asking, "SELECT ?x { ?x a <http://www.w3.org/2002/07/owl#Thing> }") == []
    graph = read(asking.get("/sparql"))
    (name,) = graph.quads_for_object(ox.NamedNode(BASE + "graph/inferred"))
    (inside,) = values(graph, SD + "graph", name.subject)
    (made,) = values(graph, terms.PROV + "wasGeneratedBy", inside)
    assert values(graph, terms.PROV + "used", made) == [ox.NamedNode(terms.PROFILE + "RL")]


def test_the_graphs_that_may_be_asked_for_are_those_of_the_dataset(asking: Client) -> None:
    assert said(asking, "availableGraphs") == said(asking, "defaultDataset")
    answer = asking.get("/sparql", query_string={"query": "ASK FROM <urn:elsewhere> { ?s ?p ?o }"})
    assert answer.status_code == 400


def test_the_dataset_is_named_in_its_languages_with_its_licence_and_release(
    asking: Client, shelf: Site
) -> None:
    graph = read(asking.get("/sparql"))
    (dataset,) = values(graph, SD + "defaultDataset")
    titles = {(one.value, one.language) for one in values(graph, terms.DCTERMS + "title", dataset)}
    assert titles == {("A shelf of books", "en"), ("Uno scaffale", "it"), ("\u672c\u68da", "ja")}
    assert len(values(graph, terms.DESCRIPTION, dataset)) == 1
    assert values(graph, terms.DCTERMS + "license", dataset) == [
        ox.NamedNode("https://creativecommons.org/publicdomain/zero/1.0/")
    ]
    (version,) = values(graph, terms.OWL + "versionInfo", dataset)
    assert version.value == shelf.live.release.id
    (whole,) = values(graph, terms.DCTERMS + "isVersionOf", dataset)
    assert values(graph, terms.VOID + "sparqlEndpoint", whole) == [ox.NamedNode(HERE)]


def test_a_publication_that_says_nothing_of_itself_has_one_too(
    books: Path, publish: Publish, plain_settings: Settings
) -> None:
    (books / "data" / "dataset.ttl").unlink()
    with service.local(plain_settings, publish()) as site:
        client = Client(create_app(plain_settings, site))
        graph = read(client.get("/sparql"))
        about = client.get("/sparql/about")
    assert values(graph, SD + "endpoint") == [ox.NamedNode(HERE)]
    assert values(graph, terms.DCTERMS + "isVersionOf") == []
    assert about.status_code == 200


def test_a_release_without_counts_by_graph_tells_none(
    published: release.Release, plain_settings: Settings
) -> None:
    path = published.path / "numbers.json"
    numbers = json.loads(path.read_text(encoding="utf-8"))
    del numbers["graphs"]
    path.write_text(json.dumps(numbers), encoding="utf-8")
    found = content(EmbeddedStore.load(published.path), plain_settings)
    assert {graph["triples"] for graph in found["graphs"]} == {None}


# What follows from settings


def test_it_only_reads_until_there_is_a_token(shelf: Site, plain_settings: Settings) -> None:
    update = SD + "SPARQL11Update"
    assert update not in said(limited(shelf, plain_settings), "supportedLanguage")
    writing = limited(shelf, plain_settings, write_token="a token of some length")
    assert update in said(writing, "supportedLanguage")
    assert SD + "SPARQL11Query" in said(writing, "supportedLanguage")
    assert "write_triples" in limits(writing)
    assert "write_triples" not in limits(limited(shelf, plain_settings))
    assert b"a token" not in writing.get("/sparql").data


def test_it_reads_formats_once_there_is_a_token(shelf: Site, plain_settings: Settings) -> None:
    assert said(limited(shelf, plain_settings), "inputFormat") == []
    writing = limited(shelf, plain_settings, write_token="a token of some length")
    assert set(said(writing, "inputFormat")) == {terms.FORMATS + W3C[one] for one in MEDIA_TYPES}


def test_it_asks_other_endpoints_only_where_some_are_allowed(
    shelf: Site, plain_settings: Settings
) -> None:
    federated = SD + "BasicFederatedQuery"
    assert federated not in said(limited(shelf, plain_settings), "feature")
    allowed = limited(shelf, plain_settings, query_services="https://one.example/sparql")
    assert federated in said(allowed, "feature")
    assert "https://one.example/sparql" in allowed.get("/sparql/about").text


NO_LIMITS = {"query_workers", "query_services", "write_token", "write_queue"}
"""Settings with such a name that bound nothing a client asks."""


def test_every_limit_is_shown_as_it_is_set(shelf: Site, plain_settings: Settings) -> None:
    writing = replace(plain_settings, write_token="a token of some length")
    shown = limits(limited(shelf, writing))
    bounds = {
        row.name
        for row in settings.ROWS
        if row.name.startswith(("query_", "client_", "write_")) and row.name not in NO_LIMITS
    }
    assert {name: value for name, (value, _) in shown.items()} == {
        name: str(getattr(writing, name)) for name in bounds
    }


def test_a_limit_that_is_switched_off_is_not_shown(shelf: Site, plain_settings: Settings) -> None:
    assert "query_rows" in limits(limited(shelf, plain_settings))
    assert "query_rows" not in limits(limited(shelf, plain_settings, query_rows=0))


REFUSED = {
    "query_bytes": (60, "ASK { ?a ?b ?c }" + " " * 50),
    "query_nesting": (3, "ASK {{{{}}}}"),
    "query_operators": (2, "ASK { FILTER(1 + 1 + 1 + 1 = 4) }"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_limit_of_a_text_that_is_shown_is_the_one_that_holds(
    shelf: Site, plain_settings: Settings, name: str
) -> None:
    value, query = REFUSED[name]
    client = limited(shelf, plain_settings, **{name: value})
    assert limits(client)[name][0] == str(value)
    answer = client.get("/sparql", query_string={"query": query})
    assert answer.status_code in (400, 413)
    assert answer.json is not None
    assert str(value) in answer.json["detail"]


def test_the_number_of_rows_that_is_shown_is_what_comes(
    shelf: Site, plain_settings: Settings
) -> None:
    client = limited(shelf, plain_settings, query_rows=7)
    assert limits(client)["query_rows"] == ("7", "rows")
    assert len(rows(client, "SELECT * { ?s ?p ?o }")) == 7


def test_the_size_that_is_shown_is_the_most_that_comes(
    shelf: Site, plain_settings: Settings
) -> None:
    client = limited(shelf, plain_settings, query_answer=900)
    assert limits(client)["query_answer"] == ("900", "bytes")
    answer = client.get("/sparql", query_string={"query": "SELECT * { ?s ?p ?o }", "format": "csv"})
    assert "X-Foedera-Cut" in answer.headers
    assert len(answer.data) <= 900


def test_the_time_that_is_shown_is_when_a_query_ends(shelf: Site, plain_settings: Settings) -> None:
    client = limited(shelf, plain_settings, query_seconds=0.5)
    assert limits(client)["query_seconds"] == ("0.5", "seconds")
    cross = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o }"
    answer = client.get("/sparql", query_string={"query": cross})
    assert answer.status_code == 503
    assert answer.json is not None
    assert "0.5 seconds" in answer.json["detail"]


# The page


def shown(client: Client) -> str:
    page = Page(client.get("/sparql/about", headers={"Accept": "text/html"}).text)
    return " ".join(" ".join(text for _, text in page.texts).split())


def test_the_page_shows_formats_limits_graphs_and_functions(asking: Client) -> None:
    text = shown(asking)
    for fmt in EVERY:
        assert fmt.media_type in text
    for one in catalog.FUNCTIONS:
        assert one.name in text
    assert "longest time for a query, in seconds 10 seconds" in text
    assert "data/many.trig https://example.org/graph/data/many 1" in text
    assert "https://example.org/lent 3" in text
    assert "what was inferred https://example.org/graph/inferred" in text


def test_the_page_is_reached_from_the_query_page(asking: Client) -> None:
    page = Page(asking.get("/sparql", headers={"Accept": "text/html"}).text)
    assert "/sparql/about" in page.addresses()


def test_every_link_of_the_page_leads_somewhere(asking: Client) -> None:
    page = Page(asking.get("/sparql/about").text)
    inside = {to for to in page.addresses() if to.startswith("/") and "static" not in to}
    assert len(inside) > 60
    for to in inside:
        answer = asking.get(to, headers={"Accept": "text/html"})
        assert answer.status_code == 200, to
        assert 'role="alert"' not in answer.text, to


def test_the_page_tells_how_to_write_where_anybody_may(
    asking: Client, shelf: Site, plain_settings: Settings
) -> None:
    writing = limited(shelf, plain_settings, write_token="a token of some length")
    assert "Authorization: Bearer" in shown(writing)
    assert "a token" not in shown(writing)
    assert "Authorization" not in shown(asking)


def test_a_whole_graph_is_where_the_page_says(asking: Client) -> None:
    assert "GET /graphs?graph=…" in shown(asking)
    answer = asking.get("/graphs?graph=https://example.org/lent", headers={"Accept": "text/turtle"})
    assert len(read(answer)) == 3


def test_the_page_names_no_host(asking: Client) -> None:
    assert "evil" not in asking.get("/sparql/about", base_url="http://evil.example/").text


def test_of_very_many_graphs_the_page_lists_some_and_says_so(
    asking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = len(values(read(asking.get("/sparql")), SD + "namedGraph"))
    monkeypatch.setattr(pages, "GRAPHS", 2)
    assert f"and {total - 2} more, in the data below" in shown(asking)


def test_the_page_has_no_parameters_and_is_a_page_alone(client: Client) -> None:
    assert client.get("/sparql/about?limits=1").status_code == 400
    assert client.get("/sparql/about", headers={"Accept": "text/turtle"}).status_code == 406


def test_the_description_of_the_dataset_of_this_repository_is_read_by_rdflib(
    dataset_client: Client,
) -> None:
    import rdflib

    graph = rdflib.Graph()
    graph.parse(data=dataset_client.get("/sparql").text, format="turtle", publicID=HERE)
    asked = "SELECT ?to { [] a sd:Service ; sd:endpoint ?to ; sd:defaultDataset/sd:namedGraph ?g }"
    found = graph.query(asked, initNs={"sd": rdflib.Namespace(SD)})
    assert {str(row[0]) for row in found} == {HERE}  # type: ignore[index]
    address = "/sparql?query=" + quote("ASK { ?s ?p ?o }")
    assert dataset_client.get(address).status_code == 200
