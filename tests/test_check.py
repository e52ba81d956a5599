"""Checking a folder: each finding with its file, line and cure, and nothing reached outside."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from foedera import check, folder, terms
from foedera.check import Finding, Report, whole
from foedera.errors import CouldNotCheck, TimedOut

PREFIXES = """\
@prefix : <https://example.org/ns#> .
@prefix book: <https://example.org/id/book/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix shape: <https://example.org/shapes/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
"""Seven lines, so that what a test writes begins on the eighth."""

NS = "https://example.org/ns#"
KOKORO = "https://example.org/id/book/kokoro"
SOSEKI = "https://example.org/id/person/natsume-soseki"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


def write(root: Path, path: str, text: str | bytes) -> None:
    location = root / path
    location.parent.mkdir(parents=True, exist_ok=True)
    location.write_bytes(text if isinstance(text, bytes) else text.encode())


def report(root: Path, **files: str | bytes) -> Report:
    """The report on a folder, to which the Turtle files data, ontology and shapes are added."""
    for part, text in files.items():
        write(root, f"{part}/x.ttl", text if isinstance(text, bytes) else PREFIXES + text)
    return check.check(folder.read(root))[0]


def only(found: Report) -> Finding:
    assert len(found.findings) == 1, [str(one) for one in found.findings]
    return found.findings[0]


def test_what_conforms_has_no_findings(books: Path) -> None:
    found = report(books)
    assert found.conforms
    assert (found.findings, found.files, found.shapes) == ((), 4, 3)


def test_every_file_that_does_not_parse_is_told_with_line_and_column(books: Path) -> None:
    found = report(books, data="book:x a\n  oops .", ontology=":A a nope:B .", shapes="]")
    assert [(f.kind, f.place()) for f in found.findings] == [
        ("syntax", "data/x.ttl:9:3"),
        ("syntax", "ontology/x.ttl:8:6"),
        ("syntax", "shapes/x.ttl:8:1"),
    ]
    assert not found.conforms
    assert found.files == 7


def test_a_syntax_fault_says_what_is_wrong_and_its_place_once(books: Path) -> None:
    fault = only(report(books, data="book:x a\n  oops ."))
    assert str(fault).startswith("data/x.ttl:9:3: violation: A word alone means nothing: write ")
    assert fault.code == "parse-bare-word"
    assert fault.message("it").startswith("Una parola da sola non significa nulla")


def test_all_that_does_not_parse_is_told_at_once(books: Path) -> None:
    text = "book:x a :Book\n  rdfs:label 'x' .\nbook:y a nope:Book .\n"
    found = report(books, data=text)
    assert [(one.code, one.line) for one in found.findings] == [
        ("parse-missing-semicolon", 8),
        ("prefix-undeclared", 10),
    ]


def test_shapes_are_not_run_on_half_a_publication(books: Path) -> None:
    (books / "ontology" / "core.ttl").write_text("oops")
    found = report(books, data="book:x a :Book .")
    assert only(found).kind == "syntax"
    assert any("does not parse" in note for note in found.skipped)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (b"\xef\xbb\xbf<a> <b> 1 .", "data/x.ttl:1:1", "without one"),
        ("<a> <b> 'x' .".encode("utf-16"), "data/x.ttl:1:1", "UTF-8"),
        ("<a> <b> 1 .\n<a> <b> 'é' .".encode("latin-1"), "data/x.ttl:2:", "UTF-8"),
        (b"<a> <b> 'x .", "data/x.ttl:1:9", "end"),
    ],
    ids=["byte order mark", "UTF-16", "Latin-1", "open string"],
)
def test_a_file_that_is_no_utf8_turtle_is_a_finding(
    books: Path, text: bytes, place: str, words: str
) -> None:
    fault = only(report(books, data=text))
    assert fault.place().startswith(place)
    assert words in fault.message()


def test_odd_files_that_are_turtle_all_the_same_pass(books: Path) -> None:
    write(books, "data/empty.ttl", "")
    write(books, "data/comment.ttl", "# nothing\n")
    write(books, "data/twice.ttl", "@prefix a: <urn:a> . @prefix a: <urn:b> . a:x a:y a:z .")
    write(books, "data/windows.ttl", "<urn:a> <urn:b>\r\n  'x' .\r\n")
    write(books, "data/long.ttl", f"<urn:a> <urn:b> '{'x' * 1_000_000}' .")
    assert report(books).findings == ()


def test_a_shape_that_is_broken_is_found_with_all_that_is_known(books: Path) -> None:
    found = report(
        books,
        shapes="shape:Named a sh:NodeShape ; sh:targetClass :Book ; sh:property shape:Title .\n"
        "shape:Title a sh:PropertyShape ; sh:path rdfs:label ; sh:languageIn ( 'en' 'it' ) ;\n"
        "  sh:severity sh:Warning ;\n"
        "  sh:message 'Write it in English or Italian.'@en ,\n"
        "    'Scriverlo in inglese o italiano.'@it .",
    )
    assert only(found) == Finding(
        "shape",
        "warning",
        "data/books.ttl",
        14,
        30,
        {"en": "Write it in English or Italian.", "it": "Scriverlo in inglese o italiano."},
        focus=KOKORO,
        path=LABEL,
        value="こころ",
        rule="https://example.org/shapes/Title",
        code="shape-language-in",
        end_line=14,
        end_column=38,
        labels={"en": "Kokoro", "ja": "こころ"},
        path_labels={"en": "label", "it": "label"},
        term='"こころ"@ja',
        component=f"{terms.SH}LanguageInConstraintComponent",
    )
    about = f'<{KOKORO}> <{LABEL}> is "こころ"@ja'
    assert str(only(found)).endswith(f"Write it in English or Italian. ({about})")
    assert found.conforms


RULE = "shape:R a sh:NodeShape ; sh:targetClass :Book ; {} ; sh:message 'no' ."


@pytest.mark.parametrize(
    ("rule", "spot"),
    [
        ("sh:property [ sh:path :pages ; sh:maxCount 0 ]", "10:3"),
        ("sh:property [ sh:path :pages ; sh:datatype xsd:string ]", "11:5"),
        ("sh:property [ sh:path :title ; sh:minCount 1 ]", "9:1"),
        ("sh:nodeKind sh:Literal", "9:1"),
        ("sh:property [ sh:path [ sh:inversePath :sells ] ; sh:nodeKind sh:BlankNode ]", "13:14"),
        ("sh:property [ sh:path ( :by :name ) ; sh:minCount 1 ]", "9:1"),
    ],
    ids=["property", "triple", "thing", "focus", "inverse", "path"],
)
def test_a_finding_leads_to_the_triple_or_else_the_property_or_else_the_thing(
    tmp_path: Path, rule: str, spot: str
) -> None:
    data = "\nbook:x a :Book ;\n  :pages 'many' ,\n    12 .\n\n:shop :sells book:x .\n"
    found = report(tmp_path, data=data, shapes=RULE.format(rule))
    assert only(found).place() == f"data/x.ttl:{spot}"


def test_what_the_data_do_not_mention_leads_to_the_rule(tmp_path: Path) -> None:
    shapes = "\nshape:R a sh:NodeShape ;\n  sh:targetNode :nobody ; sh:class :Person ."
    assert only(report(tmp_path, data=":x :p 1 .", shapes=shapes)).place() == "shapes/x.ttl:9"


def test_a_path_is_told_as_sparql_writes_it(tmp_path: Path) -> None:
    path = "[ sh:alternativePath ( ( :a [ sh:zeroOrMorePath :b ] ) [ sh:inversePath :c ] ) ]"
    rule = RULE.format(f"sh:property [ sh:path {path} ; sh:minCount 1 ]")
    found = only(report(tmp_path, data="book:x a :Book .", shapes=rule))
    assert found.path == f"((<{NS}a>/<{NS}b>*)|^<{NS}c>)"


def test_a_rule_without_a_name_goes_by_that_of_its_owner(tmp_path: Path) -> None:
    rule = RULE.format("sh:property [ sh:path :title ; sh:minCount 1 ]")
    found = only(report(tmp_path, data="book:x a :Book .", shapes=rule))
    assert found.rule == "https://example.org/shapes/R"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("01", f'"01"^^<{terms.XSD}integer>'),
        ("'1.50'^^xsd:decimal", f'"1.50"^^<{terms.XSD}decimal>'),
        ("'tRUE'^^xsd:boolean", f'"tRUE"^^<{terms.XSD}boolean>'),
        ("'x'^^xsd:date", f'"x"^^<{terms.XSD}date>'),
        ("'Kokoro'@en-US", '"Kokoro"@en-us'),
        ("'''a\n\"b\\\\'''", '"a\\n\\"b\\\\"'),
    ],
)
def test_a_value_is_told_as_it_was_written(
    books: Path, caplog: pytest.LogCaptureFixture, written: str, told: str
) -> None:
    """Only the case of a language tag, which means nothing, is lost: Oxigraph reads it in small
    letters. And no library says anything of its own."""
    found = only(report(books, data=f"book:x a :Book ; rdfs:label 'x' ; :writtenBy\n{written} ."))
    assert str(found).endswith(f"<{NS}writtenBy> is {told})")
    assert found.line == 9
    assert "\n" not in str(found)
    assert caplog.messages == []


def test_a_long_value_is_cut_short(books: Path) -> None:
    found = only(
        report(books, data=f"book:x a :Book ; rdfs:label '' ; :writtenBy '{'x' * 9999}' .")
    )
    assert len(str(found)) < 1000
    assert len(found.value) == 9999


def test_a_message_of_several_lines_is_printed_on_one(tmp_path: Path) -> None:
    rule = RULE.format("sh:nodeKind sh:Literal").replace("'no'", "'''no\n   way'''")
    found = only(report(tmp_path, data="book:x a :Book .", shapes=rule))
    assert ": violation: no way (" in str(found)


def test_things_without_a_name_have_a_line_too(books: Path) -> None:
    found = report(
        books, data="\n:shop :sells\n  [ a :Book ; rdfs:label 'x' ] ,\n  [ a\n :Book ] ."
    )
    assert [one.line for one in found.findings] == [10, 11, 11]
    assert all("([] <" in str(one) for one in found.findings)


def test_triples_about_triples_are_no_obstacle(books: Path) -> None:
    found = report(
        books, data="book:kokoro :edition 1 {| :source :shop |} . :x :p <<( :a :b :c )>> ."
    )
    assert found.findings == ()


def test_a_class_below_the_target_is_meant_too(books: Path) -> None:
    found = report(books, ontology=":Novel rdfs:subClassOf :Book .", data="book:x a :Novel .")
    assert len(found.findings) == 2


SPARQL = (
    "shape:R a sh:NodeShape ; sh:targetClass :Book ; sh:sparql [\n"
    "  sh:message 'Not {{?value}}.'@en , 'Non {{?value}}.'@it ; sh:select '''{}''' ] ."
)


def test_a_constraint_in_sparql_looks_at_one_thing_at_a_time(books: Path) -> None:
    query = f"SELECT $this ?value {{ $this <{LABEL}> ?value FILTER(LANG(?value) = 'it') }}"
    found = only(report(books, shapes=SPARQL.format(query)))
    assert found.place() == "data/books.ttl:7:1"
    assert found.messages == {
        "en": 'Not "Il Gattopardo"@it.',
        "it": 'Non "Il Gattopardo"@it.',
    }


@pytest.mark.parametrize("select", ["$this ?value", "?value"])
def test_a_constraint_in_sparql_can_look_at_what_has_no_name(books: Path, select: str) -> None:
    query = f"SELECT {select} {{ $this <{NS}price> ?value FILTER(?value > 9) }}"
    data = "[ a :Book ; rdfs:label 'x' ; :writtenBy :x ;\n :price 1 ] .\n:x a :Author .\n"
    found = report(
        books, data=data + data.replace("price 1 ", "price 10 "), shapes=SPARQL.format(query)
    )
    assert only(found).line == 11


def test_a_constraint_component_of_ones_own_works(books: Path) -> None:
    shapes = (
        "shape:C a sh:ConstraintComponent ; sh:parameter [ sh:path shape:language ] ;\n"
        "  sh:validator [ a sh:SPARQLAskValidator ; sh:message 'Not in {$language}.' ;\n"
        "    sh:ask 'ASK { FILTER(LANG($value) = $language) }' ] .\n"
        "shape:R a sh:NodeShape ; sh:targetClass :Author ;\n"
        "  sh:property [ sh:path rdfs:label ; shape:language 'en' ] ."
    )
    found = report(books, shapes=shapes)
    assert len(found.findings) == 2
    assert {one.focus.rpartition("/")[2] for one in found.findings} == {
        "giuseppe-tomasi-di-lampedusa",
        "natsume-soseki",
    }


def test_what_two_rules_find_in_two_ways_is_told_once(books: Path) -> None:
    shapes = "shape:R a sh:NodeShape ; sh:targetClass :Book ; sh:property shape:Book-label ."
    data = "book:x a :Book ; :writtenBy book:x . book:x a :Author ."
    assert only(report(books, shapes=shapes, data=data)).path == LABEL


def test_shapes_are_run_from_the_shapes_folder_only(books: Path) -> None:
    found = report(books, data=RULE.format("sh:closed true"))
    assert found.findings == ()
    assert found.skipped == ("data/x.ttl holds shapes, which are run only from shapes/",)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("sh:property [ sh:path rdfs:label ; sh:pattern '(' ]", "unterminated"),
        ("sh:property [ sh:path rdfs:label ; sh:minCount 'one' ]", "sh:minCount"),
        ("sh:property [ a sh:PropertyShape ; sh:minCount 1 ]", "sh:path"),
        ("sh:sparql [ sh:select 'SELECT $this { oops }' ]", "oops is not expected"),
        ("sh:sparql [ sh:select 'SELECT $this { SERVICE <urn:x> { $this ?p ?o } }' ]", "SERVICE"),
        ("sh:sparql [ sh:select 'SELECT $this { $this ?p ?o MINUS { ?s ?p 1 } }' ]", "MINUS"),
    ],
)
def test_a_broken_rule_is_no_verdict(
    books: Path, caplog: pytest.LogCaptureFixture, rule: str, words: str
) -> None:
    with pytest.raises(CouldNotCheck, match=rf"^shapes/x\.ttl:9: .*{words}") as told:
        report(books, shapes="\n" + RULE.format(rule))
    assert str(told.value).count("\n") == 1
    assert caplog.messages == []


@pytest.mark.parametrize("parameter", ["property", "node"])
def test_a_shape_of_nothing_is_named_and_the_others_are_run(books: Path, parameter: str) -> None:
    shapes = f"\n\n{RULE.format(f'sh:nodeKind sh:Literal ; sh:{parameter} shape:nowhere')}"
    found = report(books, data="book:x a :Book ; rdfs:label 'x' .", shapes=shapes).findings
    told = {(one.code, one.severity, one.file, one.line) for one in found}
    assert ("shapes-nowhere", "warning", "shapes/x.ttl", 10) in told
    assert ("shape-node-kind", "violation", "data/x.ttl", 8) in told
    assert ("shape-min-count", "violation", "data/x.ttl", 8) in told


def test_a_word_that_shacl_does_not_have_is_named(books: Path) -> None:
    found = only(report(books, shapes="\n" + RULE.format("sh:minCuont 1")))
    assert (found.code, found.place()) == ("shapes-unknown", "shapes/x.ttl:9:61")
    assert "sh:minCuont" in found.message()


def test_a_broken_rule_is_told_with_its_line(books: Path) -> None:
    with pytest.raises(CouldNotCheck, match=r"^shapes/x\.ttl:10: "):
        report(
            books,
            shapes="\n\n"
            + RULE.format("sh:property shape:P")
            + "shape:P sh:path :p ; sh:pattern '[' .",
        )


def test_a_shape_that_leads_back_to_itself_ends(
    books: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert report(books, shapes=RULE.format("sh:node shape:R")).conforms
    assert caplog.messages == []


HYGIENE = f"""\
SELECT ?focus ?path ?value ?severity ?message ?message_it {{
  ?focus a <{NS}Book> ; <{LABEL}> ?value FILTER(LANG(?value) = "ja")
  BIND(<{LABEL}> AS ?path)
  BIND("info" AS ?severity)
  BIND("Mind this." AS ?message)
  BIND("Attenzione." AS ?message_it)
}}
"""


def test_each_row_of_a_hygiene_query_is_a_finding(books: Path) -> None:
    write(books, "shapes/hygiene/japanese.rq", HYGIENE)
    assert only(report(books)) == Finding(
        "hygiene",
        "info",
        "data/books.ttl",
        14,
        30,
        {"en": "Mind this.", "it": "Attenzione."},
        focus=KOKORO,
        path=LABEL,
        value="こころ",
        rule="shapes/hygiene/japanese.rq",
        code="rule",
        end_line=14,
        end_column=38,
        labels={"en": "Kokoro", "ja": "こころ"},
        path_labels={"en": "label", "it": "label"},
        term='"こころ"@ja',
    )


@pytest.mark.parametrize(
    ("columns", "severity", "place"),
    [
        ("?focus", "violation", "data/books.ttl:12:1"),
        ("?focus ('warning' AS ?severity)", "warning", "data/books.ttl:12:1"),
        (f"?focus (<{terms.SH}Info> AS ?severity)", "info", "data/books.ttl:12:1"),
        ("?focus ('grave' AS ?severity)", "violation", "data/books.ttl:12:1"),
        ("(?focus AS ?x)", "violation", "shapes/hygiene/x.rq"),
    ],
)
def test_a_row_need_not_say_everything(
    books: Path, columns: str, severity: str, place: str
) -> None:
    query = f"SELECT {columns} {{ VALUES ?focus {{ <{KOKORO}> }} ?focus ?p ?o }} GROUP BY ?focus"
    write(books, "shapes/hygiene/x.rq", query)
    found = only(report(books))
    assert (found.severity, found.place()) == (severity, place)
    assert "shapes/hygiene/x.rq" in found.message()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELECT ?focus {\n  ?focus oops }", r"line 2, column 10: oops"),
        ("", "no query"),
        ("ASK { }", "no SELECT"),
        ("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "no SELECT"),
        ("SELECT ?focus { SERVICE <http://127.0.0.1:9/> { ?focus ?p ?o } }", "SERVICE"),
        ("SELECT (<urn:f>(?s) AS ?focus) { ?s ?p ?o }", "urn:f"),
        ("SELECT * { } # é".encode("latin-1"), "utf-8"),
    ],
)
def test_a_broken_hygiene_query_is_no_verdict(books: Path, query: str | bytes, words: str) -> None:
    write(books, "shapes/hygiene/x.rq", query)
    with pytest.raises(CouldNotCheck, match=rf"^shapes/hygiene/x\.rq: .*{words}"):
        report(books)


def wrong(root: Path) -> folder.Folder:
    """A publication in which a rule of each kind is broken."""
    query = f"SELECT $this ?value {{ $this <{LABEL}> ?value FILTER(LANG(?value) = 'it') }}"
    write(root, "shapes/y.ttl", PREFIXES + RULE.format("sh:closed true").replace(":R", ":S"))
    write(root, "shapes/x.ttl", PREFIXES + SPARQL.format(query))
    write(root, "data/x.ttl", PREFIXES + "book:x a :Book . [ a :Book ; :writtenBy [] ] .")
    return folder.read(root)


@pytest.mark.parametrize("engine", ["pySHACL", "shacl-rust"])
def test_a_large_publication_is_checked_in_pieces_and_nothing_else_is_found(
    books: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    at_once = check.check(wrong(books), engine)[0]
    assert len(at_once.findings) > 10
    assert at_once.engine.startswith(engine)
    monkeypatch.setattr(whole, "LARGE", 0)
    assert check.check(wrong(books), "pySHACL")[0].findings == at_once.findings


def test_an_engine_that_is_not_there_is_no_verdict(books: Path) -> None:
    with pytest.raises(CouldNotCheck, match="There is no engine turbo here"):
        check.check(folder.read(books), "turbo")


@pytest.mark.parametrize("large", [0, 100_000])
def test_shapes_that_run_on_are_ended(
    books: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    """In a child: what is checked may be the data of strangers."""
    write(books, "data/x.ttl", PREFIXES + f":x :code '{'a' * 60}!' .")
    shapes = "shape:R sh:targetSubjectsOf :code ; sh:property [ sh:path :code ; sh:pattern '{}' ] ."
    monkeypatch.setattr(whole, "LARGE", large)
    monkeypatch.setitem(whole._BOUNDS, "seconds", 1)
    write(books, "shapes/x.ttl", PREFIXES + shapes.format("^(a+)+$"))
    with pytest.raises(TimedOut, match="longer than 1 seconds"):
        check.check(folder.read(books), "pySHACL")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    found = report(tmp_path, data=":x :p 1 .")
    assert found.conforms
    assert [note.partition(",")[0] for note in found.skipped] == [
        "there is no ontology",
        "there are no shapes to check against",
    ]


def test_findings_come_worst_first_then_by_file_and_line(books: Path) -> None:
    write(books, "shapes/hygiene/japanese.rq", HYGIENE)
    data = "\nbook:y a :Book .\nbook:x a :Book .\n"
    write(books, "data/a.ttl", PREFIXES + "book:a a :Book ; rdfs:label 'a' .")
    found = report(books, data=data)
    assert [(one.severity, one.place()) for one in found.findings] == [
        ("violation", "data/a.ttl:8:1"),
        ("violation", "data/x.ttl:9:1"),
        ("violation", "data/x.ttl:9:1"),
        ("violation", "data/x.ttl:10:1"),
        ("violation", "data/x.ttl:10:1"),
        ("info", "data/books.ttl:14:30"),
    ]


def test_the_same_folder_gives_the_same_report_whatever_the_order_of_hashes(books: Path) -> None:
    data = "\n".join(f"book:{n} a :Book ; rdfs:label '{n}' , 'x'@en ." for n in range(20))
    write(books, "data/x.ttl", PREFIXES + data)
    write(books, "shapes/x.ttl", PREFIXES + RULE.format("sh:closed true"))
    program = (
        "import sys, pathlib\n"
        "from foedera import check, folder\n"
        "print(check.check(folder.read(pathlib.Path(sys.argv[1])))[0].to_json())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program, books],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1


def test_a_report_can_be_kept_as_json(books: Path) -> None:
    told = json.loads(report(books, data="book:x a :Book ; rdfs:label 'x' .").to_json())
    assert told["conforms"] is False
    assert told["findings"][0]["line"] == 8
    assert told["findings"][0]["messages"]["en"].startswith("A book needs an author")


def test_a_message_is_told_in_the_language_asked_for_or_one_there_is() -> None:
    def finding(**messages: str) -> Finding:
        return Finding("shape", "info", "data/x.ttl", 1, 0, messages)

    assert finding(en="yes", it="sì").message("it") == "sì"
    assert finding(en="yes", it="sì").message("ja") == "yes"
    assert finding(ja="はい").message() == "はい"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A server on this machine that nobody ought to call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        yield server


def test_nothing_is_fetched(books: Path, listening: socket.socket) -> None:
    """Not what is imported, nor shapes that the data name, nor another endpoint (spelled so that
    pySHACL does not see it), nor a context or an entity that stands elsewhere."""
    at = f"http://127.0.0.1:{listening.getsockname()[1]}/x"
    imports = f"<urn:o> a owl:Ontology ; owl:imports <{at}> ; sh:shapesGraph <{at}> ."
    assert report(books, data=imports, ontology=imports, shapes=imports).conforms
    query = f"SELECT $this {{ BIND(<{at}> AS ?at) SERVICE?at {{ $this ?p ?o }} }}"
    with pytest.raises(CouldNotCheck, match="SERVICE"):
        report(books, shapes=SPARQL.format(query))
    write(books, "shapes/x.ttl", "")
    write(books, "data/x.jsonld", f'{{"@context": "{at}", "name": "x"}}')
    write(
        books,
        "data/x.rdf",
        f'<!DOCTYPE r [<!ENTITY e SYSTEM "{at}">]><r:RDF xmlns:r="{terms.RDF}">\n'
        '<r:Description r:about="urn:x"><r:value>&e;</r:value></r:Description></r:RDF>',
    )
    found = report(books)
    assert {one.file for one in found.findings} == {"data/x.jsonld", "data/x.rdf"}
    with pytest.raises(TimeoutError):
        listening.accept()


def test_checking_leaves_the_triples_as_they_are(books: Path) -> None:
    before = check.parse(folder.read(books), "https://example.org/")[0]
    after = check.check(folder.read(books))[1]
    assert [one.triples for one in before] == [one.triples for one in after]
