"""What strangers may not do, asked over HTTP of a site as it runs, and what they still may.

The rules are those of the safety of queries: each test is named for one of them.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import pytest

from conftest import processor_time, soon
from foedera import formats, starter
from test_service import ENDLESS, Family, children

HERE = "https://example.org/"
KOKORO = f"{HERE}id/book/kokoro"
NUMBERS = 5_000
SECONDS = 1.0
ROWS = 10_000
SIZE = 2_000_000
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
UPDATE = "application/sparql-update"
TOKEN = "a-token-that-only-these-tests-know"
SECRET = "words-of-a-file-that-was-never-published"

EXAMPLE = f"""
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<{HERE}id/query/books> a sh:SPARQLExecutable , sh:SPARQLSelectExecutable ;
    rdfs:label "Which books are there?"@en ;
    sh:select "SELECT ?book {{ ?book a <{HERE}ns#Book> }}" .
"""
BOOKS = f"SELECT ?book {{ ?book a <{HERE}ns#Book> }}"

_FRESH = count()


class Reply(NamedTuple):
    status: int
    headers: HTTPMessage
    text: str
    seconds: float


class Site(Family):
    """A site of some books and many numbers, to which anybody may send anything.

    Every answer is looked through for what is not to leave the machine.
    """

    def __init__(self, folder: Path, *options: object, **environment: str) -> None:
        self.folder = folder / "books"
        starter.new(self.folder)
        (self.folder / "data" / "numbers.ttl").write_text(
            "".join(f"<{HERE}id/number/{n}> <{HERE}ns#value> {n} .\n" for n in range(NUMBERS)),
            encoding="utf-8",
        )
        queries = self.folder / "ontology" / "queries"
        queries.mkdir()
        (queries / "books.ttl").write_text(EXAMPLE, encoding="utf-8")
        program = str(Path(starter.__file__).parent)
        self._private = (str(folder), program, "Traceback", "site-packages", "/usr/", SECRET)
        super().__init__(self.folder, folder / "state", *options, **environment)
        self.port = urlsplit(self.url).port or 0
        assert soon(self._is_there), self.said()

    def _is_there(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return len(self.fronts()) == 2 and len(self.workers()) == 6
        return False

    def nursery(self) -> int:
        """The process that has children of its own."""
        (found,) = (one for one in children(self.process.pid) if children(one))
        return found

    def send(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: str = "*/*",
    ) -> Reply:
        """Send a request and take its whole answer."""
        started = time.monotonic()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, target, body, {"Accept": accept, **(headers or {})})
            return self.looked_through(connection.getresponse(), started)

    def looked_through(self, answer: HTTPResponse, started: float) -> Reply:
        text = answer.read().decode("utf-8", "replace")
        for private in self._private:
            assert private not in text
            assert private not in str(answer.headers)
        return Reply(answer.status, answer.headers, text, time.monotonic() - started)

    def query(self, text: str, accept: str = "*/*", **more: str) -> Reply:
        """Send a query as the body of a POST."""
        target = f"/sparql?{urlencode(more)}" if more else "/sparql"
        return self.send("POST", target, text.encode(), {"Content-Type": DIRECT}, accept)

    def raw(self, data: bytes) -> Reply | None:
        """Send bytes as they are; None where they are not answered."""
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), 2) as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(data)
            answer = HTTPResponse(connection)
            try:
                answer.begin()
                return self.looked_through(answer, started)
            except (OSError, HTTPException):
                return None

    def kept(self) -> set[int]:
        """The processes that no request may end: all but the workers."""
        return {self.process.pid, self.nursery(), *self.fronts()}

    def files(self) -> dict[str, bytes]:
        """All that is in the folder."""
        return {str(path): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}


UNLIMITED = [
    option
    for name in ("workers", "queue", "seconds", "errors")
    for option in (f"--client-{name}", 0)
]
"""All these clients have one address, and make errors by the hundred."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site on which a query has one second and 2 MB of answer, and nothing is written."""
    limits = (
        *("--query-seconds", SECONDS, "--query-rows", ROWS, "--query-answer", SIZE),
        *("--query-memory", 250),  # of one that ends and one that begins, both are measured
    )
    site = Site(tmp_path_factory.mktemp("safety"), *limits, *UNLIMITED)
    yield site
    site.close()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site on which a query has much time, and an answer no end."""
    options = ("--query-seconds", 20, "--query-rows", 0, "--query-answer", 0, *UNLIMITED)
    site = Site(tmp_path_factory.mktemp("patient"), *options)
    yield site
    site.close()


@pytest.fixture(scope="module")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with the usual limits, on which those may write who have the token."""
    folder = tmp_path_factory.mktemp("writable")
    site = Site(folder, *UNLIMITED, FOEDERA_WRITE_TOKEN=TOKEN)
    yield site
    site.close()


class Trap:
    """An address on this machine that nobody is to ask for anything."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"

    def was_asked(self) -> bool:
        """Whether anybody came since this was asked last."""
        with contextlib.suppress(BlockingIOError):
            self.listener.accept()[0].close()
            return True
        return False


@pytest.fixture
def trap() -> Iterator[Trap]:
    trap = Trap()
    yield trap
    trap.listener.close()


# S1: no connection to anywhere

ALL = "{ ?s ?p ?o }"
REFUSED = [
    f"SELECT * {{ SERVICE <TRAP> {ALL} }}",
    f"SELECT * {{ SERVICE SILENT <TRAP> {ALL} }}",
    f"SELECT*{{SERVICE<TRAP>{ALL}}}",
    f"SELECT * {{ service silent<TRAP>{ALL} }}",
    f"SELECT * {{ SERVICE#\n<TRAP>#\n{ALL} }}",
    f"SELECT * {{ \\u0053ERVICE <TRAP> {ALL} }}",
    f"SELECT * {{ s\\u0065rvic\\U00000065 SILENT <TRAP> {ALL} }}",
    f"SELECT * {{ VALUES ?e {{ <TRAP> }} SERVICE ?e {ALL} }}",
    f"SELECT * {{ BIND (<TRAP> AS ?e) SERVICE SILENT ?e {ALL} }}",
    f"PREFIX e: <TRAP> SELECT * {{ SERVICE e: {ALL} }}",
    f"PREFIX e: <TRAP> SELECT * {{ SERVICEe: {ALL} }}",
    f"PREFIX : <TRAP> SELECT * {{ SERVICE:x {ALL} }}",
    f"PREFIX service: <TRAP> SELECT * {{ service:x {ALL} }}",
    f"BASE <TRAP> SELECT * {{ SERVICE <> {ALL} }}",
    f"SELECT * {{ ?s ?p ?o OPTIONAL {{ SERVICE SILENT <TRAP> {ALL} }} }}",
    f"SELECT * {{ {{ ?s ?p ?o }} UNION {{ {{ SELECT * {{ SERVICE SILENT <TRAP> {ALL} }} }} }} }}",
    f"ASK {{ FILTER NOT EXISTS {{ SERVICE SILENT <TRAP> {ALL} }} }}",
    f"CONSTRUCT {ALL} WHERE {{ SERVICE SILENT <TRAP> {ALL} }}",
    f"DESCRIBE ?s {{ SERVICE SILENT <TRAP> {ALL} }}",
    "# '\nSELECT * { SERVICE SILENT <TRAP> { ?s ?p '#' } }",
    f'SELECT * {{ ?s ?p """a\\"""" SERVICE SILENT <TRAP> {ALL} }}',
    f"SELECT * {{ FILTER (1 <2) SERVICE SILENT <TRAP> {ALL} FILTER (3 >2) }}",
    f"SELECT * {{ FILTER (?a<?b) SERVICE SILENT <TRAP> {ALL} }}",
    "LOAD <TRAP>",
    "LOAD SILENT <TRAP> INTO GRAPH <urn:x>",
    "L\\u004FAD <TRAP>",
    "CLEAR ALL; LOAD <TRAP>",
    f"INSERT {ALL} WHERE {{ SERVICE <TRAP> {ALL} }}",
]
"""What asks another address; each is to be refused, also where SILENT would hide a failure."""

ASKING = dict.fromkeys(REFUSED, 403) | dict.fromkeys(
    (
        f"SELECT * FROM <TRAP> {ALL}",
        f"SELECT * FROM NAMED <TRAP> {{ GRAPH ?g {ALL} }}",
        f"PREFIX e: <TRAP> SELECT * FROM e:x {ALL}",
        f"{BOOKS} ; LOAD <TRAP>",
    ),
    400,
)
"""These, and what would if the engine did as other engines do; with the status of the answer."""

TRANSPORTS: dict[str, Callable[[Site, str], Reply]] = {
    "get": lambda site, query: site.send("GET", f"/sparql?query={quote(query)}"),
    "page": lambda site, query: site.send(
        "GET", f"/sparql?query={quote(query)}", accept="text/html"
    ),
    "form": lambda site, query: site.send(
        "POST", "/sparql", urlencode({"query": query}).encode(), {"Content-Type": FORM}
    ),
    "direct": lambda site, query: site.query(query),
    "query": lambda site, query: site.send(
        "QUERY", "/sparql", query.encode(), {"Content-Type": DIRECT}
    ),
}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_query_asks_another_address(site: Site, trap: Trap, transport: str) -> None:
    for query, status in ASKING.items():
        answer = TRANSPORTS[transport](site, query.replace("TRAP", trap.url))
        assert (query, trap.was_asked()) == (query, False)
        assert (query, answer.status) == (query, status)


def test_a_query_that_is_only_checked_asks_no_other_address_either(site: Site, trap: Trap) -> None:
    for query in ASKING:
        answer = site.send("POST", "/sparql/check", query.replace("TRAP", trap.url).encode())
        assert (query, answer.status) == (query, 200)
        assert (query, json.loads(answer.text)["ok"]) == (query, "FROM" in query)
        assert (query, trap.was_asked()) == (query, False)


def test_an_iri_is_a_name_and_never_an_address_to_ask(site: Site, trap: Trap) -> None:
    named = [
        f"SELECT * {{ GRAPH <{trap.url}> {ALL} }}",
        f"DESCRIBE <{trap.url}>",
        f"CONSTRUCT {{ <{trap.url}> ?p ?o }} WHERE {ALL} LIMIT 1",
        f"SELECT (<{trap.url}f>(1) AS ?x) {{}}",
        f"SELECT * {{ <{trap.url}> <{trap.url}>* ?o }}",
        f"SELECT * {{ BIND ('x'^^<{trap.url}> AS ?x) }}",
    ]
    for query in named:
        assert site.query(query).status in (200, 400)
        assert (query, trap.was_asked()) == (query, False)


def test_no_parameter_or_header_makes_the_site_ask_another_address(site: Site, trap: Trap) -> None:
    escaped = quote(trap.url, safe="")
    names = ("default-graph-uri", "named-graph-uri", "using-graph-uri", "format", "values", "base")
    targets = [
        *(f"/sparql?{name}={escaped}&query={quote(BOOKS)}" for name in names),
        f"/about?iri={escaped}",
        f"/class?iri={escaped}",
        f"/graphs?graph={escaped}",
        f"/graph/{escaped}",
        f"/doc/{escaped}",
        f"/{escaped}",
        f"/query/books?book={escaped}",
        f"/query/{escaped}",
        f"/sparql/entities.json?q=a&space={escaped}",
        f"/find?q={escaped}",
        f"{trap.url}doc/book/kokoro",
    ]
    place = trap.url.split("/")[2]
    told = {
        **dict.fromkeys(("Referer", "Origin", "Content-Location", "X-Original-URL"), trap.url),
        **dict.fromkeys(("X-Forwarded-Host", "X-Forwarded-Server"), place),
        "Link": f'<{trap.url}>; rel="http://www.w3.org/ns/json-ld#context"',
    }
    for target in targets:
        for host in ({}, {"Host": place}):
            site.send("GET", target, None, told | host)
            assert (target, trap.was_asked()) == (target, False)


def test_no_one_who_may_write_makes_the_site_ask_another_address(
    writable: Site, trap: Trap
) -> None:
    sent = [
        (UPDATE, "/sparql", "LOAD <TRAP>"),
        (UPDATE, "/sparql", f"INSERT {ALL} WHERE {{ SERVICE SILENT <TRAP> {ALL} }}"),
        ("application/ld+json", "/graphs?graph=urn:x", '{"@context": "TRAP", "@id": "urn:x"}'),
        (
            "application/rdf+xml",
            "/graphs?graph=urn:x",
            '<!DOCTYPE r [<!ENTITY e SYSTEM "TRAP">]><rdf:RDF '
            'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
            'rdf:about="urn:s"><rdf:value>&e;</rdf:value></rdf:Description></rdf:RDF>',
        ),
    ]
    for kind, target, body in sent:
        headers = {"Content-Type": kind, "Authorization": f"Bearer {TOKEN}"}
        method = "POST" if kind == UPDATE else "PUT"
        filled = [text.replace("TRAP", trap.url) for text in (target, body)]
        answer = writable.send(method, filled[0], filled[1].encode(), headers)
        assert (body, answer.status // 100) == (body, 4)
        assert (body, trap.was_asked()) == (body, False)
    for target, body in (
        ("/sparql", "LOAD SILENT <TRAP> INTO GRAPH <urn:x>"),
        ("/sparql", f"INSERT {ALL} USING <TRAP> WHERE {ALL}"),
        (f"/sparql?using-graph-uri={quote(trap.url)}", f"INSERT {ALL} WHERE {ALL}"),
    ):  # done, by doing nothing
        filled = body.replace("TRAP", trap.url).encode()
        headers = {"Content-Type": UPDATE, "Authorization": f"Bearer {TOKEN}"}
        assert (body, writable.send("POST", target, filled, headers).status) == (body, 200)
        assert (body, trap.was_asked()) == (body, False)


def test_workers_have_no_network_even_if_a_query_got_through(site: Site) -> None:
    if not any(
        shutil.which("unshare")
        and subprocess.run(["unshare", *flags, "true"], capture_output=True).returncode == 0
        for flags in (["-n"], ["-r", "-n"])
    ):
        pytest.skip("The kernel of this machine gives no process a network of its own")
    ours = os.readlink("/proc/self/ns/net")
    workers = site.workers()
    assert len(workers) >= 4
    for process in (site.nursery(), *workers):
        assert os.readlink(f"/proc/{process}/ns/net") != ours
        routes = Path(f"/proc/{process}/net/route").read_text(encoding="ascii")
        assert len(routes.splitlines()) <= 1  # the names of the columns


# S2: nothing of this machine


def test_no_file_of_the_machine_is_ever_answered(site: Site, tmp_path: Path) -> None:
    """Nor where anything is: `Site` looks through each answer of all these tests."""
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET, encoding="utf-8")
    turtle = tmp_path / "secret.ttl"
    turtle.write_text(f'<urn:s> <urn:p> "{SECRET}" .', encoding="utf-8")
    readings = [f"FROM <file://{turtle}>", f"FROM NAMED <file://{turtle}>", f"FROM <{turtle}>"]
    for query in (
        *(f"SELECT * {reading} {{ GRAPH ?g {ALL} }}" for reading in readings),
        *(f"SELECT * {reading} {ALL}" for reading in readings),
        f"LOAD <file://{turtle}>",
        f"SELECT * {{ SERVICE SILENT <file://{turtle}> {ALL} }}",
    ):
        assert (query, site.query(query).status // 100) == (query, 4)
    up = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..%252f", "..;/", "....//", "%00../")
    places = ("/static/", "/doc/", "/id/", "/query/", "/graph/", "/graphs/", "/", "/sparql/")
    depth = len(Path(__file__).parts) + 8
    for place in places:
        for step in up:
            for name in (f"{step * depth}{str(secret)[1:]}", f"{step}settings.py", f"{step}.env"):
                answer = site.send("GET", place + name)
                assert (place + name, answer.status) in [
                    (place + name, status) for status in (400, 404, 406)
                ]
        for name in (str(secret), quote(str(secret), safe=""), f"file://{secret}", "//etc/passwd"):
            assert site.send("GET", place + name).status in (400, 404)


@pytest.mark.parametrize("accept", ["application/json", "text/html", "text/plain", "text/turtle"])
def test_no_error_tells_what_the_program_is_made_of(site: Site, accept: str) -> None:
    query = f"/sparql?query={quote(BOOKS)}"
    wrong = (
        "/nothing",
        "/static/nothing",
        "/doc/nothing",
        "/doc/book/kokoro?x=1",
        "/doc/book/kokoro?format=../../etc",
        "/query/nothing",
        "/query/books?no=1",
        "/query/books?book=<",
        "/sparql/entities.json",
        "/sparql/entities.json?q=",
        "/about?iri=%00",
        "/about?iri=urn:nothing",
        "/class?iri=",
        "/graphs",
        "/graphs?graph=urn:nothing",
        f"{query}&timeout=x",
        f"{query}&query=x",
        f"{query}&default-graph-uri=%ff",
        "/sparql?query=SELECT",
        "/sparql?query=%ff",
        "/sparql?query=" + quote(ENDLESS),
        "/sparql?query=" + quote(f"SELECT (<urn:no>() AS ?x) {ALL}"),
        "/sparql?query=" + quote("SELECT (STR(" * 45 + "1" + ")" * 45 + " AS ?x) {}"),
    )
    for target in wrong:
        answer = site.send("GET", target, accept=accept)
        assert (target, answer.status >= 400) == (target, True)
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "MOVE", "X" * 2000):
        assert site.send(method, "/sparql", accept=accept).status // 100 in (4, 5)
    for headers in (
        {"Content-Type": "x" * 5000},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": f"{FORM}; charset=rot13"},
        {"Content-Type": f"{DIRECT}; charset=../../x"},
        {"Content-Type": DIRECT, "Content-Encoding": "gzip"},
    ):
        body = gzip.compress(BOOKS.encode())
        assert site.send("POST", "/sparql", body, headers, accept).status // 100 == 4


def test_what_stops_a_publish_is_told_without_the_place_of_the_folder(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    site = Site(tmp_path_factory.mktemp("moved"), *UNLIMITED)
    try:
        (site.folder / "data").rename(site.folder / "moved")
        site.process.send_signal(signal.SIGHUP)
        # Each HTTP process is told by itself, and any of them may answer.
        assert soon(lambda: "cannot be published" in site.send("GET", "/health").text)
    finally:
        site.close()


def test_no_header_brings_an_error_that_tells_of_the_program(site: Site) -> None:
    odd = ("../../../etc/passwd", "\x7f\x80\xff", "%00", ";q=x,,;", "x" * 9000, "en;q=nan, *;q=inf")
    names = ("Accept", "Accept-Language", "If-None-Match", "If-Match", "Range", "If-Modified-Since")
    for name in (*names, "Cookie", "Authorization", "Host", "Content-Type", "Forwarded"):
        for value in odd:
            for target in ("/doc/book/kokoro", f"/sparql?query={quote(BOOKS)}"):
                answer = site.send("GET", target, None, {name: value}, "text/turtle, */*;q=0.1")
                assert (name, value, answer.status // 100) in [
                    (name, value, kind) for kind in (2, 3, 4)
                ]


# S3: no request ends a process, takes too much, or makes others wait

CROSS = " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(6))


def nested(before: str, after: str, depth: int, inside: str = "") -> str:
    return before * depth + inside + after * depth


def doubled(function: str, times: int) -> str:
    steps = " ".join(f"BIND ({function.format(n)} AS ?x{n + 1})" for n in range(times))
    return f"SELECT (STRLEN(?x{times}) AS ?size) {{ BIND ('aaaaaaaa' AS ?x0) {steps} }}"


BOMBS = {
    "braces": f"SELECT * {nested('{', '}', 2500)}",
    "open braces": "SELECT * " + "{" * 100_000,
    "closing braces": "SELECT * " + "}" * 100_000,
    "parentheses": f"SELECT ({nested('(', ')', 50_000, '1')} AS ?x) {{}}",
    "brackets": f"SELECT * {{ {nested('[ ?p ', ']', 20_000, '1')} }}",
    "functions": f"SELECT ({nested('STR(', ')', 30_000, '1')} AS ?x) {{}}",
    "a few lists": f"SELECT * {{ ?s ?p {nested('(', ')', 200)} }}",
    "lists within the limit": f"SELECT * {{ ?s ?p {nested('(', ')', 38)} }}",
    "lists in lists": f"SELECT * {{ ?s ?p {nested('(1 ', ')', 38, '( )' * 500)} }}",
    "a long list": f"SELECT * {{ ?s ?p ({' ?x' * 20_000}) }}",
    "subqueries": f"{nested('SELECT * { ', ' }', 10_000, '?s ?p ?o')}",
    "subqueries within the limit": f"{nested('SELECT * { ', ' }', 38, '?s ?p ?o')}",
    "optionals": f"SELECT * {{ {nested('OPTIONAL { ?s ?p ?o ', '}', 10_000)} }}",
    "optionals within the limit": f"SELECT * {{ {nested('OPTIONAL { ?s ?p ?o ', '}', 38)} }}",
    "optionals beside each other": f"SELECT * {{ {'OPTIONAL { ?s ?p ?o } ' * 1_900} }}",
    "unions": "SELECT * {" + " UNION ".join(["{ ?s ?p ?o }"] * 5_000) + "}",
    "unions within the limit": "SELECT * {" + " UNION ".join(["{ ?s ?p ?o }"] * 1_900) + "}",
    "minuses": f"SELECT * {{ ?s ?p ?o {'MINUS { ?s ?p ?x } ' * 1_900} }}",
    "filters": f"SELECT * {{ ?s ?p ?o {'FILTER (?o > 1) ' * 990} }}",
    "exists": f"SELECT * {{ ?s ?p ?o {nested('FILTER EXISTS { ?s ?p ?x ', '}', 38)} }}",
    "graphs": f"SELECT * {{ {'GRAPH ?g { ?s ?p ?o } ' * 1_900} }}",
    "not": f"SELECT ({'!' * 100_000}1 AS ?x) {{}}",
    "not within the limit": f"SELECT ({'!' * 1_900}1 AS ?x) {{}}",
    "minus": f"SELECT ({'-' * 100_000}1 AS ?x) {{}}",
    "plus": f"SELECT ({'1+' * 60_000}1 AS ?x) {{}}",
    "plus within the limit": f"SELECT ({'1+' * 1_900}1 AS ?x) {{}}",
    "plus without a sign": f"SELECT (1{' +1' * 60_000} AS ?x) {{}}",
    "or": f"SELECT ({'1||' * 50_000}1 AS ?x) {{}}",
    "compared": f"SELECT ({'1=' * 1_900}1 AS ?x) {{}}",
    "path of many steps": f"SELECT * {{ ?s {'<urn:p>/' * 20_000}<urn:p> ?o }}",
    "path within the limit": f"SELECT * {{ ?s {'<urn:p>|' * 1_900}<urn:p> ?o }}",
    "path of inverses": f"SELECT * {{ ?s {'^' * 50_000}<urn:p> ?o }}",
    "path of stars": f"SELECT * {{ ?s {nested('(', '*)*', 38, '<urn:p>')} ?o }}",
    "path to everything": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:p>)* ?b . ?c (!<urn:p>)* ?d }",
    "in": f"SELECT * {{ ?s ?p ?o FILTER (?o IN ({','.join(map(str, range(40_000)))})) }}",
    "values": f"SELECT * {{ VALUES ?x {{ {' '.join(map(str, range(40_000)))} }} ?s ?p ?x }}",
    "values in a product": "SELECT (COUNT(*) AS ?n) {"
    + " ".join(f"VALUES ?x{n} {{ {'1 ' * 8_000} }}" for n in range(4))
    + "}",
    "variables": f"SELECT * {{ {' '.join(f'?a{n} ?b{n} ?c{n} .' for n in range(9_000))} }}",
    "predicates": f"SELECT * {{ ?s {';'.join(f'<urn:{n}> ?o{n}' for n in range(10_000))} }}",
    "prefixes": "".join(f"PREFIX p{n}: <urn:{n}:> " for n in range(10_000)) + "ASK {}",
    "bases": "BASE <x/> " * 20_000 + "ASK {}",
    "construct": f"CONSTRUCT {{ {'?s ?p ?o . ' * 20_000} }} WHERE {{ ?s ?p ?o }}",
    "construct of a product": "CONSTRUCT { ?a0 ?b1 ?c2 . [] ?b0 ?c1 } WHERE { " + CROSS + "}",
    "describe of a product": f"DESCRIBE * {{ {CROSS} }}",
    "order of a product": f"SELECT * {{ {CROSS} }} ORDER BY ?c0 ?b3",
    "distinct of a product": f"SELECT DISTINCT * {{ {CROSS} }}",
    "rows of a product": f"SELECT * {{ {CROSS} }}",
    "limit": f"SELECT * {{ {CROSS} }} LIMIT 99999999999999999999999999",
    "concatenation of everything": f"SELECT (GROUP_CONCAT(STR(?a0)) AS ?x) {{ {CROSS} }}",
    "concatenation with much between": "SELECT (GROUP_CONCAT(STR(?x); SEPARATOR='"
    + "-" * 200_000
    + "') AS ?y) { ?s ?p ?x }",
    "growth by concat": doubled("CONCAT(?x{0}, ?x{0})", 34),
    "growth by replace": doubled("REPLACE(?x{0}, 'a', 'aaaaaaaa')", 20),
    "regex": "SELECT * { ?s ?p ?o FILTER REGEX(STR(?s), '(a*)*(a*)*(a*)*b$') }",
    "regex of states": "SELECT * { ?s ?p ?o FILTER REGEX(STR(?s), '((a{0,99}){0,99}){0,99}') }",
    "replace": "SELECT * { ?s ?p ?o FILTER (REPLACE(STR(?s), '(.*)*', '$1$1$1') = 'x') }",
    "numbers": f"SELECT ({'9' * 200_000} * {'9' * 20_000} AS ?x) {{}}",
    "decimals": f"SELECT (1.{'0' * 100_000}1 / 3 AS ?x) {{}}",
    "dates": "SELECT ('999999999999-01-01T00:00:00Z'^^<http://www.w3.org/2001/XMLSchema#dateTime> "
    "- '-999999999999-01-01T00:00:00Z'^^<http://www.w3.org/2001/XMLSchema#dateTime> AS ?x) {}",
    "a string": f"SELECT ('{'x' * 250_000}' AS ?x) {{}}",
    "escapes": "SELECT ('" + "\\u0041" * 40_000 + "' AS ?x) {}",
    "a string that does not end": "SELECT ('" + "\\" * 200_001,
    "quotes": "SELECT " + "'\"" * 100_000,
    "less than": "SELECT (1 " + "<" * 200_000,
    "comments": "#\n" * 100_000 + "ASK {}",
    "names": "SELECT * { " + "a:" * 100_000 + " }",
    "languages": "SELECT ('x'@" + "a-" * 100_000 + "a AS ?x) {}",
    "triple terms": f"SELECT * {{ {nested('<<( ?s ?p ', ')>>', 38, '?o')} ?p ?o }}",
    "annotations": f"SELECT * {{ ?s ?p ?o {nested('{| ?q ', '|}', 38, '?r')} }}",
    "nothing": "\x00" * 1_000,
    "the longest": "ASK { ?s ?p '" + "本" * 87_000 + "' }",
    "too long": "ASK {} #" + "x" * 1_000_000,
}
"""Queries that stop or break an engine which takes all that comes."""


def proportional(processes: set[int]) -> int:
    """The memory of some processes together in bytes, where what is shared counts once."""
    total = 0
    for process in processes:
        with contextlib.suppress(OSError):
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
            line = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
            total += int(line.split()[1]) * 1024
    return total


class Watch:
    """Looks on while a site is asked what is bad for it: how long others wait, what it takes."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._over = threading.Event()
        self.longest = 0.0
        self.failed: list[tuple[str, int]] = []
        self.most = self.least = proportional(self._family())

    def _family(self) -> set[int]:
        return self._site.kept() | self._site.workers()

    def _ask(self) -> None:
        while not self._over.wait(0.05):
            n = next(_FRESH)
            for target in ("/doc/book/kokoro", f"/sparql?query=ASK{{BIND({n}%20AS%20?x)}}"):
                answer = self._site.send("GET", target, accept=f"*/*, x/{n};q=0.1")
                self.longest = max(self.longest, answer.seconds)
                if answer.status != 200:
                    self.failed.append((target, answer.status))

    def _measure(self) -> None:
        while not self._over.wait(0.1):
            self.most = max(self.most, proportional(self._family()))

    def __enter__(self) -> Watch:
        self._threads = [threading.Thread(target=one) for one in (self._ask, self._measure)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()


GRACE = 5.0
MEMORY = 500_000_000
PATIENCE = 2.0


def test_no_query_ends_a_process_or_takes_more_than_its_limits_or_makes_others_wait(
    site: Site, request: pytest.FixtureRequest
) -> None:
    """Without ``--whole``, every second of them."""
    before = site.kept()
    step = 1 if request.config.getoption("--whole") else 2
    with Watch(site) as watch:
        for name, text in [*BOMBS.items()][::step]:
            answer = site.query(text)
            assert (name, answer.status) in [
                (name, status) for status in (200, 400, 403, 413, 500, 503)
            ], answer.text[:500]
            assert (name, answer.seconds < SECONDS + GRACE) == (name, True)
            assert (name, site.kept()) == (name, before)
    assert watch.failed == []
    assert watch.longest < PATIENCE
    assert watch.most - watch.least < MEMORY


PAST_BOUNDS = (
    *("braces", "open braces", "parentheses", "brackets", "functions", "a few lists"),
    *("subqueries", "optionals", "unions", "not", "minus", "plus", "or"),
    *("path of many steps", "path of inverses", "less than"),
)


@pytest.mark.parametrize("name", PAST_BOUNDS)
def test_what_would_break_the_engine_never_comes_to_it(site: Site, name: str) -> None:
    answer = site.query(BOMBS[name])
    assert answer.status == 400
    assert "nests deeper than" in answer.text or "more than 2,000 operators" in answer.text


def test_pages_come_while_every_worker_for_queries_is_wanted(site: Site) -> None:
    with ThreadPoolExecutor(12) as clients:
        asked = [clients.submit(site.query, ENDLESS) for _ in range(12)]
        time.sleep(0.2)
        before = []
        for _ in range(4):
            page = site.send("GET", "/doc/book/kokoro", accept=f"*/*, x/{next(_FRESH)};q=0.1")
            assert page.status == 200
            assert page.seconds < PATIENCE
            before.append(not any(one.done() for one in asked))
        assert any(before)  # or pages would have waited for one to end
        assert {one.result().status for one in asked} == {503}


def lines(*headers: str, start: str = "GET /doc/book/kokoro HTTP/1.1") -> bytes:
    return "\r\n".join((start, "Host: x", *headers, "", "")).encode("latin-1")


def posted(*headers: str, body: bytes = b"") -> bytes:
    kind = f"Content-Type: {DIRECT}"
    return lines(kind, *headers, start="POST /sparql HTTP/1.1") + body


CHUNKED = "Transfer-Encoding: chunked"
MALFORMED = {
    "nothing that is HTTP": b"\x16\x03\x01\x02\x00\x01\x00" * 100 + b"\r\n\r\n",
    "no version": b"GET /\r\n\r\n",
    "no address": b"GET  HTTP/1.1\r\n\r\n",
    "another version": b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
    "no host": b"GET /doc/book/kokoro HTTP/1.1\r\n\r\n",
    "nuls": b"GET /\x00 HTTP/1.1\r\nHost: \x00\r\n\r\n",
    "bare line feeds": b"GET / HTTP/1.1\nHost: x\n\n",
    "a header without a name": lines(": x"),
    "a header without a colon": lines("x" * 1_000),
    "a folded header": lines("Accept: a/b,\r\n c/d"),
    "two lengths": posted("Content-Length: 5", "Content-Length: 6", body=b"ASK {}"),
    "a length below zero": posted("Content-Length: -1", body=b"ASK {}"),
    "a length that is none": posted("Content-Length: 1e3", body=b"ASK {}"),
    "a length beyond all": posted(f"Content-Length: {10**30}", body=b"ASK {}"),
    "a length and chunks": posted("Content-Length: 6", CHUNKED, body=b"6\r\nASK {}\r\n0\r\n\r\n"),
    "chunks of another kind": posted("Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "a chunk without a size": posted(CHUNKED, body=b"x\r\nASK {}\r\n0\r\n\r\n"),
    "a chunk below zero": posted(CHUNKED, body=b"-6\r\nASK {}\r\n0\r\n\r\n"),
    "a chunk beyond all": posted(CHUNKED, body=b"f" * 400 + b"\r\nASK {}\r\n0\r\n\r\n"),
    "a large body in chunks": posted(CHUNKED, body=(b"10000\r\n" + b"#" * 65_536 + b"\r\n") * 300),
    "a large body": posted("Content-Length: 20000000", body=b"#" * 20_000_000),
    "a long header": lines("Accept: " + "a/b," * 75_000),
    "many headers": lines(*(f"X-{n}: {n}" for n in range(20_000))),
    "a long address": lines(start=f"GET /doc/{'a' * 250_000} HTTP/1.1"),
    "a deep address": lines(start=f"GET /doc{'/..' * 80_000} HTTP/1.1"),
    "a longer address": lines(start=f"GET /doc/{'a' * 400_000} HTTP/1.1"),
    "many parameters": lines(start=f"GET /sparql?{'a=b&' * 60_000} HTTP/1.1"),
    "many accepted": lines("Accept: " + ",".join(f"a/b{n};q=0.{n}" for n in range(15_000))),
    "many languages": lines("Accept-Language: " + ",".join(f"a{n}" for n in range(30_000))),
    "many tags": lines("If-None-Match: " + ",".join(f'"{n}"' for n in range(25_000))),
    "many ranges": lines("Range: bytes=" + ",".join(f"{n}-" for n in range(30_000))),
    "many cookies": lines("Cookie: " + ";".join(f"a{n}=b" for n in range(25_000))),
    "requests without end": lines() * 3_000,
}


def test_no_bytes_end_a_process_or_take_more_than_their_limits_or_make_others_wait(
    site: Site,
) -> None:
    before = site.kept()
    with Watch(site) as watch:
        for name, data in MALFORMED.items():
            answer = site.raw(data)
            assert (name, answer and answer.status // 100) in [
                (name, kind) for kind in (None, 2, 3, 4, 5)
            ]
            assert answer is None or (name, answer.seconds < SECONDS + GRACE) == (name, True)
            assert (name, site.kept()) == (name, before)
        many = [f"f{n}=x" for n in range(50_000)]
        for kind, body in (
            (FORM, "&".join(many)),
            (FORM, f"query={'%41' * 300_000}"),
            ("multipart/form-data; boundary=b", "--b\r\n" * 100_000),
        ):
            answer = site.send("POST", "/sparql", body.encode(), {"Content-Type": kind})
            assert (kind, answer.status // 100) == (kind, 4)
            assert answer.seconds < SECONDS + GRACE
        assert site.kept() == before
    assert watch.failed == []
    assert watch.longest < PATIENCE
    assert watch.most - watch.least < MEMORY


# S4: nothing goes on for nobody


def is_quiet(site: Site) -> bool:
    """Whether all processes together rest, for a quarter of a second."""
    family = site.kept() | site.workers()
    before = sum(map(processor_time, family))
    time.sleep(0.25)
    return sum(map(processor_time, family)) - before < 0.05


def leave(connection: socket.socket, reset: bool) -> None:
    """Go away, without a word or with a reset."""
    if reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("accept", ["text/csv", "text/html"])
def test_the_processor_rests_when_a_client_left_before_its_answer(
    patient: Site, accept: str, reset: bool
) -> None:
    with contextlib.ExitStack() as clients:
        for _ in range(3):
            client = socket.create_connection(("127.0.0.1", patient.port), 10)
            clients.callback(leave, client, reset)
            client.sendall(
                lines(f"Accept: {accept}", start=f"GET /sparql?query={quote(ENDLESS)} HTTP/1.1")
            )
        assert soon(lambda: not is_quiet(patient))
    assert soon(lambda: is_quiet(patient), 3)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(
    "query", [f"SELECT * {{ {CROSS} }}", f"CONSTRUCT {{ [] ?b0 ?c5 }} {{ {CROSS} }}"]
)
def test_the_processor_rests_when_a_client_left_in_the_middle_of_its_answer(
    patient: Site, query: str, reset: bool
) -> None:
    client = socket.create_connection(("127.0.0.1", patient.port), 10)
    client.sendall(lines("Accept: */*", start=f"GET /sparql?query={quote(query)} HTTP/1.1"))
    got = 0
    while got < 1_000_000:
        got += len(client.recv(65_536))
    leave(client, reset)
    assert soon(lambda: is_quiet(patient), 3)


def test_the_processor_rests_after_a_query_that_was_out_of_time(site: Site) -> None:
    assert site.query(ENDLESS).status == 503
    assert soon(lambda: is_quiet(site), 3)


@pytest.mark.parametrize("query", [f"SELECT ?c5 {{ {CROSS} }}", f"ASK {{ {CROSS} }}"])
def test_the_processor_rests_after_an_answer(patient: Site, query: str) -> None:
    assert patient.query(query, rows=str(ROWS)).status == 200
    assert soon(lambda: is_quiet(patient), 3)


# S5: a client raises no limit

MORE = ("100", "1e3", "1e999", "inf", "Infinity", "nan", "-1", "0", "١٠٠", "１００", "1_000", "+99")


def dearer(name: str) -> Iterator[str]:
    """Ways to ask for more of a limit."""
    for value in (*MORE, "9" * 30, "9" * 5_000, " 100 ", "0x64", "1,000", "true", "null"):
        yield f"{name}={quote(value)}"
    yield f"{name}=1&{name}=1000000"
    yield f"{name}=1000000&{name}=1"
    yield f"{name}=&{name}=1000000"
    yield f"{name}[]=1000000"
    yield f"{name.upper()}=1000000"
    yield f"query_{name}=1000000&{name}s=1000000&max-{name}=1000000"


def test_no_one_gets_more_time_for_a_query(site: Site) -> None:
    headers = {"Prefer": "wait=100", "Timeout": "100", "X-Timeout": "100", "Keep-Alive": "100"}

    def ask(way: str) -> tuple[str, int, bool]:
        target = f"/sparql?{way}&query={quote(ENDLESS)}"
        answer = site.send("GET", target, None, headers)
        return way, answer.status, answer.seconds < SECONDS + GRACE

    with ThreadPoolExecutor(4) as clients:
        for way, status, in_time in clients.map(ask, dearer("timeout")):
            assert (way, status, in_time) in [(way, 400, True), (way, 503, True)]
    form = urlencode({"query": ENDLESS, "timeout": "100"}).encode()
    for target in ("/sparql", "/sparql?timeout=50"):
        answer = site.send("POST", target, form, {"Content-Type": FORM})
        assert (answer.status, answer.seconds < SECONDS + GRACE) == (503, True)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("rows", f"SELECT ?c5 {{ {CROSS} }}"),
        ("bytes", f"SELECT ?long {{ {CROSS} BIND ('{'x' * 1_000}' AS ?long) }}"),
    ],
)
def test_no_one_gets_more_of_an_answer(site: Site, name: str, query: str) -> None:
    statuses = set()
    for way in dearer(name):
        target = f"/sparql?{way}&format=csv&query={quote(query)}"
        answer = site.send("GET", target)
        statuses.add(answer.status)
        assert (way, answer.status) in [(way, 200), (way, 400), (way, 503)]  # where it is slow
        if answer.status == 200:
            assert answer.headers["X-Foedera-Cut"]
            assert answer.text.count("\n") <= 1 + ROWS
            assert len(answer.text) <= SIZE
    assert {200, 400} <= statuses


def test_no_one_gets_a_longer_or_a_deeper_query(site: Site) -> None:
    more = "nesting=1000&bytes=9999999&operators=99999&size=9999999&query_bytes=9999999"
    for target in ("/sparql", f"/sparql?{more}"):
        for text in (
            f"SELECT * {nested('{', '}', 41)}",
            f"SELECT ({'!' * 2_001}1 AS ?x) {{}}",
            "ASK {} #" + "x" * 262_144,
        ):
            answer = site.send("POST", target, text.encode(), {"Content-Type": DIRECT})
            assert answer.status in (400, 413)


# S6: nobody writes who has no leave to

TRIPLE = "<urn:s> <urn:p> <urn:o>"
WRITING = [
    ("POST", "/sparql", UPDATE, f"INSERT DATA {{ {TRIPLE} }}"),
    ("POST", "/sparql", UPDATE, "CLEAR ALL"),
    ("POST", "/sparql", f"{UPDATE}; charset=utf-8", "DROP ALL"),
    ("POST", "/sparql", UPDATE.upper(), "DELETE WHERE { ?s ?p ?o }"),
    ("POST", "/sparql", FORM, f"update={quote(f'INSERT DATA {{ {TRIPLE} }}')}"),
    ("POST", "/sparql", FORM, f"query=ASK%7B%7D&update={quote('CLEAR ALL')}"),
    ("POST", "/sparql", DIRECT, "CLEAR ALL"),
    ("POST", "/sparql", "", "CLEAR ALL"),
    ("POST", "/sparql", "text/plain", "CLEAR ALL"),
    ("POST", "/sparql?update=CLEAR%20ALL", UPDATE, ""),
    ("GET", "/sparql?update=CLEAR%20ALL", "", ""),
    ("GET", "/sparql?query=CLEAR%20ALL", "", ""),
    ("QUERY", "/sparql", DIRECT, "CLEAR ALL"),
    ("QUERY", "/sparql", UPDATE, "CLEAR ALL"),
    ("QUERY", "/sparql", FORM, "update=CLEAR%20ALL"),
    *(
        (method, target, kind, f"{TRIPLE} .")
        for method in ("PUT", "POST", "PATCH")
        for target in ("/graphs?graph=urn:g", "/graphs?default", "/graphs/g", "/graph/data/books")
        for kind in (
            *(fmt.media_type for fmt in formats.GRAPHS),
            *("application/json", "text/plain", "multipart/form-data; boundary=x", UPDATE, ""),
        )
    ),
    *(
        ("DELETE", target, "", "")
        for target in (
            "/graphs?default",
            "/graph/data/books",
            f"/graphs?graph={HERE}graph/data/books",
        )
    ),
    *(
        (method, target, "text/turtle", f"{TRIPLE} .")
        for method in ("PUT", "DELETE", "PATCH", "POST")
        for target in (
            "/",
            "/doc/book/kokoro",
            "/id/book/kokoro",
            "/query/books",
            "/static/style.css",
        )
    ),
]

CREDENTIALS: dict[str, tuple[str, dict[str, str]]] = {
    "nothing": ("", {}),
    "a cookie": ("", {"Cookie": f"token={TOKEN}; Authorization=Bearer {TOKEN}; session={TOKEN}"}),
    "a parameter": (f"access_token={TOKEN}&token={TOKEN}&Authorization=Bearer+{TOKEN}", {}),
    "another header": ("", {"X-Authorization": f"Bearer {TOKEN}", "X-Api-Key": TOKEN}),
    "another token": ("", {"Authorization": f"Bearer {TOKEN[:-1]}"}),
    "a longer token": ("", {"Authorization": f"Bearer {TOKEN}x"}),
    "no token": ("", {"Authorization": "Bearer "}),
    "another scheme": ("", {"Authorization": f"Basic {TOKEN}"}),
    "no scheme": ("", {"Authorization": TOKEN}),
}
OVERRIDES = {
    "X-HTTP-Method-Override": "PUT",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-User": "admin",
    "Remote-User": "admin",
}


@pytest.mark.parametrize("credentials", CREDENTIALS)
def test_nobody_writes_without_the_token_in_its_header(writable: Site, credentials: str) -> None:
    parameters, headers = CREDENTIALS[credentials]
    before = writable.files()
    for method, target, kind, body in WRITING:
        asked = f"{target}{'&' if '?' in target else '?'}{parameters}" if parameters else target
        sent = headers | OVERRIDES | ({"Content-Type": kind} if kind else {})
        answer = writable.send(method, asked, body.encode(), sent)
        case = (method, target, kind, body)
        assert (case, answer.status // 100) == (case, 4)
        if target.startswith("/graph") and method != "PATCH":
            assert (case, answer.status) in [(case, 401), (case, 403)]
    assert writable.files() == before
    assert json.loads(writable.query(f"ASK {{ {TRIPLE} }}").text)["boolean"] is False


def test_without_a_token_set_nobody_writes_whatever_they_send(site: Site) -> None:
    before = site.files()
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}, {"Authorization": "Bearer "}):
        for method, target, kind, body in WRITING:
            sent = headers | OVERRIDES | ({"Content-Type": kind} if kind else {})
            case = (method, target, kind, body)
            answer = site.send(method, target, body.encode(), sent)
            assert (case, answer.status // 100) == (case, 4)
    assert site.files() == before


def test_the_same_is_written_with_the_token(writable: Site) -> None:
    """Or all the others would say nothing."""
    allowed = {"Authorization": f"Bearer {TOKEN}"}
    own = [f"<urn:s> <urn:n> {n} ." for n in range(2)]
    for method, target, kind, body in (
        ("POST", "/sparql", UPDATE, f"INSERT DATA {{ {own[0]} }}"),
        ("PUT", "/graphs?graph=urn:g", "text/turtle", own[1]),
    ):
        headers = allowed | ({"Content-Type": kind} if kind else {})
        answer = writable.send(method, target, body.encode(), headers)
        assert (body, answer.status // 100) == (body, 2), answer.text
    counted = writable.query("SELECT ?o { <urn:s> ?p ?o } ORDER BY ?o", "text/csv")
    assert counted.text.split() == ["o", "0", "1"]


# S9: what caches and clients may rely on

NEGOTIATED = [
    "/",
    "/doc/book/kokoro",
    "/id/book/kokoro",
    f"/about?iri={quote(KOKORO)}",
    f"/class?iri={quote(HERE)}ns%23Book",
    "/query/books",
    "/sparql",
    "/sparql/about",
    f"/sparql?query={quote(BOOKS)}",
    f"/sparql?query={quote(f'DESCRIBE <{KOKORO}>')}",
    "/graphs?default",
    "/graph/data/books",
    "/nothing",
    "/doc/nothing",
    "/doc/book/kokoro?x=1",
    "/sparql?query=SELECT",
    f"/sparql?query={quote(ENDLESS)}",
    f"/sparql?query={quote(f'SELECT * FROM <urn:x> {ALL}')}",
    "/sparql/check",
]
ACCEPTED = [
    "*/*",
    "text/html",
    "text/plain",
    "application/x-unknown",
    *(fmt.media_type for fmt in (*formats.GRAPHS, *formats.RESULTS)),
]


def test_caches_are_told_what_every_answer_depends_on_and_errors_are_not_kept(site: Site) -> None:
    for target in NEGOTIATED:
        for accept in ACCEPTED[:1] if quote(ENDLESS) in target else ACCEPTED:
            answer = site.send("GET", target, accept=accept)
            vary = [name.strip() for name in answer.headers.get("Vary", "").split(",")]
            assert (target, accept, "Accept" in vary) == (target, accept, True)
            if answer.headers.get_content_type() == "text/html":
                assert (target, "Accept-Language" in vary) == (target, True)
            if answer.status >= 400:
                assert answer.headers["Cache-Control"] == "no-store"
                assert "ETag" not in answer.headers


def test_each_format_and_each_language_has_a_tag_of_its_own(site: Site) -> None:
    for target, offered in (
        ("/doc/book/kokoro", formats.GRAPHS),
        (f"/sparql?query={quote(BOOKS)}", formats.RESULTS),
        (f"/sparql?query={quote(f'DESCRIBE <{KOKORO}>')}", formats.GRAPHS),
    ):
        asked = [({}, fmt.media_type) for fmt in offered]
        languages = ("en", "ja")
        asked += [({"Accept-Language": language}, "text/html") for language in languages]
        answers = [site.send("GET", target, None, *one) for one in asked]
        assert {answer.status for answer in answers} == {200}
        tags = {answer.headers["ETag"] for answer in answers}
        found = {(answer.headers["Content-Type"], answer.text) for answer in answers}
        assert len(tags) == len(found) > len(offered)
        assert not any(tag.startswith("W/") for tag in tags)


def test_what_a_client_says_of_the_host_comes_back_in_no_answer(site: Site) -> None:
    evil = "evil.example"
    told = {
        "Host": evil,
        **dict.fromkeys(("X-Forwarded-Host", "X-Forwarded-Server", "X-Host"), evil),
        **dict.fromkeys(("X-Forwarded-Prefix", "X-Script-Name"), f"/{evil}"),
        **dict.fromkeys(("X-Original-URL", "X-Rewrite-URL", "Referer"), f"http://{evil}/"),
        "X-Forwarded-Proto": f"{evil}",
        "X-Forwarded-Port": "666",
        "X-Forwarded-For": evil,
        "Forwarded": f"for={evil};host={evil};proto=https",
    }
    targets = [
        *NEGOTIATED,
        f"/sparql?query={quote(f'DESCRIBE <{KOKORO}>')}",
        f"/sparql?query={quote('ASK {}')}",
        "/query/",
        "/query",
        "/static/style.css",
        "/static",
        "/doc/",
        "/graphs/",
        "/health",
        "//evil.example/..",
    ]
    for target in targets:
        for accept in ("text/html", "text/turtle", "*/*"):
            answer = site.send("GET", target, None, told, accept)
            found = f"{answer.headers}{answer.text}".replace("//evil.example/..", "")
            assert (target, evil in found) == (target, False)
            location = answer.headers.get("Location", "/")
            assert (target, location[:1], location[1:2]) != (target, "/", "/")
            assert (target, location.startswith("/")) == (target, True)


# S10: pages of other sites may read, and nothing more


def test_pages_of_other_sites_may_read_answers_and_errors_without_credentials(site: Site) -> None:
    elsewhere = {"Origin": "https://evil.example", "Cookie": "a=b"}
    for target in (*NEGOTIATED, "/static/style.css", "/health", "/sparql/terms.json"):
        answer = site.send("GET", target, None, elsewhere)
        assert (target, answer.headers["Access-Control-Allow-Origin"]) == (target, "*")
        assert answer.headers["Access-Control-Allow-Credentials"] is None
        assert answer.headers["Set-Cookie"] is None


@pytest.mark.parametrize(
    ("refused", "status"), [("a header without a colon", 400), ("a length beyond all", 413)]
)
def test_they_may_read_what_is_refused_before_it_is_a_request(
    site: Site, refused: str, status: int
) -> None:
    answer = site.raw(MALFORMED[refused])
    assert answer is not None
    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "QUERY"])
def test_a_browser_may_send_a_query_as_a_body(site: Site, method: str) -> None:
    asks = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type",
    }
    answer = site.send("OPTIONS", "/sparql", None, asks)
    assert answer.status in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"*", "content-type"} & set(allowed)
    assert answer.headers["Access-Control-Allow-Credentials"] is None
    sent = {"Origin": asks["Origin"], "Content-Type": DIRECT}
    assert site.send(method, "/sparql", BOOKS.encode(), sent).status == 200


# S11: what is usual is done

USUAL = [
    'SELECT ("SERVICE <http://e.org/> { } LOAD <x>" AS ?x) {}',
    "SELECT ('''it's \"SERVICE\" { LOAD''' AS ?x) {}",
    "SELECT (1 AS ?x) {} # SERVICE <x> { } and LOAD <y>",
    "# LOAD <file:///x>; it's { ( [ \nSELECT (1 AS ?x) {}",
    "PREFIX service: <urn:s:> SELECT (service:x AS ?x) {}",
    "PREFIX load: <urn:l:> SELECT (load:load AS ?x) {}",
    "PREFIX e: <urn:e:> SELECT (e:SERVICE AS ?x) { OPTIONAL { e:s e:LOAD e:service } }",
    "SELECT (1 AS ?x) { OPTIONAL { ?service ?LOAD ?insert } } LIMIT 1",
    "SELECT (<http://e.org/SERVICE/LOAD?x=DELETE> AS ?x) {}",
    "SELECT ('a'@en-SERVICE AS ?x) {}",
    "SELECT (STR(<file:///etc/passwd>) AS ?x) {}",
    "SELECT (1 AS ?x) { FILTER NOT EXISTS { ?s ?p 'file:///etc/passwd' , <file:///x> } }",
    f"SELECT ({nested('(', ')', 20, '1')} AS ?x) {{}}",
    f"SELECT ({nested('STR(', ')', 20, '1')} AS ?x) {{}}",
    f"SELECT (1 AS ?x) {nested('{', '}', 20)}",
    f"SELECT ({'1 + ' * 200}1 AS ?x) {{}}",
    "SELECT ?x { BIND (1 AS ?x) FILTER (?x<2 && 3>?x) }",
    "SELECT (REPLACE('abc', '(a)(b)', '$2$1') AS ?x) { FILTER REGEX('abc', '^a.*c$', 'i') }",
    "SELECT (COUNT(*) AS ?x) { ?s ?p ?o } GROUP BY ?p LIMIT 1",
]


@pytest.mark.parametrize("transport", [name for name in TRANSPORTS if name != "page"])
def test_what_only_looks_dangerous_is_answered(writable: Site, transport: str) -> None:
    for query in USUAL:
        answer = TRANSPORTS[transport](writable, query)
        assert (query, answer.status) == (query, 200), answer.text
        assert len(json.loads(answer.text)["results"]["bindings"]) == 1


@pytest.mark.parametrize("name", ["json", "csv", "tsv", "xml"])
def test_five_thousand_rows_come_whole(writable: Site, name: str) -> None:
    query = f"SELECT ?n ?o {{ ?n <{HERE}ns#value> ?o }}"
    answer = writable.query(query, format=name)
    assert answer.status == 200
    assert answer.headers["X-Foedera-Cut"] is None
    found = {
        "json": lambda text: [row["o"]["value"] for row in json.loads(text)["results"]["bindings"]],
        "csv": lambda text: [row["o"] for row in csv.DictReader(text.splitlines())],
        "tsv": lambda text: [line.split("\t")[1] for line in text.splitlines()[1:]],
        "xml": lambda text: [part.split("<")[0] for part in text.split('#integer">')[1:]],
    }[name](answer.text)
    assert sorted(map(int, found)) == list(range(NUMBERS))


def test_a_query_with_many_values_is_answered(writable: Site) -> None:
    terms = " ".join(f"<{HERE}id/number/{n}>" for n in range(NUMBERS))
    query = f"SELECT (COUNT(*) AS ?n) {{ VALUES ?s {{ {terms} }} ?s <{HERE}ns#value> ?o }}"
    assert 150_000 < len(query) < 262_144
    for way in ("direct", "form", "query"):
        answer = TRANSPORTS[way](writable, query)
        (row,) = json.loads(answer.text)["results"]["bindings"]
        assert row["n"]["value"] == str(NUMBERS)
