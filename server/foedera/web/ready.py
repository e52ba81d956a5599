"""Ready answers: since a release never changes, what was answered once can be answered again.

A layer below Flask, so that a repeated request costs a look-up: keyed by the release and all of
the request that an answer may depend on, bounded in bytes, oldest use first out. It is here, too,
that of an answer only the head is sent, or a part, or that nothing has changed, and that it is
compressed (RFC 9110, sections 8.4, 9.3.2, 13 and 14): the application makes it whole, so that it
can be kept whoever asked first.
"""

from __future__ import annotations

import contextlib
import gzip
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from werkzeug.http import parse_date, parse_etags, parse_range_header

from foedera.errors import Unavailable
from foedera.service import Site, WsgiApp
from foedera.web.context import LIVE

KEEP = "foedera.keep"
"""Set in the WSGI environment by a view whose answer depends on nothing but the key."""

_HELD = "foedera.held"
"""Where a kept answer stands in the WSGI environment of the request that it is held for."""

_STATUSES = ("200", "301", "303", "410")
"""What may be kept. A problem may be gone when the same is asked again; not so what the release
itself says is gone."""

_SAFE = ("GET", "HEAD")

_LONGEST_KEY = 4096
_OVERHEAD = 1000
"""Bytes of an entry beside its body: headers, key, and what Python adds."""

_WITH_BODY = ("Content-Length", "Content-Type", "Content-Language", "Content-Profile", "Link")
"""What is not said again of an answer that is not sent again (RFC 9110, section 15.4.5)."""


Headers = list[tuple[str, str]]


class _Key(NamedTuple):
    """All of a request that a kept answer depends on; a tuple, since it is hashed each time."""

    release: str
    target: str
    query: str
    accept: str
    languages: str
    profiles: str
    compressed: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer; without its ``body`` where that is too large, which is enough for who has it."""

    status: str
    headers: Headers
    body: bytes | None
    etag: str
    modified: str

    @property
    def size(self) -> int:
        return len(self.body or b"") + _OVERHEAD


class Ready:
    """A WSGI application that keeps another's answers, in ``most`` bytes.

    With ``compress`` it compresses them for who takes that; caches must then heed Vary.
    """

    def __init__(self, app: WsgiApp, site: Site, most: int, compress: bool = True) -> None:
        self._app = app
        self._site = site
        self._most = most
        self._compress = compress
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # An address without a path means the first page (RFC 9112, section 3.2.2). The framework
        # would redirect there, to the host that the client names.
        environ["PATH_INFO"] = environ["PATH_INFO"] or "/"
        try:
            # Said to the application too: what is kept under a release must come from it, also
            # when the next release comes in between.
            live = environ[LIVE] = self._site.live
        except Unavailable:
            return self._pass(environ, start_response)
        if environ["REQUEST_METHOD"] not in _SAFE:
            return self._pass(environ, start_response)
        key = self._key(live.release.id, environ)
        entry = environ.get(_HELD) or self._find(key)
        if entry:
            bare = _bare(entry, environ)
            if bare:
                start_response(*bare)
                return [b""]
            if entry.body is not None:
                return _sent(entry, entry.body, environ, start_response)
        return self._first(key, environ, start_response)

    def hold(self, environ: dict[str, Any]) -> bool:
        """Whether the answer to a request is kept whole, and so is given without any waiting.

        It is held for that request from here on, whatever comes before it is called for.
        """
        if environ["REQUEST_METHOD"] in _SAFE:
            with contextlib.suppress(Unavailable):
                entry = self._find(self._key(self._site.live.release.id, environ))
                if entry and entry.body is not None:
                    environ[_HELD] = entry
                    return True
        return False

    def _key(self, release: str, environ: dict[str, Any]) -> _Key:
        return _Key(
            release,
            environ.get("REQUEST_URI") or environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_ACCEPT", ""),
            environ.get("HTTP_ACCEPT_LANGUAGE", ""),
            environ.get("HTTP_ACCEPT_PROFILE", ""),
            self._compress and _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")),
        )

    def _find(self, key: _Key) -> _Kept | None:
        with self._lock:
            entry = self._kept.get(key)
            if entry:
                self._kept.move_to_end(key)
        return entry

    def _pass(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def _first(self, key: _Key, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        head = environ["REQUEST_METHOD"] == "HEAD"
        whole = {**environ, "REQUEST_METHOD": "GET"} if head else environ
        status = ""
        headers: Headers = []

        def note(first: str, rest: Headers, _: Any = None) -> None:
            nonlocal status, headers
            status, headers = first, rest

        answer: Iterable[bytes] = self._app(whole, note)
        close = getattr(answer, "close", lambda: None)
        if not whole.get(KEEP) or not status.startswith(_STATUSES):
            start_response(status, headers)
            if not head:
                return answer
            close()
            return ()
        try:
            body = b"".join(answer)
        finally:
            close()
        if self._compress:
            headers, body = _coded(headers, body, key.compressed)
        said = dict(headers)
        # Conditions and ranges are for what is there (RFC 9110, sections 13.2.1 and 14.2).
        there = said if status.startswith("200") else {}
        etag, modified = there.get("ETag", "").strip('"'), there.get("Last-Modified", "")
        entry = _Kept(status, headers, body, etag, modified)
        if sum(map(len, key[:-1])) <= _LONGEST_KEY:
            self._keep(key, entry)
        bare = _bare(entry, environ)
        if bare:
            start_response(*bare)
            return [b""]
        return _sent(entry, body, environ, start_response)

    def _keep(self, key: _Key, entry: _Kept) -> None:
        if entry.size > self._most // 8:
            entry = replace(entry, body=None)
        if entry.size > self._most:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = entry
            self._size += entry.size
            while self._size > self._most:
                _, old = self._kept.popitem(last=False)
                self._size -= old.size


_TEXTUAL = re.compile(r"text/|application/(?!pdf|zip)|image/svg")
_WORTH = 1400
"""Bytes below which an answer fits one packet as it is."""


def _takes_gzip(accepted: str) -> bool:
    """Whether Accept-Encoding takes gzip (RFC 9110, section 12.5.3): by its name, or by a star."""
    weights = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        weights[name.strip()] = not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", False)))


def _coded(headers: Headers, body: bytes, compressed: bool) -> tuple[Headers, bytes]:
    """An answer as the client takes it: one that is worth it compressed, under an ETag of its own.

    Nothing secret is ever in an answer that is kept, so nothing can be guessed from its length.
    """
    said = dict(headers)
    if len(body) < _WORTH or not _TEXTUAL.match(said.get("Content-Type", "")):
        return headers, body
    vary = ", ".join(filter(None, (said.get("Vary"), "Accept-Encoding")))
    rest = [one for one in headers if one[0] not in ("Vary", "ETag", "Content-Length")]
    etag = said.get("ETag", "")
    if compressed:
        body = gzip.compress(body, 6, mtime=0)
        rest.append(("Content-Encoding", "gzip"))
        etag = etag and etag.removesuffix('"') + '-gz"'
    rest += [("Vary", vary), ("Content-Length", str(len(body)))]
    return [*rest, ("ETag", etag)] if etag else rest, body


_CONDITIONS = frozenset(
    f"HTTP_IF_{name}" for name in ("NONE_MATCH", "MODIFIED_SINCE", "MATCH", "UNMODIFIED_SINCE")
)


def _bare(entry: _Kept, environ: dict[str, Any]) -> tuple[str, Headers] | None:
    """Status and headers, where these are all of what the request asks for."""
    if entry.etag and not environ.keys().isdisjoint(_CONDITIONS):
        headers = [one for one in entry.headers if one[0] not in _WITH_BODY]
        if not _is_expected(entry, environ):
            return "412 PRECONDITION FAILED", [*headers, ("Content-Length", "0")]
        if _is_there(entry, environ):
            return "304 NOT MODIFIED", headers
    return (entry.status, entry.headers) if environ["REQUEST_METHOD"] == "HEAD" else None


def _sent(
    entry: _Kept, body: bytes, environ: dict[str, Any], start_response: Any
) -> Iterable[bytes]:
    """The body, or the part of it that the request asks for."""
    part = _part(entry, len(body), environ) if "HTTP_RANGE" in environ else None
    if part is None:
        start_response(entry.status, entry.headers)
        return [body]
    begin, end = part
    if begin >= end:
        headers = [one for one in entry.headers if one[0] not in _WITH_BODY]
        span = ("Content-Range", f"bytes */{len(body)}")
        start_response("416 RANGE NOT SATISFIABLE", [*headers, span, ("Content-Length", "0")])
        return [b""]
    headers = [one for one in entry.headers if one[0] != "Content-Length"]
    span = ("Content-Range", f"bytes {begin}-{end - 1}/{len(body)}")
    start_response("206 PARTIAL CONTENT", [*headers, span, ("Content-Length", str(end - begin))])
    return [body[begin:end]]


def _is_expected(entry: _Kept, environ: dict[str, Any]) -> bool:
    """Whether this is what the client asks on condition that it is (sections 13.1.1 and 13.1.4);
    a date that is none says nothing."""
    match = environ.get("HTTP_IF_MATCH")
    if match:
        return match.strip() == "*" or parse_etags(match).contains(entry.etag)
    since = parse_date(environ.get("HTTP_IF_UNMODIFIED_SINCE"))
    modified = parse_date(entry.modified)
    return since is None or modified is None or modified <= since


def _is_there(entry: _Kept, environ: dict[str, Any]) -> bool:
    """Whether the client has it already (sections 13.1.2 and 13.1.3).

    A date counts when it is just that of the release: after a step back to an older one, who has
    the newer has a later date, and other data.
    """
    match = environ.get("HTTP_IF_NONE_MATCH")
    if match is not None:
        return parse_etags(match).contains_weak(entry.etag)
    return _is_its_date(entry, environ.get("HTTP_IF_MODIFIED_SINCE"))


def _is_its_date(entry: _Kept, date: str | None) -> bool:
    if not date or not entry.modified:
        return False
    return date == entry.modified or parse_date(date) == parse_date(entry.modified)


def _part(entry: _Kept, size: int, environ: dict[str, Any]) -> tuple[int, int] | None:
    """From which byte to before which is asked for; None for all of them, as when several parts
    are asked for, or a part of something else (sections 13.1.5 and 14.2)."""
    asked = parse_range_header(environ["HTTP_RANGE"])
    if not entry.etag or asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    of = environ.get("HTTP_IF_RANGE", "").strip()
    if of and of != f'"{entry.etag}"' and not _is_its_date(entry, of):
        return None
    begin, end = asked.ranges[0]
    return max(0, begin + size) if begin < 0 else begin, size if end is None else min(end, size)
