"""Some moments of what ``make kill`` tries two hundred of, with the clients that are light."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Iterator

import pytest

import kill
from foedera import formats
from foedera.formats import Format
from kill import FOOLED, Site

LIGHT = tuple(one for one in kill.HERE if not one.module and "rdflib" not in one.name)


FORMATS = (formats.CSV, formats.JSON_RESULTS, formats.TURTLE)
"""A sample; `make kill` takes all ten."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that sends answers as they are made, and whose parts may be killed."""
    with contextlib.closing(kill.site_in(tmp_path_factory.mktemp("kill"), len(LIGHT))) as site:
        yield site
        assert site.stop() == 0
        assert "Exception while serving" not in site.said()


def fooled(site: Site, fmt: Format, *killers: str) -> list[str]:
    """Which clients took the remains of an answer for all of it."""
    clients = tuple(one for one in LIGHT if fmt in formats.RESULTS or one.name != "SPARQLWrapper")
    moments = kill.rounds(site, clients, (fmt,), killers, len(killers), random.Random())
    found = sum(moments, Counter())
    assert found.total() == len(killers) * len(clients)
    return [name for name, _, how in found if how == FOOLED]


@pytest.mark.parametrize(
    "fmt",
    [FORMATS[0], *(pytest.param(one, marks=pytest.mark.whole) for one in FORMATS[1:])],
    ids=lambda fmt: fmt.ending,
)
def test_no_client_takes_the_remains_of_an_answer_for_all_of_it(site: Site, fmt: Format) -> None:
    assert fooled(site, fmt, "worker", "front") == []


@pytest.mark.whole
@pytest.mark.parametrize("fmt", [formats.N_TRIPLES], ids=lambda fmt: fmt.ending)
def test_nor_where_a_limit_ends_an_answer(site: Site, fmt: Format) -> None:
    assert fooled(site, fmt, "deadline", "memory") == []
