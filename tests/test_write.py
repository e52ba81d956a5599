"""Writing: a change becomes a file and a release, or is refused; nothing acknowledged is lost."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import HTTPConnection, HTTPException, HTTPMessage
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from werkzeug.test import Client

from conftest import Publish, Served, soon
from foedera import check, folder, release, starter, write
from foedera.cli import main
from foedera.edit import Request
from foedera.errors import (
    Conflict,
    EngineFailed,
    Nonconforming,
    NotKept,
    Overtaken,
    TimedOut,
    Unavailable,
)
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app
from foedera.write import Order

TOKEN = "correct horse battery staple"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
UPDATE = "application/sparql-update"
FORM = "application/x-www-form-urlencoded"
TURTLE = "text/turtle"

LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
KOKORO = "<https://example.org/id/book/kokoro>"
BOOK = "<https://example.org/ns#Book>"
ANOTHER = f'INSERT DATA {{ {KOKORO} {LABEL} "The heart"@en }}'
NAMELESS = f"INSERT DATA {{ <urn:book> a {BOOK} }}"
AT = "<urn:one> <urn:at>"
ENDLESS = """INSERT { <urn:a> <urn:b> ?n } WHERE {
    SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o } }"""


@pytest.fixture
def settings(plain_settings: Settings) -> Settings:
    return replace(plain_settings, write_token=TOKEN)


class Desk:
    """Writes to the books without a server."""

    def __init__(self, books: Path, state: Path, settings: Settings) -> None:
        self.books, self.state, self.settings = books, state, settings

    def update(self, text: str, **more: Any) -> write.Done:
        return self.do(Order(Request("update", text=text), **more))

    def do(self, order: Order) -> write.Done:
        return write.apply(self.books, self.state, self.settings, order, lambda _: None)

    def changes(self) -> list[Path]:
        return sorted((self.books / "changes").glob("*"))

    def holds(self, text: str) -> bool:
        """Whether the current release has a line of N-Quads that begins like this."""
        found = release.current(self.state)
        assert found is not None
        return f"\n{text}" in "\n" + (found.path / "dump.nq").read_text(encoding="utf-8")


@pytest.fixture
def desk(books: Path, state: Path, settings: Settings) -> Desk:
    return Desk(books, state, settings)


# A change


def test_a_change_becomes_one_file_and_a_release(desk: Desk) -> None:
    done = desk.update(ANOTHER, who="A. Person")
    (path,) = desk.changes()
    assert done.change == f"changes/{path.name}"
    assert (done.added, done.removed) == (1, 0)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["H", "id"], ["H", "time"], ["H", "who"]]
    assert f'A {KOKORO} {LABEL} "The heart"@en .' in lines
    found = release.current(desk.state)
    assert found is not None
    assert found.id == done.release == release.identifier(folder.read(desk.books))
    assert desk.holds(f'{KOKORO} {LABEL} "The heart"@en <https://example.org/graph/changes>')


def test_a_folder_with_changes_is_published_as_any_other(desk: Desk, publish: Publish) -> None:
    done = desk.update(ANOTHER)
    shutil.rmtree(desk.state)
    assert publish().id == done.release


def test_changes_are_named_by_number_and_time_and_apply_in_order(desk: Desk) -> None:
    for number in range(12):
        desk.update(f"DELETE {{ <urn:a> <urn:n> ?n }} INSERT {{ <urn:a> <urn:n> {number} }} "
                    "WHERE { OPTIONAL { <urn:a> <urn:n> ?n } }")  # fmt: skip
    names = [path.name for path in desk.changes()]
    assert names == sorted(names)
    assert all(re.fullmatch(r"0000\d\d-\d{4}-\d\d-\d\dT\d{6}Z\.rdfp", name) for name in names)
    assert [int(name[:6]) for name in names] == list(range(1, 13))
    assert desk.holds('<urn:a> <urn:n> "11"')
    assert not desk.holds('<urn:a> <urn:n> "10"')


def test_a_blank_node_of_a_file_can_be_changed(desk: Desk) -> None:
    (desk.books / "data" / "more.ttl").write_text("<urn:s> <urn:p> [ <urn:q> 01 ] .")
    desk.update("DELETE { ?b <urn:q> ?o } INSERT { ?b <urn:q> 2 } WHERE { ?b <urn:q> ?o }")
    text = desk.changes()[0].read_text(encoding="utf-8")
    (gone,), (come,) = (re.findall(rf"^{letter} (_:\w+)", text, re.MULTILINE) for letter in "DA")
    assert gone == come
    assert desk.holds(f'{gone} <urn:q> "2"')
    assert not desk.holds(f'{gone} <urn:q> "01"')
    assert desk.holds(f"<urn:s> <urn:p> {gone}")


def test_a_new_blank_node_can_be_changed(desk: Desk) -> None:
    desk.update("INSERT DATA { <urn:s> <urn:p> [ <urn:q> 1 ] }")
    desk.update("DELETE WHERE { <urn:s> <urn:p> ?b . ?b <urn:q> 1 }")
    assert not desk.holds("<urn:s>")


def test_what_changes_nothing_makes_no_file_and_no_release(desk: Desk, publish: Publish) -> None:
    before = publish()
    done = desk.update("DELETE DATA { <urn:a> <urn:b> <urn:c> }")
    assert (done.change, done.release) == ("", before.id)
    assert desk.changes() == []


def test_what_the_data_says_of_itself_can_be_changed_but_its_base(desk: Desk) -> None:
    desk.update("""PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX void: <http://rdfs.org/ns/void#>
        DELETE { ?d dcterms:title ?t ; void:uriSpace ?u }
        INSERT { ?d dcterms:title "Another shelf"@en ; void:uriSpace "https://example.com/" }
        WHERE { ?d a void:Dataset ; dcterms:title ?t ; void:uriSpace ?u }""")
    found = release.current(desk.state)
    assert found is not None
    said = found.manifest["publication"]
    assert said["titles"] == {"en": "Another shelf"}
    assert said["base"] == "https://example.org/"


# Refused


def test_what_does_not_conform_is_refused_with_the_line_of_the_change(
    desk: Desk, publish: Publish
) -> None:
    before = publish()
    with pytest.raises(Nonconforming, match="2 things") as told:
        desk.update(NAMELESS)
    finding = told.value.findings[0]
    assert (finding["severity"], finding["focus"], finding["line"]) == ("violation", "urn:book", 4)
    assert re.fullmatch(r"changes/000001-.*\.rdfp", finding["file"])
    assert "needs a name" in finding["message"]
    assert list((desk.books / "changes").iterdir()) == []
    assert release.current(desk.state) == before
    assert [one.id for one in release.listed(desk.state)] == [before.id]
    assert release.problem(desk.state) is None


def test_a_line_that_no_longer_applies_is_told_with_its_file_and_line(desk: Desk) -> None:
    desk.update(f'DELETE DATA {{ {KOKORO} {LABEL} "Kokoro"@en }}')
    data = desk.books / "data" / "books.ttl"
    text = data.read_text(encoding="utf-8")
    data.write_text(text.replace('"Kokoro"@en', '"Kokoro!"@en'), encoding="utf-8")
    report, _ = check.check(folder.read(desk.books))
    (finding,) = report.findings
    assert (finding.kind, finding.severity, finding.line) == ("change", "warning", 4)
    assert finding.file == f"changes/{desk.changes()[0].name}"
    assert report.conforms


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("A <urn:a> <urn:b> .", "does not parse"),
        ("A <urn:a> <urn:b> 1 <https://example.org/graph/data/none> .", "does not parse"),
        ("A <urn:a> <urn:b> <urn:c> <https://example.org/graph/data/none> .", "no file in data/"),
    ],
)
def test_a_change_that_is_broken_stops_publishing(
    books: Path, publish: Publish, line: str, words: str
) -> None:
    (books / "changes").mkdir()
    (books / "changes" / "1.rdfp").write_text(f"TX .\n{line}\nTC .\n")
    with pytest.raises(release.Findings) as told:
        publish()
    (finding,) = told.value.report.violations
    assert (finding.file, finding.line) == ("changes/1.rdfp", 2)
    assert words in finding.message()


def test_an_edit_of_the_folder_is_published_before_the_change(desk: Desk, publish: Publish) -> None:
    publish()
    (desk.books / "data" / "more.ttl").write_text("<urn:s> <urn:p> 1 .")
    desk.update("DELETE WHERE { <urn:s> <urn:p> ?o } ; INSERT DATA { <urn:s> <urn:q> 1 }")
    assert desk.holds('<urn:s> <urn:q> "1"')
    assert not desk.holds("<urn:s> <urn:p>")


def test_nothing_is_written_over_a_folder_that_does_not_conform(
    desk: Desk, publish: Publish
) -> None:
    publish()
    (desk.books / "data" / "more.ttl").write_text("broken")
    with pytest.raises(Conflict, match="cannot be published"):
        desk.update(ANOTHER)
    assert desk.changes() == []


def test_nothing_is_written_over_a_rollback(desk: Desk, publish: Publish) -> None:
    old = publish()
    desk.update(ANOTHER)
    release.use(desk.state, old.id, folder.read(desk.books))
    with pytest.raises(Conflict, match="rolled back"):
        desk.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    assert len(desk.changes()) == 1


def test_a_folder_that_cannot_be_written_is_told(desk: Desk, publish: Publish) -> None:
    before = publish()
    (desk.books / "changes").write_text("in the way")
    with pytest.raises(NotKept, match="changes/ of the publication cannot be written"):
        desk.update(ANOTHER)
    assert release.current(desk.state) == before


def test_a_full_disk_is_told_and_writing_goes_on_when_there_is_room(
    desk: Desk, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = publish()

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", full)
        with pytest.raises(NotKept, match="No space left"):
            desk.update(ANOTHER)
    assert release.current(desk.state) == before
    assert list((desk.books / "changes").iterdir()) == []
    assert desk.update(ANOTHER).change


def test_who_knows_another_release_writes_nothing(desk: Desk, publish: Publish) -> None:
    before = publish()
    with pytest.raises(Overtaken, match="another"):
        desk.update(ANOTHER, expected="another")
    assert desk.update(ANOTHER, expected=before.id).change


def test_an_update_without_end_is_ended(desk: Desk, publish: Publish) -> None:
    publish()
    desk.settings = replace(desk.settings, query_seconds=0.4)
    started = time.monotonic()
    with pytest.raises(TimedOut, match=r"longer than 0\.4 seconds"):
        desk.update(ENDLESS)
    assert time.monotonic() - started < 5
    assert desk.changes() == []


def test_an_update_that_takes_too_much_memory_is_ended(desk: Desk, publish: Publish) -> None:
    publish()
    command = (sys.executable, "-m", "foedera", "update", desk.books, ANOTHER)
    options = ("--state", desk.state, "--query-memory", "20")
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "needs more memory than it may take (20 MB)" in done.stderr
    assert desk.changes() == []


# Killed


WRITING = """
import os, random, signal, sys, time
from pathlib import Path
import pyshacl, reasonable
from foedera import settings, write
from foedera.edit import Request

def write_on(first):
    for number in range(first, first + 1000):
        text = f"INSERT DATA {{ <urn:n> <urn:done> {number} }}"
        order = write.Order(Request("update", text=text))
        write.apply(books, state, plain, order, lambda _: None)
        os.write(1, f"{number}\\n".encode())

books, state, plain = Path(sys.argv[1]), Path(sys.argv[2]), settings.load({}, {})
chance, pace = random.Random(4), 0.0
for attempt in range(25):
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            write_on(attempt * 1000)
        finally:
            os._exit(1)
    if attempt:
        time.sleep(chance.uniform(0, 4 * pace))
    else:  # how long one takes, on a machine that may be busy
        while not any((books / "changes").glob("[!.]*.rdfp")):
            time.sleep(0.01)
        pace = time.monotonic() - started
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.write(1, b"killed\\n")
    sys.stdin.readline()
"""
"""Writes one change after the other and says when each is done, until it is killed; 25 times."""


def test_nothing_acknowledged_is_lost_by_a_kill_at_any_moment(desk: Desk, publish: Publish) -> None:
    publish()
    acknowledged: set[int] = set()
    command = (sys.executable, "-c", WRITING, desk.books, desk.state)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writing:
        assert writing.stdin
        assert writing.stdout
        for line in writing.stdout:
            if line != "killed\n":
                acknowledged.add(int(line))
                continue
            found = release.current(desk.state)
            assert found is not None
            paths = {str(file["path"]) for file in found.manifest["files"]}
            shown = {path for path in paths if path.startswith("changes/")}
            assert shown <= {f"changes/{path.name}" for path in desk.changes()}
            writing.stdin.write("\n")
            writing.stdin.flush()
    assert writing.returncode == 0
    whole = publish(again=True)
    text = (whole.path / "dump.nq").read_text(encoding="utf-8")
    there = {int(number) for number in re.findall(r'<urn:done> "(\d+)"', text)}
    assert acknowledged
    assert acknowledged <= there
    assert len(there) <= len(acknowledged) + 25


# The command


def test_the_command_changes_a_folder(books: Path, state: Path) -> None:
    run = CliRunner().invoke(main, ["update", str(books), "-", "--state", str(state)], ANOTHER)
    assert run.exit_code == 0
    assert f'A {KOKORO} {LABEL} "The heart"@en .' in run.stdout
    found = release.current(state)
    assert found is not None
    assert run.stdout.splitlines()[-1] == found.id


def test_the_command_tells_findings_and_ends_with_1(books: Path, state: Path) -> None:
    run = CliRunner().invoke(main, ["update", str(books), NAMELESS, "--state", str(state)])
    assert run.exit_code == 1
    assert re.search(r"changes/000001-\S+\.rdfp:4: violation: A book needs a name", run.stderr)


# Who may


@pytest.fixture
def writable(site: Site, settings: Settings) -> Client:
    """A client of a site where writing is on, and which has no writer."""
    return Client(create_app(settings, site))


REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/sparql", {"data": "CLEAR ALL", "content_type": UPDATE}),
    ("POST", "/sparql", {"data": {"update": "CLEAR ALL"}}),
    *[
        (method, address, {"data": "", "content_type": kind})
        for method in ("PUT", "POST", "DELETE")
        for address in ("/graphs", "/graphs?default", "/graphs?graph=urn:x", "/graphs/x")
        for kind in (TURTLE, "application/x-nothing", "")
    ],
    ("PUT", "/graph/data/books", {"data": ""}),
    ("DELETE", "/graph/data/books", {"data": ""}),
]


@pytest.mark.parametrize(("method", "address", "more"), REQUESTS)
def test_without_a_token_set_nothing_is_written(
    client: Client, method: str, address: str, more: dict[str, Any]
) -> None:
    answer = client.open(address, method=method, headers=BEARER, **more)
    assert answer.status_code == 403
    assert answer.json is not None
    assert "no token is set" in answer.json["detail"]


@pytest.mark.parametrize(("method", "address", "more"), REQUESTS)
def test_who_has_no_token_writes_nothing(
    writable: Client, method: str, address: str, more: dict[str, Any]
) -> None:
    writable.set_cookie("token", TOKEN)
    writable.set_cookie("Authorization", f"Bearer {TOKEN}")
    answer = writable.open(address, method=method, **more)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="foedera"'


@pytest.mark.parametrize(
    "header",
    ["Bearer wrong", f"Basic {TOKEN}", TOKEN, f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer"],
)
def test_a_wrong_token_is_refused(writable: Client, header: str) -> None:
    for method, address, more in REQUESTS[:3]:
        answer = writable.open(address, method=method, headers={"Authorization": header}, **more)
        assert answer.status_code == 403
        assert TOKEN not in answer.text


def test_a_parameter_is_no_token(writable: Client) -> None:
    for name in ("token", "access_token", "Authorization"):
        address = f"/sparql?{name}={quote(TOKEN)}"
        assert writable.post(address, data="CLEAR ALL", content_type=UPDATE).status_code == 401


def test_an_update_is_sent_by_post(writable: Client) -> None:
    for method in ("GET", "HEAD"):
        answer = writable.open("/sparql?update=CLEAR+ALL", method=method, headers=BEARER)
        assert answer.status_code == 400


def test_a_token_is_long_and_never_an_option_nor_shown() -> None:
    from foedera import settings as module
    from foedera.errors import NotAPublication

    with pytest.raises(NotAPublication, match="shorter than 16") as told:
        module.load({}, {"FOEDERA_WRITE_TOKEN": "guess"})
    assert "guess" not in str(told.value).replace("guessed", "")
    assert TOKEN not in repr(module.load({}, {"FOEDERA_WRITE_TOKEN": TOKEN}))
    assert "--write-token" not in CliRunner().invoke(main, ["serve", "--help"]).output


@pytest.mark.parametrize(
    ("content_type", "data", "status"),
    [
        (f"{UPDATE}; charset=utf-16", "CLEAR ALL", 415),
        (UPDATE, b"INSERT DATA { <urn:a> <urn:b> '\xff' }", 400),
        (FORM, "update=CLEAR+ALL&update=CLEAR+ALL", 400),
        (FORM, "update=CLEAR+ALL&query=ASK+%7B%7D", 400),
        (FORM, "update=%ff", 400),
        (UPDATE, "#" * 2_000_001, 413),
    ],
)
def test_an_update_that_is_not_read_is_told(
    writable: Client, content_type: str, data: bytes, status: int
) -> None:
    answer = writable.post("/sparql", data=data, content_type=content_type, headers=BEARER)
    assert answer.status_code == status


def test_what_is_not_read_as_a_graph_is_told_with_what_is(writable: Client) -> None:
    answer = writable.put("/graphs/x", data="x", content_type="text/csv", headers=BEARER)
    assert answer.status_code == 415
    assert answer.json is not None
    assert "text/turtle" in answer.json["hint"]
    packed = {**BEARER, "Content-Encoding": "gzip"}
    assert writable.put("/graphs/x", content_type=TURTLE, headers=packed).status_code == 415


# Reading graphs


def test_everybody_reads_a_graph(client: Client) -> None:
    address = "/graphs?graph=https://example.org/graph/data/books"
    answer = client.get(address, headers={"Accept": "application/n-triples"})
    assert answer.status_code == 200
    assert answer.mimetype == "application/n-triples"
    assert KOKORO in answer.text
    assert answer.text == client.get("/graph/data/books?format=nt").text
    default = client.get("/graphs?default&format=nt").text.splitlines()
    assert set(answer.text.splitlines()) < set(default)
    assert not any("subClassOf" in line for line in default)


def test_a_graph_that_is_not_there_is_not_found(client: Client) -> None:
    for address in ("/graphs?graph=urn:none", "/graphs/none", "/graph/none"):
        assert client.get(address).status_code == 404
        assert client.head(address).status_code == 404


def test_one_graph_is_asked_for(client: Client) -> None:
    for address in ("/graphs", "/graphs?default&graph=urn:x", "/graphs?graph=urn:x&graph=urn:y"):
        assert client.get(address).status_code == 400


# Served


def test_who_finds_too_many_waiting_is_told_when_to_come_again() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, ThreadPoolExecutor(3) as clients:
        writer = write.Writer(ours, 1)
        waiting = [clients.submit(writer.apply, Order(Request("update"))) for _ in range(2)]
        assert soon(lambda: not writer._places.acquire(blocking=False) or writer._places.release())
        with pytest.raises(Unavailable, match="Too many") as told:
            writer.apply(Order(Request("update")))
        assert told.value.retry_after == 5
        theirs.shutdown(socket.SHUT_RDWR)
        assert {type(one.exception(10)) for one in waiting} == {EngineFailed, Unavailable}


class Told(NamedTuple):
    status: int
    headers: HTTPMessage
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Shelf(Served):
    """The books, served for writing."""

    def __init__(self, books: Path, *options: str) -> None:
        self.books = books
        super().__init__(
            *(sys.executable, "-m", "foedera", "serve", books, "--client-workers", "0"),
            *options,
            cwd=books,
            FOEDERA_WRITE_TOKEN=TOKEN,
            FOEDERA_WRITE_QUEUE="32",
            FOEDERA_CLIENT_SECONDS="0",
            FOEDERA_CLIENT_ERRORS="0",
            FOEDERA_CLIENT_QUEUE="0",
        )

    def send(self, method: str, path: str, body: str | bytes = "", **headers: str) -> Told:
        """On a connection of its own, which any HTTP process may take."""
        connection = HTTPConnection("127.0.0.1", urlsplit(self.url).port or 0, timeout=60)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        with contextlib.closing(connection):
            connection.request(method, path, body, names)
            answer = connection.getresponse()
            return Told(answer.status, answer.headers, answer.read().decode())

    def update(self, text: str, parameters: str = "") -> Told:
        return self.send("POST", f"/sparql{parameters}", text, Content_Type=UPDATE, **BEARER)

    def ask(self, query: str) -> list[str]:
        told = self.send("GET", f"/sparql?query={quote(query)}", Accept="text/csv")
        assert told.status == 200, told
        return told.text.splitlines()[1:]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    books = tmp_path_factory.mktemp("shelf") / "books"
    starter.new(books)
    shelf = Shelf(books)
    assert soon(lambda: shelf.update("").status == 200), shelf.said()
    yield shelf
    shelf.close()


def test_who_writes_reads_it_on_every_connection(shelf: Shelf) -> None:
    for number in range(12):
        text = f"DELETE WHERE {{ {AT} ?n }} ; INSERT DATA {{ {AT} {number} }}"
        told = shelf.update(text)
        assert told.status == 200
        assert told.json["notes"] == []
        with ThreadPoolExecutor(4) as readers:
            found = readers.map(shelf.ask, [f"SELECT ?n {{ {AT} ?n }}"] * 4)
            assert list(found) == [[str(number)]] * 4


def test_of_twenty_writers_at_once_none_is_lost(shelf: Shelf) -> None:
    before = len(list((shelf.books / "changes").glob("*.rdfp")))
    with ThreadPoolExecutor(20) as writers:
        told = list(
            writers.map(
                lambda number: shelf.update(f"INSERT DATA {{ <urn:many> <urn:from> {number} }}"),
                range(20),
            )
        )
    assert [one.status for one in told] == [200] * 20
    assert len({one.json["change"] for one in told}) == 20
    assert len(list((shelf.books / "changes").glob("*.rdfp"))) == before + 20
    found = shelf.ask("SELECT ?n { <urn:many> <urn:from> ?n }")
    assert sorted(map(int, found)) == list(range(20))


def test_writers_that_add_to_what_they_find_count_right(shelf: Shelf) -> None:
    shelf.update("INSERT DATA { <urn:count> <urn:is> 0 }")
    add = (
        "DELETE { <urn:count> <urn:is> ?n } INSERT { <urn:count> <urn:is> ?m } "
        "WHERE { <urn:count> <urn:is> ?n BIND(?n + 1 AS ?m) }"
    )
    with ThreadPoolExecutor(8) as writers:
        assert {one.status for one in writers.map(shelf.update, [add] * 8)} == {200}
    assert shelf.ask("SELECT ?n { <urn:count> <urn:is> ?n }") == ["8"]


def test_a_refusal_says_why_to_programs_and_people(shelf: Shelf) -> None:
    told = shelf.update(NAMELESS)
    assert told.status == 422
    assert told.headers.get_content_type() == "application/problem+json"
    finding = told.json["findings"][0]
    assert set(finding) >= {"severity", "message", "focus", "path", "file", "line"}
    assert finding["focus"] == "urn:book"
    for accept in ("text/html", "text/plain"):
        told = shelf.send("POST", "/sparql", NAMELESS, Content_Type=UPDATE, Accept=accept, **BEARER)
        assert told.status == 422
        assert "A book needs a name" in told.text
        assert told.headers.get_content_type() == accept


def test_an_update_comes_in_a_form_too(shelf: Shelf) -> None:
    text = "INSERT DATA { <urn:form> <urn:is> 'è' }"
    told = shelf.send("POST", "/sparql", f"update={quote(text)}&x=y", Content_Type=FORM, **BEARER)
    assert told.status == 200
    assert shelf.ask("SELECT ?n { <urn:form> <urn:is> ?n }") == ["è"]


def test_nothing_but_the_release_and_the_files_is_told_of_a_change_that_is_none(
    shelf: Shelf,
) -> None:
    told = shelf.update("DELETE DATA { <urn:a> <urn:b> <urn:never> }")
    assert (told.status, told.json["change"]) == (200, None)
    assert told.json["message"] == "Nothing changed"


def test_a_graph_has_a_life(shelf: Shelf) -> None:
    address = "/graphs/life"
    send = {"Content_Type": TURTLE, **BEARER}
    assert shelf.send("GET", address).status == 404
    made = shelf.send("PUT", address, "<> a <urn:C> ; <urn:n> 01 .", **send)
    assert (made.status, made.headers["Location"]) == (201, address)
    read = shelf.send("GET", address, Accept=TURTLE)
    triples = set(ox.parse(read.text, format=ox.RdfFormat.TURTLE))
    assert {str(quad.subject) for quad in triples} == {"<https://example.org/graphs/life>"}
    assert shelf.send("PUT", address, "<> a <urn:D> .", **send).status == 200
    assert shelf.send("POST", address, "<> a <urn:E> .", **send).status == 200
    classes = "SELECT ?c { GRAPH <https://example.org/graphs/life> { ?s a ?c } } ORDER BY ?c"
    assert shelf.ask(classes) == ["urn:D", "urn:E"]
    assert shelf.send("DELETE", address, **BEARER).status == 200
    assert shelf.send("HEAD", address).status == 404
    assert shelf.send("DELETE", address, **BEARER).status == 404


def test_a_graph_without_a_name_gets_one(shelf: Shelf) -> None:
    made = shelf.send("POST", "/graphs", "[] a <urn:C> .", Content_Type=TURTLE, **BEARER)
    assert made.status == 201
    location = made.headers["Location"]
    assert re.fullmatch(r"/graphs/[0-9a-f-]{36}", location)
    assert shelf.send("GET", location).status == 200
    assert shelf.send("GET", f"/graphs?graph={location}").status == 200


def test_files_of_a_form_are_added_together(shelf: Shelf) -> None:
    body = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{n}"; filename="{n}.ttl"\r\n\r\n'
        f"<urn:s> <urn:p> {n} .\r\n"
        for n in (1, 2)
    )
    kind = "multipart/form-data; boundary=x"
    told = shelf.send("POST", "/graphs/form", f"{body}--x--\r\n", Content_Type=kind, **BEARER)
    assert told.status == 201
    assert told.json["added"] == 2


def test_a_graph_is_written_only_over_what_was_read(shelf: Shelf) -> None:
    address, send = "/graphs/tagged", {"Content_Type": TURTLE, **BEARER}
    assert shelf.send("PUT", address, "<> a 1 .", If_Match="*", **send).status == 412
    assert shelf.send("PUT", address, "<> a 1 .", If_None_Match="*", **send).status == 201
    assert shelf.send("PUT", address, "<> a 2 .", If_None_Match="*", **send).status == 412
    tag = shelf.send("GET", address).headers["ETag"]
    assert shelf.send("PUT", address, "<> a 2 .", If_Match=tag, **send).status == 200
    assert shelf.send("PUT", address, "<> a 3 .", If_Match=tag, **send).status == 412


def test_a_large_graph_is_read_from_one_who_may_write_and_from_nobody_else(shelf: Shelf) -> None:
    body = "".join(f'<urn:s> <urn:p> "{n:0100}" .\n' for n in range(14_000))
    assert len(body) > 1_500_000
    address = "/graphs/large"
    with contextlib.suppress(ConnectionError):  # it may close before it was sent all
        assert shelf.send("PUT", address, body, Content_Type=TURTLE).status == 413
    told = shelf.send("PUT", address, body, Content_Type=TURTLE, **BEARER)
    assert (told.status, told.json["added"]) == (201, 14_000)
    with contextlib.suppress(ConnectionError):
        assert shelf.send("PUT", address, 2 * body, Content_Type=TURTLE, **BEARER).status == 413
    assert shelf.send("DELETE", address, **BEARER).status == 200


def test_an_update_that_ends_its_process_harms_nobody(shelf: Shelf) -> None:
    assert shelf.update("INSERT {} WHERE " + "{" * 2300 + "}" * 2300).status == 400
    assert shelf.update("CLEAR GRAPH <https://example.org/graph/inferred>").status == 409
    assert shelf.update("LOAD <http://127.0.0.1:1/>").status == 403
    assert shelf.update("INSERT DATA { <urn:after> <urn:is> 1 }").status == 200


def test_writing_goes_on_whichever_process_is_killed(shelf: Shelf) -> None:
    minder = shelf.process.pid
    children = Path(f"/proc/{minder}/task/{minder}/children")
    for number, child in enumerate(children.read_text(encoding="ascii").split()):
        with contextlib.suppress(ProcessLookupError):  # of a nursery that is leaving
            os.kill(int(child), signal.SIGKILL)
        text = f"INSERT DATA {{ <urn:killed> <urn:times> {number} }}"

        def done(text: str = text) -> bool:
            with contextlib.suppress(OSError, HTTPException):
                return shelf.update(text).status == 200
            return False

        assert soon(done), shelf.said()
    assert len(shelf.ask("SELECT ?n { <urn:killed> <urn:times> ?n }")) == number + 1
    assert number >= 3


def test_the_token_is_in_no_log(shelf: Shelf) -> None:
    shelf.send("POST", "/sparql", "CLEAR", Content_Type=UPDATE, Authorization="Bearer wrong")
    assert TOKEN not in shelf.said()
