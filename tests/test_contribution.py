"""A contribution is judged together with what is published, by all that judges a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from foedera import folder, release
from foedera.check import Finding, Report, contribution, reading
from foedera.errors import CouldNotCheck
from foedera.stores.embedded import EmbeddedStore

PREFIXES = """\
@prefix : <https://example.org/ns#> .
@prefix book: <https://example.org/id/book/> .
@prefix person: <https://example.org/id/person/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
START = PREFIXES.count("\n")
BOOK = """\
book:botchan a :Book ;
    rdfs:label "Botchan"@en ;
    :writtenBy person:natsume-soseki .
"""
NAMELESS = """\
book:botchan a :Book ;
    :writtenBy person:natsume-soseki .
"""

Judge = Callable[..., Report]


def document(text: str, name: str = "new.ttl") -> reading.Document:
    return reading.read(name, (PREFIXES + text).encode(), base="https://example.org/")


@pytest.fixture(params=["folder", "release", "on disk"])
def judge(request: pytest.FixtureRequest, books: Path, tmp_path: Path) -> Judge:
    """What judges some Turtle together with the books, wherever these are read from."""
    if request.param == "folder":
        against = contribution.of_folder(folder.read(books))
    else:
        made = release.publish(books, tmp_path / "state", 5, lambda _: None)
        way = EmbeddedStore.load if request.param == "release" else EmbeddedStore.open
        against = contribution.of_release(made.rules, way(made.path))
    return lambda text: contribution.judge([document(text)], against)


def shown(report: Report) -> list[tuple[str, str, int, str]]:
    return [(one.code, one.severity, one.line - START, one.standing) for one in report.findings]


def violations(report: Report) -> list[tuple[str, int]]:
    return [(one.code, one.line - START) for one in report.violations]


def test_what_leans_on_what_is_published_conforms(judge: Judge) -> None:
    """The author is described in the publication alone."""
    report = judge(BOOK)
    assert (report.conforms, violations(report)) == (True, [])


def test_what_breaks_a_shape_is_told_of_at_its_line(judge: Judge) -> None:
    report = judge(NAMELESS)
    assert violations(report) == [("shape-min-count", 1)]
    (finding,) = report.violations
    assert finding.message() == "A book needs a name: write rdfs:label with its title."
    assert finding.focus == "https://example.org/id/book/botchan"
    assert finding.rule == "https://example.org/shapes/Book-label"
    assert finding.standing == "introduced"


def test_a_value_is_told_of_where_it_stands(judge: Judge) -> None:
    report = judge(BOOK.replace("person:natsume-soseki", "book:kokoro"))
    finding = next(one for one in report.violations if one.code == "shape-class")
    assert (finding.line - START, finding.column, finding.end_column) == (3, 16, 27)
    assert finding.fix == ""  # it is known to be something else


def test_of_what_is_known_to_nobody_it_is_said_how_to_say_what_it_is(judge: Judge) -> None:
    report = judge(BOOK.replace("person:natsume-soseki", "person:nobody-at-all"))
    finding = next(one for one in report.violations if one.code == "shape-class")
    assert finding.fix == "person:nobody-at-all a :Author ."


def test_the_shape_that_a_name_nearly_meant_breaks_says_which(judge: Judge) -> None:
    report = judge(BOOK.replace("person:natsume-soseki", "person:natsume-soseky"))
    finding = next(one for one in report.violations if one.code == "shape-class")
    assert finding.fix == "person:natsume-soseki"


def test_a_published_thing_that_breaks_by_it_is_told_of_in_its_line(judge: Judge) -> None:
    """Somebody who is no author now has written a published book."""
    report = judge("book:kokoro :writtenBy book:the-leopard .\n")
    finding = next(one for one in report.violations if one.code == "shape-class")
    assert (finding.line - START, finding.focus) == (1, "https://example.org/id/book/kokoro")
    assert finding.labels["ja"] == "こころ"


def test_the_engine_and_the_release_are_named(judge: Judge) -> None:
    assert judge(BOOK).engine


def test_nothing_is_run_over_what_was_not_read_whole(judge: Judge) -> None:
    report = judge(NAMELESS.replace("a :Book", 'a "Book'))
    assert {one.kind for one in report.violations} == {"syntax"}
    assert any("not run" in note for note in report.skipped)
    assert not report.conforms


def test_alone_it_leans_on_the_ontology_only(books: Path) -> None:
    against = contribution.of_folder(folder.read(books)).alone()
    report = contribution.judge([document(BOOK)], against)
    assert ("shape-class", 3) in violations(report)


def faulty(books: Path, text: str = NAMELESS) -> None:
    """The books with one that breaks a rule, published before there was one."""
    (books / "data" / "old.ttl").write_text(PREFIXES + text, encoding="utf-8")


def test_what_was_wrong_before_does_not_count(books: Path) -> None:
    faulty(books, BOOK.replace("person:natsume-soseki", "book:kokoro"))
    against = contribution.of_folder(folder.read(books))
    text = "book:botchan :writtenBy person:natsume-soseki .\n"
    report = contribution.judge([document(text)], against)
    assert ("shape-class", "violation", 1, "there") in shown(report)
    assert report.conforms


def test_what_is_mended_is_said(books: Path) -> None:
    faulty(books)
    against = contribution.of_folder(folder.read(books))
    report = contribution.judge([document('book:botchan rdfs:label "Botchan"@en .\n')], against)
    resolved = [one for one in report.findings if one.standing == "resolved"]
    assert [one.code for one in resolved] == ["shape-min-count"]
    assert report.conforms


def test_a_file_that_takes_the_place_of_a_published_one_is_judged_by_the_difference(
    books: Path,
) -> None:
    """Kokoro loses its name; nothing is wrong with what the new file itself states."""
    path = books / "data" / "books.ttl"
    text = path.read_text(encoding="utf-8").replace('rdfs:label "Kokoro"@en , "こころ"@ja ;\n', "")
    against = contribution.of_folder(folder.read(books), {"data/books.ttl"})
    report = contribution.judge([reading.read("data/books.ttl", text.encode())], against)
    (finding,) = report.violations
    assert (finding.code, finding.focus) == (
        "shape-min-count",
        "https://example.org/id/book/kokoro",
    )


def test_a_query_of_the_publication_finds_it_too(books: Path) -> None:
    queries = books / "shapes" / "hygiene"
    queries.mkdir(exist_ok=True)
    (queries / "upper.rq").write_text(
        """SELECT ?focus ?path ?value ?message {
          ?focus <http://www.w3.org/2000/01/rdf-schema#label> ?value
          FILTER(UCASE(STR(?value)) = STR(?value) && LANG(?value) = "en")
          BIND(<http://www.w3.org/2000/01/rdf-schema#label> AS ?path)
          BIND("Do not shout." AS ?message)
        }""",
        encoding="utf-8",
    )
    against = contribution.of_folder(folder.read(books))
    report = contribution.judge([document(BOOK.replace('"Botchan"', '"BOTCHAN"'))], against)
    (finding,) = report.violations
    assert (finding.code, finding.line - START, finding.message(), finding.rule) == (
        "rule",
        2,
        "Do not shout.",
        "shapes/hygiene/upper.rq",
    )


def test_a_rule_that_cannot_be_run_is_never_taken_for_conforming(books: Path) -> None:
    queries = books / "shapes" / "hygiene"
    queries.mkdir(exist_ok=True)
    (queries / "bad.rq").write_text("SELECT ?focus {", encoding="utf-8")
    against = contribution.of_folder(folder.read(books))
    with pytest.raises(CouldNotCheck, match=r"hygiene/bad\.rq"):
        contribution.judge([document(BOOK)], against)


def test_a_publication_that_does_not_parse_is_said_to_be_at_fault(books: Path) -> None:
    (books / "data" / "broken.ttl").write_text("nonsense", encoding="utf-8")
    with pytest.raises(CouldNotCheck, match=r"data/broken\.ttl:1"):
        contribution.of_folder(folder.read(books))


def test_several_files_are_one_contribution(books: Path) -> None:
    """Each leans on the other."""
    against = contribution.of_folder(folder.read(books))
    one = document(BOOK.replace("natsume-soseki", "jun"), "one.ttl")
    two = document('person:jun a :Author ; rdfs:label "Jun"@en .\n', "two.ttl")
    assert ("shape-class", 3) in violations(contribution.judge([one], against))
    assert violations(contribution.judge([one, two], against)) == []


def test_findings_are_equal_from_a_folder_and_from_its_release(books: Path, tmp_path: Path) -> None:
    made = release.publish(books, tmp_path / "state", 5, lambda _: None)
    ways = (
        contribution.of_folder(folder.read(books)),
        contribution.of_release(made.rules, EmbeddedStore.load(made.path)),
    )
    text = NAMELESS + BOOK.replace("botchan", "sanshiro").replace("natsume-soseki", "nobody")
    found: list[tuple[Finding, ...]] = [
        contribution.judge([document(text)], against).findings for against in ways
    ]
    assert found[0] == found[1] != ()
