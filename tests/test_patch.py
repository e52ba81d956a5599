"""RDF Patch: what is written is read again, and a line that is none is told."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from foedera import patch

S, P = ox.NamedNode("urn:s"), ox.NamedNode("urn:p")
GRAPH = ox.NamedNode("urn:g")
HARD = ox.Literal('two\r\nlines, a "quote", a \\, \u2028 and \x85', language="en")


def test_what_is_written_is_read_again() -> None:
    removed = [ox.Quad(S, P, HARD), ox.Quad(ox.BlankNode("f0n1"), P, ox.Literal("01"), GRAPH)]
    added = [ox.Quad(S, P, ox.Triple(S, P, HARD), GRAPH)]
    steps = patch.steps(patch.text({"time": ox.Literal("now")}, removed, added))
    found = [(step.adds, ox.Quad(*step.triple, step.graph or ox.DefaultGraph())) for step in steps]
    assert sorted(found, key=str) == sorted(
        [(False, quad) for quad in removed] + [(True, quad) for quad in added], key=str
    )


def test_a_patch_has_a_line_for_each_triple_in_an_order_that_does_not_change() -> None:
    quads = [ox.Quad(S, P, ox.Literal(text)) for text in ("b", "a\nb", "c")]
    lines = patch.text({"id": S}, quads, quads).decode().splitlines()
    assert lines == [
        "H id <urn:s> .",
        "TX .",
        *[f'D <urn:s> <urn:p> "{text}" .' for text in ("a\\nb", "b", "c")],
        *[f'A <urn:s> <urn:p> "{text}" .' for text in ("a\\nb", "b", "c")],
        "TC .",
    ]


def test_steps_know_their_lines_through_comments_and_empty_lines() -> None:
    content = b"H id <urn:x> .\n# why\n\nTX .\nD <a:s> <a:p> 'x' .\nTC .\n".replace(b"'", b'"')
    assert [(step.line, step.adds) for step in patch.steps(content)] == [(5, False)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("<urn:s> <urn:p> <urn:o> .", "begins with"),
        ("AA <urn:s> <urn:p> <urn:o> .", "begins with"),
        ("A", "comes a triple"),
        ("A # nothing", "comes a triple"),
        ('A "s" <urn:p> <urn:o> .', "comes a triple"),
        ("A <urn:s> <urn:p> .", "object"),
        ("D <urn:s> <urn:p> <urn:o> . <urn:s> <urn:p> <urn:o> .", "line"),
        ("A <urn:s> <urn:p> <urn:o> _:g .", "a graph needs an IRI"),
        ("A <s> <urn:p> <urn:o> .", "IRI"),
    ],
)
def test_a_line_that_is_none_is_told_with_its_number(line: str, words: str) -> None:
    content = f"TX .\nA <urn:s> <urn:p> <urn:o> .\n\n{line}\nTC .\n"
    with pytest.raises(patch.Fault, match=words) as told:
        patch.steps(content.encode())
    assert told.value.line == 4
