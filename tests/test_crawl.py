"""Every thing of the dataset is reached from the first page, and no link of a page is dead."""

from __future__ import annotations

import html
import random
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urljoin, urlsplit

import pyoxigraph as ox
import pytest
from werkzeug.test import Client

from foedera import release, terms
from foedera.service import Site
from foedera.stores.embedded import dumped

HOST = "http://crawl.example"

SAMPLE = 40
"""How many addresses of a kind are asked where each thing has many that are made alike."""

_LINK = re.compile(r'<(?:a|link|img|script|form)\b[^>]*?\b(?:href|src|action)="([^"]*)"')
_SHOWN = re.compile(r'<p class="iri"><code>([^<]+)</code>')

Kind = tuple[str, str, tuple[str, ...]]
"""The first piece of a path, the ending of its last, and the names of its parameters."""


def kind(address: str) -> Kind:
    parts = urlsplit(address)
    pieces = parts.path.split("/")
    ending = pieces[-1].rpartition(".")[2] if "." in pieces[-1] else ""
    return pieces[1], ending, tuple(sorted({name for name, _ in parse_qsl(parts.query)}))


_EACH = ("why", "at", "format", "from", "query", "view", "node", "property")
"""The parameters of what is only asked as a sample."""


def is_sampled(address: str) -> bool:
    first, ending, names = kind(address)
    return not {*_EACH}.isdisjoint(names) or bool(ending) or first == ".well-known"


@dataclass
class Crawl:
    """What a reader finds who follows the links of pages in English, each address once."""

    client: Client
    statuses: dict[str, int] = field(default_factory=dict)
    linked_from: dict[str, str] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    _ahead: deque[str] = field(default_factory=deque)
    _aside: dict[Kind, list[str]] = field(default_factory=lambda: defaultdict(list))

    def run(self, first: str) -> None:
        self._note(first, [first])
        self._follow()
        chance = random.Random(5)
        for kind_ in list(self._aside):
            found = self._aside.pop(kind_)
            self._ahead.extend(chance.sample(found, min(SAMPLE, len(found))))
        self._follow()

    def _follow(self) -> None:
        while self._ahead:
            address = self._ahead.popleft()
            self._note(address, self._links(address))

    def _note(self, page: str, links: Iterable[str]) -> None:
        for link in links:
            parts = urlsplit(urljoin(HOST + page, link))
            if f"{parts.scheme}://{parts.netloc}" != HOST:
                continue
            address = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            if address in self.linked_from or "lang" in kind(address)[2]:
                continue
            self.linked_from[address] = page
            if is_sampled(address):
                self._aside[kind(address)].append(address)
            else:
                self._ahead.append(address)

    def _links(self, address: str) -> Iterator[str]:
        answer = self.client.get(
            address, headers={"Accept": "text/html,*/*;q=0.1", "Accept-Language": "en"}
        )
        self.statuses[address] = answer.status_code
        if answer.status_code in (301, 302, 303):
            yield answer.headers["Location"]
        elif answer.mimetype == "text/html":
            page = answer.text
            self.shown.update(map(html.unescape, _SHOWN.findall(page)))
            yield from map(html.unescape, _LINK.findall(page))
        answer.close()


@pytest.fixture(scope="module")
def crawl(dataset_client: Client) -> Crawl:
    found = Crawl(dataset_client)
    found.run("/")
    return found


@pytest.mark.whole
def test_every_thing_is_reached_from_the_first_page(crawl: Crawl, dataset: release.Release) -> None:
    base = dataset.manifest["publication"]["base"]
    subjects = {
        quad.subject.value
        for quad in dumped(dataset.path)
        if isinstance(quad.subject, ox.NamedNode)
    }
    things = {iri for iri in subjects if iri.startswith(base)}
    assert len(things) > 1500
    assert sorted(things - crawl.shown) == []


@pytest.mark.whole
def test_every_part_without_an_iri_is_linked_to_its_page(
    crawl: Crawl, dataset: release.Release
) -> None:
    """The further cells of a list stand in the list."""
    quads = list(dumped(dataset.path))
    nodes = {node for quad in quads for node in (quad.subject, quad.object)}
    parts = {node.value for node in nodes if isinstance(node, ox.BlankNode)}
    cells = {quad.object.value for quad in quads if quad.predicate.value == terms.REST}
    linked = {urlsplit(one).path.rpartition("/")[2] for one in crawl.linked_from}
    assert len(parts - cells) > 100
    assert sorted(parts - cells - linked) == []


@pytest.mark.whole
def test_no_link_of_a_page_is_dead(crawl: Crawl) -> None:
    assert dead(crawl) == []


def dead(crawl: Crawl) -> list[tuple[int, str, str]]:
    return sorted(
        (status, address, crawl.linked_from[address])
        for address, status in crawl.statuses.items()
        if status not in (200, 301, 302, 303)
    )


def test_every_thing_of_a_small_site_is_reached_and_no_link_is_dead(
    client: Client, site: Site
) -> None:
    """The site of the starter: what `make whole` proves of the dataset."""
    found = Crawl(client)
    found.run("/")
    base = site.live.base
    subjects = {quad.subject for quad in dumped(site.live.release.path)}
    things = {one.value for one in subjects if isinstance(one, ox.NamedNode)}
    assert len(found.statuses) > 100
    assert sorted(iri for iri in things - found.shown if iri.startswith(base)) == []
    assert dead(found) == []
