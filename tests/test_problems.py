"""Errors as answers: the status of each, in the format asked for, and nothing of our insides."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from werkzeug.test import Client, TestResponse

from conftest import Page
from foedera import errors, formats, release, terms
from foedera.errors import FoederaError
from foedera.service import Live, Site
from foedera.settings import Settings
from foedera.web import create_app

SECRET = "/srv/secret/store: password"


class Failing:
    """A pool of workers whose every call fails in one way."""

    def __init__(self, fault: Exception) -> None:
        self._fault = fault

    def call(self, *_: Any, **__: Any) -> None:
        raise self._fault


def failing(site: Site, settings: Settings, fault: Exception) -> Client:
    """A client of a site that is whole but for its workers."""
    pool: Any = Failing(fault)
    broken = Site()
    broken.change(Live(site.live.release, site.live.numbers, pool))
    return Client(create_app(settings, broken))


ADDRESSES = ("/", "/id/x", "/doc/x", "/about?iri=urn:x", "/class?iri=urn:x", "/sparql?query=ASK{}")


@pytest.mark.parametrize("kind", errors.BY_NAME.values(), ids=errors.BY_NAME)
def test_each_error_has_its_status_at_every_address(
    site: Site, plain_settings: Settings, kind: type[FoederaError]
) -> None:
    client = failing(site, plain_settings, kind("What happened", "What to do", retry_after=7))
    for address in ADDRESSES:
        answer = client.get(address)
        if address in ("/", "/class?iri=urn:x") or answer.mimetype == "text/html":
            answer = client.get(address, headers={"Accept": "text/html"})
            assert "What happened" in answer.text
        else:
            assert answer.mimetype == "application/problem+json"
            assert answer.json == {
                "title": kind.title,
                "status": kind.status,
                "detail": "What happened",
                "hint": "What to do",
            }
        assert answer.status_code == kind.status
        assert answer.headers["Retry-After"] == "7"
        assert answer.headers["Cache-Control"] == "no-store"


def told(answer: TestResponse) -> set[str]:
    """The texts of an error in a graph format."""
    fmt = next(fmt for fmt in formats.GRAPHS if fmt.content_type == answer.content_type)
    quads = ox.parse(answer.data, format=getattr(ox.RdfFormat, fmt.engine))
    return {quad.object.value for quad in quads}


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_an_error_in_rdf_has_the_words_of_the_http_vocabulary(
    client: Client, fmt: formats.Format
) -> None:
    answer = client.get("/doc/emma", headers={"Accept": fmt.media_type})
    assert {terms.HTTP + "Response", "404", "There is nothing here"} <= told(answer)
    assert any("https://example.org/id/emma" in text for text in told(answer))


def test_an_error_as_text_is_a_few_lines(client: Client) -> None:
    answer = client.get("/id/emma", headers={"Accept": "text/plain"})
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text.splitlines()[0] == "404 There is nothing here"


def test_an_error_as_a_page_is_a_page_of_the_site(client: Client) -> None:
    answer = client.get("/doc/emma", headers={"Accept": "text/html"})
    page = Page(answer.text)
    assert page.text("h1") == "There is nothing here"
    assert "/" in page.addresses()
    assert "A shelf of books" in page.text("span")
    assert "Content-Security-Policy" in answer.headers
    assert answer.headers["Vary"] == "Accept, Accept-Language"


@pytest.mark.parametrize("added", ["", "&utm_source=letter", "&format=ttl"])
def test_an_iri_is_told_without_the_parameters_of_the_page(client: Client, added: str) -> None:
    answer = client.get(f"/id/emma?lang=it{added}", headers={"Accept": "text/plain"})
    assert "<https://example.org/id/emma>" in answer.text
    kept = client.get(f"/id/emma?edition=2&lang=it{added}", headers={"Accept": "text/plain"})
    assert "<https://example.org/id/emma?edition=2>" in kept.text


@pytest.mark.parametrize("language", ["it", "ja"])
@pytest.mark.parametrize(
    "address",
    [
        "/doc/book/kokoro?wrong=1",
        "/about",
        "/contributions",
        "/sparql?query=SELECT+*+{+?s",
        "/sparql?query=SELECT+*+WHERE+WHERE+{}",
        "/sparql?query=DROP+ALL",
        "/sparql?query=SELECT+*+{+?s+?p+'x+}",
        "/doc/book/kokoro?inverse=2",
    ],
)
def test_what_goes_wrong_in_a_browser_is_told_in_its_readers_language(
    client: Client, address: str, language: str
) -> None:
    joined = f"{address}{'&' if '?' in address else '?'}lang={language}"
    page = client.get(joined, headers={"Accept": "text/html"}).text
    problem = re.search(r'class="problem".*?</(?:article|section)>', page, re.DOTALL)
    assert problem
    assert 'lang="en"' not in problem[0]
    assert " and " not in problem[0]


def test_an_error_may_be_read_from_anywhere(client: Client) -> None:
    for address in ("/id/emma", "/sparql", "/static/nothing", "/class?iri=urn:x"):
        headers = client.get(address, headers={"Origin": "https://elsewhere.example"}).headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/turtle", "text/plain"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_fault_of_ours_tells_nothing_of_our_insides(
    site: Site,
    plain_settings: Settings,
    caplog: pytest.LogCaptureFixture,
    address: str,
    accept: str,
) -> None:
    client = failing(site, plain_settings, RuntimeError(SECRET))
    with caplog.at_level(logging.ERROR, "foedera"):
        answer = client.get(address, headers={"Accept": accept})
    if answer.status_code != 406:
        assert answer.status_code == 500
        assert SECRET in caplog.text
    for piece in ("secret", "password", "Traceback", "RuntimeError", "foedera/", ".py"):
        assert piece not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_address_answers_503_before_the_first_release(plain_settings: Settings) -> None:
    client = Client(create_app(plain_settings, Site()))
    for address in (*ADDRESSES, "/health"):
        for accept in ("application/json", "text/html", "text/plain"):
            answer = client.get(address, headers={"Accept": accept})
            assert answer.status_code in (503, 406), address
            if answer.status_code == 503:
                assert answer.headers["Retry-After"] == "1"
                assert "The site is starting" in answer.text
                assert answer.mimetype in ("application/problem+json", "text/plain")


def test_what_the_framework_refuses_has_our_words(client: Client) -> None:
    for answer, status, title in (
        (client.get("/static/nothing.css"), 404, "There is nothing here"),
        (client.get("/static/../secret"), 404, "There is nothing here"),
        (client.post("/static/style.css"), 405, "This method is not offered here"),
        (client.put("/sparql"), 405, "This method is not offered here"),
    ):
        assert answer.status_code == status
        assert answer.json is not None
        assert answer.json["title"] == title
        assert "URL" not in answer.json["detail"]


def test_a_body_that_is_too_large_is_a_413(site: Site, plain_settings: Settings) -> None:
    few = replace(plain_settings, query_bytes=1000)
    client = Client(create_app(few, site))
    for kind in ("application/sparql-query", "application/x-www-form-urlencoded"):
        answer = client.post("/sparql", data=b"query=" + b"x" * 5000, content_type=kind)
        assert answer.status_code == 413
        assert answer.json is not None
        assert answer.json["title"] == "Too large"


def test_no_error_names_a_path_of_this_machine(
    site: Site, plain_settings: Settings, published: release.Release
) -> None:
    client = Client(create_app(plain_settings, site))
    folders = {str(published.path.parent), str(Path(__file__).parent), str(site.live.release.path)}
    for address in (
        "/id/emma",
        "/static/nothing",
        "/static/%2e%2e/%2e%2e/entity.py",
        "/sparql?query=SELECT",
        "/sparql?query=SELECT * FROM <file:///etc/passwd> {}",
        "/sparql?query=LOAD <file:///etc/passwd>",
        "/about?iri=file:///etc/passwd",
        "/%00",
        "/id/%ff%fe",
    ):
        answer = client.get(address)
        assert 400 <= answer.status_code < 500, address
        for folder in folders:
            assert folder not in answer.text
        assert "root:" not in answer.text


def test_problem_details_are_json_whatever_was_asked(client: Client) -> None:
    for name in ('"', "\\", "日本", "</script>", "%0a", "'" * 200):
        answer = client.get(f"/id/{name}")
        assert answer.status_code == 404
        assert set(json.loads(answer.data)) == {"title", "status", "detail", "hint"}
