"""Real clients, unchanged, against the site as a process: each asks as it always does."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pyoxigraph as ox
import pytest
import rdflib
import SPARQLWrapper
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from bench import UNLIMITED
from conftest import Served
from foedera import starter
from test_service import PASSED_ON

BOOKS = "SELECT ?book ?name { ?book a <https://example.org/ns#Book> ; ?p ?name } ORDER BY ?book"
LONG = "SELECT * {" + ". ".join(f"?a{n} ?b{n} ?c{n}" for n in range(3)) + "} LIMIT 50000"
KOKORO = "https://example.org/id/book/kokoro"
SD = "http://www.w3.org/ns/sparql-service-description#"
COMUNICA = (
    "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,"
    "application/n-triples;q=0.8,text/turtle;q=0.6,application/rdf+xml;q=0.5,text/n3;q=0.35,"
    "application/xml;q=0.3,image/svg+xml;q=0.3,text/xml;q=0.3,text/html;q=0.2,"
    "application/xhtml+xml;q=0.18,application/json;q=0.135"
)
"""What Comunica says when it looks what an address is."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The books, served without limits of rows and bytes."""
    folder = tmp_path_factory.mktemp("clients") / "books"
    starter.new(folder)
    served = Served(
        *(sys.executable, "-m", "foedera", "serve", "--query-rows", 0, "--query-answer", 0),
        *UNLIMITED,
        cwd=folder,
        **PASSED_ON,
    )
    yield served
    code = served.stop()
    served.close()
    assert code == 0


@pytest.fixture
def url(site: Served) -> str:
    return site.url + "sparql"


@pytest.fixture
def connection(site: Served) -> Iterator[HTTPConnection]:
    with contextlib.closing(HTTPConnection(urlsplit(site.url).netloc, timeout=30)) as found:
        yield found


def test_another_oxigraph_joins_with_what_it_reads_here(url: str) -> None:
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode(KOKORO), ox.NamedNode("urn:read"), ox.Literal("2024")))
    query = f"SELECT * {{ ?book <urn:read> ?year . SERVICE <{url}> {{ ?book ?p ?o }} }}"
    found = store.query(query)
    assert isinstance(found, ox.QuerySolutions)
    assert len(list(found)) > 3


def test_another_oxigraph_reads_an_answer_that_was_cut(url: str) -> None:
    """It reads no results with another member after the rows."""
    found = ox.Store().query(f"SELECT * {{ SERVICE <{url}?rows=2> {{ ?book ?p ?o }} }}")
    assert isinstance(found, ox.QuerySolutions)
    assert len(list(found)) == 2


def test_rdflib_joins_with_what_it_reads_here(url: str) -> None:
    graph = rdflib.Graph().parse(data=f"<{KOKORO}> <urn:read> '2024' .", format="turtle")
    found = graph.query(f"SELECT * {{ ?book <urn:read> ?y . SERVICE <{url}> {{ ?book ?p ?o }} }}")
    assert len(list(found)) > 3


@pytest.mark.parametrize("fmt", [SPARQLWrapper.JSON, SPARQLWrapper.XML])
@pytest.mark.parametrize("method", [SPARQLWrapper.GET, SPARQLWrapper.POST])
def test_sparqlwrapper_takes_an_answer_that_was_cut(url: str, fmt: str, method: str) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(url, returnFormat=fmt)
    wrapper.setMethod(method)
    wrapper.setQuery(BOOKS)
    wrapper.addParameter("rows", "1")
    answer = wrapper.query()
    assert "cut at 1 rows" in answer.info()["x-foedera-cut"]
    found = answer.convert()
    if fmt == SPARQLWrapper.JSON:
        assert len(found["results"]["bindings"]) == 1
    else:
        assert len(found.getElementsByTagName("result")) == 1


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_rdflib_s_store_takes_an_answer_that_was_cut(url: str, fmt: str) -> None:
    store = SPARQLStore(url, returnFormat=fmt, params={"rows": "1"})
    assert len(list(rdflib.Graph(store).query(BOOKS))) == 1


def test_rdflib_s_store_counts_and_names_the_graphs(url: str) -> None:
    store = SPARQLStore(url)
    assert len(rdflib.Graph(store)) > 20
    assert rdflib.URIRef("https://example.org/graph/data/books") in store.contexts()


def test_sparqlwrapper_gets_json_ld(url: str) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(url, returnFormat=SPARQLWrapper.JSONLD)
    wrapper.setQuery(f"DESCRIBE <{KOKORO}>")
    graph = wrapper.queryAndConvert()
    assert (rdflib.URIRef(KOKORO), None, None) in graph


def test_comunica_gets_a_description_when_it_looks_what_an_endpoint_is(
    connection: HTTPConnection,
) -> None:
    """That it goes on to ask here it decides by the end of the address, which is /sparql."""
    connection.request("GET", "/sparql", headers={"Accept": COMUNICA})
    answer = connection.getresponse()
    described = rdflib.Dataset()
    described.parse(data=answer.read(), format=answer.headers.get_content_type())
    endpoint = rdflib.URIRef("https://example.org/sparql")
    assert (None, rdflib.URIRef(SD + "endpoint"), endpoint) in described


def test_a_browser_on_another_site_may_ask(connection: HTTPConnection) -> None:
    """As Yasgui does: a preflight, then a POST as a form."""
    asked = {
        "Origin": "https://yasgui.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-requested-with",
    }
    connection.request("OPTIONS", "/sparql", headers=asked)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, *"
    for query, status in ((BOOKS, 200), ("SELEC", 400)):
        connection.request(
            "POST",
            "/sparql",
            f"query={quote(query)}",
            {
                "Origin": "https://yasgui.example",
                "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                "Accept": "application/sparql-results+json,*/*;q=0.9",
            },
        )
        answer = connection.getresponse()
        answer.read()
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, "*")
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_java_client_that_offers_http_2_is_answered_in_1_1(site: Served) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(site.url).port or 0)) as client:
        client.sendall(
            f"GET /sparql?query={quote(BOOKS)} HTTP/1.1\r\nHost: localhost\r\n"
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
            "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n\r\n".encode()
        )
        assert client.recv(1_000).startswith(b"HTTP/1.1 200 OK\r\n")


CURL = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


@CURL
@pytest.mark.parametrize(
    "options",
    [
        ("-G", "--data-urlencode", f"query={BOOKS}"),
        ("--data-urlencode", f"query={BOOKS}"),
        ("-H", "Content-Type: application/sparql-query", "--data-binary", BOOKS),
        ("--compressed", "--http2", "-G", "--data-urlencode", f"query={BOOKS}"),
        ("-X", "QUERY", "-H", "Content-Type: application/sparql-query", "--data-binary", BOOKS),
    ],
    ids=["get", "form", "direct", "http2", "query"],
)
def test_curl_gets_csv(url: str, options: tuple[str, ...]) -> None:
    command = ("curl", "-sSf", "-H", "Accept: text/csv", *options, url)
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert shown.startswith("book,name\n")
    assert KOKORO in shown


NODE = """
const url = process.argv[1], query = process.argv[2]
const asked = async (...how) => (await (await fetch(...how)).json()).results.bindings.length
const type = 'application/sparql-query'
Promise.all([
  asked(url + '?query=' + encodeURIComponent(query)),
  asked(url, {method: 'POST', body: new URLSearchParams({query})}),
  asked(url, {method: 'POST', body: query, headers: {'Content-Type': type}}),
]).then(counts => console.log(JSON.stringify(counts)))
"""


@pytest.mark.skipif(not shutil.which("node"), reason="Node is not installed")
def test_node_s_fetch_gets_json_in_three_ways(url: str) -> None:
    command = ("node", "-e", NODE, url, BOOKS)
    shown = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    first, *others = json.loads(shown)
    assert first > 3
    assert others == [first, first]


def test_a_connection_goes_on_after_an_answer_in_chunks(connection: HTTPConnection) -> None:
    """That it ends is what lets some clients take a broken answer for a whole one."""
    sockets = set()
    for method, query in (("GET", LONG), ("HEAD", LONG), ("GET", LONG), ("GET", BOOKS)):
        connection.request(method, f"/sparql?query={quote(query)}&format=tsv")
        sockets.add(connection.sock)
        answer = connection.getresponse()
        lines = answer.read().count(b"\n")
        assert (answer.status, answer.headers["Connection"]) == (200, None)
        assert answer.headers["Transfer-Encoding"] == ("chunked" if query is LONG else None)
        assert (lines == 50_001) == (query is LONG and method == "GET")
    assert len(sockets) == 1


def test_the_head_of_an_answer_in_chunks_has_no_last_chunk(site: Served) -> None:
    path = f"/sparql?query={quote(LONG)}&format=tsv"
    with socket.create_connection(("127.0.0.1", urlsplit(site.url).port or 0)) as client:
        client.settimeout(10)
        request = f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        client.sendall(request.encode())
        got = b"".join(iter(lambda: client.recv(10_000), b""))
    head, _, rest = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert rest == b""
