"""The endpoint's description of itself: for programs at the endpoint, for people beside it."""

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request

from foedera import catalog, formats
from foedera.formats import Format
from foedera.web import context
from foedera.web.replies import reply

bp = Blueprint("catalog", __name__)

GRAPHS = 200
"""How many graphs the page lists; the description has them all."""


def asked() -> Format | None:
    """The format in which a request without a query wants the description, or None.

    Who accepts anything gets it too (SPARQL 1.1 Service Description, section 2); not one who
    waits for rows: there the query was forgotten.
    """
    if request.method not in ("GET", "HEAD") or "query" in request.args:
        return None
    if "format" in request.args:
        return formats.by_name(request.args["format"], formats.GRAPHS)
    return formats.pick(request.headers.get("Accept"), formats.GRAPHS)


def described(fmt: Format) -> Response:
    """The service description."""
    offered = catalog.offered(context.settings())
    answer = context.ask_page("endpoint", engine=fmt.engine, **offered)
    return reply(answer.body(), fmt)


@bp.get("/sparql/about")
def about() -> Response:
    """What the endpoint offers, as a page."""
    context.only()
    context.accepted(formats.HTML)
    answer = context.ask_page("endpoint page", **catalog.offered(context.settings()))
    content = json.loads(answer.body())
    functions = groupby(content["functions"], itemgetter("family"))
    body = render_template(
        "endpoint.html",
        it=content,
        graphs=content["graphs"][:GRAPHS],
        functions=[(family, list(members)) for family, members in functions],
        tables=formats.RESULTS,
        trees=formats.GRAPHS,
        alternates=[(fmt, f"/sparql?format={fmt.ending}") for fmt in formats.GRAPHS],
        ask=_ask,
    )
    return reply(body, formats.HTML)


def _ask(query: str) -> str:
    """The address of a query and its answer."""
    return "/sparql?" + urlencode({"query": query})
