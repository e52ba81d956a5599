"""Runs the W3C's SPARQL tests over HTTP: against Foedera, and against the `oxigraph` server.

    .venv/bin/python tests/conformance.py [--suites FOLDER] [--only REGEX] [--no-peer]

The tests are a clone of https://github.com/w3c/rdf-tests, by default in
../shared/conformance/rdf-tests (SHARED_FOLDER names another place for ../shared). Each dataset is
published as a folder and asked at /sparql. Printed is a table, with the reason of each failure.

The exit status is 1 for a test that does not pass and is not in conformance-known.tsv, and for one
that is listed there and passes: the list is never longer, nor shorter, than the truth.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Protocol, TypeAlias
from urllib.parse import quote, urljoin

import pyoxigraph as ox

import bench
from foedera import release
from foedera.errors import QuerySyntax

SHARED = Path(os.environ.get("SHARED_FOLDER") or Path(__file__).resolve().parents[2] / "shared")
SUITES = SHARED / "conformance" / "rdf-tests"
KNOWN = Path(__file__).with_name("conformance-known.tsv")

ENTRIES = ("sparql10/manifest.ttl", "sparql11/manifest-all.ttl", "sparql12/manifest.ttl")
HOME = "https://w3c.github.io/rdf-tests/sparql/"
"""What the tests' own IRIs are relative to."""

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
SD = "http://www.w3.org/ns/sparql-service-description#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"

JSON = "application/sparql-results+json"

Term: TypeAlias = Any
"""A term of pyoxigraph."""


@dataclass(frozen=True)
class Dataset:
    """What a test is asked of: files of the default graph, and named graphs with their files."""

    default: tuple[str, ...] = ()
    named: tuple[tuple[str, str], ...] = ()

    def quads(self, suites: Path) -> Iterator[ox.Quad]:
        for url in self.default:
            yield from _parse(suites, url)
        for graph, url in self.named:
            for quad in _parse(suites, url):
                yield ox.Quad(quad.subject, quad.predicate, quad.object, ox.NamedNode(graph))


@dataclass(frozen=True)
class Test:
    """One test of the W3C's: its name (folder and fragment), its kind, what it takes and gives."""

    id: str
    kind: str
    node: Term
    text: str = ""
    """The URL of the query or update."""
    dataset: Dataset = Dataset()
    result: str = ""
    after: Dataset = Dataset()
    """What an update leaves."""
    lax: bool = False

    @property
    def suite(self) -> str:
        return self.id.partition("#")[0]


@dataclass(frozen=True)
class Outcome:
    """``pass``, ``spelling`` (right but for the spelling of a value), ``fail`` or ``off``."""

    word: str
    why: str = ""


PASS = Outcome("pass")

Outcomes: TypeAlias = dict[str, Outcome]
"""By the name of the test."""


@dataclass(frozen=True)
class Table:
    """The result of a SELECT: names of columns, rows in order."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Term], ...]
    ordered: bool = False


Answer: TypeAlias = "bool | Table | list[ox.Quad]"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def is_problem(self) -> bool:
        """Whether this is an error as Foedera tells it."""
        return self.media_type == "application/problem+json"

    @property
    def malformed(self) -> bool:
        """Whether the text was refused as no SPARQL: a 400, and of ours the one that says so."""
        if self.is_problem:
            return bool(json.loads(self.body)["title"] == QuerySyntax.title)
        return self.status == 400

    def __str__(self) -> str:
        words = self.body.decode("utf-8", "replace")
        with contextlib.suppress(ValueError, KeyError, TypeError):
            words = json.loads(words)["detail"]
        return f"{self.status} {' '.join(words.split())[:160]}"


# The tests


class Manifests:
    """The triples of all manifests, and the tests they list."""

    def __init__(self, suites: Path) -> None:
        self._suites = suites
        self._store = ox.Store()
        self._read: set[str] = set()
        self.tests: list[Test] = []
        for entry in ENTRIES:
            self._include(HOME + entry)

    def _include(self, url: str) -> None:
        path = _location(self._suites, url)
        if url in self._read or "/entailment/" in url or not path.exists():
            return  # regimes of entailment: nobody's but their own
        self._read.add(url)
        quads = list(ox.parse(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=url))
        self._store.extend(quads)
        manifests = [
            quad.subject
            for quad in quads
            if quad.predicate.value in (MF + "include", MF + "entries")
        ]
        for manifest in dict.fromkeys(manifests):
            for included in self.list(self.one(manifest, MF + "include")):
                self._include(included.value)
            for node in self.list(self.one(manifest, MF + "entries")):
                self.tests.append(self._test(node, url))

    def all(self, subject: Term, predicate: str) -> list[Term]:
        found = self._store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
        return [quad.object for quad in found]

    def one(self, subject: Term, predicate: str) -> Term:
        return next(iter(self.all(subject, predicate)), None)

    def text(self, subject: Term, predicate: str) -> str:
        found = self.one(subject, predicate)
        return found.value if found is not None else ""

    def list(self, node: Term) -> Iterator[Term]:
        while node is not None and node.value != RDF + "nil":
            yield self.one(node, RDF + "first")
            node = self.one(node, RDF + "rest")

    def _test(self, node: Term, manifest: str) -> Test:
        folder = manifest.removeprefix(HOME).rpartition("/")[0]
        kinds = [kind.value.rpartition("#")[2] for kind in self.all(node, RDF + "type")]
        action = self.one(node, MF + "action")
        result = self.one(node, MF + "result")
        text = action.value if isinstance(action, ox.NamedNode) else ""
        for word in (QT + "query", UT + "request"):
            text = text or self.text(action, word)
        updated = isinstance(result, ox.BlankNode)
        test = Test(
            f"{folder}#{node.value.rpartition('#')[2]}",
            next(kind for kind in kinds if kind.endswith("Test") or "SyntaxTest" in kind),
            node,
            text,
            self._dataset(action if text else node),
            "" if updated or result is None else result.value,
            self._dataset(result) if updated else Dataset(),
            self.text(node, MF + "resultCardinality") == MF + "LaxCardinality",
        )
        if test.kind == "ProtocolTest" and test.dataset == Dataset():
            return replace(test, dataset=Dataset(named=((_DATA0, f"{HOME}{folder}/data1.nt"),)))
        return test if test.dataset != Dataset() else _with_graphs_of_query(test, self._suites)

    def _dataset(self, node: Term) -> Dataset:
        default = [one.value for word in (QT, UT) for one in self.all(node, word + "data")]
        named = []
        for graph in (one for word in (QT, UT) for one in self.all(node, word + "graphData")):
            if isinstance(graph, ox.NamedNode):
                named.append((graph.value, graph.value))
            else:
                url = self.text(graph, UT + "graph") or self.text(graph, UT + "data")
                named.append((self.text(graph, RDFS + "label") or url, url))
        return Dataset(tuple(sorted(default)), tuple(sorted(named)))


_DATA0 = "http://kasei.us/2009/09/sparql/data/data0.rdf"
"""What some tests of the protocol name as their default graph, whatever is in it."""


_FROM = re.compile(rb"FROM\s+(?:NAMED\s+)?<([^>]*)>", re.IGNORECASE)


def _with_graphs_of_query(test: Test, suites: Path) -> Test:
    """A test whose query names its graphs by FROM, with these graphs."""
    if not test.text or test.kind == "UpdateEvaluationTest":
        return test
    named = _FROM.findall(_location(suites, test.text).read_bytes())
    urls = [urljoin(test.text, iri.decode()) for iri in named]
    graphs = tuple(sorted({(url, url) for url in urls if _location(suites, url).is_file()}))
    return replace(test, dataset=Dataset(named=graphs)) if graphs else test


def _location(suites: Path, url: str) -> Path:
    return suites / "sparql" / url.removeprefix(HOME)


_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".trig": ox.RdfFormat.TRIG,
    ".nq": ox.RdfFormat.N_QUADS,
}


def _parse(suites: Path, url: str) -> list[ox.Quad]:
    path = _location(suites, url)
    return list(
        ox.parse(
            path=str(path),
            format=_FORMATS[path.suffix],
            base_iri=url,
            rename_blank_nodes=True,
            lenient=True,
        )
    )


# The servers


class Server(Protocol):
    """What the tests are run against."""

    port: int
    query_path: str
    update_path: str
    """Empty where updates are not offered."""
    graphs_path: str
    """The graph store; empty where it is not offered."""

    credentials: dict[str, str]
    """The headers of one who may write."""

    def publish(self, dataset: Dataset, suites: Path) -> None:
        """Answer from this dataset and no other."""

    def parameters(self, text: bytes) -> list[tuple[str, str]]:
        """The protocol's parameters by which a query sees the dataset as its test means it."""

    def using(self, test: Test, text: bytes) -> list[tuple[str, str]]:
        """The same for an update."""

    def dump(self) -> list[ox.Quad]:
        """The dataset as it is now."""


@dataclass
class Foedera:
    """A served folder with one file, ``data/dataset.trig``."""

    port: int
    root: Path
    state: Path
    query_path: str = "/sparql"
    update_path: str = "/sparql"
    graphs_path: str = "/graphs"
    credentials: dict[str, str] = field(
        default_factory=lambda: {"Authorization": f"Bearer {TOKEN}"}
    )
    _base: str = ""
    _own: str = ""
    _named: tuple[str, ...] = ()
    _inferred: bool = False

    def publish(self, dataset: Dataset, suites: Path) -> None:
        quads = list(dataset.quads(suites))
        shutil.rmtree(self.root / "changes", ignore_errors=True)
        write(self.root, quads)
        made = release.publish(self.root, self.state, 1, lambda _: None)
        until = time.monotonic() + 30
        while self._serves() != made.id:
            if time.monotonic() > until:
                raise RuntimeError(f"{made.id} is not served")
            time.sleep(0.02)
        self._base = made.manifest["publication"]["base"]
        self._own = made.manifest["files"][0]["graph"] if dataset.default else ""
        names = {quad.graph_name.value for quad in quads if quad.graph_name != ox.DefaultGraph()}
        self._named = tuple(sorted(names))
        self._inferred = bool(made.manifest["inferences"])

    def _serves(self) -> str:
        return str(json.loads(ask(self.port, "GET", "/health").body)["release"])

    def parameters(self, text: bytes) -> list[tuple[str, str]]:
        """Our default graph is the union of all graphs, and the file's own is a named one too; the
        W3C's default graph has its own triples alone. What was inferred is no part of a test.
        """
        if _FROM.search(text):
            return []
        if self._named or b"GRAPH" in text.upper():
            own = [("default-graph-uri", self._own)] if self._own else []
            return own + [("named-graph-uri", graph) for graph in self._named]
        return [("inferred", "false")] if self._inferred else []

    def using(self, test: Test, text: bytes) -> list[tuple[str, str]]:
        """The default graph of writing stands in the graph of the file and in that of changes."""
        if re.search(rb"\b(USING|WITH)\b", text, re.IGNORECASE) or test.kind != _UPDATE_EVALUATION:
            return []
        prefixes = dict(re.findall(r"(?i:PREFIX)\s+(\w*):\s*<([^>]*)>", text.decode()))
        mentioned = re.findall(r"\b(?i:GRAPH)\s+(\w*):(\w+)", text.decode())
        named = {*self._named, *(prefixes.get(prefix, "") + name for prefix, name in mentioned)}
        default = [("using-graph-uri", f"{self._base}graph/{name}") for name in _DEFAULT]
        return default + [("using-named-graph-uri", graph) for graph in sorted(named)]

    def dump(self) -> list[ox.Quad]:
        text = b"SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } }"
        table = _READERS[".srj"][1](query(self, text, JSON).body)
        assert isinstance(table, Table)
        found = []
        for row in table.rows:
            graph = row["g"]
            name = graph.value.removeprefix(f"{self._base}graph/")
            if name != "inferred":
                place = ox.DefaultGraph() if name in _DEFAULT else graph
                found.append(ox.Quad(row["s"], row["p"], row["o"], place))
        return found


TOKEN = "a token for the tests alone"

_DEFAULT = ("data/dataset", "changes")
"""The graphs, below BASE/graph/, of what is in no named graph."""

_UPDATE_EVALUATION = "UpdateEvaluationTest"


def write(root: Path, quads: Iterable[ox.Quad]) -> None:
    """Make a folder to publish of some quads."""
    data = root / "data"
    data.mkdir(parents=True, exist_ok=True)
    ox.serialize(quads, str(data / "dataset.trig"), format=ox.RdfFormat.TRIG)


@dataclass
class Oxigraph:
    """The peer, in memory."""

    port: int
    query_path: str = "/query"
    update_path: str = "/update"
    graphs_path: str = "/store"
    credentials: dict[str, str] = field(default_factory=dict)

    def publish(self, dataset: Dataset, suites: Path) -> None:
        ask(self.port, "POST", "/update", {"Content-Type": "application/sparql-update"}, "DROP ALL")
        for graph, _ in dataset.named:  # which keeps an empty one too
            ask(self.port, "PUT", f"/store?graph={quote(graph, safe='')}", {}, "")
        body = ox.serialize(dataset.quads(suites), format=ox.RdfFormat.N_QUADS) or b""
        done = ask(self.port, "POST", "/store", {"Content-Type": "application/n-quads"}, body)
        if done.status >= 300:
            raise RuntimeError(f"the peer does not take a dataset: {done}")

    def parameters(self, text: bytes) -> list[tuple[str, str]]:
        return []

    def using(self, test: Test, text: bytes) -> list[tuple[str, str]]:
        return []

    def dump(self) -> list[ox.Quad]:
        dump = ask(self.port, "GET", self.graphs_path, {"Accept": "application/n-quads"})
        return list(ox.parse(dump.body, format=ox.RdfFormat.N_QUADS))


@contextlib.contextmanager
def foedera(place: Path) -> Iterator[Foedera]:
    """Foedera, serving nothing much yet.

    One process speaks HTTP: of two, one could still answer from the dataset before.
    """
    root, state = place / "folder", place / "state"
    write(root, [])
    # One client asks all this, and errs on purpose.
    unlimited = [f"--client-{what}" for what in ("workers", "queue", "seconds", "errors")]
    options = [*("--fronts", "1"), *(piece for option in unlimited for piece in (option, "0"))]
    os.environ["FOEDERA_WRITE_TOKEN"] = TOKEN
    try:
        with bench.foedera(root, state, *options) as (port, process):
            assert process.stdout
            with process.stdout:
                yield Foedera(port, root, state)
    finally:
        del os.environ["FOEDERA_WRITE_TOKEN"]


@contextlib.contextmanager
def oxigraph() -> Iterator[Oxigraph | None]:
    """The peer, or None where it is not installed."""
    binary = Path(sys.executable).with_name("oxigraph")
    if not binary.exists():
        yield None
        return
    port = bench.free_port()
    process = subprocess.Popen(
        [str(binary), "serve", "--bind", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                ask(port, "GET", "/")
                break
            time.sleep(0.05)
        yield Oxigraph(port)
    finally:
        process.terminate()
        process.wait(30)


def ask(
    port: int, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None
) -> Reply:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(
            method, path, body.encode() if isinstance(body, str) else body, headers or {}
        )
        answer = connection.getresponse()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, names, answer.read())
    finally:
        connection.close()


def query(server: Server, text: bytes, accept: str, *more: tuple[str, str]) -> Reply:
    """Ask by a direct POST (SPARQL 1.1 Protocol, section 2.1.3)."""
    parameters = "&".join(f"{name}={quote(value, safe='')}" for name, value in more)
    accept = f"{accept}, text/turtle;q=0.9, application/problem+json"
    headers = {"Content-Type": "application/sparql-query", "Accept": accept}
    return ask(server.port, "POST", f"{server.query_path}?{parameters}", headers, text)


# Running one


def run(test: Test, server: Server, manifests: Manifests, suites: Path) -> Outcome:
    """Run one test over the dataset that the server has; never raises."""
    kind = test.kind.removesuffix("11")
    if test.text.endswith(".ru") and kind == "NegativeSyntaxTest":
        kind = "NegativeUpdateSyntaxTest"
    if "Update" in kind and not server.update_path:
        return Outcome("off", "updates are not offered")
    if kind == "GraphStoreProtocolTest" and not server.graphs_path:
        return Outcome("off", "the graph store protocol is not offered")
    try:
        return _KINDS[kind](test, server, manifests, suites)
    except (HTTPException, OSError, SyntaxError, ValueError) as fault:
        return Outcome("fail", f"{type(fault).__name__}: {fault}")


def _evaluate(test: Test, server: Server, manifests: Manifests, suites: Path) -> Outcome:
    """QueryEvaluationTest and CSVResultFormatTest."""
    ending = Path(test.result).suffix
    accept, read = _READERS.get(ending, _READERS[".srj"])
    text = f"BASE <{test.text}>\n".encode() + _location(suites, test.text).read_bytes()
    reply = query(server, text, accept, *server.parameters(text))
    if reply.status != 200:
        return Outcome("fail", str(reply))
    if reply.media_type == "text/turtle":
        got: Answer = list(ox.parse(reply.body, format=ox.RdfFormat.TURTLE))
    elif reply.media_type == accept:
        got = read(reply.body)
    else:
        return Outcome("fail", f"sent {reply.media_type}")
    expected = _expected(test, suites)
    return compare(expected, got, test.lax)


def _syntax(test: Test, server: Server, manifests: Manifests, suites: Path) -> Outcome:
    return _verdict(test, query(server, _location(suites, test.text).read_bytes(), JSON))


def _verdict(test: Test, reply: Reply) -> Outcome:
    """Whether what is well formed, and nothing else, was taken for that.

    A request may be refused for another reason: a graph or a function that is not there. The peer
    does that with a 500, and we never.
    """
    broken = reply.status >= 500 and reply.is_problem
    if not broken and ("Negative" in test.kind) == reply.malformed:
        return PASS
    return Outcome(
        "fail", str(reply) if "Positive" in test.kind else f"taken for well formed: {reply}"
    )


def _update(test: Test, server: Server, manifests: Manifests, suites: Path) -> Outcome:
    text = _location(suites, test.text).read_bytes()
    headers = {"Content-Type": "application/sparql-update", **server.credentials}
    if test.kind == _UPDATE_EVALUATION:
        text = f"BASE <{test.text}>\n".encode() + text
    parameters = "&".join(f"{n}={quote(iri, safe='')}" for n, iri in server.using(test, text))
    reply = ask(server.port, "POST", f"{server.update_path}?{parameters}", headers, text)
    if "Syntax" in test.kind:
        return _verdict(test, reply)
    if reply.status >= 300:
        return Outcome("fail", str(reply))
    return compare(list(test.after.quads(suites)), server.dump())


def _connection(test: Test, server: Server, manifests: Manifests, suites: Path) -> Outcome:
    """ProtocolTest and GraphStoreProtocolTest: requests in order, each with its response."""
    m = manifests
    variables: dict[str, str] = {}

    def filled(text: str) -> str:
        for name, value in variables.items():
            text = text.replace(name, value)
        return text

    requests = list(m.list(m.one(m.one(test.node, MF + "action"), HT + "requests")))
    for number, request in enumerate(requests, 1):
        headers = {**server.credentials, **_headers(m, request)}
        content = m.one(request, HT + "body")
        coding = m.text(content, CNT + "characterEncoding") or "utf-8" if content else "utf-8"
        body = filled(m.text(content, CNT + "chars")).encode(coding) if content else None
        path = filled(m.text(request, HT + "absolutePath"))
        updating = "update" in headers.get("content-type", "") or any(
            text.startswith(word)
            for text in ((body or b"").decode(coding), path.partition("?")[2])
            for word in ("update=", "CLEAR")
        )
        if path.startswith("/sparql/"):
            expects_success = "2" in {_status(one)[0] for one in _statuses(m, request)}
            if updating and expects_success and not server.update_path:
                return Outcome("off", "updates are not offered")
            end = server.update_path if updating and server.update_path else server.query_path
            path = end + path.removeprefix("/sparql/")
        elif path.startswith("/gsp"):
            path = server.graphs_path + path.removeprefix("/gsp")
        reply = ask(server.port, m.text(request, HT + "methodName"), path, headers, body)
        why = _unexpected(m, m.one(request, HT + "resp"), reply)
        if why:
            return Outcome("fail", f"request {number}: {why}")
        location = m.text(m.one(request, HT + "resp"), MF + "expectedLocation")
        if location:
            if not reply.headers.get("location"):
                return Outcome("fail", f"request {number}: no Location")
            variables[location] = reply.headers["location"]
    return PASS


def _headers(m: Manifests, node: Term) -> dict[str, str]:
    return {
        m.text(header, HT + "fieldName").lower(): m.text(header, HT + "fieldValue")
        for header in m.list(m.one(node, HT + "headers"))
    }


def _statuses(m: Manifests, request: Term) -> list[Term]:
    return m.all(m.one(request, HT + "resp"), MF + "expectedStatus")


_NAMED_STATUS = {"OK": "200", "Created": "201", "NoContent": "204", "NotFound": "404"}


def _status(term: Term) -> str:
    """``2xx`` or ``200``."""
    name = term.value.rpartition("#")[2]
    return _NAMED_STATUS.get(name) or name.removeprefix("StatusCode")


_TABLES = {
    JSON,
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
}
_GRAPHS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/n-quads": ox.RdfFormat.N_QUADS,
}


def _unexpected(m: Manifests, wanted: Term, reply: Reply) -> str:
    """What a reply has that its description has not; empty when it is as described."""
    statuses = [_status(one) for one in m.all(wanted, MF + "expectedStatus")]
    if not any(re.fullmatch(one.replace("x", r"\d"), str(reply.status)) for one in statuses):
        return f"wanted {' or '.join(statuses)}, was {reply}"
    form = m.text(wanted, MF + "expectedFormat")
    kinds = {"tabular": _TABLES, "boolean": _TABLES, "RDF": set(_GRAPHS), "": {reply.media_type}}
    if reply.media_type not in kinds[form]:
        return f"wanted {form}, was {reply.media_type}"
    truth = m.text(wanted, MF + "expectedBoolean")
    if truth and _results(ox.QueryResultsFormat.from_media_type(reply.media_type))(
        reply.body
    ) is not (truth == "true"):
        return f"wanted {truth}"
    for name, value in _headers(m, wanted).items():
        got = reply.headers.get(name, "")
        if got.partition(";")[0] != value.partition(";")[0]:  # UTF-8 may be said or left out
            return f"wanted {name}: {value}, was {got or 'not given'}"
    if content := m.one(wanted, HT + "body"):
        expected = list(ox.parse(m.text(content, CNT + "chars"), format=ox.RdfFormat.TURTLE))
        sent = list(ox.parse(reply.body, format=_GRAPHS[reply.media_type]))
        return compare(expected, sent).why
    return ""


def _description(test: Test, server: Server, manifests: Manifests, suites: Path) -> Outcome:
    """SPARQL 1.1 Service Description, sections 2 and 3."""
    reply = ask(server.port, "GET", server.query_path, {"Accept": "text/turtle"})
    if reply.status != 200 or reply.media_type not in _GRAPHS:
        return Outcome("fail", str(reply))
    here = f"http://127.0.0.1:{server.port}{server.query_path}"
    quads = list(ox.parse(reply.body, format=_GRAPHS[reply.media_type], base_iri=here))
    services = {q.subject for q in quads if q.object == ox.NamedNode(SD + "Service")}
    endpoints = {
        q.object.value
        for q in quads
        if q.predicate.value == SD + "endpoint" and q.subject in services
    }
    if test.id.endswith("#has-endpoint-triple") and here not in endpoints:
        return Outcome("fail", f"sd:endpoint is {', '.join(sorted(endpoints)) or 'not given'}")
    if test.id.endswith("#conforms-to-schema"):
        for quad in quads:
            name = quad.predicate.value
            if name.startswith(SD) and name.removeprefix(SD) not in _DESCRIPTION:
                return Outcome("fail", f"there is no property sd:{name.removeprefix(SD)}")
            if name.startswith(SD) and isinstance(quad.object, ox.Literal):
                return Outcome("fail", f"sd:{name.removeprefix(SD)} has a literal")
        if not services:
            return Outcome("fail", "there is no sd:Service")
    return PASS


_DESCRIPTION = frozenset(
    [
        "availableGraphs",
        "defaultDataset",
        "defaultEntailmentRegime",
        "defaultGraph",
        "defaultSupportedEntailmentProfile",
        "endpoint",
        "entailmentRegime",
        "extensionAggregate",
        "extensionFunction",
        "feature",
        "graph",
        "inputFormat",
        "languageExtension",
        "name",
        "namedGraph",
        "propertyFeature",
        "resultFormat",
        "supportedEntailmentProfile",
        "supportedLanguage",
    ]
)

Runner: TypeAlias = Callable[[Test, Server, Manifests, Path], Outcome]

_KINDS: dict[str, Runner] = {
    "QueryEvaluationTest": _evaluate,
    "CSVResultFormatTest": _evaluate,
    "PositiveSyntaxTest": _syntax,
    "NegativeSyntaxTest": _syntax,
    "PositiveUpdateSyntaxTest": _update,
    "NegativeUpdateSyntaxTest": _update,
    "UpdateEvaluationTest": _update,
    "ProtocolTest": _connection,
    "GraphStoreProtocolTest": _connection,
    "ServiceDescriptionTest": _description,
}


# Reading and comparing answers


def _results(fmt: Any) -> Callable[[bytes], bool | Table]:
    def read(body: bytes) -> bool | Table:
        found = ox.parse_query_results(body, format=fmt)
        if isinstance(found, ox.QueryBoolean):
            return bool(found)
        assert isinstance(found, ox.QuerySolutions)
        names = tuple(variable.value for variable in found.variables)
        rows = []
        for row in found:
            rows.append({name: row[name] for name in names if row[name] is not None})
        return Table(names, tuple(rows))

    return read


def _csv(body: bytes) -> Table:
    """CSV has no types: what looks like a blank node is one, all else is text."""
    rows = list(csv.reader(io.StringIO(body.decode(), newline=""), strict=True))
    found = []
    for row in rows[1:]:
        cells = dict(zip(rows[0], row, strict=True))
        found.append({name: _cell(text) for name, text in cells.items() if text})
    return Table(tuple(rows[0]), tuple(found))


def _cell(text: str) -> Term:
    if text.startswith("_:"):
        return ox.BlankNode(text[2:])
    with contextlib.suppress(InvalidOperation):
        if Decimal(text).is_finite():
            return ox.Literal(text, datatype=ox.NamedNode(XSD + "decimal"))
    return ox.Literal(text)


_READERS: dict[str, tuple[str, Callable[[bytes], bool | Table]]] = {
    ".srj": (JSON, _results(ox.QueryResultsFormat.JSON)),
    ".srx": ("application/sparql-results+xml", _results(ox.QueryResultsFormat.XML)),
    ".csv": ("text/csv", _csv),
    ".tsv": ("text/tab-separated-values", _results(ox.QueryResultsFormat.TSV)),
}


def _expected(test: Test, suites: Path) -> Answer:
    path = _location(suites, test.result)
    if path.suffix in _READERS:
        return _READERS[path.suffix][1](path.read_bytes())
    quads = _parse(suites, test.result)
    store = ox.Store()
    store.extend(quads)

    def values(subject: Term, word: str) -> list[Term]:
        return [q.object for q in store.quads_for_pattern(subject, ox.NamedNode(RS + word), None)]

    sets = [q.subject for q in quads if q.object == ox.NamedNode(RS + "ResultSet")]
    if not sets:
        return quads
    truth = values(sets[0], "boolean")
    if truth:
        return bool(truth[0].value == "true")
    rows = []
    for solution in values(sets[0], "solution"):
        index = [int(one.value) for one in values(solution, "index")]
        row = {
            values(binding, "variable")[0].value: values(binding, "value")[0]
            for binding in values(solution, "binding")
        }
        rows.append((index, row))
    ordered = bool(rows) and all(index for index, _ in rows)
    if ordered:
        rows.sort(key=lambda item: item[0])
    names = tuple(sorted(one.value for one in values(sets[0], "resultVariable")))
    return Table(names, tuple(row for _, row in rows), ordered)


def compare(expected: Answer, got: Answer, lax: bool = False) -> Outcome:
    """Whether two answers are the same up to the names of blank nodes.

    ``lax`` lets the answer repeat a row less often than expected, as REDUCED may.
    """
    if isinstance(expected, bool) or isinstance(got, bool):
        return PASS if expected is got else Outcome("fail", f"wanted {expected}, was {_brief(got)}")
    if isinstance(expected, Table) != isinstance(got, Table):
        return Outcome("fail", f"wanted {_brief(expected)}, was {_brief(got)}")
    if isinstance(expected, Table) and isinstance(got, Table):
        if set(expected.columns) != set(got.columns):
            return Outcome("fail", f"wanted columns {expected.columns}, were {got.columns}")
        if isinstance(expected, Table) and expected.ordered:
            got = Table(got.columns, got.rows, True)
    if _canonical(expected, lax, _same) == _canonical(got, lax, _same):
        return PASS
    if _canonical(expected, lax, _value) == _canonical(got, lax, _value):
        return Outcome("spelling", "the same values, spelled otherwise")
    return Outcome("fail", f"wanted {_brief(expected)}, was {_brief(got)}")


def _brief(answer: Answer) -> str:
    if isinstance(answer, bool):
        return str(answer).lower()
    lines = (
        [" ".join(f"?{k}={v}" for k, v in sorted(row.items())) for row in answer.rows]
        if isinstance(answer, Table)
        else [str(quad) for quad in answer]
    )
    return f"{len(lines)} [{' | '.join(sorted(lines))[:300]}]"


def _canonical(answer: Table | list[ox.Quad], lax: bool, spelled: Callable[[Term], Term]) -> Any:
    """The answer as an RDF dataset in its canonical form: a row is a node with its cells."""
    if not isinstance(answer, Table):
        quads = {ox.Quad(q.subject, q.predicate, spelled(q.object), q.graph_name) for q in answer}
        return _canonicalized(quads)
    rows = [frozenset((name, spelled(term)) for name, term in row.items()) for row in answer.rows]
    counted = (
        [(row, n) for n, row in enumerate(rows)] if answer.ordered else list(Counter(rows).items())
    )
    made = []
    for number, (row, count) in enumerate(counted):
        node = ox.BlankNode(f"row{number}of{id(answer)}")
        times = ox.Literal(1 if lax else count)
        made.append(ox.Quad(node, ox.NamedNode("urn:times"), times))
        for name, term in row:
            made.append(ox.Quad(node, ox.NamedNode(f"urn:column:{name}"), term))
    return _canonicalized(made)


def _canonicalized(quads: Iterable[ox.Quad]) -> ox.Dataset:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


def _same(term: Term) -> Term:
    return term


_FLOATS = frozenset({XSD + "double", XSD + "float"})
_TIMES = frozenset({XSD + "dateTime", XSD + "date", XSD + "time"})
_INTEGERS = frozenset(
    XSD + name
    for name in [
        "integer",
        "int",
        "long",
        "short",
        "byte",
        "nonNegativeInteger",
        "nonPositiveInteger",
        "positiveInteger",
        "negativeInteger",
        "unsignedLong",
        "unsignedInt",
        "unsignedShort",
        "unsignedByte",
    ]
)


def _value(term: Term) -> Term:
    """The term with its value in one spelling; its datatype stays."""
    if isinstance(term, ox.Triple):
        return ox.Triple(term.subject, term.predicate, _value(term.object))
    if isinstance(term, ox.Literal):
        with contextlib.suppress(ValueError, InvalidOperation):
            kind, text = term.datatype.value, term.value
            if kind in _INTEGERS:
                text = str(int(text))
            elif kind == XSD + "decimal":
                text = f"{Decimal(text).normalize():f}"
            elif kind in _FLOATS:
                text = f"{float(text):.7g}"
            elif kind == XSD + "boolean":
                text = {"1": "true", "0": "false"}.get(text, text)
            elif kind in _TIMES:
                text = text.replace("+00:00", "Z")
            return ox.Literal(text, datatype=term.datatype) if not term.language else term
    return term


# All of them


def run_all(tests: Sequence[Test], server: Server, manifests: Manifests, suites: Path) -> Outcomes:
    """Run tests, those of one dataset after another."""
    found = {}
    for dataset in dict.fromkeys(test.dataset for test in tests):
        fresh = False
        for test in tests:
            if test.dataset != dataset:
                continue
            if not fresh:
                server.publish(dataset, suites)
                fresh = True
            found[test.id] = run(test, server, manifests, suites)
            fresh = "Update" not in test.kind and "Protocol" not in test.kind
    return found


def known() -> Outcomes:
    """The tests that do not pass, each with what it gives instead and the reason."""
    lines = KNOWN.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {name: Outcome(word, why) for name, word, why in rows}


def surprises(outcomes: Outcomes, listed: Outcomes) -> list[str]:
    """What is not as listed, a line each. What is not offered is no surprise."""
    return [
        f"{name}: {outcome.word}, listed as {listed.get(name, PASS).word}. {outcome.why}"
        for name, outcome in outcomes.items()
        if outcome.word not in ("off", listed.get(name, PASS).word)
    ]


def table(tests: Sequence[Test], ours: Outcomes, theirs: Outcomes) -> Iterator[str]:
    """A line for each folder of tests, and one for all: how many of each outcome."""
    words = ("pass", "spelling", "fail", "off")
    heads = [word for _ in "12" for word in words]
    yield f"{'':<42}{'':>6}{'oxigraph':>10}{'':>23}{'foedera':>12}"
    yield f"{'':<42}{'tests':>6}" + "".join(f"{head:>9}" for head in heads)
    for suite in (*dict.fromkeys(test.suite for test in tests), ""):
        names = [test.id for test in tests if suite in ("", test.suite)]
        cells = [
            str(sum(found[name].word == word for name in names if name in found) or "")
            for found in (theirs, ours)
            for word in words
        ]
        yield f"{suite or 'all':<42}{len(names):>6}" + "".join(f"{cell:>9}" for cell in cells)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--suites", type=Path, default=SUITES)
    parser.add_argument("--only", default="", help="a regular expression that a test's name has")
    parser.add_argument("--no-peer", action="store_true", help="leave the oxigraph server out")
    chosen = parser.parse_args()
    suites: Path = chosen.suites
    if not (suites / "sparql").is_dir():
        print(f"There are no tests in {suites}: clone https://github.com/w3c/rdf-tests there")
        return 2
    started = time.monotonic()
    manifests = Manifests(suites)
    tests = [test for test in manifests.tests if re.search(chosen.only, test.id)]
    theirs: Outcomes = {}
    with contextlib.nullcontext() if chosen.no_peer else oxigraph() as peer:
        if peer:
            theirs = run_all(tests, peer, manifests, suites)
    with tempfile.TemporaryDirectory() as place, foedera(Path(place)) as server:
        ours = run_all(tests, server, manifests, suites)
    listed = known()
    print(*table(tests, ours, theirs), sep="\n")
    for entry in ENTRIES:
        if not _location(suites, HOME + entry).exists():
            print(f"{entry} is not among the tests")
    print("\nWhat fails, and why:")
    for test in tests:
        if ours[test.id].word == "fail" and test.id in listed:
            mark = " (oxigraph passes)" if theirs.get(test.id, ours[test.id]).word != "fail" else ""
            print(f"  {test.id}{mark}: {listed[test.id].why}")
    found = surprises(ours, listed)
    if found:
        print(f"\nNot as {KNOWN.name} has it:", *found, sep="\n  ")
    print(f"\n{time.monotonic() - started:.0f} s")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
