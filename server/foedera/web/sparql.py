"""The SPARQL endpoint: text from GET, form or body; limits; a worker; the answer as it comes."""

from __future__ import annotations

import json
import re
from typing import Any

from flask import Blueprint, Response, render_template, request

from foedera import formats
from foedera.errors import BadRequest, FoederaError, UnsupportedMedia
from foedera.query.pool import Answer
from foedera.query.scan import unescaped
from foedera.web import context
from foedera.web.replies import once, reply

bp = Blueprint("sparql", __name__)

PAGE_BYTES = 2_000_000
"""The largest answer that is shown as a page; a larger one is offered for download."""

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_CHARSETS = ("utf-8", "utf8", "us-ascii")

_EVERY = (*formats.RESULTS, *formats.GRAPHS)

_VARYING = re.compile(r"\b(?:NOW|RAND|(?:STR)?UUID)\b", re.IGNORECASE)
"""Functions by which the same query has another answer each time (SPARQL 1.1, section 17.4)."""


@bp.route("/sparql", methods=["GET", "POST"])
def endpoint() -> Response:
    """SPARQL 1.1 Protocol, query operation (section 2.1). Parameters that are not known are left
    alone, since many clients add their own."""
    text = _text()
    if _for_a_person():
        return _page(text)
    if not text:
        raise BadRequest(
            "There is no query",
            "Send it as ?query=..., as a form, or as a body of type application/sparql-query.",
        )
    answer = _ask(text, request.values.get("format", ""), request.headers.get("Accept"))
    fmt = _format_of(answer)
    if answer.whole and _may_be_kept(text):
        return reply(answer.body(), fmt)
    return once(answer, fmt)


def _text() -> str:
    """The query as it was sent; empty where there is none."""
    if request.method != "POST":
        return _one(request.args.getlist("query"))
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype in (_QUERY, _FORM) and charset not in _CHARSETS:
        raise UnsupportedMedia(f"A query is not read in {charset}", "Send it in UTF-8.")
    if request.mimetype == _QUERY:
        return _one([request.get_data().decode("utf-8", "replace")])
    if request.mimetype == _FORM:
        if "update" in request.form:
            raise BadRequest("This endpoint only reads: it takes a query, not an update")
        return _one(request.form.getlist("query"))
    raise UnsupportedMedia(
        f"A query is not sent as {request.mimetype or 'nothing in particular'}",
        f"Use {_QUERY} with the query as body, or {_FORM} with query=...",
    )


def _one(texts: list[str]) -> str:
    if len(texts) > 1:
        raise BadRequest("There are several queries", "Send them one by one.")
    text = texts[0] if texts else ""
    if "\ufffd" in text:  # what bytes that are no UTF-8 were read as
        raise BadRequest("The query is not UTF-8", "Its characters must be sent in UTF-8.")
    return text


def _for_a_person() -> bool:
    if "format" in request.values:
        return request.values["format"] == "html"
    return formats.pick(request.headers.get("Accept"), (*_EVERY, formats.HTML)) is formats.HTML


def _may_be_kept(text: str) -> bool:
    """Whether the answer goes with its address and is always the same."""
    return request.method != "POST" and not _VARYING.search(unescaped(text))


def _ask(text: str, fmt: str, accept: str | None) -> Answer:
    settings = context.settings()
    return context.ask_query(
        query=text,
        format=fmt,
        accept=accept,
        default_graphs=request.values.getlist("default-graph-uri"),
        named_graphs=request.values.getlist("named-graph-uri"),
        inferred=request.values.get("inferred", "true").lower() not in ("false", "no", "0"),
        nesting=settings.query_nesting,
        bytes=settings.query_bytes,
    )


def _format_of(answer: Answer) -> formats.Format:
    return next(fmt for fmt in _EVERY if fmt.content_type == answer.head["media_type"])


def _page(text: str) -> Response:
    """The form, and the answer to what was sent with it; errors stand beside the query."""
    shown: dict[str, Any] = {"query": text, "problem": None, "table": None, "graph": None}
    offered = formats.RESULTS
    if text:
        try:
            answer = _ask(text, "", "application/sparql-results+json, text/turtle")
            offered = formats.GRAPHS if _format_of(answer) in formats.GRAPHS else offered
            shown.update(_show(answer))
        except FoederaError as fault:
            shown["problem"] = fault
    body = render_template(
        "sparql.html", downloads=[(fmt.label, fmt.ending) for fmt in offered], **shown
    )
    problem: FoederaError | None = shown["problem"]
    if problem:
        return once(body, formats.HTML, problem.status, problem.retry_after)
    return reply(body, formats.HTML) if _may_be_kept(text) else once(body, formats.HTML)


def _show(answer: Answer) -> dict[str, Any]:
    fmt = _format_of(answer)
    parts, size = [], 0
    try:
        for part in answer:
            parts.append(part)
            size += len(part)
            if size > PAGE_BYTES:
                return {"too_large": True}
    finally:
        answer.close()
    body = b"".join(parts)
    if fmt in formats.GRAPHS:
        return {"graph": body.decode()}
    content = json.loads(body)
    if "boolean" in content:
        return {"verdict": content["boolean"]}
    return {"table": content}
