"""Ready answers: the same bytes again, for the same release and request only, within bounds."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from conftest import Publish
from foedera import release, service
from foedera.service import Live, Site
from foedera.settings import Settings
from foedera.web import create_app
from foedera.web.context import LIVE
from foedera.web.ready import KEEP, Ready

TTL = {"Accept": "text/turtle"}


class Counted:
    """An application that numbers its answers, and keeps all but those told otherwise."""

    def __init__(self) -> None:
        self.asked = 0
        self.status = "200 OK"
        self.keep = True
        self.size = 1
        self.closed = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked += 1
        environ[KEEP] = self.keep
        self.live = environ.get(LIVE)
        body = str(self.asked).encode().ljust(self.size)
        start_response(self.status, [("Content-Length", str(len(body))), ("ETag", '"e"')])
        return _Body([body], self)


class _Body(list[bytes]):
    def __init__(self, parts: list[bytes], app: Counted) -> None:
        super().__init__(parts)
        self._app = app

    def close(self) -> None:
        self._app.closed += 1


def live(name: str) -> Live:
    """A release of which nothing is asked but its name."""

    class Gone:
        def retire(self) -> None: ...

    gone: Any = Gone()
    return Live(release.Release(Path(name), {}), {}, gone)


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def one() -> Site:
    site = Site()
    site.change(live("one"))
    return site


@pytest.fixture
def asking(counted: Counted, one: Site) -> Client:
    return Client(Ready(counted, one, 100_000))


def test_the_second_answer_is_the_first_one(asking: Client, counted: Counted) -> None:
    first = asking.get("/x")
    again = asking.get("/x")
    assert counted.asked == 1
    assert (again.status, again.data, again.headers) == (first.status, first.data, first.headers)
    assert counted.closed == 1


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/y", {}),
        ("/x?q=1", {}),
        ("/%78", {}),
        ("/x", {"Accept": "text/html"}),
        ("/x", {"Accept-Language": "it"}),
    ],
)
def test_another_request_is_asked_anew(
    asking: Client, counted: Counted, address: str, headers: dict[str, str]
) -> None:
    assert asking.get("/x").data == b"1"
    assert asking.get(address, headers=headers).data == b"2"
    assert asking.get(address, headers=headers).data == b"2"
    assert asking.get("/x").data == b"1"


def test_a_query_that_a_server_tells_apart_from_the_path_counts_too(asking: Client) -> None:
    assert asking.get("/x", query_string={"q": "1"}).data == b"1"
    assert asking.get("/x", query_string={"q": "2"}).data == b"2"


def test_what_no_answer_depends_on_makes_no_difference(asking: Client, counted: Counted) -> None:
    asking.get("/x", headers={"Host": "a.example", "User-Agent": "one"})
    asking.get("/x", headers={"Host": "b.example", "User-Agent": "two"})
    assert counted.asked == 1


def test_another_release_is_asked_anew_and_the_first_one_is_remembered(
    asking: Client, one: Site
) -> None:
    assert asking.get("/x").data == b"1"
    one.change(live("two"))
    assert asking.get("/x").data == b"2"
    one.change(live("one"))
    assert asking.get("/x").data == b"1"


def test_an_answer_comes_from_the_release_that_it_is_kept_under(
    asking: Client, counted: Counted, one: Site
) -> None:
    """Else one change in between would leave a wrong answer for as long as the process lives."""
    asking.get("/x")
    assert counted.live is one.live


def test_head_is_answered_from_what_is_kept(asking: Client, counted: Counted) -> None:
    first = asking.get("/x")
    head = asking.head("/x")
    assert (head.status_code, head.data, counted.asked) == (200, b"", 1)
    assert head.headers == first.headers


def test_what_head_asked_first_is_kept_whole(asking: Client, counted: Counted) -> None:
    head = asking.head("/x")
    whole = asking.get("/x")
    assert (head.data, whole.data, counted.asked) == (b"", b"1", 1)
    assert head.headers == whole.headers


@pytest.mark.parametrize("match", ['"e"', 'W/"e"', '"a", "e"', "*"])
def test_what_the_client_has_is_a_304(asking: Client, match: str) -> None:
    asking.get("/x")
    answer = asking.get("/x", headers={"If-None-Match": match})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == '"e"'
    assert "Content-Length" not in answer.headers


@pytest.mark.parametrize("match", ['"f"', "e2", ""])
def test_what_the_client_has_not_is_sent(asking: Client, match: str) -> None:
    asking.get("/x")
    answer = asking.get("/x", headers={"If-None-Match": match})
    assert (answer.status_code, answer.data) == (200, b"1")


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "DELETE"])
def test_other_methods_are_passed_on(asking: Client, method: str) -> None:
    asking.get("/x")
    assert asking.open("/x", method=method).data == b"2"
    assert asking.open("/x", method=method).data == b"3"


@pytest.mark.parametrize(
    "status", ["400 BAD REQUEST", "404 NOT FOUND", "500 OH", "503 LATER", "304 NOT MODIFIED"]
)
def test_only_successes_are_kept(asking: Client, counted: Counted, status: str) -> None:
    counted.status = status
    asking.get("/x")
    counted.status = "200 OK"
    assert asking.get("/x").data == b"2"


def test_a_redirect_is_kept(asking: Client, counted: Counted) -> None:
    counted.status = "303 SEE OTHER"
    assert asking.get("/x").data == asking.get("/x").data
    assert counted.asked == 1


def test_what_is_not_said_to_be_kept_is_not(asking: Client, counted: Counted) -> None:
    counted.keep = False
    assert asking.get("/x").data == b"1"
    assert asking.get("/x").data == b"2"


def test_the_least_used_goes_when_there_is_no_room(asking: Client, counted: Counted) -> None:
    counted.size = 9_000  # ten of these fit into 100,000
    for number in range(10):
        asking.get(f"/{number}")
    asking.get("/0")
    asking.get("/10")
    assert counted.asked == 11
    asking.get("/0")
    assert counted.asked == 11
    asking.get("/1")
    assert counted.asked == 12


def test_many_small_answers_are_bounded_too(asking: Client, counted: Counted) -> None:
    for number in range(200):
        asking.get(f"/{number}")
    asking.get("/199")
    assert counted.asked == 200
    asking.get("/0")
    assert counted.asked == 201


def test_one_large_answer_does_not_push_out_all_others(asking: Client, counted: Counted) -> None:
    asking.get("/small")
    counted.size = 50_000
    assert len(asking.get("/large").data) == 50_000
    asking.get("/large")
    asking.get("/small")
    assert counted.asked == 3


def test_of_a_large_answer_it_is_known_what_who_has_it_needs(
    asking: Client, counted: Counted
) -> None:
    counted.size = 50_000
    asking.get("/large")
    assert asking.get("/large", headers={"If-None-Match": '"e"'}).status_code == 304
    assert asking.head("/large").headers["Content-Length"] == "50000"
    assert counted.asked == 1
    assert asking.get("/large", headers={"Range": "bytes=0-0"}).data == b"2"


def test_a_request_that_is_long_out_of_all_reason_is_not_kept(
    asking: Client, counted: Counted
) -> None:
    address = "/" + "x" * 5000
    asking.get(address)
    asking.get(address)
    assert counted.asked == 2


def test_nothing_is_kept_in_no_room(counted: Counted, one: Site) -> None:
    client = Client(Ready(counted, one, 0))
    assert [client.get("/x").data, client.get("/x").data] == [b"1", b"2"]


def test_before_the_first_release_requests_are_passed_on(counted: Counted) -> None:
    client = Client(Ready(counted, Site(), 100_000))
    assert [client.get("/x").data, client.get("/x").data] == [b"1", b"2"]


def test_the_site_answers_again_without_its_workers(
    published: release.Release, plain_settings: Settings
) -> None:
    addresses = (
        ("/id/book/kokoro", {}),
        ("/doc/book/kokoro", TTL),
        ("/doc/book/kokoro", {"Accept": "text/html"}),
        ("/", {"Accept": "text/html"}),
        ("/sparql?query=ASK{?s ?p ?o}", {}),
        ("/class?iri=https://example.org/ns%23Book", {}),
    )
    with service.local(plain_settings, published) as site:
        client = Client(create_app(plain_settings, site))
        before = [client.get(address, headers=headers) for address, headers in addresses]
    after = [client.get(address, headers=headers) for address, headers in addresses]
    for old, new in zip(before, after, strict=True):
        assert (old.status_code, old.data, old.headers) == (new.status_code, new.data, new.headers)
        assert old.status_code in (200, 303)
    assert client.get("/doc/book/the-leopard", headers=TTL).status_code == 503


@pytest.mark.parametrize(
    "address",
    [
        "/doc/book/emma",
        "/sparql?query=SELEC",
        "/sparql?query=SELECT (NOW() AS ?n) {}",
        "/sparql?query=SELECT (rand() AS ?n) {}",
        "/sparql?query=SELECT (\\u004eOW() AS ?n) {}",
        "/health",
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "application/sparql-results+json"])
def test_errors_and_what_changes_are_neither_kept_nor_given_an_etag(
    published: release.Release, plain_settings: Settings, address: str, accept: str
) -> None:
    with service.local(plain_settings, published) as site:
        client = Client(create_app(plain_settings, site))
        first = client.get(address, headers={"Accept": accept})
        assert first.headers["Cache-Control"] == "no-store"
        assert "ETag" not in first.headers
    if not address.startswith("/health"):  # which asks no worker
        second = client.get(address, headers={"Accept": accept})
        assert second.status_code == (406 if first.status_code == 406 else 503)


def test_a_release_has_its_own_etags(
    publish: Publish, books: Path, plain_settings: Settings
) -> None:
    seen = set()
    for _ in range(2):
        with service.local(plain_settings, publish()) as site:
            client = Client(create_app(plain_settings, site))
            for address in ("/doc/book/kokoro", "/doc/book/kokoro.html", "/sparql?query=ASK{}"):
                seen.add(client.get(address).headers["ETag"])
        (books / "data" / "more.ttl").write_text("<urn:a> <urn:b> <urn:c> .")
    assert len(seen) == 6


def test_a_change_of_release_shows_at_once(
    publish: Publish, books: Path, plain_settings: Settings
) -> None:
    with service.local(plain_settings, publish()) as site:
        client = Client(create_app(plain_settings, site))
        assert client.get("/doc/book/emma").status_code == 404
        assert b"Emma" not in client.get("/doc/book/kokoro", headers=TTL).data
        (books / "data" / "more.ttl").write_text(
            "<https://example.org/id/book/emma> <http://www.w3.org/2000/01/rdf-schema#seeAlso>"
            " <https://example.org/id/book/kokoro> ; "
            '<http://www.w3.org/2000/01/rdf-schema#label> "Emma" .'
        )
        with service.local(plain_settings, publish()) as other:
            site.change(other.live)
            assert client.get("/doc/book/emma").status_code == 200
            assert b"Emma" in client.get("/doc/book/kokoro", headers=TTL).data


def test_the_setting_bounds_the_bytes(published: release.Release, plain_settings: Settings) -> None:
    none = replace(plain_settings, cache=0)
    with service.local(none, published) as site:
        client = Client(create_app(none, site))
        assert client.get("/doc/book/kokoro").status_code == 200
    assert client.get("/doc/book/kokoro").status_code == 503


# Compressed


LONG = {"Accept": "text/html"}


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "identity;q=0, GZIP"])
def test_who_takes_gzip_gets_a_page_compressed_under_an_etag_of_its_own(
    client: Client, accepted: str
) -> None:
    plain = client.get("/", headers=LONG)
    small = client.get("/", headers={**LONG, "Accept-Encoding": accepted})
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) * 2 < len(plain.data)
    assert small.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert small.headers["Vary"] == plain.headers["Vary"]


@pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "gzip; q=0.000, *", "*;q=0"])
def test_who_does_not_take_gzip_gets_none(client: Client, accepted: str) -> None:
    answer = client.get("/", headers={**LONG, "Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer.headers
    assert answer.text.startswith("<!doctype html>")


def test_each_coding_has_its_304_and_its_parts(client: Client) -> None:
    asked = {**LONG, "Accept-Encoding": "gzip"}
    whole = client.get("/", headers=asked)
    again = client.get("/", headers={**asked, "If-None-Match": whole.headers["ETag"]})
    other = client.get("/", headers={**LONG, "If-None-Match": whole.headers["ETag"]})
    part = client.get("/", headers={**asked, "Range": "bytes=10-19"})
    assert (again.status_code, other.status_code, part.status_code) == (304, 200, 206)
    assert part.data == whole.data[10:20]


def test_what_fits_one_packet_is_not_compressed(client: Client) -> None:
    headers = {"Accept": "application/n-triples", "Accept-Encoding": "gzip"}
    answer = client.get("/doc/book/kokoro?profile=data", headers=headers)
    assert "Content-Encoding" not in answer.headers


def test_where_caches_ignore_vary_nothing_is_compressed(
    site: Site, plain_settings: Settings
) -> None:
    client = Client(create_app(replace(plain_settings, entity_mode="safe"), site))
    answer = client.get(
        "/doc/book/kokoro.html?lang=en", headers={**LONG, "Accept-Encoding": "gzip"}
    )
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, None)
