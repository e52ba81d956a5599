"""Answers that end at a limit: what is left is whole, exact, and says that there was more."""

from __future__ import annotations

import csv
import io
import json
import random
import time
import xml.etree.ElementTree
from collections.abc import Sequence

import pyoxigraph as ox
import pytest
import rdflib
from rdflib.query import Result

from foedera import formats
from foedera.formats import Format
from foedera.query.cut import Counter, Enough, Limits, Rows, Triples

STORE = ox.Store()

CLOSING = {"JSON": b"]}}", "XML": b"</results></sparql>", "CSV": b"", "TSV": b""}
"""What follows the last row of a document."""

PIECES = (
    *("", " ", "}{", '"', '""', "\\", '\\"', "\\\\", "\n", "\r\n", "\t", ",", "]}}", "こころ"),
    *("</result>", "<results>", "&lt;/result>", '"bindings":[', "\u2028", "\U0001f4d6"),
    "x" * 9_000,
    '\\"}\n' * 3_000,
)
"""What the texts of values are made of: whatever might be taken for the end of something."""

Term = ox.NamedNode | ox.Literal | ox.Triple | None


def text(dice: random.Random) -> str:
    return "".join(dice.choices(PIECES, k=dice.randint(0, 4)))


def literal(dice: random.Random) -> ox.Literal:
    match dice.randrange(4):
        case 0:
            return ox.Literal(text(dice), language="en")
        case 1:
            return ox.Literal(text(dice), datatype=ox.NamedNode("urn:type"))
        case 2:
            return ox.Literal(dice.randint(-9, 9))
        case _:
            return ox.Literal(text(dice))


def triple(dice: random.Random, depth: int = 0) -> ox.Triple:
    nested = depth < 2 and dice.random() < 0.3
    value = triple(dice, depth + 1) if nested else literal(dice)
    return ox.Triple(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), value)


def term(dice: random.Random, with_triples: bool) -> Term:
    found = dice.random()
    if found < 0.2:
        return None
    if found < 0.4:
        return ox.NamedNode(f"urn:x,{dice.random()}")
    if with_triples and found < 0.6:
        return triple(dice)
    return literal(dice)


class Table:
    """Random rows, and what the engine makes of the first of them."""

    def __init__(self, dice: random.Random, fmt: Format, with_triples: bool = True) -> None:
        self.fmt = fmt
        self.names = [f"?v{n}" for n in range(dice.choice((0, 1, 1, 2, 5)))]
        count = dice.choice((0, 1, 2, dice.randint(3, 12)))
        self.rows = [[term(dice, with_triples) for _ in self.names] for _ in range(count)]

    def document(self, rows: int | None = None) -> bytes:
        """The engine's own document of so many rows, or of all."""
        names = " ".join(self.names)
        values = " ".join(f"({' '.join(map(written, row))})" for row in self.rows[:rows])
        found = STORE.query(f"SELECT {names or '*'} {{ VALUES ({names}) {{ {values} }} }}")
        assert isinstance(found, ox.QuerySolutions)
        document = found.serialize(format=getattr(ox.QueryResultsFormat, self.fmt.engine))
        assert document is not None
        return document

    def beginning(self, rows: int) -> bytes:
        """The document of so many rows up to the end of the last one."""
        return self.document(rows).removesuffix(CLOSING[self.fmt.engine])


def written(term: Term) -> str:
    if isinstance(term, ox.Triple):
        return f"<<( {written(term.subject)} {term.predicate} {written(term.object)} )>>"
    return "UNDEF" if term is None else str(term)


def cut(document: bytes, fmt: Format, limits: Limits, dice: random.Random) -> tuple[bytes, str]:
    """What passes of a document that comes in pieces of random sizes, and what is said of it."""
    out = io.BytesIO()
    rows = Rows(out, fmt.engine, limits)
    most = dice.choice((1, 20, 1_000, 8_192, 10**6))
    at = 0
    try:
        while at < len(document):
            size = dice.randint(1, most)
            rows.write(document[at : at + size])
            at += size
        rows.close()
    except Enough:
        assert rows.cut
    return out.getvalue(), rows.cut


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("fmt", formats.RESULTS, ids=lambda fmt: fmt.ending)
def test_rows_pass_up_to_the_limit_and_no_byte_of_the_next(fmt: Format, seed: int) -> None:
    dice = random.Random(seed)
    table = Table(dice, fmt)
    for limit in range(1, len(table.rows) + 2):
        found, words = cut(table.document(), fmt, Limits(rows=limit), dice)
        if limit >= len(table.rows):
            assert (found, words) == (table.document(), "")
            continue
        said = f"<!-- {words} -->".encode() if fmt is formats.XML_RESULTS else b""
        assert found == table.beginning(limit) + said + CLOSING[fmt.engine]
        assert words == f"This answer was cut at {limit} rows; there is more."


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("fmt", formats.RESULTS, ids=lambda fmt: fmt.ending)
def test_the_rows_pass_that_end_within_the_bytes(fmt: Format, seed: int) -> None:
    dice = random.Random(seed)
    table = Table(dice, fmt)
    ends = [len(table.beginning(count)) for count in range(len(table.rows) + 1)]
    edges = [end + step for end in ends for step in (-1, 0, 1)]
    for size in {*edges, *(dice.randint(ends[0], ends[-1]) for _ in range(5))}:
        if size < ends[0]:
            continue
        kept = max(count for count, end in enumerate(ends) if end <= size)
        found, words = cut(table.document(), fmt, Limits(size=size), dice)
        if kept == len(table.rows):
            assert (found, words) == (table.document(), "")
        else:
            assert found.startswith(table.beginning(kept))
            assert len(found) < size + 150
            assert f"cut at {size:,} bytes" in words


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("fmt", formats.RESULTS, ids=lambda fmt: fmt.ending)
def test_what_was_cut_is_read_as_the_first_rows_of_the_whole(fmt: Format, seed: int) -> None:
    dice = random.Random(seed)
    table = Table(dice, fmt, with_triples=False)
    for limit in range(1, len(table.rows) + 1):
        found, _ = cut(table.document(), fmt, Limits(rows=limit), dice)
        assert counted(found, fmt) == limit
        if fmt is not formats.CSV:  # the engine reads none: it cannot tell what is an IRI
            assert solutions(found, fmt) == solutions(table.document(), fmt)[:limit]
        if table.names and fmt in (formats.JSON_RESULTS, formats.XML_RESULTS):
            # It leaves out rows without values. CSV and TSV end as the engine itself ends them.
            filled = [row for row in table.rows[:limit] if any(one is not None for one in row)]
            assert len(list(Result.parse(io.BytesIO(found), format=fmt.ending))) == len(filled)


def counted(document: bytes, fmt: Format) -> int:
    """How many rows a document has, by a reader that knows nothing of SPARQL."""
    match fmt.engine:
        case "JSON":
            return len(json.loads(document)["results"]["bindings"])
        case "XML":
            space = "{http://www.w3.org/2005/sparql-results#}"
            return len(xml.etree.ElementTree.fromstring(document).findall(f".//{space}result"))
        case "CSV":
            return len(list(csv.reader(io.StringIO(document.decode(), newline="")))) - 1
        case _:
            return document.count(b"\n") - 1


def solutions(document: bytes, fmt: Format) -> list[list[object]]:
    read = ox.parse_query_results(document, format=getattr(ox.QueryResultsFormat, fmt.engine))
    assert isinstance(read, ox.QuerySolutions)
    return [[row[name] for name in read.variables] for row in read]


@pytest.mark.parametrize("fmt", formats.RESULTS, ids=lambda fmt: fmt.ending)
def test_one_large_value_is_read_once_in_however_many_pieces_it_comes(fmt: Format) -> None:
    """Reading again what came before, with each piece, would take minutes for this one."""
    large = ox.Literal('x\\"' * 2_000_000)
    found = STORE.query("SELECT ?x {}", substitutions={ox.Variable("x"): large})
    assert isinstance(found, ox.QuerySolutions)
    document = found.serialize(format=getattr(ox.QueryResultsFormat, fmt.engine))
    assert document is not None
    out = io.BytesIO()
    rows = Rows(out, fmt.engine, Limits(rows=1, size=100_000_000))
    began = time.process_time()
    for at in range(0, len(document), 8_192):
        rows.write(document[at : at + 8_192])
    rows.close()
    assert out.getvalue() == document
    assert time.process_time() - began < 5


def triples(dice: random.Random, fmt: Format) -> list[ox.Triple]:
    """Triples that differ, in random order of their subjects."""
    in_xml = fmt is formats.RDF_XML
    return [
        ox.Triple(
            ox.NamedNode(f"urn:s{dice.randint(0, 3)}") if dice.random() < 0.8 else ox.BlankNode(),
            ox.NamedNode(f"https://example.org/ns#p{number}"),
            literal(dice) if in_xml or dice.random() < 0.8 else ox.NamedNode("urn:o"),
        )
        for number in range(dice.randint(0, 30))
    ]


def graph(all_: Sequence[ox.Triple], fmt: Format, limits: Limits) -> tuple[bytes, str]:
    out = io.BytesIO()
    counter = Counter(out)
    passing = Triples(all_, counter, limits)
    ox.serialize(passing, counter, format=getattr(ox.RdfFormat, fmt.engine))  # type: ignore[arg-type]
    return out.getvalue(), passing.cut


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_a_graph_holds_exactly_the_triples_up_to_the_limit(fmt: Format, seed: int) -> None:
    dice = random.Random(seed)
    all_ = triples(dice, fmt)
    for limit in {1, 2, len(all_) // 2, len(all_) - 1, len(all_), len(all_) + 1} - {0, -1}:
        found, words = graph(all_, fmt, Limits(rows=limit))
        read = list(ox.parse(found, format=getattr(ox.RdfFormat, fmt.engine)))
        assert {quad.predicate for quad in read} == {one.predicate for one in all_[:limit]}
        assert len(read) == min(limit, len(all_))
        assert len(rdflib.Dataset().parse(data=found, format=fmt.media_type)) == len(read)
        assert words == (
            f"This answer was cut at {limit} triples; there is more." if limit < len(all_) else ""
        )


@pytest.mark.parametrize("size", [1, 2_000, 100_000, 1_000_000])
@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_a_graph_ends_soon_after_its_bytes(fmt: Format, size: int) -> None:
    dice = random.Random(size)
    all_ = [one for _ in range(100) for one in triples(dice, fmt)]
    found, words = graph(all_, fmt, Limits(size=size))
    whole, _ = graph(all_, fmt, Limits())
    read = list(ox.parse(found, format=getattr(ox.RdfFormat, fmt.engine)))
    assert 0 < len(read) < len(all_)
    assert [quad.predicate for quad in read] == [one.predicate for one in all_[: len(read)]]
    assert size - 20_000 < len(found) < size + 120_000 < len(whole)
    assert words == f"This answer was cut at {size:,} bytes; there is more."
