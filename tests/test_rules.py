"""What a release keeps of the rules is what the files say."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from foedera import folder, release
from foedera.check import rules

SHAPES = """\
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<urn:s> a sh:NodeShape ; sh:targetSubjectsOf <urn:p> ;
  sh:property [ sh:path <urn:p> ; sh:in ( "01"^^xsd:integer "1.50"^^xsd:decimal ) ;
                sh:message "Più piccolo"@it-IT ] .
"""
QUERY = 'SELECT ?focus { ?focus <urn:never> "\\u00e9" }'


@pytest.fixture
def kept(books: Path, tmp_path: Path) -> rules.Rules:
    (books / "shapes" / "odd.ttl").write_text(SHAPES, encoding="utf-8")
    (books / "shapes" / "hygiene").mkdir(exist_ok=True)
    (books / "shapes" / "hygiene" / "never.rq").write_text(QUERY, encoding="utf-8")
    return release.publish(books, tmp_path / "state", 5, lambda _: None).rules


def parsed(books: Path, part: str) -> set[ox.Triple]:
    source = folder.read(books)
    base = source.publication.base
    return {triple for file in source.of(part) for triple in file.parse(base).triples}


def test_shapes_and_ontology_are_kept_as_the_files_have_them(
    books: Path, kept: rules.Rules
) -> None:
    assert set(kept.shapes) == parsed(books, "shapes")
    assert set(kept.ontology) == parsed(books, "ontology")


def test_no_literal_is_rewritten(kept: rules.Rules) -> None:
    texts = {str(one.object) for one in kept.shapes if isinstance(one.object, ox.Literal)}
    assert '"01"^^<http://www.w3.org/2001/XMLSchema#integer>' in texts
    assert '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>' in texts


def test_queries_are_kept_by_their_paths(kept: rules.Rules) -> None:
    assert kept.hygiene["shapes/hygiene/never.rq"] == QUERY


def test_the_graphs_that_state_nothing_about_things_are_named(
    books: Path, kept: rules.Rules
) -> None:
    base = folder.read(books).publication.base
    shapes = {file.graph(base).value for file in folder.read(books).of("shapes")}
    assert kept.graphs == shapes | {f"{base}graph/inferred"}


def test_the_release_is_named(books: Path, kept: rules.Rules) -> None:
    assert kept.release == release.identifier(folder.read(books))


def test_a_release_without_rules_says_so(books: Path, tmp_path: Path) -> None:
    made = release.publish(books, tmp_path / "state", 5, lambda _: None)
    (made.path / "rules" / "rules.json").unlink()
    with pytest.raises(OSError, match="rules"):
        _ = made.rules
