"""The first page, the page of a class, and the health of the site."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

from conftest import Page, Serve
from foedera import formats, release, service, starter, terms
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

HTML = {"Accept": "text/html"}
BOOK = "/class?iri=https://example.org/ns%23Book"


def hrefs(page: Page) -> list[str]:
    return [attributes["href"] for attributes in page.all("a")]


def test_the_first_page_says_what_is_here(client: Client, site: Site) -> None:
    page = Page(client.get("/", headers=HTML).text)
    shown = "".join(text for _, text in page.texts)
    assert "A shelf of books" in page.text("h1") + page.text("span")
    assert "Two books and who wrote them" in shown
    assert f"{site.live.release.triples:,} triples" in " ".join(shown.split())
    assert site.live.release.id in shown


def test_the_first_page_leads_to_examples_classes_and_the_endpoint(client: Client) -> None:
    found = hrefs(Page(client.get("/", headers=HTML).text))
    assert "/doc/book/the-leopard" in found
    assert "/class?iri=https%3A//example.org/ns%23Book" in found
    assert "/sparql" in found
    assert "/health" in found


def test_the_first_page_is_what_anybody_gets_who_asks_for_nothing_else(client: Client) -> None:
    for headers in ({}, {"Accept": "*/*"}, HTML):
        assert client.get("/", headers=headers).mimetype == "text/html"


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_in_rdf_the_first_page_is_the_description_of_the_dataset(
    client: Client, fmt: formats.Format
) -> None:
    answers = (
        client.get("/", headers={"Accept": fmt.media_type}),
        client.get(f"/?format={fmt.ending}", headers=HTML),
    )
    for answer in answers:
        assert (answer.status_code, answer.content_type) == (200, fmt.content_type)
        told = ox.parse(answer.data, format=getattr(ox.RdfFormat, fmt.engine))
        titles = {q.object.value for q in told if q.predicate.value == terms.DCTERMS + "title"}
        assert titles == {"A shelf of books"}
        assert 'rel="alternate"' in answer.headers["Link"]


def test_the_first_page_is_offered_in_no_other_format(client: Client) -> None:
    answer = client.get("/", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.json is not None
    assert "text/html (.html)" in answer.json["hint"]


def test_a_folder_that_says_nothing_of_itself_has_a_first_page_too(
    serve: Serve, plain_settings: Settings
) -> None:
    site = serve("<https://elsewhere.example/a/x> a <https://elsewhere.example/a/Thing> .")
    client = Client(create_app(plain_settings, site))
    page = Page(client.get("/", headers=HTML).text)
    assert "/class?iri=https%3A//elsewhere.example/a/Thing" in hrefs(page)
    answer = client.get("/", headers={"Accept": "text/turtle"})
    assert answer.status_code == 406
    assert answer.text.count("Offered: text/html")


def test_an_empty_publication_has_a_first_page(serve: Serve, plain_settings: Settings) -> None:
    client = Client(create_app(plain_settings, serve("# nothing\n")))
    assert Page(client.get("/", headers=HTML).text).text("b").startswith("0")


def test_the_first_page_speaks_the_reader_s_language(
    tmp_path: Path, plain_settings: Settings
) -> None:
    starter.new(tmp_path)
    with (tmp_path / "data" / "dataset.ttl").open("a", encoding="utf-8") as stream:
        stream.write(
            '<https://example.org/id/dataset/books> dcterms:title "Uno scaffale di libri"@it .\n'
        )
    found = release.publish(tmp_path, tmp_path / ".foedera", 5, lambda _: None)
    with service.local(plain_settings, found) as site:
        client = Client(create_app(plain_settings, site))
        for language, title in (
            ("it-IT,it;q=0.9", "Uno scaffale di libri"),
            ("fr, it;q=0.5", "Uno scaffale di libri"),
            ("fr", "A shelf of books"),
            ("", "A shelf of books"),
            ("it;q=0, *", "A shelf of books"),
            (";;,,=", "A shelf of books"),
        ):
            answer = client.get("/", headers={**HTML, "Accept-Language": language})
            assert f"<h1>{title}</h1>" in answer.text, language


def test_the_page_of_a_class_lists_its_things_by_name(client: Client) -> None:
    page = Page(client.get(BOOK, headers={**HTML, "Accept-Language": "en"}).text)
    found = [href for href in hrefs(page) if href.startswith("/doc/book/")]
    assert found == ["/doc/book/kokoro", "/doc/book/the-leopard"]
    assert page.text("h2") == "2 things"


def test_a_class_that_has_nothing_in_it_is_known_all_the_same(
    serve: Serve, plain_settings: Settings
) -> None:
    site = serve("<urn:Empty> a <http://www.w3.org/2002/07/owl#Class> .")
    answer = Client(create_app(plain_settings, site)).get("/class?iri=urn:Empty")
    assert answer.status_code == 200
    assert "<h2>0 things</h2>" in answer.text


def test_a_thing_that_is_no_class_has_no_page_of_its_members(client: Client) -> None:
    answer = client.get("/class?iri=https://example.org/id/book/kokoro", headers=HTML)
    assert answer.status_code == 404
    assert "https://example.org/doc/book/kokoro" in answer.text


def test_an_unknown_class_is_a_404(client: Client) -> None:
    answer = client.get("/class?iri=https://example.org/ns%23Newspaper", headers=HTML)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "https://example.org/ns#Newspaper" in answer.text


@pytest.fixture(scope="module")
def crowd(serve: Serve, plain_settings: Settings) -> Client:
    """A site of 450 named things of one class, and three unnamed."""
    named = "\n".join(
        f"<https://crowd.example/{n}> a <urn:Thing> ; rdfs:label 'thing {n:03}' ."
        for n in range(450)
    )
    site = serve(f"@prefix rdfs: <{terms.RDFS}> .\n{named}\n" + "[] a <urn:Thing> . " * 3)
    return Client(create_app(plain_settings, site))


def test_a_class_is_shown_page_by_page_each_thing_once(crowd: Client) -> None:
    seen: list[str] = []
    address = "?iri=urn:Thing"
    for number in (1, 2, 3):
        page = Page(crowd.get("/class" + address).text)
        names = [text for tag, text in page.texts if tag == "a" and text.startswith("thing ")]
        seen += names
        assert len(names) == (200, 200, 50)[number - 1]
        assert sum(href.startswith("/doc/") for href in hrefs(page)) == len(names)
        following = [a["href"] for a in page.all("a") if a.get("rel") == "next"]
        before = [a for a in page.all("a") if a.get("rel") == "prev"]
        assert (len(before), len(following)) == (number > 1, number < 3)
        address = following[0] if following else ""
    assert seen == [f"thing {n:03}" for n in range(450)]


def test_the_page_of_a_class_counts_all_and_tells_of_those_without_a_name(crowd: Client) -> None:
    page = Page(crowd.get("/class?iri=urn:Thing").text)
    assert page.text("h2") == "450 things"
    assert "3 more have no name of their own." in page.text("p")


@pytest.mark.parametrize("page", ["0", "-1", "x", "1.5", "", "٣", "9" * 5000, "1e3", " 1"])
def test_a_page_that_is_no_number_is_a_400(crowd: Client, page: str) -> None:
    answer = crowd.get(f"/class?iri=urn:Thing&page={quote(page)}")
    assert answer.status_code == 400


@pytest.mark.parametrize("page", ["4", "999999999"])
def test_a_page_past_the_last_is_a_404(crowd: Client, page: str) -> None:
    answer = crowd.get(f"/class?iri=urn:Thing&page={page}", headers={"Accept": "*/*"})
    assert answer.status_code == 404
    assert "page 3" in answer.text


def test_a_class_must_be_named(client: Client) -> None:
    for address in ("/class", "/class?iri=", "/class?iri=Book", BOOK + "&pge=2"):
        assert client.get(address).status_code == 400


def test_the_page_of_a_class_is_a_page_only(client: Client) -> None:
    answer = client.get(BOOK, headers={"Accept": "text/turtle"})
    assert (answer.status_code, answer.mimetype) == (406, "text/turtle")


def test_health_tells_what_is_served(client: Client, site: Site) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json == {
        "status": "ok",
        "release": site.live.release.id,
        "published": site.live.release.created,
        "triples": site.live.release.triples,
        "problem": None,
    }


def test_health_tells_of_a_publish_that_failed(site: Site, plain_settings: Settings) -> None:
    ill = Site(problem={"detail": "2 things must be mended"})
    ill.change(site.live)
    answer = Client(create_app(plain_settings, ill)).get("/health")
    assert answer.status_code == 200  # what was published before is served, whole
    assert answer.json is not None
    assert answer.json["status"] == "degraded"
    assert answer.json["problem"] == {"detail": "2 things must be mended"}
