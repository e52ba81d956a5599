"""IRIs and addresses: which IRI an address means, and where a link in a page leads."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from conftest import Page, Serve
from foedera import formats, release, terms
from foedera.formats import Format
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

BASE = "https://links.example/base/"

LONG = unicodedata.normalize("NFD", "é") + "l" * 4000


@pytest.fixture(scope="module")
def linked(serve: Serve) -> Site:
    return serve(
        f"""@prefix rdfs: <{terms.RDFS}> .
        @prefix void: <{terms.VOID}> .
        @prefix : <{BASE}id/> .
        :dataset a void:Dataset ; void:uriSpace "{BASE}" .
        :all rdfs:seeAlso :plain , :日本 , <{BASE}thing/x> , <{BASE}ns#Term> , <{BASE}> ,
          <{BASE}id/a%20b> , <{BASE}id/q?x=1&y=2> , <{BASE}id/v1.ttl> , <http://o.example/'x'?a&b> ,
          <https://o.example/日本> , <mailto:a@o.example> , <urn:x:y> , <ftp://o.example/> ,
          <tel:1> , <file:///etc/passwd> , <HTTP://o.example/UPPER> , <data:,x> .
        <{BASE}ns#Term> rdfs:label "term" .
        :plain rdfs:label "plain" .
        <{BASE}id/{LONG}> rdfs:label "long" .
        :more rdfs:seeAlso <https://o.example/known> , <urn:x:known> , <https://o.example/日> .
        <https://o.example/known> rdfs:label "known" .
        <urn:x:known> rdfs:label "known, too" .
        <https://o.example/日> rdfs:seeAlso [ rdfs:label "a part" ; rdfs:seeAlso :plain ] ."""
    )


@pytest.fixture
def following(linked: Site, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, linked))


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        ("id/plain", "/doc/plain"),
        ("id/日本", "/doc/%E6%97%A5%E6%9C%AC"),
        ("thing/x", "/doc/thing/x"),
        ("ns#Term", "/ns#Term"),
        ("id/a%20b", "/doc/a%20b"),
        ("", "/"),
    ],
)
def test_a_thing_below_the_base_is_linked_to_its_document_here(
    following: Client, iri: str, expected: str
) -> None:
    page = Page(following.get("/doc/all.html").text)
    assert expected in [attributes["href"] for attributes in page.all("a")], iri


@pytest.mark.parametrize("iri", ["id/q?x=1&y=2", "id/v1.ttl"])
def test_a_thing_whose_address_would_mean_something_else_is_shown_by_about(
    following: Client, iri: str
) -> None:
    page = Page(following.get("/doc/all.html").text)
    expected = f"/about?iri={quote(BASE + iri, safe='')}"
    assert expected in [attributes["href"] for attributes in page.all("a")]


@pytest.mark.parametrize("iri", ["http://o.example/'x'?a&b", "https://o.example/日本"])
def test_what_is_elsewhere_is_linked_there_and_marked(following: Client, iri: str) -> None:
    page = Page(following.get("/doc/all.html").text)
    (link,) = [attributes for attributes in page.all("a") if attributes["href"] == iri]
    assert {"external", "noreferrer"} <= set(link["rel"].split())


@pytest.mark.parametrize(
    "iri",
    [
        "urn:x:y",
        "ftp://o.example/",
        "tel:1",
        "file:///etc/passwd",
        "HTTP://o.example/UPPER",
        "data:,x",
    ],
)
def test_what_a_browser_should_not_follow_is_text(following: Client, iri: str) -> None:
    page = Page(following.get("/doc/all.html").text)
    assert iri not in page.addresses()
    assert iri in page.text("code")


@pytest.mark.parametrize("iri", ["https://o.example/known", "https://o.example/日"])
def test_what_is_elsewhere_and_described_here_leads_to_that_and_away(
    following: Client, iri: str
) -> None:
    page = Page(following.get("/doc/more.html").text)
    away = [attributes for attributes in page.all("a") if attributes["href"] == iri]
    assert [set(one["rel"].split()) for one in away] == [{"external", "noreferrer"}]
    assert away[0]["aria-label"] == "At its own address"
    here = f"/about?iri={quote(iri, safe='')}"
    assert here in page.addresses()
    assert following.get(here).status_code == 200


def test_what_no_browser_can_follow_and_is_described_here_leads_to_that_alone(
    following: Client,
) -> None:
    page = Page(following.get("/doc/more.html").text)
    assert "/about?iri=urn%3Ax%3Aknown" in page.addresses()
    assert "urn:x:known" not in page.addresses()
    assert "known, too" in page.text("a")


@pytest.mark.parametrize("iri", ["https://o.example/known", "https://unknown.example/", "urn:x"])
def test_what_is_asked_about_elsewhere_is_never_where_one_is_sent(
    following: Client, iri: str
) -> None:
    for address in ("/about", "/class", "/cite", "/linkset"):
        answer = following.get(address, query_string={"iri": iri})
        assert "Location" not in answer.headers


# What has no IRI


def _part(following: Client) -> str:
    """The address of the one blank node of the data."""
    page = Page(following.get("/about?iri=https%3A%2F%2Fo.example%2F%E6%97%A5&format=html").text)
    (found,) = {one for one in page.addresses() if one.startswith("/.well-known/genid/")}
    return found


def test_a_blank_node_has_a_page_with_what_it_holds_and_a_link_to_its_owner(
    following: Client,
) -> None:
    page = Page(following.get(_part(following), headers={"Accept": "text/html"}).text)
    assert "a part" in page.text("h1")
    addresses = page.addresses()
    assert "/doc/plain" in addresses
    assert "/about?iri=https%3A%2F%2Fo.example%2F%E6%97%A5" in addresses


def test_the_name_of_a_blank_node_is_none_to_cite(following: Client) -> None:
    for target in (_part(following), f"{_part(following)}.ttl"):
        links = following.get(target, headers={"Accept": "text/html"}).headers["Link"]
        assert 'rel="describes"' in links
        assert 'rel="cite-as"' not in links


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_a_blank_node_is_one_in_the_data_at_its_address(following: Client, fmt: Format) -> None:
    for target in (f"{_part(following)}.{fmt.ending}", f"{_part(following)}?format={fmt.ending}"):
        answer = following.get(target)
        assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
        assert b"genid" not in answer.data
        found = {q.triple for q in ox.parse(answer.data, format=getattr(ox.RdfFormat, fmt.engine))}
        (part,) = {one.subject for one in found if one.object == ox.Literal("a part")}
        assert isinstance(part, ox.BlankNode)
        owner = ox.NamedNode("https://o.example/日")
        assert ox.Triple(owner, ox.NamedNode(f"{terms.RDFS}seeAlso"), part) in found


def test_the_address_of_a_blank_node_is_the_same_in_the_next_release(books: Path) -> None:
    """As long as its file is the same."""
    told = f'<https://example.org/id/a> <{terms.RDFS}seeAlso> [ <{terms.LABEL}> "a part" ] .'
    (books / "data" / "part.ttl").write_text(told, encoding="utf-8")
    names = []
    for more in ("", "<https://example.org/id/b> a <https://example.org/id/C> ."):
        (books / "data" / "a.ttl").write_text(more, encoding="utf-8")
        found = release.publish(books, books / ".foedera", 5, lambda _: None)
        quads = ox.Store.read_only(str(found.path / "store"))
        label = quads.quads_for_pattern(None, None, ox.Literal("a part"), ox.DefaultGraph())
        names += [quad.subject for quad in label]
    assert len(names) == 2
    assert names[0] == names[1]


@pytest.mark.parametrize("name", ["nobody", "", "a/b", "%20", "..%2F", "nobody.ttl"])
def test_a_blank_node_that_is_not_there_is_not_found(following: Client, name: str) -> None:
    assert following.get(f"/.well-known/genid/{name}").status_code == 404


SAME = [
    ("/id/%E6%97%A5%E6%9C%AC", "/id/%e6%97%a5%e6%9c%ac"),
    ("/id/plain", "/id/%70lain", "/id/plai%6e", "/id/plain?"),
    ("/id/a%20b",),
]


@pytest.mark.parametrize("addresses", SAME, ids=lambda addresses: addresses[0])
def test_spellings_of_one_address_lead_to_one_document(
    following: Client, addresses: tuple[str, ...]
) -> None:
    found = {following.get(address).headers.get("Location") for address in addresses}
    assert len(found) == 1
    assert None not in found


def test_a_very_long_path_is_taken_as_it_is_written(following: Client) -> None:
    """To normalize it may take the square of its length, and any stranger can send it."""
    assert following.get(f"/id/{quote(LONG)}").status_code == 303
    composed = unicodedata.normalize("NFC", LONG)
    assert following.get(f"/id/{quote(composed)}").status_code == 404


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://anything.example/id/plain", 303),
        ("https://anything.example:8443/id/plain?format=ttl", 303),
        ("http://anything.example/doc/plain", 200),
        ("", 303),
    ],
)
def test_a_target_in_absolute_form_or_none_is_understood(
    following: Client, target: str, status: int
) -> None:
    """As a proxy sends it (RFC 9112, section 3.2.2); and not every server tells the target."""
    answer = following.get(
        "/doc/plain" if "/doc/" in target else "/id/plain",
        environ_overrides={"REQUEST_URI": target, "RAW_URI": target},
    )
    assert answer.status_code == status


def test_a_target_that_has_a_host_and_no_path_is_the_first_page(
    plain_settings: Settings, linked: Site
) -> None:
    app = create_app(plain_settings, linked)
    target = "http://anything.example"
    builder = EnvironBuilder(headers={"Accept": "text/html"})
    environ = builder.get_environ() | {"PATH_INFO": "", "REQUEST_URI": target, "RAW_URI": target}
    assert run_wsgi_app(app, environ)[1] == "200 OK"


def test_octets_that_are_no_utf_8_are_taken_as_they_are(following: Client) -> None:
    answer = following.get("/id/%ff%fe")
    assert answer.status_code == 404
    assert answer.json is not None
    assert f"<{BASE}id/%ff%fe>" in answer.json["detail"]


def test_an_iri_that_nothing_names_is_shown_short_and_linked(client: Client) -> None:
    query = "SELECT (<https://example.org/id/book/emma> AS ?book) {}"
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": "text/html"})
    page = Page(answer.text)
    assert ("a", "book:emma") in page.texts
    assert "/doc/book/emma" in page.addresses()
