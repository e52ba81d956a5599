"""Graphs and dumps as they are read: whole, once, and told apart from those of another release."""

from __future__ import annotations

from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

from conftest import Page, Serve
from foedera import formats
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app, graphs

BASE = "https://many.example/"
TURTLE = f"""
@prefix void: <http://rdfs.org/ns/void#> .
<{BASE}id/dataset> a void:Dataset ; void:uriSpace "{BASE}" .
""" + "".join(f'<{BASE}id/{n}> <{BASE}ns#text> "{"long " * 20}{n}" .\n' for n in range(2000))

DUMP = "/graphs?default&format=nt"


@pytest.fixture(scope="module")
def many(serve: Serve) -> Site:
    return serve(TURTLE)


@pytest.fixture
def client(many: Site, plain_settings: Settings) -> Client:
    return Client(create_app(plain_settings, many))


def test_a_dump_that_fits_has_a_length_a_checksum_and_parts(client: Client) -> None:
    answer = client.get(DUMP)
    size = len(answer.data)
    assert 200_000 < size < graphs._KEPT
    assert answer.headers["Content-Length"] == str(size)
    assert not answer.headers["ETag"].startswith("W/")
    part = client.get(DUMP, headers={"Range": f"bytes={size // 2}-"})
    assert (part.status_code, part.data) == (206, answer.data[size // 2 :])
    again = client.get(DUMP, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.fixture
def streaming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "_KEPT", 50_000)


def test_a_larger_one_is_sent_as_it_is_made_and_is_known_again(
    client: Client, streaming: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = client.get(DUMP)
    triples = list(ox.parse(answer.data, format=ox.RdfFormat.N_TRIPLES))
    assert len({quad.triple for quad in triples}) >= 2000
    assert "Content-Length" not in answer.headers
    etag = answer.headers["ETag"]
    assert etag.startswith('W/"')
    assert answer.headers["Last-Modified"]
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert client.get("/graphs?default&format=ttl").headers["ETag"] != etag
    monkeypatch.setattr(graphs, "QUERIES", None)  # nothing is made for who has it
    again = client.get(DUMP, headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == etag


def test_a_larger_one_of_another_release_is_sent(
    serve: Serve, client: Client, plain_settings: Settings, streaming: None
) -> None:
    etag = client.get(DUMP).headers["ETag"]
    other = Client(create_app(plain_settings, serve(TURTLE + f"<{BASE}id/x> a <{BASE}ns#X> .")))
    assert other.get(DUMP, headers={"If-None-Match": etag}).status_code == 200


# Where a linker finds them


def test_the_description_leads_to_the_dump(client: Client) -> None:
    answer = client.get("/doc/dataset.ttl")
    items = [
        link.partition(">")[0].lstrip(" <")
        for link in answer.headers["Link"].split(",")
        if 'rel="item"' in link
    ]
    assert items == [f"{BASE}graphs?default&format=ttl"]
    there = client.get(items[0].replace(BASE, "/"))
    assert (there.status_code, there.mimetype) == (200, formats.TURTLE.media_type)


def test_our_dataset_names_its_dumps_and_its_page_leads_to_them(dataset_client: Client) -> None:
    answer = dataset_client.get("/doc/dataset/foedera.nt")
    quads = ox.parse(answer.data, format=ox.RdfFormat.N_TRIPLES)
    dumps = [quad.object.value for quad in quads if quad.predicate.value.endswith("void#dataDump")]
    assert len(dumps) == 2
    page = Page(dataset_client.get("/doc/dataset/foedera.html").text)
    links = {one["href"] for one in page.all("a")}
    for dump in dumps:
        parts = urlsplit(dump.removeprefix("https://w3id.org/foedera"))
        address = f"{parts.path}?{parts.query}"
        assert address in links
        assert dataset_client.get(address).status_code == 200


def test_the_well_known_address_leads_to_the_description(dataset_client: Client) -> None:
    answer = dataset_client.get("/.well-known/void", headers={"Accept": "text/turtle"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/doc/dataset/foedera")


def test_without_a_dataset_the_well_known_address_says_what_is_missing(
    serve: Serve, plain_settings: Settings
) -> None:
    site = serve(f"<{BASE}id/x> a <{BASE}ns#X> .")
    answer = Client(create_app(plain_settings, site)).get("/.well-known/void")
    assert answer.status_code == 404
    assert "void:Dataset" in answer.text
