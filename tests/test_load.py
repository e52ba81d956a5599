"""A few seconds of what ``make load`` does for a minute, without its bounds on time."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

import load


@pytest.mark.whole
def test_runaways_end_cleanly_and_nobody_else_is_refused(books: Path, state: Path) -> None:
    with contextlib.closing(load.Site(books, state, clients=8, limit=1)) as site:
        found = load.run(site, "/doc/book/kokoro", clients=8, seconds=6, idle=1)
        assert site.stop() == 0
    assert found.failures == []
    assert [end for end in found.ends if load.unclean(end, limit=30)] == []
    assert len(found.ends) >= 8
    assert len(found.loaded) == 2
    assert found.after
    assert found.after.zombies == 0
