"""A shapes graph read once: messages with their values, paths in words, what engines pass over."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from foedera import terms
from foedera.check.results import Result
from foedera.check.shapes import COMPONENTS, Shapes

NS = "https://example.org/ns#"
PREFIXES = f"""\
@prefix : <{NS}> .
@prefix sh: <{terms.SH}> .
@prefix xsd: <{terms.XSD}> .
"""


def shapes(text: str) -> Shapes:
    quads = ox.parse(PREFIXES + text, format=ox.RdfFormat.TURTLE)
    return Shapes([quad.triple for quad in quads])


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(NS + name)


def result(component: str, value: Any = None, **more: Any) -> Result:
    name = f"{terms.SH}{component}ConstraintComponent"
    return Result(node("a"), f"<{NS}p>", value, node("S"), name, "violation", **more)


def test_the_authors_words_have_the_values_and_the_parameters_of_the_shape() -> None:
    text = (
        ':S sh:minCount 2 ; sh:message "{$this} needs {?minCount}"@en , '
        '"a {$this} ne servono {?minCount}"@it .'
    )
    told = {"en": "{$this} needs {?minCount}"}
    assert shapes(text).messages(result("MinCount", messages=told)) == {
        "en": f"<{NS}a> needs 2",
        "it": f"a <{NS}a> ne servono 2",
    }


def test_of_variables_that_only_the_engine_knows_its_words_are_taken() -> None:
    text = ':S sh:sparql :Q . :Q sh:message "{?other} is not free"@en .'
    told = {"en": "x is not free"}
    found = shapes(text).messages(result("SPARQL", constraint=node("Q"), messages=told))
    assert found == told


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_has_a_sentence_in_english_and_italian(component: str) -> None:
    found = shapes(":S a sh:NodeShape .").messages(result(component, ox.Literal("x")))
    assert set(found) == {"en", "it"}
    assert all("{" not in words and words.endswith(".") for words in found.values())
    assert found["en"] != found["it"]


@pytest.mark.parametrize(
    ("component", "parameter", "words"),
    [
        ("MinCount", "sh:minCount 1", "At least 1 of these"),
        ("NodeKind", "sh:nodeKind sh:BlankNodeOrIRI", "must be a thing, and no text"),
        ("NodeKind", "sh:nodeKind sh:IRI", "must be an IRI"),
        ("Datatype", "sh:datatype xsd:date", "must have the datatype xsd:date"),
        ("In", 'sh:in ( "a"@en 1.5 )', 'must be one of "a"@en, 1.5'),
        ("LanguageIn", 'sh:languageIn ( "en" "it" )', 'languages: "en", "it"'),
    ],
)
def test_a_sentence_says_what_is_wanted_in_words(
    component: str, parameter: str, words: str
) -> None:
    found = shapes(f":S {parameter} .").messages(result(component, ox.Literal("x")))
    assert words in found["en"]


PATHS = {
    ":p": "signed by",
    "[ sh:inversePath :p ]": "signed by (backwards)",
    "( :p :q )": "signed by, and of that q",
    "[ sh:alternativePath ( :p [ sh:inversePath :q ] ) ]": "signed by or q (backwards)",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_told_in_words(path: str) -> None:
    graph = shapes(f":S sh:path {path} .")
    names = {f"{NS}p": {"en": "signed by", "it": "firmato da"}}
    words = graph.path_words(graph.path_of(node("S")), lambda iri: names.get(iri, {}))
    assert words["en"] == PATHS[path]
    assert words["it"].startswith("firmato da")


def test_a_path_or_a_list_in_a_circle_ends() -> None:
    circle = f"_:b <{terms.FIRST}> 1 ; <{terms.REST}> _:b ."
    graph = shapes(f":S sh:path _:a . _:a sh:inversePath _:a . {circle}")
    assert graph.path_of(node("S")).startswith("^^")
    head = next(one.subject for one in graph.triples if one.predicate.value == terms.REST)
    assert len(graph.members(head)) == 1


def test_an_unnamed_shape_belongs_to_the_named_one_above_it() -> None:
    graph = shapes(":S sh:or ( [ sh:property [ sh:path :p ; sh:minCount 1 ] ] ) .")
    inner = next(one.subject for one in graph.triples if one.predicate.value == terms.SH + "path")
    assert graph.owner(inner) == node("S")


def test_unknown_words_and_shapes_that_are_nowhere_are_named() -> None:
    """Engines pass over a word of SHACL 1.2, and stumble on the other."""
    faults = shapes(":S sh:reifierShape :T ; sh:property :nowhere .").faults()
    assert len(faults) == 2
    assert "sh:reifierShape" in faults[0].messages["en"]
    assert f"<{NS}nowhere>" in faults[1].messages["it"]
