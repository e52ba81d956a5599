"""Reading a query before the engine does: what is refused, what is measured, what is found."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import replace

import pyoxigraph as ox
import pytest

from foedera.errors import BadRequest, QuerySyntax, Refused, TooLarge
from foedera.query.scan import Bounds, Scan, scan

AT = "<https://elsewhere.example/sparql>"


BOUNDS = Bounds(size=262_144, nesting=40, operators=2_000)


def read(text: str) -> Scan:
    return scan(text, BOUNDS)


@pytest.mark.parametrize(
    "word",
    ["SERVICE", "service", "SeRvIcE", "\\u0053ERVICE", "SERV\\u0049CE", "\\U00000053ervice"],
)
def test_service_is_refused_however_it_is_spelled(word: str) -> None:
    with pytest.raises(Refused, match="SERVICE"):
        read(f"SELECT * {{ {word} {AT} {{ ?s ?p ?o }} }}")


@pytest.mark.parametrize(
    "text",
    [
        'SELECT * { VALUES ?x {"""a" } SERVICE %s { ?s ?p ?o } #\\q"""\n}',
        'SELECT * { VALUES ?x {"""a" } SERVICE %s { ?s ?p ?o } }',
        'PREFIX ex: <urn:> SELECT * { VALUES ?x { ex:a#"""\n} SERVICE %s { ?s ?p ?o } } #"""',
        "PREFIX ex: <urn:> SELECT * { VALUES ?x { ex:a\\' } SERVICE %s { ?s ?p ?o } } #'",
        "PREFIX ex: <urn:> SELECT * { ex:a\u1680\\' ?p ?o SERVICE %s { ?s ?p ?o } } #'",
        "PREFIX ex: <urn:> SELECT * { ex:\u2103\\' ?p ?o SERVICE %s { ?s ?p ?o } } #'",
        'SELECT * { ?a ?b 2 FILTER(?a<1#>"""\n) SERVICE %s { ?s ?p ?o } }#"""',
        "SELECT * { ?a ?b 2 FILTER(?a<'x>#') SERVICE %s { ?s ?p ?o } }",
        "SELECT * { ?a ?b ?c FILTER(?a<1)SERVICE?b#>\n{ ?s ?p ?o } }",
        'SELECT * { VALUES ?x {"\\u0022"} ?x ?y <http://x/\\u0041#a> SERVICE %s { ?s ?p ?o } }#"""',
        "SELECT * { ?a ?b true SERVICESILENT %s { ?s ?p ?o } }",
        "SELECT * { ?a ?b trueSERVICE %s { ?s ?p ?o } }",
        "PREFIX ex: <urn:> SELECT * { SERVICEex:a { ?s ?p ?o } }",
        "PREFIX : <urn:> SELECT * { SERVICE:a { ?s ?p ?o } }",
        "PREFIX : <urn:> SELECT * { VALUES (?a ?b) {(1 <u:x)>)} SERVICE:a { ?s ?p ?o } }",
    ],
)
def test_service_cannot_hide_where_the_engine_would_find_it(text: str) -> None:
    """Each of these is a query that Oxigraph accepts, and would ask the other endpoint."""
    text = text.replace("%s", AT)
    ox.Store().query(text)  # parses; it is lazy, and the store is empty
    with pytest.raises((Refused, BadRequest)):
        read(text)


@pytest.mark.parametrize("word", ["LOAD", "load", "\\u004cOAD", "INSERT", "DELETE", "CLEAR"])
def test_updates_are_refused(word: str) -> None:
    with pytest.raises(Refused, match="update"):
        read(f"PREFIX a: <urn:a#> {word} <urn:x>")


@pytest.mark.parametrize(
    "pattern",
    [
        '?s ?p "SERVICE"',
        "?s ?p 'SERVICE'",
        '?s ?p """ " SERVICE \n "" """',
        "?s ?p ''' ' SERVICE \n '' '''",
        '?s ?p "\\" SERVICE \\""',
        '?s ?p "\\\\" . # SERVICE',
        "?s ?p <https://example.org/SERVICE>",
        "?s ?p <https://example.org/a#SERVICE>",
        "?s ?p ?o # SERVICE <x> { }",
        "?s ?p ?o # ' \" SERVICE",
        "?service ?p $SERVICE",
        "?s service:at service:SERVICE",
        "GRAPH service:g { ?s ?p ex:service }",
        "?s ?p _:service",
        "?s ?p 'x'@service",
        "FILTER(?p<3 && ?o>4)",
        "FILTER(?p<?s&&?o>?p)",
        "FILTER(?p <= 3 || str(?o)<str(?p))",
        "VALUES (?p ?o) { (ex:a <https://example.org/service#'a>) }",
        "?s ex:a\\'b ?o . ?s ex:it\\'s ?p",
        "?s ex:a/ex:b* ?o ; ex:p.q-r true .",
    ],
)
def test_a_query_that_only_mentions_the_word_is_let_through(pattern: str) -> None:
    text = f"PREFIX service: <urn:s#> PREFIX ex: <urn:ex#> SELECT * {{ {pattern}\n}}"
    ox.Store().query(text)  # it is a query
    read(text)


def test_load_as_a_name_in_a_query_is_no_update() -> None:
    read("PREFIX load: <urn:l#> SELECT ?load { ?load load:LOAD 'LOAD' }")


@pytest.mark.parametrize(
    "text", ['SELECT * { ?s ?p "open }', "SELECT * { ?s ?p '''open' }", 'ASK { ?s ?p "\\q" }']
)
def test_a_string_that_is_none_is_told_with_its_place(text: str) -> None:
    with pytest.raises(QuerySyntax, match=r"line 1, column 1\d"):
        read(text)


def test_a_less_than_sign_that_could_open_an_iri_is_told_apart_or_asked_about() -> None:
    with pytest.raises(BadRequest, match="space after"):
        read("SELECT * { ?s ?p ?o FILTER(?p<?s#&&?o>\n ?p) }")


def test_nesting_is_counted_over_all_brackets() -> None:
    assert read("SELECT * { { ?s ?p (1 [ ?q 2 ]) } }").nesting == 4


def test_brackets_in_strings_iris_and_comments_do_not_count() -> None:
    assert read("SELECT * { ?s <urn:((((> '{{{{[[[' # ((({{{\n }").nesting == 1


def test_nesting_up_to_the_limit_is_let_through_and_one_more_is_not() -> None:
    flat = replace(BOUNDS, nesting=7)
    scan("ASK " + "{" * 7 + "}" * 7, flat)
    with pytest.raises(BadRequest, match="deeper than 7"):
        scan("ASK " + "{" * 8 + "}" * 8, flat)


def test_a_text_is_measured_in_bytes() -> None:
    text = "ASK { ?s ?p 'こころ' }"
    size = len(text.encode())
    scan(text, replace(BOUNDS, size=size))
    with pytest.raises(TooLarge):
        scan(text, replace(BOUNDS, size=size - 1))


def test_from_and_from_named_are_found_with_prefixed_names() -> None:
    found = read(
        "PREFIX g: <urn:graph:> PREFIX : <urn:own:> "
        "SELECT * FROM g:a FROM <urn:b> from named :c FROM NAMED <urn:d> "
        "{ GRAPH g:z { ?s ?p ?o } }"
    )
    assert found.graphs == ("urn:graph:a", "urn:b")
    assert found.named == ("urn:own:c", "urn:d")


def test_from_resolves_escapes_in_names_and_relative_iris() -> None:
    found = read("BASE <urn:base:> PREFIX g: <urn:g:> ASK FROM <x> FROM g:a\\/b { }")
    assert found.graphs == ("urn:base:x", "urn:g:a/b")


def test_a_base_and_a_prefix_may_be_relative_to_the_base_before() -> None:
    """SPARQL 1.1 Query Language, section 4.1.1."""
    start = "BASE <https://example.org/a/> BASE <b/> PREFIX g: <../c#>"
    found = read(f"{start} ASK FROM <x> FROM g:y {{ }}")
    assert found.graphs == ("https://example.org/a/b/x", "https://example.org/a/c#y")


def test_no_from_is_not_an_empty_from() -> None:
    found = read("SELECT * { ?s ?p 'FROM <urn:x>' }")
    assert found.graphs is None
    assert found.named is None


def test_the_outermost_star_is_found_and_the_variables_in_order() -> None:
    text = "SELECT DISTINCT * { ?b ?a $c { SELECT * { ?d ?b 1 } } }"
    found = read(text)
    assert found.star == text.index("*")
    assert found.variables == ("b", "a", "c", "d")


def test_a_star_inside_is_not_the_outermost() -> None:
    assert read("SELECT (COUNT(*) AS ?n) { ?s ?p* ?o { SELECT * { } } }").star == -1


HOSTILE = {
    "double quotes": '"',
    "single quotes": "'",
    "backslashes": "\\",
    "quoted escapes": '"\\"\\"',
    "escaped long quotes": '"""\\"""\n',
    "long quotes and escapes": "'''\\'''\n\\",
    "less-than signs": "<",
    "open iris": "<a",
    "less-than in brackets": "(?a<",
    "iri after iri": "(<a<a><a",
    "words and hyphens": "a-",
    "words and dots": "a.",
    "escaped letters": "\\u0041-",
    "names": "a:b\\",
    "digits": "1.e",
    "at signs": "@a-",
    "comments": "#\n",
    "graphs": "FROM<a>",
}


def test_hostile_texts_of_fifty_kilobytes_take_linear_time() -> None:
    """Each shape, also behind a quote that never closes; the kernel ends the process after 10 s of
    processor time, where a single quadratic case would take longer."""
    program = (
        "import sys, json\n"
        "from foedera.errors import FoederaError\n"
        "from foedera.query.scan import Bounds, scan\n"
        "for piece in json.load(sys.stdin):\n"
        "    for start in ('', '\"\"\"', \"'''\", 'ASK ', 'SELECT * { FILTER(?x '):\n"
        "        text = start + piece * (50_000 // len(piece))\n"
        "        try:\n"
        "            scan(text, Bounds(60_000, 10**9, 10**9))\n"
        "        except FoederaError:\n"
        "            pass\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(list(HOSTILE.values())),
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (10, 10)),
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "piece",
    ["!", "- ", "UNION ", "optional ", "^", "&& ", "BIND (1 AS ?x) ", "MINUS ", "\\u0046ILTER "],
)
def test_more_operators_than_allowed_are_refused(piece: str) -> None:
    with pytest.raises(BadRequest, match="more than 2,000 operators"):
        read("SELECT * { " + piece * 2_001)


def test_operators_in_strings_iris_and_comments_are_none() -> None:
    read("SELECT * { ?s ?p '" + "+" * 3000 + "', <urn:" + "-" * 3000 + "> } #" + "!" * 3000)


def test_many_values_are_no_operators() -> None:
    read("SELECT * { VALUES ?x { " + "<urn:a> 1 'b' " * 5_000 + "} }")


ALLOWING = replace(BOUNDS, services=["https://one.example/sparql", "https://two.example/q?a=b"])


@pytest.mark.parametrize(
    "clause",
    [
        "SERVICE <https://one.example/sparql>",
        "service<https://one.example/sparql>",
        "SERVICE SILENT <https://two.example/q?a=b>",
        "\\u0053ERVICE # of\n silent <https://two.example/q?a=b>",
        "SERVICE <https://one.example/sparq\\u006C>",
    ],
)
def test_a_service_that_is_allowed_is_let_through(clause: str) -> None:
    scan(f"SELECT * {{ {clause} {{ ?s ?p ?o }} }}", ALLOWING)


@pytest.mark.parametrize(
    "clause",
    [
        f"SERVICE {AT}",
        f"SERVICE SILENT {AT}",
        "SERVICE ?where",
        "SERVICE SILENT $where",
        "SERVICE one:sparql",
        "SERVICE one:sparql { } SERVICE <https://one.example/sparql>",
        "SERVICESILENT <https://one.example/sparql>",
        "SERVICEone:sparql",
        "SERVICE <sparql>",
        "SERVICE <https://one.example/sparql/>",
        "SERVICE <https://one.example/sparql> { SERVICE <https://three.example/sparql> { } }",
        "\\u0053ERVICE <https://three.example/sparql>",
        "\\u0053ERVICE \\u0053ILENT <https://three.example/sparql>",
    ],
)
def test_a_service_is_allowed_by_its_full_iri_and_no_other(clause: str) -> None:
    start = "BASE <https://one.example/> PREFIX one: <https://one.example/> SELECT * {"
    with pytest.raises(Refused):
        scan(f"{start} {clause} {{ ?s ?p ?o }} }}", ALLOWING)
