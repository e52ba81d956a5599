"""A publication on disk: its files, graphs, triples with lines, and what it says of itself."""

from __future__ import annotations

import os
from pathlib import Path

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

from conftest import Publish
from foedera import folder, service
from foedera.errors import CouldNotCheck, NotAPublication
from foedera.folder import UNKNOWN_BASE, File, Parsed, SyntaxFault
from foedera.settings import Settings
from foedera.web import create_app

BASE = "https://example.org/"
TITLE = "<http://purl.org/dc/terms/title>"


def write(root: Path, path: str, text: str | bytes) -> File:
    put(root, path, text)
    return file(root, path)


def put(root: Path, path: str, text: str | bytes = "") -> None:
    location = root / path
    location.parent.mkdir(parents=True, exist_ok=True)
    location.write_bytes(text if isinstance(text, bytes) else text.encode())


def file(root: Path, path: str) -> File:
    return next(one for one in folder.read(root).files if one.path == path)


def parse(root: Path, path: str, text: str | bytes) -> Parsed:
    return write(root, path, text).parse(BASE)


def test_the_files_of_all_parts_are_found_in_order(books: Path) -> None:
    put(books, "data/deep/er/x.nt")
    put(books, "shapes/hygiene/x.rq")
    put(books, "data/readme.md")
    put(books, "elsewhere/x.ttl")
    assert [one.path for one in folder.read(books).files] == [
        "data/books.ttl",
        "data/dataset.ttl",
        "data/deep/er/x.nt",
        "ontology/core.ttl",
        "shapes/book.ttl",
        "shapes/hygiene/x.rq",
    ]


def test_hidden_files_and_folders_are_left_out(books: Path) -> None:
    before = folder.read(books)
    for path in ("data/.x.ttl", "data/.git/x.ttl", "data/a/.b/c/x.ttl"):
        put(books, path, "broken")
    assert folder.read(books) == before


def test_a_hidden_folder_above_does_not_hide_a_publication(books: Path) -> None:
    hidden = books.rename(books.with_name(".books"))
    assert folder.read(hidden).files


def test_queries_are_hygiene_and_no_rdf(books: Path) -> None:
    write(books, "shapes/hygiene/x.rq", "")
    found = folder.read(books)
    assert [one.path for one in found.hygiene()] == ["shapes/hygiene/x.rq"]
    assert [one.path for one in found.of("shapes")] == ["shapes/book.ttl"]


def test_a_folder_without_data_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAPublication, match="no folder data/"):
        folder.read(tmp_path)


def test_a_folder_with_nothing_readable_in_data_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").touch()
    with pytest.raises(NotAPublication, match="no file that can be read"):
        folder.read(tmp_path)


def test_a_graph_is_named_like_its_file_without_the_ending(books: Path) -> None:
    assert file(books, "data/books.ttl").graph(BASE).value == f"{BASE}graph/data/books"
    assert write(books, "data/a b/v1.2~x_y.nt", "").graph(BASE).value == (
        f"{BASE}graph/data/a%20b/v1.2~x_y"
    )
    assert write(books, "data/こころ.ttl", "").graph(BASE).value == (
        f"{BASE}graph/data/%E3%81%93%E3%81%93%E3%82%8D"
    )


def test_the_same_folder_has_the_same_fingerprint_wherever_it_is(books: Path) -> None:
    before = folder.read(books).fingerprint
    os.utime(books / "data/books.ttl", (0, 0))
    assert folder.read(books.rename(books.with_name("moved"))).fingerprint == before


def test_a_byte_more_makes_another_fingerprint(books: Path) -> None:
    before = folder.read(books).fingerprint
    with (books / "data/books.ttl").open("a") as stream:
        stream.write("\n")
    assert folder.read(books).fingerprint != before


def test_another_name_makes_another_fingerprint(books: Path) -> None:
    before = folder.read(books).fingerprint
    (books / "data/books.ttl").rename(books / "data/book.ttl")
    assert folder.read(books).fingerprint != before


def test_a_query_that_changes_makes_another_fingerprint(books: Path) -> None:
    write(books, "shapes/hygiene/x.rq", "SELECT * {}")
    before = folder.read(books).fingerprint
    write(books, "shapes/hygiene/x.rq", "SELECT * { }")
    assert folder.read(books).fingerprint != before


def test_the_stamp_changes_when_a_file_is_written_added_or_removed(books: Path) -> None:
    seen = {folder.stamp(books)}
    assert folder.stamp(books) in seen
    os.utime(books / "data/books.ttl", (1, 1))
    seen.add(folder.stamp(books))
    write(books, "data/more.ttl", "")
    seen.add(folder.stamp(books))
    (books / "data/more.ttl").unlink()
    (books / "data/dataset.ttl").unlink()
    seen.add(folder.stamp(books))
    assert len(seen) == 4


def test_every_triple_knows_the_line_it_ends_on(books: Path) -> None:
    text = '<a> <p> 1 , 2 ;\n  <q>\n  3 .\n# a comment\n\n<b> <p> """x\ny""" .'
    found = parse(books, "data/x.ttl", text)
    values = [triple.object.value for triple in found.triples]  # type: ignore[union-attr]
    assert dict(zip(values, found.lines, strict=True)) == {"1": 1, "2": 1, "3": 3, "x\ny": 7}


def test_lines_end_as_on_windows_too(books: Path) -> None:
    found = parse(books, "data/x.ttl", b"<a> <p> 1 .\r\n\r\n<a> <p> 2 .\r\n")
    assert found.lines == [1, 3]


@pytest.mark.parametrize("length", [4_096, 5_000, 2_000_000])
def test_a_line_may_be_long(books: Path, length: int) -> None:
    """The parser asks for 4 kB at a time and aborted the process when it was given more."""
    found = parse(books, "data/x.ttl", f'<a> <p> "{"x" * length}" .\n<b> <p> 2 .\n')
    assert len(found.triples[0].object.value) == length  # type: ignore[union-attr]
    assert found.lines == [1, 2]


def test_what_does_not_parse_is_told_with_file_line_and_column(books: Path) -> None:
    with pytest.raises(SyntaxFault) as told:
        parse(books, "data/x.ttl", "<a> <p> 1 .\n<a> <p>\n  oops .\n")
    fault = told.value
    assert (fault.file.path, fault.line, fault.column) == ("data/x.ttl", 3, 3)
    assert str(fault).startswith("data/x.ttl:3:3: ")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("data/x.nt", "<urn:a> <urn:p> <urn:b> .\n<urn:a> <urn:p> .\n"),
        ("data/x.rdf", "<?xml version='1.0'?>\n<rdf:RDF>"),
        ("data/x.jsonld", '{"@id":\n "urn:a",}'),
        ("data/x.ttl", b"<a> <p> 1 .\n<a> <p> '\xff\xfe' .\n"),
    ],
    ids=["nt", "rdf", "jsonld", "not UTF-8"],
)
def test_every_format_tells_where_it_breaks(books: Path, path: str, text: str | bytes) -> None:
    with pytest.raises(SyntaxFault, match=rf"{path}:2:\d+: "):
        parse(books, path, text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("data/x.ttl", f'<urn:a> {TITLE} "こころ"@ja .'),
        ("data/x.nt", f'<urn:a> {TITLE} "こころ"@ja .'),
        (
            "data/x.rdf",
            '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
            ' xmlns:d="http://purl.org/dc/terms/"><r:Description r:about="urn:a">\n'
            '<d:title xml:lang="ja">こころ</d:title></r:Description></r:RDF>',
        ),
        (
            "data/x.owl",
            '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
            ' xmlns:d="http://purl.org/dc/terms/"><r:Description r:about="urn:a">\n'
            '<d:title xml:lang="ja">こころ</d:title></r:Description></r:RDF>',
        ),
        (
            "data/x.jsonld",
            '{"@id": "urn:a", "http://purl.org/dc/terms/title":'
            ' {"@value": "こころ", "@language": "ja"}}',
        ),
        ("data/x.trig", f'{{ <urn:a> {TITLE} "こころ"@ja }}'),
        ("data/x.nq", f'<urn:a> {TITLE} "こころ"@ja .'),
    ],
    ids=lambda value: value[5:] if value.startswith("data/") else "",
)
def test_every_ending_is_read(books: Path, path: str, text: str) -> None:
    said = ox.Triple(
        ox.NamedNode("urn:a"),
        ox.NamedNode("http://purl.org/dc/terms/title"),
        ox.Literal("こころ", language="ja"),
    )
    assert parse(books, path, text).triples == [said]


def test_every_ending_there_is_has_been_tried() -> None:
    tried = {".ttl", ".nt", ".rdf", ".owl", ".jsonld", ".trig", ".nq"}
    assert tried == set(folder.ENDINGS)


NAMED = {
    "data/x.trig": "<urn:a> <urn:p> 1 .\n<urn:g> {\n<urn:a> <urn:p> 2 }\n",
    "data/x.nq": "<urn:a> <urn:p> <urn:1> .\n\n<urn:a> <urn:p> <urn:2> <urn:g> .\n",
    "data/x.jsonld": '[{"@id": "urn:a", "urn:p": 1},\n\n'
    '{"@id": "urn:g", "@graph": [{"@id": "urn:a", "urn:p": 2}]}]',
}


@pytest.mark.parametrize("path", NAMED)
def test_a_graph_that_a_file_in_data_names_keeps_its_name(books: Path, path: str) -> None:
    """What stands in no graph of the file's is the file's own, as in a format without graphs."""
    found = parse(books, path, NAMED[path])
    assert found.graphs == [None, ox.NamedNode("urn:g")]
    assert [len(found.triples), len(found.lines)] == [2, 2]


def test_a_triple_in_a_named_graph_knows_its_line_too(books: Path) -> None:
    assert parse(books, "data/x.trig", NAMED["data/x.trig"]).lines == [1, 3]


def test_a_file_may_name_its_own_graph(books: Path) -> None:
    own = f"<{BASE}graph/data/x> {{ <urn:a> <urn:p> 1 }}"
    assert parse(books, "data/x.trig", own).graphs == [None]


@pytest.mark.parametrize(
    ("path", "name", "why"),
    [
        ("ontology/x.trig", "<urn:g>", "which only a file in data/ may do"),
        ("shapes/x.trig", "<urn:g>", "which only a file in data/ may do"),
        ("data/x.trig", "_:g", "a graph needs an IRI"),
        ("data/x.trig", f"<{BASE}graph/data/books>", "is for graphs of files"),
        ("data/x.trig", f"<{BASE}graph/inferred>", "is for graphs of files"),
    ],
    ids=["ontology", "shapes", "no IRI", "another file's", "what was inferred"],
)
def test_a_graph_under_a_name_that_misleads_is_told_with_its_line(
    books: Path, path: str, name: str, why: str
) -> None:
    with pytest.raises(SyntaxFault, match=rf"{path}:2:1: it names .*{why}"):
        parse(books, path, f"<urn:a> <urn:p> 1 .\n{name} {{ <urn:a> <urn:p> 2 }}\n")


def test_an_ontology_may_be_in_a_format_that_has_graphs(books: Path) -> None:
    assert parse(books, "ontology/x.trig", "<urn:a> <urn:p> 1 .").graphs == [None]


def test_a_blank_node_is_one_in_all_graphs_of_a_file(books: Path) -> None:
    found = parse(books, "data/x.trig", "_:x <urn:p> 1 . <urn:g> { _:x <urn:p> 2 }")
    assert len(blank_nodes(found)) == 1


def test_a_release_answers_from_the_graphs_that_files_name(
    books: Path, publish: Publish, plain_settings: Settings
) -> None:
    """And from the file's own graph, and from the default graph, which is the union of all."""
    put(books, "data/x.trig", "<urn:a> <urn:p> 1 . <urn:g> { <urn:a> <urn:p> 2 }")
    with service.local(plain_settings, publish()) as site:
        client = Client(create_app(plain_settings, site))

        def ask(query: str) -> str:
            return client.get("/sparql", query_string={"query": query, "format": "csv"}).text

        assert ask("SELECT ?g ?o { GRAPH ?g { <urn:a> <urn:p> ?o } } ORDER BY ?o") == (
            f"g,o\r\n{BASE}graph/data/x,1\r\nurn:g,2\r\n"
        )
        assert ask("SELECT ?o { <urn:a> <urn:p> ?o } ORDER BY ?o") == "o\r\n1\r\n2\r\n"
        assert ask("SELECT ?o FROM <urn:g> { <urn:a> <urn:p> ?o }") == "o\r\n2\r\n"


def test_a_file_without_a_triple_is_a_graph_all_the_same(
    books: Path, publish: Publish, plain_settings: Settings
) -> None:
    put(books, "data/empty.ttl")
    with service.local(plain_settings, publish()) as site:
        client = Client(create_app(plain_settings, site))
        query = f"SELECT * FROM <{BASE}graph/data/empty> {{ ?s ?p ?o }}"
        answer = client.get("/sparql", query_string={"query": query, "format": "csv"})
        assert (answer.status_code, answer.text) == (200, "s,p,o\r\n")


def test_iris_may_be_in_any_script(books: Path) -> None:
    found = parse(books, "data/x.ttl", "@prefix : <https://例え.jp/> . :夏目漱石 a <urn:作家> .")
    assert found.triples[0].subject == ox.NamedNode("https://例え.jp/夏目漱石")
    assert found.prefixes == {"": "https://例え.jp/"}


def test_relative_iris_are_relative_to_the_graph_within_the_base(books: Path) -> None:
    found = parse(books, "data/deep/x.ttl", "<#a> <p> </q> .")
    triple = found.triples[0]
    assert triple.subject == ox.NamedNode(f"{BASE}data/deep/x#a")
    assert triple.predicate == ox.NamedNode(f"{BASE}data/deep/p")
    assert triple.object == ox.NamedNode(f"{BASE}q")


BLANK = "_:x <urn:p> [ <urn:p> _:x , [] ] .\n"


def test_blank_nodes_have_the_same_names_each_time(books: Path) -> None:
    assert parse(books, "data/x.ttl", BLANK).triples == parse(books, "data/x.ttl", BLANK).triples


def test_blank_nodes_of_two_files_are_never_one(books: Path) -> None:
    one = blank_nodes(parse(books, "data/x.ttl", BLANK))
    other = blank_nodes(parse(books, "data/y.ttl", BLANK))
    assert len(one) == len(other) == 3
    assert not one & other


def blank_nodes(parsed: Parsed) -> set[ox.BlankNode]:
    terms = {term for triple in parsed.triples for term in (triple.subject, triple.object)}
    return {term for term in terms if isinstance(term, ox.BlankNode)}


def test_a_file_that_changed_since_the_folder_was_read_is_not_taken_for_it(books: Path) -> None:
    """Its triples would go into a release that bears the name of others."""
    found = write(books, "data/x.ttl", "<a> <p> 1 .\n")
    found.location.write_text("<a> <p> 2 .\n", encoding="utf-8")
    with pytest.raises(CouldNotCheck, match=r"data/x\.ttl changed"):
        found.parse(BASE)


def test_a_file_that_went_since_the_folder_was_read_is_told(books: Path) -> None:
    found = write(books, "data/x.ttl", "<a> <p> 1 .\n")
    found.location.unlink()
    with pytest.raises(CouldNotCheck, match=r"data/x\.ttl"):
        found.parse(BASE)


def test_a_publication_says_its_base_title_and_licence(books: Path) -> None:
    found = folder.read(books).publication
    assert (found.base, found.stated) == (BASE, True)
    assert found.dataset == f"{BASE}id/dataset/books"
    assert found.titles == {"en": "A shelf of books"}
    assert found.license == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert found.examples == (f"{BASE}id/book/the-leopard",)


def test_titles_are_kept_in_every_language_and_the_publisher_by_name(books: Path) -> None:
    write(
        books,
        "data/dataset.ttl",
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
        "@prefix void: <http://rdfs.org/ns/void#> .\n"
        "<urn:d> a void:Dataset ; void:uriSpace 'https://x.example/' ;\n"
        "  dcterms:title 'Books'@en , 'Libri'@it ; dcterms:publisher <urn:them> .\n"
        "<urn:them> <http://xmlns.com/foaf/0.1/name> 'The press' .",
    )
    found = folder.read(books).publication
    assert found.titles == {"en": "Books", "it": "Libri"}
    assert found.publisher == "The press"
    assert found.base == "https://x.example/"


def test_a_publication_is_called_by_the_label_of_its_dataset_else_by_its_title(books: Path) -> None:
    assert folder.read(books).publication.names == {"en": "A shelf of books"}
    write(
        books,
        "data/dataset.ttl",
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "@prefix void: <http://rdfs.org/ns/void#> .\n"
        "<urn:d> a void:Dataset ; void:uriSpace 'https://x.example/' ;\n"
        "  dcterms:title 'Books: all that is on the shelf'@en ; rdfs:label 'Books'@en .\n",
    )
    found = folder.read(books).publication
    assert (found.names, found.titles) == (
        {"en": "Books"},
        {"en": "Books: all that is on the shelf"},
    )


def test_the_dataset_that_states_its_space_is_the_one_meant(books: Path) -> None:
    write(books, "data/a.ttl", "<urn:a> a <http://www.w3.org/ns/dcat#Dataset> .")
    assert folder.read(books).publication.dataset == f"{BASE}id/dataset/books"


def test_data_that_says_nothing_has_its_base_guessed(tmp_path: Path) -> None:
    lines = [f"<https://data.example/things/{kind}/{n}> a <urn:K> ." for kind in "ab" for n in "12"]
    lines += ["<https://other.example/x> a <urn:K> .", "<urn:z> a <urn:K> ."]
    write(tmp_path, "data/x.nt", "\n".join(lines).replace(" a ", f" {TITLE} "))
    found = folder.read(tmp_path).publication
    assert (found.base, found.stated) == ("https://data.example/things/", False)
    assert found.titles == {"": tmp_path.name}


def test_a_single_thing_gives_the_folder_of_its_iri(tmp_path: Path) -> None:
    write(tmp_path, "data/x.ttl", "<https://data.example/id/one> a <urn:K> .")
    assert folder.read(tmp_path).publication.base == "https://data.example/id/"


def test_data_without_any_web_address_has_a_base_that_leads_nowhere(tmp_path: Path) -> None:
    write(tmp_path, "data/x.ttl", "<urn:a> a <urn:K> .")
    assert folder.read(tmp_path).publication.base == UNKNOWN_BASE


def test_a_file_that_does_not_parse_does_not_hide_what_the_others_say(books: Path) -> None:
    write(books, "data/a.ttl", "uriSpace oops")
    assert folder.read(books).publication.stated


@pytest.mark.parametrize("name", ["a b", "100%", "<x>", "こころ"])
def test_a_file_may_have_any_name(books: Path, name: str) -> None:
    found = parse(books, f"data/{name}.ttl", "<#a> <urn:p> <urn:o> .")
    assert len(found.triples) == 1


def test_a_query_outside_the_shapes_is_no_rule(books: Path) -> None:
    write(books, "data/x.rq", "SELECT * {}")
    assert folder.read(books).hygiene() == ()


def test_relative_iris_do_not_make_a_base(tmp_path: Path) -> None:
    write(
        tmp_path,
        "data/x.ttl",
        "<#a> <urn:p> <#b> . <#b> <urn:p> <#c> . <https://a.example/x> a <#c> .",
    )
    assert folder.read(tmp_path).publication.base == "https://a.example/"


def test_a_file_that_cannot_be_read_is_told(books: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> bytes:  # nothing is unreadable to root
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(CouldNotCheck, match=r"core\.ttl cannot be read: Permission denied"):
        folder.read(books)


def test_a_link_that_leads_to_itself_does_not_stop_the_watch(books: Path) -> None:
    (books / "data" / "loop.ttl").symlink_to("loop.ttl")
    assert folder.stamp(books) == folder.stamp(books)
