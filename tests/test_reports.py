"""A report says the same in each format, and nothing in it harms who reads it."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pyshacl
import pytest
import rdflib

from foedera import folder
from foedera.check import Finding, Report, contribution, findings, reading, reports

TEXT = """\
@prefix : <https://example.org/ns#> .
@prefix book: <https://example.org/id/book/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .

book:botchan a :Book ; rdfs:label "坊っちゃん"@ja , "Botchan"@eng ;
    :writtenBy book:kokoro .
"""
NASTY = "\x1b[2J=1+1, <&\"'>\u202e\x07%0A\nzwei"


@pytest.fixture
def judged(books: Path) -> tuple[Report, list[reading.Document]]:
    documents = [reading.read("new.ttl", TEXT.encode(), base="https://example.org/")]
    against = contribution.of_folder(folder.read(books))
    return contribution.judge(documents, against), documents


def nasty() -> tuple[Report, list[reading.Document]]:
    """A finding of which every text is as bad as it can be."""
    text = f'<urn:a> <urn:b> "{NASTY}" .'
    finding = Finding(
        "lint", "violation", f"{NASTY}.ttl", 1, 17, {"en": NASTY, "it": NASTY},
        focus=NASTY, path=NASTY, value=NASTY, code="literal-space", fix=NASTY,
        labels={"en": NASTY}, path_labels={"en": NASTY}, standing="introduced",
        end_line=1, end_column=25,
    )  # fmt: skip
    return Report((finding,)), [reading.Document(finding.file, text, "text/turtle")]


def written(judged: tuple[Report, list[reading.Document]], fmt: str, **how: Any) -> str:
    return reports.write(judged[0], judged[1], fmt, **how)


def test_text_marks_the_spot_under_the_line(judged: Any) -> None:
    lines = written(judged, "text").splitlines()
    at = next(number for number, line in enumerate(lines) if "[language-unknown]" in line)
    assert lines[at + 1] == "  --> new.ttl:5:48"
    row, marks = lines[at + 3], lines[at + 4]
    assert row.endswith('"Botchan"@eng ;')
    wide = row.index('"Botchan"') + len("坊っちゃん")  # which take two columns each
    assert marks.index("^") == wide
    assert marks.count("^") == len('"Botchan"@eng')
    assert any(line.endswith('write: "Botchan"@en') for line in lines)


def test_text_ends_with_what_was_found(judged: Any) -> None:
    last = written(judged, "text").splitlines()[-1]
    assert last.startswith("does not conform: 1 violation, ")
    italian = written(judged, "text", language="it").splitlines()[-1]
    assert italian.startswith("non è conforme: 1 violazione, ")


def test_colour_is_there_only_where_it_is_asked_for(judged: Any) -> None:
    assert "\x1b[31m" in written(judged, "text", colour=True)
    assert "\x1b" not in written(judged, "text")


def test_what_was_wrong_before_is_counted_and_shown_when_asked_for() -> None:
    there = Finding("shape", "violation", "a.ttl", 1, 1, {"en": "Old."}, standing="there")
    report = (Report((there,)), [reading.Document("a.ttl", "x", "")])
    assert "Old." not in written(report, "text")
    assert "1 that were there before" in written(report, "text")
    assert "Old." in written(report, "text", all=True)
    assert written(report, "text").splitlines()[-1].startswith("conforms: 0 violations")


def test_short_is_what_problem_matchers_read(judged: Any) -> None:
    matcher = re.compile(r"^(.+):(\d+):(\d+): (violation|warning|info): (.*)$")
    lines = written(judged, "short").splitlines()
    assert len(lines) == len(judged[0].findings)
    assert all(matcher.match(line) for line in lines)


def test_json_has_all_of_each_finding(judged: Any) -> None:
    content = json.loads(written(judged, "json", codes_at="https://x.example/"))
    assert content["conforms"] is False
    assert {*vars(judged[0].findings[0]), "message", "help"} == set(content["findings"][0])
    assert content["findings"][0]["help"].startswith("https://x.example/")


def test_turtle_is_a_validation_report_with_places(judged: Any) -> None:
    graph = rdflib.Graph().parse(data=written(judged, "ttl"), format="turtle")
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    ptr = rdflib.Namespace("http://www.w3.org/2009/pointers#")
    results = list(graph.objects(None, sh.result))
    assert len(results) == len(judged[0].findings)
    shapes = """
        @prefix sh: <http://www.w3.org/ns/shacl#> .
        @prefix ptr: <http://www.w3.org/2009/pointers#> .
        [] sh:targetClass sh:ValidationResult ; sh:property
          [ sh:path sh:focusNode ; sh:minCount 1 ; sh:maxCount 1 ] ,
          [ sh:path sh:resultSeverity ; sh:in ( sh:Violation sh:Warning sh:Info ) ] ,
          [ sh:path sh:sourceConstraintComponent ; sh:nodeKind sh:IRI ; sh:minCount 1 ] ,
          [ sh:path sh:resultMessage ; sh:uniqueLang true ; sh:minCount 1 ] ,
          [ sh:path ( ptr:startPointer ptr:lineNumber ) ; sh:minCount 1 ] ."""
    conforms, _, said = pyshacl.validate(
        graph, shacl_graph=rdflib.Graph().parse(data=shapes, format="turtle")
    )
    assert conforms, said
    lines = {int(line) for line in graph.objects(None, ptr.lineNumber)}
    assert lines == {finding.line for finding in judged[0].findings}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("https://x/p", "<https://x/p>"),
        ("<urn:p>", "<urn:p>"),
        ("^<urn:p>", "[ sh:inversePath <urn:p> ]"),
        ("(<urn:p>/^<urn:q>*)", "( <urn:p> [ sh:inversePath [ sh:zeroOrMorePath <urn:q> ] ] )"),
        ("(<urn:p>|<urn:q>)+", "[ sh:oneOrMorePath [ sh:alternativePath ( <urn:p> <urn:q> ) ] ]"),
    ],
)
def test_a_path_is_written_as_shacl_has_it(path: str, expected: str) -> None:
    finding = Finding("shape", "info", "a", 1, 1, {"en": "x"}, focus="urn:f", path=path)
    assert f"sh:resultPath {expected} ;" in written((Report((finding,)), []), "ttl")


def test_sarif_has_rules_places_and_what_is_new(judged: Any) -> None:
    content = json.loads(written(judged, "sarif"))
    assert content["version"] == "2.1.0"
    (run,) = content["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert {"name", "rules", "version"} <= set(run["tool"]["driver"])
    for result, finding in zip(run["results"], judged[0].findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        assert result["message"]["text"]
        assert result["level"] in ("error", "warning", "note")
        assert result["baselineState"] == "new"
        (place,) = result["locations"]
        region = place["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) == (finding.line, finding.column)
    fixed = [one for one in run["results"] if one["ruleId"] == "language-unknown"]
    (change,) = fixed[0]["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"] == {"text": '"Botchan"@en'}


def test_junit_has_a_failure_for_each_violation(judged: Any) -> None:
    root = ET.fromstring(written(judged, "junit").encode())
    assert root.tag == "testsuites"
    assert len(root.findall(".//failure")) == len(judged[0].violations)
    assert int(root.attrib["failures"]) == len(judged[0].violations)


def test_junit_of_what_conforms_has_a_case_that_passes() -> None:
    report = (Report(), [reading.Document("a.ttl", "", "")])
    (case,) = ET.fromstring(written(report, "junit").encode()).findall(".//testcase")
    assert list(case) == []


def test_annotations_are_escaped() -> None:
    (line,) = written(nasty(), "github").splitlines()
    head, _, words = line.removeprefix("::error ").partition("::")
    assert "\n" not in line
    assert "%0A" in words
    assert "%250A" in words
    assert all("=" in one for one in head.split(","))


def test_csv_is_read_back_and_no_cell_is_a_formula() -> None:
    finding = Finding("lint", "info", "=cmd|x", 1, 1, {"en": "@SUM(1)"}, focus="-1", value='a"b\nc')
    rows = list(csv.DictReader(io.StringIO(written((Report((finding,)), []), "csv"), newline="")))
    assert [rows[0][name] for name in ("file", "message", "focus", "value")] == [
        "'=cmd|x",
        "'@SUM(1)",
        "'-1",
        'a"b\nc',
    ]


@pytest.mark.parametrize("fmt", reports.FORMS)
def test_no_control_character_of_a_stranger_reaches_who_reads(fmt: str) -> None:
    text = written(nasty(), fmt)
    if fmt in ("text", "short", "junit"):
        assert "\x1b" not in text
        assert "\x07" not in text
    if fmt in ("text", "short"):
        assert "\u202e" not in text
    if fmt == "junit":
        ET.fromstring(text.encode())
    if fmt in ("json", "sarif"):
        json.loads(text)


@pytest.mark.parametrize("severity", findings.SEVERITIES)
def test_what_fails_depends_on_what_is_asked_for(severity: str) -> None:
    report = Report((Finding("lint", severity, "a", 1, 1, {"en": "x"}),))
    at = findings.SEVERITIES.index(severity)
    assert [bool(report.failing(one)) for one in findings.SEVERITIES] == [
        number >= at for number in range(3)
    ]
