"""Replies: the headers that every answer carries, and those of an answer from a release."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TypeAlias

from flask import Flask, Response, request

from foedera import formats
from foedera.formats import Format
from foedera.web import context, ready

Body: TypeAlias = bytes | str | Iterable[bytes]

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def reply(body: bytes | str, fmt: Format) -> Response:
    """An answer that follows from the release and the request alone, and so may be kept.

    Its ETag is made from what it holds: another release, or another version of a template, may
    give the same address other bytes.
    """
    response = _negotiated(body, fmt)
    digest = hashlib.sha256(fmt.media_type.encode() + b"\0" + response.get_data())
    response.set_etag(f"{context.live().release.id}-{fmt.ending}-{digest.hexdigest()[:16]}")
    response.headers["Cache-Control"] = "public, no-cache"
    request.environ[ready.KEEP] = True
    return response


def once(body: Body, fmt: Format, status: int = 200, retry_after: int | None = None) -> Response:
    """An answer for this moment: an error, one that may differ the next time, or a stream."""
    response = _negotiated(body, fmt)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _negotiated(body: Body, fmt: Format) -> Response:
    response = Response(body, content_type=fmt.content_type)
    response.headers["Vary"] = "Accept, Accept-Language" if fmt is formats.HTML else "Accept"
    return response


def see_other(location: str) -> Response:
    """A 303 to a document, relative to wherever this site is served."""
    response = Response(f"See {location}\n", 303, content_type="text/plain; charset=utf-8")
    response.autocorrect_location_header = False
    response.headers["Location"] = location
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Vary"] = "Accept"
    request.environ[ready.KEEP] = True
    return response


def install(app: Flask) -> None:
    @app.after_request
    def always(response: Response) -> Response:
        headers = response.headers
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = (
            "Link, ETag, Location, Retry-After, X-Foedera-Cut"
        )
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        if request.method == "OPTIONS":  # a browser asks before a POST of application/sparql-query
            headers["Access-Control-Allow-Methods"] = headers.get("Allow", "GET, HEAD, OPTIONS")
            headers["Access-Control-Allow-Headers"] = "*"
            headers["Access-Control-Max-Age"] = "86400"
        if response.mimetype == "text/html":
            headers["Content-Security-Policy"] = _POLICY
        if response.status_code == 200 and "ETag" in headers and request.if_none_match:
            response.make_conditional(request.environ)  # which adds a Date: not for what is kept
        return response
