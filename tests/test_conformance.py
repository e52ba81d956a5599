"""The W3C's tests: that the comparison can fail, and a quick part of them over HTTP.

`make conformance` runs all of them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest

import conformance
from conformance import PASS, Answer, Outcome, Table, compare

QUICK = "sparql11/(bind|csv-tsv-res|json-res|protocol)#|sparql12/codepoint-escapes#"

XSD = "http://www.w3.org/2001/XMLSchema#"


def table(*values: object, ordered: bool = False) -> Table:
    """A table of one column."""
    return Table(("x",), tuple({"x": value} for value in values), ordered)


def number(text: str, kind: str = "integer") -> ox.Literal:
    return ox.Literal(text, datatype=ox.NamedNode(XSD + kind))


def graph(turtle: str) -> list[ox.Quad]:
    return list(ox.parse(turtle, format=ox.RdfFormat.TURTLE))


A, B = ox.NamedNode("urn:a"), ox.NamedNode("urn:b")


@pytest.mark.parametrize(
    ("expected", "got", "word"),
    [
        (True, True, "pass"),
        (True, False, "fail"),
        (True, table(A), "fail"),
        (table(A, B), table(B, A), "pass"),
        (table(A, B, ordered=True), table(B, A), "fail"),
        (table(A, B, ordered=True), table(A, B), "pass"),
        (table(A, A), table(A), "fail"),
        (table(A), table(A, A), "fail"),
        (table(A), table(ox.Literal("urn:a")), "fail"),
        (table(ox.Literal("a")), table(ox.Literal("a", language="en")), "fail"),
        (table(A), Table(("y",), ({"y": A},)), "fail"),
        (table(A), Table(("x",), ({},)), "fail"),
        (Table(("x",), ({},)), Table(("x",), ()), "fail"),
        (table(ox.BlankNode("a"), ox.BlankNode("b")), table(*map(ox.BlankNode, "xy")), "pass"),
        (table(ox.BlankNode("a"), ox.BlankNode("b")), table(*map(ox.BlankNode, "xx")), "fail"),
        (table(number("1")), table(number("01")), "spelling"),
        (table(number("1")), table(number("2")), "fail"),
        (table(number("1")), table(number("1", "decimal")), "fail"),
        (table(number("1.50", "decimal")), table(number("1.5", "decimal")), "spelling"),
        (table(number("1E3", "double")), table(number("1000", "double")), "spelling"),
        (table(number("1", "boolean")), table(number("true", "boolean")), "spelling"),
        (table(number("x")), table(number("y")), "fail"),
        (graph("<urn:a> <urn:p> []."), graph("<urn:a> <urn:p> _:x ."), "pass"),
        (graph("<urn:a> <urn:p> [], []."), graph("<urn:a> <urn:p> [] ."), "fail"),
        (graph("<urn:a> <urn:p> 1 ."), graph("<urn:a> <urn:p> 01 ."), "spelling"),
        (graph(""), table(), "fail"),
    ],
)
def test_answers_are_compared_by_what_they_mean(expected: Answer, got: Answer, word: str) -> None:
    assert compare(expected, got).word == word


def test_a_reduced_answer_may_repeat_a_row_less_often() -> None:
    assert compare(table(A, A, B), table(A, B), lax=True) == PASS
    assert compare(table(A, A, B), table(A), lax=True).word == "fail"


def test_what_is_not_as_listed_is_told_both_ways() -> None:
    listed = {"b": Outcome("fail", "a reason"), "c": Outcome("spelling", "a reason")}
    as_listed = {"a": PASS, "b": Outcome("fail"), "c": Outcome("spelling"), "d": Outcome("off")}
    assert conformance.surprises(as_listed, listed) == []
    others = {"a": Outcome("spelling"), "b": PASS, "c": Outcome("fail", "it is 2")}
    assert conformance.surprises(others, listed) == [
        "a: spelling, listed as pass. ",
        "b: pass, listed as fail. ",
        "c: fail, listed as spelling. it is 2",
    ]


def test_every_listed_test_has_a_reason_and_is_listed_once_in_order() -> None:
    rows = conformance.KNOWN.read_text(encoding="utf-8").splitlines()
    rows = [row for row in rows if not row.startswith("#")]
    listed = conformance.known()
    assert [row.partition("\t")[0] for row in rows] == sorted(listed)
    assert {outcome.word for outcome in listed.values()} <= {"fail", "spelling"}
    assert all(len(outcome.why) > 20 for outcome in listed.values())


@pytest.fixture(scope="module")
def manifests() -> conformance.Manifests:
    if not conformance.SUITES.is_dir():
        pytest.skip("the W3C's tests are not here: SHARED_FOLDER names another place for ../shared")
    return conformance.Manifests(conformance.SUITES)


def test_the_list_names_tests_that_there_are(manifests: conformance.Manifests) -> None:
    names = {test.id for test in manifests.tests}
    folders = {name.partition("/")[0] for name in names}
    assert {name for name in conformance.known() if name.partition("/")[0] in folders} <= names


def test_a_quick_part_of_the_tests_passes_over_http(
    manifests: conformance.Manifests, tmp_path: Path
) -> None:
    tests = [test for test in manifests.tests if re.match(QUICK, test.id)]
    with conformance.foedera(tmp_path) as server:
        found = conformance.run_all(tests, server, manifests, conformance.SUITES)
    assert len(found) > 50
    assert sum(outcome == PASS for outcome in found.values()) > 50
    assert conformance.surprises(found, conformance.known()) == []
