"""The SPARQL endpoint: every way to ask, every format, what is refused, and how it says so."""

from __future__ import annotations

import json
import sys
import time
import xml.etree.ElementTree
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest
import rdflib
import SPARQLWrapper
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import SPARQLExceptions
from werkzeug.test import Client, TestResponse

from conftest import Page, Served
from foedera import formats, service, starter
from foedera.formats import Format
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

BOOKS = "SELECT ?book { ?book a <https://example.org/ns#Book> } ORDER BY ?book"
KOKORO = "https://example.org/id/book/kokoro"
QUERIES = {
    "SELECT": BOOKS,
    "ASK": "ASK { ?book a <https://example.org/ns#Book> }",
    "CONSTRUCT": "CONSTRUCT WHERE { ?book a <https://example.org/ns#Book> }",
    "DESCRIBE": f"DESCRIBE <{KOKORO}>",
}
TABLES = ("SELECT", "ASK")
GRAPHS = ("CONSTRUCT", "DESCRIBE")
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"


def get(client: Client, query: str, accept: str = "*/*", **parameters: str) -> TestResponse:
    return client.get(
        "/sparql", query_string={"query": query, **parameters}, headers={"Accept": accept}
    )


def detail(answer: TestResponse, status: int) -> str:
    """What an error says, which is to be problem details."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.json is not None
    assert answer.json["status"] == status
    assert answer.headers["Cache-Control"] == "no-store"
    return f"{answer.json['detail']} {answer.json['hint']}"


def bindings(answer: TestResponse) -> list[dict[str, Any]]:
    assert (answer.status_code, answer.mimetype) == (200, "application/sparql-results+json")
    found: list[dict[str, Any]] = json.loads(answer.data)["results"]["bindings"]
    return found


WAYS = {
    "get": {"method": "GET", "query_string": {"query": BOOKS}},
    "form": {"method": "POST", "data": {"query": BOOKS}},
    "direct": {"method": "POST", "data": BOOKS.encode(), "content_type": DIRECT},
    "form with charset": {
        "method": "POST",
        "data": urlencode({"query": BOOKS}),
        "content_type": f"{FORM}; charset=UTF-8",
    },
    "direct with charset": {
        "method": "POST",
        "data": BOOKS.encode(),
        "content_type": f'{DIRECT}; Charset="utf-8"',
    },
    "parameters that are not ours": {
        "method": "GET",
        "query_string": {"query": BOOKS, "output": "json", "maxrows": "5", "results": "x", "_": ""},
    },
    "direct with parameters": {
        "method": "POST",
        "data": BOOKS.encode(),
        "content_type": DIRECT,
        "query_string": {"timeout": "5"},
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_a_query_may_be_sent_in_every_way_of_the_protocol(client: Client, way: str) -> None:
    rows = bindings(client.open("/sparql", **WAYS[way]))
    assert [row["book"]["value"] for row in rows] == [
        KOKORO,
        "https://example.org/id/book/the-leopard",
    ]


@pytest.mark.parametrize("way", ["get", "form", "direct"])
def test_characters_of_every_script_come_through(client: Client, way: str) -> None:
    query = 'SELECT ?s { ?s ?p "こころ"@ja }'
    request = {
        "get": {"method": "GET", "query_string": {"query": query}},
        "form": {"method": "POST", "data": {"query": query}},
        "direct": {"method": "POST", "data": query.encode(), "content_type": DIRECT},
    }[way]
    assert bindings(client.open("/sparql", **request))[0]["s"]["value"] == KOKORO


@pytest.mark.parametrize("form", TABLES)
@pytest.mark.parametrize("fmt", formats.RESULTS, ids=lambda fmt: fmt.ending)
def test_tables_and_verdicts_come_in_each_format_by_accept_and_parameter(
    client: Client, form: str, fmt: Format
) -> None:
    for answer in (
        get(client, QUERIES[form], fmt.media_type),
        get(client, QUERIES[form], format=fmt.ending),
        get(client, QUERIES[form], "text/html", format=fmt.media_type),
    ):
        assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
        assert answer.headers["Vary"] == "Accept"
        if form == "SELECT":
            assert KOKORO in answer.text
        else:
            assert "true" in answer.text
        if fmt is formats.XML_RESULTS:
            xml.etree.ElementTree.fromstring(answer.data)


@pytest.mark.parametrize("form", GRAPHS)
@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_graphs_come_in_each_format_by_accept_and_parameter(
    client: Client, form: str, fmt: Format
) -> None:
    for answer in (
        get(client, QUERIES[form], fmt.media_type),
        get(client, QUERIES[form], format=fmt.ending),
    ):
        assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
        told = ox.parse(answer.data, format=getattr(ox.RdfFormat, fmt.engine))
        assert KOKORO in {quad.subject.value for quad in told}


@pytest.mark.parametrize("form", QUERIES)
@pytest.mark.parametrize(
    "accept", ["*/*", "", None, "image/png", "application/x-unknown, text/x-other;q=0.3"]
)
def test_who_asks_for_nothing_that_there_is_gets_json_or_turtle(
    client: Client, form: str, accept: str | None
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = client.get("/sparql", query_string={"query": QUERIES[form]}, headers=headers)
    expected = formats.JSON_RESULTS if form in TABLES else formats.TURTLE
    assert (answer.status_code, answer.content_type) == (200, expected.content_type)


@pytest.mark.parametrize(
    ("form", "accept", "expected"),
    [
        ("CONSTRUCT", "application/sparql-results+json", "text/turtle"),
        ("SELECT", "text/turtle", "application/sparql-results+json"),
        ("SELECT", "text/turtle, text/csv;q=0.2", "text/csv"),
        ("ASK", "application/rdf+xml", "application/sparql-results+json"),
        ("SELECT", "application/json", "application/sparql-results+json"),
        ("SELECT", "application/xml", "application/sparql-results+xml"),
        ("CONSTRUCT", "application/json", "application/ld+json"),
        ("CONSTRUCT", "text/plain", "application/n-triples"),
        ("SELECT", "text/plain", "text/tab-separated-values"),
    ],
)
def test_the_query_decides_on_table_or_graph_and_accept_within_it(
    client: Client, form: str, accept: str, expected: str
) -> None:
    assert get(client, QUERIES[form], accept).mimetype == expected


@pytest.mark.parametrize("form", QUERIES)
def test_a_browser_gets_a_page_with_the_query_in_a_form_and_the_answer(
    client: Client, form: str
) -> None:
    answer = get(client, QUERIES[form], "text/html,application/xhtml+xml,*/*;q=0.8")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    page = Page(answer.text)
    assert QUERIES[form] in page.text("textarea")
    assert "/sparql" in [attributes["action"] for attributes in page.all("form")]
    if form == "SELECT":
        assert len(page.all("table")) == 1
        assert "/doc/book/kokoro" in page.addresses()


def test_a_browser_that_asks_nothing_gets_the_form(client: Client) -> None:
    for address in ("/sparql", "/sparql?query=", "/sparql?format=html"):
        answer = client.get(address, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        assert len(Page(answer.text).all("textarea")) == 1


@pytest.mark.parametrize(
    "query", ["SELEC", "SELECT * { ?s ?p ", "</textarea><script>alert(1)</script>", 'ASK { "']
)
def test_an_error_on_the_page_leaves_the_query_in_the_form(client: Client, query: str) -> None:
    answer = get(client, query, "text/html")
    assert answer.status_code == 400
    assert answer.headers["Cache-Control"] == "no-store"
    page = Page(answer.text)
    assert query in page.text("textarea")
    assert "The query does not parse" in "".join(text for _, text in page.texts)


def test_head_says_what_get_would(client: Client) -> None:
    for query in QUERIES.values():
        address = f"/sparql?{urlencode({'query': query})}"
        head, whole = client.head(address), client.get(address)
        assert (head.status_code, head.data) == (200, b"")
        assert dict(head.headers) == dict(whole.headers)
        assert client.head(address).headers == head.headers
    assert client.head("/sparql?query=oops").status_code == 400
    assert client.head("/sparql?query=SELEC").status_code == 400


def test_an_answer_is_not_sent_again_to_one_who_has_it(client: Client) -> None:
    first = get(client, BOOKS)
    again = client.get(
        "/sparql",
        query_string={"query": BOOKS},
        headers={"If-None-Match": first.headers["ETag"], "Accept": "*/*"},
    )
    assert (again.status_code, again.data) == (304, b"")


def test_without_a_query_the_endpoint_says_how_to_send_one(client: Client) -> None:
    for answer in (
        client.get("/sparql?query="),
        client.post("/sparql", data={"other": "x"}),
        client.post("/sparql", data=b"", content_type=DIRECT),
    ):
        assert "application/sparql-query" in detail(answer, 400)


def test_two_queries_at_once_are_refused(client: Client) -> None:
    twice = urlencode([("query", BOOKS), ("query", BOOKS)])
    for answer in (
        client.get(f"/sparql?{twice}"),
        client.post("/sparql", data=twice, content_type=FORM),
    ):
        assert "several queries" in detail(answer, 400)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/json", "multipart/form-data", ""],
)
def test_a_query_sent_as_something_else_is_a_415(client: Client, kind: str) -> None:
    answer = client.post("/sparql", data=BOOKS.encode(), content_type=kind)
    assert DIRECT in detail(answer, 415)


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "x-unknown"])
@pytest.mark.parametrize("kind", [DIRECT, FORM])
def test_a_query_in_another_encoding_is_a_415(client: Client, kind: str, charset: str) -> None:
    data = BOOKS.encode("utf-16" if charset == "utf-16" else "ascii")
    answer = client.post("/sparql", data=data, content_type=f"{kind}; charset={charset}")
    assert "UTF-8" in detail(answer, 415)


def test_bytes_that_are_no_utf_8_are_a_400(client: Client) -> None:
    for answer in (
        client.get("/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%22caf%E9%22%20%7D"),
        client.post("/sparql", data='ASK { ?s ?p "café" }'.encode("latin-1"), content_type=DIRECT),
        client.post("/sparql", data=b"query=ASK%7B%3Fs+%3Fp+%22%E9%22%7D", content_type=FORM),
    ):
        assert "UTF-8" in detail(answer, 400)


def test_an_update_is_refused(client: Client) -> None:
    update = "INSERT DATA { <urn:a> <urn:b> <urn:c> }"
    assert "token" in detail(client.post("/sparql", data={"update": update}), 403)
    assert "token" in detail(
        client.post("/sparql", data=update.encode(), content_type="application/sparql-update"), 403
    )
    assert "only reads" in detail(get(client, update), 403)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", 403, "SERVICE is refused"),
        ("LOAD <http://127.0.0.1:9/>", 403, "only reads"),
        ("LOAD <file:///etc/passwd>", 403, "only reads"),
        ("SELECT * FROM <http://127.0.0.1:9/> { ?s ?p ?o }", 400, "none is fetched"),
        ("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", 400, "none is fetched"),
        ("SELECT * FROM NAMED <http://127.0.0.1:9/> { GRAPH ?g { ?s ?p ?o } }", 400, "none"),
    ],
)
def test_nothing_is_fetched(client: Client, query: str, status: int, said: str) -> None:
    for answer in (
        get(client, query),
        client.post("/sparql", data={"query": query}),
        client.post("/sparql", data=query.encode(), content_type=DIRECT),
    ):
        assert said in detail(answer, status)
        assert "root:" not in answer.text


@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
def test_a_graph_that_is_not_here_is_not_fetched_by_parameter_either(
    client: Client, parameter: str
) -> None:
    answer = get(client, BOOKS, **{parameter: "http://127.0.0.1:9/"})
    assert "none is fetched" in detail(answer, 400)


def test_parameters_choose_the_graphs_in_the_address_and_in_a_form(client: Client) -> None:
    graphs = {"default-graph-uri": "https://example.org/graph/data/books"}
    counted = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    own = "SELECT (COUNT(*) AS ?n) { GRAPH <https://example.org/graph/data/books> { ?s ?p ?o } }"
    (expected,) = bindings(get(client, own))
    assert bindings(get(client, counted)) != [expected]
    for answer in (
        get(client, counted, **graphs),
        client.post("/sparql", data={"query": counted, **graphs}),
        client.post("/sparql", data=counted, content_type=DIRECT, query_string=graphs),
    ):
        assert bindings(answer) == [expected]


def test_several_default_graphs_are_one(client: Client) -> None:
    graphs = [f"https://example.org/graph/{name}" for name in ("data/books", "ontology/core")]
    parameters = [("query", BOOKS), *(("default-graph-uri", graph) for graph in graphs)]
    answer = client.get(f"/sparql?{urlencode(parameters)}", headers={"Accept": "*/*"})
    assert len(bindings(answer)) == 2


def test_only_the_graphs_named_can_be_named(client: Client) -> None:
    query = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"
    graph = "https://example.org/graph/ontology/core"
    (row,) = bindings(get(client, query, **{"named-graph-uri": graph}))
    assert row["g"]["value"] == graph


def test_what_was_inferred_can_be_left_out(client: Client) -> None:
    query = "ASK { ?person <https://example.org/ns#wrote> ?book }"
    assert json.loads(get(client, query).data)["boolean"] is True
    for no in ("false", "0", "no"):
        assert json.loads(get(client, query, inferred=no).data)["boolean"] is False


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("SELECT * { ?s ?p }", "line 1"),
        ("SELECT *\n{ ?s ?p ?o\n  FILTR(?s) }", "line 3"),
        ('SELECT * {\n ?s ?p "no end }', "line 2, column 8"),
    ],
)
def test_a_query_that_does_not_parse_says_where(client: Client, query: str, place: str) -> None:
    said = detail(get(client, query), 400)
    assert place in said
    assert "column" in said


def test_a_query_past_the_limits_says_which(client: Client, plain_settings: Settings) -> None:
    deep = "SELECT * { " + "{" * 50 + "}" * 50 + " }"
    assert f"deeper than {plain_settings.query_nesting}" in detail(get(client, deep), 400)
    long = "ASK {} #" + "x" * plain_settings.query_bytes
    answer = client.post("/sparql", data=long, content_type=DIRECT)
    assert f"{plain_settings.query_bytes:,} bytes" in detail(answer, 413)


def test_a_query_just_below_the_limit_is_answered_however_it_is_sent(
    client: Client, plain_settings: Settings
) -> None:
    query = "ASK {} #" + "本" * (plain_settings.query_bytes // 3 - 10)
    for request in ({"data": {"query": query}}, {"data": query.encode(), "content_type": DIRECT}):
        answer = client.post("/sparql", **request)
        assert (answer.status_code, answer.json) == (200, {"head": {}, "boolean": True})


def test_words_of_refused_things_may_stand_in_strings_iris_and_comments(client: Client) -> None:
    query = (
        'SELECT ("SERVICE <x> LOAD" AS ?service) # FROM <http:>\n{ ?s ?load <urn:SERVICE/LOAD> }'
    )
    assert get(client, query).status_code == 200


SLOW = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(6)) + " }"


@pytest.fixture(scope="module")
def hasty(plain_settings: Settings, site: Site) -> Iterator[Client]:
    """A client of a site on which a query has one second."""
    short = replace(plain_settings, query_seconds=1.0)
    with service.local(short, site.live.release) as quick:
        yield Client(create_app(short, quick))


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_a_query_past_its_deadline_is_a_503_and_the_next_one_is_answered(
    hasty: Client, accept: str
) -> None:
    began = time.monotonic()
    answer = get(hasty, SLOW, accept)
    assert time.monotonic() - began < 4
    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdigit()
    assert answer.headers["Cache-Control"] == "no-store"
    assert "longer than 1 second" in answer.text
    assert len(bindings(get(hasty, BOOKS))) == 2


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of the books, served by the program in a process of its own."""
    folder = tmp_path_factory.mktemp("served")
    starter.new(folder)
    served = Served(Path(sys.executable).with_name("foedera"), "serve", cwd=folder)
    yield served.url + "sparql"
    code = served.stop()
    served.close()
    assert code == 0


@pytest.mark.parametrize("method", [SPARQLWrapper.GET, SPARQLWrapper.POST])
@pytest.mark.parametrize("how", [SPARQLWrapper.URLENCODED, SPARQLWrapper.POSTDIRECTLY])
@pytest.mark.parametrize(
    "fmt", [SPARQLWrapper.JSON, SPARQLWrapper.XML, SPARQLWrapper.CSV, SPARQLWrapper.TSV]
)
def test_sparqlwrapper_gets_tables(url: str, method: str, how: str, fmt: str) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(url, returnFormat=fmt)
    wrapper.setMethod(method)
    wrapper.setRequestMethod(how)
    wrapper.setQuery(BOOKS)
    answer = wrapper.queryAndConvert()
    if fmt == SPARQLWrapper.JSON:
        assert len(answer["results"]["bindings"]) == 2
    elif fmt == SPARQLWrapper.XML:
        assert KOKORO in answer.toxml()
    else:
        assert KOKORO.encode() in answer


@pytest.mark.parametrize("form", GRAPHS)
@pytest.mark.parametrize(
    "fmt", [SPARQLWrapper.TURTLE, SPARQLWrapper.RDFXML, SPARQLWrapper.N3, SPARQLWrapper.XML]
)
def test_sparqlwrapper_gets_graphs(url: str, form: str, fmt: str) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(url, returnFormat=fmt)
    wrapper.setQuery(QUERIES[form])
    answer = wrapper.query()
    if fmt == SPARQLWrapper.N3:  # it knows no reader for what comes, and never did
        assert b"book:kokoro" in answer.response.read()
        return
    found = answer.convert()
    graph = found if isinstance(found, rdflib.Graph) else rdflib.Graph().parse(data=found)
    assert (rdflib.URIRef(KOKORO), None, None) in graph


def test_sparqlwrapper_asks_and_hears_why_it_is_refused(url: str) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(url, returnFormat=SPARQLWrapper.JSON)
    wrapper.setQuery(QUERIES["ASK"])
    assert wrapper.queryAndConvert()["boolean"] is True
    wrapper.setQuery("SELECT * { ?s ?p }")
    with pytest.raises(SPARQLExceptions.QueryBadFormed, match="does not parse"):
        wrapper.query()


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
@pytest.mark.parametrize("fmt", ["xml", "json", "csv"])
def test_rdflib_s_store_asks_as_if_it_were_at_home(url: str, method: str, fmt: str) -> None:
    store = SPARQLStore(url, method=method, returnFormat=fmt)
    graph = rdflib.Graph(store)
    written = rdflib.URIRef("https://example.org/ns#writtenBy")
    assert len(list(graph.triples((None, written, None)))) == 2
    assert {str(row.book) for row in graph.query(BOOKS)} >= {KOKORO}  # type: ignore[union-attr]
    assert graph.value(rdflib.URIRef(KOKORO), written) is not None


def test_rdflib_s_store_asks_for_graphs_and_verdicts(url: str) -> None:
    graph = rdflib.Graph(SPARQLStore(url))
    assert bool(graph.query(QUERIES["ASK"]))
    described = graph.query(QUERIES["DESCRIBE"]).graph
    assert described is not None
    assert (rdflib.URIRef(KOKORO), None, None) in described
