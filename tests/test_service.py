"""A site as processes: what it answers while it starts, changes, loses a part, and ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from conftest import Publish, Served, processor_time, soon
from foedera import folder, release, service, starter, terms
from foedera.service import Site
from foedera.settings import Settings

ENDLESS = "SELECT (COUNT(*) AS ?all) {" + ". ".join(f"?a{n} ?b{n} ?c{n}" for n in range(7)) + "}"
HUNGRY = "SELECT * {" + ". ".join(f"?a{n} ?b{n} ?c{n}" for n in range(4)) + "} ORDER BY ?c0 ?c3"
DEEP = "SELECT * " + "{" * 2500 + "}" * 2500
VERSION = f"SELECT ?v {{ ?s <{terms.OWL}versionInfo> ?v }}"

BROKEN = "book:silence a :Book .\n"
"""A book without a name and without an author, at the end of data/books.ttl."""

PASSED_ON = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
"""What of this environment a site of these tests is started with."""


class Family(Served):
    """A site as a process, with all the processes that belong to it."""

    def __init__(self, books: Path, state: Path, *options: object, **environment: str) -> None:
        self._mark = uuid.uuid4().hex
        command = (sys.executable, "-m", "foedera", "serve", books, "--state", state, *options)
        super().__init__(*command, cwd=books, SITE=self._mark, **PASSED_ON, **environment)

    def ask(
        self, query: str, accept: str = "text/csv", source: str = "", forwarded: str = ""
    ) -> tuple[int, HTTPMessage, str]:
        """Status, headers and text of the answer to a query, asked from another address if so
        said, or forwarded for another one."""
        place = ("127.0.0.1", urlsplit(self.url).port or 0)
        sent = {"Accept": accept} | ({"X-Forwarded-For": forwarded} if forwarded else {})
        connection = HTTPConnection(*place, timeout=30, source_address=(source, 0))
        with contextlib.closing(connection):
            connection.request("GET", "/sparql?query=" + quote(query), headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def version(self) -> str:
        """The version that the data says it is."""
        return self.ask(VERSION)[2].split()[-1]

    def health(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.get("health")[2])
        return found

    def all(self) -> set[int]:
        """Every process that was started for this site and still lives, orphans as well."""
        return {int(path.name) for path in Path("/proc").glob("[0-9]*") if self._is_ours(path)}

    def _is_ours(self, process: Path) -> bool:
        try:
            return f"SITE={self._mark}".encode() in (process / "environ").read_bytes()
        except OSError:
            return False

    def fronts(self) -> set[int]:
        """The processes that speak HTTP: they have many threads."""
        return {one for one in children(self.process.pid) if threads(one) > 10}

    def nursery(self) -> int:
        (found,) = children(self.process.pid) - self.fronts()
        return found

    def workers(self) -> set[int]:
        return children(self.nursery())

    def is_settled_without(self, *processes: int) -> bool:
        return not self.all() & set(processes) and self.is_settled()

    def is_settled(self) -> bool:
        """Whether all processes are there that ought to be, and no others."""
        with contextlib.suppress(OSError, ValueError):
            family = {self.process.pid, self.nursery(), *self.fronts(), *self.workers()}
            return len(self.fronts()) == 2 and len(self.workers()) == 6 and self.all() == family
        return False


def fresh(site: Family, accept: str) -> tuple[int, str, str]:
    """The answer to a request that nobody has made before, so that no kept one will do."""
    return site.get("doc/book/kokoro", f"{accept}, x/{uuid.uuid4().hex};q=0.1")


def children(process: int) -> set[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return {int(one) for one in listed.split()}


def threads(process: int) -> int:
    with contextlib.suppress(OSError):
        return len(list(Path(f"/proc/{process}/task").iterdir()))
    return 0


def version(books: Path, number: int) -> None:
    """Change the books: the data says which version it is."""
    (books / "data" / "version.ttl").write_text(
        f'<https://example.org/id/dataset/books> <{terms.OWL}versionInfo> "{number}" .\n',
        encoding="utf-8",
    )


def break_(books: Path) -> Callable[[], None]:
    """Break a rule in the books; gives what mends it."""
    path = books / "data" / "books.ttl"
    good = path.read_text(encoding="utf-8")
    path.write_text(good + BROKEN, encoding="utf-8")
    return lambda: path.write_text(good, encoding="utf-8") and None


def place_of_what_is_broken(books: Path) -> str:
    lines = (books / "data" / "books.ttl").read_text(encoding="utf-8").count("\n")
    return f"data/books.ttl:{lines}:1"


@contextlib.contextmanager
def stopped(*processes: int) -> Iterator[None]:
    """Hold some processes still."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


@pytest.fixture
def start(books: Path, state: Path) -> Iterator[Callable[..., Family]]:
    """Starts sites of the books; when the test is over, nothing of them may live on."""
    version(books, 1)
    sites: list[Family] = []

    def start(*options: object, **environment: str) -> Family:
        sites.append(Family(books, state, *options, **environment))
        assert soon(sites[-1].is_settled), sites[-1].said()
        return sites[-1]

    yield start
    for site in sites:
        site.close()
        assert soon(lambda site=site: site.all() == set(), 5), "processes were left behind"


@pytest.fixture
def family(start: Callable[..., Family]) -> Family:
    """A site of the books that a test may harm."""
    return start()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    """A site that no test harms."""
    books = tmp_path_factory.mktemp("shared") / "books"
    starter.new(books)
    version(books, 1)
    limits = ("--query-seconds", 2, "--query-memory", 100, "--client-workers", 0)
    site = Family(books, books / ".foedera", *limits)
    assert soon(site.is_settled), site.said()
    yield site
    site.close()


# Starting


def test_a_site_answers_as_soon_as_its_address_is_printed(shared: Family) -> None:
    assert shared.get("", "text/html")[:2] == (200, "text/html")
    assert shared.health()["status"] == "ok"
    assert shared.health()["problem"] is None


def test_an_address_in_plain_utf_8_is_read_as_if_it_were_escaped(shared: Family) -> None:
    """As curl sends what a person types."""
    statuses = []
    for path in ("/about?iri=urn:日本", "/id/book/日本", "/id/book/kokoro"):
        with socket.create_connection(("127.0.0.1", urlsplit(shared.url).port or 0)) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            statuses.append(client.recv(65_536).split()[1])
    assert statuses == [b"404", b"404", b"303"]


def test_a_second_start_builds_nothing_and_answers_within_seconds(
    start: Callable[..., Family],
) -> None:
    first = start()
    assert "built release" in first.said()
    before = first.health()
    assert first.stop() == 0
    started = time.monotonic()
    second = start()
    assert second.health() == before
    assert time.monotonic() - started < 5
    assert "built release" not in second.said()


def serve(books: Path, state: Path, *options: object) -> subprocess.CompletedProcess[str]:
    """A site that cannot be started."""
    return subprocess.run(
        [sys.executable, "-m", "foedera", "serve", books, "--state", state, *map(str, options)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_taken_port_is_told_in_two_lines_before_anything_is_built(
    books: Path, state: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = serve(books, state, "--port", port)
    assert ended.returncode == 2
    what, cure = ended.stderr.splitlines()
    assert what == f"foedera: 127.0.0.1:{port} cannot be listened on: Address already in use"
    assert "--port" in cure
    assert not state.exists()


def test_a_first_start_that_does_not_conform_ends_with_file_and_line(
    books: Path, state: Path
) -> None:
    break_(books)
    ended = serve(books, state, "--port", 0)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"{place_of_what_is_broken(books)}: violation: A book needs a name" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_start_with_a_broken_folder_serves_the_release_before(
    start: Callable[..., Family], publish: Publish, books: Path
) -> None:
    old = publish()
    break_(books)
    site = start()
    health = site.health()
    assert (health["status"], health["release"]) == ("degraded", old.id)
    assert place_of_what_is_broken(books) in json.dumps(health["problem"])
    assert place_of_what_is_broken(books) in site.said()


def test_a_site_whose_http_processes_cannot_start_ends(published: release.Release) -> None:
    program = """
import sys
from pathlib import Path
from foedera import service, settings

def make_app(*_):
    raise RuntimeError("no such template")

chosen = settings.load({"port": 0}, {})
root, state = map(Path, sys.argv[1:])
sys.exit(service.Minder(chosen, root, state, make_app, print, False).run())
"""
    state = published.path.parents[1]
    ended = subprocess.run(
        [sys.executable, "-c", program, state.parent / "books", state],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "no such template" in ended.stderr
    assert "serving" not in ended.stdout


def test_a_release_that_cannot_be_opened_ends_a_first_start_in_words(
    published: release.Release, books: Path, state: Path
) -> None:
    (published.path / "dump.nq").write_text("", encoding="utf-8")
    ended = serve(books, state, "--port", 0)
    assert ended.returncode == 2
    assert f"Release {published.id} cannot be opened" in ended.stderr
    assert "Traceback" not in ended.stderr


# Who holds what


def socket_of(port: int) -> str:
    """The listening socket of a port, as it is named among the open files of a process."""
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}") and fields[3] == "0A":
            return f"socket:[{fields[9]}]"
    raise AssertionError(f"nobody listens on {port}")


def opened(process: int) -> set[str]:
    """The files and sockets that a process has open or mapped."""
    found = set()
    for handle in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(handle))
    mapped = Path(f"/proc/{process}/maps").read_text(encoding="utf-8")
    return found | {line.split(None, 5)[5] for line in mapped.splitlines() if "/" in line}


def test_only_those_who_speak_http_hold_the_address(family: Family) -> None:
    """A connection that somebody else's copy keeps in being would never be answered."""
    address = socket_of(urlsplit(family.url).port or 0)
    for process in (family.process.pid, *family.fronts()):
        assert address in opened(process)
    for process in (family.nursery(), *family.workers()):
        assert address not in opened(process)


def test_of_a_release_on_disk_only_workers_open_the_store(
    start: Callable[..., Family], books: Path
) -> None:
    many = "".join(f"<https://example.org/id/n/{n}> <{terms.LABEL}> '{n}' .\n" for n in range(1500))
    (books / "data" / "many.ttl").write_text(many, encoding="utf-8")
    site = start(FOEDERA_MEMORY="1")
    assert "held on disk" in site.said()
    for _ in range(20):  # every front has asked a worker
        assert site.ask("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[0] == 200
    assert any("/store/" in path for worker in site.workers() for path in opened(worker))
    for process in (site.process.pid, site.nursery(), *site.fronts()):
        assert not any("/store/" in path for path in opened(process))


# Changing


def test_a_release_published_by_another_process_is_served_without_a_failed_request(
    family: Family, books: Path, state: Path
) -> None:
    over = threading.Event()

    def client(number: int) -> tuple[int, list[object]]:
        failed: list[object] = []
        count = 0
        while not over.is_set() and count < 400:
            count += 1
            try:
                status = family.ask(VERSION)[0] if number % 2 else fresh(family, "text/turtle")[0]
            except OSError as fault:
                failed.append(fault)
            else:
                if status != 200:
                    failed.append(status)
        return count, failed

    with ThreadPoolExecutor(6) as clients:
        asking = [clients.submit(client, number) for number in range(6)]
        for number in (2, 3, 4):
            version(books, number)
            command = [sys.executable, "-m", "foedera", "publish", books, "--state", state]
            subprocess.run(command, check=True, capture_output=True, timeout=60)
            assert soon(lambda number=number: family.version() == str(number), 5)
        over.set()
    counted = [asked.result() for asked in asking]
    assert [failed for _, failed in counted if failed] == []
    assert sum(count for count, _ in counted) > 100


def test_a_query_under_way_is_answered_from_the_release_it_began_with(
    start: Callable[..., Family], publish: Publish, books: Path
) -> None:
    family = start("--query-seconds", 60)  # a busy machine takes long to publish
    with ThreadPoolExecutor(1) as client:
        with stopped(*family.workers()):
            under_way = client.submit(family.ask, VERSION)
            time.sleep(0.3)
            version(books, 2)
            fresh = publish()
            for front in family.fronts():
                with stopped(*(family.fronts() - {front})):
                    assert soon(lambda: family.health()["release"] == fresh.id)
                    assert family.version() == "2"
        assert under_way.result(60)[::2] == (200, "v\r\n1\r\n")


def test_of_a_release_that_is_no_longer_served_no_process_stays(
    family: Family, publish: Publish, books: Path
) -> None:
    for number in (2, 3):
        version(books, number)
        publish()
        assert soon(lambda number=number: family.version() == str(number))
    assert soon(family.is_settled, 5), family.all()


def test_a_rollback_is_served_and_a_restart_keeps_it(
    family: Family, start: Callable[..., Family], publish: Publish, books: Path, state: Path
) -> None:
    (old,) = release.listed(state)
    version(books, 2)
    publish()
    assert soon(lambda: family.version() == "2")
    release.use(state, old.id, folder.read(books))
    assert soon(lambda: family.version() == "1")
    assert family.stop() == 0
    assert start().version() == "1"


def test_a_hang_up_publishes_the_folder_again_and_ends_no_process(
    family: Family, books: Path
) -> None:
    """Also when it is sent to all of them, as a terminal does and `pkill` may."""
    fronts = family.fronts()
    version(books, 2)
    for process in family.all():
        os.kill(process, signal.SIGHUP)
    assert soon(lambda: family.version() == "2")
    assert family.fronts() == fronts


def test_with_reload_a_changed_file_is_published(start: Callable[..., Family], books: Path) -> None:
    site = start("--reload")
    version(books, 2)
    assert soon(lambda: site.version() == "2")


def test_a_broken_file_degrades_the_health_of_a_site_until_it_is_mended(
    start: Callable[..., Family], books: Path
) -> None:
    site = start("--reload")
    good = site.health()
    mend = break_(books)
    seen = [good]
    assert soon(lambda: seen.append(site.health()) or seen[-1]["status"] == "degraded")
    health = seen[-1]
    assert health["release"] == good["release"]
    problem = health["problem"]
    assert isinstance(problem, dict)
    assert problem["findings"][0].startswith(f"{place_of_what_is_broken(books)}: violation: ")
    assert site.version() == "1"
    mend()
    assert soon(lambda: site.health() == good)


def test_health_tells_of_attempts_made_by_other_processes(
    family: Family, publish: Publish, books: Path
) -> None:
    good = family.health()
    mend = break_(books)
    with pytest.raises(release.Findings):
        publish()
    assert soon(lambda: family.health()["status"] == "degraded", 2)
    mend()
    publish()
    assert soon(lambda: family.health() == good, 2)


def test_a_long_problem_is_told_whole(family: Family, publish: Publish, books: Path) -> None:
    mend = break_(books)
    with (books / "data" / "books.ttl").open("a", encoding="utf-8") as stream:
        for number in range(20):
            stream.write(f"book:{number} a :Book .\n")
    rules = books / "shapes" / "book.ttl"
    short = rules.read_text(encoding="utf-8")
    rules.write_text(short.replace("A book needs", "紙" * 950), encoding="utf-8")
    with pytest.raises(release.Findings):
        publish()
    assert soon(lambda: len(json.dumps(family.health()["problem"])) > 60_000)
    mend()
    rules.write_text(short, encoding="utf-8")
    version(books, 2)
    publish()
    assert soon(lambda: family.version() == "2")
    assert soon(lambda: family.health()["problem"] is None, 2)


def test_a_damaged_release_is_not_served_and_the_one_before_it_is(
    family: Family, publish: Publish, books: Path
) -> None:
    old = family.health()["release"]
    version(books, 2)
    with stopped(family.process.pid):
        damaged = publish()
        (damaged.path / "dump.nq").write_text("", encoding="utf-8")
    assert soon(lambda: f"Release {damaged.id} cannot be opened" in family.said())
    (victim, _) = family.fronts()
    os.kill(victim, signal.SIGKILL)
    assert soon(lambda: victim not in family.fronts() and len(family.fronts()) == 2)
    for _ in range(10):
        assert family.version() == "1"
        assert family.health()["release"] == old
    shutil.rmtree(damaged.path)
    publish()
    assert soon(lambda: family.version() == "2"), "what was built anew is tried at once"


def test_a_site_goes_on_when_its_state_folder_is_removed(
    family: Family, publish: Publish, books: Path, state: Path
) -> None:
    shutil.rmtree(state)
    time.sleep(0.6)
    assert family.version() == "1"
    assert fresh(family, "text/html")[0] == 200
    version(books, 2)
    publish()
    assert soon(lambda: family.version() == "2")


def test_two_sites_of_one_folder_do_not_disturb_each_other(
    start: Callable[..., Family], books: Path
) -> None:
    first, second = start("--reload"), start("--reload")
    version(books, 2)
    for site in (first, second):
        assert soon(lambda site=site: site.version() == "2")
    assert (first.said() + second.said()).count("built release") == 2
    assert first.stop() == 0
    version(books, 3)
    assert soon(lambda: second.version() == "3")


# Limits


def test_a_query_past_its_deadline_is_a_clean_503_while_pages_go_on(shared: Family) -> None:
    with ThreadPoolExecutor(4) as clients:
        endless = []
        for front in shared.fronts():  # as many at each as it has workers: none waits for one
            with stopped(*(shared.fronts() - {front})):
                endless += [clients.submit(shared.ask, ENDLESS) for _ in range(2)]
                time.sleep(0.3)
        for _ in range(20):
            started = time.monotonic()
            assert fresh(shared, "text/html")[0] == 200
            assert time.monotonic() - started < 1
        for asked in endless:
            status, headers, text = asked.result()
            assert (status, headers["Retry-After"]) == (503, "1")
            assert "longer than 2 seconds" in text
            assert headers.get_content_type() == "application/problem+json"


@pytest.mark.parametrize(
    ("query", "statuses"), [(DEEP, {400}), (HUNGRY, {500, 503})], ids=["deep", "hungry"]
)
def test_a_query_that_would_kill_ends_no_process_but_its_worker(
    shared: Family, query: str, statuses: set[int]
) -> None:
    before = {shared.process.pid, shared.nursery(), *shared.fronts()}
    assert shared.ask(query)[0] in statuses
    assert shared.version() == "1"
    assert {shared.process.pid, shared.nursery(), *shared.fronts()} == before


def test_a_client_that_leaves_ends_the_work_done_for_it(family: Family) -> None:
    before = family.workers()
    with socket.create_connection(("127.0.0.1", urlsplit(family.url).port or 0)) as client:
        client.sendall(f"GET /sparql?query={quote(ENDLESS)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert soon(lambda: any(processor_time(worker) > 0.3 for worker in before))
    (busy,) = [worker for worker in before if processor_time(worker) > 0.3]
    assert soon(lambda: busy not in family.workers(), 2)


def test_workers_have_a_network_of_their_own_where_the_kernel_allows(shared: Family) -> None:
    if "workers run without network" not in shared.said():
        pytest.skip("the kernel gives no network of their own to processes of this user")
    outside = os.readlink("/proc/self/ns/net")
    for process in (shared.nursery(), *shared.workers()):
        assert os.readlink(f"/proc/{process}/ns/net") != outside


def test_what_is_ready_is_answered_while_every_thread_waits_for_a_worker(
    start: Callable[..., Family],
) -> None:
    off = [f"--client-{name}" for name in ("workers", "queue", "seconds")]
    unlimited = [word for name in off for word in (name, 0)]
    site = start("--threads", 12, "--query-seconds", 60, "--query-queue", 99, *unlimited)
    page = site.get("doc/book/kokoro", "text/html")
    for front in site.fronts():  # each keeps answers of its own
        with stopped(*(site.fronts() - {front})):
            assert site.get("doc/book/kokoro", "text/html") == page
    # A connection of before may be closed a moment after its answer was read.
    before = min(sum(map(connections, site.fronts())) for _ in range(20) if not time.sleep(0.05))
    with ThreadPoolExecutor(48) as clients, stopped(*site.workers()):
        waiting = [clients.submit(site.ask, f"ASK {{}} # {number}") for number in range(48)]
        assert soon(lambda: sum(map(connections, site.fronts())) >= before + 48)
        for _ in range(6):
            assert site.get("doc/book/kokoro", "text/html") == page
        assert not any(one.done() for one in waiting)
    assert {one.result()[0] for one in waiting} == {200}


def connections(process: int) -> int:
    """How many sockets a process has open."""
    return sum(one.startswith("socket:") for one in opened(process))


def test_requests_sent_at_once_are_answered_in_their_order_ready_or_not(family: Family) -> None:
    family.get("doc/book/kokoro", "text/turtle")
    ready = "GET /doc/book/kokoro HTTP/1.1\r\nHost: x\r\nAccept: text/turtle\r\n{}\r\n"
    query = "GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n\r\n"
    asked = [ready.format(""), query, *[ready.format("")] * 3, query]
    for _ in range(4):  # at both HTTP processes, with and without it kept
        with socket.create_connection(("127.0.0.1", urlsplit(family.url).port or 0)) as client:
            client.sendall("".join([*asked, ready.format("Connection: close\r\n")]).encode())
            with client.makefile("rb") as stream:
                heads = [one.split(b"\r\n", 1) for one in stream.read().split(b"HTTP/1.1 ")[1:]]
        assert [status for status, _ in heads] == [b"200 OK"] * 7
        tables = [b"Content-Type: text/csv" in rest for _, rest in heads]
        assert tables == [False, True, False, False, False, True, False]


# Losing a part


def test_a_site_survives_the_death_of_all_its_workers(family: Family) -> None:
    fronts = family.fronts()
    for worker in family.workers():
        os.kill(worker, signal.SIGKILL)
    for _ in range(10):
        assert family.version() == "1"
    assert family.fronts() == fronts


def test_a_front_that_dies_is_replaced_and_the_other_goes_on(family: Family) -> None:
    fronts, nursery = family.fronts(), family.nursery()
    victim = min(fronts)
    os.kill(victim, signal.SIGKILL)
    for _ in range(10):
        assert family.get("", "text/html")[0] == 200
    assert soon(lambda: len(family.fronts() - fronts) == 1)
    assert soon(family.is_settled)
    assert family.nursery() == nursery
    with stopped(*(fronts - {victim})):
        assert family.version() == "1"


def test_a_nursery_that_dies_again_and_again_is_replaced(family: Family) -> None:
    for _ in range(3):
        nursery = family.nursery()
        os.kill(nursery, signal.SIGKILL)
        assert soon(lambda nursery=nursery: family.is_settled_without(nursery), 5)
        for _ in range(5):
            assert family.version() == "1"


def test_a_front_and_the_nursery_that_die_together_are_both_replaced(family: Family) -> None:
    victims = (min(family.fronts()), family.nursery())
    for process in victims:
        os.kill(process, signal.SIGKILL)
    assert soon(lambda: family.is_settled_without(*victims), 5)
    for _ in range(5):
        assert family.version() == "1"


def test_without_a_nursery_a_request_is_told_to_come_again(family: Family) -> None:
    with stopped(family.process.pid):
        os.kill(family.nursery(), signal.SIGKILL)
        time.sleep(0.1)
        status, headers, _ = family.ask(VERSION)
        assert (status, headers["Retry-After"]) == (503, "1")
    assert soon(lambda: family.ask(VERSION)[0] == 200, 5)


def test_a_minder_that_is_killed_takes_all_with_it(family: Family) -> None:
    with ThreadPoolExecutor(1) as client:
        endless = client.submit(family.ask, ENDLESS)
        time.sleep(0.3)
        family.process.kill()
        family.process.wait()
        assert soon(lambda: family.all() == set(), 2)
        with contextlib.suppress(OSError):
            endless.result()


def test_a_front_goes_on_following_after_a_release_that_went_away(
    published: release.Release, plain_settings: Settings, tmp_path: Path
) -> None:
    """And after more changes than the pipe to the minder has room for words."""
    settings = Settings(page_workers=0, query_workers=0)
    site, ending = Site(), threading.Event()
    ours, theirs = socket.socketpair()
    said: list[str] = []
    follower = threading.Thread(
        target=service._follow,
        args=(site, settings, tmp_path, theirs, ending, said.append),
        daemon=True,
    )
    follower.start()
    with service.local(plain_settings, published) as other:
        paths = [tmp_path / "gone", *[published.path] * 400, tmp_path / "gone", published.path]
        for path in paths:
            connection, end = socket.socketpair()
            socket.send_fds(ours, [os.fsencode(path)], [connection.fileno()])
            connection.close()
            end.close()
        ours.shutdown(socket.SHUT_WR)
        follower.join(20)
        assert not follower.is_alive()
        assert site.live.release == other.live.release
    assert ending.is_set()
    assert said == [f"an HTTP process stays with what it serves: {tmp_path / 'gone'} is gone"] * 2
    assert ours.recv(100).split()[0].decode() == published.id
    for one in (ours, theirs):
        one.close()
    site.live.pool.close()


# Clients


WRONG = "SELECT"
"""A query that does not parse."""


def retry_after(headers: HTTPMessage) -> int:
    return int(headers["Retry-After"])


def test_a_client_that_floods_a_site_is_told_to_wait_while_another_is_answered(
    start: Callable[..., Family],
) -> None:
    site = start("--query-seconds", 4)
    over = threading.Event()

    def flood() -> list[tuple[int, HTTPMessage, str]]:
        answers = []
        while not over.is_set():
            answers.append(site.ask(ENDLESS))
            time.sleep(0.1)
        return answers

    with ThreadPoolExecutor(16) as greedy:
        floods = [greedy.submit(flood) for _ in range(16)]
        time.sleep(1)
        modest = []
        until = time.monotonic() + 5
        while time.monotonic() < until:
            started = time.monotonic()
            status = site.ask(f"ASK {{ BIND ({started} AS ?new) }}", source="127.0.0.2")[0]
            modest.append((status, time.monotonic() - started))
            time.sleep(0.05)
        over.set()
        answers = [answer for flood in floods for answer in flood.result(30)]
    assert {status for status, _ in modest} == {200}
    assert max(seconds for _, seconds in modest) < 2
    refused = [(headers, text) for status, headers, text in answers if status == 429]
    assert {status for status, _, _ in answers} == {429, 503}
    assert any("queries wait already" in text for _, text in refused)
    assert {headers["Cache-Control"] for headers, _ in refused} == {"no-store"}
    assert all(1 <= retry_after(headers) <= 4 for headers, _ in refused)
    assert site.ask("ASK {}")[0] == 200


def test_a_client_that_has_used_up_its_time_is_answered_when_it_was_told_to_come(
    start: Callable[..., Family],
) -> None:
    site = start("--query-seconds", 1, "--client-seconds", 1)
    assert site.ask(ENDLESS)[0] == 503
    status, headers, text = site.ask("ASK {}")
    assert status == 429
    assert "used up the 1 seconds" in text
    assert site.ask("ASK {}", source="127.0.0.2")[0] == 200
    time.sleep(retry_after(headers))
    assert site.ask("ASK {}")[0] == 200


def test_errors_are_counted_by_all_http_processes_together(start: Callable[..., Family]) -> None:
    """An answer that is ready costs nothing, whoever asks."""
    site = start("--client-errors", 10)
    first, second = site.fronts()
    with stopped(second):
        assert site.ask(VERSION)[0] == 200
        assert [site.ask(WRONG)[0] for _ in range(5)] == [400] * 5
    with stopped(first):
        assert [site.ask(WRONG)[0] for _ in range(6)] == [400] * 5 + [429]
        assert site.ask(WRONG, source="127.0.0.2")[0] == 400
    with stopped(second):
        status, headers, text = site.ask("ASK {}")
        assert site.ask(VERSION)[0] == 200
    assert (status, headers.get_content_type()) == (429, "application/problem+json")
    assert "more errors than the 10" in text
    time.sleep(retry_after(headers))
    assert site.ask("ASK {}")[0] == 200


def test_a_clients_workers_are_counted_by_all_http_processes_together(
    start: Callable[..., Family],
) -> None:
    site = start("--client-workers", 1, "--query-seconds", 3)

    def busy() -> list[int]:
        return [one for one in site.workers() if processor_time(one) > 0.1]

    with ThreadPoolExecutor(2) as client:
        endless = []
        for other in site.fronts():
            with stopped(other):
                endless.append(client.submit(site.ask, ENDLESS))
                time.sleep(0.5)
        assert soon(lambda: len(busy()) == 1)
        time.sleep(0.5)
        assert len(busy()) == 1
        assert [one.result()[0] in (429, 503) for one in endless] == [True, True]


def test_http_processes_that_are_killed_keep_nothing_of_a_clients_share(
    start: Callable[..., Family],
) -> None:
    site = start("--query-seconds", 2)
    with ThreadPoolExecutor(8) as client:
        endless = [client.submit(site.ask, ENDLESS) for _ in range(8)]
        time.sleep(0.5)
        victims = site.fronts()
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        assert any(isinstance(one.exception(10), OSError) for one in endless)
    assert soon(lambda: site.is_settled_without(*victims))
    assert soon(lambda: site.ask("ASK {}")[0] == 200, 4)
    with ThreadPoolExecutor(2) as client:
        assert [one[0] for one in client.map(site.ask, ["ASK { }", "ASK {  }"])] == [200, 200]


def test_without_limits_a_client_has_none(start: Callable[..., Family]) -> None:
    off = [f"--client-{name}" for name in ("workers", "queue", "seconds", "errors")]
    site = start(*[word for name in off for word in (name, 0)])
    assert {site.ask(WRONG)[0] for _ in range(40)} == {400}


def test_nobody_is_another_client_by_saying_so(start: Callable[..., Family]) -> None:
    """And the operator is told, once, what is missing where the header is true."""
    site = start("--client-errors", 5)
    answers = [site.ask(WRONG, forwarded=f"192.0.2.{number}")[0] for number in range(7)]
    assert answers == [400] * 5 + [429] * 2
    assert site.said().count("start with --trusted-proxy 127.0.0.1") == 1


def test_a_trusted_proxy_says_who_the_client_is(start: Callable[..., Family]) -> None:
    """The last of those it names: what stands before came from the client itself."""
    site = start("--client-errors", 5, "--trusted-proxy", "127.0.0.1")
    assert [site.ask(WRONG, forwarded="192.0.2.1")[0] for _ in range(6)] == [400] * 5 + [429]
    assert site.ask(WRONG, forwarded="192.0.2.2")[0] == 400
    assert site.ask(WRONG, forwarded="192.0.2.3, 192.0.2.1")[0] == 429
    assert site.ask(WRONG, source="127.0.0.2", forwarded="192.0.2.1")[0] == 400
    assert site.said().count("--trusted-proxy 127.0.0.2") == 1


def test_an_ipv6_client_counts_by_its_network(start: Callable[..., Family]) -> None:
    site = start("--client-errors", 5, "--trusted-proxy", "127.0.0.1")
    near = [site.ask(WRONG, forwarded=f"2001:db8::{number}")[0] for number in range(6)]
    assert near == [400] * 5 + [429]
    assert site.ask(WRONG, forwarded="2001:db8:0:1::1")[0] == 400


def test_an_answer_that_is_not_modified_keeps_the_connection(family: Family) -> None:
    """As it has no body, its header says where it ends."""
    with contextlib.closing(HTTPConnection("127.0.0.1", urlsplit(family.url).port or 0)) as client:
        headers = {"Accept": "text/turtle"}
        client.request("GET", "/doc/book/kokoro", headers=headers)
        answer = client.getresponse()
        answer.read()
        kept = client.sock
        headers["If-None-Match"] = answer.headers["ETag"]
        for method in ("GET", "GET", "HEAD"):
            client.request(method, "/doc/book/kokoro", headers=headers)
            answer = client.getresponse()
            assert (answer.status, answer.headers["Connection"], answer.read()) == (304, None, b"")
            assert client.sock is kept
        client.request("GET", "/doc/book/kokoro", headers={**headers, "Connection": "close"})
        assert client.getresponse().headers["Connection"] == "close"


# Ending


def test_a_request_under_way_is_answered_before_a_site_ends(family: Family) -> None:
    everyone = family.all()
    with ThreadPoolExecutor(1) as client:
        with stopped(*family.workers()):
            under_way = client.submit(family.ask, VERSION)
            time.sleep(0.3)
            family.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            assert family.process.poll() is None
        status, headers, text = under_way.result(10)
    assert (status, headers["Connection"], text) == (200, "close", "v\r\n1\r\n")
    assert family.process.wait(10) == 0
    assert soon(lambda: family.all() == set(), 2), everyone & family.all()


def test_connections_that_wait_to_be_accepted_are_answered_before_a_site_ends(
    family: Family,
) -> None:
    address = ("127.0.0.1", urlsplit(family.url).port or 0)
    with contextlib.ExitStack() as stack:
        clients = []
        with stopped(*family.fronts()):
            for _ in range(30):
                client = stack.enter_context(socket.create_connection(address, timeout=10))
                client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                clients.append(client)
            family.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
        assert [client.recv(12) for client in clients] == [b"HTTP/1.1 200"] * 30, family.said()
    assert family.process.wait(10) == 0


def test_a_site_that_ends_does_not_wait_for_a_publish(
    start: Callable[..., Family], books: Path, state: Path
) -> None:
    site = start("--reload")
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        version(books, 2)
        assert soon(lambda: "waiting for another publish" in site.said())
        assert site.stop() == 0
        assert soon(lambda: site.all() == set(), 2)


def test_a_site_can_be_ended_while_it_publishes_for_the_first_time(
    books: Path, state: Path
) -> None:
    state.mkdir()
    with (state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["serve", str(books), "--state", str(state), "--port", "0"]
        process = subprocess.Popen(
            [sys.executable, "-m", "foedera", *command], stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        while "waiting for another publish" not in process.stderr.readline():
            pass
        (publisher,) = children(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert soon(lambda: not Path(f"/proc/{publisher}").exists(), 2)
        process.stderr.close()


def test_an_idle_connection_does_not_keep_a_site_from_ending(family: Family) -> None:
    with socket.create_connection(("127.0.0.1", urlsplit(family.url).port or 0)) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        started = time.monotonic()
        assert family.stop() == 0
        assert time.monotonic() - started < 5
    assert re.search(r"stopping: requests under way are answered", family.said())
