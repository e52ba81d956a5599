"""Contributions: kept before they are acknowledged, seen by nobody, decided on once, not lost."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from werkzeug.test import Client, TestResponse

from chromium import Chromium
from conftest import BROKEN_RULES, ROOT, Page, Publish, Served, over_http
from foedera import folder, offers, release, service, starter, terms
from foedera.check import contribution, reading
from foedera.cli import main
from foedera.errors import BadRequest, Conflict, Nonconforming, NotFound, NotKept, Unavailable
from foedera.offers import Offer, Offers, Sender
from foedera.service import Site
from foedera.settings import Settings
from foedera.web import create_app

TOKEN = "correct horse battery staple"
BASE = "https://example.org/"

PREFIXES = """\
# Of my own shelf.
@prefix : <https://example.org/ns#> .
@prefix book: <https://example.org/id/book/> .
@prefix person: <https://example.org/id/person/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
GOOD = PREFIXES + (
    'book:botchan a :Book ; rdfs:label "Botchan"@en ; :writtenBy person:natsume-soseki .\n'
)
NAMELESS = PREFIXES + "book:botchan a :Book ; :writtenBy person:natsume-soseki .\n"
BROKEN = PREFIXES + 'book:botchan rdfs:label "Botchan .\n'

CHECKED = {
    "media_type": "text/turtle",
    "triples": 3,
    "release": "0123456789abcdef",
    "report": {"findings": [], "kinds": []},
}
"""What a check says of a text, as far as it is kept with it."""

ANNA = Sender("Anna Rossi", "anna@example.com", "https://example.com/shelf", "From my shelf")


class Desk:
    """Where the books' contributions are decided on, without a server."""

    def __init__(self, books: Path, state: Path, settings: Settings) -> None:
        self.books, self.state, self.settings = books, state, settings
        self.offers = Offers(state)

    def keep(self, text: str | bytes = GOOD, sender: Sender = ANNA, **more: Any) -> Offer:
        content = text if isinstance(text, bytes) else text.encode()
        return self.offers.keep(content, sender, {**CHECKED, **more})[0]

    def accept(self, offer: Offer, who: str = "R. Eviewer", reason: str = "Good") -> dict[str, Any]:
        asked = (self.settings, offer.id, who, reason, lambda _: None)
        return offers.accept(self.books, self.state, *asked)

    def accepted(self) -> frozenset[str]:
        return offers.accepted(file.path for file in folder.read(self.books).files)

    def state_of(self, offer: Offer) -> str:
        return offer.became(self.accepted()).state

    def dump(self) -> str:
        found = release.current(self.state)
        assert found is not None
        return (found.path / "dump.nq").read_text(encoding="utf-8")


@pytest.fixture
def desk(books: Path, state: Path, plain_settings: Settings) -> Desk:
    return Desk(books, state, plain_settings)


# Kept


def test_an_offer_is_kept_as_it_came_with_all_that_goes_with_it(desk: Desk) -> None:
    kept = desk.keep()
    assert kept.text.read_text(encoding="utf-8") == GOOD
    found = desk.offers.get(kept.id)
    assert (found.sender, found.triples, found.release) == (ANNA, 3, CHECKED["release"])
    assert found.report == CHECKED["report"]
    assert desk.state_of(found) == offers.WAITING
    assert desk.offers.all() == [kept]


def test_an_offer_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[tuple[str, int | str]] = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(handle: int) -> None:
        happened.append(("synced", os.fstat(handle).st_ino))
        fsync(handle)

    def noted_rename(source: str, target: str) -> None:
        happened.append(("named", os.path.basename(target)))
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    kept = desk.keep()
    named = happened.index(("named", kept.id))
    for part in (kept.place, *kept.place.iterdir()):
        assert ("synced", part.stat().st_ino) in happened[:named], part
    assert ("synced", kept.place.parent.stat().st_ino) in happened[named:]


def test_a_full_disk_keeps_nothing_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(release, "write_down", full)
        with pytest.raises(NotKept, match="No space left"):
            desk.keep()
    assert desk.offers.all() == []
    assert not list((desk.state / "contributions").glob(".coming-*"))
    assert desk.keep()


def test_nobody_else_on_the_machine_reads_what_is_offered(desk: Desk) -> None:
    assert desk.keep().place.parent.stat().st_mode & 0o077 == 0


def test_its_contributor_knows_it_by_a_secret_that_is_kept_nowhere(desk: Desk) -> None:
    kept, secret = desk.offers.keep(GOOD.encode(), ANNA, CHECKED)
    assert desk.offers.known(f"{kept.id}-{secret}") == kept
    texts = [path.read_text(encoding="utf-8") for path in kept.place.iterdir()]
    assert not any(secret in text for text in texts)
    for wrong in (
        f"{kept.id}-{secret[:-1]}x",
        f"{kept.id}-",
        kept.id,
        "",
        f"../{kept.id}-{secret}",
    ):
        with pytest.raises(NotFound, match="There is no such contribution"):
            desk.offers.known(wrong)


def test_so_many_may_wait_and_of_one_client_a_tenth(desk: Desk) -> None:
    def keep(client: str) -> Offer:
        return desk.offers.keep(GOOD.encode(), ANNA, CHECKED, client, 20, desk.accepted())[0]

    first = keep("10.0.0.1")
    keep("10.0.0.1")
    with pytest.raises(Unavailable, match="of yours wait"):
        keep("10.0.0.1")
    desk.offers.withdraw(first.id, desk.accepted())
    keep("10.0.0.1")
    for number in range(18):
        keep(f"10.0.1.{number}")
    with pytest.raises(Unavailable, match="Too many contributions wait"):
        keep("10.0.2.1")


def test_where_an_offer_came_from_cannot_be_read_back(desk: Desk) -> None:
    kept, _ = desk.offers.keep(GOOD.encode(), ANNA, CHECKED, "192.0.2.77", 20)
    assert kept.client
    assert not any("192.0.2.77" in one.read_text("utf-8") for one in kept.place.iterdir())


@pytest.mark.parametrize("sender", [{"contributor": " "}, {"contributor": "A", "note": "x" * 2001}])
def test_a_contributor_has_a_name_and_says_no_more_than_is_read(sender: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        Sender(**sender)


KEEPING = """
import os, random, signal, sys, time
from pathlib import Path
from foedera import offers

place, text = offers.Offers(Path(sys.argv[1])), sys.stdin.buffer.read()
checked = {"media_type": "text/turtle", "triples": 3, "release": "0", "report": {"kinds": []}}
chance = random.Random(3)
for attempt in range(60):
    child = os.fork()
    if child == 0:
        while True:
            kept, _ = place.keep(text, offers.Sender("A. Person"), checked)
            os.write(1, (kept.id + "\\n").encode())
    time.sleep(chance.uniform(0.001, 0.04))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""
"""Keeps one offer after the other, and says when each is kept, until it is killed; 60 times."""


def test_no_offer_that_was_acknowledged_is_lost_by_a_kill_and_none_is_half_there(
    desk: Desk,
) -> None:
    command = (sys.executable, "-c", KEEPING, desk.state)
    done = subprocess.run(command, input=GOOD.encode(), capture_output=True, timeout=60, check=True)
    told = set(done.stdout.decode().split())
    there = {one.id: one for one in desk.offers.all()}
    assert told
    assert told <= set(there)
    assert len(there) <= len(told) + 60
    assert {one.text.read_text(encoding="utf-8") for one in there.values()} == {GOOD}
    desk.keep()
    assert not list((desk.state / "contributions").glob(".coming-*"))


# Decided


def test_what_is_accepted_is_a_part_of_the_folder_and_of_the_release(
    desk: Desk, publish: Publish
) -> None:
    publish()
    kept = desk.keep()
    done = desk.accept(kept)
    found = release.current(desk.state)
    assert found is not None
    assert found.id == done["release"] == release.identifier(folder.read(desk.books))
    assert done["file"] == f"data/contributed/{kept.id}/facts.ttl"
    assert (desk.books / done["file"]).read_text(encoding="utf-8") == GOOD
    assert desk.state_of(kept) == offers.ACCEPTED
    assert offers.in_release(found) == {kept.id}
    assert kept.text.read_text(encoding="utf-8") == GOOD
    graph = f"<{BASE}graph/data/contributed/{kept.id}/facts>"
    assert re.search(rf'book/botchan> \S+label> "Botchan"@en {re.escape(graph)}', desk.dump())


def test_whose_it_is_and_who_let_it_in_is_told_by_prov(desk: Desk) -> None:
    sender = replace(ANNA, license="https://creativecommons.org/publicdomain/zero/1.0/")
    kept = desk.keep(sender=sender)
    desk.accept(kept, "Rita E.", "Seen in the\ncatalogue")
    path = desk.books / "data" / "contributed" / kept.id / "provenance.ttl"
    store = ox.Store()
    store.load(path=str(path), format=ox.RdfFormat.TURTLE)
    rows = store.query(
        f"""PREFIX prov: <{terms.PROV}> PREFIX dcterms: <{terms.DCTERMS}>
        PREFIX foaf: <{terms.FOAF}> PREFIX rdfs: <{terms.RDFS}>
        SELECT ?who ?reviewer ?reason ?license ?source ?digest ?offered ?decided {{
            <{BASE}graph/data/contributed/{kept.id}/facts> a prov:Entity ;
                dcterms:license ?license ; dcterms:source ?source ;
                prov:wasAttributedTo/foaf:name ?who ; prov:wasGeneratedBy ?acceptance .
            ?acceptance a prov:Activity ; rdfs:comment ?reason ; prov:endedAtTime ?decided ;
                prov:wasAssociatedWith/foaf:name ?reviewer ; prov:used ?offer .
            ?offer dcterms:identifier "{kept.id}" , ?digest ; prov:generatedAtTime ?offered
            FILTER(STRSTARTS(?digest, "sha256:"))
        }}"""
    )
    assert isinstance(rows, ox.QuerySolutions)
    (row,) = rows
    said = [str(term.value) for term in row]  # type: ignore[union-attr]
    assert said[:4] == ["Anna Rossi", "Rita E.", "Seen in the\ncatalogue", sender.license]
    assert said[4:7] == [sender.source, f"sha256:{kept.sha256}", kept.when]
    assert "anna@example.com" not in path.read_text(encoding="utf-8")


def test_what_is_accepted_twice_is_there_once(desk: Desk) -> None:
    kept = desk.keep()
    first = desk.accept(kept)
    decision = kept.noted
    assert desk.accept(kept, "Somebody else", "Again") == first
    assert kept.noted == decision
    assert desk.accepted() == {kept.id}


def test_what_does_not_conform_any_more_is_not_accepted_and_waits(
    desk: Desk, publish: Publish
) -> None:
    before = publish()
    kept = desk.keep(NAMELESS)
    with pytest.raises(Nonconforming) as told:
        desk.accept(kept)
    (finding,) = told.value.findings
    assert finding["file"] == f"data/contributed/{kept.id}/facts.ttl"
    assert finding["line"] == NAMELESS.count("\n")
    assert release.current(desk.state) == before
    assert {one.name for one in (desk.books / "data").rglob("*.*")} == {"books.ttl", "dataset.ttl"}
    assert desk.state_of(kept) == offers.WAITING


@pytest.mark.parametrize(
    ("media_type", "text"),
    [
        ("application/n-triples", f"<{BASE}id/book/kokoro> <urn:a> <urn:b> .\n"),
        (
            "application/ld+json",
            json.dumps({"@id": f"{BASE}id/book/kokoro", "urn:a": {"@id": "urn:b"}}),
        ),
        (
            "application/rdf+xml",
            f'<rdf:RDF xmlns:rdf="{terms.RDF}" xmlns:u="urn:"><rdf:Description '
            f'rdf:about="{BASE}id/book/kokoro"><u:a rdf:resource="urn:b"/></rdf:Description>'
            "</rdf:RDF>",
        ),
    ],
)
def test_what_is_accepted_stays_in_its_format(desk: Desk, media_type: str, text: str) -> None:
    kept = desk.keep(text, media_type=media_type)
    done = desk.accept(kept)
    assert (desk.books / done["file"]).read_text(encoding="utf-8") == text
    assert f"<{BASE}id/book/kokoro> <urn:a> <urn:b> .\n" in desk.dump()


def test_what_is_refused_stays_and_is_not_accepted_after(desk: Desk) -> None:
    kept = desk.keep()
    with pytest.raises(BadRequest, match="No reason"):
        desk.offers.refuse(kept.id, "Rita", " ", desk.accepted())
    desk.offers.refuse(kept.id, "Rita", "It is there already", desk.accepted())
    assert desk.state_of(kept) == offers.REFUSED
    assert kept.noted is not None
    assert (kept.noted.who, kept.noted.reason) == ("Rita", "It is there already")
    with pytest.raises(Conflict, match="refused already"):
        desk.accept(kept)
    assert desk.offers.all() == [kept]
    assert desk.accepted() == frozenset()


def test_what_is_withdrawn_or_accepted_is_not_decided_on_again(desk: Desk) -> None:
    withdrawn, accepted = desk.keep(), desk.keep(GOOD.replace("botchan", "sanshiro"))
    desk.offers.withdraw(withdrawn.id, desk.accepted())
    assert desk.offers.withdraw(withdrawn.id, desk.accepted()).state == offers.WITHDRAWN
    desk.accept(accepted)
    with pytest.raises(Conflict, match="withdrawn already"):
        desk.accept(withdrawn)
    with pytest.raises(Conflict, match="accepted already"):
        desk.offers.refuse(accepted.id, "Rita", "Too late", desk.accepted())
    with pytest.raises(Conflict, match="accepted already"):
        desk.offers.withdraw(accepted.id, desk.accepted())


def test_while_one_decides_another_does_not(desk: Desk) -> None:
    kept = desk.keep()
    with desk.offers.deciding(kept.id), pytest.raises(Conflict, match="at this moment"):
        desk.offers.withdraw(kept.id, desk.accepted())
    assert desk.state_of(kept) == offers.WAITING


def test_a_decision_that_cannot_be_written_is_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = desk.keep()

    def full(path: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(NotKept, match="No space left"):
            desk.offers.refuse(kept.id, "Rita", "No", desk.accepted())
    assert desk.state_of(kept) == offers.WAITING


def test_a_text_that_somebody_changed_is_not_accepted(desk: Desk) -> None:
    kept = desk.keep()
    kept.text.write_text(GOOD.replace("Botchan", "Bocchan"), encoding="utf-8")
    with pytest.raises(NotKept, match="not what was offered"):
        desk.accept(kept)
    assert desk.accepted() == frozenset()


def test_nothing_that_is_offered_moves_the_publication(desk: Desk, publish: Publish) -> None:
    before = publish()
    kept = desk.keep(
        f"<{BASE}id/dataset/a> a <{terms.VOID}Dataset> ; "
        f'<{terms.VOID}uriSpace> "https://elsewhere.example/" .'
    )
    data = desk.books / "data" / "dataset.ttl"
    data.write_text(data.read_text(encoding="utf-8").replace("dataset/books", "dataset/z"), "utf-8")
    with pytest.raises(Conflict, match="the base https://elsewhere"):
        desk.accept(kept)
    assert desk.accepted() == frozenset()
    found = release.current(desk.state)
    assert found is not None
    assert found.manifest["publication"]["base"] == before.manifest["publication"]["base"]


def test_nothing_is_accepted_over_a_rollback(desk: Desk, publish: Publish) -> None:
    old = publish()
    desk.accept(desk.keep())
    release.use(desk.state, old.id, folder.read(desk.books))
    with pytest.raises(Conflict, match="rolled back"):
        desk.accept(desk.keep(GOOD.replace("botchan", "sanshiro")))


def test_the_provenance_of_what_is_accepted_conforms_to_the_rules_of_the_dataset(
    desk: Desk, publish: Publish
) -> None:
    publish()
    sender = replace(ANNA, license="https://creativecommons.org/licenses/by/4.0/")
    kept = desk.keep(sender=sender)
    desk.accept(kept)
    path = desk.books / "data" / "contributed" / kept.id / "provenance.ttl"
    text = path.read_text(encoding="utf-8").replace(BASE, "https://w3id.org/foedera/")
    document = reading.read("provenance.ttl", text.encode())
    report = contribution.judge([document], contribution.of_folder(folder.read(ROOT)))
    assert report.violations == ()


# Killed


ACCEPTING = """
import os, sys
from pathlib import Path
import pyshacl, rdflib, reasonable
from foedera import offers, settings

books, state, plain = Path(sys.argv[1]), Path(sys.argv[2]), settings.load({}, {})
child = 0
for line in sys.stdin:
    if child:
        os.waitpid(child, 0)
    child = os.fork()
    if not child:
        print(os.getpid(), flush=True)
        name, _, moves = line.strip().partition(" ")
        left = int(moves or 0)

        def mortal(move):
            def moved(*paths, **more):
                global left
                left -= 1
                if left == 0:
                    print("killed", flush=True)
                    os.kill(os.getpid(), 9)
                move(*paths, **more)
            return moved

        os.rename, os.replace = mortal(os.rename), mortal(os.replace)
        say = lambda text: print(text, flush=True)
        offers.accept(books, state, plain, name, "Rita", "Good", say)
        print("done", flush=True)
        os._exit(0)
"""
"""Accepts offers in processes that can be killed, forked from one that has everything loaded; where
a number is named, a process kills itself before it puts the file of that number in its place."""

KILLS = 32


class Acceptors:
    def __init__(self, books: Path, state: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", ACCEPTING, str(books), str(state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._child = 0

    def start(self, offer: Offer, moves: int = 0) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{offer.id} {moves or ''}\n")
        self._process.stdin.flush()
        while not (line := self.line()).isdigit():
            pass  # what the one before it, killed, had still to say
        self._child = int(line)

    def line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process ended"
        return line.strip()

    def finish(self) -> str:
        """How it ended."""
        while (line := self.line()) not in ("done", "killed"):
            pass
        return line

    def kill(self) -> None:
        os.kill(self._child, signal.SIGKILL)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def acceptors(books: Path, state: Path) -> Iterator[Acceptors]:
    found = Acceptors(books, state)
    yield found
    found.close()


def test_a_kill_at_any_moment_of_an_accept_leaves_the_old_release_or_the_new_one_and_the_offer(
    desk: Desk, publish: Publish, acceptors: Acceptors
) -> None:
    """Each kill falls at a random moment of one of the steps that are told of, in turn."""
    publish()
    steps: list[tuple[str, float]] = []
    acceptors.start(desk.keep(book(0)))
    before = time.monotonic()
    while not steps or steps[-1][0] != "done":
        step = acceptors.line().split()[0]
        steps.append((step, time.monotonic() - before))
        before = time.monotonic()
    spans = [("", steps[0][1]), *((steps[n][0], steps[n + 1][1]) for n in range(len(steps) - 1))]
    chance = random.Random(1)
    came, waits = 0, []
    for number in range(1, KILLS + 1):
        kept = desk.keep(book(number))
        old = release.current(desk.state)
        step, span = spans[number % len(spans)]
        acceptors.start(kept)
        while step and acceptors.line().split()[0] != step:
            pass
        time.sleep(chance.uniform(0, span))
        acceptors.kill()
        assert old is not None
        came += look(desk, kept, old)
        if desk.state_of(kept) == offers.WAITING:
            waits.append(kept)
        if number % 4 == 0 and waits:  # what was broken off is done again
            one = waits.pop()
            acceptors.start(one)
            acceptors.finish()
            assert desk.state_of(one) == offers.ACCEPTED
    assert 0 < came < KILLS, "the kills fall before the swap, and after it"
    found = release.current(desk.state)
    assert found is not None
    assert len(offers.in_release(found)) == KILLS + 1 - len(waits)
    assert found.id == release.identifier(folder.read(desk.books))
    assert not list(desk.books.rglob(".draft*"))


def test_a_kill_between_any_two_renames_of_an_accept_leaves_nothing_half_done(
    desk: Desk, publish: Publish, acceptors: Acceptors
) -> None:
    publish()
    states = []
    for moves in range(1, 30):
        kept = desk.keep(book(moves))
        old = release.current(desk.state)
        assert old is not None
        acceptors.start(kept, moves)
        ended = acceptors.finish()
        look(desk, kept, old)
        states.append(desk.state_of(kept))
        if ended == "done":
            break
        acceptors.start(kept)
        assert acceptors.finish() == "done"
        assert desk.state_of(kept) == offers.ACCEPTED
    assert len(states) > 4
    first = states.index(offers.ACCEPTED)
    assert set(states[:first]) == {offers.WAITING}
    assert set(states[first:]) == {offers.ACCEPTED}


def book(number: int) -> str:
    return GOOD.replace("botchan", f"book-{number}").replace('"Botchan"', f'"Book {number}"')


def look(desk: Desk, kept: Offer, old: release.Release) -> bool:
    """Whether after a kill the release with an offer is there; all else must be as it was."""
    assert kept.text.read_text(encoding="utf-8").startswith(PREFIXES)
    assert desk.offers.get(kept.id) == kept
    found = release.current(desk.state)
    assert found is not None
    shown, there = offers.in_release(found), desk.accepted()
    assert shown - offers.in_release(old) <= {kept.id} | (there - offers.in_release(old))
    assert shown <= there, "a release has nothing that is not in the folder"
    for name in there:
        names = sorted(one.name for one in (desk.books / "data/contributed" / name).iterdir())
        assert names == ["facts.ttl", "provenance.ttl"]
    text = (found.path / "dump.nq").read_text(encoding="utf-8")
    number = re.search(r"book-\d+", kept.text.read_text(encoding="utf-8"))
    assert number is not None
    assert (f"/{number[0]}>" in text) == (kept.id in shown)
    assert (f"contributed/{kept.id}/facts> <{terms.PROV}" in text) == (kept.id in shown)
    return kept.id in shown


# Over HTTP


@pytest.fixture(scope="module")
def on(plain_settings: Settings) -> Settings:
    return replace(plain_settings, contributions=1, review_token=TOKEN, contributions_waiting=0)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory, on: Settings) -> Iterator[Site]:
    """The books as a site without HTTP, which has no writer."""
    books = tmp_path_factory.mktemp("offers") / "books"
    starter.new(books)
    found = release.publish(books, books / ".foedera", 5, lambda _: None)
    with service.local(on, found) as site:
        yield site


@pytest.fixture
def visitor(shelf: Site, on: Settings) -> Client:
    return Client(create_app(on, shelf))


def offered(client: Client, text: str | bytes = GOOD, **fields: Any) -> TestResponse:
    """The answer to an offer; a field that is None is left out."""
    form = {"contributor": "Anna Rossi", "agree": "yes", "text": text, **fields}
    accept = form.pop("accept", "application/json")
    form = {name: value for name, value in form.items() if value is not None}
    return client.post(
        "/contributions", data=form, headers={"Accept": accept}, content_type="multipart/form-data"
    )


def reviewed(client: Client, do: str, accept: str = "application/json", **fields: Any) -> Any:
    form = {"token": TOKEN, "do": do, **fields}
    return client.post("/contributions/review", data=form, headers={"Accept": accept})


def test_where_it_is_not_allowed_nothing_is_taken_and_nothing_decided(client: Client) -> None:
    for answer in (client.get("/contributions"), offered(client)):
        assert answer.status_code == 403
        assert "FOEDERA_CONTRIBUTIONS=1" in answer.text
    for answer in (client.get("/contributions/review"), reviewed(client, "list")):
        assert answer.status_code == 403
        assert "FOEDERA_REVIEW_TOKEN" in answer.text


def test_what_is_offered_is_kept_and_has_an_address(visitor: Client, shelf: Site) -> None:
    answer = offered(visitor, source="https://example.com/a", note="n", contact="anna@example.com")
    assert answer.status_code == 201
    address = answer.headers["Location"]
    assert re.fullmatch(r"/contributions/\d{8}-[0-9a-f]{8}-[0-9a-f]{32}", address)
    told = visitor.get(address, headers={"Accept": "application/json"})
    assert told.json is not None
    assert (told.json["state"], told.json["triples"]) == ("waiting", 3)
    assert shelf.offers is not None
    kept = shelf.offers.get(told.json["id"])
    assert kept.text.read_text(encoding="utf-8") == GOOD
    assert kept.sender.license == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert kept.report["conforms"]


def test_a_body_is_offered_as_well_as_a_form(visitor: Client) -> None:
    address = "/contributions?contributor=A.+Person&agree=yes"
    answer = visitor.post(address, data=GOOD.encode(), content_type="text/turtle")
    assert answer.status_code == 201
    answer = offered(visitor, text=None, file=(BytesIO(GOOD.encode()), "book.ttl"))
    assert answer.status_code == 201


def test_an_offer_is_for_its_contributor_alone(visitor: Client) -> None:
    address = offered(visitor).headers["Location"]
    for one in (visitor.get(address), visitor.get(address[:-1] + "x"), visitor.get(address[:32])):
        assert one.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert one.headers["Cache-Control"] == "no-store"
        assert one.headers["Referrer-Policy"] == "no-referrer"
    assert visitor.get(address).status_code == 200
    wrong = visitor.get(address[:-1] + ("0" if address[-1] != "0" else "1"))
    missing = visitor.get("/contributions/20200101-00000000-" + "0" * 32)
    assert wrong.status_code == missing.status_code == 404
    assert wrong.text == missing.text


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"contributor": " "}, 400, "Nobody is named"),
        ({"agree": None}, 400, "may be published"),
        ({"text": " "}, 400, "nothing to check"),
        ({"text": "# nothing\n"}, 400, "no facts"),
        ({"file": (BytesIO(b"<urn:a> <urn:b> 1 ."), "more.ttl")}, 400, "more than one text"),
        ({"text": "<urn:g> { <urn:a> <urn:b> 1 }", "type": "trig"}, 400, "names a graph"),
        ({"text": "<x> <urn:b> 1 ."}, 400, "line 1 is not whole"),
        ({"text": "<urn:a> <urn:b> '1'^^<x> ."}, 400, "line 1 is not whole"),
        ({"note": "x" * 2_001}, 400, "longer than 2,000"),
        ({"text": NAMELESS}, 422, "A book needs a name"),
        ({"text": BROKEN}, 422, "violation"),
        ({"text": BROKEN, "anyway": "yes"}, 422, "Mend it"),
    ],
)
def test_what_is_not_kept_is_told_why(
    visitor: Client, shelf: Site, change: dict[str, Any], status: int, words: str
) -> None:
    assert shelf.offers is not None
    before = len(shelf.offers.all())
    answer = offered(visitor, **change)
    assert answer.status_code == status
    assert words in answer.text
    assert len(shelf.offers.all()) == before


def test_more_than_is_checked_is_not_kept(visitor: Client, shelf: Site) -> None:
    assert shelf.offers is not None
    before = len(shelf.offers.all())
    address = "/contributions?contributor=A&agree=yes"
    answer = visitor.post(address, data=b"#" * 2_000_001, content_type="text/turtle")
    assert answer.status_code == 413
    assert "2,000,001 bytes" in answer.text
    assert len(shelf.offers.all()) == before


def test_who_asks_for_it_has_looked_at_what_does_not_conform(visitor: Client, shelf: Site) -> None:
    answer = offered(visitor, NAMELESS, anyway="yes")
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["findings"]["violation"] == 1
    assert shelf.offers is not None
    assert not shelf.offers.get(answer.json["id"]).report["conforms"]


def test_what_is_not_kept_comes_back_with_its_findings_to_be_mended(visitor: Client) -> None:
    answer = offered(visitor, NAMELESS, accept="text/html", note="a <b> & c")
    assert answer.status_code == 422
    page = Page(answer.text)
    assert unescape(page.text("textarea")).strip() == NAMELESS.strip()
    given = {one.get("name"): one for one in page.all("input")}
    assert given["note"]["value"] == "a <b> & c"
    assert "checked" in given["agree"]
    assert "anyway" in given
    assert "A book needs a name" in answer.text
    answer = offered(visitor, BROKEN, accept="text/html")
    assert "anyway" not in {one.get("name") for one in Page(answer.text).all("input")}


def test_a_contributor_takes_it_back(visitor: Client) -> None:
    address = offered(visitor).headers["Location"]
    assert visitor.post(address).status_code == 400
    told = visitor.post(address, data={"do": "withdraw"}, headers={"Accept": "text/html"})
    assert told.status_code == 200
    assert "withdrawn" in told.text
    again = visitor.get(address, headers={"Accept": "text/html"})
    assert "<form" not in again.text.partition("</header>")[2]
    assert reviewed(visitor, "refuse", id=address[15:32], reason="x").status_code == 409


# Who decides


@pytest.mark.parametrize(
    "given", ["", "wrong", TOKEN[:-1], f"{TOKEN}x", f"9999999999.{TOKEN}", "è"]
)
def test_without_the_token_nothing_is_seen_and_nothing_decided(
    visitor: Client, shelf: Site, given: str
) -> None:
    name = offered(visitor).headers["Location"][15:32]
    visitor.set_cookie("token", TOKEN)
    for do in ("list", "show", "text", "accept", "refuse"):
        answer = visitor.post(
            f"/contributions/review?{'' if given else f'token={quote(TOKEN)}'}",
            data={"token": given, "do": do, "id": name, "reason": "x"},
        )
        assert answer.status_code in (400, 401)
        assert "Anna" not in answer.text
        assert TOKEN not in answer.text
    assert visitor.get(f"/contributions/review?token={quote(TOKEN)}").status_code == 400
    assert shelf.offers is not None
    assert shelf.offers.get(name).noted is None


def test_a_program_sends_the_token_in_a_header(visitor: Client) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = visitor.post("/contributions/review", data={"do": "list"}, headers=headers)
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {TOKEN}x"}
    answer = visitor.post("/contributions/review", data={"do": "list"}, headers=headers)
    assert answer.status_code == 401


def test_a_page_goes_on_without_the_token_for_a_while(
    visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered(visitor)
    page = Page(reviewed(visitor, "list", "text/html").text)
    passes = {one["value"] for one in page.all("input") if one["name"] == "token"}
    assert len(passes) == 1
    (goes_on,) = passes
    assert TOKEN not in goes_on
    assert reviewed(visitor, "list", token=goes_on).status_code == 200
    until, _, rest = goes_on.partition(".")
    assert reviewed(visitor, "list", token=f"{int(until) + 1}.{rest}").status_code == 401
    later = time.time() + 3_700
    monkeypatch.setattr(time, "time", lambda: later)
    assert reviewed(visitor, "list", token=goes_on).status_code == 401


MORE = PREFIXES + (
    'book:kokoro rdfs:label "The heart"@en , "Kokoro"@en ; :pages 248 ; '
    ':note [ rdfs:label "inside" ] .\nbook:botchan rdfs:label "Botchan"@en .\n'
)


def test_who_decides_sees_the_difference_in_facts(visitor: Client) -> None:
    answer = offered(visitor, MORE, contact="anna@example.com", anyway="yes")
    name = answer.headers["Location"][15:32]
    told = reviewed(visitor, "show", id=name).json
    assert (told["contributor"], told["contact"]) == ("Anna Rossi", "anna@example.com")
    found = told["difference"]
    assert (found["triples"], found["there"], found["new"]) == (6, 1, 1)
    kokoro, botchan = found["things"]
    assert (kokoro["name"]["text"], kokoro["known"]) == ("Kokoro", True)
    assert (botchan["name"]["text"], botchan["known"]) == ("Botchan", False)
    facts = {one["property"]["name"]["text"]: one for one in kokoro["facts"]}
    labels = facts["label"]
    assert [(one["text"], one["new"]) for one in labels["values"]] == [
        ("The heart", True),
        ("Kokoro", False),
    ]
    assert [one["text"] for one in labels["others"]] == ["こころ"]
    (inside,) = facts["note"]["values"][0]["facts"]
    assert inside["values"][0]["text"] == "inside"


def test_what_has_one_value_at_most_and_another_is_marked(
    tmp_path: Path, on: Settings, state: Path
) -> None:
    books = tmp_path / "books"
    starter.new(books)
    model, shapes = books / "ontology" / "core.ttl", books / "shapes" / "book.ttl"
    text = model.read_text(encoding="utf-8")
    model.write_text(
        text.replace(":writtenBy\n    a ", ":writtenBy\n    a owl:FunctionalProperty , ")
    )
    text = shapes.read_text(encoding="utf-8")
    shapes.write_text(
        text.replace("sh:path rdfs:label ;", "sh:path rdfs:label ; sh:uniqueLang true ;")
    )
    found = release.publish(books, state, 5, lambda _: None)
    with service.local(on, found) as site:
        client = Client(create_app(on, site))
        text = PREFIXES + (
            "book:kokoro :writtenBy person:giuseppe-tomasi-di-lampedusa ; "
            'rdfs:label "The heart"@en .'
        )
        name = offered(client, text, anyway="yes").headers["Location"][15:32]
        (kokoro,) = reviewed(client, "show", id=name).json["difference"]["things"]
        other = PREFIXES + 'book:kokoro rdfs:label "Il cuore"@it .'
        more = offered(client, other, anyway="yes").headers["Location"][15:32]
        (plain,) = reviewed(client, "show", id=more).json["difference"]["things"]
    assert [one["conflict"] for one in kokoro["facts"]] == [True, True]
    assert [one["conflict"] for one in plain["facts"]] == [False]


def test_an_offer_is_shown_to_who_decides_on_a_page_that_works_without_scripts(
    visitor: Client,
) -> None:
    answer = offered(visitor, MORE, source="https://example.com/a", anyway="yes")
    name = answer.headers["Location"][15:32]
    answer = reviewed(visitor, "show", "text/html", id=name)
    page = Page(answer.text)
    assert {one["action"] for one in page.all("form")} == {"/find", "/contributions/review"}
    does = {one["value"] for one in page.all("button") if "value" in one}
    assert does == {"accept", "refuse", "text", "list"}
    kept = reviewed(visitor, "text", id=name)
    assert kept.data == MORE.encode()
    assert kept.mimetype == "text/plain"
    assert kept.headers["Content-Disposition"].startswith("attachment")
    refused = reviewed(visitor, "refuse", "text/html", id=name, reason="There already", who="Rita")
    assert "There already" in refused.text
    account = reviewed(visitor, "list").json["contributions"]
    (one,) = [one for one in account if one["id"] == name]
    assert (one["state"], one["reviewer"], one["reason"]) == ("refused", "Rita", "There already")


def test_what_is_wrong_with_a_decision_stands_on_the_page(visitor: Client) -> None:
    name = offered(visitor).headers["Location"][15:32]
    answer = reviewed(visitor, "refuse", "text/html", id=name, reason="")
    assert answer.status_code == 400
    assert "No reason is given" in answer.text
    answer = reviewed(visitor, "accept", "text/html", id=name, reason="Fine & good")
    assert answer.status_code == 503  # here is no writer
    assert unescape(Page(answer.text).text("textarea")).strip() == "Fine & good"
    assert reviewed(visitor, "nothing", id=name).status_code == 400
    assert reviewed(visitor, "show", id="../..").status_code == 404


def test_what_strangers_write_is_text_on_all_pages(visitor: Client) -> None:
    evil = "<script>alert(1)</script>"
    text = PREFIXES + f'book:kokoro rdfs:comment "{evil}"@en ; rdfs:seeAlso <javascript:alert(1)> .'
    answer = offered(visitor, text, contributor=evil, note=evil, source="javascript:alert(1)")
    address = answer.headers["Location"]
    for page in (
        visitor.get(address, headers={"Accept": "text/html"}).text,
        reviewed(visitor, "list", "text/html").text,
        reviewed(visitor, "show", "text/html", id=address[15:32]).text,
    ):
        Page(page)
        assert evil not in page
        assert 'href="javascript' not in page


# Served


class Stand(Served):
    """The books, served with contributions on."""

    def __init__(self, books: Path, state: Path) -> None:
        super().__init__(
            *(sys.executable, "-m", "foedera", "serve", books, "--state", state),
            cwd=books,
            FOEDERA_CONTRIBUTIONS="1",
            FOEDERA_REVIEW_TOKEN=TOKEN,
            FOEDERA_CLIENT_SECONDS="0",
            FOEDERA_CONTRIBUTIONS_WAITING="0",
        )

    def post(self, path: str, accept: str = "application/json", **fields: str) -> Any:
        command = ["curl", "-sS", "-H", f"Accept: {accept}"]
        for name, value in fields.items():
            command += ["--form-string", f"{name}={value}"]
        done = subprocess.run(
            [*command, f"{self.url}{path}"], capture_output=True, text=True, timeout=60
        )
        return json.loads(done.stdout) if done.stdout else None

    def offer(self, text: str) -> dict[str, Any]:
        told = self.post("contributions", contributor="Anna Rossi", agree="yes", text=text)
        assert told["state"] == "waiting", told
        return dict(told)

    def review(self, do: str, **fields: str) -> Any:
        return self.post("contributions/review", token=TOKEN, do=do, **fields)


@pytest.fixture
def stand(books: Path, state: Path) -> Iterator[Callable[[], Stand]]:
    with contextlib.ExitStack() as stack:

        def stand() -> Stand:
            return stack.enter_context(contextlib.closing(Stand(books, state)))

        yield stand


SECRET = "Zwetschgenknoedel"

_ADDRESSES = (
    "sparql?query=SELECT * { ?s ?p ?o }",
    "sparql?query=SELECT * { GRAPH ?g { ?s ?p ?o } }",
    "graphs?default",
    "sitemap.xml",
    "robots.txt",
    "health",
    "endpoint",
    "about?iri=https://example.org/id/book/zwetschgenknoedel",
    "id/book/zwetschgenknoedel",
    "network",
    "check",
)


def everything(served: Served) -> dict[str, str]:
    """All that is reached by links from the first page, and from some addresses."""
    seen: dict[str, str] = {}
    ahead = ["", *(quote(one, safe="/?=") for one in _ADDRESSES)]
    while ahead:
        path = ahead.pop()
        if path in seen or len(seen) > 250:
            continue
        seen[path] = served.get(path, "text/html,*/*;q=0.8")[2]
        for link in re.findall(r'(?:href|src|action)="/([^"#]*)', seen[path]):
            if "lang=" not in link and not link.endswith(".png"):
                ahead.append(unescape(link))
    return seen


def test_what_waits_is_nowhere_and_what_is_accepted_everywhere(
    stand: Callable[[], Stand],
) -> None:
    site = stand()
    text = GOOD.replace("botchan", SECRET.lower()).replace("Botchan", SECRET)
    told = site.offer(text)
    seen = everything(site)
    assert len(seen) > 60
    shown = [path for path, page in seen.items() if SECRET in page or told["id"] in page]
    assert shown == []
    words = [path for path in seen if SECRET.lower() not in path and SECRET.lower() in seen[path]]
    assert words == []
    done = site.review("accept", id=told["id"], who="Rita", reason="Good")
    assert done["state"] == "accepted", done
    for _ in range(8):  # by every process of the site
        assert SECRET in site.get(f"doc/book/{SECRET.lower()}")[2]
    account = json.loads(site.get(told["address"][1:], "application/json")[2])
    assert (account["state"], account["reason"]) == ("accepted", "Good")
    graph = site.get(f"graph/data/contributed/{told['id']}/facts", "text/html")[2]
    assert "Contribution of Anna Rossi" in graph


@pytest.mark.whole
def test_a_site_that_is_killed_while_it_accepts_serves_one_of_both_when_it_is_back(
    stand: Callable[[], Stand], desk: Desk
) -> None:
    chance = random.Random(7)
    site = stand()
    for number in range(3):
        kept = desk.keep(book(number))
        asked = threading.Thread(
            target=lambda site=site, kept=kept: site.review("accept", id=kept.id)
        )
        asked.start()
        time.sleep(chance.uniform(0.05, 1.0))
        site.process.kill()
        site.process.wait()
        asked.join()
        site = stand()
        shown = "Book" in site.get(f"doc/book/book-{number}")[2]
        assert shown == (kept.id in desk.accepted())
        assert desk.offers.get(kept.id) == kept
        done: dict[str, Any] = {}
        for _ in range(50):  # until the writer is there
            done = site.review("accept", id=kept.id, who="Rita", reason="Again")
            if done.get("status") != 503:
                break
            time.sleep(0.1)
        assert done.get("state") == "accepted", done
        assert site.get(f"doc/book/book-{number}")[0] == 200


# The command


def test_the_command_offers_shows_refuses_and_accepts(
    books: Path, state: Path, tmp_path: Path
) -> None:
    file = tmp_path / "more.ttl"
    file.write_text(MORE, encoding="utf-8")

    def run(*arguments: str) -> Any:
        where = ["--folder", str(books), "--state", str(state)]
        return CliRunner().invoke(main, ["contributions", *where, *arguments])

    given = ("offer", str(file), "--contributor", "Anna Rossi")
    assert run(*given).exit_code == 2
    one = run(*given, "--agree", "--anyway")
    assert one.exit_code == 0, one.output
    name, address = one.stdout.split()
    assert address.startswith(f"/contributions/{name}-")
    assert name in run().stdout
    shown = run("show", name).stdout
    assert '+ label <http://www.w3.org/2000/01/rdf-schema#label>: "The heart"@en' in shown
    assert '= label <http://www.w3.org/2000/01/rdf-schema#label>: "Kokoro"@en' in shown
    assert f"Botchan <{BASE}id/book/botchan> (new)" in shown
    assert run("refuse", name, "--reason", "x").exit_code == 0
    assert run("accept", name).exit_code == 1
    file.write_text(GOOD, encoding="utf-8")
    name = run(*given, "--agree").stdout.split()[0]
    done = run("accept", name, "--who", "Rita", "--reason", "Good")
    assert done.exit_code == 0, done.output
    assert done.stdout.split()[1] == f"{books}/data/contributed/{name}/facts.ttl"
    listed = run().stdout
    assert re.search(rf"{name}  accepted", listed)


def test_the_command_keeps_nothing_that_does_not_conform_unless_it_is_asked_to(
    books: Path, state: Path, tmp_path: Path
) -> None:
    file = tmp_path / "more.ttl"
    file.write_text(NAMELESS, encoding="utf-8")
    where = ["--folder", str(books), "--state", str(state)]
    given = ["offer", str(file), "--contributor", "A", "--agree"]
    done = CliRunner().invoke(main, ["contributions", *where, *given])
    assert done.exit_code == 1
    assert re.search(r"more\.ttl:6:\d+: violation: A book needs a name", done.stderr)
    assert Offers(state).all() == []
    done = CliRunner().invoke(main, ["contributions", *where, *given, "--anyway"])
    assert done.exit_code == 0
    (kept,) = Offers(state).all()
    done = CliRunner().invoke(main, ["contributions", *where, "accept", kept.id])
    assert done.exit_code == 1
    assert f"data/contributed/{kept.id}/facts.ttl:6: violation" in done.stderr


# For all eyes and hands


def test_no_page_breaks_a_rule_of_accessibility_or_is_wider_than_a_telephone(
    shelf: Site,
    on: Settings,
    visitor: Client,
    browser: Chromium,
    axe: str,
    request: pytest.FixtureRequest,
) -> None:
    """Without ``--whole``, dark in Japanese."""
    account = offered(visitor, MORE, anyway="yes").headers["Location"]
    tab = browser.open()
    with over_http(shelf, on) as address:

        def good(kind: str) -> None:
            tab.run(axe + ";true")
            tab.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
            assert tab.run(BROKEN_RULES) == [], kind
            assert tab.run("document.documentElement.scrollWidth") == 360, kind

        def press(selector: str, reached: str) -> None:
            tab.run(f"document.querySelector({json.dumps(selector)}).click();true")
            tab.until(f"document.readyState === 'complete' && {reached}")

        lights = (("ja", "dark"), ("en", "light"))
        for language, scheme in lights if request.config.getoption("--whole") else lights[:1]:
            tab.scheme(scheme)
            tab.size(360, 700)
            for path in ("/contributions", account, "/contributions/review"):
                tab.go(f"{address}{path}?lang={language}")
                good(path)
            tab.run(f"document.querySelector('#token').value = {json.dumps(TOKEN)}")
            press("main form button", "document.querySelector('.contributions')")
            good("list")
            press(".contributions button", "document.querySelector('.offered')")
            good("one")
            tab.go(f"{address}/contributions?lang={language}")
            tab.run(f"document.querySelector('#text').value = {json.dumps(NAMELESS)}")
            tab.run("document.querySelector('#contributor').value = 'Anna'")
            tab.run("document.querySelector('[name=agree]').checked = true")
            press("form.offer button", "document.querySelector('[role=alert]')")
            good("refused")
    tab.close()
