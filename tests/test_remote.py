"""An engine in its bad manners: clear words in time, no answer from what is none, and what is
ours stays up. Each manner is played by a server of its own, on real sockets."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from werkzeug.test import Client

import engines
from conftest import Publish, Served, soon
from foedera import release, service, settings, starter
from foedera.cli import main
from foedera.errors import (
    BadGateway,
    BadRequest,
    FoederaError,
    GatewayTimeout,
    NotAPublication,
    Unavailable,
)
from foedera.settings import Settings
from foedera.stores import endpoint
from foedera.stores.endpoint import Endpoint
from foedera.stores.load import load
from foedera.stores.remote import RemoteStore
from foedera.web import create_app

SECONDS = 1.0
"""What a request may take here."""

KOKORO = "https://example.org/id/book/kokoro"
SELECT = "SELECT ?s { ?s a :Book }"
JSON = "application/sparql-results+json"
ROW = b'{"s":{"type":"uri","value":"urn:a"}},'

Manner = Callable[[socket.socket], None]


class Rude:
    """A server that reads a request and then behaves as ``manner`` does.

    Asked which release it holds, it is polite and names ``release``, unless that is empty.
    """

    def __init__(self, manner: Manner, release: str = "") -> None:
        self.manner = manner
        self.release = release
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/query"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65_536)
            head, _, body = request.partition(b"\r\n\r\n")
            length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
            while len(body) < length:
                body += connection.recv(65_536)
            self.requests.append(head + b"\r\n\r\n" + body)
            if self.release and b"versionInfo" in body:
                connection.sendall(reply(held(self.release)))
            else:
                self.manner(connection)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def held(release: str) -> bytes:
    row = {"release": {"type": "literal", "value": release}}
    return json.dumps({"head": {"vars": ["release"]}, "results": {"bindings": [row]}}).encode()


def reply(
    body: bytes, status: str = "200 OK", media_type: str = JSON, more: str = "", length: int = -1
) -> bytes:
    length = len(body) if length < 0 else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n{more}"
    return f"{head}Connection: close\r\n\r\n".encode() + body


def says(content: bytes) -> Manner:
    return lambda connection: connection.sendall(content)


def table(*columns: str, rows: bytes = b"", end: bytes = b"]}}") -> bytes:
    return b'{"head":{"vars":%s},"results":{"bindings":[%s%s' % (
        json.dumps(columns).encode(),
        rows,
        end,
    )


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drips(content: bytes, at_once: int = 0) -> Manner:
    def drip(connection: socket.socket) -> None:
        connection.sendall(content[:at_once])
        for byte in content[at_once:]:
            time.sleep(0.1)
            connection.sendall(bytes([byte]))

    return drip


def goes_on(content: bytes, again: bytes) -> Manner:
    def go_on(connection: socket.socket) -> None:
        connection.sendall(content)
        while True:
            connection.sendall(again)

    return go_on


HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\n\r\n".encode()
CHUNKED = HEAD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")

MANNERS: dict[str, tuple[Manner, type[FoederaError]]] = {
    "closes at once": (lambda _: None, Unavailable),
    "resets": (resets, Unavailable),
    "says nothing": (lambda _: time.sleep(30), GatewayTimeout),
    "drips its head": (drips(HEAD * 9), GatewayTimeout),
    "drips its body": (drips(HEAD + table("s", rows=ROW * 9), len(HEAD) + 40), GatewayTimeout),
    "stops in its body": (
        lambda one: (one.sendall(HEAD + table("s", end=b"")), time.sleep(30)),  # type: ignore[arg-type, return-value]
        GatewayTimeout,
    ),
    "sends a value without end": (
        goes_on(HEAD + table("s", end=b'{"s":{"type":"literal","value":"'), b"x" * 65_536),
        BadGateway,
    ),
    "sends headers without end": (goes_on(HEAD[:-2], b"X-More: more\r\n" * 50), BadGateway),
    "sends a huge header": (says(HEAD[:-2] + b"X: " + b"x" * 200_000 + b"\r\n\r\n"), BadGateway),
    "speaks no HTTP": (says(b"220 mail.example ESMTP\r\n\r\n"), BadGateway),
    "breaks off": (says(reply(table("s", rows=ROW), length=9999)), BadGateway),
    "breaks off a chunk": (says(CHUNKED + b"400\r\n" + table("s", rows=ROW)), BadGateway),
    "ends too early": (says(HEAD + table("s", rows=ROW, end=b"")), BadGateway),
    "sends HTML": (says(reply(b"<html>Welcome</html>", media_type="text/html")), BadGateway),
    "calls it a page": (says(reply(table("s"), media_type="text/html")), BadGateway),
    "sends HTML as JSON": (says(reply(b"<html>Welcome</html>")), BadGateway),
    "sends JSON that is none": (says(reply(b'{"head":{"vars":["s"]},"results":{')), BadGateway),
    "sends other JSON": (says(reply(b'{"status":"ok"}')), BadGateway),
    "sends nothing": (says(reply(b"")), BadGateway),
    "answers something else": (says(reply(table("other"))), BadGateway),
    "says yes to a question for rows": (says(reply(b'{"head":{},"boolean":true}')), BadGateway),
    "compresses": (says(reply(b"\x1f\x8b", more="Content-Encoding: gzip\r\n")), BadGateway),
    "wants a password": (says(reply(b"", "401 Unauthorized")), BadGateway),
    "forbids": (says(reply(b"", "403 Forbidden")), BadGateway),
    "is not there": (says(reply(b"", "404 Not Found")), BadGateway),
    "fails": (says(reply(b"NullPointerException", "500 Server Error")), BadGateway),
    "has too many clients": (says(reply(b"", "429 Too Many Requests")), Unavailable),
    "is busy": (says(reply(b"", "503 Service Unavailable")), Unavailable),
    "has a gateway that waits": (says(reply(b"", "504 Gateway Timeout")), GatewayTimeout),
}


@pytest.fixture(autouse=True)
def collected_here() -> Iterator[None]:
    """An answer of Oxigraph's may only be let go in the thread that made it, and the servers here
    are threads too."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="module", autouse=True)
def old_things_are_no_matter() -> None:
    """What the tests before have left need not be walked through at the end of each of these."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> release.Release:
    """The books, published here; a rude engine says that it holds them."""
    folder = tmp_path_factory.mktemp("rude") / "books"
    starter.new(folder)
    return release.publish(folder, folder.parent / "state", 5, lambda _: None)


@pytest.fixture
def rude(there: release.Release) -> Iterator[Rude]:
    one = Rude(lambda _: None, there.id)
    yield one
    one.close()


@pytest.fixture
def store(rude: Rude, there: release.Release) -> RemoteStore:
    return RemoteStore.open(there.path, Endpoint(rude.url, seconds=SECONDS))


@pytest.mark.parametrize("manner", MANNERS)
def test_a_query_meets_each_manner_with_a_clear_error_in_time(
    manner: str, rude: Rude, store: RemoteStore
) -> None:
    rude.manner, expected = MANNERS[manner]
    started = time.monotonic()
    with pytest.raises((expected, SyntaxError)) as fault:
        list(store.query(SELECT))  # type: ignore[arg-type]
    assert time.monotonic() - started < SECONDS + 3
    if expected is not BadGateway:
        assert isinstance(fault.value, FoederaError)
        assert fault.value.retry_after


@pytest.mark.parametrize("manner", MANNERS)
def test_a_look_up_meets_each_manner_with_a_clear_error_in_time(
    manner: str, rude: Rude, store: RemoteStore
) -> None:
    rude.manner, expected = MANNERS[manner]
    started = time.monotonic()
    with pytest.raises(expected):
        list(store.about(ox.NamedNode(KOKORO)))
    assert time.monotonic() - started < SECONDS + 3


@pytest.fixture(scope="module")
def rude_site(
    there: release.Release, plain_settings: Settings
) -> Iterator[tuple[Rude, Callable[[], Client]]]:
    one = Rude(lambda _: None, there.id)
    own = replace(plain_settings, store=one.url, query_seconds=SECONDS, page_workers=2)
    with service.local(own, there) as site:
        yield one, lambda: Client(create_app(own, site))
    one.close()


@pytest.mark.parametrize("manner", MANNERS)
def test_the_site_answers_each_manner_with_502_503_or_504_and_stays_up(
    manner: str, rude_site: tuple[Rude, Callable[[], Client]]
) -> None:
    rude, client = rude_site
    rude.manner = lambda one: one.sendall(reply(held(rude.release)))
    for path in (f"/sparql?query={SELECT}", "/doc/book/kokoro"):
        rude.manner = MANNERS[manner][0]
        started = time.monotonic()
        answer = client().get(path, headers={"Accept": "application/json, text/html"})
        text = answer.get_data(as_text=True)
        assert answer.status_code in (502, 503, 504), (path, text)
        assert time.monotonic() - started < SECONDS + 3
        assert "engine" in text
        assert rude.url not in text
        assert "Traceback" not in text
    for path in ("/health", "/static/style.css"):
        with client().get(path) as answer:
            assert answer.status_code == 200


def test_nothing_listens(there: release.Release) -> None:
    nobody = Endpoint(f"http://127.0.0.1:{engines.free_port()}/query", seconds=SECONDS)
    with pytest.raises(Unavailable, match="cannot be reached: Connection refused"):
        RemoteStore.open(there.path, nobody).query(SELECT)


def test_rows_without_end_are_read_as_they_come(rude: Rude, store: RemoteStore) -> None:
    rude.manner = goes_on(HEAD + table("s", end=b""), ROW * 1000)
    found = store.query(SELECT)
    assert isinstance(found, ox.QuerySolutions)
    assert next(found)["s"] == ox.NamedNode("urn:a")
    with pytest.raises((GatewayTimeout, BadGateway)):
        for _ in found:
            pass


def test_a_redirect_is_not_followed(rude: Rude, store: RemoteStore) -> None:
    other = Rude(says(reply(table("s"))))
    rude.manner = says(reply(b"", "302 Found", more=f"Location: {other.url}\r\n"))
    with pytest.raises(BadGateway, match="redirect, which is not followed"):
        store.query(SELECT)
    other.close()
    assert other.requests == []


def test_how_long_to_wait_is_passed_on(rude: Rude, store: RemoteStore) -> None:
    for said, told in (("7", 7), ("86400", 60), ("tomorrow", 5), ("-1", 5)):
        rude.manner = says(reply(b"", "429 Too Many", more=f"Retry-After: {said}\r\n"))
        with pytest.raises(Unavailable) as fault:
            store.query(SELECT)
        assert fault.value.retry_after == told


def test_what_the_engine_does_not_do_is_told_in_its_words(rude: Rude, store: RemoteStore) -> None:
    rude.manner = says(reply(b"No  function\nurn:f", "400 Bad Request"))
    with pytest.raises(BadRequest, match="does not do this: No function urn:f"):
        store.query(SELECT)


def test_a_question_is_asked_again_when_the_connection_fails(
    rude: Rude, store: RemoteStore
) -> None:
    def at_last(connection: socket.socket) -> None:
        if len(rude.requests) > 3:  # the first asked for the release
            connection.sendall(reply(table("s", rows=ROW[:-1])))

    rude.manner = at_last
    found = store.query(SELECT)
    assert [row["s"].value for row in found] == ["urn:a"]  # type: ignore[union-attr]
    assert len(rude.requests) == 4


def test_a_question_is_asked_three_times_at_most(rude: Rude, store: RemoteStore) -> None:
    with pytest.raises(Unavailable):
        store.query(SELECT)
    assert len(rude.requests) == 1 + 3


def test_an_update_is_told_once(rude: Rude) -> None:
    with pytest.raises(Unavailable):
        Endpoint(rude.url).tell("CLEAR ALL", SECONDS)
    assert len(rude.requests) == 1


def test_an_answer_of_so_many_bytes_is_not_read(
    rude: Rude, store: RemoteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_MOST", 100_000)
    rude.manner = goes_on(HEAD + table("s", end=b""), ROW * 1000)
    with pytest.raises(BadGateway, match="beyond 100,000 bytes"):
        list(store.query(SELECT))  # type: ignore[arg-type]


def test_an_engine_that_fails_again_and_again_is_left_alone_for_a_while(
    there: release.Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "_REST", 0.5)
    engine = Rude(says(reply(b"", "500 Server Error")))
    store = RemoteStore.open(there.path, Endpoint(engine.url, seconds=SECONDS))
    for _ in range(5):
        with pytest.raises(BadGateway):
            store.check()
    for _ in range(50):
        with pytest.raises(Unavailable, match="failed 5 times in a row") as fault:
            store.check()
        assert fault.value.retry_after
    assert len(engine.requests) == 5

    time.sleep(0.6)
    with pytest.raises(BadGateway):  # one goes to see, and comes back without
        store.check()
    with pytest.raises(Unavailable):
        store.check()
    assert len(engine.requests) == 6

    engine.release = there.id
    time.sleep(0.6)
    store.check()
    store.check()
    engine.close()


def test_all_workers_leave_it_alone_together(there: release.Release) -> None:
    engine = Rude(says(reply(b"", "500 Server Error")))
    store = RemoteStore.open(there.path, Endpoint(engine.url, seconds=SECONDS))
    for _ in range(5):
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BadGateway):
                store.check()
            os._exit(0)
        os.waitpid(child, 0)
    with pytest.raises(Unavailable, match="left alone"):
        store.check()
    engine.close()


def test_a_strangers_question_that_is_too_much_does_not_count(
    rude: Rude, store: RemoteStore
) -> None:
    rude.manner = says(reply(b"transitive start not given", "500 Server Error"))
    for _ in range(8):
        with pytest.raises(BadGateway):
            store.query(SELECT)
    rude.manner = says(reply(table("s")))
    assert list(store.query(SELECT)) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url", ["engine:7878", "ftp://engine/query", "http://", "http://u:p@engine/query", "/query"]
)
def test_what_is_no_address_is_told(url: str, plain_settings: Settings) -> None:
    with pytest.raises(NotAPublication, match="is no address of an engine"):
        release.carry(replace(plain_settings, store=url))


def test_the_command_line_tells_of_it_before_anything_is_begun(books: Path, foedera: Path) -> None:
    for command in ("serve", "publish"):
        told = subprocess.run(
            [foedera, command, books, "--store", "engine:7878"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert told.returncode == 2
        assert "engine:7878 is no address of an engine" in told.stderr
        assert not (books / ".foedera").exists()


def test_the_command_line_takes_no_password() -> None:
    for command in ("serve", "publish", "releases"):
        told = CliRunner().invoke(main, [command, "--help"]).stdout
        assert "--store " in told
        assert "--store-user" not in told
        assert "--store-password" not in told


def test_updates_go_where_engines_take_them() -> None:
    for store, update, expected in (
        ("http://e/query", "", "http://e/update"),
        ("http://e/ds/query", "http://e/other", "http://e/other"),
        ("http://e/sparql", "", ""),
    ):
        own = settings.load({"store": store, "store_update": update}, {})
        assert endpoint.of(own).update_url == expected


def test_user_and_password_come_from_the_environment_alone() -> None:
    environment = {"FOEDERA_STORE_USER": "dba", "FOEDERA_STORE_PASSWORD": "secret"}
    own = settings.load({"store": "http://e/query"}, environment)
    found = endpoint.of(own)
    assert (found.user, found.password) == ("dba", "secret")
    assert "secret" not in repr(found) + repr(own)


def test_the_password_is_sent_to_the_engine_only_when_it_asks(rude: Rude) -> None:
    rude.manner = says(reply(b"", "401 Unauthorized", more='WWW-Authenticate: Basic realm="x"\r\n'))
    with pytest.raises(BadGateway, match="user and a password"):
        Endpoint(rude.url, user="dba", password="secret").tell("CLEAR ALL", SECONDS)
    assert [b"Authorization: Basic" in one for one in rude.requests] == [False, True]


class TestServed:
    """With the whole site as processes, over a real engine."""

    def test_an_engine_goes_and_comes_back(
        self, books: Path, tmp_path: Path, foedera: Path
    ) -> None:
        port = engines.free_port()
        with contextlib.ExitStack() as first:
            engine = first.enter_context(engines.oxigraph(tmp_path, port))
            site = Served(
                *(foedera, "serve", books, "--state", tmp_path / "state"),
                *("--store", engine.url, "--fronts", "1", "--query-seconds", "2"),
                cwd=tmp_path,
            )
            try:
                assert site.get("doc/book/kokoro")[0] == 200
                assert site.get(f"sparql?query={'ASK{?s+?p+?o}'}", JSON)[0] == 200
                assert json.loads(site.get("health")[2])["status"] == "ok"
                first.close()
                # What was answered is ready; what is asked of the engine is told to be away.
                assert site.get("doc/book/kokoro")[0] == 200
                status, _, text = site.get("sparql?query=ASK{?s+a+?o}", JSON)
                assert (status, "cannot be reached" in text) == (503, True), text
                assert soon(lambda: json.loads(site.get("health")[2])["status"] == "degraded")
                assert "cannot be reached" in site.get("health")[2]
                with engines.oxigraph(tmp_path, port):
                    assert soon(lambda: site.get("sparql?query=ASK{?s+a+?o}", JSON)[0] == 200)
                assert site.stop() == 0
            finally:
                site.close()

    def test_a_change_is_loaded_and_served(
        self, books: Path, tmp_path: Path, foedera: Path
    ) -> None:
        with engines.oxigraph(tmp_path) as engine:
            site = Served(
                *(foedera, "serve", books, "--state", tmp_path / "state", "--reload"),
                *("--store", engine.url, "--fronts", "1"),
                cwd=tmp_path,
            )
            try:
                file = books / "data" / "books.ttl"
                text = file.read_text(encoding="utf-8")
                file.write_text(text.replace("Il Gattopardo", "Der Leopard"), encoding="utf-8")
                query = "sparql?query=SELECT+?l+{?s+rdfs:label+?l}"
                assert soon(lambda: "Der Leopard" in site.get(query, JSON)[2], 20)
                assert "loading 2 of 6 graphs into the engine" in site.said()
            finally:
                site.close()


def test_publish_loads_the_engine_and_tells_when_it_is_not_there(
    publish: Publish, there: release.Release
) -> None:
    nobody = Endpoint(f"http://127.0.0.1:{engines.free_port()}/query")
    said: list[str] = []
    with pytest.raises(Unavailable, match="cannot be reached"):
        load(nobody, there.path, [], said.append, patience=1.5)
    assert said == ["waiting for the engine"]


@pytest.fixture
def foedera() -> Path:
    return Path(sys.executable).parent / "foedera"
