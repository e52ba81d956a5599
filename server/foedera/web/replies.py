"""Replies: the headers that every answer carries, and those of an answer from a release."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

from flask import Flask, Response, request
from werkzeug.http import http_date

from foedera import formats
from foedera.formats import Format, Profile
from foedera.settings import Mode
from foedera.web import context, ready

Body: TypeAlias = bytes | str | Iterable[bytes]

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def reply(
    body: bytes | str,
    fmt: Format,
    vary: Sequence[str] | None = None,
    profile: Profile | None = None,
    status: int = 200,
) -> Response:
    """An answer that follows from the release and the request alone, and so may be kept.

    ``vary`` are the headers of the request that it depends on; those of the format where None.
    Its ETag tells release, format, profile and language, and is made from what it holds: another
    version of a template may give the same address other bytes.
    """
    response = _negotiated(body, fmt, vary)
    release = context.live().release
    marks = [release.id, fmt.ending]
    if profile:
        marks.append(profile.token)
    if fmt is formats.HTML:
        marks.append(context.language())
    digest = hashlib.sha256(fmt.media_type.encode() + b"\0" + response.get_data())
    response.set_etag("-".join([*marks, digest.hexdigest()[:16]]))
    response.headers["Last-Modified"] = _as_http(release.created)
    response.headers["Accept-Ranges"] = "bytes"
    response.status_code = status
    _keep(response)
    return response


@lru_cache(maxsize=4)
def _as_http(moment: str) -> str:
    return http_date(datetime.fromisoformat(moment))


def _keep(response: Response) -> None:
    """Let it be kept, here and by caches."""
    _let_be_cached(response)
    request.environ[ready.KEEP] = True


def _let_be_cached(response: Response) -> None:
    """Let it be kept by caches that ask each time whether it is still so. Where they ignore Vary,
    they keep nothing that depends on more than the address."""
    unsafe = "Vary" in response.headers and context.settings().entity_mode == Mode.SAFE
    response.headers["Cache-Control"] = "no-store" if unsafe else "public, no-cache"


def once(body: Body, fmt: Format, status: int = 200, retry_after: int | None = None) -> Response:
    """An answer for this moment: an error, one that may differ the next time, or a stream."""
    response = _negotiated(body, fmt)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def stream(body: Iterable[bytes], fmt: Format, mark: str, status: int = 200) -> Response:
    """An answer from a release that is sent as it is made.

    ``mark`` tells it from others of the release. Its ETag is a weak one (RFC 9110, section 8.8.1):
    what it says stays the same, and not in which order.
    """
    response = _negotiated(body, fmt)
    response.status_code = status
    response.set_etag(_weak(mark), weak=True)
    response.headers["Last-Modified"] = _as_http(context.live().release.created)
    _let_be_cached(response)
    return response


def is_unchanged(mark: str) -> bool:
    """Whether who asks has what `stream` would send with this mark (section 13.1.2)."""
    return request.if_none_match.contains_weak(_weak(mark))


def _weak(mark: str) -> str:
    return f"{context.live().release.id}-{mark}"


def _negotiated(body: Body, fmt: Format, vary: Sequence[str] | None = None) -> Response:
    response = Response(body, content_type=fmt.content_type)
    if vary is None:
        by_language = fmt is formats.HTML and not context.chosen()
        vary = ("Accept", "Accept-Language") if by_language else ("Accept",)
    if fmt is formats.HTML:
        response.headers["Content-Language"] = context.language()
    if vary:
        response.headers["Vary"] = ", ".join(vary)
    return response


def see_other(location: str, vary: Sequence[str] = ("Accept",)) -> Response:
    """A 303 to a document, relative to wherever this site is served; ``vary`` are the headers that
    chose it."""
    return _elsewhere(303, location, vary)


def moved(location: str) -> Response:
    """A 301 to what took the place of something, or to how it is written; relative, as above."""
    return _elsewhere(301, location)


def _elsewhere(status: int, location: str, vary: Sequence[str] = ()) -> Response:
    response = Response(f"See {location}\n", status, content_type="text/plain; charset=utf-8")
    response.autocorrect_location_header = False
    response.headers["Location"] = location
    if vary:
        response.headers["Vary"] = ", ".join(vary)
    _keep(response)
    return response


def install(app: Flask) -> None:
    @app.after_request
    def always(response: Response) -> Response:
        headers = response.headers
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Expose-Headers"] = (
            "Link, ETag, Location, Content-Location, Content-Profile, Content-Range, "
            "Accept-Ranges, Content-Disposition, Retry-After, X-Foedera-Cut"
        )
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        if request.method == "OPTIONS":  # a browser asks before a POST of application/sparql-query
            headers["Access-Control-Allow-Methods"] = headers.get("Allow", "GET, HEAD, OPTIONS")
            # The star stands for all but this one (Fetch Standard, section 3.3.2).
            headers["Access-Control-Allow-Headers"] = "Authorization, *"
            headers["Access-Control-Max-Age"] = "86400"
        if response.mimetype == "text/html":
            headers["Content-Security-Policy"] = _POLICY
        if request.endpoint == "static" and response.status_code == 200:
            request.environ[ready.KEEP] = True
        return response
