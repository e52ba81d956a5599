"""Speaks to a SPARQL 1.1 engine elsewhere, and believes nothing that it has not looked at.

Each request has a deadline in all, however slowly bytes come; answers have a bound in bytes, a
media type and an end that are checked; no redirect is followed. What only reads is asked again
when the connection fails. When the engine has failed several times in a row it is left alone for
a while, by all workers together: they share the count.
"""

from __future__ import annotations

import contextlib
import http.client
import mmap
import signal
import struct
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from SPARQLWrapper import POST, SPARQLWrapper

from foedera.errors import (
    BadGateway,
    BadRequest,
    FoederaError,
    GatewayTimeout,
    NotAPublication,
    Unavailable,
)
from foedera.settings import Settings, variable

ROWS = "application/sparql-results+json"
TRIPLES = "application/n-triples"

_MOST = 200_000_000
"""Bytes of one answer."""

_PART = 65_536

_PAUSES = (0.1, 0.4)
"""Seconds before a question is asked again, where the connection failed."""

_FAILURES = 5
"""Failures in a row after which an engine is left alone."""

_REST = 3.0
"""Seconds for which it is; then one question goes through to see."""

_LONGEST_WAIT = 60
"""The longest Retry-After that is passed on, in seconds."""


class Breaker:
    """How often in a row an engine failed, shared with all processes forked after this is made."""

    _STATE = struct.Struct("=Qd")

    def __init__(self, most: float = _FAILURES) -> None:
        self._most = most
        self._shared = mmap.mmap(-1, self._STATE.size)

    def enter(self) -> None:
        """Raises Unavailable while the engine is left alone."""
        failures, until = self._STATE.unpack(self._shared[:])
        if failures < self._most:
            return
        now = time.monotonic()
        if now < until:
            raise Unavailable(
                f"The engine behind this site failed {failures} times in a row and is left alone "
                "for a moment",
                "Try again in a few seconds.",
                retry_after=max(1, round(until - now)),
            )
        self._shared[:] = self._STATE.pack(failures, now + _REST)  # this one goes to see

    def succeeded(self) -> None:
        if self._STATE.unpack(self._shared[:])[0]:
            self._shared[:] = self._STATE.pack(0, 0.0)

    def failed(self) -> None:
        failures, _ = self._STATE.unpack(self._shared[:])
        self._shared[:] = self._STATE.pack(failures + 1, time.monotonic() + _REST)


@dataclass(frozen=True)
class Endpoint:
    """Where an engine is: its address for queries, that for updates, and who we are there."""

    url: str
    update_url: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    seconds: float = 10.0
    breaker: Breaker = field(default_factory=Breaker, repr=False, compare=False)

    def ask(
        self,
        text: str,
        media_type: str,
        graphs: Sequence[str] = (),
        named: Sequence[str] = (),
        seconds: float | None = None,
        ours: bool = False,
    ) -> Stream:
        """The answer to a query as its bytes come; ``graphs`` and ``named`` are the dataset.

        That the engine fails on a question of ``ours`` tells of the engine; on a stranger's it
        may be the question. Raises Unavailable, GatewayTimeout or BadGateway where the engine
        fails, BadRequest where it does not do what the query asks.
        """
        self.breaker.enter()
        client = self._client(text, media_type)
        for name, iris in (("default-graph-uri", graphs), ("named-graph-uri", named)):
            for iri in iris:
                client.addParameter(name, iri)
        until = time.monotonic() + (seconds or self.seconds)
        pauses = iter(_PAUSES)
        while True:
            try:
                return Stream(_opened(client, until), media_type, until, self.breaker, ours)
            except _Unreached as fault:
                pause = next(pauses, None)
                if pause is None or time.monotonic() + pause > until:
                    self.breaker.failed()
                    raise _gone(fault) from None
                time.sleep(pause)
            except (BadGateway, GatewayTimeout):
                if ours:
                    self.breaker.failed()
                raise

    def tell(self, text: str, seconds: float) -> None:
        """Run an update, once. Raises Unavailable, GatewayTimeout or BadGateway."""
        client = self._client(text, "*/*")
        try:
            _opened(client, time.monotonic() + seconds).close()
        except _Unreached as fault:
            raise _gone(fault) from None
        except BadRequest as fault:
            raise BadGateway(fault.detail) from None

    def _client(self, text: str, media_type: str) -> _Client:
        client = _Client(self.url, self.update_url or self.url)
        client.opener = _opener(self)
        client.setMethod(POST)
        client.queryString = text  # its setQuery would look for the kind of query, and mistake some
        client.queryType = "INSERT" if media_type == "*/*" else "SELECT"
        client.setOnlyConneg(True)
        client.addCustomHttpHeader("Accept", media_type)
        return client


def _gone(fault: _Unreached) -> Unavailable:
    return Unavailable(
        f"The engine behind this site cannot be reached: {fault}",
        "Try again in a moment.",
        retry_after=5,
    )


def of(settings: Settings) -> Endpoint:
    """The engine that the settings name. Raises NotAPublication where its address is none."""
    update = settings.store_update
    if not update and settings.store.endswith("/query"):
        update = settings.store.removesuffix("query") + "update"
    for url in filter(None, (settings.store, update)):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise NotAPublication(
                f"{url} is no address of an engine",
                "It is like http://127.0.0.1:7878/query; user and password go into "
                f"{variable('store_user')} and {variable('store_password')}.",
            )
    # A little less than a worker has, so that it can say what was the matter.
    seconds = settings.query_seconds * 0.9
    return Endpoint(settings.store, update, settings.store_user, settings.store_password, seconds)


class _Unreached(Exception):
    """No connection, or one that broke before an answer came."""


class Stream:
    """An answer's bytes; `read` is what parsers call.

    Raises BadGateway where the answer is not what was asked for, breaks off or is endless,
    GatewayTimeout where it is not there in time.
    """

    def __init__(
        self, answer: Any, media_type: str, until: float, breaker: Breaker, ours: bool
    ) -> None:
        self.media_type = media_type
        self._answer = answer
        self._until = until
        self._breaker = breaker
        self._ours = ours
        self._size = 0
        sent = answer.headers.get_content_type()
        if sent != media_type or answer.headers.get("Content-Encoding", "identity") != "identity":
            answer.close()
            raise BadGateway(
                f"The engine behind this site answered with {sent[:100]}, and not with {media_type}"
            )

    def close(self) -> None:
        """Let the connection go; the engine may see by this that nobody listens any more."""
        self._answer.close()

    __del__ = close

    def read(self, _: int = -1) -> bytes:
        try:
            part = self._part()
        except FoederaError:
            self._answer.close()
            if self._ours:
                self._breaker.failed()
            raise
        if not part:
            self._answer.close()
            self._breaker.succeeded()
        return part

    def _part(self) -> bytes:
        try:
            with _alarm(self._until):
                part: bytes = self._answer.read1(_PART)
                whole = part or not self._answer.length
        except TimeoutError:
            raise _late() from None
        except (OSError, http.client.HTTPException):
            whole = False
        if not whole:
            raise BadGateway("The answer of the engine behind this site broke off")
        self._size += len(part)
        if self._size > _MOST:
            raise BadGateway(
                f"The answer of the engine behind this site goes on beyond {_MOST:,} bytes"
            )
        return part


class _Client(SPARQLWrapper):
    """SPARQLWrapper, by an opener of our own: its own follows redirects and installs passwords
    for the whole process."""

    opener: urllib.request.OpenerDirector
    left = 0.0

    def _query(self) -> tuple[Any, str]:
        return self.opener.open(self._createRequest(), timeout=self.left), self.returnFormat


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(endpoint: Endpoint) -> urllib.request.OpenerDirector:
    handlers: list[Any] = [_NoRedirect, urllib.request.ProxyHandler({})]
    if endpoint.user:
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        for url in {endpoint.url, endpoint.update_url or endpoint.url}:
            passwords.add_password(None, url, endpoint.user, endpoint.password)
        handlers += [
            urllib.request.HTTPDigestAuthHandler(passwords),
            urllib.request.HTTPBasicAuthHandler(passwords),
        ]
    return urllib.request.build_opener(*handlers)


def _opened(client: _Client, until: float) -> Any:
    """The answer, once its head is here and good."""
    client.left = max(0.1, until - time.monotonic())
    try:
        with _alarm(until):
            try:
                return client.query().response
            except urllib.error.HTTPError as refused:
                with refused:
                    raise _refusal(refused.code, refused.headers, refused.read1(2000)) from None
    except urllib.error.URLError as fault:
        if isinstance(fault.reason, TimeoutError):
            raise _late() from None
        raise _Unreached(getattr(fault.reason, "strerror", None) or "no connection") from None
    except TimeoutError:
        raise _late() from None
    except (http.client.RemoteDisconnected, ConnectionError):
        raise _Unreached("it closed the connection") from None
    except (OSError, ValueError, http.client.HTTPException) as fault:
        raise BadGateway(
            f"What the engine behind this site sent is no HTTP ({type(fault).__name__})"
        ) from None


_SPOKEN = {
    401: "asks for a user and a password, or does not take ours",
    403: "does not let us do this",
    404: "has no SPARQL endpoint at its address",
}


def _refusal(status: int, headers: Any, body: bytes) -> FoederaError:
    """What an engine's refusal means for who asked."""
    said = " ".join(body.decode("utf-8", "replace").split())[:300]
    if status == 400:
        return BadRequest(f"The engine behind this site does not do this: {said}")
    if status in (429, 503):
        after = headers.get("Retry-After", "")
        wait = min(int(after), _LONGEST_WAIT) if after.isdigit() and len(after) < 9 else 5
        return Unavailable(
            "The engine behind this site has no time", "Try again later.", retry_after=wait
        )
    if status in (408, 504):
        return _late()
    if 300 <= status < 400:
        words = "answered with a redirect, which is not followed"
    else:
        words = _SPOKEN.get(status) or f"failed with HTTP {status}: {said}"
    return BadGateway(f"The engine behind this site {words}", "Its operator must see to this.")


def _late() -> GatewayTimeout:
    return GatewayTimeout(
        "The engine behind this site did not answer in time",
        "Ask for less, or try again in a moment.",
        retry_after=5,
    )


@contextlib.contextmanager
def _alarm(until: float) -> Iterator[None]:
    """Raise GatewayTimeout in what is waited for at a moment, whoever waits and however.

    A socket's own time-out begins anew with each byte. Only while the engine is waited for: an
    alarm must not hit in the middle of writing an answer. Outside a main thread, where no signal
    is heard, the sockets' time-out must do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise _late()

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(0.001, until - time.monotonic()))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
