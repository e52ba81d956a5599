"""Descriptions: what an IRI means, and all that is known of it, from a store without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from foedera import describe, formats, terms
from foedera.errors import NotAcceptable, NotFound
from foedera.stores.embedded import EmbeddedStore
from foedera.web import create_app

BASE = "https://base.example/"
NS = BASE + "ns#"

DATA = f"""
@prefix : <{BASE}id/> .
@prefix ns: <{NS}> .
@prefix rdfs: <{terms.RDFS}> .
@prefix skos: <{terms.SKOS}> .
:a a ns:Thing ; rdfs:label "A"@en ; ns:to :b , [ ns:to :c ] .
:b skos:prefLabel "B" ; rdfs:label "not the best name" .
_:x ns:to :c ; ns:part _:y . _:y ns:says "y" . :owner ns:of _:x .
_:loop ns:to _:loop , :looped .
ns:Thing rdfs:label "Thing" .
ns:to rdfs:label "to" .
<{BASE}ns> a ns:Ontology .
<{BASE}people#one> ns:to <{BASE}people#two> .
<{BASE}people#two> rdfs:label "Two" .
<{BASE}alone#it> ns:to :b .
"""

Make = Callable[[str], EmbeddedStore]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def make(turtle: str) -> EmbeddedStore:
        """A store in memory of some Turtle, as a release holds it."""
        store = ox.Store()
        store.extend(ox.parse(turtle, format=ox.RdfFormat.TURTLE))
        documents: dict[str, list[str]] = {}
        mentioned: dict[str, list[str]] = {}
        described = {quad.subject for quad in store}
        for quad in store:
            for node in (quad.subject, quad.predicate, quad.object):
                if isinstance(node, ox.NamedNode) and "#" in node.value.removeprefix(terms.RDF):
                    places = documents if node in described else mentioned
                    known = places.setdefault(node.value.partition("#")[0], [])
                    known += [] if node.value in known else [node.value]
        (tmp_path / "documents.json").write_text(json.dumps(documents), encoding="utf-8")
        (tmp_path / "mentioned.json").write_text(json.dumps(mentioned), encoding="utf-8")
        used = {quad.predicate.value: 1 for quad in store}
        (tmp_path / "numbers.json").write_text(json.dumps({"properties": used}), encoding="utf-8")
        manifest = {
            "publication": {"base": BASE, "license": "https://l.example/", "dataset": ""},
            "release": "r1",
            "prefixes": {"ns": NS, "": f"{BASE}id/", "rdfs": terms.RDFS},
        }
        return EmbeddedStore(store, manifest, tmp_path)

    return make


@pytest.fixture
def store(make: Make) -> EmbeddedStore:
    return make(DATA)


class Kept:
    """A reply that keeps what it is told."""

    def __init__(self) -> None:
        self.heads: list[dict[str, Any]] = []
        self.body = b""

    def head(self, content: dict[str, Any]) -> None:
        assert self.body == b""
        self.heads.append(content)

    def write(self, part: bytes) -> int:
        self.body += part
        return len(part)


def described(store: EmbeddedStore, iri: str, engine: str = "TURTLE", most: int = 100) -> Kept:
    reply: Any = Kept()
    describe.graph(store, {"iris": [iri], "engine": engine, "most": most}, reply)
    kept: Kept = reply
    return kept


def triples(kept: Kept, engine: str = "TURTLE") -> set[ox.Triple]:
    return {q.triple for q in ox.parse(kept.body, format=getattr(ox.RdfFormat, engine))}


def node(iri: str) -> ox.NamedNode:
    return ox.NamedNode(iri if ":" in iri else f"{BASE}id/{iri}")


def test_the_first_iri_of_which_anything_is_known_is_meant(store: EmbeddedStore) -> None:
    found = describe.find(store, ["not an IRI", f"{BASE}id/z", f"{BASE}id/b", f"{BASE}id/a"])
    assert found.iri == f"{BASE}id/b"


def test_what_is_only_mentioned_is_known(store: EmbeddedStore) -> None:
    assert describe.find(store, [f"{BASE}id/c"]).thing == node("c")


def test_what_is_nowhere_is_not_found_by_its_likeliest_name(store: EmbeddedStore) -> None:
    with pytest.raises(NotFound, match="<urn:first>"):
        describe.find(store, ["urn:first", "urn:second"])


def test_a_thing_is_a_document_of_others_or_both(store: EmbeddedStore) -> None:
    assert describe.find(store, [f"{BASE}id/a"]).hashed == ()
    people = describe.find(store, [f"{BASE}people"])
    assert (people.thing, len(people.hashed), people.topic) == (None, 2, None)
    ontology = describe.find(store, [f"{BASE}ns"])
    assert ontology.thing == ontology.topic == node(f"{BASE}ns")
    assert ontology.things == (ontology.thing, *ontology.hashed, *ontology.mentioned)
    alone = describe.find(store, [f"{BASE}alone"])
    assert alone.topic == node(f"{BASE}alone#it")


def test_what_is_only_mentioned_of_a_document_comes_with_what_leads_to_it(make: Make) -> None:
    data = f"<{BASE}a> <{NS}to> <{BASE}people#one> . <{BASE}people#two> <{NS}to> <{BASE}a> ."
    store = make(data)
    people = describe.find(store, [f"{BASE}people"])
    assert people.topic == node(f"{BASE}people#two")
    assert people.led_to == (node(f"{BASE}people#two"), node(f"{BASE}people#one"))
    wanted = ox.Triple(node(f"{BASE}a"), node(f"{NS}to"), node(f"{BASE}people#one"))
    assert wanted in triples(described(store, f"{BASE}people"))


def test_a_property_of_which_nothing_is_said_is_known_and_a_topic_of_its_document(
    make: Make,
) -> None:
    store = make(f"<{BASE}a> <{BASE}ns#x> <{BASE}b> ; <{BASE}ns#y> <{BASE}c> .")
    assert describe.find(store, [f"{BASE}ns#x"]).thing == node(f"{BASE}ns#x")
    told = triples(described(store, f"{BASE}ns"))
    topics = {t.object.value for t in told if t.predicate.value == f"{terms.FOAF}topic"}
    assert topics == {f"{BASE}ns#x", f"{BASE}ns#y"}


def test_a_blank_node_has_an_iri_for_its_page_that_is_in_no_data(make: Make) -> None:
    store = make(f"<{BASE}a> <{NS}to> _:x . _:x <{NS}to> [ <{NS}says> 1 ] .")
    (name,) = (q.object for q in store.about(node(f"{BASE}a")))
    iri = f"{BASE}.well-known/genid/{name.value}"
    kept = described(store, iri)
    assert (kept.heads[0]["iri"], kept.heads[0]["document"]) == (iri, iri)
    told = triples(kept)
    assert len(told) == 3
    assert b"genid" not in kept.body


@pytest.mark.parametrize("name", ["", "nobody", "-", "a%20b", "a/b"])
def test_a_blank_node_that_is_not_there_is_not_found(store: EmbeddedStore, name: str) -> None:
    with pytest.raises(NotFound, match="Nothing is known"):
        describe.find(store, [f"{BASE}.well-known/genid/{name}"])


def test_of_two_things_with_one_address_for_a_document_the_shorter_is_shown_by_about(
    make: Make,
) -> None:
    store = make(f"<{BASE}x> <{NS}to> <{BASE}id/x> .")
    store.manifest["shadowed"] = [f"{BASE}x"]
    assert describe.find(store, [f"{BASE}id/x"]).head(BASE)["document"] == f"{BASE}doc/x"
    assert describe.find(store, [f"{BASE}x"]).head(BASE)["document"].startswith(f"{BASE}about?")


def test_outgoing_follows_blank_nodes_and_nothing_else(store: EmbeddedStore) -> None:
    found = describe.outgoing(store, node("a"))
    assert len(found) == 5
    assert {t.object for t in found} >= {node("b"), node("c")}
    assert not any(t.subject == node("b") for t in found)


def test_incoming_gives_blank_nodes_with_owner_and_parts(store: EmbeddedStore) -> None:
    found, cut = describe.incoming(store, node("c"), 100)
    subjects = {t.subject for t in found}
    assert node("owner") in subjects
    assert node("a") in subjects
    assert "y" in {t.object.value for t in found}
    assert not cut


def test_incoming_ends_on_a_blank_node_that_points_at_itself(store: EmbeddedStore) -> None:
    found, _ = describe.incoming(store, node("looped"), 100)
    assert len(found) == 2


def test_what_is_of_a_class_does_not_lead_to_it(store: EmbeddedStore) -> None:
    assert describe.incoming(store, node(NS + "Thing"), 100) == ([], False)


@pytest.mark.parametrize(("most", "expected", "cut"), [(2, 2, True), (3, 3, False), (0, 3, False)])
def test_incoming_is_cut_where_told(make: Make, most: int, expected: int, cut: bool) -> None:
    store = make(
        f"<urn:1> <{NS}to> <urn:0> . <urn:2> <{NS}to> <urn:0> . <urn:3> <{NS}to> <urn:0> ."
    )
    found, was_cut = describe.incoming(store, node("urn:0"), most)
    assert (len(found), was_cut) == (expected, cut)


def test_labels_are_of_the_best_property_and_of_all_that_is_mentioned(
    store: EmbeddedStore,
) -> None:
    found = describe.labels(store, describe.outgoing(store, node("a")))
    assert {t.object.value for t in found} == {"A", "B", "Thing", "to"}


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_a_graph_holds_thing_links_labels_and_document(
    store: EmbeddedStore, fmt: formats.Format
) -> None:
    told = triples(described(store, f"{BASE}id/b", fmt.engine), fmt.engine)
    label = node(terms.LABEL)
    assert ox.Triple(node("b"), label, ox.Literal("not the best name")) in told
    assert ox.Triple(node("a"), node(NS + "to"), node("b")) in told
    assert ox.Triple(node("a"), label, ox.Literal("A", language="en")) in told
    assert ox.Triple(node(f"{BASE}doc/b"), node(terms.FOAF + "primaryTopic"), node("b")) in told


def test_the_head_tells_thing_document_and_cut(store: EmbeddedStore) -> None:
    head = described(store, f"{BASE}id/a").heads[0]
    told = {name: head[name] for name in ("iri", "document", "cut")}
    assert told == {"iri": f"{BASE}id/a", "document": f"{BASE}doc/a", "cut": False}
    assert described(store, f"{BASE}id/b", most=1).heads[0]["cut"] is True


def test_turtle_begins_with_what_it_describes_and_declares_what_it_uses(
    store: EmbeddedStore,
) -> None:
    lines = described(store, f"{BASE}id/a").body.decode().splitlines()
    prefixes = [line for line in lines if line.startswith("@prefix")]
    assert lines[len(prefixes)].startswith(":a a ns:Thing")
    assert len(prefixes) == len(set(prefixes))
    assert not any("skos" in line for line in prefixes)


def test_the_same_description_is_the_same_bytes(make: Make) -> None:
    first, second = (described(make(DATA), f"{BASE}id/b").body for _ in range(2))
    assert first == second


def test_a_name_that_ends_in_a_dot_is_written_in_full(make: Make) -> None:
    """rdflib 7.6 cannot read it otherwise."""
    import rdflib

    store = make(f"<{BASE}id/S.p.A.> <{NS}to> <{BASE}id/b> .")
    body = described(store, f"{BASE}id/b").body
    graph = rdflib.Graph().parse(data=body, format="turtle")
    assert (rdflib.URIRef(f"{BASE}id/S.p.A."), None, None) in graph


@pytest.mark.parametrize(
    ("turtle", "refused"),
    [
        (f'<urn:a> <{NS}p> "a\\u000Bb" .', {"RDF_XML"}),
        (f'<urn:a> <{NS}p> "\\uFFFE" .', {"RDF_XML"}),
        ('<urn:a> <https://n.example/1> "b" .', {"RDF_XML"}),
        ('<urn:a> <https://n.example/> "b" .', {"RDF_XML"}),
        ('<urn:a> <https://n.example/a%20> "b" .', {"RDF_XML"}),
        ('<urn:a> <https://n.example/1a> "b" .', set()),
        ('<urn:a> <https://n.example/性質> "b" .', set()),
        (f'<urn:a> <{NS}p> "]]>&<\\r\\n\\t🎌" .', set()),
        (f'<urn:a> <{NS}p> <<( <urn:s> <urn:p> "o" )>> .', {"JSON_LD"}),
    ],
)
def test_a_format_that_cannot_hold_a_triple_refuses_and_the_others_hold_it(
    make: Make, turtle: str, refused: set[str]
) -> None:
    store = make(turtle)
    (expected,) = (quad.triple for quad in store.store)
    for fmt in formats.GRAPHS:
        if fmt.engine in refused:
            with pytest.raises(NotAcceptable, match="cannot be written"):
                described(store, "urn:a", fmt.engine)
        else:
            kept = described(store, "urn:a", fmt.engine)
            assert expected in triples(kept, fmt.engine)
            assert b"\r" not in kept.body or fmt is not formats.RDF_XML


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        ("id/x", "doc/x"),
        ("id/日本", "doc/日本"),
        ("id/a/b.c", "doc/a/b.c"),
        ("thing", "doc/thing"),
        ("ns#Term", "ns"),
        ("a/b#c#d", "a/b"),
        ("id/x#me", "doc/x"),
        ("id/x.ttl", "about?iri={}"),
        ("id/x.html", "about?iri={}"),
        ("id/x?y", "about?iri={}"),
        ("id/", "about?iri={}"),
        ("", "about?iri={}"),
        ("id//x", "about?iri={}"),
        ("/x#me", "about?iri={page}"),
        ("about#me", "doc/about"),
        ("about/x#me", "doc/about/x"),
        ("aboutness#me", "aboutness"),
        ("doc#me", "doc/doc"),
        ("x?y#me", "about?iri={page}"),
        ("#me", "about?iri={page}"),
        (".well-known/x#me", "doc/.well-known/x"),
        ("favicon.ico#me", "doc/favicon.ico"),
        ("mapping#me", "mapping"),
        ("id/a%20b", "doc/a%20b"),
        ("id/%E6%97%A5", "about?iri={}"),
        ("a%e6#me", "about?iri={page}"),
        ("id/../x", "about?iri={}"),
        ("id/a/.", "about?iri={}"),
        ("id/a/%2e%2E/b", "about?iri={}"),
        ("id/a..b", "doc/a..b"),
        ("id/...", "doc/..."),
        (".well-known/genid/b1", ".well-known/genid/b1"),
    ],
)
def test_the_document_of_what_is_below_the_base(iri: str, expected: str) -> None:
    def escaped(text: str) -> str:
        for one, code in (("%", "%25"), (":", "%3A"), ("/", "%2F"), ("?", "%3F"), ("#", "%23")):
            text = text.replace(one, code)
        return text

    page = BASE + iri.partition("#")[0]
    wanted = BASE + expected.format(escaped(BASE + iri), page=escaped(page))
    assert describe.document_iri(BASE, BASE + iri) == wanted


def test_the_document_of_what_is_elsewhere_is_what_we_say_about_it() -> None:
    for iri in ("http://o.example/a#b", "urn:x", "https://base.example", "日本:x"):
        document = describe.document_iri(BASE, iri)
        assert document.startswith(f"{BASE}about?iri=")
        assert "#" not in document


def test_one_thing_of_a_document_of_several_has_a_document_of_its_own(
    store: EmbeddedStore,
) -> None:
    head = described(store, f"{BASE}people#two").heads[0]
    assert head["document"] == f"{BASE}about?iri=https%3A%2F%2Fbase.example%2Fpeople%23two"
    assert described(store, f"{BASE}people").heads[0]["document"] == f"{BASE}people"


OURS = {
    "find",
    "opensearch.xml",
    ".well-known",
    "about",
    "check",
    "cite",
    "class",
    "connected",
    "contributions",
    "disagreements",
    "doc",
    "explore",
    "favicon.ico",
    "graph",
    "graphs",
    "health",
    "linkset",
    "map",
    "network",
    "profile",
    "query",
    "sparql",
    "static",
    "timeline",
}


def test_what_this_host_has_at_other_addresses_is_no_document_of_hash_iris(
    site: Any, plain_settings: Any
) -> None:
    """`describe` must know the first words of all addresses, or it would give one of them away."""
    app: Any = create_app(plain_settings, site)
    rules = app._app.__self__.url_map.iter_rules()
    words = {rule.rule.split("/")[1] for rule in rules} - {"", "<path:name>"}
    assert words == OURS
    for word in words:
        assert describe.document_iri(BASE, f"{BASE}{word}#me") != f"{BASE}{word}"
