"""The SPARQL endpoint: text from GET, form or body; limits; a worker; the answer as it comes."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, render_template, request

from foedera import formats
from foedera.errors import BadRequest, FoederaError, UnsupportedMedia
from foedera.query.pool import Answer
from foedera.web import context
from foedera.web.replies import reply

bp = Blueprint("sparql", __name__)

PAGE_BYTES = 2_000_000
"""The largest answer that is shown as a page; a larger one is offered for download."""

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"


@bp.route("/sparql", methods=["GET", "POST"])
def endpoint() -> Response:
    """SPARQL 1.1 Protocol, query operation (section 2.1). Parameters that are not known are left
    alone, since many clients add their own."""
    text = _text()
    if _for_a_person():
        return _page(text)
    if text is None:
        raise BadRequest(
            "There is no query",
            "Send it as ?query=..., as a form, or as a body of type application/sparql-query.",
        )
    answer = _ask(text, request.values.get("format", ""), request.headers.get("Accept"))
    fmt = _format_of(answer)
    if answer.whole and request.method == "GET":
        return reply(answer.body(), fmt)
    response = reply(answer, fmt)
    if answer.whole:
        response.headers["Cache-Control"] = "no-cache"
    return response


def _text() -> str | None:
    if request.method != "POST":
        return request.args.get("query")
    if request.mimetype == _QUERY:
        try:
            return request.get_data().decode()
        except UnicodeDecodeError:
            raise BadRequest("The query is not UTF-8") from None
    if request.mimetype == _FORM:
        if "update" in request.form:
            raise BadRequest("This endpoint only reads: it takes a query, not an update")
        return request.form.get("query")
    raise UnsupportedMedia(
        f"A query is not sent as {request.mimetype or 'nothing in particular'}",
        f"Use {_QUERY} with the query as body, or {_FORM} with query=...",
    )


def _for_a_person() -> bool:
    if "format" in request.values:
        return request.values["format"] == "html"
    offered = (*formats.RESULTS, *formats.GRAPHS, formats.HTML)
    return formats.pick(request.headers.get("Accept"), offered) is formats.HTML


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
    every = (*formats.RESULTS, *formats.GRAPHS)
    return next(fmt for fmt in every if fmt.content_type == answer.head["media_type"])


def _page(text: str | None) -> Response:
    """The form, and the answer to what was sent with it; errors stand beside the query."""
    shown: dict[str, Any] = {"query": text, "problem": None, "table": None, "graph": None}
    offered = formats.RESULTS
    status = 200
    if text is not None:
        try:
            answer = _ask(text, "", "application/sparql-results+json, text/turtle")
            offered = formats.GRAPHS if _format_of(answer) in formats.GRAPHS else offered
            shown.update(_show(answer))
        except FoederaError as fault:
            shown["problem"] = fault
            status = fault.status
    body = render_template(
        "sparql.html", downloads=[(fmt.label, fmt.ending) for fmt in offered], **shown
    )
    response = reply(body, formats.HTML)
    response.status_code = status
    return response


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
