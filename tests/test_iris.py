"""Every IRI leads to what is known of it: of each form, in each format, on any host.

The IRIs in the answers are those of the data, whatever host was asked.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from html import unescape
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pyoxigraph as ox
import pytest
from markupsafe import escape
from werkzeug.test import Client, EnvironBuilder, TestResponse
from werkzeug.wrappers import Request

from conftest import Sample, Serve
from foedera import formats, terms
from foedera.describe import OFFERED
from foedera.formats import Format
from foedera.release import Release
from foedera.service import Site
from foedera.settings import Mode, Settings
from foedera.web import create_app

TURTLE = formats.TURTLE
LABEL = ox.NamedNode(terms.LABEL)

BASE = "https://iris.example/base/"

HOSTS = ("a.example", "b.example:8080")

COMPOSED = unicodedata.normalize("NFC", "é")
DECOMPOSED = unicodedata.normalize("NFD", "é")

FORMS = [
    "id/plain",
    "id/a/b/c",
    "thing",
    "thing/x",
    "id/日本",
    "id/ガ行",
    "id/𝒳",
    "id/a%20b",
    "id/a/b",
    "id/a%2Fb",
    "id/a%2fc",
    "id/100%25",
    "id/%7Euser",
    "id/日%20本",
    "id/%E6%97%A5",
    "id/%e6%9c%ac",
    "id/%C3%28",
    "id/%ff",
    "id/(a)",
    "id/a.b",
    "id/S.p.A.",
    "id/.hidden",
    "id/...",
    "id/'quoted'",
    "id/v1.ttl",
    "id/v1",
    "id/v1.json",
    "id/v1.html",
    "id/v2.rdf",
    "id/.ttl",
    f"id/caf{COMPOSED}",
    f"id/caf{DECOMPOSED}",
    f"id/alone-{DECOMPOSED}",
    "id/q?x=1&y=2",
    "id/q?",
    "id/plain?x",
    "id/q?format=ttl",
    "id/日?本=1",
    "id/a//b",
    "id//b",
    "id/b/",
    "id/",
    "/b",
    "id/%2Fb",
    "%2Fc",
    "id/a%0Ab",
    "id/a;b",
    "id/a,b",
    "id/a+b",
    "id/~a",
    "id/a=b&c",
    "id/a:b@c",
    "id/a!$*b",
    "id/-_-",
    "id/" + "l" * 1500,
    "ns#Term",
    "ns#日本",
    "ns#a/b?c",
    "empty#",
    "id/page#me",
    "id/page",
    "id/page?x#me",
    "id/page.ttl#me",
    "people#one",
    "people#two",
    "about#me",
    "map#me",
    "map",
    "favicon.ico#me",
    ".well-known/x",
    "doc/plain",
    "doc/doc",
    "class/x",
    "mentioned",
    "id/mentioned",
    "only#mentioned",
    "people#mentioned",
]
"""IRIs below the base. The last are only mentioned."""

ELSEWHERE = [
    "https://o.example/x",
    "https://o.example/日本?a=b#c",
    "http://o.example",
    "https://o.example/a%20b.ttl",
    "urn:isbn:9780141182926",
    "mailto:a@o.example",
    "tag:o.example,2024:日",
    f"{BASE[:-1]}",
]


def _probe() -> str:
    """A dataset that speaks of each, and mentions some."""
    link, property_ = f"<{BASE}ns#link>", f"<{BASE}property>"
    lines = [f'<{BASE}id/dataset> a <{terms.VOID}Dataset> ; <{terms.VOID}uriSpace> "{BASE}" .']
    for iri in (*(BASE + form for form in FORMS), *ELSEWHERE):
        lines.append(f"<{BASE}id/all> {link} <{iri}> .")
        if iri in DESCRIBED:
            lines.append(f'<{iri}> <{terms.LABEL}> "{_label(iri)}" ; {property_} 1 .')
    return "\n".join(lines)


def _label(iri: str) -> str:
    return f"No. {PROBE.index(iri)}"


PROBE = [*(BASE + form for form in FORMS), *ELSEWHERE, f"{BASE}property", f"{BASE}ns#link"]
DESCRIBED = [iri for iri in PROBE[:-2] if "mentioned" not in iri]


OURS = {
    "map": "/doc/map",
    "about#me": "/doc/about",
    "map#me": "/doc/map",
    "favicon.ico#me": "/doc/favicon.ico",
    "doc/plain": "/doc/doc/plain",
}
"""Those at whose address this host has something else, and where they are shown."""

Clients = tuple[Client, Client]
"""One for each of `HOSTS`; what one was answered is not there ready for the other."""


def clients(settings: Settings, site: Site) -> Clients:
    return Client(create_app(settings, site)), Client(create_app(settings, site))


@pytest.fixture(scope="module")
def probe(serve: Serve) -> Site:
    return serve(_probe())


@pytest.fixture(scope="module")
def probed(probe: Site, plain_settings: Settings) -> Clients:
    return clients(plain_settings, probe)


@pytest.fixture(scope="module")
def held(dataset_site: Site, plain_settings: Settings) -> Clients:
    return clients(plain_settings, dataset_site)


def wire(base: str, iri: str) -> str:
    """What a client asks for that has an IRI (RFC 3987, section 3.1): the IRI without its fragment,
    its letters beyond ASCII escaped; where it is not below the base, what we say of it."""
    if not iri.startswith(base):
        return f"/about?iri={quote(iri, safe='')}"
    return "/" + quote(iri.partition("#")[0][len(base) :], safe="/:@!$&'()*+,;=~-._%?")


@lru_cache
def environment(host: str, accept: str) -> dict[str, Any]:
    return dict(EnvironBuilder(headers={"Host": host, "Accept": accept}).get_environ())


def answered(client: Client, host: str, target: str, accept: str) -> TestResponse:
    """What is answered in the end. Each redirect stays on the host that was asked."""
    for _ in range(3):
        path, _, query = target.partition("?")
        environ = environment(host, accept) | {
            "REQUEST_URI": target,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
        }
        answer = client.open(Request(environ))
        if answer.status_code != 303:
            return answer
        target = answer.headers["Location"]
        assert target.startswith("/")
    raise AssertionError(f"no end of redirects at {target}")


def body(clients: Clients, target: str, fmt: Format) -> bytes:
    """What is answered on both hosts, which is the same."""
    answers = [
        answered(client, host, target, fmt.media_type)
        for client, host in zip(clients, HOSTS, strict=True)
    ]
    said = {(one.status_code, one.content_type, one.data) for one in answers}
    assert len(said) == 1, target
    assert {(status, kind) for status, kind, _ in said} == {(200, fmt.content_type)}, target
    return answers[0].data


def triples(data: bytes, fmt: Format) -> set[ox.Triple]:
    parsed = ox.parse(data, format=getattr(ox.RdfFormat, fmt.engine), without_named_graphs=True)
    return {quad.triple for quad in parsed}


def nodes(found: Iterable[ox.Triple]) -> set[str]:
    """The IRIs in some triples."""
    return {
        node.value
        for triple in found
        for node in (triple.subject, triple.predicate, triple.object)
        if isinstance(node, ox.NamedNode)
    }


@pytest.mark.parametrize("iri", PROBE)
def test_an_iri_of_any_form_leads_to_what_is_said_of_it_in_each_format(
    probed: Clients, iri: str
) -> None:
    target = OURS.get(iri.removeprefix(BASE), wire(BASE, iri))
    label = ox.Triple(ox.NamedNode(iri), LABEL, ox.Literal(_label(iri)))
    for fmt in formats.GRAPHS:
        found = triples(body(probed, target, fmt), fmt)
        assert iri in nodes(found), fmt.label
        assert label in found or iri not in DESCRIBED, fmt.label
    assert escape(iri) in body(probed, target, formats.HTML).decode()


@pytest.mark.parametrize("iri", PROBE)
def test_an_iri_of_any_form_has_a_page_of_what_is_said_of_it(probed: Clients, iri: str) -> None:
    target = f"/about?iri={quote(iri, safe='')}"
    for fmt in OFFERED:
        data = body(probed, target, fmt)
        if fmt is not formats.HTML:
            assert iri in nodes(triples(data, fmt))


@pytest.mark.parametrize("mode", [Mode.OK, Mode.SAFE])
def test_an_iri_of_any_form_leads_there_in_the_other_modes(
    probe: Site, plain_settings: Settings, mode: Mode
) -> None:
    both = clients(replace(plain_settings, entity_mode=mode), probe)
    for iri in PROBE:
        target = OURS.get(iri.removeprefix(BASE), wire(BASE, iri))
        found = triples(body(both, target, formats.N_TRIPLES), formats.N_TRIPLES)
        assert iri in nodes(found)


def test_a_link_in_a_page_leads_to_the_thing_that_it_names(probed: Clients) -> None:
    client, host = probed[0], HOSTS[0]
    led = set()
    for page in (1, 2):
        listed = f"/doc/all.html?property={quote(f'{BASE}ns#link', safe='')}&page={page}"
        text = answered(client, host, listed, "*/*").text
        for address, number in re.findall(r'<a href="([^"]+)"[^>]*>No\. ([0-9]+)</a>', text):
            iri = PROBE[int(number)]
            found = triples(body(probed, unescape(address).partition("#")[0], TURTLE), TURTLE)
            assert ox.Triple(ox.NamedNode(iri), LABEL, ox.Literal(_label(iri))) in found, address
            led.add(iri)
    assert led == set(DESCRIBED)


def test_iris_that_are_alike_after_normalization_are_told_apart(probed: Clients) -> None:
    one, other = (f"{BASE}id/caf{letter}" for letter in (COMPOSED, DECOMPOSED))
    for iri, twin in ((one, other), (other, one)):
        found = triples(body(probed, wire(BASE, iri), TURTLE), TURTLE)
        said = {triple.subject for triple in found if triple.predicate == LABEL}
        assert ox.NamedNode(iri) in said
        assert ox.NamedNode(twin) not in said


def test_another_spelling_leads_to_the_one_that_is_known(probed: Clients) -> None:
    for spelling, iri in SPELLINGS:
        found = triples(body(probed, spelling, TURTLE), TURTLE)
        assert BASE + iri in nodes(found), spelling


SPELLINGS = [
    (f"/id/alone-{quote(COMPOSED)}", f"id/alone-{DECOMPOSED}"),
    ("/id/a%2fb", "id/a%2Fb"),
    ("/id/a%2Fc", "id/a%2fc"),
    ("/id/%28a%29", "id/(a)"),
    ("/id/%E6%97%A5%20%e6%9c%ac", "id/日%20本"),
    ("/id/a%3bb", "id/a;b"),
    ("/id/%7euser", "id/%7Euser"),
    ("/ns%23Term", "ns#Term"),
]


# The dataset of this repository, and its ontology


@pytest.fixture(scope="module")
def documents(dataset: Release) -> dict[str, set[str]]:
    """What a client asks for, with the IRIs that it is to find there: every IRI of the dataset,
    whatever it is of, but for the endpoint, which speaks for itself, and files, also the dumps."""
    base = dataset.manifest["publication"]["base"]
    store = ox.Store.read_only(str(dataset.path / "store"))
    everything = store.quads_for_pattern(None, None, None, ox.DefaultGraph())
    found: dict[str, set[str]] = {}
    for iri in sorted(nodes(quad.triple for quad in everything)):
        if iri != f"{base}sparql" and not iri.startswith((f"{base}static/", f"{base}graphs?")):
            found.setdefault(wire(base, iri), set()).add(iri)
    return found


def test_every_iri_of_the_dataset_leads_to_what_is_said_of_it_in_n_triples_and_turtle(
    documents: dict[str, set[str]], held: Clients, sample: Sample
) -> None:
    for target in sample(list(documents)):
        iris = documents[target]
        lines = triples(body(held, target, formats.N_TRIPLES), formats.N_TRIPLES)
        assert iris <= nodes(lines), target
        turtle = answered(held[0], HOSTS[0], target, TURTLE.media_type)
        assert len(triples(turtle.data, TURTLE)) == len(lines), target
        assert iris <= nodes(triples(turtle.data, TURTLE)), target


@pytest.mark.parametrize("fmt", formats.GRAPHS, ids=lambda fmt: fmt.ending)
def test_some_iris_of_the_dataset_lead_to_what_is_said_of_them_in_each_format(
    documents: dict[str, set[str]], held: Clients, fmt: Format
) -> None:
    for target in random.Random(5).sample(sorted(documents), 40):
        assert documents[target] <= nodes(triples(body(held, target, fmt), fmt)), target


def test_some_iris_of_the_dataset_have_a_page(
    documents: dict[str, set[str]], held: Clients
) -> None:
    for target in random.Random(5).sample(sorted(documents), 40):
        page = body(held, target, formats.HTML).decode()
        assert any(escape(iri.partition("#")[0]) in page for iri in documents[target]), target
