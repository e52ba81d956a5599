"""Further pages of what is known of a thing: which one a request asks for, and where each is."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Flask, g, request

from foedera.errors import BadRequest
from foedera.web import context, links

NAMES = ("page", "property", "inverse", "node", "at", "why")
"""The parameters that a page of a thing has."""


def asked() -> dict[str, Any]:
    """What a request asks `show.page` for; nothing for the first page. Raises BadRequest."""
    found: dict[str, Any] = {}
    if "page" in request.args:
        found["page"] = number(request.args["page"])
    if "property" in request.args:
        found["property"] = _iri(request.args["property"])
    if "node" in request.args:
        found["node"] = request.args["node"]
    if "inverse" in request.args:
        if request.args["inverse"] != "1" or not ("property" in found or "node" in found):
            raise BadRequest(
                "inverse is 1, beside a property or a node", "Or it is left out altogether."
            )
        found["inverse"] = True
    if "at" in request.args:
        found["at"] = _offsets(request.args["at"])
    if "why" in request.args:
        found["why"] = _code(request.args["why"])
    return found


def number(text: str) -> int:
    """The number of a page. Raises BadRequest."""
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise BadRequest(f"{text!r} is no number of a page", "They are counted from 1.")
    return int(text)


def _offsets(text: str) -> list[int]:
    """Where a stretch of a source begins and ends. Raises BadRequest."""
    if not re.fullmatch("[0-9]{1,15}-[0-9]{1,15}", text):
        raise BadRequest(f"{text!r} is no stretch of a text", "Write START-END, counted from 0.")
    return [int(one) for one in text.split("-")]


def _code(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{10}", text):
        raise BadRequest(f"{text!r} is no code of a statement", "The page of a thing leads to it.")
    return text


def _iri(text: str) -> str:
    try:
        return ox.NamedNode(text).value
    except ValueError:
        raise BadRequest(
            f"{text!r} is no IRI of a property", "?property=https://..., with its escapes"
        ) from None


def added(address: str) -> str:
    """The address of the same page of a document elsewhere: in the way that ``address`` says."""
    kept = {name: request.args[name] for name in NAMES if name in request.args}
    return _with(address, urlencode(kept)) if kept else address


def further(iri: str, query: str = "") -> str:
    """Where a page of a thing is."""
    hashed = "#" in iri and iri.startswith(context.live().base)
    page = f"/about?{urlencode({'iri': iri})}" if hashed else links.document(iri)
    return links.at(_with(page, query) if query else page)


def turned(page: int) -> str:
    """Another page of what this page shows."""
    return "?" + urlencode({**request.args, "page": page})


def why_href(code: str) -> str:
    """Where a page of this thing says who states what."""
    return here(f"why={code}")


def here(query: str) -> str:
    """Another page of the thing that this page is of, as a short address."""
    if "here" not in g:
        kept = {name: request.args[name] for name in ("iri", "lang") if name in request.args}
        g.here = f"?{urlencode(kept)}&" if kept else "?"
    return f"{g.here}{query}"


def _with(address: str, query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{query}"


def install(app: Flask) -> None:
    app.jinja_env.globals.update(further=further, turned=turned, here=here, why_href=why_href)
