"""Measures the site against the `oxigraph` server, in the same run, and prints ratios.

``make bench`` runs it. Every figure is the median of several rounds in which the two servers take
turns, so that a noisy machine disturbs both alike. Loads go to loopback and are bounded.

Answers that are kept are what most readers meet, and what the bounds of a page are for. What they
take when they are made for the first time is printed without a bound: all of it is our work, and on
a busy machine it grows as the peer's does not.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 7
TURTLE = "text/turtle"
CROSS_JOIN = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


class Client:
    """A kept-alive connection that knows where an answer ends, and does no more than that."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def get(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; its status and body."""
        self._socket.sendall(request)
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        status = int(head[9:12])
        if status == 304:  # which has no body, whatever length it tells (RFC 9110, section 15.4.5)
            self._buffer = rest
            return status, b""
        head = head.lower()
        mark = head.find(b"content-length:")
        if mark >= 0:
            length = int(head[mark + 15 :].split(b"\r\n", 1)[0])
            self._buffer = rest
            while len(self._buffer) < length:
                self._more()
            body, self._buffer = self._buffer[:length], self._buffer[length:]
            return status, body
        self._buffer = rest
        body = b""
        while True:  # chunked
            while b"\r\n" not in self._buffer:
                self._more()
            size, _, self._buffer = self._buffer.partition(b"\r\n")
            length = int(size, 16)
            while len(self._buffer) < length + 2:
                self._more()
            body += self._buffer[:length]
            self._buffer = self._buffer[length + 2 :]
            if not length:
                return status, body

    def _more(self) -> None:
        part = self._socket.recv(262_144)
        if not part:
            raise ConnectionError("the server closed the connection")
        self._buffer += part

    def close(self) -> None:
        self._socket.close()


def request(path: str, accept: str = TURTLE, language: str = "en") -> bytes:
    """The bytes of a GET."""
    asked = f"Accept: {accept}\r\nAccept-Language: {language}\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{asked}\r\n".encode()


def conditional(port: int, path: str) -> bytes:
    """A GET of what the client has already."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"Accept": TURTLE, "Accept-Language": "en"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return request(path).removesuffix(b"\r\n") + (
        f"If-None-Match: {answer.headers['ETag']}\r\n\r\n".encode()
    )


def latency(port: int, requests: list[bytes], expected: int = 200) -> list[float]:
    """Seconds that each request took, one after the other, on one connection."""
    client = Client(port)
    taken = []
    for one in requests:
        started = time.perf_counter()
        status, _ = client.get(one)
        taken.append(time.perf_counter() - started)
        if status != expected:
            raise RuntimeError(f"{status} for {one!r}")
    client.close()
    return taken


def throughput(
    port: int, paths: list[str], connections: int, seconds: float, accept: str = TURTLE
) -> float:
    """Answers a second with many connections, by wrk where it is installed, else by threads."""
    wrk = shutil.which("wrk")
    if wrk:
        with tempfile.NamedTemporaryFile("w", suffix=".lua", delete=False) as script:
            listed = ",".join(f'"{path}"' for path in paths)
            script.write(
                f"local paths = {{{listed}}}\nlocal at = 0\n"
                "request = function() at = at + 1; "
                f'return wrk.format("GET", paths[at % #paths + 1], {{["Accept"]="{accept}"}}) end\n'
            )
        try:
            shown = subprocess.run(
                [
                    wrk,
                    "-t1",
                    f"-c{connections}",
                    f"-d{seconds:g}s",
                    "-s",
                    script.name,
                    f"http://127.0.0.1:{port}/",
                ],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        finally:
            os.unlink(script.name)
        if "Non-2xx" in shown or "Socket errors" in shown:
            raise RuntimeError(shown)
        found = re.search(r"Requests/sec:\s+([\d.]+)", shown)
        assert found
        return float(found.group(1))
    return load(port, [request(path, accept) for path in paths], connections, seconds=seconds)[0]


def load(
    port: int, requests: list[bytes], connections: int, seconds: float = 1e9, count: int = 10**9
) -> tuple[float, int]:
    """Answers a second, and failures, of threads that ask until a time or a number is reached."""
    until = time.perf_counter() + seconds
    done = [0] * connections
    failed = [0] * connections
    share = -(-count // connections)

    def ask(index: int) -> None:
        client = Client(port)
        for number in range(share):
            if time.perf_counter() > until:
                break
            try:
                status, _ = client.get(requests[(index + number) % len(requests)])
                failed[index] += status != 200
            except (OSError, ValueError):
                failed[index] += 1
                client = Client(port)
            done[index] += 1
        client.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=ask, args=(index,)) for index in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - started), sum(failed)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


UNLIMITED = [
    word
    for limit in ("workers", "queue", "seconds", "errors")
    for word in (f"--client-{limit}", "0")
]
"""What lets one client do as it likes: here one asks for many."""


@contextlib.contextmanager
def foedera(
    folder: Path, state: Path, *options: str
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A site of ours as a process, without limits for a client; its port."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "foedera", "serve", str(folder)),
            *("--port", "0", "--state", str(state), *UNLIMITED, *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout
        for line in process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
            if found:
                yield int(found.group(1)), process
                return
        raise RuntimeError("the site did not start")
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def oxigraph(dump: Path, place: Path) -> Iterator[int]:
    """The peer: the `oxigraph` server over the same quads; its port."""
    binary = Path(sys.executable).with_name("oxigraph")
    if not binary.exists():
        raise SystemExit("the peer is not installed: make setup installs it")
    location = str(place / "peer")
    subprocess.run(
        [str(binary), "load", "--location", location, "--file", str(dump), "--format", "nq"],
        check=True,
        capture_output=True,
    )
    port = free_port()
    process = subprocess.Popen(
        [str(binary), "serve-read-only", "--location", location, "--bind", f"127.0.0.1:{port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def memory(process: int) -> float:
    """Proportional memory of a process and all below it, in MB."""
    family, total = [process], 0.0
    while family:
        one = family.pop()
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                family += [int(child) for child in (task / "children").read_text().split()]
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{one}/smaps_rollup").read_text(), re.M)
            total += int(found.group(1)) / 1000 if found else 0
    return total


def entities(dump: Path) -> list[str]:
    """The IRIs of the things below BASE/id/ that the dump describes."""
    found = set()
    with dump.open(encoding="utf-8") as stream:
        for line in stream:
            subject = line.split(" ", 1)[0]
            if "/id/" in subject:
                found.add(subject[1:-1])
    return sorted(found)


def median_of(rounds: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(rounds))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    random.seed(1)
    good = True

    def row(what: str, ours: float, theirs: float, unit: str, bound: str, holds: bool) -> None:
        nonlocal good
        good = good and holds
        mark = ("ok" if holds else "MISSED") if bound else ""
        print(
            f"{what:<52}{ours:>10.2f}{theirs:>10.2f} {unit:<8}"
            f"{ours / theirs:>7.2f}x  {bound:<14}{mark}"
        )

    with tempfile.TemporaryDirectory() as place_name:
        place = Path(place_name)
        with foedera(chosen.folder, place / "state") as (port, process):
            dump = place / "state" / "current" / "dump.nq"
            iris = random.sample(entities(dump), min(200, len(entities(dump))))
            base = iris[0].split("/id/")[0]
            paths = [
                "/doc/" + quote(iri.removeprefix(f"{base}/id/"), safe="/:%-._~") for iri in iris
            ]
            described = ["/query?query=" + quote(f"DESCRIBE <{iri}>", safe="") for iri in iris]
            mine = [request(path) for path in paths]
            peers = [request(path) for path in described]
            with oxigraph(dump, place) as peer:
                print(f"{'':<52}{'foedera':>10}{'oxigraph':>10}")
                for kind, accept, most in ((TURTLE, TURTLE, 3), ("HTML", "text/html", 10)):
                    asked = [request(path, accept) for path in paths]
                    fresh = latency(port, asked)
                    rounds = [
                        (
                            statistics.median(latency(port, asked)),
                            statistics.median(latency(peer, peers)),
                        )
                        for _ in range(chosen.rounds)
                    ]
                    ours, theirs = (
                        statistics.median(one) * 1000 for one in zip(*rounds, strict=True)
                    )
                    name = "Turtle" if kind == TURTLE else kind
                    first = statistics.median(fresh) * 1000
                    bound = f"at most {most}"
                    row(
                        f"entity as {name}, asked for the first time, p50",
                        first,
                        theirs,
                        "ms",
                        "",
                        True,
                    )
                    row(
                        f"entity as {name}, one client, p50",
                        ours,
                        theirs,
                        "ms",
                        bound,
                        ours <= most * theirs,
                    )
                for name, accept, least in (("Turtle", TURTLE, 0.35), ("HTML", "text/html", 0.1)):
                    pairs = [
                        (
                            throughput(port, paths, 16, 2, accept),
                            throughput(peer, described, 16, 2),
                        )
                        for _ in range(chosen.rounds)
                    ]
                    ours, theirs = (statistics.median(one) for one in zip(*pairs, strict=True))
                    row(
                        f"entity as {name}, 16 connections",
                        ours,
                        theirs,
                        "req/s",
                        f"at least {least:g}",
                        ours >= theirs * least,
                    )
            known = [conditional(port, path) for path in paths]
            pairs = [
                (
                    statistics.median(latency(port, known, 304)),
                    statistics.median(latency(port, [request("/health")] * len(known))),
                )
                for _ in range(chosen.rounds)
            ]
            ours, theirs = (statistics.median(one) * 1000 for one in zip(*pairs, strict=True))
            print(f"{'':<52}{'304':>10}{'ping':>10}")
            row("entity not modified, p50", ours, theirs, "ms", "at most 1", ours <= theirs)
            before = memory(process.pid)
            rate, failed = load(port, mine, 50, count=20_000)
            after = memory(process.pid)
            print(
                f"20,000 entities over 50 connections: {failed} failed, {rate:,.0f} a second, "
                f"memory {before:.0f} MB before, {after:.0f} MB after"
            )
            good = good and not failed and after < before * 1.1 + 20
            page = [request(path, "text/html") for path in paths]
            fresh = [request(path, "text/html", "en, x-first") for path in paths]
            for _ in range(8):  # each HTTP process keeps its own answers ready
                latency(port, page)
            quiet = statistics.median(latency(port, page)) * 1000
            quiet_fresh = statistics.median(latency(port, fresh)) * 1000
            stop = threading.Event()

            def join() -> None:
                while not stop.is_set():
                    connection = HTTPConnection("127.0.0.1", port)
                    connection.request("GET", "/sparql?query=" + quote(CROSS_JOIN))
                    connection.getresponse().read()
                    connection.close()

            runaway = threading.Thread(target=join)
            runaway.start()
            time.sleep(0.5)
            loaded = statistics.median(latency(port, page)) * 1000
            other = [request(path, "text/html", "en, x-second") for path in paths]
            loaded_fresh = statistics.median(latency(port, other)) * 1000
            stop.set()
            runaway.join()
            print(f"{'':<52}{'with join':>10}{'idle':>10}")
            row(
                "a page beside one cross join, p50",
                loaded,
                quiet,
                "ms",
                "at most 3",
                loaded <= 3 * quiet,
            )
            row(
                "a page never asked for, beside one cross join, p50",
                loaded_fresh,
                quiet_fresh,
                "ms",
                "at most 3",
                loaded_fresh <= 3 * quiet_fresh,
            )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
