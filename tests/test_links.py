"""IRIs and addresses: which IRI an address means, and where a link in a page leads."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from werkzeug.test import Client

from conftest import Page, Serve
from foedera import terms
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

BASE = "https://links.example/base/"


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
        :plain rdfs:label "plain" ."""
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
