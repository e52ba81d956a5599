"""Answering a query: formats, columns, datasets, refusals, and where an error is."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Mapping
from typing import Any, NamedTuple

import pyoxigraph as ox
import pytest

from foedera import formats, release, service, starter
from foedera.errors import BadRequest, EngineFailed, FoederaError, QuerySyntax, Refused, TooLarge
from foedera.query import engine
from foedera.service import Site
from foedera.stores.embedded import EmbeddedStore

BASE = "https://example.org/"
BOUNDS = {"size": 10_000, "nesting": 40, "operators": 2_000}
BOOKS = f"{BASE}graph/data/books"
ONTOLOGY = f"{BASE}graph/ontology/core"
INFERRED = f"{BASE}graph/inferred"
WROTE = "SELECT ?who ?what { ?who :wrote ?what } ORDER BY ?who"


class Reply(io.BytesIO):
    """What an operation writes, kept."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: list[Mapping[str, Any]] = []

    def add(self, **content: Any) -> None:
        self.heads[0] = {**self.heads[0], **content}

    def head(self, content: Mapping[str, Any]) -> None:
        self.heads.append(content)


class Answer(NamedTuple):
    media_type: str
    body: bytes

    @property
    def rows(self) -> list[str]:
        """The lines of a CSV or TSV body."""
        return self.body.decode().splitlines()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedStore:
    """The books, published and held in memory, with an address on two unnamed nodes."""
    folder = tmp_path_factory.mktemp("engine") / "books"
    starter.new(folder)
    (folder / "data" / "shops.ttl").write_text(
        "@prefix : <https://example.org/ns#> .\n"
        "<https://example.org/id/shop/corner> :address [\n"
        "  :street '1 High Street' ; :town [ :name 'Ōsaka' ] ] .\n"
        "<https://example.org/id/book/kokoro> a :Book .\n",
        encoding="utf-8",
    )
    return EmbeddedStore.load(release.publish(folder, folder / "state", 5, lambda _: None).path)


def ask(store: EmbeddedStore, query: str, **changes: Any) -> Answer:
    """The answer to a query as the endpoint asks it, in CSV or Turtle."""
    reply = Reply()
    call: dict[str, Any] = {
        "query": query,
        "format": "",
        "accept": "text/csv, text/turtle",
        "default_graphs": [],
        "named_graphs": [],
        "inferred": True,
        "bounds": BOUNDS,
        "limits": {},
    }
    engine.answer(store, call | changes, reply)  # type: ignore[arg-type]
    assert len(reply.heads) == 1
    return Answer(reply.heads[0]["media_type"], reply.getvalue())


@pytest.mark.parametrize("fmt", formats.RESULTS, ids=lambda fmt: fmt.ending)
def test_rows_are_written_as_oxigraph_writes_them(
    store: EmbeddedStore, fmt: formats.Format
) -> None:
    query = "SELECT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } ORDER BY ?s ?p ?o"
    found = store.store.query(query)
    assert isinstance(found, ox.QuerySolutions)
    expected = found.serialize(format=getattr(ox.QueryResultsFormat, fmt.engine))
    assert ask(store, query, format=fmt.ending) == (fmt.content_type, expected)


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_graphs_are_written_as_oxigraph_writes_them(
    store: EmbeddedStore, fmt: formats.Format
) -> None:
    query = "CONSTRUCT { ?s ?p ?o } { GRAPH ?g { ?s ?p ?o } } ORDER BY ?s ?p ?o"
    found = store.store.query(query)
    assert isinstance(found, ox.QueryTriples)
    written = io.BytesIO()
    engine_format = getattr(ox.RdfFormat, fmt.engine)
    ox.serialize(found, written, format=engine_format, prefixes=store.prefixes)
    assert ask(store, query, format=fmt.ending) == (fmt.content_type, written.getvalue())


@pytest.mark.parametrize("verdict", ["true", "false"])
def test_a_verdict_is_written_in_every_format(store: EmbeddedStore, verdict: str) -> None:
    query = f"ASK {{ FILTER({verdict}) }}"
    for fmt in (formats.CSV, formats.TSV):
        assert ask(store, query, format=fmt.ending) == (fmt.content_type, verdict.encode())
    told = json.loads(ask(store, query, format="json").body)
    assert told == {"head": {}, "boolean": verdict == "true"}
    assert f"<boolean>{verdict}</boolean>".encode() in ask(store, query, format="xml").body


def test_accept_chooses_among_the_formats_of_the_kind_of_answer(store: EmbeddedStore) -> None:
    both = "application/rdf+xml;q=0.5, application/sparql-results+xml;q=0.4, */*;q=0.1"
    assert ask(store, WROTE, accept=both).media_type == "application/sparql-results+xml"
    graph = "DESCRIBE <https://example.org/id/book/kokoro>"
    assert ask(store, graph, accept=both).media_type == "application/rdf+xml"


def test_a_client_that_asks_for_the_other_kind_is_answered_all_the_same(
    store: EmbeddedStore,
) -> None:
    answer = ask(store, WROTE, accept="application/rdf+xml")
    assert answer.media_type == "application/sparql-results+json"


def test_a_description_holds_the_unnamed_nodes_below_it(store: EmbeddedStore) -> None:
    answer = ask(store, f"DESCRIBE <{BASE}id/shop/corner>", format="nt")
    assert len(answer.rows) == 4
    assert b"1 High Street" in answer.body
    assert "Ōsaka".encode() in answer.body


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT * { ?b :writtenBy ?a }", "b,a"),
        ("SELECT*{ ?b :writtenBy ?a }", "b,a"),
        ("SELECT *WHERE { ?b :writtenBy ?a }", "b,a"),
        ("SELECT DISTINCT * { ?b :writtenBy ?a }", "b,a"),
        ("SELECT REDUCED * { ?b :writtenBy ?a }", "b,a"),
        ("SELECT * { ?z :writtenBy ?y OPTIONAL { ?y rdfs:label ?b } OPTIONAL { ?b ?a ?c } }", 0),
        ("SELECT * { BIND(1 AS ?y) ?x a :Book BIND(2 AS ?b) }", "y,x,b"),
        ("SELECT * { VALUES (?z ?a) { (1 2) } ?x a :Book }", "z,a,x"),
        ("SELECT * { ?z :writtenBy/rdfs:label* ?a }", "z,a"),
        ("SELECT * { ?z rdfs:label ?a FILTER(2 * 3 = 6 && ?a != '* { ?q') # * ?r\n }", "z,a"),
        ("SELECT * { ?z a :Book { SELECT (COUNT(*) AS ?n) ?a { ?h a ?a } GROUP BY ?a } }", "z,n,a"),
        ("SELECT * { { SELECT * { ?z :wrote ?y } } ?y a ?a }", "z,y,a"),
        ("SELECT * { GRAPH ?z { ?y a ?a } FILTER EXISTS { ?y ?q ?b } }", "z,y,a"),
        ("SELECT * { ?z a :Book MINUS { ?z ?hidden ?y FILTER(false) } ?a :wrote ?z }", "z,a"),
        ("PREFIX s: <urn:*> SELECT * { ?z a :Book ; s:a?y }", "z,y"),
        ("SELECT * FROM <graph/data/books> { ?z a ?a }", "z,a"),
        ("SELECT * { $z a ?a }", "z,a"),
        ("SELECT * { ?こころ a ?本 }", "こころ,本"),
    ],
)
def test_the_columns_of_a_star_come_in_the_order_of_the_query(
    store: EmbeddedStore, query: str, columns: str | int
) -> None:
    """Oxigraph alone has them in an order of its own."""
    assert ask(store, query).rows[0] == (columns or "z,y,b,a,c")


def test_a_star_without_variables_is_answered(store: EmbeddedStore) -> None:
    answer = ask(store, f"SELECT * {{ <{BASE}id/book/kokoro> a :Book }}", format="json")
    assert json.loads(answer.body) == {"head": {"vars": []}, "results": {"bindings": [{}]}}


def test_the_default_graph_holds_every_file_and_what_was_inferred_each_triple_once(
    store: EmbeddedStore,
) -> None:
    """That kokoro is a book stands in two files."""
    assert ask(store, "SELECT (COUNT(*) AS ?n) { ?b a :Book }").rows == ["n", "2"]
    assert len(ask(store, WROTE).rows) == 3
    graphs = ask(
        store,
        "SELECT ?g { GRAPH ?g { id:kokoro a :Book } } ORDER BY ?g".replace(
            "id:kokoro", f"<{BASE}id/book/kokoro>"
        ),
    )
    assert graphs.rows == ["g", BOOKS, f"{BASE}graph/data/shops"]


def test_what_was_inferred_can_be_left_out(store: EmbeddedStore) -> None:
    assert ask(store, WROTE, inferred=False).rows == ["who,what"]
    graphs = ask(store, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", inferred=False).rows
    assert INFERRED not in graphs
    assert BOOKS in graphs
    count = ask(store, "SELECT (COUNT(*) AS ?n) { ?b a :Book }", inferred=False)
    assert count.rows == ["n", "2"]


def test_leaving_out_what_was_inferred_leaves_the_graphs_asked_for(store: EmbeddedStore) -> None:
    query = WROTE.replace("{", f"FROM <{INFERRED}> {{", 1)
    assert len(ask(store, query, inferred=False).rows) == 3


@pytest.mark.parametrize(
    ("clauses", "default", "graphs"),
    [
        ("", 2, {BOOKS, ONTOLOGY, INFERRED}),
        (f"FROM <{BOOKS}>", 2, set()),
        (f"FROM <{BOOKS}> FROM <{ONTOLOGY}>", 2, set()),
        (f"FROM <{ONTOLOGY}>", 0, set()),
        (f"FROM NAMED <{BOOKS}>", 0, {BOOKS}),
        (f"FROM NAMED <{BOOKS}> FROM NAMED <{ONTOLOGY}>", 0, {BOOKS, ONTOLOGY}),
        (f"FROM <{BOOKS}> FROM NAMED <{ONTOLOGY}>", 2, {ONTOLOGY}),
        (f"FROM <{BOOKS}> FROM <{ONTOLOGY}> FROM NAMED <{ONTOLOGY}>", 2, {ONTOLOGY}),
        ("FROM g:books", 2, set()),
        ("FROM <graph/data/books>", 2, set()),
        ("FROM <\\u0067raph/data/books>", 2, set()),
    ],
)
def test_a_query_names_its_dataset(
    store: EmbeddedStore, clauses: str, default: int, graphs: set[str]
) -> None:
    """SPARQL 1.1 Query Language, section 13.2: what is not named is not there."""
    prefix = f"PREFIX g: <{BASE}graph/data/> "
    count = ask(store, f"{prefix}SELECT (COUNT(*) AS ?n) {clauses} {{ ?b a :Book }}")
    assert count.rows == ["n", str(default)]
    named = ask(store, f"{prefix}SELECT DISTINCT ?g {clauses} {{ GRAPH ?g {{ ?s ?p ?o }} }}")
    assert set(named.rows[1:]) & {BOOKS, ONTOLOGY, INFERRED} == graphs


def test_a_dataset_can_be_named_by_a_prefix_of_the_publication(store: EmbeddedStore) -> None:
    """Its prefixes hold in every query, so that they must hold in FROM too."""
    prefix = next(name for name, iri in store.prefixes.items() if iri == f"{BASE}id/book/")
    with pytest.raises(BadRequest, match=f"<{BASE}id/book/x>"):
        ask(store, f"ASK FROM {prefix}:x {{ }}")


def test_the_dataset_of_the_request_beats_that_of_the_query(store: EmbeddedStore) -> None:
    """SPARQL 1.1 Protocol, section 2.1.4."""
    query = f"SELECT (COUNT(*) AS ?n) FROM <{BOOKS}> {{ ?b a :Book }}"
    assert ask(store, query, default_graphs=[ONTOLOGY]).rows == ["n", "0"]
    assert ask(store, query, named_graphs=[ONTOLOGY]).rows == ["n", "0"]
    named = "SELECT DISTINCT ?g FROM NAMED <urn:none> { GRAPH ?g { ?s ?p ?o } }"
    assert ask(store, named, named_graphs=[BOOKS, ONTOLOGY]).rows[1:] == [BOOKS, ONTOLOGY]


def test_graphs_of_the_request_are_merged_as_sets(store: EmbeddedStore) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?b a :Book }"
    both = [BOOKS, f"{BASE}graph/data/shops"]
    assert ask(store, query, default_graphs=both).rows == ["n", "2"]
    assert ask(store, query, default_graphs=both[1:]).rows == ["n", "1"]


@pytest.mark.parametrize("where", ["default_graphs", "named_graphs"])
def test_a_graph_that_is_not_there_is_told(store: EmbeddedStore, where: str) -> None:
    with pytest.raises(BadRequest, match="no graph <urn:nowhere>"):
        ask(store, "ASK { }", **{where: [BOOKS, "urn:nowhere"]})


@pytest.fixture
def listening() -> Any:
    """The address of a server that notes whether anybody called."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        yield server


def called(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT * FROM <AT> { ?s ?p ?o }", BadRequest),
        ("SELECT * FROM NAMED <AT> { GRAPH ?g { ?s ?p ?o } }", BadRequest),
        ("SELECT * FROM <file:///etc/hostname> { ?s ?p ?o }", BadRequest),
        ("SELECT * { SERVICE <AT> { ?s ?p ?o } }", Refused),
        ("SELECT * { SERVICE SILENT <AT> { ?s ?p ?o } }", Refused),
        ("SELECT * { BIND(<AT> AS ?g) SERVICE ?g { ?s ?p ?o } }", Refused),
        ("LOAD <AT>", Refused),
        ("LOAD <AT> INTO GRAPH <urn:g>", Refused),
        ("SELECT * { GRAPH <AT> { ?s ?p ?o } }", None),
        ("DESCRIBE <AT>", None),
    ],
)
def test_a_query_reaches_nobody(
    store: EmbeddedStore, listening: socket.socket, query: str, error: type[FoederaError] | None
) -> None:
    query = query.replace("AT", f"http://127.0.0.1:{listening.getsockname()[1]}/x.ttl")
    if error is None:
        ask(store, query)
    else:
        with pytest.raises(error):
            ask(store, query)
    assert not called(listening)


def test_a_call_would_be_noticed(listening: socket.socket) -> None:
    """The proof above is one only if this holds: Oxigraph itself does ask."""
    at = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    heard: list[bool] = []
    ear = threading.Thread(target=lambda: heard.append(called(listening)))
    ear.start()
    with pytest.raises(OSError, match=r"."):
        list(ox.Store().query(f"SELECT * {{ SERVICE <{at}> {{ ?s ?p ?o }} }}"))  # type: ignore[arg-type]
    ear.join()
    assert heard == [True]


@pytest.mark.parametrize(
    "update", ["INSERT DATA { <urn:a> <urn:b> 1 }", "CLEAR ALL", "DELETE WHERE { ?s ?p ?o }"]
)
def test_an_update_is_refused(store: EmbeddedStore, update: str) -> None:
    with pytest.raises(Refused, match="update"):
        ask(store, update)


def test_limits_are_those_of_the_call(store: EmbeddedStore) -> None:
    with pytest.raises(TooLarge):
        ask(store, "ASK { }", bounds=BOUNDS | {"size": 6})
    with pytest.raises(BadRequest, match="deeper than 2"):
        ask(store, "ASK { { { } } }", bounds=BOUNDS | {"nesting": 2})


@pytest.mark.parametrize(
    ("query", "line", "column", "words"),
    [
        ("SELECT ?s {\n  ?s ?p oops\n}", 2, 9, "oops is not"),
        ("SELECT * {\n  ?s ?p ?o .\n  ?a ?b }", 3, 9, "} is not"),
        ("SELECT * {\n  ?s ?p ?o .\n  FILTR(?o > 1)\n}", 3, 3, "FILTR is not"),
        ("SELECT * {\n  ?s ?p ?o\n  ?x ?y ?z\n}", 3, 3, r"\?x is not"),
        ("SELECT (foo(?x) AS ?y) {}", 1, 9, "foo is not"),
        ('# 本\n\nASK { ?s ?p "本" ; oops }', 3, 19, "oops is not"),
        ("SELECT * { ?s ?p 'x' ^^ }", 1, 25, "} is not"),
        ("SELECT * { OPTIONAL ?s ?p ?o }", 1, 21, r"\?s is not"),
        ("SELECT * { ?s ?p ?o FILTER regex(?o 'x') }", 1, 37, "'x' is not"),
        ("SELECT * { ?s ?p ?o\n} LIMIT ten", 2, 9, "ten is not"),
        ("SELECT ?s ORDER BY ?s { ?s ?p ?o }", 1, 11, "ORDER is not"),
        ("SELECT * { ?s ?p ?o } }", 1, 23, "} is not"),
        ("SELECT * { ?s ?p ?o\n", 1, 20, "more is expected"),
        ("DESCRIBE", 1, 9, "more is expected"),
        ("SELECT * {\n ?s nope:x ?o }", 2, 5, "nope:x: Prefix not found"),
        ("PREFIX : <urn:>\nSELEC * { }", 2, 1, "SELEC is not"),
        ("SELECT ?x { ?s ?p ?o } GROUP BY ?s", 1, 33, "variable that is unbound"),
        ("SELECT * { ?s ?p 'open }", 1, 18, "string that begins here does not end"),
    ],
)
def test_what_does_not_parse_is_told_with_line_and_column(
    store: EmbeddedStore, query: str, line: int, column: int, words: str
) -> None:
    """Columns count characters. The publication's prefixes, which go with every query, and the
    rewriting of a star never shift them."""
    with pytest.raises(QuerySyntax, match=f"^line {line}, column {column}: .*{words}"):
        ask(store, query)


def test_a_query_without_words_is_told(store: EmbeddedStore) -> None:
    for query in ("", "  \n", "# only a comment"):
        with pytest.raises(QuerySyntax, match="no query"):
            ask(store, query)


def test_a_syntax_error_is_found_in_a_long_query_at_once(store: EmbeddedStore) -> None:
    query = "SELECT * { " + "?s ?p ?o . " * 20_000 + "oops }"
    with pytest.raises(QuerySyntax, match=f"column {len(query) - 5}: oops"):
        ask(store, query, bounds=BOUNDS | {"size": 1_000_000})


def test_prefixes_and_a_base_of_the_query_beat_those_of_the_publication(
    store: EmbeddedStore,
) -> None:
    assert ask(store, "PREFIX : <urn:other:> ASK { ?b a :Book }").body == b"false"
    assert ask(store, "ASK { ?b a :Book }").body == b"true"
    here = f"SELECT (<x> AS ?x) (<{BASE}y> AS ?y) {{ }}"
    assert ask(store, here).rows[1] == f"{BASE}x,{BASE}y"
    assert ask(store, f"BASE <urn:b:/> {here}").rows[1].startswith("urn:b:")


def test_what_the_engine_does_not_know_is_told_as_the_clients_error(store: EmbeddedStore) -> None:
    with pytest.raises(BadRequest, match="<urn:f>"):
        ask(store, "SELECT (<urn:f>(?s) AS ?y) { ?s a :Book }")


def test_an_error_in_one_row_leaves_its_cell_empty(store: EmbeddedStore) -> None:
    answer = ask(store, "SELECT ?n (1/?n AS ?x) { VALUES ?n { 0 2 } }")
    assert answer.rows == ["n,x", "0,", "2,0.5"]


def test_counts_of_all_there_is_come_from_the_numbers_of_the_release(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of nothing less than all: there the numbers would be wrong."""
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    counted = int(ask(store, count).rows[1])
    monkeypatch.setattr(store, "numbers", store.numbers | {"triples": 1_000_001})
    assert ask(store, count).rows[1] == "1000001"
    assert int(ask(store, count, inferred=False).rows[1]) < counted
    assert int(ask(store, count, default_graphs=[BOOKS]).rows[1]) < counted
    assert ask(store, count, values={"n": {"type": "literal", "value": "x"}}).rows[1:] == []


def test_what_fails_early_yields_no_head(site: Site) -> None:
    """Whoever serves it has not yet said 200 OK."""
    call = {
        "accept": None,
        "format": "csv",
        "default_graphs": [],
        "named_graphs": [],
        "inferred": True,
        "bounds": BOUNDS,
        "limits": {},
    }
    for query, error in (
        ("SELECT * { oops }", QuerySyntax),
        ("SELECT (<urn:f>(?s) AS ?y) { ?s a :Book }", BadRequest),
        ("SELECT * { ?s ?p ?o } ORDER BY <urn:f>(?s)", BadRequest),
    ):
        with pytest.raises(error):
            site.live.pool.call(service.QUERIES, "query", {"query": query, **call})


def test_an_engine_that_cannot_go_on_is_told(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(store, "query", broken)
    with pytest.raises(EngineFailed, match="the disk is gone"):
        ask(store, WROTE)
