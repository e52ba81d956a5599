"""Replies: what every answer carries."""

from __future__ import annotations

import re

import pytest
from werkzeug.test import Client

EVERY = (
    ("GET", "/"),
    ("GET", "/id/book/kokoro"),
    ("GET", "/id/book/emma"),
    ("GET", "/doc/book/kokoro"),
    ("GET", "/doc/book/kokoro.html"),
    ("GET", "/ns"),
    ("GET", "/about"),
    ("GET", "/class?iri=https://example.org/ns%23Book"),
    ("GET", "/sparql"),
    ("GET", "/sparql?query=ASK{}"),
    ("POST", "/sparql"),
    ("GET", "/health"),
    ("GET", "/static/style.css"),
    ("GET", "/static/nothing"),
    ("PUT", "/"),
    ("OPTIONS", "/sparql"),
)


@pytest.mark.parametrize(("method", "address"), EVERY)
@pytest.mark.parametrize("accept", ["text/html", "text/turtle", "*/*"])
def test_every_answer_may_be_read_from_anywhere_and_is_not_guessed_at(
    client: Client, method: str, address: str, accept: str
) -> None:
    with client.open(address, method=method, headers={"Accept": accept}) as answer:
        headers = answer.headers
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in headers
        assert ("Content-Security-Policy" in headers) is (answer.mimetype == "text/html")
        if answer.status_code != 200:
            assert "ETag" not in headers
        if answer.status_code >= 400:
            assert headers["Cache-Control"] == "no-store"
            assert headers["Vary"].startswith("Accept")


def test_what_can_be_used_by_a_script_elsewhere_is_exposed_to_it(client: Client) -> None:
    exposed = client.get("/doc/book/kokoro").headers["Access-Control-Expose-Headers"]
    for name in ("Link", "ETag", "Location", "X-Foedera-Cut"):
        assert name in exposed.split(", ")


def test_a_browser_that_asks_before_it_posts_a_query_is_let_through(client: Client) -> None:
    answer = client.options(
        "/sparql",
        headers={
            "Origin": "https://elsewhere.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type, accept",
        },
    )
    assert answer.status_code == 200
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "Authorization, *"


def test_a_redirect_is_relative_and_depends_on_nothing_it_does_not_say(client: Client) -> None:
    answer = client.get("/id/book/kokoro", headers={"Host": "elsewhere.example"})
    assert answer.headers["Location"] == "/doc/book/kokoro"
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text == "See /doc/book/kokoro\n"


def test_what_is_kept_must_be_asked_for_again(client: Client) -> None:
    """A release is replaced at any moment: a cache may keep an answer, and has to ask each time."""
    for address in ("/", "/doc/book/kokoro", "/doc/book/kokoro.html", "/sparql?query=ASK{}"):
        answer = client.get(address, headers={"Accept": "*/*"})
        assert answer.headers["Cache-Control"] == "public, no-cache"
        assert answer.headers["ETag"].startswith('"')


def test_a_page_differs_by_language_and_says_so(client: Client) -> None:
    address = "/doc/book/the-leopard"
    pages = {}
    for language in ("en", "it", "ja, it;q=0.5"):
        headers = {"Accept": "text/html", "Accept-Language": language}
        answer = client.get(address, headers=headers)
        assert answer.headers["Vary"] == "Accept, Accept-Language, Accept-Encoding"
        pages[language] = answer.text
    for language, tag, title in (
        ("en", "en", "The Leopard"),
        ("it", "it", "Il Gattopardo"),
        ("ja, it;q=0.5", "it", "Il Gattopardo"),
    ):
        assert re.search(f'<h1[^>]* lang="{tag}">{title}</h1>', pages[language])


def test_data_does_not_differ_by_language(client: Client) -> None:
    answers = [
        client.get("/doc/book/kokoro.ttl", headers={"Accept-Language": language})
        for language in ("en", "ja")
    ]
    assert answers[0].data == answers[1].data
    assert answers[0].headers == answers[1].headers


def test_no_answer_from_a_release_has_a_date_of_its_own(client: Client) -> None:
    """The HTTP server says when it answers: one that is kept would tell the time of the first."""
    for address in ("/", "/doc/book/kokoro", "/id/book/kokoro"):
        assert "Date" not in client.get(address).headers


def test_static_files_are_sent_once(client: Client) -> None:
    with client.get("/static/style.css") as first:
        etag = first.headers["ETag"]
        assert first.content_type == "text/css; charset=utf-8"
    with client.get("/static/style.css", headers={"If-None-Match": etag}) as again:
        assert again.status_code == 304
