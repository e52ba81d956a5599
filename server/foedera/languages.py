"""Languages: which ones a reader asks for, and how well a text in some language serves that reader.

Tags and ranges are those of BCP 47; a region is given up before the next language is tried, as in
the lookup of RFC 4647 (section 3.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

FALLBACK = "en"
"""What is shown where there is nothing in the reader's languages; then what is in no language that
is told, then anything."""

_RANGE = re.compile(r"[a-z]{2,8}(?:-[a-z0-9]{1,8})*")
_MOST = 6
"""How many languages of one reader are looked at."""


def wanted(accepted: Iterable[tuple[str, float]]) -> list[str]:
    """What an Accept-Language header asks for (RFC 9110, section 12.5.4; its tags with their
    weights), best first, each without its region too: ``it-ch, it``.

    What it refuses (``q=0``) stands behind ``*``, any other language. To accept any other is to
    say nothing: nobody is left without a page.
    """
    ranges = [(tag.lower(), weight) for tag, weight in accepted]
    ranges = [one for one in ranges if _RANGE.fullmatch(one[0])]
    liked = [tag for tag, weight in ranges if weight > 0][:_MOST]
    found = list(dict.fromkeys(shorter for tag in liked for shorter in _lookup(tag)))
    refused = [tag for tag, weight in ranges if weight <= 0 and tag not in found][:_MOST]
    if not refused:
        return found
    fallback = [] if FALLBACK in (*refused, *found) else [FALLBACK]
    return [*found, *fallback, "", "*", *refused]


def _lookup(tag: str) -> list[str]:
    """A range, and what is left of it piece by piece."""
    pieces = tag.split("-")
    found = ["-".join(pieces[:length]) for length in range(len(pieces), 0, -1)]
    return [one for one in found if not re.search("-[a-z0-9]$", one)]  # a lone letter says nothing


def primary(tag: str) -> str:
    """The language of a tag, without script and region."""
    return tag.partition("-")[0].lower()


class Order:
    """How well texts serve a reader of some ``languages``, best first."""

    def __init__(self, languages: Sequence[str]) -> None:
        self._ranges = tuple(dict.fromkeys((*map(str.lower, languages), FALLBACK, "")))
        self._ranks: dict[str, int] = {}

    def rank(self, tag: str) -> int:
        """The place of a text by the tag of its language, "" where it has none; 0 is the best."""
        if tag not in self._ranks:
            self._ranks[tag] = self._rank(tag.lower())
        return self._ranks[tag]

    def _rank(self, tag: str) -> int:
        """The plain language comes before its regions. A transliteration (``ja-Latn``) is for who
        asks for it."""
        for place, one in enumerate(self._ranges):
            if tag == one:
                return 2 * place
            if one and tag.startswith(f"{one}-") and "-latn" not in tag.removeprefix(one):
                return 2 * place + 1
        rest = self._ranges.index("*") if "*" in self._ranges else len(self._ranges)
        return 2 * rest
