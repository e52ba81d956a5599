"""What is wrong where JSON or XML does not parse: the place, what is said of it, what to write."""

from __future__ import annotations

import json
from xml.parsers import expat

import pytest

from foedera.check import notation, said, turtle

Told = tuple[str, int, int, str]
"""A code, line, column, and the fix."""


def told(mistakes: list[turtle.Mistake]) -> list[Told]:
    return [(one.code, one.spot.line, one.spot.column, one.fix) for one in mistakes]


JSON: dict[str, tuple[str, list[Told]]] = {
    "a comma at the end": ('{"a": 1,\n}', [("parse-json-comma", 1, 8, "")]),
    "a comma at the end of a list": ('{"a": [1, 2,]}', [("parse-json-comma", 1, 12, "")]),
    "two commas": ('{"a": 1,, "b": 2}', [("parse-json-comma", 1, 9, "")]),
    "a comma first": ('{, "a": 1}', [("parse-json-comma", 1, 2, "")]),
    "no comma": ('{"a": 1\n "b": 2}', [("parse-json-no-comma", 1, 8, ",")]),
    "no comma in a list": ('[{"a": 1} {"b": 2}]', [("parse-json-no-comma", 1, 10, ",")]),
    "names in a list": ('["a": 1]', [("parse-json-no-brace", 1, 5, "")]),
    "nothing": ("  \n", [("parse-json-empty", 1, 1, "")]),
    "no colon": ('{"a" 1}', [("parse-json-no-colon", 1, 5, ":")]),
    "no value": ('{"a": }', [("parse-json-no-value", 1, 5, "")]),
    "single quotes": ("{'a': 1}", [("parse-json-quotes", 1, 2, '"a"')]),
    "quotes of a word processor": (
        "{“a”: “b”}",
        [("parse-json-quotes", 1, 2, '"a"'), ("parse-json-quotes", 1, 7, '"b"')],
    ),
    "a name without quotes": ("{foaf:name: 1}", [("parse-json-quotes", 1, 2, '"foaf:name"')]),
    "a name of one letter": ("{a: 1}", [("parse-json-quotes", 1, 2, '"a"')]),
    "a date": ('{"a": 2023-12-13}', [("parse-json-quotes", 1, 7, '"2023-12-13"')]),
    "words of Python": (
        '{"a": True, "b": None}',
        [("parse-json-word", 1, 7, "true"), ("parse-json-word", 1, 18, "null")],
    ),
    "a text over two lines": ('{"a": "b\nc"}', [("parse-json-text", 1, 7, "")]),
    "a path of Windows": (r'{"a": "C:\path"}', [("parse-json-escape", 1, 10, "")]),
    "a comment": ('{"a": 1 // one\n}', [("parse-json-comment", 1, 9, "")]),
    "a comment first": ('# one\n{"a": 1}', [("parse-json-comment", 1, 1, "")]),
    "two values": ('{"a": 1}\n{"b": 2}', [("parse-json-ended", 2, 1, "")]),
    "closed too often": ('{"a": 1}}', [("parse-unopened-bracket", 1, 9, "")]),
    "another bracket closed": ('{"a":\n [1, 2}', [("parse-unclosed-bracket", 2, 2, "")]),
    "never closed": ('{"a": {"b": 1}', [("parse-unclosed-bracket", 1, 1, "")]),
    "quotes inside": ('{"a": "said "yes" and"}', [("parse-quote-inside", 1, 13, "")]),
    "all at once": (
        '{\'a\': 1,\n "b": True,\n "c": 2,\n}',
        [
            ("parse-json-quotes", 1, 2, '"a"'),
            ("parse-json-word", 2, 7, "true"),
            ("parse-json-comma", 3, 8, ""),
        ],
    ),
    "not even nearly": ("@prefix : <x> .", [("parse-json", 1, 1, "")]),
}


@pytest.mark.parametrize(("text", "expected"), JSON.values(), ids=JSON.keys())
def test_json_that_does_not_parse(text: str, expected: list[Told]) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    assert told(notation.json_mistakes(text)) == expected


RDF = '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n%s\n</r:RDF>'

XML: dict[str, tuple[str, list[Told]]] = {
    "another tag": (RDF % "<a>\n</b>", [("parse-xml-tag", 3, 1, "</a>")]),
    "capitals": (RDF % "<a>é</A>", [("parse-xml-tag", 2, 5, "</a>")]),
    "never closed": ("<r>\n <a>\n", [("parse-xml-unclosed", 2, 2, "")]),
    "a prefix that is known": (
        RDF % "<dcterms:title>x</dcterms:title>",
        [("parse-xml-prefix", 2, 2, 'xmlns:dcterms="http://purl.org/dc/terms/"')],
    ),
    "a prefix of an attribute": (
        RDF % '<a its:own="x"/>',
        [("parse-xml-prefix", 2, 4, 'xmlns:its="…"')],
    ),
    "entities of HTML": (
        RDF % "<a>&eacute;&nbsp;</a>",
        [("parse-xml-entity", 2, 4, "é"), ("parse-xml-entity", 2, 12, "&#160;")],
    ),
    "an entity that nobody knows": (RDF % "<a>&kokoro;</a>", [("parse-xml-entity", 2, 4, "…")]),
    "ampersands": (
        RDF % "<a>R&D &</a>",
        [("parse-xml-sign", 2, 5, "&amp;"), ("parse-xml-sign", 2, 8, "&amp;")],
    ),
    "an ampersand in an address": (
        RDF % '<a r:resource="http://x/?a=1&b=2"/>',
        [("parse-xml-sign", 2, 29, "&amp;")],
    ),
    "less than": (RDF % "<a>1 < 2</a>", [("parse-xml-sign", 2, 6, "&lt;")]),
    "less than in an attribute": (RDF % '<a b="1<2"/>', [("parse-xml-sign", 2, 8, "&lt;")]),
    "no quotes": (RDF % "<a b=c/>", [("parse-xml-quotes", 2, 6, '"c"')]),
    "two elements": ("<a/>\n<b/>", [("parse-xml", 2, 1, "")]),
    "a text": ("hello", [("parse-xml", 1, 1, "")]),
}


@pytest.mark.parametrize(("text", "expected"), XML.values(), ids=XML.keys())
def test_xml_that_does_not_parse(text: str, expected: list[Told]) -> None:
    with pytest.raises(expat.ExpatError):
        expat.ParserCreate(namespace_separator=" ").Parse(text.encode(), True)
    assert told(notation.xml_mistakes(text, turtle.USUAL)) == expected


def every() -> list[turtle.Mistake]:
    found = [one for text, _ in JSON.values() for one in notation.json_mistakes(text)]
    for text, _ in XML.values():
        found += notation.xml_mistakes(text, turtle.USUAL)
    return found


@pytest.mark.parametrize("language", ["en", "it"])
def test_each_is_told_in_words_that_name_what_to_write(language: str) -> None:
    for one in every():
        words = said.messages(one.code, one.words)[language]
        assert "{" not in words or "{" in one.words.values()
        for name in ("fix", "text", "close", "prefix"):
            assert one.words.get(name, "") in words


def test_every_way_of_being_wrong_is_here() -> None:
    kinds = {code for code in said.CODES if code.startswith(("parse-json-", "parse-xml"))}
    assert kinds - {one.code for one in every()} == {"parse-json-ld"}


@pytest.mark.parametrize("text", ['{"a": 1}', "[]", '{"a": "it\'s # no // comment"}'])
def test_what_parses_has_no_mistakes(text: str) -> None:
    assert notation.json_mistakes(text) == []


def test_a_file_of_many_mistakes_is_read_so_many_times_and_no_more() -> None:
    assert len(notation.json_mistakes("[" + "'a', " * 500 + "1]")) == 20


def test_of_a_large_file_the_first_mistake_is_told_in_one_reading() -> None:
    assert len(notation.json_mistakes("[" + "'a', " * 500_000 + "1]")) == 1
    assert len(notation.xml_mistakes("<r>" + "<a>&</a>" * 300_000 + "</r>", {})) == 1
