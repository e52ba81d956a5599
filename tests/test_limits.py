"""Limits of an answer over HTTP: what is cut is whole, says so, and is as long as it says."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pyoxigraph as ox
import pytest
import rdflib
from werkzeug.test import Client, TestResponse

from conftest import Serve
from foedera import formats
from foedera.formats import Format
from foedera.settings import Settings
from foedera.web import create_app

THINGS = "".join(
    f'<https://example.org/id/t{n}> <https://example.org/ns#name> "{n}: }}]}}", "\\"\\n{n}"@en .\n'
    for n in range(50)
)
TABLE = "SELECT ?name { ?thing <https://example.org/ns#name> ?name }"
GRAPH = "CONSTRUCT WHERE { ?thing <https://example.org/ns#name> ?name }"
ENDLESS = "SELECT (COUNT(*) AS ?n) {" + ". ".join(f"?a{n} ?b{n} ?c{n}" for n in range(9)) + "}"
LARGE = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
MANY = "CONSTRUCT { ?a ?d ?i } { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
CUT = "X-Foedera-Cut"


@pytest.fixture(scope="module")
def things(serve: Serve, plain_settings: Settings) -> Client:
    """A site of fifty things with two names each, and the usual limits."""
    return Client(create_app(plain_settings, serve(THINGS)))


def ask(client: Client, query: str, fmt: Format, **parameters: object) -> TestResponse:
    return client.get("/sparql", query_string={"query": query, "format": fmt.ending, **parameters})


def rows(answer: TestResponse) -> int:
    """How many rows a table of results has, by Oxigraph's readers; CSV it reads none."""
    if answer.mimetype == "text/csv":
        return answer.data.count(b"\r\n") - 1
    (fmt,) = (one for one in formats.RESULTS if one.media_type == answer.mimetype)
    found = ox.parse_query_results(answer.data, format=getattr(ox.QueryResultsFormat, fmt.engine))
    assert isinstance(found, ox.QuerySolutions)
    return sum(1 for _ in found)


def quads(answer: TestResponse) -> int:
    """How many triples a graph has, by Oxigraph's readers."""
    (fmt,) = (one for one in formats.GRAPHS if one.media_type == answer.mimetype)
    return sum(1 for _ in ox.parse(answer.data, format=getattr(ox.RdfFormat, fmt.engine)))


def triples(answer: TestResponse) -> int:
    """How many triples a graph has, by two readers."""
    found = quads(answer)
    assert found == len(rdflib.Dataset().parse(data=answer.data, format=answer.mimetype))
    return found


def as_long_as_it_says(client: Client, answer: TestResponse) -> bool:
    """Whether GET and HEAD tell the same true length."""
    request = answer.request
    length = str(len(answer.data))
    with client.head(request.path, query_string=request.query_string.decode()) as head:
        return length == answer.headers["Content-Length"] == head.headers["Content-Length"] and (
            head.headers.get(CUT) == answer.headers.get(CUT)
        )


@pytest.mark.parametrize("fmt", formats.RESULTS, ids=lambda fmt: fmt.ending)
def test_a_table_is_cut_at_the_rows_that_are_asked_for_and_says_so(
    things: Client, fmt: Format
) -> None:
    answer = ask(things, TABLE, fmt, rows=7)
    words = "This answer was cut at 7 rows; there is more."
    assert (answer.status_code, rows(answer), answer.headers[CUT]) == (200, 7, words)
    if fmt is formats.JSON_RESULTS:
        assert json.loads(answer.data)["cut"] == words
    if fmt is formats.XML_RESULTS:
        assert f"<!-- {words} -->" in answer.text
    assert as_long_as_it_says(things, answer)


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_a_graph_is_cut_at_the_triples_that_are_asked_for_and_says_so(
    things: Client, fmt: Format
) -> None:
    answer = ask(things, GRAPH, fmt, rows=7)
    words = "This answer was cut at 7 triples; there is more."
    assert (answer.status_code, triples(answer), answer.headers[CUT]) == (200, 7, words)
    assert (words in answer.text) == (fmt is not formats.JSON_LD)  # which has no comments
    assert as_long_as_it_says(things, answer)


@pytest.mark.parametrize("fmt", formats.RESULTS, ids=lambda fmt: fmt.ending)
def test_a_table_is_cut_at_the_bytes_that_are_asked_for_and_says_so(
    things: Client, fmt: Format
) -> None:
    answer = ask(things, TABLE, fmt, bytes=700)
    assert answer.headers[CUT] == "This answer was cut at 700 bytes; there is more."
    assert 0 < rows(answer) < 100
    assert len(answer.data) < 850
    assert as_long_as_it_says(things, answer)


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_a_graph_is_cut_soon_after_the_bytes_that_are_asked_for_and_says_so(
    things: Client, fmt: Format
) -> None:
    answer = ask(things, MANY, fmt, bytes=10_000)
    assert answer.headers[CUT] == "This answer was cut at 10,000 bytes; there is more."
    assert triples(answer) > 0
    assert 5_000 < len(answer.data) < 30_000
    assert as_long_as_it_says(things, answer)


@pytest.mark.parametrize("fmt", [*formats.RESULTS, *formats.GRAPHS], ids=lambda fmt: fmt.ending)
def test_what_ends_just_at_the_limit_is_not_cut(things: Client, fmt: Format) -> None:
    query = TABLE if fmt in formats.RESULTS else GRAPH
    whole = ask(things, query, fmt)
    answer = ask(things, query, fmt, rows=100, bytes=len(whole.data))
    assert answer.data == whole.data
    assert CUT not in answer.headers
    assert "there is more" not in answer.text
    assert as_long_as_it_says(things, answer)


def test_an_answer_that_is_cut_says_so_when_it_is_asked_for_again(things: Client) -> None:
    first = ask(things, TABLE, formats.CSV, rows=3)
    again = ask(things, TABLE, formats.CSV, rows=3)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers[CUT] == first.headers[CUT]
    assert CUT in again.headers["Access-Control-Expose-Headers"]


def test_limits_are_taken_from_the_address_and_from_a_form(things: Client) -> None:
    for answer in (
        things.post("/sparql", data={"query": TABLE, "rows": 4}),
        things.post("/sparql?rows=4", data={"query": TABLE}),
        things.post("/sparql?rows=4", data=TABLE, content_type="application/sparql-query"),
        things.open(
            "/sparql?rows=4", method="QUERY", data=TABLE, content_type="application/sparql-query"
        ),
    ):
        assert rows(answer) == 4
        assert "4 rows" in answer.headers[CUT]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("rows", value) for value in ("0", "-1", "1.5", "x", "1e3", "9" * 5_000, "nan")),
        *(("bytes", value) for value in ("0", "-1", "1.5", "inf")),
        *(("timeout", value) for value in ("0", "-1", "nan", "x", "-inf")),
    ],
)
def test_a_limit_that_is_no_number_above_0_is_a_400(things: Client, name: str, value: str) -> None:
    answer = ask(things, TABLE, formats.CSV, **{name: value})
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert f"{name} is" in answer.text


def limited(serve: Serve, settings: Settings, **changes: object) -> Client:
    """A site of the same things with limits of its own."""
    return Client(create_app(replace(settings, **changes), serve(THINGS, **changes)))  # type: ignore[arg-type]


def test_a_client_may_ask_for_less_and_never_for_more(
    serve: Serve, plain_settings: Settings
) -> None:
    client = limited(serve, plain_settings, query_rows=20, query_answer=3_000, query_seconds=0.5)
    assert rows(ask(client, TABLE, formats.CSV)) == 20
    assert rows(ask(client, TABLE, formats.CSV, rows=10)) == 10
    assert rows(ask(client, TABLE, formats.CSV, rows=30)) == 20
    assert "3,000 bytes" in ask(client, LARGE, formats.XML_RESULTS, bytes=10**9).headers[CUT]
    began = time.monotonic()
    answer = ask(client, ENDLESS, formats.CSV, timeout=1_000)
    assert time.monotonic() - began < 2
    assert (answer.status_code, "longer than 0.5 seconds" in answer.text) == (503, True)


def test_a_client_that_asks_for_less_time_gets_less(things: Client) -> None:
    began = time.monotonic()
    answer = ask(things, ENDLESS, formats.CSV, timeout=0.3)
    assert time.monotonic() - began < 2
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "longer than 0.3 seconds" in answer.text


@pytest.fixture(scope="module")
def generous(serve: Serve, plain_settings: Settings) -> Client:
    """A site without limits of its own."""
    return limited(serve, plain_settings, query_rows=0, query_answer=0, query_seconds=60.0)


@pytest.mark.parametrize("fmt", [*formats.RESULTS, *formats.GRAPHS], ids=lambda fmt: fmt.ending)
def test_an_answer_of_megabytes_is_cut_as_a_small_one_is(generous: Client, fmt: Format) -> None:
    """It waits for its reader in a file."""
    query, count = (LARGE, rows) if fmt in formats.RESULTS else (MANY, quads)
    answer = ask(generous, query, fmt, bytes=2_200_000)
    assert answer.headers[CUT] == "This answer was cut at 2,200,000 bytes; there is more."
    assert len(answer.data) > 2_100_000
    assert count(answer) > 1_000
    assert as_long_as_it_says(generous, answer)


def test_without_limits_a_client_may_still_ask_for_one(generous: Client) -> None:
    whole = ask(generous, LARGE + " LIMIT 30000", formats.TSV)
    assert CUT not in whole.headers
    assert "Content-Length" not in whole.headers  # it comes as it is made
    assert rows(whole) == 30_000
    assert "2 rows" in ask(generous, TABLE, formats.TSV, rows=2).headers[CUT]
