"""Errors as answers: a page, problem details (RFC 9457), text or RDF, whichever was asked for."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import pyoxigraph as ox
from flask import Flask, Response, g, render_template, request
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from foedera import formats, terms
from foedera.errors import (
    FoederaError,
    Nonconforming,
    NotAllowed,
    NotFound,
    TooLarge,
    Unauthorized,
)
from foedera.web import links
from foedera.web.replies import once

_OFFERED = (formats.PROBLEM, formats.HTML, formats.TEXT, *formats.GRAPHS)

_WORDS = {
    404: (NotFound.title, "There is no such file"),
    405: (NotAllowed.title, "This address answers other methods"),
    413: (TooLarge.title, "The request has a larger body than is read here"),
}
"""What we say for what the framework refuses by itself."""

_ADDRESS = re.compile(r"(?<!\S)/(?:doc/|about\?iri=)[^\s<]*[^\s<,.]")

_LOG = logging.getLogger("foedera")


def linked(text: Markup) -> Markup:
    """A text of a page with the addresses of documents in it as links."""

    def link(match: re.Match[str]) -> str:
        address = html.unescape(match[0])
        return Markup('<a href="{}">{}</a>').format(links.at(address), address)

    return Markup(_ADDRESS.sub(link, text))


def install(app: Flask) -> None:
    app.jinja_env.globals["linked"] = linked

    @app.errorhandler(FoederaError)
    def ours(fault: FoederaError) -> Response:
        findings = fault.findings if isinstance(fault, Nonconforming) else ()
        told = (fault.status, fault.title, fault.detail, fault.hint, fault.retry_after)
        response = _answer(*told, findings)
        if isinstance(fault, Unauthorized):
            response.headers["WWW-Authenticate"] = 'Bearer realm="foedera"'
        return response

    @app.errorhandler(HTTPException)
    def theirs(fault: HTTPException) -> Response:
        status = fault.code or 500
        allowed = dict(fault.get_headers()).get("Allow", "")
        hint = f"Offered here: {allowed}" if allowed else ""
        unknown = (HTTPStatus(status).phrase, fault.description or "")
        response = _answer(status, *_WORDS.get(status, unknown), hint)
        if allowed:
            response.headers["Allow"] = allowed
        return response

    @app.errorhandler(Exception)
    def unexpected(fault: Exception) -> Response:
        _LOG.error("%s %s failed", request.method, request.path, exc_info=fault)
        return _answer(
            500,
            "Something went wrong",
            "The server met a fault of its own and has logged it.",
            "Trying again may help; reporting it certainly does.",
        )


def _answer(
    status: int,
    title: str,
    detail: str,
    hint: str,
    retry_after: int | None = None,
    findings: Sequence[Mapping[str, Any]] = (),
) -> Response:
    """An error in the format that the request asks for; problem details where it asks for none."""
    fmt = g.get("format") or formats.pick(request.headers.get("Accept"), _OFFERED)
    body: str | bytes
    if fmt is formats.HTML:
        try:
            body = render_template(
                "problem.html",
                status=status,
                title=title,
                detail=detail,
                hint=hint,
                findings=[_line(finding) for finding in findings],
            )
        except FoederaError:  # no release yet, so no page frame
            fmt = formats.TEXT
    if fmt in formats.GRAPHS:
        body = _as_graph(fmt, status, title, detail, hint)
    elif fmt is formats.TEXT:
        lines = (f"{status} {title}", detail, hint, *map(_line, findings))
        body = "\n".join(filter(None, lines)) + "\n"
    elif fmt is not formats.HTML:
        fmt = formats.PROBLEM
        content = {"title": title, "status": status, "detail": detail, "hint": hint}
        if findings:
            content["findings"] = list(findings)
        body = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return once(body, fmt, status, retry_after)


def _line(finding: Mapping[str, Any]) -> str:
    place = f"{finding['file']}:{finding['line']}"
    return f"{place}: {finding['severity']}: {' '.join(finding['message'].split())}"


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
