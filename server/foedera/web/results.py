"""An answer as a page shows it: a table with names for IRIs, a picture, the answer as a file, code.

What is too large for a page is shown as far as it was read, and offered for download.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask import request

from foedera import formats
from foedera.errors import BadRequest, NotFound
from foedera.formats import Format
from foedera.query.pool import Answer
from foedera.views import pictures
from foedera.views.pictures import Picture
from foedera.views.table import Table, Term, read
from foedera.web import context
from foedera.web.samples import Sample, of_files, of_query

PAGE_BYTES = 2_000_000
"""The largest answer that a page is made of."""

ROWS = 100
"""How many rows one page of a table lists."""

ACCEPT = "application/sparql-results+json, text/turtle"
"""What pages ask the endpoint for."""


@dataclass(frozen=True)
class Results:
    """What the results part of a page shows; of ``table``, ``verdict`` and ``graph`` one is there.

    It is not ``whole`` where it is too large for a page, and ``cut`` where a limit was reached.

    ``cells`` shows a term; ``here`` makes an address of this page with other parameters; ``code``
    asks the site at ``home``.
    """

    whole: bool
    cut: bool
    downloads: list[tuple[str, str]]
    here: Here
    code: list[Sample]
    home: str
    verdict: bool | None = None
    graph: str | None = None
    table: Table | None = None
    page: int = 1
    view: str = ""
    views: list[str] = field(default_factory=list)
    picture: Picture | None = None
    cells: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.table.rows) // ROWS)) if self.table else 1

    @property
    def rows(self) -> Iterable[Mapping[str, Term]]:
        """Those of this page."""
        assert self.table is not None
        return self.table.rows[(self.page - 1) * ROWS : self.page * ROWS]

    def cell(self, term: Term) -> Any:
        """How a term is shown."""
        return self.cells[_key(term)]


@dataclass(frozen=True)
class Here:
    """The address of the page asked for: where it stands, and the parameters that make it up."""

    path: str
    parameters: tuple[tuple[str, str], ...]

    def __call__(self, **changes: object) -> str:
        """It, with some parameters changed; None leaves one out."""
        kept = [(name, value) for name, value in self.parameters if name not in changes]
        added = [(name, str(value)) for name, value in changes.items() if value is not None]
        text = urlencode([*kept, *added])
        return f"{self.path}?{text}" if text else self.path


_LOOK = frozenset({"page", "view", "format"})
"""The parameters that say how an answer is shown, not which."""

_DATASET = frozenset({"inferred", "default-graph-uri", "named-graph-uri"})
"""The parameters that say of what a query is asked."""


def asked() -> tuple[int, str]:
    """The page of the table, and the picture, that the request asks for. Raises BadRequest."""
    page, view = request.values.get("page", "1"), request.values.get("view", "")
    if not re.fullmatch("[1-9][0-9]{0,6}", page):
        raise BadRequest(f"{page!r} is no number of a page", "They are counted from 1.")
    if view and view not in pictures.NAMES:
        raise BadRequest(
            f"{view!r} is no way to look at an answer",
            f"There are {', '.join(pictures.NAMES)}.",
        )
    return int(page), view


def parameters() -> tuple[tuple[str, str], ...]:
    """Those of the request that say which answer is meant, without the ones left empty."""
    return tuple(
        (name, value)
        for name, values in request.values.lists()
        for value in values
        if name not in _LOOK and value
    )


def results(answer: Answer, query: str, here: Here, file: str) -> Results:
    """What a page shows of an answer. ``here`` is the page; ``file`` the path of its data, which
    an ending is added to, or, where that is "", ``here`` with a format.

    Raises BadRequest, NotFound for a page past the last one, and what reading the answer raises.
    """
    page, view = asked()
    body, whole = _read(answer)
    graph = any(fmt.content_type == answer.head["media_type"] for fmt in formats.GRAPHS)
    common: dict[str, Any] = {
        "whole": whole,
        "cut": "cut" in answer.head,
        "downloads": [
            (fmt.label, _file(here, file, fmt))
            for fmt in (formats.GRAPHS if graph else formats.RESULTS)
        ],
        "here": here,
        "code": list(_code(query, here, file, graph)),
        "home": _home(),
    }
    if graph:
        return Results(graph=body.decode("utf-8", "ignore"), **common)
    table = read(body, whole)
    if isinstance(table, bool):
        return Results(verdict=table, **common)
    views = pictures.offered(table)
    picture = pictures.draw(view, table) if view in views else None
    shown = Results(table=table, page=page, view=view, views=views, picture=picture, **common)
    if page > shown.pages:
        raise NotFound(f"There is no page {page} here", f"The last one is page {shown.pages}.")
    return replace(shown, cells=_cells(shown))


def _read(answer: Answer) -> tuple[bytes, bool]:
    """The beginning of an answer, and whether it is all."""
    parts, size = [], 0
    try:
        for part in answer:
            parts.append(part)
            size += len(part)
            if size > PAGE_BYTES:
                return b"".join(parts), False
    finally:
        answer.close()
    return b"".join(parts), True


def _code(query: str, here: Here, file: str, graph: bool) -> Iterator[Sample]:
    """Code for what is shown: asking its address, where it has one, or else the query."""
    origin = _home().rstrip("/")
    if file:
        table, tree = (
            (formats.TURTLE, formats.JSON_LD) if graph else (formats.CSV, formats.JSON_RESULTS)
        )
        return of_files(origin + _file(here, file, table), origin + _file(here, file, tree), graph)
    plain = tuple(one for one in here.parameters if one[0] in _DATASET)
    return of_query(f"{origin}/sparql", plain, query, graph)


def _home() -> str:
    """Where this publication says that it is; where it is served is known to a browser alone.

    What a client says of the host is never shown to anybody.
    """
    base = context.live().base
    return base[: base.rfind("/") + 1]


def _file(here: Here, file: str, fmt: Format) -> str:
    """The address of an answer as a file, which is the same in every language of the page."""
    if file:
        return replace(here, path=f"{file}.{fmt.ending}")(lang=None)
    return here(format=fmt.ending, lang=None)


def _key(term: Term) -> str:
    return json.dumps(term, sort_keys=True)


def _cells(shown: Results) -> dict[str, Any]:
    """How the terms of the rows and the picture are shown, asked of a page worker in one go."""
    found = {_key(term): term for row in shown.rows for term in row.values()}
    if shown.picture is not None:
        found |= {_key(term): term for term in pictures.seen(shown.picture)}
    answer = context.ask_page("cells", terms=list(found.values()), languages=context.languages())
    return dict(zip(found, json.loads(answer.body())["cells"], strict=True))


def scripted() -> bool:
    """Whether the scripts of the query page are there."""
    return context.built("query.js")
