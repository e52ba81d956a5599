"""What is written is read as Oxigraph reads it, with its places; and what is wrong is all told."""

from __future__ import annotations

import os
import random
import re
import time
from pathlib import Path

import pyoxigraph as ox
import pytest

from conftest import ROOT
from foedera import terms
from foedera.check import Finding, reading, said, turtle
from foedera.errors import TooLarge, UnsupportedMedia

SHARED = Path(os.environ.get("SHARED_FOLDER") or ROOT.parent / "shared")
SUITES = SHARED / "conformance" / "rdf-tests"
OURS = sorted(
    path for part in ("data", "shapes", "ontology") for path in (ROOT / part).rglob("*.ttl")
)
PREFIXES = "@prefix : <urn:x#> .\n@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
START = PREFIXES.count("\n")


def read(text: str, name: str = "new.ttl", media_type: str = "") -> reading.Document:
    return reading.read(name, text.encode("utf-8", "surrogatepass"), media_type)


def same(one: set[ox.Triple], other: set[ox.Triple]) -> bool:
    """Whether two graphs are the same but for the names of their blank nodes."""

    def canonical(triples: set[ox.Triple]) -> set[ox.Quad]:
        found = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
        found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        return set(found)

    return canonical(one) == canonical(other)


def plain(content: bytes, fmt: ox.RdfFormat, base: str = "https://base.example/") -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(content, format=fmt, base_iri=base)}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_own_files_are_read_as_the_parser_reads_them(path: Path) -> None:
    content = path.read_bytes()
    found = reading.read(path.name, content, base="https://base.example/")
    assert found.findings == ()
    assert same(set(found.triples), plain(content, ox.RdfFormat.TURTLE))


@pytest.mark.parametrize("path", OURS[::4], ids=lambda path: path.name)
def test_what_stands_at_a_place_is_the_term(path: Path) -> None:
    """Every IRI and text, written anew from where it is said to stand."""
    found = reading.read(path.name, path.read_bytes(), base="https://base.example/")
    lines = found.text.split("\n")
    header = "".join(f"@prefix {one.name}: <{one.iri}> .\n" for one in found.prefixes.values())
    for one in found.statements:
        for term, spot in (
            (one.triple.subject, one.subject),
            (one.triple.predicate, one.predicate),
            (one.triple.object, one.object),
        ):
            if isinstance(term, ox.BlankNode) or one.triple.predicate.value.startswith(
                (terms.FIRST, terms.REST)
            ):
                continue
            assert spot.line == spot.end_line or '"""' in lines[spot.line - 1]
            if spot.line != spot.end_line:
                continue
            word = lines[spot.line - 1][spot.column - 1 : spot.end_column - 1]
            if word == "(":
                continue
            text = f"{header}<urn:s> <urn:p> {'<' + terms.TYPE + '>' if word == 'a' else word} ."
            (quad,) = ox.parse(
                text.encode(), format=ox.RdfFormat.TURTLE, base_iri="https://base.example/"
            )
            assert quad.object == term, (spot, word)


SUITE = {
    "ttl": (ox.RdfFormat.TURTLE, "rdf-turtle"),
    "trig": (ox.RdfFormat.TRIG, "rdf-trig"),
    "nt": (ox.RdfFormat.N_TRIPLES, "rdf-n-triples"),
    "nq": (ox.RdfFormat.N_QUADS, "rdf-n-quads"),
    "rdf": (ox.RdfFormat.RDF_XML, "rdf-xml"),
}


@pytest.mark.skipif(not SUITES.is_dir(), reason="the W3C's tests are not at SHARED_FOLDER")
@pytest.mark.parametrize("ending", SUITE)
def test_the_files_of_the_w3c_are_read_as_the_parser_reads_them(ending: str) -> None:
    fmt, _ = SUITE[ending]
    wrong, good, bad = [], 0, 0
    for path in sorted(SUITES.rglob(f"*.{ending}")):
        content = path.read_bytes()
        try:
            expected: set[ox.Triple] | None = plain(content, fmt)
        except (SyntaxError, ValueError):
            expected = None
        found = reading.read(path.name, content, base="https://base.example/")
        if expected is None:
            bad += 1
            if not found.findings:
                wrong.append(f"{path}: nothing is found wrong")
        else:
            good += 1
            if found.findings:
                wrong.append(f"{path}: {found.findings[0]}")
            elif len(expected) < 50 and not same(expected, set(found.triples)):
                wrong.append(f"{path}: other triples")
    assert good + bad > 20
    assert wrong == [], "\n".join(wrong)


def test_text_with_one_letter_changed_is_wrong_where_the_parser_says_so() -> None:
    chance = random.Random(11)
    texts = [path.read_text(encoding="utf-8")[:6000] for path in OURS[::9]]
    texts = [text[: text.rfind("\n\n") + 1] for text in texts]
    wrong = []
    for number in range(600):
        text = chance.choice(texts)
        at = chance.randrange(len(text))
        how = chance.choice(("take out", "put in", "change"))
        letter = chance.choice(".;,[]()<>\"'@:^\\ a1“é\n")
        rest = at + (how != "put in")
        broken = text[:at] + ("" if how == "take out" else letter) + text[rest:]
        found = reading.read("x.ttl", broken.encode(), base="https://base.example/")
        try:
            expected = plain(broken.encode(), ox.RdfFormat.TURTLE)
        except SyntaxError:
            if not found.findings:
                wrong.append((number, how, letter, broken[max(0, at - 60) : at + 60], "missed"))
            continue
        if found.findings:
            wrong.append(
                (number, how, letter, broken[max(0, at - 60) : at + 60], str(found.findings[0]))
            )
        elif len(expected) != len(set(found.triples)):
            wrong.append((number, how, letter, broken[max(0, at - 60) : at + 60], "other"))
    assert wrong == [], "\n".join(map(str, wrong))


MISTAKES = {
    "a dot is missing": (":a :p :b\n:c :p :d .", "parse-missing-dot", 1, 9),
    "the last dot is missing": (":a :p :b", "parse-missing-dot", 1, 9),
    "a semicolon is missing": (":a :p :b\n   :q :c .", "parse-missing-semicolon", 1, 9),
    "a comma is missing": (':a :p "b" "c" .', "parse-missing-comma", 1, 10),
    "a dot in the middle": (":a :p :b .\n   :q :c .", "parse-no-object", 2, 10),
    "no value": (":a :p .", "parse-no-object", 1, 7),
    "no property": (":a .", "parse-no-object", 1, 4),
    "a text is not closed": (':a :p "b ;\n   :q :c .', "parse-unclosed-text", 1, 7),
    "a long text is not closed": (':a :p """b\n:c :p :d .', "parse-unclosed-text", 1, 7),
    "typographic quotes": (":a :p “b”@en .", "parse-curly-quotes", 1, 7),
    "quotes inside": (':a :p "b "c" d" .', "parse-quote-inside", 1, 11),
    "an IRI is not closed": (":a :p <urn:b .", "parse-unclosed-iri", 1, 7),
    "a space in an IRI": (":a :p <urn:b c> .", "parse-iri", 1, 7),
    "a bracket is not closed": (":a :p ( 1 2 .", "parse-unclosed-bracket", 1, 7),
    "a thing is not closed": (":a :p [ :q 1 .\n:c :p :d .", "parse-unclosed-bracket", 1, 7),
    "a bracket is not opened": (":a :p 1 ) .", "parse-unopened-bracket", 1, 9),
    "a text as subject": ('"a" :p :b .', "parse-literal-subject", 1, 1),
    "a text as property": (':a "p" :b .', "parse-literal-predicate", 1, 4),
    "a nameless property": (":a _:p :b .", "parse-blank-predicate", 1, 4),
    "a bare word": (":a :p hello .", "parse-bare-word", 1, 7),
    "a prefix that is not declared": ("foaf:a :p :b .", "prefix-undeclared", 1, 1),
    "no datatype": (':a :p "1"^^ .', "parse-datatype", 1, 10),
    "a language that is none": (':a :p "b"@1 .', "parse-language", 1, 10),
    "a bad escape": (':a :p "b\\q" .', "parse-escape", 1, 1),
    "a comment of another language": (":a :p :b . // so it is", "parse-comment", 1, 12),
    "a prefix without its colon": ("@prefix ex <urn:e> .", "parse-prefix", 1, 9),
    "a prefix without its dot": ("@prefix ex: <urn:e>\nex:a :p :b .", "parse-missing-dot", 1, 20),
    "a dot after PREFIX": ("PREFIX ex: <urn:e> .\nex:a :p :b .", "parse-sparql-dot", 1, 20),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_finding_at_its_place(case: str) -> None:
    text, code, line, column = MISTAKES[case]
    found = read(f"{PREFIXES}{text}\n").findings
    first = found[0]
    assert (first.code, first.line - START, first.column) == (code, line, column)
    assert [one.code for one in found] == [code]
    assert first.end_line > first.line or first.end_column >= first.column
    assert set(first.messages) == {"en", "it"}
    assert first.severity == "violation"


MENDED = """\
:a :p “b”@en ;
   :q 1
   :r 2 .
:c :p "x" "y"
:d foaf:name "D" .
:e :p .
:f :p :g .
"""


def test_all_mistakes_are_told_and_what_was_meant_is_read() -> None:
    found = read(PREFIXES + MENDED)
    assert [(one.code, one.line - START) for one in found.findings] == [
        ("parse-curly-quotes", 1),
        ("parse-missing-semicolon", 2),
        ("parse-missing-comma", 4),
        ("parse-missing-dot", 4),
        ("prefix-undeclared", 5),
        ("parse-no-object", 6),
    ]
    foaf = "http://xmlns.com/foaf/0.1/name"
    expected = (
        PREFIXES
        + f"""
        :a :p "b"@en ; :q 1 ; :r 2 . :c :p "x" , "y" . :d <{foaf}> "D" . :f :p :g ."""
    )
    assert set(found.triples) == plain(expected.encode(), ox.RdfFormat.TURTLE)


def test_a_prefix_that_is_missing_is_told_of_once_with_what_it_stands_for() -> None:
    found = read(f'{PREFIXES}:a foaf:name "A" ; foaf:knows :b . :b foaf:name "B" .')
    (finding,) = found.findings
    assert finding.fix == "@prefix foaf: <http://xmlns.com/foaf/0.1/> ."
    assert len(found.triples) == 3


def test_a_prefix_that_nobody_knows_leaves_out_what_uses_it() -> None:
    found = read(f"{PREFIXES}:a zork:p :b . :c :p :d .")
    assert [one.code for one in found.findings] == ["prefix-undeclared"]
    assert len(found.triples) == 1


ENCODINGS = {
    "a mark of UTF-8": (("\ufeff" + PREFIXES + ':a :p "é" .').encode(), "encoding-mark", 1, 1),
    "UTF-16": ((PREFIXES + ':a :p "é" .').encode("utf-16"), "encoding-mark", 1, 1),
    "Latin-1": ((PREFIXES + ':a :p "é" .').encode("latin-1"), "encoding-not-utf-8", 3, 8),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_another_encoding_is_told_of_and_read(case: str) -> None:
    content, code, line, column = ENCODINGS[case]
    found = reading.read("x.ttl", content)
    assert [(one.code, one.line, one.column) for one in found.findings] == [(code, line, column)]
    assert [str(one.object) for one in found.triples] == ['"é"']


def test_columns_count_characters() -> None:
    found = read(f'{PREFIXES}:a :p "日本語𠮷" , :b .')
    assert [one.object.column for one in found.statements] == [7, 16]


def test_terms_made_by_the_syntax_stand_where_it_does() -> None:
    found = read(f"{PREFIXES}:a a :C ; :p [ :q ( 1 ) ] .")
    places = {
        str(one.triple.predicate.value).rpartition("#")[2]: (one.subject, one.object)
        for one in found.statements
    }
    assert (places["type"][1].column, places["type"][0].column) == (6, 1)
    assert (places["p"][1].column, places["p"][1].end_column) == (14, 26)
    assert (places["q"][0].column, places["q"][1].column) == (14, 19)
    assert places["first"][1].column == 21


def test_the_same_text_has_the_same_blank_nodes() -> None:
    text = f"{PREFIXES}:a :p [ :q _:b ] , [] ."
    assert read(text).triples == read(text).triples
    assert read(text).triples != read(text, "other.ttl").triples


def test_a_statement_is_found_by_its_triple_its_property_and_its_thing() -> None:
    found = read(f'{PREFIXES}:a :p 1 , 2 ; :q "x" .')
    a, p, q = (ox.NamedNode(f"urn:x#{name}") for name in "apq")
    integer = ox.NamedNode(terms.XSD + "integer")
    columns = [
        one and one.object.column
        for one in (
            found.find(a, p, ox.Literal("2", datatype=integer)),
            found.find(a, q, ox.Literal("y")),
            found.find(a, ox.NamedNode("urn:x#r")),
            found.find(p),
        )
    ]
    assert columns == [11, 18, 7, None]


GRAPHS = f"{PREFIXES}:g {{ :a :p :b . :c :p :d }}\nGRAPH :h {{ :e :p :f }}\n:k :p :l ."


def test_graphs_of_trig_are_told_and_triples_have_their_places() -> None:
    found = read(GRAPHS, "x.trig")
    assert [
        (one.graph and one.graph.value, one.object.line - START, one.object.column)
        for one in found.statements
    ] == [("urn:x#g", 1, 12), ("urn:x#g", 1, 23), ("urn:x#h", 2, 18), (None, 3, 7)]


XML = """\
<?xml version="1.0"?>
<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="urn:x#">
  <C r:about="urn:x#a">
    <p>é</p><q r:resource="urn:x#b"/>
  </C>
</r:RDF>
"""


def test_rdf_xml_has_the_places_of_its_elements() -> None:
    found = read(XML, "x.rdf")
    assert found.findings == ()
    assert [
        (one.triple.predicate.value.rpartition("#")[2], one.object.line, one.object.column)
        for one in found.statements
    ] == [("type", 3, 3), ("p", 4, 5), ("q", 4, 13)]


BOMB = "<!DOCTYPE r [" + '<!ENTITY a "ha">' + '<!ENTITY b "&a;&a;&a;">' + "]>"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (XML.replace("</p>", "</P>"), "parse-xml-tag", 4),
        (XML.replace("<r:RDF", f"{BOMB}<r:RDF", 1), "parse-entity", 2),
        (XML.replace("<p>é</p>", "<p>" * 200 + "</p>" * 200), "parse-too-deep", 4),
    ],
    ids=["not closed", "entities", "deep"],
)
def test_rdf_xml_that_is_wrong_is_told_of_at_its_line(text: str, code: str, line: int) -> None:
    found = read(text, "x.rdf").findings
    assert [(one.code, one.line) for one in found] == [(code, line)]


JSON = '{"@context": {"p": "urn:x#p"},\n "@id": "urn:x#a",\n "p": ["é", "f"]}'


def test_json_ld_has_the_places_of_what_is_written_once() -> None:
    found = read(JSON, "x.jsonld")
    assert found.findings == ()
    assert [(one.object.line, one.object.column) for one in found.statements] == [(3, 8), (3, 13)]
    assert {(one.subject.line, one.subject.column) for one in found.statements} == {(2, 9)}


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (JSON[:-1], "parse-unclosed-bracket", 1),
        (JSON.replace('{"p": "urn:x#p"}', '\n"https://example.org/c"'), "parse-remote-context", 1),
        ('{"p": ' * 200 + "1" + "}" * 200, "parse-too-deep", 1),
    ],
    ids=["not closed", "remote", "deep"],
)
def test_json_ld_that_is_wrong_is_told_of_at_its_line(text: str, code: str, line: int) -> None:
    found = read(text, "x.jsonld").findings
    assert [(one.code, one.line) for one in found] == [(code, line)]


def test_a_number_may_be_long() -> None:
    found = read(JSON.replace('"f"', "1" * 5000), "x.jsonld")
    assert found.findings == ()
    assert len(found.statements) == 2


@pytest.mark.parametrize(
    ("name", "media_type", "text", "expected"),
    [
        ("x", "text/turtle; charset=utf-8", ":", "text/turtle"),
        ("x.ttl", "application/ld+json", JSON, "application/ld+json"),
        ("x.nt", "", "<urn:a> <urn:b> <urn:c> .", "application/n-triples"),
        ("x.OWL", "text/plain", XML, "application/rdf+xml"),
        ("text", "", XML, "application/rdf+xml"),
        ("text", "", JSON, "application/ld+json"),
        ("text", "", GRAPHS, "application/trig"),
        ("text", "", PREFIXES, "text/turtle"),
    ],
)
def test_the_format_is_that_of_the_media_type_the_name_or_the_text(
    name: str, media_type: str, text: str, expected: str
) -> None:
    assert read(text, name, media_type).format == expected


def test_another_media_type_is_refused_in_words() -> None:
    with pytest.raises(UnsupportedMedia, match="text/turtle"):
        read("x", "x.ttl", "image/png")


def test_what_is_too_large_is_refused() -> None:
    limits = reading.Limits(size=100, triples=2)
    with pytest.raises(TooLarge, match="100"):
        reading.read("x.ttl", b"#" * 101, limits=limits)
    with pytest.raises(TooLarge, match="2 triples"):
        reading.read("x.ttl", b"<urn:a> <urn:b> 1, 2, 3 .", limits=limits)


def test_of_very_many_mistakes_some_are_told() -> None:
    found = reading.read("x.ttl", b"<urn:a> <urn:b> .\n" * 1000, limits=reading.Limits(findings=50))
    assert len(found.findings) == 51
    assert found.findings[-1].code == "parse-too-many"


HOSTILE = {
    "brackets": "[" * 300_000,
    "parentheses": ":a :p " + "(" * 300_000,
    "braces": "{" * 300_000,
    "quotes": '"' * 300_000,
    "long quotes": '"""x' * 75_000,
    "backslashes": '"' + "\\" * 300_000,
    "angles": "<" * 300_000,
    "dots": "." * 300_000,
    "names with dots": ":a" + "." * 300_000,
    "semicolons": ":a :p 1 " + ";" * 300_000,
    "commas": ":a :p 1 " + ", 1" * 100_000,
    "one line": ":a :p " + "x" * 300_000,
    "at signs": "@" * 300_000,
    "colons": ":" * 300_000,
    "prefixes": "".join(f"@prefix p{n}: <urn:p{n}> .\n" for n in range(10_000)),
    "undeclared": "".join(f"p{n}:a p{n}:b p{n}:c .\n" for n in range(10_000)),
    "no dots": ":a :p :b\n" * 30_000,
    "nothing": "\0" * 300_000,
    "quoted triples": "<<" * 150_000,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_texts_take_linear_time(case: str) -> None:
    """What would take the square of it would take many minutes."""
    started = time.process_time()
    found = read(PREFIXES + HOSTILE[case])
    assert time.process_time() - started < 20
    assert found.findings or case in ("prefixes", "semicolons", "commas")


def test_a_finding_is_one_of_the_model() -> None:
    (found,) = read(f"{PREFIXES}:a :p :b").findings
    assert isinstance(found, Finding)
    assert (found.kind, found.file, str(found)) == (
        "syntax",
        "new.ttl",
        "new.ttl:3:9: violation: A statement ends with a dot: write . here.",
    )


def test_every_mistake_that_is_told_has_its_words() -> None:
    found = set()
    for module in (turtle, reading):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        found |= set(re.findall(r'"((?:parse|encoding)-[a-z0-9-]+|prefix-undeclared)"', source))
    assert len(found) > 25
    assert all(set(said.messages(code, {})) == {"en", "it"} for code in found)
