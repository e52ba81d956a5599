"""The dataset of this repository, as it answers over HTTP: whole, in every format and page."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urljoin, urlsplit

import pyoxigraph as ox
import pytest
import rdflib
from werkzeug.test import Client

from conftest import ROOT, Page, Sample
from foedera import formats, release, terms
from foedera.formats import Format

SHARED = Path(os.environ.get("SHARED_FOLDER") or ROOT.parent / "shared")
BASE = "https://w3id.org/foedera/"

MENTIONED = """
agr/italy-japan-joint-statement agr/italy-japan-strategic-partnership agr/japan-us-semiconductors
agr/rapidus-continued-assistance agr/rapidus-ibm agr/rapidus-investment agr/rapidus-nstc
event/7nm-test-chips event/company-round-table event/elevation-2023-01 event/expo-osaka-2025
event/liguria-expo-preparation event/liguria-mission event/microtest-selection event/nagoya-meetings
event/nishimura-press-conference event/opening-session event/second-day event/semicon-japan-2023
event/signing-2023-12-13 event/talks-airc event/talks-jfc event/tokyo-bilateral-2023
event/tokyo-closing event/urso-mission-japan event/urso-presentation event/urso-sony-meeting
event/visit-embassy event/visit-shibuya event/visit-tiri event/washington-ministerial
event/workshop-semiconductors grp/liguria-delegation org/airc org/ap
org/central-japan-economic-federation org/chips-it org/cnr org/embassy-italy-tokyo
org/feature-photo-service org/filse org/government-italy org/government-japan org/ibm
org/ibm-research org/ibm-research-alliance org/iccj org/ice org/iic-tokyo org/iit
org/japan-finance-corporation org/jetro org/leonardo org/liguria-international org/meti
org/microtest org/mimit org/nagoya-innovators-garage org/nagoya-university
org/nagoya-university-incubator org/raise org/rapidus org/regione-liguria
org/shibuya-startup-support org/sony org/sony-research-trento org/sony-semiconductor-solutions
org/sony-venture-capital org/sputnik org/stmicroelectronics org/technoprobe org/tiri org/unige
org/us-department-commerce org/us-nstc person/adolfo-urso person/alessio-piana
person/darryl-bautista person/fumio-kishida person/gae-aulenti person/gina-raimondo
person/giorgia-meloni person/giuseppe-amelio person/kaz-hadano person/moreno-lupi
person/terushi-shimizu person/toshimoto-mitomo person/yasutoshi-nishimura place/chiyoda-ku
place/genova place/italy place/japan place/kudan-minami place/liguria place/moscow place/nagoya
place/osaka place/pavia place/tokyo place/trento place/usa place/washington
"""
ENTITIES = MENTIONED.split()
"""What the four sources mention by some name: the part of its IRI after ``id/``."""

IN_GRAPHS = pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)

TYPE = ox.NamedNode(terms.TYPE)


class Known:
    """The triples of a release, as a store holds them, and what a description must hold of them."""

    def __init__(self, dump: Path) -> None:
        store = ox.Store()  # which writes a number in one way only: 0.0 becomes 0
        store.bulk_load(path=str(dump), format=ox.RdfFormat.N_QUADS)
        self._of: dict[object, set[ox.Triple]] = defaultdict(set)
        self._to: dict[object, set[ox.Triple]] = defaultdict(set)
        for quad in store.quads_for_pattern(None, None, None, ox.DefaultGraph()):
            self._of[quad.subject].add(quad.triple)
            self._to[quad.object].add(quad.triple)
        named = (*self._of, *self._to)
        iris = {node.value for node in named if isinstance(node, ox.NamedNode)}
        self.iris = sorted(iri for iri in iris if iri.startswith(BASE) and iri != BASE)

    def of(self, iri: str) -> set[ox.Triple]:
        """With the thing as subject; blank nodes to their end."""
        return self._closure(ox.NamedNode(iri))

    def about(self, iri: str) -> set[ox.Triple]:
        """The same, and the links that lead here, from blank nodes back to what owns them."""
        found = self.of(iri)
        ahead: list[object] = [ox.NamedNode(iri)]
        seen = set(ahead)
        while ahead:
            for triple in self._to[ahead.pop()]:
                if triple.predicate == TYPE:
                    continue
                found.add(triple)
                if isinstance(triple.subject, ox.BlankNode) and triple.subject not in seen:
                    seen.add(triple.subject)
                    ahead.append(triple.subject)
                    found |= self._closure(triple.subject)
        return found

    def _closure(self, node: object) -> set[ox.Triple]:
        found: set[ox.Triple] = set()
        ahead = [node]
        while ahead:
            for triple in self._of[ahead.pop()] - found:
                found.add(triple)
                if isinstance(triple.object, ox.BlankNode):
                    ahead.append(triple.object)
        return found


@pytest.fixture(scope="module")
def known(dataset: release.Release) -> Known:
    return Known(dataset.path / "dump.nq")


def unnamed(triples: Iterable[ox.Triple]) -> set[ox.Triple]:
    return {t for t in triples if ox.BlankNode in (type(t.subject), type(t.object))}


def canonical(triples: Iterable[ox.Triple]) -> set[ox.Quad]:
    """The triples with names for their blank nodes that depend on nothing but the graph."""
    found = ox.Dataset(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return set(found)


def parsed(body: bytes, fmt: Format) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(body, format=getattr(ox.RdfFormat, fmt.engine))}


def document(iri: str, fmt: Format) -> str:
    """The address of what is said of one thing, in a format."""
    if iri.startswith(BASE + "id/"):
        return f"/doc/{quote(iri.removeprefix(BASE + 'id/'), safe='/%')}.{fmt.ending}"
    return f"/about?iri={quote(iri, safe='')}&format={fmt.ending}"


@IN_GRAPHS
def test_a_document_holds_all_that_the_store_has_of_its_thing(
    dataset_client: Client, known: Known, fmt: Format, sample: Sample
) -> None:
    incomplete = []
    for iri in sample(known.iris):
        if iri == BASE + "ns":  # a document of many things: see the next test
            continue
        answer = dataset_client.get(document(iri, fmt))
        assert (answer.status_code, answer.content_type) == (200, fmt.content_type), iri
        assert "X-Foedera-Cut" not in answer.headers
        expected, told = known.about(iri), parsed(answer.data, fmt)
        if (
            expected - unnamed(expected) - told
            or len(unnamed(expected)) != len(unnamed(told))
            or canonical(unnamed(expected)) != canonical(unnamed(told))
        ):
            incomplete.append(iri)
    assert incomplete == []


@IN_GRAPHS
def test_the_document_of_the_ontology_holds_every_term(
    dataset_client: Client, known: Known, fmt: Format
) -> None:
    answer = dataset_client.get(f"/ns.{fmt.ending}")
    assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
    terms_of = [iri for iri in known.iris if iri.startswith(BASE + "ns#")]
    expected = set().union(*map(known.of, (BASE + "ns", *terms_of)))
    told = parsed(answer.data, fmt)
    assert len(terms_of) > 100
    assert expected - unnamed(expected) - told == set()
    assert len(unnamed(told)) >= len(unnamed(expected))


RDFLIB = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}
RDFLIB |= {"trig": "trig", "nq": "nquads"}


@IN_GRAPHS
def test_rdflib_reads_the_documents_too(dataset_client: Client, fmt: Format) -> None:
    for entity in ENTITIES:
        body = dataset_client.get(f"/doc/{entity}.{fmt.ending}").data
        graph = rdflib.Dataset(default_union=True).parse(data=body, format=RDFLIB[fmt.ending])
        assert len(set(graph.triples((None, None, None)))) == len(parsed(body, fmt)), entity
        assert (rdflib.URIRef(f"{BASE}id/{entity}"), rdflib.RDF.type, None) in graph


def test_all_that_the_sources_mention_answers_is_typed_and_has_an_english_name(
    dataset_client: Client,
) -> None:
    lacking = []
    for entity in ENTITIES:
        answer = dataset_client.get(
            f"/id/{entity}", headers={"Accept": "text/turtle"}, follow_redirects=True
        )
        assert answer.status_code == 200, entity
        said = [
            t
            for t in parsed(answer.data, formats.TURTLE)
            if t.subject == ox.NamedNode(f"{BASE}id/{entity}")
        ]
        typed = any(t.predicate == TYPE and t.object.value.startswith(BASE) for t in said)
        labels = [t.object for t in said if t.predicate.value in terms.LABELS]
        if not typed or not any(label.language == "en" for label in labels):
            lacking.append(entity)
    assert lacking == []


def test_these_are_the_entities_of_the_table_of_mentions() -> None:
    table = SHARED / "facts" / "mentions.tsv"
    if not table.exists():
        pytest.skip(f"there is no {table}: the table of mentions is kept outside this repository")
    with table.open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        assert sorted({row["entity"] for row in rows}) == ENTITIES


def ask(client: Client, query: str) -> list[list[str]]:
    """The rows of an answer as text; IRIs below ``id/`` without their beginning."""
    text = f"PREFIX : <{BASE}ns#>\nPREFIX id: <{BASE}id/>\n{query}"
    answer = client.get(f"/sparql?query={quote(text)}", headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.mimetype) == (200, "text/csv"), answer.text
    rows = csv.reader(answer.text.splitlines())
    return [[cell.removeprefix(BASE + "id/") for cell in row] for row in rows][1:]


def test_it_tells_who_signed_the_joint_statement_and_for_whom(dataset_client: Client) -> None:
    found = ask(
        dataset_client,
        """SELECT DISTINCT ?person ?party {
             ?event :date ?date FILTER(STR(?date) = "2023-12-13")
             ?signature a :Signature ; :signs ?statement ; :inEvent ?event ;
               :actor ?person ; :onBehalfOf ?party .
             ?party a :Polity
             FILTER(STRSTARTS(STR(?party), STR(id:)))
           } ORDER BY ?person""",
    )
    assert found == [
        ["person/adolfo-urso", "polity/italy"],
        ["person/yasutoshi-nishimura", "polity/japan"],
    ]


def test_it_tells_what_the_japanese_government_puts_into_rapidus(dataset_client: Client) -> None:
    found = ask(
        dataset_client,
        """SELECT ?kind ?value ?currency {
             ?promise :obligor <id/org/government-japan> ; :beneficiary <id/org/rapidus> ;
               :amount ?amount .
             ?amount :amountKind ?kind ; :value ?value ; :currency ?currency .
           } ORDER BY DESC(?kind)""",
    )
    assert found == [["original", "70000000000", "JPY"], ["converted", "526000000", "USD"]]


def test_it_tells_which_persons_and_bodies_occur_in_more_than_one_source(
    dataset_client: Client,
) -> None:
    found = ask(
        dataset_client,
        """SELECT ?actor (COUNT(DISTINCT ?source) AS ?sources) {
             ?actor a ?kind FILTER(?kind IN (:Person, :Organization))
             ?name :nameOf ?actor ; :evidence/:source ?source .
             FILTER(STRSTARTS(STR(?actor), STR(id:)))
           } GROUP BY ?actor HAVING(COUNT(DISTINCT ?source) > 1) ORDER BY ?actor""",
    )
    assert found == [
        ["org/government-italy", "2"],
        ["org/government-japan", "3"],
        ["org/sony-semiconductor-solutions", "2"],
        ["person/adolfo-urso", "2"],
        ["person/yasutoshi-nishimura", "3"],
    ]


_TOLD = ("canonical", "license", "author")
"""Links that are told to programs; no browser follows them."""


def _harmless(script: dict[str, str]) -> bool:
    """Whether a script element only holds data, or comes from this host."""
    return script.get("type") == "application/ld+json" or script["src"].startswith("/static/")


def test_every_page_is_whole_and_leads_to_no_other_host_unmarked(
    dataset_client: Client, known: Known, sample: Sample
) -> None:
    for iri in sample(known.iris):
        answer = dataset_client.get(document(iri, formats.HTML))
        assert (answer.status_code, answer.mimetype) == (200, "text/html"), iri
        page = Page(answer.text)
        assert page.all("html")[0]["lang"], iri
        assert page.text("title").strip(), iri
        assert len(page.all("h1")) == 1, iri
        assert all(_harmless(one) for one in page.all("script")), iri
        for tag, attributes in page.elements:
            assert not any(name.startswith("on") or name == "style" for name in attributes), iri
            for name in ("href", "src", "action"):
                if urlsplit(attributes.get(name, "")).netloc:
                    if tag == "link" and attributes["rel"] in _TOLD:
                        continue
                    assert tag == "a", (iri, tag, attributes)
                    assert "external" in attributes.get("rel", "").split(), (iri, attributes)


def internal(page: Page) -> Iterator[str]:
    return (address for address in page.addresses() if address.startswith(("/", "#", "?")))


@pytest.mark.whole
def test_every_link_within_the_site_leads_to_its_place(
    dataset_client: Client, known: Known
) -> None:
    """From the first page, the pages of classes, and some 50 pages of things, to the very spot on
    a page; that no link of any page is dead, `test_crawl` proves."""
    front = Page(dataset_client.get("/", headers={"Accept": "text/html"}).text)
    classes = [address for address in internal(front) if address.startswith("/class")]
    things = [document(iri, formats.HTML) for iri in known.iris[:: len(known.iris) // 50]]
    assert len(classes) > 20
    assert len(things) >= 50
    links: dict[str, dict[str, str]] = defaultdict(dict)
    for page in ("/", "/ns", *classes, *things):
        answer = dataset_client.get(page, headers={"Accept": "text/html"})
        assert answer.status_code == 200, page
        for link in internal(Page(answer.text)):
            address, _, fragment = urljoin(page, link).partition("#")
            links[address].setdefault(unquote(fragment), page)
    assert len(links) > 1000
    broken = []
    for address, fragments in links.items():
        headers = {"Accept": "text/html, */*;q=0.1"}
        with dataset_client.get(address, headers=headers, follow_redirects=True) as answer:
            if answer.status_code != 200:
                broken.append(f"{answer.status_code} {address}, on {fragments}")
            elif any(fragments):
                there = {attributes.get("id", "") for _, attributes in Page(answer.text).elements}
                broken += [f"no {one} at {address}" for one in fragments if one not in {*there, ""}]
    assert broken == []
