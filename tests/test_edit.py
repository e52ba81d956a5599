"""What a request to write changes: default and named graphs, what is seen, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest

from foedera import edit, folder, release
from foedera.edit import Limits, Request
from foedera.errors import BadRequest, Conflict, NotFound, QuerySyntax, Refused, TooLarge

BASE = "https://example.org/"
PREFIX = f"PREFIX : <{BASE}ns#>\n"

FILES = {
    "ontology/core.ttl": ":Novel rdfs:subClassOf :Book .",
    "shapes/none.ttl": ":Shape a sh:NodeShape .",
    "data/a.ttl": """<id/dataset> a void:Dataset ; void:uriSpace "https://example.org/" .
        :x a :Novel ; :n 01 ; :p "a" , "b" .""",
    "data/b.ttl": ':x :p "a" ; :has [ :in "b" ] .',
    "data/g.trig": "GRAPH <urn:g> { :x :q 1 ; :p 'c' } GRAPH <urn:h> { :x :q 2 }",
}

HEAD = f"""@base <{BASE}> . @prefix : <{BASE}ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix void: <http://rdfs.org/ns/void#> .
"""

Lines: TypeAlias = list[str]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("edit")
    for path, text in FILES.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(HEAD + text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def made(place: Path) -> release.Release:
    return release.publish(place, place / ".foedera", 5, lambda _: None)


class Desk:
    """Where edits are tried; nothing of them is kept."""

    def __init__(self, place: Path, made: release.Release) -> None:
        self._source = folder.read(place)
        self._made = made

    def edit(self, request: Request, nesting: int = 40, triples: int = 1000) -> edit.Edit:
        return edit.edit(self._source, self._made, request, Limits(nesting, triples))

    def update(self, text: str, *using: str, named: tuple[str, ...] = ()) -> Lines:
        """The lines of the patch that an update makes, with short IRIs."""
        found = self.edit(Request("update", PREFIX + text, using, named))
        return lines(found)

    def put(self, turtle: str, graph: str | None = None, operation: str = "put") -> Lines:
        parts = [("text/turtle", (HEAD + turtle).encode())]
        return lines(self.edit(Request(operation, graph=graph, parts=parts)))


def lines(found: edit.Edit) -> Lines:
    texts = [f"D {quad}" for quad in found.removed] + [f"A {quad}" for quad in found.added]
    return sorted(short(text) for text in texts)


def short(text: str) -> str:
    for long, brief in (
        (f"<{BASE}ns#", "<:"),
        (f"<{BASE}graph/", "<graph/"),
        ("^^<http://www.w3.org/2001/XMLSchema#integer>", ""),
        ("<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>", "a"),
    ):
        text = text.replace(long, brief)
    return text


@pytest.fixture
def desk(place: Path, made: release.Release) -> Desk:
    return Desk(place, made)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('INSERT DATA { :x :p "z" }', ['A <:x> <:p> "z"']),
        ('INSERT DATA { :x :p "a" }', []),
        ("INSERT DATA { GRAPH <urn:k> { :x :p 1 } }", ['A <:x> <:p> "1" <urn:k>']),
        ('INSERT DATA { :x :p "c" }', ['A <:x> <:p> "c"']),
        ("INSERT DATA { :x a :Book }", ["A <:x> a <:Book>"]),
        ('DELETE DATA { :x :p "a" }', ['D <:x> <:p> "a"']),
        ('DELETE DATA { :x :p "none" }', []),
        (
            f'DELETE DATA {{ GRAPH <{BASE}graph/data/a> {{ :x :p "a" }} }}',
            ['D <:x> <:p> "a" <graph/data/a>'],
        ),
        (
            f'INSERT DATA {{ GRAPH <{BASE}graph/data/b> {{ :x :p "b" }} }}',
            ['A <:x> <:p> "b" <graph/data/b>'],
        ),
        ("DELETE DATA { GRAPH <urn:g> { :x :q 1 } }", ['D <:x> <:q> "1" <urn:g>']),
        (
            "DELETE { ?s :n ?n } INSERT { ?s :n 2 } WHERE { ?s :n ?n }",
            ['A <:x> <:n> "2"', 'D <:x> <:n> "01"'],
        ),
        ("DELETE WHERE { ?s :n ?n }", ['D <:x> <:n> "01"']),
        (
            "DELETE { ?s a :Book } INSERT { ?s a :Book } WHERE { ?s a :Book }",
            ["A <:x> a <:Book>"],
        ),
        (
            "DELETE WHERE { GRAPH <urn:g> { ?s ?p ?o } }",
            ['D <:x> <:p> "c" <urn:g>', 'D <:x> <:q> "1" <urn:g>'],
        ),
        (
            "WITH <urn:g> DELETE { ?s :q ?o } INSERT { ?s :r ?o } WHERE { ?s :q ?o }",
            ['A <:x> <:r> "1" <urn:g>', 'D <:x> <:q> "1" <urn:g>'],
        ),
    ],
)
def test_a_change_is_in_the_graph_that_is_meant(desk: Desk, text: str, expected: Lines) -> None:
    assert desk.update(text) == expected


def test_a_pattern_sees_what_a_query_sees(desk: Desk) -> None:
    """The model, what follows, and what stands in named graphs; and each graph by its name."""
    assert desk.update("INSERT { ?b :seen ?q } WHERE { ?b a :Book ; :q ?q }") == [
        'A <:x> <:seen> "1"',
        'A <:x> <:seen> "2"',
    ]
    graphs = desk.update("INSERT { :x :in ?g } WHERE { GRAPH ?g { :x ?p ?o } }")
    assert graphs == [
        "A <:x> <:in> <graph/data/a>",
        "A <:x> <:in> <graph/data/b>",
        "A <:x> <:in> <graph/inferred>",
        "A <:x> <:in> <urn:g>",
        "A <:x> <:in> <urn:h>",
    ]


def test_using_narrows_what_a_pattern_sees(desk: Desk) -> None:
    text = "INSERT { :y :saw ?o } WHERE { ?s :q ?o }"
    assert desk.update(text, "urn:g") == ['A <:y> <:saw> "1"']
    assert desk.update(text, named=("urn:g",)) == []
    assert desk.update(text.replace("WHERE", "USING <urn:h> WHERE")) == ['A <:y> <:saw> "2"']
    assert desk.update("DELETE WHERE { ?s :p ?o }", f"{BASE}graph/data/b") == ['D <:x> <:p> "a"']


@pytest.mark.parametrize("clause", ["WITH <urn:g> INSERT {} ", "INSERT {} USING <urn:g> "])
def test_using_is_said_in_one_of_two_places(desk: Desk, clause: str) -> None:
    with pytest.raises(BadRequest, match="using-graph-uri"):
        desk.update(clause + "WHERE {}", "urn:g")


@pytest.mark.parametrize(
    "text",
    [
        'DELETE { :x :p ?o } INSERT { :x :p ?o } WHERE { :x :p ?o FILTER(?o = "a") }',
        'DELETE DATA { :x :p "a" } ; INSERT DATA { :x :p "a" }',
        "DELETE WHERE { :x :n ?n } ; INSERT DATA { :x :n 1 }",
        "MOVE DEFAULT TO <urn:k> ; MOVE <urn:k> TO DEFAULT",
        "CREATE GRAPH <urn:k> ; DROP GRAPH <urn:k>",
        "INSERT DATA { :y :p 1 } ; DELETE { ?s :p 1 } WHERE { ?s :p 1 }",
        "INSERT DATA { GRAPH <urn:k> { :y :p 1 } } ; CLEAR GRAPH <urn:k>",
        "",
        "PREFIX a: <urn:a>",
    ],
)
def test_what_comes_back_has_not_changed(desk: Desk, text: str) -> None:
    assert desk.update(text) == []


def test_an_operation_sees_what_those_before_it_did(desk: Desk) -> None:
    found = desk.update(
        """INSERT DATA { :y :p 1 } ;
        INSERT { GRAPH <urn:k> { ?s :q ?o } } WHERE { ?s :p ?o FILTER(?o = 1) } ;
        DELETE DATA { :y :p 1 } ;
        INSERT { ?s :r ?o } WHERE { GRAPH <urn:k> { ?s ?p ?o } } ;
        INSERT { :y :gone true } WHERE { FILTER NOT EXISTS { :y :p ?o } }"""
    )
    assert found == [
        'A <:y> <:gone> "true"^^<http://www.w3.org/2001/XMLSchema#boolean>',
        'A <:y> <:q> "1" <urn:k>',
        'A <:y> <:r> "1"',
    ]


def test_each_piece_of_a_template_goes_to_its_graph(desk: Desk) -> None:
    found = desk.update(
        """INSERT { ?s :one 1 ; :two ( 2 ) . GRAPH <urn:k> { ?s :three 3 } . ?s :four [ :five 5 ]
        GRAPH <urn:l> { ?s :six 6 } } WHERE { ?s :n 1 }"""
    )
    graphs = {line.split('"')[1]: line.split('"')[2] for line in found if '"' in line}
    assert graphs == {"1": "", "2": "", "3": " <urn:k>", "5": "", "6": " <urn:l>"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("CLEAR DEFAULT", {"<urn:g>", "<urn:h>"}),
        ("DROP NAMED", {"<graph/data/a>", "<graph/data/b>"}),
        ("CLEAR ALL", set()),
    ],
)
def test_clearing_leaves_the_model_and_the_rules(desk: Desk, text: str, kept: set[str]) -> None:
    found = desk.update(text)
    in_graphs = {line.rpartition(" ")[2] for line in found if "<urn:" in line}
    assert in_graphs == {"<urn:g>", "<urn:h>"} - kept
    assert any(not line.endswith(">") for line in found) == ("<graph/data/a>" not in kept)
    assert not any("Shape" in line or "subClassOf" in line for line in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ADD <urn:h> TO <urn:g>", ['A <:x> <:q> "2" <urn:g>']),
        (
            "COPY <urn:h> TO <urn:g>",
            ['A <:x> <:q> "2" <urn:g>', 'D <:x> <:p> "c" <urn:g>', 'D <:x> <:q> "1" <urn:g>'],
        ),
        ("MOVE GRAPH <urn:h> TO DEFAULT", None),
        ("COPY <urn:g> TO <urn:g>", []),
        ("COPY SILENT <urn:none> TO <urn:g>", []),
    ],
)
def test_graphs_are_added_copied_and_moved(desk: Desk, text: str, expected: Lines | None) -> None:
    found = desk.update(text)
    if expected is None:
        assert 'A <:x> <:q> "2"' in found
        assert 'D <:x> <:q> "2" <urn:h>' in found
        assert 'D <:x> <:p> "a"' in found
    else:
        assert found == expected


def test_what_stands_in_a_named_graph_alone_stays_when_the_default_graph_loses_it(
    desk: Desk,
) -> None:
    found = desk.edit(Request("update", PREFIX + "DELETE WHERE { :x :q ?o }"))
    assert lines(found) == []
    assert "2 of the triples" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("DELETE DATA { :x a :Book }", "follows by inference"),
        ("DELETE WHERE { :x a ?class }", "follows by inference"),
        (f"CLEAR GRAPH <{BASE}graph/inferred>", "follows by inference"),
        (f"INSERT DATA {{ GRAPH <{BASE}graph/inferred> {{ :x a :Y }} }}", "follows by inference"),
        ("DELETE WHERE { :Novel ?p :Book }", "ontology/core.ttl"),
        ("DELETE WHERE { :Shape ?p ?o }", "shapes/none.ttl"),
        (f"INSERT DATA {{ GRAPH <{BASE}graph/shapes/none> {{ :x a :Y }} }}", "shapes/none.ttl"),
        (f"DROP GRAPH <{BASE}graph/ontology/core>", "ontology/core.ttl"),
        (f"INSERT DATA {{ GRAPH <{BASE}graph/data/new> {{ :x a :Y }} }}", "no graph of a file"),
        ("COPY <urn:none> TO <urn:g>", "no graph <urn:none>"),
        ("CREATE GRAPH <urn:g>", "there already"),
    ],
)
def test_what_is_not_written_is_refused_in_words(desk: Desk, text: str, words: str) -> None:
    with pytest.raises(Conflict, match=words):
        desk.update(text)


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <http://127.0.0.1:1/>",
        "load<http://127.0.0.1:1/>",
        r"\u004CO\u0041D <http://127.0.0.1:1/>",
        "INSERT DATA { :a :b 1 } ; LOAD <http://127.0.0.1:1/> INTO GRAPH <urn:g>",
        "INSERT { :a :b ?c } WHERE { SERVICE <http://127.0.0.1:1/> { :a :b ?c } }",
        r"INSERT { :a :b ?c } WHERE { \u0053ERVICE<http://127.0.0.1:1/> { :a :b ?c } }",
        "PREFIX service: <http://127.0.0.1:1/> DELETE { } WHERE { service:x { :a :b ?c } }",
    ],
)
def test_nothing_is_fetched(desk: Desk, text: str) -> None:
    with pytest.raises(Refused, match="refused"):
        desk.update(text)


def test_silence_leaves_a_load_without_effect_and_says_so(desk: Desk) -> None:
    text = (
        "LOAD SILENT <http://127.0.0.1:1/> INTO GRAPH <urn:k> ; INSERT DATA { <urn:a> a <urn:b> }"
    )
    found = desk.edit(Request("update", text))
    assert lines(found) == ["A <urn:a> a <urn:b>"]
    assert "Nothing was loaded" in found.notes[0]


def test_words_are_no_keywords_in_strings_names_and_comments(desk: Desk) -> None:
    text = """INSERT DATA { :load :service "LOAD <x>; SERVICE <y> { ;" } # ; LOAD <z>"""
    assert desk.update(text) == ['A <:load> <:service> "LOAD <x>; SERVICE <y> { ;"']


@pytest.mark.parametrize(
    "text",
    [
        "INSERT { ?s ?p ",
        "INSERT DATA { :a :b 1 } DELETE DATA { :a :b 1 }",
        "SELECT * { ?s ?p ?o }",
        "LOAD",
        "LOAD SILENT :x :y",
        "INSERT DATA { _:a :b 1 } ; INSERT DATA { _:a :b 1 }",
        "INSERT DATA { ?a :b 1 }",
        "INSERT DATA { :a :b 1 } ;;",
    ],
)
def test_what_is_no_update_is_told(desk: Desk, text: str) -> None:
    with pytest.raises(QuerySyntax):
        desk.update(text)


def test_an_update_is_bounded(desk: Desk) -> None:
    with pytest.raises(BadRequest, match="deeper than 4"):
        desk.edit(Request("update", "INSERT {} WHERE {{{{{}}}}}"), nesting=4)
    three = "INSERT DATA { <urn:a> <urn:b> 1 , 2 , 3 }"
    assert len(desk.edit(Request("update", three), triples=3).added) == 3
    with pytest.raises(TooLarge, match="at most 2"):
        desk.edit(Request("update", three), triples=2)


def test_new_blank_nodes_have_names_of_their_own_and_old_ones_keep_theirs(desk: Desk) -> None:
    text = "DELETE { ?b :in ?o } INSERT { ?b :out [ :of ?o ] } WHERE { ?b :in ?o }"
    found = desk.edit(Request("update", PREFIX + text))
    old = {str(quad.subject) for quad in found.removed}
    new = {str(quad.object) for quad in found.added if quad.predicate.value.endswith("out")}
    assert len(old) == len(new) == 1
    assert old == {str(q.subject) for q in found.added if q.predicate.value.endswith("out")}
    assert old != new


# Graphs that are sent


def test_a_graph_that_is_put_takes_the_place_of_what_was_there(desk: Desk) -> None:
    assert desk.put(":x :q 1 ; :r 01 .", "urn:g") == [
        'A <:x> <:r> "01" <urn:g>',
        'D <:x> <:p> "c" <urn:g>',
    ]


def test_a_graph_that_is_posted_is_added(desk: Desk) -> None:
    assert desk.put(":x :q 1 ; :r 01 .", "urn:g", "post") == ['A <:x> <:r> "01" <urn:g>']
    assert desk.put(':x :p "a", "z" .', None, "post") == ['A <:x> <:p> "z"']


def test_the_graph_of_a_file_can_be_put(desk: Desk) -> None:
    found = desk.put(":x a :Novel .", f"{BASE}graph/data/b")
    assert 'D <:x> <:p> "a" <graph/data/b>' in found
    assert "A <:x> a <:Novel> <graph/data/b>" in found


def test_a_graph_that_is_there_already_is_known_in_spite_of_its_blank_nodes(desk: Desk) -> None:
    assert desk.put(':x :p "a" ; :has [ :in "b" ] .', f"{BASE}graph/data/b") == []


def test_whether_a_graph_is_new_is_told(desk: Desk) -> None:
    parts = [("text/turtle", b"<> a <urn:C> .")]
    assert desk.edit(Request("put", graph="urn:new", parts=parts)).created
    assert not desk.edit(Request("put", graph="urn:g", parts=parts)).created
    empty = desk.edit(Request("put", graph="urn:new", parts=[("text/turtle", b"")]))
    assert not empty.created
    assert "not kept" in empty.notes[0]


def test_relative_iris_are_read_by_the_name_of_the_graph(desk: Desk) -> None:
    parts = [("text/turtle", b"<> a <other> .")]
    found = desk.edit(Request("put", graph="https://example.com/g/1", parts=parts))
    assert lines(found) == [
        "A <https://example.com/g/1> a <https://example.com/g/other> <https://example.com/g/1>"
    ]


def test_a_graph_is_deleted_once(desk: Desk) -> None:
    assert len(desk.edit(Request("delete", graph="urn:g")).removed) == 2
    with pytest.raises(NotFound):
        desk.edit(Request("delete", graph="urn:none"))


@pytest.mark.parametrize(
    ("media_type", "body", "words"),
    [
        ("application/trig", "<urn:k> { <urn:s> <urn:p> 1 }", "urn:k"),
        ("application/n-quads", "<urn:s> <urn:p> <urn:o> <urn:k> .", "urn:k"),
        (
            "application/ld+json",
            '{"@id": "urn:k", "@graph": [{"@id": "urn:s", "urn:p": 1}]}',
            "urn:k",
        ),
        ("application/ld+json", '{"@context": "http://127.0.0.1:1/"}', "does not parse"),
        ("text/turtle", "<urn:s> <urn:p> <urn:a b> .", "does not parse"),
        ("application/n-triples", "<s> <urn:p> <urn:o> .", "does not parse"),
    ],
)
def test_what_is_sent_stays_in_its_graph(
    desk: Desk, media_type: str, body: str, words: str
) -> None:
    with pytest.raises(BadRequest, match=words):
        desk.edit(Request("put", graph="urn:g", parts=[(media_type, body.encode())]))


def test_quads_for_the_graph_that_is_meant_are_read(desk: Desk) -> None:
    body = b"<urn:k> { <urn:s> <urn:p> 1 } <urn:s> <urn:p> 2 ."
    found = desk.edit(Request("post", graph="urn:k", parts=[("application/trig", body)]))
    assert len(found.added) == 2


RDF_XML = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF {entities}>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="urn:e:">
<rdf:Description rdf:about="urn:s"><e:p>{text}</e:p></rdf:Description></rdf:RDF>"""


@pytest.mark.parametrize(
    ("entities", "text"),
    [
        ('[<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]', "&b;"),
        ('[<!ENTITY x SYSTEM "file:///etc/hostname">]', "&x;"),
        ('[<!ENTITY % x "y">]', ""),
        ('SYSTEM "http://127.0.0.1:1/"', ""),
        (f'[<!ENTITY a "{"a" * 60_000}">]', "&a;" * 100),
    ],
    ids=["nested", "a file", "a parameter", "elsewhere", "far"],
)
def test_entities_that_expand_or_are_elsewhere_are_refused(
    desk: Desk, entities: str, text: str
) -> None:
    body = RDF_XML.format(entities=entities, text=text).encode()
    with pytest.raises(BadRequest, match=r"entity|expands|Entity"):
        desk.edit(Request("put", graph="urn:g", parts=[("application/rdf+xml", body)]))


def test_entities_for_namespaces_are_read(desk: Desk) -> None:
    body = RDF_XML.format(entities='[<!ENTITY owl "urn:owl#" >]', text="&owl;Thing").encode()
    found = desk.edit(Request("put", graph="urn:k", parts=[("application/rdf+xml", body)]))
    assert lines(found) == ['A <urn:s> <urn:e:p> "urn:owl#Thing" <urn:k>']


def test_too_many_triples_are_not_read_to_their_end(desk: Desk) -> None:
    request = Request("put", graph="urn:g", parts=[("text/turtle", b"<> <urn:p> 1, 2, 3, 4 .")])
    with pytest.raises(TooLarge, match="More than 3"):
        desk.edit(request, triples=3)
    assert len(desk.edit(replace(request, operation="post"), triples=4).added) == 4
