"""Lets clients run cross joins and endless paths, and sees that nobody else has to feel it.

``make load`` runs it. Each client has an address of its own on loopback, so that the site takes
them for different ones, and there is a worker for each, so that none waits for one and the time
that a query takes is its own. Two more ask for a page and for /health all the while.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

from bench import memory
from conftest import ROOT, Served, soon
from test_service import PASSED_ON, children, threads

CLIENTS = 8
SECONDS = 60.0
LIMIT = 10.0
GRACE = 0.5
PAUSE = 0.05
"""Seconds from one ping to the next."""

PATH = "(!<urn:x>|!^<urn:x>)*"
RUNAWAYS = (
    "SELECT (COUNT(*) AS ?n) {" + ". ".join(f"?a{n} ?b{n} ?c{n}" for n in range(6)) + "}",
    f"SELECT (COUNT(*) AS ?n) {{ ?a {PATH} ?b . ?b {PATH} ?c . ?c {PATH} ?d . ?d {PATH} ?e }}",
    "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l "
    "FILTER(STRLEN(CONCAT(STR(?a), STR(?d), STR(?g), STR(?j))) > 100000) }",
    f"ASK {{ ?a {PATH} ?b . ?c {PATH} ?d FILTER(STRLEN(CONCAT(STR(?a), STR(?d))) > 100000) }}",
)
"""Each needs more time than there is, and little memory."""


@dataclass(frozen=True)
class End:
    """How a query ended."""

    status: int
    seconds: float
    words: str
    retry_after: str


@dataclass(frozen=True)
class Footprint:
    """What the site takes of the machine."""

    memory: float
    descriptors: int
    threads: int
    zombies: int


@dataclass
class Findings:
    """What was seen."""

    ends: list[End] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    idle: dict[str, list[float]] = field(default_factory=dict)
    loaded: dict[str, list[float]] = field(default_factory=dict)
    before: Footprint | None = None
    after: Footprint | None = None


class Site(Served):
    """A site with the limits that clients have by default, and a worker for each of them."""

    def __init__(self, folder: Path, state: Path, clients: int, limit: float) -> None:
        self.limit = limit
        super().__init__(
            *(sys.executable, "-m", "foedera", "serve", folder, "--state", state),
            *("--query-workers", clients, "--query-seconds", limit),
            cwd=state.parent,
            **PASSED_ON,
        )
        self._timer.cancel()  # it has begun, and may take its time
        self.workers = 2 * (clients + 1)
        self.settle()

    def settle(self) -> bool:
        """Whether the site has all its workers, and soon."""
        return soon(lambda: len(self.family()) == 4 + self.workers, 20)

    def served_by(self) -> set[int]:
        """The minder, and those that speak HTTP."""
        minder = self.process.pid
        return {minder, *(one for one in children(minder) if threads(one) > 10)}

    def family(self) -> set[int]:
        found, seen = {self.process.pid}, set()
        while found:
            one = found.pop()
            seen.add(one)
            with contextlib.suppress(OSError):
                found |= children(one) - seen
        return seen

    def zombies(self) -> int:
        return sum(_state(one) == "Z" for one in self.family())

    def footprint(self) -> Footprint:
        ours = self.served_by()
        return Footprint(
            memory(self.process.pid),
            sum(len(os.listdir(f"/proc/{one}/fd")) for one in ours),
            sum(map(threads, ours)),
            self.zombies(),
        )

    def ask(self, path: str, source: str, accept: str = "*/*", seconds: float = 60) -> End:
        """Ask from an address of this machine, on a connection of its own."""
        began = time.monotonic()
        port = urlsplit(self.url).port or 0
        connection = HTTPConnection("127.0.0.1", port, seconds, source_address=(source, 0))
        with contextlib.closing(connection):
            connection.request("GET", path, headers={"Accept": accept})
            answer = connection.getresponse()
            words = answer.read().decode()
            taken = time.monotonic() - began
            return End(answer.status, taken, words, answer.getheader("Retry-After", ""))


def _state(process: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(") ")[2][0]
    return ""


def run(site: Site, page: str, clients: int, seconds: float, idle: float) -> Findings:
    """Ping for a while, then let the clients begin, and ping on."""
    found = Findings()
    with _pinging(site, page, found.idle, found.failures):
        time.sleep(idle)
    site.settle()
    found.before = site.footprint()
    until = time.monotonic() + seconds
    runaways = [
        threading.Thread(target=_run_away, args=(site, number, until, found))
        for number in range(clients)
    ]
    with _pinging(site, page, found.loaded, found.failures):
        for one in runaways:
            one.start()
        for one in runaways:
            one.join()
    soon(lambda: not _grown(site.footprint(), found), 20)
    found.after = site.footprint()
    return found


def _run_away(site: Site, number: int, until: float, found: Findings) -> None:
    """One client: query after query; where it is told to wait, it waits."""
    source = f"127.0.0.{2 + number}"
    turn = number
    while time.monotonic() < until:
        query = RUNAWAYS[turn % len(RUNAWAYS)]
        turn += 1
        try:
            end = site.ask(f"/sparql?query={quote(query)}", source)
        except OSError as fault:
            found.failures.append(f"a runaway met {fault!r}")
            continue
        found.ends.append(end)
        if end.retry_after.isdigit():
            time.sleep(max(0.0, min(float(end.retry_after), until - time.monotonic())))


@contextlib.contextmanager
def _pinging(
    site: Site, page: str, taken: dict[str, list[float]], failures: list[str]
) -> Iterator[None]:
    """Ask for a page that nobody has asked for before, and for /health, until the end."""
    stop = threading.Event()

    def ping(name: str, path: str, accept: Callable[[], str]) -> None:
        while not stop.wait(PAUSE):
            try:
                end = site.ask(path, "127.0.0.1", accept(), 20)
            except OSError as fault:
                failures.append(f"{name} met {fault!r}")
                continue
            if end.status != 200:
                failures.append(f"{name}: {end.status} {end.words[:100]}")
            taken.setdefault(name, []).append(end.seconds)

    pings = [
        threading.Thread(target=ping, args=arguments)
        for arguments in (
            ("health", "/health", lambda: "*/*"),
            ("a fresh page", page, lambda: f"text/html, x/{uuid.uuid4().hex};q=0.1"),
        )
    ]
    for one in pings:
        one.start()
    try:
        yield
    finally:
        stop.set()
        for one in pings:
            one.join()


def _grown(now: Footprint, found: Findings) -> list[str]:
    """What has grown since before."""
    before = found.before
    assert before is not None
    return [
        name
        for name, grown in (
            ("memory", now.memory > before.memory * 1.1 + 20),
            ("descriptors", now.descriptors > before.descriptors),
            ("threads", now.threads > before.threads),
            ("zombies", now.zombies > 0),
        )
        if grown
    ]


def unclean(end: End, limit: float) -> str:
    """What is wrong with the way in which a query ended, in words; empty where nothing is."""
    words = ("longer than", "used up", "more errors", "wait already", "No worker")
    if end.status not in (429, 503, 504) or not any(one in end.words for one in words):
        return f"{end.status} {end.words[:200]}"
    if not end.retry_after.isdigit():
        return f"{end.status} without Retry-After"
    if end.seconds > limit + GRACE:
        return f"{end.status} after {end.seconds:.2f} seconds"
    return ""


def p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100, method="inclusive")[98] * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds that a query may take")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        contextlib.closing(
            Site(chosen.folder.resolve(), Path(place) / "state", chosen.clients, chosen.limit)
        ) as site,
    ):
        began = os.getloadavg()[0]
        found = run(site, "/", chosen.clients, chosen.seconds, max(5.0, chosen.seconds / 4))
        code = site.stop()
    good = True

    def row(what: str, was: object, now: object, bound: str, holds: bool) -> None:
        nonlocal good
        good = good and holds
        shown = [f"{one:.1f}" if isinstance(one, float) else str(one) for one in (was, now)]
        print(f"{what:<44}{shown[0]:>10}{shown[1]:>10}  {bound:<16}{'ok' if holds else 'MISSED'}")

    print(
        f"{chosen.clients} clients for {chosen.seconds:g} seconds, a limit of {chosen.limit:g}; "
        f"load average {began:.1f} before, {os.getloadavg()[0]:.1f} after"
    )
    print(f"{'':<44}{'idle':>10}{'loaded':>10}")
    for name, idle in found.idle.items():
        loaded = found.loaded.get(name, [float("inf")] * 2)
        row(
            f"{name}, p50, ms",
            statistics.median(idle) * 1000,
            statistics.median(loaded) * 1000,
            "",
            True,
        )
        row(f"{name}, p99, ms", p99(idle), p99(loaded), "at most 10", p99(loaded) <= 10 * p99(idle))
        row(f"{name}, worst, ms", max(idle) * 1000, max(loaded) * 1000, "", True)
        row(f"{name}, how many", len(idle), len(loaded), "", True)
    row("what failed", "", len(found.failures), "none", not found.failures)
    statuses = Counter(end.status for end in found.ends)
    for status, count in sorted(statuses.items()):
        longest = max(end.seconds for end in found.ends if end.status == status)
        bad = [unclean(end, chosen.limit) for end in found.ends if end.status == status]
        row(
            f"runaways ended with {status}, and the longest",
            count,
            longest,
            f"{chosen.limit + GRACE:g} s",
            not any(bad),
        )
        for words in sorted({one for one in bad if one}):
            print(f"    {words}")
    assert found.before
    assert found.after
    grown = _grown(found.after, found)
    row(
        "memory, MB",
        found.before.memory,
        found.after.memory,
        "1.1 and 20 MB",
        "memory" not in grown,
    )
    row(
        "descriptors of those who serve",
        found.before.descriptors,
        found.after.descriptors,
        "no more",
        "descriptors" not in grown,
    )
    row(
        "their threads",
        found.before.threads,
        found.after.threads,
        "no more",
        "threads" not in grown,
    )
    row("zombies", found.before.zombies, found.after.zombies, "none", "zombies" not in grown)
    row("exit status after SIGTERM", "", code, "0", code == 0)
    for words in sorted(set(found.failures)):
        print(f"    {words}")
    return 0 if good and statuses else 1


if __name__ == "__main__":
    sys.exit(main())
