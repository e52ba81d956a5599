"""Ready answers: since a release never changes, what was answered once can be answered again.

A layer below Flask, so that a repeated request costs a look-up: keyed by the release and all of
the request that an answer may depend on, bounded in bytes, oldest use first out.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from foedera.errors import Unavailable
from foedera.service import Site

KEEP = "foedera.keep"
"""Set in the WSGI environment by a view whose answer depends on nothing but the key."""

_LONGEST_KEY = 4096
_OVERHEAD = 1000
_Key = tuple[str, ...]
_Entry = tuple[str, list[tuple[str, str]], bytes, str]


class Ready:
    """A WSGI application that keeps another's answers."""

    def __init__(self, app: Callable[..., Any], site: Site, most: int, flask: Any) -> None:
        self._app = app
        self._site = site
        self._most = most
        self._kept: OrderedDict[_Key, _Entry] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()
        self.flask = flask

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._pass(environ, start_response)
        try:
            release = self._site.live.release.id
        except Unavailable:
            return self._pass(environ, start_response)
        key = (
            release,
            environ.get("REQUEST_URI") or f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}",
            environ.get("HTTP_ACCEPT", ""),
            environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        )
        with self._lock:
            entry = self._kept.get(key)
            if entry:
                self._kept.move_to_end(key)
        if entry:
            return self._again(entry, environ, start_response)
        return self._first(key, environ, start_response)

    def _pass(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def _again(
        self, entry: _Entry, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        status, headers, body, etag = entry
        if self._site.draining:
            headers = [*headers, ("Connection", "close")]
        match = environ.get("HTTP_IF_NONE_MATCH")
        if match and etag and (match == "*" or etag in [m.strip() for m in match.split(",")]):
            kept = [h for h in headers if h[0] not in ("Content-Length", "Content-Type")]
            start_response("304 NOT MODIFIED", kept)
            return [b""]
        start_response(status, headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _first(self, key: _Key, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if "HTTP_IF_NONE_MATCH" in environ or environ["REQUEST_METHOD"] == "HEAD":
            return self._pass(environ, start_response)
        started: list[Any] = []

        def note(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            started[:] = [status, headers]
            return (
                start_response(status, headers, error) if error else start_response(status, headers)
            )

        answer: Iterable[bytes] = self._app(environ, note)
        if not environ.get(KEEP) or not started or sum(map(len, key)) > _LONGEST_KEY:
            return answer
        try:
            body = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close:
                close()
        self._keep(key, (started[0], started[1], body, dict(started[1]).get("ETag", "")))
        return [body]

    def _keep(self, key: _Key, entry: _Entry) -> None:
        size = len(entry[2]) + _OVERHEAD
        if size > self._most // 8:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = entry
            self._size += size
            while self._size > self._most:
                _, old = self._kept.popitem(last=False)
                self._size -= len(old[2]) + _OVERHEAD
