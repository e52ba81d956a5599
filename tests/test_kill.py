"""Some moments of what ``make kill`` tries two hundred of, with the clients that are light."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import pytest

import kill
from foedera import formats
from foedera.formats import Format
from kill import FOOLED, Site

LIGHT = tuple(one for one in kill.HERE if not one.module and one.name != "rdflib, an address")
"""rdflib is slow in reading graphs."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that sends answers as they are made, and whose parts may be killed."""
    with contextlib.closing(kill.site_in(tmp_path_factory.mktemp("kill"), len(LIGHT))) as site:
        yield site
        assert site.stop() == 0
        assert "Traceback" not in site.said()


@pytest.mark.parametrize("fmt", [*formats.RESULTS, *formats.GRAPHS], ids=lambda fmt: fmt.ending)
def test_no_client_takes_the_remains_of_an_answer_for_all_of_it(site: Site, fmt: Format) -> None:
    dice = random.Random()
    found = kill.rounds(site, LIGHT, (fmt,), len(kill.KILLERS), dice)
    assert {key for key in found if FOOLED in key} == set()
    assert found.total() >= len(kill.KILLERS) * 5
