"""Things that are replaced or withdrawn: where they lead, and what is still said of them."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

import pyoxigraph as ox
import pytest
from werkzeug.test import Client, TestResponse

from conftest import Page, Serve
from foedera import formats, near, terms
from foedera.service import Site
from foedera.settings import Mode, Settings
from foedera.web import context, create_app

BASE = "https://retired.example/"

TURTLE = f"""
@prefix dcterms: <{terms.DCTERMS}> .
@prefix owl: <{terms.OWL}> .
@prefix prov: <{terms.PROV}> .
@prefix rdfs: <{terms.RDFS}> .
@prefix skos: <{terms.SKOS}> .
@prefix void: <{terms.VOID}> .
@prefix xsd: <{terms.XSD}> .
@prefix : <{BASE}id/> .
@prefix ns: <{BASE}ns#> .

:dataset a void:Dataset ; void:uriSpace "{BASE}" .

:new a ns:Thing ; rdfs:label "The new one" .
:old a ns:Thing ; rdfs:label "The old one" ; dcterms:isReplacedBy :new .
:older dcterms:isReplacedBy :old .
<{BASE}id/日本> dcterms:isReplacedBy <{BASE}id/日本国> .
<{BASE}id/日本国> rdfs:label "Japan" .
<{BASE}id/asks?x=1> dcterms:isReplacedBy :new .
:now-a-question dcterms:isReplacedBy <{BASE}id/asks?x=2> .
<{BASE}id/asks?x=2> rdfs:label "Asks" .
:now-a-term dcterms:isReplacedBy ns:New .
:now-apart dcterms:isReplacedBy <{BASE}/evil.example/x> .
<{BASE}/evil.example/x> rdfs:label "A name with two slashes" .
:withdrawn-and-replaced prov:invalidatedAtTime "2024-05-03"^^xsd:date ; dcterms:isReplacedBy :new .

:a dcterms:isReplacedBy :b .
:b dcterms:isReplacedBy :a .
:into-a-loop dcterms:isReplacedBy :a .
:itself dcterms:isReplacedBy :itself .
:lost-loop dcterms:isReplacedBy :lost-loop ; owl:deprecated true .

:withdrawn a ns:Thing ; rdfs:label "The withdrawn one" ; rdfs:seeAlso :new ;
    prov:invalidatedAtTime "2024-05-03T12:00:00Z"^^xsd:dateTime ;
    skos:changeNote "Counted twice."@en , "Contato due volte."@it ,
        "二重に数えられていました。"@ja .
:to-withdrawn dcterms:isReplacedBy :withdrawn .
:deprecated rdfs:label "The deprecated one" ; owl:deprecated true .
:kept rdfs:label "Not deprecated" ; owl:deprecated false .
:split dcterms:isReplacedBy :new , :old .
:elsewhere dcterms:isReplacedBy <https://other.example/x> .
:unknown dcterms:isReplacedBy :nowhere .
:in-words rdfs:label "In words" ; dcterms:isReplacedBy "the new one" .

:one rdfs:label "One of two names of a thing" ; owl:sameAs :other .
:other dcterms:isReplacedBy :one .
:first rdfs:label "The first of three" ; owl:sameAs :second .
:second owl:sameAs :third ; dcterms:isReplacedBy :first .
:third dcterms:isReplacedBy :second .
:living rdfs:label "Living" ; owl:sameAs :ended .
:ended owl:deprecated true ; skos:changeNote "Counted twice."@en .
ns:follows rdfs:subPropertyOf dcterms:isReplacedBy .
:in-other-words ns:follows :new .

ns:Old a owl:Class ; owl:deprecated true ; dcterms:isReplacedBy ns:New .
ns:New a owl:Class ; rdfs:label "New" .
:property a owl:ObjectProperty ; owl:deprecated true ; rdfs:label "property" .
<https://other.example/old> dcterms:isReplacedBy :new ; owl:deprecated true .
<https://other.example/x> rdfs:label "Known here, too" .
"""


@pytest.fixture(scope="module")
def retired(serve: Serve) -> Site:
    return serve(TURTLE)


@pytest.fixture(scope="module")
def asking(retired: Site, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, retired))


def went(answer: TestResponse) -> tuple[int, str | None]:
    return answer.status_code, answer.headers.get("Location")


# Replaced


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/id/old", "/id/new"),
        ("/id/old?lang=it", "/id/new?lang=it"),
        ("/id/old?profile=data", "/id/new?profile=data"),
        ("/id/old?format=ttl", "/doc/new.ttl"),
        ("/id/old.ttl?profile=data", "/doc/new.ttl?profile=data"),
        ("/doc/old", "/doc/new"),
        ("/doc/old.html?lang=ja", "/doc/new.html?lang=ja"),
        ("/doc/old?format=json-ld&profile=all", "/doc/new.jsonld?profile=all"),
        (f"/about?iri={BASE}id/old", "/doc/new"),
        (f"/about?iri={BASE}id/old&format=nt", "/doc/new.nt"),
        ("/id/%E6%97%A5%E6%9C%AC", "/id/%E6%97%A5%E6%9C%AC%E5%9B%BD"),
        ("/id/asks?x=1", "/id/new"),
        ("/id/now-a-question", "/about?iri=https%3A%2F%2Fretired.example%2Fid%2Fasks%3Fx%3D2"),
        ("/id/withdrawn-and-replaced", "/id/new"),
    ],
)
def test_what_is_replaced_leads_to_what_took_its_place(
    asking: Client, asked: str, expected: str
) -> None:
    assert went(asking.get(asked)) == (301, expected)


@pytest.mark.parametrize("fmt", [formats.HTML, *formats.GRAPHS], ids=lambda fmt: fmt.ending)
def test_it_leads_there_in_every_format(asking: Client, fmt: formats.Format) -> None:
    assert went(asking.get(f"/doc/old.{fmt.ending}")) == (301, f"/doc/new.{fmt.ending}")
    assert went(asking.get("/doc/old", headers={"Accept": fmt.media_type})) == (301, "/doc/new")


def test_several_replacements_in_a_row_are_one_step(asking: Client) -> None:
    assert went(asking.get("/id/older")) == (301, "/id/new")


def test_who_follows_reads_of_the_new_thing(asking: Client) -> None:
    answer = asking.get("/id/older?lang=en", headers={"Accept": "text/html"}, follow_redirects=True)
    assert (answer.status_code, Page(answer.text).text("h1")) == (200, "The new one")


def test_a_term_that_took_its_place_is_shown(asking: Client) -> None:
    answer = asking.get("/id/now-a-term", follow_redirects=True, headers={"Accept": "text/html"})
    assert (answer.status_code, Page(answer.text).text("h1")) == (200, "New")


def test_a_name_with_two_slashes_is_no_way_to_another_host(asking: Client) -> None:
    status, location = went(asking.get("/id/now-apart"))
    assert (status, location) == (
        301,
        "/about?iri=https%3A%2F%2Fretired.example%2F%2Fevil.example%2Fx",
    )


@pytest.mark.parametrize("mode", [Mode.OK, Mode.SAFE])
def test_it_leads_there_where_no_303_is_sent(
    retired: Site, plain_settings: Settings, mode: Mode
) -> None:
    client = Client(create_app(replace(plain_settings, entity_mode=mode), retired))
    assert went(client.get("/id/old")) == (301, "/id/new")


@pytest.mark.parametrize(
    ("name", "expected"), [("other", "one"), ("second", "first"), ("third", "first")]
)
def test_what_is_replaced_by_another_name_of_itself_leads_there(
    asking: Client, name: str, expected: str
) -> None:
    assert went(asking.get(f"/id/{name}")) == (301, f"/id/{expected}")


@pytest.mark.parametrize("name", ["one", "first", "living"])
def test_what_is_said_of_one_name_of_a_thing_is_not_said_of_the_others(
    asking: Client, name: str
) -> None:
    assert went(asking.get(f"/id/{name}")) == (303, f"/doc/{name}")
    answer = asking.get(f"/doc/{name}.html")
    assert (answer.status_code, 'class="retired"' in answer.text) == (200, False)


def test_the_other_name_is_gone_with_its_reason(asking: Client) -> None:
    answer = asking.get("/doc/ended.html?lang=en")
    assert (answer.status_code, "Counted twice." in answer.text) == (410, True)


def test_what_follows_from_a_property_below_counts(asking: Client) -> None:
    assert went(asking.get("/id/in-other-words")) == (301, "/id/new")


# In a circle


@pytest.mark.parametrize("name", ["a", "b", "itself"])
def test_what_is_replaced_by_itself_a_long_way_round_is_shown(asking: Client, name: str) -> None:
    assert asking.get(f"/doc/{name}").status_code == 200
    assert went(asking.get(f"/id/{name}")) == (303, f"/doc/{name}")


def test_what_leads_into_a_circle_leads_to_where_it_enters(asking: Client) -> None:
    assert went(asking.get("/id/into-a-loop")) == (301, "/id/a")


def test_what_is_withdrawn_and_replaced_by_itself_is_gone(asking: Client) -> None:
    assert asking.get("/doc/lost-loop").status_code == 410


# Withdrawn


GONE = ("withdrawn", "deprecated", "split", "elsewhere", "unknown")


@pytest.mark.parametrize("name", GONE)
@pytest.mark.parametrize("way", ["id", "doc"])
def test_what_is_gone_has_a_page_that_says_so(asking: Client, way: str, name: str) -> None:
    answer = asking.get(f"/{way}/{name}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (410, "text/html")
    assert [one for one in Page(answer.text).all("div") if one.get("class") == "retired"]


@pytest.mark.parametrize("name", GONE)
@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_what_is_gone_has_a_graph_of_what_is_still_said(
    asking: Client, fmt: formats.Format, name: str
) -> None:
    answer = asking.get(f"/doc/{name}.{fmt.ending}")
    assert (answer.status_code, answer.mimetype) == (410, fmt.media_type)
    quads = ox.parse(answer.data, format=getattr(ox.RdfFormat, fmt.engine))
    assert ox.NamedNode(f"{BASE}id/{name}") in {quad.subject for quad in quads}


@pytest.mark.parametrize("path", ["/doc/withdrawn.ttl", "/doc/withdrawn.html?lang=en"])
def test_the_answer_is_kept_and_has_an_etag_but_no_conditions_nor_parts(
    asking: Client, path: str
) -> None:
    """RFC 9110, sections 13.2.1 and 14.2: those are for what is there."""
    first = asking.get(path)
    assert first.headers["Cache-Control"] == "public, no-cache"
    etag = first.headers["ETag"]
    for headers in ({"If-None-Match": etag}, {"If-Match": '"other"'}, {"Range": "bytes=0-3"}):
        again = asking.get(path, headers=headers)
        assert (again.status_code, again.headers["ETag"]) == (410, etag), headers
        assert again.data == first.data
    assert went(asking.head(path)) == (410, None)


def test_a_repeated_request_asks_no_worker(retired: Site, plain_settings: Settings) -> None:
    client = Client(create_app(plain_settings, retired))
    before = [client.get(f"/doc/{name}.ttl") for name in ("withdrawn", "old")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(context, "ask_page", None)
        after = [client.get(f"/doc/{name}.ttl") for name in ("withdrawn", "old")]
    assert [one.data for one in before] == [one.data for one in after]
    assert [one.status_code for one in after] == [410, 301]


def test_what_is_withdrawn_by_way_of_what_it_was_replaced_with_is_found_in_two_steps(
    asking: Client,
) -> None:
    assert went(asking.get("/doc/to-withdrawn.nt")) == (301, "/doc/withdrawn.nt")


@pytest.mark.parametrize("name", ["kept", "in-words", "property"])
def test_what_only_looks_withdrawn_is_there(asking: Client, name: str) -> None:
    assert asking.get(f"/doc/{name}.ttl").status_code == 200


@pytest.mark.parametrize("iri", [f"{BASE}ns#Old", "https://other.example/old"])
def test_terms_and_things_of_other_sites_stay(asking: Client, iri: str) -> None:
    """A deprecated term goes on being documented; of others' IRIs they decide themselves."""
    answer = asking.get("/about", query_string={"iri": iri, "format": "ttl"})
    assert answer.status_code == 200


def test_the_document_of_terms_stays(asking: Client) -> None:
    assert asking.get("/ns", headers={"Accept": "text/turtle"}).status_code == 200


@pytest.mark.parametrize("name", ["elsewhere", "split"])
def test_it_links_to_what_is_in_its_place_and_sends_nobody_there(asking: Client, name: str) -> None:
    answer = asking.get(f"/doc/{name}.html")
    links = {one["href"] for one in Page(answer.text).all("a")}
    expected = {"elsewhere": {"https://other.example/x"}, "split": {"/doc/new", "/doc/old"}}[name]
    assert went(answer) == (410, None)
    assert expected <= links


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", ["Withdrawn on 3 May 2024", "Counted twice."]),
        ("it", ["Ritirato in data 3 maggio 2024", "Contato due volte."]),
        ("ja", ["2024年5月3日に取り下げられました", "二重に数えられていました。"]),
    ],
)
def test_the_page_says_when_and_why_in_the_readers_language(
    asking: Client, language: str, expected: list[str]
) -> None:
    html = asking.get(f"/doc/withdrawn?lang={language}", headers={"Accept": "text/html"}).text
    banner = html.partition('<div class="retired"')[2].partition("</div>")[0]
    assert [words for words in expected if words not in banner] == []


def test_what_is_not_in_the_data_is_not_found(asking: Client) -> None:
    assert asking.get("/id/nowhere-at-all").status_code == 404


# Nearly right

NEARLY = f"""
@prefix dcterms: <{terms.DCTERMS}> .
@prefix rdfs: <{terms.RDFS}> .
@prefix void: <{terms.VOID}> .
@prefix : <{BASE}id/> .

:dataset a void:Dataset ; void:uriSpace "{BASE}" .
<{BASE}id/person/anna> rdfs:label "Anna" .
<{BASE}id/person/berta> rdfs:label "Berta" .
<{BASE}id/set/v1.0> rdfs:label "Version 1" .
<{BASE}id/Mixed> rdfs:label "Mixed" .
<{BASE}id/Twice> rdfs:label "Twice" .
<{BASE}id/twice> rdfs:label "twice" .
<{BASE}id/b> rdfs:label "b" .
<{BASE}id/old> dcterms:isReplacedBy <{BASE}id/b> .
<{BASE}thing/x> rdfs:label "x" .
<{BASE}/evil.example> rdfs:label "Two slashes" .
<{BASE}id/long/{"a" * 251}> rdfs:label "A long name" .
<{BASE}id//apart> rdfs:label "Two slashes further on" .
"""


@pytest.fixture(scope="module")
def nearly(serve: Serve, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, serve(NEARLY)))


def sent(client: Client, target: str, **headers: str) -> TestResponse:
    """The answer to a request whose target is just this, as a server passes it on."""
    path = target.partition("?")[0]
    if path.startswith("http"):
        path = "/" + path.split("/", 3)[3]
    query = target.partition("?")[2]
    return client.get(
        "/",
        environ_overrides={
            "REQUEST_URI": target,
            "PATH_INFO": unquote(path, "latin-1"),
            "QUERY_STRING": query,
        },
        headers=headers,
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/id/person/anna/", "/id/person/anna"),
        ("/id/person/anna//", "/id/person/anna"),
        ("/doc/person/anna/", "/doc/person/anna"),
        ("/doc/person/anna.ttl/", "/doc/person/anna.ttl"),
        ("/id/person/anna.", "/id/person/anna"),
        ("/doc/person/anna,", "/doc/person/anna"),
        ("/ID/Person/Anna", "/id/person/anna"),
        ("/Doc/Person/ANNA", "/doc/person/anna"),
        ("/doc/person/anna.TTL", "/doc/person/anna.ttl"),
        ("/id/person/anna.TTL", "/doc/person/anna.ttl"),
        ("/doc/person/anna.turtle", "/doc/person/anna.ttl"),
        ("/doc/person/anna.json", "/doc/person/anna.jsonld"),
        ("/doc//person//anna", "/doc/person/anna"),
        ("//id/person/anna", "/id/person/anna"),
        ("/person/anna", "/id/person/anna"),
        ("/id/person%5Canna", "/id/person/anna"),
        ("/DOC/Person/Anna.HTML?lang=it", "/doc/person/anna.html?lang=it"),
        ("/ID/PERSON/ANNA?profile=data&lang=ja", "/id/person/anna?profile=data&lang=ja"),
        ("/doc/person/ANNA?page=2", "/doc/person/anna?page=2"),
        ("/Doc/Set/V1.0", "/doc/set/v1.0"),
        ("/ID/MIXED", "/id/Mixed"),
        ("/doc/old.TTL", "/doc/old.ttl"),
        ("/thing/X", "/doc/thing/x"),
        ("/sparql/", "/sparql"),
        ("/SPARQL?query=ASK%7B%7D", "/sparql?query=ASK%7B%7D"),
        ("/Health/", "/health"),
        ("/about/?iri=urn:x", "/about?iri=urn%3Ax"),
    ],
)
def test_an_address_with_one_meaning_leads_to_it(nearly: Client, asked: str, expected: str) -> None:
    assert went(sent(nearly, asked)) == (301, expected)


@pytest.mark.parametrize("asked", ["/ID/Person/Anna/?lang=en", "/doc/person/anna.HTML", "//doc/b/"])
def test_what_it_leads_to_is_there(nearly: Client, asked: str) -> None:
    first = sent(nearly, asked)
    assert first.status_code == 301
    assert nearly.get(first.headers["Location"], follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/doc/person/anna.foo", "/doc/person/anna with one of the endings .ttl, .nt, .rdf"),
        ("/id/person/ana", "/doc/person/anna"),
        ("/doc/person/ana.ttl", "/doc/person/anna"),
        ("/id/persona/anna", "/doc/person/anna"),
        ("/id/TWICE", "/doc/Twice, /doc/twice"),
        ("/id/person/", "/doc/person/anna, /doc/person/berta"),
        ("/id/person", "/doc/person/anna, /doc/person/berta"),
    ],
)
def test_what_is_near_is_named_where_it_is_not_plain_what_is_meant(
    nearly: Client, asked: str, expected: str
) -> None:
    answer = sent(nearly, asked)
    assert answer.status_code == 404
    assert f"Near it: {expected}" in answer.text


@pytest.mark.parametrize(
    "asked", ["/id/", "/id", "/doc", "/doc/", "/id//", "/doc/.ttl", "/id/zzzz"]
)
def test_where_nothing_is_near_the_first_page_is_named(nearly: Client, asked: str) -> None:
    answer = sent(nearly, asked)
    assert answer.status_code == 404
    assert "first page" in answer.text


@pytest.mark.parametrize(
    ("language", "expected"), [("en", "Near it:"), ("it", "Lì vicino:"), ("ja", "近いもの：")]
)
def test_the_page_links_what_is_near_in_the_readers_language(
    nearly: Client, language: str, expected: str
) -> None:
    page = Page(nearly.get(f"/id/person/ana?lang={language}", headers={"Accept": "text/html"}).text)
    assert f"/doc/person/anna?lang={language}" in [one["href"] for one in page.all("a")]
    assert expected in page.text("p")
    assert 'lang="en"' not in page.text("p")


@pytest.mark.parametrize(
    "asked",
    [
        "//evil.example",
        "//evil.example/",
        "//evil.example/%2e%2e",
        "/\\evil.example",
        "/%5Cevil.example/id/person/anna",
        "//evil.example/id/person/anna",
        "///evil.example/sparql/",
        "http://evil.example/id/person/anna/",
        "http://evil.example//sparql/",
        "/id/person/anna%0d%0aLocation:%20http://evil.example/",
        "/id/person/anna/%0d%0a",
        "/id/apart/",
        "/evil.example/",
    ],
)
def test_no_address_leads_to_another_host(nearly: Client, asked: str) -> None:
    answer = sent(nearly, asked)
    location = answer.headers.get("Location", "/")
    assert answer.status_code in (301, 303, 404)
    assert re.fullmatch(r"/(?![/\\])[!-~]*", location), location


def test_a_part_that_is_missing_is_no_way_round(nearly: Client) -> None:
    """The thing is there: its page leads nowhere but to itself."""
    assert went(nearly.get("/doc/person/anna.html?page=9")) == (404, None)
    assert went(nearly.get("/doc/person/%61nna.html?page=9")) == (
        301,
        "/doc/person/anna.html?page=9",
    )


@pytest.mark.parametrize("name", ["a" * 250, "person/" * 20_000])
def test_long_names_are_not_compared(nearly: Client, name: str) -> None:
    """It would take the square of their length."""
    answer = nearly.get(f"/id/long/{name}")
    assert (answer.status_code, "first page" in answer.text) == (404, True)


def test_without_an_index_an_address_is_tried_as_it_is_written(
    serve: Serve, plain_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "_MOST", 0)  # before the workers are forked
    client = Client(create_app(plain_settings, serve(NEARLY)))
    assert went(client.get("/doc/person/anna/")) == (301, "/doc/person/anna")
    assert went(client.get("/id/person/anna.TTL")) == (301, "/doc/person/anna.ttl")
    assert "first page" in client.get("/id/person/ana").text
