"""A file that is no RDF, or in another format, is told of as what it is, and as nothing else."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from foedera.check import reading


def archive() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr("x", "x")
    return held.getvalue()


QUERY = "PREFIX : <http://x#>\nSELECT DISTINCT * WHERE { ?s ?p ?o }"
NO_RDF = {
    "packed.ttl.gz": (gzip.compress(b":a :b :c ."), "encoding-packed", ""),
    "packed.zip": (archive(), "encoding-packed", ""),
    "table.xlsx": (archive(), "encoding-no-rdf", "XLSX"),
    "table.csv": (b"name,date\nUrso,2023-12-13\n", "encoding-no-rdf", "CSV"),
    "paper.pdf": (b"%PDF-1.4\n%\xe2\xe3", "encoding-no-rdf", "PDF"),
    "paper.ttl": (b"%PDF-1.4\n%\xe2\xe3", "encoding-no-rdf", "PDF"),
    "letter.ttl": (rb"{\rtf1 hello}", "encoding-no-rdf", "RTF"),
    "page.ttl": (b"<!DOCTYPE html>\n<html><body>x</body></html>", "encoding-no-rdf", "HTML"),
    "page.rdf": (b"<html><body><br></body></html>", "encoding-no-rdf", "HTML"),
    "query.ttl": (QUERY.encode(), "encoding-no-rdf", "SPARQL"),
    "update.ttl": (b"INSERT DATA { <urn:a> <urn:b> 1 }", "encoding-no-rdf", "SPARQL"),
    "front.ttl": (b"---\nname: Urso\n", "encoding-no-rdf", "YAML"),
    "json.ttl": (b'{"@id": "urn:a"}', "encoding-other-format", ".jsonld"),
    "xml.ttl": (b'<?xml version="1.0"?>\n<a/>', "encoding-other-format", ".rdf"),
    "turtle.jsonld": (b"# one\n@prefix : <urn:> .", "encoding-other-format", ".ttl"),
    "turtle.rdf": (b"<urn://a> <urn:b> 1 .", "encoding-other-format", ".ttl"),
}


@pytest.mark.parametrize("name", NO_RDF)
def test_it_is_told_as_what_it_is(name: str) -> None:
    content, code, word = NO_RDF[name]
    found = reading.read(name, content).findings
    assert [(one.code, one.line) for one in found] == [(code, 1)]
    assert all(word in one.messages[language] for one in found for language in ("en", "it"))


RDF = {
    "query in a text.ttl": (f'<urn:a> <urn:b> """\n{QUERY}\n""" .\nx', ["parse-bare-word"]),
    "no object.ttl": ("<urn:a> <urn:b> .", ["parse-no-object"]),
    "nameless.ttl": ("[ <urn:b> ] .", ["parse-no-object"]),
    "graph.trig": ("{ <urn:a> <urn:b> }", ["parse-no-object"]),
    "json.jsonld": ('{"@id" "urn:a"}', ["parse-json-no-colon"]),
    "xml.rdf": ("<a>", ["parse-xml-unclosed"]),
    "a right one.csv": ("<urn:a> <urn:b> 1 .", []),
}


@pytest.mark.parametrize("name", RDF)
def test_what_is_only_wrong_is_told_where_it_is_wrong(name: str) -> None:
    text, codes = RDF[name]
    assert [one.code for one in reading.read(name, text.encode()).findings] == codes
