"""The search for things by their names, and what tells browsers how to search here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, render_template, request

from foedera import formats
from foedera.errors import BadRequest, NotFound
from foedera.web import context, links, machines, paging
from foedera.web.replies import reply, see_other

bp = Blueprint("find", __name__)

PAGE = 50
"""How many things one page lists."""

_LONGEST = 200
"""The longest name that is looked for."""

_LONGEST_IRI = 2_000

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""What no page may hold."""


@bp.get("/find")
def find() -> Response:
    """The things that the text ``q`` may name, a page at a time, as a page or as JSON; an IRI leads
    to its thing. Without a text a page with nothing but the box of its head."""
    context.only("q", "page", "format")
    offered = (formats.HTML, formats.PLAIN_JSON)
    fmt = context.asked(*offered) or context.accepted(*offered)
    text = " ".join(_CONTROL.sub(" ", request.args.get("q", "")).split())
    iri = links.named(text) if len(text) <= _LONGEST_IRI else ""
    if iri:
        return see_other(_address(iri))
    if len(text) > _LONGEST:
        raise BadRequest("The name in 'q' is too long", f"At most {_LONGEST} letters are read.")
    page = paging.number(request.args.get("page", "1"))
    found = json.loads(
        context.ask_page(
            "find", text=text, languages=context.languages(), skip=(page - 1) * PAGE, most=PAGE
        ).body()
    )
    pages = max(1, -(-found["count"] // PAGE))
    if page > pages:
        raise NotFound(f"There is no page {page} here", f"The last one is page {pages}.")
    if fmt is formats.PLAIN_JSON:
        told = {
            "query": text,
            "count": found["count"],
            "page": page,
            "pages": pages,
            "things": [_told(one) for one in found["things"]],
            "near": [_told(one) for one in found["near"]],
        }
        vary = ("Accept",) if context.chosen() else ("Accept", "Accept-Language")
        return reply(json.dumps(told, ensure_ascii=False, indent=1) + "\n", fmt, vary)
    body = render_template(
        "find.html", it=found, sought=text, page=page, pages=pages, short=machines.short
    )
    return reply(body, formats.HTML)


def _address(iri: str) -> str:
    """Where an IRI leads on this host: one of ours to itself, any other to what is said of it here.
    As data, where ``?format=json`` asks for that."""
    page, hash_, fragment = iri.partition("#")
    address = links.address(page) if iri.startswith(context.live().base) else ""
    if not address or address.startswith("//"):  # which would be another host
        address, hash_ = "/about?" + urlencode({"iri": iri}), ""
    if "format" in request.args:
        address += f"{'&' if '?' in address else '?'}format={request.args['format']}"
    return links.at(address + (hash_ and hash_ + quote(fragment)))


def _told(one: Mapping[str, Any]) -> dict[str, Any]:
    """A thing as JSON tells it."""
    kind = one["kind"]
    return {
        "id": one["iri"],
        "label": one["label"],
        "class": {"id": kind["iri"], "label": kind["label"]} if kind else None,
        "matched": one["found"] or one["label"],
        "description": one["summary"],
    }


@bp.get("/opensearch.xml")
def description() -> Response:
    """How to search here, for browsers (OpenSearch 1.1); at the base of the publication."""
    context.only()
    body = render_template("opensearch.xml", base=context.live().base)
    vary = () if context.chosen() else ("Accept-Language",)
    return reply(body, formats.OPEN_SEARCH, vary)
