"""Errors as answers: a page, problem details (RFC 9457), text or RDF, whichever was asked for."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

import pyoxigraph as ox
from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException

from foedera import formats, terms
from foedera.errors import FoederaError
from foedera.web import context

_OFFERED = (formats.PROBLEM, formats.HTML, formats.TEXT, *formats.GRAPHS)

_LOG = logging.getLogger("foedera")


def install(app: Flask) -> None:
    @app.errorhandler(FoederaError)
    def ours(fault: FoederaError) -> Response:
        return answer(fault.status, fault.title, fault.detail, fault.hint, fault.retry_after)

    @app.errorhandler(HTTPException)
    def theirs(fault: HTTPException) -> Response:
        status = fault.code or 500
        response = answer(status, HTTPStatus(status).phrase, fault.description or "", "")
        for name, value in fault.get_headers():
            if name in ("Allow", "Location"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def unexpected(fault: Exception) -> Response:
        _LOG.error("%s %s failed", request.method, request.path, exc_info=fault)
        return answer(
            500,
            "Something went wrong",
            "The server met a fault of its own and has logged it.",
            "Trying again may help; reporting it certainly does.",
        )


def answer(
    status: int, title: str, detail: str, hint: str, retry_after: int | None = None
) -> Response:
    """An error in the format that the request asks for; problem details where it asks for none."""
    fmt = g.get("format") or formats.pick(request.headers.get("Accept"), _OFFERED)
    if fmt is None:
        fmt = formats.PROBLEM
    if fmt is formats.HTML:
        try:
            body: str | bytes = render_template(
                "problem.html", status=status, title=title, detail=detail, hint=hint
            )
        except FoederaError:  # no release yet, so no page frame
            fmt, body = formats.TEXT, f"{title}\n{detail}\n{hint}\n"
    elif fmt in formats.GRAPHS:
        body = _as_graph(fmt, status, title, detail, hint)
    elif fmt is formats.TEXT:
        body = "\n".join(filter(None, (f"{status} {title}", detail, hint))) + "\n"
    else:
        fmt = formats.PROBLEM
        content = {"title": title, "status": status, "detail": detail, "hint": hint}
        body = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    response = Response(body, status, content_type=fmt.content_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if context.site().draining:
        response.headers["Connection"] = "close"
    return response


def _as_graph(fmt: formats.Format, status: int, title: str, detail: str, hint: str) -> bytes:
    """An error in RDF, in the words of the HTTP Vocabulary, for clients that read nothing else."""
    node = ox.BlankNode("error")
    integer = ox.NamedNode(terms.XSD + "integer")
    rows: list[tuple[str, Any]] = [
        (terms.TYPE, ox.NamedNode(terms.HTTP + "Response")),
        (terms.HTTP + "statusCodeValue", ox.Literal(str(status), datatype=integer)),
        (terms.DCTERMS + "title", ox.Literal(title, language="en")),
        (terms.DESCRIPTION, ox.Literal(f"{detail} {hint}".strip(), language="en")),
    ]
    written = ox.serialize(
        (ox.Triple(node, ox.NamedNode(predicate), value) for predicate, value in rows),
        format=getattr(ox.RdfFormat, fmt.engine),
        prefixes={"http": terms.HTTP, "dcterms": terms.DCTERMS},
    )
    return written or b""
