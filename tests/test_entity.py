"""Entity URIs: 303 from a thing to its document, and the document in every format."""

from __future__ import annotations

import json
import re
import socket
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, quote, urlsplit

import pyoxigraph as ox
import pytest
import rdflib
import waitress.server
from werkzeug.test import Client, TestResponse

from conftest import Page, Serve
from foedera import formats, terms
from foedera.describe import OFFERED
from foedera.formats import Format
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

LEOPARD = "https://example.org/id/book/the-leopard"
KOKORO = "/doc/book/kokoro"

IN_ALL = pytest.mark.parametrize("fmt", OFFERED, ids=lambda fmt: fmt.ending)
IN_GRAPHS = pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)


def parsed(answer: TestResponse) -> set[ox.Triple]:
    """The triples of an answer, in whichever format it says it is."""
    fmt = next(fmt for fmt in formats.GRAPHS if fmt.media_type == answer.mimetype)
    return {quad.triple for quad in ox.parse(answer.data, format=getattr(ox.RdfFormat, fmt.engine))}


def links(answer: TestResponse) -> dict[tuple[str, str], str]:
    """The targets of a Link header by relation, and by type or profile."""
    found = {}
    for entry in answer.headers["Link"].split(", <"):
        target, *parameters = entry.removeprefix("<").split("; ")
        named = dict(parameter.split("=", 1) for parameter in parameters)
        of = named.get("type") or named.get("profile", "")
        key = (named["rel"].strip('"'), of.strip('"'))
        found[key] = target.removesuffix(">")
    return found


def test_a_thing_answers_303_to_its_document(client: Client) -> None:
    answer = client.get("/id/book/the-leopard")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/doc/book/the-leopard"
    assert answer.headers["Vary"] == "Accept"


@IN_ALL
def test_a_thing_leads_to_each_format_by_accept(client: Client, fmt: Format) -> None:
    answer = client.get(
        "/id/book/the-leopard", headers={"Accept": fmt.media_type}, follow_redirects=True
    )
    assert answer.status_code == 200
    assert answer.content_type == fmt.content_type


def test_a_thing_leads_to_the_format_that_its_address_asks_for(client: Client) -> None:
    for address in ("/id/book/kokoro.rdf", "/id/book/kokoro?format=rdf"):
        assert client.get(address).headers["Location"] == "/doc/book/kokoro.rdf"


@IN_ALL
def test_a_document_comes_in_the_format_of_its_ending(client: Client, fmt: Format) -> None:
    answer = client.get(f"{KOKORO}.{fmt.ending}", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.content_type) == (200, fmt.content_type)


@IN_ALL
def test_a_document_comes_in_the_format_of_its_parameter(client: Client, fmt: Format) -> None:
    for name in (fmt.ending, quote(fmt.media_type, safe="")):
        answer = client.get(f"{KOKORO}?format={name}", headers={"Accept": "image/png"})
        assert (answer.status_code, answer.content_type) == (200, fmt.content_type)


def test_the_parameter_beats_the_ending_and_the_ending_beats_accept(client: Client) -> None:
    answer = client.get(f"{KOKORO}.rdf?format=nt", headers={"Accept": "text/html"})
    assert answer.mimetype == "application/n-triples"
    answer = client.get(f"{KOKORO}.rdf", headers={"Accept": "text/html"})
    assert answer.mimetype == "application/rdf+xml"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/*", "text/turtle"),
        ("application/*", "application/n-triples"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("text/turtle;q=0.5, application/ld+json;q=0.7", "application/ld+json"),
        ("text/turtle;q=0, */*;q=0.1", "application/n-triples"),
        ("application/json", "application/ld+json"),
        ("image/png, text/html;q=0.1", "text/html"),
    ],
)
def test_accept_chooses(client: Client, accept: str | None, expected: str) -> None:
    headers = {"Accept": accept} if accept else {}
    assert client.get(KOKORO, headers=headers).mimetype == expected


@IN_GRAPHS
def test_both_libraries_read_a_document_alike(client: Client, fmt: Format) -> None:
    answer = client.get(f"{KOKORO}.{fmt.ending}")
    named = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}
    named |= {"trig": "trig", "nq": "nquads"}
    read = rdflib.Dataset(default_union=True).parse(data=answer.data, format=named[fmt.ending])
    assert len(set(read.triples((None, None, None)))) == len(parsed(answer))


def test_a_document_tells_of_the_thing_of_what_leads_to_it_and_names_what_it_mentions(
    client: Client,
) -> None:
    told = parsed(client.get("/doc/person/natsume-soseki.ttl"))
    soseki = ox.NamedNode("https://example.org/id/person/natsume-soseki")
    kokoro = ox.NamedNode("https://example.org/id/book/kokoro")
    label = ox.NamedNode(terms.LABEL)
    written = ox.NamedNode("https://example.org/ns#writtenBy")
    assert ox.Triple(soseki, label, ox.Literal("夏目漱石", language="ja")) in told
    assert ox.Triple(kokoro, written, soseki) in told
    assert ox.Triple(kokoro, label, ox.Literal("こころ", language="ja")) in told
    assert ox.Triple(written, label, ox.Literal("written by", language="en")) in told


def test_a_document_says_what_it_is(client: Client, site: Site) -> None:
    told = parsed(client.get(f"{KOKORO}.nt"))
    itself = ox.NamedNode("https://example.org/doc/book/kokoro")
    said = {t.predicate.value: t.object for t in told if t.subject == itself}
    assert said[terms.FOAF + "primaryTopic"].value == "https://example.org/id/book/kokoro"
    assert said[terms.DCTERMS + "license"].value.endswith("/publicdomain/zero/1.0/")
    assert said[terms.DCTERMS + "isPartOf"].value == "https://example.org/id/dataset/books"
    assert said[terms.OWL + "versionInfo"].value == site.live.release.id


@IN_ALL
def test_every_format_links_to_all_others_the_thing_and_the_licence(
    client: Client, fmt: Format
) -> None:
    found = links(client.get(f"{KOKORO}.{fmt.ending}"))
    kokoro = "https://example.org/id/book/kokoro"
    about = quote(kokoro, safe="")
    book = quote("https://example.org/ns#Book", safe="")
    labels = "https://example.org/profile/labels"
    in_profiles = {
        ("alternate", one.name("https://example.org/")): f"{KOKORO}?profile={one.token}"
        for one in formats.PROFILES
    }
    assert found == {
        **{("alternate", one.media_type): f"{KOKORO}.{one.ending}" for one in OFFERED},
        **in_profiles,
        **({} if fmt is formats.HTML else {("profile", ""): labels}),
        ("describes", ""): kokoro,
        ("cite-as", ""): kokoro,
        ("canonical", ""): "https://example.org/doc/book/kokoro",
        ("license", ""): "https://creativecommons.org/publicdomain/zero/1.0/",
        ("linkset", "application/linkset+json"): f"/linkset?iri={about}",
        ("describedby", "text/turtle"): f"{KOKORO}.ttl",
        ("type", ""): "https://schema.org/AboutPage",
        ("collection", "text/html"): f"/class?iri={book}",
    }


@IN_ALL
def test_a_document_carries_the_headers_of_a_public_safe_and_cacheable_answer(
    client: Client, fmt: Format
) -> None:
    answer = client.get(f"{KOKORO}.{fmt.ending}")
    headers = answer.headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "public, no-cache"
    html = fmt is formats.HTML
    coded = ["Accept-Encoding"] if len(answer.data) >= 1400 else []
    assert headers["Vary"].split(", ") == ["Accept-Language" if html else "Accept-Profile", *coded]
    assert ("Content-Security-Policy" in headers) is html


def test_text_formats_say_that_they_are_utf_8(client: Client) -> None:
    for ending in ("ttl", "html"):
        assert client.get(f"{KOKORO}.{ending}").headers["Content-Type"].endswith("; charset=utf-8")


def test_the_policy_of_pages_lets_nothing_in_from_elsewhere(client: Client) -> None:
    policy = client.get(f"{KOKORO}.html").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_an_etag_is_told_apart_by_format_language_and_thing(client: Client) -> None:
    seen = set()
    requests = [
        *((KOKORO, {"Accept": fmt.media_type}) for fmt in OFFERED),
        (KOKORO, {"Accept": "text/html", "Accept-Language": "ja"}),
        ("/doc/book/the-leopard", {"Accept": "text/turtle"}),
    ]
    for address, headers in requests:
        seen.add(client.get(address, headers=headers).headers["ETag"])
    assert len(seen) == len(requests)


@IN_ALL
def test_what_the_client_has_already_is_not_sent_again(client: Client, fmt: Format) -> None:
    first = client.get(f"{KOKORO}.{fmt.ending}")
    for known in (first.headers["ETag"], f'"other", W/{first.headers["ETag"]}', "*"):
        again = client.get(f"{KOKORO}.{fmt.ending}", headers={"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Vary"] == first.headers["Vary"]
    other = client.get(f"{KOKORO}.{fmt.ending}", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.data) == (200, first.data)


@IN_ALL
def test_head_says_the_same_without_the_body(client: Client, fmt: Format) -> None:
    head = client.head(f"{KOKORO}.{fmt.ending}")
    whole = client.get(f"{KOKORO}.{fmt.ending}")
    assert head.data == b""
    assert dict(head.headers) == dict(whole.headers)
    assert int(head.headers["Content-Length"]) == len(whole.data)


def test_head_of_a_thing_redirects_too(client: Client) -> None:
    answer = client.head("/id/book/kokoro")
    assert (answer.status_code, answer.headers["Location"]) == (303, KOKORO)


@pytest.mark.parametrize("address", ["/id/book/kokoro", KOKORO, "/about", "/class", "/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"])
def test_nothing_can_be_written(client: Client, address: str, method: str) -> None:
    answer = client.open(address, method=method)
    assert answer.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} == set(answer.headers["Allow"].split(", "))
    assert answer.json is not None
    assert answer.json["status"] == 405
    assert "GET" in answer.json["hint"]


def test_options_tells_the_methods_and_lets_a_browser_go_on(client: Client) -> None:
    answer = client.options(KOKORO, headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 200
    assert {"GET", "HEAD", "OPTIONS"} == set(answer.headers["Allow"].split(", "))
    assert answer.headers["Access-Control-Allow-Methods"] == answer.headers["Allow"]
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, *"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("text/html", "text/html"),
        ("text/turtle", "text/turtle"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/ld+json", "application/ld+json"),
        ("application/n-triples", "application/n-triples"),
        ("text/plain", "text/plain"),
    ],
)
@pytest.mark.parametrize("address", ["/id/book/emma", "/doc/book/emma"])
def test_what_is_not_known_is_a_404_in_the_format_asked_for(
    client: Client, address: str, accept: str | None, expected: str
) -> None:
    answer = client.get(address, headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype) == (404, expected)
    assert "https://example.org/id/book/emma" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Vary"].startswith("Accept")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if expected in {fmt.media_type for fmt in formats.GRAPHS}:
        assert parsed(answer)


@IN_ALL
def test_what_is_not_known_is_told_in_the_format_of_the_ending(client: Client, fmt: Format) -> None:
    for address in (f"/doc/book/emma.{fmt.ending}", f"/id/book/emma?format={fmt.ending}"):
        answer = client.get(address)
        assert (answer.status_code, answer.content_type) == (404, fmt.content_type)


@pytest.mark.parametrize("address", ["/id/book", "/id/", "/id", "/doc/", "/doc"])
def test_a_part_of_an_address_is_a_404(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["title"] == "There is nothing here"


@pytest.mark.parametrize(
    "accept", ["image/png", "text/turtle;q=0", "application/sparql-results+json"]
)
def test_a_format_that_is_not_offered_is_a_406_with_the_menu(client: Client, accept: str) -> None:
    answer = client.get(KOKORO, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (406, "application/problem+json")
    assert answer.json is not None
    for fmt in OFFERED:
        assert f"{fmt.media_type} (.{fmt.ending})" in answer.json["hint"]


def test_a_406_is_told_in_a_format_that_is_accepted_where_there_is_one(client: Client) -> None:
    answer = client.get(
        KOKORO, headers={"Accept": "text/plain;q=0, text/csv, application/problem+json"}
    )
    assert (answer.status_code, answer.mimetype) == (406, "application/problem+json")
    answer = client.get(f"{KOKORO}?format=csv", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (406, "text/html")
    assert "text/turtle (.ttl)" in answer.text


def test_a_parameter_that_is_not_known_is_a_400(client: Client) -> None:
    for address in ("/id/book/kokoro?fromat=ttl", f"{KOKORO}?fromat=ttl", "/about?iri=x:y&x=1"):
        answer = client.get(address)
        assert answer.status_code == 400
        assert answer.json is not None
        assert "no parameter" in answer.json["detail"]


def test_about_tells_what_is_said_of_any_iri(client: Client) -> None:
    address = f"/about?iri={quote(LEOPARD, safe='')}"
    assert parsed(client.get(address)) == parsed(client.get("/doc/book/the-leopard"))
    license_ = quote("https://creativecommons.org/publicdomain/zero/1.0/", safe="")
    assert b"dataset/books" in client.get(f"/about?iri={license_}&format=nt").data


def test_about_wants_an_iri(client: Client) -> None:
    for address, said in (
        ("/about", "missing"),
        ("/about?iri=", "missing"),
        ("/about?iri=kokoro", "'kokoro' is no IRI"),
        ("/about?iri=https://example.org/a b", "no IRI"),
    ):
        answer = client.get(address)
        assert answer.status_code == 400
        assert answer.json is not None
        assert said in answer.json["detail"]


@IN_ALL
def test_the_document_of_hash_iris_is_at_their_address(client: Client, fmt: Format) -> None:
    for address, accept in (("/ns", fmt.media_type), (f"/ns.{fmt.ending}", "*/*")):
        answer = client.get(address, headers={"Accept": accept})
        assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
        for term in ("Book", "Author", "writtenBy", "wrote"):
            assert f"{term}" in answer.text


def test_the_document_of_an_ontology_adds_nothing_to_what_the_ontology_says_of_itself(
    client: Client,
) -> None:
    told = parsed(client.get("/ns.ttl"))
    ontology = ox.NamedNode("https://example.org/ns")
    assert {t.predicate.value for t in told if t.subject == ontology} == {
        terms.TYPE,
        terms.LABEL,
    }


HOSTS = (
    {"Host": "data.example:8000"},
    {
        "Host": "other.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-For": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil.example",
        "Forwarded": "host=evil.example",
        "X-Original-URL": "/evil.example",
    },
    {"Host": "evil.example/<script>"},
)


@pytest.mark.parametrize(
    "address",
    ["/", "/id/book/kokoro", "/id/book/emma", "/ns.ttl", "/health", "/query", "/sparql?query=x"]
    + [f"{KOKORO}.{fmt.ending}" for fmt in OFFERED],
)
def test_the_host_that_is_asked_never_shows(
    site: Site, plain_settings: Settings, address: str
) -> None:
    answers = []
    for headers in HOSTS:
        client = Client(create_app(plain_settings, site))  # with no answers ready
        answer = client.get(address, headers=headers)
        shown = f"{answer.text}{answer.headers}"
        for host in ("data.example", "other.example", "evil.example", "<script>", "localhost"):
            assert host not in shown
        answers.append((answer.status_code, answer.data, str(answer.headers)))
    assert answers[0] == answers[1] == answers[2]


BASE = "https://probe.example/kb/"
NFC, NFD = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))
assert NFC != NFD

ELSEWHERE = ("sparql", "health", "static/thing", "//two")
"""At these addresses there is something else, or no client goes there."""

BELOW = (
    *ELSEWHERE,
    "id/人物/夏目漱石",
    "id/a%20b",
    "id/a%2Fb",
    "id/a/b",
    "id/100%25",
    f"id/caf{NFC}",
    f"id/caf{NFD}",
    "id/%E6%97%A5%E6%9C%AC",
    "id/f(x)",
    "id/it's",
    "id/S.p.A.",
    "id/v1.2.3",
    "id/table.ttl",
    "id/table",
    "id/index.html",
    "id/both.nt",
    "id/both.nt.rdf",
    "id/semi;colon,comma=1!$*+@:~&-_",
    "id/place/",
    "id/place",
    "id/a//b",
    "id/search?q=日本&lang=ja",
    "id/search",
    "id/-",
    "id/.hidden",
    "id/" + "long" * 700,
    "id/",
    "id",
    "thing/beside",
    "doc/thing",
    "graph/data/all",
)
"""What stands below the base in IRIs of things."""

HASHES = (
    "ns#Term",
    "ns#用語",
    "ns#a/b?c",
    "people/list.ttl#me",
    "id/person/x#me",
    "id/person/x.ttl#me",
    "about#me",
    "list?page=2#me",
    "#root",
    "/evil.example#me",
)
"""What stands below the base in IRIs of things with a hash."""

OUTSIDE = (
    "http://other.example/thing",
    "https://probe.example/other",
    "https://probe.example/kb",
    "http://other.example/a#b",
    "http://other.example/人?q=1&r=%26#c",
    "urn:isbn:9780099429609",
    "mailto:someone@other.example",
    "javascript:alert(1)",
)

IRIS = (*(BASE + one for one in (*BELOW, *HASHES)), *OUTSIDE)


@pytest.fixture(scope="module")
def probe(serve: Serve) -> Site:
    """A site of things with names that are hard to handle, each numbered."""
    rows = "\n".join(f"<{iri}> rdfs:label 'thing {n}' ." for n, iri in enumerate(IRIS))
    return serve(
        f"""@prefix rdfs: <{terms.RDFS}> .
        <{BASE}id/dataset> a <{terms.VOID}Dataset> ; <{terms.VOID}uriSpace> "{BASE}" .
        <{BASE}id/links> rdfs:seeAlso {", ".join(f"<{iri}>" for iri in IRIS)} .
        {rows}"""
    )


@pytest.fixture(scope="module")
def probing(probe: Site, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, probe))


def as_uri(iri: str) -> str:
    """An IRI as it goes over the wire (RFC 3987, section 3.1)."""
    return "".join(one if one.isascii() else quote(one) for one in iri)


def is_named(answer: TestResponse, iri: str) -> bool:
    """Whether a graph calls a thing by its canonical IRI, and tells no other's name for it."""
    label = ox.NamedNode(terms.LABEL)
    name = ox.Literal(f"thing {IRIS.index(iri)}")
    told = parsed(answer)
    return {t.subject.value for t in told if (t.predicate, t.object) == (label, name)} == {iri}


@IN_GRAPHS
@pytest.mark.parametrize("below", BELOW)
def test_any_iri_below_the_base_leads_to_its_description(
    probing: Client, below: str, fmt: Format
) -> None:
    address = "/" + as_uri(below)
    if below in ELSEWHERE:
        address = f"/about?iri={quote(BASE + below, safe='')}"
    answer = probing.get(address, headers={"Accept": fmt.media_type}, follow_redirects=True)
    assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
    assert is_named(answer, BASE + below)
    assert links(answer)["describes", ""] == as_uri(BASE + below)


@pytest.mark.parametrize("below", BELOW)
def test_a_thing_below_the_base_is_never_its_own_document(probing: Client, below: str) -> None:
    if below not in (*ELSEWHERE, "doc/thing"):
        assert probing.get("/" + as_uri(below)).status_code == 303


@IN_GRAPHS
@pytest.mark.parametrize("below", HASHES)
def test_any_hash_iri_leads_to_a_document_that_describes_it(
    probing: Client, below: str, fmt: Format
) -> None:
    address = "/" + as_uri(below.partition("#")[0])
    if below in ("about#me", "#root", "/evil.example#me"):
        address = f"/about?iri={quote(BASE + below.partition('#')[0], safe='')}"
    answer = probing.get(address, headers={"Accept": fmt.media_type}, follow_redirects=True)
    assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
    assert is_named(answer, BASE + below)


@pytest.mark.parametrize("iri", IRIS)
def test_about_describes_any_iri(probing: Client, iri: str) -> None:
    answer = probing.get(f"/about?iri={quote(iri, safe='')}")
    assert answer.status_code == 200
    assert is_named(answer, iri)


@pytest.mark.parametrize("iri", IRIS)
def test_the_other_formats_are_where_the_links_say(probing: Client, iri: str) -> None:
    answer = probing.get(f"/about?iri={quote(iri, safe='')}")
    for (relation, what), target in links(answer).items():
        if relation == "alternate":
            assert target.startswith("/")
            assert not target.startswith("//")
            other = probing.get(target)
            assert other.status_code == 200
            assert what in (other.mimetype, other.headers.get("Content-Profile", "").strip("<>"))
            assert other.mimetype == "text/html" or "schema.org" in what or is_named(other, iri)


@pytest.mark.parametrize("iri", IRIS)
def test_the_page_of_anything_shows_its_name_and_its_canonical_iri(
    probing: Client, iri: str
) -> None:
    answer = probing.get(f"/about?iri={quote(iri, safe='')}&format=html")
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    page = Page(answer.text)
    assert f"thing {IRIS.index(iri)}" in page.text("h1")
    assert iri in page.text("code")


def test_a_page_links_to_things_where_they_are_described(probing: Client) -> None:
    page = Page(probing.get("/doc/links.html").text)
    shown = {}
    for attributes in page.all("a"):
        target = attributes["href"]
        if target.startswith(("/doc/", "/about?", "/ns", "/people", "/id/")):
            answer = probing.get(
                target.partition("#")[0], headers={"Accept": "text/turtle"}, follow_redirects=True
            )
            assert answer.status_code == 200, target
            shown[target] = {t.object.value for t in parsed(answer)}
    for below in (*BELOW, *HASHES):
        name = f"thing {IRIS.index(BASE + below)}"
        assert any(name in names for names in shown.values()), below


def test_what_no_page_can_be_asked_for_by_is_no_link(probing: Client) -> None:
    page = Page(probing.get("/doc/links.html").text)
    for attributes in page.all("a"):
        address = urlsplit(attributes["href"])
        assert address.scheme in ("", "http", "https", "mailto"), attributes
        if address.netloc:
            assert "external" in attributes["rel"].split()


def test_more_escapes_than_needed_and_another_normal_form_find_the_thing_too(
    client: Client, probing: Client
) -> None:
    assert client.get("/id/book/k%6Fk%6fro").headers["Location"] == KOKORO
    answer = client.get("/doc/%62ook/kokoro.nt")
    assert (answer.status_code, answer.mimetype) == (200, "application/n-triples")
    assert probing.get("/id/f%28x%29").headers["Location"] == "/doc/f(x)"


def test_an_iri_with_an_ending_is_not_taken_for_a_format(probing: Client) -> None:
    """And a format not for an IRI, where both are there."""
    answer = probing.get("/doc/table.ttl", headers={"Accept": "text/html"})
    assert answer.mimetype == "text/turtle"
    assert is_named(answer, BASE + "id/table")
    location = probing.get("/id/table.ttl").headers["Location"]
    assert parse_qs(urlsplit(location).query) == {"iri": [BASE + "id/table.ttl"]}


@pytest.fixture(scope="module")
def port(probe: Site, plain_settings: Settings) -> Iterator[int]:
    """Where the probe listens, to clients whose requests nobody touches on their way."""
    server = waitress.server.create_server(
        create_app(plain_settings, probe), host="127.0.0.1", port=0
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server.effective_port
    server.trigger.pull_trigger(server.close)  # in its own thread
    thread.join()


def fetched(port: int, target: str) -> tuple[str, str]:
    """Head and body of the answer to a target that is sent as it is."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"GET {target} HTTP/1.0\r\n\r\n".encode())
        with connection.makefile("rb") as stream:
            head, _, body = stream.read().decode().partition("\r\n\r\n")
    return head, body


@pytest.mark.parametrize("below", [one for one in BELOW if one not in (*ELSEWHERE, "doc/thing")])
def test_any_iri_comes_through_the_http_server(port: int, below: str) -> None:
    """As clients send it, and as proxies do."""
    for target in (f"/{as_uri(below)}", f"http://o.example/{as_uri(below)}"):
        head, _ = fetched(port, target)
        assert head.startswith("HTTP/1.0 303 ")
        location = re.search("Location: (.*)\r", head)
        assert location
        _, body = fetched(port, location[1])
        assert f'"thing {IRIS.index(BASE + below)}"' in body


NESTED = """
@prefix : <https://nested.example/id/> .
@prefix ex: <https://nested.example/ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://nested.example/id/dataset> a <http://rdfs.org/ns/void#Dataset> ;
  <http://rdfs.org/ns/void#uriSpace> "https://nested.example/" .
:lists ex:has ( 1 ( "two" [ ex:deep ( :leaf ) ] ) () ) .
:deep ex:has [ ex:has [ ex:has [ ex:has [ ex:has [ ex:has [ ex:has [ ex:end :leaf ] ] ] ] ] ] ] .
:cyclic ex:has _:a . _:a ex:next _:b . _:b ex:next _:c ; ex:back :cyclic . _:c ex:next _:a .
:one ex:has _:shared . :two ex:has _:shared . _:shared ex:says "shared" ; ex:of :leaf .
:alike ex:has [ ex:says "same" ] , [ ex:says "same" ] .
_:orphan ex:says "nobody's" ; ex:of :leaf ; ex:part [ ex:says "part" ] .
:text rdfs:label "a\\r\\nb\\tc" .
:unwritable ex:123 "a property that is no name in XML" .
:control rdfs:label "a\\u0001b" .
:both a ex:Thing ; rdfs:label "both" .
<https://nested.example/id/both#part> ex:of :both ; rdfs:label "part" .
:other ex:has :both .
"""


@pytest.fixture(scope="module")
def nested(serve: Serve, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, serve(NESTED)))


def shapes(triples: set[ox.Triple]) -> set[ox.Quad]:
    """The triples of blank nodes, these renamed by what they hold and hang on."""
    found = ox.Dataset(
        ox.Quad(t.subject, t.predicate, t.object)
        for t in triples
        if ox.BlankNode in (type(t.subject), type(t.object))
    )
    found.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return set(found)


@IN_GRAPHS
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lists", ":lists ex:has ( 1 ( 'two' [ ex:deep ( :leaf ) ] ) () ) ."),
        (
            "deep",
            ":deep ex:has [ ex:has [ ex:has [ ex:has [ ex:has [ ex:has [ ex:has [ ex:end :leaf ] ]"
            " ] ] ] ] ] .",
        ),
        (
            "cyclic",
            ":cyclic ex:has _:a . _:a ex:next _:b . _:b ex:next _:c ; ex:back :cyclic ."
            " _:c ex:next _:a .",
        ),
        ("one", ":one ex:has _:s . _:s ex:says 'shared' ; ex:of :leaf ."),
        ("two", ":two ex:has _:s . _:s ex:says 'shared' ; ex:of :leaf ."),
        ("alike", ":alike ex:has [ ex:says 'same' ] , [ ex:says 'same' ] ."),
    ],
)
def test_blank_nodes_and_lists_are_whole(
    nested: Client, name: str, expected: str, fmt: Format
) -> None:
    prefixes = "".join(NESTED.splitlines(keepends=True)[:4])
    wanted = {quad.triple for quad in ox.parse(prefixes + expected, format=ox.RdfFormat.TURTLE)}
    answer = nested.get(f"/doc/{name}.{fmt.ending}")
    assert shapes(parsed(answer)) == shapes(wanted)


def test_a_link_from_a_blank_node_is_given_with_its_owners_and_all_it_holds(nested: Client) -> None:
    told = parsed(nested.get("/doc/leaf.ttl"))
    texts = {t.object.value for t in told if isinstance(t.object, ox.Literal)}
    assert {"shared", "nobody's", "part", "two"} <= texts
    subjects = {t.subject.value for t in told if isinstance(t.subject, ox.NamedNode)}
    for owner in ("one", "two", "lists", "deep"):
        assert f"https://nested.example/id/{owner}" in subjects


@IN_GRAPHS
def test_ends_of_lines_and_tabs_come_through(nested: Client, fmt: Format) -> None:
    answer = nested.get(f"/doc/text.{fmt.ending}")
    assert "a\r\nb\tc" in {t.object.value for t in parsed(answer)}


def test_what_xml_cannot_hold_is_refused_in_rdf_xml_alone(nested: Client) -> None:
    for name, why in (("unwritable", "ns#123"), ("control", "control character")):
        for fmt in formats.GRAPHS:
            answer = nested.get(f"/doc/{name}.{fmt.ending}")
            if fmt is formats.RDF_XML:
                assert (answer.status_code, answer.mimetype) == (406, fmt.media_type)
                assert why in answer.text
            else:
                assert answer.status_code == 200
                assert parsed(answer)


def test_a_thing_that_has_parts_with_hash_iris_is_still_a_thing(nested: Client) -> None:
    assert nested.get("/id/both").headers["Location"] == "/doc/both"
    told = {(t.subject.value, t.object.value) for t in parsed(nested.get("/doc/both"))}
    assert ("https://nested.example/id/both#part", "part") in told
    assert ("https://nested.example/id/other", "https://nested.example/id/both") in told


def test_a_cut_description_says_so(serve: Serve, plain_settings: Settings) -> None:
    base = "https://many.example/"
    rows = "\n".join(f"<{base}id/n{n}> <{base}ns#of> <{base}id/hub> ." for n in range(40))
    stated = f'<{base}id/d> a <{terms.VOID}Dataset> ; <{terms.VOID}uriSpace> "{base}" .'
    few = replace(plain_settings, inverse_links=10)
    client = Client(create_app(few, serve(f"{stated}\n{rows}")))
    answer = client.get("/doc/hub.nt")
    told = parsed(answer)
    assert answer.headers["X-Foedera-Cut"] == "inverse links"
    assert sum(t.predicate.value == base + "ns#of" for t in told) == 10
    assert any("SPARQL endpoint" in t.object.value for t in told)
    assert "X-Foedera-Cut" not in client.get("/doc/n1.nt").headers


HOSTILE = """
@prefix : <https://hostile.example/id/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<https://hostile.example/id/dataset> a <http://rdfs.org/ns/void#Dataset> ;
  <http://rdfs.org/ns/void#uriSpace> "https://hostile.example/" ;
  <http://purl.org/dc/terms/title> "</title><script>alert(1)</script>" .
:x rdfs:label "<script>alert('\\"x\\"')</script>&lt;b&gt;"@en , "\\u202Eevil\\u202C שלום مرحبا"@ar ;
  rdfs:comment "\\"><img src=x onerror=alert(1)>" ;
  rdfs:seeAlso <javascript:alert(1)> , <data:text/html,alert(1)> , <JaVaScRiPt:alert(2)> ,
    <vbscript:x> , <https://hostile.example/id/%22%3E%3Cscript%3E> , <http://o.example/'><b> ;
  rdfs:isDefinedBy "javascript:alert(3)" , "http://o.example/\\"onmouseover=alert(4)" ;
  <https://hostile.example/id/'onclick='alert(1)'> "x" ;
  a <javascript:alert(5)> , :Class .
:Class rdfs:label "</h1><script>alert(6)</script>" .
""".replace("<http://o.example/'><b>", "<http://o.example/'b>")


@pytest.fixture(scope="module")
def hostile(serve: Serve, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, serve(HOSTILE)))


HOSTILE_PAGES = (
    "/",
    "/doc/x.html",
    "/class?iri=https://hostile.example/id/Class",
    "/about?iri=javascript:alert(1)&format=html",
    "/about?iri=https://hostile.example/id/%2522%253E%253Cscript%253E&format=html",
    "/doc/<script>alert(1)</script>.html",
    "/doc/x?format=<script>",
    "/sparql?query=</textarea><script>alert(1)</script>",
    "/sparql?query=SELECT * { ?s ?p ?o }",
    "/sparql?query=CONSTRUCT WHERE { ?s ?p ?o }",
)


@pytest.mark.parametrize("address", HOSTILE_PAGES)
def test_hostile_strings_stay_text(hostile: Client, address: str) -> None:
    answer = hostile.get(address, headers={"Accept": "text/html"})
    assert answer.mimetype == "text/html"
    page = Page(answer.text)
    for script in page.all("script"):  # what is not a file of ours is data, which nothing ends
        data = script.get("type") in ("application/ld+json", "application/json")
        assert data if "src" not in script else script["src"].startswith("/static/")
    assert "<" not in page.text("script")
    assert all(image["src"] == "/static/mark.svg" for image in page.all("img"))
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src", "action"):
            assert urlsplit(attributes.get(name, "")).scheme in ("", "http", "https", "mailto")


def test_a_script_in_a_label_is_shown_as_it_is_written(hostile: Client) -> None:
    page = Page(hostile.get("/doc/x.html", headers={"Accept-Language": "en"}).text)
    assert [text for tag, text in page.texts if "<script>alert('\"x\"')</script>&lt;b&gt;" in text]


def test_hostile_strings_do_not_break_the_headers_or_json(hostile: Client) -> None:
    for address in ("/doc/x", "/id/x%0D%0ASet-Cookie:%20a=b", "/doc/x%0d%0aY:z?format=%0d%0a"):
        answer = hostile.get(address)
        assert "Set-Cookie" not in answer.headers
        assert "Y" not in answer.headers
    problem = hostile.get('/id/"}<b>\\').data
    assert json.loads(problem)["status"] == 404
