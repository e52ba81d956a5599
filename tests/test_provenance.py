"""Who says so: every statement has an answer, and the words of sources stay with their owner."""

from __future__ import annotations

import hashlib
import html
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from werkzeug.test import Client

import facts
from chromium import Tab
from conftest import BROKEN_RULES, Page, Serve
from foedera import cli, proof, provenance, release, settings
from foedera.errors import CouldNotCheck
from foedera.service import Site
from foedera.settings import Settings
from foedera.stores.embedded import EmbeddedStore
from foedera.web import create_app
from foedera.web import provenance as pages
from foedera.words import Words

ID = facts.ID
NS = "https://w3id.org/foedera/ns#"
SOURCES = facts.SHARED / "sources"
EVIDENCE = ox.NamedNode(NS + "evidence")


@pytest.fixture(scope="module")
def store(dataset: release.Release) -> EmbeddedStore:
    return EmbeddedStore.load(dataset.path)


@pytest.fixture(scope="module")
def words(store: EmbeddedStore) -> Words:
    return Words(store, ["en"])


@pytest.fixture(scope="module")
def reader(dataset_site: Site, plain_settings: Settings) -> Client:
    """A client of the dataset whose operator gives the texts."""
    if not SOURCES.is_dir():
        pytest.skip("The source texts are not on this machine; SHARED_FOLDER may say where")
    return Client(create_app(replace(plain_settings, texts=str(SOURCES)), dataset_site))


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(ID + name)


def term(name: str) -> ox.NamedNode:
    return ox.NamedNode(NS + name)


def page(client: Client, address: str) -> str:
    answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 200, (address, answer.status_code, answer.text[:500])
    return answer.text


def text_of(source: str) -> str:
    return (SOURCES / f"{source}.txt").read_bytes().decode()


# Every statement


def test_every_statement_has_an_answer(store: EmbeddedStore, words: Words) -> None:
    """A stated one names its files, an inferred one its rule and what it follows from; whatever
    rests on evidence names a source and offsets."""
    subjects = sorted({quad.subject for quad in store.about()}, key=str)
    sample = random.Random(5).sample(subjects, 300)
    inferred = ox.NamedNode(store.inferred)
    triples = [quad.triple for one in sample for quad in store.about(one)]
    triples += [q.triple for q in store.store.quads_for_pattern(None, None, None, inferred)]
    files = {file["graph"] for file in store.manifest["files"]}
    unexplained = []
    for triple in triples:
        found = provenance.of(store, words, triple)
        if found["inferred"]:
            grounds = [*found["axioms"], *found["premises"]]
            if not (found["rule"] and grounds):
                unexplained.append(triple)
        else:
            named = {graph["iri"] for graph in found["graphs"]}
            assert named, triple
            assert named <= files, triple
            if any(store.about(triple.subject, EVIDENCE)):
                assert found["evidence"], triple
        for one in found["evidence"]:
            if one["node"]:
                assert one["source"]["iri"].startswith(ID + "source/"), triple
                assert 0 <= one["start"] < one["end"], triple
    assert unexplained == []


def test_what_a_statement_follows_from_is_there_and_ends_at_what_files_state(
    store: EmbeddedStore,
) -> None:
    def depth(triple: ox.Triple) -> int:
        if proof.stated(store, triple):
            return 0
        step = proof.steps(store, triple)
        assert step is not None, triple
        assert all(any(store.about(one.subject, one.predicate, one.object)) for one in step.all)
        return 1 + max(map(depth, step.all))

    graph = ox.NamedNode(store.inferred)
    inferred = [quad.triple for quad in store.store.quads_for_pattern(None, None, None, graph)]
    assert max(map(depth, random.Random(5).sample(inferred, 500))) <= proof.DEPTH


def test_every_fact_of_the_reading_is_led_back_to_its_words(
    store: EmbeddedStore, words: Words
) -> None:
    """Of the statements that say a fact of facts.tsv, one at least names its very evidence."""
    lost = []
    for fact in facts.read():
        if fact.never:
            continue
        said = [
            triple
            for triple in fact.triples
            if triple.predicate != EVIDENCE
            and any(store.about(triple.subject, triple.predicate, triple.object))
        ]
        evidence = [one for each in said for one in provenance.of(store, words, each)["evidence"]]
        if not any(
            one["node"]["iri"] == f"{ID}evidence/{fact.id}"
            and one["source"]["iri"] == f"{ID}source/{fact.source}"
            and (one["start"], one["end"]) == (fact.start, fact.end)
            for one in evidence
        ):
            lost.append(fact.id)
    assert lost == []


def test_what_weighs_a_statement_goes_before_what_is_said_of_its_subject(
    store: EmbeddedStore, words: Words
) -> None:
    triple = ox.Triple(node("org/rapidus"), term("countedAs"), node("polity/japan"))
    (account,) = provenance.of(store, words, triple)["accounts"]
    assert account["kind"] == "statement"
    assert account["of"]["iri"].startswith(ID + "assertion/")
    assert account["basis"] == "inferred"
    assert account["confidence"]["iri"].startswith(ID + "confidence/")
    assert account["reason"]["text"]
    assert account["evidence"]


def test_a_contradicted_statement_names_the_claim_against_it(
    store: EmbeddedStore, words: Words
) -> None:
    first, second = (
        node("assertion/italy-japan-strategic-partnership-party-" + name)
        for name in ("italy", "government-italy")
    )
    (subject, predicate, value) = (
        next(store.about(first, term(f"asserted{part}"))).object
        for part in ("Subject", "Predicate", "Object")
    )
    found = provenance.of(store, words, ox.Triple(subject, predicate, value))
    (claim,) = (one for one in found["against"] if one["iri"] == second.value)
    assert claim["says"]["value"]["iri"] != value.value
    assert claim["rank"]


def test_an_inferred_link_leads_to_the_evidence_of_what_it_follows_from(
    store: EmbeddedStore, words: Words
) -> None:
    signing = node("event/signing-2023-12-13")
    found = provenance.of(
        store, words, ox.Triple(signing, term("hasParticipant"), node("person/adolfo-urso"))
    )
    assert (found["rule"], found["graphs"]) == ("prp-spo2", [])
    assert [one["property"]["iri"] for one in found["premises"]] == [
        NS + "hasParticipation",
        NS + "actor",
    ]
    (chain,) = found["axioms"]
    assert [one["iri"] for one in chain["value"]["items"]] == [
        NS + "hasParticipation",
        NS + "actor",
    ]
    assert {one["source"]["iri"] for one in found["evidence"]} == {ID + "source/mimit-2023-12-13"}


def test_a_file_says_which_source_it_was_read_from(store: EmbeddedStore, words: Words) -> None:
    (quad,) = store.about(node("evidence/F1-005"), term("start"))
    (graph,) = provenance.of(store, words, quad.triple)["graphs"]
    assert graph["path"] == "data/sources/mimit-2023-12-13.ttl"
    assert graph["source"]["iri"] == ID + "source/mimit-2023-12-13"


# Rules, and other people's ways to speak of a statement

PREFIXES = """
@prefix : <https://data.example/ns#> .
@prefix id: <https://data.example/id/> .
@prefix f: <https://w3id.org/foedera/ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix oa: <http://www.w3.org/ns/oa#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
"""

RULES = """
:near a owl:SymmetricProperty . id:a :near id:b .
:above a owl:TransitiveProperty . id:a :above id:b . id:b :above id:c .
:owns owl:inverseOf :ownedBy . id:a :owns id:b .
:son rdfs:subPropertyOf :child . id:a :son id:b .
:kid owl:equivalentProperty :child2 . id:a :kid id:b .
:uncle owl:propertyChainAxiom ( :parent [ owl:inverseOf :parentOf ] ) .
id:a :parent id:p . id:u :parentOf id:p .
:writes rdfs:domain :Writer ; rdfs:range :Book . id:a :writes id:k .
:Novel rdfs:subClassOf :Work . :Work rdfs:subClassOf :Thing . id:n a :Novel .
:Person owl:equivalentClass :Human . id:h a :Person .
:Owner owl:equivalentClass [ owl:onProperty :holds ; owl:someValuesFrom :Ship ] .
id:o :holds id:s . id:s a :Ship .
:Roman rdfs:subClassOf [ owl:onProperty :livesIn ; owl:hasValue id:rome ] . id:r a :Roman .
:Vegan rdfs:subClassOf [ owl:onProperty :eats ; owl:allValuesFrom :Plant ] .
id:v a :Vegan ; :eats id:e .
:Both owl:intersectionOf ( :One :Two ) . id:i a :One , :Two .
:Either owl:unionOf ( :Three :Four ) . id:j a :Three .
:mother a owl:FunctionalProperty . id:a :mother id:m1 , id:m2 .
:code a owl:InverseFunctionalProperty . id:x1 :code id:c9 . id:x2 :code id:c9 .
"""

FOLLOWING = {
    "id/b ns#near id/a": "prp-symp",
    "id/a ns#above id/c": "prp-trp",
    "id/b ns#ownedBy id/a": "prp-inv1",
    "id/a ns#child id/b": "prp-spo1",
    "id/a ns#child2 id/b": "prp-eqp1",
    "id/a ns#uncle id/u": "prp-spo2",
    "id/a a ns#Writer": "prp-dom",
    "id/k a ns#Book": "prp-rng",
    "id/n a ns#Thing": "cax-sco",
    "id/h a ns#Human": "cax-eqc1",
    "id/o a ns#Owner": "cax-eqc1",
    "id/r ns#livesIn id/rome": "cls-hv1",
    "id/e a ns#Plant": "cls-avf",
    "id/i a ns#Both": "cls-com",
    "id/j a ns#Either": "cls-com",
}


@pytest.fixture(scope="module")
def open_store(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], EmbeddedStore]:
    """Publishes a file of Turtle and opens the release."""

    def open_store(turtle: str) -> EmbeddedStore:
        folder = tmp_path_factory.mktemp("turtle")
        (folder / "data").mkdir()
        (folder / "data" / "all.ttl").write_text(PREFIXES + turtle, encoding="utf-8")
        found = release.publish(folder, folder / ".foedera", 5, lambda _: None)
        return EmbeddedStore.load(found.path)

    return open_store


@pytest.fixture(scope="module")
def ruled(open_store: Callable[[str], EmbeddedStore]) -> EmbeddedStore:
    return open_store(RULES)


def triple_of(text: str) -> ox.Triple:
    subject, predicate, value = text.split()
    space = "https://data.example/"
    property_ = proof._TYPE if predicate == "a" else ox.NamedNode(space + predicate)
    return ox.Triple(ox.NamedNode(space + subject), property_, ox.NamedNode(space + value))


@pytest.mark.parametrize("text", FOLLOWING)
def test_what_follows_names_its_rule(text: str, ruled: EmbeddedStore) -> None:
    triple = triple_of(text)
    assert list(ruled.about(triple.subject, triple.predicate, triple.object)) != []
    step = proof.steps(ruled, triple)
    assert step is not None
    assert step.rule == FOLLOWING[text]
    assert all(proof.stated(ruled, one) or proof.steps(ruled, one) for one in step.all)


def test_all_that_follows_in_a_publication_of_every_rule_is_explained(ruled: EmbeddedStore) -> None:
    graph = ox.NamedNode(ruled.inferred)
    inferred = [quad.triple for quad in ruled.store.quads_for_pattern(None, None, None, graph)]
    assert len(inferred) > len(FOLLOWING)
    assert [str(one) for one in inferred if proof.steps(ruled, one) is None] == []


def test_what_files_state_needs_no_proof(ruled: EmbeddedStore) -> None:
    words = Words(ruled, ["en"])
    found = provenance.of(ruled, words, triple_of("id/a ns#above id/b"))
    assert (found["inferred"], found["rule"], found["premises"]) == (False, "", [])
    assert [one["path"] for one in found["graphs"]] == ["data/all.ttl"]


def test_what_is_not_said_at_all_has_no_answer(ruled: EmbeddedStore) -> None:
    found = provenance.of(ruled, Words(ruled, ["en"]), triple_of("id/c ns#above id/a"))
    assert (found["graphs"], found["rule"], found["evidence"]) == ([], "", [])


SPOKEN_OF = """
id:a :knows id:b , id:c , id:d , id:e ; :age 40 .
id:r1 a rdf:Statement ; rdf:subject id:a ; rdf:predicate :knows ; rdf:object id:b ;
    prov:wasDerivedFrom id:book .
[] a owl:Axiom ; owl:annotatedSource id:a ; owl:annotatedProperty :knows ;
    owl:annotatedTarget id:c ; dcterms:source id:letter .
id:r3 rdf:reifies <<( id:a :knows id:d )>> ; prov:hadPrimarySource id:diary .
id:a prov:wasDerivedFrom id:stretch .
id:stretch oa:hasSource id:novel ;
    oa:hasSelector [ oa:start 5 ; oa:end 9 ] , [ oa:exact "four" ] .
id:novel dcterms:language "it" .
id:c1 f:assertedSubject id:a ; f:assertedPredicate :age ; f:assertedObject 40 ;
    f:evidence id:ev ; f:basis "inferred" ; f:rank "preferred" ; f:reason "Counted."@en .
id:ev f:source id:novel ; f:start 1 ; f:end 4 .
id:c1 f:contradicts id:c2 .
id:c2 f:assertedSubject id:a ; f:assertedPredicate :age ; f:assertedObject 41 .
[] :of id:z ; :says "hidden" .
id:owner :has [ :detail "deep" ] ; prov:wasDerivedFrom id:book .
"""


@pytest.fixture(scope="module")
def spoken(open_store: Callable[[str], EmbeddedStore]) -> EmbeddedStore:
    return open_store(SPOKEN_OF)


@pytest.mark.parametrize(
    ("value", "source"), [("b", "book"), ("c", "letter"), ("d", "diary"), ("e", "novel")]
)
def test_other_vocabularies_may_speak_of_a_statement_or_of_its_subject(
    value: str, source: str, spoken: EmbeddedStore
) -> None:
    found = provenance.of(spoken, Words(spoken, ["en"]), triple_of(f"id/a ns#knows id/{value}"))
    (account,) = found["accounts"]
    assert account["kind"] == ("subject" if value == "e" else "statement")
    assert [one["source"]["iri"] for one in found["evidence"]] == [
        "https://data.example/id/" + source
    ]


def test_the_offsets_and_words_of_web_annotation_are_read(spoken: EmbeddedStore) -> None:
    found = provenance.of(spoken, Words(spoken, ["en"]), triple_of("id/a ns#knows id/e"))
    (one,) = found["evidence"]
    assert (one["start"], one["end"], one["exact"], one["language"]) == (5, 9, "four", "it")


def test_a_literal_may_be_asserted_and_contradicted(spoken: EmbeddedStore) -> None:
    (quad,) = spoken.about(None, ox.NamedNode("https://data.example/ns#age"))
    found = provenance.of(spoken, Words(spoken, ["en"]), quad.triple)
    (account,) = found["accounts"]
    assert (account["basis"], account["rank"]) == ("inferred", "preferred")
    assert account["reason"] == {"text": "Counted.", "language": "en"}
    assert [one["says"]["value"]["text"] for one in found["against"]] == ["41"]


def test_what_a_part_without_a_name_says_rests_on_what_its_owner_rests_on(
    spoken: EmbeddedStore,
) -> None:
    (quad,) = spoken.about(None, ox.NamedNode("https://data.example/ns#detail"))
    words = Words(spoken, ["en"])
    found = provenance.of(spoken, words, quad.triple)
    assert [one["source"]["iri"] for one in found["evidence"]] == ["https://data.example/id/book"]
    assert provenance.statement(spoken, words, quad.triple)["at"] == "https://data.example/id/owner"


# The page of a statement

WHY = re.compile(r'href="([^"]*[?&;]why=[0-9a-f]{10})"')

KINDS = (
    "person/adolfo-urso",
    "org/rapidus",
    "event/signing-2023-12-13",
    "agr/italy-japan-joint-statement",
    "place/tokyo",
    "source/mimit-2023-12-13",
    "evidence/F1-005",
    "topic/semiconductors",
)


def asked(client: Client, name: str) -> list[str]:
    """The addresses of who says what is on the page of a thing."""
    return asked_at(client, f"/doc/{name}")


def asked_at(client: Client, address: str) -> list[str]:
    """The same for the page at an address."""
    found = WHY.findall(page(client, address))
    return list(dict.fromkeys(urljoin(address, html.unescape(one)) for one in found))


@pytest.mark.parametrize("name", KINDS)
def test_every_statement_on_a_page_can_be_asked_who_says_it(
    name: str, dataset_client: Client
) -> None:
    addresses = asked(dataset_client, name)
    assert len(addresses) > 3
    for address in random.Random(5).sample(addresses, min(40, len(addresses))):
        shown = page(dataset_client, address)
        assert "Who says so?" in shown
        assert 'class="graphs"' in shown or "No file states this" in shown


def test_premises_and_axioms_can_be_asked_in_turn(dataset_client: Client) -> None:
    """From an inferred statement to what files state, each step a link."""
    ahead, seen, ends = asked(dataset_client, "event/signing-2023-12-13")[:30], set(), 0
    while ahead:
        address = ahead.pop()
        if address in seen or len(seen) > 120:
            continue
        seen.add(address)
        shown = page(dataset_client, address)
        inside = shown.partition("<main")[2].partition("</main>")[0]
        further = [urljoin(address, html.unescape(one)) for one in WHY.findall(inside)]
        ends += not further
        ahead += further
    assert ends > 0
    assert any("about?iri=" in one for one in seen)  # the ontology's own terms


def test_a_page_says_source_offsets_basis_and_confidence(dataset_client: Client) -> None:
    triple = ox.Triple(
        node("involvement/signing-2023-12-13-adolfo-urso"),
        term("actor"),
        node("person/adolfo-urso"),
    )
    address = f"/doc/person/adolfo-urso?why={provenance.code(triple)}"
    shown = page(dataset_client, address)
    assert "/doc/source/mimit-2023-12-13?at=17-53#c17-53" in shown
    assert "characters 17 to 53" in shown
    assert "a source states it" in shown
    assert "/doc/confidence/certain" in shown
    assert "data/sources/mimit-2023-12-13.ttl" in shown
    (data,) = {one for one in Page(shown).addresses() if "format=ttl" in one}
    as_data(dataset_client, urljoin(address, data), "text/turtle")


def test_a_page_says_it_in_the_readers_language(dataset_client: Client) -> None:
    address = asked(dataset_client, "person/adolfo-urso")[0]
    assert "Dove è affermato" in page(dataset_client, address + "&lang=it")
    assert "記載されている場所" in page(dataset_client, address + "&lang=ja")


def test_a_statement_that_is_gone_is_said_to_be(dataset_client: Client) -> None:
    answer = dataset_client.get(
        "/doc/person/adolfo-urso?why=0123456789", headers={"Accept": "text/html"}
    )
    assert answer.status_code == 404
    assert "no longer there" in answer.text


@pytest.mark.parametrize("code", ["", "xyz", "0123456789ab", "<script>"])
def test_what_is_no_code_is_refused(code: str, dataset_client: Client) -> None:
    answer = dataset_client.get(f"/doc/person/adolfo-urso?why={quote(code)}")
    assert answer.status_code == 400


def test_where_a_crowd_leads_to_a_thing_each_is_asked_on_its_own_page(serve: Serve) -> None:
    links = "\n".join(f"id:m{n} :in id:hub ." for n in range(provenance.CROWD + 1))
    client = Client(create_app(defaults(), serve(PREFIXES + links + "id:x :of id:hub .")))
    addresses = asked_at(client, about("hub"))
    assert len({one for one in addresses if "hub" not in one}) > 10
    for address in (addresses[0], addresses[-1], next(one for one in addresses if "hub" in one)):
        assert "data/all.ttl" in page(client, address)


def defaults() -> Settings:
    return settings.load({}, {})


def as_data(client: Client, address: str, fmt: str) -> ox.Store:
    answer = client.get(address, headers={"Accept": fmt})
    assert (answer.status_code, answer.mimetype) == (200, fmt)
    found = ox.Store()
    found.load(answer.data, format=ox.RdfFormat.from_media_type(fmt))
    return found


@pytest.mark.parametrize("fmt", ["text/turtle", "application/ld+json", "application/n-triples"])
def test_the_answer_can_be_had_as_data(fmt: str, dataset_client: Client) -> None:
    inside = node("involvement/signing-2023-12-13-adolfo-urso")
    triple = ox.Triple(inside, term("actor"), node("person/adolfo-urso"))
    address = f"/doc/involvement/signing-2023-12-13-adolfo-urso?why={provenance.code(triple)}"
    found = as_data(dataset_client, address, fmt)
    assert ox.Quad(triple.subject, triple.predicate, triple.object) in found
    this = ox.NamedNode(f"https://w3id.org/foedera{address}")
    derived = ox.NamedNode("http://www.w3.org/ns/prov#wasDerivedFrom")
    origins = {quad.object for quad in found.quads_for_pattern(this, derived, None)}
    graph = ox.NamedNode("https://w3id.org/foedera/graph/data/sources/mimit-2023-12-13")
    assert origins == {graph, node("evidence/F1-005"), node("evidence/F1-058")}
    assert any(found.quads_for_pattern(node("evidence/F1-005"), term("start"), None))


def test_what_follows_names_the_statements_it_was_derived_from_as_data(
    dataset_client: Client,
) -> None:
    signing, urso = node("event/signing-2023-12-13"), node("person/adolfo-urso")
    triple = ox.Triple(signing, term("hasParticipant"), urso)
    address = f"/doc/event/signing-2023-12-13?why={provenance.code(triple)}"
    found = as_data(dataset_client, address, "text/turtle")
    query = """SELECT ?said WHERE { ?this <http://www.w3.org/ns/prov#wasDerivedFrom> ?premise .
        ?premise <http://www.w3.org/1999/02/22-rdf-syntax-ns#predicate> ?said }"""
    rows = found.query(query)
    assert isinstance(rows, ox.QuerySolutions)
    said = {row["said"] for row in rows}
    assert said >= {term("hasParticipation"), term("actor")}


# What a source says


def test_a_source_shows_its_stretches_in_order_with_what_rests_on_them(
    dataset_client: Client,
) -> None:
    shown = page(dataset_client, "/doc/source/mimit-2023-12-13")
    offsets = re.findall(r'id="c(\d+)-(\d+)"', shown)
    places = [(int(start), -int(end)) for start, end in offsets]
    assert len(places) == provenance.STRETCHES
    assert places == sorted(places)
    assert "/doc/involvement/signing-2023-12-13-adolfo-urso" in shown
    assert "<mark" not in shown
    assert "foedera serve --texts" in shown


def test_the_pages_of_a_source_show_every_stretch_once(
    dataset_client: Client, store: EmbeddedStore
) -> None:
    address, seen = "/doc/source/mimit-2023-12-13", []
    while address:
        shown = page(dataset_client, address)
        seen += re.findall(r'<li id="c(\d+-\d+)"', shown)
        following = re.search(r'<a rel="next" href="([^"]*)#says"', shown)
        address = urljoin(address, html.unescape(following[1])) if following else ""
    source = node("source/mimit-2023-12-13")
    expected = {
        "-".join(next(store.about(q.subject, term(end))).object.value for end in ("start", "end"))
        for q in store.about(None, term("source"), source)
    }
    assert len(seen) == len(expected)
    assert set(seen) == expected


def test_every_stretch_is_on_the_page_that_evidence_leads_to(
    dataset_client: Client, store: EmbeddedStore
) -> None:
    found = list(store.about(None, term("source"), node("source/liguria-japan")))
    for quad in random.Random(5).sample(found, 15):
        start, end = (next(store.about(quad.subject, term(one))).object for one in ("start", "end"))
        shown = page(dataset_client, f"/doc/source/liguria-japan?at={start.value}-{end.value}")
        assert f'id="c{start.value}-{end.value}"' in shown


def test_a_text_is_shown_whole_with_the_exact_words_marked(reader: Client) -> None:
    for source in ("mimit-2023-12-13", "sputnik-2023-01-06", "liguria-japan", "microtest-tokyo"):
        text = text_of(source)
        shown = page(reader, f"/doc/source/{source}")
        Page(shown)
        body = re.search(r'<div class="text" lang="\w\w">(.*?)</div>', shown, re.S)
        assert body is not None
        paragraphs = re.findall(r"<p>(.*?)</p>", body[1], re.S)
        bare = [html.unescape(re.sub(r"<[^>]*>", "", one)) for one in paragraphs]
        assert bare == [line for line in text.split("\n") if line]
        quoted = re.findall(r'<a href="#c(\d+)-(\d+)">.*?<q lang="\w\w">(.*?)</q>', shown, re.S)
        assert len(quoted) == provenance.STRETCHES
        for start, end, words in quoted:
            expected = text[int(start) : int(end)]
            assert html.unescape(words) == expected[:300] + ("…" if len(expected) > 300 else "")


def test_evidence_shows_its_exact_words_in_their_place(
    reader: Client, store: EmbeddedStore
) -> None:
    found = sorted((quad.subject for quad in store.about(None, term("start"))), key=str)
    for one in random.Random(5).sample(found, 40):
        said = {quad.predicate.value[len(NS) :]: quad.object for quad in store.about(one)}
        text = text_of(said["source"].value.rpartition("/")[2])
        start, end = int(said["start"].value), int(said["end"].value)
        shown = page(reader, f"/doc/{one.value[len(ID) :]}")
        (marked,) = re.findall(r"<mark>(.*?)</mark>", shown, re.S)
        assert html.unescape(marked) == text[start:end]
        assert f"?at={start}-{end}#c{start}-{end}" in shown


def test_who_says_so_quotes_the_words(reader: Client) -> None:
    address = asked(reader, "event/signing-2023-12-13")[0]
    assert "<blockquote lang=" in page(reader, address)


def test_data_never_has_the_words(reader: Client) -> None:
    text = text_of("mimit-2023-12-13")
    for name in ("source/mimit-2023-12-13", "evidence/F1-058"):
        for accept in ("text/turtle", "application/ld+json", "application/rdf+xml"):
            answer = reader.get(f"/doc/{name}", headers={"Accept": accept})
            assert answer.status_code == 200
            assert text[836:943] not in answer.text


def test_without_the_texts_no_words_are_on_any_page_or_in_any_file_of_a_release(
    dataset: release.Release, dataset_client: Client, store: EmbeddedStore, reader: Client
) -> None:
    """Neither has a release that is served with the texts: only the pages of that site."""
    named = (term("form"), ox.NamedNode("http://purl.org/dc/terms/title"))
    names = "\n".join(quad.object.value for one in named for quad in store.about(None, one))
    long_ones = [
        (source, words)
        for source, start, end in stretches(store)
        if (words := text_of(source.rpartition("/")[2])[start:end]) not in names
        and end - start > 60
    ]
    assert len(long_ones) > 20
    page(reader, "/doc/source/liguria-japan")
    files = [path for path in dataset.path.parent.parent.rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in files)
    shown = "".join(
        page(dataset_client, f"/doc/{one[len(ID) :]}")
        for one in sorted({source for source, _ in long_ones})
    )
    shown = html.unescape(shown)
    for _, words in long_ones:
        assert words not in shown
        assert words.encode() not in content


def stretches(store: EmbeddedStore) -> Iterator[tuple[str, int, int]]:
    for quad in store.about(None, term("source")):
        start, end = (next(store.about(quad.subject, term(one))).object for one in ("start", "end"))
        yield quad.object.value, int(start.value), int(end.value)


# Texts of other shapes

TEXT = "Alpha beta gamma.\n\nDelta epsilon & <zeta>.\nEta."


def turtle_of(text: str, *places: tuple[object, object], digest: str = "") -> str:
    checksum = hashlib.sha256(text.encode()).hexdigest()
    evidence = "\n".join(
        f"id:e{n} f:source id:text ; f:start {start} ; f:end {end}"
        + (f' ; f:digest "{digest}"' if digest else "")
        + f" . id:t{n} f:evidence id:e{n} ; rdfs:label 'Rests {n}' ."
        for n, (start, end) in enumerate(places)
    )
    return f'{PREFIXES} id:text f:sha256 "{checksum}" ; dcterms:language "en" . {evidence}'


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "any name").write_text(TEXT, encoding="utf-8")
    return folder


def client_of(site: Site, texts: Path) -> Client:
    return Client(create_app(replace(defaults(), texts=str(texts)), site))


def about(thing: str, more: str = "") -> str:
    return "/about?iri=" + quote(f"https://data.example/id/{thing}", safe="") + more


def test_overlapping_stretches_are_nested_and_taken_up_again(serve: Serve, texts: Path) -> None:
    site = serve(turtle_of(TEXT, (0, 10), (6, 16), (6, 10), (11, 25)))
    shown = page(client_of(site, texts), about("text"))
    Page(shown)
    for name in ("c0-10", "c6-16", "c6-10", "c11-25"):
        assert shown.count(f'<mark id="{name}">') == 1
    assert "epsilon &amp; &lt;zeta&gt;" in re.sub(r"</?(mark|a)[^>]*>", "", shown)


ODD = (
    (40, 10),
    (5, 5),
    (0, 10_000),
    (900, 901),
    (-3, 4),
    ("'x'", 3),
    (2, 2.5),
    (10**30, 10**31),
)
"""Offsets that are no stretch of the text."""


@pytest.fixture(scope="module")
def odd(serve: Serve) -> Site:
    return serve(turtle_of(TEXT, *ODD, (0, 5)))


def test_odd_offsets_are_told_and_not_marked(odd: Site, texts: Path) -> None:
    shown = page(client_of(odd, texts), about("text"))
    assert re.findall(r'<mark id="(.*?)">', shown) == ["c0-5"]
    assert set(re.findall(r"Rests (\d)", shown)) >= set("012345678")


def test_all_of_the_stretch_that_a_link_leads_to_stands_out(serve: Serve, texts: Path) -> None:
    client = client_of(serve(turtle_of(TEXT, (0, 10), (6, 25))), texts)
    shown = page(client, about("text", "&at=6-25"))
    found = re.findall(r'<mark[^>]*class="asked">(.*?)</mark>', shown)
    assert [re.sub("<[^>]*>", "", one) for one in found] == ["beta", " gamma.", "Delta "]


@pytest.mark.parametrize("number", range(len(ODD)), ids=lambda number: str(ODD[number]))
def test_odd_offsets_do_no_harm(number: int, odd: Site, texts: Path) -> None:
    client = client_of(odd, texts)
    assert "<mark" not in page(client, about(f"e{number}"))
    assert f"Rests {number}" in page(client, asked_at(client, about(f"t{number}"))[0])


def test_words_that_are_not_those_that_were_meant_are_not_shown(serve: Serve, texts: Path) -> None:
    client = client_of(serve(turtle_of(TEXT, (0, 5), digest="0123456789abcdef")), texts)
    assert "<mark>Alpha" not in page(client, about("e0"))
    assert "has not the words there that were meant" in page(client, about("text"))


def test_a_text_with_another_checksum_is_not_used(serve: Serve, texts: Path) -> None:
    site = serve(turtle_of(TEXT + "!", (0, 5)))
    assert "Alpha" not in page(client_of(site, texts), about("text"))


def test_a_text_that_was_changed_since_the_start_is_not_used(serve: Serve, texts: Path) -> None:
    client = client_of(serve(turtle_of(TEXT, (0, 5))), texts)
    (texts / "any name").write_text("Omega" + TEXT[5:], encoding="utf-8")
    shown = page(client, about("text"))
    assert "Omega" not in shown
    assert "<mark" not in shown


def test_a_folder_of_texts_that_is_not_there_is_said_at_the_start(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    arguments = ["serve", str(facts.ROOT), "--state", str(tmp_path), "--texts", str(nowhere)]
    found = CliRunner().invoke(cli.main, arguments)
    assert found.exit_code == CouldNotCheck.exit_code
    assert "There is no folder" in found.output


def test_a_folder_of_texts_that_has_gone_takes_no_page_with_it(serve: Serve, texts: Path) -> None:
    client = client_of(serve(turtle_of(TEXT, (0, 5))), texts / "gone")
    assert "foedera serve --texts" in page(client, about("text"))


def test_a_long_text_with_many_stretches_is_shown_in_parts(serve: Serve, tmp_path: Path) -> None:
    text = "\n".join(f"Sentence number {n} of a long book." for n in range(5_000))
    places = [(match.start(), match.end()) for match in re.finditer(r"number \d+", text)][::10]
    (tmp_path / "book").write_text(text, encoding="utf-8")
    client = client_of(serve(turtle_of(text, *places)), tmp_path)
    address, seen, size = about("text"), [], 0
    for _ in range(3):
        shown = page(client, address)
        size = max(size, len(shown))
        seen += re.findall(r'<mark id="c(\d+)-', shown)
        (following,) = re.findall(r'<a rel="next" href="([^"]*)#says"', shown)
        address = urljoin(address, html.unescape(following))
    assert [int(one) for one in seen] == [start for start, _ in places[: 3 * provenance.STRETCHES]]
    assert size < 200_000


def test_marks_nest_whatever_overlaps() -> None:
    """Every character stands in as many marks as there are stretches around it; each stretch is
    named once, at its first character."""
    dice = random.Random(5)
    for _ in range(300):
        text = "".join(dice.choice("ab \n") for _ in range(60))
        marks = [tuple(sorted(dice.sample(range(61), 2))) for _ in range(dice.randrange(12))]
        open_, said, named, depth = 0, [], {}, []
        for paragraph in pages.pieces(text, 0, len(text), marks):  # type: ignore[arg-type]
            for piece in paragraph:
                open_ += {"open": 1, "close": -1}.get(piece.kind, 0)
                if piece.name:
                    assert piece.name not in named
                    named[piece.name] = len(said)
                said += piece.text
                depth += [open_] * len(piece.text)
            assert open_ == 0
        kept = [at for at, letter in enumerate(text) if letter != "\n"]
        assert "".join(said) == text.replace("\n", "")
        around = set(marks)
        assert depth == [sum(a <= at < b for a, b in around) for at in kept]
        visible = {(a, b) for a, b in around if set(text[a:b]) != {"\n"}}
        assert set(named) == {f"c{a}-{b}" for a, b in visible}
        for a, b in visible:
            first = next(at for at in kept if a <= at)
            assert named[f"c{a}-{b}"] == kept.index(first)


# In a browser


@pytest.fixture
def person(tab: Tab, address: str) -> Tab:
    tab.go(address + "/doc/person/adolfo-urso")
    tab.until("document.readyState === 'complete'")
    return tab


OPEN = "document.querySelector('dialog.why')?.open === true"
FIRST = "document.querySelector('main a.asked')"


def test_a_click_opens_who_says_so_in_place_and_escape_returns(person: Tab) -> None:
    before = person.run("location.href")
    person.run(f"{FIRST}.focus()")
    person.press("Enter")
    person.until(OPEN)
    assert person.run("document.activeElement.closest('dialog') !== null")
    assert "Who says so?" in str(person.run("document.querySelector('dialog').innerText"))
    person.press("Escape")
    person.until(f"!({OPEN})")
    assert person.run(f"document.activeElement === {FIRST}")
    assert person.run("location.href") == before


def test_the_button_closes_it(person: Tab) -> None:
    person.run(f"{FIRST}.click()")
    person.until(OPEN)
    person.press("Enter")  # the button has the focus
    person.until(f"!({OPEN})")


def test_without_scripts_the_link_leads_to_the_page(tab: Tab, address: str) -> None:
    tab.without_scripts()
    tab.go(address + "/doc/person/adolfo-urso")
    tab.go(tab.run(f"{FIRST}.href"))
    assert tab.run("document.querySelector('h1').innerText") == "Who says so?"


def test_on_the_page_of_a_statement_the_languages_look_as_on_all_pages(
    tab: Tab, address: str
) -> None:
    """They lead to this very page in another language, but ask nothing."""
    size = "getComputedStyle(document.querySelector('.languages a')).fontSize"
    tab.go(address + "/doc/person/adolfo-urso")
    before = tab.run(size)
    tab.go(tab.run(f"{FIRST}.href"))
    assert "why=" in tab.run("document.querySelector('.languages a').href")
    assert tab.run(size) == before


def test_no_rule_of_accessibility_is_broken_in_the_dialog(person: Tab, axe: str) -> None:
    person.run(axe + ";true")
    person.run(f"{FIRST}.click()")
    person.until(OPEN)
    assert person.run(BROKEN_RULES) == []


def test_where_the_answer_does_not_come_the_link_is_followed(person: Tab) -> None:
    person.run("window.fetch = () => Promise.reject(new Error('no network'))")
    person.run(f"{FIRST}.click()")
    person.until("location.search.includes('why=')")


def test_answers_are_json_for_whoever_shows_them(store: EmbeddedStore, words: Words) -> None:
    (quad,) = store.about(node("evidence/F1-005"), term("start"))
    found: dict[str, Any] = provenance.of(store, words, quad.triple)
    assert json.loads(json.dumps(found)) == found
    assert {"graphs", "inferred", "evidence", "rule", "premises"} <= found.keys()
