"""What machines read of pages: schema.org, descriptions, cards to share them by, the mark."""

from __future__ import annotations

import json
import re
import statistics
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
import rdflib
from werkzeug.test import Client

from chromium import Tab
from conftest import ROOT, Page, Publish, Serve
from foedera import bridge, schema, terms
from foedera.release import Release
from foedera.stores.embedded import EmbeddedStore
from foedera.web import create_app

ID = "https://w3id.org/foedera/id/"
DATASET = f"{ID}dataset/foedera"
STATIC = ROOT / "server" / "foedera" / "web" / "static"

PAGES = {
    "home": "/",
    "class": "/class?iri=https%3A%2F%2Fw3id.org%2Ffoedera%2Fns%23Person",
    "entity": "/doc/person/adolfo-urso",
    "ontology": "/ns",
    "bare": "/doc/evidence/F1-005",
}
"""A page of each kind; the last is of a thing without a summary."""

SIGNED = {
    "@vocab": terms.SCHEMA,
    "xsd": terms.XSD,
    **{
        name: {"@id": terms.SCHEMA + name, "@type": terms.SCHEMA + "Date"}
        for name in ("startDate", "endDate", "dateCreated", "datePublished", "dateModified")
    },
    **{
        name: {"@id": terms.SCHEMA + name, "@type": "@id"}
        for name in ("url", "sameAs", "license", "image", "contentUrl")
    },
}
"""What the context of schema.org says of the words that we use, as it was in its release 14."""

Told = dict[str, Any]


@pytest.fixture(scope="module")
def store(dataset: Release) -> EmbeddedStore:
    return EmbeddedStore.load(dataset.path)


@pytest.fixture(scope="module")
def about(store: EmbeddedStore) -> Callable[[str], dict[str, set[str]]]:
    """What schema.org has on a thing of the dataset, by property: our names, or texts."""

    def about(name: str, subject: str = "") -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for triple in schema.triples(store, ox.NamedNode(ID + name)):
            if triple.subject.value == ID + (subject or name):
                value = triple.object.value.removeprefix(ID).removeprefix(terms.SCHEMA)
                found.setdefault(triple.predicate.value.removeprefix(terms.SCHEMA), set()).add(
                    value
                )
        return found

    return about


@pytest.fixture
def said(books: Path, publish: Publish) -> Callable[..., list[ox.Triple]]:
    """What schema.org has on <https://e.example/a> where a publication says some Turtle."""
    prefixes = (
        "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in terms.PREFIXES.items())
        + "@prefix : <https://e.example/> .\n"
    )

    def said(turtle: str, rules: str = "") -> list[ox.Triple]:
        (books / "data" / "more.ttl").write_text(prefixes + turtle, encoding="utf-8")
        (books / "shapes" / "more.ttl").write_text(prefixes + rules, encoding="utf-8")
        return schema.triples(
            EmbeddedStore.load(publish().path), ox.NamedNode("https://e.example/a")
        )

    return said


def values(triples: list[ox.Triple], name: str) -> list[Any]:
    return [t.object for t in triples if t.predicate.value == terms.SCHEMA + name]


def html(client: Client, path: str, languages: str = "en") -> str:
    answer = client.get(path, headers={"Accept": "text/html", "Accept-Language": languages})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def block(page: str) -> Told:
    """The one block of JSON-LD of a page."""
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return dict(json.loads(text))


def graph(content: Told) -> set[tuple[Any, Any, Any]]:
    """The triples of JSON-LD by the context of schema.org, which is not fetched."""
    assert content["@context"] == "https://schema.org"
    text = json.dumps({**content, "@context": SIGNED})
    return set(rdflib.Graph().parse(data=text, format="json-ld"))


def metas(page: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in Page(page).all("meta"):
        found.setdefault(one.get("property") or one.get("name", ""), []).append(
            one.get("content", "")
        )
    return found


# What is told of our own things


def test_a_person_has_names_and_the_office_as_a_role_in_a_ministry(about: Any) -> None:
    urso = about("person/adolfo-urso")
    assert urso[terms.TYPE] == {"Person"}
    assert urso["name"] == {"Adolfo Urso"}
    assert urso["alternateName"] == {"Urso", "Minister Urso"}
    assert urso["memberOf"] == {"org/government-italy"}
    assert urso["worksFor"] == {"tenure/adolfo-urso-mimit-minister"}
    role = about("person/adolfo-urso", "tenure/adolfo-urso-mimit-minister")
    assert role[terms.TYPE] == {"OrganizationRole"}
    assert "Minister of Enterprise and Made in Italy" in role["roleName"]
    assert role["worksFor"] == {"org/mimit"}


def test_a_misspelt_name_is_not_passed_on(about: Any) -> None:
    assert not [one for one in str(about("person/adolfo-urso")).split() if "Ursus" in one]


def test_a_role_whose_times_are_not_known_has_none(about: Any) -> None:
    role = about("person/adolfo-urso", "tenure/adolfo-urso-mimit-minister")
    assert not {"startDate", "endDate"} & set(role)


def test_the_signing_has_day_place_topics_and_who_signed(about: Any) -> None:
    signing = about("event/signing-2023-12-13")
    assert signing[terms.TYPE] == {"Event"}
    assert (signing["startDate"], signing["endDate"]) == ({"2023-12-13"}, {"2023-12-13"})
    assert signing["location"] == {"place/tokyo"}
    assert signing["attendee"] == {"person/adolfo-urso", "person/yasutoshi-nishimura"}
    assert "topic/strategic-cooperation" in signing["about"]


def test_a_ministry_has_its_short_name_seat_and_minister(about: Any) -> None:
    meti = about("org/meti")
    assert meti[terms.TYPE] == {"GovernmentOrganization", "Organization"}
    assert "METI" in meti["alternateName"]
    assert "place/tokyo" in meti["location"]
    assert meti["employee"] == {"tenure/yasutoshi-nishimura-meti-minister"}
    role = about("org/meti", "tenure/yasutoshi-nishimura-meti-minister")
    assert role["employee"] == {"person/yasutoshi-nishimura"}


def test_a_city_lies_in_its_country_and_is_the_one_of_geonames(about: Any) -> None:
    tokyo = about("place/tokyo")
    assert tokyo[terms.TYPE] == {"City", "Place"}
    assert tokyo["containedInPlace"] == {"place/japan"}
    assert tokyo["sameAs"] == {"https://sws.geonames.org/1850147/"}


def test_the_dataset_has_what_search_engines_for_data_ask_for(about: Any) -> None:
    told = about("dataset/foedera")
    assert told[terms.TYPE] == {"Dataset"}
    assert "Foedera: technology diplomacy as linked data" in told["name"]
    assert all(50 <= len(text) <= 5000 for text in told["description"])
    assert told["license"] == {"https://creativecommons.org/licenses/by/4.0/"}
    assert told["creator"] == told["publisher"] == {"project/foedera"}
    assert told["temporalCoverage"] == {"2023-01-01/2025-12-31"}
    assert "place/japan" in told["spatialCoverage"]
    assert (told["version"], told["inLanguage"]) == ({"0.1.0"}, {"en", "it", "ja"})
    assert len(told["isBasedOn"]) == 4


def test_the_whole_dataset_is_there_where_schema_says(
    store: EmbeddedStore, dataset_client: Client
) -> None:
    told = schema.embedded(store, ox.NamedNode(DATASET), ["en"])["distribution"]
    kinds = {"text/turtle": ox.RdfFormat.TURTLE, "application/n-triples": ox.RdfFormat.N_TRIPLES}
    assert {one["encodingFormat"] for one in told} == kinds.keys()
    stated = list(ox.parse(path=ROOT / "data" / "shared" / "people.ttl"))
    for one in told:
        assert one["@type"] == "DataDownload"
        answer = dataset_client.get(one["contentUrl"].removeprefix("https://w3id.org/foedera"))
        assert (answer.status_code, answer.mimetype) == (200, one["encodingFormat"])
        there = set(ox.parse(answer.data, format=kinds[answer.mimetype]))
        assert {quad for quad in stated if not isinstance(quad.object, ox.BlankNode)} <= there


def test_only_an_agreement_in_writing_is_a_work_and_its_parties_made_it(about: Any) -> None:
    statement = about("agr/italy-japan-joint-statement")
    assert statement[terms.TYPE] == {"CreativeWork"}
    assert statement["creator"] == {"polity/italy", "polity/japan"}
    assert statement["dateCreated"] == {"2023-12-13"}
    assert about("agr/rapidus-nstc")[terms.TYPE] == {"Intangible"}
    assert about("agr/rapidus-investment")[terms.TYPE] == {"Intangible"}


def test_a_remark_is_a_claim_of_its_speaker_in_our_words(about: Any) -> None:
    told = about("stmt/nishimura-rapidus")
    assert told[terms.TYPE] == {"Claim"}
    assert told["creator"] == {"person/yasutoshi-nishimura"}
    assert told["appearance"] == {"source/sputnik-2023-01-06"}


def test_a_sum_is_a_number_in_a_currency(about: Any) -> None:
    told = about("amount/rapidus-investment-jpy")
    assert told[terms.TYPE] == {"MonetaryAmount"}
    assert (told["value"], told["currency"]) == ({"70000000000"}, {"JPY"})


def test_a_topic_is_a_term_of_its_scheme(about: Any) -> None:
    assert about("topic/semiconductors")["inDefinedTermSet"] == {"scheme/topics"}


# Nothing false


def test_whoever_was_only_invited_is_no_attendee(store: EmbeddedStore, about: Any) -> None:
    rows: Any = store.query(
        "PREFIX : <https://w3id.org/foedera/ns#> SELECT ?event ?actor "
        "{ ?one :invitationTo ?event ; :actor ?actor }"
    )
    invited = [(r["event"].value.removeprefix(ID), r["actor"].value.removeprefix(ID)) for r in rows]
    assert len(invited) == 4
    for event, actor in invited:
        assert actor not in about(event)["attendee"]


def test_what_is_planned_or_likely_makes_no_attendee(about: Any) -> None:
    assert "org/regione-liguria" not in about("event/expo-osaka-2025").get("attendee", ())
    assert about("event/washington-ministerial")["attendee"] == {
        "person/gina-raimondo",
        "person/yasutoshi-nishimura",
    }


def test_every_attendee_is_known_for_sure_to_have_been_there(
    store: EmbeddedStore, about: Any
) -> None:
    rows: Any = store.query(
        """PREFIX : <https://w3id.org/foedera/ns#>
        SELECT ?event ?actor {
          ?one :participationIn ?event ; :actor ?actor ; :confidence ?sure
          FILTER(STRENDS(STR(?sure), "/certain") || STRENDS(STR(?sure), "/high"))
          FILTER NOT EXISTS { ?one :status ?status }
        }"""
    )
    there: dict[str, set[str]] = {}
    for row in rows:
        there.setdefault(row["event"].value.removeprefix(ID), set()).add(
            row["actor"].value.removeprefix(ID)
        )
    told = {event: about(event)["attendee"] for event in there}
    assert told == there


def test_no_claim_of_less_than_high_confidence_is_passed_on(
    store: EmbeddedStore, about: Any
) -> None:
    rows: Any = store.query(
        """PREFIX : <https://w3id.org/foedera/ns#>
        SELECT ?subject ?value {
          ?claim :assertedSubject ?subject ; :assertedObject ?value ; :confidence ?sure
          FILTER(STRENDS(STR(?sure), "/medium") || STRENDS(STR(?sure), "/low"))
        }"""
    )
    unsure = [(row["subject"], row["value"].value) for row in rows]
    assert len(unsure) > 20
    for subject, value in unsure:
        name = subject.value.removeprefix(ID)
        told = {text for texts in about(name).values() for text in texts}
        assert value.removeprefix(ID) not in told, (name, value)


def test_a_class_that_is_only_likely_is_not_passed_on(about: Any) -> None:
    assert about("org/ibm-research-alliance")[terms.TYPE] == {"Organization"}
    assert about("org/ibm-research", "org/ibm-research-alliance").get(terms.TYPE) in (
        None,
        {"Organization"},
    )


def test_nobody_has_a_title_for_good(store: EmbeddedStore) -> None:
    assert not list(store.about(None, ox.NamedNode(terms.SCHEMA + "jobTitle")))
    for quad in list(
        store.about(None, ox.NamedNode(terms.TYPE), ox.NamedNode(f"{ID[:-3]}ns#Person"))
    ):
        assert not values(schema.triples(store, quad.subject), "jobTitle")


def test_what_is_for_machines_is_no_example_query(dataset_client: Client) -> None:
    assert "SchemaUnsure" not in html(dataset_client, "/")


# Any publication


def test_standard_properties_are_told_in_the_words_of_schema(said: Any) -> None:
    found = said(
        """:a a foaf:Person ; foaf:name "A" ; skos:altLabel "B" ; dcterms:description "C"@en ;
          owl:sameAs <https://o.example/a> ; foaf:givenName "D" ; dcterms:license :none ."""
    )
    told = {(t.predicate.value, t.object.value) for t in found}
    assert told == {
        (terms.TYPE, terms.SCHEMA + "Person"),
        *(
            (terms.SCHEMA + name, value)
            for name, value in {
                "name": "A",
                "alternateName": "B",
                "description": "C",
                "sameAs": "https://o.example/a",
                "givenName": "D",
            }.items()
        ),
    }


def test_a_thing_of_no_known_kind_is_a_thing(said: Any) -> None:
    found = said(':a rdfs:label "A" .')
    assert [one.value for one in (t.object for t in found if t.predicate.value == terms.TYPE)] == [
        terms.SCHEMA + "Thing"
    ]


def test_what_is_said_in_the_words_of_schema_stays_with_its_https_mended(said: Any) -> None:
    found = said(
        """@prefix s: <https://schema.org/> .
        :a a s:Book ; s:name "A" ; s:author :b ; schema:isbn "1" . :b a s:Person ; s:name "B" ."""
    )
    assert {t.predicate.value for t in found} == {
        terms.TYPE,
        *(terms.SCHEMA + name for name in ("name", "author", "isbn")),
    }
    assert {t.object.value for t in found if t.predicate.value == terms.TYPE} == {
        terms.SCHEMA + "Book",
        terms.SCHEMA + "Person",
    }


@pytest.mark.parametrize(
    ("written", "begins", "ends"),
    [
        ('"2023-12-13"^^xsd:date', "2023-12-13", "2023-12-13"),
        ('"2023-12"^^xsd:gYearMonth', "2023-12", "2023-12"),
        ('"2023-12-13T09:30:00+09:00"^^xsd:dateTime',) + ("2023-12-13T09:30:00+09:00",) * 2,
        ('"2023-01/2024-02"^^edtf:EDTF', "2023-01", "2024-02"),
        ('"2023-01/.."^^edtf:EDTF', "2023-01", None),
        ('"[..2023-12-13]"^^edtf:EDTF', None, None),
        ('"2023-12~"^^edtf:EDTF', None, None),
        ('"2023-12-13?"^^edtf:EDTF', None, None),
        ('"2023-13"^^edtf:EDTF', None, None),
        ('"2023-02-30"', None, None),
        ('"some day"@en', None, None),
        (":b", None, None),
    ],
)
def test_only_a_sure_date_is_a_date(
    said: Any, written: str, begins: str | None, ends: str | None
) -> None:
    found = said(f":a a schema:Event ; schema:startDate {written} ; schema:endDate {written} .")
    told = [[one.value for one in values(found, name)] for name in ("startDate", "endDate")]
    assert told == [[begins] if begins else [], [ends] if ends else []]


RULE = """
:Shape a sh:NodeShape ; sh:targetClass :K ; sh:rule :rule .
:rule a sh:SPARQLRule ; dcterms:conformsTo <http://schema.org/> ; sh:construct '''
  PREFIX e: <https://e.example/> PREFIX schema: <http://schema.org/>
  CONSTRUCT { $this a schema:Event ; schema:location ?place ; e:other ?place ; schema:about [] }
  WHERE { $this e:at ?place }''' .
"""


def test_a_publication_may_give_rules_of_its_own(said: Any) -> None:
    found = said(':a a :K ; :at :b . :b a schema:Place ; rdfs:label "B" . :K a owl:Class .', RULE)
    assert [str(t) for t in found if t.subject.value.endswith("/a")] == [
        f"<https://e.example/a> <{terms.SCHEMA}location> <https://e.example/b>",
        f"<https://e.example/a> <{terms.TYPE}> <{terms.SCHEMA}Event>",
    ]


def test_a_rule_is_not_asked_of_things_that_are_not_its_target(said: Any) -> None:
    assert values(said(":a :at :b . :b a schema:Place .", RULE), "location") == []


def test_what_a_publication_holds_for_unsure_is_left_out(said: Any) -> None:
    unsure = """:unsure dcterms:conformsTo <http://schema.org/> ;
      sh:select "SELECT $this ?value { $this <https://e.example/doubted> ?value }" ."""
    data = (
        ":a a :K, schema:Book ; :at :b , :c ; skos:exactMatch :b , :c ; :doubted :b, schema:Book ."
    )
    found = said(data, RULE + unsure)
    assert [one.value[-1] for one in values(found, "location")] == ["c"]
    assert [one.value[-1] for one in values(found, "sameAs")] == ["c"]
    assert f"{terms.SCHEMA}Book" not in str(found)


def test_the_order_never_changes(store: EmbeddedStore, dataset: Release) -> None:
    again = EmbeddedStore.load(dataset.path)
    for name in ("person/adolfo-urso", "event/tokyo-bilateral-2023", "dataset/foedera"):
        thing = ox.NamedNode(ID + name)
        assert schema.triples(store, thing) == schema.triples(again, thing)


# In pages


def named(store: EmbeddedStore) -> Iterator[ox.NamedNode]:
    """A thing of each class, and those that the first page names."""
    for iri in (*store.manifest["publication"]["examples"], DATASET):
        yield ox.NamedNode(iri)
    for iri in store.numbers["classes"]:
        for quad in store.about(None, ox.NamedNode(terms.TYPE), ox.NamedNode(iri)):
            if isinstance(quad.subject, ox.NamedNode):
                yield quad.subject
                break


def test_a_page_says_in_json_ld_what_the_profile_says(store: EmbeddedStore) -> None:
    """All of it but texts in other languages than the reader's, which `embedded` leaves out."""
    for thing in dict.fromkeys(named(store)):
        told = graph(schema.embedded(store, thing, ["it"]))
        whole = {
            tuple(bridge.to_rdflib(node) for node in (t.subject, t.predicate, t.object))
            for t in schema.triples(store, thing)
        }
        assert told <= whole, thing
        left = [value for _, _, value in whole - told]
        assert all(isinstance(v, rdflib.Literal) and v.language for v in left), (thing, left)
        names = {v for s, p, v in whole if str(s) == thing.value and str(p).endswith("/name")}
        assert names <= {v for _, _, v in told}


@pytest.mark.parametrize("name", ["person/adolfo-urso", "org/meti", "event/signing-2023-12-13"])
def test_the_page_and_the_profile_over_http_say_the_same(dataset_client: Client, name: str) -> None:
    answer = dataset_client.get(
        f"/doc/{name}.nt?profile=schema", headers={"Accept": "application/n-triples"}
    )
    assert answer.status_code == 200
    whole = set(rdflib.Graph().parse(data=answer.data, format="nt"))
    told = graph(block(html(dataset_client, f"/doc/{name}")))
    assert told <= whole
    about_it = rdflib.URIRef(ID + name)
    left = {value for subject, _, value in whole - told if subject == about_it}
    assert all(value.language for value in left)


def test_the_reader_s_language_comes_first(dataset_client: Client) -> None:
    told = block(html(dataset_client, "/doc/org/meti", "ja, en;q=0.5"))
    assert told["name"][0] == {"@language": "ja", "@value": "経済産業省"}
    assert told["location"][0]["name"]["@language"] == "ja"


def test_json_ld_is_small(store: EmbeddedStore) -> None:
    sizes = [
        len(schema.script(schema.embedded(store, quad.subject, ["en"])).encode())
        for kind in ("Person", "Organization", "Event", "Place", "Agreement", "Post", "Source")
        for quad in store.about(None, ox.NamedNode(terms.TYPE), ox.NamedNode(f"{ID[:-3]}ns#{kind}"))
    ]
    assert len(sizes) > 80
    assert statistics.median(sizes) < 1500
    assert statistics.quantiles(sizes, n=20)[-1] <= 2048


def test_a_page_tells_and_looks_at_no_more_than_a_few_of_a_kind(
    said: Any, publish: Publish
) -> None:
    """Of what the data says, and of what a rule finds; the profile has all."""
    some = ", ".join(f":p{n}" for n in range(1000))
    found = said(f":a a :K , schema:Event ; schema:attendee {some} ; :at {some} .", RULE)
    assert (len(values(found, "attendee")), len(values(found, "location"))) == (1000, 1000)
    store = EmbeddedStore.load(publish().path)
    told = schema.embedded(store, ox.NamedNode("https://e.example/a"), ["en"])
    assert (len(told["attendee"]), len(told["location"])) == (25, 25)
    short = schema.triples(store, ox.NamedNode("https://e.example/a"), 200)
    assert len(short) < 1000


ATTACK = "</script><script>alert(1)</script><!-- ]]> & \u2028\u2029 \\u003c \"' <"


def test_a_label_never_ends_the_block(serve: Serve, plain_settings: Any) -> None:
    literal = str(ox.Literal(ATTACK, language="en"))
    site = serve(
        f"<https://e.example/a> <{terms.LABEL}> {literal} ; <{terms.COMMENT}> {literal} ;"
        f" <{terms.TYPE}> <https://e.example/C> . <https://e.example/C> <{terms.LABEL}> {literal} ."
    )
    client = Client(create_app(plain_settings, site))
    for path in ("/about?iri=https://e.example/a", "/class?iri=https://e.example/C"):
        page = html(client, path)
        assert len(Page(page).all("script")) == page.count("<script")
        assert "alert(1)</script>" not in page
        name = block(page)["name"]
        assert (name["@value"] if isinstance(name, dict) else name) == ATTACK
        assert not re.search("[<>&\u2028\u2029]", schema.script(block(page)))


@pytest.mark.parametrize("kind", PAGES)
def test_a_description_of_usual_length_is_always_there_once(
    dataset_client: Client, kind: str
) -> None:
    found = metas(html(dataset_client, PAGES[kind]))
    (text,) = found["description"]
    assert 1 <= len(text) <= 300
    assert found["og:description"] == [text]
    assert "\n" not in text


def test_a_thing_without_a_summary_is_described_by_its_class_and_facts(
    dataset_client: Client,
) -> None:
    (text,) = metas(html(dataset_client, PAGES["bare"]))["description"]
    assert "evidence" in text
    assert "·" in text


def test_a_description_has_no_marks_around_what_is_not_there(
    serve: Serve, plain_settings: Any
) -> None:
    site = serve(f'<https://e.example/a> <{terms.LABEL}> "A shelf" .')
    client = Client(create_app(plain_settings, site))
    assert metas(html(client, "/about?iri=https://e.example/a"))["description"] == ["A shelf"]


def test_a_long_description_ends_between_two_words(dataset_client: Client) -> None:
    (text,) = metas(html(dataset_client, "/"))["description"]
    (whole,) = (
        one["description"]["@value"]
        for one in block(html(dataset_client, "/"))["@graph"]
        if one["@type"] == "Dataset"
    )
    assert text.endswith("…")
    assert whole.startswith(text[:-1] + " ")


@pytest.mark.parametrize("kind", PAGES)
def test_open_graph_is_complete(dataset_client: Client, kind: str) -> None:
    found = metas(html(dataset_client, PAGES[kind], "it"))
    for name in ("title", "type", "url", "image", "description", "site_name", "locale"):
        (text,) = found[f"og:{name}"]
        assert text
    assert found["og:locale"] == ["it_IT"]
    assert sorted(found["og:locale:alternate"]) == ["en_GB", "ja_JP"]
    assert found["twitter:card"] == ["summary"]


def test_a_person_s_page_is_a_profile_and_the_first_one_a_site(dataset_client: Client) -> None:
    kinds = {kind: metas(html(dataset_client, path))["og:type"] for kind, path in PAGES.items()}
    assert (kinds["entity"], kinds["home"], kinds["ontology"]) == (
        ["profile"],
        ["website"],
        ["article"],
    )


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", ""),
        (f"{PAGES['class']}&page=1", PAGES["class"][1:]),
        ("/doc/person/adolfo-urso?lang=ja", "doc/person/adolfo-urso"),
        (f"/about?iri={quote(ID + 'person/adolfo-urso', safe='')}", "doc/person/adolfo-urso"),
        ("/ns", "ns"),
    ],
)
def test_a_page_has_one_canonical_address_whatever_it_was_asked_by(
    dataset_client: Client, path: str, canonical: str
) -> None:
    page = html(dataset_client, path)
    links = [one["href"] for one in Page(page).all("link") if one["rel"] == "canonical"]
    assert links == metas(page)["og:url"] == [f"https://w3id.org/foedera/{canonical}"]


def test_a_page_names_its_licence_and_its_authors(dataset_client: Client) -> None:
    links = {one["rel"]: one["href"] for one in Page(html(dataset_client, "/ns")).all("link")}
    assert links["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert links["author"] == f"{ID}project/foedera"


def test_the_first_page_tells_of_the_dataset_and_the_site(dataset_client: Client) -> None:
    dataset, site = block(html(dataset_client, "/"))["@graph"]
    assert (dataset["@type"], dataset["@id"]) == ("Dataset", DATASET)
    assert (site["@type"], site["url"]) == ("WebSite", "https://w3id.org/foedera/")
    assert site["about"] == {"@id": DATASET}


def test_a_publication_without_a_dataset_is_a_site_alone(serve: Serve, plain_settings: Any) -> None:
    client = Client(
        create_app(plain_settings, serve("<https://e.example/a> <https://e.example/p> 1 ."))
    )
    assert block(html(client, "/"))["@type"] == "WebSite"


def test_a_class_page_tells_how_many_there_are_and_names_some(dataset_client: Client) -> None:
    told = block(html(dataset_client, PAGES["class"]))
    assert (told["@type"], told["mainEntity"]["numberOfItems"]) == ("CollectionPage", 13)
    assert told["mainEntity"]["itemListElement"][0]["item"]["name"] == "Adolfo Urso"


@pytest.mark.parametrize("kind", PAGES)
def test_a_browser_finds_no_fault_and_asks_no_other_host(tab: Tab, address: str, kind: str) -> None:
    """The fixture `tab` looks: JSON-LD is data, which the policy on scripts does not forbid."""
    tab.go(address + PAGES[kind])
    told = tab.run("JSON.parse(document.querySelector('script[type$=json]').textContent)")
    assert told["@context"] == "https://schema.org"


def test_a_page_is_printed_in_light_without_its_tools_and_with_its_citation(
    tab: Tab, address: str
) -> None:
    tab.call(
        "Emulation.setEmulatedMedia",
        media="print",
        features=[{"name": "prefers-color-scheme", "value": "dark"}],
    )
    tab.go(address + PAGES["entity"])
    shown = "getComputedStyle(document.querySelector('{}')).display"
    for tool in ("nav", "form"):
        assert tab.run(shown.format(f"header.site {tool}")) == "none"
    assert tab.run("document.querySelector('.cite p').checkVisibility()") is True
    assert tab.run("getComputedStyle(document.querySelector('h1')).color") == "rgb(29, 27, 24)"
    pages = tab.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)["data"]
    assert len(pages) > 10_000


# The mark


def test_the_icon_that_browsers_ask_for_is_there_and_small(dataset_client: Client) -> None:
    answer = dataset_client.get("/favicon.ico")
    assert (answer.status_code, answer.mimetype) == (200, "image/vnd.microsoft.icon")
    assert len(answer.data) <= 2048
    _, kind, images = struct.unpack("<HHH", answer.data[:6])
    size, start = struct.unpack("<II", answer.data[14:22])
    assert (kind, images, len(answer.data)) == (1, 1, start + size)
    assert answer.data[start : start + 8] == b"\x89PNG\r\n\x1a\n"


def test_the_picture_of_cards_is_as_large_as_pages_say_and_small(dataset_client: Client) -> None:
    found = metas(html(dataset_client, "/"))
    path = found["og:image"][0].removeprefix("https://w3id.org/foedera")
    with dataset_client.get(path) as answer:
        data = answer.data
    width, height = struct.unpack(">II", data[16:24])
    assert [str(width), str(height)] == found["og:image:width"] + found["og:image:height"]
    assert len(data) <= 20_000


def test_the_colours_of_a_browser_s_frame_are_those_of_the_paper(dataset_client: Client) -> None:
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    light_and_dark = re.search(r"--paper: light-dark\((#\w+), (#\w+)\)", style)
    assert light_and_dark is not None
    assert metas(html(dataset_client, "/"))["theme-color"] == list(light_and_dark.groups())
