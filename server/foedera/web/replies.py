"""Replies: the headers that every answer carries, and those of an answer from a release."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from flask import Flask, Response, request

from foedera.formats import Format
from foedera.web import context, ready

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def reply(
    body: bytes | str | Iterable[bytes], fmt: Format, varies: str = "", key: str = ""
) -> Response:
    """An answer that follows from the release and the request alone, and so may be kept.

    ``varies`` names the request headers that chose it, beside Accept; ``key`` what else its ETag
    must tell apart. Only a whole body is kept; a stream is passed on as it comes.
    """
    whole = isinstance(body, bytes | str)
    response = Response(body, content_type=fmt.content_type)
    response.headers["Vary"] = f"Accept, {varies}" if varies else "Accept"
    if whole:
        release = context.live().release.id
        tag = f"{request.full_path}\0{fmt.media_type}\0{key}"
        digest = hashlib.sha256(tag.encode("utf-8", "replace")).hexdigest()[:12]
        response.set_etag(f"{release}-{fmt.ending}-{digest}")
        response.headers["Cache-Control"] = "public, no-cache"
        request.environ[ready.KEEP] = True
    else:
        response.headers["Cache-Control"] = "no-store"
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
        headers["Access-Control-Expose-Headers"] = "Link, ETag, Location, X-Foedera-Cut"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        if response.mimetype == "text/html":
            headers["Content-Security-Policy"] = _POLICY
        if response.status_code == 200 and "ETag" in headers:
            response.make_conditional(request.environ)
        return response
