"""Measures typical queries over generated triples against other servers, in the same run.

``make bench`` runs it. Each query's answer is first compared with that of the `oxigraph` server,
row by row whatever their order: a fast wrong answer is a failure. Then the servers take turns, so
that a noisy machine disturbs all alike, and a figure is the median of several rounds' medians. No
answer is kept ready while this is measured: each request has a comment of its own in its query.
Then the same queries are asked again as they stand, which the site answers from what it keeps; and
all triples are asked for in one query. `oxigraph` comes with the development tools; Virtuoso 7
(Debian: virtuoso-opensource) and rdflib-endpoint are measured where they are found.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox

from bench import Client, foedera, free_port, memory, oxigraph
from bench_data import BASE, generate

JSON = "application/sparql-results+json"
TRIPLES = "application/n-triples"
TSV = "text/tab-separated-values"
TOO_LONG = 10
"""The most seconds that a server beside may take for a query; then it is left out there."""

FULL = 1_000_000
SMALL = 100_000
"""The most triples that rdflib-endpoint is asked about."""

PREFIXES = f"""\
PREFIX : <https://w3id.org/foedera/ns#>
PREFIX id: <{BASE}id/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
"""
EVERYTHING = "SELECT ?s ?p ?o { ?s ?p ?o }"

QUERIES = {
    "all of one thing": "SELECT ?p ?o { id:person-77 ?p ?o }",
    "what leads to a thing": "SELECT ?s ?p { ?s ?p id:person-3 }",
    "who took part in an event": """
        SELECT ?name ?role {
            ?inv :participationIn id:event-42 ; :actor ?who ; :role ?role .
            ?who rdfs:label ?name FILTER(LANG(?name) = "en")
        }""",
    "a person's events in order": """
        SELECT ?event ?name ?when {
            ?inv :actor id:person-12 ; :participationIn ?event .
            ?event rdfs:label ?name ; :earliest ?when FILTER(LANG(?name) = "ja")
        } ORDER BY ?when ?event""",
    "names in a language": """
        SELECT ?org ?name { ?org a :University ; rdfs:label ?name FILTER(LANG(?name) = "it") }""",
    "events in a period": """
        SELECT ?event ?when ?place {
            ?event a :Meeting ; :earliest ?when ; :place ?place
            FILTER(?when >= "2019-03-01T00:00:00Z"^^xsd:dateTime
                && ?when < "2019-06-01T00:00:00Z"^^xsd:dateTime)
        }""",
    "names that hold some words": """
        SELECT ?thing ?name {
            ?thing rdfs:label ?name FILTER(CONTAINS(LCASE(STR(?name)), "quantum university"))
        }""",
    "names by a pattern": """
        SELECT ?who ?name {
            ?who a :Person ; rdfs:label ?name FILTER(REGEX(STR(?name), "^Aiko .*77$"))
        }""",
    "things by class": "SELECT ?class (COUNT(*) AS ?n) { ?thing a ?class } GROUP BY ?class",
    "triples by property": "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "distinct actors by role": """
        SELECT ?role (COUNT(DISTINCT ?who) AS ?n) { ?inv :role ?role ; :actor ?who }
        GROUP BY ?role""",
    "the ten busiest actors": """
        SELECT ?who ?name ?n {
            { SELECT ?who (COUNT(*) AS ?n) { ?inv :actor ?who }
              GROUP BY ?who ORDER BY DESC(?n) ?who LIMIT 10 }
            ?who rdfs:label ?name FILTER(LANG(?name) = "en")
        }""",
    "events by year": """
        SELECT ?year (COUNT(*) AS ?n) {
            ?event a :Event ; :earliest ?when BIND(YEAR(?when) AS ?year)
        } GROUP BY ?year""",
    "events by country, by a path": """
        SELECT ?polity (COUNT(DISTINCT ?event) AS ?n) {
            ?polity :territory ?territory . ?event :place/:within+ ?territory
        } GROUP BY ?polity""",
    "agreements by pairs of countries": """
        SELECT ?one ?other (COUNT(DISTINCT ?deal) AS ?n) {
            ?deal a :Agreement ; :party ?one , ?other . ?one a :Polity . ?other a :Polity
            FILTER(STR(?one) < STR(?other))
        } GROUP BY ?one ?other""",
    "events at which countries' actors met": """
        SELECT ?one ?other (COUNT(DISTINCT ?event) AS ?n) {
            ?a :participationIn ?event ; :actor/:countedAs ?one .
            ?b :participationIn ?event ; :actor/:countedAs ?other
            FILTER(STR(?one) < STR(?other))
        } GROUP BY ?one ?other""",
    "whom a person met": """
        SELECT DISTINCT ?other {
            ?a :actor id:person-0 ; :participationIn ?event .
            ?b :participationIn ?event ; :actor ?other .
            ?other a :Person FILTER(?other != id:person-0)
        }""",
    "persons who are members of nothing": """
        SELECT (COUNT(*) AS ?n) { ?who a :Person FILTER NOT EXISTS { ?who :memberOf ?org } }""",
    "events with what may be known": """
        SELECT ?event ?city ?deal {
            ?event a :Workshop ; :earliest ?when
            FILTER(?when >= "2020-01-01T00:00:00Z"^^xsd:dateTime
                && ?when < "2021-01-01T00:00:00Z"^^xsd:dateTime)
            OPTIONAL {
                ?event :place ?place . ?place rdfs:label ?city FILTER(LANG(?city) = "en")
            }
            OPTIONAL { ?deal :concludedAt ?event }
        }""",
    "all that involves a country": """
        SELECT DISTINCT ?event {
            { ?deal :party id:polity-30 ; :concludedAt ?event }
            UNION { ?inv :onBehalfOf id:polity-30 ; :participationIn ?event }
            UNION { ?event :place/:within/:within ?land . id:polity-30 :territory ?land }
        }""",
    "what an agreement builds on": """
        SELECT ?deal ?name {
            id:agreement-401 :continues+ ?deal . ?deal rdfs:label ?name FILTER(LANG(?name) = "en")
        }""",
    "members of a group of organisations": """
        SELECT ?who { ?who :memberOf/:partOfOrganization* id:org-5 }""",
    "events on a topic and those below": """
        SELECT (COUNT(DISTINCT ?event) AS ?n) {
            ?topic skos:broader* id:topic-3 . ?event a :Event ; :topic ?topic
        }""",
    "an event as a graph": """
        CONSTRUCT { ?event ?p ?o . ?inv ?q ?x } {
            VALUES ?event { id:event-7 }
            { ?event ?p ?o } UNION { ?inv :participationIn ?event ; ?q ?x }
        }""",
}


@dataclass
class Server:
    """One that is measured: where it answers, and what each query took it, in ms."""

    name: str
    port: int
    address: str
    taken: dict[str, float] = field(default_factory=dict)

    def request(self, query: str, accept: str, close: bool = False) -> bytes:
        end = "Connection: close\r\n" if close else ""
        return (
            f"GET {self.address}{quote(query, safe='')} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Accept: {accept}\r\n{end}\r\n"
        ).encode()


def accept_of(query: str) -> str:
    return TRIPLES if "CONSTRUCT" in query else JSON


def rows(body: bytes, accept: str) -> Counter[tuple[object, ...]]:
    """The solutions or triples of an answer, whatever their order and the spelling of numbers."""
    if accept == TRIPLES:
        return Counter((str(one.triple),) for one in ox.parse(body, format=ox.RdfFormat.N_TRIPLES))
    bindings = json.loads(body)["results"]["bindings"]
    return Counter(tuple(sorted((k, *_term(v)) for k, v in row.items())) for row in bindings)


def _term(found: dict[str, str]) -> tuple[object, ...]:
    value: object = found["value"]
    if re.search("#(integer|decimal|double)$", found.get("datatype", "")):
        value = round(float(found["value"]), 6)
    elif found.get("datatype", "").endswith("#dateTime"):
        value = found["value"].replace("+00:00", "Z")
    return found["type"] == "uri", value, found.get("xml:lang", "")


_asked = 0


def fresh(text: str) -> str:
    """A query that nobody was ever asked before, since a comment tells it from all others."""
    global _asked
    _asked += 1
    return f"{PREFIXES}{text}\n# {_asked}"


class Prompt(Client):
    """A client that acknowledges at once: some servers wait for it in the middle of an answer."""

    def _more(self) -> None:
        super()._more()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def timed(server: Server, requests: list[bytes]) -> float:
    """The median of what requests take, one after the other on one connection, in ms."""
    client = Prompt(server.port)
    taken = []
    for one in requests:
        for attempt in (1, 2, 3):
            started = time.perf_counter()
            try:
                status, body = client.get(one)
                break
            except ConnectionError:  # Virtuoso closes a connection now and then
                if attempt == 3:
                    raise
                client = Prompt(server.port)
        taken.append((time.perf_counter() - started) * 1000)
        if status != 200:
            raise RuntimeError(f"{server.name}: {status} {body[:300]!r}")
    client.close()
    return statistics.median(taken)


def answer(server: Server, text: str, accept: str) -> tuple[Counter[tuple[object, ...]], float]:
    """The rows of an answer, and the seconds that it took."""
    client = Prompt(server.port)
    started = time.perf_counter()
    status, body = client.get(server.request(fresh(text), accept))
    taken = time.perf_counter() - started
    client.close()
    if status != 200:
        raise ValueError(f"{status} {body[:200]!r}")
    return rows(body, accept), taken


def measure(servers: list[Server], rounds: int, judged: bool) -> bool:
    """Compare the answers of all with those of the peer, which is the last, and time them."""
    good = True
    ours, peer = servers[0], servers[-1]
    heads = "".join(f"{server.name:>13}" for server in servers)
    print(f"{'p50, ms':<40}{'rows':>7}{heads}{'/ ' + peer.name:>12}")
    for name, text in QUERIES.items():
        accept = accept_of(text)
        right, slow = answer(peer, text, accept)
        able: dict[str, int] = {}
        said = {}
        for server in servers:
            try:
                told, first = (right, slow) if server is peer else answer(server, text, accept)
            except (OSError, ValueError) as fault:
                said[server.name] = "failed"
                print(f"{server.name} on {name!r}: {fault}")
                continue
            if told != right:
                said[server.name] = "wrong"
            elif first > TOO_LONG and server not in (ours, peer):
                said[server.name] = f"over {TOO_LONG} s"
            else:
                able[server.name] = min(15, max(1, int(0.3 / first)))
        good = good and ours.name in able
        found: dict[str, list[float]] = {one: [] for one in able}
        for _ in range(rounds):
            for server in servers:
                texts = [fresh(text) for _ in range(able.get(server.name, 0))]
                if texts:
                    requests = [server.request(one, accept) for one in texts]
                    found[server.name].append(timed(server, requests))
        for server in servers:
            if server.name in able:
                server.taken[name] = statistics.median(found[server.name])
                said[server.name] = f"{server.taken[name]:.2f}"
        shown = "".join(f"{said[server.name]:>13}" for server in servers)
        ratio = ours.taken.get(name, math.nan) / peer.taken[name]
        print(f"{name:<40}{right.total():>7}{shown}{ratio:>11.2f}x", flush=True)
    for server in servers[1:]:
        both = server.taken.keys() & ours.taken.keys()
        mine, theirs = ([one.taken[n] for n in both] for one in (ours, server))
        ratio = mean(mine) / mean(theirs)
        print(
            f"{len(both)} queries, {ours.name} and {server.name}: geometric mean {mean(mine):.2f} "
            f"and {mean(theirs):.2f} ms, sum {sum(mine):,.0f} and {sum(theirs):,.0f} ms; "
            f"ratio {ratio:.2f}"
        )
    if not judged:
        print(f"The bound is for {FULL:,} triples")
        return good
    return verdict("uncached / peer", ratio, "at most 0.6", ratio <= 0.6) and good


def mean(values: list[float]) -> float:
    return statistics.geometric_mean(values) if values else math.nan


def verdict(what: str, value: float, bound: str, holds: bool) -> bool:
    print(f"{what:<52}{value:>9.2f}  {bound:<16}{'ok' if holds else 'MISSED'}", flush=True)
    return holds


def again(ours: Server, rounds: int) -> bool:
    """The same queries once more, from the answers that are kept ready, beside a ping."""
    ping = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    kept = [ours.request(f"{PREFIXES}{text}", accept_of(text)) for text in QUERIES.values()]
    for one in kept:
        for _ in range(8):  # each HTTP process keeps its own
            timed(ours, [one])
    pairs = []
    for _ in range(rounds):
        each = [timed(ours, [one] * 15) for one in kept]
        pairs.append((mean(each), timed(ours, [ping] * 99)))
    took, pinged = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"from the kept answers: geometric mean {took:.2f} ms; a ping {pinged:.2f} ms")
    return verdict("kept answers / ping", took / pinged, "at most 2", took <= 2 * pinged)


@dataclass(frozen=True)
class Stream:
    """How long the answer took, till its first byte and in all, in seconds; its size in bytes."""

    first: float
    whole: float
    size: int


def stream(server: Server, accept: str) -> Stream:
    """Ask for everything, and read it as fast as it comes."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        started = time.perf_counter()
        connection.sendall(server.request(fresh(EVERYTHING), accept, close=True))
        size, first = 0, 0.0
        while part := connection.recv(1 << 20):
            first = first or time.perf_counter() - started
            size += len(part)
        return Stream(first, time.perf_counter() - started, size)


def everything(server: Server) -> tuple[int, int]:
    """How many rows everything has, and a number that any other multiset of rows lacks."""
    connection = HTTPConnection("127.0.0.1", server.port)
    address = server.address + quote(fresh(EVERYTHING), safe="")
    connection.request("GET", address, headers={"Accept": TSV})
    count = total = 0
    with connection.getresponse() as answer:  # raises if it ends before its end
        for line in answer:
            count += 1
            total += hash(line.rstrip())
    connection.close()
    return count - 1, total


def streams(servers: list[Server], process: int, rounds: int) -> bool:
    """Ask for all triples: the same rows as the peer's, as fast, and in little memory."""
    ours, peer = servers[0], servers[-1]
    count, total = everything(ours)
    same = (count, total) == everything(peer)
    good = verdict("everything: rows, and the same as the peer's", count, "equal", same)
    before, most, ended = memory(process), 0.0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(0.1):
            most = max(most, memory(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    stream(ours, JSON)
    ended.set()
    watcher.join()
    grown = most - before
    good = verdict("everything: memory grows by, MB", grown, "below 50", grown < 50) and good
    for accept in (JSON, TSV):
        found: dict[str, list[Stream]] = {server.name: [] for server in servers}
        for _ in range(rounds):
            for server in servers:
                found[server.name].append(stream(server, accept))
        whole = {n: statistics.median(one.whole for one in each) for n, each in found.items()}
        for name, each in found.items():
            first = statistics.median(one.first for one in each) * 1000
            print(
                f"everything as {accept.rpartition('/')[2]}, {name}: {each[0].size / 1e6:.0f} MB "
                f"in {whole[name]:.2f} s, the first byte after {first:.1f} ms"
            )
        share = whole[peer.name] / whole[ours.name]
        good = (
            verdict("everything: throughput / peer", share, "at least 0.8", share >= 0.8) and good
        )
    return good


@contextlib.contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """A server as a process, once it takes connections at a port."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(60)


@contextlib.contextmanager
def virtuoso(triples: Path, place: Path) -> Iterator[Server]:
    """Virtuoso, with memory for all, and the triples in the one graph that there is."""
    folder = place / "virtuoso"
    folder.mkdir()
    port, sql = free_port(), free_port()
    written = _VIRTUOSO.format(folder=place, port=port, sql=sql)
    (folder / "virtuoso.ini").write_text(written, encoding="utf-8")
    command = ["virtuoso-t", "+foreground", "+configfile", "virtuoso.ini"]
    with running(command, folder, sql):  # which it opens last
        load = f"DB.DBA.TTLP_MT(file_to_string_output('{triples}'), '', '{BASE}graph', 512)"
        isql = shutil.which("isql-vt") or "isql"
        subprocess.run(
            [isql, f"127.0.0.1:{sql}", "dba", "dba", f"exec={load}; checkpoint;"],
            check=True,
            capture_output=True,
        )
        graph = quote(f"{BASE}graph", safe="")
        yield Server("virtuoso", port, f"/sparql?default-graph-uri={graph}&query=")


_VIRTUOSO = """\
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = temporary.db
TransactionFile = temporary.trx
MaxCheckpointRemap = 2000
[Parameters]
ServerPort = 127.0.0.1:{sql}
DirsAllowed = {folder}
NumberOfBuffers = 170000
MaxDirtyBuffers = 130000
MaxQueryMem = 2G
ThreadsPerQuery = 2
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerRoot = {folder}
ServerThreads = 10
MaxKeepAlives = 10
KeepAliveTimeout = 100
[SPARQL]
ResultSetMaxRows = 10000000
"""


@contextlib.contextmanager
def peers(triples: Path, count: int, place: Path, endpoint: str) -> Iterator[list[Server]]:
    """The servers beside that are installed; what is not measured is said."""
    with contextlib.ExitStack() as stack:
        found = []
        if shutil.which("virtuoso-t"):
            found.append(stack.enter_context(virtuoso(triples, place)))
        else:
            print("Virtuoso is not installed, and is not measured")
        command = shutil.which(endpoint)
        if not command:
            print("rdflib-endpoint is not installed, and is not measured")
        elif count > SMALL:
            print(f"rdflib-endpoint is not measured beyond {SMALL:,} triples: it takes too long")
        else:
            port = free_port()
            line = [command, "serve", "--host", "127.0.0.1", "--port", str(port), str(triples)]
            stack.enter_context(running(line, place, port))
            found.append(Server("rdflib", port, "/?query="))
        yield found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=FULL)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help=f"{SMALL:,} triples, three rounds")
    parser.add_argument("--rdflib-endpoint", default="rdflib-endpoint", help="where it is")
    chosen = parser.parse_args()
    count, rounds = (SMALL, 3) if chosen.quick else (chosen.triples, chosen.rounds)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        place = Path(name)
        generate(place / "publication", count)
        unlimited = ("--query-seconds", "600", "--query-rows", "0", "--query-answer", "0")
        started = time.perf_counter()
        port, process = stack.enter_context(
            foedera(place / "publication", place / "state", *unlimited)
        )
        print(f"{count:,} triples, without shapes: up in {time.perf_counter() - started:.0f} s")
        triples = place / "triples.nt"
        with triples.open("wb") as stream:
            for file in sorted((place / "publication" / "data").iterdir()):
                ox.serialize(ox.parse(path=str(file)), stream, format=ox.RdfFormat.N_TRIPLES)
        dump = place / "state" / "current" / "dump.nq"
        peer = Server("oxigraph", stack.enter_context(oxigraph(dump, place)), "/query?query=")
        beside = stack.enter_context(peers(triples, count, place, chosen.rdflib_endpoint))
        servers = [Server("foedera", port, "/sparql?query="), *beside, peer]
        good = measure(servers, rounds, judged=count >= FULL)
        print(f"memory of the site: {memory(process.pid):.0f} MB")
        good = again(servers[0], rounds) and good
        good = streams([servers[0], peer], process.pid, rounds) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
