"""Ready answers: since a release never changes, what was answered once can be answered again.

A layer below Flask, so that a repeated request costs a look-up: keyed by the release and all of
the request that an answer may depend on, bounded in bytes, oldest use first out.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from werkzeug.http import parse_etags

from foedera.errors import Unavailable
from foedera.service import Site, WsgiApp
from foedera.web.context import LIVE

KEEP = "foedera.keep"
"""Set in the WSGI environment by a view whose answer depends on nothing but the key."""

_STATUSES = ("200", "303")
"""What may be kept. A problem may be gone when the same is asked again."""

_LONGEST_KEY = 4096
_OVERHEAD = 1000
"""Bytes of an entry beside its body: headers, key, and what Python adds."""

_BODY_ONLY = ("Content-Length", "Content-Type")


class _Key(NamedTuple):
    """All of a request that a kept answer depends on; a tuple, since it is hashed each time."""

    release: str
    target: str
    query: str
    accept: str
    languages: str


@dataclass(frozen=True, slots=True)
class _Kept:
    status: str
    headers: list[tuple[str, str]]
    body: bytes
    etag: str

    @property
    def size(self) -> int:
        return len(self.body) + _OVERHEAD


class Ready:
    """A WSGI application that keeps another's answers, in ``most`` bytes."""

    def __init__(self, app: WsgiApp, site: Site, most: int) -> None:
        self._app = app
        self._site = site
        self._most = most
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        try:
            # Said to the application too: what is kept under a release must come from it, also
            # when the next release comes in between.
            live = environ[LIVE] = self._site.live
        except Unavailable:
            return self._pass(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._pass(environ, start_response)
        key = _Key(
            live.release.id,
            environ.get("REQUEST_URI") or environ["PATH_INFO"],
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_ACCEPT", ""),
            environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        )
        with self._lock:
            entry = self._kept.get(key)
            if entry:
                self._kept.move_to_end(key)
        if entry:
            return _again(entry, environ, start_response)
        return self._first(key, environ, start_response)

    def _pass(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def _first(self, key: _Key, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "HTTP_IF_NONE_MATCH" in environ or environ["REQUEST_METHOD"] == "HEAD":
            return self._pass(environ, start_response)
        status, headers = "", [("", "")]

        def note(first: str, rest: list[tuple[str, str]], error: Any = None) -> Any:
            nonlocal status, headers
            status, headers = first, rest
            return start_response(first, rest, error)

        answer: Iterable[bytes] = self._app(environ, note)
        if (
            not environ.get(KEEP)
            or not status.startswith(_STATUSES)
            or sum(map(len, key)) > _LONGEST_KEY
        ):
            return answer
        try:
            body = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close:
                close()
        self._keep(key, _Kept(status, headers, body, dict(headers).get("ETag", "").strip('"')))
        return [body]

    def _keep(self, key: _Key, entry: _Kept) -> None:
        if entry.size > self._most // 8:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = entry
            self._size += entry.size
            while self._size > self._most:
                _, old = self._kept.popitem(last=False)
                self._size -= old.size


def _again(entry: _Kept, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    match = environ.get("HTTP_IF_NONE_MATCH")
    if match and entry.etag and parse_etags(match).contains_weak(entry.etag):
        start_response(
            "304 NOT MODIFIED", [one for one in entry.headers if one[0] not in _BODY_ONLY]
        )
        return [b""]
    start_response(entry.status, entry.headers)
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else entry.body]
