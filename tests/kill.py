"""Ends answers in their middle, and sees that no client takes what it got for a whole answer.

``make kill`` runs it. In each round all clients ask for the same answer, in one format, of a site
without limits, so that the answer comes as it is made; at a random moment something is killed. The
rounds go on until so many of these moments were in the middle of an answer.
A client may tell of an error, or have got every byte or every row. What of the clients is not
installed is left out, and named. Loads go to loopback and are bounded.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import rdflib
import SPARQLWrapper
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from bench import UNLIMITED
from conftest import Served, soon
from foedera import formats
from foedera.formats import Format
from test_service import PASSED_ON, children, threads

ROUNDS = 200
SPACE = "https://example.org/ns#"
THINGS = "".join(
    f'<https://example.org/id/t{n}> <{SPACE}name> "thing {n} of \\"many\\"\\n" .\n'
    for n in range(300)
)
PAIRS = f"?a <{SPACE}name> ?n . ?b <{SPACE}name> ?m "
"""Ninety thousand of them."""

SOME = f'{PAIRS} FILTER(REGEX(SHA512(CONCAT(?n, ?m)), "^[0-3]"))'
Got = bytes | int
"""What a client has in the end: the bytes, or how many rows or triples it makes of them."""

Asked = dict[str, str]
"""The parameters of a request, the query among them."""


class Site(Served):
    """A site that sends answers as they are made, with a worker for each client."""

    def __init__(self, folder: Path, state: Path, workers: int, memory: int = 500) -> None:
        options = {
            "query-rows": 0,
            "query-answer": 0,
            "query-workers": workers,
            "query-memory": memory,
            "query-queue": 64,
            "query-seconds": 30,
            "fronts": 1,
        }
        super().__init__(
            *(sys.executable, "-m", "foedera", "serve", folder, "--state", state),
            *(f"--{name}={value}" for name, value in options.items()),
            *UNLIMITED,
            cwd=folder,
            **PASSED_ON,
        )
        self._timer.cancel()  # it has begun, and may take its time
        self.settle()

    def front(self) -> set[int]:
        return {one for one in children(self.process.pid) if threads(one) > 10}

    def workers(self) -> set[int]:
        """Those at work for queries: they are less urgent than those for pages."""
        (nursery,) = children(self.process.pid) - self.front()
        return {one for one in children(nursery) if os.getpriority(os.PRIO_PROCESS, one) > 0}

    def settle(self) -> None:
        """Wait until the site is whole again."""
        if not soon(self._is_whole, 30):
            raise RuntimeError(f"the site did not come back:\n{self.said()}")

    def _is_whole(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return bool(self.front()) and self.get("health")[0] == 200
        return False


def kill(processes: set[int]) -> None:
    for one in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


# Clients


def address(url: str, asked: Asked, fmt: Format) -> str:
    return f"{url}?{urlencode({**asked, 'format': fmt.ending})}"


def plain(version: int) -> Callable[[str, Asked, Format], bytes]:
    """Python's own, with a version of HTTP."""

    def ask(url: str, asked: Asked, fmt: Format) -> bytes:
        connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        connection._http_vsn = version  # type: ignore[attr-defined]
        connection._http_vsn_str = f"HTTP/1.{version % 10}"  # type: ignore[attr-defined]
        with contextlib.closing(connection):
            connection.request("GET", address("/sparql", asked, fmt))
            answer = connection.getresponse()
            if answer.status != 200:
                raise urllib.error.HTTPError(url, answer.status, "", answer.headers, None)
            return answer.read()

    return ask


def in_pieces(url: str, asked: Asked, fmt: Format) -> bytes:
    """As those read who copy an answer to a file."""
    with urllib.request.urlopen(address(url, asked, fmt), timeout=60) as answer:
        out = io.BytesIO()
        shutil.copyfileobj(answer, out)
        return out.getvalue()


def in_lines(url: str, asked: Asked, fmt: Format) -> bytes:
    with urllib.request.urlopen(address(url, asked, fmt), timeout=60) as answer:
        return b"".join(answer)


KINDS = {
    "JSON": "json",
    "XML": "xml",
    "CSV": "csv",
    "TSV": "tsv",
    "TURTLE": "turtle",
    "RDF_XML": "rdf+xml",
    "JSON_LD": "json-ld",
}
"""What SPARQLWrapper calls the formats that it reads."""


def sparqlwrapper(url: str, asked: Asked, fmt: Format) -> Got:
    wrapper = SPARQLWrapper.SPARQLWrapper(url, returnFormat=KINDS[fmt.engine])
    wrapper.setTimeout(60)
    wrapper.setQuery(asked["query"])
    for name in set(asked) - {"query"}:
        wrapper.addParameter(name, asked[name])
    found: Any = wrapper.queryAndConvert()
    if fmt is formats.JSON_RESULTS:
        return len(found["results"]["bindings"])
    if fmt is formats.XML_RESULTS:
        return len(found.getElementsByTagName("result"))
    return found if isinstance(found, bytes) else len(found)


def store(url: str, asked: Asked, fmt: Format) -> int:
    """rdflib's, which reads graphs in whichever format comes."""
    kind = fmt.ending if fmt in formats.RESULTS else "xml"
    parameters = {name: asked[name] for name in set(asked) - {"query"}}
    found = SPARQLStore(url, returnFormat=kind, params=parameters).query(asked["query"])
    return len(found.graph if found.graph is not None else list(found))


def graph(url: str, asked: Asked, fmt: Format) -> int:
    return len(rdflib.Dataset().parse(address(url, asked, fmt), format=fmt.media_type))


def requests_whole(url: str, asked: Asked, fmt: Format) -> bytes:
    import requests

    answer = requests.get(address(url, asked, fmt), timeout=60)
    answer.raise_for_status()
    return answer.content


def requests_in_pieces(url: str, asked: Asked, fmt: Format) -> bytes:
    import requests

    with requests.get(address(url, asked, fmt), timeout=60, stream=True) as answer:
        answer.raise_for_status()
        return b"".join(answer.iter_content(10_000))


def httpx_whole(url: str, asked: Asked, fmt: Format) -> bytes:
    import httpx

    return httpx.get(address(url, asked, fmt), timeout=60).raise_for_status().content


def pandas_table(url: str, asked: Asked, fmt: Format) -> int:
    import pandas

    separator = "," if fmt is formats.CSV else "\t"
    return len(pandas.read_csv(address(url, asked, fmt), sep=separator))


def curl(*options: str) -> Callable[[str, Asked, Format], bytes]:
    def ask(url: str, asked: Asked, fmt: Format) -> bytes:
        command = ("curl", "-sSf", "--max-time", "60", *options, address(url, asked, fmt))
        return subprocess.run(command, capture_output=True, check=True).stdout

    return ask


FETCH = """
fetch(process.argv[1]).then(async answer => {
  if (!answer.ok) process.exit(22)
  process.stdout.write(new Uint8Array(await answer.arrayBuffer()))
})
"""


def node(url: str, asked: Asked, fmt: Format) -> bytes:
    command = ("node", "-e", FETCH, address(url, asked, fmt))
    return subprocess.run(command, capture_output=True, check=True, timeout=90).stdout


@dataclass(frozen=True)
class Client:
    """One way to ask; the formats that it reads (none: all), and the module or program it needs."""

    name: str
    ask: Callable[[str, Asked, Format], Got]
    reads: tuple[str, ...] = ()
    module: str = ""
    program: str = ""

    @property
    def is_here(self) -> bool:
        if self.module:
            return importlib.util.find_spec(self.module) is not None
        return not self.program or shutil.which(self.program) is not None


CLIENTS = (
    Client("http.client", plain(11)),
    Client("http.client, HTTP/1.0", plain(10)),
    Client("urllib, in pieces", in_pieces),
    Client("urllib, line by line", in_lines),
    Client("SPARQLWrapper", sparqlwrapper, tuple(KINDS)),
    Client("rdflib's SPARQLStore", store, ("JSON", "XML", "CSV", "TURTLE")),
    Client("rdflib, an address", graph, tuple(fmt.engine for fmt in formats.GRAPHS)),
    Client("requests", requests_whole, module="requests"),
    Client("requests, in pieces", requests_in_pieces, module="requests"),
    Client("httpx", httpx_whole, module="httpx"),
    Client("pandas", pandas_table, ("CSV", "TSV"), module="pandas"),
    Client("curl", curl(), program="curl"),
    Client("curl, HTTP/1.0", curl("--http1.0"), program="curl"),
    Client("node's fetch", node, program="node"),
)
HERE = tuple(one for one in CLIENTS if one.is_here)


# Rounds

WHOLE, REFUSED, BROKEN_OFF, FOOLED = "whole", "refused", "broken off", "FOOLED"

_CLEAN = {"HTTPError", "HTTPStatusError", "EndPointInternalError", "EndPointNotFound"}


def outcome(client: Client, site: Site, asked: Asked, fmt: Format, whole: Got | None) -> str:
    """What a client makes of an answer; ``whole`` is what there is to be had."""
    try:
        got = client.ask(site.url + "sparql", asked, fmt)
    except subprocess.CalledProcessError as fault:
        return REFUSED if fault.returncode == 22 else BROKEN_OFF
    except Exception as fault:  # each library has its own
        return REFUSED if type(fault).__name__ in _CLEAN else BROKEN_OFF
    return WHOLE if got == whole else FOOLED


def together(
    clients: list[Client], site: Site, asked: Asked, fmt: Format, wholes: dict[str, Got]
) -> dict[str, str]:
    """What each client makes of the same answer, all asking at once."""
    with ThreadPoolExecutor(len(clients)) as pool:
        found = {
            one.name: pool.submit(outcome, one, site, asked, fmt, wholes.get(one.name))
            for one in clients
        }
        return {name: future.result() for name, future in found.items()}


def query(fmt: Format) -> str:
    """An answer of some megabytes."""
    if fmt in formats.RESULTS:
        return f"SELECT ?a ?b ?n {{ {SOME} }}"
    return f"CONSTRUCT {{ ?a <{SPACE}knows> ?b }} {{ {SOME} }}"


def hungry(fmt: Format, size: int) -> str:
    """One of which more and more has to be remembered, until there is no memory for it."""
    value = ", ".join(["?n", "?m", "?o"] * size)
    pattern = f"{PAIRS} . ?c <{SPACE}name> ?o BIND(CONCAT({value}) AS ?text)"
    if fmt in formats.RESULTS:
        return f"SELECT DISTINCT ?text {{ {pattern} }}"
    return f"CONSTRUCT {{ ?a <{SPACE}text> ?text }} {{ {pattern} }}"


def undisturbed(clients: list[Client], site: Site, fmt: Format) -> tuple[dict[str, Got], float]:
    """What each client gets when nothing is killed, and when the first of them has it all."""
    asked = {"query": query(fmt)}
    began = time.monotonic()
    with ThreadPoolExecutor(len(clients)) as pool:
        found = {one.name: pool.submit(one.ask, site.url + "sparql", asked, fmt) for one in clients}
        wait(found.values(), return_when=FIRST_COMPLETED)
        seconds = time.monotonic() - began
        wholes = {name: future.result() for name, future in found.items()}
    if len({got for got in wholes.values() if isinstance(got, bytes)}) != 1:
        raise RuntimeError(f"not all clients got the same {fmt.label}")
    return wholes, seconds


def strike(what: str, moment: float, site: Site) -> None:
    time.sleep(moment)
    kill(site.workers() if what == "worker" else site.front())


KILLERS = ("worker", "front", "deadline", "memory")


def rounds(
    site: Site,
    clients: tuple[Client, ...],
    kinds: tuple[Format, ...],
    killers: tuple[str, ...],
    count: int,
    dice: random.Random,
) -> Iterator[Counter[tuple[str, str, str]]]:
    """For each moment, how often each client met each outcome by what ended its answer."""
    normal: dict[Format, tuple[dict[str, Got], float]] = {}
    choices = itertools.cycle(itertools.product(kinds, killers))
    for fmt, what in itertools.islice(choices, count):
        readers = [one for one in clients if not one.reads or fmt.engine in one.reads]
        if fmt not in normal:
            normal[fmt] = undisturbed(readers, site, fmt)
        wholes, seconds = normal[fmt]
        moment = dice.uniform(0.02, seconds)
        found: Counter[tuple[str, str, str]] = Counter()
        asked = {"query": query(fmt)}
        if what == "deadline":
            asked["timeout"] = f"{moment:.3f}"
        if what == "memory":
            asked["query"], wholes = hungry(fmt, dice.randint(1, 9)), {}
        with ThreadPoolExecutor(1) as pool:
            if what in ("worker", "front"):
                pool.submit(strike, what, moment, site)
            for name, how in together(readers, site, asked, fmt, wholes).items():
                found[name, what, how] += 1
                if how == FOOLED:
                    print(f"FOOLED: {name} by {fmt.label}, {what} after {moment:.3f} s")
        site.settle()
        yield found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="moments in mid-answer")
    parser.add_argument("--seed", type=int, default=None)
    chosen = parser.parse_args()
    dice = random.Random(chosen.seed)
    with (
        tempfile.TemporaryDirectory() as place,
        contextlib.closing(site_in(Path(place), len(HERE))) as site,
    ):
        kinds = (*formats.RESULTS, *formats.GRAPHS)
        found: Counter[tuple[str, str, str]] = Counter()
        tried = hit = 0
        for one in rounds(site, HERE, kinds, KILLERS, 5 * chosen.rounds, dice):
            found += one
            tried += 1
            hit += any(how == BROKEN_OFF for _, _, how in one)
            if hit == chosen.rounds:
                break
    outcomes = (WHOLE, REFUSED, BROKEN_OFF, FOOLED)
    for title, at, names in (
        ("client", 0, [one.name for one in HERE]),
        ("what ended the answer", 1, KILLERS),
    ):
        print(f"\n{title:<26}" + "".join(f"{how:>12}" for how in outcomes))
        for name in names:
            row = [
                sum(n for key, n in found.items() if key[at] == name and key[2] == how)
                for how in outcomes
            ]
            print(f"{name:<26}" + "".join(f"{number:>12,}" for number in row))
    missing = ", ".join(one.name for one in CLIENTS if not one.is_here)
    print(
        f"\n{hit} moments in the middle of an answer, of {tried}"
        + (f"; not installed: {missing}" if missing else "")
    )
    return 1 if hit < chosen.rounds or any(how == FOOLED for _, _, how in found) else 0


def site_in(place: Path, workers: int) -> Site:
    """A site of three hundred things, with memory for little more than that."""
    (place / "books" / "data").mkdir(parents=True)
    (place / "books" / "data" / "things.ttl").write_text(THINGS, encoding="utf-8")
    return Site(place / "books", place / "state", workers, memory=100)


if __name__ == "__main__":
    sys.exit(main())
